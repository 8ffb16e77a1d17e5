"""Depthwise convolution is convolution, a channel at a time."""

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teachtf.kernels.cpu import depthwise
from teachtf.kernels.cpu.conv import conv2d, conv2d_backprop_filter, conv2d_backprop_input
from teachtf.kernels.cpu.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backprop_filter,
    depthwise_conv2d_backprop_input,
)


@st.composite
def geometries(draw):
    axes = []
    for _ in range(2):
        kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2))
        reach = (kernel - 1) * dilation + 1
        padding = draw(st.integers(0, reach)), draw(st.integers(0, reach))
        axes.append((draw(st.integers(reach, 8 + reach)), kernel, draw(st.integers(1, 3)), padding, dilation))
    sizes, kernel, *how = zip(*axes, strict=True)
    channels, multiplier = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    return (draw(st.integers(0, 3)), *sizes, channels), (*kernel, channels, multiplier), how


@settings(max_examples=60, deadline=None)
@given(geometry=geometries(), frozen=st.booleans())
def test_agrees_with_convolution(geometry, frozen):
    shape, filter_shape, how = geometry
    random = np.random.default_rng(0)
    x, w = random.normal(size=shape), random.normal(size=filter_shape)
    x.flags.writeable = w.flags.writeable = not frozen
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depthwise, "_THREAD_WORK", 1)
        y = depthwise_conv2d(x, w, *how)
        dy = random.normal(size=y.shape)
        dx = depthwise_conv2d_backprop_input(shape, w, dy, *how)
        dw = depthwise_conv2d_backprop_filter(x, filter_shape, dy, *how)
    for c in range(shape[3]):
        mine = np.s_[c * filter_shape[3] : (c + 1) * filter_shape[3]]
        one, filters, gradient = x[..., c : c + 1], w[:, :, c : c + 1], dy[..., mine]
        close = {"rtol": 1e-10, "atol": 1e-10}
        np.testing.assert_allclose(y[..., mine], conv2d(one, filters, *how), **close)
        np.testing.assert_allclose(dx[..., c : c + 1], conv2d_backprop_input(one.shape, filters, gradient, *how), **close)
        np.testing.assert_allclose(dw[:, :, c : c + 1], conv2d_backprop_filter(one, filters.shape, gradient, *how), **close)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_dtypes(dtype):
    x, w = np.ones((1, 4, 4, 2), dtype), np.ones((2, 2, 2, 1), dtype)
    y = depthwise_conv2d(x, w)
    assert y.dtype == dtype and (y == 4).all()
    assert depthwise_conv2d_backprop_filter(x, w.shape, y).dtype == dtype


def test_integers_are_refused():
    with pytest.raises(TypeError, match="Depthwise convolution computes float16, bfloat16, float32 and float64, not int64"):
        depthwise_conv2d(np.ones((1, 2, 2, 1), int), np.ones((1, 1, 1, 1), int))
