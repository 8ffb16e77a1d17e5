"""Tensors made from nothing but a shape: zeros, ones, fills, ranges."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant_of, convert_to_tensor, register_tensor_conversion_function, to_array
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import reshape, shape

_KINDS = (
    "{bfloat16, half, float, double, int8, uint8, int16, uint16, int32, uint32, int64, uint64, complex64, complex128, bool}"
)


def _fill_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.reductions import reduce_sum

    return [None, reduce_sum(grad)]


declare(
    "Fill",
    inputs="dims: index_type, value: T",
    outputs="output: T",
    attrs="T: type, index_type: {int32, int64} = DT_INT32",
    shape=lambda op: [static.constant_value_as_shape(op._inputs[0])],
    gradient=_fill_gradient,
)
declare("ZerosLike", inputs="x: T", outputs="y: T", attrs="T: type", shape=shapes.unchanged, gradient=NOT_DIFFERENTIABLE)
declare("OnesLike", inputs="x: T", outputs="y: T", attrs=f"T: {_KINDS}", shape=shapes.unchanged, gradient=NOT_DIFFERENTIABLE)


def _range_shape(op: Any) -> list[TensorShape]:
    values = [static.constant_value(t) for t in op._inputs]
    if any(v is None for v in values):
        return [shapes.shape_of([None])]
    start, limit, delta = (v.item() for v in values)  # type: ignore[union-attr]
    if delta == 0:
        raise ValueError("Requires delta != 0")
    return [shapes.shape_of([max(0, int(np.ceil((limit - start) / delta)))])]


declare(
    "Range",
    inputs="start: Tidx, limit: Tidx, delta: Tidx",
    outputs="output: Tidx",
    attrs="Tidx: {bfloat16, half, float, double, int8, int16, int32, int64, uint16, uint32, uint64} = DT_INT32",
    shape=_range_shape,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "LinSpace",
    inputs="start: T, stop: T, num: Tidx",
    outputs="output: T",
    attrs="T: {bfloat16, half, float, double}, Tidx: {int32, int64} = DT_INT32",
    shape=lambda op: [shapes.shape_of([static.static_scalar(op._inputs[2])])],
    gradient=NOT_DIFFERENTIABLE,
)


def _broadcast_to_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.reductions import reduce_sum

    input_shape = shape(op.inputs[0])
    known = static.constant_value(op.inputs[1])
    wanted = op.inputs[1] if known is None else constant_of(np.array(known))
    _, axes = apply_op("BroadcastGradientArgs", wanted, input_shape)
    return [reshape(reduce_sum(grad, axes, keepdims=True), input_shape), None]


def _broadcast_to_shape(op: Any) -> list[TensorShape]:
    given, wanted = op._inputs[0]._shape.as_tuple, static.constant_value_as_shape(op._inputs[1])
    dims = wanted.as_tuple
    if given is None or dims is None:
        return [wanted]
    if len(given) > len(dims):
        raise ValueError(f"Rank of input ({len(given)}) must be no greater than rank of output shape ({len(dims)}).")
    before = len(dims) - len(given)
    inner = [d if g == 1 or g is None else shapes.merge_dim(g, d) for g, d in zip(given, dims[before:], strict=True)]
    return [shapes.shape_of([*dims[:before], *inner])]


declare(
    "BroadcastTo",
    inputs="input: T, shape: Tidx",
    outputs="output: T",
    attrs="T: type, Tidx: {int32, int64} = DT_INT32",
    shape=_broadcast_to_shape,
    gradient=_broadcast_to_gradient,
)


_SMALL = 1000  # elements: a larger constant fill becomes a Fill op, to keep graphs small


def _filled(value: Any, shape: Any, dtype: Any, name: str | None, default_name: str) -> Tensor:
    dtype = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, default_name, [shape]) as scope:
        element: Any = value
        if dtype == dtypes.bool:
            element = bool(value)
        elif dtype == dtypes.string:
            element = b""
        array = to_array(element, dtype) if not dtype.is_quantized else np.zeros((), dtype.as_numpy_dtype)
        if not isinstance(shape, Tensor):
            known = _known_shape(shape)
            if known is not None:
                if np.prod(known, dtype=np.int64) < _SMALL:
                    return constant_of(np.broadcast_to(array, known), dtype, scope)
                shape = convert_to_tensor(TensorShape(list(known)))
            else:
                shape = convert_to_tensor(shape, dtypes.int32)
        if shape.shape.ndims == 0:
            shape = reshape(shape, [-1])
        return apply_op("Fill", shape, constant_of(array, dtype), name=scope)


def _known_shape(shape: Any) -> tuple[int, ...] | None:
    if isinstance(shape, (list, tuple)) and any(isinstance(d, Tensor) for d in shape):
        return None
    try:
        dims = as_shape(shape.tolist() if isinstance(shape, np.ndarray) else shape).as_list()
    except TypeError:
        return None
    return None if None in dims else tuple(int(d or 0) for d in dims)


def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of zeros (False, or empty strings). Source: `tf.zeros`."""
    return _filled(0, shape, dtype, name, "zeros")


def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """A tensor of ones (or True). Source: `tf.ones`."""
    return _filled(1, shape, dtype, name, "ones")


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of shape `dims` that holds `value` everywhere. Source: `tf.fill`."""
    return apply_op("Fill", dims, value, name=name)


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of `tensor`. Source: `tf.zeros_like`."""
    with name_scope(name, "zeros_like", [tensor]) as scope:
        like = convert_to_tensor(tensor, name="tensor")
        wanted = like.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype)
        if optimize and like.shape.is_fully_defined():
            return zeros(like.shape, wanted, scope)
        if wanted != like.dtype.base_dtype:
            return zeros(shape(like), wanted, scope)
        return apply_op("ZerosLike", like, name=scope)


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of `tensor`. Source: `tf.ones_like`."""
    with name_scope(name, "ones_like", [tensor]) as scope:
        like = convert_to_tensor(tensor, name="tensor")
        wanted = like.dtype.base_dtype if dtype is None else dtypes.as_dtype(dtype)
        with name_scope("Shape") as inner:
            known = optimize and like.shape.is_fully_defined()
            dims = convert_to_tensor(like.shape) if known else apply_op("Shape", like, name=inner)
        result = ones(dims, wanted, scope)
        if optimize:
            result.set_shape(like.shape)
        return result


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = "range") -> Tensor:
    """The numbers from `start` to `limit`, `delta` apart, as a vector. Source: `tf.range`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.range(3, 18, 3)))
    [ 3  6  9 12 15]
    """
    if limit is None:
        start, limit = 0, start
    with name_scope(name, "Range", [start, limit, delta]) as scope:
        parts = [
            v if isinstance(v, Tensor) else convert_to_tensor(v, dtype, name=n)
            for v, n in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        if dtype is None:
            order = [dtypes.int32, dtypes.int64, dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64]
            wanted = max((p.dtype for p in parts), key=order.index)
        else:
            wanted = dtypes.as_dtype(dtype)
        from teachtf.ops.arithmetic import cast

        return apply_op("Range", *(cast(p, wanted) for p in parts), name=scope)


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """`num` numbers evenly spaced from `start` to `stop`, both included. Source: `tf.linspace`."""
    return apply_op("LinSpace", start, stop, num, name=name)


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """`input` repeated along dimensions of size 1 to fill `shape`. Source: `tf.broadcast_to`."""
    return apply_op("BroadcastTo", input, shape, name=name)


def _from_range(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return range(value.start, value.stop, value.step, dtype, name or "Range")


register_tensor_conversion_function(builtins.range, _from_range, 100)
