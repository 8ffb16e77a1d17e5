"""Kernels of convolution: what turns a node and its inputs into a call of `cpu.conv` or `cpu.depthwise`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import convolution, windows
from teachtf.ops.windows import Slide

assert convolution  # the declarations

_TO_NHWC, _TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


class Images:
    """Where a node's images have their axes, and how its windows slide over images of a size."""

    def __init__(self, op: Any) -> None:
        self._op = op
        self.axes = windows.axes_of(op)
        self.channels_last = self.axes.channel == 3
        self._slides: dict[Any, Slide] = {}
        strides, dilations = op._attrs["strides"], op._attrs.get("dilations", (1, 1, 1, 1))
        outer = (0, self.axes.channel)
        if "ksize" not in op._attrs and any(strides[i] != 1 or dilations[i] != 1 for i in outer):
            raise errors.UnimplementedError(
                None, op, "Strides and dilations in the batch and depth dimensions are not supported; set them to 1."
            )

    def slide(self, shape: tuple[int, ...], kernel: tuple[int, int]) -> Slide:
        """How windows slide over images of this NHWC shape. Kept, because most programs use one shape or two."""
        key = shape[1], shape[2], kernel
        found = self._slides.get(key)
        if found is None:
            found = self._slides[key] = windows.slide(self._op, (shape[1], shape[2]), kernel)
        return found

    def read(self, images: Any) -> Any:
        """Images as NHWC."""
        return images if self.channels_last else images.transpose(_TO_NHWC)

    def shape(self, sizes: Any) -> tuple[int, ...]:
        """A shape, given as the op takes it, as NHWC."""
        dims = tuple(int(d) for d in sizes)
        if len(dims) != 4:
            raise errors.InvalidArgumentError(None, self._op, f"A shape of four dimensions is needed, got {list(dims)}")
        return dims if self.channels_last else tuple(dims[i] for i in _TO_NHWC)

    def give(self, images: Any) -> Any:
        """NHWC images as the op gives them."""
        return images if self.channels_last else np.ascontiguousarray(images.transpose(_TO_NCHW))


def _whole(function: Any, op: Any) -> Any:
    """`function` for int32: in float64, where sums up to 2**53 are exact."""
    if not op._attrs["T"].is_integer:
        return function

    def call(*arguments: Any) -> Any:
        widened = [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]
        return function(*widened).astype(np.int64).astype(np.int32)

    return call


def _check_depth(op: Any, given: int, taken: int) -> None:
    if given != taken:
        raise errors.UnimplementedError(
            None,
            op,
            f"Grouped convolutions are not supported: the images have {given} channels and the filter {taken}. "
            "`tf.nn.depthwise_conv2d` has a filter for each channel.",
        )


def _check_result(op: Any, dy: Any, expected: tuple[int, ...]) -> None:
    if dy.shape != expected:
        raise errors.InvalidArgumentError(
            None, op, f"{op.type}: out_backprop has shape {list(dy.shape)}, and these sizes give {list(expected)} (as NHWC)"
        )


@kernel("Conv2D")
def _conv2d(op: Any) -> Call:
    from teachtf.kernels.cpu.conv import conv2d

    images, compute = Images(op), _whole(conv2d, op)

    def call(x: Any, w: Any) -> Any:
        x = images.read(x)
        _check_depth(op, x.shape[3], w.shape[2])
        how = images.slide(x.shape, w.shape[:2])
        return images.give(compute(x, w, how.strides, how.padding, how.dilations))

    return call


@kernel("Conv2DBackpropInput")
def _conv2d_backprop_input(op: Any) -> Call:
    from teachtf.kernels.cpu.conv import conv2d_backprop_input

    images, compute = Images(op), _whole(conv2d_backprop_input, op)

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        shape, dy = images.shape(sizes), images.read(dy)
        _check_depth(op, shape[3], w.shape[2])
        how = images.slide(shape, w.shape[:2])
        _check_result(op, dy, (shape[0], *how.windows, w.shape[3]))
        return images.give(compute(shape, w, dy, how.strides, how.padding, how.dilations))

    return call


@kernel("Conv2DBackpropFilter")
def _conv2d_backprop_filter(op: Any) -> Call:
    from teachtf.kernels.cpu.conv import conv2d_backprop_filter

    images = Images(op)

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = images.read(x), images.read(dy)
        shape = tuple(int(d) for d in sizes)
        _check_depth(op, x.shape[3], shape[2])
        how = images.slide(x.shape, (shape[0], shape[1]))
        _check_result(op, dy, (x.shape[0], *how.windows, shape[3]))
        return conv2d_backprop_filter(x, shape, dy, how.strides, how.padding, how.dilations)

    return call


@kernel("DepthwiseConv2dNative")
def _depthwise(op: Any) -> Call:
    from teachtf.kernels.cpu.depthwise import depthwise_conv2d

    images = Images(op)

    def call(x: Any, w: Any) -> Any:
        x = images.read(x)
        if x.shape[3] != w.shape[2]:
            raise errors.InvalidArgumentError(
                None, op, f"input and filter must have the same depth: {x.shape[3]} vs {w.shape[2]}"
            )
        how = images.slide(x.shape, w.shape[:2])
        return images.give(depthwise_conv2d(x, w, how.strides, how.padding, how.dilations))

    return call


@kernel("DepthwiseConv2dNativeBackpropInput")
def _depthwise_backprop_input(op: Any) -> Call:
    from teachtf.kernels.cpu.depthwise import depthwise_conv2d_backprop_input

    images = Images(op)

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        shape, dy = images.shape(sizes), images.read(dy)
        how = images.slide(shape, w.shape[:2])
        _check_result(op, dy, (shape[0], *how.windows, w.shape[2] * w.shape[3]))
        return images.give(depthwise_conv2d_backprop_input(shape, w, dy, how.strides, how.padding, how.dilations))

    return call


@kernel("DepthwiseConv2dNativeBackpropFilter")
def _depthwise_backprop_filter(op: Any) -> Call:
    from teachtf.kernels.cpu.depthwise import depthwise_conv2d_backprop_filter

    images = Images(op)

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = images.read(x), images.read(dy)
        shape = tuple(int(d) for d in sizes)
        how = images.slide(x.shape, (shape[0], shape[1]))
        _check_result(op, dy, (x.shape[0], *how.windows, shape[2] * shape[3]))
        return depthwise_conv2d_backprop_filter(x, shape, dy, how.strides, how.padding, how.dilations)

    return call
