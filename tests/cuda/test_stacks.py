"""Stacks and tensor arrays that hold arrays of the GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.arrays import GpuArray, to_gpu, to_host
from teachtf.kernels.registry import State

assert cpu_library and library


def computed(*tensors: Any, device: Any) -> list[Any]:
    """The values of tensors: each node run once, by the device's kernel where there is one."""
    known: dict[Any, Any] = {}

    def value_of(tensor: Any) -> Any:
        op = tensor.op
        if op not in known:
            for before in op.control_inputs:
                for output in before.outputs:
                    value_of(output)
            inputs = [value_of(t) for t in op.inputs]
            call = device.build(op, State())
            if call is None:
                inputs = [to_host(v) for v in inputs]
                call = cpu.build(op, State())
            given = call(*inputs)
            known[op] = given if isinstance(given, tuple) else (given,)
        return known[op][tensor.value_index]

    return [value_of(t) for t in tensors]


def same(*tensors: Any) -> None:
    for want, have in zip(computed(*tensors, device=cpu), computed(*tensors, device=registry), strict=True):
        np.testing.assert_allclose(to_host(have), want, rtol=1e-6)
        assert np.shape(have) == np.shape(want)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default():
        yield


def test_written_and_read() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).write(0, x).write(2, 2 * x).write(1, x * x)
    same(array.read(2), array.gather([1, 0, 1]), array.stack(), array.concat(), array.size())
    (read,) = computed(array.read(0), device=registry)
    assert isinstance(read, GpuArray)


def test_unstacked_and_split() -> None:
    x = tf.constant(np.arange(12, dtype=np.float32).reshape(4, 3))
    unstacked = tf.TensorArray(tf.float32, 4).unstack(x)
    split = tf.TensorArray(tf.float32, 3, infer_shape=False).split(x, [1, 0, 3])
    same(unstacked.read(3), unstacked.read(1), split.read(2))
    same(split.concat())
    same(tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[2]).stack())


def test_gradients() -> None:
    x = tf.constant(np.arange(6, dtype=np.float32).reshape(2, 3))
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).write(0, x[0]).write(1, x[1] * x[0]).write(2, x[1])
    total = tf.reduce_sum(array.read(1) * array.read(1) * array.read(0)) + tf.reduce_sum(array.stack()[1])
    same(*tf.gradients(total, x))
    unstacked = tf.TensorArray(tf.float32, 2).unstack(x)
    same(*tf.gradients(tf.reduce_sum(unstacked.read(0) ** 2), x))
    split = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [0, 2])
    same(*tf.gradients(tf.reduce_sum(split.concat() ** 2), x))


def test_errors() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])

    def array(size: int) -> Any:
        return tf.TensorArray(tf.float32, size, infer_shape=False, name="a")

    for flow in (
        array(1).write(1, x).flow,
        array(1).write(0, x).write(0, x).flow,
        array(2).write(0, x).write(1, x[0]).stack(),
        array(2).write(0, x).write(1, 1.0).concat(),
        array(1).read(0),
        array(1).unstack(x).flow,
        array(3).split(x, [1, 1]).flow,
        array(2).split(x, [1, 2]).flow,
    ):
        words = []
        for device in (cpu, registry):
            with pytest.raises(tf.errors.InvalidArgumentError) as raised:
                computed(flow, device=device)
            words.append(raised.value.message)
        assert words[0] == words[1]


def test_a_stack_gives_what_it_took() -> None:
    handle = apply_op("StackV2", -1, elem_type=tf.float32)
    pushed = apply_op("StackPushV2", handle, tf.constant([1.0]))
    with tf.control_dependencies([pushed]):
        popped = apply_op("StackPopV2", handle, elem_type=tf.float32)
    closed = apply_op("StackCloseV2", handle)
    stack = registry.build(handle.op, State())(to_gpu(np.int32(-1)))
    value = to_gpu(np.float32([1.0]))
    assert registry.build(pushed.op, State())(stack, value) is value
    assert registry.build(popped.op, State())(stack) is value
    with pytest.raises(tf.errors.InvalidArgumentError, match="Stack is empty"):
        registry.build(popped.op, State())(stack)
    registry.build(closed, State())(stack)
