"""Convolutions of images and their transposes. The depthwise ones' functions stand in `depthwise.py`."""

from __future__ import annotations

from typing import Any

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops import windows
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import expand_dims, shape, squeeze

_PADDING = (
    "padding: {'SAME', 'VALID', 'EXPLICIT'}, explicit_paddings: list(int) = [], data_format: {'NHWC', 'NCHW'} = 'NHWC', "
    "dilations: list(int) = [1, 1, 1, 1]"
)
_HALVES = "half, bfloat16, float, double"


# --- shapes --------------------------------------------------------------------------------------------------------


def _images(op: Any, channels: int | None) -> list[TensorShape]:
    """The first input's images, seen through windows of the second's size."""
    images, filters = shapes.require_rank(op._inputs[0], 4), shapes.require_rank(op._inputs[1], 4)
    axes = windows.axes_of(op)
    result: list[int | None] = [images[0]] * 4
    result[axes.channel] = channels
    for axis, kernel in zip(axes[:2], filters[:2], strict=True):
        result[axis] = windows.windows_along(op, axis, images[axis], kernel)
    return [shapes.shape_of(result)]


def _conv_shape(op: Any) -> list[TensorShape]:
    images, filters = shapes.require_rank(op._inputs[0], 4), shapes.require_rank(op._inputs[1], 4)
    windows.check(op)
    given, taken, made = images[windows.axes_of(op).channel], filters[2], filters[3]
    if taken == 0:
        raise ValueError("Depth of filter must not be 0")
    if given is not None and taken is not None:
        if given % taken:
            raise ValueError(f"Depth of input ({given}) is not a multiple of input depth of filter ({taken})")
        groups = given // taken
        if made is not None and groups and made % groups:
            raise ValueError(f"Depth of output ({made}) is not a multiple of the number of groups ({groups})")
    return _images(op, made)


def _depthwise_shape(op: Any) -> list[TensorShape]:
    images, filters = shapes.require_rank(op._inputs[0], 4), shapes.require_rank(op._inputs[1], 4)
    windows.check(op)
    channels = shapes.merge_dim(images[windows.axes_of(op).channel], filters[2])
    return _images(op, None if channels is None or filters[3] is None else channels * filters[3])


def _sizes(op: Any, index: int) -> tuple[int | None, ...]:
    """The four dimensions that an input holds."""
    shapes.require_rank(op._inputs[index], 1)
    held = static.constant_value_as_shape(op._inputs[index]).as_tuple
    if held is None:
        return (None,) * 4
    if len(held) != 4:
        if op.type == "Conv2DBackpropInput":
            raise ValueError(f"{op.type} requires input_sizes to contain 4 values, but got: {len(held)}")
        raise ValueError(f"Shape must be rank 4 but is rank {len(held)}")
    return held


def _input_gradient_shape(op: Any) -> list[TensorShape]:
    filters, backprop = shapes.require_rank(op._inputs[1], 4), shapes.require_rank(op._inputs[2], 4)
    sizes = _sizes(op, 0)
    if op.type == "Conv2DBackpropInput":
        shapes.merge_dim(backprop[windows.axes_of(op).channel], filters[3])
        shapes.merge_dim(sizes[0], backprop[0])
        sizes = (backprop[0], *sizes[1:])  # TensorFlow lets the gradient speak for the batch, even where it knows less
    return [shapes.shape_of(sizes)]


def _filter_gradient_shape(op: Any) -> list[TensorShape]:
    return [shapes.shape_of(_sizes(op, 1))]


# --- gradients: each op's are the two others -------------------------------------------------------------------------


def _family(op: Any) -> tuple[str, str, str, dict[str, Any]]:
    """The three op types of this kind of convolution, and the attributes that they share."""
    names = "strides", "padding", "explicit_paddings", "data_format", "dilations"
    attrs = {name: op.get_attr(name) for name in names}
    if op.type.startswith("Depthwise"):
        kind = "DepthwiseConv2dNative"
    else:
        kind, attrs["use_cudnn_on_gpu"] = "Conv2D", op.get_attr("use_cudnn_on_gpu")
    return kind, f"{kind}BackpropInput", f"{kind}BackpropFilter", attrs


def _conv_gradient(op: Any, grad: Any) -> list[Any]:
    _, by_input, by_filter, attrs = _family(op)
    images, filters = op.inputs
    if op.type == "Conv2D":
        images_shape, filters_shape = apply_op("ShapeN", [images, filters])
        return [
            apply_op(by_input, images_shape, filters, grad, **attrs),
            apply_op(by_filter, images, filters_shape, grad, **attrs),
        ]
    return [
        apply_op(by_input, shape(images), filters, grad, **attrs),
        apply_op(by_filter, images, shape(filters), grad, **attrs),
    ]


def _input_gradient_gradient(op: Any, grad: Any) -> list[Any]:
    forward, _, by_filter, attrs = _family(op)
    _, filters, backprop = op.inputs
    by_filters = apply_op(by_filter, grad, shape(filters), backprop, **attrs)
    return [None, by_filters, apply_op(forward, grad, filters, **attrs)]


def _filter_gradient_gradient(op: Any, grad: Any) -> list[Any]:
    forward, by_input, _, attrs = _family(op)
    images, _, backprop = op.inputs
    by_images = apply_op(by_input, shape(images), grad, backprop, **attrs)
    return [by_images, None, apply_op(forward, images, grad, **attrs)]


for _kind, _types, _filter_types, _forward_shape, _cudnn in (
    ("Conv2D", f"{_HALVES}, int32", _HALVES, _conv_shape, "use_cudnn_on_gpu: bool = true, "),
    ("DepthwiseConv2dNative", _HALVES, _HALVES, _depthwise_shape, ""),
):
    _attrs = f"strides: list(int), {_cudnn}{_PADDING}"
    declare(
        _kind,
        inputs="input: T, filter: T",
        outputs="output: T",
        attrs=f"T: {{{_types}}}, {_attrs}",
        shape=_forward_shape,
        gradient=_conv_gradient,
    )
    declare(
        f"{_kind}BackpropInput",
        inputs="input_sizes: int32, filter: T, out_backprop: T",
        outputs="output: T",
        attrs=f"T: {{{_types}}}, {_attrs}",
        shape=_input_gradient_shape,
        gradient=_input_gradient_gradient,
    )
    declare(
        f"{_kind}BackpropFilter",
        inputs="input: T, filter_sizes: int32, out_backprop: T",
        outputs="output: T",
        attrs=f"T: {{{_filter_types}}}, {_attrs}",
        shape=_filter_gradient_shape,
        gradient=_filter_gradient_gradient,
    )


# --- public functions ------------------------------------------------------------------------------------------------


def conv2d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str | None = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The sums of products of each patch of the images with each filter.

    Args:
      input: float images, [batch, lines, pixels, channels], or as `data_format` says.
      filter: [lines, pixels, channels, filters], of the same dtype; also called `filters`.
      strides: the step of the windows: one number, two (lines, pixels), or one for each dimension.
      padding: "SAME" (as many windows as steps), "VALID" (only windows inside the image), or four (before, after) pairs.
      use_cudnn_on_gpu: accepted, not used.
      data_format: "NHWC" or "NCHW".
      dilations: the distance of a filter's taps, in the forms of `strides`.
      name: the operation's name.

    Returns:
      Images of the input's dtype with a channel for each filter.

    Raises:
      ValueError: the filter is larger than the image, depths do not fit, or an argument has no such form.

    Source: `tf.nn.conv2d`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.nn.conv2d(tf.ones([1, 3, 3, 1]), tf.ones([2, 2, 1, 1]), 1, "VALID"))[0, :, :, 0])
    [[4. 4.]
     [4. 4.]]
    """
    filter = renamed("filters", filters, "filter", filter)
    data_format = data_format or "NHWC"
    return apply_op(
        "Conv2D",
        input,
        filter,
        strides=windows.four(strides, data_format, "strides"),
        dilations=windows.four(dilations, data_format, "dilations"),
        **windows.padding_attrs(padding),
        use_cudnn_on_gpu=use_cudnn_on_gpu,
        data_format=data_format,
        name=name,
    )


def conv2d_backprop_input(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The gradient of `conv2d` by its images, of shape `input_sizes`, given that by its result.

    Raises ValueError as `conv2d` does. Source: `tf.nn.conv2d_backprop_input`.
    """
    filter = renamed("filters", filters, "filter", filter)
    attrs = {**windows.padding_attrs(padding), "data_format": data_format, "dilations": dilations}
    attrs["use_cudnn_on_gpu"] = use_cudnn_on_gpu
    return apply_op("Conv2DBackpropInput", input_sizes, filter, out_backprop, strides=strides, **attrs, name=name)


def conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv2d` by its filter, of shape `filter_sizes`, given that by its result.

    Raises ValueError as `conv2d` does. Source: `tf.nn.conv2d_backprop_filter`.
    """
    attrs = {**windows.padding_attrs(padding), "data_format": data_format, "dilations": dilations}
    attrs["use_cudnn_on_gpu"] = use_cudnn_on_gpu
    return apply_op("Conv2DBackpropFilter", input, filter_sizes, out_backprop, strides=strides, **attrs, name=name)


def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The transpose of `conv2d`: each pixel of `value` spreads a filter over the result. It makes images larger.

    Args:
      value: float images, [batch, lines, pixels, channels]; also called `input`.
      filter: [lines, pixels, output channels, channels]; also called `filters`.
      output_shape: the shape of the result, as a list or a 1-D int32 tensor.
      strides: the distance of the spreads, in the forms that `conv2d` takes.
      padding: as of the `conv2d` that this one transposes.
      data_format: "NHWC" or "NCHW".
      name: the operation's name.
      input: see `value`.
      filters: see `filter`.
      dilations: the distance of a filter's taps.

    Raises:
      ValueError: depths do not fit, or an argument has no such form.

    Source: `tf.nn.conv2d_transpose`.
    """
    value = renamed("input", input, "value", value)
    filter = renamed("filters", filters, "filter", filter)
    with name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as scope:
        data_format = data_format or "NHWC"
        return apply_op(
            "Conv2DBackpropInput",
            output_shape,
            filter,
            value,
            strides=windows.four(strides, data_format, "strides"),
            dilations=windows.four(dilations, data_format, "dilations"),
            **windows.padding_attrs(padding),
            data_format=data_format,
            name=scope,
        )


def _three(value: Any, channels_last: bool, name: str) -> list[Any]:
    """`value` for each of the four dimensions of lines seen as images of one line."""
    values = [1] if value is None else [value] if isinstance(value, int) else list(value)
    if len(values) == 3:
        return [1, *values]
    if len(values) != 1:
        raise ValueError(f"{name} should be of length 1, 1 or 3. Received: {name}={values} of length {len(values)}")
    return [1, 1, *values, 1] if channels_last else [1, 1, 1, *values]


def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Tensor:
    """`conv2d` of lines: [batch, pixels, channels] and filters [pixels, channels, filters].

    Args:
      value: float lines; also called `input`.
      filters: of the same dtype.
      stride: the step of the windows.
      padding: "SAME" or "VALID".
      use_cudnn_on_gpu: accepted, not used.
      data_format: "NWC" (the default) or "NCW".
      name: the operations' name scope.
      input: see `value`.
      dilations: the distance of a filter's taps.

    Raises:
      ValueError: as `conv2d`, or `data_format` is another.

    Source: `tf.nn.conv1d`.
    """
    value = renamed("input", input, "value", value)
    with name_scope(name, "conv1d", [value, filters]) as scope:
        if data_format not in (None, "NWC", "NHWC", "NCW", "NCHW"):
            raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")
        last = data_format in (None, "NWC", "NHWC")
        line = -3 if last else -2
        strides, dilations = _three(stride, last, "stride"), _three(dilations, last, "dilations")
        convolved = apply_op(
            "Conv2D",
            expand_dims(value, line),
            expand_dims(filters, 0),
            strides=strides,
            dilations=dilations,
            padding=padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format="NHWC" if last else "NCHW",
            name=scope,
        )
        return squeeze(convolved, [line])
