"""TensorFlow's random numbers: Philox-4x32-10 and the numbers made from its bits, in TensorFlow's order.

A counter of 128 bits and a key of 64 give a block of four 32-bit words; block number i of a stream needs no other block, so a
fill can be cut anywhere. Here a stream is a uint64 array (key, counter's high half, counter's low half).

Sources: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011); the element order and the formulas are those of
TensorFlow's `philox_random.h`, `random_distributions.h` and `random_op_cpu.h`.
"""

from __future__ import annotations

import math

import numpy as np

from teachtf.kernels import double, single
from teachtf.kernels.jit import jit
from teachtf.kernels.single import horner, inline

__all__ = [
    "block",
    "box_muller",
    "box_muller64",
    "fill_normal",
    "fill_normal64",
    "fill_uniform",
    "fill_uniform64",
    "fill_uniform_int",
    "fill_uniform_int64",
    "normal4",
    "truncated2",
    "truncated4",
    "uniform4",
    "unit32",
    "unit64",
    "whole2",
    "whole4",
]

_U, _F, _I = np.uint64, np.float32, np.int32
_LOW, _32, _1, _2, _3, _4 = _U(0xFFFFFFFF), _U(32), _U(1), _U(2), _U(3), _U(4)
_MULTIPLY_0, _MULTIPLY_2 = _U(0xD2511F53), _U(0xCD9E8D57)
_RAISE_0, _RAISE_1 = _U(0x9E3779B9), _U(0xBB67AE85)


@inline
def _round(state):
    a, b, c, d, k, m = state
    first, second = a * _MULTIPLY_0, c * _MULTIPLY_2
    words = (second >> _32) ^ b ^ k, second & _LOW, (first >> _32) ^ d ^ m, first & _LOW
    return *words, (k + _RAISE_0) & _LOW, (m + _RAISE_1) & _LOW


@inline
def block(stream, skip):
    """The four words, each in a uint64, of the block `skip` blocks after the stream's counter."""
    key, high, start = stream
    low = start + skip  # starts from zero, so never carries into the high half
    a, b, c, d = low & _LOW, low >> _32, high & _LOW, high >> _32
    k, m = key & _LOW, key >> _32
    state = a, b, c, d, k, m
    # Ten rounds, written out: a loop here would keep the loop around it from becoming vector code.
    state = _round(_round(_round(_round(_round(state)))))
    a, b, c, d, _, _ = _round(_round(_round(_round(_round(state)))))
    return a, b, c, d


@inline
def unit32(word):
    """23 bits as a float32 in [0, 1)."""
    return _F(_I(word & _U(0x7FFFFF))) * _F(2.0**-23)


@inline
def unit64(first, second):
    """52 bits as a float64 in [0, 1)."""
    return np.float64(np.int64(((first & _U(0xFFFFF)) << _32) | second)) * 2.0**-52


_SIN = tuple(map(_F, (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1)))  # Cephes's sinf and cosf
_COS = tuple(map(_F, (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2)))
_QUARTER = tuple(map(_F, (1.5703125, 4.837512969970703125e-4, 7.54978995489188216e-8)))  # pi/2 in three parts
_ROUNDER, _ROUNDER_BITS = _F(12582912.0), _I(0x4B400000)


@inline
def _sin_cos(x):
    """The sine and cosine of a float32 angle from 0 to 2 pi."""
    rounded = x * _F(0.6366197723675814) + _ROUNDER
    whole = rounded - _ROUNDER
    quarter = np.int32(np.float32(rounded).view(np.int32) - _ROUNDER_BITS)
    r = ((x - whole * _QUARTER[0]) - whole * _QUARTER[1]) - whole * _QUARTER[2]
    z = r * r
    s = horner(z, _SIN) * z * r + r
    c = horner(z, _COS) * z * z - _F(0.5) * z + _F(1)
    swap = (quarter & _I(1)) != _I(0)
    sine, cosine = (c if swap else s), (s if swap else c)
    sine = -sine if (quarter & _I(2)) != _I(0) else sine
    return sine, (-cosine if ((quarter + _I(1)) & _I(2)) != _I(0) else cosine)


@inline
def box_muller(word0, word1):
    """Two float32 normals from two words."""
    u = unit32(word0)
    u = _F(1e-7) if u < _F(1e-7) else u
    angle = _F(6.283185307179586 * np.float64(unit32(word1)))
    radius = math.sqrt(_F(-2) * single.log(u))
    s, c = _sin_cos(angle)
    return s * radius, c * radius


# fdlibm's k_sin.c, k_cos.c and e_rem_pio2.c
_SIN64 = (
    1.58969099521155010221e-10,
    -2.50507602534068634195e-08,
    2.75573137070700676789e-06,
    -1.98412698298579493134e-04,
    8.33333333332248946124e-03,
    -1.66666666666666324348e-01,
)
_COS64 = (
    -1.13596475577881948265e-11,
    2.08757232129817482790e-09,
    -2.75573143513906633035e-07,
    2.48015872894767294178e-05,
    -1.38888888888741095749e-03,
    4.16666666666666019037e-02,
)
_QUARTER64 = 1.57079632673412561417, 6.07710050650619224932e-11
_ROUNDER64, _ROUNDER64_BITS = 6755399441055744.0, np.int64(0x4338000000000000)


@inline
def _sin_cos64(x):
    """The sine and cosine of a float64 angle from 0 to 2 pi."""
    rounded = x * 0.6366197723675814 + _ROUNDER64
    whole = rounded - _ROUNDER64
    quarter = np.float64(rounded).view(np.int64) - _ROUNDER64_BITS
    r = (x - whole * _QUARTER64[0]) - whole * _QUARTER64[1]
    z = r * r
    s = horner(z, _SIN64) * z * r + r
    c = horner(z, _COS64) * z * z - 0.5 * z + 1.0
    swap = (quarter & 1) != 0
    sine, cosine = (c if swap else s), (s if swap else c)
    sine = -sine if (quarter & 2) != 0 else sine
    return sine, (-cosine if ((quarter + 1) & 2) != 0 else cosine)


@inline
def box_muller64(word0, word1, word2, word3):
    """Two float64 normals from four words."""
    u = unit64(word0, word1)
    u = 1e-7 if u < 1e-7 else u
    radius = math.sqrt(-2.0 * double.log(u))
    s, c = _sin_cos64(6.283185307179586 * unit64(word2, word3))
    return s * radius, c * radius


@inline
def uniform4(stream, skip, mask, scale):
    a, b, c, d = block(stream, skip)
    return (
        _F(_I(a & mask)) * scale,
        _F(_I(b & mask)) * scale,
        _F(_I(c & mask)) * scale,
        _F(_I(d & mask)) * scale,
    )


@jit
def fill_uniform(out, stream, start, stop, mask, scale):
    """Groups of four, start <= group < stop: the words' low bits under `mask`, times `scale`."""
    stream = stream[0], stream[1], stream[2]
    for g in range(start, min(stop, out.size // 4)):
        i = _U(g) * _4  # unsigned: a negative index need not be thought of
        out[i], out[i + _1], out[i + _2], out[i + _3] = uniform4(stream, _U(g), mask, scale)
    if stop * 4 > out.size:
        last = uniform4(stream, _U(stop - 1), mask, scale)
        for i in range(4 * (stop - 1), out.size):
            out[i] = last[i % 4]


@jit
def fill_uniform64(out, stream, start, stop):
    for g in range(start, min(stop, out.size // 2)):
        a, b, c, d = block(stream, _U(g))
        out[2 * g], out[2 * g + 1] = unit64(a, b), unit64(c, d)
    if stop * 2 > out.size:
        a, b, c, d = block(stream, _U(stop - 1))
        out[2 * (stop - 1)] = unit64(a, b)


@inline
def normal4(stream, skip):
    a, b, c, d = block(stream, skip)
    w, x = box_muller(a, b)
    y, z = box_muller(c, d)
    return w, x, y, z


@inline
def truncated4(stream, skip):
    """Four normals smaller than 2: as many blocks as that takes, from `skip` on."""
    w = x = y = z = _F(0)
    found = 0
    while True:
        for value in normal4(stream, skip):
            if abs(value) < _F(2) and found < 4:
                w, x, y, z = x, y, z, value
                found += 1
        if found == 4:
            return w, x, y, z
        skip += _1


@jit
def fill_normal(out, stream, start, stop, truncated):
    """Groups of four normals. Truncated, each group has 256 blocks to draw from: first all groups take one block, in vector
    code, then the one in six with too large a number is drawn again."""
    stride = _U(256) if truncated else _1
    stream = stream[0], stream[1], stream[2]
    for g in range(start, min(stop, out.size // 4)):
        i = _U(g) * _4  # unsigned: a negative index need not be thought of
        out[i], out[i + _1], out[i + _2], out[i + _3] = normal4(stream, _U(g) * stride)
    if truncated:
        for g in range(start, min(stop, out.size // 4)):
            i = 4 * g
            if max(max(abs(out[i]), abs(out[i + 1])), max(abs(out[i + 2]), abs(out[i + 3]))) >= _F(2):
                out[i], out[i + 1], out[i + 2], out[i + 3] = truncated4(stream, _U(g) * stride)
    if stop * 4 > out.size:
        skip = _U(stop - 1) * stride
        last = truncated4(stream, skip) if truncated else normal4(stream, skip)
        for i in range(4 * (stop - 1), out.size):
            out[i] = last[i % 4]


@inline
def truncated2(stream, skip):
    y = z = 0.0
    found = 0
    while True:
        a, b, c, d = block(stream, skip)
        for value in box_muller64(a, b, c, d):
            if abs(value) < 2.0 and found < 2:
                y, z = z, value
                found += 1
        if found == 2:
            return y, z
        skip += _1


@jit
def fill_normal64(out, stream, start, stop, truncated):
    """Groups of two; truncated, each has 128 blocks to draw from."""
    stream = stream[0], stream[1], stream[2]
    if not truncated:
        for g in range(start, min(stop, out.size // 2)):
            i = _U(g) * _2
            a, b, c, d = block(stream, _U(g))
            out[i], out[i + _1] = box_muller64(a, b, c, d)
    for g in range(start if truncated else max(start, out.size // 2), stop):
        if truncated:
            y, z = truncated2(stream, _U(g) * _U(128))
        else:
            a, b, c, d = block(stream, _U(g))
            y, z = box_muller64(a, b, c, d)
        out[2 * g] = y
        if 2 * g + 1 < out.size:
            out[2 * g + 1] = z


@inline
def whole4(stream, skip, low, extent):
    """Four int32: low + word modulo extent (a uint64)."""
    a, b, c, d = block(stream, skip)
    modulus = np.uint32(extent)
    return (
        _I(low + np.int64(np.uint32(a) % modulus)),
        _I(low + np.int64(np.uint32(b) % modulus)),
        _I(low + np.int64(np.uint32(c) % modulus)),
        _I(low + np.int64(np.uint32(d) % modulus)),
    )


@inline
def whole2(stream, skip, low, extent):
    """Two int64; the sum wraps, as it may pass the largest int64 on its way."""
    a, b, c, d = block(stream, skip)
    return np.int64(_U(low) + ((b << _32) | a) % extent), np.int64(_U(low) + ((d << _32) | c) % extent)


@jit
def fill_uniform_int(out, stream, start, stop, low, extent):
    for g in range(start, stop):
        values = whole4(stream, _U(g), low, extent)
        for i in range(4 * g, min(4 * g + 4, out.size)):
            out[i] = values[i % 4]


@jit
def fill_uniform_int64(out, stream, start, stop, low, extent):
    for g in range(start, stop):
        first, second = whole2(stream, _U(g), low, extent)
        out[2 * g] = first
        if 2 * g + 1 < out.size:
            out[2 * g + 1] = second
