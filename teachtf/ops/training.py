"""The ops by which optimizers change variables, one step in one pass each. Source: TensorFlow's `training_ops`."""

from __future__ import annotations

from typing import Any

from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape


def _step_shape(op: Any) -> list[TensorShape]:
    """All references have the gradient's shape."""
    shape = op._inputs[0]._shape
    for arg, tensor in zip(op._op_def.inputs, op._inputs, strict=True):
        if arg.is_ref or arg.name in ("grad", "delta"):
            shape = shape.merge_with(tensor._shape)
    return [shape]


def _step(name: str, inputs: str, extra: str = "") -> None:
    references = ("var", "m", "v", "accum", "ms", "mom", "mg", "linear", "accum_update")
    parts = [f"{i}: Ref(T)" if i in references else f"{i}: T" for i in inputs.split()]
    declare(
        name,
        inputs=", ".join(parts),
        outputs="out: Ref(T)",
        attrs=f"T: numbertype, use_locking: bool = false{extra}",
        shape=_step_shape,
    )


_step("ApplyGradientDescent", "var alpha delta")
_step("ApplyMomentum", "var accum lr grad momentum", ", use_nesterov: bool = false")
_step("ApplyAdam", "var m v beta1_power beta2_power lr beta1 beta2 epsilon grad", ", use_nesterov: bool = false")
_step("ApplyAdagrad", "var accum lr grad", ", update_slots: bool = true")
_step("ApplyRMSProp", "var ms mom lr rho momentum epsilon grad")
_step("ApplyCenteredRMSProp", "var mg ms mom lr rho momentum epsilon grad")
_step("ApplyAdadelta", "var accum accum_update lr rho epsilon grad")
_step("ApplyFtrl", "var accum linear grad lr l1 l2 lr_power", ", multiply_linear_by_lr: bool = false")
