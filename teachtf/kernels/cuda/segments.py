"""Rows summed, multiplied or compared by the segment that they belong to.

Ids that say how large the result is are looked at by the host, which sorts the rows by segment and knows where each segment
starts: then each segment is a reduction of its rows, in the same order at each run. Only the commonest, sums by ids in any
order (the gradient of what picks rows), stay with the GPU and add by atomic operations.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import segments as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import new_flag, on_cpu, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import THREADS, kernel, launch
from teachtf.kernels.cuda.reductions import REDUCTIONS, larger, layout, locate, plus, smaller, times
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.scattering import ATOMIC, HALVES
from teachtf.kernels.registry import Call

__all__ = ["by_segments"]


def _reducing(name: str, combine: Any) -> Any:
    def made(x, order, starts, y, start, none, segments, inner, width, depth):
        """Segment k has the rows `order[starts[k]:starts[k + 1]]` of x; `none` is what it comes to without any."""
        shared = cuda.shared.array(THREADS, x.dtype)
        thread = cuda.threadIdx.x
        segment, _, level, column = locate(inner, 1, width, depth)
        inside = segment < segments and column < inner
        result = start
        if inside:
            for i in range(starts[segment] + level, starts[segment + 1], 1 << depth):
                result = combine(result, x[order[i] * inner + column])
        shared[thread] = result
        step = 1 << depth >> 1
        while step > 0:
            cuda.syncthreads()
            if level < step:
                shared[thread] = combine(shared[thread], shared[thread + (step << width)])
            step >>= 1
        if level == 0 and inside:
            y[segment * inner + column] = shared[thread] if starts[segment] < starts[segment + 1] else none

    made.__name__ = made.__qualname__ = name
    numbers = "int64, int64, int64, int64"
    return kernel(
        *(f"void({t}[::1], int64[::1], int64[::1], {t}[::1], {t}, {t}, {numbers})" for t in ("float32", "float64", "int32"))
    )(made)


# The kernel, and what a reduction starts from.
_REDUCTIONS = {
    how: (_reducing(name, combine), REDUCTIONS[how].start)
    for how, name, combine in (
        ("Sum", "segment_sum", plus),
        ("Prod", "segment_product", times),
        ("Max", "segment_maximum", larger),
        ("Min", "segment_minimum", smaller),
    )
}


@kernel(
    "void(float32[::1], float32[::1], float32[::1], int64, int64)",
    "void(float64[::1], float64[::1], float64[::1], int64, int64)",
)
def _divide_rows(x, divisors, y, inner, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = x[i] / divisors[i // inner]


def _divided(x: GpuArray, divisors: Any) -> GpuArray:
    """Each row of `x` over its number."""
    made = empty(x.shape, x.dtype)
    inner = math.prod(x.shape[1:])
    launch(_divide_rows, x.size, x.flat, to_gpu(divisors).flat, made.flat, inner, x.size)
    return made


def by_segments(how: str, x: GpuArray, order: Any, ids: Any, segments: int, none: Any) -> GpuArray:
    """The rows `order` of `x`, which is not empty, reduced by their `ids`, which ascend; both are arrays of the host."""
    compiled, start = _REDUCTIONS[how]
    made = empty((segments, *x.shape[1:]), x.dtype)
    inner = math.prod(x.shape[1:])
    if made.size == 0:
        return made
    starts = np.searchsorted(ids, np.arange(segments + 1))
    lists = [to_gpu(np.asarray(v, np.int64)).flat for v in (order, starts)]
    plan = layout(segments, max(len(order) // segments, 1), inner, False)
    one = x.dtype.type
    numbers = start(x.dtype), one(none), segments, inner, plan.width, plan.depth
    compiled[plan.blocks, plan.threads](x.flat, *lists, made.flat, *numbers)
    return made


_FLOATS = (np.float32, np.float64)


@gpu_kernel(*(f"Segment{how}" for how in ("Sum", "Mean", "Prod", "Max", "Min")), host=[1])
def _segment(op: Any) -> Call | None:
    how = op.type.removeprefix("Segment")
    if op.outputs[0].dtype.as_numpy_dtype not in _FLOATS:
        return None

    def call(data: Any, ids: Any) -> Any:
        segments = cpu.number_of_segments(ids, data.shape[0])
        found = by_segments("Sum" if how == "Mean" else how, data, np.arange(len(ids)), ids, segments, how == "Prod")
        return _divided(found, cpu.divisors(how, cpu.counts(ids, segments), data.dtype)) if how == "Mean" else found

    return call


@gpu_kernel(*(f"UnsortedSegment{how}" for how in ("Prod", "Max", "Min")), host=[1, 2])
def _unsorted_segment(op: Any) -> Call | None:
    how, none = op.type.removeprefix("UnsortedSegment"), cpu.empty_segment(op)
    if np.dtype(op.outputs[0].dtype.as_numpy_dtype).kind not in "fiu":
        return None

    def call(data: Any, ids: Any, num_segments: Any) -> Any:
        count = int(num_segments)
        cpu.check_unsorted(data.shape, ids, count)
        flat = np.ravel(ids)
        inner = data.shape[np.ndim(ids) :]
        rows = data.reshaped((flat.size, *inner))
        order = np.argsort(flat, kind="stable")
        order = order[flat[order] >= 0]  # negative ids drop their rows
        if count and not len(order):
            return filled((count, *inner), data.dtype, none)
        return by_segments(how, rows, order, flat[order], count, none)

    return call


@kernel(
    *(
        f"void({x}[::1], {i}[::1], {x}[::1], int64, int64, int64, int32[::1])"
        for x, i in (("float32", "int32"), ("float32", "int64"), ("float64", "int32"), ("int32", "int64"))
    )
)
def _add_unsorted(x, ids, y, segments, inner, count, flag):
    i = cuda.grid(1)
    if i < count:
        row = i // inner
        segment = np.int64(ids[row])
        if segment >= segments:
            flag[0] = 1
        elif segment >= 0:
            cuda.atomic.add(y, segment * inner + i - row * inner, x[i])


@gpu_kernel("UnsortedSegmentSum", host=[2])
def _unsorted_segment_sum(op: Any) -> Call | None:
    dtype = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    if dtype not in ATOMIC and dtype not in HALVES:
        return None
    part = HALVES.get(dtype)

    def call(data: Any, ids: Any, num_segments: Any) -> Any:
        count = int(num_segments)
        if count < 0 or data.shape[: ids.ndim] != ids.shape or (data.size == 0 and ids.size):
            return to_gpu(on_cpu(op, data, ids, num_segments))
        inner = data.shape[ids.ndim :]
        made, flag = filled((count, *inner), dtype, 0), new_flag()
        source, target, width = data.flat, made.flat, math.prod(inner)
        if part is not None:
            source, target, width = source.view(part), target.view(part), 2 * width
        launch(_add_unsorted, ids.size * width, source, ids.flat, target, count, width, ids.size * width, flag)
        refused(op, flag, data, ids, num_segments)
        return made

    return call


_KINDS = ("Sum", "Mean", "SqrtN")


@gpu_kernel(*(f"SparseSegment{kind}{suffix}" for kind in _KINDS for suffix in ("", "WithNumSegments")), host=[1, 2, 3])
def _sparse_segment(op: Any) -> Call | None:
    kind = op.type.removeprefix("SparseSegment").removesuffix("WithNumSegments")
    if op.outputs[0].dtype.as_numpy_dtype not in _FLOATS:
        return None

    def call(data: Any, indices: Any, ids: Any, num_segments: Any = None) -> Any:
        segments = cpu.number_of_sparse_segments(data.shape[0], indices, ids, num_segments)
        sums = by_segments("Sum", data, indices, ids, segments, 0)
        return sums if kind == "Sum" else _divided(sums, cpu.divisors(kind, cpu.counts(ids, segments), data.dtype))

    return call


@gpu_kernel(*(f"SparseSegment{kind}Grad{suffix}" for kind in _KINDS for suffix in ("", "V2")), host=[1, 2, 3])
def _sparse_segment_gradient(op: Any) -> Call | None:
    sparse = op.type.endswith("V2")
    kind = op.type.removeprefix("SparseSegment").removesuffix("V2").removesuffix("Grad")
    if op.outputs[0].dtype.as_numpy_dtype not in _FLOATS:
        return None

    def call(grad: Any, indices: Any, ids: Any, size: Any) -> Any:
        number, rows = int(size), grad.shape[0]
        cpu.check_sparse_gradient(rows, indices, ids, number)
        if kind != "Sum":
            grad = _divided(grad, cpu.divisors(kind, cpu.counts(ids, rows), grad.dtype))
        order = np.argsort(indices, kind="stable")
        if not sparse:
            return by_segments("Sum", grad, ids[order], indices[order], number, 0)
        unique, places = np.unique(indices, return_inverse=True)
        return by_segments("Sum", grad, ids[order], places.reshape(-1)[order], len(unique), 0), unique

    return call
