"""The one way CUDA kernels are made and launched here.

A kernel is a Python function over flat (one-dimensional, contiguous) arrays and numbers, compiled for the types of its first
launch. Each names the types that it is for, so that all can be compiled to PTX with no GPU at hand (`tests/cuda/test_ptx.py`).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any, NamedTuple

from numba import config, cuda

__all__ = ["KERNELS", "THREADS", "Kernel", "cached", "device_function", "kernel", "launch"]

if not config.ENABLE_CUDASIM and "NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS" not in os.environ:  # type: ignore[attr-defined]
    from numba.cuda.core import config as cuda_config

    cuda_config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # of small arrays, which programs may have

THREADS = 256  # of a block, where nothing speaks for another number
_WARP = 32


class Kernel(NamedTuple):
    """A kernel and the types that it is compiled for when all are.

    Attributes:
      function: the Python function.
      signatures: Numba signatures, as text ("void(float32[::1], int64)") or as tuples of types.
      options: what `cuda.jit` is given.
    """

    function: Callable[..., None]
    signatures: tuple[Any, ...]
    options: dict[str, Any]


KERNELS: dict[str, Kernel] = {}


def kernel(*signatures: Any, **options: Any) -> Callable[[Callable[..., None]], Any]:
    """Makes a CUDA kernel of a function, for at least these `signatures`; `options` go to `cuda.jit`.

    @kernel("void(float32[::1], float32[::1], int64)")
    def double(x, y, count):
        i = cuda.grid(1)
        if i < count:
            y[i] = x[i] + x[i]

    launch(double, count, x, y, count)
    """

    def made(function: Callable[..., None]) -> Any:
        KERNELS[f"{function.__module__.rpartition('.')[2]}.{function.__name__}"] = Kernel(function, signatures, options)
        return cached(function, **options)

    return made


def cached(function: Callable[..., None], **options: Any) -> Any:
    """Makes a CUDA kernel of a function; its code is kept in our cache folder, if the function stands in a file."""
    dispatcher = cuda.jit(**options)(function)
    if config.ENABLE_CUDASIM:  # type: ignore[attr-defined]
        return dispatcher
    from teachtf.kernels.cuda.cache import KernelCache

    try:
        dispatcher._cache = KernelCache(function)
    except (OSError, RuntimeError):  # no file: it works, and is compiled again in the next process
        pass
    return dispatcher


def device_function(function: Callable[..., Any]) -> Any:
    """Makes a function that kernels may call."""
    return cuda.jit(device=True)(function)


def launch(compiled: Any, count: int, *arguments: Any) -> None:
    """Run a kernel with at least one thread for each of `count` elements; nothing happens for none."""
    if count:
        threads = min(THREADS, -(-count // _WARP) * _WARP)
        compiled[math.ceil(count / threads), threads](*arguments)
