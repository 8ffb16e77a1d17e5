"""Convolution and its gradients against sums written out in float64."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teachtf.kernels.cpu import conv
from teachtf.kernels.cpu.conv import conv2d, conv2d_backprop_filter, conv2d_backprop_input, output_size

TOLERANCE = {"float32": 2e-5, "float64": 1e-12, "float16": 4e-2, "bfloat16": 3e-1}


def windows(x, kernel, strides, padding, dilations):
    """For each tap, the padded image's pixels that it meets: pairs of (i, j) and a view."""
    (kh, kw), (sh, sw), (dh, dw) = kernel, strides, dilations
    oh, ow = (output_size(x.shape[1 + i], kernel[i], strides[i], dilations[i], padding[i]) for i in (0, 1))
    for i in range(kh):
        for j in range(kw):
            yield (i, j), np.s_[:, i * dh : i * dh + (oh - 1) * sh + 1 : sh, j * dw : j * dw + (ow - 1) * sw + 1 : sw]


def reference(x, w, strides, padding, dilations, dy=None):
    """The result in float64, or the gradients by x and w where dy is given."""
    x, w = x.astype(float), w.astype(float)
    padded = np.pad(x, ((0, 0), *padding, (0, 0)))
    views = list(windows(x, w.shape[:2], strides, padding, dilations))
    if dy is None:
        return sum(padded[view] @ w[tap] for tap, view in views)
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    for tap, view in views:
        dx[view] += dy.astype(float) @ w[tap].T
        dw[tap] = np.tensordot(padded[view], dy.astype(float), ((0, 1, 2), (0, 1, 2)))
    (top, _), (left, _) = padding
    return dx[:, top : top + x.shape[1], left : left + x.shape[2]], dw


def check(shape, kernel, filters, strides, padding, dilations, dtype="float32"):
    random = np.random.default_rng(0)
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    tolerance = TOLERANCE[dtype.name]
    x = random.uniform(-1, 1, shape).astype(dtype)
    w = random.uniform(-1, 1, (*kernel, shape[3], filters)).astype(dtype)
    y = conv2d(x, w, strides, padding, dilations)
    expected = reference(x, w, strides, padding, dilations)
    assert y.dtype == dtype and y.shape == expected.shape
    scale = max(1, np.abs(expected).max(initial=0))
    np.testing.assert_allclose(y.astype(float), expected, rtol=0, atol=tolerance * scale)
    dy = random.uniform(-1, 1, y.shape).astype(dtype)
    for actual, expected in zip(
        (
            conv2d_backprop_input(x.shape, w, dy, strides, padding, dilations),
            conv2d_backprop_filter(x, w.shape, dy, strides, padding, dilations),
        ),
        reference(x, w, strides, padding, dilations, dy),
        strict=True,
    ):
        assert actual.dtype == dtype and actual.shape == expected.shape
        scale = max(1, np.abs(expected).max(initial=0))
        np.testing.assert_allclose(actual.astype(float), expected, rtol=0, atol=tolerance * scale)


@st.composite
def geometries(draw):
    axes = []
    for _ in range(2):
        kernel, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 3))
        reach = (kernel - 1) * dilation + 1
        padding = draw(st.integers(0, reach)), draw(st.integers(0, reach))
        size = draw(st.integers(max(1, reach - sum(padding)), 14 + reach))
        axes.append((size, kernel, draw(st.integers(1, 4)), padding, dilation))
    images, channels, filters = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.sampled_from([1, 3, 16, 20, 32, 37]))
    sizes, kernel, strides, padding, dilations = zip(*axes, strict=True)
    return (images, *sizes, channels), kernel, filters, strides, padding, dilations


@settings(max_examples=120, deadline=None)
@given(geometry=geometries(), dtype=st.sampled_from(["float32", "float64"]), band=st.sampled_from([1 << 10, 1 << 18]))
def test_any_geometry(geometry, dtype, band):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conv, "_BAND_BYTES", band)
        patch.setattr(conv, "_THREAD_WORK", 1 << 12)
        check(*geometry, dtype)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_short_floats_are_summed_in_float32(dtype):
    check((2, 9, 8, 5), (3, 3), 7, (1, 2), ((1, 1), (1, 1)), (1, 1), dtype)


@pytest.mark.parametrize(
    ("shape", "kernel", "filters", "strides", "padding"),
    [
        ((4, 28, 28, 1), (5, 5), 32, (1, 1), ((2, 2), (2, 2))),
        ((2, 40, 40, 64), (3, 3), 64, (1, 1), ((1, 1), (1, 1))),
        ((2, 33, 31, 3), (7, 7), 24, (2, 2), ((2, 3), (3, 3))),
        ((3, 7, 7, 200), (1, 1), 70, (1, 1), ((0, 0), (0, 0))),
        ((1, 300, 300, 4), (3, 3), 8, (1, 1), ((1, 1), (1, 1))),
    ],
)
def test_common_layers(shape, kernel, filters, strides, padding):
    check(shape, kernel, filters, strides, padding, (1, 1))


def test_stride_past_the_kernel_leaves_zeros():
    check((1, 9, 9, 2), (1, 2), 3, (3, 4), ((0, 0), (0, 0)), (1, 1))


def test_empty_batch():
    x, w = np.empty((0, 5, 5, 2), "f"), np.ones((3, 3, 2, 4), "f")
    y = conv2d(x, w)
    assert y.shape == (0, 3, 3, 4)
    assert conv2d_backprop_input(x.shape, w, y).shape == x.shape
    np.testing.assert_array_equal(conv2d_backprop_filter(x, w.shape, y), np.zeros_like(w))


def test_views_and_read_only_inputs():
    random = np.random.default_rng(5)
    x = random.normal(size=(2, 3, 10, 10)).astype("f").transpose(0, 2, 3, 1)
    w = random.normal(size=(3, 3, 3, 4)).astype("f")
    x.flags.writeable = w.flags.writeable = False
    expected = reference(x, w, (1, 1), ((1, 1), (1, 1)), (1, 1))
    np.testing.assert_allclose(conv2d(x, w, padding=((1, 1), (1, 1))), expected, atol=1e-4)


def test_integers_are_refused():
    with pytest.raises(TypeError, match="Convolution computes float16, bfloat16, float32 and float64, not int32"):
        conv2d(np.ones((1, 3, 3, 1), "i4"), np.ones((1, 1, 1, 1), "i4"))
