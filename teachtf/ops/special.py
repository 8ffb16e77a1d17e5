"""The functions behind `lgamma` and `digamma`: Hurwitz's zeta function, and the derivatives of digamma."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.op_def import declare
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.broadcasting import sum_to_inputs
from teachtf.ops.elementwise import after


def _zeta_gradient(op: Any, grad: Any) -> list[Any]:
    x, q = op.inputs
    with after(grad):
        slope = -x * zeta(x + 1, q)
        return [None, sum_to_inputs(x, q, None, slope * grad)[1]]


def _polygamma_gradient(op: Any, grad: Any) -> list[Any]:
    a, x = op.inputs
    with after(grad):
        slope = polygamma(a + 1, x)
        return [None, sum_to_inputs(a, x, None, slope * grad)[1]]


for _name, _inputs, _gradient in (("Zeta", "x: T, q: T", _zeta_gradient), ("Polygamma", "a: T, x: T", _polygamma_gradient)):
    declare(_name, inputs=_inputs, outputs="z: T", attrs="T: {float, double}", shape=shapes.broadcast, gradient=_gradient)


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """Hurwitz's zeta function, the sum of `(q + n) ** -x` over n = 0, 1, ... Source: `tf.zeta`."""
    return apply_op("Zeta", x, q, name=name)


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of order `a` of `digamma` at `x`. Source: `tf.polygamma`."""
    return apply_op("Polygamma", a, x, name=name)
