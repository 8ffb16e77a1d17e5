"""Sets: the elements along the last axis of two tensors, joined or taken from each other."""

from __future__ import annotations

from typing import Any

from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape
from teachtf.ops import shape_functions as shapes


def _sparse_shape(op: Any) -> list[TensorShape]:
    known = [x._shape.ndims for x in op._inputs if x._shape.ndims is not None]
    rank = known[0] if known else None
    if rank is not None and rank < 2:
        raise ValueError(f"Shape must be at least rank 2 but is rank {rank}")
    return [shapes.shape_of([None, rank]), shapes.shape_of([None]), shapes.shape_of([rank])]


declare(
    "DenseToDenseSetOperation",
    inputs="set1: T, set2: T",
    outputs="result_indices: int64, result_values: T, result_shape: int64",
    attrs="set_operation: string, validate_indices: bool = true, T: {int8, int16, int32, int64, uint8, uint16, string}",
    shape=_sparse_shape,
    gradient=NOT_DIFFERENTIABLE,
)
