"""Arrays joined, and arrays made of numbers in a row or of marks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import copy, of_shape, view_of
from teachtf.kernels.registry import Call, State

__all__ = ["concatenated"]


def concatenated(parts: Sequence[GpuArray], axis: int) -> GpuArray:
    """Arrays one after another along an axis."""
    shapes = [part.shape for part in parts]
    first = shapes[0]
    at = axis % len(first) if -len(first) <= axis < len(first) else len(first)
    others = {(*shape[:at], *shape[at + 1 :]) for shape in shapes}
    if at == len(first) or len(others) != 1 or {len(s) for s in shapes} != {len(first)}:
        np.concatenate([of_shape(s) for s in shapes], axis)  # says what is wrong
    made = empty((*first[:at], sum(s[at] for s in shapes), *first[at + 1 :]), parts[0].dtype)
    whole, start = of_shape(made.shape), 0
    for part in parts:
        stop = start + part.shape[at]
        copy(part, None, made, view_of(whole[(slice(None),) * at + (slice(start, stop),)], whole))
        start = stop
    return made


@gpu_kernel("ConcatV2", host=[-1], metadata=True)
def _concat(op: Any) -> Call:
    return lambda *inputs: concatenated(inputs[:-1], int(inputs[-1]))


@gpu_kernel("ParallelConcat")
def _parallel_concat(op: Any) -> Call:
    return lambda *parts: concatenated(parts, 0)


@gpu_kernel("Pack", metadata=True)
def _pack(op: Any) -> Call:
    axis = op._attrs["axis"]

    def call(*parts: Any) -> Any:
        shape = parts[0].shape
        at = axis % (len(shape) + 1)
        if any(part.shape != shape for part in parts):
            np.stack([of_shape(part.shape) for part in parts], axis)  # says what is wrong
        return concatenated([part.reshaped((*shape[:at], 1, *shape[at:])) for part in parts], at)

    return call


@kernel(*(f"void({t}[::1], float64, float64, int64)" for t in ("float32", "float64")))
def _count_up(y, start, delta, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = i * delta + start


@gpu_kernel("Range", host=[0, 1, 2], metadata=True)
def _range(op: Any) -> Call:
    """Whole numbers are mostly places, which the host works with; fractions are counted here, in float64 as on the CPU."""
    on_cpu = cpu.build(op, State())
    if not op.outputs[0].dtype.is_floating:
        return on_cpu

    def call(start: Any, limit: Any, delta: Any) -> Any:
        count = math.ceil((float(limit) - float(start)) / float(delta)) if delta else 0
        if count <= 0:
            return on_cpu(start, limit, delta)  # nothing, or wrong numbers
        made = empty((count,), delta.dtype)
        launch(_count_up, count, made.flat, float(start), float(delta), count)
        return made

    return call


@gpu_kernel("LinSpace", host=[0, 1, 2])
def _linspace(op: Any) -> Call:
    def call(start: Any, stop: Any, num: Any) -> Any:
        count = int(num)
        made = empty((count,), start.dtype)
        step = (float(stop) - float(start)) / (count - 1) if count > 1 else 0.0
        launch(_count_between, count, made.flat, float(start), float(stop), step, count)
        return made

    return call


@kernel(*(f"void({t}[::1], float64, float64, float64, int64)" for t in ("float32", "float64")))
def _count_between(y, start, stop, step, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = stop if 0 < i == count - 1 else i * step + start


@kernel(
    *(
        f"void({i}[::1], {t}[::1], {t}, {t}, int64, int64, int64)"
        for i, t in (("int32", "float32"), ("int64", "float32"), ("int64", "float64"), ("int32", "boolean"))
    )
)
def _mark(indices, y, on, off, depth, inner, count):
    """y as [outer, depth, inner] of indices as [outer, inner]."""
    i = cuda.grid(1)
    if i < count:
        row, column = i // inner, i % inner
        wanted = indices[row // depth * inner + column]
        y[i] = on if wanted == row % depth else off


@gpu_kernel("OneHot", host=[1, 2, 3])
def _one_hot(op: Any) -> Call:
    axis = op._attrs["axis"]

    def call(indices: Any, depth: Any, on: Any, off: Any) -> Any:
        shape, size = indices.shape, int(depth)
        at = axis % (len(shape) + 1)
        made = empty((*shape[:at], max(size, 0), *shape[at:]), on.dtype)
        one, none = made.dtype.type(on), made.dtype.type(off)
        launch(_mark, made.size, indices.flat, made.flat, one, none, size, math.prod(shape[at:]), made.size)
        return made

    return call


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], int64)" for t in ("float32", "float64", "int32")))
def _cross(a, b, y, count):
    i = cuda.grid(1)
    if i < count:
        first = i // 3 * 3
        j, k = first + (i + 1) % 3, first + (i + 2) % 3
        y[i] = a[j] * b[k] - a[k] * b[j]


@gpu_kernel("Cross")
def _cross_product(op: Any) -> Call:
    refuse = cpu.build(op, State())

    def call(a: Any, b: Any) -> Any:
        if a.shape != b.shape or a.shape[-1:] != (3,):
            return refuse(of_shape(a.shape), of_shape(b.shape))
        made = empty(a.shape, a.dtype)
        launch(_cross, made.size, a.flat, b.flat, made.flat, made.size)
        return made

    return call
