"""Convolution of volumes and its gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.cuda.arrays import GpuArray
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.sliding import Sliding, convolved, filter_gradient, input_gradient, three, viewed
from teachtf.kernels.registry import Call
from teachtf.kernels.volumes import Windows, check_channels, check_gradient
from teachtf.ops import volumes


def channels_last(op: Any, x: GpuArray) -> GpuArray:
    """Volumes as NDHWC."""
    return x if op._attrs["data_format"] == b"NDHWC" else viewed(x, lambda whole: np.moveaxis(whole, 1, -1))


def channels_first(op: Any, x: GpuArray) -> GpuArray:
    """NDHWC volumes as the op gives them."""
    return x if op._attrs["data_format"] == b"NDHWC" else viewed(x, lambda whole: np.moveaxis(whole, -1, 1))


def as_slide(windows: Windows) -> Sliding:
    starts = (-b for b in windows.before)
    return Sliding(*map(three, (windows.sizes, windows.counts, windows.taps, windows.strides, starts, windows.rates)))


@gpu_kernel("Conv3D")
def _conv(op: Any) -> Call:
    def call(x: Any, w: Any) -> Any:
        x = channels_last(op, x)
        check_channels(op, x.shape[4], w.shape[3])
        return channels_first(op, convolved(x, w, as_slide(Windows(op, x.shape[1:4], w.shape[:3]))))

    return call


@gpu_kernel("Conv3DBackpropInputV2", host=[0])
def _conv_input(op: Any) -> Call:
    space, channel = volumes.axes_of_volumes(op)

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        dy = channels_last(op, dy)
        check_channels(op, int(sizes[channel]), w.shape[3])
        windows = Windows(op, tuple(int(sizes[a]) for a in space), w.shape[:3])
        check_gradient(op, dy, (int(sizes[0]), *windows.counts, w.shape[4]))
        return channels_first(op, input_gradient(dy, w, as_slide(windows)))

    return call


@gpu_kernel("Conv3DBackpropFilterV2", host=[1])
def _conv_filter(op: Any) -> Call:
    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = channels_last(op, x), channels_last(op, dy)
        shape = tuple(int(s) for s in sizes)
        check_channels(op, x.shape[4], shape[3])
        windows = Windows(op, x.shape[1:4], shape[:3])
        check_gradient(op, dy, (x.shape[0], *windows.counts, shape[4]))
        return filter_gradient(x, dy, as_slide(windows))

    return call
