"""`tf.get_static_value`: what of a tensor's value a program may know while it builds the graph.

TensorFlow gives a program less than its own shape functions know (`teachtf.core.static`): the ops below and no others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import static
from teachtf.core.tensor import Tensor


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of `tensor`, if it follows from constants and known shapes; a tensor whose value is told cannot be fed.

    Args:
      tensor: a tensor; anything else is given back as it is.
      partial: whether elements of a `tf.stack` may be None where they are not known.

    Returns:
      An array, or None where the value is not known.

    Source: `tf.get_static_value`.

    >>> with tf.Graph().as_default():
    ...     tf.get_static_value(tf.shape(tf.zeros([2, 3])))
    array([2, 3], dtype=int32)
    """
    if not isinstance(tensor, Tensor):
        return None if hasattr(tensor, "_ref") else tensor
    value = _value(tensor, partial)
    if value is not None:
        tensor.graph.prevent_feeding(tensor)
    return value


def _value(tensor: Tensor, partial: bool) -> Any:
    op = tensor.op
    if op.type in _KNOWN:
        return static.constant_value(tensor)
    rule = _RULES.get(op.type)
    return None if rule is None else rule(tensor, partial)


def _from_all(function: Callable[..., Any]) -> Callable[[Tensor, bool], Any]:
    """A rule for an op whose inputs must all be known."""

    def rule(tensor: Tensor, partial: bool) -> Any:
        values = [get_static_value(t) for t in tensor.op.inputs]
        return None if any(v is None for v in values) else function(tensor, *values)

    return rule


def _pack(tensor: Tensor, partial: bool) -> Any:
    if tensor.op.get_attr("axis") != 0:
        return None
    values = [get_static_value(t, partial) for t in tensor.op.inputs]
    if all(v is not None for v in values):
        return np.array(values)
    return np.array(values, dtype=object) if partial else None


def _unpack(tensor: Tensor, partial: bool) -> Any:
    value = get_static_value(tensor.op.inputs[0], partial)
    return None if value is None or tensor.op.get_attr("axis") != 0 else value[tensor.value_index]


def _fill(tensor: Tensor, partial: bool) -> Any:
    value = get_static_value(tensor.op.inputs[1])
    known = tensor.shape.is_fully_defined() and value is not None
    return np.full(tensor.shape.as_list(), value, value.dtype) if known else None


def _size(tensor: Tensor, partial: bool) -> Any:
    count = tensor.op.inputs[0].shape.num_elements()
    return None if count is None else np.int32(count)


_KNOWN = {"Const", "Shape", "Rank"}
_RULES: dict[str, Callable[[Tensor, bool], Any]] = {
    "Size": _size,
    "Range": _from_all(lambda t, start, limit, delta: np.arange(start, limit, delta).astype(t.dtype.as_numpy_dtype)),
    "Cast": _from_all(lambda t, value: value.astype(t.dtype.as_numpy_dtype)),
    "ConcatV2": _from_all(lambda t, *values: np.concatenate(values[:-1], int(values[-1]))),
    "Split": _from_all(lambda t, axis, value: np.split(value, t.op.get_attr("num_split"), int(axis))[t.value_index]),
    "Equal": _from_all(lambda t, x, y: np.equal(x, y)),
    "NotEqual": _from_all(lambda t, x, y: np.not_equal(x, y)),
    "Pack": _pack,
    "Unpack": _unpack,
    "Fill": _fill,
    "StopGradient": lambda t, partial: get_static_value(t.op.inputs[0], partial),
    "Identity": lambda t, partial: get_static_value(t.op.inputs[0], partial),
}
