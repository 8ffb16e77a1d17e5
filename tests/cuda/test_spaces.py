"""Blocks of space and patches of images, with borders and in both layouts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import ramp, same, same_error


@pytest.mark.parametrize("data_format", ["NHWC", "NCHW"])
def test_space_and_depth(data_format: str) -> None:
    how = {"block_size": 2, "data_format": data_format}
    shape = (2, 4, 6, 3) if data_format == "NHWC" else (2, 3, 4, 6)
    same("SpaceToDepth", ramp(*shape), **how)
    same("DepthToSpace", ramp(*((2, 2, 3, 8) if data_format == "NHWC" else (2, 8, 2, 3))), **how)
    same_error("SpaceToDepth", ramp(1, 3, 3, 3), **how)
    same_error("DepthToSpace", ramp(1, 3, 3, 3), **how)


def test_space_and_batch() -> None:
    blocks = np.array([2, 3], np.int32)
    same("SpaceToBatchND", ramp(2, 3, 4, 2), blocks, np.array([[1, 0], [0, 2]], np.int32))
    same("SpaceToBatchND", ramp(2, 4, 3), blocks, np.zeros((2, 2), np.int32))
    same("BatchToSpaceND", ramp(12, 2, 2, 2), blocks, np.array([[1, 0], [0, 2]], np.int32))
    same("BatchToSpaceND", ramp(6, 2, 2), blocks, np.zeros((2, 2), np.int32))
    same_error("SpaceToBatchND", ramp(2, 3, 4, 2), blocks, np.zeros((2, 2), np.int32), known=[1])
    same_error("BatchToSpaceND", ramp(5, 2, 2), blocks, np.zeros((2, 2), np.int32), known=[1])
    same_error("BatchToSpaceND", ramp(6, 1, 1), blocks, np.array([[2, 1], [0, 0]], np.int32), known=[1])


@pytest.mark.parametrize("padding", ["SAME", "VALID"])
def test_patches(padding: str) -> None:
    how = {"ksizes": [1, 3, 2, 1], "strides": [1, 2, 1, 1], "rates": [1, 1, 2, 1], "padding": padding}
    same("ExtractImagePatches", ramp(2, 5, 6, 2), **how)
