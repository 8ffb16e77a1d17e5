"""Kernels of the optimizers' steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, Cell, kernel

_FUSED = 1 << 10  # elements from which one compiled pass is quicker than NumPy's several


def _check(cell: Cell, value: Any, gradient: Any) -> None:
    if value.shape != np.shape(gradient):
        raise errors.InvalidArgumentError(
            None, None, f"var and grad do not have the same shape: {list(value.shape)} {list(np.shape(gradient))} ({cell.name})"
        )


@kernel("ApplyGradientDescent", aliasing=True)
def _gradient_descent(op: Any) -> Call:
    def call(var: Cell, alpha: Any, delta: Any) -> Cell:
        value = var.read()
        _check(var, value, delta)
        var.value = np.asarray(value - delta * alpha)
        return var

    return call


@kernel("ApplyMomentum", aliasing=True)
def _momentum(op: Any) -> Call:
    nesterov = op._attrs["use_nesterov"]

    def call(var: Cell, accum: Cell, lr: Any, grad: Any, momentum: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        moved = np.asarray(accum.read() * momentum + grad)
        accum.value = moved
        var.value = np.asarray(value - (grad * lr + moved * momentum * lr if nesterov else moved * lr))
        return var

    return call


@kernel("ApplyAdam", aliasing=True)
def _adam(op: Any) -> Call:
    nesterov = op._attrs["use_nesterov"]

    def call(
        var: Cell, m: Cell, v: Cell, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any, eps: Any, grad: Any
    ) -> Cell:
        value = var.read()
        _check(var, value, grad)
        one = value.dtype.type(1)
        rate = lr * np.sqrt(one - beta2_power) / (one - beta1_power)
        old_m, old_v = m.read(), v.read()
        if value.size >= _FUSED and value.dtype in (np.float32, np.float64) and not nesterov:
            from teachtf.kernels.cpu.optimizers import adam

            var.value, m.value, v.value = adam(value, old_m, old_v, grad, rate, beta1, beta2, eps)
            return var
        new_m = np.asarray(old_m + (grad - old_m) * (one - beta1))
        new_v = np.asarray(old_v + (grad * grad - old_v) * (one - beta2))
        step = new_m * beta1 + grad * (one - beta1) if nesterov else new_m
        m.value, v.value = new_m, new_v
        var.value = np.asarray(value - rate * step / (np.sqrt(new_v) + eps))
        return var

    return call


@kernel("ApplyAdagrad", aliasing=True)
def _adagrad(op: Any) -> Call:
    update_slots = op._attrs["update_slots"]

    def call(var: Cell, accum: Cell, lr: Any, grad: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        total = accum.read()
        if update_slots:
            total = accum.value = np.asarray(total + grad * grad)
        var.value = np.asarray(value - grad * lr / np.sqrt(total))
        return var

    return call


@kernel("ApplyRMSProp", aliasing=True)
def _rms_prop(op: Any) -> Call:
    def call(var: Cell, ms: Cell, mom: Cell, lr: Any, rho: Any, momentum: Any, epsilon: Any, grad: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        old = ms.read()
        mean_square = np.asarray(old + (grad * grad - old) * (value.dtype.type(1) - rho))
        step = np.asarray(mom.read() * momentum + grad * lr / np.sqrt(mean_square + epsilon))
        ms.value, mom.value = mean_square, step
        var.value = np.asarray(value - step)
        return var

    return call


@kernel("ApplyCenteredRMSProp", aliasing=True)
def _centered_rms_prop(op: Any) -> Call:
    def call(var: Cell, mg: Cell, ms: Cell, mom: Cell, lr: Any, rho: Any, momentum: Any, epsilon: Any, grad: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        keep = value.dtype.type(1) - rho
        mean_square = np.asarray(ms.read() + (grad * grad - ms.read()) * keep)
        mean = np.asarray(mg.read() + (grad - mg.read()) * keep)
        step = np.asarray(mom.read() * momentum + grad * lr / np.sqrt(mean_square - mean * mean + epsilon))
        ms.value, mg.value, mom.value = mean_square, mean, step
        var.value = np.asarray(value - step)
        return var

    return call


@kernel("ApplyAdadelta", aliasing=True)
def _adadelta(op: Any) -> Call:
    def call(var: Cell, accum: Cell, accum_update: Cell, lr: Any, rho: Any, epsilon: Any, grad: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        one = value.dtype.type(1)
        total = np.asarray(accum.read() * rho + grad * grad * (one - rho))
        old = accum_update.read()
        step = np.sqrt(old + epsilon) / np.sqrt(total + epsilon) * grad
        accum.value, accum_update.value = total, np.asarray(old * rho + step * step * (one - rho))
        var.value = np.asarray(value - step * lr)
        return var

    return call


@kernel("ApplyFtrl", aliasing=True)
def _ftrl(op: Any) -> Call:
    def call(var: Cell, accum: Cell, linear: Cell, grad: Any, lr: Any, l1: Any, l2: Any, power: Any) -> Cell:
        value = var.read()
        _check(var, value, grad)
        old = accum.read()
        total = np.asarray(old + grad * grad)
        pull = (total ** (-power) - old ** (-power)) / lr
        moved = np.asarray(linear.read() + grad - pull * value)
        quadratic = total ** (-power) / lr + 2 * l2
        accum.value, linear.value = total, moved
        var.value = np.where(np.abs(moved) > l1, (np.sign(moved) * l1 - moved) / quadratic, 0).astype(value.dtype)
        return var

    return call
