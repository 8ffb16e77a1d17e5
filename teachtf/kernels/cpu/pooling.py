"""Maximum and average over windows of NHWC images, with their gradients."""

from __future__ import annotations

import functools
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from .. import compiling
from .conv import Padding, output_size
from .gemm import compute_dtype
from .sharing import shared
from .threads import share, thread_count
from .tiles import read_only
from .vector import CACHE_LINE, will_read, will_write

__all__ = ["avg_pool", "avg_pool_grad", "max_pool", "max_pool_grad"]

Array = npt.NDArray[Any]
Pair = tuple[int, int]

_THREAD_WORK = 1 << 17  # elements read that are worth waking a thread for

# Every loop has the channels innermost, where both arrays are dense: LLVM makes vectors of it. One line of output is
# (image, line) = number // lines, number % lines. A window is cut to the image first, so no test is left inside.


def _max_lines(first, last, x, y, kernel, strides, start):
    """Writes lines first..last of y."""
    _, height, width, channels = x.shape
    for number in range(first, last):
        n, line = number // y.shape[1], number % y.shape[1]
        top = line * strides[0] - start[0]
        for pixel in range(y.shape[2]):
            left = pixel * strides[1] - start[1]
            y[n, line, pixel] = -np.inf
            for i in range(max(0, top), min(height, top + kernel[0])):
                for j in range(max(0, left), min(width, left + kernel[1])):
                    for c in range(channels):
                        value, best = x[n, i, j, c], y[n, line, pixel, c]
                        # A NaN wins, and stays.
                        y[n, line, pixel, c] = value if value > best or value != value else best


def _max_grad_images(first, last, x, y, dy, dx, kernel, strides, start):
    """Adds to images first..last of dx each window's gradient, where the window's first maximum stands."""
    _, height, width, channels = x.shape
    waiting = np.empty(channels, np.uint8)  # channels of this window whose maximum is still to come
    for n in range(first, last):
        dx[n] = 0
        for line in range(y.shape[1]):
            top = line * strides[0] - start[0]
            for pixel in range(y.shape[2]):
                left = pixel * strides[1] - start[1]
                waiting[:] = 1
                for i in range(max(0, top), min(height, top + kernel[0])):
                    for j in range(max(0, left), min(width, left + kernel[1])):
                        for c in range(channels):
                            value, best = x[n, i, j, c], y[n, line, pixel, c]
                            here = (value == best) | ((value != value) & (best != best))
                            taken = waiting[c] & np.uint8(here)
                            dx[n, i, j, c] += dy[n, line, pixel, c] if taken else 0
                            waiting[c] ^= taken


@numba.njit(inline="always")
def _larger(x, y):
    return x if (x >= y) | (x != x) else y


@numba.njit(inline="always")
def _same(x, y):
    return (x == y) | ((x != x) & (y != y))


# Two lines at once, and as many that are written, are more than the CPU foresees: what comes a line later is fetched ahead.


def _max_squares(first, last, x, y, width, channels):
    """Writes lines first..last of y, all images' together, for windows of 2 x 2 side by side; x and y are flat."""
    size, each = np.uint64(channels), CACHE_LINE // x.itemsize
    below = np.uint64(2 * width) * size
    for line in range(first, last):
        for pixel in range(width):
            to = np.uint64(line * width + pixel) * size
            top = np.uint64(2 * line) * below + np.uint64(2 * pixel) * size
            for place in range(0, 2 * channels, each):
                later = top + np.uint64(2) * below + np.uint64(place)
                will_read(x, later)
                will_read(x, later + below)
            for channel in range(channels):
                c = np.uint64(channel)
                a, b = x[top + c], x[top + size + c]
                d, e = x[top + below + c], x[top + below + size + c]
                y[to + c] = _larger(_larger(a, b), _larger(d, e))


def _max_grad_squares(first, last, x, dy, dx, width, channels):
    """Writes what lies under lines first..last of dy to dx, for windows of 2 x 2 side by side; arrays are flat. To find the
    maximum again takes less than to read it."""
    size, each = np.uint64(channels), CACHE_LINE // x.itemsize
    below = np.uint64(2 * width) * size
    zero = dx.dtype.type(0)
    for line in range(first, last):
        for pixel in range(width):
            to = np.uint64(line * width + pixel) * size
            top = np.uint64(2 * line) * below + np.uint64(2 * pixel) * size
            for place in range(0, 2 * channels, each):
                later = top + np.uint64(2) * below + np.uint64(place)
                will_read(x, later)
                will_read(x, later + below)
                will_write(dx, later)
                will_write(dx, later + below)
            for channel in range(channels):
                c = np.uint64(channel)
                a, b = x[top + c], x[top + size + c]
                d, e = x[top + below + c], x[top + below + size + c]
                best, gradient = _larger(_larger(a, b), _larger(d, e)), dy[to + c]
                a, b, d, e = _same(a, best), _same(b, best), _same(d, best), _same(e, best)
                dx[top + c] = gradient if a else zero
                dx[top + size + c] = gradient if b > a else zero
                dx[top + below + c] = gradient if d > a | b else zero
                dx[top + below + size + c] = gradient if e > a | b | d else zero


def _avg_lines(first, last, x, y, kernel, strides, start):
    """Writes lines first..last of y."""
    _, height, width, channels = x.shape
    for number in range(first, last):
        n, line = number // y.shape[1], number % y.shape[1]
        top = line * strides[0] - start[0]
        low, high = max(0, top), min(height, top + kernel[0])
        for pixel in range(y.shape[2]):
            left = pixel * strides[1] - start[1]
            begin, end = max(0, left), min(width, left + kernel[1])
            y[n, line, pixel] = 0
            for i in range(low, high):
                for j in range(begin, end):
                    for c in range(channels):
                        y[n, line, pixel, c] += x[n, i, j, c]
            count = (high - low) * (end - begin)
            for c in range(channels):
                y[n, line, pixel, c] /= count


def _avg_grad_images(first, last, dy, dx, kernel, strides, start):
    """Writes images first..last of dx."""
    _, height, width, channels = dx.shape
    for n in range(first, last):
        dx[n] = 0
        for line in range(dy.shape[1]):
            top = line * strides[0] - start[0]
            low, high = max(0, top), min(height, top + kernel[0])
            for pixel in range(dy.shape[2]):
                left = pixel * strides[1] - start[1]
                begin, end = max(0, left), min(width, left + kernel[1])
                count = (high - low) * (end - begin)
                for i in range(low, high):
                    for j in range(begin, end):
                        for c in range(channels):
                            dx[n, i, j, c] += dy[n, line, pixel, c] / count


@functools.cache
def _compiled(function: Any, dtype: np.dtype, inputs: int) -> Any:
    """`function` for `dtype`: two numbers, `inputs` arrays that are read, one that is written, three pairs."""
    given, written = read_only(dtype, 4), from_dtype(dtype)[:, :, :, ::1]
    pairs = [types.UniTuple(types.int64, 2)] * 3
    # No window is empty, and a test for a zero count would keep LLVM from using vectors: NumPy's error model has none.
    return shared(function, *[given] * inputs, written, *pairs, error_model="numpy")


def _run(run: Any, count: int, work: int, *arguments: Any) -> None:
    """Units 0 to `count`, of `work` operations each."""
    share(run, count, max(-(-_THREAD_WORK // max(1, work)), -(-count // (4 * thread_count()))), *arguments)


@functools.cache
def _compiled_flat(function: Any, dtype: np.dtype, inputs: int) -> Any:
    """`function` for `dtype`: `inputs` flat arrays that are read, one that is written, two numbers."""
    return shared(function, *[read_only(dtype, 1)] * inputs, from_dtype(dtype)[::1], types.int64, types.int64)


def _squares(
    function: Any, dtype: np.dtype, inputs: int, shape: tuple[int, ...], kernel: Pair, strides: Pair, start: Pair
) -> Any:
    """The compiled `function` if windows of 2 x 2 cover images of this shape side by side, and it is ready; else None."""
    fits = kernel == (2, 2) == tuple(strides) and start == (0, 0) and shape[1] % 2 == shape[2] % 2 == 0
    key = function.__name__, dtype
    if not fits or not compiling.ready(key, lambda: _compiled_flat(function, dtype, inputs), patience=0.02):
        return None
    return _compiled_flat(function, dtype, inputs)


def _prepare(*arrays: Array) -> tuple[np.dtype, list[Array]]:
    """The dtype to answer in, and the arrays in one that we compute in."""
    dtype = arrays[0].dtype
    compute = compute_dtype(dtype)
    if compute is None:
        raise TypeError(f"Pooling computes float16, bfloat16, float32 and float64, not {dtype}.")
    return dtype, [np.ascontiguousarray(array, compute) for array in arrays]


def _check(padding: Padding, ksize: Pair) -> tuple[Pair, Pair]:
    """The window and the padding before the image; a window may not lie in the padding alone."""
    for size, pair in zip(ksize, padding, strict=True):
        if max(pair) >= size:
            raise ValueError(f"Padding {pair} is not smaller than the window, {size}.")
    return (ksize[0], ksize[1]), (padding[0][0], padding[1][0])


def _pool(function: Any, x: Array, ksize: Pair, strides: Pair, padding: Padding) -> Array:
    kernel, start = _check(padding, ksize)
    dtype, (x,) = _prepare(x)
    lines, pixels = (output_size(x.shape[1 + i], kernel[i], strides[i], 1, padding[i]) for i in (0, 1))
    y = np.empty((x.shape[0], lines, pixels, x.shape[3]), x.dtype)
    squares = function is _max_lines and y.size and _squares(_max_squares, x.dtype, 1, x.shape, kernel, strides, start)
    if squares:
        _run(squares, x.shape[0] * lines, 4 * pixels * x.shape[3], x.reshape(-1), y.reshape(-1), pixels, x.shape[3])
        return y.astype(dtype, copy=False)
    run = _compiled(function, x.dtype, 1)
    pair = strides[0], strides[1]
    work = kernel[0] * kernel[1] * pixels * x.shape[3]
    _run(run, x.shape[0] * lines if y.size else 0, work, x, y, kernel, pair, start)
    return y.astype(dtype, copy=False)


def _pool_grad(
    function: Any, given: list[Array], input_shape: tuple[int, ...], ksize: Pair, strides: Pair, padding: Padding
) -> Array:
    kernel, start = _check(padding, ksize)
    dtype, given = _prepare(*given)
    dx = np.empty(tuple(input_shape), given[0].dtype)
    grads = function is _max_grad_images and dx.size
    squares = grads and _squares(_max_grad_squares, dx.dtype, 2, dx.shape, kernel, strides, start)
    if squares:
        x, _, dy = given
        images, lines, pixels, channels = dy.shape
        flat = [array.reshape(-1) for array in (x, dy, dx)]
        _run(squares, images * lines, 4 * pixels * channels, *flat, pixels, channels)
        return dx.astype(dtype, copy=False)
    run = _compiled(function, dx.dtype, len(given))
    pair = strides[0], strides[1]
    work = kernel[0] * kernel[1] * given[-1][:1].size
    _run(run, dx.shape[0] if dx.size else 0, work, *given, dx, kernel, pair, start)
    return dx.astype(dtype, copy=False)


def max_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding = ((0, 0), (0, 0))) -> Array:
    """The largest value in each window of images (images, lines, pixels, channels); padding never counts. `padding` is
    ((top, bottom), (left, right)), each smaller than the window."""
    return _pool(_max_lines, x, ksize, strides, padding)


def max_pool_grad(x: Array, y: Array, dy: Array, ksize: Pair, strides: Pair, padding: Padding = ((0, 0), (0, 0))) -> Array:
    """The gradient of ``y = max_pool(x, ...)`` by x. Of equal largest values the first, in row order, gets it all: as in
    TensorFlow."""
    return _pool_grad(_max_grad_images, [x, y, dy], x.shape, ksize, strides, padding)


def avg_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding = ((0, 0), (0, 0))) -> Array:
    """The mean of each window of images (images, lines, pixels, channels), over what lies inside the image."""
    return _pool(_avg_lines, x, ksize, strides, padding)


def avg_pool_grad(
    input_shape: tuple[int, ...], dy: Array, ksize: Pair, strides: Pair, padding: Padding = ((0, 0), (0, 0))
) -> Array:
    """The gradient of `avg_pool` by its images."""
    return _pool_grad(_avg_grad_images, [dy], input_shape, ksize, strides, padding)
