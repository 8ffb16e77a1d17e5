"""Kernels of the optimizers' steps: a rule says what becomes of the values; a step runs it over all of them, or some rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, Cell, kernel

# From a node to the function of the step: the values that the references hold, then the other inputs in their order, but for
# indices. It gives the new values.
Rule = Callable[[Any], Callable[..., tuple[Any, ...]]]

_FUSED = 1 << 10  # elements from which one compiled pass is quicker than NumPy's several


def _gradient_descent(op: Any) -> Callable[..., tuple[Any, ...]]:
    return lambda var, alpha, delta: (var - delta * alpha,)


def _momentum(op: Any) -> Callable[..., tuple[Any, ...]]:
    nesterov = op._attrs["use_nesterov"]

    def step(var: Any, accum: Any, lr: Any, grad: Any, momentum: Any) -> tuple[Any, ...]:
        moved = accum * momentum + grad
        return var - (grad * lr + moved * momentum * lr if nesterov else moved * lr), moved

    return step


def _adam(op: Any) -> Callable[..., tuple[Any, ...]]:
    nesterov = op._attrs["use_nesterov"]

    def step(
        var: Any, m: Any, v: Any, beta1_power: Any, beta2_power: Any, lr: Any, beta1: Any, beta2: Any, eps: Any, grad: Any
    ) -> tuple[Any, ...]:
        one = var.dtype.type(1)
        rate = lr * np.sqrt(one - beta2_power) / (one - beta1_power)
        if var.size >= _FUSED and var.dtype in (np.float32, np.float64) and not nesterov:
            from teachtf.kernels.cpu.optimizers import adam

            return adam(var, m, v, grad, rate, beta1, beta2, eps)
        new_m = m + (grad - m) * (one - beta1)
        new_v = v + (grad * grad - v) * (one - beta2)
        direction = new_m * beta1 + grad * (one - beta1) if nesterov else new_m
        return var - rate * direction / (np.sqrt(new_v) + eps), new_m, new_v

    return step


def _adagrad(op: Any) -> Callable[..., tuple[Any, ...]]:
    update_slots = op._attrs["update_slots"]

    def step(var: Any, accum: Any, lr: Any, grad: Any) -> tuple[Any, ...]:
        total = accum + grad * grad if update_slots else accum
        return var - grad * lr / np.sqrt(total), total

    def with_epsilon(var: Any, accum: Any, lr: Any, epsilon: Any, grad: Any) -> tuple[Any, ...]:
        total = accum + grad * grad if update_slots else accum
        return var - grad * lr / (np.sqrt(total) + epsilon), total

    return with_epsilon if op.type.endswith("V2") else step


def _shrunk(moved: Any, rate: Any, l1: Any, l2: Any) -> Any:
    """`moved` a step towards zero: by `l1` times the rate, then in proportion to `l2`."""
    if l1 > 0:
        moved = np.sign(moved) * np.maximum(np.abs(moved) - rate * l1, 0)
    return moved / (1 + l2 * rate)


def _proximal_descent(op: Any) -> Callable[..., tuple[Any, ...]]:
    return lambda var, alpha, l1, l2, delta: (_shrunk(var - delta * alpha, alpha, l1, l2),)


def _proximal_adagrad(op: Any) -> Callable[..., tuple[Any, ...]]:
    def step(var: Any, accum: Any, lr: Any, l1: Any, l2: Any, grad: Any) -> tuple[Any, ...]:
        total = accum + grad * grad
        rate = lr / np.sqrt(total)
        return _shrunk(var - grad * rate, rate, l1, l2), total

    return step


def _dual_averaging(op: Any) -> Callable[..., tuple[Any, ...]]:
    def step(var: Any, summed: Any, squared: Any, grad: Any, lr: Any, l1: Any, l2: Any, global_step: Any) -> tuple[Any, ...]:
        number = var.dtype.type(global_step)
        summed, squared = summed + grad, squared + grad * grad
        pull = np.sign(summed) * np.maximum(np.abs(summed) - l1 * number, 0) if l1 > 0 else summed
        return -lr * pull / (l2 * number * lr + np.sqrt(squared)), summed, squared

    return step


def _rms_prop(op: Any) -> Callable[..., tuple[Any, ...]]:
    def step(var: Any, ms: Any, mom: Any, lr: Any, rho: Any, momentum: Any, epsilon: Any, grad: Any) -> tuple[Any, ...]:
        mean_square = ms + (grad * grad - ms) * (var.dtype.type(1) - rho)
        moved = mom * momentum + grad * lr / np.sqrt(mean_square + epsilon)
        return var - moved, mean_square, moved

    return step


def _centered_rms_prop(op: Any) -> Callable[..., tuple[Any, ...]]:
    def step(
        var: Any, mg: Any, ms: Any, mom: Any, lr: Any, rho: Any, momentum: Any, epsilon: Any, grad: Any
    ) -> tuple[Any, ...]:
        keep = var.dtype.type(1) - rho
        mean_square = ms + (grad * grad - ms) * keep
        mean = mg + (grad - mg) * keep
        moved = mom * momentum + grad * lr / np.sqrt(mean_square - mean * mean + epsilon)
        return var - moved, mean, mean_square, moved

    return step


def _adadelta(op: Any) -> Callable[..., tuple[Any, ...]]:
    def step(var: Any, accum: Any, accum_update: Any, lr: Any, rho: Any, epsilon: Any, grad: Any) -> tuple[Any, ...]:
        one = var.dtype.type(1)
        total = accum * rho + grad * grad * (one - rho)
        moved = np.sqrt(accum_update + epsilon) / np.sqrt(total + epsilon) * grad
        return var - moved * lr, total, accum_update * rho + moved * moved * (one - rho)

    return step


def _ftrl(op: Any) -> Callable[..., tuple[Any, ...]]:
    by_rate = op._attrs["multiply_linear_by_lr"]  # `linear` holds the sums times the rate

    def step(
        var: Any, accum: Any, linear: Any, grad: Any, lr: Any, l1: Any, l2: Any, power: Any, shrinkage: Any = 0
    ) -> tuple[Any, ...]:
        total = accum + grad * grad
        new, old = total**-power, accum**-power
        grad = grad + 2 * shrinkage * var
        if by_rate:
            moved = linear + grad * lr - (new - old) * var
            limit, curve = l1 * lr, new + 2 * l2 * lr
        else:
            moved = linear + grad - (new - old) / lr * var
            limit, curve = l1, new / lr + 2 * l2
        return np.where(np.abs(moved) > limit, (np.sign(moved) * limit - moved) / curve, 0), total, moved

    if op.type.endswith("V2"):
        return lambda var, accum, linear, grad, lr, l1, l2, shrinkage, power: step(
            var, accum, linear, grad, lr, l1, l2, power, shrinkage
        )
    return step


_RULES: dict[str, Rule] = {
    "GradientDescent": _gradient_descent,
    "Momentum": _momentum,
    "Adam": _adam,
    "Adagrad": _adagrad,
    "AdagradV2": _adagrad,
    "ProximalGradientDescent": _proximal_descent,
    "ProximalAdagrad": _proximal_adagrad,
    "AdagradDA": _dual_averaging,
    "RMSProp": _rms_prop,
    "CenteredRMSProp": _centered_rms_prop,
    "Adadelta": _adadelta,
    "Ftrl": _ftrl,
    "FtrlV2": _ftrl,
}


def _places(op: Any) -> tuple[int, int, int]:
    """How many references a step takes; which input is the gradient, and which the indices."""
    names = [arg.name for arg in op._op_def.inputs]
    gradient = names.index("grad" if "grad" in names else "delta")
    return sum(arg.is_ref for arg in op._op_def.inputs), gradient, gradient + 1


@kernel(*(f"Apply{name}" for name in _RULES), aliasing=True)
def _step(op: Any) -> Call:
    rule = _RULES[op.type.removeprefix("Apply")](op)
    references, gradient, _ = _places(op)

    def call(*inputs: Any) -> Cell:
        cells = inputs[:references]
        values = [cell.read() for cell in cells]
        if values[0].shape != np.shape(inputs[gradient]):
            shapes = f"{list(values[0].shape)} {list(np.shape(inputs[gradient]))}"
            raise errors.InvalidArgumentError(
                None, None, f"var and grad do not have the same shape: {shapes} ({cells[0].name})"
            )
        _keep(cells, values, rule(*values, *inputs[references:]))
        return cells[0]

    return call


def _keep(cells: Any, old: list[Any], new: tuple[Any, ...]) -> None:
    for cell, before, value in zip(cells, old, new, strict=True):
        cell.value = np.asarray(value, before.dtype)


_BY_ROWS = [name for name in _RULES if name not in ("GradientDescent", "Adam")]  # those are made of scatters


@kernel(*(f"SparseApply{name}" for name in _BY_ROWS), aliasing=True)
def _sparse_step(op: Any) -> Call:
    rule = _RULES[op.type.removeprefix("SparseApply")](op)
    references, gradient, at = _places(op)

    def call(*inputs: Any) -> Cell:
        cells, grad, indices = inputs[:references], inputs[gradient], inputs[at]
        values = [cell.read().copy() for cell in cells]
        _check_rows(values[0], grad, indices)
        rest = list(inputs[references:at]) + list(inputs[at + 1 :])
        for rows in _rounds(indices):
            rest[gradient - references] = grad[rows]
            places = indices[rows]
            for value, new in zip(values, rule(*(v[places] for v in values), *rest), strict=True):
                value[places] = new
        for cell, value in zip(cells, values, strict=True):
            cell.value = value
        return cells[0]

    return call


def _check_rows(value: Any, grad: Any, indices: Any) -> None:
    if len(indices) != len(grad) or grad.shape[1:] != value.shape[1:]:
        raise errors.InvalidArgumentError(
            None, None, f"var and grad do not match: {list(value.shape)}, {len(indices)} indices and {list(grad.shape)}"
        )
    wrong = np.flatnonzero((indices < 0) | (indices >= len(value)))
    if wrong.size:
        raise errors.InvalidArgumentError(
            None, None, f"Index {indices[wrong[0]]} at offset {wrong[0]} in indices is out of range"
        )


def _rounds(indices: Any) -> Any:
    """Where each index stands, in rounds without an index twice: the second time builds on the first."""
    left = np.arange(len(indices))
    while left.size:
        first = np.sort(np.unique(indices[left], return_index=True)[1])
        yield left[first]
        left = np.delete(left, first)
