"""The names that formulas are written in, as NumPy functions: `NUMPY[name]` takes arrays.

Importing this costs no compiler. `scalar.py` gives the same names to Numba's loops; a test holds the two lists equal.
Callers silence floating-point warnings (`np.errstate(all="ignore")`): in a graph, log(0) is -inf and nothing to warn of.
Division and remainder of whole numbers by zero is for the caller to refuse, see `divides_by_zero`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["NUMPY", "divides_by_zero"]


def divides_by_zero(divisor: Any) -> bool:
    """Whether a division by `divisor` must be refused: a whole number is zero. TensorFlow raises InvalidArgumentError."""
    values = np.asarray(divisor)
    return values.dtype.kind in "iu" and not values.all()


def _each(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function of Python's `math` for arrays, result in the argument's dtype. For what NumPy has not."""
    apply = np.frompyfunc(function, 1, 1)

    def call(x: Any) -> Any:
        x = np.asarray(x)
        return np.asarray(apply(x.astype(np.float64))).astype(x.dtype)

    return call


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or a result past the largest float64
        return math.inf


def _digamma(x: Any) -> Any:
    """d/dx log gamma(x): ten steps up the recurrence, then the asymptotic series; below 0 by reflection."""
    given = np.asarray(x)
    x = given.astype(np.float64)
    reflected = x <= 0
    y = np.where(reflected, 1 - x, x)
    steps = sum(1 / (y + k) for k in range(10))
    y = y + 10
    z = 1 / (y * y)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z / 132))))
    result = np.log(y) - 0.5 / y - series - steps
    with np.errstate(all="ignore"):
        turned = result - np.pi / np.tan(np.pi * (x - np.floor(x)))
    result = np.where(reflected, np.where(x == np.floor(x), np.nan, turned), result)
    return result.astype(given.dtype)


def _sigmoid(x: Any) -> Any:
    if np.iscomplexobj(x):
        return 1 / (1 + np.exp(-x))
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, np.ones_like(e)) / (1 + e)


def _truncdiv(x: Any, y: Any) -> Any:
    if np.result_type(x, y).kind not in "iu":
        return x / y
    floor = np.floor_divide(x, y)
    inexact = (floor * y != x) & ((x < 0) != (y < 0))
    return floor + inexact.astype(floor.dtype)


def _floordiv(x: Any, y: Any) -> Any:
    return np.floor_divide(x, y) if np.result_type(x, y).kind in "iu" else np.floor(x / y)


def _div_no_nan(x: Any, y: Any) -> Any:
    zero = np.equal(y, 0)
    return np.where(zero, np.zeros_like(x), x / np.where(zero, np.ones_like(y), y))


NUMPY: dict[str, Callable[..., Any]] = {
    # one argument
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "digamma": _digamma,
    "erf": _each(math.erf),
    "erfc": _each(math.erfc),
    "exp": np.exp,
    "expm1": np.expm1,
    "floor": np.floor,
    "isfinite": np.isfinite,
    "isinf": np.isinf,
    "isnan": np.isnan,
    "lgamma": _each(_lgamma),
    "log": np.log,
    "log1p": np.log1p,
    "logical_not": np.logical_not,
    "rint": np.rint,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": _sigmoid,
    "sign": np.sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "softplus": lambda x: np.logaddexp(x, 0),
    "sqrt": np.sqrt,
    "square": np.square,
    "tan": np.tan,
    "tanh": np.tanh,
    # two arguments
    "atan2": np.arctan2,
    "div_no_nan": _div_no_nan,
    "floordiv": _floordiv,
    "floormod": np.mod,
    "max": np.maximum,  # NaN if either is
    "min": np.minimum,
    "pow": np.power,
    "truncdiv": _truncdiv,
    "truncmod": np.fmod,
    # three
    "where": np.where,
}
