"""Look-up in tables of vectors, whole or cut into partitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops.arrays import identity, rank, reshape, shape
from teachtf.ops.fills import ones_like
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat
from teachtf.ops.partitioning import dynamic_partition
from teachtf.ops.reductions import reduce_sum


def _clipped(vectors: Any, ids: Any, max_norm: Any) -> Any:
    """`vectors` with none longer than `max_norm`."""
    if max_norm is None:
        return vectors
    ids_rank, ndims = ids.shape.ndims, vectors.shape.ndims
    if ids_rank is not None and ndims is not None:
        axes: Any = list(range(ids_rank, ndims))
    else:
        axes = range_(rank(ids), rank(vectors))
    with name_scope("clip_by_norm", values=[vectors]) as scope:
        total = reduce_sum(vectors * vectors, axes, keepdims=True)
        positive = total > 0
        safe = arithmetic.where(positive, total, ones_like(total))
        length = arithmetic.where(positive, arithmetic.sqrt(safe), total)
        scaled = vectors * max_norm
        return identity(scaled / arithmetic.maximum(length, max_norm), name=scope)


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
    ...     print(sess.run(tf.nn.embedding_lookup([[0.0, 0.5], [1.0, 1.5]], [1, 1, 0])))
    [[1.  1.5]
     [1.  1.5]
     [0.  0.5]]
    """
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not len(params):
        raise ValueError("Length of params is currently 0. Need at least one param.")
    tables = _tables(params)
    with name_scope(name, "embedding_lookup", [*tables, ids]) as scope:
        tables = [convert_to_tensor(t, name=f"params_{i}", as_ref=True) for i, t in enumerate(tables)]
        ids = convert_to_tensor(ids, name="ids")
        if len(tables) == 1:
            with colocate_with(tables[0].op):
                result = _clipped(gather(tables[0], ids, name=scope), ids, max_norm)
            return identity(result)
        if partition_strategy not in ("mod", "div"):
            raise ValueError(f"Unrecognized partition strategy: {partition_strategy}.Must be one of either `mod` or `div`.")
        return _clipped(_from_partitions(tables, ids, partition_strategy, scope), ids, max_norm)


def _tables(params: Any) -> list[Any]:
    """The partitions; a plain nested list of numbers is one table."""
    if hasattr(params, "_variable_list"):
        return list(params)
    if isinstance(params, (list, tuple)) and all(
        isinstance(p, (Tensor, np.ndarray)) or hasattr(p, "get_shape") for p in params
    ):
        return list(params)
    return [params]


def _assignments(tables: list[Tensor], ids: Tensor, strategy: str) -> tuple[Tensor, Tensor]:
    """Which partition each id is in, and at which of its rows."""
    number = len(tables)
    if strategy == "mod":
        return ids % number, ids // number
    sizes = [t.shape[0].value if t.shape.ndims else None for t in tables]
    if None in sizes:
        parts = [shape(t)[0] if s is None else s for t, s in zip(tables, sizes, strict=True)]
        total = reduce_sum(arithmetic.cast(convert_to_tensor(parts), ids.dtype))
    else:
        total = constant(sum(s for s in sizes if s is not None), ids.dtype)
    each, extras = total // number, total % number
    partition = arithmetic.maximum(ids // (each + 1), (ids - extras) // each)
    row = arithmetic.where(partition < extras, ids % (each + 1), (ids - extras) % each)
    return partition, row


def _from_partitions(tables: list[Tensor], ids: Tensor, strategy: str, scope: str) -> Tensor:
    flat = reshape(ids, [-1])
    order = range_(apply_op("Size", flat))
    partition, row = _assignments(tables, flat, strategy)
    partition = arithmetic.cast(partition, "int32")
    rows = dynamic_partition(row, partition, len(tables))
    places = dynamic_partition(order, partition, len(tables))
    found = []
    for table, part in zip(tables, rows, strict=True):
        with colocate_with(table.op):
            found.append(gather(table, part))
    result = apply_op("ParallelDynamicStitch", places, found, name=scope)
    row_shape = tables[0].shape[1:]
    for table in tables[1:]:
        row_shape = row_shape.merge_with(table.shape[1:])
    tail = row_shape if row_shape.is_fully_defined() else shape(tables[0])[1:]
    result = reshape(result, concat([shape(ids), tail], 0))
    result.set_shape(ids.shape.concatenate(row_shape))
    return result
