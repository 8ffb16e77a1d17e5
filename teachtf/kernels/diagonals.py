"""Kernels of diagonals and bands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import diagonals

assert diagonals  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


@kernel("Diag")
def _diag(op: Any) -> Call:
    return lambda x: np.diag(np.ravel(x)).reshape(np.shape(x) * 2)


@kernel("DiagPart")
def _diag_part(op: Any) -> Call:
    def call(x: Any) -> Any:
        half = x.shape[: x.ndim // 2]
        if x.shape != half * 2:
            raise _invalid(f"Invalid shape {list(x.shape)}: the second half of the dimensions must be the first again")
        size = int(np.prod(half))
        return x.reshape(size, size).diagonal().copy().reshape(half)

    return call


def bounds(k: Any) -> tuple[int, int]:
    """The lowest and the highest diagonal."""
    flat = np.ravel(k).tolist()
    if len(flat) not in (1, 2):
        raise _invalid(f"diag_index must have one or two elements, received {len(flat)} elements.")
    if flat[0] > flat[-1]:
        raise _invalid(f"lower_diag_index must not be larger than upper_diag_index: {flat[0]} > {flat[-1]}")
    return flat[0], flat[-1]


def check_bounds(low: int, high: int, rows: int, columns: int) -> None:
    """Whether a matrix has these diagonals."""
    for word, k in (("lower", low), ("upper", high)):
        if not (-rows < k < columns or k == 0):
            raise _invalid(f"{word}_diag_index is out of bound: {k}. It must be between {-rows} and {columns}.")


def longest(low: int, high: int, rows: int, columns: int) -> int:
    """The length of the longest of the diagonals: of the rows that they are kept in."""
    return max(min(rows + min(high, 0), columns - max(low, 0)), 0)


Place = tuple[int, slice, Any, Any]


def _places(align: bytes, low: int, high: int, rows: int, columns: int) -> Iterator[Place]:
    """For each diagonal from the highest: its number, where it lies in its padded row, and its matrix rows and columns."""
    length_of_rows = longest(low, high, rows, columns)
    above, below = align.decode().split("_")
    for number, k in enumerate(range(high, low - 1, -1)):
        length = max(min(rows + min(k, 0), columns - max(k, 0)), 0)
        left = (k >= 0 and above == "LEFT") or (k <= 0 and below == "LEFT")
        start = 0 if left else length_of_rows - length
        steps = np.arange(length)
        yield number, slice(start, start + length), steps - min(k, 0), steps + max(k, 0)


def _rows_of(diagonal: Any, low: int, high: int) -> Any:
    return diagonal[..., None, :] if low == high else diagonal


def matrix_shape(given: tuple[int, ...], low: int, high: int, rows: int, columns: int) -> tuple[int, int]:
    """The rows and columns of a matrix of diagonals of the shape `given`; -1 where they are not said."""
    if len(given) < 2 or given[-2] != high - low + 1:
        raise _invalid(f"The number of diagonals provided in the input does not match k: expected {high - low + 1}")
    least_rows, least_columns = given[-1] - min(high, 0), given[-1] + max(low, 0)
    if rows == columns == -1:
        rows = columns = max(least_rows, least_columns)
    rows, columns = least_rows if rows == -1 else rows, least_columns if columns == -1 else columns
    if rows < least_rows:
        raise _invalid(f"The number of rows is too small: {rows}, at least {least_rows} are needed")
    if columns < least_columns:
        raise _invalid(f"The number of columns is too small: {columns}, at least {least_columns} are needed")
    if rows != least_rows and columns != least_columns:
        raise _invalid("The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.")
    return rows, columns


@kernel("MatrixDiagV3")
def _matrix_diag(op: Any) -> Call:
    align = op._attrs["align"]

    def call(diagonal: Any, k: Any, rows: Any, columns: Any, padding: Any) -> Any:
        low, high = bounds(k)
        given = _rows_of(diagonal, low, high)
        rows, columns = matrix_shape(given.shape, low, high, int(rows), int(columns))
        result = np.full((*given.shape[:-2], rows, columns), padding, given.dtype)
        for number, where, i, j in _places(align, low, high, rows, columns):
            result[..., i, j] = given[..., number, where]
        return result

    return call


@kernel("MatrixDiagPartV3")
def _matrix_diag_part(op: Any) -> Call:
    align = op._attrs["align"]

    def call(x: Any, k: Any, padding: Any) -> Any:
        low, high = bounds(k)
        rows, columns = x.shape[-2:]
        check_bounds(low, high, rows, columns)
        result = np.full((*x.shape[:-2], high - low + 1, longest(low, high, rows, columns)), padding, x.dtype)
        for number, where, i, j in _places(align, low, high, rows, columns):
            result[..., number, where] = x[..., i, j]
        return result[..., 0, :] if low == high else result

    return call


@kernel("MatrixSetDiagV3")
def _matrix_set_diag(op: Any) -> Call:
    align = op._attrs["align"]

    def call(x: Any, diagonal: Any, k: Any) -> Any:
        low, high = bounds(k)
        rows, columns = x.shape[-2:]
        check_bounds(low, high, rows, columns)
        given = _rows_of(diagonal, low, high)
        wanted = (*x.shape[:-2], high - low + 1, longest(low, high, rows, columns))
        if given.shape != wanted:
            raise _invalid(f"diagonals must have shape {list(wanted)}, have {list(given.shape)}")
        result = x.copy()
        for number, where, i, j in _places(align, low, high, rows, columns):
            result[..., i, j] = given[..., number, where]
        return result

    return call


def check_band(rows: int, columns: int, lower: int, upper: int) -> None:
    """Whether a matrix has so many diagonals below and above its main one."""
    for word, axis, number, limit in (("num_lower", "rows", lower, rows), ("num_upper", "columns", upper, columns)):
        if number > limit:
            raise _invalid(f"{word} must be negative or less or equal to number of {axis} ({limit}) got: {number}")


@kernel("MatrixBandPart")
def _band(op: Any) -> Call:
    def call(x: Any, lower: Any, upper: Any) -> Any:
        rows, columns = x.shape[-2:]
        check_band(rows, columns, int(lower), int(upper))
        below = np.arange(rows)[:, None] - np.arange(columns)
        keep = ((lower < 0) | (below <= lower)) & ((upper < 0) | (-below <= upper))
        return np.where(keep, x, np.zeros((), x.dtype))

    return call
