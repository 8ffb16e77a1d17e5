"""Kernels that pick slices by index, sum into them, and mark them."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _check_indices(indices: Any, limit: int) -> None:
    if np.size(indices) and (np.min(indices) < 0 or np.max(indices) >= limit):
        flat = np.ravel(indices)
        at = int(np.argmax((flat < 0) | (flat >= limit)))
        raise _invalid(f"indices[{at}] = {flat[at]} is not in [0, {limit})")


@kernel("GatherV2")
def _gather(op: Any) -> Call:
    batch_dims = op._attrs["batch_dims"]

    def call(params: Any, indices: Any, axis: Any) -> Any:
        at = int(axis) % max(params.ndim, 1)
        _check_indices(indices, params.shape[at])
        if batch_dims == 0:
            return np.take(params, indices, at)
        n = batch_dims % (np.ndim(indices) + 1) if batch_dims < 0 else batch_dims
        grid = np.ogrid[tuple(slice(s) for s in params.shape[:n])]
        index: list[Any] = [g.reshape(g.shape + (1,) * (np.ndim(indices) - n)) for g in grid]
        moved = np.moveaxis(params, at, n)
        result = moved[(*index, indices)]
        return np.moveaxis(result, list(range(n, np.ndim(indices))), list(range(at, at + np.ndim(indices) - n)))

    return call


@kernel("UnsortedSegmentSum")
def _unsorted_segment_sum(op: Any) -> Call:
    def call(data: Any, ids: Any, count: Any) -> Any:
        rows = np.ravel(ids)
        result = np.zeros((int(count), *data.shape[np.ndim(ids) :]), data.dtype)
        if rows.size and rows.max() >= int(count):
            raise _invalid(f"segment_ids = {rows.max()} is out of range [0, {int(count)})")
        keep = rows >= 0  # negative ids drop their rows
        np.add.at(result, rows[keep], data.reshape(rows.size, *result.shape[1:])[keep])
        return result

    return call


@kernel("OneHot")
def _one_hot(op: Any) -> Call:
    axis = op._attrs["axis"]

    def call(indices: Any, depth: Any, on: Any, off: Any) -> Any:
        hot = np.expand_dims(indices, axis) == _along(np.arange(int(depth)), axis, np.ndim(indices) + 1)
        return np.where(hot, on, off)

    return call


def _along(vector: Any, axis: int, ndims: int) -> Any:
    shape = [1] * ndims
    shape[axis] = -1
    return vector.reshape(shape)
