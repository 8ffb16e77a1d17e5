"""Whole numbers as bits, and tensors read as another type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes

_INTEGERS = "{int8, int16, int32, int64, uint8, uint16, uint32, uint64}"


def _binary(function_name: str, op_type: str, what: str, commutative: bool = False) -> Callable[..., Tensor]:
    declare(
        op_type,
        inputs="x: T, y: T",
        outputs="z: T",
        attrs=f"T: {_INTEGERS}",
        shape=shapes.broadcast,
        gradient=NOT_DIFFERENTIABLE,
        commutative=commutative,
    )

    def function(x: Any, y: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, x, y, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"{what}, with broadcasting.\n\n    Source: `tf.bitwise.{function_name}`."
    return function


bitwise_and = _binary("bitwise_and", "BitwiseAnd", "The bits set in both", commutative=True)
bitwise_or = _binary("bitwise_or", "BitwiseOr", "The bits set in one or both", commutative=True)
bitwise_xor = _binary("bitwise_xor", "BitwiseXor", "The bits set in just one", commutative=True)
left_shift = _binary("left_shift", "LeftShift", "The bits of `x`, moved up by `y` places")
right_shift = _binary("right_shift", "RightShift", "The bits of `x`, moved down by `y` places; the sign stays")

declare(
    "Invert",
    inputs="x: T",
    outputs="y: T",
    attrs=f"T: {_INTEGERS}",
    shape=shapes.unchanged,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "PopulationCount",
    inputs="x: T",
    outputs="y: uint8",
    attrs=f"T: {_INTEGERS}",
    shape=shapes.unchanged,
    gradient=NOT_DIFFERENTIABLE,
)


def invert(x: Any, name: str | None = None) -> Tensor:
    """Every bit turned over. Source: `tf.bitwise.invert`."""
    return apply_op("Invert", x, name=name)


def _bitcast_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    if dims is None:
        return [unknown_shape()]
    source, target = op._inputs[0].dtype.size, op._attrs["type"].size
    if source > target:
        return [shapes.shape_of([*dims, source // target])]
    if source < target:
        if not dims or dims[-1] not in (None, target // source):
            found = dims[-1] if dims else "a scalar"
            raise ValueError(
                f"Cannot bitcast due to shape. {found} is not evenly divisible by {target // source}: the last dimension "
                f"must be {target // source} to make one {op._attrs['type'].name} of it."
            )
        return [shapes.shape_of(dims[:-1])]
    return [op._inputs[0]._shape]


_BITCAST = (
    "{bfloat16, half, float, double, int64, int32, uint8, uint16, uint32, uint64, int8, int16, complex64, complex128, "
    "qint8, quint8, qint16, quint16, qint32}"
)
declare(
    "Bitcast",
    inputs="input: T",
    outputs="output: type",
    attrs=f"T: {_BITCAST}, type: {_BITCAST}",
    shape=_bitcast_shape,
)


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The bytes of `input` read as another type.

    A smaller type adds a dimension behind the others, a larger one takes the last away.

    Raises:
      ValueError: the last dimension does not make up one element of a larger type.

    Source: `tf.bitcast`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.bitcast(1.0, tf.int32)) == 0x3F800000)
    True
    """
    return apply_op("Bitcast", input, type=dtypes.as_dtype(type), name=name)
