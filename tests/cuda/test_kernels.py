"""Every CUDA kernel gives what the CPU's gives, on the small example of its op (`tests/ops/conftest.py`).

On a machine with a GPU this runs there; without one, under the simulator (`NUMBA_ENABLE_CUDASIM=1`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.arrays import GpuArray, to_host
from teachtf.kernels.registry import State

sys.path.insert(0, str(Path(__file__).parents[1] / "ops"))
from conftest import SAMPLES

assert library
TOLERANCE = {np.dtype(np.float32): 2e-6, np.dtype(np.complex64): 2e-6}
# Their numbers depend on the node's generator and not on inputs alone: test_random.py
RANDOM = {"Multinomial", "RandomStandardNormal", "RandomUniform", "RandomUniformInt", "TruncatedNormal"}


def arrays(value: Any, float_type: Any) -> list[np.ndarray]:
    values = value if isinstance(value, list) else [value]
    return [v.astype(float_type) if v.dtype == np.float64 else v for v in values]


def node(sample: Any, float_type: Any) -> tuple[Any, list[np.ndarray]]:
    def one(value: Any) -> Any:
        if isinstance(value, list):
            return [one(v) for v in value]
        return tf.constant(value.astype(float_type) if value.dtype == np.float64 else value)

    made = apply_op(sample.op_type, *[one(v) for v in sample.inputs], **sample.attrs)
    first = made if isinstance(made, tf.Operation) else (made[0] if isinstance(made, list | tuple) else made).op
    return first, [a for value in sample.inputs for a in arrays(value, float_type)]


@pytest.mark.parametrize("float_type", [np.float32, np.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.op_type in registry.registered() - RANDOM], ids=str)
def test_a_kernel_gives_what_the_cpu_gives(sample: Any, float_type: Any) -> None:
    if sample.float_type == np.float32 and float_type == np.float64:
        pytest.skip("the op is for float32 alone")
    op, inputs = node(sample, float_type)
    call = registry.build(op, State())
    assert call is not None, "it fell back to the CPU"
    with np.errstate(all="ignore"):
        expected, given = cpu.build(op, State())(*inputs), call(*inputs)
    expected, given = (v if isinstance(v, tuple) else (v,) for v in (expected, given))
    assert len(expected) == len(given)
    for want, have, tensor in zip(expected, given, op.outputs, strict=True):
        assert isinstance(have, GpuArray | np.ndarray | np.generic), type(have)
        assert np.dtype(have.dtype) == tensor.dtype.as_numpy_dtype
        have = to_host(have)
        assert np.shape(have) == np.shape(want)
        tolerance = TOLERANCE.get(np.asarray(want).dtype, 1e-12)
        np.testing.assert_allclose(have, want, rtol=tolerance, atol=tolerance, err_msg=sample.op_type)
