"""Products of matrices, and of stacks of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import kernel
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.cuda.tiles import ACROSS, COLUMNS, DEPTH, EACH, ROWS, TILE_THREADS, VECTOR, WIDTH, multiply
from teachtf.kernels.registry import Call, State

__all__ = ["TYPES", "multiplied"]

_BLOCKS = 256  # as many as keep a GPU busy
_PART = 16 * DEPTH  # products of an element that are worth a part of their own
TYPES = ("float32", "float64", "int32", "int64")
_FIRST_LOADS, _SECOND_LOADS = ROWS * DEPTH // TILE_THREADS, COLUMNS * DEPTH // TILE_THREADS


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {', '.join(['int64'] * 11)})" for t in TYPES))
def product(a, b, y, stack, m, n, depth, a_step, a_row, a_column, b_step, b_row, b_column, part):
    """Products of `stack` matrices a and b, `a_step` and `b_step` elements apart (0 for one that serves all). There are y's for
    every `part` of the depth, one after another.

    A tile is loaded along the axis on which its elements lie side by side.
    """
    first = cuda.shared.array((DEPTH, WIDTH), a.dtype, alignment=VECTOR)
    second = cuda.shared.array((DEPTH, COLUMNS), a.dtype, alignment=VECTOR)
    sums = cuda.local.array((EACH, EACH), a.dtype)
    thread, block = np.uint32(cuda.threadIdx.x), np.int64(cuda.blockIdx.x)
    across, down = (n + COLUMNS - 1) // COLUMNS, (m + ROWS - 1) // ROWS
    matrix = block // (across * down)
    block -= matrix * across * down
    top = block // across
    left = (block - top * across) * COLUMNS
    top *= ROWS
    number = matrix // stack
    a_start, b_start = (matrix - number * stack) * a_step, (matrix - number * stack) * b_step
    begin, end = number * part, min((number + 1) * part, depth)
    for i in range(EACH):
        for j in range(EACH):
            sums[i, j] = 0
    for start in range(begin, end, DEPTH):
        for i in range(_FIRST_LOADS):
            place = np.uint32(thread + i * TILE_THREADS)
            row, k = place // DEPTH, place % DEPTH
            if a_column != 1:
                row, k = place % ROWS, place // ROWS
            if top + row < m and start + k < end:
                first[k, row] = a[np.uint64(a_start + (top + row) * a_row + (start + k) * a_column)]
            else:
                first[k, row] = 0
        for i in range(_SECOND_LOADS):
            place = np.uint32(thread + i * TILE_THREADS)
            column, k = place % COLUMNS, place // COLUMNS
            if b_column != 1:
                column, k = place // DEPTH, place % DEPTH
            if left + column < n and start + k < end:
                second[k, column] = b[np.uint64(b_start + (start + k) * b_row + (left + column) * b_column)]
            else:
                second[k, column] = 0
        cuda.syncthreads()
        multiply(first, second, sums, thread // ACROSS * EACH, thread % ACROSS * EACH)
        cuda.syncthreads()
    for i in range(EACH):
        row = top + thread // ACROSS * EACH + i
        for j in range(EACH):
            column = left + thread % ACROSS * EACH + j
            if row < m and column < n:
                y[(matrix * m + row) * n + column] = sums[i, j]


def _stacked(x: GpuArray, outer: tuple[int, ...]) -> tuple[GpuArray, int]:
    """The matrices in the last two axes of `x` for each place of `outer`, and the elements from one to the next."""
    one = x.shape[-2] * x.shape[-1]
    if math.prod(x.shape[:-2]) == 1:
        return x, 0
    if x.shape[:-2] != outer:
        whole = of_shape(x.shape)
        x = gathered(x, view_of(np.broadcast_to(whole, (*outer, *x.shape[-2:]), subok=True), whole))
    return x, one


def multiplied(a: GpuArray, b: GpuArray, turn_a: bool = False, turn_b: bool = False) -> GpuArray:
    """The products of the matrices in the last two axes, each transposed first if asked for; the axes before broadcast.

    Where there are few results of many products each, these are summed in parts, and the parts in order.
    """
    (m, depth), n = a.shape[:-3:-1] if turn_a else a.shape[-2:], b.shape[-2 if turn_b else -1]
    outer = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    stack = math.prod(outer)
    if stack * m * n * depth == 0:
        return filled((*outer, m, n), a.dtype, 0)
    (a, a_step), (b, b_step) = _stacked(a, outer), _stacked(b, outer)
    a_steps, b_steps = (1, m) if turn_a else (depth, 1), (1, depth) if turn_b else (n, 1)
    tiles = stack * -(-m // ROWS) * -(-n // COLUMNS)
    parts = max(1, min(_BLOCKS // tiles, depth // _PART))
    part = -(-depth // parts)
    parts = -(-depth // part)
    y = empty((parts, *outer, m, n), a.dtype)
    numbers = stack, m, n, depth, a_step, *a_steps, b_step, *b_steps, part
    product[tiles * parts, TILE_THREADS](a.flat, b.flat, y.flat, *numbers)
    return (reduced("Sum", y, 1, parts, stack * m * n) if parts > 1 else y).reshaped((*outer, m, n))


def _product(op: Any, turn_a: bool, turn_b: bool) -> Call | None:
    if np.dtype(op._attrs["T"].as_numpy_dtype).name not in TYPES:
        return None
    refuse = cpu.build(op, State())

    def call(a: Any, b: Any) -> Any:
        if a.shape[-2 if turn_a else -1] != b.shape[-1 if turn_b else -2]:
            return refuse(of_shape(a.shape), of_shape(b.shape))
        return multiplied(a, b, turn_a, turn_b)

    return call


@gpu_kernel("MatMul")
def _matmul(op: Any) -> Call | None:
    return _product(op, op._attrs["transpose_a"], op._attrs["transpose_b"])


@gpu_kernel("BatchMatMulV2")
def _batch_matmul(op: Any) -> Call | None:
    return _product(op, op._attrs["adj_x"], op._attrs["adj_y"])
