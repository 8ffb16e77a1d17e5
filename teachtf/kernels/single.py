"""float32 mathematics in float32 arithmetic, free of branches, so that LLVM turns a loop of it into vector code.

Each function is within 2 ulp of the true value over all of float32, subnormal results included, and keeps NaN.
The coefficients are those of Moshier's Cephes library (expf, logf). The names are bound to types in `scalar.py`.
"""

from __future__ import annotations

import functools

import numpy as np

from teachtf.kernels.jit import jit

# A function that its callers take in whole, and whose division gives infinity; a test for zero would stop vector code.
inline = functools.partial(jit, forceinline=True, error_model="numpy")

_F = np.float32
_I = np.int32

_ZERO, _HALF, _ONE, _TWO = _F(0), _F(0.5), _F(1), _F(2)
_NAN, _INFINITY = _F(np.nan), _F(np.inf)

_LOG2_E = _F(1.4426950408889634)
_LN2_HIGH, _LN2_LOW = _F(0.693359375), _F(-2.12194440e-4)  # the high part has 9 bits: its multiples are exact
_ROUNDER = _F(12582912.0)  # 1.5 * 2**23: adding it rounds to a whole number, which the low bits then hold
_ROUNDER_BITS = _I(0x4B400000)
_SHIFT, _BIAS = _I(23), _I(127)
_EXP = tuple(map(_F, (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.50000001201)))
_EXP_MOST, _EXP_LEAST = _F(89.0), _F(-104.0)

_ROOT_HALF_BITS, _MANTISSA = _I(0x3F3504F3), _I(0x007FFFFF)
_SMALLEST_NORMAL, _TWO_23 = _F(1.1754943508222875e-38), _F(8388608.0)
_LOG = tuple(
    map(
        _F,
        (
            7.0376836292e-2,
            -1.1514610310e-1,
            1.1676998740e-1,
            -1.2420140846e-1,
            1.4249322787e-1,
            -1.6668057665e-1,
            2.0000714765e-1,
            -2.4999993993e-1,
            3.3333331174e-1,
        ),
    )
)


@inline
def horner(x, coefficients):
    """The polynomial with these coefficients, the highest power's first. The loop unrolls."""
    total = coefficients[0]
    for k in range(1, len(coefficients)):
        total = total * x + coefficients[k]
    return total


@inline
def power_of_two(n):
    """2**n for -126 <= n <= 127."""
    return np.int32((n + _BIAS) << _SHIFT).view(np.float32)


@inline
def _reduce(x):
    """(n, r) with x = n ln 2 + r and r at most half of ln 2. NaN goes into r."""
    rounded = x * _LOG2_E + _ROUNDER
    whole = rounded - _ROUNDER
    n = np.int32(np.float32(rounded).view(np.int32) - _ROUNDER_BITS)
    return n, (x - whole * _LN2_HIGH) - whole * _LN2_LOW


@inline
def exp(x):
    x = _EXP_MOST if x > _EXP_MOST else x
    x = _EXP_LEAST if x < _EXP_LEAST else x
    n, r = _reduce(x)
    p = horner(r, _EXP) * r * r + r + _ONE
    half = n >> _I(1)  # two factors: 2**n itself may be subnormal, or 2**128
    return p * power_of_two(half) * power_of_two(n - half)


@inline
def expm1(x):
    clamped = _EXP_MOST if x > _EXP_MOST else x
    clamped = _F(-20.0) if clamped < _F(-20.0) else clamped
    n, r = _reduce(clamped)
    p = horner(r, _EXP) * r * r + r
    scale = power_of_two(n - _I(1))
    result = _TWO * (scale * p + (scale - _HALF))
    return x if x == _ZERO else result  # -0


@inline
def _log_split(x):
    """(e, f) with x = 2**e (1 + f), 1 + f between the roots of 1/2 and 2, for a positive finite x."""
    tiny = x < _SMALLEST_NORMAL
    bits = np.float32(x * _TWO_23 if tiny else x).view(np.int32) - _ROOT_HALF_BITS
    e = np.int32(bits >> _SHIFT)
    f = np.int32((bits & _MANTISSA) + _ROOT_HALF_BITS).view(np.float32) - _ONE
    return np.float32(e - (_I(23) if tiny else _I(0))), f


@inline
def _log_join(e, f, correction):
    y = horner(f, _LOG) * f * f * f
    y = y + (e * _LN2_LOW + correction)
    y = y - _HALF * f * f
    return (f + y) + e * _LN2_HIGH


@inline
def log(x):
    e, f = _log_split(x)
    result = _log_join(e, f, _ZERO)
    result = x if x == _INFINITY else result
    result = -_INFINITY if x == _ZERO else result
    return result if x >= _ZERO else _NAN


@inline
def log1p(x):
    u = _ONE + x
    e, f = _log_split(u)
    # What rounding 1 + x lost, from the larger of the two: d log(u) = du / u.
    lost = (_ONE - (u - x)) if x > _ONE else (x - (u - _ONE))
    result = _log_join(e, f, lost / u)
    result = x if (x == _INFINITY) | (x == _ZERO) else result
    result = -_INFINITY if u == _ZERO else result
    return result if x >= -_ONE else _NAN


@inline
def tanh(x):
    a = abs(x)
    a = _F(9.5) if a > _F(9.5) else a
    t = expm1(_TWO * a)
    result = t / (t + _TWO)
    return np.copysign(result, x)


@inline
def sigmoid(x):
    e = exp(-abs(x))  # never large, so neither side overflows
    return (e if x < _ZERO else _ONE) / (_ONE + e)


@inline
def softplus(x):
    return (x if x > _ZERO else _ZERO) + log1p(exp(-abs(x)))
