"""Shuffles, categories, gamma and Poisson numbers in NumPy: what `cpu.samplers` computes, with the same arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.numpy_math import NUMPY
from teachtf.kernels.reference.philox import blocks, box_muller64, unit64
from teachtf.kernels.reference.windows import Array

_U = np.uint64
_SAMPLE_BLOCKS = 256  # each gamma or Poisson sample has so many blocks of its own


def permute(out: Array, stream: Array) -> None:
    """Fill `out` with 0, 1, ... and shuffle it (Fisher and Yates), a word for each swap."""
    n = out.size
    words = np.stack(blocks(stream, np.arange((n + 2) // 4, dtype=_U)), -1).reshape(-1)[: n - 1]
    places = np.arange(n - 1) + (words % np.arange(n, 1, -1).astype(_U)).astype(np.int64)
    order = list(range(n))
    for i, j in enumerate(places.tolist()):
        order[i], order[j] = order[j], order[i]
    out[...] = order


def categories(out: Array, logits: Array, stream: Array) -> None:
    """out[row, sample]: a class drawn with the odds exp(logits[row]). Infinite and NaN logits count as impossible."""
    logits = logits.astype(np.float64)
    possible = np.isfinite(logits)
    most = logits.max(-1, keepdims=True, initial=-np.inf, where=possible)
    with np.errstate(all="ignore"):
        cumulative = np.cumsum(np.where(possible, np.exp(logits - most), 0.0), -1)
    a, b, c, d = blocks(stream, np.arange(-(-out.size // 2), dtype=_U))
    units = np.stack((unit64(a, b), unit64(c, d)), -1).reshape(-1)[: out.size].reshape(out.shape)
    for row, sums in enumerate(cumulative):
        out[row] = np.searchsorted(sums, units[row] * sums[-1], side="right")


class _Draws:
    """For each of some samples the numbers of its own blocks, two by two, each pair from its end backwards."""

    def __init__(self, stream: Array, skips: Array, normal: bool) -> None:
        self._stream, self._skips, self._normal = stream, skips, normal
        self._pairs = np.zeros((len(skips), 2))
        self._left = np.zeros(len(skips), np.int64)

    def next(self, which: Array) -> Array:
        """A number for each of these samples."""
        empty = which[self._left[which] == 0]
        if empty.size:
            a, b, c, d = blocks(self._stream, self._skips[empty])
            self._skips[empty] += _U(1)  # shared: normals and uniforms take turns at the blocks
            self._pairs[empty] = np.stack(box_muller64(a, b, c, d) if self._normal else (unit64(a, b), unit64(c, d)), -1)
            self._left[empty] = 2
        self._left[which] -= 1
        return self._pairs[which, self._left[which]]


def fill_gamma(out: Array, alphas: Array, samples: int, stream: Array, start: int, stop: int) -> None:
    """out[sample * alphas.size + k] for start <= k * samples + sample < stop (Marsaglia and Tsang 2000)."""
    index = np.arange(start, stop)
    alpha = alphas[index // samples].astype(np.float64)
    result, skips = np.full(index.size, np.nan), index.astype(_U) * _U(_SAMPLE_BLOCKS)
    normals, uniforms = _Draws(stream, skips, True), _Draws(stream, skips, False)
    one = alpha == 1.0  # the exponential distribution
    d = alpha + np.where(alpha < 1.0, 2.0 / 3.0, -1.0 / 3.0)
    with np.errstate(all="ignore"):
        c = (1.0 / 3.0) / np.sqrt(d)
        waiting = np.flatnonzero(one)
        result[waiting] = -np.log1p(-uniforms.next(waiting))
        waiting = np.flatnonzero(~one & (d > 0.0))
        while waiting.size:
            x = normals.next(waiting)
            v = 1.0 + c[waiting] * x
            tried = v > 0.0
            at, x, v = waiting[tried], x[tried], v[tried] ** 3
            u = uniforms.next(at)
            taken = (u < 1.0 - 0.0331 * (x * x) * (x * x)) | (np.log(u) < 0.5 * x * x + d[at] * (1.0 - v + np.log(v)))
            at, found = at[taken], d[at[taken]] * v[taken]
            less = alpha[at] < 1.0
            found[less] *= uniforms.next(at[less]) ** (1.0 / alpha[at[less]])
            result[at] = found
            done = np.zeros(index.size, bool)
            done[at] = True
            waiting = waiting[~done[waiting]]
    out[index % samples * alphas.size + index // samples] = result


def _poisson_knuth(draws: _Draws, rate: Array, result: Array, waiting: Array) -> None:
    limit = np.exp(-rate)
    product, count = np.ones(rate.size), np.zeros(rate.size)
    while waiting.size:
        product[waiting] *= draws.next(waiting)
        over = product[waiting] <= limit[waiting]
        result[waiting[over]] = count[waiting[over]]
        waiting = waiting[~over]
        count[waiting] += 1.0


def _poisson_rejection(draws: _Draws, rate: Array, result: Array, waiting: Array) -> None:
    log_rate = np.log(rate)
    b = 0.931 + 2.53 * np.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    while waiting.size:
        u, v = draws.next(waiting) - 0.5, draws.next(waiting)
        edge, r = 0.5 - np.abs(u), waiting
        k = np.floor((2.0 * a[r] / edge + b[r]) * u + rate[r] + 0.43)
        inside = (edge >= 0.07) & (v <= 0.9277 - 3.6224 / (b[r] - 2.0))
        outside = (k < 0) | ((edge < 0.013) & (v > edge))
        logarithm = np.log(v * inverse_alpha[r] / (a[r] / (edge * edge) + b[r]))
        taken = inside | (~outside & (logarithm <= -rate[r] + k * log_rate[r] - NUMPY["lgamma"](k + 1.0)))
        result[r[taken]] = k[taken]
        waiting = waiting[~taken]


def fill_poisson(out: Array, rates: Array, samples: int, stream: Array, start: int, stop: int) -> None:
    """out[sample * rates.size + k] for start <= k * samples + sample < stop (Knuth; Hörmann 1993)."""
    index = np.arange(start, stop)
    rate: Any = rates[index // samples].astype(np.float64)
    result, draws = np.full(index.size, np.nan), _Draws(stream, index.astype(_U) * _U(_SAMPLE_BLOCKS), False)
    fit = np.isfinite(rate) & (rate >= 0.0)
    with np.errstate(all="ignore"):
        _poisson_knuth(draws, rate, result, np.flatnonzero(fit & (rate < 10.0)))
        _poisson_rejection(draws, rate, result, np.flatnonzero(fit & (rate >= 10.0)))
    out[index % samples * rates.size + index // samples] = result
