"""Constants, placeholders, shapes and fills: where tensors come from and how they are laid out."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant_of, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, as_shape, difference, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes


def _with_default_shape(op: Any) -> list[TensorShape]:
    given, shape = op._inputs[0]._shape, op._attrs["shape"]
    if not given.is_compatible_with(shape):
        raise ValueError(difference(given, shape))
    return [shape]


declare(
    "Const",
    outputs="output: dtype",
    attrs="value: tensor, dtype: type",
    shape=lambda op: [TensorShape._from_tuple(op._attrs["value"].shape)],
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "Placeholder",
    outputs="output: dtype",
    attrs="dtype: type, shape: shape = unknown_rank",
    shape=lambda op: [op._attrs["shape"]],
)
declare(
    "PlaceholderWithDefault",
    inputs="input: dtype",
    outputs="output: dtype",
    attrs="dtype: type, shape: shape",
    shape=_with_default_shape,
    gradient=lambda op, grad: [grad],
)
declare(
    "Identity",
    inputs="input: T",
    outputs="output: T",
    attrs="T: type",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [grad],
)
declare(
    "StopGradient", inputs="input: T", outputs="output: T", attrs="T: type", shape=shapes.unchanged, gradient=NOT_DIFFERENTIABLE
)
declare(
    "PreventGradient",
    inputs="input: T",
    outputs="output: T",
    attrs="T: type, message: string = ''",
    shape=shapes.unchanged,
    gradient=lambda op, grad: _refuse_gradient(op),
)
declare(
    "CheckNumerics",
    inputs="tensor: T",
    outputs="output: T",
    attrs="T: {bfloat16, half, float, double}, message: string",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [
        apply_op(
            "CheckNumerics",
            grad,
            message=f"Not a number (NaN) or infinity (Inf) values detected in gradient. {op.get_attr('message')}",
        )
    ],
    stateful=True,
)


def _refuse_gradient(op: Any) -> Any:
    raise LookupError(f"Gradient explicitly disabled. Reason: {op.get_attr('message').decode()}")


def _shape_op_shape(op: Any) -> list[TensorShape]:
    return [shapes.shape_of([op._inputs[0]._shape.ndims])]


_OUT_TYPE = "T: type, out_type: {int32, int64} = DT_INT32"
declare(
    "Shape", inputs="input: T", outputs="output: out_type", attrs=_OUT_TYPE, shape=_shape_op_shape, gradient=NOT_DIFFERENTIABLE
)
declare(
    "Size", inputs="input: T", outputs="output: out_type", attrs=_OUT_TYPE, shape=shapes.scalar, gradient=NOT_DIFFERENTIABLE
)
declare("Rank", inputs="input: T", outputs="output: int32", attrs="T: type", shape=shapes.scalar, gradient=NOT_DIFFERENTIABLE)
declare(
    "ShapeN",
    inputs="input: N * T",
    outputs="output: N * out_type",
    attrs=f"N: int >= 1, {_OUT_TYPE}",
    shape=lambda op: [shapes.shape_of([t._shape.ndims]) for t in op._inputs],
    gradient=NOT_DIFFERENTIABLE,
)


def _reshape_shape(op: Any) -> list[TensorShape]:
    wanted = static.constant_value_as_shape(op._inputs[1])
    given = op._inputs[0]._shape
    size = given.num_elements()
    dims = wanted.as_tuple
    if dims is None or size is None:
        return [wanted]
    holes = [i for i, d in enumerate(dims) if d is None]
    known = int(np.prod([d for d in dims if d is not None], dtype=np.int64))
    if not holes:
        if known != size:
            raise ValueError(f"Cannot reshape a tensor with {size} elements to shape {list(dims)} ({known} elements)")
    elif len(holes) == 1 and not known and size:
        raise ValueError(f"Cannot reshape a tensor with {size} elements to shape {wanted}: it has none")
    elif len(holes) == 1 and known:
        value = static.constant_value(op._inputs[1])
        if size % known:
            if value is not None:
                raise ValueError(
                    f"Dimension size must be evenly divisible by {known} but is {size}: cannot reshape {given} to "
                    f"{[-1 if d is None else d for d in dims]}"
                )
        else:
            filled = list(dims)
            filled[holes[0]] = size // known
            return [shapes.shape_of(filled)]
    return [wanted]


def _reshape_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.segments import dense_rows

    dims = op.inputs[0].shape.as_tuple
    if dims is not None and dims.count(None) == 1 and 0 not in dims:
        return [reshape(dense_rows(grad), [-1 if d is None else d for d in dims]), None]
    return [_like_input(op, grad), None]


def _like_input(op: Any, grad: Any) -> Tensor:
    """The gradient in the shape of the first input."""
    from teachtf.ops.segments import dense_rows  # it is built on this module

    return reshape(dense_rows(grad), shape(op.inputs[0]))


declare(
    "Reshape",
    inputs="tensor: T, shape: Tshape",
    outputs="output: T",
    attrs="T: type, Tshape: {int32, int64} = DT_INT32",
    shape=_reshape_shape,
    gradient=_reshape_gradient,
)


def _expand_shape(op: Any) -> list[TensorShape]:
    dims, axis = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    if dims is None or axis is None:
        return [unknown_shape()]
    at = int(np.ravel(axis)[0])
    if not -len(dims) - 1 <= at <= len(dims):
        raise ValueError(f"dim {at} not in the interval [{-len(dims) - 1}, {len(dims)}].")
    at = at + len(dims) + 1 if at < 0 else at
    return [shapes.shape_of([*dims[:at], 1, *dims[at:]])]


declare(
    "ExpandDims",
    inputs="input: T, dim: Tdim",
    outputs="output: T",
    attrs="T: type, Tdim: {int32, int64} = DT_INT32",
    shape=_expand_shape,
    gradient=lambda op, grad: [_like_input(op, grad), None],
)


def _squeeze_shape(op: Any) -> list[TensorShape]:
    dims, axes = op._inputs[0]._shape.as_tuple, op._attrs["squeeze_dims"]
    if dims is None:
        return [unknown_shape()]
    if not axes:
        return [unknown_shape() if None in dims else shapes.shape_of([d for d in dims if d != 1])]
    chosen = set()
    for axis in axes:
        if not -len(dims) <= axis < len(dims):
            raise ValueError(f"Tried to squeeze dim index {axis} for tensor with {len(dims)} dimensions.")
        chosen.add(axis % len(dims))
    for axis in chosen:
        if dims[axis] not in (1, None):
            raise ValueError(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {dims[axis]}")
    return [shapes.shape_of([d for i, d in enumerate(dims) if i not in chosen])]


declare(
    "Squeeze",
    inputs="input: T",
    outputs="output: T",
    attrs="T: type, squeeze_dims: list(int) >= 0 = []",
    shape=_squeeze_shape,
    gradient=lambda op, grad: [_like_input(op, grad)],
)


# --- public functions --------------------------------------------------------------------------------------------


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor that each run is given a value for.

    Args:
      dtype: the element type.
      shape: the shape; None dimensions accept any size, None accepts any shape.
      name: the operation's name.

    Source: `tf.placeholder`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [None])
    ...     print(sess.run(x * 2.0, {x: [1, 2]}))
    [2. 4.]
    """
    return apply_op("Placeholder", dtype=dtype, shape=as_shape(shape), name=name)


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A placeholder that takes the value of `input` when it is not fed. Source: `tf.placeholder_with_default`."""
    return apply_op("PlaceholderWithDefault", input, shape=as_shape(shape), name=name)


def identity(input: Any, name: str | None = None) -> Tensor:
    """The same value under another name. Source: `tf.identity`."""
    return apply_op("Identity", input, name=name)


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """The same value, as a constant to `tf.gradients`. Source: `tf.stop_gradient`."""
    return apply_op("StopGradient", input, name=name)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """`tensor`, or InvalidArgumentError with `message` when it holds a NaN or an infinity. Source: `tf.check_numerics`."""
    return apply_op("CheckNumerics", tensor, message=message, name=name)


def shape(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """The shape of `input` as a 1-D integer tensor; a constant where it is known. Source: `tf.shape`."""
    with name_scope(name, "Shape", [input]) as scope:
        tensor = convert_to_tensor(input)
        known = tensor.shape.as_tuple
        if known is not None and None not in known:
            return constant_of(np.array(known, dtypes.as_dtype(out_type).as_numpy_dtype), name=scope)
        return apply_op("Shape", tensor, out_type=out_type, name=scope)


def shape_n(input: Any, out_type: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The shapes of several tensors of one dtype, by one operation. Source: `tf.shape_n`."""
    return apply_op("ShapeN", input, out_type=out_type, name=name)


def size(input: Any, name: str | None = None, out_type: Any = dtypes.int32) -> Tensor:
    """How many elements `input` has, as a scalar tensor. Source: `tf.size`."""
    with name_scope(name, "Size", [input]) as scope:
        tensor = convert_to_tensor(input)
        count = tensor.shape.num_elements()
        if count is not None:
            return constant_of(np.array(count, dtypes.as_dtype(out_type).as_numpy_dtype), name=scope)
        return apply_op("Size", tensor, out_type=out_type, name=scope)


def rank(input: Any, name: str | None = None) -> Tensor:
    """How many dimensions `input` has, as a scalar tensor. Source: `tf.rank`."""
    with name_scope(name, "Rank", [input]) as scope:
        tensor = convert_to_tensor(input)
        if tensor.shape.ndims is not None:
            return constant_of(np.array(tensor.shape.ndims, np.int32), name=scope)
        return apply_op("Rank", tensor, name=scope)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The same elements in another shape; one dimension may be -1. Source: `tf.reshape`."""
    return apply_op("Reshape", tensor, shape, name=name)


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """`input` with a dimension of size 1 put in at `axis`. Source: `tf.expand_dims`."""
    return apply_op("ExpandDims", input, axis if axis is not None else dim, name=name)


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """`input` without its dimensions of size 1, or without those in `axis`. Source: `tf.squeeze`."""
    axes = axis if axis is not None else squeeze_dims
    axes = [] if axes is None else [axes] if np.isscalar(axes) else list(axes)
    return apply_op("Squeeze", input, squeeze_dims=axes, name=name)
