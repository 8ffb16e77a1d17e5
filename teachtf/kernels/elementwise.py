"""Kernels of the elementwise ops, made from the formulas in their declarations.

NumPy evaluates a formula at once, so nothing waits for a compiler; a large array takes the compiled loop when that stands.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.core.op_def import registry
from teachtf.kernels.compiling import Compiled
from teachtf.kernels.cpu.formula import Statements
from teachtf.kernels.numpy_math import NUMPY
from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.serving import loop_code, telling

LARGE = 1 << 14  # elements from which the compiled loop is quicker than NumPy's passes
_COMPILED_TYPES = (dtypes.float32, dtypes.float64)
_WIDE = (dtypes.float16, dtypes.bfloat16)  # computed in float32, as TensorFlow does


@cache
def _numpy_function(formula: str, names: tuple[str, ...]) -> Call:
    return eval(f"lambda {', '.join(names)}: {formula}", dict(NUMPY))


def formula_of(op: Any) -> str:
    formula = op._op_def.formula
    if op.type == "TruncateDiv" and not op.inputs[0].dtype.is_integer:
        formula = "where(x / y < 0, ceil(x / y), floor(x / y))"
    if "alpha" in op._attrs:
        formula = formula.replace("alpha", repr(op._attrs["alpha"]))
    return formula


def _factory(op: Any) -> Call:
    names = tuple(arg.name for arg in op._op_def.inputs)
    formula = formula_of(op)
    function = _numpy_function(formula, names)
    in_type = op.inputs[0].dtype.base_dtype
    out_type = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    if in_type in _WIDE:
        return _widened(function, out_type)
    if in_type.is_integer and op.type in ("FloorDiv", "TruncateDiv", "Div", "FloorMod", "TruncateMod", "Mod", "RealDiv"):
        return _checked_division(function)
    if in_type.is_complex and op.type in ("FloorDiv", "TruncateDiv"):
        raise errors.InvalidArgumentError(None, op, f"{in_type.name} numbers are not rounded: {op.type} has no kernel for them")
    if in_type == dtypes.string:
        return function
    if in_type in _COMPILED_TYPES and out_type == np.dtype(in_type.as_numpy_dtype):
        return _with_compiled(formula, names, function)
    if in_type.is_integer:
        return _same_type(function, out_type)
    return function


def _same_type(function: Call, out_type: np.dtype) -> Call:
    def call(*inputs: Any) -> Any:
        result = function(*inputs)
        return result if result.dtype == out_type else result.astype(out_type)

    return call


def _widened(function: Call, out_type: np.dtype) -> Call:
    def call(*inputs: Any) -> Any:
        return np.asarray(function(*(np.asarray(x, np.float32) for x in inputs))).astype(out_type)

    return call


def _checked_division(function: Call) -> Call:
    def call(x: Any, y: Any) -> Any:
        if np.size(x) and not np.all(y):
            raise errors.InvalidArgumentError(None, None, "Integer division by zero")
        result = function(x, y)
        return result if result.dtype == x.dtype else result.astype(x.dtype)

    return call


def _with_compiled(formula: str, names: tuple[str, ...], function: Call) -> Call:
    compiled = Compiled(Statements((("result", formula),), ("result",), names))

    def call(*inputs: Any) -> Any:
        if inputs[0].size >= LARGE or inputs[-1].size >= LARGE:
            bound = compiled.ready(inputs)
            if bound is not None:
                return bound(inputs)[0]
        return function(*inputs)

    def code(inputs: Any) -> Any:
        return loop_code(compiled, inputs) if max(math.prod(inputs[i][0]) for i in (0, -1)) >= LARGE else None

    return telling(call, code)


for _op_def in list(registry().values()):
    if _op_def.formula is not None:
        kernel(_op_def.name)(_factory)


@kernel("ClipByValue")
def _clip_by_value(op: Any) -> Call:
    return lambda x, low, high: np.minimum(np.maximum(x, low), high)


@kernel("Cast")
def _cast(op: Any) -> Call:
    source, target = op.inputs[0].dtype.base_dtype, np.dtype(op._attrs["DstT"].as_numpy_dtype)
    if source.is_quantized or op._attrs["DstT"].is_quantized:
        return _cast_quantized(source, target)
    if source.is_complex and not op._attrs["DstT"].is_complex:
        return lambda x: np.real(x).astype(target)
    if source.is_floating and op._attrs["DstT"].is_integer:

        def to_integer(x: Any) -> Any:
            with np.errstate(invalid="ignore"):
                return np.asarray(x).astype(target)

        return to_integer
    return lambda x: np.asarray(x).astype(target)


def _cast_quantized(source: Any, target: np.dtype) -> Call:
    def call(x: Any) -> Any:
        plain = np.asarray(x)
        if plain.dtype.names:
            plain = plain[plain.dtype.names[0]]
        if target.names is None:
            return plain.astype(target)
        result = np.zeros(plain.shape, target)
        result[target.names[0]] = plain
        return result

    return call


@kernel("AddN", "AccumulateNV2")
def _add_n(op: Any) -> Call:
    def call(first: Any, *rest: Any) -> Any:
        total = first
        for x in rest:
            total = total + x
        return total if rest else np.array(first)

    return call


@kernel("Select")
def _select(op: Any) -> Call:
    def call(condition: Any, t: Any, e: Any) -> Any:
        if np.ndim(condition) == 1 and np.ndim(t) > 1:
            condition = condition.reshape((-1,) + (1,) * (t.ndim - 1))
        return np.where(condition, t, e)

    return call


@kernel("SelectV2")
def _select_v2(op: Any) -> Call:
    return np.where


@kernel("Where")
def _where(op: Any) -> Call:
    return lambda x: np.argwhere(x).astype(np.int64)


@kernel("Conj")
def _conj(op: Any) -> Call:
    return np.conj


@kernel("Real")
def _real(op: Any) -> Call:
    return lambda x: np.real(x).copy()


@kernel("Imag")
def _imag(op: Any) -> Call:
    return lambda x: np.imag(x).copy()


@kernel("ComplexAbs")
def _complex_abs(op: Any) -> Call:
    return np.abs


@kernel("Complex")
def _complex(op: Any) -> Call:
    target = op._attrs["Tout"].as_numpy_dtype

    def call(real: Any, imag: Any) -> Any:
        result = np.empty(np.broadcast_shapes(np.shape(real), np.shape(imag)), target)
        result.real, result.imag = real, imag
        return result

    return call
