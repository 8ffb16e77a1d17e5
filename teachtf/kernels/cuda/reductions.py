"""Sums and other reductions, along any axes.

Axes that stay together are one: an array is [outer, length, inner], and `length` goes. A block of threads is laid out as
groups of rows, each `depth` threads deep along the length and `width` wide along what is inner, so that a warp reads what lies
side by side whether the last axis goes or stays. Each thread combines every `depth`-th element, then the threads of a column
combine by halves in shared memory. A few long rows are split into parts, which a second launch combines. The order is the same
at each run.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import of_shape
from teachtf.kernels.registry import Call, State

__all__ = [
    "ARGS",
    "REDUCTIONS",
    "Layout",
    "axis_sizes",
    "larger",
    "layout",
    "plus",
    "power_of_two",
    "reduced",
    "smaller",
    "times",
]

_BLOCKS = 1024  # as many as keep a GPU busy
_LONG = 4096  # elements of a row that may be split
_EACH = 4  # elements of a short row for each thread
_WORK = 8  # elements of a part for each thread, at least


@device_function
def plus(a, b):
    return a + b


@device_function
def times(a, b):
    return a * b


@device_function
def larger(a, b):
    return a if a >= b or a != a else b  # NaN if either is


@device_function
def smaller(a, b):
    return a if a <= b or a != a else b


@device_function
def _both(a, b):
    return a and b


@device_function
def _either(a, b):
    return a or b


@device_function
def locate(inner, parts, width, depth):
    """What a thread works at: its row, part, level and column. The width and the depth are exponents of 2, so that only the
    number of the block is divided."""
    thread, both = np.int64(cuda.threadIdx.x), width + depth
    tiles = np.uint32((inner + (1 << width) - 1) >> width)
    block, parts = np.uint32(cuda.blockIdx.x), np.uint32(parts)
    rest = np.uint32(block // tiles)
    group = np.uint32(rest // parts)
    row = np.int64(group) * (cuda.blockDim.x >> both) + (thread >> both)
    column = (np.int64(block - rest * tiles) << width) + (thread & ((1 << width) - 1))
    return row, np.int64(rest - group * parts), (thread >> width) & ((1 << depth) - 1), column


def _numbers(name: str, combine: Any, types: str, mean: bool = False) -> Any:
    """The kernel of one reduction. A mean's divides by `count`."""

    def reduction(x, y, start, outer, length, inner, parts, part_length, width, depth, count):
        shared = cuda.shared.array(THREADS, x.dtype)
        thread = cuda.threadIdx.x
        row, part, level, column = locate(inner, parts, width, depth)
        result = start
        if row < outer and column < inner:
            first = row * length * inner + column
            for i in range(part * part_length + level, min((part + 1) * part_length, length), 1 << depth):
                result = combine(result, x[first + i * inner])
        shared[thread] = result
        step = 1 << depth >> 1
        while step > 0:
            cuda.syncthreads()
            if level < step:
                shared[thread] = combine(shared[thread], shared[thread + (step << width)])
            step >>= 1
        if level == 0 and row < outer and column < inner:
            at = (row * parts + part) * inner + column
            if mean:
                y[at] = shared[thread] / count
            else:
                y[at] = shared[thread]

    reduction.__name__ = reduction.__qualname__ = name
    numbers = "int64, " * 7
    return kernel(*(f"void({t}[::1], {t}[::1], {t}, {numbers}{t})" for t in types.split()))(reduction)


class _Reduction(NamedTuple):
    compiled: Any
    start: Callable[[Any], Any]  # by dtype
    last: Any = None  # the last launch's, if it is another


def _limit(largest: bool) -> Callable[[Any], Any]:
    def start(dtype: Any) -> Any:
        if dtype.kind == "f":
            return dtype.type(-np.inf if largest else np.inf)
        return dtype.type(np.iinfo(dtype).min if largest else np.iinfo(dtype).max)

    return start


_sum = _numbers("sum_along", plus, "float32 float64 int32 int64 complex64")
_mean = _numbers("mean_along", plus, "float32 float64 complex64", mean=True)
REDUCTIONS = {
    "Sum": _Reduction(_sum, lambda dtype: dtype.type(0)),
    "Mean": _Reduction(_sum, lambda dtype: dtype.type(0), _mean),
    "Prod": _Reduction(_numbers("product_along", times, "float32 float64 int32"), lambda dtype: dtype.type(1)),
    "Max": _Reduction(_numbers("maximum_along", larger, "float32 float64 int64"), _limit(True)),
    "Min": _Reduction(_numbers("minimum_along", smaller, "float32 float64 int32"), _limit(False)),
    "All": _Reduction(_numbers("all_along", _both, "boolean"), lambda dtype: np.bool_(True)),
    "Any": _Reduction(_numbers("any_along", _either, "boolean"), lambda dtype: np.bool_(False)),
}


def power_of_two(number: int) -> int:
    """The least power of two that is no less."""
    return 1 << (max(number, 1) - 1).bit_length()


def axis_sizes(shape: Sequence[int], axis: int) -> tuple[int, int, int]:
    """A shape as [outer, length, inner] about one axis."""
    return math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])


class Layout(NamedTuple):
    """How threads are laid out over [outer, length, inner]; the width and the depth are exponents of 2."""

    blocks: int
    threads: int
    parts: int
    part_length: int
    width: int
    depth: int


@functools.lru_cache(4096)
def layout(outer: int, length: int, inner: int, split: bool = True) -> Layout:
    """The layout for a reduction of `length`; rows are split into parts if that may be."""
    width = min(32, power_of_two(inner))
    depth = min(THREADS // width, power_of_two(-(-length // _EACH)))
    groups = min(THREADS // (width * depth), power_of_two(outer))
    width = min(THREADS // (depth * groups), power_of_two(inner))
    blocks = -(-inner // width) * -(-outer // groups)
    parts, part_length = 1, length
    if split and blocks < _BLOCKS and length >= _LONG:
        part_length = max(-(-length * blocks // _BLOCKS), depth * _WORK)
        part_length = -(-part_length // depth) * depth
        parts = -(-length // part_length)
    bits = width.bit_length() - 1, depth.bit_length() - 1
    return Layout(blocks * parts, width * depth * groups, parts, part_length, *bits)


def reduced(name: str, x: GpuArray, outer: int, length: int, inner: int, count: int | None = None) -> GpuArray:
    """`x`, which is not empty, as [outer, length, inner] reduced to [outer, inner] as the op type `name` says. The sum of a
    mean is divided by `count`, if that is given."""
    found = REDUCTIONS[name]
    start, divisor = found.start(x.dtype), x.dtype.type(count or 1)
    while True:
        plan = layout(outer, length, inner)
        made = empty((outer, plan.parts, inner), x.dtype)
        compiled = found.last if found.last is not None and plan.parts == 1 and count is not None else found.compiled
        sizes = outer, length, inner, plan.parts, plan.part_length, plan.width, plan.depth
        compiled[plan.blocks, plan.threads](x.flat, made.flat, start, *sizes, divisor)
        if plan.parts == 1:
            return made
        x, length = made, plan.parts


@functools.lru_cache(4096)
def _runs(shape: tuple[int, ...], axes: frozenset[int]) -> list[tuple[int, int, int]]:
    """Which reductions [outer, length, inner], one after another, reduce `shape` along `axes`: the last axes first."""
    sizes: list[tuple[int, bool]] = []
    for axis, size in enumerate(shape):
        goes = axis in axes
        if sizes and sizes[-1][1] == goes:
            sizes[-1] = (sizes[-1][0] * size, goes)
        elif size != 1:
            sizes.append((size, goes))
    runs, inner = [], 1
    for i in range(len(sizes) - 1, -1, -1):
        size, goes = sizes[i]
        if goes:
            runs.append((math.prod(s for s, _ in sizes[:i]), size, inner))
        else:
            inner *= size
    return runs


@gpu_kernel(*REDUCTIONS, host=[1], metadata=True)
def _reduction(op: Any) -> Call | None:
    name, keep = op.type, op._attrs["keep_dims"]
    dtype = np.dtype(op.inputs[0].dtype.as_numpy_dtype)
    if dtype.kind not in ("b" if name in ("All", "Any") else "fc" if name == "Mean" else "fciu"):
        return None
    if dtype.kind == "c" and name in ("Max", "Min"):
        return None

    def call(x: Any, axes: Any) -> Any:
        gone = frozenset(int(a) % x.ndim for a in np.ravel(axes)) if x.ndim else frozenset()
        shape = tuple(1 if i in gone else d for i, d in enumerate(x.shape) if keep or i not in gone)
        count = math.prod(x.shape[a] for a in gone)
        if x.size == 0:
            return filled(shape, dtype, np.nan if name == "Mean" else REDUCTIONS[name].start(dtype))
        runs = _runs(x.shape, gone)
        made = x
        for i, (outer, length, inner) in enumerate(runs):
            made = reduced(name, made, outer, length, inner, count if i == len(runs) - 1 else None)
        return made.reshaped(shape)

    return call


@device_function
def _above(a, b):
    return a > b


@device_function
def _below(a, b):
    return a < b


def _arg(name: str, beats: Any) -> Any:
    def arg(x, y, outer, length, inner, width, depth):
        values = cuda.shared.array(THREADS, x.dtype)
        places = cuda.shared.array(THREADS, np.int64)
        thread = cuda.threadIdx.x
        row, _, level, column = locate(inner, 1, width, depth)
        inside = row < outer and column < inner
        first = row * length * inner + column if inside else 0
        best, place = x[first], np.int64(0)
        if inside:
            for i in range(level, length, 1 << depth):
                value = x[first + i * inner]
                # The first of equals, and the first NaN, as NumPy does.
                if beats(value, best) or (value != value and best == best):
                    best, place = value, i
        values[thread], places[thread] = best, place
        step = 1 << depth >> 1
        while step > 0:
            cuda.syncthreads()
            if level < step:
                other, there = values[thread + (step << width)], places[thread + (step << width)]
                mine, here = values[thread], places[thread]
                equal = other == mine or (other != other and mine != mine)
                if beats(other, mine) or (other != other and mine == mine) or (equal and there < here):
                    values[thread], places[thread] = other, there
            step >>= 1
        if level == 0 and inside:
            y[row * inner + column] = places[thread]

    arg.__name__ = arg.__qualname__ = name
    numbers = ", ".join(["int64"] * 5)
    signatures = (("float32", "int64"), ("float32", "int32"), ("float64", "int64"), ("boolean", "int64"))
    return kernel(*(f"void({t}[::1], {o}[::1], {numbers})" for t, o in signatures))(arg)


ARGS = {"ArgMax": _arg("argmax", _above), "ArgMin": _arg("argmin", _below)}


@gpu_kernel("ArgMax", "ArgMin", host=[1])
def _arg_along(op: Any) -> Call:
    compiled, target = ARGS[op.type], np.dtype(op._attrs["output_type"].as_numpy_dtype)
    refuse = cpu.build(op, State())

    def call(x: Any, axis: Any) -> Any:
        at = int(axis)
        if x.shape[at] == 0:
            return refuse(of_shape(x.shape), axis)
        at %= x.ndim
        made = empty(x.shape[:at] + x.shape[at + 1 :], target)
        if made.size:
            sizes = axis_sizes(x.shape, at)
            plan = layout(*sizes, False)
            compiled[plan.blocks, plan.threads](x.flat, made.flat, *sizes, plan.width, plan.depth)
        return made

    return call
