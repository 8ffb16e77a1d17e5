"""What optimizers do to one element, as formulas: for each step the new values of what it updates, from which the loops of
every device come. Source: TensorFlow's `training_ops.cc`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.kernels.cpu.formula import Statements

__all__ = ["RULES", "Rule", "rule_of"]

# From a node's attributes to (name, expression) pairs over the names of the node's inputs. `new_x` is what becomes of x.
Rule = Callable[[dict[str, Any]], list[tuple[str, str]]]

# `moved` a step towards zero: by l1 times the rate, then in proportion to l2.
_SHRUNK = "sign(moved) * max(abs(moved) - rate * l1, 0) / (1 + l2 * rate)"


def _momentum(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    step = "grad * lr + new_accum * momentum * lr" if attrs["use_nesterov"] else "new_accum * lr"
    return [("new_accum", "accum * momentum + grad"), ("new_var", f"var - ({step})")]


def _adam(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    direction = "(new_m * beta1 + grad * (1 - beta1))" if attrs["use_nesterov"] else "new_m"
    return [
        ("rate", "lr * sqrt(1 - beta2_power) / (1 - beta1_power)"),
        ("new_m", "m + (grad - m) * (1 - beta1)"),
        ("new_v", "v + (grad * grad - v) * (1 - beta2)"),
        ("new_var", f"var - rate * {direction} / (sqrt(new_v) + epsilon)"),
    ]


def _adagrad(attrs: dict[str, Any], root: str = "sqrt(new_accum)") -> list[tuple[str, str]]:
    return [
        ("new_accum", "accum + grad * grad" if attrs["update_slots"] else "accum"),
        ("new_var", f"var - grad * lr / {root}"),
    ]


def _proximal_adagrad(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("new_accum", "accum + grad * grad"),
        ("rate", "lr / sqrt(new_accum)"),
        ("moved", "var - grad * rate"),
        ("new_var", _SHRUNK),
    ]


def _dual_averaging(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    sums, squares = "new_gradient_accumulator", "new_gradient_squared_accumulator"
    return [
        (sums, "gradient_accumulator + grad"),
        (squares, "gradient_squared_accumulator + grad * grad"),
        ("pull", f"where(l1 > 0, sign({sums}) * max(abs({sums}) - l1 * global_step, 0), {sums})"),
        ("new_var", f"-lr * pull / (l2 * global_step * lr + sqrt({squares}))"),
    ]


def _rms_prop(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("new_ms", "ms + (grad * grad - ms) * (1 - rho)"),
        ("new_mom", "mom * momentum + grad * lr / sqrt(new_ms + epsilon)"),
        ("new_var", "var - new_mom"),
    ]


def _centered_rms_prop(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("new_ms", "ms + (grad * grad - ms) * (1 - rho)"),
        ("new_mg", "mg + (grad - mg) * (1 - rho)"),
        ("new_mom", "mom * momentum + grad * lr / sqrt(new_ms - new_mg * new_mg + epsilon)"),
        ("new_var", "var - new_mom"),
    ]


def _adadelta(attrs: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        ("new_accum", "accum * rho + grad * grad * (1 - rho)"),
        ("moved", "sqrt(accum_update + epsilon) / sqrt(new_accum + epsilon) * grad"),
        ("new_var", "var - moved * lr"),
        ("new_accum_update", "accum_update * rho + moved * moved * (1 - rho)"),
    ]


def _ftrl(attrs: dict[str, Any], gradient: str = "grad") -> list[tuple[str, str]]:
    by_rate = attrs["multiply_linear_by_lr"]  # `linear` holds the sums times the rate
    limit = "(l1 * lr)" if by_rate else "l1"
    return [
        ("new_accum", "accum + grad * grad"),
        ("new_power", "pow(new_accum, -lr_power)"),
        ("change", "new_power - pow(accum, -lr_power)"),
        ("pushed", gradient),
        ("new_linear", "linear + pushed * lr - change * var" if by_rate else "linear + pushed - change / lr * var"),
        ("curve", "new_power + 2 * l2 * lr" if by_rate else "new_power / lr + 2 * l2"),
        ("new_var", f"where(abs(new_linear) > {limit}, (sign(new_linear) * {limit} - new_linear) / curve, 0)"),
    ]


RULES: dict[str, Rule] = {
    "GradientDescent": lambda attrs: [("new_var", "var - grad * alpha")],
    "Momentum": _momentum,
    "Adam": _adam,
    "Adagrad": _adagrad,
    "AdagradV2": lambda attrs: _adagrad(attrs, "(sqrt(new_accum) + epsilon)"),
    "ProximalGradientDescent": lambda attrs: [
        ("rate", "alpha"),
        ("moved", "var - grad * rate"),
        ("new_var", _SHRUNK),
    ],
    "ProximalAdagrad": _proximal_adagrad,
    "AdagradDA": _dual_averaging,
    "RMSProp": _rms_prop,
    "CenteredRMSProp": _centered_rms_prop,
    "Adadelta": _adadelta,
    "Ftrl": _ftrl,
    "FtrlV2": lambda attrs: _ftrl(attrs, "grad + 2 * l2_shrinkage * var"),
}


def rule_of(op: Any) -> Statements:
    """The rule of an `Apply...` or `SparseApply...` node. Inputs are the node's in their order, but for indices, and with the
    gradient as "grad", which some nodes call delta; outputs the new values of those that it takes by reference."""
    steps = RULES[op.type.removeprefix("Sparse").removeprefix("Apply")](op._attrs)
    inputs = [arg for arg in op._op_def.inputs if arg.name != "indices"]
    names = tuple("grad" if arg.name == "delta" else arg.name for arg in inputs)
    return Statements(tuple(steps), tuple(f"new_{arg.name}" for arg in inputs if arg.is_ref), names)
