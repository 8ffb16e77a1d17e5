"""Kernels of pooling: float images go to `cpu.pooling`, or to `reference.pooling` while that is not compiled; whole numbers,
and windows over channels, are NumPy's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.convolution import Images
from teachtf.kernels.prepared import computed_in, served
from teachtf.kernels.reference import pooling as reference
from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.serving import telling
from teachtf.ops import pooling
from teachtf.ops.windows import Slide

assert pooling  # the declarations


class Pool:
    """What a pooling node's attributes say."""

    def __init__(self, op: Any, over_channels: bool = False) -> None:
        self.images = Images(op)
        ksize, strides = op._attrs["ksize"], op._attrs["strides"]
        line, pixel, channel = self.images.axes
        self.size = (ksize[line], ksize[pixel])
        self.depth = ksize[channel]
        if ksize[0] != 1 or strides[0] != 1:
            raise errors.UnimplementedError(None, op, "Pooling is not yet supported on the batch dimension.")
        plain = self.depth == 1 and strides[channel] == 1
        deep = over_channels and self.size == (1, 1) == (strides[line], strides[pixel]) and strides[channel] == self.depth
        if not plain and not deep:
            raise errors.UnimplementedError(
                None, op, "Pooling over channels needs windows of one pixel, and a depth stride equal to the depth window."
            )

    def slide(self, shape: tuple[int, ...]) -> Slide:
        """How windows slide over images of this NHWC shape."""
        return self.images.slide(shape, self.size)


def _windows(x: Any, size: tuple[int, int], how: Slide, fill: Any) -> Any:
    """Each window's elements along a new last axis, padding filled: [batch, lines, pixels, channels, elements]."""
    (top, bottom), (left, right) = how.padding
    padded = np.full((x.shape[0], x.shape[1] + top + bottom, x.shape[2] + left + right, x.shape[3]), fill, x.dtype)
    padded[:, top : top + x.shape[1], left : left + x.shape[2]] = x
    views = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(1, 2))
    views = views[:, :: how.strides[0], :: how.strides[1]][:, : how.windows[0], : how.windows[1]]
    return views.reshape(*views.shape[:4], math.prod(size))


def _least(dtype: Any) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


_VISITED = 3e-9  # seconds that NumPy takes for an element of a window


class _Versions:
    """A function of `cpu.pooling` for the type of `op`, and NumPy's."""

    def __init__(self, op: Any, pool: Pool, name: str) -> None:
        self._pool, self._served = pool, served("pooling", name, computed_in(op._attrs["T"]), getattr(reference, name))

    def __call__(self, how: Slide, shape: tuple[int, ...], *arguments: Any) -> Any:
        """The result for images of this NHWC shape; `arguments` are those before the window's size."""
        visited = shape[0] * math.prod(how.windows) * shape[3] * math.prod(self._pool.size)
        return self._served.version(visited * _VISITED)(*arguments, self._pool.size, how.strides, how.padding)

    def telling(self, call: Call) -> Call:
        """`call`, which says what is compiled for it."""
        return telling(call, lambda inputs: self._served.key)


@kernel("MaxPool")
def _max_pool(op: Any) -> Call:
    pool = Pool(op, over_channels=True)
    compute = _Versions(op, pool, "max_pool")
    images, depth, whole = pool.images, pool.depth, op._attrs["T"].is_integer

    def call(x: Any) -> Any:
        x = images.read(x)
        if depth > 1:
            if x.shape[3] % depth:
                raise errors.UnimplementedError(None, op, f"Depth {x.shape[3]} is not a multiple of the window's, {depth}.")
            return images.give(x.reshape(*x.shape[:3], -1, depth).max(-1))
        how = pool.slide(x.shape)
        if whole:
            return images.give(_windows(x, pool.size, how, _least(x.dtype)).max(-1))
        return images.give(compute(how, x.shape, x))

    return call if whole or depth > 1 else compute.telling(call)


@kernel("MaxPoolGrad")
def _max_pool_grad(op: Any) -> Call:
    pool = Pool(op)
    compute = _Versions(op, pool, "max_pool_grad")
    images, whole = pool.images, op._attrs["T"].is_integer

    def call(x: Any, y: Any, dy: Any) -> Any:
        kind = x.dtype
        x, y, dy = images.read(x), images.read(y), images.read(dy)
        if whole:
            x, y, dy = (a.astype(np.float64) for a in (x, y, dy))
        how = pool.slide(x.shape)
        return images.give(compute(how, x.shape, x, y, dy).astype(kind, copy=False))

    return compute.telling(call)


@kernel("MaxPoolGradGrad")
def _max_pool_grad_grad(op: Any) -> Call:
    pool = Pool(op)
    images = pool.images

    def call(x: Any, y: Any, grad: Any) -> Any:
        x, grad = images.read(x), images.read(grad)
        how = pool.slide(x.shape)
        first = _windows(x, pool.size, how, _least(x.dtype)).argmax(-1)
        taken = np.take_along_axis(_windows(grad, pool.size, how, 0), first[..., None], -1)
        return images.give(taken[..., 0])

    return call


@kernel("AvgPool")
def _avg_pool(op: Any) -> Call:
    pool = Pool(op)
    images, compute = pool.images, _Versions(op, pool, "avg_pool")

    def call(x: Any) -> Any:
        x = images.read(x)
        how = pool.slide(x.shape)
        return images.give(compute(how, x.shape, x))

    return compute.telling(call)


@kernel("AvgPoolGrad")
def _avg_pool_grad(op: Any) -> Call:
    pool = Pool(op)
    images, compute = pool.images, _Versions(op, pool, "avg_pool_grad")

    def call(sizes: Any, dy: Any) -> Any:
        shape = images.shape(sizes)
        how = pool.slide(shape)
        return images.give(compute(how, shape, shape, images.read(dy)))

    return compute.telling(call)
