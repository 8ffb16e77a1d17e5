"""Kernels of convolution: what turns a node and its inputs into a call of `cpu.conv` or `cpu.depthwise`, or of NumPy's
versions in `reference.convolution` while those are not compiled."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.prepared import computed_in, served
from teachtf.kernels.reference import convolution as reference
from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.serving import telling
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


_LAID_OUT, _MULTIPLIED = 3e-9, 5e-11  # seconds that NumPy takes for a number of a patch, and for a product


class _Versions:
    """A function of `cpu.conv` or `cpu.depthwise` for the type of `op`, and NumPy's."""

    def __init__(self, op: Any, module: str, name: str) -> None:
        self._whole = op._attrs["T"].is_integer
        self._served = served(module, name, computed_in(op._attrs["T"]), getattr(reference, name))
        self._each_channel = module == "depthwise"
        self.key = self._served.key

    def __call__(self, how: Slide, images: int, filters: tuple[int, ...], *arguments: Any, **ending: Any) -> Any:
        """The result for so many images and filters of this shape; `arguments` are those before the strides. NumPy's version
        leaves an ending (`cpu.endings`) to the caller."""
        laid_out = images * math.prod(how.windows) * math.prod(filters[:3])
        products = 0 if self._each_channel else laid_out * filters[3]
        run = self._served.version(laid_out * _LAID_OUT + products * _MULTIPLIED)
        if not self._whole:
            return run(*arguments, how.strides, how.padding, how.dilations, **(ending if self._served.compiled else {}))
        widened = [a.astype(np.float64) if isinstance(a, np.ndarray) else a for a in arguments]
        return run(*widened, how.strides, how.padding, how.dilations).astype(np.int64).astype(np.int32)

    def telling(self, call: Call) -> Call:
        """`call`, which says what is compiled for it."""
        return telling(call, lambda inputs: self.key)


def check_depth(op: Any, given: int, taken: int) -> None:
    if given != taken:
        raise errors.UnimplementedError(
            None,
            op,
            f"Grouped convolutions are not supported: the images have {given} channels and the filter {taken}. "
            "`tf.nn.depthwise_conv2d` has a filter for each channel.",
        )


def check_result(op: Any, dy: Any, expected: tuple[int, ...]) -> None:
    if dy.shape != expected:
        raise errors.InvalidArgumentError(
            None, op, f"{op.type}: out_backprop has shape {list(dy.shape)}, and these sizes give {list(expected)} (as NHWC)"
        )


def check_same_depth(op: Any, given: int, taken: int) -> None:
    """For filters of each channel."""
    if given != taken:
        raise errors.InvalidArgumentError(None, op, f"input and filter must have the same depth: {given} vs {taken}")


@kernel("Conv2D")
def _conv2d(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "conv", "conv2d")

    def call(x: Any, w: Any, **ending: Any) -> Any:
        x = images.read(x)
        check_depth(op, x.shape[3], w.shape[2])
        how = images.slide(x.shape, w.shape[:2])
        return images.give(compute(how, x.shape[0], w.shape, x, w, **ending))

    return compute.telling(call)


@kernel("Conv2DBackpropInput")
def _conv2d_backprop_input(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "conv", "conv2d_backprop_input")

    def call(sizes: Any, w: Any, dy: Any, **ending: Any) -> Any:
        shape, dy = images.shape(sizes), images.read(dy)
        check_depth(op, shape[3], w.shape[2])
        how = images.slide(shape, w.shape[:2])
        check_result(op, dy, (shape[0], *how.windows, w.shape[3]))
        return images.give(compute(how, shape[0], w.shape, shape, w, dy, **ending))

    return compute.telling(call)


@kernel("Conv2DBackpropFilter")
def _conv2d_backprop_filter(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "conv", "conv2d_backprop_filter")

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = images.read(x), images.read(dy)
        shape = tuple(int(d) for d in sizes)
        check_depth(op, x.shape[3], shape[2])
        how = images.slide(x.shape, (shape[0], shape[1]))
        check_result(op, dy, (x.shape[0], *how.windows, shape[3]))
        return compute(how, x.shape[0], shape, x, shape, dy)

    return compute.telling(call)


@kernel("DepthwiseConv2dNative")
def _depthwise(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "depthwise", "depthwise_conv2d")

    def call(x: Any, w: Any) -> Any:
        x = images.read(x)
        check_same_depth(op, x.shape[3], w.shape[2])
        how = images.slide(x.shape, w.shape[:2])
        return images.give(compute(how, x.shape[0], w.shape, x, w))

    return compute.telling(call)


@kernel("DepthwiseConv2dNativeBackpropInput")
def _depthwise_backprop_input(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "depthwise", "depthwise_conv2d_backprop_input")

    def call(sizes: Any, w: Any, dy: Any) -> Any:
        shape, dy = images.shape(sizes), images.read(dy)
        check_same_depth(op, shape[3], w.shape[2])
        how = images.slide(shape, w.shape[:2])
        check_result(op, dy, (shape[0], *how.windows, w.shape[2] * w.shape[3]))
        return images.give(compute(how, shape[0], w.shape, shape, w, dy))

    return compute.telling(call)


@kernel("DepthwiseConv2dNativeBackpropFilter")
def _depthwise_backprop_filter(op: Any) -> Call:
    images, compute = Images(op), _Versions(op, "depthwise", "depthwise_conv2d_backprop_filter")

    def call(x: Any, sizes: Any, dy: Any) -> Any:
        x, dy = images.read(x), images.read(dy)
        shape = tuple(int(d) for d in sizes)
        check_same_depth(op, x.shape[3], shape[2])
        how = images.slide(x.shape, (shape[0], shape[1]))
        check_result(op, dy, (x.shape[0], *how.windows, shape[2] * shape[3]))
        return compute(how, x.shape[0], shape, x, shape, dy)

    return compute.telling(call)
