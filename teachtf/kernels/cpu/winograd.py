"""Convolution by 3 x 3 and 5 x 5 filters with fewer multiplications: Winograd's minimal filtering, F(4 x 4, r x r).

A tile of t = r + 3 input pixels a side gives 4 output pixels a side. Both tile and filter are evaluated at t points (the last
is infinity), where a convolution is a product number by number; summed over the channels that is a matrix product for each
of the t * t points. For r = 5 it takes 64 multiplications for 16 outputs instead of 400, for r = 3 36 instead of 144; the
price is rounding: the largest error is about 2.5e-5 of the output's root mean square for r = 5 and 1e-5 for r = 3, where it
is 5e-6 by direct sums.

An infinite or NaN pixel would reach a whole tile, and numbers near the largest overflow on the way to the points: images with
such results are computed anew by direct sums, in NumPy.

Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015); the matrices are Toom and Cook's.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import types

from ..jit import jit
from ..reference import convolution
from .endings import EndingOf
from .sharing import call_task
from .threads import parallel_for, thread_count
from .tiles import LOW, MIDDLE, TALL, read_only
from .transforms import SINGLES, make_transform, matrices
from .vector import address_of, make_tile, move

__all__ = ["convolve", "filter_gradient"]

Array = npt.NDArray[Any]

OUT = 4  # output pixels a side of a tile
_TILES = 2 * TALL  # tiles worked on together: their transforms stay in the second cache
_tile_5, _taps_5, _back_5 = (make_transform(matrix) for matrix in matrices(5, OUT))
_tile_3, _taps_3, _back_3 = (make_transform(matrix) for matrix in matrices(3, OUT))
# For the gradient by the filter, the 4 x 4 pixels of a tile of the result are the taps, and the filter is what comes out.
_pixels_5, _sums_5 = (make_transform(matrix) for matrix in matrices(OUT, 5)[1:])
_pixels_3, _sums_3 = (make_transform(matrix) for matrix in matrices(OUT, 3)[1:])
_product = make_tile(TALL, 2)
_HEIGHT = MIDDLE if SINGLES % MIDDLE == 0 else LOW
_sum = make_tile(_HEIGHT, 2)


@jit(signatures=types.void(types.int64, types.int64, types.int64, types.int64, read_only(np.float32), types.float32[::1]))
def _filters(r, first, last, columns, w, u):  # type: ignore[no-untyped-def]
    """Takes the channels first..last of filters (r, r, channels, columns) to the points: u is (t * t, channels, columns)."""
    size, t = 4, r + OUT - 1
    channels = w.size // (r * r * columns)
    plane = channels * columns * size
    half = np.empty(t * r * SINGLES, np.float32)
    for channel in range(first, last):
        for column in range(0, columns, SINGLES):
            at = (channel * columns + column) * size
            for j in range(r):
                source, target = address_of(w) + j * plane + at, address_of(half) + j * SINGLES * size
                if r == 5:
                    _taps_5(w, source, r * plane, target, r * SINGLES * size)
                else:
                    _taps_3(w, source, r * plane, target, r * SINGLES * size)
            for i in range(t):
                source, target = address_of(half) + i * r * SINGLES * size, address_of(u) + i * t * plane + at
                if r == 5:
                    _taps_5(w, source, SINGLES * size, target, plane)
                else:
                    _taps_3(w, source, SINGLES * size, target, plane)


_GEOMETRY = types.UniTuple(types.int64, 8)  # height, width, channels, top, left, and height, width and depth of the result
_READ = read_only(np.float32)


@jit(signatures=types.void(*[types.int64] * 3, _GEOMETRY, _READ, *[types.float32[::1]] * 3))
def _take(r, start, count, geometry, x, patch, half, v):  # type: ignore[no-untyped-def]
    """Takes the pixels that the tiles start..start + count need to the points: v is (t * t, _TILES, channels)."""
    size, t = 4, r + OUT - 1
    height, width, channels, top, left, out_height, out_width, _ = geometry
    down, across = -(-out_height // OUT), -(-out_width // OUT)
    depth, v_step = channels * size, _TILES * channels * size
    for n in range(count):
        image, line, pixel = (start + n) // (down * across), (start + n) // across % down, (start + n) % across
        row, column = line * OUT - top, pixel * OUT - left
        source, row_step = address_of(x) + ((image * height + row) * width + column) * depth, width * depth
        if row < 0 or row + t > height or column < 0 or column + t > width:
            patch[: t * t * channels] = 0
            low, high = max(0, -column), min(t, width - column)
            for i in range(max(0, -row), min(t, height - row)):
                to = address_of(patch) + (i * t + low) * depth
                move(x, to, source + i * row_step + low * depth, max(0, high - low) * channels)
            source, row_step = address_of(patch), t * depth
        for channel in range(0, depth, SINGLES * size):
            for j in range(t):
                at, to = source + j * depth + channel, address_of(half) + j * SINGLES * size
                if r == 5:
                    _tile_5(x, at, row_step, to, t * SINGLES * size)
                else:
                    _tile_3(x, at, row_step, to, t * SINGLES * size)
            for i in range(t):
                at, to = address_of(half) + i * t * SINGLES * size, address_of(v) + i * t * v_step + n * depth + channel
                if r == 5:
                    _tile_5(x, at, SINGLES * size, to, v_step)
                else:
                    _tile_3(x, at, SINGLES * size, to, v_step)


@numba.njit(nogil=True, fastmath={"reassoc"})
def _not_finite(values):  # type: ignore[no-untyped-def]
    total = np.float32(0)
    for value in values:
        total += value * np.float32(0)  # NaN of what is not finite
    return total != total


_ENDING = types.UniTuple(types.int64, 3)  # `Ending.numbers`, or zeros


@jit(signatures=types.void(*[types.int64] * 3, _GEOMETRY, *[_READ] * 2, types.float32[::1], types.boolean[::1], _ENDING))
def _tiles(r, first, last, geometry, x, u, y, spoiled, ending):  # type: ignore[no-untyped-def]
    """Computes the tiles first..last of y, in the order (image, line of tiles, tile), and does to the pixels what `ending`
    says. Tells of images with a result that is not finite."""
    size, t = 4, r + OUT - 1
    channels, out_height, out_width, columns = geometry[2], geometry[5], geometry[6], geometry[7]
    down, across = -(-out_height // OUT), -(-out_width // OUT)
    points, depth = t * t, columns * size
    patch = np.empty(max(t * t * channels, OUT * OUT * columns), np.float32)
    half = np.empty(t * t * SINGLES, np.float32)
    v = np.zeros(points * _TILES * channels, np.float32)
    products = np.empty(points * _TILES * columns, np.float32)
    rows, product_rows, segment = np.arange(_TILES) * channels, np.arange(_TILES) * columns, np.zeros(1, np.int64)
    v_step, product_step = _TILES * channels * size, _TILES * columns * size
    for start in range(first, last, _TILES):
        count = min(_TILES, last - start)
        _take(r, start, count, geometry, x, patch, half, v)
        for point in range(points):
            a, c = address_of(v) + point * v_step, address_of(products) + point * product_step
            b = address_of(u) + point * channels * depth
            for column in range(0, depth, 2 * SINGLES * size):
                for n in range(0, count, TALL):
                    _product(x, a, address_of(rows) + n * 8, address_of(segment), b + column, c + column,
                             address_of(product_rows) + n * 8, 1, channels, 1, columns, False)  # fmt: skip
        for n in range(count):
            image, line, pixel = (start + n) // (down * across), (start + n) // across % down, (start + n) % across
            row, column = line * OUT, pixel * OUT
            kept_rows, kept = min(OUT, out_height - row), min(OUT, out_width - column)
            target = address_of(y) + ((image * out_height + row) * out_width + column) * depth
            to, to_step = target, out_width * depth
            if kept_rows < OUT or kept < OUT:
                to, to_step = address_of(patch), OUT * depth
            for channel in range(0, depth, SINGLES * size):
                for j in range(t):
                    at = address_of(products) + j * product_step + n * depth + channel
                    half_at = address_of(half) + j * SINGLES * size
                    if r == 5:
                        _back_5(x, at, t * product_step, half_at, t * SINGLES * size)
                    else:
                        _back_3(x, at, t * product_step, half_at, t * SINGLES * size)
                for i in range(OUT):
                    half_at = address_of(half) + i * t * SINGLES * size
                    if r == 5:
                        _back_5(x, half_at, SINGLES * size, to + i * to_step + channel, depth)
                    else:
                        _back_3(x, half_at, SINGLES * size, to + i * to_step + channel, depth)
            if to != target:
                for i in range(kept_rows):
                    move(x, target + i * out_width * depth, to + i * to_step, kept * columns)
        n = 0
        while n < count:  # tiles side by side are complete lines of pixels
            image, line, pixel = (start + n) // (down * across), (start + n) // across % down, (start + n) % across
            run = min(across - pixel, count - n)
            for row in range(line * OUT, min(line * OUT + OUT, out_height)):
                top = (image * out_height + row) * out_width
                a, b = top + pixel * OUT, top + min((pixel + run) * OUT, out_width)
                if _not_finite(y[a * columns : b * columns]):
                    spoiled[image] = True
                if ending[0] != 0:
                    call_task(ending[0], a * ending[2], b * ending[2], ending[1])
            n += run


@jit(signatures=types.void(*[types.int64] * 3, _GEOMETRY, *[_READ] * 2, types.float32[::1]))
def _gradient_tiles(r, first, last, geometry, x, dy, total):  # type: ignore[no-untyped-def]
    """Adds to `total`, (t * t, channels, columns), what the tiles first..last give to the filter's gradient at the points."""
    size, t = 4, r + OUT - 1
    channels, out_height, out_width, columns = geometry[2], geometry[5], geometry[6], geometry[7]
    down, across = -(-out_height // OUT), -(-out_width // OUT)
    points, depth = t * t, columns * size
    patch = np.empty(max(t * t * channels, OUT * OUT * columns), np.float32)
    half = np.empty(t * t * SINGLES, np.float32)
    v = np.zeros(points * _TILES * channels, np.float32)
    e = np.zeros(points * _TILES * columns, np.float32)
    rows, total_rows, segment = np.arange(channels), np.arange(channels) * columns, np.zeros(1, np.int64)
    v_step, e_step = _TILES * channels * size, _TILES * columns * size
    for start in range(first, last, _TILES):
        count = min(_TILES, last - start)
        _take(r, start, count, geometry, x, patch, half, v)
        for n in range(count):
            image, line, pixel = (start + n) // (down * across), (start + n) // across % down, (start + n) % across
            row, column = line * OUT, pixel * OUT
            kept_rows, kept = min(OUT, out_height - row), min(OUT, out_width - column)
            source = address_of(dy) + ((image * out_height + row) * out_width + column) * depth
            row_step = out_width * depth
            if kept_rows < OUT or kept < OUT:
                patch[: OUT * OUT * columns] = 0
                for i in range(kept_rows):
                    move(dy, address_of(patch) + i * OUT * depth, source + i * row_step, kept * columns)
                source, row_step = address_of(patch), OUT * depth
            for channel in range(0, depth, SINGLES * size):
                for j in range(OUT):
                    at, to = source + j * depth + channel, address_of(half) + j * SINGLES * size
                    if r == 5:
                        _pixels_5(dy, at, row_step, to, OUT * SINGLES * size)
                    else:
                        _pixels_3(dy, at, row_step, to, OUT * SINGLES * size)
                for i in range(t):
                    at, to = address_of(half) + i * OUT * SINGLES * size, address_of(e) + i * t * e_step + n * depth + channel
                    if r == 5:
                        _pixels_5(dy, at, SINGLES * size, to, e_step)
                    else:
                        _pixels_3(dy, at, SINGLES * size, to, e_step)
        for point in range(points):
            a, b = address_of(v) + point * v_step, address_of(e) + point * e_step
            c = address_of(total) + point * channels * depth
            for column in range(0, depth, 2 * SINGLES * size):
                for channel in range(0, channels, _HEIGHT):
                    _sum(x, a, address_of(rows) + channel * 8, address_of(segment), b + column, c + column,
                         address_of(total_rows) + channel * 8, 1, count, channels, columns, True)  # fmt: skip


@jit(signatures=types.void(*[types.int64] * 4, _READ, types.float32[::1]))
def _sums(r, first, last, columns, total, dw):  # type: ignore[no-untyped-def]
    """Takes the channels first..last of `total`, a gradient at the points, back to dw, (r, r, channels, columns)."""
    size, t = 4, r + OUT - 1
    channels = dw.size // (r * r * columns)
    plane = channels * columns * size
    half = np.empty(t * r * SINGLES, np.float32)
    for channel in range(first, last):
        for column in range(0, columns, SINGLES):
            at = (channel * columns + column) * size
            for j in range(t):
                source, to = address_of(total) + j * plane + at, address_of(half) + j * SINGLES * size
                if r == 5:
                    _sums_5(total, source, t * plane, to, t * SINGLES * size)
                else:
                    _sums_3(total, source, t * plane, to, t * SINGLES * size)
            for i in range(r):
                source, to = address_of(half) + i * t * SINGLES * size, address_of(dw) + i * r * plane + at
                if r == 5:
                    _sums_5(total, source, SINGLES * size, to, plane)
                else:
                    _sums_3(total, source, SINGLES * size, to, plane)


def convolve(x: Array, w: Array, top: int, left: int, y: Array, ending: EndingOf | None = None) -> None:
    """Writes into y (images, lines, pixels, filters) the correlation of x with w (r, r, channels, filters), contiguous arrays;
    `top` and `left` are the zeros before the first line and pixel."""
    r, (images, height, width, channels) = w.shape[0], x.shape
    out_height, out_width, columns = y.shape[1:]
    t = r + OUT - 1
    u = np.empty(t * t * channels * columns, np.float32)
    flat_x, flat_w, flat_y = x.reshape(-1), w.reshape(-1), y.reshape(-1)
    parallel_for(lambda first, last: _filters(r, first, last, columns, flat_w, u), channels, max(1, (1 << 14) // columns))
    geometry = height, width, channels, top, left, out_height, out_width, columns
    count = images * -(-out_height // OUT) * -(-out_width // OUT)
    spoiled = np.zeros(images, np.bool_)
    made = None if ending is None else ending(y)
    numbers = (0, 0, 0) if made is None else made.numbers

    def some(first: int, last: int) -> None:
        _tiles(r, first * _TILES, min(count, last * _TILES), geometry, flat_x, u, flat_y, spoiled, numbers)

    parallel_for(some, -(-count // _TILES), 2)
    pixels = out_height * out_width
    padding = _padding(x.shape, (r, r), (top, left), (out_height, out_width))
    with np.errstate(all="ignore"):
        for n in np.flatnonzero(spoiled):
            y[n] = convolution.conv2d(x[n : n + 1], w, padding=padding)[0]
            if made is not None:
                made.some(n * pixels, (n + 1) * pixels)


def _padding(shape: tuple[int, ...], size: tuple[int, int], before: tuple[int, int], windows: tuple[int, int]) -> Any:
    return tuple((before[i], windows[i] + size[i] - 1 - shape[1 + i] - before[i]) for i in (0, 1))


def filter_gradient(x: Array, dy: Array, top: int, left: int, dw: Array) -> None:
    """Writes into dw (r, r, channels, filters) the gradient by w of `convolve`, given the gradient by its result. The sums of
    the threads are added in a fixed order."""
    r, (images, height, width, channels) = dw.shape[0], x.shape
    out_height, out_width, columns = dy.shape[1:]
    t = r + OUT - 1
    geometry = height, width, channels, top, left, out_height, out_width, columns
    flat_x, flat_dy, flat_dw = x.reshape(-1), dy.reshape(-1), dw.reshape(-1)
    count = images * -(-out_height // OUT) * -(-out_width // OUT)
    blocks = -(-count // _TILES)
    partial: dict[int, Array] = {}

    def some(first: int, last: int) -> None:
        partial[first] = np.zeros(t * t * channels * columns, np.float32)
        _gradient_tiles(r, first * _TILES, min(count, last * _TILES), geometry, flat_x, flat_dy, partial[first])

    parallel_for(some, blocks, max(2, -(-blocks // thread_count())))
    total, *others = (partial[first] for first in sorted(partial))
    for other in others:
        total += other
    parallel_for(lambda first, last: _sums(r, first, last, columns, total, flat_dw), channels, max(1, (1 << 14) // columns))
    with np.errstate(all="ignore"):
        if not np.isfinite(flat_dw).all():
            padding = _padding(x.shape, (r, r), (top, left), (out_height, out_width))
            dw[...] = convolution.conv2d_backprop_filter(x, dw.shape, dy, padding=padding)
