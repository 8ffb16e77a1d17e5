"""What can be known of a tensor's value while the graph is built: shape functions need it. Source: `tf.get_static_value`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor

_DEPTH = 40  # how far back a value is traced; shape arithmetic is shallow
# Computes a node of which all inputs are known, or gives None; the kernels put it in, which stand above this module.
computed: Callable[[Any, list[np.ndarray]], list[np.ndarray] | None] | None = None


def constant_value(tensor: Any) -> np.ndarray | None:
    """The value of `tensor` if it follows from constants and known shapes alone, else None. Do not write to it."""
    if not isinstance(tensor, Tensor):
        return tensor if isinstance(tensor, np.ndarray) else None
    return _value(tensor, _DEPTH, {})


# What is known of tensors that were met before in one question: shapes are often computed twice from the same tensors.
Seen = dict[Tensor, "np.ndarray | None"]


def _value(tensor: Tensor, depth: int, seen: Seen) -> np.ndarray | None:
    if tensor not in seen:
        seen[tensor] = _found(tensor, depth, seen)
    return seen[tensor]


def _found(tensor: Tensor, depth: int, seen: Seen) -> np.ndarray | None:
    op = tensor._op
    if op.type == "Const":
        return np.asarray(op._attrs["value"], order="C")  # one element may fill it by strides of 0; kernels take it whole
    of_shape = _OF_SHAPE.get(op.type)
    known = None if of_shape is None else of_shape(tensor)
    if known is not None or depth == 0 or not op._inputs:
        return known
    single = _dimension(tensor, depth, seen)
    if single is not None:
        return np.array(single, tensor._dtype.as_numpy_dtype)
    values = []
    for item in op._inputs:
        value = _value(item, depth - 1, seen)
        if value is None:
            return None
        values.append(value)
    try:
        with np.errstate(all="ignore"):
            rule = _RULES.get(op.type)
            result = rule(op, *values) if rule is not None else computed(op, values) if computed else None
    except (ValueError, IndexError, ArithmeticError):  # the run has the place to tell what is wrong
        return None
    if isinstance(result, list):
        result = result[tensor._value_index]
    return None if result is None else np.asarray(result, dtype=tensor._dtype.base_dtype.as_numpy_dtype)


def _shape_value(tensor: Tensor) -> np.ndarray | None:
    source = tensor._op._inputs[tensor._value_index]
    if source._shape.is_fully_defined():
        return np.array(source._shape.as_list(), tensor._dtype.as_numpy_dtype)
    value = constant_value(source)  # as of `Unique`: the values are known, the number of them is not said
    return None if value is None else np.array(value.shape, tensor._dtype.as_numpy_dtype)


def _size_value(tensor: Tensor) -> np.ndarray | None:
    size = tensor._op._inputs[0]._shape.num_elements()
    return None if size is None else np.array(size, tensor._dtype.as_numpy_dtype)


def _rank_value(tensor: Tensor) -> np.ndarray | None:
    rank = tensor._op._inputs[0]._shape.ndims
    return None if rank is None else np.array(rank, np.int32)


def strided_slice_index(op: Any, begin: Any, end: Any, strides: Any) -> tuple[Any, ...]:
    """The numpy index that a `StridedSlice` node stands for."""
    attrs = op._attrs
    index: list[Any] = []
    for i, (b, e, s) in enumerate(zip(begin.tolist(), end.tolist(), strides.tolist(), strict=True)):
        bit = 1 << i
        if attrs["ellipsis_mask"] & bit:
            index.append(Ellipsis)
        elif attrs["new_axis_mask"] & bit:
            index.append(None)
        elif attrs["shrink_axis_mask"] & bit:
            index.append(b)
        else:
            index.append(slice(None if attrs["begin_mask"] & bit else b, None if attrs["end_mask"] & bit else e, s))
    return tuple(index)


def _strided_slice(op: Any, value: Any, begin: Any, end: Any, strides: Any) -> Any:
    return value[strided_slice_index(op, begin, end, strides)]


def _reduce(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda op, x, axes: function(x, axis=tuple(np.ravel(axes)), keepdims=op._attrs["keep_dims"])


def _list_diff(op: Any, x: Any, y: Any) -> list[Any]:
    keep = np.flatnonzero(~np.isin(x, y))
    return [x[keep], keep]


def _unique(op: Any, x: Any) -> list[Any]:
    values, first, places = np.unique(x, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return [values[order], np.argsort(order)[places.reshape(-1)]]


def _repeated_axes(op: Any, x: Any, y: Any) -> list[Any]:
    """The axes along which the first and the second shape are repeated to make their common shape."""
    rank = max(len(x), len(y))
    a, b = ([1] * (rank - len(s)) + s.tolist() for s in (x, y))
    return [[i for i in range(rank) if p[i] == 1 != q[i]] for p, q in ((a, b), (b, a))]


_OF_SHAPE: dict[str, Callable[[Tensor], Any]] = {
    "Shape": _shape_value,
    "ShapeN": _shape_value,
    "Size": _size_value,
    "Rank": _rank_value,
}
_RULES: dict[str, Callable[..., Any]] = {
    "ListDiff": _list_diff,
    "Unique": _unique,
    "DynamicPartition": lambda op, x, parts: [x[parts == i] for i in range(op._attrs["num_partitions"])],
    "Transpose": lambda op, x, perm: np.transpose(x, tuple(perm)),
    "Identity": lambda op, x: x if not op._inputs[0]._dtype._is_ref_dtype else None,
    "StopGradient": lambda op, x: x,
    "Cast": lambda op, x: x.astype(op._attrs["DstT"].as_numpy_dtype),
    "Pack": lambda op, *xs: np.stack(xs, op._attrs["axis"]),
    "ConcatV2": lambda op, *xs: np.concatenate(xs[:-1], int(xs[-1])),
    "Range": lambda op, start, limit, delta: np.arange(start, limit, delta),
    "Fill": lambda op, dims, value: np.full(tuple(dims), value) if np.prod(dims) <= 1 << 12 else None,
    "Reshape": lambda op, x, shape: np.reshape(x, tuple(shape)),
    "ExpandDims": lambda op, x, axis: np.expand_dims(x, int(axis)),
    "Squeeze": lambda op, x: np.squeeze(x, tuple(op._attrs["squeeze_dims"]) or None),
    "StridedSlice": _strided_slice,
    "Slice": lambda op, x, b, s: x[tuple(slice(i, None if n < 0 else i + n) for i, n in zip(b, s, strict=True))],
    "InvertPermutation": lambda op, x: np.argsort(x),
    "GatherV2": lambda op, x, i, axis: np.take(x, i, int(axis)),
    "Add": lambda op, x, y: x + y,
    "AddV2": lambda op, x, y: x + y,
    "Sub": lambda op, x, y: x - y,
    "Mul": lambda op, x, y: x * y,
    "Neg": lambda op, x: -x,
    "FloorDiv": lambda op, x, y: x // y if np.all(y) else None,
    "RealDiv": lambda op, x, y: x / y,
    "FloorMod": lambda op, x, y: x % y if np.all(y) else None,
    "Maximum": lambda op, x, y: np.maximum(x, y),
    "Minimum": lambda op, x, y: np.minimum(x, y),
    "Equal": lambda op, x, y: x == y,
    "Less": lambda op, x, y: x < y,
    "Greater": lambda op, x, y: x > y,
    "BroadcastGradientArgs": _repeated_axes,
    "Prod": _reduce(np.prod),
    "Sum": _reduce(np.sum),
    "Max": _reduce(np.max),
}


def constant_value_as_shape(tensor: Tensor) -> TensorShape:
    """The shape that the 1-D integer `tensor` holds, as far as it is known: unknown elements give unknown dimensions."""
    dims = _dims(tensor, _DEPTH, {})
    return unknown_shape() if dims is None else TensorShape._from_tuple(tuple(dims))


def _dims(tensor: Tensor, depth: int, seen: Seen) -> list[int | None] | None:
    op = tensor._op
    if op.type in ("Shape", "ShapeN"):  # as far as it is known: nothing is worked out for the rest
        return _as_dims(op._inputs[tensor._value_index]._shape)
    value = _value(tensor, depth, seen)
    if value is not None:
        flat = np.ravel(value).tolist()
        for d in flat:
            if d < -1:
                raise ValueError(f"Dimension {d} must be >= 0")
        return [None if d < 0 else d for d in flat]
    if depth and op.type == "Pack":
        result: list[int | None] = []
        for item in op._inputs:
            single = _value(item, depth - 1, seen)
            result.append(None if single is None or int(single) < 0 else int(single))
        return result
    if depth and op.type == "ConcatV2":
        result = []
        for item in op._inputs[:-1]:
            part = _dims(item, depth - 1, seen)
            if part is None:
                return None
            result.extend(part)
        return result
    if depth and op.type == "Cast":
        return _dims(op._inputs[0], depth - 1, seen)
    if depth and op.type == "StridedSlice":
        part = _dims(op._inputs[0], depth - 1, seen)
        bounds = [_value(t, depth - 1, seen) for t in op._inputs[1:]]
        if part is not None and all(b is not None for b in bounds):
            index = strided_slice_index(op, *bounds)
            if len(index) == 1 and isinstance(index[0], slice):
                return part[index[0]]
    length = tensor._shape.as_tuple
    if length is not None and len(length) == 1 and length[0] is not None:
        return [None] * length[0]
    return None


def _dimension(tensor: Tensor, depth: int, seen: Seen) -> int | None:
    """A single dimension of a shape that is known in part."""
    op = tensor._op
    if not depth or op.type != "StridedSlice":
        return None
    dims, bounds = _dims(op._inputs[0], depth - 1, seen), [_value(t, depth - 1, seen) for t in op._inputs[1:]]
    if dims is None or any(b is None for b in bounds):
        return None
    index = strided_slice_index(op, *bounds)
    at = index[0] if len(index) == 1 else None
    return dims[at] if isinstance(at, int) and -len(dims) <= at < len(dims) else None


def _as_dims(shape: TensorShape) -> list[int | None] | None:
    dims = shape.as_tuple
    return None if dims is None else list(dims)


def static_scalar(tensor: Tensor) -> int | None:
    """The value of an integer scalar tensor, if it is known."""
    value = constant_value(tensor)
    return None if value is None else int(value)
