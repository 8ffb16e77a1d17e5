"""Convolution as a product of matrices that are never laid out: tiles of the first are gathered from the images as they load.

Images are volumes [images, depth, lines, pixels, channels]; pictures have a depth of 1. A row of the first matrix is a place of
the result, its columns are the taps of a filter with their channels; the second matrix is the filter as it lies in memory.
The input's gradient is the same with a turned filter. The filter's gradient has these columns for rows, and sums over places.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import device_function, kernel
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.cuda.tiles import ACROSS, COLUMNS, DEPTH, EACH, LEVELS, ROWS, TILE_THREADS, VECTOR, WIDTH, multiply

__all__ = [
    "Gather",
    "Sliding",
    "advanced",
    "convolved",
    "digits",
    "filter_gradient",
    "input_gradient",
    "phase_of",
    "straight",
    "three",
    "turned",
    "viewed",
]

Three = tuple[int, int, int]

_LINES, _LOADS = TILE_THREADS // DEPTH, ROWS * DEPTH // TILE_THREADS  # rows that load at once, and how often
_DEEP = TILE_THREADS // ROWS  # levels of a first tile that loads by its rows
_SUMMED = DEPTH // _DEEP
_NOWHERE = -(1 << 30)  # a place outside any volume, whatever the tap
_BLOCKS = 1024  # as many as keep a GPU busy
_PART = 16 * DEPTH  # windows that are worth a part of their own


class Sliding(NamedTuple):
    """How windows slide over volumes. Window i meets, at its tap t, element `i * steps + starts + t * spreads` of each axis."""

    sizes: Three
    windows: Three
    taps: Three
    steps: Three
    starts: Three
    spreads: Three


class Gather(NamedTuple):
    """Which elements each place of a result takes, along each axis, and through which taps.

    Place `r + i * phases`, for each r less than `phases`, goes through the taps `t + j * apart` for which
    `r + starts - (t + j * apart) * spreads` is divisible by `phases`; call the quotient for the first tap q. It takes element
    `q + i * steps + j * rates` there. A convolution has one phase; its input's gradient has as many as the windows' step, so
    that no place looks at taps that no window puts there.
    """

    sizes: Three  # of what is taken from
    places: Three
    taps: Three
    steps: Three
    starts: Three
    spreads: Three
    rates: Three
    phases: Three
    apart: Three


_ONES = (1, 1, 1)


@device_function
def digits(number, sizes):
    """A number as places along three axes of these sizes, and what is left."""
    rest = number // sizes[2]
    x = number - rest * sizes[2]
    number = rest // sizes[1]
    y = rest - number * sizes[1]
    rest = number // sizes[0]
    return rest, number - rest * sizes[0], y, x


@device_function
def advanced(n, z, y, x, step, carry, sizes):
    """The digits of a sum: of a number, of `step` (digits too) and of `carry`, which is 0 or 1. There is no division in it."""
    x += step[3] + carry
    y += step[2]
    z += step[1]
    n += step[0]
    if x >= sizes[2]:
        x -= sizes[2]
        y += 1
    if y >= sizes[1]:
        y -= sizes[1]
        z += 1
    if z >= sizes[0]:
        z -= sizes[0]
        n += 1
    return n, z, y, x


@device_function
def phase_of(r, places, taps, start, spread, phases, apart):
    """Along one axis, for the phase r of a `Gather`: how many places, how many taps, the first tap, and what it takes first."""
    tap = 0
    while tap < apart and (r + start - tap * spread) % phases != 0:
        tap += 1
    count = (taps - tap + apart - 1) // apart if tap < min(apart, taps) else 0
    return (places - r + phases - 1) // phases, count, tap, (r + start - tap * spread) // phases


def _signatures(threes: int) -> list[str]:
    numbers = "UniTuple(int64, 3), " * threes + "int64, int64, int64, int64"
    return [f"void({t}[::1], {t}[::1], {t}[::1], {numbers})" for t in ("float32", "float64")]


@kernel(*_signatures(len(Gather._fields)))
def convolve(
    x, w, y, sizes, places, taps, steps, starts, spreads, rates, phases, apart, images, channels, filters, blocks
):  # fmt: skip
    """Each place of y as the sum of what a `Gather` takes, times the filter; `blocks` serve one phase."""
    first = cuda.shared.array((DEPTH, WIDTH), x.dtype, alignment=VECTOR)
    second = cuda.shared.array((DEPTH, COLUMNS), x.dtype, alignment=VECTOR)
    written = cuda.shared.array(ROWS, np.int64)  # where the rows of the tile go, or -1
    lines = cuda.shared.array(DEPTH, np.int64)  # where the lines of the second tile are in the filter, or -1
    sums = cuda.local.array((EACH, EACH), x.dtype)
    taken = cuda.local.array(_LOADS, x.dtype)
    at = cuda.local.array(_LOADS, np.int64)
    zs = cuda.local.array(_LOADS, np.int32)
    vs = cuda.local.array(_LOADS, np.int32)
    us = cuda.local.array(_LOADS, np.int32)
    thread = np.uint32(cuda.threadIdx.x)
    block = np.int64(cuda.blockIdx.x)
    phase = block // blocks
    block -= phase * blocks
    _, r0, r1, r2 = digits(phase, phases)
    count0, number0, tap0, z0 = phase_of(r0, places[0], taps[0], starts[0], spreads[0], phases[0], apart[0])
    count1, number1, tap1, v0 = phase_of(r1, places[1], taps[1], starts[1], spreads[1], phases[1], apart[1])
    count2, number2, tap2, u0 = phase_of(r2, places[2], taps[2], starts[2], spreads[2], phases[2], apart[2])
    counts, numbers = (count0, count1, count2), (max(number0, 1), max(number1, 1), max(number2, 1))
    rows, total = images * count0 * count1 * count2, number0 * number1 * number2 * channels
    across = (filters + COLUMNS - 1) // COLUMNS
    up = block // across
    top, left = up * ROWS, (block - up * across) * COLUMNS
    if top >= rows:  # the whole block: other phases have more places
        return
    lane, line = thread % DEPTH, thread // DEPTH
    z_size, v_size, u_size = np.int32(sizes[0]), np.int32(sizes[1]), np.int32(sizes[2])
    for i in range(_LOADS):
        row = line + i * _LINES
        inside = top + row < rows
        n, p, q, r = digits(top + row if inside else 0, counts)
        z, v, u = z0 + p * steps[0], v0 + q * steps[1], u0 + r * steps[2]
        at[i] = (((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels
        zs[i], vs[i], us[i] = np.int32(z if inside else _NOWHERE), np.int32(v), np.int32(u)
        if lane == 0:
            p, q, r = r0 + p * phases[0], r1 + q * phases[1], r2 + r * phases[2]
            written[row] = (((n * places[0] + p) * places[1] + q) * places[2] + r) * filters if inside else -1
    tap = np.int64(lane) // channels
    channel = np.int64(lane) - tap * channels
    a, b, c, d = digits(tap, numbers)
    step = np.int64(DEPTH) // channels
    step_channel, steps_tap = DEPTH - step * channels, digits(step, numbers)
    column, depth = thread % COLUMNS, thread // COLUMNS
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = 0
    for start in range(0, total, DEPTH):
        known = start + lane < total
        if line == 0:
            tap = ((tap0 + b * apart[0]) * taps[1] + tap1 + c * apart[1]) * taps[2] + tap2 + d * apart[2]
            lines[lane] = (tap * channels + channel) * filters if known else -1
        dz, dv, du = np.int32(b * rates[0]), np.int32(c * rates[1]), np.int32(d * rates[2])
        offset = ((np.int64(dz) * sizes[1] + dv) * sizes[2] + du) * channels + channel
        for i in range(_LOADS):
            z, v, u = np.int32(zs[i] + dz), np.int32(vs[i] + dv), np.int32(us[i] + du)
            if known and 0 <= z < z_size and 0 <= v < v_size and 0 <= u < u_size:
                taken[i] = x[np.uint64(at[i] + offset)]
            else:
                taken[i] = 0
        cuda.syncthreads()  # `lines` is there, and the tiles of the step before are done with
        for i in range(_LOADS):
            first[lane, np.uint32(line + i * _LINES)] = taken[i]
        for i in range(DEPTH // LEVELS):
            k = np.uint32(depth + i * LEVELS)
            if lines[k] >= 0 and left + column < filters:
                second[k, column] = w[np.uint64(lines[k] + left + column)]
            else:
                second[k, column] = 0
        cuda.syncthreads()
        multiply(first, second, sums, thread // ACROSS * EACH, thread % ACROSS * EACH)
        channel += step_channel
        carry = 0
        if channel >= channels:
            channel -= channels
            carry = 1
        a, b, c, d = advanced(a, b, c, d, steps_tap, carry, numbers)
    cuda.syncthreads()
    for i in range(EACH):
        to = written[thread // ACROSS * EACH + i]
        for j in range(EACH):
            column = left + thread % ACROSS * EACH + j
            if to >= 0 and column < filters:
                y[to + column] = sums[i, j]


@kernel(*_signatures(len(Sliding._fields)))
def convolve_by_filter(x, dy, dw, sizes, windows, taps, steps, starts, spreads, channels, filters, places, part):
    """Sums over windows of what each meets at each tap, times its gradient. There are dw's for every `part` of the windows,
    one after another."""
    first = cuda.shared.array((DEPTH, WIDTH), x.dtype, alignment=VECTOR)
    second = cuda.shared.array((DEPTH, COLUMNS), x.dtype, alignment=VECTOR)
    sums = cuda.local.array((EACH, EACH), x.dtype)
    ns = cuda.local.array(_SUMMED, np.int64)
    ps = cuda.local.array(_SUMMED, np.int64)
    qs = cuda.local.array(_SUMMED, np.int64)
    rs = cuda.local.array(_SUMMED, np.int64)
    thread = np.uint32(cuda.threadIdx.x)
    rows = taps[0] * taps[1] * taps[2] * channels
    up, across = (rows + ROWS - 1) // ROWS, (filters + COLUMNS - 1) // COLUMNS
    block = np.int64(cuda.blockIdx.x)
    number = block // (up * across)
    block -= number * up * across
    top = block // across
    left = (block - top * across) * COLUMNS
    top *= ROWS
    begin, end = number * part, min((number + 1) * part, places)
    row, line = thread % ROWS, thread // ROWS
    known = top + row < rows
    tap = (top + row) // channels
    channel = top + row - tap * channels
    _, a, b, c = digits(tap, taps)
    z0, v0, u0 = starts[0] + a * spreads[0], starts[1] + b * spreads[1], starts[2] + c * spreads[2]
    for i in range(_SUMMED):
        ns[i], ps[i], qs[i], rs[i] = digits(begin + line + i * _DEEP, windows)
    step = digits(np.int64(DEPTH), windows)
    column, depth = thread % COLUMNS, thread // COLUMNS
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = 0
    for start in range(begin, end, DEPTH):
        for i in range(_SUMMED):
            k = np.uint32(line + i * _DEEP)
            z, v, u = ps[i] * steps[0] + z0, qs[i] * steps[1] + v0, rs[i] * steps[2] + u0
            inside = 0 <= z < sizes[0] and 0 <= v < sizes[1] and 0 <= u < sizes[2]
            if known and start + k < end and inside:
                at = (((ns[i] * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels + channel
                first[k, row] = x[np.uint64(at)]
            else:
                first[k, row] = 0
            ns[i], ps[i], qs[i], rs[i] = advanced(ns[i], ps[i], qs[i], rs[i], step, 0, windows)
        for i in range(DEPTH // LEVELS):
            k = np.uint32(depth + i * LEVELS)
            if start + k < end and left + column < filters:
                second[k, column] = dy[np.uint64((start + k) * filters + left + column)]
            else:
                second[k, column] = 0
        cuda.syncthreads()
        multiply(first, second, sums, thread // ACROSS * EACH, thread % ACROSS * EACH)
        cuda.syncthreads()
    for i in range(EACH):
        row = top + thread // ACROSS * EACH + i
        for j in range(EACH):
            column = left + thread % ACROSS * EACH + j
            if row < rows and column < filters:
                dw[(number * rows + row) * filters + column] = sums[i, j]


def viewed(x: GpuArray, view: Callable[[np.ndarray], np.ndarray]) -> GpuArray:
    """The elements that `view` takes of an array of this shape."""
    whole = of_shape(x.shape)
    return gathered(x, view_of(view(whole), whole))


def _gathered(x: GpuArray, w: GpuArray, how: Gather) -> GpuArray:
    """The sums of what each place takes of volumes x, times a filter [depth, lines, pixels, channels, filters]."""
    images, channels, filters = x.shape[0], *w.shape[3:]
    shape = (images, *how.places, filters)
    if w.size == 0 or x.size == 0:
        return filled(shape, x.dtype, 0)
    y = empty(shape, x.dtype)
    rows = images * math.prod(-(-p // s) for p, s in zip(how.places, how.phases, strict=True))
    blocks = -(-rows // ROWS) * -(-filters // COLUMNS)
    if y.size:
        launched = blocks * math.prod(how.phases)
        convolve[launched, TILE_THREADS](x.flat, w.flat, y.flat, *how, images, channels, filters, blocks)
    return y


def straight(how: Sliding) -> Gather:
    """What the windows take of the volumes."""
    sizes, windows, taps, steps, starts, spreads = how
    return Gather(sizes, windows, taps, steps, starts, spreads, spreads, _ONES, _ONES)


def turned(how: Sliding) -> Gather:
    """What the places of the volumes take of the windows."""
    sizes, windows, taps, steps, starts, spreads = how
    common = [math.gcd(s, d) for s, d in zip(steps, spreads, strict=True)]
    rates = three(-(d // c) for d, c in zip(spreads, common, strict=True))
    apart = three(s // c for s, c in zip(steps, common, strict=True))
    return Gather(windows, sizes, taps, _ONES, three(-s for s in starts), spreads, rates, steps, apart)


def convolved(x: GpuArray, w: GpuArray, how: Sliding) -> GpuArray:
    """The convolution of volumes with a filter [depth, lines, pixels, channels, filters]."""
    return _gathered(x, w, straight(how))


def input_gradient(dy: GpuArray, w: GpuArray, how: Sliding) -> GpuArray:
    """The gradient of `convolved` by its volumes."""
    return _gathered(dy, viewed(w, lambda whole: whole.swapaxes(-1, -2)), turned(how))


def filter_gradient(x: GpuArray, dy: GpuArray, how: Sliding) -> GpuArray:
    """The gradient of `convolved` by its filter. Where a filter is too small to keep a GPU busy, its windows are summed in
    parts, and these in order."""
    channels, filters, places = x.shape[4], dy.shape[4], math.prod(dy.shape[:4])
    shape = (*how.taps, channels, filters)
    rows = math.prod(shape[:4])
    if x.size == 0 or places == 0 or rows * filters == 0:
        return filled(shape, x.dtype, 0)
    tiles = -(-rows // ROWS) * -(-filters // COLUMNS)
    parts = max(1, min(_BLOCKS // tiles, places // _PART))
    part = -(-places // parts)
    parts = -(-places // part)
    dw = empty((parts, *shape), x.dtype)
    numbers = channels, filters, places, part
    convolve_by_filter[tiles * parts, TILE_THREADS](x.flat, dy.flat, dw.flat, *how, *numbers)
    return (reduced("Sum", dw, 1, parts, rows * filters) if parts > 1 else dw).reshaped(shape)


def three(numbers: Iterable[int]) -> Three:
    x, y, z = numbers
    return x, y, z
