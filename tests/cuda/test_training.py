"""The optimizers' steps on the GPU against the CPU's, whole and by rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op
from teachtf.core.op_def import lookup
from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.arrays import GpuArray, to_gpu, to_host
from teachtf.kernels.registry import Cell, State

assert cpu_library and library

R = np.random.RandomState(3)
NUMBERS = {"l1": 0.01, "l2": 0.1, "l2_shrinkage": 0.2, "lr_power": -0.5, "rho": 0.9, "momentum": 0.8, "epsilon": 1e-3}
NUMBERS |= {"beta1": 0.9, "beta2": 0.99, "beta1_power": 0.81, "beta2_power": 0.98, "lr": 0.1, "alpha": 0.1}
STEPS = sorted(t for t in registry.registered() if t.startswith(("Apply", "SparseApply")))
CHOICES = {"use_nesterov", "update_slots", "multiply_linear_by_lr"}


def node(op_type: str, shape: Any, dtype: Any, **attrs: Any) -> Any:
    names = lookup(op_type).inputs
    values = [
        tf.Variable(np.zeros(shape, dtype), use_resource=False) if arg.is_ref
        else tf.placeholder(tf.int64 if arg.name == "indices" else dtype)
        for arg in names
    ]  # fmt: skip
    values = [v._ref() if isinstance(v, tf.Variable) else v for v in values]
    return apply_op(op_type, *values, **attrs).op


def inputs_of(op: Any, shape: Any, dtype: Any, gradient_shape: Any, indices: Any) -> list[Any]:
    made: list[Any] = []
    for arg in op._op_def.inputs:
        if arg.is_ref:
            cell = Cell(arg.name)
            # slots of squares are larger than those of means
            cell.value = (R.uniform(0.5, 1.0, shape) + (0.5 if "ms" in arg.name else 0.0)).astype(dtype)
            made.append(cell)
        elif arg.name in ("grad", "delta"):
            made.append(R.normal(size=gradient_shape).astype(dtype))
        else:
            made.append(np.array(indices, np.int64) if arg.name == "indices" else np.dtype(dtype).type(NUMBERS[arg.name]))
    return made


def stepped(op: Any, inputs: list[Any], device: Any) -> list[Any]:
    """The cells after two steps."""
    copied = []
    for value in inputs:
        if isinstance(value, Cell):
            cell = Cell(value.name)
            cell.value = value.value.copy() if device is cpu else to_gpu(value.value)
            value = cell
        copied.append(value)
    call = device.build(op, State())
    for _ in range(2):
        assert call(*copied) is copied[0]
    return [cell.value for cell in copied if isinstance(cell, Cell)]


@pytest.mark.parametrize("dtype, tolerance", [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("op_type", STEPS)
def test_steps(op_type: str, dtype: Any, tolerance: float) -> None:
    choices = [name for name in lookup(op_type).attrs if name in CHOICES]
    for attrs in [{}, *({name: True} for name in choices), *({name: False} for name in choices)]:
        with tf.Graph().as_default():
            shape = (5, 3)
            op = node(op_type, shape, dtype, **attrs)
            indices = [3, 0, 3, 1, 3, 0]
            given = inputs_of(op, shape, dtype, (6, 3) if op_type.startswith("Sparse") else shape, indices)
            for want, have in zip(stepped(op, given, cpu), stepped(op, given, registry), strict=True):
                assert isinstance(have, GpuArray)
                np.testing.assert_allclose(to_host(have), want, rtol=tolerance, atol=tolerance)


def test_arrays_are_replaced() -> None:
    for op_type in ("ApplyMomentum", "SparseApplyAdagrad"):
        with tf.Graph().as_default():
            op = node(op_type, (2, 3), np.float32)
            given = inputs_of(op, (2, 3), np.float32, (2, 3), [1, 0])
            before = given[0].value = to_gpu(given[0].value)
            old = to_host(before).copy()
            registry.build(op, State())(*given)
            assert given[0].value is not before
            before._host = None
            np.testing.assert_array_equal(to_host(before), old)


def test_nothing_to_do() -> None:
    with tf.Graph().as_default():
        op = node("SparseApplyAdagrad", (2, 3), np.float32)
        given = inputs_of(op, (2, 3), np.float32, (0, 3), [])
        for want, have in zip(stepped(op, given, cpu), stepped(op, given, registry), strict=True):
            np.testing.assert_array_equal(to_host(have), want)
        op = node("ApplyGradientDescent", (0, 3), np.float32)
        (value,) = stepped(op, inputs_of(op, (0, 3), np.float32, (0, 3), []), registry)
        assert value.shape == (0, 3)


@pytest.mark.parametrize(
    "op_type, gradient, indices",
    [
        ("ApplyMomentum", (3, 2), []),
        ("SparseApplyAdagrad", (2, 3), [0, 5]),
        ("SparseApplyAdagrad", (2, 3), [-1, 0]),
        ("SparseApplyAdagrad", (2, 3), [0]),
        ("SparseApplyAdagrad", (2, 2), [0, 1]),
    ],
)
def test_errors(op_type: str, gradient: Any, indices: Any) -> None:
    with tf.Graph().as_default():
        op = node(op_type, (2, 3), np.float32)
        given = inputs_of(op, (2, 3), np.float32, gradient, indices)
        words = []
        for device in (cpu, registry):
            with pytest.raises(tf.errors.InvalidArgumentError) as raised:
                stepped(op, given, device)
            words.append(raised.value.message)
        assert words[0] == words[1]
