"""Elements of one tensor or of another, by a condition; and where a condition holds."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes


def _select_shape(op: Any) -> list[Any]:
    condition, data = op._inputs[0]._shape, op._inputs[1]._shape.merge_with(op._inputs[2]._shape)
    if condition.ndims is None or data.ndims is None or condition.ndims == 0:
        return [data]
    if condition.ndims == 1 and data.ndims:  # a vector chooses whole rows
        shapes.merge_dim(condition.as_tuple[0], data.as_tuple[0])
        return [data]
    return [data.merge_with(condition)]


def _select_v2_shape(op: Any) -> list[Any]:
    c, t, e = (i._shape.as_tuple for i in op._inputs)
    return [shapes.shape_of(shapes.broadcast_dims(c, shapes.broadcast_dims(t, e)))]


def _select_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.fills import zeros_like

    condition, x = op.inputs[0], op.inputs[1]
    zeros = zeros_like(x)
    return [None, apply_op("Select", condition, grad, zeros), apply_op("Select", condition, zeros, grad)]


def _select_v2_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.broadcasting import sum_to_inputs
    from teachtf.ops.fills import zeros as zeros_of

    condition, t, e = op.inputs
    result = op.outputs[0]
    zeros = zeros_of([], grad.dtype.base_dtype)
    gt, ge = apply_op("SelectV2", condition, grad, zeros), apply_op("SelectV2", condition, zeros, grad)
    return [None, sum_to_inputs(t, result, gt, None)[0], sum_to_inputs(e, result, ge, None)[0]]


_SELECT: dict[str, Any] = {"inputs": "condition: bool, t: T, e: T", "outputs": "output: T", "attrs": "T: type"}
declare("Select", **_SELECT, shape=_select_shape, gradient=_select_gradient)
declare("SelectV2", **_SELECT, shape=_select_v2_shape, gradient=_select_v2_gradient)
declare(
    "Where",
    inputs="input: T",
    outputs="index: int64",
    attrs="T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, qint16, quint16, "
    "uint16, complex128, half, uint32, uint64, bool} = DT_BOOL",
    shape=lambda op: [shapes.shape_of([None, op._inputs[0]._shape.ndims])],
)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """`x` where `condition` is true and `y` elsewhere; alone, the indices of the true elements. Source: `tf.where`."""
    if x is None and y is None:
        with name_scope(name, "Where", [condition]) as scope:
            return apply_op("Where", convert_to_tensor(condition, preferred_dtype=dtypes.bool, name="condition"), name=scope)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    return apply_op("Select", condition, x, y, name=name)
