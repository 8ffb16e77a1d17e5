"""Convolutions that keep channels apart, and the one that mixes them after."""

from __future__ import annotations

import warnings
from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import windows
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import shape
from teachtf.ops.convolution import conv2d


def _native(
    op_type: str, inputs: tuple[Any, ...], strides: Any, padding: Any, data_format: Any, dilations: Any, name: str | None
) -> Tensor:
    return apply_op(
        op_type,
        *inputs,
        strides=strides,
        dilations=[1, 1, 1, 1] if dilations is None else dilations,
        **windows.padding_attrs(padding),
        data_format=data_format,
        name=name,
    )


def depthwise_conv2d_native(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """`depthwise_conv2d` as one operation, with strides and dilations for each of four dimensions.

    Source: `tf.nn.depthwise_conv2d_native`.
    """
    return _native("DepthwiseConv2dNative", (input, filter), strides, padding, data_format, dilations, name)


def depthwise_conv2d_native_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The gradient of `depthwise_conv2d_native` by its images, of shape `input_sizes`.

    Source: `tf.nn.depthwise_conv2d_native_backprop_input`.
    """
    inputs = input_sizes, filter, out_backprop
    return _native("DepthwiseConv2dNativeBackpropInput", inputs, strides, padding, data_format, dilations, name)


def depthwise_conv2d_native_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The gradient of `depthwise_conv2d_native` by its filter, of shape `filter_sizes`.

    Source: `tf.nn.depthwise_conv2d_native_backprop_filter`.
    """
    inputs = input, filter_sizes, out_backprop
    return _native("DepthwiseConv2dNativeBackpropFilter", inputs, strides, padding, data_format, dilations, name)


def _depthwise(images: Any, filters: Any, strides: Any, padding: Any, rate: Any, data_format: Any, name: str) -> Tensor:
    rate = [1, 1] if rate is None else [int(r) for r in rate]
    if max(rate) > 1 and any(s != 1 for s in strides):
        warnings.warn(
            "When dilation rate is greater than 1, then all values of strides must be 1. Received: `dilation rate` "
            f"{rate} and `strides` {strides}",
            stacklevel=3,
        )
    shape(filters)  # TensorFlow leaves these two constants in the graph: node names after them depend on it
    constant(rate, name="dilation_rate")
    dilations = windows.four(rate, data_format, "dilations")
    return depthwise_conv2d_native(images, filters, strides, padding, data_format, dilations, name)


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """Each channel of the images convolved with filters of its own.

    Args:
      input: float images, [batch, lines, pixels, channels], or as `data_format` says.
      filter: [lines, pixels, channels, multiplier]; channel c gives channels c * multiplier and on.
      strides: one number for each dimension; those of lines and pixels are equal.
      padding: "SAME" or "VALID", or four (before, after) pairs.
      rate: two numbers, the distance of a filter's taps; also called `dilations`.
      name: the operation's name.
      data_format: "NHWC" (the default) or "NCHW".
      dilations: see `rate`.

    Raises:
      ValueError: the filter is larger than the image, or depths do not fit.

    Source: `tf.nn.depthwise_conv2d`.
    """
    rate = renamed("dilations", dilations, "rate", rate)
    with name_scope(name, "depthwise", [input, filter]) as scope:
        images = convert_to_tensor(input, name="tensor_in")
        filters = convert_to_tensor(filter, name="filter_in")
        return _depthwise(images, filters, strides, padding, rate, data_format, scope)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """`depthwise_conv2d`, and then a 1 x 1 `conv2d` that mixes the channels.

    Args:
      input: float images, [batch, lines, pixels, channels], or as `data_format` says.
      depthwise_filter: [lines, pixels, channels, multiplier].
      pointwise_filter: [1, 1, channels * multiplier, filters].
      strides: one number for each dimension, for the depthwise part.
      padding: "SAME" or "VALID", or four (before, after) pairs.
      rate: two numbers, the distance of a filter's taps; also called `dilations`.
      name: the operation's name.
      data_format: "NHWC" (the default) or "NCHW".
      dilations: see `rate`.

    Raises:
      ValueError: the pointwise filter is not 1 x 1, or sizes do not fit.

    Source: `tf.nn.separable_conv2d`.
    """
    rate = renamed("dilations", dilations, "rate", rate)
    with name_scope(name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]) as scope:
        images = convert_to_tensor(input, name="tensor_in")
        depthwise_filter = convert_to_tensor(depthwise_filter, name="depthwise_filter")
        pointwise_filter = convert_to_tensor(pointwise_filter, name="pointwise_filter")
        sides = pointwise_filter.shape.with_rank(4).dims
        sides[0].assert_is_compatible_with(1)
        sides[1].assert_is_compatible_with(1)
        depthwise = _depthwise(images, depthwise_filter, strides, padding, rate, data_format, "depthwise")
        return conv2d(depthwise, pointwise_filter, [1, 1, 1, 1], "VALID", data_format=data_format, name=scope)
