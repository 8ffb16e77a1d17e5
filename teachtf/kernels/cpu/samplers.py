"""Numbers that take an unforeseen count of Philox blocks, or depend on one another: shuffles, categories, gamma, Poisson.

Sources: TensorFlow's `random_shuffle_op.cc`, `multinomial_op.cc`, `random_op.cc` (Marsaglia and Tsang 2000) and
`random_poisson_op.cc` (Knuth; Hörmann 1993).
"""

from __future__ import annotations

import math

import numpy as np

from teachtf.kernels.cpu.fills import block, box_muller64, unit64
from teachtf.kernels.jit import jit
from teachtf.kernels.single import inline

_U = np.uint64
_SAMPLE_BLOCKS = _U(256)  # each gamma or Poisson sample has so many blocks of its own; all are computed in float64


@jit
def permute(out, stream):
    """Fill `out` with 0, 1, ... and shuffle it (Fisher and Yates), a word for each swap."""
    n = out.size
    for i in range(n):
        out[i] = i
    for i in range(n - 1):
        words = block(stream, _U(i // 4))
        j = i + np.int64(words[i % 4] % _U(n - i))
        out[i], out[j] = out[j], out[i]


@jit
def categories(out, logits, stream):
    """out[row, sample]: a class drawn with the odds exp(logits[row]). Infinite and NaN logits count as impossible."""
    rows, classes = logits.shape
    cumulative = np.empty(classes, np.float64)
    drawn = 0
    for row in range(rows):
        most = -np.inf
        for k in range(classes):
            if np.isfinite(logits[row, k]):
                most = max(most, np.float64(logits[row, k]))
        total = 0.0
        for k in range(classes):
            if np.isfinite(logits[row, k]):
                total += np.exp(np.float64(logits[row, k]) - most)
            cumulative[k] = total
        for sample in range(out.shape[1]):
            a, b, c, d = block(stream, _U(drawn // 2))
            u = unit64(a, b) if drawn % 2 == 0 else unit64(c, d)
            out[row, sample] = np.searchsorted(cumulative, u * total, side="right")
            drawn += 1


@inline
def _uniforms(stream, skip):
    a, b, c, d = block(stream, skip)
    return unit64(a, b), unit64(c, d)


@inline
def _normals(stream, skip):
    a, b, c, d = block(stream, skip)
    return box_muller64(a, b, c, d)


@jit(error_model="numpy")
def fill_gamma(out, alphas, samples, stream, start, stop):
    """out[sample * alphas.size + k] for start <= k * samples + sample < stop. Words are used from a block's end backwards."""
    for index in range(start, stop):
        k, sample = index // samples, index % samples
        alpha = np.float64(alphas[k])
        if alpha == 1.0:  # the exponential distribution
            out[sample * alphas.size + k] = -math.log1p(-_uniforms(stream, _U(index) * _SAMPLE_BLOCKS)[1])
            continue
        d = alpha + (2.0 / 3.0 if alpha < 1.0 else -1.0 / 3.0)
        if not d > 0.0:  # no number would ever be taken
            out[sample * alphas.size + k] = np.nan
            continue
        c = (1.0 / 3.0) / math.sqrt(d)
        skip = _U(index) * _SAMPLE_BLOCKS
        normals, normals_left = (0.0, 0.0), 0
        uniforms, uniforms_left = (0.0, 0.0), 0
        while True:
            if normals_left == 0:
                normals, normals_left = _normals(stream, skip), 2
                skip += _U(1)
            normals_left -= 1
            x = normals[normals_left]
            v = 1.0 + c * x
            if v <= 0.0:
                continue
            v = v * v * v
            if uniforms_left == 0:
                uniforms, uniforms_left = _uniforms(stream, skip), 2
                skip += _U(1)
            uniforms_left -= 1
            u = uniforms[uniforms_left]
            if u < 1.0 - 0.0331 * (x * x) * (x * x) or math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
                result = d * v
                if alpha < 1.0:
                    if uniforms_left == 0:
                        uniforms, uniforms_left = _uniforms(stream, skip), 2
                        skip += _U(1)
                    uniforms_left -= 1
                    result *= uniforms[uniforms_left] ** (1.0 / alpha)
                out[sample * alphas.size + k] = result
                break


@inline
def _poisson_knuth(stream, skip, rate):
    limit = math.exp(-rate)
    product, count = 1.0, 0.0
    while True:
        first, second = _uniforms(stream, skip)
        skip += _U(1)
        for u in (second, first):
            product *= u
            if product <= limit:
                return count
            count += 1.0


@inline
def _poisson_rejection(stream, skip, rate):
    log_rate = math.log(rate)
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    while True:
        v, u = _uniforms(stream, skip)
        u -= 0.5
        skip += _U(1)
        edge = 0.5 - abs(u)
        k = math.floor((2.0 * a / edge + b) * u + rate + 0.43)
        if edge >= 0.07 and v <= 0.9277 - 3.6224 / (b - 2.0):
            return np.float64(k)
        if k < 0 or (edge < 0.013 and v > edge):
            continue
        s = math.log(v * inverse_alpha / (a / (edge * edge) + b))
        if s <= -rate + k * log_rate - math.lgamma(k + 1.0):
            return np.float64(k)


@jit(error_model="numpy")
def fill_poisson(out, rates, samples, stream, start, stop):
    """out[sample * rates.size + k] for start <= k * samples + sample < stop."""
    for index in range(start, stop):
        k, sample = index // samples, index % samples
        rate, skip = np.float64(rates[k]), _U(index) * _SAMPLE_BLOCKS
        if not np.isfinite(rate) or rate < 0.0:
            value = np.nan
        elif rate < 10.0:
            value = _poisson_knuth(stream, skip, rate)
        else:
            value = _poisson_rejection(stream, skip, rate)
        out[sample * rates.size + k] = value
