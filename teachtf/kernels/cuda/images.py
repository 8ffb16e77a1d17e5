"""Pictures made larger and smaller, and their colours. A block takes a row of a picture, or a thread a pixel."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import images as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel, launch
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call

# --- sizes -----------------------------------------------------------------------------------------------------------


def _gpu() -> int:
    """Which GPU is in use; tables are kept for each."""
    return getattr(cuda.get_current_device(), "id", 0)


@lru_cache(maxsize=64)
def _band(gpu: int, kind: str, old: int, new: int, align: bool, half: bool, turned: bool) -> tuple[Any, Any, int]:
    """The matrix of one axis (`cpu.weights`), or the transposed one, row by row: where what is not 0 starts, and as many
    weights from there on as the longest row has."""
    matrix = cpu.weights(kind, old, new, align, half)
    matrix = matrix.T if turned else matrix
    used = matrix != 0
    first = used.argmax(1)
    width = int(np.max(used.shape[1] - used[:, ::-1].argmax(1) - first, where=used.any(1), initial=1))
    columns = first[:, None] + np.arange(width)
    rows = np.arange(len(matrix))[:, None]
    weights = np.where(columns < matrix.shape[1], matrix[rows, np.minimum(columns, matrix.shape[1] - 1)], 0)
    return to_gpu(first.astype(np.int32)).flat, to_gpu(weights.astype(np.float32)).flat, width


def _by_rows(compiled: Any, shape: tuple[int, ...], *arguments: Any) -> None:
    """Launch a kernel of pictures of this shape, with a block for a row or for a part of one."""
    batch, height, width, channels = shape
    count = width * channels
    if batch * height * count:
        threads = min(THREADS, -(-count // 32) * 32)
        compiled[(batch * height, -(-count // threads)), threads](*arguments)


@kernel(
    *(
        f"void({t}[::1], {o}[::1], int32[::1], float32[::1], int64, int32[::1], float32[::1], int64, "
        "int64, int64, int64, int64, int64)"
        for t, o in (("float32", "float32"), ("float64", "float32"), ("float32", "float64"), ("uint8", "float32"))
    )
)
def resample(x, y, tops, row_weights, rows, lefts, column_weights, columns, height, width, new_height, new_width, channels):
    """Each new pixel is a sum of `rows` by `columns` old ones, with the weights of its row and of its column."""
    at = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if at < new_width * channels:
        picture, row = cuda.blockIdx.x // new_height, cuda.blockIdx.x % new_height
        column, channel = at // channels, at % channels
        total = np.float32(0)
        for c in range(columns):
            part = np.float32(0)
            weight = column_weights[column * columns + c]
            if weight != 0:
                for r in range(rows):
                    share = row_weights[row * rows + r]
                    if share != 0:
                        place = (picture * height + tops[row] + r) * width + lefts[column] + c
                        part += share * np.float32(x[place * channels + channel])
                total += weight * part
        y[np.int64(cuda.blockIdx.x) * new_width * channels + at] = total


def _resampled(x: GpuArray, kind: str, sizes: Any, align: bool, half: bool, turned: bool, dtype: Any) -> GpuArray:
    batch, height, width, channels = x.shape
    made = empty((batch, *sizes, channels), dtype)
    bands: list[Any] = []
    for old, new in zip((height, width), sizes, strict=True):
        bands += _band(_gpu(), kind, *((new, old) if turned else (old, new)), align, half, turned)
    _by_rows(resample, made.shape, x.flat, made.flat, *bands, height, width, *sizes, channels)
    return made


@gpu_kernel("ResizeBilinear", host=[1])
def _resize(op: Any) -> Call:
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]
    return lambda x, size: _resampled(x, "Bilinear", cpu.output_size(size), align, half, False, np.float32)


@gpu_kernel("ResizeBilinearGrad")
def _resize_gradient(op: Any) -> Call:
    """The transposed sums, so that no two threads add to one pixel."""
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]
    return lambda dy, image: _resampled(dy, "Bilinear", image.shape[1:3], align, half, True, image.dtype)


_PIXELS = ("float32", "float64", "uint8", "int32")


@kernel(*(f"void({t}[::1], {t}[::1], int32[::1], int32[::1], int64, int64, int64, int64, int64)" for t in _PIXELS))
def pick(x, y, rows, columns, height, width, new_height, new_width, channels):
    at = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if at < new_width * channels:
        picture, row = cuda.blockIdx.x // new_height, cuda.blockIdx.x % new_height
        place = (picture * height + rows[row]) * width + columns[at // channels]
        y[np.int64(cuda.blockIdx.x) * new_width * channels + at] = x[place * channels + at % channels]


@kernel(*(f"void({t}[::1], {t}[::1], int32[::1], int32[::1], int64, int64, int64, int64, int64)" for t in _PIXELS))
def gather_picked(dy, dx, tops, lefts, height, width, new_height, new_width, channels):
    """The sum over the pixels that were picked from each: rows tops[row] to tops[row + 1] of dy, and so with columns.
    `new_height` and `new_width` are those of dx."""
    at = cuda.blockIdx.y * cuda.blockDim.x + cuda.threadIdx.x
    if at < new_width * channels:
        picture, row = cuda.blockIdx.x // new_height, cuda.blockIdx.x % new_height
        column, channel = at // channels, at % channels
        place = np.int64(cuda.blockIdx.x) * new_width * channels + at
        total = dx[place]
        for r in range(tops[row], tops[row + 1]):
            for c in range(lefts[column], lefts[column + 1]):
                total += dy[((picture * height + r) * width + c) * channels + channel]
        dx[place] = total


@lru_cache(maxsize=64)
def _picks(gpu: int, old: int, new: int, align: bool, half: bool) -> Any:
    return to_gpu(cpu.nearest(old, new, align, half).astype(np.int32)).flat


@lru_cache(maxsize=64)
def _picked(gpu: int, old: int, new: int, align: bool, half: bool) -> Any:
    """Where the new pixels that were picked from each old one start; they are in order."""
    starts = np.searchsorted(cpu.nearest(old, new, align, half), np.arange(old + 1))
    return to_gpu(starts.astype(np.int32)).flat


@gpu_kernel("ResizeNearestNeighbor", host=[1])
def _resize_nearest(op: Any) -> Call:
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]

    def call(x: GpuArray, size: Any) -> GpuArray:
        sizes = cpu.output_size(size)
        batch, height, width, channels = x.shape
        made = empty((batch, *sizes, channels), x.dtype)
        places = [_picks(_gpu(), old, new, align, half) for old, new in zip((height, width), sizes, strict=True)]
        _by_rows(pick, made.shape, x.flat, made.flat, *places, height, width, *sizes, channels)
        return made

    return call


@gpu_kernel("ResizeNearestNeighborGrad", host=[1])
def _resize_nearest_gradient(op: Any) -> Call:
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]

    def call(dy: GpuArray, size: Any) -> GpuArray:
        sizes = cpu.output_size(size)
        batch, height, width, channels = dy.shape
        made = filled((batch, *sizes, channels), dy.dtype, 0)
        places = [_picked(_gpu(), old, new, align, half) for old, new in zip(sizes, (height, width), strict=True)]
        _by_rows(gather_picked, made.shape, dy.flat, made.flat, *places, height, width, *sizes, channels)
        return made

    return call


# --- colours ---------------------------------------------------------------------------------------------------------


def _colours(real: Any) -> tuple[Any, Any]:
    """The functions from red, green and blue to hue, saturation and value and back, in one type."""
    zero, one, two, three, four, six = (real(n) for n in (0, 1, 2, 3, 4, 6))
    third, thirds = real(2 / 6), real(4 / 6)

    @device_function
    def to_hsv(r, g, b):
        value = max(max(r, g), b)
        spread = value - min(min(r, g), b)
        saturation = spread / value if value > zero else zero
        hue = zero
        if spread > zero:
            norm = one / (six * spread)
            if r == value:
                hue = norm * (g - b)
            elif g == value:
                hue = norm * (b - r) + third
            else:
                hue = norm * (r - g) + thirds
        return (hue + one if hue < zero else hue), saturation, value

    @device_function
    def channel(part, s, v):
        return ((one - s) + s * min(max(part, zero), one)) * v

    @device_function
    def to_rgb(h, s, v):
        turn = h * six
        red, green, blue = abs(turn - three) - one, two - abs(turn - two), two - abs(turn - four)
        return channel(red, s, v), channel(green, s, v), channel(blue, s, v)

    return to_hsv, to_rgb


def _pixelwise(function: Any, name: str) -> Any:
    def run(x, y, count):
        i = 3 * cuda.grid(1)
        if i < count:
            y[i], y[i + 1], y[i + 2] = function(x[i], x[i + 1], x[i + 2])

    run.__name__ = run.__qualname__ = name
    return kernel(f"void({name[-7:]}[::1], {name[-7:]}[::1], int64)")(run)


_TO_HSV, _TO_RGB = _colours(np.float32)
_TO_HSV64, _TO_RGB64 = _colours(np.float64)
_SPACES = {
    ("RGBToHSV", np.dtype(np.float32)): _pixelwise(_TO_HSV, "rgb_to_hsv_float32"),
    ("RGBToHSV", np.dtype(np.float64)): _pixelwise(_TO_HSV64, "rgb_to_hsv_float64"),
    ("HSVToRGB", np.dtype(np.float32)): _pixelwise(_TO_RGB, "hsv_to_rgb_float32"),
    ("HSVToRGB", np.dtype(np.float64)): _pixelwise(_TO_RGB64, "hsv_to_rgb_float64"),
}


@gpu_kernel("RGBToHSV", "HSVToRGB")
def _space(op: Any) -> Call:
    compiled = _SPACES[op.type, np.dtype(op.inputs[0].dtype.as_numpy_dtype)]

    def call(x: GpuArray) -> GpuArray:
        cpu.check_colours(x)
        made = empty(x.shape, x.dtype)
        launch(compiled, made.size // 3, x.flat, made.flat, made.size)
        return made

    return call


_ONE = np.float32(1)


@kernel("void(float32[::1], float32[::1], float32[::1], int64)")
def adjust_hue(x, amount, y, count):
    i = 3 * cuda.grid(1)
    if i < count:
        h, s, v = _TO_HSV(x[i], x[i + 1], x[i + 2])
        y[i], y[i + 1], y[i + 2] = _TO_RGB((h + amount[0]) % _ONE, s, v)


@kernel("void(float32[::1], float32[::1], float32[::1], int64)")
def adjust_saturation(x, amount, y, count):
    i = 3 * cuda.grid(1)
    if i < count:
        h, s, v = _TO_HSV(x[i], x[i + 1], x[i + 2])
        y[i], y[i + 1], y[i + 2] = _TO_RGB(h, min(max(s * amount[0], np.float32(0)), _ONE), v)


@gpu_kernel("AdjustHue", "AdjustSaturation")
def _adjust(op: Any) -> Call:
    compiled = adjust_hue if op.type == "AdjustHue" else adjust_saturation

    def call(x: GpuArray, amount: GpuArray) -> GpuArray:
        cpu.check_colours(x)
        made = empty(x.shape, x.dtype)
        launch(compiled, made.size // 3, x.flat, amount.flat, made.flat, made.size)
        return made

    return call


@kernel("void(float32[::1], float32[::1], float32[::1], float32[::1], int64, int64, int64)")
def adjust_contrast(x, mean, factor, y, length, channels, count):
    i = cuda.grid(1)
    if i < count:
        middle = mean[i // (length * channels) * channels + i % channels]
        y[i] = (x[i] - middle) * factor[0] + middle


@gpu_kernel("AdjustContrastv2")
def _adjust_contrast(op: Any) -> Call:
    def call(x: GpuArray, factor: GpuArray) -> GpuArray:
        made = empty(x.shape, x.dtype)
        if made.size:
            height, width, channels = x.shape[-3:]
            length = height * width
            mean = reduced("Mean", x, math.prod(x.shape[:-3]), length, channels, length)
            launch(adjust_contrast, made.size, x.flat, mean.flat, factor.flat, made.flat, length, channels, made.size)
        return made

    return call
