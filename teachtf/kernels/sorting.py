"""Kernels of searches, rolls, reversals and indices taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import sorting

assert sorting  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


@kernel("LowerBound", "UpperBound")
def _bound(op: Any) -> Call:
    side: Any = "left" if op.type == "LowerBound" else "right"
    target = op._attrs["out_type"].as_numpy_dtype

    def call(rows: Any, values: Any) -> Any:
        if len(rows) != len(values):
            raise _invalid(f"Leading dim_size of both tensors must match: {len(rows)} and {len(values)}")
        found = np.zeros(values.shape, target)
        for i, (row, wanted) in enumerate(zip(rows, values, strict=True)):
            found[i] = np.searchsorted(row, wanted, side)
        return found

    return call


@kernel("Roll")
def _roll(op: Any) -> Call:
    def call(x: Any, shift: Any, axis: Any) -> Any:
        shifts, axes = np.ravel(shift).tolist(), np.ravel(axis).tolist()
        if len(shifts) != len(axes):
            raise _invalid(f"shift and axis must have the same size, have {len(shifts)} and {len(axes)}")
        if x.ndim < 1 or any(not -x.ndim <= a < x.ndim for a in axes):
            raise _invalid(f"axis {axes} is out of range for an input of rank {x.ndim}")
        return np.roll(x, tuple(shifts), tuple(axes))

    return call


@kernel("UnravelIndex")
def _unravel(op: Any) -> Call:
    def call(indices: Any, dims: Any) -> Any:
        if np.any(dims == 0):
            raise _invalid("Input dims cannot contain a dim of zero, but dims contains zero")
        size = int(np.prod(dims, dtype=np.int64))
        if np.size(indices) and (np.min(indices) < 0 or np.max(indices) >= size):
            raise _invalid(f"index is out of bound as with dims: indices must be in [0, {size})")
        return (
            np.stack(np.unravel_index(np.ravel(indices), tuple(dims)))
            .astype(dims.dtype)
            .reshape((len(dims), *([np.size(indices)] if np.ndim(indices) else [])))
        )

    return call


@kernel("ReverseSequence")
def _reverse_sequence(op: Any) -> Call:
    sequence, batch = op._attrs["seq_dim"], op._attrs["batch_dim"]

    def call(x: Any, lengths: Any) -> Any:
        if sequence == batch:
            raise _invalid(f"batch_dim == seq_dim == {sequence}")
        if max(sequence, batch) >= x.ndim or len(lengths) != x.shape[batch]:
            raise _invalid(f"Length of seq_lengths != input.dims({batch}), ({len(lengths)} vs. shape {list(x.shape)})")
        limit = x.shape[sequence]
        if len(lengths) and not 0 <= lengths.min() <= lengths.max() <= limit:
            raise _invalid(f"seq_lengths must be in [0, {limit}], is {lengths.tolist()}")
        rows = np.moveaxis(x, (batch, sequence), (0, 1))
        steps = np.arange(limit)
        ends = np.asarray(lengths, np.int64)[:, None]
        order = np.where(steps < ends, ends - 1 - steps, steps)
        result = rows[np.arange(len(rows))[:, None], order]
        return np.ascontiguousarray(np.moveaxis(result, (0, 1), (batch, sequence)))

    return call
