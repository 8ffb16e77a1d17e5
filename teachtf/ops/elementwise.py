"""Elementwise ops: each is a formula, a signature and a gradient.

The formula is text over the names of `teachtf/kernels/scalar.py`; from it come the NumPy path, the Numba loop and every fused
kernel. To add an op, add its declaration here.
"""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.name_scope import control_dependencies
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.ops import shape_functions as shapes

FLOATS = "bfloat16, half, float, double"
SIGNED = f"{FLOATS}, int8, int16, int32, int64"
COMPLEX = "complex64, complex128"
WIDE = f"{FLOATS}, int8, int16, int32, int64, uint8, uint16, uint32, uint64"


def conj(x: Any) -> Any:
    return apply_op("Conj", x, T=x.dtype) if x.dtype.is_complex else x


def after(gradient: Any) -> Any:
    return control_dependencies([gradient])


def _unary(name: str, formula: str, types: str, gradient: Any = NO_GRADIENT, args: str = "x", out: str = "y") -> None:
    declare(
        name,
        inputs=", ".join(f"{a.strip()}: T" for a in args.split(",")),
        outputs=f"{out}: T",
        attrs=f"T: {{{types}}}",
        formula=formula,
        shape=shapes.unchanged if "," not in args else shapes.merged,
        gradient=gradient,
    )


# --- one input ---------------------------------------------------------------------------------------------------


def _from_output(grad_op: str, wait: bool = True) -> Any:
    """The gradient is one fused op of the output and the output's gradient."""

    def gradient(op: Any, grad: Any) -> list[Any]:
        if not wait:
            return [apply_op(grad_op, op.outputs[0], grad)]
        with after(grad):
            return [apply_op(grad_op, conj(op.outputs[0]), grad)]

    return gradient


def _from_features(grad_op: str, use_output: bool = False) -> Any:
    """The gradient is one fused op of the output's gradient and the input (or output)."""

    def gradient(op: Any, grad: Any) -> list[Any]:
        attrs = {"alpha": op.get_attr("alpha")} if grad_op == "LeakyReluGrad" else {}
        return [apply_op(grad_op, grad, op.outputs[0] if use_output else op.inputs[0], **attrs)]

    return gradient


def _times(factor: Any, of_output: bool = False) -> Any:
    """The gradient is `grad * factor(x)`, computed once `grad` is there."""

    def gradient(op: Any, grad: Any) -> list[Any]:
        with after(grad):
            return [grad * factor(conj(op.outputs[0] if of_output else op.inputs[0]))]

    return gradient


def _square_gradient(op: Any, grad: Any) -> list[Any]:
    x = op.inputs[0]
    with after(grad):
        x = conj(x)
        two = constant(2.0 if not x.dtype.is_integer else 2, dtype=x.dtype)
        return [apply_op("Mul", grad, apply_op("Mul", x, two))]


def _sign_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.fills import zeros_like

    return [zeros_like(op.inputs[0])]


def _one(op: str) -> Any:
    return lambda x: apply_op(op, x)


def _erf_gradient(op: Any, grad: Any, sign: int) -> Any:
    two_over_root_pi = constant(sign * 1.1283791670955126, dtype=grad.dtype)
    with after(grad):
        return grad * two_over_root_pi * apply_op("Exp", -apply_op("Square", conj(op.inputs[0])))


def _one_plus_square(x: Any, op: str) -> Any:
    """The reciprocal of 1 + x^2 (`op` AddV2) or of 1 - x^2 (Sub)."""
    x2 = apply_op("Square", x)
    return apply_op("Reciprocal", apply_op(op, constant(1, dtype=x2.dtype), x2, name=op.removesuffix("V2")))


_unary("Abs", "abs(x)", SIGNED, lambda op, g: [g * apply_op("Sign", op.inputs[0])])
_unary("Neg", "-x", f"{SIGNED}, {COMPLEX}", lambda op, g: [-g])
_unary("Exp", "exp(x)", f"{FLOATS}, {COMPLEX}", _times(lambda y: y, of_output=True))
_unary("Expm1", "expm1(x)", f"{FLOATS}, {COMPLEX}", _times(_one("Exp")))
_unary("Log", "log(x)", f"{FLOATS}, {COMPLEX}", _times(_one("Reciprocal")))
_unary("Log1p", "log1p(x)", f"{FLOATS}, {COMPLEX}", _times(lambda x: apply_op("Reciprocal", 1 + x)))
_unary("Tanh", "tanh(x)", f"{FLOATS}, {COMPLEX}", _from_output("TanhGrad"))
_unary("Sigmoid", "sigmoid(x)", f"{FLOATS}, {COMPLEX}", _from_output("SigmoidGrad"))
_unary("Sqrt", "sqrt(x)", f"{FLOATS}, {COMPLEX}", _from_output("SqrtGrad", wait=False))
_unary("Rsqrt", "rsqrt(x)", f"{FLOATS}, {COMPLEX}", _from_output("RsqrtGrad", wait=False))
_unary("Reciprocal", "1 / x", f"{SIGNED}, {COMPLEX}", _from_output("ReciprocalGrad", wait=False))
_unary("Inv", "1 / x", f"{SIGNED}, {COMPLEX}", _from_output("ReciprocalGrad", wait=False))
_unary("Square", "x * x", f"{WIDE}, {COMPLEX}", _square_gradient)
_unary("Sign", "sign(x)", f"{SIGNED}, {COMPLEX}", _sign_gradient)
_unary("Floor", "floor(x)", FLOATS, NOT_DIFFERENTIABLE)
_unary("Ceil", "ceil(x)", FLOATS, NOT_DIFFERENTIABLE)
_unary("Round", "rint(x)", f"{SIGNED}, {COMPLEX}", NOT_DIFFERENTIABLE)
_unary("Rint", "rint(x)", FLOATS, NOT_DIFFERENTIABLE)
_unary("Sin", "sin(x)", f"{FLOATS}, {COMPLEX}", _times(_one("Cos")))
_unary("Cos", "cos(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_cos_gradient(op, g)])
_unary("Tan", "tan(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_tan_gradient(op, g)])
_unary("Asin", "asin(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_arc_gradient(op, g, 1)])
_unary("Acos", "acos(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_arc_gradient(op, g, -1)])
_unary("Atan", "atan(x)", f"{FLOATS}, {COMPLEX}", _times(lambda x: _one_plus_square(x, "AddV2")))
_unary("Sinh", "sinh(x)", f"{FLOATS}, {COMPLEX}", _times(_one("Cosh")))
_unary("Cosh", "cosh(x)", f"{FLOATS}, {COMPLEX}", _times(_one("Sinh")))
_unary("Asinh", "asinh(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_hyperbolic_gradient(op, g, "Cosh")])
_unary("Acosh", "acosh(x)", f"{FLOATS}, {COMPLEX}", lambda op, g: [_hyperbolic_gradient(op, g, "Sinh")])
_unary("Atanh", "atanh(x)", f"{FLOATS}, {COMPLEX}", _times(lambda x: _one_plus_square(x, "Sub")))
_unary("Erf", "erf(x)", FLOATS, lambda op, g: [_erf_gradient(op, g, 1)])
_unary("Erfc", "erfc(x)", FLOATS, lambda op, g: [_erf_gradient(op, g, -1)])
_unary("Lgamma", "lgamma(x)", FLOATS, _times(_one("Digamma")))
_unary("Digamma", "digamma(x)", FLOATS, lambda op, g: [_digamma_gradient(op, g)])
_unary(
    "Softplus",
    "softplus(features)",
    FLOATS,
    lambda op, g: [g * apply_op("Sigmoid", op.inputs[0])],
    args="features",
    out="activations",
)
_unary(
    "Softsign",
    "features / (1 + abs(features))",
    FLOATS,
    _from_features("SoftsignGrad"),
    args="features",
    out="activations",
)
_unary(
    "Elu",
    "where(features < 0, expm1(features), features)",
    FLOATS,
    _from_features("EluGrad", True),
    args="features",
    out="activations",
)
_SELU = "1.0507009873554805"
_SELU_ALPHA = "1.7580993408473768"
_unary(
    "Selu",
    f"where(features < 0, {_SELU_ALPHA} * expm1(features), {_SELU} * features)",
    FLOATS,
    _from_features("SeluGrad", True),
    args="features",
    out="activations",
)
for _name, _formula in (("Relu", "max(features, 0)"), ("Relu6", "min(max(features, 0), 6)")):
    _unary(
        _name,
        _formula,
        WIDE + (", qint8" if _name == "Relu" else ""),
        _from_features(f"{_name}Grad", use_output=True),
        args="features",
        out="activations",
    )

for _name in ("IsNan", "IsInf", "IsFinite"):
    declare(
        _name,
        inputs="x: T",
        outputs="y: bool",
        attrs=f"T: {{{FLOATS}}}",
        formula=f"{_name.lower()}(x)",
        shape=shapes.unchanged,
    )
declare(
    "LogicalNot",
    inputs="x: bool",
    outputs="y: bool",
    formula="logical_not(x)",
    shape=shapes.unchanged,
    gradient=NOT_DIFFERENTIABLE,
)
for _name in ("LogicalAnd", "LogicalOr"):
    declare(
        _name,
        inputs="x: bool, y: bool",
        outputs="z: bool",
        formula="x & y" if _name == "LogicalAnd" else "x | y",
        shape=shapes.broadcast,
        gradient=NOT_DIFFERENTIABLE,
        commutative=True,
    )


def _digamma_gradient(op: Any, grad: Any) -> Any:
    from teachtf.ops.special import polygamma

    with after(grad):
        x = conj(op.inputs[0])
        return grad * polygamma(constant(1, dtype=x.dtype), x)


def _cos_gradient(op: Any, grad: Any) -> Any:
    with after(grad):
        return -grad * apply_op("Sin", conj(op.inputs[0]))


def _tan_gradient(op: Any, grad: Any) -> Any:
    with after(grad):
        secant = apply_op("Reciprocal", apply_op("Cos", conj(op.inputs[0])))
        return apply_op("Square", secant) * grad


def _arc_gradient(op: Any, grad: Any, sign: int) -> Any:
    with after(grad):
        x2 = apply_op("Square", conj(op.inputs[0]))
        slope = apply_op("Reciprocal", apply_op("Sqrt", apply_op("Sub", constant(1, dtype=x2.dtype), x2)))
        return grad * slope if sign > 0 else -grad * slope


def _hyperbolic_gradient(op: Any, grad: Any, slope: str) -> Any:
    with after(grad):
        return grad / apply_op(slope, conj(op.outputs[0]))


# --- fused gradients ---------------------------------------------------------------------------------------------


def _tanh_grad_gradient(op: Any, grad: Any) -> list[Any]:
    with after(grad):
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        return [grad * -2.0 * b * a, apply_op("TanhGrad", a, grad)]


def _sigmoid_grad_gradient(op: Any, grad: Any) -> list[Any]:
    with after(grad):
        a, b = conj(op.inputs[0]), conj(op.inputs[1])
        gb = grad * b
        return [gb - 2.0 * gb * a, apply_op("SigmoidGrad", a, grad)]


def _line_grad_gradient(op: Any, grad: Any) -> list[Any]:
    """Of the gradient of a function made of straight lines: the same op again, and nothing bends."""
    from teachtf.ops.fills import zeros_like

    attrs = {"alpha": op.get_attr("alpha")} if op.type == "LeakyReluGrad" else {}
    return [apply_op(op.type, grad, op.inputs[1], **attrs), zeros_like(op.inputs[1])]


def _elu_grad_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.fills import zeros_like

    given, y = op.inputs
    first = apply_op(op.type, grad, y)
    return [first, apply_op("Select", y < 0.0, grad * given, zeros_like(y))]


def _softplus_grad_gradient(op: Any, grad: Any) -> list[Any]:
    given, x = op.inputs
    with after(grad):
        first = apply_op("SoftplusGrad", grad, x)
        return [first, grad * given / (apply_op("Exp", -x) + 2.0 + apply_op("Exp", x))]


def _sqrt_grad_gradient(op: Any, grad: Any) -> list[Any]:
    with after(grad):
        ga = grad / op.inputs[0]
        return [-conj(ga) * op.outputs[0], 0.5 * ga]


def _rsqrt_grad_gradient(op: Any, grad: Any) -> list[Any]:
    with after(grad):
        ca, cg = conj(op.inputs[0]), conj(grad)
        return [-1.5 * cg * op.inputs[1] * apply_op("Square", ca), apply_op("RsqrtGrad", ca, grad)]


def _reciprocal_grad_gradient(op: Any, grad: Any) -> list[Any]:
    with after(grad):
        ca, cg = conj(op.inputs[0]), conj(grad)
        return [cg * -2.0 * op.inputs[1] * ca, apply_op("ReciprocalGrad", ca, grad)]


_ANY = f"{FLOATS}, {COMPLEX}"
_unary("TanhGrad", "dy * (1 - y * y)", _ANY, _tanh_grad_gradient, args="y, dy", out="z")
_unary("SigmoidGrad", "dy * y * (1 - y)", _ANY, _sigmoid_grad_gradient, args="y, dy", out="z")
_unary("SqrtGrad", "dy * 0.5 / y", _ANY, _sqrt_grad_gradient, args="y, dy", out="z")
_unary("RsqrtGrad", "dy * -0.5 * y * y * y", _ANY, _rsqrt_grad_gradient, args="y, dy", out="z")
_unary("ReciprocalGrad", "-dy * y * y", _ANY, _reciprocal_grad_gradient, args="y, dy", out="z")
_G, _B = "gradients, features", "backprops"
_unary("ReluGrad", "where(features > 0, gradients, 0)", WIDE, _line_grad_gradient, args=_G, out=_B)
_unary("Relu6Grad", "where((features > 0) & (features < 6), gradients, 0)", WIDE, _line_grad_gradient, args=_G, out=_B)
_unary(
    "EluGrad",
    "where(outputs < 0, gradients * (outputs + 1), gradients)",
    FLOATS,
    _elu_grad_gradient,
    args="gradients, outputs",
    out=_B,
)
_unary(
    "SeluGrad",
    f"where(outputs < 0, gradients * (outputs + {_SELU_ALPHA}), gradients * {_SELU})",
    FLOATS,
    _elu_grad_gradient,
    args="gradients, outputs",
    out=_B,
)
_unary("SoftplusGrad", "gradients * sigmoid(features)", FLOATS, _softplus_grad_gradient, args=_G, out=_B)
_unary("SoftsignGrad", "gradients / ((1 + abs(features)) * (1 + abs(features)))", FLOATS, args=_G, out=_B)
declare(
    "LeakyRelu",
    inputs="features: T",
    outputs="activations: T",
    attrs=f"alpha: float = 0.20000000298023224, T: {{{FLOATS}}} = DT_FLOAT",
    formula="where(features > 0, features, features * alpha)",
    shape=shapes.unchanged,
    gradient=_from_features("LeakyReluGrad"),
)
declare(
    "LeakyReluGrad",
    inputs="gradients: T, features: T",
    outputs="backprops: T",
    attrs=f"alpha: float = 0.20000000298023224, T: {{{FLOATS}}} = DT_FLOAT",
    formula="where(features > 0, gradients, gradients * alpha)",
    shape=shapes.merged,
    gradient=_line_grad_gradient,
)
