"""Counts in bins, and sparse tensors laid out and multiplied."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import to_gpu
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.gathering import place_of
from teachtf.kernels.cuda.jit import THREADS, kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.scattering import ATOMIC, scattered
from teachtf.kernels.registry import Call

__all__: list[str] = []

_BINS = 2048  # as many as each block counts by itself, in shared memory
_BLOCKS = 512


@kernel(
    *(
        f"void({t}[::1], {y}[::1], float64, float64, int64, boolean, int64)"
        for t, y in (("float32", "int32"), ("float64", "int64"), ("int32", "int32"))
    )
)
def _histogram(values, y, low, width, bins, alone, count):
    """Counts of values in bins of a width; those outside are counted at the ends. Blocks count `alone` where bins are few, so
    that threads meet in shared memory."""
    own = cuda.shared.array(_BINS, np.int32)
    if alone:
        for b in range(cuda.threadIdx.x, bins, cuda.blockDim.x):
            own[b] = 0
    cuda.syncthreads()
    for i in range(cuda.grid(1), count, cuda.gridsize(1)):
        place = math.floor((np.float64(values[i]) - low) / width)
        at = np.int64(min(max(place, 0.0), bins - 1.0))
        if alone:
            cuda.atomic.add(own, at, 1)
        else:
            cuda.atomic.add(y, at, 1)
    cuda.syncthreads()
    if alone:
        for b in range(cuda.threadIdx.x, bins, cuda.blockDim.x):
            if own[b]:
                cuda.atomic.add(y, b, own[b])


@gpu_kernel("HistogramFixedWidth", host=[1, 2])
def _histogram_fixed_width(op: Any) -> Call:
    target = np.dtype(op._attrs["dtype"].as_numpy_dtype)

    def call(values: Any, ends: Any, bins: Any) -> Any:
        number, low, high = int(bins), float(ends[0]), float(ends[1])
        if number <= 0 or not low < high:
            return on_cpu(op, values, ends, bins)
        made = filled((number,), target, 0)
        if values.size:
            blocks = min(-(-values.size // THREADS), _BLOCKS)
            arguments = low, (high - low) / number, number, number <= _BINS, values.size
            _histogram[blocks, THREADS](values.flat, made.flat, *arguments)
        return made

    return call


@kernel(
    *(
        f"void({i}[::1], {t}[::1], {t}[::1], int64, int64, boolean, boolean, int64, int32[::1])"
        for i, t in (("int32", "float32"), ("int64", "float32"), ("int32", "int32"))
    )
)
def _count(values, weights, y, columns, size, weighted, binary, count, flag):
    i = cuda.grid(1)
    if i < count:
        value = np.int64(values[i])
        at = i // columns * size + value
        if value < 0:
            flag[0] = 1
        elif value < size:
            if binary:
                y[at] = 1
            elif weighted:
                cuda.atomic.add(y, at, weights[i])
            else:
                cuda.atomic.add(y, at, 1)


@gpu_kernel("DenseBincount", host=[1])
def _bincount(op: Any) -> Call | None:
    target, binary = np.dtype(op._attrs["T"].as_numpy_dtype), op._attrs["binary_output"]
    if target not in ATOMIC:
        return None

    def call(values: Any, size: Any, weights: Any) -> Any:
        number = int(size)
        if number < 0 or (weights.size and weights.shape != values.shape) or values.ndim > 2:
            return on_cpu(op, values, size, weights)
        made, flag = filled((*values.shape[:-1], number) if values.ndim == 2 else (number,), target, 0), new_flag()
        columns = values.shape[-1] if values.ndim == 2 else values.size
        arguments = columns, number, weights.size > 0, binary, values.size, flag
        launch(_count, values.size, values.flat, weights.flat, made.flat, *arguments)
        refused(op, flag, values, size, weights)
        return made

    return call


@kernel(
    *(
        f"void({i}[::1], UniTuple(int64, {n}), int64, int32[::1])"
        for i, n in (("int32", 1), ("int64", 1), ("int64", 2), ("int64", 3))
    )
)
def _check_order(indices, dims, count, flag):
    """Rows of indices lie inside and follow each other in order, each once."""
    i = cuda.grid(1)
    if i < count:
        place = place_of(indices, i, dims)
        if place < 0 or (i > 0 and place <= place_of(indices, i - 1, dims)):
            flag[0] = 1


@gpu_kernel("SparseToDense", host=[1, 3])
def _to_dense(op: Any) -> Call:
    validate = op._attrs["validate_indices"]

    def call(indices: Any, dense_shape: Any, values: Any, default: Any) -> Any:
        shape = tuple(int(d) for d in dense_shape)
        rows = indices if indices.ndim == 2 else indices.reshaped((indices.size, 1))
        number, depth = rows.shape if rows.ndim == 2 else (0, -1)
        if depth != len(shape) or depth == 0 or math.prod(shape) == 0 or values.shape not in ((), (number,)):
            return to_gpu(on_cpu(op, indices, dense_shape, values, default))
        made, flag = filled(shape, values.dtype, default), new_flag()
        if validate:
            launch(_check_order, number, rows.flat, shape, number, flag)
        if values.ndim == 0:
            values = filled((number,), values.dtype, values.on_host()[()])
        scattered("Update", made, rows, values, True, flag)
        refused(op, flag, indices, dense_shape, values, default)
        return made

    return call


@kernel(
    *(
        f"void({i}[::1], {t}[::1], {t}[::1], {t}[::1], int64, int64, int64, boolean, boolean, int64, int32[::1])"
        for i, t in (("int64", "float32"), ("int32", "float32"), ("int64", "float64"))
    )
)
def _multiply(indices, values, b, y, rows, inner, columns, adjoint_a, adjoint_b, count, flag):
    """y [rows, columns] = A [rows, inner] b; a thread for each element of A and column of b."""
    i = cuda.grid(1)
    if i < count:
        number, column = i // columns, i % columns
        side = 1 if adjoint_a else 0
        row, k = np.int64(indices[2 * number + side]), np.int64(indices[2 * number + 1 - side])
        if row < 0 or row >= rows or k < 0 or k >= inner:
            flag[0] = 1
        else:
            factor = b[column * inner + k] if adjoint_b else b[k * columns + column]
            cuda.atomic.add(y, row * columns + column, values[number] * factor)


@gpu_kernel("SparseTensorDenseMatMul", host=[2])
def _sparse_matmul(op: Any) -> Call | None:
    adjoint_a, adjoint_b = op._attrs["adjoint_a"], op._attrs["adjoint_b"]
    if np.dtype(op._attrs["T"].as_numpy_dtype).kind != "f":
        return None

    def call(indices: Any, values: Any, dense_shape: Any, b: Any) -> Any:
        sizes = [int(d) for d in dense_shape]
        rows, inner = sizes[::-1] if adjoint_a else sizes
        given, columns = b.shape[::-1] if adjoint_b else b.shape
        if given != inner or columns == 0:
            return to_gpu(on_cpu(op, indices, values, dense_shape, b))
        made, flag = filled((rows, columns), b.dtype, 0), new_flag()
        count = values.size * columns
        arguments = rows, inner, columns, adjoint_a, adjoint_b, count, flag
        launch(_multiply, count, indices.flat, values.flat, b.flat, made.flat, *arguments)
        refused(op, flag, indices, values, dense_shape, b)
        return made

    return call
