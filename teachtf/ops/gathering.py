"""Gathers: slices picked by index, and one-hot codes."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor, to_array
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import expand_dims, rank, reshape, shape, size
from teachtf.ops.fills import ones, zeros
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import concat
from teachtf.ops.rearranging import tile, transpose


def _gather_shape(op: Any) -> list[TensorShape]:
    params, indices = op._inputs[0]._shape.as_tuple, op._inputs[1]._shape.as_tuple
    axis = static.constant_value(op._inputs[2])
    if params is None or indices is None:
        return [unknown_shape()]
    if axis is None:
        batch = op._attrs["batch_dims"]
        return [shapes.shape_of([None] * (len(params) + len(indices) - 1 - batch)) if batch >= 0 else unknown_shape()]
    at = shapes.normal_axis(int(axis), len(params))
    batch = op._attrs["batch_dims"] % (len(indices) + 1) if op._attrs["batch_dims"] < 0 else op._attrs["batch_dims"]
    return [shapes.shape_of([*params[:at], *indices[batch:], *params[at + 1 :]])]


def _gather_gradient(op: Any, grad: Any) -> list[Any]:
    """The rows that were taken, as `IndexedSlices`; along another axis than the first, a sum into the slices."""
    from teachtf.ops.segments import dense_rows  # its own gradients gather

    params, indices, axis = op.inputs
    with colocate_with(params):
        params_shape = shape(params)
    count = expand_dims(size(indices), 0)
    batch_dims = op.get_attr("batch_dims")
    if batch_dims < 0:
        if indices.shape.ndims is None:
            raise ValueError(
                "Currently, it is unsupported to take the gradient of tf.gather when batch_dims < 0 and the rank of the "
                "indices is unknown. Please pass a positive batch_dims or use tf.ensure_shape to update the shape of indices "
                f"when calling tf.gather. Got batch_dims={batch_dims} and indices={indices}"
            )
        batch_dims += indices.shape.ndims
    if static.constant_value(axis) == 0:
        values_shape = concat([count, params_shape[1:]], 0)
        values = reshape(dense_rows(grad), values_shape)
        return [IndexedSlices(values, reshape(indices, count), params_shape), None, None]
    outer = params_shape[:axis]
    values_shape = concat([outer, [-1], params_shape[axis:][1:]], 0)
    rank_of_values, rank_of_outer = size(values_shape), size(outer)
    batch, between = range_(batch_dims), range_(batch_dims, rank_of_outer)
    inner = range_(rank_of_outer + 1, rank_of_values)
    values = reshape(dense_rows(grad), values_shape)
    to_front = concat([batch, [rank_of_outer], between, inner], 0)
    moved = transpose(values, to_front)
    moved_shape = gather(params_shape, to_front)
    summed = _sum_of_batches(moved_shape, moved, indices, batch_dims, params_shape[axis])
    back = transpose(summed, concat([batch, between + 1, [batch_dims], inner], 0))
    return [reshape(back, shape(params)), None, None]


def _sum_of_batches(params_shape: Any, values: Any, indices: Any, batch_dims: int, count: Any) -> Any:
    """`values` summed into `count` slices along the axis behind the batches."""
    number = expand_dims(size(indices), 0)
    if batch_dims:
        values_shape = shape(values)
        outer = values_shape[:batch_dims]
        inner = values_shape[batch_dims:][1:]
        batch_size = apply_op("Prod", outer, [0], keep_dims=False)
        flat = concat([[-1], inner], 0)
        count *= batch_size
        indices = _numbered_through(params_shape, indices, batch_dims)
        values = reshape(values, flat)
    result = apply_op("UnsortedSegmentSum", values, reshape(indices, number), count)
    return reshape(result, concat([outer, flat], 0)) if batch_dims else result


def _numbered_through(params_shape: Any, indices: Any, batch_dims: int) -> Any:
    """The indices counted through all batches, as if these lay one behind the other."""
    dtype = indices.dtype.base_dtype
    result, dims = indices, cast(params_shape, dtype)
    step = ones([], dtype)
    for dim in range(batch_dims, 0, -1):
        size_here = dims[dim - 1]
        step *= dims[dim]
        starts = range_(zeros([], dtype), size_here, ones([], dtype))
        starts *= step
        wide = concat([tile([1], [dim - 1]), [size_here], tile([1], [rank(indices) - dim])], 0)
        result += reshape(starts, wide)
    return result


declare(
    "GatherV2",
    inputs="params: Tparams, indices: Tindices, axis: Taxis",
    outputs="output: Tparams",
    attrs="batch_dims: int = 0, Tparams: type, Tindices: {int16, int32, int64}, Taxis: {int32, int64}",
    shape=_gather_shape,
    gradient=_gather_gradient,
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
