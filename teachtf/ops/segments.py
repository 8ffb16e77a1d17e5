"""Sums, means and extremes over the rows of each segment. Source: TensorFlow's `math_ops`."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor, register_tensor_conversion_function
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import expand_dims, rank, reshape, shape
from teachtf.ops.fills import ones, ones_like, zeros_like
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat

# --- segments whose ids rise ---------------------------------------------------------------------------------------


def _sorted_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[1], 1)
    dims = op._inputs[0]._shape.as_tuple
    return [unknown_shape() if dims is None else shapes.shape_of([None, *dims[1:]])]


def _sum_gradient(op: Any, grad: Any) -> list[Any]:
    return [gather(grad, op.inputs[1]), None]


def _mean_gradient(op: Any, grad: Any) -> list[Any]:
    data, ids = op.inputs
    data_rank, ids_shape = rank(data), shape(ids)
    others = ones(expand_dims(data_rank - 1, 0), ids_shape.dtype)
    counted = segment_sum(ones(concat([ids_shape, others], 0), grad.dtype), ids)
    return [gather(m.divide(grad, counted), ids), None]


def _extreme_gradient(op: Any, grad: Any) -> list[Any]:
    """Shared evenly by the elements that are the extreme."""
    data, ids = op.inputs
    zeros = zeros_like(data, dtype=data.dtype)
    chosen = m.equal(data, gather(op.outputs[0], ids))
    count = segment_sum(m.cast(chosen, grad.dtype), ids)
    return [apply_op("SelectV2", chosen, gather(m.divide(grad, count), ids), zeros), None]


def _prod_gradient(op: Any, grad: Any) -> list[Any]:
    """The product of the others: of all that are not zero where one is, and zero where two or more are."""
    data, ids = op.inputs
    is_zero = m.equal(data, 0)
    zeros_in = segment_sum(m.cast(is_zero, "int32"), ids)
    grad = apply_op("SelectV2", m.greater(zeros_in, 1), zeros_like(grad), grad)
    rest = apply_op("SelectV2", is_zero, ones_like(data), data)
    rest_product = segment_prod(rest, ids)
    product, rest_product = gather(op.outputs[0], ids), gather(rest_product, ids)
    slope = apply_op("SelectV2", is_zero, rest_product, product / rest)
    return [gather(grad, ids) * slope, None]


def _sorted(name: str, types: str, gradient: Callable[..., Any]) -> None:
    declare(
        name,
        inputs="data: T, segment_ids: Tindices",
        outputs="output: T",
        attrs=f"T: {types}, Tindices: {{int32, int64}}",
        shape=_sorted_shape,
        gradient=gradient,
    )


_sorted("SegmentSum", "numbertype", _sum_gradient)
_sorted("SegmentMean", "numbertype", _mean_gradient)
_sorted("SegmentProd", "numbertype", _prod_gradient)
_sorted("SegmentMax", "realnumbertype", _extreme_gradient)
_sorted("SegmentMin", "realnumbertype", _extreme_gradient)

# --- segments in any order -----------------------------------------------------------------------------------------


def _unsorted_shape(op: Any) -> list[TensorShape]:
    data, ids = op._inputs[0]._shape.as_tuple, op._inputs[1]._shape.as_tuple
    shapes.require_rank(op._inputs[2], 0)
    count = static.static_scalar(op._inputs[2])
    if data is None or ids is None:
        return [unknown_shape()]
    if len(data) < len(ids):
        raise ValueError(f"Shape must be at least rank {len(ids)} but is rank {len(data)}")
    for a, b in zip(data, ids, strict=False):
        shapes.merge_dim(a, b)
    return [shapes.shape_of([count, *data[len(ids) :]])]


def _gathered(params: Any, ids: Any, clipped: Any = None, mask: Any = None) -> tuple[Any, Any, Any]:
    """The rows of `params` at `ids`, zeros at negative ids; with the ids made positive, and where they were."""
    if clipped is None:
        clipped = m.maximum(ids, zeros_like(ids))
    rows = gather(params, clipped)
    if mask is None:
        mask = m.greater_equal(ids, 0)
        mask_shape = shape(mask)
        wide = concat([mask_shape, ones([rank(rows) - rank(mask)], mask_shape.dtype)], 0)
        mask = reshape(mask, wide)
        mask = mask & ones_like(rows, dtype="bool")
    zeros = zeros_like(rows)
    return apply_op("SelectV2", mask, rows, zeros), clipped, mask


def _unsorted_sum_gradient(op: Any, grad: Any) -> list[Any]:
    return [_gathered(grad, op.inputs[1])[0], None, None]


def _unsorted_extreme_gradient(op: Any, grad: Any) -> list[Any]:
    data, ids, count = op.inputs
    extremes, clipped, mask = _gathered(op.outputs[0], ids)
    chosen = m.logical_and(m.equal(data, extremes), mask)
    number = unsorted_segment_sum(m.cast(chosen, grad.dtype), ids, count)
    shares, _, _ = _gathered(m.divide(grad, number), None, clipped, mask)
    return [apply_op("SelectV2", chosen, shares, zeros_like(shares)), None, None]


def _unsorted_prod_gradient(op: Any, grad: Any) -> list[Any]:
    data, ids, count = op.inputs
    is_zero = m.equal(data, 0)
    zeros_in = unsorted_segment_sum(m.cast(is_zero, "int32"), ids, count)
    grad = apply_op("SelectV2", m.greater(zeros_in, 1), zeros_like(grad), grad)
    rest = apply_op("SelectV2", is_zero, ones_like(data), data)
    rest_product = unsorted_segment_prod(rest, ids, count)
    clipped = m.maximum(ids, zeros_like(ids))
    product, rest_product = gather(op.outputs[0], clipped), gather(rest_product, clipped)
    slope = apply_op("SelectV2", is_zero, rest_product, product / data)
    return [_gathered(grad, ids, clipped)[0] * slope, None, None]


def _unsorted(name: str, types: str, ids: str, gradient: Callable[..., Any]) -> None:
    declare(
        name,
        inputs="data: T, segment_ids: Tindices, num_segments: Tnumsegments",
        outputs="output: T",
        attrs=f"T: {types}, Tindices: {ids}, Tnumsegments: {{int32, int64}} = DT_INT32",
        shape=_unsorted_shape,
        gradient=gradient,
    )


_unsorted("UnsortedSegmentSum", "numbertype", "{int16, int32, int64}", _unsorted_sum_gradient)
_unsorted("UnsortedSegmentProd", "numbertype", "{int32, int64}", _unsorted_prod_gradient)
_unsorted("UnsortedSegmentMax", "realnumbertype", "{int32, int64}", _unsorted_extreme_gradient)
_unsorted("UnsortedSegmentMin", "realnumbertype", "{int32, int64}", _unsorted_extreme_gradient)

# --- segments of rows picked by index ------------------------------------------------------------------------------


def _picked_shape(op: Any) -> list[TensorShape]:
    data = op._inputs[0]._shape.as_tuple
    indices, ids = (shapes.require_rank(t, 1) for t in op._inputs[1:3])
    shapes.merge_dim(indices[0], ids[0])
    count = static.static_scalar(op._inputs[3]) if len(op._inputs) == 4 else None
    return [unknown_shape() if data is None else shapes.shape_of([count, *data[1:]])]


def _picked_gradient(op: Any, grad: Any) -> list[Any]:
    data, indices, ids = op.inputs[:3]
    kind = op.type.removesuffix("WithNumSegments")
    nothing = [None] * (len(op.inputs) - 1)
    if op.get_attr("sparse_gradient"):
        data_shape = shape(data)
        values, rows = apply_op(f"{kind}GradV2", grad, indices, ids, data_shape[0])
        return [IndexedSlices(values, rows, data_shape), *nothing]
    return [apply_op(f"{kind}Grad", grad, indices, ids, shape(data)[0]), *nothing]


def _picked_back_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    count = static.static_scalar(op._inputs[3]) if len(op._outputs) == 1 else None
    result = [unknown_shape() if dims is None else shapes.shape_of([count, *dims[1:]])]
    return result if len(op._outputs) == 1 else [*result, shapes.shape_of([None])]


_FLOATS = "{bfloat16, half, float, double}"
_IDS = "Tidx: {int32, int64} = DT_INT32, Tsegmentids: {int32, int64} = DT_INT32"
_COUNTED_IDS = _IDS.replace("Tsegmentids", "Tnumsegments: {int32, int64} = DT_INT32, Tsegmentids")
for _kind, _types in (("Sum", "realnumbertype"), ("Mean", _FLOATS), ("SqrtN", _FLOATS)):
    for _suffix, _extra, _attrs in (("", "", _IDS), ("WithNumSegments", ", num_segments: Tnumsegments", _COUNTED_IDS)):
        declare(
            f"SparseSegment{_kind}{_suffix}",
            inputs=f"data: T, indices: Tidx, segment_ids: Tsegmentids{_extra}",
            outputs="output: T",
            attrs=f"T: {_types}, {_attrs}, sparse_gradient: bool = false",
            shape=_picked_shape,
            gradient=_picked_gradient,
        )
    for _suffix, _size, _more in (("", "output_dim0", ""), ("V2", "dense_output_dim0", ", sorted_unique_indices: Tidx")):
        declare(
            f"SparseSegment{_kind}Grad{_suffix}",
            inputs=f"grad: T, indices: Tidx, segment_ids: Tsegmentids, {_size}: int32",
            outputs=f"output: T{_more}",
            attrs=f"T: {_FLOATS}, {_IDS}",
            shape=_picked_back_shape,
            gradient=NO_GRADIENT,
        )

# --- public functions ----------------------------------------------------------------------------------------------


def _segment(kind: str, what: str) -> Callable[..., Tensor]:
    def segment(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
        return apply_op(f"Segment{kind}", data, segment_ids, name=name)

    segment.__name__ = segment.__qualname__ = f"segment_{kind.lower()}"
    segment.__doc__ = (
        f"The {what} of the rows of each segment; `segment_ids` (rank 1, one a row) never fall.\n\n"
        f"    Source: `tf.segment_{kind.lower()}`."
    )
    return segment


def _unsorted_segment(kind: str, what: str) -> Callable[..., Tensor]:
    def segment(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
        return apply_op(f"UnsortedSegment{kind}", data, segment_ids, num_segments, name=name)

    segment.__name__ = segment.__qualname__ = f"unsorted_segment_{kind.lower()}"
    segment.__doc__ = (
        f"The {what} of the elements of each of `num_segments` segments, in any order; negative ids are left out.\n\n"
        f"    Source: `tf.unsorted_segment_{kind.lower()}`."
    )
    return segment


segment_sum = _segment("Sum", "sum")
segment_mean = _segment("Mean", "mean")
segment_max = _segment("Max", "largest")
segment_min = _segment("Min", "smallest")
segment_prod = _segment("Prod", "product")
unsorted_segment_sum = _unsorted_segment("Sum", "sum")
unsorted_segment_max = _unsorted_segment("Max", "largest")
unsorted_segment_min = _unsorted_segment("Min", "smallest")
unsorted_segment_prod = _unsorted_segment("Prod", "product")


def _segment_sizes(data: Tensor, ids: Tensor, num_segments: Any) -> Tensor:
    """How many elements each segment has, at least 1, in a shape that divides the sums."""
    count = convert_to_tensor(num_segments)
    summed = unsorted_segment_sum(ones(_shape_as_tensor(ids), data.dtype), ids, count)
    wide = concat([count[None], ones([rank(data) - rank(ids)], count.dtype)], 0)
    return m.maximum(reshape(summed, wide), 1)


def _shape_as_tensor(x: Tensor) -> Tensor:
    """`tf.shape` under the names that it has where no type was asked for."""
    with name_scope(None, "Shape", [x]) as scope:
        return convert_to_tensor(x.shape) if x.shape.is_fully_defined() else apply_op("Shape", x, name=scope)


def unsorted_segment_mean(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The mean of the elements of each segment; 0 for an empty one. Source: `tf.unsorted_segment_mean`."""
    with name_scope(name, "UnsortedSegmentMean"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, ids, num_segments)
        return unsorted_segment_sum(data, ids, num_segments) / sizes


def unsorted_segment_sqrt_n(data: Any, segment_ids: Any, num_segments: Any, name: str | None = None) -> Tensor:
    """The sum of each segment over the square root of its size. Source: `tf.unsorted_segment_sqrt_n`."""
    with name_scope(name, "UnsortedSegmentSqrtN"):
        data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _segment_sizes(data, ids, num_segments)
        return unsorted_segment_sum(data, ids, num_segments) / m.sqrt(sizes)


def _sparse_segment(kind: str, what: str) -> Callable[..., Tensor]:
    function_name = f"sparse_segment_{kind.lower().replace('sqrtn', 'sqrt_n')}"

    def segment(
        data: Any,
        indices: Any,
        segment_ids: Any,
        name: str | None = None,
        num_segments: Any = None,
        sparse_gradient: bool = False,
    ) -> Tensor:
        op_type = f"SparseSegment{kind}"
        if num_segments is None:
            return apply_op(op_type, data, indices, segment_ids, sparse_gradient=sparse_gradient, name=name)
        op_type += "WithNumSegments"
        return apply_op(op_type, data, indices, segment_ids, num_segments, sparse_gradient=sparse_gradient, name=name)

    segment.__name__ = segment.__qualname__ = function_name
    segment.__doc__ = (
        f"The {what} of each segment of the rows of `data` at `indices`; the segment ids never fall.\n\n"
        f"    Source: `tf.{function_name}`."
    )
    return segment


sparse_segment_sum = _sparse_segment("Sum", "sum")
sparse_segment_mean = _sparse_segment("Mean", "mean")
sparse_segment_sqrt_n = _sparse_segment("SqrtN", "sum over the square root of the size")

# --- slices become tensors -----------------------------------------------------------------------------------------

_LARGE = 100_000_000  # elements


def _dense(value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Incompatible tensor conversion requested to `dtype` {dtype.name} for IndexedSlices ({value}) with dtype "
            f"{value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices for argument `value` without dense_shape: {value}. Give "
            "tf.IndexedSlices(values, indices, dense_shape) the shape of the whole."
        )
    known = static.constant_value(value.dense_shape)
    if known is not None and np.prod(known) >= _LARGE:
        elements = np.prod(known)
        warnings.warn(
            f"Converting sparse IndexedSlices to a dense Tensor with {elements} elements. This may consume a large amount of "
            "memory.",
            stacklevel=4,
        )
    return apply_op("UnsortedSegmentSum", value.values, value.indices, value.dense_shape[0], name=name)


register_tensor_conversion_function(IndexedSlices, _dense)


def dense_rows(value: Any) -> Any:
    """An `IndexedSlices` as a tensor, without a warning of its size; anything else as it is."""
    if not isinstance(value, IndexedSlices):
        return value
    if value.dense_shape is None:
        raise ValueError(f"Tensor conversion requested for IndexedSlices without dense_shape: {value}")
    return unsorted_segment_sum(value.values, value.indices, value.dense_shape[0])
