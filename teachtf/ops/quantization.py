"""Real numbers as small whole ones: quantised, read back, and with the loss of that in training; casts; angles."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast, complex, imag, real, reciprocal, where
from teachtf.ops.elementwise import after
from teachtf.ops.fills import ones_like, zeros_like

# --- quantised tensors -----------------------------------------------------------------------------------------------


def _range_shape(op: Any) -> TensorShape:
    axis, dims = op._attrs["axis"], op._inputs[0]._shape.as_tuple
    if axis == -1:
        for tensor in op._inputs[1:]:
            shapes.require_rank(tensor, 0)
        return TensorShape([])
    return shapes.shape_of([None if dims is None else dims[axis]])


declare(
    "QuantizeV2",
    inputs="input: float, min_range: float, max_range: float",
    outputs="output: T, output_min: float, output_max: float",
    attrs="T: quantizedtype, mode: {'MIN_COMBINED', 'MIN_FIRST', 'SCALED'} = 'MIN_COMBINED', "
    "round_mode: {'HALF_AWAY_FROM_ZERO', 'HALF_TO_EVEN'} = 'HALF_AWAY_FROM_ZERO', narrow_range: bool = false, axis: int = -1, "
    "ensure_minimum_range: float = 0.009999999776482582",
    shape=lambda op: [op._inputs[0]._shape, _range_shape(op), _range_shape(op)],
)


def _dequantized_shape(op: Any) -> list[TensorShape]:
    _range_shape(op)
    return [op._inputs[0]._shape]


declare(
    "Dequantize",
    inputs="input: T, min_range: float, max_range: float",
    outputs="output: dtype",
    attrs="T: quantizedtype, mode: {'MIN_COMBINED', 'MIN_FIRST', 'SCALED'} = 'MIN_COMBINED', narrow_range: bool = false, "
    "axis: int = -1, dtype: {bfloat16, float} = DT_FLOAT",
    shape=_dequantized_shape,
)


def _axis(input: Any, axis: int | None) -> int:
    if axis is None:
        return -1
    if axis < 0:
        if input.shape.ndims is None:
            raise ValueError("input should have known rank to use negative axis.")
        axis %= input.shape.ndims
    return axis


def quantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    T: Any,
    mode: str = "MIN_COMBINED",
    round_mode: str = "HALF_AWAY_FROM_ZERO",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
    ensure_minimum_range: float = 0.01,
) -> list[Tensor]:
    """`input` as whole numbers of type `T`, and the range that these span. Source: `tf.quantize`.

    Raises:
      ValueError: a negative `axis` of a tensor of unknown rank.
    """
    options = {"mode": mode, "round_mode": round_mode, "narrow_range": narrow_range, "axis": _axis(input, axis)}
    smallest = None if ensure_minimum_range == 0.01 else ensure_minimum_range
    return apply_op("QuantizeV2", input, min_range, max_range, T=T, ensure_minimum_range=smallest, **options, name=name)


def quantize_v2(
    input: Any, min_range: Any, max_range: Any, T: Any, mode: str = "MIN_COMBINED", name: str | None = None, **options: Any
) -> list[Tensor]:
    """`tf.quantize` with `name` before the other options. Source: `tf.quantize_v2`."""
    return quantize(input, min_range, max_range, T, mode=mode, name=name, **options)


def dequantize(
    input: Any,
    min_range: Any,
    max_range: Any,
    mode: str = "MIN_COMBINED",
    name: str | None = None,
    axis: int | None = None,
    narrow_range: bool = False,
    dtype: Any = dtypes.float32,
) -> Tensor:
    """Quantised numbers as real ones. Source: `tf.dequantize`."""
    options = {"mode": mode, "narrow_range": narrow_range, "axis": _axis(input, axis), "dtype": dtypes.as_dtype(dtype)}
    return apply_op("Dequantize", input, min_range, max_range, **options, name=name)


# --- quantised in training -------------------------------------------------------------------------------------------

_BITS = "num_bits: int = 8, narrow_range: bool = false"
_FIXED = f"min: float = -6.0, max: float = 6.0, {_BITS}"


def _fake_gradient(op: Any, grad: Any) -> list[Any]:
    found = apply_op(f"{op.type}Gradient", grad, *op.inputs, **op._attrs)
    return found if isinstance(found, list) else [found]


declare(
    "FakeQuantWithMinMaxArgs",
    inputs="inputs: float",
    outputs="outputs: float",
    attrs=_FIXED,
    shape=shapes.unchanged,
    gradient=_fake_gradient,
)
declare(
    "FakeQuantWithMinMaxArgsGradient",
    inputs="gradients: float, inputs: float",
    outputs="backprops: float",
    attrs=_FIXED,
    shape=shapes.merged,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "FakeQuantWithMinMaxVars",
    inputs="inputs: float, min: float, max: float",
    outputs="outputs: float",
    attrs=_BITS,
    shape=shapes.unchanged,
    gradient=_fake_gradient,
)
declare(
    "FakeQuantWithMinMaxVarsGradient",
    inputs="gradients: float, inputs: float, min: float, max: float",
    outputs="backprops_wrt_input: float, backprop_wrt_min: float, backprop_wrt_max: float",
    attrs=_BITS,
    shape=lambda op: [op._inputs[0]._shape.merge_with(op._inputs[1]._shape), TensorShape([]), TensorShape([])],
    gradient=NOT_DIFFERENTIABLE,
)


def fake_quant_with_min_max_args(
    inputs: Any, min: float = -6, max: float = 6, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """`inputs` rounded to the 2 ** num_bits steps between `min` and `max`. Source: `tf.fake_quant_with_min_max_args`."""
    options = {"min": float(min), "max": float(max), "num_bits": num_bits, "narrow_range": narrow_range}
    return apply_op("FakeQuantWithMinMaxArgs", inputs, **options, name=name)


def fake_quant_with_min_max_vars(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Tensor:
    """The same with limits that can be learned. Source: `tf.fake_quant_with_min_max_vars`."""
    return apply_op("FakeQuantWithMinMaxVars", inputs, min, max, num_bits=num_bits, narrow_range=narrow_range, name=name)


# --- angles ----------------------------------------------------------------------------------------------------------


def _angle_gradient(op: Any, grad: Any) -> list[Any]:
    x = op.inputs[0]
    with after(grad):
        re, im = real(x), imag(x)
        slope = reciprocal(complex(im, re))
        return [-complex(grad, constant(0, dtype=grad.dtype)) * slope]


declare(
    "Angle",
    inputs="input: T",
    outputs="output: Tout",
    attrs="T: {complex64, complex128} = DT_COMPLEX64, Tout: {float, double} = DT_FLOAT",
    shape=shapes.unchanged,
    gradient=_angle_gradient,
)


def angle(input: Any, name: str | None = None) -> Tensor:
    """The angle of complex numbers; of real ones, 0 or pi. Source: `tf.angle`."""
    with name_scope(name, "Angle", [input]) as scope:
        tensor = convert_to_tensor(input, name="input")
        if tensor.dtype.is_complex:
            return apply_op("Angle", tensor, Tout=tensor.dtype.real_dtype, name=scope)
        return where(tensor < 0, np.pi * ones_like(tensor), zeros_like(tensor))


def to_complex64(x: Any, name: str = "ToComplex64") -> Tensor:
    """`x` as complex64. Source: `tf.to_complex64`."""
    return cast(x, dtypes.complex64, name=name)


def to_complex128(x: Any, name: str = "ToComplex128") -> Tensor:
    """`x` as complex128. Source: `tf.to_complex128`."""
    return cast(x, dtypes.complex128, name=name)


def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Tensor:
    """`x` as bfloat16. Source: `tf.to_bfloat16`."""
    return cast(x, dtypes.bfloat16, name=name)
