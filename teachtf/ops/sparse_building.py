"""Sparse tensors made: of dense ones, of ids and values, of what each run is given. Source: TensorFlow's `sparse_ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import TensorShape
from teachtf.core.sparse import IndexedSlices, SparseTensor, SparseTensorValue, convert_to_sparse_tensor
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import expand_dims, placeholder, placeholder_with_default, shape
from teachtf.ops.fills import fill, ones, zeros, zeros_like
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat, stack
from teachtf.ops.scattering import gather_nd
from teachtf.ops.slicing import slice_
from teachtf.ops.sparse_arrays import sparse_reorder
from teachtf.ops.sparse_math import sparse_tensor_to_dense


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that each run is given: a `tf.SparseTensorValue`, or a tuple (indices, values, shape).

    Args:
      dtype: the type of the values.
      shape: the shape; None dimensions accept any size, None any shape.
      name: the scope of the three placeholders.

    Source: `tf.sparse_placeholder`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.sparse_placeholder(tf.float32)
    ...     print(sess.run(tf.sparse_reduce_sum(x), {x: ([[0, 1], [2, 2]], [3.0, 4.0], [3, 3])}))
    7.0
    """
    here = (lambda part: None) if name is None else (lambda part: f"{name}/{part}")
    columns: Any = None
    if shape is None:
        dense = placeholder(dtypes.int64, [None], here("shape"))
        known = static.constant_value_as_shape(dense)
    else:
        if isinstance(shape, Tensor):
            columns, known = shape.shape[0], static.constant_value_as_shape(shape)
        else:
            known = TensorShape([None if d == -1 else d for d in shape])
            columns = known.ndims
            shape = convert_to_tensor([-1 if d is None else d for d in known.as_list()], dtypes.int64, here("shape_default"))
        dense = placeholder_with_default(shape, shape.shape, here("shape"))
    values = placeholder(dtype, [None], here("values"))
    result = SparseTensor(placeholder(dtypes.int64, [None, columns], here("indices")), values, dense)
    result.set_shape(known)
    return result


def from_dense(tensor: Any, name: str | None = None) -> SparseTensor:
    """The elements of `tensor` that are not zero. Source: `tf.sparse.from_dense`."""
    with name_scope(name, "dense_to_sparse"):
        tensor = convert_to_tensor(tensor)
        indices = m.where(m.not_equal(tensor, zeros_like(tensor)))
        values = gather_nd(tensor, indices)
        return SparseTensor(indices, values, shape(tensor, out_type=dtypes.int64))


def sparse_eye(num_rows: Any, num_columns: Any = None, dtype: Any = dtypes.float32, name: str | None = None) -> SparseTensor:
    """Ones on the diagonal. Source: `tf.sparse.eye`."""
    with name_scope(name, "eye", [num_rows, num_columns]):
        rows = _whole(num_rows, "num_rows")
        columns = rows if num_columns is None else _whole(num_columns, "num_columns")
        number = m.minimum(rows, columns)
        diagonal = range_(number, dtype=dtypes.int64)
        return SparseTensor(stack([diagonal, diagonal], 1), ones(number, dtype), [rows, columns])


def _whole(value: Any, name: str) -> Tensor:
    if isinstance(value, (int, np.integer)):
        return convert_to_tensor(value, dtypes.int64, name=name)
    if not isinstance(value, Tensor):
        raise TypeError(f"{name} must be an integer value")
    return value if value.dtype == dtypes.int64 else m.cast(value, dtypes.int64)


def sparse_expand_dims(sp_input: Any, axis: Any = None, name: str | None = None) -> SparseTensor:
    """A new axis of size 1 at `axis`, the last by default. Source: `tf.sparse.expand_dims`."""
    sp = convert_to_sparse_tensor(sp_input)
    number: Any = sp.dense_shape.shape[0].value
    if number is None:
        number = shape(sp.dense_shape)[0]
    axis = -1 if axis is None else axis
    with name_scope(name, "expand_dims", [sp]):
        at = convert_to_tensor(axis, dtypes.int32, name="axis")
        at = apply_op("SelectV2", at >= 0, at, at + number + 1)
        new = zeros([shape(sp.indices)[0], 1], dtypes.int64)
        before, after = slice_(sp.indices, [0, 0], [-1, at]), slice_(sp.indices, [0, at], [-1, -1])
        indices = concat([before, new, after], 1)
        shape_before, shape_after = slice_(sp.dense_shape, [0], [at]), slice_(sp.dense_shape, [at], [-1])
        one = convert_to_tensor([1], dtypes.int64, name="new_shape")
        return SparseTensor(indices, sp.values, concat([shape_before, one, shape_after], 0))


def sparse_merge(
    sp_ids: Any, sp_values: Any, vocab_size: Any, name: str | None = None, already_sorted: bool = False
) -> SparseTensor:
    """The values laid out by ids: the last axis of `sp_ids` gives way to one of size `vocab_size` for each ids tensor.

    Source: `tf.sparse_merge`.
    """
    if isinstance(sp_ids, (SparseTensor, SparseTensorValue)):
        sp_ids, vocab_size = [sp_ids], [vocab_size]
    if not isinstance(sp_ids, (list, tuple)):
        raise TypeError(f"sp_ids has to be a SparseTensor or list thereof. Found {type(sp_ids)}")
    if not isinstance(vocab_size, (list, tuple)):
        raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(vocab_size)}")
    for size in vocab_size:
        if not isinstance(size, (Tensor, int, np.integer)):
            raise TypeError(f"vocab_size has to be a list of Tensors or Python ints. Found {type(size)}")
    if len(sp_ids) != len(vocab_size):
        raise ValueError("sp_ids and vocab_size have to have equal lengths.")
    with name_scope(name, "SparseMerge", [*sp_ids, sp_values]):
        ids = [convert_to_sparse_tensor(sp) for sp in sp_ids]
        values = convert_to_sparse_tensor(sp_values)
        columns = []
        for sp in ids:
            column = sp.values if sp.dtype == dtypes.int64 else m.cast(sp.values, dtypes.int64)
            columns.append(expand_dims(column, 1))
        sizes = [m.cast(size, dtypes.int64) for size in vocab_size]
        indices = concat([ids[0].indices[:, :-1], *columns], 1)
        dense = concat([ids[0].dense_shape[:-1], sizes], 0)
        result = SparseTensor(indices, values.values, dense)
        if already_sorted:
            return result
        ordered = sparse_reorder(result)
        return SparseTensor(ordered.indices, ordered.values, dense)


def sparse_to_indicator(sp_input: Any, vocab_size: Any, name: str | None = None) -> Tensor:
    """For ids in rows: a bool matrix of `vocab_size` columns that is true at each id of the row.

    Source: `tf.sparse_to_indicator`.
    """
    sp = convert_to_sparse_tensor(sp_input)
    with name_scope(name, "SparseToIndicator", [sp]) as scope:
        number = shape(sp.indices)[0]
        true = SparseTensor(sp.indices, fill(expand_dims(number, 0), True), sp.dense_shape)
        merged = sparse_merge(sp, true, vocab_size, scope)
        return sparse_tensor_to_dense(merged, default_value=False, validate_indices=False, name=scope)


def sparse_mask(a: IndexedSlices, mask_indices: Any, name: str | None = None) -> IndexedSlices:
    """The slices whose index is not among `mask_indices`. Source: `tf.sparse_mask`."""
    with name_scope(name, "sparse_mask", [a, mask_indices]) as scope:
        indices, kept = apply_op("ListDiff", a.indices, mask_indices)
        return IndexedSlices(gather(a.values, kept, name=scope), indices, a.dense_shape)
