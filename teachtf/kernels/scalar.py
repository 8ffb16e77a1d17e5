"""Scalar mathematics for compiled loops: the names that formulas are written in, for every dtype.

Each name is a Python function (NumPy's, see `numpy_math.py`) that Numba, when it meets a call, replaces by code for the
argument's type: float32 gets the vectorising functions of `single.py`, float64 those of `double.py` or the C library's.
Whole numbers divided by zero give 0 here; the kernel layer refuses them first (`numpy_math.divides_by_zero`).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from teachtf.kernels import double, single
from teachtf.kernels.numpy_math import NUMPY

__all__ = ["SCALAR"]

_absolute = abs  # the built-in one: this module gives its own meaning to the name
_OPTIONS: Any = {"forceinline": True, "error_model": "numpy", "nogil": True, "fastmath": {"contract"}}
SCALAR: dict[str, Callable[..., Any]] = {}


@njit(**{**_OPTIONS, "fastmath": {"contract", "reassoc"}})
def in_any_order(x, y):  # type: ignore[no-untyped-def]
    """A sum that LLVM may take apart, as vector code needs."""
    return x + y


def _name(name: str) -> Callable[..., Any]:
    """The Python function that stands for `name`."""

    def function(*args: Any) -> Any:
        return NUMPY[name](*args)

    function.__name__ = function.__qualname__ = name
    SCALAR[name] = globals()[name] = function
    return function


def _one(name: str, choose: Callable[[Any], Callable[..., Any] | None]) -> None:
    """A name of one argument: `choose(numba type)` gives the code."""

    def resolve(x):  # Numba wants the very signature of the code
        return choose(x) if isinstance(x, types.Number | types.Boolean) else None

    overload(_name(name), jit_options=_OPTIONS)(resolve)


def _two(name: str, choose: Callable[[Any], Callable[..., Any] | None]) -> None:
    """A name of two arguments of one type."""

    def resolve(x, y):
        return choose(x)

    overload(_name(name), jit_options=_OPTIONS)(resolve)


def _by_width(name: str, for_single: Any, for_double: Any) -> None:
    """float32 in the one way, all else as float64 in the other."""
    _one(name, lambda t: (lambda x: for_single(x)) if t == types.float32 else (lambda x: for_double(np.float64(x))))


def _in_double(name: str, function: Any) -> None:
    """By the C library in float64, rounded to the argument's dtype."""

    def choose(t: Any) -> Any:
        dtype = as_dtype(t).type if isinstance(t, types.Float) else np.float64
        return lambda x: dtype(function(np.float64(x)))

    _one(name, choose)


@single.inline
def _lgamma(x):
    return np.inf if (x <= 0.0) & (x % 1.0 == 0.0) else math.lgamma(x)


@single.inline
def _digamma(x):
    y = 1.0 - x if x <= 0.0 else x
    steps = 0.0
    for _ in range(10):
        steps += 1.0 / y
        y += 1.0
    z = 1.0 / (y * y)
    series = z * (1 / 12 - z * (1 / 120 - z * (1 / 252 - z * (1 / 240 - z / 132))))
    result = double.log(y) - 0.5 / y - series - steps
    if x <= 0.0:
        part = x % 1.0
        result = np.nan if part == 0.0 else result - math.pi / math.tan(math.pi * part)
    return result


_by_width("exp", single.exp, double.exp)
_by_width("log", single.log, double.log)
_by_width("expm1", single.expm1, double.expm1)
_by_width("log1p", single.log1p, double.log1p)
_by_width("tanh", single.tanh, double.tanh)
_by_width("sigmoid", single.sigmoid, double.sigmoid)
_by_width("softplus", single.softplus, double.softplus)
_by_width("sin", double.sin32, math.sin)
_by_width("cos", double.cos32, math.cos)
_by_width("tan", double.tan32, math.tan)
_by_width("erf", double.erf32, math.erf)
_by_width("erfc", double.erfc32, math.erfc)
for _function in (math.acos, math.asin, math.atan, math.sinh, math.cosh, math.acosh, math.asinh, math.atanh):
    _in_double(_function.__name__, _function)
_in_double("lgamma", _lgamma)
_in_double("digamma", _digamma)

_one("abs", lambda t: (lambda x: x) if t in types.unsigned_domain else (lambda x: _absolute(x)))
_one("sqrt", lambda t: lambda x: math.sqrt(x))
_one("square", lambda t: lambda x: x * x)
_one("isnan", lambda t: lambda x: x != x)
_one("isinf", lambda t: lambda x: (x == np.inf) | (x == -np.inf))
_one("isfinite", lambda t: lambda x: x - x == x - x)
_one("logical_not", lambda t: lambda x: not x)


def _round(name: str, function: Any) -> None:
    _one(name, lambda t: (lambda x: function(x)) if isinstance(t, types.Float) else (lambda x: x))


for _rounding in ("floor", "ceil", "rint"):
    _round(_rounding, getattr(np, _rounding))


def _choose_rsqrt(t: Any) -> Any:
    one = as_dtype(t).type(1)
    return lambda x: one / math.sqrt(x)


def _choose_sign(t: Any) -> Any:
    one, minus = as_dtype(t).type(1), np.int64(-1) if isinstance(t, types.Integer) else as_dtype(t).type(-1)
    if t in types.unsigned_domain:
        return lambda x: one if x else x
    return lambda x: one if x > 0 else (minus if x < 0 else x)


_one("rsqrt", _choose_rsqrt)
_one("sign", _choose_sign)

# NaN if either is, as in NumPy: every comparison with NaN is false.
_two("max", lambda t: lambda x, y: x if (x >= y) | (x != x) else y)
_two("min", lambda t: lambda x, y: x if (x <= y) | (x != x) else y)


def _choose_pow(t: Any) -> Any:
    if t == types.float32:
        return lambda x, y: double.pow32(x, y)
    return lambda x, y: x**y


def _choose_atan2(t: Any) -> Any:
    dtype = as_dtype(t).type
    return lambda x, y: dtype(math.atan2(np.float64(x), np.float64(y)))


def _choose_div_no_nan(t: Any) -> Any:
    zero = as_dtype(t).type(0)
    return lambda x, y: zero if y == zero else x / y


@single.inline
def _floor_quotient(x, y):
    # -1 apart: the least number over it overflows, which stops the process.
    return -x if y == -1 else (0 if y == 0 else x // y)


@single.inline
def _trunc_quotient(x, y):
    floor = _floor_quotient(x, y)
    return floor + 1 if (floor * y != x) & ((x < 0) != (y < 0)) else floor


@single.inline
def _fmod(x, y):
    return np.fmod(x, y)


def _choose_floordiv(t: Any) -> Any:
    if isinstance(t, types.Float):
        return lambda x, y: np.floor(x / y)
    if t in types.unsigned_domain:
        return lambda x, y: x // y if y else y
    return lambda x, y: _floor_quotient(x, y)


def _choose_truncdiv(t: Any) -> Any:
    if isinstance(t, types.Float):
        return lambda x, y: x / y
    if t in types.unsigned_domain:
        return lambda x, y: x // y if y else y
    return lambda x, y: _trunc_quotient(x, y)


def _choose_truncmod(t: Any) -> Any:
    if isinstance(t, types.Float):
        dtype = as_dtype(t).type
        return lambda x, y: dtype(_fmod(x, y))
    if t in types.unsigned_domain:
        return lambda x, y: x % y if y else y
    return lambda x, y: 0 if y == 0 else x - _trunc_quotient(x, y) * y


def _choose_floormod(t: Any) -> Any:
    if isinstance(t, types.Float):
        dtype = as_dtype(t).type

        def floormod(x, y):
            r = dtype(_fmod(x, y))
            return r + y if (r != 0) & ((r < 0) != (y < 0)) else r

        return floormod
    if t in types.unsigned_domain:
        return lambda x, y: x % y if y else y
    return lambda x, y: 0 if y == 0 else x - _floor_quotient(x, y) * y


_two("pow", _choose_pow)
_two("atan2", _choose_atan2)
_two("div_no_nan", _choose_div_no_nan)
_two("floordiv", _choose_floordiv)
_two("truncdiv", _choose_truncdiv)
_two("floormod", _choose_floormod)
_two("truncmod", _choose_truncmod)


def _resolve_where(condition, x, y):
    return lambda condition, x, y: x if condition else y


overload(_name("where"), jit_options=_OPTIONS)(_resolve_where)
