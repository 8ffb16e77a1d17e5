"""Diagonals and bands. A diagonal is a view of one step more than a row."""

from __future__ import annotations

import math
from typing import Any

from numba import cuda

from teachtf.kernels import diagonals as cpu
from teachtf.kernels.cuda.arrays import empty, to_gpu
from teachtf.kernels.cuda.checks import on_cpu
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import View, copy, gathered
from teachtf.kernels.registry import Call

__all__: list[str] = []


@gpu_kernel("Diag")
def _diag(op: Any) -> Call:
    def call(x: Any) -> Any:
        made = filled(x.shape * 2, x.dtype, 0)
        copy(x.reshaped((x.size,)), None, made, View((x.size,), (x.size + 1,), 0))
        return made

    return call


@gpu_kernel("DiagPart")
def _diag_part(op: Any) -> Call:
    def call(x: Any) -> Any:
        half = x.shape[: x.ndim // 2]
        if x.shape != half * 2:
            return on_cpu(op, x)
        size = math.prod(half)
        return gathered(x, View((size,), (size + 1,), 0)).reshaped(half)

    return call


@device_function
def _start(k, rows, columns, longest, left_above, left_below):
    """Where diagonal k begins in the row that it is kept in, and how long it is."""
    length = max(min(rows + min(k, 0), columns - max(k, 0)), 0)
    left = (k >= 0 and left_above) or (k <= 0 and left_below)
    return (0 if left else longest - length), length


_KEPT = ("float32", "float64", "int32", "boolean")
_NUMBERS = "int64, int64, int64, int64, int64, boolean, boolean, int64"


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {t}, boolean, {_NUMBERS})" for t in _KEPT))
def _set(diagonals, x, y, padding, has_x, low, high, rows, columns, longest, left_above, left_below, count):
    """Matrices of diagonals, and of the elements of x or the padding elsewhere."""
    at = cuda.grid(1)
    if at < count:
        row, j = at // columns, at % columns
        i, batch = row % rows, row // rows
        k = j - i
        if low <= k <= high:
            start, _ = _start(k, rows, columns, longest, left_above, left_below)
            place = start + (i if k >= 0 else j)
            y[at] = diagonals[(batch * (high - low + 1) + high - k) * longest + place]
        else:
            y[at] = x[at] if has_x else padding


@kernel(*(f"void({t}[::1], {t}[::1], {t}, {_NUMBERS})" for t in _KEPT))
def _part(x, y, padding, low, high, rows, columns, longest, left_above, left_below, count):
    at = cuda.grid(1)
    if at < count:
        row, place = at // longest, at % longest
        number = high - low + 1
        k, batch = high - row % number, row // number
        start, length = _start(k, rows, columns, longest, left_above, left_below)
        step = place - start
        if 0 <= step < length:
            y[at] = x[(batch * rows + step - min(k, 0)) * columns + step + max(k, 0)]
        else:
            y[at] = padding


def _sides(op: Any) -> tuple[bool, bool]:
    above, below = op._attrs["align"].decode().split("_")
    return above == "LEFT", below == "LEFT"


@gpu_kernel("MatrixDiagV3", host=[1, 2, 3, 4])
def _matrix_diag(op: Any) -> Call:
    sides = _sides(op)

    def call(diagonal: Any, k: Any, rows: Any, columns: Any, padding: Any) -> Any:
        low, high = cpu.bounds(k)
        shape = (*diagonal.shape[:-1], 1, diagonal.shape[-1]) if low == high else diagonal.shape
        height, width = cpu.matrix_shape(shape, low, high, int(rows), int(columns))
        made = empty((*shape[:-2], height, width), diagonal.dtype)
        numbers = low, high, height, width, shape[-1], *sides, made.size
        one = made.dtype.type(padding)
        launch(_set, made.size, diagonal.flat, diagonal.flat, made.flat, one, False, *numbers)
        return made

    return call


@gpu_kernel("MatrixSetDiagV3", host=[2])
def _matrix_set_diag(op: Any) -> Call:
    sides = _sides(op)

    def call(x: Any, diagonal: Any, k: Any) -> Any:
        low, high = cpu.bounds(k)
        rows, columns = x.shape[-2:]
        cpu.check_bounds(low, high, rows, columns)
        longest = cpu.longest(low, high, rows, columns)
        wanted = (*x.shape[:-2], *([] if low == high else [high - low + 1]), longest)
        if diagonal.shape != wanted:
            return to_gpu(on_cpu(op, x, diagonal, k))
        made = empty(x.shape, x.dtype)
        numbers = low, high, rows, columns, longest, *sides, made.size
        launch(_set, made.size, diagonal.flat, x.flat, made.flat, x.dtype.type(0), True, *numbers)
        return made

    return call


@gpu_kernel("MatrixDiagPartV3", host=[1, 2])
def _matrix_diag_part(op: Any) -> Call:
    sides = _sides(op)

    def call(x: Any, k: Any, padding: Any) -> Any:
        low, high = cpu.bounds(k)
        rows, columns = x.shape[-2:]
        cpu.check_bounds(low, high, rows, columns)
        longest = cpu.longest(low, high, rows, columns)
        made = empty((*x.shape[:-2], *([] if low == high else [high - low + 1]), longest), x.dtype)
        numbers = low, high, rows, columns, longest, *sides, made.size
        launch(_part, made.size, x.flat, made.flat, x.dtype.type(padding), *numbers)
        return made

    return call


@kernel(*(f"void({t}[::1], {t}[::1], int64, int64, int64, int64, int64)" for t in (*_KEPT, "complex64")))
def _band(x, y, rows, columns, lower, upper, count):
    at = cuda.grid(1)
    if at < count:
        below = at // columns % rows - at % columns
        if (lower < 0 or below <= lower) and (upper < 0 or -below <= upper):
            y[at] = x[at]
        else:
            y[at] = 0


@gpu_kernel("MatrixBandPart", host=[1, 2])
def _matrix_band_part(op: Any) -> Call:
    def call(x: Any, lower: Any, upper: Any) -> Any:
        rows, columns = x.shape[-2:]
        cpu.check_band(rows, columns, int(lower), int(upper))
        made = empty(x.shape, x.dtype)
        launch(_band, made.size, x.flat, made.flat, rows, columns, int(lower), int(upper), made.size)
        return made

    return call
