"""Kernels of the largest elements, and of partitions."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import partitioning, ranking

assert partitioning and ranking  # the declarations


def _descending(x: Any) -> Any:
    """Keys that ascend where `x` descends, so that a stable sort keeps the first of equals first. NaNs come first."""
    if x.dtype.kind == "u":
        return ~x
    if x.dtype.kind == "i":
        return ~x  # -x - 1: no overflow at the least number
    return -x.astype(np.float32) if x.dtype.itemsize == 2 else -x


@kernel("TopKV2")
def _top_k(op: Any) -> Call:
    index_type = op._attrs["index_type"].as_numpy_dtype

    def call(x: Any, k: Any) -> tuple[Any, Any]:
        number = int(k)
        if number < 0:
            raise errors.InvalidArgumentError(None, op, f"Need k >= 0, got {number}")
        if x.shape[-1] < number:
            raise errors.InvalidArgumentError(
                None, op, f"input must have at least k columns. Had {x.shape[-1]}, needed {number}"
            )
        if number == 1 and x.shape[-1]:
            order = np.expand_dims(x.argmax(-1), -1)
        else:
            order = np.argsort(_descending(x), -1, kind="stable")[..., :number]
        return np.take_along_axis(x, order, -1), order.astype(index_type)

    return call


def _in_top(predictions: Any, targets: Any, k: int) -> Any:
    """A target is in where fewer than k classes are better. Nothing is, where the prediction is not finite."""
    batch, classes = predictions.shape
    if targets.shape != (batch,):
        raise errors.InvalidArgumentError(
            None, None, f"First dimension of predictions {batch} must match length of targets {targets.size}"
        )
    valid = (targets >= 0) & (targets < classes)
    at = np.where(valid, targets, 0)
    own = predictions[np.arange(batch), at] if classes else np.zeros(batch, np.float32)
    better = (predictions > own[:, None]).sum(-1)
    return valid & np.isfinite(own) & np.isfinite(predictions).all(-1) & (better < k)


@kernel("InTopK")
def _in_top_k(op: Any) -> Call:
    k = op._attrs["k"]
    return lambda predictions, targets: _in_top(predictions, targets, k)


@kernel("InTopKV2")
def _in_top_k_v2(op: Any) -> Call:
    return lambda predictions, targets, k: _in_top(predictions, targets, int(k))


@kernel("DynamicPartition")
def _dynamic_partition(op: Any) -> Call:
    number = op._attrs["num_partitions"]

    def call(data: Any, partitions: Any) -> Any:
        data, partitions = np.asarray(data), np.asarray(partitions)
        if data.shape[: partitions.ndim] != partitions.shape:
            raise errors.InvalidArgumentError(
                None, op, f"data.shape must start with partitions.shape, got data.shape = {list(data.shape)}, "
                f"partitions.shape = {list(partitions.shape)}"
            )  # fmt: skip
        if partitions.size and not 0 <= partitions.min() <= partitions.max() < number:
            raise errors.InvalidArgumentError(None, op, f"partitions must be in [0, {number}), got {partitions.ravel()[:16]}")
        parts = tuple(data[partitions == i] for i in range(number))
        return parts if number > 1 else parts[0]

    return call


@kernel("ParallelDynamicStitch")
def _parallel_dynamic_stitch(op: Any) -> Call:
    number = op._attrs["N"]

    def call(*inputs: Any) -> Any:
        indices = [np.asarray(i) for i in inputs[:number]]
        data = [np.asarray(d) for d in inputs[number:]]
        size = max((int(i.max()) + 1 for i in indices if i.size), default=0)
        result = np.zeros((size, *data[0].shape[indices[0].ndim :]), data[0].dtype)
        for index, part in zip(indices, data, strict=True):
            result[index] = part
        return result

    return call
