"""Maximum and average over windows of NHWC images and their gradients, in NumPy: what `cpu.pooling` computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.reference.windows import Array, Padding, Pair, count, taps, widened

_NONE: Padding = ((0, 0), (0, 0))


def _outputs(shape: tuple[int, ...], ksize: Pair, strides: Pair, padding: Padding) -> Pair:
    down, across = (count(shape[1 + i], ksize[i], strides[i], 1, padding[i]) for i in (0, 1))
    return down, across


def max_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding = _NONE) -> Array:
    """The largest value in each window; a NaN wins."""
    wide, windows = widened(x), _outputs(x.shape, ksize, strides, padding)
    y = np.full((x.shape[0], *windows, x.shape[3]), -np.inf, wide.dtype)
    for _, places, elements in taps(x.shape[1:3], windows, ksize, strides, padding):  # type: ignore[arg-type]
        np.maximum(y[places], wide[elements], out=y[places])
    return y.astype(x.dtype, copy=False)


def max_pool_grad(x: Array, y: Array, dy: Array, ksize: Pair, strides: Pair, padding: Padding = _NONE) -> Array:
    """Each window's gradient, where its first largest value stands."""
    kind, (x, y, dy) = x.dtype, map(widened, (x, y, dy))
    dx = np.zeros(x.shape, x.dtype)
    waiting = np.ones(y.shape, bool)
    nothing = np.isnan(y)
    for _, places, elements in taps(x.shape[1:3], y.shape[1:3], ksize, strides, padding):  # type: ignore[arg-type]
        value = x[elements]
        taken = waiting[places] & ((value == y[places]) | (nothing[places] & np.isnan(value)))
        dx[elements] += np.where(taken, dy[places], 0)
        waiting[places] &= ~taken
    return dx.astype(kind, copy=False)


def _counts(shape: tuple[int, ...], windows: Pair, ksize: Pair, strides: Pair, padding: Padding) -> Any:
    """How many elements of the image each window holds."""
    counts = np.zeros((1, *windows, 1), np.int64)
    for _, places, _ in taps(shape[1:3], windows, ksize, strides, padding):  # type: ignore[arg-type]
        counts[places] += 1
    return counts


def avg_pool(x: Array, ksize: Pair, strides: Pair, padding: Padding = _NONE) -> Array:
    """The mean of what lies inside the image."""
    wide, windows = widened(x), _outputs(x.shape, ksize, strides, padding)
    y = np.zeros((x.shape[0], *windows, x.shape[3]), wide.dtype)
    for _, places, elements in taps(x.shape[1:3], windows, ksize, strides, padding):  # type: ignore[arg-type]
        y[places] += wide[elements]
    y /= _counts(x.shape, windows, ksize, strides, padding).astype(y.dtype)
    return y.astype(x.dtype, copy=False)


def avg_pool_grad(input_shape: tuple[int, ...], dy: Array, ksize: Pair, strides: Pair, padding: Padding = _NONE) -> Array:
    """The gradient of `avg_pool` by its images."""
    kind, wide = dy.dtype, widened(dy)
    windows = (dy.shape[1], dy.shape[2])
    shares = wide / _counts(input_shape, windows, ksize, strides, padding).astype(wide.dtype)
    dx = np.zeros(input_shape, wide.dtype)
    for _, places, elements in taps(input_shape[1:3], windows, ksize, strides, padding):  # type: ignore[arg-type]
        dx[elements] += shares[places]
    return dx.astype(kind, copy=False)
