"""Slices picked and changed by index: shapes that the samples do not have, and wrong indices."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import to_gpu, to_host
from teachtf.kernels.registry import Cell, State

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, ramp, same, same_error

_0, _1 = np.array(0, np.int32), np.array(1, np.int32)


@pytest.mark.parametrize("dtype", [np.float32, np.bool_, np.complex64])
def test_gather(dtype: Any) -> None:
    x = ramp(4, 3, 5, dtype=dtype)
    for axis in (0, 1, -1):
        same("GatherV2", x, np.array([[2, 0], [1, 2]], np.int64), np.array(axis, np.int32))
    same("GatherV2", x, np.array(3, np.int32), _0)
    same("GatherV2", x, np.zeros((0, 2), np.int32), _1)
    same("GatherV2", np.zeros((0, 3), np.float32), np.zeros(0, np.int32), _0)
    same("GatherV2", np.zeros((2, 0), np.float32), np.array([1], np.int32), _0)
    same("GatherV2", x, np.array([[2, 0]] * 4, np.int32), np.array(2, np.int32), batch_dims=1)
    same("GatherV2", x, np.array([[2, 0, 1]] * 4, np.int32), np.array(2, np.int32), batch_dims=-1)


def test_gather_of_an_index_that_is_not_there() -> None:
    same_error("GatherV2", ramp(4, 3), np.array([[1, 4], [9, 0]], np.int32), _0)
    same_error("GatherV2", ramp(4, 3), np.array([-1], np.int64), _1)
    same_error("GatherV2", np.zeros((0, 3), np.float32), np.array([0], np.int32), _0)
    same("GatherV2", ramp(4, 3), np.array([1], np.int32), _0)  # the flag is down again


def test_gather_nd() -> None:
    x = ramp(4, 3, 5)
    for indices in ([[3], [0]], [[[0, 2]], [[3, 1]]], [[1, 2, 4], [0, 0, 0]], np.zeros((2, 0)), np.zeros((0, 2))):
        same("GatherNd", x, np.array(indices, np.int32))
    same_error("GatherNd", x, np.array([[1, 2], [1, 3]], np.int64))
    same_error("GatherNd", x, np.zeros((2, 4), np.int32))


def test_dynamic_stitch() -> None:
    for op_type in ("DynamicStitch", "ParallelDynamicStitch"):
        indices = [np.array([[4, 0], [2, 6]], np.int32), np.array([3, 0], np.int32)]
        same(op_type, indices, [floats(2, 2, 3), floats(2, 3, seed=1)])
        same(op_type, [np.zeros(0, np.int32)], [np.zeros((0, 2), np.float32)])


def test_dynamic_partition() -> None:
    for x in (floats(5, 2, 3), floats(5)):
        same("DynamicPartition", x, np.array([2, 0, 2, 2, 0], np.int32), num_partitions=4)
        same("DynamicPartition", x, np.zeros(5, np.int32), num_partitions=1)
    same("DynamicPartition", floats(2, 2, 3), np.array([[1, 0], [0, 1]], np.int32), num_partitions=2)
    same("DynamicPartition", floats(0, 3), np.zeros(0, np.int32), num_partitions=2)
    same_error("DynamicPartition", floats(2), np.array([0, 2], np.int32), num_partitions=2)
    same_error("DynamicPartition", floats(2), np.array([0], np.int32), num_partitions=2)


@pytest.mark.parametrize("how", ["Update", "Add", "Sub", "Min", "Max"])
def test_scatter_to_copies(how: str) -> None:
    x = floats(4, 3, 2)
    indices = np.array([[3], [0], [3]], np.int32)
    same(f"TensorScatter{how}", x, indices, floats(3, 3, 2, seed=1), rtol=1e-6)
    same(f"TensorScatter{how}", x, np.array([[[1, 2]], [[3, 0]]], np.int64), floats(2, 1, 2, seed=1), rtol=1e-6)
    same(f"TensorScatter{how}", x, np.zeros((0, 1), np.int32), np.zeros((0, 3, 2), np.float32))
    same_error(f"TensorScatter{how}", x, np.array([[0], [4]], np.int32), floats(2, 3, 2))


def test_scatter_nd() -> None:
    shape = np.array([4, 2], np.int32)
    indices = np.array([[2], [0], [2]], np.int32)
    same("ScatterNd", indices, floats(3, 2), shape, rtol=1e-6)
    same("ScatterNd", indices, floats(3, 2) + 1j, shape, rtol=1e-6)
    same("ScatterNd", indices, ramp(3, 2, dtype=np.int64), shape)
    same("ScatterNd", np.zeros((2, 0), np.int32), floats(2, 4, 2), shape, rtol=1e-6)
    same_error("ScatterNd", np.array([[2], [-1]], np.int32), floats(2, 2), shape)
    same_error("ScatterNd", indices, floats(3, 3), shape)


def changed(op_type: str, start: Any, indices: Any, updates: Any) -> None:
    with tf.Graph().as_default():
        variable = tf.Variable(start, use_resource=False)
        tensor = getattr(tf, op_type)(variable, indices, updates)
        results = []
        for device, move in ((cpu, np.asarray), (registry, to_gpu)):
            cell = Cell("v")
            cell.value = before = move(start)
            assert device.build(tensor.op, State())(cell, indices, updates) is cell
            results.append(to_host(cell.value))
            np.testing.assert_array_equal(to_host(before), start)
    np.testing.assert_allclose(results[1], results[0], rtol=1e-6, err_msg=op_type)


@pytest.mark.parametrize("how", ["update", "add", "sub", "mul", "div", "min", "max"])
def test_scatter_to_variables(how: str) -> None:
    indices = np.array([[3, 0], [3, 3]], np.int32)
    changed(f"scatter_{how}", floats(4, 3), indices, floats(2, 2, 3, seed=1))
    changed(f"scatter_{how}", floats(4), np.array([1, 2], np.int64), np.float32(0.5))
    if how not in ("mul", "div", "min", "max"):
        changed(f"scatter_nd_{how}", floats(4, 3), np.array([[3, 0], [1, 2], [3, 0]], np.int32), floats(3, seed=1))


@pytest.mark.parametrize("how", ["update", "add", "mul"])
def test_a_variable_stays_what_it_was_when_an_index_is_wrong(how: str) -> None:
    with tf.Graph().as_default():
        op = getattr(tf, f"scatter_{how}")(tf.Variable(ramp(4), use_resource=False), [9, 0], [1.0, 2.0]).op
        cell = Cell("v")
        cell.value = before = to_gpu(ramp(4))
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 9 is not in \[0, 4\)"):
            registry.build(op, State())(cell, np.array([9, 0], np.int32), np.array([1, 2], np.float32))
        assert cell.value is before


def test_a_variable_takes_no_updates_by_no_index() -> None:
    with tf.Graph().as_default():
        op = tf.scatter_nd_add(tf.Variable(ramp(2), use_resource=False), tf.zeros([1, 0], tf.int32), tf.ones([1, 2])).op
        cell = Cell("v")
        cell.value = before = to_gpu(ramp(2))
        with pytest.raises(tf.errors.InvalidArgumentError, match="Indices and updates specified for empty output"):
            registry.build(op, State())(cell, np.zeros((1, 0), np.int32), np.ones((1, 2), np.float32))
        assert cell.value is before
