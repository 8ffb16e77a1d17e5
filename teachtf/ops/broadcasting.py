"""The way back through a broadcast: gradients summed to the shapes of the inputs."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
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
