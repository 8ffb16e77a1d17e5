"""Biases, and half the sum of squares."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import empty
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import of_shape
from teachtf.kernels.registry import Call, State
from teachtf.ops.activations import channel_axis

_SUMMED = ("float32", "float64", "int32", "int64")


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], int64, int64, int64)" for t in ("float32", "float64", "int32", "complex64")))
def add_bias(x, bias, y, channels, inner, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = x[i] + bias[i // inner % channels]


@kernel("void(float32[::1], float32[::1], int64)", "void(float64[::1], float64[::1], int64)")
def half_square(x, y, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = x[i] * x[i] / 2


@gpu_kernel("BiasAdd")
def _bias_add(op: Any) -> Call:
    at, refuse = channel_axis(op), cpu.build(op, State())

    def call(value: Any, bias: Any) -> Any:
        if value.ndim < 2 or bias.shape != (value.shape[at],):
            return refuse(of_shape(value.shape), of_shape(bias.shape))
        made = empty(value.shape, value.dtype)
        inner = math.prod(value.shape[2:]) if at == 1 else 1
        launch(add_bias, made.size, value.flat, bias.flat, made.flat, bias.size, inner, made.size)
        return made

    return call


@gpu_kernel("BiasAddGrad")
def _bias_add_grad(op: Any) -> Call | None:
    if np.dtype(op._attrs["T"].as_numpy_dtype).name not in _SUMMED:
        return None
    at = channel_axis(op)

    def call(slope: Any) -> Any:
        channels = slope.shape[at]
        if slope.size == 0:
            return filled((channels,), slope.dtype, 0)
        if at == -1:
            return reduced("Sum", slope, 1, slope.size // channels, channels).reshaped((channels,))
        batch, inner = slope.shape[0], math.prod(slope.shape[2:])
        rows = reduced("Sum", slope, batch * channels, inner, 1)
        return reduced("Sum", rows, 1, batch, channels).reshaped((channels,))

    return call


@gpu_kernel("L2Loss")
def _l2_loss(op: Any) -> Call | None:
    if np.dtype(op._attrs["T"].as_numpy_dtype).name not in ("float32", "float64"):
        return None

    def call(x: Any) -> Any:
        if x.size == 0:
            return filled((), x.dtype, 0)
        squares = empty(x.shape, x.dtype)
        launch(half_square, x.size, x.flat, squares.flat, x.size)
        return reduced("Sum", squares, 1, x.size, 1).reshaped(())

    return call
