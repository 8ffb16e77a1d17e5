"""Tensors dealt out to partitions, and put together again."""

from __future__ import annotations

from typing import Any

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import reshape, shape
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.reductions import reduce_prod
from teachtf.ops.segments import unsorted_segment_sum


def _partition_shape(op: Any) -> list[TensorShape]:
    data, partitions = op._inputs[0]._shape.as_tuple, op._inputs[1]._shape.as_tuple
    if data is None or partitions is None:
        return [unknown_shape()] * op._attrs["num_partitions"]
    if len(data) < len(partitions):
        raise ValueError(f"Shape must be at least rank {len(partitions)} but is rank {len(data)}")
    for a, b in zip(data, partitions, strict=False):
        shapes.merge_dim(a, b)
    return [shapes.shape_of([None, *data[len(partitions) :]])] * op._attrs["num_partitions"]


def _partition_gradient(op: Any, *grads: Any) -> list[Any]:
    """The places go through the same partition, and say where each gradient belongs."""
    data, partitions = op.inputs
    number = op.get_attr("num_partitions")
    prefix = shape(partitions)
    places = reshape(range_(reduce_prod(prefix)), prefix)
    parts = apply_op("DynamicPartition", places, partitions, num_partitions=number)
    return [reshape(apply_op("ParallelDynamicStitch", parts, list(grads)), shape(data)), None]


declare(
    "DynamicPartition",
    inputs="data: T, partitions: int32",
    outputs="outputs: num_partitions * T",
    attrs="num_partitions: int >= 1, T: type",
    shape=_partition_shape,
    gradient=_partition_gradient,
)


def _stitch_shape(op: Any) -> list[TensorShape]:
    number = op._attrs["N"]
    tail = unknown_shape()
    places = [static.constant_value(index) for index in op._inputs[:number]]
    last = [int(p.max(initial=-1)) for p in places if p is not None]
    length = 1 + max(last) if len(last) == number else None
    for index, data in zip(op._inputs[:number], op._inputs[number:], strict=True):
        if index._shape.ndims is not None and data._shape.ndims is not None:
            tail = tail.merge_with(data._shape[index._shape.ndims :])
    dims = tail.as_tuple
    return [unknown_shape() if dims is None else shapes.shape_of([length, *dims])]


def _stitch_gradient(op: Any, grad: Any) -> list[Any]:
    number = op.get_attr("N")
    if isinstance(grad, IndexedSlices):
        grad = unsorted_segment_sum(grad.values, grad.indices, shape(op.outputs[0])[0])
    return [None] * number + [gather(grad, index) for index in op.inputs[:number]]


declare(
    "ParallelDynamicStitch",
    inputs="indices: N * int32, data: N * T",
    outputs="merged: T",
    attrs="N: int >= 1, T: type",
    shape=_stitch_shape,
    gradient=_stitch_gradient,
)


def dynamic_partition(data: Any, partitions: Any, num_partitions: int, name: str | None = None) -> list[Tensor]:
    """The elements of `data` dealt out to partitions.

    Args:
      data: a tensor.
      partitions: int32, of the shape of the first axes of `data`: for each element the partition that it goes to.
      num_partitions: how many there are.
      name: the operation's name.

    Returns:
      A list of tensors; the order of elements stays.

    Raises:
      ValueError: the shapes do not fit.

    Source: `tf.dynamic_partition`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(*sess.run(tf.dynamic_partition([10, 20, 30], [0, 1, 0], 2)))
    [10 30] [20]
    """
    return apply_op("DynamicPartition", data, partitions, num_partitions=num_partitions, name=name)


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """The rows of several tensors, each at the place that its index says; of two for one place the later stays.

    Args:
      indices: a list of int32 tensors.
      data: a list of tensors, of the shapes of `indices` with the shape of a row added.
      name: the operation's name.

    Source: `tf.dynamic_stitch`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.dynamic_stitch([[2, 0], [1]], [[30, 10], [20]])))
    [10 20 30]
    """
    return apply_op("DynamicStitch", indices, data, name=name)


def parallel_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """As `tf.dynamic_stitch`, for places that come once. Source: TensorFlow's `parallel_dynamic_stitch`."""
    return apply_op("ParallelDynamicStitch", indices, data, name=name)
