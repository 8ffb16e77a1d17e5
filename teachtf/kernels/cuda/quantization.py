"""Numbers rounded to a few steps, as they would be if they were small whole ones."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numba import cuda

from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import device_function, kernel, launch
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call

_ZERO, _HALF = np.float32(0), np.float32(0.5)


@device_function
def _nudged(low, high, first, last):
    """The limits moved so that 0 is one of the steps, and the step."""
    step = (high - low) / (last - first)
    zero = first - low / step
    if zero < first:
        at = first
    elif zero > last:
        at = last
    else:
        at = np.float32(np.int32(zero + _HALF))
    return (first - at) * step, (last - at) * step, step


@kernel("void(float32[::1], float32[::1], float32[::1], float32, float32, float32[::1], int64)")
def fake(x, low, high, first, last, y, count):
    i = cuda.grid(1)
    if i < count:
        if low[0] == _ZERO and high[0] == _ZERO:
            y[i] = _ZERO
        else:
            bottom, top, step = _nudged(low[0], high[0], first, last)
            value = x[i]
            if value == value:
                inside = min(max(value, bottom), top) - bottom
                value = np.float32(np.int32(inside / step + _HALF)) * step + bottom
            y[i] = value


@kernel("void(float32[::1], float32[::1], float32[::1], float32[::1], float32, float32, float32[::1], int64)")
def fake_gradient(dy, x, low, high, first, last, dx, count):
    i = cuda.grid(1)
    if i < count:
        slope = dy[i]
        if low[0] != _ZERO or high[0] != _ZERO:
            bottom, top, _ = _nudged(low[0], high[0], first, last)
            if x[i] < bottom or x[i] > top:
                slope = _ZERO
        dx[i] = slope


@kernel("void(float32[::1], float32[::1], float32[::1], float32[::1], float32, float32, float32[::1], float32[::1], int64)")
def fake_outside(dy, x, low, high, first, last, below, above, count):
    """What of dy goes to the lower limit, and what to the upper one."""
    i = cuda.grid(1)
    if i < count:
        under = over = _ZERO
        if low[0] != _ZERO or high[0] != _ZERO:
            bottom, top, _ = _nudged(low[0], high[0], first, last)
            if x[i] < bottom:
                under = dy[i]
            elif x[i] > top:
                over = dy[i]
        below[i], above[i] = under, over


def _steps(op: Any) -> tuple[np.float32, np.float32]:
    """The first and the last of the whole numbers."""
    return np.float32(1 if op._attrs["narrow_range"] else 0), np.float32(2 ** op._attrs["num_bits"] - 1)


def _inside(dy: GpuArray, x: GpuArray, low: GpuArray, high: GpuArray, steps: Any) -> GpuArray:
    made = empty(x.shape, np.float32)
    launch(fake_gradient, made.size, dy.flat, x.flat, low.flat, high.flat, *steps, made.flat, made.size)
    return made


def _faked(x: GpuArray, low: GpuArray, high: GpuArray, steps: Any) -> GpuArray:
    made = empty(x.shape, np.float32)
    launch(fake, made.size, x.flat, low.flat, high.flat, *steps, made.flat, made.size)
    return made


@gpu_kernel("FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxArgsGradient")
def _by_attributes(op: Any) -> Call:
    steps, function = _steps(op), cast(Call, _inside if op.type.endswith("Gradient") else _faked)
    limits = np.float32(op._attrs["min"]), np.float32(op._attrs["max"])
    return lambda *inputs: function(*inputs, *map(to_gpu, limits), steps)


@gpu_kernel("FakeQuantWithMinMaxVars")
def _by_inputs(op: Any) -> Call:
    steps = _steps(op)
    return lambda x, low, high: _faked(x, low, high, steps)


@gpu_kernel("FakeQuantWithMinMaxVarsGradient")
def _by_inputs_gradient(op: Any) -> Call:
    steps = _steps(op)

    def call(dy: GpuArray, x: GpuArray, low: GpuArray, high: GpuArray) -> Any:
        inside = _inside(dy, x, low, high, steps)
        if not x.size:
            return inside, filled((), np.float32, 0), filled((), np.float32, 0)
        below, above = empty(x.shape, np.float32), empty(x.shape, np.float32)
        launch(fake_outside, x.size, dy.flat, x.flat, low.flat, high.flat, *steps, below.flat, above.flat, x.size)
        return inside, *(reduced("Sum", part, 1, x.size, 1).reshaped(()) for part in (below, above))

    return call
