"""Depthwise 2-D convolution of NHWC images and its gradients: every channel has filters of its own.

Each result is a short sum, so memory sets the pace and plain loops over the channels, which LLVM makes vectors of, do.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from ..jit import jit
from .conv import Padding, output_size
from .gemm import compute_dtype
from .threads import parallel_for, thread_count

__all__ = ["depthwise_conv2d", "depthwise_conv2d_backprop_filter", "depthwise_conv2d_backprop_input"]

Array = npt.NDArray[Any]
Pair = tuple[int, int]

_THREAD_WORK = 1 << 17  # multiply-adds that are worth waking a thread for
_FORWARD, _BY_INPUT, _BY_FILTER = range(3)


def _images(first, last, what, x, w, y, strides, start, dilations):
    """Does one of the three sums for images first..last: adds to y from x and w, to x from y and w, or to w from x and
    y. One walk over the windows serves all, for they differ only in which of the three arrays is the sum."""
    _, height, width, channels = x.shape
    rows, columns, _, multiplier = w.shape
    dense = w.reshape(rows, columns, channels * multiplier)
    for n in range(first, last):
        for line in range(y.shape[1]):
            top = line * strides[0] - start[0]
            for pixel in range(y.shape[2]):
                left = pixel * strides[1] - start[1]
                for i in range(rows):
                    row = top + i * dilations[0]
                    if row < 0 or row >= height:
                        continue
                    for j in range(columns):
                        column = left + j * dilations[1]
                        if column < 0 or column >= width:
                            continue
                        if multiplier > 1:
                            for c in range(channels):
                                for q in range(multiplier):
                                    if what == _FORWARD:
                                        y[n, line, pixel, c * multiplier + q] += x[n, row, column, c] * w[i, j, c, q]
                                    elif what == _BY_INPUT:
                                        x[n, row, column, c] += y[n, line, pixel, c * multiplier + q] * w[i, j, c, q]
                                    else:
                                        w[i, j, c, q] += x[n, row, column, c] * y[n, line, pixel, c * multiplier + q]
                        elif what == _FORWARD:  # with one filter a channel, all three are dense: vectors
                            for c in range(channels):
                                y[n, line, pixel, c] += x[n, row, column, c] * dense[i, j, c]
                        elif what == _BY_INPUT:
                            for c in range(channels):
                                x[n, row, column, c] += y[n, line, pixel, c] * dense[i, j, c]
                        else:
                            for c in range(channels):
                                dense[i, j, c] += x[n, row, column, c] * y[n, line, pixel, c]


@functools.cache
def _compiled(dtype: np.dtype) -> Any:
    number, array = types.int64, from_dtype(dtype)[:, :, :, ::1]
    pairs = [types.UniTuple(number, 2)] * 3
    return jit(_images, signatures=types.void(*[number] * 3, array, array, array, *pairs))


def _prepare(*arrays: Array) -> tuple[np.dtype, list[Array]]:
    """The dtype to answer in, and the arrays in one that we compute in, such as the compiled walk accepts: its one
    signature takes each array as writable, though it writes to one of them."""
    dtype = arrays[0].dtype
    compute = compute_dtype(dtype)
    if compute is None:
        raise TypeError(f"Depthwise convolution computes float16, bfloat16, float32 and float64, not {dtype}.")
    return dtype, [np.require(array, compute, ["C", "A", "W"]) for array in arrays]


def _run(what: int, x: Array, w: Array, y: Array, strides: Pair, padding: Padding, dilations: Pair) -> None:
    how = (strides[0], strides[1]), (padding[0][0], padding[1][0]), (dilations[0], dilations[1])
    if not (x.size and w.size and y.size):
        return
    images = x.shape[0]
    grain = max(1, _THREAD_WORK // max(1, w.shape[0] * w.shape[1] * y[:1].size))
    run = _compiled(x.dtype)
    if what != _BY_FILTER:
        parallel_for(lambda first, last: run(first, last, what, x, w, y, *how), images, grain)
        return
    partial: dict[int, Array] = {}

    def some(first: int, last: int) -> None:
        total = partial[first] = np.zeros_like(w)
        run(first, last, what, x, total, y, *how)

    parallel_for(some, images, max(grain, -(-images // thread_count())))
    for first in sorted(partial):  # in a fixed order, so that the result is the same each time
        w += partial[first]


def depthwise_conv2d(
    x: Array, w: Array, strides: Pair = (1, 1), padding: Padding = ((0, 0), (0, 0)), dilations: Pair = (1, 1)
) -> Array:
    """Convolves each channel of images x (images, lines, pixels, channels) with its own filters in w (lines, pixels,
    channels, multiplier). Channel c and filter q give channel ``c * multiplier + q``."""
    dtype, (x, w) = _prepare(x, w)
    lines, pixels = (output_size(x.shape[1 + i], w.shape[i], strides[i], dilations[i], padding[i]) for i in (0, 1))
    y = np.zeros((x.shape[0], lines, pixels, w.shape[2] * w.shape[3]), x.dtype)
    _run(_FORWARD, x, w, y, strides, padding, dilations)
    return y.astype(dtype, copy=False)


def depthwise_conv2d_backprop_input(
    input_shape: tuple[int, ...], w: Array, dy: Array, strides: Pair = (1, 1), padding: Padding = ((0, 0), (0, 0)),
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `depthwise_conv2d` by its images."""
    dtype, (w, dy) = _prepare(w, dy)
    dx = np.zeros(tuple(input_shape), w.dtype)
    _run(_BY_INPUT, dx, w, dy, strides, padding, dilations)
    return dx.astype(dtype, copy=False)


def depthwise_conv2d_backprop_filter(
    x: Array, filter_shape: tuple[int, ...], dy: Array, strides: Pair = (1, 1), padding: Padding = ((0, 0), (0, 0)),
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `depthwise_conv2d` by its filter."""
    dtype, (x, dy) = _prepare(x, dy)
    dw = np.zeros(tuple(filter_shape), x.dtype)
    _run(_BY_FILTER, x, dw, dy, strides, padding, dilations)
    return dw.astype(dtype, copy=False)
