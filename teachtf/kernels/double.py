"""float64 mathematics free of branches, and the float32 functions that are computed by it: sin, cos, tan, erf, pow.

exp and log here are within 2 ulp. The float32 functions round a float64 value that is right to about 1e-8 or better, so they
are within 1 ulp. The names are bound to types in `scalar.py`.
"""

from __future__ import annotations

import numpy as np

from teachtf.kernels.single import horner, inline

_F, _I, _U = np.float32, np.int64, np.uint64

_LOG2_E = 1.4426950408889634
_LN2_HIGH, _LN2_LOW = 0.6931471803691238, 1.9082149292705877e-10  # fdlibm's: multiples of the high part are exact
_ROUNDER, _ROUNDER_BITS = 6755399441055744.0, _I(0x4338000000000000)  # as in single.py, with 1.5 * 2**52
# (exp(r) - 1 - r) / r**2 for |r| <= ln(2) / 2, to 3e-16: interpolated at Chebyshev points, as are those below
_EXP = (
    2.510134692835034e-08,
    2.7621338669142925e-07,
    2.75572664186123e-06,
    2.4801518641395993e-05,
    0.00019841269864380513,
    0.0013888888918939168,
    0.008333333333329793,
    0.04166666666662064,
    0.16666666666666669,
    0.5000000000000001,
)

_ROOT_HALF_BITS, _MANTISSA = _I(0x3FE6A09E667F3BCD), _I(0x000FFFFFFFFFFFFF)
_SMALLEST_NORMAL, _TWO_52 = 2.2250738585072014e-308, 4503599627370496.0
# fdlibm's e_log.c
_LOG = (
    1.479819860511658591e-01,
    1.531383769920937332e-01,
    1.818357216161805012e-01,
    2.222219843214978396e-01,
    2.857142874366239149e-01,
    3.999999999940941908e-01,
    6.666666666666735130e-01,
)

_SIN = (
    -2.4753619693567457e-08,
    2.7555230894213e-06,
    -0.0001984126310068234,
    0.008333333323495075,
    -0.1666666666661414,
    0.9999999999999954,
)
_COS = (
    -2.716961555116668e-07,
    2.479887554656172e-05,
    -0.0013888880137186553,
    0.04166666653893945,
    -0.49999999999318084,
    0.999999999999941,
)
# The first 192 bits of 2/pi: 32 of them starting at each byte.
_TWO_OVER_PI_BITS = 0xA2F9836E4E441529FC2757D1F534DDC0DB6295993C439041
_TWO_OVER_PI = np.array([(_TWO_OVER_PI_BITS >> 8 * (23 - k)) & 0xFFFFFFFF for k in range(24)], np.uint64)
_QUARTER_TURN = 3.4061215800865545e-19  # pi/2 * 2**-62

# erf(x) / x in x**2 for |x| <= 1; erfc(x) exp(x**2) in 2 / (2 + x) for 0 <= x <= 10.1
_ERF = (
    1.058938064107502e-06,
    -1.3909340021874599e-05,
    0.0001195656256820733,
    -0.0008542637997087229,
    0.005223783477189248,
    -0.026866133235095593,
    0.11283791308604582,
    -0.3761263888963531,
    1.1283791670946768,
)
_ERFC = (
    0.013643131122489213,
    -0.05279959379227105,
    -0.0005983057255391342,
    0.3254934513181552,
    -0.6616528390024755,
    0.48559907733222885,
    -0.16340173574911884,
    0.2583529880349454,
    0.22887133548733649,
    0.2845896454713064,
    0.28189593663834006,
    6.909235317401715e-06,
)


@inline
def power_of_two(n):
    """2**n for -1022 <= n <= 1023."""
    return np.int64((n + _I(1023)) << _I(52)).view(np.float64)


@inline
def _reduce(x):
    """(n, r) with x = n ln 2 + r and r at most half of ln 2. NaN goes into r."""
    rounded = x * _LOG2_E + _ROUNDER
    whole = rounded - _ROUNDER
    n = np.float64(rounded).view(np.int64) - _ROUNDER_BITS
    return n, (x - whole * _LN2_HIGH) - whole * _LN2_LOW


@inline
def exp(x):
    x = 710.0 if x > 710.0 else x
    x = -746.0 if x < -746.0 else x
    n, r = _reduce(x)
    p = horner(r, _EXP) * r * r + r + 1.0
    half = n >> _I(1)
    return p * power_of_two(half) * power_of_two(n - half)


@inline
def expm1(x):
    clamped = 710.0 if x > 710.0 else x
    clamped = -40.0 if clamped < -40.0 else clamped
    n, r = _reduce(clamped)
    p = horner(r, _EXP) * r * r + r
    scale = power_of_two(n - _I(1))
    result = 2.0 * (scale * p + (scale - 0.5))
    return x if x == 0.0 else result  # -0


@inline
def log(x):
    tiny = x < _SMALLEST_NORMAL
    bits = np.float64(x * _TWO_52 if tiny else x).view(np.int64) - _ROOT_HALF_BITS
    e = np.float64((bits >> _I(52)) - (_I(52) if tiny else _I(0)))
    f = np.int64((bits & _MANTISSA) + _ROOT_HALF_BITS).view(np.float64) - 1.0
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    result = e * _LN2_HIGH - ((half_square - (s * (half_square + horner(z, _LOG) * z) + e * _LN2_LOW)) - f)
    result = x if x == np.inf else result
    result = -np.inf if x == 0.0 else result
    return result if x >= 0.0 else np.nan


@inline
def log1p(x):
    u = 1.0 + x
    lost = (1.0 - (u - x)) if x > 1.0 else (x - (u - 1.0))  # by rounding 1 + x
    result = log(u) + lost / u
    result = x if (x == np.inf) | (x == 0.0) else result
    return -np.inf if x == -1.0 else result


@inline
def tanh(x):
    a = abs(x)
    a = 20.0 if a > 20.0 else a
    t = expm1(2.0 * a)
    return np.copysign(t / (t + 2.0), x)


@inline
def softplus(x):
    return (x if x > 0.0 else 0.0) + log1p(exp(-abs(x)))


@inline
def sigmoid(x):
    e = exp(-abs(x))
    return (e if x < 0.0 else 1.0) / (1.0 + e)


@inline
def _quarter_turns(x):
    """(q, r): float32 x = q pi/2 + r, |r| <= pi/4, q modulo 4. Fixed-point, with as many bits of 2/pi as x asks for."""
    bits = np.int64(np.float32(x).view(np.int32))
    exponent = (bits >> _I(23)) & _I(255)
    mantissa = ((bits & _I(0x7FFFFF)) | _I(0x800000)) << (exponent & _I(7))
    first = (exponent >> _I(3)) & _I(15)
    # Three words of 2/pi; the top one counts modulo 4 turns only, so its overflow is meant to be lost.
    m = np.uint64(mantissa)
    top = (m * _TWO_OVER_PI[first]) << _U(32)
    turns = top + m * _TWO_OVER_PI[first + _I(4)] + ((m * _TWO_OVER_PI[first + _I(8)]) >> _U(32))
    q = np.int64((turns + _U(1 << 61)) >> _U(62))
    r = np.float64(np.int64(turns - (np.uint64(q) << _U(62)))) * _QUARTER_TURN
    # Below 2 in size there are no such bits; one multiple of pi/2, in two parts, is exact enough there.
    a = np.float64(abs(x))
    near_q = np.int64(1) if a > 0.7853981633974483 else np.int64(0)
    near_r = (a - near_q * 1.5707963267341256) - near_q * 6.077100506506192e-11
    small = a < 2.0
    q, r = (near_q if small else q), (near_r if small else r)
    # An infinite or NaN x makes r NaN.
    return q, r + (x - x)


@inline
def _sin_of(q, r):
    z = r * r
    wave = horner(z, _COS) if q & _I(1) else horner(z, _SIN) * r
    return -wave if q & _I(2) else wave


@inline
def sin32(x):
    q, r = _quarter_turns(x)
    value = _F(_sin_of(q, r))
    return -value if x < _F(0) else (x if x == _F(0) else value)


@inline
def cos32(x):
    q, r = _quarter_turns(x)
    return _F(_sin_of(q + _I(1), r))


@inline
def tan32(x):
    q, r = _quarter_turns(x)
    value = _F(_sin_of(q, r) / _sin_of(q + _I(1), r))
    return -value if x < _F(0) else (x if x == _F(0) else value)


@inline
def _erfc_positive(a):
    a = 10.1 if a > 10.1 else a
    return horner(2.0 / (2.0 + a), _ERFC) * exp(-a * a)


@inline
def erf32(x):
    wide = np.float64(x)
    far = 1.0 - _erfc_positive(abs(wide))
    far = -far if wide < 0.0 else far
    return _F(horner(wide * wide, _ERF) * wide if abs(wide) < 1.0 else far)


@inline
def erfc32(x):
    wide = np.float64(x)
    tail = _erfc_positive(abs(wide))
    return _F(2.0 - tail if wide < 0.0 else tail)


@inline
def pow32(x, y):
    wide, power = np.float64(x), np.float64(y)
    size = exp(power * log(abs(wide)))
    whole = power == np.floor(power)
    odd = whole & (abs(power) < 9007199254740992.0) & (np.floor(power * 0.5) * 2.0 != power)
    size = np.nan if (wide < 0.0) & ~whole & (wide != -np.inf) else size
    size = np.copysign(size, wide) if odd else size
    return _F(1) if (x == _F(1)) | (y == _F(0)) | ((x == _F(-1)) & (abs(power) == np.inf)) else _F(size)
