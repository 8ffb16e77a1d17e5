"""Special functions, element by element; those that the CPU computes in float64 are so here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import cuda
from numpy.polynomial.chebyshev import chebinterpolate

from teachtf.kernels import double, registry
from teachtf.kernels import special as cpu
from teachtf.kernels.cuda import incomplete as scalar
from teachtf.kernels.cuda.arrays import GpuArray, empty
from teachtf.kernels.cuda.incomplete import scalar_function
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.registry import Call, State
from teachtf.kernels.scalar import SCALAR
from teachtf.kernels.single import horner

# --- zeta functions --------------------------------------------------------------------------------------------------

_digamma, _log_gamma = SCALAR["digamma"], SCALAR["lgamma"]
_BERNOULLI = tuple(b / math.factorial(2 * k) for k, b in enumerate(cpu.BERNOULLI, 1))
_FIRST, _FARTHEST = cpu.FIRST, cpu.FARTHEST


@scalar_function
def _zeta(x, q):
    whole = q % 1.0 == 0.0
    if x == 1.0 or (q <= 0.0 and whole):
        return np.inf
    if x < 1.0 or (q <= 0.0 and x % 1.0 != 0.0) or q < -_FARTHEST:
        return np.nan
    steps = _FIRST + (int(1.0 - q) if q < 0.0 else 0)
    total, at = 0.0, q
    for _ in range(steps):
        total += at**-x
        at += 1.0
    total += at ** (1.0 - x) / (x - 1.0) + 0.5 * at**-x
    factor, power = x, at ** (-x - 1.0)
    for k in range(len(_BERNOULLI)):
        total += _BERNOULLI[k] * factor * power
        factor *= (x + 2 * k + 1.0) * (x + 2 * k + 2.0)
        power /= at * at
    return total


@scalar_function
def _polygamma(a, x):
    if a == 0.0:
        return _digamma(x)
    if not a > 0.0 or a % 1.0 != 0.0:
        return np.nan
    size = double.exp(_log_gamma(a + 1.0)) * _zeta(a + 1.0, x)
    return size if a % 2.0 == 1.0 else -size


# --- inverse error functions -----------------------------------------------------------------------------------------

_CENTRE_OVER, _CENTRE_UNDER = cpu.CENTRE
_MIDDLE_OVER, _MIDDLE_UNDER = cpu.MIDDLE
_TAIL_OVER, _TAIL_UNDER = cpu.TAIL


@scalar_function
def _normal_quantile(q, smaller):
    """The normal quantile of 1/2 + `q`; `smaller` is the odds on the nearer side."""
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        return q * horner(r, _CENTRE_OVER) / horner(r, _CENTRE_UNDER)
    r = math.sqrt(-double.log(smaller))
    if smaller == 0.0:
        far = np.inf
    elif r <= 5.0:
        far = horner(r - 1.6, _MIDDLE_OVER) / horner(r - 1.6, _MIDDLE_UNDER)
    else:
        far = horner(r - 5.0, _TAIL_OVER) / horner(r - 5.0, _TAIL_UNDER)
    return -far if q < 0.0 else far


@scalar_function
def _ndtri(x):
    if not (x >= 0.0 and x <= 1.0):
        return np.nan
    return _normal_quantile(x - 0.5, min(x, 1.0 - x))


@scalar_function
def _erfinv(x):
    if not abs(x) <= 1.0:
        return np.nan
    return _normal_quantile(0.5 * x, 0.5 * (1.0 - abs(x))) * math.sqrt(0.5)


# --- Bessel functions ------------------------------------------------------------------------------------------------
# Chebyshev's polynomials through the CPU's values of exp(-x) I(x): in x up to _NEAR, times the root of x in 1/x above.

_NEAR = 8.0


def _series(order: int) -> tuple[np.ndarray, np.ndarray]:
    def near(t: Any) -> Any:
        x = _NEAR / 2 * (t + 1)
        return cpu.bessel(order, x, True) / (x if order else 1.0)

    def far(t: Any) -> Any:
        x = 2 * _NEAR / (t + 1)
        return cpu.bessel(order, x, True) * np.sqrt(x)

    return chebinterpolate(near, 29), chebinterpolate(far, 24)


(_NEAR_0, _FAR_0), (_NEAR_1, _FAR_1) = _series(0), _series(1)


@scalar_function
def _clenshaw(t, coefficients):
    above, value = 0.0, 0.0
    for k in range(coefficients.size - 1, 0, -1):
        above, value = value, coefficients[k] + 2.0 * t * value - above
    return coefficients[0] + t * value - above


@scalar_function
def _i0e(x):
    size = abs(x)
    if size <= _NEAR:
        return _clenshaw(size * (2.0 / _NEAR) - 1.0, _NEAR_0)
    return _clenshaw(2.0 * _NEAR / size - 1.0, _FAR_0) / math.sqrt(size)


@scalar_function
def _i1e(x):
    size = abs(x)
    if size <= _NEAR:
        return _clenshaw(size * (2.0 / _NEAR) - 1.0, _NEAR_1) * x
    value = _clenshaw(2.0 * _NEAR / size - 1.0, _FAR_1) / math.sqrt(size)
    return -value if x < 0.0 else value


@scalar_function
def _i0(x):
    return _i0e(x) * double.exp(abs(x))


@scalar_function
def _i1(x):
    return _i1e(x) * double.exp(abs(x))


# --- functions in the inputs' own type -------------------------------------------------------------------------------

_log, _log1p = SCALAR["log"], SCALAR["log1p"]


@scalar_function
def _x_log_y(x, y):
    return x - x if x == 0 else x * _log(y)


@scalar_function
def _x_log1p_y(x, y):
    return x - x if x == 0 else x * _log1p(y)


@scalar_function
def _x_over_y(x, y):
    return x - x if x == 0 else x / y


_SMALLEST, _SMALLEST32 = 5e-324, np.float32(1e-45)


@scalar_function
def _next_after(x, y):
    if x != x or y != y:
        return np.nan
    if x == y:
        return y
    if x == 0.0:
        return math.copysign(_SMALLEST, y)
    step = np.int64(1) if (y > x) == (x > 0.0) else np.int64(-1)
    return np.int64(np.float64(x).view(np.int64) + step).view(np.float64)


@scalar_function
def _next_after32(x, y):
    if x != x or y != y:
        return np.float32(np.nan)
    if x == y:
        return y
    if x == np.float32(0):
        return _SMALLEST32 if y > x else -_SMALLEST32
    step = np.int32(1) if (y > x) == (x > np.float32(0)) else np.int32(-1)
    return np.int32(np.float32(x).view(np.int32) + step).view(np.float32)


# --- kernels ---------------------------------------------------------------------------------------------------------

_FLOATS = ("float32", "float64")


def _of_one(function: Any, name: str) -> Any:
    def run(x, y, count):
        i = cuda.grid(1)
        if i < count:
            y[i] = function(np.float64(x[i]))

    run.__name__ = run.__qualname__ = name
    return kernel(*(f"void({t}[::1], {t}[::1], int64)" for t in _FLOATS))(run)


def _of_two(function: Any, name: str, types: Sequence[str] = _FLOATS, widened: bool = True) -> Any:
    """Steps are 0 for an input of one element and 1 for others."""

    def run_wide(x, y, z, x_step, y_step, count):
        i = cuda.grid(1)
        if i < count:
            z[i] = function(np.float64(x[i * x_step]), np.float64(y[i * y_step]))

    def run(x, y, z, x_step, y_step, count):
        i = cuda.grid(1)
        if i < count:
            z[i] = function(x[i * x_step], y[i * y_step])

    chosen = run_wide if widened else run
    chosen.__name__ = chosen.__qualname__ = name
    return kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], int64, int64, int64)" for t in types))(chosen)


@kernel(*(f"void({t}[::1], {t}[::1], {t}[::1], {t}[::1], int64, int64, int64, int64)" for t in _FLOATS))
def betainc(a, b, x, y, a_step, b_step, x_step, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = scalar.betainc(np.float64(a[i * a_step]), np.float64(b[i * b_step]), np.float64(x[i * x_step]))


def broadcast(*inputs: GpuArray) -> tuple[tuple[int, ...], list[Any], list[int]]:
    """The common shape of some arrays, their elements, and the steps to take in each."""
    shape = np.broadcast_shapes(*(x.shape for x in inputs))
    flats = []
    for x in inputs:
        if x.size != 1 and x.shape != shape:
            whole = of_shape(x.shape)
            x = gathered(x, view_of(np.broadcast_to(whole, shape, subok=True), whole))
        flats.append(x.flat)
    return shape, flats, [int(x.size != 1) for x in inputs]


def _elementwise(compiled: Any, dtype: Any) -> Call:
    def call(*inputs: GpuArray) -> GpuArray:
        shape, flats, steps = broadcast(*inputs)
        made = empty(shape, dtype)
        launch(compiled, made.size, *flats, made.flat, *steps, made.size)
        return made

    return call


_ONE = {
    op_type: _of_one(function, op_type)
    for op_type, function in {
        "BesselI0": _i0,
        "BesselI0e": _i0e,
        "BesselI1": _i1,
        "BesselI1e": _i1e,
        "Erfinv": _erfinv,
        "Ndtri": _ndtri,
    }.items()
}
_TWO = {
    op_type: _of_two(function, op_type)
    for op_type, function in {
        "Igamma": scalar.igamma,
        "IgammaGradA": scalar.igamma_slope,
        "Igammac": scalar.igammac,
        "Polygamma": _polygamma,
        "RandomGammaGrad": scalar.gamma_sample_slope,
        "Zeta": _zeta,
    }.items()
}
_OWN = {
    "Xdivy": _of_two(_x_over_y, "Xdivy", _FLOATS, False),
    "Xlog1py": _of_two(_x_log1p_y, "Xlog1py", _FLOATS, False),
    "Xlogy": _of_two(_x_log_y, "Xlogy", _FLOATS, False),
}
_NEXT_AFTER = {
    np.dtype(np.float32): _of_two(_next_after32, "NextAfter32", ("float32",), False),
    np.dtype(np.float64): _of_two(_next_after, "NextAfter64", ("float64",), False),
}


@gpu_kernel(*_ONE)
def _function(op: Any) -> Call:
    compiled = _ONE[op.type]

    def call(x: GpuArray) -> GpuArray:
        made = empty(x.shape, x.dtype)
        launch(compiled, made.size, x.flat, made.flat, made.size)
        return made

    return call


@gpu_kernel(*_TWO)
def _function_of_two(op: Any) -> Call:
    return _elementwise(_TWO[op.type], op.outputs[0].dtype.as_numpy_dtype)


@gpu_kernel(*_OWN)
def _x_times(op: Any) -> Call | None:
    dtype = op.outputs[0].dtype
    if dtype.is_complex:
        return None  # Numba refuses a complex division by zero
    return _elementwise(_OWN[op.type], dtype.as_numpy_dtype)


@gpu_kernel("NextAfter")
def _next(op: Any) -> Call:
    dtype = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    return _elementwise(_NEXT_AFTER[dtype], dtype)


@gpu_kernel("Betainc")
def _betainc(op: Any) -> Call:
    refuse, call = registry.build(op, State()), _elementwise(betainc, op.outputs[0].dtype.as_numpy_dtype)

    def checked(*inputs: GpuArray) -> GpuArray:
        if len({x.shape for x in inputs if x.shape}) > 1:
            refuse(*(of_shape(x.shape) for x in inputs))
        return call(*inputs)

    return checked


@kernel(*(f"void(uint{n}[::1], uint8[::1], int64)" for n in (8, 16, 32, 64)))
def count_bits(x, y, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = cuda.popc(np.uint64(x[i]))


@gpu_kernel("PopulationCount")
def _population_count(op: Any) -> Call:
    def call(x: GpuArray) -> GpuArray:
        made = empty(x.shape, np.uint8)
        launch(count_bits, made.size, x.flat.view(f"u{x.dtype.itemsize}"), made.flat, made.size)
        return made

    return call


@kernel("void(complex64[::1], float32[::1], int64)", "void(complex128[::1], float64[::1], int64)")
def angle(x, y, count):
    i = cuda.grid(1)
    if i < count:
        y[i] = math.atan2(x[i].imag, x[i].real)


@gpu_kernel("Angle")
def _angle(op: Any) -> Call:
    def call(x: GpuArray) -> GpuArray:
        made = empty(x.shape, op.outputs[0].dtype.as_numpy_dtype)
        launch(angle, made.size, x.flat, made.flat, made.size)
        return made

    return call
