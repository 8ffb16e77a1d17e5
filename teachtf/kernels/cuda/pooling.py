"""Maximum and average over windows of pictures and of volumes, and their gradients.

Pictures are volumes of a depth of 1. A thread has one element of the result, channels side by side. A gradient gathers: each
element looks at the windows that it lies in, in their order, so that the sum is the same each time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.convolution import Images
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.convolution import as_given, as_nhwc, as_pictures, as_volumes, is_float
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.reductions import larger
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.sliding import Sliding, digits
from teachtf.kernels.cuda.volumes import as_slide, channels_first, channels_last
from teachtf.kernels.pooling import Pool
from teachtf.kernels.registry import Call
from teachtf.kernels.volumes import Windows, pool_windows
from teachtf.ops import volumes

_TYPES = ("float32", "float64")
_GEOMETRY = "UniTuple(int64, 3), " * len(Sliding._fields)


@device_function
def _inside(window, size, taps, step, start):
    """Where along an axis the elements of a window begin and end."""
    first = window * step + start
    return max(first, 0), min(first + taps, size)


@device_function
def _over(place, windows, taps, step, start):
    """The first window along an axis that an element lies in, and the one behind the last."""
    last = (place - start) // step + 1
    first = -((start + taps - 1 - place) // step)
    return max(first, 0), min(last, windows)


@device_function
def _equal(a, b):
    return a == b or (a != a and b != b)


@kernel(*(f"void({t}[::1], {t}[::1], {_GEOMETRY}int64, int64)" for t in _TYPES))
def pool_maximum(x, y, sizes, windows, taps, steps, starts, spreads, channels, count):
    i = cuda.grid(1)
    if i >= count:
        return
    rest = i // channels
    channel = i - rest * channels
    n, p, q, r = digits(rest, windows)
    z0, z1 = _inside(p, sizes[0], taps[0], steps[0], starts[0])
    v0, v1 = _inside(q, sizes[1], taps[1], steps[1], starts[1])
    u0, u1 = _inside(r, sizes[2], taps[2], steps[2], starts[2])
    best = x.dtype.type(-np.inf)
    for z in range(z0, z1):
        for v in range(v0, v1):
            for u in range(u0, u1):
                best = larger(x[(((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels + channel], best)
    y[i] = best


@kernel(*(f"void({t}[::1], {t}[::1], int32[::1], {t}[::1], {t}[::1], {_GEOMETRY}int64, int64, boolean)" for t in _TYPES))
def first_maximum(x, y, at, slope, moved, sizes, windows, taps, steps, starts, spreads, channels, count, moves):
    """For each window the tap of the first of its largest elements; or, if `moves`, the slope there."""
    i = cuda.grid(1)
    if i >= count:
        return
    rest = i // channels
    channel = i - rest * channels
    n, p, q, r = digits(rest, windows)
    z0, z1 = _inside(p, sizes[0], taps[0], steps[0], starts[0])
    v0, v1 = _inside(q, sizes[1], taps[1], steps[1], starts[1])
    u0, u1 = _inside(r, sizes[2], taps[2], steps[2], starts[2])
    best, tap, place = y[i], -1, np.int64(-1)
    for z in range(z0, z1):
        for v in range(v0, v1):
            for u in range(u0, u1):
                here = (((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels + channel
                if tap < 0 and _equal(x[here], best):
                    a, b = z - p * steps[0] - starts[0], v - q * steps[1] - starts[1]
                    tap = (a * taps[1] + b) * taps[2] + u - r * steps[2] - starts[2]
                    place = here
    if moves:
        moved[i] = slope[place] if place >= 0 else 0
    else:
        at[i] = tap


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], int32[::1], {t}[::1], {_GEOMETRY}int64, int64, boolean)" for t in _TYPES))
def maximum_gradient(x, y, dy, at, dx, sizes, windows, taps, steps, starts, spreads, channels, count, every):
    """What windows give to each element: to the tap that is their maximum, or to `every` element that equals it."""
    i = cuda.grid(1)
    if i >= count:
        return
    rest = i // channels
    channel = i - rest * channels
    n, z, v, u = digits(rest, sizes)
    p0, p1 = _over(z, windows[0], taps[0], steps[0], starts[0])
    q0, q1 = _over(v, windows[1], taps[1], steps[1], starts[1])
    r0, r1 = _over(u, windows[2], taps[2], steps[2], starts[2])
    total = x.dtype.type(0)
    for p in range(p0, p1):
        for q in range(q0, q1):
            for r in range(r0, r1):
                window = (((n * windows[0] + p) * windows[1] + q) * windows[2] + r) * channels + channel
                a, b = z - p * steps[0] - starts[0], v - q * steps[1] - starts[1]
                tap = (a * taps[1] + b) * taps[2] + u - r * steps[2] - starts[2]
                if (every and x[i] == y[window]) or (not every and at[window] == tap):
                    total += dy[window]
    dx[i] = total


@kernel(*(f"void({t}[::1], {t}[::1], {_GEOMETRY}int64, int64)" for t in _TYPES))
def pool_average(x, y, sizes, windows, taps, steps, starts, spreads, channels, count):
    i = cuda.grid(1)
    if i >= count:
        return
    rest = i // channels
    channel = i - rest * channels
    n, p, q, r = digits(rest, windows)
    z0, z1 = _inside(p, sizes[0], taps[0], steps[0], starts[0])
    v0, v1 = _inside(q, sizes[1], taps[1], steps[1], starts[1])
    u0, u1 = _inside(r, sizes[2], taps[2], steps[2], starts[2])
    total = x.dtype.type(0)
    for z in range(z0, z1):
        for v in range(v0, v1):
            for u in range(u0, u1):
                total += x[(((n * sizes[0] + z) * sizes[1] + v) * sizes[2] + u) * channels + channel]
    y[i] = total / x.dtype.type((z1 - z0) * (v1 - v0) * (u1 - u0))


@kernel(*(f"void({t}[::1], {t}[::1], {_GEOMETRY}int64, int64)" for t in _TYPES))
def average_gradient(dy, dx, sizes, windows, taps, steps, starts, spreads, channels, count):
    i = cuda.grid(1)
    if i >= count:
        return
    rest = i // channels
    channel = i - rest * channels
    n, z, v, u = digits(rest, sizes)
    p0, p1 = _over(z, windows[0], taps[0], steps[0], starts[0])
    q0, q1 = _over(v, windows[1], taps[1], steps[1], starts[1])
    r0, r1 = _over(u, windows[2], taps[2], steps[2], starts[2])
    total = dy.dtype.type(0)
    for p in range(p0, p1):
        z0, z1 = _inside(p, sizes[0], taps[0], steps[0], starts[0])
        for q in range(q0, q1):
            v0, v1 = _inside(q, sizes[1], taps[1], steps[1], starts[1])
            for r in range(r0, r1):
                u0, u1 = _inside(r, sizes[2], taps[2], steps[2], starts[2])
                shared = dy.dtype.type((z1 - z0) * (v1 - v0) * (u1 - u0))
                total += dy[(((n * windows[0] + p) * windows[1] + q) * windows[2] + r) * channels + channel] / shared
    dx[i] = total


def _pooled(compiled: Any, x: GpuArray, how: Sliding) -> GpuArray:
    """Volumes to one element for each window."""
    y = empty((x.shape[0], *how.windows, x.shape[4]), x.dtype)
    launch(compiled, y.size, x.flat, y.flat, *how, x.shape[4], y.size)
    return y


def _maximum_gradient(x: GpuArray, y: GpuArray, dy: GpuArray, how: Sliding, every: bool) -> GpuArray:
    at, dx, channels = empty(y.shape, np.int32), empty(x.shape, x.dtype), x.shape[4]
    if not every:
        launch(first_maximum, y.size, x.flat, y.flat, at.flat, x.flat, dx.flat, *how, channels, y.size, False)
    launch(maximum_gradient, dx.size, x.flat, y.flat, dy.flat, at.flat, dx.flat, *how, channels, dx.size, every)
    return dx


def _moved(x: GpuArray, y: GpuArray, slope: GpuArray, how: Sliding) -> GpuArray:
    """The slope where each window has its first maximum."""
    moved, none = empty(y.shape, y.dtype), empty((1,), np.int32)
    launch(first_maximum, y.size, x.flat, y.flat, none.flat, slope.flat, moved.flat, *how, x.shape[4], y.size, True)
    return moved


# --- pictures ----------------------------------------------------------------------------------------------------------------


class _Pictures:
    """How a node's windows lie."""

    def __init__(self, op: Any) -> None:
        self.pool = Pool(op)
        self.images: Images = self.pool.images

    def read(self, x: GpuArray) -> GpuArray:
        return as_volumes(as_nhwc(self.images, x))

    def give(self, x: GpuArray) -> GpuArray:
        return as_given(self.images, as_pictures(x))

    def slide(self, shape: tuple[int, ...]) -> Sliding:
        """For NHWC images, as volumes, of this shape."""
        how, (lines, pixels) = self.pool.slide((shape[0], *shape[2:])), self.pool.size
        (top, _), (left, _) = how.padding
        counts, taps = (1, *how.windows), (1, lines, pixels)
        return Sliding((1, shape[2], shape[3]), counts, taps, (1, *how.strides), (0, -top, -left), (1, 1, 1))


def _along_pictures(op: Any) -> bool:
    """Whether the kernels have the type, and the windows lie along lines and pixels."""
    return is_float(op) and op._attrs["ksize"][Images(op).axes.channel] == 1


@gpu_kernel("MaxPool", "AvgPool")
def _pool(op: Any) -> Call | None:
    if not _along_pictures(op):
        return None
    pictures, compiled = _Pictures(op), pool_maximum if op.type == "MaxPool" else pool_average

    def call(x: Any) -> Any:
        x = pictures.read(x)
        return pictures.give(_pooled(compiled, x, pictures.slide(x.shape)))

    return call


@gpu_kernel("MaxPoolGrad", "MaxPoolGradGrad")
def _pool_gradient(op: Any) -> Call | None:
    if not _along_pictures(op):
        return None
    pictures, again = _Pictures(op), op.type == "MaxPoolGradGrad"

    def call(x: Any, y: Any, slope: Any) -> Any:
        x, y, slope = (pictures.read(t) for t in (x, y, slope))
        how = pictures.slide(x.shape)
        return pictures.give(_moved(x, y, slope, how) if again else _maximum_gradient(x, y, slope, how, False))

    return call


@gpu_kernel("AvgPoolGrad", host=[0])
def _average_gradient(op: Any) -> Call | None:
    if not _along_pictures(op):
        return None
    pictures = _Pictures(op)

    def call(sizes: Any, dy: Any) -> Any:
        shape, dy = pictures.images.shape(sizes), pictures.read(dy)
        dx = empty((shape[0], 1, *shape[1:]), dy.dtype)
        launch(average_gradient, dx.size, dy.flat, dx.flat, *pictures.slide(dx.shape), shape[3], dx.size)
        return pictures.give(dx)

    return call


# --- volumes -----------------------------------------------------------------------------------------------------------------


def _volume_slide(op: Any, sizes: tuple[int, ...]) -> Sliding:
    windows: Windows = pool_windows(op, sizes)
    return as_slide(windows)


@gpu_kernel("MaxPool3D", "AvgPool3D")
def _pool_volumes(op: Any) -> Call | None:
    if not is_float(op):
        return None
    compiled = pool_maximum if op.type == "MaxPool3D" else pool_average

    def call(x: Any) -> Any:
        x = channels_last(op, x)
        return channels_first(op, _pooled(compiled, x, _volume_slide(op, x.shape[1:4])))

    return call


@gpu_kernel("MaxPool3DGrad", "MaxPool3DGradGrad")
def _pool_volumes_gradient(op: Any) -> Call | None:
    if not is_float(op):
        return None
    again = op.type == "MaxPool3DGradGrad"

    def call(x: Any, y: Any, slope: Any) -> Any:
        x, y, slope = (channels_last(op, t) for t in (x, y, slope))
        how = _volume_slide(op, x.shape[1:4])
        return channels_first(op, _moved(x, y, slope, how) if again else _maximum_gradient(x, y, slope, how, True))

    return call


@gpu_kernel("AvgPool3DGrad", host=[0])
def _average_volumes_gradient(op: Any) -> Call | None:
    if not is_float(op):
        return None
    space, channel = volumes.axes_of_volumes(op)

    def call(sizes: Any, dy: Any) -> Any:
        dy = channels_last(op, dy)
        shape = tuple(int(sizes[a]) for a in space)
        dx = empty((int(sizes[0]), *shape, int(sizes[channel])), dy.dtype)
        launch(average_gradient, dx.size, dy.flat, dx.flat, *_volume_slide(op, shape), dx.shape[4], dx.size)
        return channels_first(op, dx)

    return call
