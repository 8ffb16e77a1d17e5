"""The public functions of arithmetic, comparison and logic, and casts between types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.sparse import IndexedSlices, SparseTensor, convert_to_tensor_or_indexed_slices
from teachtf.core.tensor import Tensor
from teachtf.ops import elementwise, elementwise_binary
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import identity
from teachtf.ops.broadcasting import sum_to_inputs
from teachtf.ops.choosing import where as where

assert elementwise, elementwise_binary  # their declarations are what these functions call

# --- casts, complex numbers, sums of many --------------------------------------------------------------------------


def _cast_gradient(op: Any, grad: Any) -> list[Any]:
    source, target = op.inputs[0].dtype.base_dtype, grad.dtype.base_dtype
    differentiable = lambda t: t.is_floating or t.is_complex  # noqa: E731
    return [cast(grad, source) if differentiable(source) and differentiable(target) else None]


declare(
    "Cast",
    inputs="x: SrcT",
    outputs="y: DstT",
    attrs="SrcT: type, DstT: type, Truncate: bool = false",
    shape=shapes.unchanged,
    gradient=_cast_gradient,
)
_COMPLEX_IN = "T: {complex64, complex128} = DT_COMPLEX64, Tout: {float, double} = DT_FLOAT"


def _complex(real: Any, imag: Any) -> Any:
    return apply_op("Complex", real, imag, Tout=dtypes.complex128 if real.dtype == dtypes.float64 else dtypes.complex64)


def _complex_gradient(op: Any, grad: Any) -> list[Any]:
    real, imag = op.inputs
    kind = real.dtype.base_dtype
    return sum_to_inputs(real, imag, apply_op("Real", grad, Tout=kind), apply_op("Imag", grad, Tout=kind))


def _no_part(grad: Any) -> Any:
    return constant(0, dtype=grad.dtype)


declare(
    "Conj",
    inputs="input: T",
    outputs="output: T",
    attrs="T: {complex64, complex128, variant} = DT_COMPLEX64",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [apply_op("Conj", grad)],
)
declare(
    "Real",
    inputs="input: T",
    outputs="output: Tout",
    attrs=_COMPLEX_IN,
    shape=shapes.unchanged,
    gradient=lambda op, grad: [_complex(grad, _no_part(grad))],
)
declare(
    "Imag",
    inputs="input: T",
    outputs="output: Tout",
    attrs=_COMPLEX_IN,
    shape=shapes.unchanged,
    gradient=lambda op, grad: [_complex(_no_part(grad), grad)],
)
declare(
    "ComplexAbs",
    inputs="x: T",
    outputs="y: Tout",
    attrs=_COMPLEX_IN,
    shape=shapes.unchanged,
    gradient=lambda op, grad: [_complex(grad, apply_op("ZerosLike", grad)) * apply_op("Sign", op.inputs[0])],
)
declare(
    "Complex",
    inputs="real: T, imag: T",
    outputs="out: Tout",
    attrs="T: {float, double} = DT_FLOAT, Tout: {complex64, complex128} = DT_COMPLEX64",
    shape=shapes.broadcast,
    gradient=_complex_gradient,
)
declare(
    "AddN",
    inputs="inputs: N * T",
    outputs="sum: T",
    attrs="N: int >= 1, T: {float, double, int32, uint8, int16, int8, complex64, int64, qint8, quint8, qint32, bfloat16, "
    "qint16, quint16, uint16, complex128, half, uint32, uint64, variant}",
    shape=shapes.merged,
    gradient=lambda op, grad: [grad] * len(op.inputs),
    commutative=True,
)


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x`, a tensor, slices or a sparse tensor, with its elements turned into `dtype`. Source: `tf.cast`."""
    wanted = dtypes.as_dtype(dtype).base_dtype
    if isinstance(x, Tensor) and x.dtype == wanted:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        if isinstance(x, SparseTensor):
            return SparseTensor(x.indices, cast(x.values, wanted, name=scope), x.dense_shape)
        if isinstance(x, IndexedSlices):
            return IndexedSlices(cast(x.values, wanted, name=scope), x.indices, x.dense_shape)
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.base_dtype == wanted:
            return tensor
        return apply_op("Cast", tensor, DstT=wanted, name=scope)


def _cast_to(function_name: str, dtype: dtypes.DType) -> Callable[..., Tensor]:
    default = "To" + function_name.removeprefix("to_").capitalize()

    def function(x: Any, name: str = default) -> Tensor:
        return cast(x, dtype, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"`x` as {dtype.name}.\n\n    Source: `tf.{function_name}`."
    return function


to_float = _cast_to("to_float", dtypes.float32)
to_double = _cast_to("to_double", dtypes.float64)
to_int32 = _cast_to("to_int32", dtypes.int32)
to_int64 = _cast_to("to_int64", dtypes.int64)


def real(input: Any, name: str | None = None) -> Tensor:
    """The real part. Source: `tf.real`."""
    return _part("Real", input, name)


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part. Source: `tf.imag`."""
    return _part("Imag", input, name)


def _part(op_type: str, value: Any, name: str | None) -> Tensor:
    with name_scope(name, op_type, [value]) as scope:
        tensor = convert_to_tensor(value, name="input")
        if not tensor.dtype.is_complex:
            return tensor if op_type == "Real" else apply_op("ZerosLike", tensor)
        return apply_op(op_type, tensor, Tout=tensor.dtype.real_dtype, name=scope)


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """A complex tensor of two real ones. Source: `tf.complex`."""
    real, imag = convert_to_tensor(real, name="real"), convert_to_tensor(imag, name="imag")
    out = dtypes.complex128 if real.dtype == dtypes.float64 else dtypes.complex64
    return apply_op("Complex", real, imag, Tout=out, name=name or "Complex")


def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate; real tensors as they are. Source: `tf.conj`."""
    tensor = convert_to_tensor(x)
    return apply_op("Conj", tensor, name=name) if tensor.dtype.is_complex else tensor


def abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value. Source: `tf.abs`."""
    with name_scope(name, "Abs", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.is_complex:
            return apply_op("ComplexAbs", tensor, Tout=tensor.dtype.real_dtype, name=scope)
        return apply_op("Abs", tensor, name=scope)


def add_n(inputs: Any, name: str | None = None) -> Tensor:
    """The sum of a list of tensors of one shape and type. Source: `tf.add_n`."""
    if not isinstance(inputs, (list, tuple)) or not inputs:
        raise ValueError("inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype and shape")
    tensors = [convert_to_tensor_or_indexed_slices(t) for t in inputs]
    if len(tensors) == 1:
        only = convert_to_tensor(tensors[0])
        return identity(only, name=name) if name else only
    return apply_op("AddN", tensors, name=name)


# --- one input, one output -----------------------------------------------------------------------------------------


def _unary(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(x: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, x, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"{what}, element by element.\n\n    Source: `tf.{function_name}`."
    return function


negative = _unary("negative", "Neg", "`-x`")
exp = _unary("exp", "Exp", "e to the power `x`")
expm1 = _unary("expm1", "Expm1", "`exp(x) - 1`, exact near 0")
log = _unary("log", "Log", "The natural logarithm")
log1p = _unary("log1p", "Log1p", "`log(1 + x)`, exact near 0")
tanh = _unary("tanh", "Tanh", "The hyperbolic tangent")
sigmoid = _unary("sigmoid", "Sigmoid", "`1 / (1 + exp(-x))`")
sqrt = _unary("sqrt", "Sqrt", "The square root")
rsqrt = _unary("rsqrt", "Rsqrt", "`1 / sqrt(x)`")
reciprocal = _unary("reciprocal", "Reciprocal", "`1 / x`")
square = _unary("square", "Square", "`x * x`")
sign = _unary("sign", "Sign", "-1, 0 or 1")
floor = _unary("floor", "Floor", "The largest whole number that is not larger")
ceil = _unary("ceil", "Ceil", "The smallest whole number that is not smaller")
rint = _unary("rint", "Rint", "The nearest whole number, halves to even")
sin = _unary("sin", "Sin", "The sine")
cos = _unary("cos", "Cos", "The cosine")
tan = _unary("tan", "Tan", "The tangent")
asin = _unary("asin", "Asin", "The inverse sine")
acos = _unary("acos", "Acos", "The inverse cosine")
atan = _unary("atan", "Atan", "The inverse tangent")
sinh = _unary("sinh", "Sinh", "The hyperbolic sine")
cosh = _unary("cosh", "Cosh", "The hyperbolic cosine")
asinh = _unary("asinh", "Asinh", "The inverse hyperbolic sine")
acosh = _unary("acosh", "Acosh", "The inverse hyperbolic cosine")
atanh = _unary("atanh", "Atanh", "The inverse hyperbolic tangent")
erf = _unary("erf", "Erf", "The error function")
erfc = _unary("erfc", "Erfc", "`1 - erf(x)`")
lgamma = _unary("lgamma", "Lgamma", "The logarithm of `|Gamma(x)|`")
digamma = _unary("digamma", "Digamma", "The derivative of `lgamma`")
is_nan = _unary("is_nan", "IsNan", "Whether it is not a number")
is_inf = _unary("is_inf", "IsInf", "Whether it is infinite")
is_finite = _unary("is_finite", "IsFinite", "Whether it is neither infinite nor NaN")
logical_not = _unary("logical_not", "LogicalNot", "Whether `x` is false")


def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole number, halves to even. Source: `tf.round`."""
    tensor = convert_to_tensor(x, name="x")
    return tensor if tensor.dtype.is_integer else apply_op("Round", tensor, name=name)


# --- two inputs ----------------------------------------------------------------------------------------------------


def _binary(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, x, y, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"{what}, element by element, with broadcasting.\n\n    Source: `tf.{function_name}`."
    return function


multiply = _binary("multiply", "Mul", "`x * y`")
subtract = _binary("subtract", "Sub", "`x - y`")
realdiv = _binary("realdiv", "RealDiv", "`x / y`")
truncatediv = _binary("truncatediv", "TruncateDiv", "`x / y`, rounded toward zero")
floormod = _binary("floormod", "FloorMod", "The rest of the division that rounds down")
truncatemod = _binary("truncatemod", "TruncateMod", "The rest of the division that rounds toward zero")
maximum = _binary("maximum", "Maximum", "The larger of `x` and `y`")
minimum = _binary("minimum", "Minimum", "The smaller of `x` and `y`")
squared_difference = _binary("squared_difference", "SquaredDifference", "`(x - y) ** 2`")

atan2 = _binary("atan2", "Atan2", "The angle of the point (y, x)")
less = _binary("less", "Less", "Whether `x < y`")
less_equal = _binary("less_equal", "LessEqual", "Whether `x <= y`")
greater = _binary("greater", "Greater", "Whether `x > y`")
greater_equal = _binary("greater_equal", "GreaterEqual", "Whether `x >= y`")
equal = _binary("equal", "Equal", "Whether `x == y`")
not_equal = _binary("not_equal", "NotEqual", "Whether `x != y`")
logical_and = _binary("logical_and", "LogicalAnd", "Whether both are true")
logical_or = _binary("logical_or", "LogicalOr", "Whether one is true")


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether exactly one is true. Source: `tf.logical_xor`."""
    return logical_and(logical_or(x, y), logical_not(logical_and(x, y)), name=name)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x + y`, element by element, with broadcasting; joins strings. Source: `tf.add`."""
    with name_scope(name, "Add", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        y = convert_to_tensor(y, preferred_dtype=x.dtype.base_dtype, name="y")
        return apply_op("Add" if x.dtype == dtypes.string else "AddV2", x, y, name=scope)


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x` to the power `y`, element by element, with broadcasting. Source: `tf.pow`."""
    with name_scope(name, "Pow", [x]) as scope:
        return apply_op("Pow", x, y, name=scope)


def _dtype_of(value: Any) -> Any:
    dtype = getattr(value, "dtype", None)
    return dtype.base_dtype if isinstance(dtype, dtypes.DType) else None


_TRUE_DIVISION = {"uint8": "float32", "int8": "float32", "uint16": "float32", "int16": "float32"}


def _converted(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    x = convert_to_tensor(x, name="x")
    y = convert_to_tensor(y, dtype=x.dtype.base_dtype if not isinstance(y, Tensor) else None, name="y")
    if x.dtype.base_dtype != y.dtype.base_dtype:
        raise TypeError(f"`x` and `y` must have the same dtype, got {x.dtype.base_dtype!r} != {y.dtype.base_dtype!r}.")
    return x, y


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Python 3's `x / y`: integers are turned into floats first. Source: `tf.truediv`."""
    with name_scope(name, "truediv", [x, y]) as scope:
        x, y = _converted(x, y)
        if x.dtype.is_integer:
            wanted = _TRUE_DIVISION.get(x.dtype.base_dtype.name, "float64")
            x, y = cast(x, wanted), cast(y, wanted)
        return apply_op("RealDiv", x, y, name=scope)


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Python's `x / y`. Source: `tf.divide`."""
    if name is not None:
        with name_scope(name) as scope:
            return truediv(x, y, name=scope)
    if not isinstance(x, Tensor):
        x = convert_to_tensor(x, preferred_dtype=_dtype_of(y))
    return truediv(x, y)


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Python 2's `x / y`: whole numbers round down. Source: `tf.div`."""
    with name_scope(name, "div", [x, y]) as scope:
        x, y = _converted(x, y)
        floating = x.dtype.is_floating or x.dtype.is_complex
        return apply_op("RealDiv" if floating else "FloorDiv", x, y, name=scope)


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x / y`, and 0 where `y` is 0; integers are turned into floats first. Source: `tf.div_no_nan`."""
    with name_scope(name, "div_no_nan", [x, y]) as scope:
        if isinstance(y, Tensor) and not isinstance(x, Tensor):
            x = convert_to_tensor(x, dtype=y.dtype.base_dtype, name="x")
        x, y = _converted(x, y)
        if x.dtype.is_integer:
            wanted = _TRUE_DIVISION.get(x.dtype.base_dtype.name, "float64")
            x, y = cast(x, wanted), cast(y, wanted)
        return apply_op("DivNoNan", x, y, name=scope)


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """`x // y`: rounds down. Source: `tf.floordiv`."""
    with name_scope(name, "floordiv", [x, y]) as scope:
        return apply_op("FloorDiv", x, y, name=scope)


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """`x`, a tensor or slices, times a scalar. Source: `tf.scalar_mul`."""
    factor = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if factor.shape.ndims != 0:
        raise ValueError(f"The input scalar must be a 0-D value. Received shape {factor.shape}.")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(apply_op("Mul", factor, x.values, name=name), x.indices, x.dense_shape)
    return apply_op("Mul", factor, x, name=name)
