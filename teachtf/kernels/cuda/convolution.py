"""Convolution as a product of matrices that are never laid out: tiles of the first are gathered from the images as they load.

Images are volumes [images, depth, lines, pixels, channels]; pictures have a depth of 1. A row of the first matrix is a place of
the result, its columns are the taps of a filter with their channels; the second matrix is the filter as it lies in memory.
The input's gradient is the same with a turned filter. The filter's gradient has these columns for rows, and sums over places.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import config, cuda

from teachtf.kernels.convolution import Images, check_depth
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import device_function, kernel
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.registry import Call
from teachtf.ops.windows import Slide

__all__ = ["Sliding", "as_given", "as_nhwc", "of_images"]

Three = tuple[int, int, int]

# A tile of the result is ROWS by COLUMNS, and is summed over DEPTH products at a time; a thread has EACH by EACH of its
# elements in registers. The simulator has a thread of Python for each: it takes a small tile.
ROWS, COLUMNS, DEPTH, EACH = (8, 8, 4, 2) if config.ENABLE_CUDASIM else (64, 64, 16, 4)  # type: ignore[attr-defined]
_ACROSS = COLUMNS // EACH
TILE_THREADS = ROWS // EACH * _ACROSS
_LINES, _LOADS = TILE_THREADS // DEPTH, ROWS * DEPTH // TILE_THREADS  # rows that load at once, and how often
_LEVELS = TILE_THREADS // COLUMNS  # of the second tile, the same
_WIDTH = ROWS + 4  # of a line of the first matrix's tile in shared memory: its columns, as they load, lie in different banks
_TYPES = ("float32", "float64")


class Sliding(NamedTuple):
    """How windows slide over volumes. Window i meets, at its tap j, element `i * steps + starts + j * spreads` of each axis."""

    sizes: Three
    windows: Three
    taps: Three
    steps: Three
    starts: Three
    spreads: Three


_SLIDING = ", ".join(["UniTuple(int64, 3)"] * 6)


@device_function
def _digits(number, sizes):
    """A number as places along three axes of these sizes, and what is left."""
    rest = number // sizes[2]
    x = number - rest * sizes[2]
    number = rest // sizes[1]
    y = rest - number * sizes[1]
    rest = number // sizes[0]
    return rest, number - rest * sizes[0], y, x


@device_function
def _advanced(n, z, y, x, step, carry, sizes):
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
def _multiply(first, second, sums, top, left):
    """Add the products of two tiles to a thread's sums, which are those from row `top` and column `left` on."""
    for k in range(DEPTH):
        for i in range(EACH):
            value = first[k, top + i]
            for j in range(EACH):
                sums[i, j] += value * second[k, left + j]


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {_SLIDING}, UniTuple(int64, 5), int64, int64, int64, int64)" for t in _TYPES))
def convolve(x, w, y, sizes, windows, taps, steps, starts, spreads, target, channels, filters, places, total):
    """`places` rows of `total` products each. Window (image, i, j, k) is written to the place of y that is the sum of these,
    each times its number in `target`, and of the last of `target`."""
    first = cuda.shared.array((DEPTH, _WIDTH), x.dtype)
    second = cuda.shared.array((DEPTH, COLUMNS), x.dtype)
    written = cuda.shared.array(ROWS, np.int64)
    sums = cuda.local.array((EACH, EACH), x.dtype)
    at = cuda.local.array(_LOADS, np.int64)
    zs = cuda.local.array(_LOADS, np.int32)
    ys = cuda.local.array(_LOADS, np.int32)
    xs = cuda.local.array(_LOADS, np.int32)
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = 0
    thread = cuda.threadIdx.x
    across = (filters + COLUMNS - 1) // COLUMNS
    block = np.int64(cuda.blockIdx.x)
    up = block // across
    top, left = up * ROWS, (block - up * across) * COLUMNS
    lane, line = thread % DEPTH, thread // DEPTH
    for i in range(_LOADS):
        row = line + i * _LINES
        n, p, q, r = _digits(top + row, windows)
        z, v, u = p * steps[0] + starts[0], q * steps[1] + starts[1], r * steps[2] + starts[2]
        if top + row >= places:
            z = -np.int64(1 << 30)  # nowhere, whatever the tap
        at[i] = (((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels
        zs[i], ys[i], xs[i] = np.int32(z), np.int32(v), np.int32(u)
        if lane == 0:
            written[row] = n * target[0] + p * target[1] + q * target[2] + r * target[3] + target[4]
    tap = lane // channels
    channel = lane - tap * channels
    n, a, b, c = _digits(tap, taps)
    step_tap = np.int64(DEPTH) // channels
    step_channel = DEPTH - step_tap * channels
    step = _digits(step_tap, taps)
    column, depth = thread % COLUMNS, thread // COLUMNS
    for start in range(0, total, DEPTH):
        dz, dy, dx = a * spreads[0], b * spreads[1], c * spreads[2]
        offset = ((dz * sizes[1] + dy) * sizes[2] + dx) * channels + channel
        known = start + lane < total
        for i in range(_LOADS):
            z, v, u = zs[i] + dz, ys[i] + dy, xs[i] + dx
            row = line + i * _LINES
            if known and 0 <= z < sizes[0] and 0 <= v < sizes[1] and 0 <= u < sizes[2]:
                first[lane, row] = x[at[i] + offset]
            else:
                first[lane, row] = 0
        for i in range(DEPTH // _LEVELS):
            k = depth + i * _LEVELS
            if start + k < total and left + column < filters:
                second[k, column] = w[(start + k) * filters + left + column]
            else:
                second[k, column] = 0
        cuda.syncthreads()
        _multiply(first, second, sums, thread // _ACROSS * EACH, thread % _ACROSS * EACH)
        cuda.syncthreads()
        channel += step_channel
        carry = 0
        if channel >= channels:
            channel -= channels
            carry = 1
        n, a, b, c = _advanced(n, a, b, c, step, carry, taps)
    for i in range(EACH):
        row = thread // _ACROSS * EACH + i
        for j in range(EACH):
            column = left + thread % _ACROSS * EACH + j
            if top + row < places and column < filters:
                y[written[row] + column] = sums[i, j]


def of_images(how: Slide, shape: tuple[int, ...], kernel: tuple[int, ...]) -> Sliding:
    """How windows slide over NHWC images of this shape, as volumes of one picture each."""
    (top, _), (left, _) = how.padding
    sizes, taps = (1, shape[1], shape[2]), (1, kernel[0], kernel[1])
    return Sliding(sizes, (1, *how.windows), taps, (1, *how.strides), (0, -top, -left), (1, *how.dilations))


def viewed(x: GpuArray, view: Callable[[np.ndarray], np.ndarray]) -> GpuArray:
    """The elements that `view` takes of an array of this shape."""
    whole = of_shape(x.shape)
    return gathered(x, view_of(view(whole), whole))


def as_nhwc(images: Images, x: GpuArray) -> GpuArray:
    return viewed(x, images.read)


def as_given(images: Images, x: GpuArray) -> GpuArray:
    """NHWC images as the op gives them."""
    return x if images.channels_last else viewed(x, lambda whole: whole.transpose(0, 3, 1, 2))


def _product(x: GpuArray, w: GpuArray, y: GpuArray, how: Sliding, target: tuple[int, ...]) -> None:
    """Fill the places of y that `target` says with the sums of the windows that slide over x."""
    channels, filters = w.shape[-2:]
    places = x.shape[0] * math.prod(how.windows)
    blocks = -(-places // ROWS) * -(-filters // COLUMNS)
    if blocks:
        total = math.prod(how.taps) * channels
        if total == 0:  # the kernel divides by these
            channels, how = 1, how._replace(taps=(1, 1, 1))
        convolve[blocks, TILE_THREADS](x.flat, w.flat, y.flat, *how, target, channels, filters, places, total)


def convolved(x: GpuArray, w: GpuArray, how: Sliding) -> GpuArray:
    """Windows that slide over volumes, or over pictures, times a filter whose last two axes are channels and filters."""
    windows, filters = how.windows[5 - len(w.shape) :], w.shape[-1]
    y = empty((x.shape[0], *windows, filters), x.dtype)
    _product(x, w, y, how, _steps((x.shape[0], *how.windows, filters)))
    return y


def _steps(shape: tuple[int, ...]) -> tuple[int, ...]:
    """How far apart neighbours along each axis but the last are, and where the first one is."""
    return *(math.prod(shape[i + 1 :]) for i in range(4)), 0


def _is_float(op: Any) -> bool:
    return op._attrs["T"].as_numpy_dtype in (np.float32, np.float64)


@gpu_kernel("Conv2D")
def _conv2d(op: Any) -> Call | None:
    if not _is_float(op):
        return None
    images = Images(op)

    def call(x: Any, w: Any) -> Any:
        x = as_nhwc(images, x)
        check_depth(op, x.shape[3], w.shape[2])
        how = images.slide(x.shape, w.shape[:2])
        return as_given(images, convolved(x, w, of_images(how, x.shape, w.shape)))

    return call
