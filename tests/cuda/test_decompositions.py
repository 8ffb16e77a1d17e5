"""Matrices of odd sizes, more rows than threads, and no inverse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import decompositions

sys.path.insert(0, str(Path(__file__).parent))
from compare import same, same_error

R = np.random.RandomState(5)


@pytest.fixture(params=["shared memory", "global memory"], autouse=True)
def memory(request: Any, monkeypatch: Any) -> None:
    if request.param == "global memory":
        monkeypatch.setattr(decompositions, "_SMALL", 0)


def matrices(*shape: int) -> np.ndarray:
    return R.normal(size=shape)


def test_inverse() -> None:
    for shape in ((1, 1), (3, 3), (2, 5, 5), (0, 3, 3)):
        for adjoint in (False, True):
            same("MatrixInverse", matrices(*shape), adjoint=adjoint, rtol=1e-11)
    same("MatrixInverse", np.array([[0, 1], [1, 0]], np.float32))
    same_error("MatrixInverse", np.array([[1, 2], [2, 4]], np.float32))
    same_error("MatrixInverse", np.ones((2, 3), np.float32))


def test_solve() -> None:
    for shape, columns in (((3, 3), 1), ((2, 5, 5), 7), ((2, 2), 35)):
        for adjoint in (False, True):
            same("MatrixSolve", matrices(*shape), matrices(*shape[:-1], columns), adjoint=adjoint, rtol=1e-11)
    same("MatrixSolve", matrices(3, 3), matrices(3, 0))
    same_error("MatrixSolve", np.zeros((2, 2), np.float32), np.ones((2, 1), np.float32))
    same_error("MatrixSolve", np.ones((2, 2), np.float32), np.ones((3, 1), np.float32))


def test_triangular_solve() -> None:
    for lower in (False, True):
        for adjoint in (False, True):
            for shape, right in (((3, 3), (3, 2)), ((2, 5, 5), (2, 5, 1)), ((1, 4, 4), (3, 4, 2)), ((4, 4), (2, 4, 3))):
                same("MatrixTriangularSolve", matrices(*shape), matrices(*right), lower=lower, adjoint=adjoint, rtol=1e-11)
    same_error("MatrixTriangularSolve", np.ones((2, 2), np.float32), np.ones((3, 1), np.float32))


def test_determinants() -> None:
    for x in (matrices(4, 4), matrices(2, 3, 5, 5), np.zeros((0, 0)), np.diag([2.0, 0.0, 3.0])[[1, 2, 0]]):
        same("MatrixDeterminant", x, rtol=1e-11)
        same("LogMatrixDeterminant", x, rtol=1e-11)
    same("LogMatrixDeterminant", -np.eye(3), rtol=1e-11)


def test_cholesky() -> None:
    for shape in ((1, 1), (2, 5, 5)):
        x = matrices(*shape)
        same("Cholesky", x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1]), rtol=1e-11)
    same("Cholesky", np.array([[[1.0, 2.0], [2.0, 1.0]], [[4.0, 9.0], [2.0, 5.0]]]), rtol=1e-11)


def test_large_matrices_are_lapacks(monkeypatch: Any) -> None:
    monkeypatch.setattr(decompositions, "_LARGE", 2)
    same("LogMatrixDeterminant", matrices(3, 3))
    same("Cholesky", np.eye(3))
