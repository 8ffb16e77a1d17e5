"""Rearrangements: transposes, tiles, borders, reversals."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.static_value import get_static_value
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import rank, reshape, shape
from teachtf.ops.slicing import slice_


def _transpose_shape(op: Any) -> list[TensorShape]:
    dims, perm = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    if dims is None:
        n = op._inputs[1]._shape.num_elements()
        return [unknown_shape() if n is None else shapes.shape_of([None] * n)]
    if perm is None:
        return [shapes.shape_of([None] * len(dims))]
    if len(perm) != len(dims):
        raise ValueError(f"Dimension must be {len(dims)} but is {len(perm)}: transpose needs one entry of perm an axis")
    for axis in perm.tolist():
        if not -len(dims) <= axis < len(dims):
            raise ValueError(f"perm dim {axis} is out of range of input rank {len(dims)}")
    return [shapes.shape_of([dims[int(p)] for p in perm])]


for _name in ("Transpose", "ConjugateTranspose"):
    declare(
        _name,
        inputs="x: T, perm: Tperm",
        outputs="y: T",
        attrs="T: type, Tperm: {int32, int64} = DT_INT32",
        shape=_transpose_shape,
        gradient=lambda op, grad: [
            transpose(grad, invert_permutation(op.inputs[1]), conjugate=op.type == "ConjugateTranspose"),
            None,
        ],
    )
declare(
    "InvertPermutation",
    inputs="x: T",
    outputs="y: T",
    attrs="T: {int32, int64} = DT_INT32",
    shape=lambda op: [shapes.shape_of(shapes.require_rank(op._inputs[0], 1))],
    gradient=NOT_DIFFERENTIABLE,
)


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """`y` with `y[x[i]] = i`. Source: `tf.invert_permutation`."""
    return apply_op("InvertPermutation", x, name=name)


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """`a` with its axes in the order `perm`; reversed when that is None.

    Args:
      a: a tensor.
      perm: for each axis of the result, which axis of `a` it is.
      name: the operation's name.
      conjugate: whether complex numbers are conjugated as well.

    Raises:
      ValueError: `perm` does not hold each axis once.

    Source: `tf.transpose`.
    """
    with name_scope(name, "transpose", [a]) as scope:
        tensor = a if isinstance(a, Tensor) else convert_to_tensor(a, name="a")
        op_type = "ConjugateTranspose" if conjugate and tensor.dtype.is_complex else "Transpose"
        if perm is None:
            ndims = tensor.shape.ndims
            if ndims is None:
                perm = apply_op("Range", apply_op("Rank", tensor) - 1, -1, -1)
            else:
                perm = np.arange(ndims - 1, -1, -1, dtype=np.int32)
        return apply_op(op_type, tensor, perm, name=scope)


def _tile_shape(op: Any) -> list[TensorShape]:
    dims, multiples = op._inputs[0]._shape.as_tuple, static.constant_value_as_shape(op._inputs[1]).as_tuple
    if dims is None or multiples is None:
        known = multiples if dims is None else dims
        return [unknown_shape() if known is None else shapes.shape_of([None] * len(known))]
    if len(dims) != len(multiples):
        raise ValueError(f"Shape must be rank {len(multiples)} but is rank {len(dims)}: one multiple an axis")
    return [shapes.shape_of([None if a is None or b is None else a * b for a, b in zip(dims, multiples, strict=True)])]


def _tile_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.joining import stack
    from teachtf.ops.reductions import reduce_sum

    input_shape = shape(op.inputs[0], out_type=op.inputs[1].dtype)
    both = stack([op.inputs[1], input_shape])
    split_shape = reshape(transpose(both), [-1])
    from teachtf.ops.arrays import size
    from teachtf.ops.fills import range

    axes = range(0, size(split_shape), 2)
    return [reduce_sum(reshape(grad, split_shape), axes), None]


declare(
    "Tile",
    inputs="input: T, multiples: Tmultiples",
    outputs="output: T",
    attrs="T: type, Tmultiples: {int32, int64} = DT_INT32",
    shape=_tile_shape,
    gradient=_tile_gradient,
)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input` repeated `multiples[i]` times along axis i. Source: `tf.tile`."""
    return apply_op("Tile", input, multiples, name=name)


def _pad_shape(op: Any) -> list[TensorShape]:
    dims, paddings = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    if paddings is not None and (paddings < 0).any():
        raise ValueError(f"Paddings must be non-negative, are {paddings.tolist()}")
    if dims is None or paddings is None:
        n = op._inputs[1]._shape.as_tuple
        n_axes = len(dims) if dims is not None else (n[0] if n else None)
        return [unknown_shape() if n_axes is None else shapes.shape_of([None] * n_axes)]
    if paddings.shape != (len(dims), 2):
        raise ValueError(f"paddings must have shape [{len(dims)}, 2], has {list(paddings.shape)}")
    return [shapes.shape_of([None if d is None else d + int(p.sum()) for d, p in zip(dims, paddings, strict=True)])]


def _pad_gradient(op: Any, grad: Any) -> list[Any]:
    x, paddings = op.inputs[0], op.inputs[1]
    from teachtf.ops.joining import stack

    column = stack([rank(x), 1])
    begin = reshape(slice_(paddings, [0, 0], column), [-1])
    return [slice_(grad, begin, shape(x)), *[None] * (len(op.inputs) - 1)]


_PAD = "T: type, Tpaddings: {int32, int64} = DT_INT32"
declare(
    "Pad",
    inputs="input: T, paddings: Tpaddings",
    outputs="output: T",
    attrs=_PAD,
    shape=_pad_shape,
    gradient=_pad_gradient,
)
declare(
    "PadV2",
    inputs="input: T, paddings: Tpaddings, constant_values: T",
    outputs="output: T",
    attrs=_PAD,
    shape=_pad_shape,
    gradient=_pad_gradient,
)
declare(
    "MirrorPad",
    inputs="input: T, paddings: Tpaddings",
    outputs="output: T",
    attrs=f"{_PAD}, mode: {{'REFLECT', 'SYMMETRIC'}}",
    shape=_pad_shape,
    gradient=lambda op, grad: [
        apply_op("MirrorPadGrad", grad, op.inputs[1], mode=op.get_attr("mode")),
        None,
    ],
)
declare(
    "MirrorPadGrad",
    inputs="input: T, paddings: Tpaddings",
    outputs="output: T",
    attrs=f"{_PAD}, mode: {{'REFLECT', 'SYMMETRIC'}}",
    shape=lambda op: [
        unknown_shape()
        if (dims := op._inputs[0]._shape.as_tuple) is None or (p := static.constant_value(op._inputs[1])) is None
        else shapes.shape_of([None if d is None else d - int(q.sum()) for d, q in zip(dims, p, strict=True)])
    ],
    gradient=lambda op, grad: [apply_op("MirrorPad", grad, op.inputs[1], mode=op.get_attr("mode")), None],
)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", name: str | None = None, constant_values: Any = 0) -> Tensor:
    """`tensor` with a border of `paddings[i] = [before, after]` along axis i. Source: `tf.pad`."""
    mode = mode.upper()
    if mode == "CONSTANT":
        if not isinstance(constant_values, Tensor) and np.ndim(constant_values) == 0 and constant_values == 0:
            result = apply_op("Pad", tensor, paddings, name=name)
        else:
            result = apply_op("PadV2", tensor, paddings, constant_values, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        result = apply_op("MirrorPad", tensor, paddings, mode=mode, name=name)
    else:
        raise ValueError(f"Value of argument `mode` must be CONSTANT, REFLECT or SYMMETRIC. Received `mode` = {mode}")
    dims, borders = result.op.inputs[0].shape.as_tuple, _known_in_part(paddings)
    if dims is not None and borders is not None and not result.shape.is_fully_defined():
        result.set_shape([_padded(d, b) for d, b in zip(dims, borders, strict=False)])
    return result


def _known_in_part(paddings: Any) -> Any:
    if isinstance(paddings, Tensor):
        return get_static_value(paddings, partial=True)
    return [_known_in_part(p) for p in paddings] if isinstance(paddings, (list, tuple)) else paddings


def _padded(size: int | None, border: Any) -> int | None:
    if size is None or border is None or any(b is None for b in border):
        return None
    return size + int(border[0]) + int(border[1])


def _reverse_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[1], 1)
    given, axes = op._inputs[0]._shape, static.constant_value(op._inputs[1])
    if given.ndims is not None and axes is not None:
        chosen = [shapes.normal_axis(axis, given.ndims) for axis in axes.tolist()]
        if len(set(chosen)) < len(chosen):
            raise ValueError(f"axis specified more than once in {axes.tolist()}")
    return [given]


declare(
    "ReverseV2",
    inputs="tensor: T, axis: Tidx",
    outputs="output: T",
    attrs="Tidx: {int32, int64} = DT_INT32, T: {uint8, int8, uint16, int16, int32, uint32, int64, uint64, bool, bfloat16, "
    "half, float, double, complex64, complex128, string}",
    shape=_reverse_shape,
    gradient=lambda op, grad: [reverse(grad, op.inputs[1]), None],
)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """`tensor` with the order along the axes in `axis` turned round. Source: `tf.reverse`."""
    return apply_op("ReverseV2", tensor, axis, name=name)


declare(
    "DynamicStitch",
    inputs="indices: N * int32, data: N * T",
    outputs="merged: T",
    attrs="N: int >= 1, T: type",
    shape=lambda op: _stitch_shape(op),
    gradient=lambda op, grad: _stitch_gradient(op, grad),
)


def _stitch_gradient(op: Any, grad: Any) -> list[Any]:
    number = op.get_attr("N")
    return [None] * number + [apply_op("GatherV2", grad, index, 0) for index in op.inputs[:number]]


def _stitch_shape(op: Any) -> list[TensorShape]:
    number = op._attrs["N"]
    rest, most = unknown_shape(), 0
    known = True
    for index, data in zip(op._inputs[:number], op._inputs[number:], strict=True):
        value = static.constant_value(index)
        if value is None:
            known = False
        elif value.size:
            most = max(most, int(value.max()) + 1)
        dims, places = data._shape.as_tuple, index._shape.as_tuple
        if dims is None or places is None:
            continue
        if len(dims) < len(places):
            raise ValueError(f"Shape must be at least rank {len(places)} but is rank {len(dims)}")
        for a, b in zip(dims, places, strict=False):
            shapes.merge_dim(a, b)
        rest = rest.merge_with(TensorShape(dims[len(places) :]))
    return [TensorShape([most if known else None]).concatenate(rest)]


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """The slices of all `data` put where the `indices` say; of equal indices the last counts.

    Args:
      indices: a list of int32 tensors.
      data: a list of tensors of one dtype; the shape of each starts with that of its indices.
      name: the operation's name.

    Returns:
      A tensor with as many slices as the largest index needs.

    Raises:
      ValueError: the shapes do not fit.

    Source: `tf.dynamic_stitch`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.dynamic_stitch([[2], [0, 1]], [[30], [10, 20]])))
    [10 20 30]
    """
    return apply_op("DynamicStitch", indices, data, name=name)
