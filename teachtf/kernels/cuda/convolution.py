"""Convolution of pictures and its gradients: volumes of a depth of 1, to `sliding.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.convolution import Images, check_depth, check_result
from teachtf.kernels.cuda.arrays import GpuArray
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.sliding import Sliding, convolved, filter_gradient, input_gradient, viewed
from teachtf.kernels.registry import Call
from teachtf.ops.windows import Slide

__all__ = ["as_given", "as_nhwc", "is_float", "of_images"]


def of_images(how: Slide, shape: tuple[int, ...], kernel: tuple[int, ...]) -> Sliding:
    """How windows slide over NHWC images of this shape, as volumes of one picture each."""
    (top, _), (left, _) = how.padding
    sizes, taps = (1, shape[1], shape[2]), (1, kernel[0], kernel[1])
    return Sliding(sizes, (1, *how.windows), taps, (1, *how.strides), (0, -top, -left), (1, *how.dilations))


def as_nhwc(images: Images, x: GpuArray) -> GpuArray:
    return viewed(x, images.read)


def as_given(images: Images, x: GpuArray) -> GpuArray:
    """NHWC images as the op gives them."""
    return x if images.channels_last else viewed(x, lambda whole: whole.transpose(0, 3, 1, 2))


def as_volumes(x: GpuArray) -> GpuArray:
    """NHWC pictures as volumes of one each."""
    return x.reshaped((x.shape[0], 1, *x.shape[1:]))


def as_pictures(x: GpuArray) -> GpuArray:
    return x.reshaped((x.shape[0], *x.shape[2:]))


def as_filter(w: GpuArray) -> GpuArray:
    """A filter of pictures as one of volumes."""
    return w.reshaped((1, *w.shape))


def is_float(op: Any) -> bool:
    """Whether the kernels have the type."""
    return op._attrs["T"].as_numpy_dtype in (np.float32, np.float64)


@gpu_kernel("Conv2D")
def _conv2d(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(x: Any, w: Any) -> Any:
        x = as_nhwc(images, x)
        check_depth(op, x.shape[3], w.shape[2])
        how = of_images(images.slide(x.shape, w.shape[:2]), x.shape, w.shape)
        return as_given(images, as_pictures(convolved(as_volumes(x), as_filter(w), how)))

    return call


@gpu_kernel("Conv2DBackpropInput", host=[0])
def _conv2d_backprop_input(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        shape, dy = images.shape(sizes), as_nhwc(images, dy)
        check_depth(op, shape[3], w.shape[2])
        slide = images.slide(shape, w.shape[:2])
        check_result(op, dy, (shape[0], *slide.windows, w.shape[3]))
        how = of_images(slide, shape, w.shape)
        return as_given(images, as_pictures(input_gradient(as_volumes(dy), as_filter(w), how)))

    return call


@gpu_kernel("Conv2DBackpropFilter", host=[1])
def _conv2d_backprop_filter(op: Any) -> Call | None:
    if not is_float(op):
        return None
    images = Images(op)

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = as_nhwc(images, x), as_nhwc(images, dy)
        shape = tuple(int(d) for d in sizes)
        check_depth(op, x.shape[3], shape[2])
        slide = images.slide(x.shape, (shape[0], shape[1]))
        check_result(op, dy, (x.shape[0], *slide.windows, shape[3]))
        how = of_images(slide, x.shape, shape)
        return filter_gradient(as_volumes(x), as_volumes(dy), how).reshaped(shape)

    return call
