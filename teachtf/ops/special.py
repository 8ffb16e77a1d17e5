"""Special functions: gamma's and beta's incomplete integrals, zeta, Bessel functions, inverse error functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast, div, exp, lgamma, log, reciprocal, sign, square
from teachtf.ops.arrays import reshape, shape
from teachtf.ops.elementwise import COMPLEX, FLOATS, after
from teachtf.ops.reductions import reduce_sum


def _second_only(slope: Callable[[Any, Any], Any]) -> Any:
    """The gradient of a function of two arguments that TensorFlow derives in the second alone."""

    def gradient(op: Any, grad: Any) -> list[Any]:
        a, x = op.inputs
        sa, sx = shape(a), shape(x)
        _, rx = apply_op("BroadcastGradientArgs", sa, sx)
        with after(grad):
            return [None, reshape(reduce_sum(slope(a, x) * grad, rx), sx)]

    return gradient


_zeta_gradient = _second_only(lambda x, q: -x * zeta(x + 1, q))
_polygamma_gradient = _second_only(lambda a, x: polygamma(a + 1, x))
for _name, _inputs, _gradient in (("Zeta", "x: T, q: T", _zeta_gradient), ("Polygamma", "a: T, x: T", _polygamma_gradient)):
    declare(_name, inputs=_inputs, outputs="z: T", attrs="T: {float, double}", shape=shapes.broadcast, gradient=_gradient)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz's zeta function, the sum of `(q + n) ** -x` over n = 0, 1, ... Source: `tf.zeta`."""
    return apply_op("Zeta", x, q, name=name)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of order `a` of `digamma` at `x`. Source: `tf.polygamma`."""
    return apply_op("Polygamma", a, x, name=name)


# --- incomplete gamma and beta functions -----------------------------------------------------------------------------


def _igamma_gradient(op: Any, grad: Any) -> list[Any]:
    a, x = op.inputs
    sa, sx = shape(a), shape(x)
    ra, rx = apply_op("BroadcastGradientArgs", sa, sx)
    with after(grad):
        slope_a = apply_op("IgammaGradA", a, x)
        slope_x = exp(-x + (a - 1) * log(x) - lgamma(a))
        return [reshape(reduce_sum(slope_a * grad, ra), sa), reshape(reduce_sum(slope_x * grad, rx), sx)]


def _betainc_gradient(op: Any, grad: Any) -> list[Any]:
    a, b, x = op.inputs
    sa, sx = shape(a), shape(x)
    _, rx = apply_op("BroadcastGradientArgs", sa, sx)
    log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
    slope = exp(xlog1py(b - 1, -x) + apply_op("Xlogy", a - 1, x) - log_beta)
    return [None, None, reshape(reduce_sum(slope * grad, rx), sx)]


def _betainc_shape(op: Any) -> list[Any]:
    a, b, x = (i._shape for i in op._inputs)
    scalars = [s for s in (a, b, x) if s.as_tuple == ()]
    known = [s for s in (a, b, x) if s.as_tuple is not None and s.as_tuple != ()]
    if not known:
        return [a if len(scalars) == 3 else unknown_shape()]
    merged = known[0]
    for other in known[1:]:
        merged = merged.merge_with(other)
    return [merged]


_REAL = f"T: {{{FLOATS}}}"
_GAMMA: dict[str, Any] = {"inputs": "a: T, x: T", "outputs": "z: T", "shape": shapes.broadcast}
declare("Igamma", attrs=_REAL, gradient=_igamma_gradient, **_GAMMA)
declare("Igammac", attrs=_REAL, gradient=lambda op, grad: [-g for g in _igamma_gradient(op, grad)], **_GAMMA)
declare("IgammaGradA", attrs="T: {float, double}", **_GAMMA)
declare(
    "Betainc",
    inputs="a: T, b: T, x: T",
    outputs="z: T",
    attrs="T: {float, double}",
    shape=_betainc_shape,
    gradient=_betainc_gradient,
)


def igamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The lower incomplete gamma function over Gamma(a): the odds that a gamma sample is below `x`. Source: `tf.igamma`."""
    return apply_op("Igamma", a, x, name=name)


def igammac(a: Any, x: Any, name: str | None = None) -> Tensor:
    """`1 - igamma(a, x)`, exact where that is small. Source: `tf.igammac`."""
    return apply_op("Igammac", a, x, name=name)


def betainc(a: Any, b: Any, x: Any, name: str | None = None) -> Tensor:
    """The regularised incomplete beta function: the odds that a beta sample is below `x`. Source: `tf.betainc`."""
    return apply_op("Betainc", a, b, x, name=name)


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of `|Beta(x)|` along the last dimension. Source: `tf.lbeta`."""
    with name_scope(name, "lbeta", [x]):
        x = convert_to_tensor(x, name="x")
        return reduce_sum(lgamma(x), axis=[-1]) - lgamma(reduce_sum(x, axis=[-1]))


# --- products that are 0 where x is 0 ---------------------------------------------------------------------------------


def _where_zero_gradient(slope_x: Callable[..., Any], slope_y: Callable[..., Any]) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        x, y = op.inputs
        sx, sy = shape(x), shape(y)
        rx, ry = apply_op("BroadcastGradientArgs", sx, sy)
        with after(grad):
            present = cast(apply_op("NotEqual", x, cast(0.0, x.dtype)), x.dtype)
            gx, gy = slope_x(present, y), slope_y(x, y)
            return [reshape(reduce_sum(gx * grad, rx), sx), reshape(reduce_sum(gy * grad, ry), sy)]

    return gradient


def _two(op_type: str) -> Callable[..., Any]:
    return lambda x, y: apply_op(op_type, x, y)


for _name, _slope in (
    ("Xlogy", _two("Xdivy")),
    ("Xlog1py", lambda x, y: apply_op("Xdivy", x, y + 1.0)),
    ("Xdivy", lambda x, y: apply_op("Xdivy", -x, y**2)),
):
    declare(
        _name,
        inputs="x: T, y: T",
        outputs="z: T",
        attrs=f"T: {{half, bfloat16, float, double, {COMPLEX}}}",
        shape=shapes.broadcast,
        gradient=_where_zero_gradient(_two(_name), _slope),
    )


def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x * log(y)`, and 0 where `x` is 0. Source: `tf.math.xlogy`."""
    return apply_op("Xlogy", x, y, name=name)


def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x / y`, and 0 where `x` is 0. Source: `tf.math.xdivy`."""
    with name_scope(name, "xdivy", [x]):
        return apply_op("Xdivy", x, y)


def xlog1py(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x * log1p(y)`, and 0 where `x` is 0. Source: `tf.math.xlog1py`."""
    with name_scope(name, "xlog1py", [x]):
        return apply_op("Xlog1py", x, y)


# --- one argument ----------------------------------------------------------------------------------------------------


def _erfinv_gradient(op: Any, grad: Any) -> list[Any]:
    scale = constant(np.sqrt(np.pi) / 2, dtype=grad.dtype)
    with after(grad):
        return [grad * scale * exp(square(op.outputs[0]))]


def _ndtri_gradient(op: Any, grad: Any) -> list[Any]:
    scale = constant(np.sqrt(2 * np.pi), dtype=grad.dtype)
    with after(grad):
        return [grad * scale * exp(square(op.outputs[0]) / 2.0)]


def _bessel_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs[0], op.outputs[0]
    with after(grad):
        if op.type == "BesselI0":
            return [grad * bessel_i1(x)]
        if op.type == "BesselI0e":
            return [grad * (bessel_i1e(x) - sign(x) * y)]
        at_zero, zero = apply_op("Equal", x, 0.0), 1.0 if op.type == "BesselI1" else 0.5
        limit = cast(zero, x.dtype)
        slope = bessel_i0(x) - div(y, x) if op.type == "BesselI1" else bessel_i0e(x) - y * (sign(x) + reciprocal(x))
        return [grad * apply_op("SelectV2", at_zero, limit, slope)]


for _name, _gradient in (("Erfinv", _erfinv_gradient), ("Ndtri", _ndtri_gradient)):
    declare(_name, inputs="x: T", outputs="y: T", attrs=_REAL, shape=shapes.unchanged, gradient=_gradient)
for _name in ("BesselI0", "BesselI1", "BesselI0e", "BesselI1e"):
    declare(_name, inputs="x: T", outputs="y: T", attrs=_REAL, shape=shapes.unchanged, gradient=_bessel_gradient)


def _unary(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(x: Any, name: str | None = None) -> Tensor:
        with name_scope(name, function_name, [x]):
            return apply_op(op_type, x)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"{what}, element by element.\n\n    Source: `tf.math.{function_name}`."
    return function


erfinv = _unary("erfinv", "Erfinv", "The number whose error function is `x`")
ndtri = _unary("ndtri", "Ndtri", "The number below which a normal sample is with odds `x`")
bessel_i0 = _unary("bessel_i0", "BesselI0", "The modified Bessel function of order 0")
bessel_i1 = _unary("bessel_i1", "BesselI1", "The modified Bessel function of order 1")
bessel_i0e = _unary("bessel_i0e", "BesselI0e", "`exp(-abs(x)) * bessel_i0(x)`")
bessel_i1e = _unary("bessel_i1e", "BesselI1e", "`exp(-abs(x)) * bessel_i1(x)`")


def nextafter(x1: Any, x2: Any, name: str | None = None) -> Tensor:
    """The next number that the type can hold from `x1` towards `x2`. Source: `tf.math.nextafter`."""
    return apply_op("NextAfter", x1, x2, name=name)


def _nextafter_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.fills import ones, zeros

    x, y = op.inputs
    sx, sy = shape(x), shape(y)
    rx, ry = apply_op("BroadcastGradientArgs", sx, sy)
    with after(grad):
        gx, gy = ones(sx, x.dtype), zeros(sy, y.dtype)
        return [reshape(reduce_sum(gx * grad, rx), sx), reshape(reduce_sum(gy * grad, ry), sy)]


declare(
    "NextAfter",
    inputs="x1: T, x2: T",
    outputs="output: T",
    attrs="T: {double, float} = DT_FLOAT",
    shape=shapes.broadcast,
    gradient=_nextafter_gradient,
)


def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """`1 / x`, and 0 where `x` is 0. Source: `tf.math.reciprocal_no_nan`."""
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        return apply_op("DivNoNan", constant(1, dtype=x.dtype.base_dtype, name="one"), x, name=scope)


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Tensor:
    """The polynomial in `x` whose coefficients are a list, the highest power's first. Source: `tf.math.polyval`.

    Raises:
      ValueError: `coeffs` is no list.
    """
    from teachtf.ops.fills import zeros_like

    if not isinstance(coeffs, list):
        raise ValueError(f"Argument coeffs must be list type. Received type {type(coeffs)}.")
    with name_scope(name, "polyval", [*coeffs, x]) as scope:
        x = convert_to_tensor(x, name="x")
        if not coeffs:
            return zeros_like(x, name=scope)
        terms = [convert_to_tensor(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        result = terms[0]
        for term in terms[1:]:
            result = term + result * x
        return result
