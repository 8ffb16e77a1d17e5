"""Slices changed by index: of new arrays, of copies, of variables.

Sums, differences and extremes of slices that are named more than once come together by atomic operations, in any order. Of
updates that put values in one place the last one counts, as on the CPU: each place first finds its last row. Products and
quotients take their factors in order.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu, to_host
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.gathering import addresses, place_of
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import copy
from teachtf.kernels.registry import Call, Cell

__all__ = ["ATOMIC", "HALVES", "copied", "scattered"]

# Those that a GPU adds and compares in memory at a stroke; complex numbers are added as pairs.
ATOMIC = frozenset(np.dtype(t) for t in (np.float32, np.float64, np.int32, np.int64))
HALVES = {np.dtype(np.complex64): np.dtype(np.float32), np.dtype(np.complex128): np.dtype(np.float64)}


@device_function
def _add(y, at, value):
    cuda.atomic.add(y, at, value)


@device_function
def _subtract(y, at, value):
    cuda.atomic.add(y, at, -value)


@device_function
def _lower(y, at, value):
    cuda.atomic.min(y, at, value)


@device_function
def _raise(y, at, value):
    cuda.atomic.max(y, at, value)


def _changing(name: str, change: Any) -> Any:
    def made(y, indices, updates, dims, inner, strict, count, flag):
        i = cuda.grid(1)
        if i < count:
            row = i // inner
            place = place_of(indices, row, dims)
            if place >= 0:
                change(y, place * inner + i - row * inner, updates[i])
            elif strict:
                flag[0] = 1

    made.__name__ = made.__qualname__ = name
    types = (
        ("float32", "int32", 1),
        ("float32", "int64", 2),
        ("float64", "int32", 1),
        ("int32", "int32", 1),
        ("int64", "int64", 3),
    )
    return kernel(
        *(f"void({x}[::1], {i}[::1], {x}[::1], UniTuple(int64, {n}), int64, boolean, int64, int32[::1])" for x, i, n in types)
    )(made)


_CHANGES = {
    "Add": _changing("scatter_add", _add),
    "Sub": _changing("scatter_sub", _subtract),
    "Min": _changing("scatter_min", _lower),
    "Max": _changing("scatter_max", _raise),
}


@kernel(
    *(
        f"void({i}[::1], int64[::1], UniTuple(int64, {n}), boolean, int64, int32[::1])"
        for i, n in (("int32", 1), ("int64", 1), ("int64", 3))
    )
)
def _own(indices, owners, dims, strict, count, flag):
    """Each place finds the last row that names it."""
    row = cuda.grid(1)
    if row < count:
        place = place_of(indices, row, dims)
        if place >= 0:
            cuda.atomic.max(owners, place, row)
        elif strict:
            flag[0] = 1


@kernel(
    *(
        f"void({x}[::1], {i}[::1], {x}[::1], UniTuple(int64, {n}), int64, int64[::1], int64)"
        for x, i, n in (("float32", "int32", 1), ("float32", "int64", 2), ("float64", "int64", 1), ("complex64", "int32", 1))
    )
)
def _put(y, indices, updates, dims, inner, owners, count):
    i = cuda.grid(1)
    if i < count:
        row = i // inner
        place = place_of(indices, row, dims)
        if place >= 0 and owners[place] == row:
            y[place * inner + i - row * inner] = updates[i]


@kernel(
    *(
        f"void({x}[::1], {x}[::1], int64[::1], int64[::1], int64[::1], int64, boolean, int64)"
        for x in ("float32", "float64", "int32")
    )
)
def _multiply(y, updates, places, order, starts, inner, divides, count):
    """Each place that is named takes its rows of updates, `order[starts[k]:starts[k + 1]]`, one after another."""
    i = cuda.grid(1)
    if i < count:
        k, column = i // inner, i % inner
        at = places[k] * inner + column
        value = y[at]
        for j in range(starts[k], starts[k + 1]):
            factor = updates[order[j] * inner + column]
            if divides:
                value = value / factor
            else:
                value = value * factor
        y[at] = value


def copied(x: GpuArray) -> GpuArray:
    """An array of the same elements, to be written to."""
    made = empty(x.shape, x.dtype)
    copy(x, None, made, None)
    return made


def _serves(op: Any, how: str) -> bool:
    dtype = np.dtype(op.inputs[0 if op.type != "ScatterNd" else 1].dtype.base_dtype.as_numpy_dtype)
    if how == "Update":
        return True
    if how in ("Mul", "Div"):
        return dtype.kind == "f"
    return dtype in ATOMIC or (dtype in HALVES and how in ("Add", "Sub"))


def scattered(how: str, y: GpuArray, indices: GpuArray, updates: GpuArray, strict: bool, flag: Any) -> None:
    """Change the slices of `y`, which has just been made, that the tuples in the last axis of `indices` name. One that is out
    of range raises the flag if `strict`, and is left out."""
    if updates.size == 0:
        return
    depth = indices.shape[-1]
    inner = math.prod(y.shape[depth:])
    tuples, dims = addresses(indices, y.shape)
    target, values = y.flat, updates.flat
    if how == "Update":
        owners = filled((math.prod(dims),), np.int64, -1)
        rows = math.prod(indices.shape[:-1])
        launch(_own, rows, tuples.flat, owners.flat, dims, strict, rows, flag)
        launch(_put, updates.size, target, tuples.flat, values, dims, inner, owners.flat, updates.size)
        return
    count = updates.size
    if y.dtype in HALVES:
        target, values, inner, count = target.view(HALVES[y.dtype]), values.view(HALVES[y.dtype]), 2 * inner, 2 * count
    launch(_CHANGES[how], count, target, tuples.flat, values, dims, inner, strict, count, flag)


def _fits(indices: GpuArray, updates: GpuArray, shape: tuple[int, ...]) -> bool:
    depth = indices.shape[-1] if indices.ndim else 0
    return indices.ndim > 0 and depth <= len(shape) and updates.shape == (*indices.shape[:-1], *shape[depth:])


@gpu_kernel("ScatterNd", host=[2])
def _scatter_nd(op: Any) -> Call | None:
    if not _serves(op, "Add"):
        return None
    strict = op._attrs["bad_indices_policy"] != b"IGNORE"

    def call(indices: Any, updates: Any, shape: Any) -> Any:
        dims = tuple(int(d) for d in shape)
        if not _fits(indices, updates, dims) or math.prod(dims) == 0:
            return to_gpu(on_cpu(op, indices, updates, shape))
        made, flag = filled(dims, updates.dtype, 0), new_flag()
        scattered("Add", made, indices, updates, strict, flag)
        if strict:
            refused(op, flag, indices, updates, shape)
        return made

    return call


@gpu_kernel(*(f"TensorScatter{how}" for how in ("Update", "Add", "Sub", "Min", "Max")))
def _tensor_scatter(op: Any) -> Call | None:
    how = op.type.removeprefix("TensorScatter")
    if not _serves(op, how):
        return None
    strict = op._attrs["bad_indices_policy"] != b"IGNORE"

    def call(tensor: Any, indices: Any, updates: Any) -> Any:
        if not _fits(indices, updates, tensor.shape) or updates.size == 0:
            return to_gpu(on_cpu(op, tensor, indices, updates))
        made, flag = copied(tensor), new_flag()
        scattered(how, made, indices, updates, strict, flag)
        if strict:
            refused(op, flag, tensor, indices, updates)
        return made

    return call


@gpu_kernel(*(f"ScatterNd{how}" for how in ("Update", "Add", "Sub", "Min", "Max")))
def _scatter_nd_into(op: Any) -> Call | None:
    how = op.type.removeprefix("ScatterNd")
    return _into_variable(op, how, lambda indices: indices) if _serves(op, how) else None


@gpu_kernel(*(f"Scatter{how}" for how in ("Update", "Add", "Sub", "Min", "Max")))
def _scatter_into(op: Any) -> Call | None:
    how = op.type.removeprefix("Scatter")
    return _into_variable(op, how, lambda indices: indices.reshaped((*indices.shape, 1))) if _serves(op, how) else None


def _into_variable(op: Any, how: str, tuples: Any) -> Call:
    def call(cell: Cell, indices: Any, updates: Any) -> Cell:
        old = to_gpu(cell.read())
        named = tuples(indices)
        if updates.ndim == 0 and named.ndim:  # one number for all
            one = to_host(updates)[()]
            updates = filled((*named.shape[:-1], *old.shape[named.shape[-1] :]), updates.dtype, one)
        if not _fits(named, updates, old.shape) or updates.size == 0 or not named.shape[-1]:
            cell.value = to_gpu(on_cpu(op, cell, indices, updates).value)
            return cell
        new, flag = copied(old), new_flag()
        scattered(how, new, named, updates, True, flag)
        refused(op, flag, cell, indices, updates)
        cell.value = new
        return cell

    return call


@gpu_kernel("ScatterMul", "ScatterDiv", host=[1])
def _scatter_factors(op: Any) -> Call | None:
    if not _serves(op, op.type.removeprefix("Scatter")):
        return None
    divides = op.type == "ScatterDiv"

    def call(cell: Cell, indices: Any, updates: Any) -> Cell:
        old, flat = to_gpu(cell.read()), np.ravel(indices)
        inner = math.prod(old.shape[1:])
        outside = flat.size and (flat.min() < 0 or flat.max() >= old.shape[0])
        if outside or updates.shape != (*np.shape(indices), *old.shape[1:]) or updates.size == 0:
            cell.value = to_gpu(on_cpu(op, cell, indices, updates).value)
            return cell
        order = np.argsort(flat, kind="stable").astype(np.int64)
        places, starts = np.unique(flat[order], return_index=True)
        bounds = np.append(starts, flat.size).astype(np.int64)
        new = copied(old)
        lists = [to_gpu(v).flat for v in (places.astype(np.int64), order, bounds)]
        count = len(places) * inner
        launch(_multiply, count, new.flat, updates.flat, *lists, inner, divides, count)
        cell.value = new
        return cell

    return call
