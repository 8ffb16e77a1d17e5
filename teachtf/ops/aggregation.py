"""Gradients that reach a tensor by several ways, added up."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.sparse import IndexedSlices, convert_to_tensor_or_indexed_slices
from teachtf.core.tensor import Tensor
from teachtf.ops import fills
from teachtf.ops.arithmetic import add_n, cast
from teachtf.ops.joining import concat


def _sum_shape(op: Any) -> list[TensorShape]:
    shape = op._attrs["shape"]
    for tensor in op._inputs:
        shape = shape.merge_with(tensor._shape)
    return [shape]


declare(
    "AccumulateNV2",
    inputs="inputs: N * T",
    outputs="sum: T",
    attrs="N: int >= 1, T: numbertype, shape: shape",
    shape=_sum_shape,
    gradient=lambda op, grad: [grad] * len(op.inputs),
    commutative=True,
)


class AggregationMethod:
    """How `tf.gradients` adds up what reaches a tensor by several ways. Source: `tf.AggregationMethod`."""

    ADD_N = 0  # all in one node
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1  # two at a time: what is added can be freed
    EXPERIMENTAL_ACCUMULATE_N = 2  # the same


def check_method(method: Any) -> int:
    """`method`, or the default for None. Raises ValueError when there is no such method."""
    methods = [AggregationMethod.ADD_N, AggregationMethod.EXPERIMENTAL_TREE, AggregationMethod.EXPERIMENTAL_ACCUMULATE_N]
    if method is None:
        return AggregationMethod.DEFAULT
    if method not in methods:
        raise ValueError(f"Invalid `aggregation_method` specified {method}. Accepted values are {methods}.")
    return method


def aggregated(parts: list[Any], op: Any, method: int) -> Any:
    """The sum of two or more gradients of an output of `op`: a tensor, or slices where all are slices.

    Raises:
      TypeError: one is neither a tensor nor slices.
    """
    if not all(isinstance(part, (Tensor, IndexedSlices)) for part in parts):
        raise TypeError(f"Invalid gradient {parts}. Gradients have to be either all Tensors or all IndexedSlices")
    if all(isinstance(part, IndexedSlices) for part in parts):
        slices = _of_one_index_dtype(parts)
        values, indices = concat([s.values for s in slices], 0), concat([s.indices for s in slices], 0)
        return IndexedSlices(values, indices, slices[0].dense_shape)
    if not all(isinstance(part, Tensor) for part in parts):
        return add_n(parts)
    if method == AggregationMethod.ADD_N:
        return _add_by_device(parts)
    with name_scope(f"{op.name}_gradient_sum"):
        total = parts[0]
        for part in parts[1:]:
            total = add_n([total, part])
        return total


def _add_by_device(parts: list[Tensor]) -> Tensor:
    """First those of each device, there; then these sums."""
    devices: dict[str, list[Tensor]] = {}
    for part in parts:
        devices.setdefault(part.device, []).append(part)
    sums = []
    for device in sorted(devices):
        with colocate_with(devices[device][0].op, ignore_existing=True):
            sums.append(add_n(devices[device]))
    return add_n(sums)


def _of_one_index_dtype(slices: list[IndexedSlices]) -> list[IndexedSlices]:
    if len({s.indices.dtype for s in slices}) == 1:
        return slices
    return [
        s if s.indices.dtype == dtypes.int64 else IndexedSlices(s.values, cast(s.indices, dtypes.int64), s.dense_shape)
        for s in slices
    ]


def accumulate_n(inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape and type. Source: `tf.accumulate_n`.

    Raises:
      ValueError: there is none, or their shapes or types differ.
      TypeError: they are not of `tensor_dtype`.
    """
    wrong = ValueError("inputs must be a list of at least one Tensor with the same dtype and shape")
    if not inputs or not isinstance(inputs, (list, tuple)):
        raise wrong
    tensors = [convert_to_tensor_or_indexed_slices(t) for t in inputs]
    if not all(isinstance(t, Tensor) and t.dtype == tensors[0].dtype for t in tensors):
        raise wrong
    merged = as_shape(shape)
    for tensor in tensors:
        merged = merged.merge_with(tensor.shape)
    if tensor_dtype is not None and tensor_dtype != tensors[0].dtype:
        raise TypeError(
            f"The `tensor_dtype` argument is {tensor_dtype}, but `input` is of type {tensors[0].dtype}. These must be equal. "
            "Try casting the input to the desired type."
        )
    return add_n(tensors, name=name)


def as_slices(value: Any) -> IndexedSlices:
    """`value` itself if it is slices, else all its rows."""
    if isinstance(value, IndexedSlices):
        return value
    tensor = convert_to_tensor(value)
    known = apply_op("Shape", tensor, out_type=dtypes.int32)
    return IndexedSlices(tensor, fills.range(0, known[0]), known)
