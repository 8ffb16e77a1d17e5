"""Kernels of real numbers as small whole ones, and of angles. Source of the formulas: the docs of `tf.quantize`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import quantization

assert quantization  # the declarations


def _limits(dtype: Any) -> tuple[Any, str, int, int]:
    target = np.dtype(dtype.as_numpy_dtype)
    field = target.names[0]  # type: ignore[index]
    info = np.iinfo(target[field])
    return target, field, int(info.min), int(info.max)


def _along(vector: Any, axis: int, ndim: int) -> Any:
    return vector if axis < 0 else np.reshape(vector, [-1 if i == axis else 1 for i in range(ndim)])


@kernel("QuantizeV2")
def _quantize(op: Any) -> Call:
    target, field, lowest, highest = _limits(op._attrs["T"])
    mode, axis, narrow = op._attrs["mode"], op._attrs["axis"], op._attrs["narrow_range"]
    even, smallest = op._attrs["round_mode"] == b"HALF_TO_EVEN", op._attrs["ensure_minimum_range"]

    def rounded(x: Any) -> Any:
        return np.rint(x) if even else np.sign(x) * np.floor(np.abs(x) + np.float32(0.5))

    def call(x: Any, low: Any, high: Any) -> Any:
        if np.any(low > high):
            raise errors.InvalidArgumentError(None, None, f"min_range must be <= max_range, got {low} and {high}")
        low = np.minimum(np.float32(0), low)
        epsilon = np.maximum(np.float32(1), np.maximum(np.abs(low), np.abs(high))) * np.float32(smallest)
        high = np.maximum(np.float32(0), np.maximum(high, low + epsilon)).astype(np.float32)
        bottom = lowest + 1 if narrow and mode == b"SCALED" and lowest < 0 else lowest
        if mode == b"SCALED":
            scale = np.float32(highest) / high
            if bottom < 0:
                with np.errstate(all="ignore"):
                    scale = np.minimum(scale, np.where(low < 0, np.float32(bottom) / low, np.inf)).astype(np.float32)
            low, high = (bottom / scale).astype(np.float32), (highest / scale).astype(np.float32)
            if lowest >= 0:
                low = np.zeros_like(high)
            l_, h_, s_ = (_along(v, axis, x.ndim) for v in (low, high, scale))
            whole = rounded(np.clip(x, l_, h_) * s_)
        else:
            l_, h_ = (_along(v, axis, x.ndim) for v in (low, high))
            scale = np.float32(highest - lowest) / (h_ - l_)
            if mode == b"MIN_FIRST":
                whole = rounded(x.astype(np.float64) * scale) - np.rint(np.float64(l_) * scale) + lowest
            else:
                whole = rounded((np.clip(x, l_, h_) - l_) * scale + np.float32(lowest if lowest < 0 else 0))
        result = np.zeros(x.shape, target)
        result[field] = np.clip(whole, bottom, highest)
        return result, np.float32(low), np.float32(high)

    return call


@kernel("Dequantize")
def _dequantize(op: Any) -> Call:
    _, field, lowest, highest = _limits(op._attrs["T"])
    mode, axis, narrow = op._attrs["mode"], op._attrs["axis"], op._attrs["narrow_range"]
    target = np.dtype(op._attrs["dtype"].as_numpy_dtype)

    def call(x: Any, low: Any, high: Any) -> Any:
        whole = np.asarray(x)[field].astype(np.float64)
        low, high = (_along(np.float32(v), axis, whole.ndim) for v in (low, high))
        if mode == b"SCALED":
            bottom = lowest + 1 if narrow and lowest < 0 else lowest
            scale = high / highest if lowest >= 0 else np.maximum(low / np.float32(bottom), high / np.float32(highest))
            return np.asarray(whole * scale).astype(np.float32).astype(target)
        step = (high - low) / np.float32(highest - lowest)
        if mode == b"MIN_FIRST":
            start = np.rint(low / step) * step
            return np.asarray((whole - lowest) * step + start).astype(np.float32).astype(target)
        middle = (highest - lowest + 1) / 2 if lowest < 0 else 0
        return np.asarray((whole + middle) * step + low).astype(np.float32).astype(target)

    return call


def _nudged(low: Any, high: Any, bits: int, narrow: bool) -> tuple[Any, Any, Any]:
    """The limits moved so that 0 is one of the steps, and the step."""
    first, last = np.float32(1 if narrow else 0), np.float32(2**bits - 1)
    step = (np.float32(high) - np.float32(low)) / (last - first)
    zero = first - np.float32(low) / step
    at = first if zero < first else last if zero > last else np.floor(zero + np.float32(0.5))
    return (first - at) * step, (last - at) * step, step


def _fake(x: Any, low: Any, high: Any, bits: int, narrow: bool) -> Any:
    if low == 0 and high == 0:
        return np.zeros_like(x)
    bottom, top, step = _nudged(low, high, bits, narrow)
    inside = np.clip(x, bottom, top) - bottom
    return (np.floor(inside / step + np.float32(0.5)) * step + bottom).astype(np.float32)


def _fake_slopes(grad: Any, x: Any, low: Any, high: Any, bits: int, narrow: bool) -> tuple[Any, Any, Any]:
    if low == 0 and high == 0:
        return np.array(grad), np.float32(0), np.float32(0)
    bottom, top, _ = _nudged(low, high, bits, narrow)
    below, above = x < bottom, x > top
    inner = np.where(below | above, np.float32(0), grad)
    return inner, np.float32(np.sum(grad[below])), np.float32(np.sum(grad[above]))


@kernel("FakeQuantWithMinMaxArgs")
def _fake_args(op: Any) -> Call:
    attrs = op._attrs
    return lambda x: _fake(x, attrs["min"], attrs["max"], attrs["num_bits"], attrs["narrow_range"])


@kernel("FakeQuantWithMinMaxArgsGradient")
def _fake_args_gradient(op: Any) -> Call:
    attrs = op._attrs
    return lambda g, x: _fake_slopes(g, x, attrs["min"], attrs["max"], attrs["num_bits"], attrs["narrow_range"])[0]


@kernel("FakeQuantWithMinMaxVars")
def _fake_vars(op: Any) -> Call:
    return lambda x, low, high: _fake(x, low, high, op._attrs["num_bits"], op._attrs["narrow_range"])


@kernel("FakeQuantWithMinMaxVarsGradient")
def _fake_vars_gradient(op: Any) -> Call:
    return lambda g, x, low, high: _fake_slopes(g, x, low, high, op._attrs["num_bits"], op._attrs["narrow_range"])


@kernel("Angle")
def _angle(op: Any) -> Call:
    target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    return lambda x: np.angle(x).astype(target)
