"""Look-up of several ids a row, combined into one vector a row."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import Dimension, unknown_shape
from teachtf.core.sparse import SparseTensor
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import expand_dims, rank, reshape, shape, size
from teachtf.ops.embedding import embedding_lookup
from teachtf.ops.fills import ones, ones_like, zeros_like
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat, stack
from teachtf.ops.rearranging import tile
from teachtf.ops.reductions import reduce_prod
from teachtf.ops.segments import segment_sum, sparse_segment_mean, sparse_segment_sqrt_n, sparse_segment_sum
from teachtf.ops.slicing import slice_
from teachtf.ops.sparse_arrays import sparse_fill_empty_rows, sparse_reshape, sparse_retain
from teachtf.ops.unique import unique

_UNWEIGHTED = {"sum": sparse_segment_sum, "mean": sparse_segment_mean, "sqrtn": sparse_segment_sqrt_n}


def embedding_lookup_sparse(
    params: Any,
    sp_ids: SparseTensor,
    sp_weights: SparseTensor | None,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """For each row of ids, the rows of a table at these ids, combined.

    Args:
      params: the table, or a list of partitions of it.
      sp_ids: ids, at least one in each row.
      sp_weights: a weight for each id, or None for all 1.
      partition_strategy: as of `tf.nn.embedding_lookup`.
      name: the operation's name.
      combiner: "sum", "mean" (the default) or "sqrtn", which divides by the length of the weights.
      max_norm: the length to which longer rows are cut.
      allow_fast_lookup: whether a table of one part may be read without finding distinct ids first.

    Returns:
      A tensor [rows, *shape of a row of the table].

    Raises:
      TypeError: ids or weights are not sparse.
      ValueError: there is no such combiner.

    Source: `tf.nn.embedding_lookup_sparse`.
    """
    combiner = "mean" if combiner is None else combiner
    if combiner not in _UNWEIGHTED:
        raise ValueError(f"combiner must be one of 'mean', 'sqrtn' or 'sum', got {combiner}")
    tables = list(params) if hasattr(params, "_variable_list") or isinstance(params, list) else [params]
    if not isinstance(sp_ids, SparseTensor):
        raise TypeError(f"sp_ids must be SparseTensor, got {type(sp_ids)}")
    if sp_weights is not None:
        if not isinstance(sp_weights, SparseTensor):
            raise TypeError(f"sp_weights must be either None or SparseTensor,got {type(sp_weights)}")
        for ids_part, weights_part in zip(sp_ids._parts(), sp_weights._parts(), strict=True):
            ids_part.shape.assert_is_compatible_with(weights_part.shape)
    with name_scope(name, "embedding_lookup_sparse", [*tables, sp_ids]) as scope:
        segments, ids = sp_ids.indices[:, 0], sp_ids.values
        if len(tables) == 1 and not isinstance(tables[0], (Tensor, SparseTensor)):
            tables = [convert_to_tensor(tables[0], name="params")]
        simple = len(tables) == 1 and tables[0].device == segments.device and max_norm is None
        if simple and (allow_fast_lookup or sp_weights is None):
            vectors, places, sparse_gradient = tables[0], ids, not allow_fast_lookup
        else:
            distinct, places = unique(ids)
            vectors = embedding_lookup(tables, distinct, partition_strategy, max_norm=max_norm)
            sparse_gradient = False
        if sp_weights is None:
            return _UNWEIGHTED[combiner](vectors, places, segments, name=scope, sparse_gradient=sparse_gradient)
        return _weighted(gather_first(segments, vectors, places), sp_weights.values, combiner, scope)


def gather_first(segments: Tensor, vectors: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """The segments as int32 and the vectors at `places`, made in this order."""
    if segments.dtype != dtypes.int32:
        segments = m.cast(segments, dtypes.int32)
    return segments, gather(vectors, places)


def _weighted(found: tuple[Tensor, Tensor], weights: Tensor, combiner: str, scope: str) -> Tensor:
    segments, vectors = found
    own_dtype = vectors.dtype
    if own_dtype in (dtypes.float16, dtypes.bfloat16):
        vectors = m.cast(vectors, dtypes.float32)
    if weights.dtype != vectors.dtype:
        weights = m.cast(weights, vectors.dtype)
    others = expand_dims(rank(vectors) - 1, 0)
    weights_shape = shape(weights)
    wide = concat([weights_shape, ones(others, weights_shape.dtype)], 0)
    known = weights.shape
    weights = reshape(weights, wide)
    if vectors.shape.ndims is not None:
        weights.set_shape(known.concatenate([1] * (vectors.shape.ndims - 1)))
    vectors *= weights
    if combiner == "sum":
        result = segment_sum(vectors, segments, name=scope)
    elif combiner == "mean":
        total = segment_sum(vectors, segments)
        result = m.div_no_nan(total, segment_sum(weights, segments), name=scope)
    else:
        total = segment_sum(vectors, segments)
        squares = segment_sum(m.pow(weights, 2), segments)
        result = m.div_no_nan(total, m.sqrt(squares), name=scope)
    return result if result.dtype == own_dtype else m.cast(result, own_dtype)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: SparseTensor,
    sparse_weights: SparseTensor | None = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
    allow_fast_lookup: bool = False,
) -> Tensor:
    """As `tf.nn.embedding_lookup_sparse`, for ids of any rank, with negative ids and weights that are not positive left out.

    A row without an id gives the vector of `default_id`, or zeros.

    Raises:
      ValueError: there is no table.

    Source: `tf.nn.safe_embedding_lookup_sparse`.
    """
    tables = embedding_weights
    if tables is None:
        raise ValueError(f"Missing embedding_weights {tables}.")
    tables = list(tables) if hasattr(tables, "_variable_list") or isinstance(tables, list) else [tables]
    if not tables:
        raise ValueError(f"Missing embedding_weights {tables}.")
    dtype = None if sparse_weights is None else sparse_weights.dtype
    tables = [convert_to_tensor(t, dtype) for t in tables]
    with name_scope(name, "embedding_lookup", [*tables, sparse_ids, sparse_weights]) as scope:
        whole = sparse_ids.dense_shape
        known_rank = whole.shape[0].value
        number: Any = size(whole) if known_rank is None else known_rank
        rows = reduce_prod(slice_(whole, [0], [number - 1]))
        ids = sparse_reshape(sparse_ids, [rows, gather(whole, number - 1)])
        weights = None
        if sparse_weights is not None:
            weights = SparseTensor(ids.indices, sparse_weights.values, ids.dense_shape)
        ids, weights = _without_negative_ids(ids, weights)
        if combiner != "sum" and weights is not None:
            positive = m.greater(weights.values, 0)
            ids, weights = sparse_retain(ids, positive), sparse_retain(weights, positive)
        ids, empty = sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_fill_empty_rows(weights, 1.0)
        own_name = None if default_id is None else scope
        result = embedding_lookup_sparse(
            tables, ids, weights, partition_strategy, own_name, combiner, max_norm, allow_fast_lookup
        )
        if default_id is None:
            mask = tile(reshape(empty, [-1, 1]), stack([1, shape(result)[1]]))
            result = m.where(mask, zeros_like(result), result, name=scope)
        front = slice_(m.cast(whole, dtypes.int32), [0], [number - 1])
        final = reshape(result, concat([front, slice_(shape(result), [1], [-1])], 0))
        outer = (Dimension(known_rank) - 1).value
        final.set_shape(unknown_shape(outer).concatenate(result.shape[1:]))
        return final


def _without_negative_ids(ids: SparseTensor, weights: SparseTensor | None) -> tuple[SparseTensor, SparseTensor | None]:
    valid = m.greater_equal(ids.values, 0)
    if weights is None:
        return sparse_retain(ids, valid), None
    valid = m.logical_and(valid, ones_like(weights.values, dtype=dtypes.bool))
    return sparse_retain(ids, valid), sparse_retain(weights, valid)
