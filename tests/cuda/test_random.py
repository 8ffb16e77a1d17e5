"""The GPU draws the CPU's numbers, and both go on from one counter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import jit, library, registry
from teachtf.kernels.cuda.arrays import GpuArray, to_host
from teachtf.kernels.registry import State

assert cpu_library and library

TOLERANCE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 1e-14}


def compared(tensor: Any, *inputs: Any, runs: int = 2) -> None:
    """Runs on the CPU, on the GPU, and by turns give the same; whole and uniform numbers to the bit."""
    op = tensor.op
    states = [State(), State(), State()]
    for run in range(runs):
        want = cpu.build(op, states[0])(*inputs)
        turns = (cpu, registry)[run % 2].build(op, states[2])(*inputs)
        have = registry.build(op, states[1])(*inputs)
        assert isinstance(have, GpuArray)
        for given in (have, turns):
            given = to_host(given)
            assert given.dtype == want.dtype and given.shape == want.shape
            if want.dtype.kind == "f" and "Normal" in op.type:
                np.testing.assert_allclose(given, want, rtol=TOLERANCE[want.dtype], atol=TOLERANCE[want.dtype])
            else:
                np.testing.assert_array_equal(given, want)


@pytest.mark.parametrize("shape", [(), (3,), (5, 7), (2, 0), (133,)], ids=str)
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("function", [tf.random_uniform, tf.random_normal, tf.truncated_normal], ids=lambda f: f.__name__)
def test_floats(function: Any, dtype: Any, shape: Any) -> None:
    with tf.Graph().as_default():
        made = function(shape, dtype=dtype, seed=3).op
        while not made.type.startswith(("Random", "Truncated")):
            made = made.inputs[0].op
        compared(made.outputs[0], np.array(shape, np.int32))


def test_several_blocks(monkeypatch: Any) -> None:
    monkeypatch.setattr(jit, "THREADS", 32)
    for function in (tf.random_uniform, tf.truncated_normal):
        with tf.Graph().as_default():
            made = function([331], seed=3).op
            while not made.type.startswith(("Random", "Truncated")):
                made = made.inputs[0].op
            compared(made.outputs[0], np.array([331], np.int32))


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64])
def test_whole_numbers(dtype: Any) -> None:
    for low, high in ((0, 10), (-7, 3), (dtype.min, dtype.max)):
        with tf.Graph().as_default():
            op = tf.random_uniform([9], low, high, dtype, seed=3).op
            inputs = np.array([9], np.int32), dtype.as_numpy_dtype(low), dtype.as_numpy_dtype(high)
            compared(op.outputs[0], *inputs)
            for device in (cpu, registry):
                with pytest.raises(tf.errors.InvalidArgumentError, match="Need minval < maxval, got 5 >= 5"):
                    device.build(op, State())(inputs[0], dtype.as_numpy_dtype(5), dtype.as_numpy_dtype(5))


@pytest.mark.parametrize("classes", [1, 3, 5, 40])
@pytest.mark.parametrize("output", [tf.int32, tf.int64])
def test_classes(output: Any, classes: int) -> None:
    logits = np.random.RandomState(1).normal(size=(3, classes)).astype(np.float32) * 3
    if classes > 1:
        logits[0, 1], logits[1] = np.nan, [-np.inf, 2000.0] + [0.0] * (classes - 2)
    with tf.Graph().as_default():
        op = tf.multinomial(logits, 7, seed=1, output_dtype=output)
        compared(op, logits, np.int32(7))


def test_stateless() -> None:
    with tf.Graph().as_default():
        for tensor in (
            tf.random.stateless_uniform([5], [1, 2]),
            tf.random.stateless_normal([5], [1, 2]),
            tf.random.stateless_truncated_normal([5], [1, 2], dtype=tf.float64),
            tf.random.stateless_uniform([5], [1, 2], 0, 9, tf.int32),
        ):
            op = tensor.op
            while not op.type.startswith("Stateless"):
                op = op.inputs[0].op
            with tf.Session() as sess:
                compared(op.outputs[0], *sess.run(list(op.inputs)))
        logits = np.zeros((2, 3), np.float32)
        compared(tf.random.stateless_multinomial(logits, 4, [3, 4]), logits, np.int32(4), np.array([3, 4], np.int32))
