"""The ops by which optimizers change variables, one step in one pass each. Source: TensorFlow's `training_ops`."""

from __future__ import annotations

from typing import Any

from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape
from teachtf.ops import shape_functions as shapes


def _step_shape(op: Any) -> list[TensorShape]:
    """All references have the gradient's shape; of rows, their rows' shape. The rest are scalars."""
    inputs = dict(zip((arg.name for arg in op._op_def.inputs), op._inputs, strict=True))
    shape = op._inputs[0]._shape
    for name, tensor in inputs.items():
        if name in _REFERENCES:
            shape = shape.merge_with(tensor._shape)
        elif name not in ("grad", "delta", "indices"):
            shapes.require_rank(tensor, 0)
    gradient = inputs["grad" if "grad" in inputs else "delta"]._shape
    if "indices" not in inputs:
        return [shape.merge_with(gradient)]
    indices = shapes.require_rank(inputs["indices"], 1)
    if gradient.ndims and shape.ndims:
        shapes.merge_dim(gradient.as_tuple[0], indices[0])
        shape = shape[:1].concatenate(shape[1:].merge_with(gradient[1:]))
    return [shape]


_REFERENCES = (
    *("var", "m", "v", "accum", "ms", "mom", "mg", "linear", "accum_update"),
    *("gradient_accumulator", "gradient_squared_accumulator"),
)


def _step(name: str, inputs: str, extra: str = "") -> None:
    kinds = {"indices": "Tindices", "global_step": "int64"} | dict.fromkeys(_REFERENCES, "Ref(T)")
    rows = ", Tindices: {int32, int64}" if "indices" in inputs else ""
    declare(
        name,
        inputs=", ".join(f"{i}: {kinds.get(i, 'T')}" for i in inputs.split()),
        outputs="out: Ref(T)",
        attrs=f"T: numbertype{rows}, use_locking: bool = false{extra}",
        shape=_step_shape,
    )


_step("ApplyGradientDescent", "var alpha delta")
_step("ApplyAdam", "var m v beta1_power beta2_power lr beta1 beta2 epsilon grad", ", use_nesterov: bool = false")
_step("ApplyProximalGradientDescent", "var alpha l1 l2 delta")
_step("SparseApplyProximalGradientDescent", "var alpha l1 l2 grad indices")
# These stand in pairs: of a gradient of the variable's shape, and of rows of it at `indices`.
for _name, _inputs, _extra in (
    ("Momentum", "var accum lr grad momentum", ", use_nesterov: bool = false"),
    ("Adagrad", "var accum lr grad", ", update_slots: bool = true"),
    ("AdagradV2", "var accum lr epsilon grad", ", update_slots: bool = true"),
    ("ProximalAdagrad", "var accum lr l1 l2 grad", ""),
    ("RMSProp", "var ms mom lr rho momentum epsilon grad", ""),
    ("CenteredRMSProp", "var mg ms mom lr rho momentum epsilon grad", ""),
    ("Adadelta", "var accum accum_update lr rho epsilon grad", ""),
    ("Ftrl", "var accum linear grad lr l1 l2 lr_power", ", multiply_linear_by_lr: bool = false"),
    ("FtrlV2", "var accum linear grad lr l1 l2 l2_shrinkage lr_power", ", multiply_linear_by_lr: bool = false"),
    ("AdagradDA", "var gradient_accumulator gradient_squared_accumulator grad lr l1 l2 global_step", ""),
):
    _step(f"Apply{_name}", _inputs, _extra)
    _step(f"SparseApply{_name}", " ".join("grad indices" if i == "grad" else i for i in _inputs.split()), _extra)
