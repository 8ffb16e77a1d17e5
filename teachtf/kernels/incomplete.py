"""Incomplete gamma and beta functions and their slopes, for arrays, computed in float64.

Sources: series and continued fractions as in Numerical Recipes 6.2 and 6.4 (Press et al.); the slope in `a` comes by carrying
the derivative along with each term.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.numpy_math import NUMPY

EPSILON, TINY, TERMS = 1e-17, 1e-290, 4000


def _log_gamma(x: Any) -> Any:
    return NUMPY["lgamma"](x)


def _lower_series(a: Any, x: Any) -> tuple[Any, Any]:
    """P(a, x) and its slope in `a`, by the power series: for x below a + 1."""
    term, slope = np.ones_like(x), np.zeros_like(x)
    total, total_slope, n = term, slope, 0
    while n < TERMS:
        n += 1
        slope = slope * x / (a + n) - term * x / (a + n) ** 2
        term = term * x / (a + n)
        total, total_slope = total + term, total_slope + slope
        if np.all((term <= EPSILON * total) & (np.abs(slope) <= EPSILON * np.abs(total_slope) + TINY)):
            break
    scale = np.exp(a * np.log(x) - x - _log_gamma(a + 1))
    value = scale * total
    return value, value * (np.log(x) - NUMPY["digamma"](a + 1)) + scale * total_slope


def _upper_fraction(a: Any, x: Any) -> tuple[Any, Any]:
    """Q(a, x) and its slope in `a`, by Lentz's way through the continued fraction: for x above a + 1."""
    b, db = x + 1 - a, -np.ones_like(x)
    c, dc = np.full_like(x, 1 / TINY), np.zeros_like(x)
    d, dd = 1 / b, -db / (b * b)
    h, dh = d, dd
    for n in range(1, TERMS):
        an, dan = n * (a - n), np.full_like(x, float(n))
        b = b + 2
        dd_below, below = dan * d + an * dd + db, an * d + b
        dc, c = db + dan / c - an * dc / (c * c), b + an / c
        d = 1 / np.where(below == 0, TINY, below)
        dd = -dd_below * d * d
        factor = c * d
        dh, h = dh * factor + h * (dc * d + c * dd), h * factor
        if np.all(np.abs(factor - 1) <= 1e-16) and np.all(np.abs(dc * d + c * dd) <= 1e-16):
            break
    scale = np.exp(a * np.log(x) - x - _log_gamma(a))
    value = scale * h
    return value, value * (np.log(x) - NUMPY["digamma"](a)) + scale * dh


def _gamma_parts(a: Any, x: Any) -> tuple[Any, Any, Any]:
    """P, Q and the slope of P in `a`."""
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    lower, upper, slope = np.full(a.shape, np.nan), np.full(a.shape, np.nan), np.full(a.shape, np.nan)
    with np.errstate(all="ignore"):
        series = (x < a + 1) & (x > 0) & (a > 0)
        fraction = (x >= a + 1) & (a > 0) & np.isfinite(x)
        if series.any():
            lower[series], slope[series] = _lower_series(a[series], x[series])
            upper[series] = 1 - lower[series]
        if fraction.any():
            upper[fraction], found = _upper_fraction(a[fraction], x[fraction])
            lower[fraction], slope[fraction] = 1 - upper[fraction], -found
    for where, value in (((x == 0) & (a > 0), 0.0), (np.isposinf(x) & (a > 0), 1.0)):
        lower[where], upper[where], slope[where] = value, 1 - value, 0.0
    return lower, upper, slope


def igamma(a: Any, x: Any) -> Any:
    """The lower incomplete gamma function, over Gamma(a)."""
    return _gamma_parts(a, x)[0]


def igammac(a: Any, x: Any) -> Any:
    """The upper incomplete gamma function, over Gamma(a)."""
    return _gamma_parts(a, x)[1]


def igamma_slope(a: Any, x: Any) -> Any:
    """The derivative of `igamma` in `a`."""
    return _gamma_parts(a, x)[2]


def gamma_sample_slope(alpha: Any, sample: Any) -> Any:
    """How a gamma sample moves with alpha, at a fixed probability: the slope in alpha over minus the density."""
    a, x = np.broadcast_arrays(np.asarray(alpha, np.float64), np.asarray(sample, np.float64))
    with np.errstate(all="ignore"):
        density = np.exp((a - 1) * np.log(x) - x - _log_gamma(a))
        return -igamma_slope(a, x) / density


def _beta_fraction(a: Any, b: Any, x: Any) -> Any:
    c, d = np.ones_like(x), 1 - (a + b) * x / (a + 1)
    d = 1 / np.where(d == 0, TINY, d)
    h = d
    for m in range(1, TERMS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d, c = 1 + term * d, 1 + term / c
            d, c = 1 / np.where(d == 0, TINY, d), np.where(c == 0, TINY, c)
            h = h * d * c
        if np.all(np.abs(d * c - 1) <= 1e-16):
            break
    return h


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function."""
    a, b, x = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in (a, b, x)))
    valid = (a > 0) & (b > 0) & (x >= 0) & (x <= 1)
    result = np.where(valid, x, np.nan)  # 0 and 1 stay what they are
    inside = valid & (x > 0) & (x < 1)
    if inside.any():
        p, q, y = a[inside], b[inside], x[inside]
        swap = y > (p + 1) / (p + q + 2)
        p, q, y = np.where(swap, q, p), np.where(swap, p, q), np.where(swap, 1 - y, y)
        scale = np.exp(_log_gamma(p + q) - _log_gamma(p) - _log_gamma(q) + p * np.log(y) + q * np.log1p(-y))
        with np.errstate(all="ignore"):
            value = scale * _beta_fraction(p, q, y) / p
        result[inside] = np.where(swap, 1 - value, value)
    return result
