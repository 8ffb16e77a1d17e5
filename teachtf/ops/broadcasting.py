"""Shapes broadcast together, and the way back: gradients summed to the shapes of the inputs."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, as_shape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.shape_functions import Dims

declare(
    "BroadcastGradientArgs",
    inputs="s0: T, s1: T",
    outputs="r0: T, r1: T",
    attrs="T: {int32, int64} = DT_INT32",
    shape=lambda op: [shapes.shape_of([None])] * 2,
    gradient=NOT_DIFFERENTIABLE,
)


def _args_shape(op: Any) -> list[TensorShape]:
    lengths = [shapes.require_rank(tensor, 1)[0] for tensor in op._inputs]
    return [shapes.shape_of([None if None in lengths else max(n or 0 for n in lengths)])]


declare(
    "BroadcastArgs",
    inputs="s0: T, s1: T",
    outputs="r0: T",
    attrs="T: {int32, int64} = DT_INT32",
    shape=_args_shape,
)


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The shape to which two shapes (integer vectors) broadcast, worked out in a run. Source: `tf.broadcast_dynamic_shape`."""
    return apply_op("BroadcastArgs", shape_x, shape_y)


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The `TensorShape` to which two others broadcast.

    Raises:
      ValueError: two dimensions differ, and neither is 1.

    Source: `tf.broadcast_static_shape`.

    >>> import teachtf as tf
    >>> tf.broadcast_static_shape(tf.TensorShape([3, 1]), tf.TensorShape([None, 4])).as_list()
    [3, 4]
    """
    x, y = as_shape(shape_x), as_shape(shape_y)
    try:
        dims = shapes.broadcast_dims(x.as_tuple, y.as_tuple)
    except ValueError:
        raise ValueError(
            "Incompatible shapes for broadcasting. Two shapes are compatible if for each dimension pair they are either equal "
            f"or one of them is 1. Received: {x} and {y}."
        ) from None
    return unknown_shape() if dims is None else shapes.shape_of(dims)


def _static_axes(x: Dims, y: Dims) -> tuple[list[int], list[int]] | None:
    """The axes along which each side was repeated, or None where a run has to tell."""
    if x is None or y is None:
        return None
    rank = max(len(x), len(y))
    x_axes, y_axes = [], []
    for axis in range(rank):
        a = 1 if axis < rank - len(x) else x[axis - (rank - len(x))]
        b = 1 if axis < rank - len(y) else y[axis - (rank - len(y))]
        if a == 1 and b != 1:
            x_axes.append(axis)
        elif b == 1 and a != 1:
            y_axes.append(axis)
        elif a is None or b is None:
            return None
    return x_axes, y_axes


def sum_to_inputs(x: Any, y: Any, gx: Any, gy: Any) -> list[Any]:
    """`gx` and `gy`, of the broadcast shape of `x` and `y`, summed to the shapes of `x` and of `y`. None stays None."""
    from teachtf.ops.arrays import reshape, shape
    from teachtf.ops.reductions import reduce_sum

    x_shape, y_shape = shape(x), shape(y)
    axes = _static_axes(x.shape.as_tuple, y.shape.as_tuple)
    if axes is None:
        x_axes, y_axes = apply_op("BroadcastGradientArgs", x_shape, y_shape)
        reduce_x = reduce_y = True
    else:
        x_axes, y_axes = axes
        reduce_x = bool(x_axes) or len(x.shape.as_tuple) < len(y.shape.as_tuple)
        reduce_y = bool(y_axes) or len(y.shape.as_tuple) < len(x.shape.as_tuple)
    if reduce_x and gx is not None:
        gx = reshape(reduce_sum(gx, x_axes, keepdims=True), x_shape)
    if reduce_y and gy is not None:
        gy = reshape(reduce_sum(gy, y_axes, keepdims=True), y_shape)
    return [gx, gy]
