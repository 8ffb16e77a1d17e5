"""TensorFlow's random numbers in NumPy: what `cpu.fills` computes, with the same arguments, to the last bit or two.

A stream is (key, high half of the counter, its low half), as an array of uint64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.kernels.reference.windows import Array

_U, _F = np.uint64, np.float32
_LOW, _32 = _U(0xFFFFFFFF), _U(32)
_AT_A_TIME = 1 << 14  # blocks: they stay in the second cache


def blocks(stream: Array, skips: Any) -> tuple[Array, Array, Array, Array]:
    """The four words, each in a uint64, of the blocks so many blocks after the stream's counter. Source: Philox-4x32-10."""
    key, high, start = (int(number) for number in stream)
    low = _U(start) + np.asarray(skips, _U)  # starts from zero, so never carries into the high half
    a, b = low & _LOW, low >> _32
    c, d = np.full_like(a, high & 0xFFFFFFFF), np.full_like(a, high >> 32)
    k, m = key & 0xFFFFFFFF, key >> 32
    for _ in range(10):
        first, second = a * _U(0xD2511F53), c * _U(0xCD9E8D57)
        a, b = (second >> _32) ^ b ^ _U(k), second & _LOW
        c, d = (first >> _32) ^ d ^ _U(m), first & _LOW
        k, m = (k + 0x9E3779B9) & 0xFFFFFFFF, (m + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


def unit32(words: Array) -> Array:
    """23 bits of each as a float32 in [0, 1)."""
    return (words & _U(0x7FFFFF)).astype(np.int32).astype(_F) * _F(2.0**-23)


def unit64(first: Array, second: Array) -> Array:
    """52 bits of each pair as a float64 in [0, 1)."""
    return ((first & _U(0xFFFFF)) << _32 | second).astype(np.int64).astype(np.float64) * 2.0**-52


def box_muller(first: Array, second: Array) -> tuple[Array, Array]:
    """Two float32 normals from each two words."""
    radius = np.sqrt(_F(-2) * np.log(np.maximum(unit32(first), _F(1e-7)).astype(np.float64)).astype(_F))
    angle = (6.283185307179586 * unit32(second).astype(np.float64)).astype(_F).astype(np.float64)
    return np.sin(angle).astype(_F) * radius, np.cos(angle).astype(_F) * radius


def box_muller64(a: Array, b: Array, c: Array, d: Array) -> tuple[Array, Array]:
    """Two float64 normals from each four words."""
    radius = np.sqrt(-2.0 * np.log(np.maximum(unit64(a, b), 1e-7)))
    angle = 6.283185307179586 * unit64(c, d)
    return np.sin(angle) * radius, np.cos(angle) * radius


_Group = Callable[[Array, Any], tuple[Array, ...]]  # from a stream and blocks to the numbers of each, in order


def _fill(out: Array, stream: Array, start: int, stop: int, group: _Group) -> None:
    """Writes the groups start..stop; the last one may hang over the end of `out`."""
    for first in range(start, stop, _AT_A_TIME):
        last = min(first + _AT_A_TIME, stop)
        numbers = group(stream, np.arange(first, last, dtype=_U))
        flat = np.stack(numbers, -1).reshape(-1)
        part = out[first * len(numbers) : last * len(numbers)]
        part[...] = flat[: part.size]


def fill_uniform(out: Array, stream: Array, start: int, stop: int, mask: Any, scale: Any) -> None:
    """Groups of four: the words' low bits under `mask`, times `scale`."""

    def group(stream: Array, skips: Any) -> tuple[Array, ...]:
        return tuple((word & mask).astype(np.int32).astype(_F) * scale for word in blocks(stream, skips))

    _fill(out, stream, start, stop, group)


def _uniform2(stream: Array, skips: Any) -> tuple[Array, ...]:
    a, b, c, d = blocks(stream, skips)
    return unit64(a, b), unit64(c, d)


def fill_uniform64(out: Array, stream: Array, start: int, stop: int) -> None:
    """Groups of two."""
    _fill(out, stream, start, stop, _uniform2)


def _normal4(stream: Array, skips: Any) -> tuple[Array, ...]:
    a, b, c, d = blocks(stream, skips)
    return *box_muller(a, b), *box_muller(c, d)


def _normal2(stream: Array, skips: Any) -> tuple[Array, ...]:
    return box_muller64(*blocks(stream, skips))


def _truncated(normal: _Group, size: int, stride: int) -> _Group:
    """Of each group's own `stride` blocks of normals the first `size` that are smaller than 2."""

    def group(stream: Array, skips: Any) -> tuple[Array, ...]:
        starts = skips * _U(stride)
        numbers = np.stack(normal(stream, starts), -1)
        wrong = np.flatnonzero((np.abs(numbers) >= 2).any(-1))
        tried = 1
        while wrong.size:
            tried *= 4
            tries = np.stack(normal(stream, starts[wrong, None] + np.arange(tried, dtype=_U)), -1).reshape(len(wrong), -1)
            taken = np.abs(tries) < 2
            order = np.argsort(~taken, axis=-1, kind="stable")[:, :size]
            enough = np.count_nonzero(taken, -1) >= size
            numbers[wrong[enough]] = np.take_along_axis(tries, order, -1)[enough]
            wrong = wrong[~enough]
        return tuple(numbers.T)

    return group


_TRUNCATED4, _TRUNCATED2 = _truncated(_normal4, 4, 256), _truncated(_normal2, 2, 128)


def fill_normal(out: Array, stream: Array, start: int, stop: int, truncated: bool) -> None:
    """Groups of four; truncated, each has 256 blocks to draw from."""
    _fill(out, stream, start, stop, _TRUNCATED4 if truncated else _normal4)


def fill_normal64(out: Array, stream: Array, start: int, stop: int, truncated: bool) -> None:
    """Groups of two; truncated, each has 128 blocks to draw from."""
    _fill(out, stream, start, stop, _TRUNCATED2 if truncated else _normal2)


def fill_uniform_int(out: Array, stream: Array, start: int, stop: int, low: int, extent: Any) -> None:
    """Groups of four int32: low + word modulo extent (a uint64)."""

    def group(stream: Array, skips: Any) -> tuple[Array, ...]:
        return tuple(((word % extent).astype(np.int64) + low).astype(np.int32) for word in blocks(stream, skips))

    _fill(out, stream, start, stop, group)


def fill_uniform_int64(out: Array, stream: Array, start: int, stop: int, low: int, extent: Any) -> None:
    """Groups of two int64; the sum wraps, as it may pass the largest int64 on its way."""

    def group(stream: Array, skips: Any) -> tuple[Array, ...]:
        a, b, c, d = blocks(stream, skips)
        base = _U(low % 2**64)
        return tuple((base + (high << _32 | word) % extent).view(np.int64) for word, high in ((a, b), (c, d)))

    _fill(out, stream, start, stop, group)
