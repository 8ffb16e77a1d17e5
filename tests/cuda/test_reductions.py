"""Reductions along any axes, in blocks of every layout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import reductions

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, ramp, same, same_error

AXES = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2], []]


@pytest.mark.parametrize("axes", AXES, ids=str)
@pytest.mark.parametrize("op_type", ["Sum", "Mean", "Prod", "Max", "Min"])
def test_axes(op_type: str, axes: Any) -> None:
    same(op_type, floats(5, 3, 7), np.array(axes, np.int32), rtol=2e-6, keep_dims=len(axes) == 2)


@pytest.mark.parametrize("axes", AXES[:4], ids=str)
@pytest.mark.parametrize("op_type", ["All", "Any"])
def test_truth(op_type: str, axes: Any) -> None:
    same(op_type, floats(2, 3, 5) > -0.3, np.array(axes, np.int32))


@pytest.mark.parametrize("shape, axis", [((3, 100), 1), ((70, 3), 0), ((2, 9, 40), 1), ((1, 1, 1), 1)], ids=str)
def test_long_axes(shape: Any, axis: int) -> None:
    same("Sum", floats(*shape), np.array([axis], np.int32), rtol=2e-6)
    same("Sum", ramp(*shape, dtype=np.int64), np.array([axis], np.int32))
    x = np.round(floats(*shape), 1)  # with equal elements
    same("ArgMax", x, np.array(axis, np.int32))
    same("ArgMin", x, np.array(axis, np.int32), output_type=np.int32)


def test_rows_in_parts(monkeypatch: Any) -> None:
    monkeypatch.setattr(reductions, "_LONG", 32)
    monkeypatch.setattr(reductions, "_WORK", 1)
    monkeypatch.setattr(reductions, "_BLOCKS", 4)
    reductions.layout.cache_clear()
    try:
        assert reductions.layout(1, 600, 1).parts == 3
        same("Sum", floats(600), np.array([0], np.int32), rtol=1e-5)
        same("Mean", floats(1, 67, 9), np.array([1], np.int32), rtol=1e-5)
        same("Max", floats(2, 300), np.array([1], np.int32))
    finally:
        reductions.layout.cache_clear()


def test_numbers_that_are_none() -> None:
    x = floats(4, 5)
    x[1, 2] = x[1, 4] = x[3, 0] = np.nan
    x[0, 3] = np.inf
    for op_type in ("Sum", "Mean", "Prod", "Max", "Min"):
        same(op_type, x, np.array([1], np.int32), rtol=2e-6)
        same(op_type, x, np.array([0], np.int32), rtol=2e-6)
    for op_type in ("ArgMax", "ArgMin"):
        same(op_type, x, np.array(1, np.int32))
        same(op_type, x, np.array(-2, np.int32))


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)], ids=str)
@pytest.mark.parametrize("op_type", ["Sum", "Mean", "Prod", "Max", "Min"])
def test_of_nothing(op_type: str, shape: Any) -> None:
    same(op_type, np.zeros(shape, np.float32), np.array([0], np.int32))
    if op_type != "Mean":
        same(op_type, np.zeros(shape, np.int32), np.array([0], np.int32))


@pytest.mark.filterwarnings("ignore:.*overflow encountered")
def test_whole_and_complex_numbers() -> None:
    many = ramp(9, 9, dtype=np.int32) * 77_777_777
    for op_type in ("Sum", "Prod", "Max", "Min"):
        same(op_type, many, np.array([0], np.int32))
    same("Sum", floats(3, 5) + 1j * floats(3, 5, seed=1), np.array([1], np.int32), rtol=2e-6)


def test_an_empty_axis_has_no_largest() -> None:
    same_error("ArgMax", np.zeros((2, 0), np.float32), np.array(1, np.int32))
