"""Kernels that move elements: shapes that the samples do not have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import GpuArray, to_gpu, to_host
from teachtf.kernels.registry import Cell, State

sys.path.insert(0, str(Path(__file__).parent))
from compare import both, ramp, same


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex64, np.uint8])
@pytest.mark.parametrize(
    "shape, perm",
    [
        ((35, 40), (1, 0)),
        ((2, 33, 9), (0, 2, 1)),
        ((9, 2, 10), (2, 1, 0)),
        ((3, 4, 5), (1, 0, 2)),
        ((2, 3, 4, 5), (3, 1, 0, 2)),
    ],
    ids=str,
)
def test_transpose(shape: Any, perm: Any, dtype: Any) -> None:
    same("Transpose", ramp(*shape, dtype=dtype), np.array(perm, np.int32))
    if dtype == np.complex64:
        same("ConjugateTranspose", ramp(*shape) * np.complex64(1 + 2j), np.array(perm, np.int32))


def test_strided_slice() -> None:
    x = ramp(5, 4, 3)
    for index in (
        {"begin": [4, 0], "end": [0, 4], "strides": [-2, 3]},
        {"begin": [1], "end": [2], "strides": [1], "shrink_axis_mask": 1},
        {"begin": [0, -1], "end": [0, 0], "strides": [1, 1], "ellipsis_mask": 1, "shrink_axis_mask": 2},
        {"begin": [0, 0], "end": [0, 2], "strides": [1, 1], "new_axis_mask": 1},
        {"begin": [3], "end": [3], "strides": [1]},
        {"begin": [1, 2, 1], "end": [0, 0, 0], "strides": [1, 1, 1], "shrink_axis_mask": 7},
    ):
        masks = {k: v for k, v in index.items() if k.endswith("mask")}
        where = [np.array(index[k], np.int32) for k in ("begin", "end", "strides")]
        same("StridedSlice", x, *where, **masks)
        part = both("StridedSlice", x, *where, **masks)[0]
        same("StridedSliceGrad", np.array(x.shape, np.int32), *where, part[0], **masks)


def test_parts_side_by_side_are_no_copies() -> None:
    x = to_gpu(ramp(4, 3))
    parts = registry.build(tf.unstack(tf.constant(ramp(4, 3)))[0].op, State())(x)
    assert [to_host(p).tolist() for p in parts] == ramp(4, 3).tolist()
    assert all(p.flat.size == 3 for p in parts)
    reshaped = registry.build(tf.reshape(tf.constant(ramp(4, 3)), [2, -1]).op, State())(x, np.array([2, -1], np.int32))
    assert reshaped.flat is x.flat and reshaped.shape == (2, 6)


def test_shapes_stay_with_the_host() -> None:
    x = ramp(4, 3)
    shape = tf.shape(tf.placeholder(tf.float32))
    vector = registry.build(shape.op, State())(to_gpu(x))
    assert type(vector) is np.ndarray
    where = [np.array(v, np.int32) for v in ([0], [1], [1])]
    first = registry.build(shape[0].op, State())(vector, *where)
    assert not isinstance(first, GpuArray) and int(first) == 4


def test_repeated_turned_and_padded() -> None:
    x = ramp(3, 4, 2)
    same("Tile", x, np.array([2, 1, 3], np.int32))
    same("Tile", x, np.array([0, 1, 3], np.int32))
    same("BroadcastTo", ramp(3, 1), np.array([2, 3, 5], np.int32))
    same("ReverseV2", x, np.array([0, -1], np.int32))
    same("Roll", x, np.array([2, -5, 1], np.int32), np.array([0, 1, 0], np.int32))
    same("Roll", ramp(0, 3), np.array([2], np.int32), np.array([0], np.int32))
    same("Pad", x, np.array([[1, 0], [0, 2], [3, 1]], np.int32))
    same("Pad", np.array([[True]]), np.array([[1, 0], [0, 2]], np.int32))
    for mode in ("REFLECT", "SYMMETRIC"):
        sides = np.array([[2, 1], [0, 3], [0, 0]], np.int32)
        same("MirrorPad", x, sides, mode=mode)
        same("MirrorPadGrad", ramp(6, 7, 2), sides, mode=mode)


def test_bits() -> None:
    same("Bitcast", ramp(3), type=tf.uint8)
    same("Bitcast", ramp(3, 4, dtype=np.uint8), type=tf.int32)
    same("Bitcast", ramp(2), type=tf.int32)


@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_check_numerics(value: float) -> None:
    x = tf.constant([1.0, value])
    call = registry.build(tf.check_numerics(x, "here").op, State())
    with pytest.raises(tf.errors.InvalidArgumentError, match="here : Tensor had"):
        call(np.array([1.0, value], np.float32))
    assert to_host(call(np.array([1.0, 2.0], np.float32))).tolist() == [1.0, 2.0]


def test_assigning_to_a_part_of_a_variable() -> None:
    variable = tf.Variable(ramp(4, 3), use_resource=False)
    op = variable[1:4:2, 1].assign([7.0, 8.0]).op
    cell = Cell("v")
    before = cell.value = to_gpu(ramp(4, 3))
    where = [np.array(v, np.int32) for v in ([1, 1], [4, 2], [2, 1])]
    call = registry.build(op, State())
    assert call(cell, *where, np.array([7.0, 8.0], np.float32)) is cell
    expected = ramp(4, 3)
    expected[1:4:2, 1] = 7.0, 8.0
    np.testing.assert_array_equal(to_host(cell.value), expected)
    np.testing.assert_array_equal(to_host(before), ramp(4, 3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="slice of a variable cannot be assigned"):
        call(cell, *where, np.ones(3, np.float32))
