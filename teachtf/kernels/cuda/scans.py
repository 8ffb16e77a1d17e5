"""Running sums and products, and where an array is true.

Threads are laid out as for a reduction. They scan a piece of `depth` elements of each column in shared memory, by doubling
steps, and carry its total on to the next piece. A few long rows are split into parts: their totals are scanned first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import THREADS, kernel, launch
from teachtf.kernels.cuda.reductions import REDUCTIONS, axis_sizes, layout, locate, plus, times
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call

__all__ = ["scanned"]


def _scanning(name: str, combine: Any) -> Any:
    def scan(x, y, start, carries, carried, outer, length, inner, parts, part_length, width, depth, exclusive, reverse):
        shared = cuda.shared.array(THREADS, x.dtype)
        thread = cuda.threadIdx.x
        row, part, level, column = locate(inner, parts, width, depth)
        inside = row < outer and column < inner
        begin = part * part_length
        size = min(part_length, length - begin)
        across, deep = 1 << width, 1 << depth
        last = thread + (deep - 1 - level) * across
        carry = start
        if carried and inside:
            carry = carries[(row * parts + part) * inner + column]
        for piece in range(0, size, deep):
            i = piece + level
            at = row * length + begin + (size - 1 - i if reverse else i)
            value = start
            if inside and i < size:
                value = x[at * inner + column]
            shared[thread] = value
            cuda.syncthreads()
            step = 1
            while step < deep:
                if level >= step:
                    value = combine(shared[thread - step * across], value)
                cuda.syncthreads()
                shared[thread] = value
                cuda.syncthreads()
                step <<= 1
            if exclusive:
                value = shared[thread - across] if level > 0 else start
            if inside and i < size:
                y[at * inner + column] = combine(carry, value)
            carry = combine(carry, shared[last])
            cuda.syncthreads()

    scan.__name__ = scan.__qualname__ = name
    numbers = "boolean, int64, int64, int64, int64, int64, int64, int64, boolean, boolean"
    return kernel(*(f"void({t}[::1], {t}[::1], {t}, {t}[::1], {numbers})" for t in ("float32", "float64", "int32", "int64")))(
        scan
    )


_SCANS = {"Sum": _scanning("scan_sum", plus), "Prod": _scanning("scan_product", times)}
_TYPES = frozenset(np.dtype(t) for t in (np.float32, np.float64, np.int32, np.int64))


def scanned(how: str, x: GpuArray, axis: int, exclusive: bool = False, reverse: bool = False) -> GpuArray:
    """The running "Sum" or "Prod" of `x` along an axis; where `exclusive`, of what comes before each element."""
    made = empty(x.shape, x.dtype)
    if made.size == 0:
        return made
    outer, length, inner = axis_sizes(x.shape, axis)
    plan = layout(outer, length, inner)
    start = REDUCTIONS[how].start(x.dtype)
    numbers = outer, length, inner, plan.parts, plan.part_length, plan.width, plan.depth
    carries = x  # not looked at
    if plan.parts > 1:
        totals = empty((outer, plan.parts, inner), x.dtype)
        one = x.dtype.type(1)
        REDUCTIONS[how].compiled[plan.blocks, plan.threads](x.flat, totals.flat, start, *numbers, one)
        carries = scanned(how, totals, 1, True, reverse)
    arguments = carries.flat, plan.parts > 1, *numbers, exclusive, reverse
    _SCANS[how][plan.blocks, plan.threads](x.flat, made.flat, start, *arguments)
    return made


@gpu_kernel("Cumsum", "Cumprod", host=[1])
def _cumulative(op: Any) -> Call | None:
    how = "Sum" if op.type == "Cumsum" else "Prod"
    exclusive, reverse = op._attrs["exclusive"], op._attrs["reverse"]
    if np.dtype(op.outputs[0].dtype.as_numpy_dtype) not in _TYPES:
        return None
    return lambda x, axis: scanned(how, x, int(axis) % x.ndim, exclusive, reverse)


@kernel(*(f"void({t}[::1], int64[::1], int64)" for t in ("boolean", "float32", "complex64")))
def _ones(x, y, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = 1 if x[i] != 0 else 0


@kernel("void(int64[::1], int64[::1], UniTuple(int64, 1), int64)", "void(int64[::1], int64[::1], UniTuple(int64, 3), int64)")
def _write_places(numbers, y, shape, count):
    """Element i is the one number `numbers[i]` of those that are true, from 1, if the count goes up there."""
    i = cuda.grid(1)
    if i < count:
        before = numbers[i - 1] if i > 0 else 0
        if numbers[i] > before:
            rest = np.int64(i)
            for k in range(len(shape) - 1, -1, -1):
                y[before * len(shape) + k] = rest % shape[k]
                rest //= shape[k]


@gpu_kernel("Where")
def _where(op: Any) -> Call:
    def call(x: Any) -> Any:
        if x.size == 0 or x.ndim == 0:
            return np.argwhere(x.on_host()).astype(np.int64)
        marks = empty((x.size,), np.int64)
        launch(_ones, x.size, x.flat, marks.flat, x.size)
        numbers = scanned("Sum", marks, 0)
        made = empty((int(numbers.flat[x.size - 1 :].copy_to_host()[0]), x.ndim), np.int64)
        launch(_write_places, x.size, numbers.flat, made.flat, x.shape, x.size)
        return made

    return call
