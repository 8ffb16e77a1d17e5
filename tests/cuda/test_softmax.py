"""Softmax of short and of long rows, and the losses on it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, same, same_error

# Of what is not finite: NumPy has its settings by thread, and the simulator its own threads.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

SHAPES = [(1, 1), (3, 2), (5, 10), (2, 70), (2, 300), (40, 3), (0, 4), (3, 0)]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [*SHAPES, (2, 3, 4)], ids=str)
@pytest.mark.parametrize("op_type", ["Softmax", "LogSoftmax"])
def test_rows(op_type: str, shape: Any, dtype: Any) -> None:
    same(op_type, 5 * floats(*shape).astype(dtype), rtol=3e-6 if dtype == np.float32 else 1e-13)


@pytest.mark.parametrize(
    "values", [[np.nan, 1, 2], [np.inf, 1, 2], [-np.inf, 1, 2], [-np.inf, -np.inf, -np.inf], [1e30, -1e30, 88]]
)
@pytest.mark.parametrize("op_type", ["Softmax", "LogSoftmax"])
def test_extremes(op_type: str, values: Any) -> None:
    same(op_type, np.array([values, [0, 1, 2]], np.float32), rtol=3e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy(shape: Any, dtype: Any) -> None:
    x = 3 * floats(*shape).astype(dtype)
    same("SoftmaxCrossEntropyWithLogits", x, np.abs(floats(*shape)).astype(dtype), rtol=5e-6 if dtype == np.float32 else 1e-12)


def test_one_row_of_labels_for_all() -> None:
    same("SoftmaxCrossEntropyWithLogits", floats(4, 3), np.abs(floats(1, 3)), rtol=5e-6)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("shape", SHAPES[:-1], ids=str)
def test_labels(shape: Any, dtype: Any) -> None:
    labels = (np.arange(shape[0]) * 7 % shape[1]).astype(dtype)
    same("SparseSoftmaxCrossEntropyWithLogits", 3 * floats(*shape), labels, rtol=5e-6)


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_that_are_no_class(label: int) -> None:
    same_error("SparseSoftmaxCrossEntropyWithLogits", floats(2, 3), np.array([0, label], np.int32))


def test_labels_for_another_number_of_rows() -> None:
    same_error("SparseSoftmaxCrossEntropyWithLogits", floats(2, 3), np.array([0, 1, 2], np.int32))
