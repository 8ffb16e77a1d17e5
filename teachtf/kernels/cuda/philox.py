"""Arrays of random numbers: the CPU's own functions (`cpu/fills.py`), a thread for each group that a block of bits makes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cpu import fills
from teachtf.kernels.cpu.philox import BLOCKS_PER_OUTPUT, UNIFORM, Generator, blocks_of_classes
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import THREADS, device_function, kernel, launch

__all__ = ["random_classes", "random_numbers"]

_MASK, _SCALE = UNIFORM[np.dtype(np.float32)]


@device_function
def _uniform(stream, skip, low, extent):
    return fills.uniform4(stream, skip, _MASK, _SCALE)


@device_function
def _uniform64(stream, skip, low, extent):
    a, b, c, d = fills.block(stream, skip)
    return fills.unit64(a, b), fills.unit64(c, d)


@device_function
def _normal(stream, skip, low, extent):
    return fills.normal4(stream, skip)


@device_function
def _normal64(stream, skip, low, extent):
    a, b, c, d = fills.block(stream, skip)
    return fills.box_muller64(a, b, c, d)


@device_function
def _truncated(stream, skip, low, extent):
    return fills.truncated4(stream, skip)


@device_function
def _truncated64(stream, skip, low, extent):
    return fills.truncated2(stream, skip)


@device_function
def _whole(stream, skip, low, extent):
    return fills.whole4(stream, skip, low, extent)


@device_function
def _whole64(stream, skip, low, extent):
    return fills.whole2(stream, skip, low, extent)


def _filling(name: str, draw: Any, dtype: str, width: int) -> Any:
    """The kernel that fills an array with groups of `width` numbers; group number g starts at block g * stride."""
    size = width * THREADS

    def fill(out, key, high, start, stride, low, extent, count):
        # A group's numbers lie side by side in one thread; by way of shared memory they are written so by a warp.
        tile = cuda.shared.array(size, out.dtype)
        group, thread, threads = cuda.grid(1), cuda.threadIdx.x, cuda.blockDim.x
        if group * width < count:
            values = draw((key, high, start), np.uint64(group) * stride, low, extent)
            for k in range(width):
                tile[thread * width + k] = values[k]
        cuda.syncthreads()
        first = cuda.blockIdx.x * threads * width
        for k in range(thread, width * threads, threads):
            if first + k < count:
                out[first + k] = tile[k]

    fill.__name__ = fill.__qualname__ = f"{name}_{dtype}"
    return kernel(f"void({dtype}[::1], uint64, uint64, uint64, uint64, int64, uint64, int64)")(fill)


# (method of the CPU's generator, dtype) -> kernel, group's size, blocks that a group may draw from
_FILLS = {
    (method, np.dtype(dtype)): (_filling(method, draw, dtype, width), width, np.uint64(stride))
    for method, dtype, draw, width, stride in (
        ("uniform", "float32", _uniform, 4, 1),
        ("uniform", "float64", _uniform64, 2, 1),
        ("normal", "float32", _normal, 4, 1),
        ("normal", "float64", _normal64, 2, 1),
        ("truncated_normal", "float32", _truncated, 4, 256),
        ("truncated_normal", "float64", _truncated64, 2, 128),
        ("uniform_int", "int32", _whole, 4, 1),
        ("uniform_int", "int64", _whole64, 2, 1),
    )
}


def random_numbers(
    method: str, generator: Generator, shape: tuple[int, ...], dtype: Any, low: int = 0, extent: int = 1
) -> GpuArray:
    """What `method` of a generator gives for the shape and dtype, the generator moved on by as much; whole numbers are from
    [low, low + extent)."""
    fill, width, stride = _FILLS[method, np.dtype(dtype)]
    made = empty(shape, dtype)
    count = made.size
    stream = generator.reserve(count * BLOCKS_PER_OUTPUT)
    launch(fill, -(-count // width), made.flat, *stream, stride, low, np.uint64(extent), count)
    return made


@kernel("void(float32[::1], float64[::1], int64)", "void(float64[::1], float64[::1], int64)")
def cumulate(logits, cumulative, classes):
    """A row's odds exp(logit), each added to those before it; a block takes a row, its threads (2**n of them) a tile at a time.

    Infinite and NaN logits count as impossible. The largest one is taken off the others.
    """
    part = cuda.shared.array(THREADS, np.float64)
    thread, threads = cuda.threadIdx.x, cuda.blockDim.x
    row = np.int64(cuda.blockIdx.x) * classes
    most = -np.inf
    for k in range(thread, classes, threads):
        logit = np.float64(logits[row + k])
        if math.isfinite(logit) and logit > most:
            most = logit
    part[thread] = most
    half = threads // 2
    while half:
        cuda.syncthreads()
        if thread < half:
            part[thread] = max(part[thread], part[thread + half])
        half //= 2
    cuda.syncthreads()
    most = part[0]
    before = 0.0
    for tile in range(0, classes, threads):
        k = tile + thread
        odds = 0.0
        if k < classes:
            logit = np.float64(logits[row + k])
            if math.isfinite(logit):
                odds = math.exp(logit - most)
        cuda.syncthreads()
        part[thread] = odds
        step = 1
        while step < threads:
            cuda.syncthreads()
            lower = part[thread - step] if thread >= step else 0.0
            cuda.syncthreads()
            part[thread] += lower
            step *= 2
        cuda.syncthreads()
        if k < classes:
            cumulative[row + k] = before + part[thread]
        before += part[threads - 1]


@kernel(
    "void(float64[::1], int32[::1], uint64, uint64, uint64, int64, int64, int64)",
    "void(float64[::1], int64[::1], uint64, uint64, uint64, int64, int64, int64)",
)
def draw_classes(cumulative, out, key, high, start, classes, samples, count):
    """A thread a sample: two take their number from one block of bits, and each looks for it among the odds by halves."""
    i = cuda.grid(1)
    if i < count:
        a, b, c, d = fills.block((key, high, start), np.uint64(i // 2))
        row = i // samples * classes
        at = (fills.unit64(a, b) if i % 2 == 0 else fills.unit64(c, d)) * cumulative[row + classes - 1]
        first, last = 0, classes
        while first < last:
            middle = (first + last) // 2
            if cumulative[row + middle] <= at:
                first = middle + 1
            else:
                last = middle
        out[i] = first


def random_classes(generator: Generator, logits: GpuArray, samples: int, dtype: Any) -> GpuArray:
    """What `generator.multinomial` gives."""
    rows, classes = logits.shape
    made = empty((rows, samples), dtype)
    if made.size:
        stream = generator.reserve(blocks_of_classes(rows, samples))
        cumulative = empty(logits.shape, np.float64)
        cumulate[rows, min(THREADS, 1 << (classes - 1).bit_length())](logits.flat, cumulative.flat, classes)
        launch(draw_classes, made.size, cumulative.flat, made.flat, *stream, classes, samples, made.size)
    return made
