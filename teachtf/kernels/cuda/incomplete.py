"""Incomplete gamma and beta functions of one number each: the series and fractions of `kernels/incomplete.py`, in float64.

Numba compiles these functions for the CPU and for a GPU alike; the terms of each element end where its own sum stands.
"""

from __future__ import annotations

import functools

import numpy as np

from teachtf.kernels import double
from teachtf.kernels.incomplete import EPSILON, TERMS, TINY
from teachtf.kernels.jit import jit
from teachtf.kernels.scalar import SCALAR

__all__ = ["betainc", "gamma_sample_slope", "igamma", "igamma_slope", "igammac", "scalar_function"]

scalar_function = functools.partial(jit, error_model="numpy")  # a division by zero is infinite
_digamma, _log_gamma = SCALAR["digamma"], SCALAR["lgamma"]


@scalar_function
def _lower_series(a, x):
    """P(a, x) and its slope in `a`, for x below a + 1."""
    term, slope = 1.0, 0.0
    total, total_slope = 1.0, 0.0
    for n in range(1, TERMS):
        slope = slope * x / (a + n) - term * x / (a + n) ** 2
        term = term * x / (a + n)
        total += term
        total_slope += slope
        if term <= EPSILON * total and abs(slope) <= EPSILON * abs(total_slope) + TINY:
            break
    log_x = double.log(x)
    scale = double.exp(a * log_x - x - _log_gamma(a + 1.0))
    value = scale * total
    return value, value * (log_x - _digamma(a + 1.0)) + scale * total_slope


@scalar_function
def _upper_fraction(a, x):
    """Q(a, x) and its slope in `a`, by Lentz's way through the continued fraction: for x above a + 1."""
    b, db = x + 1.0 - a, -1.0
    c, dc = 1.0 / TINY, 0.0
    d = 1.0 / b
    dd = -db / (b * b)
    h, dh = d, dd
    for n in range(1, TERMS):
        an, dan = n * (a - n), float(n)
        b += 2.0
        dd_below, below = dan * d + an * dd + db, an * d + b
        dc, c = db + dan / c - an * dc / (c * c), b + an / c
        d = 1.0 / (TINY if below == 0.0 else below)
        dd = -dd_below * d * d
        factor, slope = c * d, dc * d + c * dd
        dh, h = dh * factor + h * slope, h * factor
        if abs(factor - 1.0) <= 1e-16 and abs(slope) <= 1e-16:
            break
    log_x = double.log(x)
    scale = double.exp(a * log_x - x - _log_gamma(a))
    value = scale * h
    return value, value * (log_x - _digamma(a)) + scale * dh


@scalar_function
def _parts(a, x):
    """P, Q and the slope of P in `a`."""
    if not (a > 0.0 and x >= 0.0):
        return np.nan, np.nan, np.nan
    if x == 0.0:
        return 0.0, 1.0, 0.0
    if x == np.inf:
        return 1.0, 0.0, 0.0
    if x < a + 1.0:
        value, slope = _lower_series(a, x)
        return value, 1.0 - value, slope
    value, slope = _upper_fraction(a, x)
    return 1.0 - value, value, -slope


@scalar_function
def igamma(a, x):
    return _parts(a, x)[0]


@scalar_function
def igammac(a, x):
    return _parts(a, x)[1]


@scalar_function
def igamma_slope(a, x):
    return _parts(a, x)[2]


@scalar_function
def gamma_sample_slope(alpha, sample):
    """How a gamma sample moves with alpha, at a fixed probability."""
    density = double.exp((alpha - 1.0) * double.log(sample) - sample - _log_gamma(alpha))
    return -igamma_slope(alpha, sample) / density


@scalar_function
def _beta_fraction(a, b, x):
    below = 1.0 - (a + b) * x / (a + 1.0)
    c, d = 1.0, 1.0 / (TINY if below == 0.0 else below)
    h = d
    for m in range(1, TERMS):
        for odd in range(2):
            if odd == 0:
                term = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
            else:
                term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
            d, c = 1.0 + term * d, 1.0 + term / c
            d, c = 1.0 / (TINY if d == 0.0 else d), TINY if c == 0.0 else c
            h *= d * c
        if abs(d * c - 1.0) <= 1e-16:
            break
    return h


@scalar_function
def betainc(a, b, x):
    if not (a > 0.0 and b > 0.0 and x >= 0.0 and x <= 1.0):
        return np.nan
    if x == 0.0 or x == 1.0:
        return x
    swap = x > (a + 1.0) / (a + b + 2.0)
    p, q, y = (b, a, 1.0 - x) if swap else (a, b, x)
    logs = _log_gamma(p + q) - _log_gamma(p) - _log_gamma(q) + p * double.log(y) + q * double.log1p(-y)
    value = double.exp(logs) * _beta_fraction(p, q, y) / p
    return 1.0 - value if swap else value
