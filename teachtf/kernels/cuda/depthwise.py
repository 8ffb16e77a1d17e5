"""Convolution of pictures with filters for each channel, and its gradients.

Each result is a short sum, so memory sets the pace: a thread takes one, and neighbours take neighbouring channels. The filter's
gradient is a reduction like those of `reductions.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.convolution import Images, check_result, check_same_depth
from teachtf.kernels.cuda.arrays import empty
from teachtf.kernels.cuda.convolution import as_given, as_nhwc, is_float, of_images
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel, launch
from teachtf.kernels.cuda.reductions import layout, locate, reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.sliding import advanced, digits, phase_of, turned
from teachtf.kernels.cuda.strided import index_type
from teachtf.kernels.registry import Call

__all__: list[str] = []

_TYPES = ("float32", "float64")


@device_function
def _place(i, channels, sizes, index):
    """The image, line, pixel and channel of element i; `sizes` are of `index`, the type to divide in."""
    rest = index(i)
    whole = index(rest // channels)
    channel = np.int64(rest - whole * channels)
    rest = index(whole // sizes[1])
    pixel = np.int64(whole - rest * sizes[1])
    whole = index(rest // sizes[0])
    return np.int64(whole), np.int64(rest - whole * sizes[0]), pixel, channel


def _convolving(index: Any) -> Any:
    def made(x, w, y, windows, filters, sizes, taps, steps, starts, spreads, multiplier, count):
        i = cuda.grid(1)
        if i < count:
            total = cuda.local.array(1, x.dtype)
            total[0] = 0
            n, row, column, to = _place(i, filters, windows, index)
            channel, channels = to // multiplier, np.int64(filters) // multiplier
            top, left = row * steps[0] + starts[0], column * steps[1] + starts[1]
            for a in range(taps[0]):
                line = top + a * spreads[0]
                if 0 <= line < sizes[0]:
                    for b in range(taps[1]):
                        pixel = left + b * spreads[1]
                        if 0 <= pixel < sizes[1]:
                            at = ((n * sizes[0] + line) * sizes[1] + pixel) * channels + channel
                            total[0] += x[at] * w[(a * taps[1] + b) * np.int64(filters) + to]
            y[i] = total[0]

    made.__name__ = made.__qualname__ = f"depthwise_{index.__name__}"
    return kernel(*_signatures(index, 5))(made)


def _convolving_back(index: Any) -> Any:
    def made(dy, w, dx, sizes, channels, windows, taps, starts, spreads, rates, steps, apart, multiplier, count):
        """Through the taps alone that a window puts at a place, as a `Gather` says."""
        i = cuda.grid(1)
        if i < count:
            total = cuda.local.array(1, dy.dtype)
            total[0] = 0
            n, row, column, channel = _place(i, channels, sizes, index)
            filters = np.int64(channels) * multiplier
            channel *= multiplier
            _, rows, first, top = phase_of(row, 0, taps[0], starts[0], spreads[0], steps[0], apart[0])
            _, columns, second, left = phase_of(column, 0, taps[1], starts[1], spreads[1], steps[1], apart[1])
            for a in range(rows):
                line = top + a * rates[0]
                if 0 <= line < windows[0]:
                    for b in range(columns):
                        pixel = left + b * rates[1]
                        if 0 <= pixel < windows[1]:
                            at = ((n * windows[0] + line) * windows[1] + pixel) * filters + channel
                            tap = ((first + a * apart[0]) * taps[1] + second + b * apart[1]) * filters + channel
                            for m in range(multiplier):
                                total[0] += dy[at + m] * w[tap + m]
            dx[i] = total[0]

    made.__name__ = made.__qualname__ = f"depthwise_by_images_{index.__name__}"
    return kernel(*_signatures(index, 7))(made)


def _signatures(index: Any, pairs: int) -> list[str]:
    name = index.__name__
    numbers = f"UniTuple({name}, 2), {name}, {'UniTuple(int64, 2), ' * pairs}int64, int64"
    return [f"void({t}[::1], {t}[::1], {t}[::1], {numbers})" for t in _TYPES]


_CONVOLVING, _CONVOLVING_BACK = ({t: made(t) for t in (np.uint32, np.int64)} for made in (_convolving, _convolving_back))


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {'UniTuple(int64, 3), ' * 6}{', '.join(['int64'] * 8)})" for t in _TYPES))
def depthwise_by_filter(
    x, dy, dw, sizes, windows, taps, steps, starts, spreads, multiplier, outer, length, inner, parts, part_length, width, depth
):  # fmt: skip
    """A reduction [outer, length, inner] of products: `outer` are the taps, `length` the windows, `inner` the filters."""
    shared = cuda.shared.array(THREADS, x.dtype)
    total = cuda.local.array(1, x.dtype)
    total[0] = 0
    thread = cuda.threadIdx.x
    tap, part, level, column = locate(inner, parts, width, depth)
    inside = tap < outer and column < inner
    if inside:
        channel, channels = column // multiplier, inner // multiplier
        _, a, b, c = digits(tap, taps)
        z0, v0, u0 = starts[0] + a * spreads[0], starts[1] + b * spreads[1], starts[2] + c * spreads[2]
        begin = part * part_length + level
        n, p, q, r = digits(begin, windows)
        step = digits(np.int64(1) << depth, windows)
        for i in range(begin, min((part + 1) * part_length, length), 1 << depth):
            z, v, u = p * steps[0] + z0, q * steps[1] + v0, r * steps[2] + u0
            if 0 <= z < sizes[0] and 0 <= v < sizes[1] and 0 <= u < sizes[2]:
                at = (((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels + channel
                total[0] += x[at] * dy[i * inner + column]
            n, p, q, r = advanced(n, p, q, r, step, 0, windows)
    shared[thread] = total[0]
    half = 1 << depth >> 1
    while half > 0:
        cuda.syncthreads()
        if level < half:
            shared[thread] += shared[thread + (half << width)]
        half >>= 1
    if level == 0 and inside:
        dw[(tap * parts + part) * inner + column] = shared[thread]


def _pair(numbers: Any, of: Any = int) -> tuple[Any, Any]:
    """What is said of lines and pixels, of what is said of volumes."""
    return of(numbers[1]), of(numbers[2])


@gpu_kernel("DepthwiseConv2dNative")
def _depthwise(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(x: Any, w: Any) -> Any:
        x = as_nhwc(images, x)
        check_same_depth(op, x.shape[3], w.shape[2])
        slide = images.slide(x.shape, w.shape[:2])
        how, filters = of_images(slide, x.shape, w.shape), w.shape[2] * w.shape[3]
        y = empty((x.shape[0], *slide.windows, filters), x.dtype)
        index = index_type(y.size)
        others = map(_pair, (how.sizes, how.taps, how.steps, how.starts, how.spreads))
        places = _pair(how.windows, index), index(filters)
        launch(_CONVOLVING[index], y.size, x.flat, w.flat, y.flat, *places, *others, w.shape[3], y.size)
        return as_given(images, y)

    return call


@gpu_kernel("DepthwiseConv2dNativeBackpropInput", host=[0])
def _depthwise_backprop_input(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        shape, dy = images.shape(sizes), as_nhwc(images, dy)
        check_same_depth(op, shape[3], w.shape[2])
        slide = images.slide(shape, w.shape[:2])
        check_result(op, dy, (shape[0], *slide.windows, w.shape[2] * w.shape[3]))
        how = turned(of_images(slide, shape, w.shape))
        dx = empty(shape, dy.dtype)
        index = index_type(dx.size)
        others = map(_pair, (how.sizes, how.taps, how.starts, how.spreads, how.rates, how.phases, how.apart))
        places = _pair(how.places, index), index(shape[3])
        launch(_CONVOLVING_BACK[index], dx.size, dy.flat, w.flat, dx.flat, *places, *others, w.shape[3], dx.size)
        return as_given(images, dx)

    return call


@gpu_kernel("DepthwiseConv2dNativeBackpropFilter", host=[1])
def _depthwise_backprop_filter(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = as_nhwc(images, x), as_nhwc(images, dy)
        shape = tuple(int(d) for d in sizes)
        check_same_depth(op, x.shape[3], shape[2])
        slide = images.slide(x.shape, (shape[0], shape[1]))
        inner = shape[2] * shape[3]
        check_result(op, dy, (x.shape[0], *slide.windows, inner))
        taps, places = shape[0] * shape[1], math.prod(dy.shape[:3])
        if x.size == 0 or places == 0 or taps * inner == 0:
            return filled(shape, x.dtype, 0)
        plan = layout(taps, places, inner)
        dw = empty((taps, plan.parts, inner), x.dtype)
        numbers = shape[3], taps, places, inner, plan.parts, plan.part_length, plan.width, plan.depth
        how = of_images(slide, x.shape, shape)
        depthwise_by_filter[plan.blocks, plan.threads](x.flat, dy.flat, dw.flat, *how, *numbers)
        return (reduced("Sum", dw, taps, plan.parts, inner) if plan.parts > 1 else dw).reshaped(shape)

    return call
