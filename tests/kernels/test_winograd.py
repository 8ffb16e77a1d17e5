"""Minimal filtering gives the sums of a convolution, within the rounding that was promised."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from teachtf.kernels.cpu import conv, winograd
from teachtf.kernels.cpu.conv import conv2d, conv2d_backprop_filter, conv2d_backprop_input
from teachtf.kernels.cpu.transforms import SINGLES, matrices

PROMISED = {3: 1e-5, 5: 3e-5}  # the largest error, by the root mean square of the result


@pytest.mark.parametrize(("taps", "outputs"), [(3, 4), (5, 4), (4, 3), (4, 5)])
def test_the_matrices_are_exact(taps, outputs):
    tile, filters, back = matrices(taps, outputs)
    pixels = [Fraction(k * k - 7 * k + 3) for k in range(taps + outputs - 1)]
    weights = [Fraction(3 * k + 1) for k in range(taps)]

    def times(matrix, column):
        return [sum(a * b for a, b in zip(row, column, strict=True)) for row in matrix]

    products = [a * b for a, b in zip(times(tile, pixels), times(filters, weights), strict=True)]
    expected = [sum(weights[k] * pixels[i + k] for k in range(taps)) for i in range(outputs)]
    assert times(back, products) == expected


def error(got, exact):
    return np.abs(got - exact).max() / np.sqrt(np.mean(exact**2))


@pytest.mark.parametrize("r", [3, 5])
@pytest.mark.parametrize(
    ("shape", "filters", "padding"),
    [
        ((2, 16, 16, 32), 32, "SAME"),
        ((1, 21, 9, 16), 64, "SAME"),  # tiles hang over both edges
        ((3, 13, 14, 48), 32, "VALID"),
        ((1, 12, 30, 32), 32, "MORE"),  # more zeros than the filter is wide
    ],
)
def test_it_keeps_its_promise(r, shape, filters, padding):
    random = np.random.default_rng(r)
    p = {"SAME": r // 2, "VALID": 0, "MORE": r + 1}[padding]
    pads = ((p, p), (p, p))
    channels = -(-shape[3] // (2 * SINGLES)) * 2 * SINGLES  # so that the gradient by the images suits too
    x = random.standard_normal((*shape[:3], channels), np.float32)
    w = random.standard_normal((r, r, channels, filters), np.float32)
    y = conv2d(x, w, (1, 1), pads)
    assert conv._winograd(w.shape, y.shape, y.dtype, ((1, 1), (1, 1))) is winograd
    dy = random.standard_normal(y.shape, np.float32)
    wide = [a.astype(np.float64) for a in (x, w, dy)]
    assert error(y, conv2d(wide[0], wide[1], (1, 1), pads)) < PROMISED[r]
    assert (
        error(conv2d_backprop_input(x.shape, w, dy, (1, 1), pads), conv2d_backprop_input(x.shape, *wide[1:], (1, 1), pads))
        < PROMISED[r]
    )
    exact = conv2d_backprop_filter(wide[0], w.shape, wide[2], (1, 1), pads)
    assert error(conv2d_backprop_filter(x, w.shape, dy, (1, 1), pads), exact) < PROMISED[r]


def test_the_switch_forces_direct_sums(monkeypatch):
    monkeypatch.setenv("TEACHTF_DIRECT_CONVOLUTION", "1")
    assert conv._winograd((5, 5, 32, 32), (1, 64, 64, 32), np.dtype(np.float32), ((1, 1), (1, 1))) is None


@pytest.mark.parametrize(
    ("filters", "outputs", "dtype", "stepping"),
    [
        ((7, 7, 32, 32), (1, 64, 64, 32), "f4", ((1, 1), (1, 1))),
        ((5, 5, 3, 32), (1, 64, 64, 32), "f4", ((1, 1), (1, 1))),
        ((5, 5, 32, 10), (1, 64, 64, 10), "f4", ((1, 1), (1, 1))),
        ((5, 5, 32, 32), (1, 64, 64, 32), "f8", ((1, 1), (1, 1))),
        ((5, 5, 32, 32), (1, 64, 64, 32), "f4", ((2, 2), (1, 1))),
        ((5, 5, 32, 32), (1, 64, 64, 32), "f4", ((1, 1), (2, 2))),
        ((5, 5, 32, 32), (1, 7, 64, 32), "f4", ((1, 1), (1, 1))),
        ((5, 5, 0, 32), (1, 64, 64, 32), "f4", ((1, 1), (1, 1))),
    ],
)
def test_what_it_leaves_to_direct_sums(filters, outputs, dtype, stepping):
    assert conv._winograd(filters, outputs, np.dtype(dtype), stepping) is None


def test_an_empty_batch():
    x, w = np.empty((0, 16, 16, 32), np.float32), np.ones((5, 5, 32, 32), np.float32)
    y = conv2d(x, w, (1, 1), ((2, 2), (2, 2)))
    assert y.shape == (0, 16, 16, 32)
    np.testing.assert_array_equal(conv2d_backprop_filter(x, w.shape, y, (1, 1), ((2, 2), (2, 2))), np.zeros_like(w))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38])
@pytest.mark.parametrize("r", [3, 5])
def test_what_is_not_finite_stays_where_it_belongs(r, value, monkeypatch):
    columns = 2 * SINGLES
    x, w = np.ones((3, 16, 16, columns), np.float32), np.zeros((r, r, columns, columns), np.float32)
    w[r // 2, r // 2], w[0, 0] = 1e-3, -1e-3
    x[1, 7, 8, 3] = value
    padding = ((r // 2, r // 2), (r // 2, r // 2))
    dy = np.ones(x.shape, np.float32)
    dy[2, 3, 4, 5] = value
    given = [
        (conv.conv2d, (x, w, (1, 1), padding)),
        (conv.conv2d_backprop_input, (x.shape, w, dy, (1, 1), padding)),
        (conv.conv2d_backprop_filter, (x, w.shape, dy, (1, 1), padding)),
    ]
    with np.errstate(all="ignore"):
        got = [function(*arguments) for function, arguments in given]
        monkeypatch.setenv("TEACHTF_DIRECT_CONVOLUTION", "1")
        expected = [function(*arguments) for function, arguments in given]
    for result, direct in zip(got, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(result), np.isnan(direct))
        np.testing.assert_allclose(result, direct, rtol=1e-4, atol=1e-3 if np.isfinite(direct).all() else 1e-6)
    assert np.isfinite(got[0][[0, 2]]).all()
