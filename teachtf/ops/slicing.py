"""Slices: boxes and strides cut from a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.static_value import get_static_value
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import rank, reshape, shape

_INDEX = "{int32, int64}"


def _sliced_dims(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    bounds: list[Any] = [static.constant_value(t) for t in op._inputs[1:4]]
    attrs = op._attrs
    if dims is None:
        return [unknown_shape()]
    count = op._inputs[1]._shape.num_elements()
    if count is None:
        return [unknown_shape()]
    if not dims and any(not attrs["new_axis_mask"] >> i & 1 and not attrs["ellipsis_mask"] >> i & 1 for i in range(count)):
        raise ValueError("Attempting to slice scalar input.")
    if bounds[2] is None:
        return [unknown_shape()]
    for position, stride in enumerate(bounds[2].tolist()):
        if stride == 0:
            raise ValueError(f"strides[{position}] must be non-zero")
    if attrs["ellipsis_mask"] & (attrs["ellipsis_mask"] - 1):
        raise ValueError("Multiple ellipses in slice spec not allowed")
    if any(b is None for b in bounds):
        bounds = [np.zeros(count, np.int64)] * 2 + [bounds[2]]
        known = False
    else:
        known = True
    index = static.strided_slice_index(op, *bounds)
    used = sum(1 for i in index if i is not None and i is not Ellipsis)
    if used > len(dims):
        raise ValueError(f"Index out of range using input dim {len(dims)}; input has only {len(dims)} dims")
    if Ellipsis not in index:
        index = (*index, Ellipsis)
    result: list[int | None] = []
    axis = 0
    for position, item in enumerate(index):
        if item is None:
            result.append(1)
        elif item is Ellipsis:
            after = sum(1 for i in index[position + 1 :] if i is not None)
            while axis < len(dims) - after:
                result.append(dims[axis])
                axis += 1
        elif isinstance(item, slice):
            whole = attrs["begin_mask"] >> position & 1 and attrs["end_mask"] >> position & 1
            size = dims[axis]
            # a slice of an unknown dimension can be shorter than it asks for
            settled = size is not None and (known or whole)
            result.append(len(range(*item.indices(size))) if settled else None)
            axis += 1
        else:
            size = dims[axis]
            if known and size is not None and not -size <= item < size:
                raise ValueError(f"slice index {item} of dimension {axis} out of bounds.")
            axis += 1
    return [shapes.shape_of(result)]


def _strided_slice_gradient(op: Any, grad: Any) -> list[Any]:
    x, begin = op.inputs[:2]
    arguments = [shape(x, out_type=begin.dtype), *op.inputs[1:]]
    known = [get_static_value(t) for t in arguments]
    arguments = [t if k is None else k for t, k in zip(arguments, known, strict=True)]
    masks = {m: op.get_attr(m) for m in ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")}
    return [
        apply_op("StridedSliceGrad", *arguments, grad, **masks),
        None,
        None,
        None,
    ]


_MASKS = "begin_mask: int = 0, end_mask: int = 0, ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0"
declare(
    "StridedSlice",
    inputs="input: T, begin: Index, end: Index, strides: Index",
    outputs="output: T",
    attrs=f"T: type, Index: {{int16, int32, int64}}, {_MASKS}",
    shape=_sliced_dims,
    gradient=_strided_slice_gradient,
)
declare(
    "StridedSliceGrad",
    inputs="shape: Index, begin: Index, end: Index, strides: Index, dy: T",
    outputs="output: T",
    attrs=f"T: type, Index: {_INDEX}, {_MASKS}",
    shape=lambda op: [static.constant_value_as_shape(op._inputs[0])],
    gradient=lambda op, grad: [
        None,
        None,
        None,
        None,
        apply_op(
            "StridedSlice",
            grad,
            *op.inputs[1:4],
            **{m.split(":")[0].strip(): op.get_attr(m.split(":")[0].strip()) for m in _MASKS.split(",")},
        ),
    ],
)


def _slice_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    lengths = [t._shape.num_elements() for t in op._inputs[1:] if t._shape.num_elements() is not None]
    rank = len(dims) if dims is not None else lengths[0] if lengths else None
    for length in lengths:
        shapes.merge_dim(rank, length)
    begin, size = (static.constant_value(t) for t in op._inputs[1:])
    if size is None:
        known = static.constant_value_as_shape(op._inputs[2])
        return [known if known.ndims is not None or rank is None else shapes.shape_of([None] * rank)]
    result: list[int | None] = []
    for axis, wanted in enumerate(size.tolist()):
        given = None if dims is None else dims[axis]
        start = None if begin is None else int(begin[axis])
        if wanted < -1:
            raise ValueError(f"size[{axis}] must be at least -1, is {wanted}")
        if wanted == -1:
            left = None if given is None or start is None else given - start
            if left is not None and left < 0:
                raise ValueError(f"Negative dimension size caused by subtracting {start} from {given}")
            result.append(left)
        else:
            result.append(wanted)
    return [shapes.shape_of(result)]


def _slice_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.joining import concat, stack
    from teachtf.ops.rearranging import pad

    x, begin = op.inputs[0], op.inputs[1]
    input_rank, size = rank(x), shape(op.outputs[0])
    column = stack([input_rank, 1])
    before = reshape(begin, column)
    after = reshape(shape(x) - size - begin, column)
    return [pad(grad, concat([before, after], 1)), None, None]


declare(
    "Slice",
    inputs="input: T, begin: Index, size: Index",
    outputs="output: T",
    attrs=f"T: type, Index: {_INDEX}",
    shape=_slice_shape,
    gradient=_slice_gradient,
)


def slice_(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The box of `size` elements that starts at `begin`; -1 takes all that is left. Source: `tf.slice`."""
    return apply_op("Slice", input_, begin, size, name=name)


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """A Python-like slice with a stride an axis; the masks' bits say what each index means.

    With a variable for `var`, the result has a function `assign(value, name=None)` that changes this part of it.
    Source: `tf.strided_slice`.
    """
    if strides is None:
        from teachtf.ops.fills import ones_like

        strides = ones_like(begin)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    result = apply_op("StridedSlice", input_, begin, end, strides, name=name, **masks)
    if var is not None:
        parent_name = name

        def assign(val: Any, name: str | None = None) -> Tensor:
            """Change the part of the variable that was sliced."""
            return var._strided_slice_assign(begin, end, strides, val, name or f"{parent_name}_assign", **masks)

        result.assign = assign
    return result
