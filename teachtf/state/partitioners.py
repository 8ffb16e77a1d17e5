"""Partitioners: functions of shape and dtype that say into how many parts each axis of a variable is cut."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes
from teachtf.core.shapes import TensorShape
from teachtf.platform import log
from teachtf.state.scopes import get_partitioned_variable, variable_scope

Partitioner = Callable[..., list[int]]


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner into `num_shards` parts along `axis`, or fewer where the axis is shorter.

    Source: `tf.fixed_size_partitioner`.

    >>> import teachtf as tf
    >>> tf.fixed_size_partitioner(3)(shape=tf.TensorShape([10, 4]))
    [3, 1]
    """

    def partitioner(shape: Any, **_: Any) -> list[int]:
        partitions = [1] * len(shape)
        partitions[axis] = min(num_shards, shape.as_list()[axis])
        return partitions

    return partitioner


def _element_size(dtype: Any, bytes_per_string_element: int) -> int:
    wanted = dtypes.as_dtype(dtype)
    return bytes_per_string_element if wanted.base_dtype == dtypes.string else wanted.size


def variable_axis_size_partitioner(
    max_shard_bytes: int, axis: int = 0, bytes_per_string_element: int = 16, max_shards: int | None = None
) -> Partitioner:
    """A partitioner whose parts have at most `max_shard_bytes` bytes, where slices along one axis can be so small.

    Args:
      max_shard_bytes: the size of the largest part.
      axis: the axis to cut.
      bytes_per_string_element: what an element of a string variable is taken to need.
      max_shards: the most parts, even where they are larger then.

    Raises:
      ValueError: a number is not positive.

    Source: `tf.variable_axis_size_partitioner`.

    >>> import teachtf as tf
    >>> tf.variable_axis_size_partitioner(64)(shape=tf.TensorShape([10, 4]), dtype=tf.float32)
    [3, 1]
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError(
            f"Both max_shard_bytes and bytes_per_string_element must be positive. Currently, max_shard_bytes is "
            f"{max_shard_bytes} and bytes_per_string_element is {bytes_per_string_element}"
        )
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        if not isinstance(shape, TensorShape):
            raise ValueError(f"shape is not a TensorShape: {shape}")
        if not shape.is_fully_defined():
            raise ValueError(f"shape is not fully defined: {shape}")
        dims: Any = shape.as_list()
        slice_bytes = math.prod(dims) / dims[axis] * _element_size(dtype, bytes_per_string_element)
        shards = math.ceil(dims[axis] / max(1, math.floor(max_shard_bytes / slice_bytes)))
        partitions = [1] * len(dims)
        partitions[axis] = min(max_shards, shards) if max_shards else shards
        return partitions

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1, axis: int = 0, min_slice_size: int = 256 << 10, bytes_per_string_element: int = 16
) -> Partitioner:
    """A partitioner whose parts have at least `min_slice_size` bytes, and that makes at most `max_partitions` of them.

    Source: `tf.min_max_variable_partitioner`.

    >>> import teachtf as tf
    >>> tf.min_max_variable_partitioner(8, min_slice_size=64)(shape=tf.TensorShape([10, 4]), dtype=tf.float32)
    [3, 1]
    """

    def partitioner(shape: Any, dtype: Any) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"Cannot partition variable along axis {axis} when shape is only {shape}")
        total = shape.num_elements() * _element_size(dtype, bytes_per_string_element)
        partitions = [1] * len(shape)
        partitions[axis] = max(1, min(shape.as_list()[axis], max_partitions, math.ceil(total / min_slice_size)))
        return partitions

    return partitioner


def create_partitioned_variables(
    shape: Any,
    slicing: Any,
    initializer: Any,
    dtype: Any = dtypes.float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Any = None,
) -> list[Any]:
    """The parts of a variable, cut as `slicing` says. Deprecated in TensorFlow for `tf.get_variable` with a partitioner.

    Args:
      shape: the shape of the whole.
      slicing: into how many parts each axis is cut; only one number can be more than 1.
      initializer: a tensor of `shape`, or an initializer, called for each part.
      dtype: the type, where `initializer` is no tensor.
      trainable, collections: as of `tf.get_variable`.
      name: the name of the whole; "PartitionedVariable", made unique, by default.
      reuse: as of `tf.variable_scope`.

    Raises:
      ValueError: `shape` and `slicing` do not fit each other.

    Source: `tf.create_partitioned_variables`.
    """
    log.warn("create_partitioned_variables is deprecated. Use `tf.get_variable` with a partitioner set.")
    if len(shape) != len(slicing):
        raise ValueError(
            f"The 'shape' and 'slicing' of a partitioned Variable must have the length: shape: {shape}, slicing: {slicing}"
        )
    if len(shape) < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1: shape: {shape}")
    with variable_scope(name, "PartitionedVariable", reuse=reuse):
        parts = get_partitioned_variable(
            None,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=trainable,
            partitioner=lambda **_: slicing,
            collections=collections,
        )
        return list(parts)
