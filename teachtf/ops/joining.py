"""Joins and splits: concat, stack, unstack, split."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor, register_tensor_conversion_function
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, difference, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import rank, shape
from teachtf.ops.slicing import slice_


def _concat_shape(op: Any) -> list[TensorShape]:
    axis = static.constant_value(op._inputs[-1])
    parts = [t._shape.as_tuple for t in op._inputs[:-1]]
    known = [p for p in parts if p is not None]
    if not known:
        return [unknown_shape()]
    n = len(known[0])
    if any(len(p) != n for p in known):
        raise ValueError(f"Shapes must be equal rank, but are {sorted({len(p) for p in known})}")
    if axis is None:
        if n == 0:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        return [shapes.shape_of([None] * n)]
    at = shapes.normal_axis(int(axis), n)
    result: list[int | None] = list(known[0])
    for part in known[1:]:
        result = [r if i == at else shapes.merge_dim(r, d) for i, (r, d) in enumerate(zip(result, part, strict=True))]
    sizes = [None if p is None else p[at] for p in parts]
    result[at] = None if None in sizes else sum(s for s in sizes if s is not None)
    return [shapes.shape_of(result)]


def _concat_gradient(op: Any, grad: Any) -> list[Any]:
    values, axis = op.inputs[:-1], op.inputs[-1]
    if axis.op.type == "Const" and axis.op._control_flow_context is not grad.op._control_flow_context:
        axis = constant(static.constant_value(axis), dtype=axis.dtype)  # here, rather than brought in from another loop
    at = axis % rank(values[0])
    sizes: list[Any] = []
    for value in values:
        sizes.append(shape(value))
        if not value.shape.is_fully_defined():
            sizes = apply_op("ShapeN", list(values))
            break
    offsets = apply_op("ConcatOffset", at, sizes)
    return [*(slice_(grad, begin, size) for begin, size in zip(offsets, sizes, strict=True)), None]


declare(
    "ConcatV2",
    inputs="values: N * T, axis: Tidx",
    outputs="output: T",
    attrs="N: int >= 2, T: type, Tidx: {int32, int64} = DT_INT32",
    shape=_concat_shape,
    gradient=_concat_gradient,
)
declare(
    "ConcatOffset",
    inputs="concat_dim: int32, shape: N * shape_type",
    outputs="offset: N * shape_type",
    attrs="N: int >= 2, shape_type: {int32, int64} = DT_INT32",
    shape=lambda op: [t._shape for t in op._inputs[1:]],
    gradient=NOT_DIFFERENTIABLE,
)


def _pack_shape(op: Any) -> list[TensorShape]:
    merged = op._inputs[0]._shape
    for tensor in op._inputs[1:]:
        if not merged.is_compatible_with(tensor._shape):
            raise ValueError(f"{difference(merged, tensor._shape)}\n\tFrom merging shape 0 with other shapes.")
        merged = merged.merge_with(tensor._shape)
    dims = merged.as_tuple
    if dims is None:
        return [unknown_shape()]
    at = shapes.normal_axis(op._attrs["axis"], len(dims) + 1)
    return [shapes.shape_of([*dims[:at], len(op._inputs), *dims[at:]])]


def _unpack_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    if dims is None:
        return [unknown_shape()] * op._attrs["num"]
    at = shapes.normal_axis(op._attrs["axis"], len(dims))
    shapes.merge_dim(dims[at], op._attrs["num"])
    return [shapes.shape_of([*dims[:at], *dims[at + 1 :]])] * op._attrs["num"]


declare(
    "Pack",
    inputs="values: N * T",
    outputs="output: T",
    attrs="N: int >= 1, T: type, axis: int = 0",
    shape=_pack_shape,
    gradient=lambda op, grad: unstack(grad, num=op.get_attr("N"), axis=op.get_attr("axis")),
)
declare(
    "Unpack",
    inputs="value: T",
    outputs="output: num * T",
    attrs="num: int >= 0, T: type, axis: int = 0",
    shape=_unpack_shape,
    gradient=lambda op, *grads: [stack(_whole(op, grads), axis=op.get_attr("axis"))],
)


def _whole(op: Any, grads: Any) -> list[Any]:
    """The gradients of all outputs, zeros for the unused ones."""
    from teachtf.ops.fills import zeros_like

    return [zeros_like(out) if g is None else g for out, g in zip(op.outputs, grads, strict=True)]


def _split_shape(op: Any) -> list[TensorShape]:
    number = op._attrs["num_split"]
    axis, dims = static.static_scalar(op._inputs[0]), op._inputs[1]._shape.as_tuple
    if dims is None:
        return [unknown_shape()] * number
    if axis is None:
        return [shapes.shape_of([None] * len(dims))] * number
    at = shapes.normal_axis(axis, len(dims))
    size = dims[at]
    if size is not None and size % number:
        raise ValueError(f"Dimension size must be evenly divisible by {number} but is {size}")
    part = None if size is None else size // number
    return [shapes.shape_of([*dims[:at], part, *dims[at + 1 :]])] * number


def _split_v_shape(op: Any) -> list[TensorShape]:
    number = op._attrs["num_split"]
    dims, sizes, axis = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1]), op._inputs[2]
    at = static.static_scalar(axis)
    if dims is None:
        return [unknown_shape()] * number
    if at is None:
        return [shapes.shape_of([None] * len(dims))] * number
    at = shapes.normal_axis(at, len(dims))
    if sizes is None:
        return [shapes.shape_of([*dims[:at], None, *dims[at + 1 :]])] * number
    total, wanted = dims[at], [int(s) for s in sizes]
    if -1 in wanted and total is not None:
        wanted[wanted.index(-1)] = total - sum(w for w in wanted if w >= 0)
    elif total is not None and sum(wanted) != total:
        raise ValueError(f"Determined shape must match input: sizes {wanted} sum to {sum(wanted)}, the axis has {total}")
    return [shapes.shape_of([*dims[:at], None if w < 0 else w, *dims[at + 1 :]]) for w in wanted]


declare(
    "Split",
    inputs="split_dim: int32, value: T",
    outputs="output: num_split * T",
    attrs="num_split: int >= 1, T: type",
    shape=_split_shape,
    gradient=lambda op, *grads: [None, concat(_whole(op, grads), op.inputs[0])],
)
declare(
    "SplitV",
    inputs="value: T, size_splits: Tlen, split_dim: int32",
    outputs="output: num_split * T",
    attrs="num_split: int >= 1, T: type, Tlen: {int8, int32, int64} = DT_INT64",
    shape=_split_v_shape,
    gradient=lambda op, *grads: [concat(_whole(op, grads), op.inputs[2]), None, None],
)


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """`values` joined along an axis that they have. Source: `tf.concat`."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            convert_to_tensor(axis, "int32", name="concat_dim").shape.assert_has_rank(0)
            return apply_op("Identity", values[0], name=name)
    return apply_op("ConcatV2", values, axis, name=name)


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """`values` joined along a new axis. Source: `tf.stack`."""
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # mixed types: Pack says what is wrong
    return apply_op("Pack", values, axis=axis, name=name)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> list[Tensor]:
    """The slices of `value` along `axis`, as a list. Source: `tf.unstack`."""
    if num is None:
        tensor = convert_to_tensor(value)
        dims = tensor.shape.as_tuple
        if dims is None:
            raise ValueError(f"Cannot infer argument `num` from shape {tensor.shape}")
        if not -len(dims) <= axis < len(dims):
            raise ValueError(f"Argument `axis` = {axis} not in range [{-len(dims)}, {len(dims)})")
        num = dims[axis]
        if num is None:
            raise ValueError(f"Cannot infer argument `num` from shape {tensor.shape}")
        value = tensor
    return apply_op("Unpack", value, num=num, axis=axis, name=name)


def split(value: Any, num_or_size_splits: Any, axis: Any = 0, num: int | None = None, name: str = "split") -> list[Tensor]:
    """`value` cut along `axis` into equal parts, or parts of the given sizes. Source: `tf.split`."""
    if isinstance(num_or_size_splits, (int, np.integer)):
        return apply_op("Split", axis, value, num_split=int(num_or_size_splits), name=name)
    sizes = convert_to_tensor(num_or_size_splits)
    if num is None:
        num = sizes.shape.as_list()[0]
        if num is None:
            raise ValueError("Cannot infer argument `num` from an unknown number of sizes")
    return apply_op("SplitV", value, sizes, axis, num_split=num, name=name)


def _has_tensor(values: Any) -> bool:
    if isinstance(values, (list, tuple)):
        return any(_has_tensor(v) for v in values)
    return isinstance(values, Tensor) or hasattr(values, "_ref")


def _pack_list(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
    """Lists that hold tensors become a `Pack` of them."""
    if not _has_tensor(value):
        return NotImplemented
    own = next(t.dtype.base_dtype for t in _leaves(value))
    if dtype is not None and dtype != own:
        value = _cast(value, dtype)
    with name_scope(name or "packed") as scope:
        return _pack(value, dtype or own, scope)


def _cast(values: Any, dtype: Any) -> Any:
    """Nested lists with their tensors cast to `dtype`."""
    if isinstance(values, (list, tuple)):
        return [_cast(v, dtype) for v in values]
    if not isinstance(values, Tensor) and not hasattr(values, "_ref"):
        return values
    tensor = convert_to_tensor(values)
    return tensor if tensor.dtype.base_dtype == dtype else apply_op("Cast", tensor, DstT=dtype)


def _leaves(value: Any) -> Any:
    for item in value:
        if isinstance(item, (list, tuple)):
            yield from _leaves(item)
        elif isinstance(item, Tensor) or hasattr(item, "_ref"):
            yield item


def _pack(values: Any, dtype: Any, scope: str) -> Tensor:
    parts = []
    for i, item in enumerate(values):
        if isinstance(item, (list, tuple)) and _has_tensor(item):
            with name_scope(str(i)) as inner:
                parts.append(_pack(item, dtype, inner))
        elif isinstance(item, Tensor):
            if item.dtype.base_dtype != dtype:
                raise TypeError(
                    f"Cannot convert a list containing a tensor of dtype {item.dtype.base_dtype} to {dtype} "
                    f"(Tensor is: {item!r})"
                )
            parts.append(item)
        else:
            parts.append(convert_to_tensor(item, dtype, name=str(i)))
    return apply_op("Pack", parts, name=scope)


register_tensor_conversion_function((list, tuple), _pack_list, 99)
