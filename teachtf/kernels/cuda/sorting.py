"""The largest elements, places in sorted rows, and sequences turned round."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import on_cpu
from teachtf.kernels.cuda.gathering import taken
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel, launch
from teachtf.kernels.cuda.reductions import ARGS, layout, power_of_two
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import of_shape
from teachtf.kernels.registry import Call, State

__all__: list[str] = []

_PIECE = 1024  # elements that a block sorts in shared memory
_NONE = 1 << 62  # the place of what only fills up a row


@device_function
def _first(value, place, other, there):
    """Whether an element goes before another: larger ones first, the first of equals first, NaNs last, nothing after all."""
    if there == _NONE or place == _NONE:
        return place < there
    if value == other or (value != value and other != other):
        return place < there
    return value > other or other != other


_SORTED = ("float32", "float64", "int32", "int64", "uint8")


@kernel(*(f"void({t}[::1], int64[::1], boolean, {t}[::1], int64[::1], int64, int64, int64, int64)" for t in _SORTED))
def _sort_pieces(x, places, placed, y, y_places, columns, pieces, size, keep):
    """Sort each piece of `size` elements of a row, and keep the first ones: a row of `pieces` times `keep`. Bitonic."""
    values = cuda.shared.array(_PIECE, x.dtype)
    numbers = cuda.shared.array(_PIECE, np.int64)
    block, thread = np.int64(cuda.blockIdx.x), cuda.threadIdx.x
    row, piece = block // pieces, block % pieces
    for i in range(thread, size, cuda.blockDim.x):
        column = piece * size + i
        inside = column < columns
        at = row * columns + (column if inside else 0)
        values[i] = x[at]
        numbers[i] = (places[at] if placed else column) if inside else _NONE
    run = 2
    while run <= size:
        step = run // 2
        while step > 0:
            cuda.syncthreads()
            for i in range(thread, size // 2, cuda.blockDim.x):
                low = i // step * step * 2 + i % step
                high = low + step
                falls = low // run % 2 == 1
                if _first(values[high], numbers[high], values[low], numbers[low]) != falls:
                    values[low], values[high] = values[high], values[low]
                    numbers[low], numbers[high] = numbers[high], numbers[low]
            step //= 2
        run *= 2
    cuda.syncthreads()
    for i in range(thread, keep, cuda.blockDim.x):
        at = (row * pieces + piece) * keep + i
        y[at] = values[i]
        y_places[at] = numbers[i]


@kernel(*(f"void({t}[::1], {t}[::1], int64[::1], int64, int64, int64)" for t in _SORTED))
def _fill_up(x, y, places, columns, size, count):
    """Rows of `columns` become rows of `size`."""
    i = cuda.grid(1)
    if i < count:
        column = i % size
        inside = column < columns
        y[i] = x[i // size * columns + (column if inside else 0)]
        places[i] = column if inside else _NONE


@kernel(*(f"void({t}[::1], int64[::1], int64, int64, int64, int64)" for t in _SORTED))
def _compare(values, numbers, size, run, step, count):
    """One step of the bitonic sort of long rows."""
    i = cuda.grid(1)
    if i < count:
        low = i // step * step * 2 + i % step
        high = low + step
        falls = low % size // run % 2 == 1
        if _first(values[high], numbers[high], values[low], numbers[low]) != falls:
            values[low], values[high] = values[high], values[low]
            numbers[low], numbers[high] = numbers[high], numbers[low]


@kernel(*(f"void({t}[::1], int64[::1], {t}[::1], {i}[::1], int64, int64, int64)" for t in _SORTED for i in ("int32", "int64")))
def _write(values, numbers, y, places, size, keep, count):
    i = cuda.grid(1)
    if i < count:
        at = i // keep * size + i % keep
        y[i] = values[at]
        places[i] = numbers[at]


def _by_pieces(x: GpuArray, rows: int, columns: int, k: int) -> tuple[GpuArray, GpuArray, int]:
    """The first `k` of each piece, of what is left of those, and so on until one piece is left."""
    places: Any = None
    while True:
        size = min(_PIECE, power_of_two(columns))
        pieces = -(-columns // size)
        keep = min(k, size)
        values, numbers = empty((rows, pieces * keep), x.dtype), empty((rows, pieces * keep), np.int64)
        threads = max(min(THREADS, size // 2), 1)
        source = numbers if places is None else places
        arguments = x.flat, source.flat, places is not None, values.flat, numbers.flat, columns, pieces, size, keep
        _sort_pieces[rows * pieces, threads](*arguments)
        if pieces == 1:
            return values, numbers, keep
        x, places, columns = values, numbers, pieces * keep


def _whole(x: GpuArray, rows: int, columns: int) -> tuple[GpuArray, GpuArray, int]:
    """Whole rows sorted."""
    size = power_of_two(columns)
    values, numbers = empty((rows, size), x.dtype), empty((rows, size), np.int64)
    launch(_fill_up, rows * size, x.flat, values.flat, numbers.flat, columns, size, rows * size)
    run, pairs = 2, rows * size // 2
    while run <= size:
        step = run // 2
        while step > 0:
            launch(_compare, pairs, values.flat, numbers.flat, size, run, step, pairs)
            step //= 2
        run *= 2
    return values, numbers, size


@gpu_kernel("TopKV2", host=[1])
def _top_k(op: Any) -> Call:
    target = np.dtype(op._attrs["index_type"].as_numpy_dtype)

    def call(x: Any, k: Any) -> Any:
        number, columns = int(k), x.shape[-1]
        if not 0 < number <= columns or x.size == 0:
            return on_cpu(op, x, k)
        rows = x.size // columns
        shape = (*x.shape[:-1], number)
        y, places = empty(shape, x.dtype), empty(shape, target)
        if number == 1:  # as the CPU: a NaN is the largest then
            plan = layout(rows, columns, 1, False)
            ARGS["ArgMax"][plan.blocks, plan.threads](x.flat, places.flat, rows, columns, 1, plan.width, plan.depth)
            return taken(x, places, rows, 1, columns, 1).reshaped(shape), places
        sort = _by_pieces(x, rows, columns, number) if number <= _PIECE // 2 or columns <= _PIECE else _whole(x, rows, columns)
        values, numbers, size = sort
        launch(_write, y.size, values.flat, numbers.flat, y.flat, places.flat, size, number, y.size)
        return y, places

    return call


@kernel(*(f"void(float32[::1], {i}[::1], boolean[::1], int64, int64)" for i in ("int32", "int64")))
def _in_top(predictions, targets, y, classes, k):
    """A block a row: whether fewer than k classes are better than the target's, and all are finite."""
    better = cuda.shared.array(THREADS, np.int64)
    thread, row = cuda.threadIdx.x, np.int64(cuda.blockIdx.x)
    target = np.int64(targets[row])
    valid = 0 <= target < classes
    own = predictions[row * classes + (target if valid else 0)]
    found = np.int64(0)
    for j in range(thread, classes, cuda.blockDim.x):
        value = predictions[row * classes + j]
        if not math.isfinite(value):
            found = classes + k  # no rank is good enough then
        elif value > own:
            found += 1
    better[thread] = found
    step = cuda.blockDim.x // 2
    while step > 0:
        cuda.syncthreads()
        if thread < step:
            better[thread] += better[thread + step]
        step //= 2
    if thread == 0:
        y[row] = valid and better[0] < k


@gpu_kernel("InTopKV2", host=[2])
def _in_top_k(op: Any) -> Call:
    def call(predictions: Any, targets: Any, k: Any) -> Any:
        batch, classes = predictions.shape
        if targets.shape != (batch,) or predictions.size == 0:
            return on_cpu(op, predictions, targets, k)
        made = empty((batch,), np.bool_)
        threads = min(THREADS, power_of_two(classes))
        _in_top[batch, threads](predictions.flat, targets.flat, made.flat, classes, int(k))
        return made

    return call


@kernel(
    *(
        f"void({t}[::1], {t}[::1], {o}[::1], int64, int64, boolean, int64)"
        for t, o in (("float32", "int32"), ("float32", "int64"), ("float64", "int32"), ("int32", "int32"))
    )
)
def _search(rows, values, y, length, number, upper, count):
    i = cuda.grid(1)
    if i < count:
        value, first = values[i], i // number * length
        low, high = np.int64(0), length
        while low < high:
            middle = (low + high) // 2
            there = rows[first + middle]
            if there < value or (upper and there <= value):
                low = middle + 1
            else:
                high = middle
        y[i] = low


@gpu_kernel("LowerBound", "UpperBound")
def _bound(op: Any) -> Call:
    target, upper = op._attrs["out_type"].as_numpy_dtype, op.type == "UpperBound"

    def call(rows: Any, values: Any) -> Any:
        if rows.shape[0] != values.shape[0]:
            return on_cpu(op, rows, values)
        made = empty(values.shape, target)
        sizes = rows.shape[1], values.shape[1], upper, made.size
        launch(_search, made.size, rows.flat, values.flat, made.flat, *sizes)
        return made

    return call


@kernel(
    *(
        f"void({t}[::1], {i}[::1], {t}[::1], int64, int64, int64, int64, boolean, int64)"
        for t, i in (("float32", "int32"), ("float32", "int64"), ("float64", "int64"), ("boolean", "int32"))
    )
)
def _turn(x, lengths, y, first, between, second, inner, batch_first, count):
    """x as [outer, first, between, second, inner], of which one axis is the batch and the other the sequence."""
    i = cuda.grid(1)
    if i < count:
        b = i // (inner * second * between) % first
        d = i // inner % second
        batch, step = (b, d) if batch_first else (d, b)
        length = lengths[batch]
        at = np.int64(i)
        if step < length:
            at += (length - 1 - 2 * step) * (inner if batch_first else inner * second * between)
        y[i] = x[at]


@gpu_kernel("ReverseSequence", host=[1])
def _reverse_sequence(op: Any) -> Call:
    sequence, batch = op._attrs["seq_dim"], op._attrs["batch_dim"]
    refuse = cpu.build(op, State())

    def call(x: Any, lengths: Any) -> Any:
        fits = sequence != batch and max(sequence, batch) < x.ndim and len(lengths) == x.shape[batch]
        if not fits or np.any((lengths < 0) | (lengths > x.shape[sequence])):
            return refuse(of_shape(x.shape), lengths)
        made = empty(x.shape, x.dtype)
        low, high = min(sequence, batch), max(sequence, batch)
        sizes = x.shape[low], math.prod(x.shape[low + 1 : high]), x.shape[high], math.prod(x.shape[high + 1 :])
        launch(_turn, made.size, x.flat, to_gpu(lengths).flat, made.flat, *sizes, batch < sequence, made.size)
        return made

    return call
