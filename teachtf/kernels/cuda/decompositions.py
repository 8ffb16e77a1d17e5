"""Matrices taken apart, inverted and solved: a block takes a matrix, in shared memory if it is small.

For matrices larger than `_LARGE` one block is too little: LAPACK on the CPU is quicker. So it is asked where a matrix has no
inverse, which is for it to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import new_flag, on_cpu
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.incomplete import scalar_function
from teachtf.kernels.cuda.jit import THREADS, kernel, launch
from teachtf.kernels.cuda.reductions import power_of_two
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import copy, of_shape, view_of
from teachtf.kernels.decompositions import check_square
from teachtf.kernels.registry import Call, State

_SMALL, _TILE = 64, 64 * 64  # 32 KiB of float64
_LARGE = 512
_WARP = 32
_TYPES = ("float32", "float64")


@scalar_function
def _quotient(x, y):
    return x / y


@kernel(*(f"void({t}[::1], int32[::1], {t}[::1], int32[::1], int64)" for t in _TYPES))
def factor(a, order, signs, flag, n):
    """Row exchanges, then L below the diagonal (its own is 1) and U from it on, in the place of each matrix.

    `order` says which rows come first, `signs` whether an odd number was exchanged. The flag goes up for a pivot of 0.
    """
    tile = cuda.shared.array(_TILE, a.dtype)
    sizes = cuda.shared.array(THREADS, a.dtype)
    places = cuda.shared.array(THREADS, np.int64)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    width = min(threads, _WARP)
    lane, line, lines = thread % width, thread // width, threads // width
    first, top = np.int64(cuda.blockIdx.x) * n * n, np.int64(cuda.blockIdx.x) * n
    small = n <= _SMALL
    work, base = (tile, np.int64(0)) if small else (a, first)
    if small:
        for i in range(thread, n * n, threads):
            tile[i] = a[first + i]
    for i in range(thread, n, threads):
        order[top + i] = i
    sign = 1
    for k in range(n):
        cuda.syncthreads()
        largest, place = -1.0, np.int64(k)
        for r in range(k + thread, n, threads):
            size = abs(work[base + r * n + k])
            if size > largest:
                largest, place = size, np.int64(r)
        sizes[thread], places[thread] = largest, place
        half = threads // 2
        while half:
            cuda.syncthreads()
            if thread < half:
                size, place = sizes[thread + half], places[thread + half]
                if size > sizes[thread] or (size == sizes[thread] and place < places[thread]):
                    sizes[thread], places[thread] = size, place
            half //= 2
        cuda.syncthreads()
        row = places[0]
        if row != k:
            sign = -sign
            for c in range(thread, n, threads):
                here, there = base + k * n + c, base + row * n + c
                work[here], work[there] = work[there], work[here]
            if thread == 0:
                order[top + k], order[top + row] = order[top + row], order[top + k]
        cuda.syncthreads()
        pivot = work[base + k * n + k]
        if pivot == 0:
            if thread == 0:
                flag[0] = 1
        else:
            for r in range(k + 1 + thread, n, threads):
                work[base + r * n + k] /= pivot
        cuda.syncthreads()
        for r in range(k + 1 + line, n, lines):
            share = work[base + r * n + k]
            for c in range(k + 1 + lane, n, width):
                work[base + r * n + c] -= share * work[base + k * n + c]
    cuda.syncthreads()
    if small:
        for i in range(thread, n * n, threads):
            a[first + i] = tile[i]
    if thread == 0:
        signs[cuda.blockIdx.x] = sign


@kernel(*(f"void({t}[::1], {t}[::1], int64, int64, boolean, boolean, int64)" for t in _TYPES))
def substitute(a, b, n, columns, upper, unit, width):
    """Solve triangular systems in the place of their right sides. A block takes `width` columns of one; a row that is known is
    taken off all others at once. With `unit` the diagonal counts as 1."""
    lane, line, lines = cuda.threadIdx.x % width, cuda.threadIdx.x // width, cuda.blockDim.x // width
    column = cuda.blockIdx.y * width + lane
    matrix, right = np.int64(cuda.blockIdx.x) * n * n, np.int64(cuda.blockIdx.x) * n * columns + column
    for i in range(n):
        k = n - 1 - i if upper else i
        cuda.syncthreads()
        value = b[right + k * columns] if column < columns else b[0]
        if not unit:
            value = _quotient(value, a[matrix + k * n + k])
        cuda.syncthreads()
        if column < columns:
            if line == 0:
                b[right + k * columns] = value
            start, stop = (0, k) if upper else (k + 1, n)
            for r in range(start + line, stop, lines):
                b[right + r * columns] -= a[matrix + r * n + k] * value


@kernel(*(f"void({t}[::1], int32[::1], {t}[::1], int64, int64, int64)" for t in _TYPES))
def exchange(b, order, y, n, columns, count):
    """Rows in the order that `factor` found."""
    i = cuda.grid(1)
    if i < count:
        row = i // columns
        y[i] = b[(row // n * n + order[row]) * columns + i % columns]


@kernel(*(f"void(int32[::1], {t}[::1], int64, int64)" for t in _TYPES))
def exchanged_identity(order, y, n, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = 1 if order[i // n] == i % n else 0


@kernel(*(f"void({t}[::1], {t}[::1], int64, int64)" for t in _TYPES))
def multiply_diagonals(a, signs, n, count):
    """Determinants, from factored matrices and in the place of the signs."""
    i = cuda.grid(1)
    if i < count:
        product = signs[i]
        for k in range(n):
            product *= a[(i * n + k) * n + k]
        signs[i] = product


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], int64, int64)" for t in _TYPES))
def add_logarithms(a, signs, logs, n, count):
    """The same as logarithms and signs, 0 for a determinant of 0."""
    i = cuda.grid(1)
    if i < count:
        total = logs[i] - logs[i]
        for k in range(n):
            pivot = a[(i * n + k) * n + k]
            if pivot == 0:
                signs[i] = 0
                total = -np.inf
            else:
                if pivot < 0:
                    signs[i] = -signs[i]
                total += math.log(abs(pivot))
        logs[i] = total


@kernel(*(f"void({t}[::1], {t}[::1], int64)" for t in _TYPES))
def factor_symmetric(a, y, n):
    """L of each matrix L times its transpose, or NaN where there is none; only what is below the diagonal is read."""
    tile = cuda.shared.array(_TILE, a.dtype)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    width = min(threads, _WARP)
    lane, line, lines = thread % width, thread // width, threads // width
    first = np.int64(cuda.blockIdx.x) * n * n
    work, base = (tile, np.int64(0)) if n <= _SMALL else (y, first)
    for i in range(thread, n * n, threads):
        work[base + i] = a[first + i] if i % n <= i // n else 0
    positive = True
    for k in range(n):
        cuda.syncthreads()
        pivot = work[base + k * n + k]
        positive = positive and pivot > 0
        if positive:
            root = math.sqrt(pivot)
            cuda.syncthreads()
            for r in range(k + thread, n, threads):
                work[base + r * n + k] = root if r == k else work[base + r * n + k] / root
            cuda.syncthreads()
            for r in range(k + 1 + line, n, lines):
                share = work[base + r * n + k]
                for c in range(k + 1 + lane, r + 1, width):
                    work[base + r * n + c] -= share * work[base + c * n + k]
    cuda.syncthreads()
    for i in range(thread, n * n, threads):
        y[first + i] = work[base + i] if positive or i % n > i // n else np.nan


def _threads(n: int) -> int:
    return min(THREADS, power_of_two(n * n))


def _copied(x: GpuArray, transposed: bool = False, batch: tuple[int, ...] = ()) -> GpuArray:
    """A copy that may be written to, perhaps of the transposes and repeated for a batch."""
    whole = of_shape(x.shape)
    part: np.ndarray = np.swapaxes(whole, -1, -2) if transposed else whole
    if batch != x.shape[:-2]:
        part = np.broadcast_to(part, (*batch, *part.shape[-2:]), subok=True)
    made = empty(part.shape, x.dtype)
    copy(x, view_of(part, whole), made, None)
    return made


def _factored(a: GpuArray, flag: Any) -> tuple[GpuArray, GpuArray]:
    """Factor the matrices where they are; the order of the rows and the signs."""
    count, n = math.prod(a.shape[:-2]), a.shape[-1]
    order, signs = empty(a.shape[:-1], np.int32), empty(a.shape[:-2], a.dtype)
    factor[count, _threads(n)](a.flat, order.flat, signs.flat, flag, n)
    return order, signs


def _substituted(a: GpuArray, b: GpuArray, upper: bool, unit: bool) -> None:
    (n, columns), count = b.shape[-2:], math.prod(b.shape[:-2])
    width = min(_WARP, power_of_two(columns))
    threads = min(THREADS, width * power_of_two(n))
    substitute[(count, -(-columns // width)), threads](a.flat, b.flat, n, columns, upper, unit, width)


def _is_singular(flag: Any) -> bool:
    if flag.copy_to_host()[0]:
        flag.copy_to_device(np.zeros(1, np.int32))
        return True
    return False


def _registered(*op_types: str) -> Callable[[Callable[[Any], Call]], Any]:
    """Register for real matrices that are not too large and not empty; the others are the CPU's kernel's."""

    def register(factory: Callable[[Any], Call]) -> Any:
        def checked(op: Any) -> Call | None:
            if op.inputs[0].dtype.is_complex:
                return None
            call = factory(op)

            def served(*inputs: GpuArray) -> Any:
                check_square(op, inputs[0])
                if inputs[0].shape[-1] <= _LARGE and all(x.size for x in inputs):
                    return call(*inputs)
                given = on_cpu(op, *inputs)
                return tuple(map(to_gpu, given)) if isinstance(given, tuple) else to_gpu(given)

            return served

        return gpu_kernel(*op_types)(checked)

    return register


@_registered("MatrixInverse")
def _inverse(op: Any) -> Call:
    adjoint = op._attrs["adjoint"]

    def call(x: GpuArray) -> Any:
        a, flag = _copied(x, adjoint, x.shape[:-2]), new_flag()
        order, _ = _factored(a, flag)
        made = empty(x.shape, x.dtype)
        launch(exchanged_identity, made.size, order.flat, made.flat, x.shape[-1], made.size)
        if _is_singular(flag):
            return to_gpu(on_cpu(op, x))
        _substituted(a, made, upper=False, unit=True)
        _substituted(a, made, upper=True, unit=False)
        return made

    return call


@_registered("MatrixSolve")
def _solve(op: Any) -> Call:
    adjoint, refuse = op._attrs["adjoint"], cpu.build(op, State())

    def call(x: GpuArray, right: GpuArray) -> Any:
        if x.shape[:-1] != right.shape[:-1]:
            refuse(of_shape(x.shape), of_shape(right.shape))
        a, flag = _copied(x, adjoint, x.shape[:-2]), new_flag()
        order, _ = _factored(a, flag)
        if _is_singular(flag):
            return to_gpu(on_cpu(op, x, right))
        made = empty(right.shape, right.dtype)
        launch(exchange, made.size, right.flat, order.flat, made.flat, *right.shape[-2:], made.size)
        _substituted(a, made, upper=False, unit=True)
        _substituted(a, made, upper=True, unit=False)
        return made

    return call


@_registered("MatrixTriangularSolve")
def _triangular_solve(op: Any) -> Call:
    lower, adjoint, refuse = op._attrs["lower"], op._attrs["adjoint"], cpu.build(op, State())

    def call(x: GpuArray, right: GpuArray) -> GpuArray:
        if x.shape[-1] != right.shape[-2]:
            refuse(of_shape(x.shape), of_shape(right.shape))
        batch = np.broadcast_shapes(x.shape[:-2], right.shape[:-2])
        a = x if not adjoint and batch == x.shape[:-2] else _copied(x, adjoint, batch)
        made = _copied(right, False, batch)
        _substituted(a, made, upper=lower == adjoint, unit=False)
        return made

    return call


@_registered("MatrixDeterminant", "LogMatrixDeterminant")
def _determinant(op: Any) -> Call:
    def call(x: GpuArray) -> Any:
        a, flag = _copied(x, False, x.shape[:-2]), new_flag()
        _, signs = _factored(a, flag)
        flag.copy_to_device(np.zeros(1, np.int32))  # a determinant may be 0
        n, count = x.shape[-1], signs.size
        if op.type == "MatrixDeterminant":
            launch(multiply_diagonals, count, a.flat, signs.flat, n, count)
            return signs
        logs = filled(signs.shape, x.dtype, 0)
        launch(add_logarithms, count, a.flat, signs.flat, logs.flat, n, count)
        return signs, logs

    return call


@_registered("Cholesky")
def _cholesky(op: Any) -> Call:
    def call(x: GpuArray) -> GpuArray:
        made = empty(x.shape, x.dtype)
        n = x.shape[-1]
        factor_symmetric[math.prod(x.shape[:-2]), _threads(n)](x.flat, made.flat, n)
        return made

    return call
