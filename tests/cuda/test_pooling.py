"""Windows that overlap, leave gaps and hang over the edges, over pictures and volumes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import both, floats, same

CASES = [
    ((2, 6, 7, 3), (2, 2), (2, 2), "VALID"),
    ((1, 5, 6, 2), (3, 2), (1, 2), "SAME"),
    ((1, 7, 5, 1), (2, 3), (3, 1), "SAME"),
    ((2, 4, 4, 5), (1, 1), (2, 2), "VALID"),
    ((1, 3, 3, 2), (3, 3), (1, 1), "VALID"),
    ((0, 4, 4, 2), (2, 2), (2, 2), "VALID"),
]


def case(given: Any, form: str) -> tuple[Any, dict[str, Any]]:
    shape, (h, w), (down, across), padding = given
    sizes, steps = [1, h, w, 1], [1, down, across, 1]
    order = [0, 3, 1, 2] if form == "NCHW" else [0, 1, 2, 3]
    x = np.round(floats(*shape), 1).transpose(order).copy()  # with equal elements
    return x, {
        "ksize": [sizes[i] for i in order],
        "strides": [steps[i] for i in order],
        "padding": padding,
        "data_format": form,
    }


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize("given", CASES, ids=str)
def test_pictures(given: Any, form: str, dtype: Any) -> None:
    x, attrs = case(given, form)
    x = x.astype(dtype)
    (y,), _ = both("MaxPool", x, **attrs)
    dy = floats(*y.shape).astype(dtype)
    same("MaxPool", x, **attrs)
    same("MaxPoolGrad", x, y, dy, rtol=2e-6, **attrs)
    if given[3] == "VALID":
        same("MaxPoolGradGrad", x, y, x * 2, **attrs)
    same("AvgPool", x, rtol=2e-6, **attrs)
    same("AvgPoolGrad", np.array(x.shape, np.int32), dy, rtol=2e-6, **attrs)


def test_nan_is_the_largest() -> None:
    x, attrs = case(((1, 4, 6, 2), (2, 2), (2, 2), "VALID"), "NHWC")
    x[0, 1, 1, 0], x[0, 2, 3, 1], x[0, 3, 5] = np.nan, np.inf, -np.inf
    (y,), _ = both("MaxPool", x, **attrs)
    same("MaxPool", x, **attrs)
    same("MaxPoolGrad", x, y, floats(*y.shape), rtol=2e-6, **attrs)


VOLUMES = [
    ((1, 4, 5, 3, 2), (2, 2, 2), (2, 1, 2), "VALID"),
    ((2, 3, 4, 3, 1), (3, 2, 1), (1, 2, 2), "SAME"),
    ((1, 2, 2, 2, 3), (2, 2, 2), (1, 1, 1), "SAME"),
]


@pytest.mark.parametrize("form", ["NDHWC", "NCDHW"])
@pytest.mark.parametrize("given", VOLUMES, ids=str)
def test_volumes(given: Any, form: str) -> None:
    shape, taps, steps, padding = given
    order = [0, 4, 1, 2, 3] if form == "NCDHW" else list(range(5))
    x = np.round(floats(*shape), 1).transpose(order).copy()
    sizes, strides = [1, *taps, 1], [1, *steps, 1]
    attrs = {
        "ksize": [sizes[i] for i in order],
        "strides": [strides[i] for i in order],
        "padding": padding,
        "data_format": form,
    }
    (y,), _ = both("MaxPool3D", x, **attrs)
    dy = floats(*y.shape)
    same("MaxPool3D", x, **attrs)
    same("MaxPool3DGrad", x, y, dy, rtol=2e-6, **attrs)
    same("MaxPool3DGradGrad", x, y, x * 2, **attrs)
    same("AvgPool3D", x, rtol=2e-6, **attrs)
    same("AvgPool3DGrad", np.array(x.shape, np.int32), dy, rtol=2e-6, **attrs)
