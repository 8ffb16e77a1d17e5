"""Convolution with sizes that no tile divides."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba import config

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.kernels.cuda import matmul, sliding, tiles

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, same, same_error

_EXPLICIT = [0, 0, 2, 1, 0, 3, 0, 0]
# image, filter (lines, pixels, filters), attributes as of NHWC
CASES: list[Any] = [
    ((1, 5, 5, 3), (3, 3, 4), {"strides": [1, 1, 1, 1], "padding": "SAME"}),
    ((2, 7, 5, 3), (3, 2, 9), {"strides": [1, 2, 2, 1], "padding": "SAME"}),
    ((2, 6, 9, 5), (3, 3, 10), {"strides": [1, 2, 1, 1], "padding": "VALID"}),
    ((1, 9, 8, 2), (3, 3, 3), {"strides": [1, 1, 1, 1], "padding": "SAME", "dilations": [1, 2, 3, 1]}),
    ((1, 9, 8, 2), (2, 3, 3), {"strides": [1, 2, 3, 1], "padding": "VALID", "dilations": [1, 2, 2, 1]}),
    ((2, 6, 5, 1), (3, 4, 2), {"strides": [1, 2, 2, 1], "padding": "EXPLICIT", "explicit_paddings": _EXPLICIT}),
    ((5, 6, 5, 3), (1, 1, 9), {"strides": [1, 1, 1, 1], "padding": "VALID"}),
    ((2, 5, 6, 2), (1, 1, 3), {"strides": [1, 3, 2, 1], "padding": "SAME"}),
    ((2, 4, 4, 2), (4, 4, 3), {"strides": [1, 1, 1, 1], "padding": "VALID"}),
    ((1, 3, 2, 2), (5, 6, 2), {"strides": [1, 1, 1, 1], "padding": "SAME"}),
    ((0, 5, 5, 3), (3, 3, 4), {"strides": [1, 1, 1, 1], "padding": "SAME"}),
    ((1, 5, 5, 3), (3, 3, 0), {"strides": [1, 1, 1, 1], "padding": "SAME"}),
]
CLOSE = 4e-6


def turned(shape: Any, attrs: Any, data_format: str) -> tuple[Any, Any]:
    """A shape and attributes, in another format."""
    if data_format == "NHWC":
        return shape, attrs
    order = (0, 3, 1, 2)
    lists = {k: [attrs[k][i] for i in order] for k in ("strides", "dilations") if k in attrs}
    if "explicit_paddings" in attrs:
        lists["explicit_paddings"] = [attrs["explicit_paddings"][2 * i + j] for i in order for j in (0, 1)]
    return tuple(shape[i] for i in order), {**attrs, **lists, "data_format": data_format}


def example(image: Any, filters: Any, attrs: Any, data_format: str) -> tuple[Any, ...]:
    """The images, the filter, a gradient of the result, and the attributes."""
    lines, pixels, count = filters
    shape, attrs = turned(image, attrs, data_format)
    x, w = floats(*shape), floats(lines, pixels, image[3], count, seed=1)
    result = apply_op("Conv2D", tf.constant(x), tf.constant(w), **attrs).shape.as_list()
    return x, w, floats(*result, seed=2), attrs


CONVOLUTIONS = pytest.mark.parametrize(
    "image, filters, attrs, data_format", [(*c, "NHWC") for c in CASES] + [(*c, "NCHW") for c in CASES[1:6:2]], ids=str
)


@CONVOLUTIONS
def test_conv2d(image: Any, filters: Any, attrs: Any, data_format: str) -> None:
    x, w, _, attrs = example(image, filters, attrs, data_format)
    same("Conv2D", x, w, rtol=CLOSE, **attrs)


@CONVOLUTIONS
def test_conv2d_by_its_images(image: Any, filters: Any, attrs: Any, data_format: str) -> None:
    x, w, dy, attrs = example(image, filters, attrs, data_format)
    same("Conv2DBackpropInput", np.array(x.shape, np.int32), w, dy, rtol=CLOSE, **attrs)


@CONVOLUTIONS
def test_conv2d_by_its_filter(image: Any, filters: Any, attrs: Any, data_format: str) -> None:
    x, w, dy, attrs = example(image, filters, attrs, data_format)
    same("Conv2DBackpropFilter", x, np.array(w.shape, np.int32), dy, rtol=2 * CLOSE, **attrs)


def test_sums_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sliding, "_PART", 16)
    attrs = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    same("Conv2DBackpropFilter", floats(2, 5, 5, 3), np.array([3, 2, 3, 9], np.int32), floats(2, 5, 5, 9), rtol=CLOSE, **attrs)


def test_long_depthwise_sums() -> None:
    """Longer than what a block takes."""
    attrs = {"strides": [1, 1, 1, 1], "padding": "VALID"}
    x, dy = floats(3, 40, 41, 1), floats(3, 40, 40, 1, seed=1)
    same("DepthwiseConv2dNativeBackpropFilter", x, np.array([1, 2, 1, 1], np.int32), dy, rtol=4e-5, **attrs)


# volumes, filter, attributes as of NDHWC
VOLUMES: list[Any] = [
    ((2, 3, 4, 5, 2), (2, 3, 2, 2, 3), {"strides": [1, 1, 1, 1, 1], "padding": "SAME"}),
    ((1, 5, 4, 5, 3), (3, 2, 1, 3, 9), {"strides": [1, 2, 1, 3, 1], "padding": "VALID"}),
    ((1, 6, 5, 7, 1), (3, 2, 2, 1, 2), {"strides": [1, 2, 2, 1, 1], "padding": "SAME", "dilations": [1, 1, 2, 3, 1]}),
    ((0, 3, 3, 3, 2), (2, 2, 2, 2, 3), {"strides": [1, 1, 1, 1, 1], "padding": "SAME"}),
]


@pytest.mark.parametrize("data_format", ["NDHWC", "NCDHW"])
@pytest.mark.parametrize("volumes, filters, attrs", VOLUMES, ids=str)
def test_conv3d(volumes: Any, filters: Any, attrs: Any, data_format: str) -> None:
    if data_format == "NCDHW":
        order = (0, 4, 1, 2, 3)
        volumes = tuple(volumes[i] for i in order)
        attrs = {k: [v[i] for i in order] if isinstance(v, list) else v for k, v in attrs.items()}
        attrs["data_format"] = data_format
    x, w = floats(*volumes), floats(*filters, seed=1)
    dy = floats(*apply_op("Conv3D", tf.constant(x), tf.constant(w), **attrs).shape.as_list(), seed=2)
    same("Conv3D", x, w, rtol=CLOSE, **attrs)
    same("Conv3DBackpropInputV2", np.array(x.shape, np.int32), w, dy, rtol=CLOSE, **attrs)
    same("Conv3DBackpropFilterV2", x, np.array(w.shape, np.int32), dy, rtol=CLOSE, **attrs)


@pytest.mark.parametrize("multiplier, data_format", [(1, "NCHW"), (3, "NHWC")])
@pytest.mark.parametrize("image, filters, attrs", CASES[:8] + CASES[-2:], ids=str)
def test_depthwise(image: Any, filters: Any, attrs: Any, multiplier: int, data_format: str) -> None:
    shape, attrs = turned(image, attrs, data_format)
    x, w = floats(*shape), floats(*filters[:2], image[3], multiplier, seed=1)
    dy = floats(*apply_op("DepthwiseConv2dNative", tf.constant(x), tf.constant(w), **attrs).shape.as_list(), seed=2)
    same("DepthwiseConv2dNative", x, w, rtol=CLOSE, **attrs)
    same("DepthwiseConv2dNativeBackpropInput", np.array(x.shape, np.int32), w, dy, rtol=CLOSE, **attrs)
    same("DepthwiseConv2dNativeBackpropFilter", x, np.array(w.shape, np.int32), dy, rtol=2 * CLOSE, **attrs)


def test_the_tiles_of_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The simulator's are smaller."""
    if not config.ENABLE_CUDASIM:
        pytest.skip("the other tests have them")
    sizes = {"ROWS": 64, "COLUMNS": 64, "DEPTH": 16, "EACH": 4, "ACROSS": 16, "TILE_THREADS": 256, "WIDTH": 68, "LEVELS": 4}
    for name, value in sizes.items():
        for module in (tiles, sliding, matmul):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, value)
    for name, value in {"_LINES": 16, "_LOADS": 4, "_DEEP": 4, "_SUMMED": 4, "_PART": 32}.items():
        monkeypatch.setattr(sliding, name, value)
    for name in ("_FIRST_LOADS", "_SECOND_LOADS"):
        monkeypatch.setattr(matmul, name, 4)
    same("MatMul", floats(67, 18), floats(66, 18, seed=1), rtol=CLOSE, transpose_b=True)
    same("MatMul", floats(17, 3), floats(17, 66, seed=1), rtol=CLOSE, transpose_a=True)
    x, w, dy = floats(1, 9, 8, 3), floats(1, 2, 3, 66, seed=1), floats(1, 9, 8, 66, seed=2)
    attrs = {"strides": [1, 1, 1, 1], "padding": "SAME"}
    same("Conv2D", x, w, rtol=CLOSE, **attrs)
    same("Conv2DBackpropInput", np.array(x.shape, np.int32), w, dy, rtol=4 * CLOSE, **attrs)
    same("Conv2DBackpropFilter", x, np.array(w.shape, np.int32), dy, rtol=4 * CLOSE, **attrs)


def test_errors() -> None:
    """What no shape function has seen."""
    one, sizes, taps = {"strides": [1, 1, 1, 1], "padding": "VALID"}, np.array([1, 4, 4, 2]), np.array([3, 3, 2, 5])
    x, w, dy = floats(1, 4, 4, 2), floats(3, 3, 2, 5), floats(1, 2, 2, 5)
    same_error("Conv2D", x, floats(3, 3, 1, 5), **one)
    same_error("Conv2D", x, floats(5, 3, 2, 5), **one)
    for wrong in (dy[..., :4], dy[:0], dy[:, :1]):
        same_error("Conv2DBackpropInput", sizes.astype(np.int32), w, wrong, **one)
        same_error("Conv2DBackpropFilter", x, taps.astype(np.int32), wrong, **one)
    w, dy = floats(3, 3, 2, 2), floats(1, 2, 2, 4)
    same_error("DepthwiseConv2dNative", x, floats(3, 3, 3, 2), **one)
    same_error("DepthwiseConv2dNativeBackpropInput", sizes.astype(np.int32), floats(3, 3, 1, 4), dy, **one)
    same_error("DepthwiseConv2dNativeBackpropFilter", x, np.array([3, 3, 1, 4], np.int32), dy, **one)
    for wrong in (dy[..., :2], dy[:0], dy[:, :1]):
        same_error("DepthwiseConv2dNativeBackpropInput", sizes.astype(np.int32), w, wrong, **one)
        same_error("DepthwiseConv2dNativeBackpropFilter", x, np.array(w.shape, np.int32), wrong, **one)
    one = {"strides": [1, 1, 1, 1, 1], "padding": "VALID"}
    x, w, dy = floats(1, 4, 4, 2, 3), floats(3, 3, 2, 3, 2), floats(1, 2, 2, 1, 2)
    sizes, taps = np.array(x.shape), np.array(w.shape)
    same_error("Conv3D", x, w[:, :, :, :2], **one)
    same_error("Conv3D", x, floats(5, 3, 2, 3, 2), **one)
    for wrong in (dy[..., :1], dy[:0], dy[:, :1]):
        same_error("Conv3DBackpropInputV2", sizes.astype(np.int32), w, wrong, **one)
        same_error("Conv3DBackpropFilterV2", x, taps.astype(np.int32), wrong, **one)
