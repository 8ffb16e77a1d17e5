"""Slices picked by index."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu, to_host
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.joining import concatenated
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import View, gathered, index_type
from teachtf.kernels.gathering import check_indices
from teachtf.kernels.registry import Call

__all__ = ["addresses", "place_of", "taken"]

_INDEXED = (("float32", "int32"), ("float32", "int64"), ("float64", "int64"), ("int32", "int32"), ("complex64", "int32"))


def _taking(index: Any) -> Any:
    def made(x, indices, y, outer, limit, inner, number, strict, count, flag):
        """y [batch, outer, number, inner] of x [batch, outer, limit, inner] at indices [batch, number]."""
        i = cuda.grid(1)
        if i < count:
            row = index(index(i) // inner)
            plane = index(row // number)
            place = np.int64(indices[np.int64(plane // outer) * np.int64(number) + np.int64(row - plane * number)])
            if 0 <= place < limit:
                y[i] = x[(np.int64(plane) * limit + place) * np.int64(inner) + np.int64(index(i) - row * inner)]
            else:
                y[i] = 0
                if strict:
                    flag[0] = 1

    t = index.__name__
    made.__name__ = made.__qualname__ = f"take_{t}"
    return kernel(
        *(
            f"void({x}[::1], {i}[::1], {x}[::1], {t}, int64, {t}, {t}, boolean, int64, int32[::1])"
            for x, i in (*_INDEXED, ("boolean", "int32"))
        )
    )(made)


_TAKES = {t: _taking(t) for t in (np.uint32, np.int64)}


def taken(x: GpuArray, indices: GpuArray, batch: int, outer: int, limit: int, inner: int, flag: Any = None) -> GpuArray:
    """Slices of `x` as [batch, outer, limit, inner] at `indices`, as many for each of the batch: [batch, outer, number, inner].
    An index out of range raises the flag, if there is one, and gives 0."""
    number = indices.size // max(batch, 1)
    made = empty((batch, outer, number, inner), x.dtype)
    index = index_type(max(made.size, x.size))
    numbers = index(outer), limit, index(inner), index(number), flag is not None
    launch(_TAKES[index], made.size, x.flat, indices.flat, made.flat, *numbers, made.size, new_flag() if flag is None else flag)
    return made


@gpu_kernel("GatherV2", anywhere=True, metadata=True)
def _gather(op: Any) -> Call:
    """Indices that the host has are looked at there, which spares it waiting for the GPU."""
    batch_dims = op._attrs["batch_dims"]

    def call(params: Any, indices: Any, axis: Any) -> Any:
        given, shape, axis = indices, params.shape, to_host(axis)
        params, indices = to_gpu(params), to_gpu(given)
        at, n = int(axis) % max(len(shape), 1), batch_dims % (indices.ndim + 1)
        outer, inner = math.prod(shape[n:at]), math.prod(shape[at + 1 :])
        if indices.size and (n > at or shape[:n] != indices.shape[:n] or outer * inner == 0):
            return to_gpu(on_cpu(op, params, indices, axis))
        flag = new_flag() if type(given) is GpuArray and given._host is None else None
        if flag is None:
            check_indices(to_host(given), shape[at])
        made = taken(params, indices, math.prod(shape[:n]), outer, shape[at], inner, flag)
        if flag is not None:
            refused(op, flag, params, indices, axis)
        return made.reshaped((*shape[:at], *indices.shape[n:], *shape[at + 1 :]))

    return call


@device_function
def place_of(indices, row, dims):
    """The number of the slice that a row of `indices` says, among slices laid out as `dims`; -1 if there is none."""
    at = np.int64(0)
    for k in range(len(dims)):
        place = np.int64(indices[row * len(dims) + k])
        if place < 0 or place >= dims[k]:
            return np.int64(-1)
        at = at * dims[k] + place
    return at


def addresses(indices: GpuArray, shape: tuple[int, ...]) -> tuple[GpuArray, tuple[int, ...]]:
    """Index tuples, and how the slices of an array of `shape` that they pick are laid out. No index at all picks the array."""
    depth = indices.shape[-1]
    if depth:
        return indices, shape[:depth]
    return filled((math.prod(indices.shape[:-1]), 1), indices.dtype, 0), (1,)


@kernel(
    *(
        f"void({x}[::1], {i}[::1], {x}[::1], UniTuple(int64, {n}), int64, boolean, int64, int32[::1])"
        for (x, i), n in zip(_INDEXED, (1, 2, 3, 1, 2), strict=True)
    )
)
def _take_by_tuples(x, indices, y, dims, inner, strict, count, flag):
    i = cuda.grid(1)
    if i < count:
        row = i // inner
        place = place_of(indices, row, dims)
        if place >= 0:
            y[i] = x[place * inner + i - row * inner]
        else:
            y[i] = 0
            if strict:
                flag[0] = 1


@gpu_kernel("GatherNd")
def _gather_nd(op: Any) -> Call:
    strict = op._attrs["bad_indices_policy"] != b"IGNORE"

    def call(params: Any, indices: Any) -> Any:
        depth = indices.shape[-1]
        inner = math.prod(params.shape[depth:])
        if depth > params.ndim or (inner == 0 and indices.size):
            return to_gpu(on_cpu(op, params, indices))
        made = empty((*indices.shape[:-1], *params.shape[depth:]), params.dtype)
        tuples, dims = addresses(indices, params.shape)
        flag = new_flag()
        launch(_take_by_tuples, made.size, params.flat, tuples.flat, made.flat, dims, inner, strict, made.size, flag)
        if strict:
            refused(op, flag, params, indices)
        return made

    return call


@gpu_kernel("DynamicStitch", "ParallelDynamicStitch", anywhere=True)
def _dynamic_stitch(op: Any) -> Call:
    """The host works out where each row of the result comes from: the last one that wants to be there."""
    number = op._attrs["N"]

    def call(*inputs: Any) -> Any:
        indices, data = [to_host(i) for i in inputs[:number]], [to_gpu(d) for d in inputs[number:]]
        inner = data[0].shape[np.ndim(indices[0]) :]
        places = np.concatenate([np.ravel(i) for i in indices])
        if any(d.shape != (*np.shape(i), *inner) for i, d in zip(indices, data, strict=True)) or np.any(places < 0):
            return on_cpu(op, *inputs)
        source = np.full(int(places.max()) + 1 if places.size else 0, -1, np.int64)
        source[places] = np.arange(places.size)
        rows = [d.reshaped((np.size(i), math.prod(inner))) for i, d in zip(indices, data, strict=True)]
        whole = concatenated(rows, 0) if number > 1 else rows[0]
        found = taken(whole, to_gpu(source), 1, 1, places.size, math.prod(inner))
        return found.reshaped((len(source), *inner))

    return call


@gpu_kernel("DynamicPartition", host=[1])
def _dynamic_partition(op: Any) -> Call:
    """The rows of all partitions are picked at once; each partition is a part of them, side by side."""
    number = op._attrs["num_partitions"]

    def call(data: Any, partitions: Any) -> Any:
        flat, inner = np.ravel(partitions), data.shape[np.ndim(partitions) :]
        fits = data.shape[: np.ndim(partitions)] == np.shape(partitions)
        if not fits or (flat.size and not 0 <= flat.min() <= flat.max() < number):
            return on_cpu(op, data, partitions)
        order = np.argsort(flat, kind="stable").astype(np.int64)
        width = math.prod(inner)
        rows = taken(data, to_gpu(order), 1, 1, flat.size, width)
        parts, stop = [], 0
        for count in np.bincount(flat, minlength=number).tolist():
            start, stop = stop, stop + count
            steps = tuple(math.prod(inner[i + 1 :]) for i in range(len(inner)))
            parts.append(gathered(rows, View((count, *inner), (width, *steps), start * width)))
        return tuple(parts) if number > 1 else parts[0]

    return call
