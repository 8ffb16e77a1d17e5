"""What Python's operators do to tensors: `a + b`, `a[1:]`, `a @ b`. Source: `tf.Tensor`'s overloaded operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import Dimension
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops.linalg import matmul
from teachtf.ops.slicing import strided_slice


def _apply(op_type: str) -> Callable[[Any, Any, str], Tensor]:
    return lambda x, y, scope: apply_op(op_type, x, y, name=scope)


_BINARY: dict[str, tuple[str, Callable[[Any, Any, str], Tensor]]] = {
    "add": (
        "add",
        lambda x, y, scope: apply_op("Add" if x.dtype.base_dtype == dtypes.string else "AddV2", x, y, name=scope),
    ),
    "sub": ("sub", _apply("Sub")),
    "mul": ("mul", _apply("Mul")),
    "truediv": ("truediv", lambda x, y, scope: arithmetic.truediv(x, y, name=scope)),
    "div": ("div", lambda x, y, scope: arithmetic.div(x, y, name=scope)),
    "floordiv": ("floordiv", _apply("FloorDiv")),
    "mod": ("mod", _apply("FloorMod")),
    "pow": ("pow", _apply("Pow")),
    "and": ("and", _apply("LogicalAnd")),
    "or": ("or", _apply("LogicalOr")),
    "xor": ("xor", lambda x, y, scope: arithmetic.logical_xor(x, y, name=scope)),
    "matmul": ("matmul", lambda x, y, scope: matmul(x, y, name=scope)),
}
_COMPARISONS = {"lt": "Less", "le": "LessEqual", "gt": "Greater", "ge": "GreaterEqual"}


def _install_binary(python_name: str, scope_name: str, build: Callable[[Any, Any, str], Tensor]) -> None:
    def left(x: Any, y: Any) -> Tensor:
        with name_scope(None, scope_name, [x, y]) as scope:
            x = convert_to_tensor(x)
            y = convert_to_tensor(y, None if isinstance(y, Tensor) else x.dtype.base_dtype, name="y")
            return build(x, y, scope)

    def right(y: Any, x: Any) -> Tensor:
        with name_scope(None, scope_name, [x, y]) as scope:
            y = convert_to_tensor(y)
            x = convert_to_tensor(x, y.dtype.base_dtype, name="x")
            return build(x, y, scope)

    Tensor._override_operator(f"__{python_name}__", left)
    Tensor._override_operator(f"__r{python_name}__", right)


for _python_name, (_scope_name, _build) in _BINARY.items():
    _install_binary(_python_name, _scope_name, _build)


def _install_comparison(python_name: str, op_type: str) -> None:
    Tensor._override_operator(f"__{python_name}__", lambda x, y: apply_op(op_type, x, y))


for _python_name, _op_type in _COMPARISONS.items():
    _install_comparison(_python_name, _op_type)

Tensor._override_operator("__neg__", lambda x: apply_op("Neg", x))
Tensor._override_operator("__abs__", lambda x: arithmetic.abs(x))
Tensor._override_operator("__invert__", lambda x: apply_op("LogicalNot", x))


def _check_index(index: Any) -> None:
    if isinstance(index, (int, np.integer, Tensor, Dimension, slice)) or index in (Ellipsis, None):
        if not isinstance(index, bool):
            return
    if hasattr(index, "_ref"):
        return
    raise TypeError(
        "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 tensors are valid "
        f"indices, got {index!r}. Use tf.gather or tf.boolean_mask for the rest."
    )


def slice_tensor(tensor: Any, indices: Any, var: Any = None) -> Tensor:
    """`tensor[indices]` as a `StridedSlice`.

    Raises:
      TypeError: an index is none that Python's slices know.
    """
    if not isinstance(indices, (list, tuple)):
        indices = [indices]
    begin: list[Any] = []
    end: list[Any] = []
    strides: list[Any] = []
    masks: dict[str, Any] = dict.fromkeys(("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0)
    for i, index in enumerate(indices):
        _check_index(index)
        bit = 1 << i
        if isinstance(index, slice):
            begin.append(0 if index.start is None else index.start)
            masks["begin_mask"] |= bit if index.start is None else 0
            end.append(0 if index.stop is None else index.stop)
            masks["end_mask"] |= bit if index.stop is None else 0
            strides.append(1 if index.step is None else index.step)
        elif index is Ellipsis or index is None:
            begin.append(0)
            end.append(0)
            strides.append(1)
            masks["ellipsis_mask" if index is Ellipsis else "new_axis_mask"] |= bit
        else:
            begin.append(index)
            end.append(index + 1)
            strides.append(1)
            masks["shrink_axis_mask"] |= bit
    with name_scope(None, "strided_slice", [tensor, *begin, *end, *strides]) as scope:
        if begin:
            packed = [convert_to_tensor(v, name="stack") for v in (begin, end, strides)]
            if any(p.dtype == dtypes.int64 for p in packed):
                packed = [arithmetic.cast(p, dtypes.int64) for p in packed]
        else:
            packed = [convert_to_tensor(np.zeros(0, np.int32))] * 3
        return strided_slice(tensor, packed[0], packed[1], packed[2], var=var, name=scope, **masks)


Tensor._override_operator("__getitem__", slice_tensor)

OPERATORS = (
    *(f"__{prefix}{name}__" for name in _BINARY for prefix in ("", "r")),
    *(f"__{name}__" for name in _COMPARISONS),
    "__neg__",
    "__abs__",
    "__invert__",
    "__getitem__",
)
