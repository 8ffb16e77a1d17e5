"""Diagonals and bands of every alignment; counts; sparse tensors."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import counting

sys.path.insert(0, str(Path(__file__).parent))
from compare import both, floats, ramp, same, same_error


def i32(*values: Any) -> np.ndarray:
    return np.array(values[0] if len(values) == 1 else values, np.int32)


@pytest.mark.parametrize("align", ["RIGHT_LEFT", "LEFT_RIGHT", "LEFT_LEFT", "RIGHT_RIGHT"])
@pytest.mark.parametrize("k", [(-1, 2), (0, 0), (-2, -1), (1, 3), (-1, -1), (0, 2)], ids=str)
def test_diagonals_of_matrices(k: Any, align: str) -> None:
    x, bounds = ramp(2, 4, 5), i32(*k)
    padding = np.array(-7, np.float32)
    same("MatrixDiagPartV3", x, bounds, padding, align=align)
    part = both("MatrixDiagPartV3", x, bounds, padding, align=align)[0][0]
    same("MatrixSetDiagV3", x, -part, bounds, align=align)
    same("MatrixDiagV3", part, bounds, i32(4), i32(5), padding, align=align)


def test_wrong_diagonals() -> None:
    padding = np.array(0, np.float32)
    same_error("MatrixDiagPartV3", ramp(3, 3), i32(5), padding)
    same_error("MatrixSetDiagV3", ramp(3, 3), ramp(2), i32(0))
    same_error("MatrixDiagV3", ramp(2), i32(0), i32(1), i32(1), padding)
    same_error("MatrixBandPart", ramp(3, 3), np.array(4, np.int64), np.array(0, np.int64))
    same_error("DiagPart", ramp(2, 3))


def test_diagonals() -> None:
    same("Diag", ramp(2, 3))
    same("DiagPart", ramp(2, 3, 2, 3))
    for lower, upper in ((0, 0), (1, -1), (-1, 2), (-1, -1)):
        same("MatrixBandPart", ramp(2, 3, 4), i32(lower), i32(upper))
    same("MatrixBandPart", ramp(3, 4, dtype=np.bool_), i32(0), i32(1))


@pytest.mark.parametrize("few", [True, False])
def test_histograms(few: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(counting, "_BINS", 2048 if few else 2)
    same("HistogramFixedWidth", 2 * floats(50), np.array([-1, 1], np.float32), i32(7))
    same("HistogramFixedWidth", ramp(3, 4, dtype=np.int32), np.array([2, 9], np.int32), i32(3))
    same("HistogramFixedWidth", np.zeros(0, np.float32), np.array([-1, 1], np.float32), i32(7))


def test_counts() -> None:
    values, none = i32([3, 1, 9, 1, 0]), np.zeros(0, np.float32)
    same("DenseBincount", values, i32(4), none)
    same("DenseBincount", values, i32(4), floats(5), rtol=1e-6)
    same("DenseBincount", values, i32(4), np.zeros(0, np.int32), binary_output=True)
    same("DenseBincount", values.reshape(1, 5).repeat(2, 0), i32(4), floats(2, 5), rtol=1e-6)
    same_error("DenseBincount", i32([1, -1]), i32(4), none)


def test_sparse_to_dense() -> None:
    shape, zero = np.array([3, 4], np.int64), np.array(0.5, np.float32)
    indices = np.array([[0, 1], [1, 0], [1, 3]], np.int64)
    same("SparseToDense", indices, shape, ramp(3), zero)
    same("SparseToDense", indices, shape, np.float32(2), zero)
    same("SparseToDense", indices[[2, 0, 2]], shape, ramp(3), zero, validate_indices=False)
    same("SparseToDense", i32([1, 3]), i32([5]), ramp(2), zero)
    same("SparseToDense", i32(3), i32([5]), np.float32(2), zero)
    same_error("SparseToDense", indices[::-1].copy(), shape, ramp(3), zero)
    same_error("SparseToDense", indices[[0, 0]], shape, ramp(2), zero)
    same_error("SparseToDense", indices + 2, shape, ramp(3), zero)


@pytest.mark.parametrize("adjoint_a", [False, True])
@pytest.mark.parametrize("adjoint_b", [False, True])
def test_sparse_products(adjoint_a: bool, adjoint_b: bool) -> None:
    indices, shape = np.array([[0, 1], [1, 0], [1, 3], [2, 2]], np.int64), np.array([3, 4], np.int64)
    b = floats(3 if adjoint_a else 4, 5)
    b = np.ascontiguousarray(b.T) if adjoint_b else b
    how = {"adjoint_a": adjoint_a, "adjoint_b": adjoint_b}
    same("SparseTensorDenseMatMul", indices, floats(4), shape, b, rtol=1e-6, **how)
    same_error("SparseTensorDenseMatMul", indices, floats(4), shape, floats(7, 7), **how)
    same_error("SparseTensorDenseMatMul", indices + 2, floats(4), shape, b, **how)
