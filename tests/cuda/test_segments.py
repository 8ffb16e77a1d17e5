"""Segments: of no rows, of many, of ids in any order, and wrong ids."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, ramp, same, same_error


def ids(*values: Any) -> np.ndarray:
    return np.array(values, np.int32)


@pytest.mark.parametrize("how", ["Sum", "Mean", "Prod", "Max", "Min"])
def test_sorted(how: str) -> None:
    name = f"Segment{how}"
    same(name, floats(7, 3), ids(0, 0, 0, 2, 2, 5, 5), rtol=1e-6)
    same(name, floats(7), ids(1, 1, 1, 1, 1, 1, 1).astype(np.int64), rtol=1e-6)
    same(name, floats(3, 2, 2), ids(0, 1, 1), rtol=1e-6)
    same(name, np.zeros((0, 3), np.float32), ids())
    same_error(name, floats(3), ids(0, 2, 1))
    same_error(name, floats(3), ids(-1, 0, 0))
    same_error(name, floats(3), ids(0, 0))


@pytest.mark.parametrize("how", ["Sum", "Prod", "Max", "Min"])
def test_unsorted(how: str) -> None:
    name, four = f"UnsortedSegment{how}", np.array(4, np.int32)
    same(name, floats(6, 3), ids(3, 0, -1, 3, 0, 3), four, rtol=1e-6)
    same(name, floats(2, 3, 2), ids([3, 0, 1], [3, -2, 0]).astype(np.int64), four, rtol=1e-6)
    same(name, ramp(6, 12, dtype=np.int32), ids(3, 0, -1, 3, 0, 3), four)
    same(name, floats(2, 3), ids(-1, -1), four)
    same(name, np.zeros((0, 3), np.float32), ids(), four)
    same_error(name, floats(2, 3), ids(0, 4), four)
    same_error(name, floats(2, 3), ids(0, 1, 2), four)
    same_error(name, floats(2, 3), ids(0, 1), np.array(-1, np.int32))


def test_complex_sums() -> None:
    same("UnsortedSegmentSum", floats(4, 2) + 1j, ids(1, 0, 1, 1), np.array(2, np.int32), rtol=1e-6)


@pytest.mark.parametrize("kind", ["Sum", "Mean", "SqrtN"])
def test_picked(kind: str) -> None:
    name, x, picked, where = f"SparseSegment{kind}", floats(5, 3), ids(4, 0, 4, 1), ids(0, 0, 2, 2)
    same(name, x, picked, where, rtol=1e-6)
    same(f"{name}WithNumSegments", x, picked, where, np.array(5, np.int32), rtol=1e-6)
    same(name, x, ids(), ids())
    same(f"{name}Grad", x, picked, where, np.array(6, np.int32), rtol=1e-6)
    same(f"{name}GradV2", x, picked, where, np.array(6, np.int32), rtol=1e-6)
    same_error(name, x, ids(5), ids(0))
    same_error(name, x, ids(0, 1), ids(1, 0))
    same_error(f"{name}WithNumSegments", x, picked, where, np.array(2, np.int32))
    same_error(f"{name}Grad", x, picked, where, np.array(3, np.int32))
