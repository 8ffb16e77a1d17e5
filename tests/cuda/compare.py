"""What the tests of CUDA kernels have in common: one node, run by the CPU's kernel and by the GPU's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.arrays import to_gpu, to_host
from teachtf.kernels.registry import State

assert cpu_library and library


def built(op_type: str, inputs: Any, attrs: Any, device: Any, known: Any = None) -> tuple[Any, list[np.ndarray]]:
    """The call of a node with these inputs (lists for list arguments), and the arrays it takes. What is not known before a
    run is not checked before: if `known` is given, only the inputs at these positions are."""

    def node(value: Any, known: bool) -> Any:
        if isinstance(value, list):
            return [node(v, known) for v in value]
        return tf.constant(value) if known else tf.placeholder(np.asarray(value).dtype)

    made = apply_op(op_type, *[node(v, known is None or i in known) for i, v in enumerate(inputs)], **attrs)
    op = (made[0] if isinstance(made, list | tuple) else made).op
    arrays = [np.asarray(a) for v in inputs for a in (v if isinstance(v, list) else [v])]
    return device.build(op, State()), arrays


def both(op_type: str, *inputs: Any, **attrs: Any) -> tuple[Any, Any]:
    """What the CPU's kernel and the GPU's give: tuples of arrays."""
    results = []
    for device, move in ((cpu, np.asarray), (registry, to_gpu)):
        call, arrays = built(op_type, inputs, attrs, device)
        arrays = [move(a) for a in arrays]
        with np.errstate(all="ignore"):
            given = call(*arrays)
        results.append(tuple(to_host(v) for v in (given if isinstance(given, tuple) else (given,))))
    return results[0], results[1]


def same(op_type: str, *inputs: Any, rtol: float = 0.0, **attrs: Any) -> None:
    """The CPU's kernel and the GPU's give the same, to a relative tolerance."""
    for want, have in zip(*both(op_type, *inputs, **attrs), strict=True):
        assert have.dtype == want.dtype
        assert have.shape == want.shape
        np.testing.assert_allclose(have, want, rtol=rtol, atol=rtol, err_msg=op_type)


def same_error(op_type: str, *inputs: Any, known: Any = (), **attrs: Any) -> None:
    """The CPU's kernel and the GPU's refuse the inputs in the same words, and the GPU's serves the next ones."""
    words = []
    for device, move in ((cpu, np.asarray), (registry, np.asarray), (registry, to_gpu)):
        call, arrays = built(op_type, inputs, attrs, device, known)
        arrays = [move(a) for a in arrays]
        with pytest.raises(tf.errors.OpError) as raised:
            call(*arrays)
        words.append((type(raised.value), raised.value.message))
    assert words[0] == words[1] == words[2]


def ramp(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    """1, 2, 3 ..."""
    return np.arange(1, 1 + int(np.prod(shape)), dtype=np.int64).reshape(shape).astype(dtype)


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    """Numbers between -1 and 1."""
    return np.random.RandomState(seed).uniform(-1, 1, shape).astype(np.float32)
