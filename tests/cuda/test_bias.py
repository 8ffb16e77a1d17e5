"""Biases beside each format of images, and their gradients."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import to_gpu

sys.path.insert(0, str(Path(__file__).parent))
from compare import built, floats, ramp, same


@pytest.mark.parametrize("form", ["NHWC", "NCHW"])
@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (3, 4, 5, 2), (0, 3), (2, 3, 4, 5, 2)], ids=str)
def test_biases(shape: Any, form: str) -> None:
    channels = shape[1 if form == "NCHW" else -1]
    same("BiasAdd", floats(*shape), floats(channels), data_format=form)
    same("BiasAdd", ramp(*shape, dtype=np.int32), ramp(channels, dtype=np.int32), data_format=form)
    same("BiasAddGrad", floats(*shape), rtol=2e-6, data_format=form)


def test_a_bias_of_another_length() -> None:
    call, arrays = built("BiasAdd", (floats(2, 3), floats(4)), {}, registry, ())
    with pytest.raises(ValueError, match="broadcast"):
        call(*map(to_gpu, arrays))


@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 50)], ids=str)
def test_half_the_sum_of_squares(shape: Any) -> None:
    same("L2Loss", floats(*shape), rtol=2e-6)
    same("L2Loss", floats(*shape).astype(np.float64), rtol=1e-13)
