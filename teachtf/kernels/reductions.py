"""Kernels of reductions and matrix products."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.kernels.prepared import computed_in, served
from teachtf.kernels.reference import products
from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.serving import telling

_HALF = ("float16", "bfloat16")


def _axes(axes: Any, ndims: int) -> tuple[int, ...]:
    return tuple(dict.fromkeys(int(a) % ndims for a in np.ravel(axes))) if ndims else ()


def _reduction(function: Callable[..., Any]) -> Callable[[Any], Call]:
    def factory(op: Any) -> Call:
        keep = op._attrs["keep_dims"]
        target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
        half = op.outputs[0].dtype.base_dtype.name in _HALF

        def call(x: Any, axes: Any) -> Any:
            value = np.asarray(x, np.float32) if half else x
            result = function(value, axis=_axes(axes, np.ndim(x)), keepdims=keep)
            return result if result.dtype == target else np.asarray(result).astype(target)

        return call

    return factory


def _mean(x: Any, axis: Any, keepdims: bool) -> Any:
    if x.dtype.kind in "iu":  # whole numbers stay whole, rounded toward zero
        total = np.sum(x, axis=axis, keepdims=keepdims)
        count = x.size // max(np.size(total), 1)
        return np.trunc(total / count) if count else total
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.sum(x, axis=axis, keepdims=keepdims)
        count = int(np.prod([x.shape[a] for a in axis], dtype=np.int64))
        return np.divide(total, x.dtype.type(count))


def _sum(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _prod(x: Any, axis: Any, keepdims: bool) -> Any:
    return np.prod(x, axis=axis, keepdims=keepdims, dtype=x.dtype)


def _extreme(function: Any, largest: bool) -> Any:
    def reduce(x: Any, axis: Any, keepdims: bool) -> Any:
        if x.size == 0:
            kind = x.dtype.kind
            info: Any = np.finfo(x.dtype) if kind == "f" else np.iinfo(x.dtype)
            start = (-np.inf if largest else np.inf) if kind == "f" else (info.min if largest else info.max)
            return function(x, axis=axis, keepdims=keepdims, initial=start)
        return function(x, axis=axis, keepdims=keepdims)

    return reduce


for _name, _function in {
    "Sum": _sum,
    "Mean": _mean,
    "Prod": _prod,
    "Max": _extreme(np.max, True),
    "Min": _extreme(np.min, False),
    "Any": np.any,
    "All": np.all,
}.items():
    kernel(_name)(_reduction(_function))


@kernel("ArgMax", "ArgMin")
def _arg(op: Any) -> Call:
    function = np.argmax if op.type == "ArgMax" else np.argmin
    target = op._attrs["output_type"].as_numpy_dtype

    def call(x: Any, axis: Any) -> Any:
        if x.shape[int(axis)] == 0:
            from teachtf.core import errors

            raise errors.InvalidArgumentError(None, None, f"Reduction axis {int(axis)} is empty in shape {list(x.shape)}")
        return np.asarray(function(x, int(axis))).astype(target)

    return call


@kernel("Cumsum", "Cumprod")
def _cumulative(op: Any) -> Call:
    function = np.cumsum if op.type == "Cumsum" else np.cumprod
    exclusive, reverse = op._attrs["exclusive"], op._attrs["reverse"]
    first = 0 if op.type == "Cumsum" else 1

    def call(x: Any, axis: Any) -> Any:
        at = int(axis) % x.ndim
        value = np.flip(x, at) if reverse else x
        result = function(value, at, dtype=x.dtype)
        if exclusive:
            result = np.roll(result, 1, at)
            head = [slice(None)] * x.ndim
            head[at] = slice(0, 1)
            result[tuple(head)] = first
        return np.flip(result, at).copy() if reverse else result

    return call


# NumPy serves small and thin products for good; of larger ones, which it computes well, only the time over ours counts as lost.
_SMALL, _LOST = 1 << 15, 1e-11  # multiply-adds; seconds each


def _product(name: str, transposes: tuple[str, str]) -> Callable[[Any], Call]:
    def factory(op: Any) -> Call:
        dtype, plain = op._attrs["T"], getattr(products, name)
        turned = tuple(op._attrs[transpose] for transpose in transposes)
        if not dtype.is_floating:
            return lambda a, b: plain(a, b, *turned)
        versions = served("gemm", name, computed_in(dtype), plain)

        def call(a: Any, b: Any, total: Any = None, **ending: Any) -> Any:
            """The product, added to `total` if that is given."""
            work = a.size * b.shape[-2 if turned[1] else -1]
            run = plain if work <= _SMALL else versions.version(work * _LOST)
            if total is None:
                return run(a, b, *turned) if run is plain else run(a, b, *turned, **ending)
            if run is plain:
                return np.add(total, run(a, b, *turned), out=total)
            return run(a, b, *turned, out=total, accumulate=True)

        def code(inputs: Any) -> Any:
            a, b = inputs[0][0], inputs[-1][0]
            return versions.key if math.prod(a) * b[-2 if turned[1] else -1] > _SMALL else None

        return telling(call, code)

    return factory


kernel("MatMul")(_product("matmul", ("transpose_a", "transpose_b")))
kernel("BatchMatMulV2")(_product("batch_matmul", ("adj_x", "adj_y")))
