"""Windows over images (images, lines, pixels, channels), in NumPy: where each tap of a window meets the image.

`padding` is ((top, bottom), (left, right)); strides and dilations are (down, across).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
Place = tuple[slice, slice, slice]  # of images, lines and pixels

_SHORT = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))


def widened(array: Array) -> Array:
    """Halves are computed in float32, as TensorFlow does."""
    return array.astype(np.float32) if array.dtype in _SHORT else array


def count(size: int, kernel: int, stride: int, dilation: int, padding: Pair) -> int:
    """How many windows fit along an axis."""
    return max(0, (size + sum(padding) - (kernel - 1) * dilation - 1) // stride + 1)


def _meeting(size: int, windows: int, tap: int, stride: int, dilation: int, before: int) -> tuple[slice, slice]:
    """Which windows have their tap number `tap` inside an axis, and the elements it meets there."""
    shift = tap * dilation - before  # window u meets element u * stride + shift
    first = max(0, -(shift // stride))
    last = max(first, min(windows, (size - 1 - shift) // stride + 1))
    return slice(first, last), slice(first * stride + shift, max(0, (last - 1) * stride + shift + 1), stride)


def taps(
    image: Pair, windows: Pair, kernel: Pair, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Iterator[tuple[Pair, Place, Place]]:
    """For each tap of the window, line by line: its place there, the windows in which it lies inside the image, and the
    elements of the image that it meets in those."""
    whole = slice(None)
    for tap in itertools.product(*map(range, kernel)):
        (rows, lines), (columns, pixels) = (
            _meeting(image[i], windows[i], tap[i], strides[i], dilations[i], padding[i][0]) for i in (0, 1)
        )
        if rows.start < rows.stop and columns.start < columns.stop:
            yield (tap[0], tap[1]), (whole, rows, columns), (whole, lines, pixels)
