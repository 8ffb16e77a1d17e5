"""Look-up in tables of vectors, whole or cut into partitions."""

from __future__ import annotations

from typing import Any

from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.sparse import convert_to_tensor_or_indexed_slices
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops.arrays import identity, rank, reshape, shape, size
from teachtf.ops.clipping import clip_by_norm
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat, stack
from teachtf.ops.partitioning import dynamic_partition, parallel_stitch
from teachtf.ops.reductions import reduce_sum


def _clipped(vectors: Any, ids: Any, max_norm: Any) -> Any:
    """`vectors` with none longer than `max_norm`."""
    if max_norm is None:
        return vectors
    ids_rank, ndims = (convert_to_tensor(t).shape.ndims or rank(t) for t in (ids, vectors))
    known = isinstance(ids_rank, int) and isinstance(ndims, int)
    return clip_by_norm(vectors, max_norm, list(range(ids_rank, ndims)) if known else range_(ids_rank, ndims))


def tables_of(params: Any) -> list[Any]:
    """The partitions of a table.

    Raises:
      ValueError: there is none.
    """
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Length of params is currently 0. Need at least one param.")
    if hasattr(params, "_variable_list") or isinstance(params, list):
        return list(params)
    return [params]


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """The rows of a table at `ids`.

    Args:
      params: the table, a tensor or variable of rank 1 or more; or a list of partitions of it.
      ids: int32 or int64 indices, of any shape.
      partition_strategy: how the rows lie in partitions: "mod" deals them out in turn, "div" cuts the table in order.
      name: the operation's name.
      validate_indices: accepted, not used.
      max_norm: the length to which longer rows are cut.

    Returns:
      A tensor of the shape of `ids`, with the shape of a row added.

    Raises:
      ValueError: there is no table, or no such strategy.

    Source: `tf.nn.embedding_lookup`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     table = tf.constant([[0.0, 0.5], [1.0, 1.5]])
    ...     print(sess.run(tf.nn.embedding_lookup(table, [1, 1, 0])))
    [[1.  1.5]
     [1.  1.5]
     [0.  0.5]]
    """
    tables = tables_of(params)
    with name_scope(name, "embedding_lookup", [*tables, ids]) as scope:
        tables = [convert_to_tensor_or_indexed_slices(t, name=f"params_{i}") for i, t in enumerate(tables)]
        ids = convert_to_tensor(ids, name="ids")
        if len(tables) == 1:
            with colocate_with(tables[0]):
                result = _clipped(gather(tables[0], ids, name=scope), ids, max_norm)
            return identity(result)
        return _clipped(_from_partitions(tables, ids, partition_strategy, scope), ids, max_norm)


def _assignments(tables: list[Tensor], ids: Tensor, strategy: str) -> tuple[Tensor, Tensor]:
    """Which partition each id is in, and at which of its rows."""
    number = len(tables)
    if strategy == "mod":
        return ids % number, ids // number
    if strategy != "div":
        raise ValueError(f"Unrecognized partition strategy: {strategy}.Must be one of either `mod` or `div`.")
    sizes = [t.shape[0].value if t.shape.ndims else None for t in tables]
    if None in sizes:
        parts: list[Any] = []
        for table, known in zip(tables, sizes, strict=True):
            with colocate_with(table):
                parts.append(shape(table)[0] if known is None else known)
        total = reduce_sum(arithmetic.cast(stack(parts), ids.dtype))
    else:
        total = constant(sum(s for s in sizes if s is not None), ids.dtype)
    each, extras = total // number, total % number
    partition = arithmetic.maximum(ids // (each + 1), (ids - extras) // each)
    row = arithmetic.where(partition < extras, ids % (each + 1), (ids - extras) % each)
    return partition, row


def _from_partitions(tables: list[Tensor], ids: Tensor, strategy: str, scope: str) -> Tensor:
    flat = reshape(ids, [-1])
    order = range_(size(flat))
    partition, row = _assignments(tables, flat, strategy)
    partition = arithmetic.cast(partition, "int32")
    rows = dynamic_partition(row, partition, len(tables))
    places = dynamic_partition(order, partition, len(tables))
    found = []
    for table, part in zip(tables, rows, strict=True):
        with colocate_with(table):
            found.append(gather(table, part))
    result = parallel_stitch(places, found, name=scope)
    row_shape = tables[0].shape[1:]
    for table in tables[1:]:
        row_shape = row_shape.merge_with(table.shape[1:])
    tail: Any = row_shape
    if not row_shape.is_fully_defined():
        with colocate_with(tables[0]):
            table_shape = shape(tables[0])
        tail = table_shape[1:]
    result = reshape(result, concat([shape(ids), tail], 0))
    result.set_shape(ids.shape.concatenate(row_shape))
    return result
