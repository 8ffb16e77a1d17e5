"""The largest or the mean value in each window of images."""

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
from teachtf.ops.arrays import shape, stop_gradient
from teachtf.ops.fills import zeros_like

_WINDOW = "ksize: list(int) >= 4, strides: list(int) >= 4"
_SAME_VALID = "padding: {'SAME', 'VALID'}, data_format: {'NHWC', 'NCHW'} = 'NHWC'"
_FLOATS = "T: {half, bfloat16, float, double}"


def _pool_shape(op: Any) -> list[TensorShape]:
    images = shapes.require_rank(op._inputs[0], 4)
    windows.check(op)
    axes, ksize = windows.axes_of(op), op._attrs["ksize"]
    result: list[int | None] = [images[0]] * 4
    for axis in axes:
        result[axis] = windows.windows_along(op, axis, images[axis], ksize[axis])
    return [shapes.shape_of(result)]


def _max_pool_grad_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 4)
    return [op._inputs[0]._shape.merge_with(TensorShape([None] * 4))]


def _max_pool_grad_grad_shape(op: Any) -> list[TensorShape]:
    return [_pool_shape(op)[0].merge_with(op._inputs[1]._shape)]


def _avg_pool_grad_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[1], 4)
    return [static.constant_value_as_shape(op._inputs[0]).merge_with(TensorShape([None] * 4))]


def _attrs(op: Any, *more: str) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("ksize", "strides", "padding", "data_format", *more)}


def _max_pool_gradient(op: Any, grad: Any) -> list[Any]:
    return [apply_op("MaxPoolGrad", op.inputs[0], op.outputs[0], grad, **_attrs(op, "explicit_paddings"))]


def _second_gradient(grad_type: str) -> Any:
    """Which element of a window is the largest does not change: only the gradient's own gradient flows."""

    def gradient(op: Any, grad: Any) -> list[Any]:
        images, pooled = op.inputs[:2]
        return [zeros_like(images), zeros_like(pooled), apply_op(grad_type, images, pooled, grad, **_attrs(op))]

    return gradient


def _avg_pool_gradient(op: Any, grad: Any) -> list[Any]:
    return [apply_op("AvgPoolGrad", shape(op.inputs[0]), grad, **_attrs(op))]


def _avg_pool_grad_gradient(op: Any, grad: Any) -> list[Any]:
    return [stop_gradient(op.inputs[0]), apply_op("AvgPool", grad, **_attrs(op))]


declare(
    "MaxPool",
    inputs="input: T",
    outputs="output: T",
    attrs="T: {half, bfloat16, float, double, int32, int64, uint8, int16, int8, uint16, qint8} = DT_FLOAT, "
    f"{_WINDOW}, padding: {{'SAME', 'VALID', 'EXPLICIT'}}, explicit_paddings: list(int) = [], "
    "data_format: {'NHWC', 'NCHW', 'NCHW_VECT_C'} = 'NHWC'",
    shape=_pool_shape,
    gradient=_max_pool_gradient,
)
declare(
    "MaxPoolGrad",
    inputs="orig_input: T, orig_output: T, grad: T",
    outputs="output: T",
    attrs=f"{_WINDOW}, padding: {{'SAME', 'VALID', 'EXPLICIT'}}, explicit_paddings: list(int) = [], "
    "data_format: {'NHWC', 'NCHW'} = 'NHWC', T: realnumbertype = DT_FLOAT",
    shape=_max_pool_grad_shape,
    gradient=_second_gradient("MaxPoolGradGrad"),
)
declare(
    "MaxPoolGradGrad",
    inputs="orig_input: T, orig_output: T, grad: T",
    outputs="output: T",
    attrs=f"{_WINDOW}, {_SAME_VALID}, T: realnumbertype",
    shape=_max_pool_grad_grad_shape,
    gradient=_second_gradient("MaxPoolGrad"),
)
declare(
    "AvgPool",
    inputs="value: T",
    outputs="output: T",
    attrs=f"{_WINDOW}, {_SAME_VALID}, {_FLOATS}",
    shape=_pool_shape,
    gradient=_avg_pool_gradient,
)
declare(
    "AvgPoolGrad",
    inputs="orig_input_shape: int32, grad: T",
    outputs="output: T",
    attrs=f"{_WINDOW}, {_SAME_VALID}, {_FLOATS}",
    shape=_avg_pool_grad_shape,
    gradient=_avg_pool_grad_gradient,
)


def max_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The largest value in each window.

    Args:
      value: images, [batch, lines, pixels, channels], or as `data_format` says; also called `input`.
      ksize: the size of a window: one number, two (lines, pixels), or one for each dimension.
      strides: the step of the windows, in the same forms.
      padding: "SAME" (as many windows as steps), "VALID" (only windows inside the image), or four (before, after) pairs.
        Padding is never the largest.
      data_format: "NHWC" or "NCHW".
      name: the operation's name.
      input: see `value`.

    Returns:
      Images of the same dtype.

    Raises:
      ValueError: a window is larger than the image, or an argument has no such form.

    Source: `tf.nn.max_pool`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    ...     print(sess.run(tf.nn.max_pool(x, 2, 2, "VALID"))[0, :, :, 0])
    [[ 5.  7.]
     [13. 15.]]
    """
    value = renamed("input", input, "value", value)
    with name_scope(name, "MaxPool", [value]) as scope:
        ksize = windows.four(ksize, data_format, "ksize")
        strides = windows.four(strides, data_format, "strides")
        attrs = windows.padding_attrs(padding)
        if 0 in ksize:
            raise ValueError(f"`ksize` cannot be zero. Received: ksize={ksize}")
        return apply_op("MaxPool", value, ksize=ksize, strides=strides, **attrs, data_format=data_format or "NHWC", name=scope)


def avg_pool(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Tensor:
    """The mean of each window, over what lies inside the image.

    Args:
      value: float images, [batch, lines, pixels, channels], or as `data_format` says; also called `input`.
      ksize: the size of a window: one number, two (lines, pixels), or one for each dimension.
      strides: the step of the windows, in the same forms.
      padding: "SAME" (as many windows as steps) or "VALID" (only windows inside the image).
      data_format: "NHWC" or "NCHW".
      name: the operation's name.
      input: see `value`.

    Raises:
      ValueError: a window is larger than the image, or an argument has no such form.

    Source: `tf.nn.avg_pool`.
    """
    value = renamed("input", input, "value", value)
    with name_scope(name, "AvgPool", [value]) as scope:
        return apply_op(
            "AvgPool",
            value,
            ksize=windows.four(ksize, data_format, "ksize"),
            strides=windows.four(strides, data_format, "strides"),
            padding=padding,
            data_format=data_format or "NHWC",
            name=scope,
        )
