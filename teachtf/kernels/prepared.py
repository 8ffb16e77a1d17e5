"""Which version of a kernel serves, NumPy's or the compiled one, and what the compiler does to make the latter ready.

A compiled function is made ready by one call with small inputs, in the compiler's thread: all that it is made of is compiled
then, or read from the cache.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from teachtf.kernels.compiling import Served

__all__ = ["computed_in", "served", "steps"]

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_CPU = "teachtf.kernels.cpu"
_ONE, _TWO, _AROUND, _NONE = (1, 1), (2, 2), ((1, 1), (1, 1)), ((0, 0), (0, 0))


def _ones(*shape: int) -> Callable[[Any], Any]:
    return lambda dtype: np.ones(shape, dtype)


def _stream(dtype: Any) -> Any:
    return np.array((1, 2, 0), np.uint64)


_MATRIX, _STACK = _ones(64, 64), _ones(2, 64, 64)
_IMAGE, _HALF, _FILTER = _ones(1, 16, 16, 8), _ones(1, 8, 8, 8), _ones(3, 3, 8, 8)
_GROUPS = (_ones(8), _stream, 0, 2)
_SLIDE, _POOL = (_ONE, _AROUND, _ONE), (_TWO, _TWO, _NONE)

# Arguments of the small call, by module of kernels/cpu and function; what can be called is called with the dtype first.
_ARGUMENTS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("gemm", "matmul"): (_MATRIX, _MATRIX, True, True),
    ("gemm", "batch_matmul"): (_STACK, _STACK, True, True),
    ("conv", "conv2d"): (_IMAGE, _FILTER, *_SLIDE),
    ("conv", "conv2d_backprop_input"): ((1, 16, 16, 8), _FILTER, _IMAGE, *_SLIDE),
    ("conv", "conv2d_backprop_filter"): (_IMAGE, (3, 3, 8, 8), _IMAGE, *_SLIDE),
    ("depthwise", "depthwise_conv2d"): (_IMAGE, _ones(3, 3, 8, 1), *_SLIDE),
    ("depthwise", "depthwise_conv2d_backprop_input"): ((1, 16, 16, 8), _ones(3, 3, 8, 1), _IMAGE, *_SLIDE),
    ("depthwise", "depthwise_conv2d_backprop_filter"): (_IMAGE, (3, 3, 8, 1), _IMAGE, *_SLIDE),
    ("pooling", "max_pool"): (_IMAGE, *_POOL),
    ("pooling", "max_pool_grad"): (_IMAGE, _HALF, _HALF, *_POOL),
    ("pooling", "avg_pool"): (_IMAGE, *_POOL),
    ("pooling", "avg_pool_grad"): ((1, 16, 16, 8), _HALF, *_POOL),
    ("fills", "fill_uniform"): (*_GROUPS, np.uint64(0x7FFFFF), np.float32(2.0**-23)),
    ("fills", "fill_uniform64"): _GROUPS,
    ("fills", "fill_normal"): (*_GROUPS, False),
    ("fills", "fill_normal64"): (*_GROUPS, False),
    ("fills", "fill_uniform_int"): (*_GROUPS, 0, np.uint64(8)),
    ("fills", "fill_uniform_int64"): (*_GROUPS, 0, np.uint64(8)),
    ("samplers", "permute"): (_ones(8), _stream),
    ("samplers", "categories"): (np.zeros((2, 4), np.int64), _ones(2, 3), _stream),
    ("samplers", "fill_gamma"): (_ones(8), _ones(2), 4, _stream, 0, 8),
    ("samplers", "fill_poisson"): (_ones(8), _ones(2), 4, _stream, 0, 8),
}
_ONLY = {
    "fill_uniform": np.float32,
    "fill_normal": np.float32,
    "fill_uniform_int": np.int32,
    "fill_uniform_int64": np.int64,
    "permute": np.int64,
    **dict.fromkeys(("fill_uniform64", "fill_normal64", "fill_gamma", "fill_poisson"), np.float64),
}


def computed_in(dtype: Any) -> np.dtype:
    """The dtype that compiled kernels compute a TensorFlow dtype in: halves in float32; whole numbers in float64, where
    sums up to 2**53 are exact."""
    if dtype.is_integer:
        return np.dtype(np.float64)
    found = np.dtype(dtype.as_numpy_dtype)
    return found if found in _FLOATS else np.dtype(np.float32)


def _load(module: str, name: str, dtype: np.dtype) -> Callable[..., Any]:
    function = getattr(importlib.import_module(f"{_CPU}.{module}"), name)
    function(*(a(dtype) if callable(a) else a for a in _ARGUMENTS[module, name]))
    return function


def served(module: str, name: str, dtype: np.dtype, plain: Callable[..., Any]) -> Served:
    """The function `name` of `kernels.cpu.<module>`, for arrays computed in `dtype`; `plain` is NumPy's."""
    return Served((module, name, dtype), plain, lambda: _load(module, name, dtype))


def steps() -> Iterator[tuple[str, Callable[[], object]]]:
    """All there is to make ready, with its name: for `teachtf warm`."""
    for module, name in _ARGUMENTS:
        for dtype in [np.dtype(_ONLY[name])] if name in _ONLY else _FLOATS:
            yield f"{name} {dtype}", lambda m=module, n=name, d=dtype: _load(m, n, d)  # type: ignore[misc]
