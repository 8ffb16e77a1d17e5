"""Copies between arrays whose elements lie at regular steps: what slices, transpositions, joins and repetitions come down to.

A `View` says which elements of a flat array are meant. NumPy itself works it out, on an array of the same shape that nothing
is ever written to (`Map`): the index that a slice is on the CPU is the view that it is here.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import THREADS, kernel

__all__ = ["Map", "View", "copier", "copy", "gathered", "index_type", "of_shape", "view_of"]

TILE, _PADDED = 32, 33
_ROWS = THREADS // TILE  # of a tile that are moved at a time
_LEAST = 8  # elements of an axis that is worth a tile


class View(NamedTuple):
    """Elements of a flat array: their shape, the steps along each axis, and where the first one is."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int


class Map(np.ndarray):
    """An array whose elements count for nothing but their places. Its parts are always arrays, so that they have a place."""

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        if isinstance(part, np.ndarray):
            return part
        return super().__getitem__((*(index if isinstance(index, tuple) else (index,)), ...))


def of_shape(shape: Sequence[int]) -> Map:
    """A map of an array of this shape. Its memory is never touched, so it is none."""
    return np.empty(shape, np.uint8).view(Map)


def view_of(part: np.ndarray, whole: np.ndarray) -> View:
    """Where `part` of a map lies in it."""
    start = part.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    return View(part.shape, part.strides, start)


def _c_strides(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def index_type(count: int) -> Any:
    """The type to take places among `count` elements apart in: a division of 64 bits takes a GPU many times one of 32."""
    return np.uint32 if count < 1 << 31 else np.int64


def _copying(index: Any) -> Any:
    def made(x, y, x_start, y_start, shape, x_strides, y_strides, count):
        i = cuda.grid(1)
        if i < count:
            rest = index(i)
            x_at, y_at = x_start, y_start
            for k in range(len(shape) - 1, 0, -1):
                whole = index(rest // shape[k])
                step = np.int64(rest - whole * shape[k])
                x_at += step * x_strides[k]
                y_at += step * y_strides[k]
                rest = whole
            last = np.int64(rest)
            y[y_at + last * y_strides[0]] = x[x_at + last * x_strides[0]]

    name = index.__name__
    made.__name__ = made.__qualname__ = f"copy_{name}"
    return kernel(
        *(
            f"void({t}[::1], {t}[::1], int64, int64, UniTuple({name}, {n}), UniTuple(int64, {n}), UniTuple(int64, {n}), int64)"
            for t, n in (("float32", 1), ("float32", 3), ("float64", 2), ("int32", 2), ("boolean", 4), ("complex64", 2))
        )
    )(made)


_COPIES = {t: _copying(t) for t in (np.uint32, np.int64)}


@kernel(
    *(
        f"void({t}[::1], {t}[::1], int64, int64, int64, int64, int64, int64, UniTuple(int64, {n}), UniTuple(int64, {n}), "
        f"UniTuple(int64, {n}))"
        for t, n in (("float32", 1), ("float64", 2), ("int64", 1), ("boolean", 1), ("complex128", 1))
    )
)
def transpose(x, y, x_start, y_start, width, height, x_step, y_step, shape, x_strides, y_strides):
    """Planes of `height` rows, by tiles: rows of x, `x_step` apart, become columns of y, whose rows are `y_step` apart.

    A warp reads 32 elements that lie side by side in x and writes 32 that do in y. The tile's rows are one element longer than
    it is wide, so that the elements of a column are in different banks of the shared memory.
    """
    tile = cuda.shared.array((TILE, _PADDED), x.dtype)
    across, down = (width + TILE - 1) // TILE, (height + TILE - 1) // TILE
    block = np.int64(cuda.blockIdx.x)
    plane = block // (across * down)
    left = (block % across) * TILE
    top = (block // across % down) * TILE
    for k in range(len(shape) - 1, -1, -1):
        step = plane % shape[k]
        plane //= shape[k]
        x_start += step * x_strides[k]
        y_start += step * y_strides[k]
    lane, first = cuda.threadIdx.x % TILE, cuda.threadIdx.x // TILE
    for r in range(first, TILE, _ROWS):
        if left + lane < width and top + r < height:
            tile[r, lane] = x[x_start + (top + r) * x_step + left + lane]
    cuda.syncthreads()
    for r in range(first, TILE, _ROWS):
        if left + r < width and top + lane < height:
            y[y_start + (left + r) * y_step + top + lane] = tile[lane, r]


def _merged(shape: Sequence[int], x: Sequence[int], y: Sequence[int]) -> tuple[Any, Any, Any]:
    """The same elements along as few axes as there can be."""
    axes: list[tuple[int, int, int]] = []
    for size, step, other in zip(shape, x, y, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1:] == (step * size, other * size):
            axes[-1] = (axes[-1][0] * size, step, other)
        else:
            axes.append((size, step, other))
    sizes, steps, others = zip(*axes or [(1, 1, 1)], strict=True)
    return sizes, steps, others


@functools.lru_cache(4096)
def copier(source: View, target: View) -> Callable[[Any, Any], None]:
    """The call that copies elements of one flat array to another; the views are of one shape."""
    count = math.prod(source.shape)
    if count == 0:
        return lambda x, y: None
    shape, xs, ys = _merged(source.shape, source.strides, target.strides)
    x_axis = xs.index(1) if 1 in xs else -1
    y_axis = ys.index(1) if 1 in ys else -1
    if min(x_axis, y_axis) >= 0 and x_axis != y_axis and min(shape[x_axis], shape[y_axis]) >= _LEAST:
        rest = [k for k in range(len(shape)) if k not in (x_axis, y_axis)]
        planes, *steps = (tuple(of[k] for k in rest) or (unit,) for of, unit in ((shape, 1), (xs, 0), (ys, 0)))
        width, height = shape[x_axis], shape[y_axis]
        blocks = -(-width // TILE) * -(-height // TILE) * math.prod(planes)
        numbers = (source.start, target.start, width, height, xs[y_axis], ys[x_axis], planes, *steps)
        return lambda x, y: transpose[blocks, THREADS](x, y, *numbers)
    index = index_type(count)
    threads = min(THREADS, -(-count // 32) * 32)
    plain, blocks = _COPIES[index], -(-count // threads)
    arguments = (source.start, target.start, tuple(index(n) for n in shape), xs, ys, count)
    return lambda x, y: plain[blocks, threads](x, y, *arguments)


def copy(x: GpuArray, source: View | None, y: GpuArray, target: View | None) -> None:
    """Copy elements of `x` to `y`; all of them, where there is no view."""
    source = source or View(x.shape, _c_strides(x.shape), 0)
    target = target or View(y.shape, _c_strides(y.shape), 0)
    copier(source, target)(x.flat, y.flat)


def gathered(x: GpuArray, view: View) -> GpuArray:
    """The elements that `view` says, as an array: the same memory where they lie side by side."""
    shape, strides, _ = _merged(view.shape, view.strides, view.strides)
    count = math.prod(view.shape)
    if count and len(shape) == 1 and (strides == (1,) or count == 1):
        flat = x.flat if view.start == 0 and count == x.size else x.flat[view.start : view.start + count]
        return GpuArray(flat, view.shape, x.dtype)
    made = empty(view.shape, x.dtype)
    copy(x, view, made, None)
    return made
