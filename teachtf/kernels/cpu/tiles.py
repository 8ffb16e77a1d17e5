"""The loops around the microkernel: one compiled function for MatMul, Conv2D and both of its gradients.

All four are ``C[m, j] (+)= sum over k of A[m, k] * B[k, j]`` where B is a matrix, and A's and C's rows stand at offsets
that step evenly along three nested counts (images, image rows, pixels). What differs is written in a `Layout`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
import numpy.typing as npt
from numba import from_dtype, types
from numba.np.unsafe.ndarray import to_fixed_tuple

from .sharing import call_task, shared
from .threads import share, thread_count
from .vector import DOUBLE_HEIGHTS, SINGLE_HEIGHTS, VECTOR_BYTES, address_of, make_tile, move

__all__ = ["TALL", "Layout", "Work", "copy_rows", "multiply", "pack_columns", "panel_width", "read_only"]

Array = npt.NDArray[Any]

TALL, MIDDLE, LOW = DOUBLE_HEIGHTS
SINGLE_TALL, SINGLE_MIDDLE, SINGLE_LOW = SINGLE_HEIGHTS
_MOST_ROWS = max(TALL, SINGLE_TALL)
_PACK_GRAIN = 1 << 16  # elements that are worth a thread to copy


class Layout(NamedTuple):
    """Where the elements are, in elements of flat arrays.

    Row m of A and C is (image, line, pixel): m in mixed radix (any, `lines`, `pixels`). Its offset is the start plus
    the dot product with the steps; element k of it is ``segments[k // segment] + k % segment * k_step`` on from there.
    B's columns come in panels two vectors wide: panel p starts at ``p * panel_step``, its rows `b_step` apart.
    """

    lines: int
    pixels: int
    a_start: int
    a_image: int
    a_line: int
    a_pixel: int
    c_start: int
    c_image: int
    c_line: int
    c_pixel: int
    k_step: int
    segment: int  # elements of k in each segment
    columns: int  # of B and C
    panel_step: int
    b_step: int
    block: int  # rows of A worked on together: their part of A stays in the second cache
    depth: int  # elements of k worked on together: their part of a panel of B stays in the first
    accumulate: int  # add to C


_BLOCK_FIELD = Layout._fields.index("block")


def panel_width(dtype: Any) -> int:
    """The columns of a panel of B: two vectors."""
    return 2 * VECTOR_BYTES // np.dtype(dtype).itemsize


def read_only(dtype: Any, dimensions: int = 1) -> types.Array:
    """Numba's type of a contiguous argument that is only read: read-only arrays and unaligned ones fit it too."""
    return types.Array(from_dtype(np.dtype(dtype)), dimensions, "C", readonly=True, aligned=False)


_double_tall, _double_middle, _double_low = (make_tile(height, 2) for height in DOUBLE_HEIGHTS)
_single_tall, _single_middle, _single_low = (make_tile(height, 1) for height in SINGLE_HEIGHTS)


@numba.njit(nogil=True)
def _engine(first, last, panel_first, panel_last, layout, segments, a, b_address, c, spill, tables, ending):
    """Computes rows first..last of C in panels panel_first..panel_last of what stands at `b_address`. A tile that hangs over an
    edge of C goes to `spill`, and from there what belongs to C. What `ending` says is done to each block of rows."""
    bytes_each = a.itemsize
    width = 2 * VECTOR_BYTES // bytes_each
    lanes = width // 2
    (lines, pixels, a_start, a_image, a_line, a_pixel, c_start, c_image, c_line, c_pixel, k_step, segment, columns,
     panel_step, b_step, block, depth, accumulate) = to_fixed_tuple(layout, 18)  # fmt: skip
    reach = block + _MOST_ROWS
    a_rows, c_rows, spill_rows = tables[:reach], tables[reach : 2 * reach], tables[2 * reach :]
    for i in range(_MOST_ROWS):
        spill_rows[i] = i * width
    a_address, c_address, spill_address = address_of(a), address_of(c), address_of(spill)
    rows_address = address_of(a_rows)
    whole = len(segments) == 1  # one segment is cut wherever `depth` says; several are kept whole
    together = max(1, depth // segment)
    depth = min(depth, segment) if whole else segment * together
    passes = -(-segment // depth) if whole else -(-len(segments) // together)
    for start in range(first, last, block):
        rows = min(block, last - start)
        pixel, line, image = start % pixels, start // pixels % lines, start // pixels // lines
        # The tables repeat the last row, so that a tile may hang over the end: it computes that row again.
        for i in range(rows + _MOST_ROWS):
            a_rows[i] = a_start + image * a_image + line * a_line + pixel * a_pixel
            c_rows[i] = c_start + image * c_image + line * c_line + pixel * c_pixel
            if i < rows - 1:
                pixel += 1
                if pixel == pixels:
                    pixel, line = 0, line + 1
                    if line == lines:
                        line, image = 0, image + 1
        for number in range(passes):
            done = number * depth
            if whole:
                at, count, length = 0, 1, min(depth, segment - done)
            else:
                at = number * together
                count, length = min(together, len(segments) - at), segment
            segments_address = address_of(segments) + at * 8
            tile_a = a_address + (done * k_step * bytes_each if whole else 0)
            adds = accumulate != 0 or number > 0
            for panel in range(panel_first, panel_last):
                column = panel * width
                kept = min(width, columns - column)
                tile_b = b_address + (panel * panel_step + done * b_step) * bytes_each
                row = 0
                while row < rows:
                    left = rows - row
                    tall, middle, low = (TALL, MIDDLE, LOW) if kept > lanes else SINGLE_HEIGHTS
                    height = tall
                    if left <= low:
                        height = low
                    elif left <= middle or tall < left <= 2 * middle:
                        height = middle
                    tile_rows = rows_address + row * 8
                    hangs = height > left or kept < lanes or lanes < kept < width
                    tile_c, tile_c_rows = c_address + column * bytes_each, address_of(c_rows) + row * 8
                    if hangs:
                        tile_c, tile_c_rows = spill_address, address_of(spill_rows)
                    args = (c, tile_a, tile_rows, segments_address, tile_b, tile_c, tile_c_rows, count, length,
                            k_step, b_step, adds and not hangs)  # fmt: skip
                    if kept > lanes:
                        if height == TALL:
                            _double_tall(*args)
                        elif height == MIDDLE:
                            _double_middle(*args)
                        else:
                            _double_low(*args)
                    elif height == SINGLE_TALL:
                        _single_tall(*args)
                    elif height == SINGLE_MIDDLE:
                        _single_middle(*args)
                    else:
                        _single_low(*args)
                    if hangs:
                        for i in range(min(height, left)):
                            to = c_rows[row + i] + column
                            if adds:
                                for j in range(kept):
                                    c[to + j] += spill[i * width + j]
                            else:
                                move(c, c_address + to * bytes_each, spill_address + i * width * bytes_each, kept)
                    row += height
        task, arguments, each = ending
        if task != 0:
            top = c_rows[0] // columns
            call_task(task, top * each, (top + rows) * each, arguments)


@numba.njit(nogil=True)
def _pack_columns(panel_first, panel_last, b, start, k, n, row_step, column_step, packed):
    """Copies panels of B, element (i, j) at ``start + i * row_step + j * column_step``, to be dense; pads with 0."""
    size = b.itemsize
    width = 2 * VECTOR_BYTES // size
    for panel in range(panel_first, panel_last):
        kept = min(width, n - panel * width)
        to = address_of(packed) + panel * k * width * size
        at = address_of(b) + (start + panel * width * column_step) * size
        if kept < width:
            packed[panel * k * width : (panel + 1) * k * width] = 0
        if column_step != 1:
            for top in range(0, k, 64):  # a block's lines stay in the first cache while its columns go in
                for j in range(kept):
                    for i in range(top, min(top + 64, k)):
                        move(b, to + (i * width + j) * size, at + (i * row_step + j * column_step) * size, 1)
        elif kept == width:
            for i in range(k):
                move(b, to + i * width * size, at + i * row_step * size, width)
        else:
            for i in range(k):
                move(b, to + i * width * size, at + i * row_step * size, kept)


class Work(NamedTuple):
    """Which rows and panels are computed, and how the work is cut: a unit is `row_step` rows in `panel_step` panels. With
    `packs`, each unit first packs its panels from B, a k x n matrix with such steps; then one unit has all rows. With an ending
    (`endings.Ending.numbers`), C's rows lie side by side and a unit has all panels."""

    row_first: int
    row_last: int
    row_step: int
    panel_first: int
    panel_last: int
    panel_step: int
    packs: int = 0
    k: int = 0
    n: int = 0
    b_row: int = 0
    b_column: int = 0
    task: int = 0
    arguments: int = 0
    each: int = 0

    @property
    def units(self) -> int:
        """How many units there are."""
        rows, panels = self.row_last - self.row_first, self.panel_last - self.panel_first
        return -(-rows // self.row_step) * -(-panels // self.panel_step)


def _product(first, last, work, layout, segments, a, b, packed, c):
    """Computes units first..last of some `Work`."""
    (row_first, row_last, row_step, panel_first, panel_last, panel_step, packs, k, n, b_row, b_column,
     task, arguments, each) = to_fixed_tuple(work, 14)  # fmt: skip
    groups = -(-(panel_last - panel_first) // panel_step)
    spill = np.empty(_MOST_ROWS * 2 * VECTOR_BYTES // a.itemsize, a.dtype)
    tables = np.empty(2 * (layout[_BLOCK_FIELD] + _MOST_ROWS) + _MOST_ROWS, np.int64)
    b_address = address_of(packed) if packs else address_of(b)
    for unit in range(first, last):
        row, panel = row_first + unit // groups * row_step, panel_first + unit % groups * panel_step
        row_end, panel_end = min(row + row_step, row_last), min(panel + panel_step, panel_last)
        if packs:
            _pack_columns(panel, panel_end, b, 0, k, n, b_row, b_column, packed)
        _engine(row, row_end, panel, panel_end, layout, segments, a, b_address, c, spill, tables, (task, arguments, each))


def _packing(first, last, b, start, k, n, row_step, column_step, packed):
    _pack_columns(first, last, b, start, k, n, row_step, column_step, packed)


@functools.cache
def _product_of(dtype: np.dtype) -> Callable[..., None]:
    element, numbers, given = from_dtype(dtype), read_only(np.int64), read_only(dtype)
    _packer_of(dtype), _copier_of(dtype)  # who needs the one soon needs the others, and nobody is to wait for a compiler twice
    return shared(_product, numbers, numbers, numbers, given, given, element[::1], element[::1])


@functools.cache
def _packer_of(dtype: np.dtype) -> Callable[..., None]:
    return shared(_packing, read_only(dtype), *[types.int64] * 5, from_dtype(dtype)[::1])


def pack_columns(b: Array, start: int, k: int, n: int, row_step: int, column_step: int) -> Array:
    """B's columns as dense panels: a k x n matrix in the flat array `b`, element (i, j) at
    ``start + i * row_step + j * column_step``."""
    width = panel_width(b.dtype)
    panels = -(-n // width)
    packed = np.empty(panels * width * k, b.dtype)
    step = max(1, -(-panels // thread_count()), _PACK_GRAIN // (k * width + 1))
    share(_packer_of(b.dtype), panels, step, b, start, k, n, row_step, column_step, packed)
    return packed


def _copying(first, last, source, width, target, step):
    size = source.itemsize
    for row in range(first, last):
        move(source, address_of(target) + row * step * size, address_of(source) + row * width * size, width)


@functools.cache
def _copier_of(dtype: np.dtype) -> Callable[..., None]:
    return shared(_copying, read_only(dtype), types.int64, from_dtype(dtype)[::1], types.int64)


def copy_rows(source: Array, width: int, target: Array, step: int) -> None:
    """Copies the rows of the flat array `source`, of `width` elements, to places `step` apart in `target`."""
    rows = source.size // width
    share(_copier_of(source.dtype), rows, max(-(-rows // thread_count()), _PACK_GRAIN // width), source, width, target, step)


@functools.lru_cache(maxsize=1024)
def _numbers(table: tuple[int, ...]) -> Array:
    return np.array(table, np.int64)


def multiply(work: Work, layout: Layout, segments: Array, a: Array, b: Array, packed: Array, c: Array) -> None:
    """Computes `work`, its units shared by the threads. Arrays are flat; B is in `packed` where it is packed, else in `b`."""
    share(_product_of(a.dtype), work.units, 1, _numbers(work), _numbers(layout), segments, a, b, packed, c)
