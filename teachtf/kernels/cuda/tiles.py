"""Products of matrices by tiles, for products and for convolutions: what a block does with two tiles in shared memory.

A tile of the result is ROWS by COLUMNS, and is summed over DEPTH products at a time; a thread has EACH by EACH of its elements
in registers. The simulator has a thread of Python for each: it takes a small tile.
"""

from __future__ import annotations

import numpy as np
from numba import config

from teachtf.kernels.cuda.jit import device_function

__all__ = ["ACROSS", "COLUMNS", "DEPTH", "EACH", "LEVELS", "ROWS", "TILE_THREADS", "VECTOR", "WIDTH", "multiply"]

ROWS, COLUMNS, DEPTH, EACH = (8, 8, 8, 2) if config.ENABLE_CUDASIM else (64, 64, 16, 4)  # type: ignore[attr-defined]
ACROSS = COLUMNS // EACH
TILE_THREADS = ROWS // EACH * ACROSS
LEVELS = TILE_THREADS // COLUMNS  # of the second tile, that load at once
WIDTH = ROWS + 4  # of a line of the first tile: as its columns are stored, two at most meet in a bank, and fours stay aligned
VECTOR = None if config.ENABLE_CUDASIM else 16  # type: ignore[attr-defined]  # bytes that a thread loads at once


@device_function
def _multiply_lines(first, second, sums, k, top, left):
    """The places are unsigned: from the end there are none, and the compiler sees that four can be loaded at once."""
    for i in range(EACH):
        value = first[k, np.uint32(top + i)]
        for j in range(EACH):
            sums[i, j] += value * second[k, np.uint32(left + j)]


@device_function
def multiply(first, second, sums, top, left):
    """Add the products of two tiles to a thread's sums, which are those from row `top` and column `left` on."""
    for k in range(0, DEPTH, 4):
        _multiply_lines(first, second, sums, np.uint32(k), top, left)
        _multiply_lines(first, second, sums, np.uint32(k + 1), top, left)
        _multiply_lines(first, second, sums, np.uint32(k + 2), top, left)
        _multiply_lines(first, second, sums, np.uint32(k + 3), top, left)
