"""Softmax of rows, and the cross entropies on it.

Rows are laid out over blocks as for a reduction: several short ones share a block, a long one has its own. The threads of a row
find its largest element, then its sum of exponentials, by halves in shared memory.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel
from teachtf.kernels.cuda.reductions import larger, layout, locate, plus
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.registry import Call

_TYPES = ("float32", "float64")


def _of_row(combine: Any) -> Any:
    """The function that combines what the threads of each row have; each gets the result."""

    def combined(shared, value, level, depth):
        thread = cuda.threadIdx.x
        shared[thread] = value
        step = 1 << depth >> 1
        while step > 0:
            cuda.syncthreads()
            if level < step:
                shared[thread] = combine(shared[thread], shared[thread + step])
            step >>= 1
        cuda.syncthreads()
        result = shared[thread - level]
        cuda.syncthreads()
        return result

    return device_function(combined)


_largest, _total = _of_row(larger), _of_row(plus)


@device_function
def _scale(x, shared, first, length, level, depth):
    """A row's largest element, and the sum of the exponentials of the others' distances from it."""
    best = x.dtype.type(-math.inf)
    for i in range(level, length, 1 << depth):
        best = larger(best, x[first + i])
    best = _largest(shared, best, level, depth)
    total = x.dtype.type(0)
    for i in range(level, length, 1 << depth):
        total += math.exp(x[first + i] - best)
    return best, _total(shared, total, level, depth)


@kernel(*(f"void({t}[::1], {t}[::1], int64, int64, int64, boolean)" for t in _TYPES))
def softmax(x, y, rows, length, depth, logarithm):
    shared = cuda.shared.array(THREADS, x.dtype)
    row, _, level, _ = locate(1, 1, 0, depth)
    length = length if row < rows else 0
    first = row * length
    best, total = _scale(x, shared, first, length, level, depth)
    for i in range(level, length, 1 << depth):
        if logarithm:
            y[first + i] = x[first + i] - best - math.log(total)
        else:
            y[first + i] = math.exp(x[first + i] - best) / total


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {t}[::1], int64, int64, int64)" for t in _TYPES))
def cross_entropy(x, labels, loss, slope, rows, length, depth):
    shared = cuda.shared.array(THREADS, x.dtype)
    row, _, level, _ = locate(1, 1, 0, depth)
    length = length if row < rows else 0
    first = row * length
    best, total = _scale(x, shared, first, length, level, depth)
    mine = x.dtype.type(0)
    for i in range(level, length, 1 << depth):
        distance = x[first + i] - best
        slope[first + i] = math.exp(distance) / total - labels[first + i]
        mine += labels[first + i] * (math.log(total) - distance)
    mine = _total(shared, mine, level, depth)
    if level == 0 and row < rows:
        loss[row] = mine


_LABELLED = [(t, i) for t in _TYPES for i in ("int32", "int64")]


@kernel(*(f"void({t}[::1], {i}[::1], {t}[::1], {t}[::1], int64, int64, int64, int32[::1])" for t, i in _LABELLED))
def sparse_cross_entropy(x, labels, loss, slope, rows, length, depth, flag):
    """The flag goes up for a label that is no class."""
    shared = cuda.shared.array(THREADS, x.dtype)
    row, _, level, _ = locate(1, 1, 0, depth)
    inside = row < rows
    label = np.int64(labels[row]) if inside else 0
    length = length if inside else 0
    first = row * length
    best, total = _scale(x, shared, first, length, level, depth)
    for i in range(level, length, 1 << depth):
        slope[first + i] = math.exp(x[first + i] - best) / total - (1 if i == label else 0)
    if level == 0 and inside:
        if 0 <= label < length:
            loss[row] = math.log(total) - (x[first + label] - best)
        else:
            flag[0] = 1


def _blocks(rows: int, length: int) -> tuple[int, int, int]:
    """Blocks, threads of each, and the exponent of how many have a row."""
    plan = layout(rows, length, 1, False)
    return plan.blocks, plan.threads, plan.depth


@gpu_kernel("Softmax", "LogSoftmax")
def _softmax(op: Any) -> Call:
    logarithm = op.type == "LogSoftmax"

    def call(logits: Any) -> Any:
        made = empty(logits.shape, logits.dtype)
        if made.size:
            length = logits.shape[-1]
            blocks, threads, depth = _blocks(made.size // length, length)
            softmax[blocks, threads](logits.flat, made.flat, made.size // length, length, depth, logarithm)
        return made

    return call


def _broadcast(x: GpuArray, shape: tuple[int, ...]) -> GpuArray:
    whole = of_shape(x.shape)
    return x if x.shape == shape else gathered(x, view_of(np.broadcast_to(whole, shape, subok=True), whole))


@gpu_kernel("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(op: Any) -> Call:
    def call(features: Any, labels: Any) -> Any:
        rows, length = shape = np.broadcast_shapes(features.shape, labels.shape)
        x, y = _broadcast(features, shape), _broadcast(labels, shape)
        if length == 0:
            return filled((rows,), x.dtype, 0), empty(shape, x.dtype)
        loss, slope = empty((rows,), x.dtype), empty(shape, x.dtype)
        if slope.size:
            blocks, threads, depth = _blocks(rows, length)
            cross_entropy[blocks, threads](x.flat, y.flat, loss.flat, slope.flat, rows, length, depth)
        return loss, slope

    return call


@gpu_kernel("SparseSoftmaxCrossEntropyWithLogits")
def _sparse_cross_entropy(op: Any) -> Call:
    def call(features: Any, labels: Any) -> Any:
        rows, length = features.shape
        if labels.shape != (rows,) or (rows and not length):
            return to_gpu(on_cpu(op, features, labels))
        loss, slope = empty((rows,), features.dtype), empty(features.shape, features.dtype)
        if rows:
            flag = new_flag()
            blocks, threads, depth = _blocks(rows, length)
            sizes = rows, length, depth, flag
            sparse_cross_entropy[blocks, threads](features.flat, labels.flat, loss.flat, slope.flat, *sizes)
            refused(op, flag, features, labels)
        return loss, slope

    return call
