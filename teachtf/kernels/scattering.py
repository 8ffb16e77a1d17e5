"""Kernels of slices by index tuples."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import scattering

assert scattering  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _places(indices: Any, dims: tuple[int, ...], ignore: bool) -> tuple[Any, Any]:
    """The rows of `indices` as numbers of slices of a tensor of shape `dims`, and which of them there are."""
    depth = indices.shape[-1]
    if depth > len(dims):
        raise _invalid(f"index innermost dimension length must be <= params rank; saw: {depth} vs. {len(dims)}")
    rows = indices.reshape(int(np.prod(indices.shape[:-1])), depth).astype(np.int64)
    limits = np.array(dims[:depth], np.int64)
    good = ((rows >= 0) & (rows < limits)).all(-1)
    if not ignore and not good.all():
        at = int(np.argmin(good))
        place = ",".join(map(str, np.unravel_index(at, indices.shape[:-1]))) if indices.ndim > 1 else ""
        raise _invalid(f"indices[{place}] = {rows[at].tolist()} does not index into shape {list(dims)}")
    steps = np.array([int(np.prod(dims[i + 1 : depth])) for i in range(depth)], np.int64)
    return rows @ steps, good


def _ignores(op: Any) -> bool:
    return op._attrs["bad_indices_policy"] == b"IGNORE"


@kernel("GatherNd")
def _gather_nd(op: Any) -> Call:
    ignore = _ignores(op)

    def call(params: Any, indices: Any) -> Any:
        depth = indices.shape[-1]
        at, good = _places(indices, params.shape, ignore)
        slices = params.reshape(int(np.prod(params.shape[:depth])), -1) if params.size else None
        shape = (*indices.shape[:-1], *params.shape[depth:])
        if slices is None:
            return np.zeros(shape, params.dtype)
        if good.all():
            return slices[at].reshape(shape)
        found = np.zeros((len(at), slices.shape[1]), params.dtype)
        found[good] = slices[at[good]]
        return found.reshape(shape)

    return call


def _scatter(target: Any, indices: Any, updates: Any, ignore: bool, put: Any) -> Any:
    """Change the slices of `target` (flat rows of it) at the indices by `put(rows, places, updates)`."""
    depth, outer = indices.shape[-1], indices.shape[:-1]
    if updates.shape != (*outer, *target.shape[depth:]):
        raise _invalid(
            f"Must have updates.shape = indices.shape[:-1] + shape[{depth}:], got updates.shape: {list(updates.shape)}, "
            f"indices.shape: {list(indices.shape)}, shape: {list(target.shape)}"
        )
    at, good = _places(indices, target.shape, ignore)
    if updates.size == 0:
        return target
    rows = target.reshape(int(np.prod(target.shape[:depth])), -1)
    given = updates.reshape(len(at), -1)
    if not good.all():
        at, given = at[good], given[good]
    put(rows, at, given)
    return rows.reshape(target.shape)


def _add(rows: Any, at: Any, updates: Any) -> None:
    if rows.dtype == object:
        rows[at] = updates
    else:
        np.add.at(rows, at, updates)


def _replace(rows: Any, at: Any, updates: Any) -> None:
    rows[at] = updates


@kernel("ScatterNd")
def _scatter_nd(op: Any) -> Call:
    ignore = _ignores(op)

    def call(indices: Any, updates: Any, shape: Any) -> Any:
        dims = tuple(int(d) for d in shape)
        if int(np.prod(dims)) == 0 and (indices.size or updates.size):
            raise _invalid("Indices and updates specified for empty output tensor")
        target = np.full(dims, b"", object) if updates.dtype == object else np.zeros(dims, updates.dtype)
        return _scatter(target, indices, updates, ignore, _add)

    return call


for _name, _put in {
    "TensorScatterUpdate": _replace,
    "TensorScatterAdd": _add,
    "TensorScatterSub": lambda rows, at, updates: np.subtract.at(rows, at, updates),
    "TensorScatterMin": lambda rows, at, updates: np.minimum.at(rows, at, updates),
    "TensorScatterMax": lambda rows, at, updates: np.maximum.at(rows, at, updates),
}.items():

    def _factory(op: Any, put: Any = _put) -> Call:
        ignore = _ignores(op)
        return lambda tensor, indices, updates: _scatter(np.array(tensor), indices, updates, ignore, put)

    kernel(_name)(_factory)
