"""Convolution of NHWC images, its gradients, and the same for each channel by itself, in NumPy: what `cpu.conv` and
`cpu.depthwise` compute.

A few images' patches at a time are laid out as the rows of a matrix, which a matrix product takes at full speed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from teachtf.kernels.reference.windows import Array, Padding, Pair, count, taps, widened

_NONE: Padding = ((0, 0), (0, 0))
_PATCH_BYTES = 1 << 25  # laid out at a time


def _outputs(shape: tuple[int, ...], kernel: tuple[int, ...], strides: Pair, padding: Padding, dilations: Pair) -> Pair:
    down, across = (count(shape[1 + i], kernel[i], strides[i], dilations[i], padding[i]) for i in (0, 1))
    return down, across


def _parts(images: int, windows: Pair, taken: int, itemsize: int) -> Iterator[slice]:
    """Slices of the images whose patches, of `taken` numbers each, fit the memory set aside; none for patches of nothing."""
    if taken == 0:
        images = 0
    each = max(1, _PATCH_BYTES // max(1, math.prod(windows) * taken * itemsize))
    return (slice(first, first + each) for first in range(0, images, each))


def _patches(x: Array, kernel: Pair, windows: Pair, strides: Pair, padding: Padding, dilations: Pair) -> Array:
    """Each window's elements, zeros outside the image: (images, lines, pixels, taps down, taps across, channels)."""
    found = np.zeros((x.shape[0], *windows, *kernel, x.shape[3]), x.dtype)
    for (i, j), places, elements in taps(x.shape[1:3], windows, kernel, strides, padding, dilations):  # type: ignore[arg-type]
        found[(*places, i, j)] = x[elements]
    return found


def _rows(array: Array, width: int) -> Array:
    return array.reshape(array.size // width, width)


def _matrix(w: Array) -> Array:
    """Filters as the matrix that takes a patch to its results."""
    return w.reshape(math.prod(w.shape[:3]), w.shape[3])


def conv2d(x: Array, w: Array, strides: Pair = (1, 1), padding: Padding = _NONE, dilations: Pair = (1, 1)) -> Array:
    """Convolves images with filters w (lines, pixels, channels, filters) of their dtype."""
    kind, (x, w) = x.dtype, map(widened, (x, w))
    windows = _outputs(x.shape, w.shape, strides, padding, dilations)
    y = np.zeros((x.shape[0], *windows, w.shape[3]), x.dtype)
    matrix = _matrix(w)
    for part in _parts(x.shape[0], windows, len(matrix), x.itemsize):
        patches = _patches(x[part], w.shape[:2], windows, strides, padding, dilations)  # type: ignore[arg-type]
        y[part] = (_rows(patches, len(matrix)) @ matrix).reshape(y[part].shape)
    return y.astype(kind, copy=False)


def conv2d_backprop_input(
    input_shape: tuple[int, ...], w: Array, dy: Array, strides: Pair = (1, 1), padding: Padding = _NONE,
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `conv2d` by its images."""
    kind, (w, dy) = w.dtype, map(widened, (w, dy))
    dx = np.zeros(input_shape, w.dtype)
    windows = (dy.shape[1], dy.shape[2])
    matrix = _matrix(w)
    for part in _parts(len(dx) if w.shape[3] else 0, windows, len(matrix), w.itemsize):
        patches = (_rows(dy[part], w.shape[3]) @ matrix.T).reshape(len(dy[part]), *windows, *w.shape[:3])
        for (i, j), places, elements in taps(input_shape[1:3], windows, w.shape[:2], strides, padding, dilations):  # type: ignore[arg-type]
            dx[part][elements] += patches[(*places, i, j)]
    return dx.astype(kind, copy=False)


def conv2d_backprop_filter(
    x: Array, filter_shape: tuple[int, ...], dy: Array, strides: Pair = (1, 1), padding: Padding = _NONE,
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `conv2d` by its filters."""
    kind, (x, dy) = x.dtype, map(widened, (x, dy))
    dw = np.zeros((math.prod(filter_shape[:3]), filter_shape[3]), x.dtype)
    windows = (dy.shape[1], dy.shape[2])
    for part in _parts(x.shape[0] if filter_shape[3] else 0, windows, len(dw), x.itemsize):
        patches = _patches(x[part], filter_shape[:2], windows, strides, padding, dilations)  # type: ignore[arg-type]
        dw += _rows(patches, len(dw)).T @ _rows(dy[part], filter_shape[3])
    return dw.reshape(filter_shape).astype(kind, copy=False)


# --- a filter for each channel --------------------------------------------------------------------------------------------


def depthwise_conv2d(x: Array, w: Array, strides: Pair = (1, 1), padding: Padding = _NONE, dilations: Pair = (1, 1)) -> Array:
    """Convolves each channel with its own filters in w (lines, pixels, channels, multiplier)."""
    kind, (x, w) = x.dtype, map(widened, (x, w))
    windows = _outputs(x.shape, w.shape, strides, padding, dilations)
    y = np.zeros((x.shape[0], *windows, *w.shape[2:]), x.dtype)
    for tap, places, elements in taps(x.shape[1:3], windows, w.shape[:2], strides, padding, dilations):  # type: ignore[arg-type]
        y[places] += x[elements][..., None] * w[tap]
    return y.reshape(*y.shape[:3], w.shape[2] * w.shape[3]).astype(kind, copy=False)


def depthwise_conv2d_backprop_input(
    input_shape: tuple[int, ...], w: Array, dy: Array, strides: Pair = (1, 1), padding: Padding = _NONE,
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `depthwise_conv2d` by its images."""
    kind, (w, dy) = w.dtype, map(widened, (w, dy))
    dx = np.zeros(input_shape, w.dtype)
    dy = dy.reshape(*dy.shape[:3], *w.shape[2:])
    for tap, places, elements in taps(input_shape[1:3], dy.shape[1:3], w.shape[:2], strides, padding, dilations):  # type: ignore[arg-type]
        dx[elements] += (dy[places] * w[tap]).sum(-1)
    return dx.astype(kind, copy=False)


def depthwise_conv2d_backprop_filter(
    x: Array, filter_shape: tuple[int, ...], dy: Array, strides: Pair = (1, 1), padding: Padding = _NONE,
    dilations: Pair = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of `depthwise_conv2d` by its filters."""
    kind, (x, dy) = x.dtype, map(widened, (x, dy))
    dw = np.zeros(filter_shape, x.dtype)
    dy = dy.reshape(*dy.shape[:3], *filter_shape[2:])
    for tap, places, elements in taps(x.shape[1:3], dy.shape[1:3], filter_shape[:2], strides, padding, dilations):  # type: ignore[arg-type]
        dw[tap] = np.einsum("nijc,nijcm->cm", x[elements], dy[places])
    return dw.astype(kind, copy=False)
