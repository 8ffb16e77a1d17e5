"""Kernels that pick slices by index, and mark them."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def check_indices(indices: Any, limit: int) -> None:
    """Whether indices pick from so many."""
    if np.size(indices) and (np.min(indices) < 0 or np.max(indices) >= limit):
        flat = np.ravel(indices)
        at = int(np.argmax((flat < 0) | (flat >= limit)))
        raise _invalid(f"indices[{at}] = {flat[at]} is not in [0, {limit})")


@kernel("GatherV2")
def _gather(op: Any) -> Call:
    batch_dims = op._attrs["batch_dims"]

    def call(params: Any, indices: Any, axis: Any) -> Any:
        at = int(axis) % max(params.ndim, 1)
        check_indices(indices, params.shape[at])
        if batch_dims == 0:
            return np.take(params, indices, at)
        n = batch_dims % (np.ndim(indices) + 1) if batch_dims < 0 else batch_dims
        grid = np.ogrid[tuple(slice(s) for s in params.shape[:n])]
        index: list[Any] = [g.reshape(g.shape + (1,) * (np.ndim(indices) - n)) for g in grid]
        moved = np.moveaxis(params, at, n)
        result = moved[(*index, indices)]
        return np.moveaxis(result, list(range(n, np.ndim(indices))), list(range(at, at + np.ndim(indices) - n)))

    return call


@kernel("Unique", "UniqueWithCounts")
def _unique(op: Any) -> Call:
    out_idx = op._attrs["out_idx"].as_numpy_dtype

    def call(x: Any) -> Any:
        if np.ndim(x) != 1:
            raise _invalid("unique expects a 1D vector.")
        values, first, places, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True)
        order = np.argsort(first)  # by first occurrence, not by value
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        found = values[order], rank[places.reshape(-1)].astype(out_idx)
        return (*found, counts[order].astype(out_idx)) if op.type == "UniqueWithCounts" else found

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
