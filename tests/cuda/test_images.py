"""Pictures of sizes that do not divide one another."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import images

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, ramp, same, same_error

WAYS = [{}, {"align_corners": True}, {"half_pixel_centers": True}]
SIZES = [((3, 4), (7, 5)), ((7, 5), (3, 2)), ((4, 1), (1, 6)), ((5, 5), (5, 5)), ((9, 8), (2, 17))]


def size(of: Any) -> np.ndarray:
    return np.array(of, np.int32)


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("old, new", SIZES, ids=str)
def test_resize(old: Any, new: Any, way: Any) -> None:
    x = floats(2, *old, 3)
    same("ResizeBilinear", x, size(new), rtol=2e-6, **way)
    same("ResizeBilinearGrad", floats(2, *new, 3), x, rtol=2e-6, **way)
    same("ResizeNearestNeighbor", x, size(new), **way)
    same("ResizeNearestNeighborGrad", floats(2, *new, 3), size(old), rtol=2e-6, **way)


def test_rows_in_parts(monkeypatch: Any) -> None:
    monkeypatch.setattr(images, "THREADS", 32)
    x = floats(1, 2, 5, 4)
    same("ResizeBilinear", x, size((3, 11)), rtol=2e-6)
    same("ResizeNearestNeighbor", x, size((3, 11)))
    same("ResizeNearestNeighborGrad", floats(1, 3, 11, 4), size((2, 9)), rtol=2e-6)


def test_other_types() -> None:
    same("ResizeBilinear", ramp(1, 3, 4, 1, dtype=np.float64), size((5, 5)), rtol=2e-6)
    same("ResizeBilinear", ramp(1, 3, 4, 1, dtype=np.uint8), size((5, 5)), rtol=2e-6)
    same("ResizeBilinearGrad", floats(1, 5, 5, 1), ramp(1, 3, 4, 1, dtype=np.float64), rtol=2e-6)
    same("ResizeNearestNeighbor", ramp(1, 3, 4, 1, dtype=np.int32), size((5, 5)))
    same("ResizeNearestNeighborGrad", ramp(1, 5, 5, 1, dtype=np.int32), size((3, 4)))


def test_none() -> None:
    same("ResizeBilinear", floats(0, 3, 4, 2), size((5, 5)))
    same("ResizeNearestNeighbor", floats(2, 3, 4, 0), size((5, 5)))
    for op_type in ("ResizeBilinear", "ResizeNearestNeighbor"):
        same_error(op_type, floats(1, 3, 4, 2), size((0, 5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_colours(dtype: Any) -> None:
    some = np.array([[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2], [1, 0, 1], [0.1, 0.1, 0.1], [0, 1, 0], [-0.5, 2, 0.3]], dtype)
    x = np.concatenate([some, np.abs(floats(30, 3)).astype(dtype)])
    same("RGBToHSV", x, rtol=2e-6 if dtype == np.float32 else 1e-14)
    same("HSVToRGB", x, rtol=2e-6 if dtype == np.float32 else 1e-14)
    same("RGBToHSV", np.zeros((0, 3), dtype))


def test_adjusted() -> None:
    x = np.abs(floats(2, 5, 7, 3))
    for amount in (0.3, -0.9, 1.7):
        same("AdjustHue", x, np.float32(amount), rtol=4e-6)
        same("AdjustSaturation", x, np.float32(amount), rtol=2e-6)
        same("AdjustContrastv2", x, np.float32(amount), rtol=2e-6)
    same("AdjustContrastv2", floats(5, 4, 2), np.float32(2), rtol=2e-6)
    same("AdjustContrastv2", floats(0, 5, 4, 2), np.float32(2))
    for op_type in ("AdjustHue", "AdjustSaturation"):
        same_error(op_type, floats(5, 4, 2), np.float32(2))
