"""Matrix products in NumPy: what `cpu.gemm` computes."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.reference.windows import Array, widened


def matmul(a: Array, b: Array, transpose_a: bool = False, transpose_b: bool = False) -> Array:
    """The product of two matrices of one dtype, each optionally transposed first."""
    return _product(a.T if transpose_a else a, b.T if transpose_b else b)


def batch_matmul(a: Array, b: Array, adj_x: bool = False, adj_y: bool = False) -> Array:
    """The products of matrices in the last two axes; `adj_x` and `adj_y` take a's and b's conjugate transpose."""
    return _product(a.swapaxes(-1, -2).conj() if adj_x else a, b.swapaxes(-1, -2).conj() if adj_y else b)


def _product(a: Any, b: Any) -> Array:
    if a.shape[-1] != b.shape[-2]:
        raise ValueError(f"The inner dimensions differ: {a.shape[-1]} and {b.shape[-2]}.")
    return np.matmul(widened(a), widened(b)).astype(a.dtype, copy=False)
