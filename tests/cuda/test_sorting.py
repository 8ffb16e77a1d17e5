"""Scans and sorts: long rows, equal elements, numbers that are none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import reductions, sorting

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, ramp, same, same_error


@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_scans(exclusive: bool, reverse: bool) -> None:
    for axis in (0, 1, -1):
        how = {"exclusive": exclusive, "reverse": reverse}
        same("Cumsum", floats(3, 5, 2), np.array(axis, np.int32), rtol=2e-6, **how)
        same("Cumprod", ramp(3, 5, 2, dtype=np.int64), np.array(axis, np.int32), **how)
    same("Cumsum", floats(300), np.array(0, np.int32), rtol=1e-5, **how)
    same("Cumsum", floats(20, 40), np.array(0, np.int32), rtol=1e-5, **how)


def test_scans_in_parts(monkeypatch: Any) -> None:
    for name, value in (("_LONG", 32), ("_WORK", 1), ("_BLOCKS", 4)):
        monkeypatch.setattr(reductions, name, value)
    reductions.layout.cache_clear()
    try:
        for reverse in (False, True):
            same("Cumsum", ramp(1, 40, 9, dtype=np.int32), np.array(1, np.int32), reverse=reverse)
        same("Cumsum", ramp(300, dtype=np.int64), np.array(0, np.int32), reverse=True, exclusive=True)
    finally:
        reductions.layout.cache_clear()


def test_where() -> None:
    same("Where", floats(3, 4, 5) > 0.2)
    same("Where", np.array([0.0, 2.0, np.nan], np.float32))
    same("Where", np.zeros((2, 3), bool))
    same("Where", np.zeros((0, 3), bool))


@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_largest(k: int) -> None:
    x = np.round(floats(3, 9), 1)
    same("TopKV2", x, np.array(k, np.int32))
    same("TopKV2", (10 * x).astype(np.int32), np.array(k, np.int32))
    x[0, 3] = x[1, 2] = x[1, 5] = np.nan
    x[2, 4] = -np.inf
    same("TopKV2", x, np.array(k, np.int32), index_type=np.int64)


def test_largest_of_long_rows(monkeypatch: Any) -> None:
    monkeypatch.setattr(sorting, "_PIECE", 8)
    x = np.round(floats(2, 37), 1)
    for k in (2, 4, 7, 37):
        same("TopKV2", x, np.array(k, np.int32))


def test_largest_of_too_few() -> None:
    same_error("TopKV2", floats(2, 3), np.array(4, np.int32))
    same_error("TopKV2", floats(2, 3), np.array(-1, np.int32))
    same("TopKV2", floats(2, 3), np.array(0, np.int32))
    same("TopKV2", np.zeros((0, 3), np.float32), np.array(2, np.int32))


def test_whether_targets_are_among_the_largest() -> None:
    x = np.round(floats(6, 9), 1)
    x[4, 2], x[5, 1] = np.nan, -np.inf
    for k in (0, 1, 3, 9):
        same("InTopKV2", x, np.array([0, 3, 8, -1, 0, 0], np.int32), np.array(k, np.int32))
    same("InTopKV2", x, np.array([0, 3, 8, 9, 0, 0], np.int64), np.array(3, np.int64))
    same_error("InTopKV2", x, np.array([0], np.int32), np.array(3, np.int32))


def test_bounds() -> None:
    rows = np.sort(np.round(floats(2, 7), 1))
    for op_type in ("LowerBound", "UpperBound"):
        same(op_type, rows, np.round(floats(2, 11, seed=1), 1))
        same(op_type, np.zeros((2, 0), np.float32), floats(2, 3))


def test_sequences_turned_round() -> None:
    lengths = np.array([2, 0, 3], np.int64)
    same("ReverseSequence", ramp(3, 4, 2), lengths, seq_dim=1)
    same("ReverseSequence", ramp(4, 2, 3), lengths, seq_dim=0, batch_dim=2)
    same("ReverseSequence", ramp(2, 3, 2, 4, 2), lengths, seq_dim=3, batch_dim=1)
    same_error("ReverseSequence", ramp(3, 4), np.array([1, 2, 5], np.int32), seq_dim=1)
