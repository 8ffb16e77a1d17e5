"""What Python's operators do to tensors: `a + b`, `a[1:]`, `a @ b`. Source: `tf.Tensor`'s overloaded operators."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import Dimension
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops.joining import stack
from teachtf.ops.linalg import matmul
from teachtf.ops.slicing import strided_slice


def _apply(op_type: str) -> Callable[[Any, Any, str], Tensor]:
    return lambda x, y, scope: apply_op(op_type, x, y, name=scope)


def _add(x: Any, y: Any, scope: str) -> Tensor:
    if not isinstance(y, Tensor):
        y = convert_to_tensor(y, dtype_hint=x.dtype.base_dtype, name="y")
    return apply_op("Add" if x.dtype.base_dtype == dtypes.string else "AddV2", x, y, name=scope)


def _bits_or_truth(bits: str, truth: Callable[[Any, Any, str], Tensor]) -> Callable[[Any, Any, str], Tensor]:
    """`&`, `|` and `^`: of truth values, or of the bits of integers."""
    return lambda x, y, scope: truth(x, y, scope) if x.dtype.base_dtype == dtypes.bool else apply_op(bits, x, y)


_BINARY: dict[str, Callable[[Any, Any, str], Tensor]] = {
    "add": _add,
    "sub": _apply("Sub"),
    "mul": _apply("Mul"),
    "truediv": lambda x, y, scope: arithmetic.truediv(x, y, name=scope),
    "div": lambda x, y, scope: arithmetic.div(x, y, name=scope),
    "floordiv": _apply("FloorDiv"),
    "mod": _apply("FloorMod"),
    "pow": _apply("Pow"),
    "and": _bits_or_truth("BitwiseAnd", _apply("LogicalAnd")),
    "or": _bits_or_truth("BitwiseOr", _apply("LogicalOr")),
    "xor": _bits_or_truth("BitwiseXor", lambda x, y, scope: arithmetic.logical_xor(x, y, name=scope)),
    "matmul": lambda x, y, scope: matmul(x, y, name=scope),
}
_COMPARISONS = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}


def _install_binary(name: str, build: Callable[[Any, Any, str], Tensor]) -> None:
    reflected = f"__r{name}__"

    def left(x: Any, y: Any) -> Any:
        with name_scope(None, name, [x, y]) as scope:
            try:
                return build(convert_to_tensor(x), y, scope)
            except (TypeError, ValueError):
                # the other side may know better what to do with a tensor
                if isinstance(y, _PLAIN) or not hasattr(type(y), reflected):
                    raise
                try:
                    result = getattr(y, reflected)(x)
                except (TypeError, ValueError):
                    result = NotImplemented
                if result is NotImplemented:
                    raise
                return result

    def right(y: Any, x: Any) -> Tensor:
        with name_scope(None, name, [x, y]) as scope:
            y = convert_to_tensor(y)
            return build(convert_to_tensor(x, y.dtype.base_dtype, name="x"), y, scope)

    Tensor._override_operator(f"__{name}__", left)
    Tensor._override_operator(reflected, right)


_PLAIN = (Tensor, bool, int, float, complex, str, bytes, list, tuple, dict, np.ndarray, np.generic, type(None))
for _name, _build in _BINARY.items():
    _install_binary(_name, _build)


def _install_comparison(python_name: str, op_type: str) -> None:
    Tensor._override_operator(f"__{python_name}__", lambda x, y: apply_op(op_type, x, y))


for _name, _op_type in _COMPARISONS.items():
    _install_comparison(_name, _op_type)

Tensor._override_operator("__neg__", lambda x: apply_op("Neg", x))
Tensor._override_operator("__abs__", lambda x: arithmetic.abs(x))
Tensor._override_operator("__invert__", lambda x: apply_op("LogicalNot" if x.dtype.base_dtype == dtypes.bool else "Invert", x))


_INDEX_DTYPES = (dtypes.int16, dtypes.int32, dtypes.int64)


def _check_index(index: Any) -> None:
    if isinstance(index, (numbers.Integral, Dimension)):
        return
    dtype, shape = getattr(index, "dtype", None), getattr(index, "shape", ())
    if dtype is not None and dtypes.as_dtype(dtype).base_dtype in _INDEX_DTYPES and not (shape and len(shape) == 1):
        return
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
        f"indices, got {index!r}. Use tf.gather or tf.boolean_mask for the rest."
    )


def _is_mask(index: Any) -> bool:
    return isinstance(index, (bool, Tensor, np.ndarray)) and dtypes.as_dtype(getattr(index, "dtype", bool)) == dtypes.bool


def _slice_dtype(bounds: list[Any]) -> DType | None:
    """The dtype that the tensors among the bounds of a slice have: what is left out gets it too."""
    found = {t.dtype.base_dtype for t in bounds if isinstance(t, Tensor)}
    return next((dtype for dtype in reversed(_INDEX_DTYPES) if dtype in found), None)


def slice_tensor(tensor: Any, indices: Any, var: Any = None) -> Tensor:
    """`tensor[indices]` as a `StridedSlice`; with a mask of bools for `indices`, what `tf.boolean_mask` gives.

    Raises:
      TypeError: an index is none that Python's slices know.
    """
    if _is_mask(indices):
        from teachtf.ops.masking import boolean_mask

        return boolean_mask(tensor, indices)
    if not isinstance(indices, (list, tuple)):
        indices = [indices]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks: dict[str, Any] = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for i, index in enumerate(indices):
        bit = 1 << i
        if isinstance(index, slice):
            bounds = [index.start, index.stop, index.step]
            dtype = _slice_dtype(bounds)
            for given, default, side, mask in zip(bounds, (0, 0, 1), (begin, end, strides), _BOUND_MASKS, strict=True):
                if given is not None and not (isinstance(given, Dimension) and given.value is None):
                    _check_index(given)
                    side.append(given)
                    continue
                side.append(default if dtype is None else constant(default, dtype))
                if mask:
                    masks[mask] |= bit
        elif index is Ellipsis or index is None:
            begin.append(0)
            end.append(0)
            strides.append(1)
            masks["ellipsis_mask" if index is Ellipsis else "new_axis_mask"] |= bit
        else:
            _check_index(index)
            begin.append(index)
            end.append(index + 1)
            wide = isinstance(index, Tensor) and index.dtype.base_dtype in (dtypes.int16, dtypes.int64)
            strides.append(constant(1, index.dtype) if wide else 1)
            masks["shrink_axis_mask"] |= bit
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        if begin:
            packed = [stack(v) for v in (begin, end, strides)]
            if any(p.dtype == dtypes.int64 for p in packed):
                packed = [p if p.dtype == dtypes.int64 else apply_op("Cast", p, DstT=dtypes.int64) for p in packed]
        else:
            packed = [constant([], dtypes.int32)] * 3
        return strided_slice(tensor, packed[0], packed[1], packed[2], var=var, name=scope, **masks)


_BOUND_MASKS = ("begin_mask", "end_mask", None)
Tensor._override_operator("__getitem__", slice_tensor)

OPERATORS = (
    *(f"__{prefix}{name}__" for name in _BINARY for prefix in ("", "r")),
    *(f"__{name}__" for name in _COMPARISONS),
    "__neg__",
    "__abs__",
    "__invert__",
    "__getitem__",
)
