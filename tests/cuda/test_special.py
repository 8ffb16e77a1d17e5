"""Special functions over their ranges and at their edges."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import same, same_error

EDGES = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan]


def values(*more: float, dtype: Any = np.float64) -> np.ndarray:
    return np.array([*EDGES, *more], dtype)


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 2e-6), (np.float64, 2e-13)])
@pytest.mark.parametrize("op_type", ["BesselI0e", "BesselI1e", "BesselI0", "BesselI1"])
def test_bessel(op_type: str, dtype: Any, tolerance: float) -> None:
    x = np.array([0.0, 1e-8, -1e-3, 0.5, -2.0, 7.9, 8.0, 8.1, -20.0, 70.0], dtype)
    same(op_type, x, rtol=tolerance)


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 2e-6), (np.float64, 1e-13)])
def test_inverse_error_functions(dtype: Any, tolerance: float) -> None:
    same("Erfinv", values(0.3, -0.7, 0.999, -1e-5, 1.5, dtype=dtype), rtol=tolerance)
    same("Ndtri", values(0.3, 0.0001, 0.999, 1e-30, 0.5, dtype=dtype), rtol=tolerance)


@pytest.mark.parametrize("op_type", ["Igamma", "Igammac", "IgammaGradA"])
def test_incomplete_gamma(op_type: str) -> None:
    a = np.array([[0.5], [1.0], [7.0], [40.0], [-1.0], [np.nan]])
    x = np.array([0.0, 0.1, 1.0, 5.0, 60.0, np.inf, -1.0])
    same(op_type, a, x, rtol=1e-12)
    same(op_type, a.astype(np.float32), np.float32(2.5), rtol=2e-6)


def test_gamma_samples() -> None:
    same("RandomGammaGrad", np.array([0.3, 2.0, 30.0]), np.array([0.01, 3.0, 25.0]), rtol=1e-11)


def test_incomplete_beta() -> None:
    x = np.array([0.0, 0.1, 0.5, 0.9, 1.0, 1.5, np.nan])
    same("Betainc", np.full(7, 2.5), np.full(7, 0.7), x, rtol=1e-12)
    same("Betainc", np.float64(30.0), np.float64(2.0), x, rtol=1e-12)
    same("Betainc", np.zeros(0), np.zeros(0), np.zeros(0))


def test_zeta() -> None:
    x = np.array([[1.0], [1.5], [2.0], [7.0], [0.5], [np.nan]])
    q = np.array([0.5, 1.0, 12.0, 0.0, -3.0, -2.5, -1e4])
    same("Zeta", x, q, rtol=1e-12)
    orders = np.array([[0.0], [1.0], [2.0], [5.0], [1.5], [-1.0]])
    same("Polygamma", orders, np.array([0.5, 3.0, 20.0, -1.5, -2.0]), rtol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_in_their_own_type(dtype: Any) -> None:
    x = np.array([0.0, 0.0, 0.0, 2.0, 2.0, -3.0, np.nan, 0.0], dtype)
    y = np.array([0.0, -1.0, np.nan, 3.0, 0.0, 5.0, 1.0, np.inf], dtype)
    for op_type in ("Xdivy", "Xlogy", "Xlog1py"):
        same(op_type, x, y, rtol=1e-6)
        same(op_type, x[:, None], y, rtol=1e-6)
    edges = values(5e-324, 1e308, 3e38, -2.5, dtype=dtype) if dtype == np.float64 else values(1e-45, 3e38, -2.5, dtype=dtype)
    same("NextAfter", edges[:, None], edges)


def test_complex_numbers() -> None:
    z = np.array([0, 1, -1, 2j, -3j, 1 - 1j], np.complex64)
    same("Angle", z, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.int64])
def test_population_count(dtype: Any) -> None:
    same("PopulationCount", np.array([0, 1, 7, np.iinfo(dtype).max, np.iinfo(dtype).min], dtype))


def test_shapes_that_do_not_match() -> None:
    two, three = np.ones(2, np.float32), np.ones(3, np.float32)
    same_error("Betainc", two, two, three)
