"""Joins, ranges and marks: shapes that the samples do not have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import registry

sys.path.insert(0, str(Path(__file__).parent))
from compare import built, floats, ramp, same


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_, np.complex64])
def test_concatenation(dtype: Any) -> None:
    for axis in (0, 1, -1):
        parts = [np.moveaxis(ramp(n, 3, 5, dtype=dtype), 0, axis) for n in (2, 0, 4)]
        same("ConcatV2", [np.ascontiguousarray(p) for p in parts], np.array(axis, np.int32))
    for axis in (0, 1, -1):
        same("Pack", [ramp(3, 2, dtype=dtype)] * 3, axis=axis)
    same("Pack", [np.float32(1), np.float32(2)])


def test_splits() -> None:
    x = ramp(6, 4)
    same("Split", np.array(0, np.int32), x, num_split=3)
    same("Split", np.array(-1, np.int32), x, num_split=2)
    same("SplitV", x, np.array([1, -1, 2], np.int32), np.array(1, np.int32), num_split=3)
    same("Unpack", x, num=4, axis=1)
    same("Unpack", x[0], num=4)


def test_shapes_that_do_not_fit() -> None:
    call, _ = built("ConcatV2", ([ramp(2, 3), ramp(2, 3)], np.array(0, np.int32)), {}, registry)
    with pytest.raises(ValueError, match="must match exactly"):
        call(ramp(2, 3), ramp(2, 4), np.array(0, np.int32))


def test_ranges() -> None:
    for dtype in (np.float32, np.float64):
        same("Range", *(np.array(v, dtype) for v in (0.5, 9.7, 0.1)))
        same("Range", *(np.array(v, dtype) for v in (3, -2, -0.75)))
        same("Range", *(np.array(v, dtype) for v in (1, 1, 1)))
        for count in (1, 2, 7, 100):
            same("LinSpace", np.array(-1.5, dtype), np.array(4.7, dtype), np.array(count, np.int32), rtol=2e-6)
    same("Range", *(np.array(v, np.int64) for v in (0, 100, 3)))


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_one_hot(axis: int, dtype: Any) -> None:
    indices = np.array([[0, 3, 9], [2, 1, 1]], dtype)
    for on, off in ((np.float32(2), np.float32(-1)), (True, False)):
        same("OneHot", indices, np.array(4, np.int32), np.array(on), np.array(off), axis=axis)


def test_cross() -> None:
    same("Cross", floats(4, 3), floats(4, 3, seed=1), rtol=1e-6)
    same("Cross", ramp(2, 2, 3, dtype=np.int32), ramp(2, 2, 3, dtype=np.int32)[::-1])
