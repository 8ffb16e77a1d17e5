"""Batch normalization and response normalization.

Batch normalization sums images by channel, as reductions do, in two passes: the mean, then the squares of the distances from
it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.convolution import is_float
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call
from teachtf.ops.activations import channel_axis

_F = "float32[::1], "


class _Layout:
    """An array as [outer, channels, inner]."""

    def __init__(self, x: GpuArray, axis: int) -> None:
        self.channels = x.shape[axis]
        self.inner = math.prod(x.shape[2:]) if axis == 1 else 1
        self.count = x.size // self.channels if self.channels else 0  # for each channel
        self.outer = self.count // self.inner if self.inner else 0

    def sums(self, x: GpuArray, divisor: int = 1) -> GpuArray:
        """The sum for each channel, over `divisor`."""
        name, count = ("Mean", divisor) if divisor > 1 else ("Sum", None)
        if self.inner == 1:
            return reduced(name, x, 1, self.outer, self.channels, count)
        rows = reduced("Sum", x, self.outer * self.channels, self.inner, 1)
        return reduced(name, rows, 1, self.outer, self.channels, count)


@kernel(f"void({_F * 3}int64, int64, int64)")
def square_distances(x, mean, y, channels, inner, count):
    i = cuda.grid(1)
    if i < count:
        distance = x[i] - mean[i // inner % channels]
        y[i] = distance * distance


@kernel(f"void({_F * 6}float32, int64, int64, int64)")
def normalize(x, scale, offset, mean, variance, y, epsilon, channels, inner, count):
    i = cuda.grid(1)
    if i < count:
        c = i // inner % channels
        y[i] = (x[i] - mean[c]) * (scale[c] / math.sqrt(variance[c] + epsilon)) + offset[c]


@kernel(f"void({_F * 6}float32, float32, int64)")
def move_averages(mean, variance, batch_mean, batch_variance, new_mean, new_variance, factor, correction, count):
    """The averages after a batch; its variance is that of a sample."""
    i = cuda.grid(1)
    if i < count:
        sample = batch_variance[i] * correction
        if factor == 1:
            new_mean[i], new_variance[i] = batch_mean[i], sample
        else:
            new_mean[i] = mean[i] * (1 - factor) + factor * batch_mean[i]
            new_variance[i] = variance[i] * (1 - factor) + factor * sample


@gpu_kernel("FusedBatchNorm", "FusedBatchNormV3")
def _batch_norm(op: Any) -> Call | None:
    if op._attrs["T"].as_numpy_dtype is not np.float32:
        return None
    axis, epsilon = channel_axis(op), np.float32(op._attrs["epsilon"])
    factor, training = np.float32(op._attrs["exponential_avg_factor"]), op._attrs["is_training"]
    reserved = len(op.outputs) == 6

    def call(x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> Any:
        how = _Layout(x, axis)
        new_mean, new_variance = mean, variance
        if training:
            old_mean, old_variance, channels = mean, variance, how.channels
            if x.size == 0:
                mean, variance = (filled((channels,), np.float32, v) for v in (np.nan if how.count == 0 else 0, 0))
            else:
                mean = how.sums(x, how.count).reshaped((channels,))
                squares = empty(x.shape, x.dtype)
                launch(square_distances, x.size, x.flat, mean.flat, squares.flat, channels, how.inner, x.size)
                variance = how.sums(squares, how.count).reshaped((channels,))
            if old_mean.shape != (channels,):  # there are no averages before the first batch
                old_mean, old_variance = mean, variance
            new_mean, new_variance = empty((channels,), np.float32), empty((channels,), np.float32)
            correction = np.float32(how.count / max(how.count - 1, 1))
            averages = old_mean.flat, old_variance.flat, mean.flat, variance.flat, new_mean.flat, new_variance.flat
            launch(move_averages, channels, *averages, factor, correction, channels)
        y = empty(x.shape, x.dtype)
        vectors = scale.flat, offset.flat, mean.flat, variance.flat
        launch(normalize, y.size, x.flat, *vectors, y.flat, epsilon, how.channels, how.inner, y.size)
        rest = (empty((0,), np.float32),) if reserved else ()
        return y, new_mean, new_variance, mean, variance, *rest

    return call


@kernel(f"void({_F * 5}float32, int64, int64, int64)")
def normal_products(dy, x, mean, variance, y, epsilon, channels, inner, count):
    """Slopes times what was normalized."""
    i = cuda.grid(1)
    if i < count:
        c = i // inner % channels
        y[i] = dy[i] * ((x[i] - mean[c]) * (1 / math.sqrt(variance[c] + epsilon)))


@kernel(f"void({_F * 8}float32, float32, int64, int64, int64)")
def batch_norm_gradient(dy, x, scale, mean, variance, dscale, doffset, dx, epsilon, share, channels, inner, count):
    """`share` is one over the number of elements of a channel; 0 if mean and variance do not come from them."""
    i = cuda.grid(1)
    if i < count:
        c = i // inner % channels
        inverse = 1 / math.sqrt(variance[c] + epsilon)
        normal = (x[i] - mean[c]) * inverse
        dx[i] = (dy[i] - (normal * dscale[c] + doffset[c]) * share) * (scale[c] * inverse)


@gpu_kernel("FusedBatchNormGrad", "FusedBatchNormGradV3")
def _batch_norm_grad(op: Any) -> Call | None:
    if op._attrs["T"].as_numpy_dtype is not np.float32:
        return None
    axis, epsilon, training = channel_axis(op), np.float32(op._attrs["epsilon"]), op._attrs["is_training"]

    def call(dy: Any, x: Any, scale: Any, mean: Any, variance: Any, *_: Any) -> Any:
        how, dx = _Layout(x, axis), empty(x.shape, x.dtype)
        none = empty((0,), np.float32), empty((0,), np.float32)
        if x.size == 0:
            dscale, doffset = (filled((how.channels,), np.float32, 0) for _ in range(2))
            return dx, dscale, doffset, *none
        products = empty(x.shape, x.dtype)
        sizes = how.channels, how.inner, x.size
        launch(normal_products, x.size, dy.flat, x.flat, mean.flat, variance.flat, products.flat, epsilon, *sizes)
        dscale, doffset = (how.sums(t).reshaped((how.channels,)) for t in (products, dy))
        share = np.float32(1 / how.count if training else 0)
        vectors = scale.flat, mean.flat, variance.flat, dscale.flat, doffset.flat
        launch(batch_norm_gradient, x.size, dy.flat, x.flat, *vectors, dx.flat, epsilon, share, *sizes)
        return dx, dscale, doffset, *none

    return call


# --- response normalization --------------------------------------------------------------------------------------------------


@device_function
def _norm(x, i, channel, depth, radius, bias, alpha):
    """The bias and the squares of the channels at most `radius` away from element i's."""
    total = bias - bias
    for c in range(max(channel - radius, 0), min(channel + radius + 1, depth)):
        value = x[i - channel + c]
        total += value * value
    return bias + alpha * total


@kernel(f"void({_F * 2}int64, float32, float32, float32, int64, int64)")
def respond(x, y, radius, bias, alpha, beta, depth, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = x[i] * _norm(x, i, i % depth, depth, radius, bias, alpha) ** -beta


@kernel(f"void({_F * 4}int64, float32, float32, float32, int64, int64)")
def respond_gradient(dy, x, y, dx, radius, bias, alpha, beta, depth, count):
    i = cuda.grid(1)
    if i < count:
        channel = i % depth
        through = bias - bias
        for c in range(max(channel - radius, 0), min(channel + radius + 1, depth)):
            j = i - channel + c
            through += dy[j] * y[j] / _norm(x, j, c, depth, radius, bias, alpha)
        own = _norm(x, i, channel, depth, radius, bias, alpha) ** -beta
        dx[i] = dy[i] * own - 2 * alpha * beta * x[i] * through


@gpu_kernel("LRN", "LRNGrad")
def _lrn(op: Any) -> Call | None:
    if not is_float(op):
        return None
    numbers = op._attrs["depth_radius"], *(np.float32(op._attrs[name]) for name in ("bias", "alpha", "beta"))
    compiled = respond if op.type == "LRN" else respond_gradient

    def call(*given: Any) -> Any:
        made, depth = empty(given[0].shape, given[0].dtype), given[0].shape[-1]
        launch(compiled, made.size, *[x.flat for x in given], made.flat, *numbers, depth, made.size)
        return made

    return call
