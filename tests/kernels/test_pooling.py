"""Pooling against loops written out."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teachtf.kernels.cpu import pooling
from teachtf.kernels.cpu.conv import output_size
from teachtf.kernels.cpu.pooling import avg_pool, avg_pool_grad, max_pool, max_pool_grad


def reference(x, ksize, strides, padding, dy=None):
    """(maximum, mean), or their gradients where `dy` gives the gradient from the result's shape."""
    lines, pixels = (output_size(x.shape[1 + i], ksize[i], strides[i], 1, padding[i]) for i in (0, 1))
    largest = np.empty((x.shape[0], lines, pixels, x.shape[3]))
    mean, by_largest, by_mean = np.empty_like(largest), np.zeros(x.shape), np.zeros(x.shape)
    for n, line, pixel, c in np.ndindex(*largest.shape):
        top, left = line * strides[0] - padding[0][0], pixel * strides[1] - padding[1][0]
        window = n, slice(max(0, top), max(0, top + ksize[0])), slice(max(0, left), max(0, left + ksize[1])), c
        values = x[window].astype(float)
        largest[n, line, pixel, c], mean[n, line, pixel, c] = values.max(), values.mean()
        if dy is not None:
            by_largest[window][np.unravel_index(values.argmax(), values.shape)] += dy[n, line, pixel, c]
            by_mean[window] += dy[n, line, pixel, c] / values.size
    return (largest, mean) if dy is None else (by_largest, by_mean)


@st.composite
def geometries(draw):
    axes = []
    for _ in range(2):
        size, kernel, stride = draw(st.integers(1, 9)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
        padding = draw(st.integers(0, kernel - 1)), draw(st.integers(0, kernel - 1))
        axes.append((size, kernel, stride, padding))
    sizes, ksize, strides, padding = zip(*axes, strict=True)
    return (draw(st.integers(0, 3)), *sizes, draw(st.sampled_from([1, 3, 17]))), ksize, strides, padding


@settings(max_examples=100, deadline=None)
@given(geometry=geometries(), dtype=st.sampled_from(["float32", "float64"]), ties=st.booleans())
def test_any_geometry(geometry, dtype, ties):
    shape, *how = geometry
    random = np.random.default_rng(0)
    x = (random.integers(-2, 3, shape) if ties else random.normal(size=shape)).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pooling, "_THREAD_WORK", 1)
        largest, mean = max_pool(x, *how), avg_pool(x, *how)
        dy = random.normal(size=largest.shape).astype(dtype)
        gradients = max_pool_grad(x, largest, dy, *how), avg_pool_grad(x.shape, dy, *how)
    tolerance = 1e-5 if dtype == "float32" else 1e-13
    for actual, expected in zip((largest, mean, *gradients), (*reference(x, *how), *reference(x, *how, dy)), strict=True):
        assert actual.dtype == dtype
        np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_short_floats(dtype):
    x = np.arange(16).reshape(1, 4, 4, 1).astype(dtype)
    largest, mean = max_pool(x, (2, 2), (2, 2)), avg_pool(x, (2, 2), (2, 2))
    assert largest.dtype == mean.dtype == dtype
    assert largest.ravel().tolist() == [5, 7, 13, 15] and mean.ravel().tolist() == [2.5, 4.5, 10.5, 12.5]


def test_first_of_equal_values_gets_the_gradient():
    x = np.zeros((1, 2, 2, 1), "f")
    gradient = max_pool_grad(x, max_pool(x, (2, 2), (2, 2)), np.ones((1, 1, 1, 1), "f"), (2, 2), (2, 2))
    assert gradient.ravel().tolist() == [1, 0, 0, 0]


def test_nan_and_infinities():
    x = np.array([1, np.nan, -np.inf, -np.inf], "f").reshape(1, 2, 2, 1)
    y = max_pool(x, (1, 2), (1, 2))
    np.testing.assert_array_equal(y.ravel(), [np.nan, -np.inf])
    assert max_pool_grad(x, y, np.ones_like(y), (1, 2), (1, 2)).ravel().tolist() == [0, 1, 1, 0]


def test_refusals():
    with pytest.raises(ValueError, match=r"Padding \(2, 0\) is not smaller than the window, 2"):
        max_pool(np.ones((1, 4, 4, 1), "f"), (2, 2), (2, 2), ((2, 0), (0, 0)))
    with pytest.raises(TypeError, match="Pooling computes float16, bfloat16, float32 and float64, not int32"):
        avg_pool(np.ones((1, 4, 4, 1), "i4"), (2, 2), (2, 2))
