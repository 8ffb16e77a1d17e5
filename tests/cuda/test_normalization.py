"""Batch normalization in training and after it, its gradient, and response normalization."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, same

SHAPES = [(3, 4, 5, 2), (1, 2, 2, 7), (6, 1, 1, 3), (1, 1, 1, 2)]
NONE = np.zeros(0, np.float32)


def case(shape: Any, form: str) -> tuple[Any, Any]:
    x = floats(*shape) + np.float32(0.5)
    return (x.transpose(0, 3, 1, 2).copy() if form == "NCHW" else x), shape[3]


@pytest.mark.parametrize("op_type", ["FusedBatchNorm", "FusedBatchNormV3"])
@pytest.mark.parametrize("factor", [1.0, 0.1])
@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_training(shape: Any, form: str, factor: float, op_type: str) -> None:
    x, c = case(shape, form)
    averages = (NONE, NONE) if factor == 1 else (floats(c), np.abs(floats(c)))
    attrs = {"data_format": form, "exponential_avg_factor": factor, "epsilon": 0.01}
    same(op_type, x, floats(c) + 1, floats(c), *averages, rtol=5e-6, is_training=True, **attrs)


@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize("shape", [*SHAPES, (0, 2, 2, 3)], ids=str)
def test_afterwards(shape: Any, form: str) -> None:
    x, c = case(shape, form)
    averages = floats(c), np.abs(floats(c)) + 1
    same("FusedBatchNormV3", x, floats(c) + 1, floats(c), *averages, rtol=5e-6, is_training=False, data_format=form)


@pytest.mark.parametrize("op_type", ["FusedBatchNormGrad", "FusedBatchNormGradV3"])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize("shape", [*SHAPES, (0, 2, 2, 3)], ids=str)
def test_gradient(shape: Any, form: str, training: bool, op_type: str) -> None:
    x, c = case(shape, form)
    given = [2 * x[::-1].copy() - 1, x, floats(c) + 1, floats(c), np.abs(floats(c)) + 1]
    if op_type.endswith("V3"):
        given.append(NONE)
    same(op_type, *given, rtol=1e-5, is_training=training, data_format=form, epsilon=0.01)


@pytest.mark.parametrize("attrs", [{}, {"depth_radius": 1, "bias": 2.0, "alpha": 0.5, "beta": 0.75}], ids=str)
@pytest.mark.parametrize("shape", [(1, 2, 2, 7), (2, 1, 3, 1), (0, 1, 1, 3)], ids=str)
def test_responses(shape: Any, attrs: Any) -> None:
    x = floats(*shape)
    same("LRN", x, rtol=2e-6, **attrs)
    same("LRNGrad", x[::-1].copy(), x, x * np.float32(0.5), rtol=5e-6, **attrs)
