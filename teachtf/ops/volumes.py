"""Convolution and pooling of volumes: batches of [depth, lines, pixels, channels]."""

from __future__ import annotations

from typing import Any

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import shape, shape_n, stop_gradient
from teachtf.ops.dilated import for_each_axis
from teachtf.ops.fills import zeros_like
from teachtf.ops.windows import windows_along


def axes_of_volumes(op: Any) -> tuple[tuple[int, int, int], int]:
    """The axes of space and that of the channels."""
    return ((1, 2, 3), 4) if op._attrs["data_format"] == b"NDHWC" else ((2, 3, 4), 1)


def _check(op: Any) -> None:
    for name in ("strides", "ksize", "dilations"):
        values = op._attrs.get(name)
        if values is not None and len(values) != 5:
            raise ValueError(f"{op.type} requires the {name} attribute to contain 5 values, but got: {len(values)}")


def _conv_shape(op: Any) -> list[TensorShape]:
    _check(op)
    given, taps = shapes.require_rank(op._inputs[0], 5), shapes.require_rank(op._inputs[1], 5)
    space, channel = axes_of_volumes(op)
    shapes.merge_dim(given[channel], taps[3])
    result = list(given)
    for axis, size in zip(space, taps[:3], strict=True):
        result[axis] = windows_along(op, axis, given[axis], size)
    result[channel] = taps[4]
    return [shapes.shape_of(result)]


def _pool_shape(op: Any) -> list[TensorShape]:
    _check(op)
    result = list(shapes.require_rank(op._inputs[0], 5))
    for axis, size in enumerate(op._attrs["ksize"]):
        result[axis] = windows_along(op, axis, result[axis], size)
    return [shapes.shape_of(result)]


def _sizes_shape(index: int) -> Any:
    return lambda op: [static.constant_value_as_shape(op._inputs[index]).with_rank(5)]


def _attrs(op: Any, *more: str) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("strides", "padding", "data_format", *more)}


def _conv_gradient(op: Any, grad: Any) -> list[Any]:
    attrs = _attrs(op, "dilations")
    x, taps = op.inputs
    x_shape, taps_shape = shape_n([x, taps])
    return [
        apply_op("Conv3DBackpropInputV2", x_shape, taps, grad, **attrs),
        apply_op("Conv3DBackpropFilterV2", x, taps_shape, grad, **attrs),
    ]


def _input_gradient(op: Any, grad: Any) -> list[Any]:
    attrs = _attrs(op, "dilations")
    _, taps, dy = op.inputs
    return [
        None,
        apply_op("Conv3DBackpropFilterV2", grad, shape(taps), dy, **attrs),
        apply_op("Conv3D", grad, taps, **attrs),
    ]


def _filter_gradient(op: Any, grad: Any) -> list[Any]:
    attrs = _attrs(op, "dilations")
    x, _, dy = op.inputs
    return [
        apply_op("Conv3DBackpropInputV2", shape(x), grad, dy, **attrs),
        None,
        apply_op("Conv3D", x, grad, **attrs),
    ]


_FLOATS = "T: {half, bfloat16, float, double}"
_SLIDE = "strides: list(int) >= 5, padding: {'SAME', 'VALID'}, data_format: {'NDHWC', 'NCDHW'} = 'NDHWC'"
_CONV = f"{_FLOATS}, {_SLIDE}, dilations: list(int) = [1, 1, 1, 1, 1]"
declare(
    "Conv3D",
    inputs="input: T, filter: T",
    outputs="output: T",
    attrs=_CONV,
    shape=_conv_shape,
    gradient=_conv_gradient,
)
declare(
    "Conv3DBackpropInputV2",
    inputs="input_sizes: Tshape, filter: T, out_backprop: T",
    outputs="output: T",
    attrs=f"{_CONV}, Tshape: {{int32, int64}} = DT_INT32",
    shape=_sizes_shape(0),
    gradient=_input_gradient,
)
declare(
    "Conv3DBackpropFilterV2",
    inputs="input: T, filter_sizes: int32, out_backprop: T",
    outputs="output: T",
    attrs=_CONV,
    shape=_sizes_shape(1),
    gradient=_filter_gradient,
)


def _max_gradient(op: Any, grad: Any) -> list[Any]:
    return [apply_op("MaxPool3DGrad", op.inputs[0], op.outputs[0], grad, **_attrs(op, "ksize"))]


def _second_gradient(op_type: str) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        x, y = op.inputs[:2]
        return [zeros_like(x), zeros_like(y), apply_op(op_type, x, y, grad, **_attrs(op, "ksize"))]

    return gradient


_POOL = f"ksize: list(int) >= 5, {_SLIDE}"
_FEW = "{half, bfloat16, float}"
declare(
    "MaxPool3D",
    inputs="input: T",
    outputs="output: T",
    attrs=f"{_POOL}, T: {_FEW}",
    shape=_pool_shape,
    gradient=_max_gradient,
)
declare(
    "MaxPool3DGrad",
    inputs="orig_input: TInput, orig_output: TInput, grad: T",
    outputs="output: T",
    attrs=f"{_POOL}, T: {_FEW} = DT_FLOAT, TInput: {_FEW} = DT_FLOAT",
    shape=lambda op: [shapes.shape_of(shapes.require_rank(op._inputs[0], 5))],
    gradient=_second_gradient("MaxPool3DGradGrad"),
)
declare(
    "MaxPool3DGradGrad",
    inputs="orig_input: T, orig_output: T, grad: T",
    outputs="output: T",
    attrs=f"{_POOL}, T: realnumbertype",
    shape=lambda op: [shapes.shape_of(shapes.require_rank(op._inputs[1], 5))],
    gradient=_second_gradient("MaxPool3DGrad"),
)
declare(
    "AvgPool3D",
    inputs="input: T",
    outputs="output: T",
    attrs=f"{_POOL}, {_FLOATS}",
    shape=_pool_shape,
    gradient=lambda op, grad: [apply_op("AvgPool3DGrad", shape(op.inputs[0]), grad, **_attrs(op, "ksize"))],
)
declare(
    "AvgPool3DGrad",
    inputs="orig_input_shape: int32, grad: T",
    outputs="output: T",
    attrs=f"{_POOL}, {_FLOATS}",
    shape=_sizes_shape(0),
    gradient=lambda op, grad: [stop_gradient(op.inputs[0]), apply_op("AvgPool3D", grad, **_attrs(op, "ksize"))],
)


# --- public functions ------------------------------------------------------------------------------------------------


def conv3d(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str | None = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Tensor:
    """The convolution of volumes.

    Args:
      input: [batch, depth, lines, pixels, channels].
      filter: [depth, lines, pixels, channels, filters] of the same float dtype. Also called `filters`.
      strides: the step of the windows, one number for each of the five axes.
      padding: "SAME" or "VALID".
      data_format: "NDHWC", or "NCDHW" for channels second.
      dilations: how far apart the taps are.
      name: the operation's name.
      filters: see `filter`.

    Raises:
      ValueError: the shapes do not fit, or a window is larger than the volume.

    Source: `tf.nn.conv3d`.
    """
    taps = renamed("filters", filters, "filter", filter)
    return apply_op(
        "Conv3D",
        input,
        taps,
        strides=list(strides),
        padding=padding,
        data_format=data_format,
        dilations=list(dilations),
        name=name,
    )


def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str | None = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The gradient of `conv3d` for its input: volumes made larger. Filters are [..., filters, channels].

    Source: `tf.nn.conv3d_transpose`.
    """
    taps, value = renamed("filters", filters, "filter", filter), renamed("input", input, "value", value)
    with name_scope(name, "conv3d_transpose", [value, taps, output_shape]) as scope:
        data_format = data_format or "NDHWC"
        second = data_format.startswith("NC")
        return apply_op(
            "Conv3DBackpropInputV2",
            output_shape,
            taps,
            value,
            strides=for_each_axis(strides, 3, second, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=for_each_axis(dilations, 3, second, "dilations"),
            name=scope,
        )


def _pool(op_type: str, input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any, name: Any) -> Tensor:
    with name_scope(name, op_type, [input]) as scope:
        data_format = data_format or "NDHWC"
        second = data_format.startswith("NC")
        window, steps = for_each_axis(ksize, 3, second, "ksize"), for_each_axis(strides, 3, second, "strides")
        return apply_op(op_type, input, ksize=window, strides=steps, padding=padding, data_format=data_format, name=scope)


def max_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """The largest element of each window of volumes; sizes and steps as one number, three, or five.

    Source: `tf.nn.max_pool3d`.
    """
    return _pool("MaxPool3D", input, ksize, strides, padding, data_format, name)


def avg_pool3d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NDHWC", name: str | None = None
) -> Tensor:
    """The mean of each window of volumes, of what lies inside; the arguments are those of `max_pool3d`.

    Source: `tf.nn.avg_pool3d`.
    """
    return _pool("AvgPool3D", input, ksize, strides, padding, data_format, name)
