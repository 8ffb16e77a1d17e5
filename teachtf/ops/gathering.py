"""Gathers: slices picked by index, sums into them, and one-hot codes."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor, to_array
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import reshape, shape
from teachtf.ops.joining import concat
from teachtf.ops.rearranging import transpose
from teachtf.ops.slicing import strided_slice


def _gather_shape(op: Any) -> list[TensorShape]:
    params, indices = op._inputs[0]._shape.as_tuple, op._inputs[1]._shape.as_tuple
    axis = static.constant_value(op._inputs[2])
    if params is None or indices is None or axis is None:
        return [unknown_shape()]
    at = shapes.normal_axis(int(axis), len(params))
    batch = op._attrs["batch_dims"] % (len(indices) + 1) if op._attrs["batch_dims"] < 0 else op._attrs["batch_dims"]
    return [shapes.shape_of([*params[:at], *indices[batch:], *params[at + 1 :]])]


def _gather_gradient(op: Any, grad: Any) -> list[Any]:
    """A sum into the rows that were taken."""
    params, indices, axis = op.inputs
    at = static.constant_value(axis)
    params_shape = shape(params)
    if at is None or int(at) != 0:
        return [_gather_gradient_on_axis(grad, params, indices, axis), None, None]
    flat_indices = reshape(indices, [-1])
    rows = strided_slice(params_shape, [1], [0], [1], end_mask=1)
    values = reshape(grad, concat([[-1], rows], 0))
    count = strided_slice(params_shape, [0], [1], [1], shrink_axis_mask=1)
    return [apply_op("UnsortedSegmentSum", values, flat_indices, count), None, None]


def _gather_gradient_on_axis(grad: Any, params: Any, indices: Any, axis: Any) -> Any:
    at = static.constant_value(axis)
    ndims = params.shape.ndims
    if at is None or ndims is None or indices.shape.ndims is None:
        raise NotImplementedError("the gradient of tf.gather needs a known axis and known ranks")
    at = int(at) % ndims
    n = indices.shape.ndims
    order = [*range(at, at + n), *range(at), *range(at + n, ndims - 1 + n)]
    front = transpose(grad, order)
    params_shape = shape(params)
    others = [i for i in range(ndims) if i != at]
    values = reshape(front, concat([[-1], gather(params_shape, others)], 0))
    count = strided_slice(params_shape, [at], [at + 1], [1], shrink_axis_mask=1)
    summed = apply_op("UnsortedSegmentSum", values, reshape(indices, [-1]), count)
    return transpose(summed, [*range(1, at + 1), 0, *range(at + 1, ndims)])


declare(
    "GatherV2",
    inputs="params: Tparams, indices: Tindices, axis: Taxis",
    outputs="output: Tparams",
    attrs="batch_dims: int = 0, Tparams: type, Tindices: {int16, int32, int64}, Taxis: {int32, int64}",
    shape=_gather_shape,
    gradient=_gather_gradient,
)


def _segment_shape(op: Any) -> list[TensorShape]:
    data, ids = op._inputs[0]._shape.as_tuple, op._inputs[1]._shape.as_tuple
    count = static.static_scalar(op._inputs[2])
    if data is None or ids is None:
        return [unknown_shape()]
    return [shapes.shape_of([count, *data[len(ids) :]])]


declare(
    "UnsortedSegmentSum",
    inputs="data: T, segment_ids: Tindices, num_segments: Tnumsegments",
    outputs="output: T",
    attrs="T: numbertype, Tindices: {int16, int32, int64}, Tnumsegments: {int32, int64} = DT_INT32",
    shape=_segment_shape,
    gradient=lambda op, grad: [gather(grad, op.inputs[1]), None, None],
)


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """The slices of `params` along `axis` (0 by default) at `indices`. Source: `tf.gather`."""
    axis = 0 if axis is None else axis
    return apply_op("GatherV2", params, indices, axis, batch_dims=batch_dims, name=name)


def _one_hot_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    if dims is None:
        return [unknown_shape()]
    axis = op._attrs["axis"]
    at = len(dims) if axis == -1 else axis
    return [shapes.shape_of([*dims[:at], static.static_scalar(op._inputs[1]), *dims[at:]])]


declare(
    "OneHot",
    inputs="indices: TI, depth: int32, on_value: T, off_value: T",
    outputs="output: T",
    attrs="axis: int = -1, T: type, TI: {uint8, int8, int32, int64} = DT_INT64",
    shape=_one_hot_shape,
    gradient=NOT_DIFFERENTIABLE,
)


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """A 1 (or `on_value`) at each index and 0 (or `off_value`) elsewhere along a new axis. Source: `tf.one_hot`."""
    with name_scope(name, "one_hot", [indices, depth]) as scope:
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        if wanted is None:
            given = on_value if on_value is not None else off_value
            wanted = dtypes.float32 if given is None else _dtype_of(given)
        on = convert_to_tensor(1, wanted, name="on_value") if on_value is None else convert_to_tensor(on_value, wanted)
        off = convert_to_tensor(0, wanted, name="off_value") if off_value is None else convert_to_tensor(off_value, wanted)
        return apply_op("OneHot", indices, depth, on, off, axis=-1 if axis is None else axis, name=scope)


def _dtype_of(value: Any) -> dtypes.DType:
    return value.dtype.base_dtype if hasattr(value, "dtype") else dtypes.as_dtype(to_array(value).dtype)
