"""Variables whose arrays are in the GPU's memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.arrays import GpuArray, to_gpu, to_host
from teachtf.kernels.registry import Cell, State

assert cpu_library and library


@pytest.fixture
def variable() -> Any:
    with tf.Graph().as_default():
        yield tf.Variable([[1.0, 2.0, 3.0]], name="v", use_resource=False)


def test_a_cell_is_the_one_of_the_cpu(variable: Any) -> None:
    state = State()
    cell = registry.build(variable.op, state)()
    assert cell is cpu.build(variable.op, state)() is state.cells["v"]
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value v"):
        registry.build(tf.assign_add(variable, [[1.0, 1.0, 1.0]]).op, state)(cell, np.ones((1, 3), np.float32))
    initialized = registry.build(tf.is_variable_initialized(variable).op, state)
    assert not initialized(cell)
    value = to_gpu(np.array([[4, 5, 6]], np.float32))
    assert registry.build(variable.initializer, state)(cell, value) is cell
    assert cell.value is value and initialized(cell)


def test_updates_replace(variable: Any) -> None:
    for function, expected in ((tf.assign_add, [[2.0, 4.0, 6.0]]), (tf.assign_sub, [[0.0, 0.0, 0.0]])):
        for before in (np.array([[1, 2, 3]], np.float32), to_gpu(np.array([[1, 2, 3]], np.float32))):
            cell = Cell("v")
            cell.value = before
            registry.build(function(variable, [[1.0, 2.0, 3.0]]).op, State())(cell, np.array([[1, 2, 3]], np.float32))
            assert isinstance(cell.value, GpuArray)
            assert to_host(cell.value).tolist() == expected
            assert to_host(before).tolist() == [[1.0, 2.0, 3.0]]


def test_shapes_that_do_not_match(variable: Any) -> None:
    value = tf.placeholder(tf.float32)
    for op in (tf.assign(variable, value).op, tf.assign_add(variable, value).op):
        words = []
        for device in (cpu, registry):
            cell = Cell("v")
            cell.value = np.zeros((1, 3), np.float32)
            with pytest.raises(tf.errors.InvalidArgumentError) as raised:
                device.build(op, State())(cell, np.zeros(2, np.float32))
            words.append(raised.value.message)
        assert words[0] == words[1]
    cell = Cell("v")
    any_shape = tf.assign(variable, value, validate_shape=False).op
    registry.build(any_shape, State())(cell, np.zeros((0, 2), np.float32))
    assert cell.value.shape == (0, 2)
