"""Sparse tensors put in order, joined, cut, reshaped and filled. Source: TensorFlow's `sparse_ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, dimension_at_index, unknown_shape
from teachtf.core.sparse import SparseTensor, convert_to_sparse_tensor
from teachtf.core.static_value import get_static_value
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import identity, reshape, shape
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat
from teachtf.ops.rearranging import invert_permutation, transpose
from teachtf.ops.reductions import reduce_max

PARTS = "indices: int64, values: T, shape: int64"
OUT_PARTS = "output_indices: int64, output_values: T, output_shape: int64"


def _matrix(rows: int | None, columns: int | None) -> TensorShape:
    return shapes.shape_of([rows, columns])


def _vector(length: int | None) -> TensorShape:
    return shapes.shape_of([length])


def _length(tensor: Any) -> int | None:
    """The number of elements of a vector: the rank that a shape tensor stands for."""
    return shapes.require_rank(tensor, 1)[0]


def _reorder_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[2], 1)
    return [shapes.shape_of(shapes.require_rank(op._inputs[i], rank)) for i, rank in ((0, 2), (1, 1))]


def _reorder_gradient(op: Any, _: Any, grad: Any) -> list[Any]:
    """Numbers go the way that the values go, and tell how to go back."""
    indices, _, dense_shape = op.inputs
    numbers = range_(shape(indices)[0])
    ordered = sparse_reorder(SparseTensor(indices, numbers, dense_shape))
    return [None, gather(grad, invert_permutation(ordered.values)), None]


declare(
    "SparseReorder",
    inputs="input_indices: int64, input_values: T, input_shape: int64",
    outputs="output_indices: int64, output_values: T",
    attrs="T: type",
    shape=_reorder_shape,
    gradient=_reorder_gradient,
)


def _reshape_shape(op: Any) -> list[TensorShape]:
    rows, _ = shapes.require_rank(op._inputs[0], 2)
    shapes.require_rank(op._inputs[1], 1)
    return [_matrix(rows, _length(op._inputs[2])), op._inputs[2]._shape]


declare(
    "SparseReshape",
    inputs="input_indices: int64, input_shape: int64, new_shape: int64",
    outputs="output_indices: int64, output_shape: int64",
    shape=_reshape_shape,
    gradient=NO_GRADIENT,
)


def _concat_shape(op: Any) -> list[TensorShape]:
    number = op._attrs["N"]
    rows: int | None = 0
    columns: int | None = None
    whole = unknown_shape()
    for indices, values, dense in zip(op._inputs[:number], op._inputs[number:], op._inputs[2 * number :], strict=False):
        here, width = shapes.require_rank(indices, 2)
        here = shapes.merge_dim(here, shapes.require_rank(values, 1)[0])
        columns = shapes.merge_dim(columns, width)
        whole = whole.merge_with(TensorShape([_length(dense)]))
        rows = None if rows is None or here is None else rows + here
    return [_matrix(rows, columns), _vector(rows), whole]


declare(
    "SparseConcat",
    inputs="indices: N * int64, values: N * T, shapes: N * int64",
    outputs=OUT_PARTS,
    attrs="concat_dim: int, N: int >= 2, T: type",
    shape=_concat_shape,
    gradient=NOT_DIFFERENTIABLE,
)


def _split_shape(op: Any) -> list[TensorShape]:
    number, whole = op._attrs["num_split"], op._inputs[3]._shape
    columns = whole.num_elements()
    return [_matrix(None, columns)] * number + [_vector(None)] * number + [whole] * number


declare(
    "SparseSplit",
    inputs=f"split_dim: int64, {PARTS}",
    outputs="output_indices: num_split * int64, output_values: num_split * T, output_shape: num_split * int64",
    attrs="num_split: int >= 1, T: type",
    shape=_split_shape,
    gradient=NO_GRADIENT,
)


def _slice_shape(op: Any) -> list[TensorShape]:
    columns = _length(op._inputs[2])
    for bound in op._inputs[3:]:
        shapes.merge_dim(columns, _length(bound))
    return [_matrix(None, columns), _vector(None), op._inputs[2]._shape]


def _slice_gradient(op: Any, *grads: Any) -> list[Any]:
    values = apply_op("SparseSliceGrad", grads[1], op.inputs[0], op.inputs[3], op.outputs[0])
    values.set_shape(op.inputs[1].shape)
    return [None, values, None, None, None]


declare(
    "SparseSlice",
    inputs=f"{PARTS}, start: int64, size: int64",
    outputs=OUT_PARTS,
    attrs="T: type",
    shape=_slice_shape,
    gradient=_slice_gradient,
)
declare(
    "SparseSliceGrad",
    inputs="backprop_val_grad: T, input_indices: int64, input_start: int64, output_indices: int64",
    outputs="val_grad: T",
    attrs="T: numbertype",
    shape=lambda op: [_vector(shapes.require_rank(op._inputs[1], 2)[0])],
    gradient=NO_GRADIENT,
)


def _fill_rows_shape(op: Any) -> list[TensorShape]:
    number, columns = shapes.require_rank(op._inputs[0], 2)
    number = shapes.merge_dim(number, shapes.require_rank(op._inputs[1], 1)[0])
    shapes.merge_dim(columns, _length(op._inputs[2]))
    shapes.require_rank(op._inputs[3], 0)
    dims = static.constant_value_as_shape(op._inputs[2]).as_tuple
    return [_matrix(None, columns), _vector(None), _vector(dims[0] if dims else None), _vector(number)]


def _fill_rows_gradient(op: Any, *grads: Any) -> list[Any]:
    values, default = apply_op("SparseFillEmptyRowsGrad", op.outputs[3], grads[1])
    return [None, values, None, default]


declare(
    "SparseFillEmptyRows",
    inputs="indices: int64, values: T, dense_shape: int64, default_value: T",
    outputs="output_indices: int64, output_values: T, empty_row_indicator: bool, reverse_index_map: int64",
    attrs="T: type",
    shape=_fill_rows_shape,
    gradient=_fill_rows_gradient,
)
declare(
    "SparseFillEmptyRowsGrad",
    inputs="reverse_index_map: int64, grad_values: T",
    outputs="d_values: T, d_default_value: T",
    attrs="T: type",
    shape=lambda op: [op._inputs[0]._shape, shapes.SCALAR],
    gradient=NO_GRADIENT,
)

# --- public functions ----------------------------------------------------------------------------------------------


def sparse_reorder(sp_input: Any, name: str | None = None) -> SparseTensor:
    """The same tensor with its elements in order of rows. Source: `tf.sparse_reorder`."""
    sp = convert_to_sparse_tensor(sp_input)
    indices, values = apply_op("SparseReorder", sp.indices, sp.values, sp.dense_shape, name=name)
    if sp.shape.is_fully_defined():
        return SparseTensor(indices, values, sp.shape.as_list())
    result = SparseTensor(indices, values, identity(sp.dense_shape))
    result.set_shape(sp.shape)
    return result


def sparse_reshape(sp_input: Any, shape: Any, name: str | None = None) -> SparseTensor:
    """The same elements in another shape; one dimension may be -1.

    Raises:
      ValueError: known sizes do not fit, or more than one dimension is -1.

    Source: `tf.sparse_reshape`.
    """
    sp = convert_to_sparse_tensor(sp_input)
    wanted = m.cast(shape, dtypes.int64)
    with name_scope(name, "SparseReshape", [sp]) as scope:
        indices, dense = apply_op("SparseReshape", sp.indices, sp.dense_shape, wanted, name=scope)
        known = _reshaped(sp.shape, wanted)
        if known is not None:
            dense = constant(known, dtypes.int64)
        return SparseTensor(indices, identity(sp.values), dense)


def _reshaped(old: TensorShape, wanted: Tensor) -> list[int] | None:
    """The new shape, where it is known before a run."""
    source = wanted.op.inputs[0] if wanted.op.type == "Cast" else wanted
    given = get_static_value(source, partial=True)  # what TensorFlow's Python knows: less than its shape functions do
    if given is None or not old.is_fully_defined():
        return None
    dims = [None if d is None or d < 0 else int(d) for d in given]
    if given is not None and sum(d == -1 for d in given) > 1:
        raise ValueError(f"At most one dimension can be inferred (-1). Found: {given}")
    elements, known = old.num_elements() or 0, [d for d in dims if d is not None]
    free = len(dims) - len(known)
    if free > 1 or (free == 1 and 0 in known):
        return None
    rest = elements // int(np.prod(known)) if free else 0
    result = [rest if d is None else d for d in dims]
    size = int(np.prod(result))
    if size != elements:
        raise ValueError(f"Cannot reshape a tensor with {elements} elements to shape {list(dims)} ({size} elements).")
    return result


def sparse_concat(
    axis: int,
    sp_inputs: Any,
    name: str | None = None,
    expand_nonconcat_dim: bool = False,
    concat_dim: int | None = None,
    expand_nonconcat_dims: bool | None = None,
) -> SparseTensor:
    """Sparse tensors joined along `axis`; with `expand_nonconcat_dim` the other sizes may differ: the largest counts.

    Source: `tf.sparse_concat`.
    """
    expand = expand_nonconcat_dim if expand_nonconcat_dims is None else expand_nonconcat_dims
    axis = axis if concat_dim is None else concat_dim
    if not isinstance(sp_inputs, (list, tuple)):
        raise TypeError("Inputs must be a list or tuple.")
    sparse = [convert_to_sparse_tensor(sp) for sp in sp_inputs]
    if len(sparse) == 1:
        return sparse[0]
    dense_shapes: list[Any] = [sp.dense_shape for sp in sparse]
    if expand:
        largest = reduce_max(concat([reshape(s, [1, -1]) for s in dense_shapes], 0), 0)
        rest = slice(0) if axis == -1 else slice(axis + 1, None)
        dense_shapes = [
            concat([largest[:axis], s[-1:] if axis == -1 else s[axis : axis + 1], [] if axis == -1 else largest[rest]], 0)
            for s in dense_shapes
        ]
    indices, values = [sp.indices for sp in sparse], [sp.values for sp in sparse]
    out = apply_op("SparseConcat", indices, values, dense_shapes, concat_dim=axis, name=name)
    known = _joined([sp.shape for sp in sparse], axis, expand)
    if all(sp.shape.is_fully_defined() for sp in sparse):
        return SparseTensor(out[0], out[1], convert_to_tensor(known.as_list(), dtypes.int64))
    result = SparseTensor(*out)
    result.set_shape(known)
    return result


def _joined(parts: list[TensorShape], axis: int, expand: bool) -> TensorShape:
    if any(s.ndims is None for s in parts):
        return unknown_shape()
    sizes = [s.as_list() for s in parts]
    dims = sizes[0]
    if expand:
        dims = [None if None in column else max(column) for column in zip(*sizes, strict=True)]  # type: ignore[type-var]
    along = [s[axis] for s in sizes]
    dims[axis] = None if None in along else sum(along)  # type: ignore[arg-type]
    return TensorShape(dims)


def sparse_split(
    keyword_required: Any = None,
    sp_input: Any = None,
    num_split: int | None = None,
    axis: Any = None,
    name: str | None = None,
    split_dim: Any = None,
) -> list[SparseTensor]:
    """A sparse tensor cut into `num_split` along `axis`: the first are larger where it does not come out even.

    All arguments are given by name. Source: `tf.sparse_split`.
    """
    axis = axis if split_dim is None else split_dim
    if keyword_required is not None:
        raise ValueError("Keyword arguments are required for this function.")
    for argument, given in (("sp_input", sp_input), ("num_split", num_split), ("axis", axis)):
        if given is None:
            raise ValueError(f"{argument} is required")
    assert num_split is not None
    sp = convert_to_sparse_tensor(sp_input)
    out = apply_op("SparseSplit", axis, sp.indices, sp.values, sp.dense_shape, num_split=num_split, name=name)
    return [SparseTensor(out[i], out[num_split + i], out[2 * num_split + i]) for i in range(num_split)]


def sparse_slice(sp_input: Any, start: Any, size: Any, name: str | None = None) -> SparseTensor:
    """The box that begins at `start` and is of `size`. Source: `tf.sparse_slice`."""
    sp = convert_to_sparse_tensor(sp_input)
    start, size = convert_to_tensor(start, dtypes.int64), convert_to_tensor(size, dtypes.int64)
    with name_scope(name, "SparseSlice", [sp]) as scope:
        return SparseTensor(*apply_op("SparseSlice", sp.indices, sp.values, sp.dense_shape, start, size, name=scope))


def sparse_retain(sp_input: Any, to_retain: Any) -> SparseTensor:
    """The elements where the bools in `to_retain` (rank 1, one an element) are true. Source: `tf.sparse_retain`."""
    sp = convert_to_sparse_tensor(sp_input)
    to_retain = convert_to_tensor(to_retain)
    if to_retain.shape.ndims not in (1, None):
        raise ValueError(f"Shape {to_retain.shape} must have rank 1")
    if sp.values.shape.ndims is not None:
        sp.values.shape[0].assert_is_compatible_with(dimension_at_index(to_retain.shape, 0))
    chosen = reshape(m.where(to_retain), [-1])
    return SparseTensor(gather(sp.indices, chosen), gather(sp.values, chosen), identity(sp.dense_shape))


def sparse_transpose(sp_input: Any, perm: Any = None, name: str | None = None) -> SparseTensor:
    """The axes in the order of `perm`, turned round by default. Source: `tf.sparse_transpose`."""
    sp = convert_to_sparse_tensor(sp_input)
    with name_scope(name, "SparseTranspose", [sp]):
        if perm is None:
            known_rank = sp.shape.ndims
            if known_rank is not None:
                perm = np.arange(known_rank)[::-1].copy()
            else:
                number = rank_of(sp)
                perm = (number - 1) - range_(0, number, 1)
        indices = transpose(gather(transpose(sp.indices), perm))
        order = static.constant_value(convert_to_tensor(perm))
        dense: Any
        if order is not None and sp.shape.is_fully_defined():
            dense = [sp.shape.as_list()[p] for p in order]
        else:
            dense = gather(sp.dense_shape, perm)
        return sparse_reorder(SparseTensor(indices, sp.values, dense))


def rank_of(sp: SparseTensor) -> Tensor:
    """The rank of a sparse tensor, as a tensor."""
    return apply_op("Size", sp.dense_shape, name="Rank")


def sparse_fill_empty_rows(sp_input: Any, default_value: Any, name: str | None = None) -> tuple[SparseTensor, Tensor]:
    """A sparse matrix in which each empty row has `default_value` in its first column, and which rows were empty.

    Source: `tf.sparse_fill_empty_rows`.
    """
    sp = convert_to_sparse_tensor(sp_input)
    with name_scope(name, "SparseFillEmptyRows", [sp]):
        default = convert_to_tensor(default_value, sp.values.dtype)
        indices, values, empty, _ = apply_op("SparseFillEmptyRows", sp.indices, sp.values, sp.dense_shape, default)
        return SparseTensor(indices, values, sp.dense_shape), empty
