"""Elementwise ops of two inputs, which broadcast: arithmetic and comparisons. `elementwise.py` says what a formula is."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.ops import shape_functions as shapes
from teachtf.ops.broadcasting import sum_to_inputs
from teachtf.ops.elementwise import COMPLEX, FLOATS, WIDE, after, conj


def _binary(name: str, formula: str, types: str, gradient: Any = NO_GRADIENT, *, commutative: bool = False) -> None:
    declare(
        name,
        inputs="x: T, y: T",
        outputs="z: T",
        attrs=f"T: {{{types}}}",
        formula=formula,
        shape=shapes.broadcast,
        gradient=gradient,
        commutative=commutative,
    )


def _compare(name: str, formula: str) -> None:
    equality = name in ("Equal", "NotEqual")
    declare(
        name,
        inputs="x: T, y: T",
        outputs="z: bool",
        attrs="T: type, incompatible_shape_error: bool = true" if equality else "T: realnumbertype",
        formula=formula,
        shape=shapes.broadcast,
        gradient=NOT_DIFFERENTIABLE,
        commutative=equality,
    )


def _same_known_shapes(*tensors: Any) -> bool:
    first = tensors[0].shape.as_tuple
    return first is not None and None not in first and all(t.shape.as_tuple == first for t in tensors[1:])


def _add_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    return [grad, grad] if _same_known_shapes(x, y, grad) else sum_to_inputs(x, y, grad, grad)


def _sub_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    return [grad, -grad] if _same_known_shapes(x, y, grad) else sum_to_inputs(x, y, grad, -grad)


def _mul_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    if _same_known_shapes(x, y, grad) and grad.dtype.name in ("int32", "float32"):
        return [apply_op("Mul", grad, y), apply_op("Mul", grad, x)]
    gx, gy = apply_op("Mul", grad, conj(y)), apply_op("Mul", conj(x), grad)
    return sum_to_inputs(x, y, gx, gy)


def _division_gradient(kind: str) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        x, y = op.inputs
        cx, cy = conj(x), conj(y)
        name = "div_no_nan" if kind == "DivNoNan" else None
        gx = apply_op(kind, grad, cy, name=name)
        gy = grad * apply_op(kind, apply_op(kind, -cx, cy, name=name), cy, name=name)
        return sum_to_inputs(x, y, gx, gy)

    return gradient


def _larger_gradient(compare: str) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        from teachtf.ops.fills import zeros_like

        x, y = op.inputs
        zeros = zeros_like(grad)
        mask = apply_op(compare, x, y)
        gx, gy = apply_op("SelectV2", mask, grad, zeros), apply_op("SelectV2", mask, zeros, grad)
        return sum_to_inputs(x, y, gx, gy)

    return gradient


def _pow_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.fills import ones_like, zeros_like

    x, y = op.inputs
    cx, cy = conj(x), conj(y)
    gx = grad * cy * apply_op("Pow", cx, cy - 1)
    mask = apply_op("NotEqual", cx, 0) if x.dtype.is_complex else cx > 0
    safe_x = apply_op("Select", mask, cx, ones_like(x))
    log_x = apply_op("Select", mask, apply_op("Log", safe_x), zeros_like(x))
    gy = grad * conj(op.outputs[0]) * log_x
    return sum_to_inputs(x, y, gx, gy)


def _squared_difference_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    with after(grad):
        gx = apply_op("Mul", constant(2.0, dtype=grad.dtype, name="scalar"), grad) * (x - y)
    if _same_known_shapes(x, y, grad):
        return [gx, -gx]
    return sum_to_inputs(x, y, gx, -gx)


def _floor_mod_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    floor = apply_op("FloorDiv", x, y)
    return sum_to_inputs(x, y, grad, grad * apply_op("Neg", floor))


def _atan2_gradient(op: Any, grad: Any) -> list[Any]:
    y, x = op.inputs
    with after(grad):
        inverse = grad / (apply_op("Square", y) + apply_op("Square", x))
        return sum_to_inputs(y, x, x * inverse, -y * inverse)


_UNSIGNED = "uint8, uint16, uint32, uint64, int8, int16, int32, int64"
_NUMBERS = f"{FLOATS}, {_UNSIGNED}, {COMPLEX}"
_binary("Add", "x + y", f"{FLOATS}, uint8, int8, int16, int32, int64, {COMPLEX}, string", _add_gradient)
_binary("AddV2", "x + y", _NUMBERS, _add_gradient, commutative=True)
_binary("Sub", "x - y", _NUMBERS, _sub_gradient)
_binary("Mul", "x * y", _NUMBERS, _mul_gradient, commutative=True)
_binary("RealDiv", "x / y", _NUMBERS, _division_gradient("RealDiv"))
_binary("Div", "truncdiv(x, y)", _NUMBERS, _division_gradient("Div"))
_binary("DivNoNan", "div_no_nan(x, y)", f"{FLOATS}, {COMPLEX}", _division_gradient("DivNoNan"))
_binary("FloorDiv", "floordiv(x, y)", _NUMBERS, NOT_DIFFERENTIABLE)
_binary("TruncateDiv", "truncdiv(x, y)", _NUMBERS, NOT_DIFFERENTIABLE)
_binary("FloorMod", "floormod(x, y)", f"{FLOATS}, {_UNSIGNED}", _floor_mod_gradient)
_binary("TruncateMod", "truncmod(x, y)", f"{FLOATS}, int32, int64")
_binary("Mod", "truncmod(x, y)", f"{FLOATS}, int32, int64")
_binary("Maximum", "max(x, y)", WIDE, _larger_gradient("GreaterEqual"))
_binary("Minimum", "min(x, y)", WIDE, _larger_gradient("LessEqual"))
_binary("Pow", "pow(x, y)", f"{FLOATS}, int8, int16, int32, int64, {COMPLEX}", _pow_gradient)
_binary(
    "SquaredDifference",
    "(x - y) * (x - y)",
    f"{FLOATS}, int32, int64, {COMPLEX}",
    _squared_difference_gradient,
    commutative=True,
)
declare(
    "Atan2",
    inputs="y: T, x: T",
    outputs="z: T",
    attrs=f"T: {{{FLOATS}}}",
    formula="atan2(y, x)",
    shape=shapes.broadcast,
    gradient=_atan2_gradient,
)
_compare("Equal", "x == y")
_compare("NotEqual", "x != y")
_compare("Less", "x < y")
_compare("LessEqual", "x <= y")
_compare("Greater", "x > y")
_compare("GreaterEqual", "x >= y")
