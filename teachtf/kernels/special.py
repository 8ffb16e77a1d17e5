"""Kernels of special functions, computed in float64."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels import incomplete
from teachtf.kernels.numpy_math import NUMPY
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import special

assert special  # the declarations

FIRST = 10  # terms that are added one by one; the rest is Euler and Maclaurin's sum
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
FARTHEST = 1 << 10  # below -1024 the sum is not worth its time: NaN


def _zeta(x: Any, q: Any) -> Any:
    x, q = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(q, np.float64))
    total, at = np.zeros(x.shape), q.copy()
    steps = FIRST + math.ceil(min(FARTHEST, max(0.0, -float(np.min(q, initial=0.0)))))
    for _ in range(steps):
        total += at**-x
        at = at + 1
    total += at ** (1 - x) / (x - 1) + 0.5 * at**-x
    factor, power = x, at ** (-x - 1)
    for k, b in enumerate(BERNOULLI, 1):
        total += b / math.factorial(2 * k) * factor * power
        factor = factor * (x + 2 * k - 1) * (x + 2 * k)
        power = power / (at * at)
    pole = (x == 1) | ((q <= 0) & (q == np.floor(q)))
    unknown = (x < 1) | ((q <= 0) & (x != np.floor(x))) | (q < -FARTHEST)
    return np.where(pole, np.inf, np.where(unknown, np.nan, total))


def _polygamma(a: Any, x: Any) -> Any:
    a, x = np.asarray(a, np.float64), np.asarray(x, np.float64)
    order = np.maximum(a, 1)
    sign = np.where(order % 2 == 1, 1.0, -1.0)
    value = sign * np.exp(NUMPY["lgamma"](order + 1)) * _zeta(order + 1, x)
    return np.where(a == 0, NUMPY["digamma"](x), np.where((a < 0) | (a != np.floor(a)), np.nan, value))


@kernel("Zeta", "Polygamma")
def _special(op: Any) -> Call:
    function = _zeta if op.type == "Zeta" else _polygamma
    target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    return lambda x, y: np.asarray(function(x, y)).astype(target)


# --- inverse error functions -----------------------------------------------------------------------------------------

# Wichura's algorithm AS 241 (1988), PPND16: numerators and denominators of three ranges, highest power first.
CENTRE = (
    (
        2509.0809287301227,
        33430.57558358813,
        67265.7709270087,
        45921.95393154987,
        13731.69376550946,
        1971.5909503065513,
        133.14166789178438,
        3.3871328727963665,
    ),
    (
        5226.495278852546,
        28729.085735721943,
        39307.89580009271,
        21213.794301586597,
        5394.196021424751,
        687.1870074920579,
        42.31333070160091,
        1.0,
    ),
)
MIDDLE = (
    (
        0.0007745450142783414,
        0.022723844989269184,
        0.2417807251774506,
        1.2704582524523684,
        3.6478483247632045,
        5.769497221460691,
        4.630337846156546,
        1.4234371107496835,
    ),
    (
        1.0507500716444169e-09,
        0.0005475938084995345,
        0.015198666563616457,
        0.14810397642748008,
        0.6897673349851,
        1.6763848301838038,
        2.053191626637759,
        1.0,
    ),
)
TAIL = (
    (
        2.0103343992922881e-07,
        2.7115555687434876e-05,
        0.0012426609473880784,
        0.026532189526576124,
        0.29656057182850487,
        1.7848265399172913,
        5.463784911164114,
        6.657904643501103,
    ),
    (
        2.0442631033899397e-15,
        1.421511758316446e-07,
        1.8463183175100548e-05,
        0.0007868691311456133,
        0.014875361290850615,
        0.1369298809227358,
        0.599832206555888,
        1.0,
    ),
)


def _normal_quantile(q: Any, smaller: Any) -> Any:
    """The normal quantile of 1/2 + `q`; `smaller` is the odds on the nearer side."""
    ratio = lambda parts, r: np.polyval(parts[0], r) / np.polyval(parts[1], r)  # noqa: E731
    with np.errstate(all="ignore"):
        r = np.sqrt(-np.log(smaller))
        far = np.where(r <= 5, ratio(MIDDLE, r - 1.6), ratio(TAIL, r - 5))
        far = np.where(smaller == 0, np.inf, far) * np.sign(q)
        return np.where(np.abs(q) <= 0.425, q * ratio(CENTRE, 0.180625 - q * q), far)


def _ndtri(x: Any) -> Any:
    return np.where((x < 0) | (x > 1), np.nan, _normal_quantile(x - 0.5, np.minimum(x, 1 - x)))


def _erfinv(x: Any) -> Any:
    inside = _normal_quantile(x / 2, (1 - np.abs(x)) / 2) * math.sqrt(0.5)
    return np.where(np.abs(x) > 1, np.nan, inside)


# --- Bessel functions ------------------------------------------------------------------------------------------------

_NODES = 256  # of the mean over the circle, which is exact to rounding up to _FAR
_FAR = 400.0


def bessel(order: int, x: Any, scaled: bool) -> Any:
    """I_order(x), times exp(-|x|) where `scaled`: the mean of exp(x cos t) cos(order t); far out, Hankel's series."""
    size = np.abs(x)
    near, far = np.minimum(size, _FAR), np.maximum(size, _FAR)
    total = np.zeros(size.shape)
    for k in range(_NODES):
        cosine = math.cos(2 * math.pi * k / _NODES)
        total += np.exp(near * (cosine - 1)) * (cosine if order else 1.0)
    term, series = np.ones(size.shape), np.ones(size.shape)
    for k in range(1, 12):
        term = -term * (4 * order * order - (2 * k - 1) ** 2) / (k * 8 * far)
        series = series + term
    value = np.where(size <= _FAR, total / _NODES, series / np.sqrt(2 * math.pi * far))
    value = np.where(x < 0, -value, value) if order else value
    return value if scaled else value * np.exp(size)


def _x_times(function: Any) -> Any:
    return lambda x, y: np.where(x == 0, np.zeros_like(x), function(x, y))


_WIDE: dict[str, Any] = {
    "Betainc": incomplete.betainc,
    "Igamma": incomplete.igamma,
    "IgammaGradA": incomplete.igamma_slope,
    "Igammac": incomplete.igammac,
    "Ndtri": _ndtri,
    "Erfinv": _erfinv,
    "BesselI0": lambda x: bessel(0, x, False),
    "BesselI1": lambda x: bessel(1, x, False),
    "BesselI0e": lambda x: bessel(0, x, True),
    "BesselI1e": lambda x: bessel(1, x, True),
}
_OWN: dict[str, Any] = {
    "Xlogy": _x_times(lambda x, y: x * np.log(y)),
    "Xlog1py": _x_times(lambda x, y: x * np.log1p(y)),
    "Xdivy": _x_times(lambda x, y: x / y),
    "NextAfter": np.nextafter,
}


@kernel(*_WIDE)
def _in_float64(op: Any) -> Call:
    function, target = _WIDE[op.type], np.dtype(op.outputs[0].dtype.as_numpy_dtype)

    def call(*inputs: Any) -> Any:
        if op.type == "Betainc" and len({np.shape(i) for i in inputs if np.ndim(i)}) > 1:
            raise errors.InvalidArgumentError(None, None, "Shapes of a, b and x are inconsistent")
        with np.errstate(all="ignore"):
            return np.asarray(function(*(np.asarray(i, np.float64) for i in inputs))).astype(target)

    return call


@kernel(*_OWN)
def _in_own_type(op: Any) -> Call:
    function, target = _OWN[op.type], np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    return lambda x, y: np.asarray(function(x, y)).astype(target, copy=False)
