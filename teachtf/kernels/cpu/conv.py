"""2-D convolution of NHWC images and its two gradients, on the microkernel of `tiles`.

No matrix of patches is ever built: a row of A is a patch where it lies in the image, so neighbouring rows overlap. Where
windows reach past the image, a band of it that fits the second cache is copied with its zeros around it.
"""

from __future__ import annotations

import functools
import importlib
import math
import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from .. import compiling
from ..jit import jit
from .endings import EndingOf, ended
from .gemm import compute_dtype
from .threads import parallel_for, thread_count
from .tiles import TALL, Layout, Work, multiply, pack_columns, panel_width, read_only
from .vector import VECTOR_BYTES, address_of, move

__all__ = ["Padding", "conv2d", "conv2d_backprop_filter", "conv2d_backprop_input", "output_size"]

Array = npt.NDArray[Any]
Padding = tuple[tuple[int, int], tuple[int, int]]

_WINOGRAD_LEAST = 8  # lines and pixels of the result: of less, much of the tiles hangs over
_BAND_BYTES = 1 << 18  # of padded image at a time
_THREAD_WORK = 1 << 21  # multiply-adds that are worth waking a thread for
_BLOCK, _DEPTH = 8 * TALL, 1024
_FILTER_BLOCK, _FILTER_DEPTH = 1024, 512


class _Axis(NamedTuple):
    """One axis, lines or pixels, of a correlation: output number u reads source numbers ``first + u * step + offset`` for
    the offset of each tap, and is written at ``out_first + u * out_step``."""

    taps: tuple[int, ...]  # indices into the filter, in the order of their offsets
    offsets: tuple[int, ...]  # ascending
    step: int
    first: int
    outputs: int
    out_first: int
    out_step: int

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """The first source number that outputs start..stop read, and how many from there."""
        low = self.first + start * self.step + self.offsets[0]
        return low, (stop - 1 - start) * self.step + self.offsets[-1] - self.offsets[0] + 1

    def inside(self, size: int) -> bool:
        """Whether every read is of a source number in range(size)."""
        low, length = self.span(0, self.outputs)
        return low >= 0 and low + length <= size


class _Band(NamedTuple):
    """A part of the work: images and output lines, and a flat source that holds all they read."""

    image: int
    images: int
    line: int
    lines: int
    source: Array
    start: int  # where the first patch begins
    image_step: int
    row_step: int  # from a source line to the next


def output_size(size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> int:
    """How many windows fit."""
    return max(0, (size + sum(padding) - (kernel - 1) * dilation - 1) // stride + 1)


def _forward_axis(size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> _Axis:
    taps = tuple(range(kernel))
    count = output_size(size, kernel, stride, dilation, padding)
    return _Axis(taps, tuple(tap * dilation for tap in taps), stride, -padding[0], count, 0, 1)


def _backward_axes(size: int, kernel: int, stride: int, dilation: int, padding: tuple[int, int]) -> list[_Axis]:
    """Input numbers that leave the same remainder by the stride meet the same taps: for each remainder an axis."""
    axes = []
    for remainder in range(stride):
        taps = [tap for tap in reversed(range(kernel)) if (tap * dilation - remainder) % stride == 0]
        offsets = [(remainder - tap * dilation) // stride for tap in taps]
        first = max(0, -(-(padding[0] - remainder) // stride))
        out_first = remainder - padding[0] + first * stride
        count = max(0, -(-(size - out_first) // stride))
        axes.append(_Axis(tuple(taps), tuple(offsets), 1, first, count, out_first, stride))
    return axes


def _copy_window(source, image, images, first_line, lines, size, first, length, window):
    """Copies elements first.. of lines first_line.. of some images into `window`, zeros where there are none. `size` is
    the images' (lines, elements a line)."""
    bytes_each = source.itemsize
    height, whole = size
    left = max(0, -first)
    kept = max(0, min(whole - max(0, first), length - left))
    to = 0
    for i in range(image, image + images):
        for line in range(first_line, first_line + lines):
            if line < 0 or line >= height or kept == 0:
                window[to : to + length] = 0
            else:
                window[to : to + left] = 0
                at = (i * height + line) * whole + max(0, first)
                move(source, address_of(window) + (to + left) * bytes_each, address_of(source) + at * bytes_each, kept)
                window[to + left + kept : to + length] = 0
            to += length


@functools.cache
def _window_copier(dtype: np.dtype) -> Any:
    number = types.int64
    pair = types.UniTuple(number, 2)
    return jit(
        _copy_window,
        signatures=types.void(read_only(dtype), *[number] * 4, pair, number, number, from_dtype(dtype)[::1]),
    )


class _Bands:
    """Cuts a correlation over `source` (images, lines, pixels, channels) into bands."""

    def __init__(self, source: Array, vertical: _Axis, horizontal: _Axis, work: int) -> None:
        self.vertical, self.horizontal = vertical, horizontal
        self.images, self.height, self.width, self.channels = source.shape
        self.source = source.reshape(-1)
        self.direct = vertical.inside(self.height) and horizontal.inside(self.width)
        self.left, self.pixels = horizontal.span(0, horizontal.outputs)
        pieces = max(1, min(4 * thread_count(), work // _THREAD_WORK))
        line_bytes = self.pixels * self.channels * source.itemsize
        image_bytes = line_bytes * vertical.span(0, vertical.outputs)[1]
        if self.direct:
            self.images_each, self.lines_each = -(-self.images // pieces), vertical.outputs
        else:
            self.images_each = max(1, min(_BAND_BYTES // image_bytes, -(-self.images // pieces)))
            self.lines_each = vertical.outputs
            if image_bytes > _BAND_BYTES:
                extra = vertical.offsets[-1] - vertical.offsets[0]
                self.lines_each = max(4, (_BAND_BYTES // line_bytes - extra) // vertical.step)
        if self.images < pieces:
            self.lines_each = min(self.lines_each, -(-vertical.outputs * self.images // pieces))
        self.across = -(-vertical.outputs // self.lines_each)
        self.count = self.across * -(-self.images // self.images_each)

    def __call__(self, start: int, stop: int) -> Iterator[_Band]:
        """The bands of numbers start..stop. A band's source holds until the next is asked for."""
        window = None
        for number in range(start, stop):
            image, line = number // self.across * self.images_each, number % self.across * self.lines_each
            images = min(self.images_each, self.images - image)
            lines = min(self.lines_each, self.vertical.outputs - line)
            top, height = self.vertical.span(line, line + lines)
            if self.direct:
                row = self.width * self.channels
                begin = (image * self.height + top) * row + self.left * self.channels
                yield _Band(image, images, line, lines, self.source, begin, self.height * row, row)
                continue
            row = self.pixels * self.channels
            if window is None or window.size < images * height * row:
                window = np.empty(images * height * row, self.source.dtype)
            _window_copier(self.source.dtype)(
                self.source, image, images, top, height, (self.height, self.width * self.channels),
                self.left * self.channels, row, window,
            )  # fmt: skip
            yield _Band(image, images, line, lines, window, 0, height * row, row)


def _correlate(
    source: Array, vertical: _Axis, horizontal: _Axis, weights: Array, out: Array, ending: EndingOf | None = None
) -> None:
    """Writes into `out` the products of each patch of `source` with `weights`, (taps * channels, columns) flat or not. With an
    ending, the axes' outputs are all of `out`."""
    _, height, width, columns = out.shape
    channels = source.shape[3]
    k, pixels = len(vertical.taps) * len(horizontal.taps) * channels, horizontal.outputs
    rows = source.shape[0] * vertical.outputs * pixels
    panel = panel_width(out.dtype)
    bands = _Bands(source, vertical, horizontal, rows * k * columns)
    packs = columns % panel != 0 or rows >= 4 * TALL
    flat = weights.reshape(-1)
    b = pack_columns(flat, 0, k, columns, columns, 1) if packs else flat
    offsets = horizontal.offsets
    together = offsets[-1] - offsets[0] + 1 == len(offsets)  # a line's taps lie side by side: one segment for all
    across = offsets[:1] if together else offsets
    flat_out = out.reshape(-1)
    made = None if ending is None else ending(out)
    task, arguments, each = (0, 0, 0) if made is None else made.numbers

    def some(start: int, stop: int) -> None:
        for band in bands(start, stop):
            layout = Layout(
                lines=band.lines, pixels=pixels,
                a_start=band.start, a_image=band.image_step, a_line=vertical.step * band.row_step,
                a_pixel=horizontal.step * channels,
                c_start=((band.image * height + vertical.out_first + band.line * vertical.out_step) * width
                         + horizontal.out_first) * columns,
                c_image=height * width * columns, c_line=vertical.out_step * width * columns,
                c_pixel=horizontal.out_step * columns,
                k_step=1, segment=channels * (len(offsets) if together else 1), columns=columns,
                panel_step=k * panel if packs else panel, b_step=panel if packs else columns,
                block=_BLOCK, depth=_DEPTH, accumulate=0,
            )  # fmt: skip
            segments = [
                (down - vertical.offsets[0]) * band.row_step + (right - offsets[0]) * channels
                for down in vertical.offsets
                for right in across
            ]
            rows, panels = band.images * band.lines * pixels, -(-columns // panel)
            cut = Work(0, rows, rows, 0, panels, panels, task=task, arguments=arguments, each=each)
            multiply(cut, layout, np.array(segments, np.int64), band.source, b, flat_out[:0], flat_out)

    parallel_for(some, bands.count)


def _winograd(filters: tuple[int, ...], outputs: tuple[int, ...], dtype: np.dtype, stepping: Any) -> Any:
    """The module `winograd` if it takes such a convolution of these (strides, dilations), and pays; direct sums serve until
    it is compiled. The environment variable TEACHTF_DIRECT_CONVOLUTION=1 keeps to direct sums."""
    lines, taps, channels, columns = filters
    lanes = VECTOR_BYTES // 4
    if stepping != ((1, 1), (1, 1)) or dtype != np.float32 or (lines, taps) not in ((3, 3), (5, 5)):
        return None
    if channels % lanes or columns % (2 * lanes) or not channels * columns or min(outputs[1:3]) < _WINOGRAD_LEAST:
        return None
    if os.environ.get("TEACHTF_DIRECT_CONVOLUTION", "0") not in ("", "0"):
        return None
    name = f"{__package__}.winograd"
    return sys.modules[name] if compiling.ready(name, lambda: importlib.import_module(name), patience=0.05) else None


def _in_compute_dtype(*arrays: Array) -> tuple[np.dtype, list[Array]]:
    dtype = arrays[0].dtype
    compute = compute_dtype(dtype)
    if compute is None:
        raise TypeError(f"Convolution computes float16, bfloat16, float32 and float64, not {dtype}.")
    return dtype, [np.ascontiguousarray(array, compute) for array in arrays]


def conv2d(
    x: Array, w: Array, strides: tuple[int, int] = (1, 1), padding: Padding = ((0, 0), (0, 0)),
    dilations: tuple[int, int] = (1, 1), ending: EndingOf | None = None,
) -> Array:  # fmt: skip
    """Convolves images x (images, lines, pixels, channels) with w (lines, pixels, channels, filters), both of one float
    dtype; `padding` is ((top, bottom), (left, right))."""
    dtype, (x, w) = _in_compute_dtype(x, w)
    vertical, horizontal = (_forward_axis(x.shape[1 + i], w.shape[i], strides[i], dilations[i], padding[i]) for i in (0, 1))
    y = np.empty((x.shape[0], vertical.outputs, horizontal.outputs, w.shape[3]), x.dtype)
    if y.size and w.size:
        winograd = _winograd(w.shape, y.shape, y.dtype, (strides, dilations))
        if winograd is not None:
            winograd.convolve(x, w, padding[0][0], padding[1][0], y, ending)
        else:
            _correlate(x, vertical, horizontal, w, y, ending)
    else:
        y.fill(0)
        ended(y, ending)
    return y.astype(dtype, copy=False)


def conv2d_backprop_input(
    input_shape: tuple[int, ...], w: Array, dy: Array, strides: tuple[int, int] = (1, 1),
    padding: Padding = ((0, 0), (0, 0)), dilations: tuple[int, int] = (1, 1), ending: EndingOf | None = None,
) -> Array:  # fmt: skip
    """The gradient of a `conv2d` by its images, given its filter and the gradient by its result."""
    dtype, (w, dy) = _in_compute_dtype(w, dy)
    winograd = _winograd((*w.shape[:2], w.shape[3], w.shape[2]), input_shape, w.dtype, (strides, dilations))
    if winograd is not None:
        dx = np.empty(tuple(input_shape), w.dtype)
        turned = np.ascontiguousarray(w[::-1, ::-1].swapaxes(2, 3))
        winograd.convolve(dy, turned, w.shape[0] - 1 - padding[0][0], w.shape[1] - 1 - padding[1][0], dx, ending)
        return dx.astype(dtype, copy=False)
    rows, columns = (_backward_axes(input_shape[1 + i], w.shape[i], strides[i], dilations[i], padding[i]) for i in (0, 1))
    pairs = [(vertical, horizontal) for vertical in rows for horizontal in columns]
    complete = dy.size and w.size and all(vertical.taps and horizontal.taps for vertical, horizontal in pairs)
    dx = (np.empty if complete else np.zeros)(tuple(input_shape), w.dtype)
    if complete and dx.size and len(pairs) == 1:
        _correlate(dy, *pairs[0], w[np.ix_(pairs[0][0].taps, pairs[0][1].taps)].swapaxes(2, 3), dx, ending)
        return dx.astype(dtype, copy=False)
    if dx.size and dy.size and w.size:
        for vertical, horizontal in pairs:
            if vertical.taps and horizontal.taps and vertical.outputs and horizontal.outputs:
                _correlate(dy, vertical, horizontal, w[np.ix_(vertical.taps, horizontal.taps)].swapaxes(2, 3), dx)
    return ended(dx, ending).astype(dtype, copy=False)


def conv2d_backprop_filter(
    x: Array, filter_shape: tuple[int, ...], dy: Array, strides: tuple[int, int] = (1, 1),
    padding: Padding = ((0, 0), (0, 0)), dilations: tuple[int, int] = (1, 1),
) -> Array:  # fmt: skip
    """The gradient of a `conv2d` by its filter, given its images and the gradient by its result.

    The sums of the threads are added in a fixed order: the result is the same each time for one number of threads.
    """
    dtype, (x, dy) = _in_compute_dtype(x, dy)
    lines, taps, channels, columns = filter_shape
    if not (x.size and dy.size and math.prod(filter_shape)):
        return np.zeros(tuple(filter_shape), dtype)
    winograd = _winograd(filter_shape, dy.shape, dy.dtype, (strides, dilations))
    if winograd is not None:
        dw = np.empty(tuple(filter_shape), dy.dtype)
        winograd.filter_gradient(x, dy, padding[0][0], padding[1][0], dw)
        return dw.astype(dtype, copy=False)
    vertical, horizontal = (
        _forward_axis(x.shape[1 + i], filter_shape[i], strides[i], dilations[i], padding[i]) for i in (0, 1)
    )
    pixels, panel = horizontal.outputs, panel_width(x.dtype)
    rows = lines * taps * channels
    bands = _Bands(x, vertical, horizontal, dy.size * rows)
    flat_dy = dy.reshape(-1)
    packs = columns % panel != 0
    partial: dict[int, Array] = {}

    def some(start: int, stop: int) -> None:
        total = partial[start] = np.zeros(rows * columns, x.dtype)
        for band in bands(start, stop):
            line_step, pixel_step = vertical.step * band.row_step, horizontal.step * channels
            segments = np.add.outer(np.arange(band.images) * band.image_step, np.arange(band.lines) * line_step).ravel()
            segment = pixels
            if line_step == pixels * pixel_step and (band.images == 1 or band.image_step == band.lines * line_step):
                segments, segment = segments[:1], segments.size * pixels  # no gaps: one long segment
            layout = Layout(
                lines=taps, pixels=channels, a_start=band.start,
                a_image=dilations[0] * band.row_step, a_line=dilations[1] * channels, a_pixel=1,
                c_start=0, c_image=taps * channels * columns, c_line=channels * columns, c_pixel=columns,
                k_step=pixel_step, segment=segment, columns=columns,
                panel_step=panel, b_step=columns, block=min(rows, _FILTER_BLOCK), depth=_FILTER_DEPTH, accumulate=1,
            )  # fmt: skip
            k = band.images * band.lines * pixels
            first = (band.image * vertical.outputs + band.line) * pixels * columns
            b = flat_dy[first : first + k * columns]
            if packs:
                b = pack_columns(b, 0, k, columns, columns, 1)
                layout = layout._replace(panel_step=k * panel, b_step=panel)
            panels = -(-columns // panel)
            multiply(Work(0, rows, rows, 0, panels, panels), layout, segments, band.source, b, total[:0], total)

    parallel_for(some, bands.count, -(-bands.count // thread_count()))
    first, *others = (partial[start] for start in sorted(partial))
    for other in others:
        first += other
    return first.reshape(filter_shape).astype(dtype, copy=False)
