"""Matrix products: `matmul` for two matrices, `batch_matmul` for stacks of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .endings import EndingOf, ended
from .threads import parallel_for, thread_count
from .tiles import TALL, Layout, Work, copy_rows, multiply, pack_columns, panel_width

__all__ = ["batch_matmul", "compute_dtype", "matmul"]

Array = npt.NDArray[Any]

_SMALL = 1 << 15  # multiply-adds below which NumPy's call is quicker than ours
_UNIT_WORK = 1 << 19  # multiply-adds that are worth a thread
_STEADY = 1 << 26  # multiply-adds from which threads take several parts each, so that a late one does not hold up the others
_BATCH_WORK = 1 << 22  # multiply-adds of whole products that are worth waking a thread for
_PANELS = 8  # of a unit at least, where there are several for each thread: they come from the third cache, once a block of rows
_BLOCK, _DEPTH = 8, 2048  # tiles of rows and elements of k that stay in the second cache
_PAGE, _SPREAD_LEAST = 4096, 512  # bytes; rows and columns
_PACK_ROWS = 1024  # rows of A that make it worth copying B to be dense
_ONE_SEGMENT = np.zeros(1, np.int64)
_FLOATS = frozenset({np.dtype(np.float32), np.dtype(np.float64)})


def compute_dtype(dtype: np.dtype) -> np.dtype | None:
    """The dtype our kernels compute `dtype` in: itself for float32 and float64, float32 for shorter floats; None where
    NumPy does the work."""
    if dtype in _FLOATS:
        return dtype
    return np.dtype(np.float32) if dtype == np.float16 or dtype.name == "bfloat16" else None


def _flat(matrix: Array, transpose: bool) -> tuple[Array, bool]:
    """The matrix's elements in memory order, and whether that is the transpose of the matrix wanted."""
    flags = matrix.flags
    if flags.c_contiguous:
        return matrix.reshape(-1), transpose
    if flags.f_contiguous:
        return matrix.T.reshape(-1), not transpose
    return np.ascontiguousarray(matrix).reshape(-1), transpose


def matmul(
    a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False, out: Array | None = None,
    ending: EndingOf | None = None, accumulate: bool = False,
) -> Array:  # fmt: skip
    """The product of two matrices of one dtype, each optionally transposed first. `out`, if given, is a C-contiguous
    array of the product's shape and dtype, apart from a and b; with `accumulate`, the product is added to it."""
    m, k = a.shape[::-1] if transpose_a else a.shape
    inner, n = b.shape[::-1] if transpose_b else b.shape
    if k != inner:
        raise ValueError(f"The inner dimensions differ: {k} and {inner}.")
    size = m * k * n
    dtype = a.dtype
    if size <= _SMALL or m == 1 or n == 1 or dtype not in _FLOATS:
        return ended(_simple(a.T if transpose_a else a, b.T if transpose_b else b, out, accumulate), ending)
    if transpose_b and out is None and m * (k + n) < n * k:  # to turn A and C over costs less than B
        return ended(np.ascontiguousarray(matmul(b, a, False, not transpose_a).T), ending)
    width = panel_width(dtype)
    result = np.empty((m, n), dtype) if out is None else out
    a_flat, transpose_a = _flat(a, transpose_a)
    b_flat, transpose_b = _flat(b, transpose_b)
    b_row, b_column = (1, k) if transpose_b else (n, 1)
    a_row = k
    if not transpose_a and k * dtype.itemsize % _PAGE == 0 and min(m, n) >= _SPREAD_LEAST:
        a_flat, a_row = _spread(a_flat.reshape(m, k))
    # The microkernel reads whole panels of B. They are copied where B lies otherwise.
    panels = -(-n // width)
    packs = transpose_b or m >= _PACK_ROWS or n % width != 0
    packed = np.empty(panels * width * k if packs else 0, dtype)
    # Units: about as many multiply-adds each, some for each thread; panels are cut rather than rows, which then pack their own.
    parts = min(thread_count() if size < _STEADY else max(2 * thread_count(), panels // _PANELS), -(-size // _UNIT_WORK))
    tiles, block = -(-m // TALL), _BLOCK
    if parts == 1 or (panels >= parts and m <= 4 * n):
        cut = Work(0, m, m, 0, panels, -(-panels // parts), int(packs), k, n, b_row, b_column)
    else:
        if packs:
            b_flat = pack_columns(b_flat, 0, k, n, b_row, b_column)
        tiles_each = -(-tiles // parts)
        block = -(-tiles_each // -(-tiles_each // _BLOCK))  # as many blocks for each unit, all of one size
        cut = Work(0, m, tiles_each * TALL, 0, panels, panels)
    layout = Layout(
        lines=1, pixels=m, a_start=0, a_image=0, a_line=0, a_pixel=1 if transpose_a else a_row,
        c_start=0, c_image=0, c_line=0, c_pixel=n,
        k_step=m if transpose_a else 1, segment=k, columns=n,
        panel_step=k * width if packs else width, b_step=width if packs else n,
        block=min(TALL * block, m), depth=_DEPTH, accumulate=int(accumulate),
    )  # fmt: skip
    made = None if ending is None else ending(result)
    if made is not None and cut.panel_step == panels:
        task, arguments, each = made.numbers
        cut = cut._replace(task=task, arguments=arguments, each=each)
    multiply(cut, layout, _ONE_SEGMENT, a_flat, b_flat, packed, result.reshape(-1))
    if made is not None and not cut.task:
        made.run()
    return result


def _spread(rows: Array) -> tuple[Array, int]:
    """The rows flat and further apart, and how far: rows a whole number of pages apart fall into the same few lines of the
    first cache."""
    m, k = rows.shape
    step = k + _PAGE // 64
    spread = np.empty(m * step, rows.dtype)
    copy_rows(rows.reshape(-1), k, spread, step)
    return spread, step


def _simple(a: Array, b: Array, out: Array | None, accumulate: bool) -> Array:
    """What needs no kernel of ours: small and thin products, integers, complex numbers; short floats by float32."""
    dtype = a.dtype
    compute = compute_dtype(dtype)
    if compute is not None and compute != dtype:
        product = matmul(a.astype(compute), b.astype(compute)).astype(dtype)
    elif a.size == 0 or b.size == 0:  # NumPy gives zeros too, but for matmul's `out` with k = 0
        product = np.zeros((a.shape[0], b.shape[1]), dtype)
    elif accumulate:
        product = np.matmul(a, b)
    else:
        return np.matmul(a, b, out=out)
    if out is None:
        return product
    if accumulate:
        out += product
    else:
        out[...] = product
    return out


def batch_matmul(a: Array, b: Array, adj_x: bool = False, adj_y: bool = False) -> Array:
    """The products of matrices in the last two axes; the axes before broadcast. `adj_x` and `adj_y` take a's and b's
    conjugate transpose."""
    if a.ndim == 2 and b.ndim == 2 and a.dtype.kind != "c":
        return matmul(a, b, adj_x, adj_y)
    compute = compute_dtype(a.dtype)
    if compute is not None and compute != a.dtype:
        return batch_matmul(a.astype(compute), b.astype(compute), adj_x, adj_y).astype(a.dtype)
    x, y = (np.conjugate(a.swapaxes(-1, -2)) if adj_x else a), (np.conjugate(b.swapaxes(-1, -2)) if adj_y else b)
    m, k, n = x.shape[-2], x.shape[-1], y.shape[-1]
    if compute is None or m * k * n <= _SMALL or m == 1 or n == 1:
        return np.matmul(x, y)
    if k != y.shape[-2]:
        raise ValueError(f"The inner dimensions differ: {k} and {y.shape[-2]}.")
    outer = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if math.prod(y.shape[:-2]) == 1 and not adj_x:  # one b for all: the stack of a's is one tall matrix
        return matmul(a.reshape(-1, k), b.reshape(b.shape[-2:]), False, adj_y).reshape(*outer, m, n)
    result = np.empty((*outer, m, n), a.dtype)
    xs, ys = np.broadcast_to(x, (*outer, m, k)), np.broadcast_to(y, (*outer, k, n))
    places = list(np.ndindex(*outer))

    def some(first: int, last: int) -> None:
        for place in places[first:last]:
            matmul(xs[place], ys[place], out=result[place])

    parallel_for(some, len(places), max(1, _BATCH_WORK // (m * k * n)))
    return result
