"""Arrays of one value."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda

from teachtf.core import errors
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call

__all__ = ["filled"]


@kernel("void(float32[::1], float32, int64)", "void(int64[::1], int64, int64)", "void(boolean[::1], boolean, int64)")
def _fill(y, value, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = value


def filled(shape: tuple[int, ...], dtype: Any, value: Any) -> GpuArray:
    """An array of `value`."""
    made = empty(shape, dtype)
    launch(_fill, made.size, made.flat, made.dtype.type(value), made.size)
    return made


@gpu_kernel("ZerosLike", "OnesLike")
def _like(op: Any) -> Call:
    value = int(op.type == "OnesLike")
    return lambda x: filled(x.shape, x.dtype, value)


@gpu_kernel("Fill", host=[0, 1])
def _fill_with(op: Any) -> Call:
    def call(dims: Any, value: Any) -> Any:
        if np.any(dims < 0):
            raise errors.InvalidArgumentError(None, None, f"Dimension {dims.min()} must be >= 0")
        return filled(tuple(int(d) for d in dims), value.dtype, value)

    return call
