"""Kernels of Hurwitz's zeta function and of the derivatives of digamma."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.kernels.numpy_math import NUMPY
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import special

assert special  # the declarations

_FIRST = 10  # terms that are added one by one; the rest is Euler and Maclaurin's sum
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_FARTHEST = 1 << 10  # below -1024 the sum is not worth its time: NaN


def _zeta(x: Any, q: Any) -> Any:
    x, q = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(q, np.float64))
    total, at = np.zeros(x.shape), q.copy()
    steps = _FIRST + math.ceil(min(_FARTHEST, max(0.0, -float(np.min(q, initial=0.0)))))
    for _ in range(steps):
        total += at**-x
        at = at + 1
    total += at ** (1 - x) / (x - 1) + 0.5 * at**-x
    factor, power = x, at ** (-x - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total += b / math.factorial(2 * k) * factor * power
        factor = factor * (x + 2 * k - 1) * (x + 2 * k)
        power = power / (at * at)
    pole = (x == 1) | ((q <= 0) & (q == np.floor(q)))
    unknown = (x < 1) | ((q <= 0) & (x != np.floor(x))) | (q < -_FARTHEST)
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
