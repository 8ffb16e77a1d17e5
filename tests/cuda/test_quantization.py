"""Fake quantization: limits on both sides of zero and on one, few and many steps."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from compare import floats, same

X = np.concatenate([floats(40) * 3, np.array([0.0, np.inf, -np.inf], np.float32)])


@pytest.mark.parametrize("attrs", [{}, {"num_bits": 2}, {"num_bits": 4, "narrow_range": True}], ids=str)
@pytest.mark.parametrize("limits", [(-1.0, 2.0), (0.5, 1.5), (-2.0, -0.1), (0.0, 1.0)], ids=str)
def test_fake(limits: Any, attrs: Any) -> None:
    low, high = map(np.float32, limits)
    dy = floats(43, seed=1)
    same("FakeQuantWithMinMaxVars", X, low, high, rtol=1e-6, **attrs)
    same("FakeQuantWithMinMaxVarsGradient", dy, X, low, high, rtol=2e-6, **attrs)
    same("FakeQuantWithMinMaxArgs", X, min=limits[0], max=limits[1], rtol=1e-6, **attrs)
    same("FakeQuantWithMinMaxArgsGradient", dy, X, min=limits[0], max=limits[1], rtol=2e-6, **attrs)


def test_no_range_and_nothing() -> None:
    zero = np.float32(0)
    same("FakeQuantWithMinMaxVars", X, zero, zero)
    same("FakeQuantWithMinMaxVarsGradient", X, X, zero, zero)
    same("FakeQuantWithMinMaxVars", floats(0, 2), zero, np.float32(1))
    same("FakeQuantWithMinMaxVarsGradient", floats(0), floats(0), zero, np.float32(1))
