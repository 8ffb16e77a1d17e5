"""Casts that stop at the ends of the target's range. Source: `tf.saturate_cast`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.dtypes import DType
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import reshape, shape
from teachtf.ops.choosing import where
from teachtf.ops.fills import zeros
from teachtf.ops.reductions import reduce_sum


def _clip_gradient(op: Any, grad: Any) -> list[Any]:
    x, low, high = op.inputs
    x_shape, low_shape, high_shape = shape(x), shape(low), shape(high)
    nothing = zeros(shape(grad), grad.dtype)
    below, above = m.less(x, low), m.greater(x, high)
    x_axes, low_axes = apply_op("BroadcastGradientArgs", x_shape, low_shape)
    x_axes, high_axes = apply_op("BroadcastGradientArgs", x_shape, high_shape)
    inside = where(m.logical_or(below, above), nothing, grad)
    at_low, at_high = where(below, grad, nothing), where(above, grad, nothing)
    return [
        reshape(reduce_sum(inside, x_axes), x_shape),
        reshape(reduce_sum(at_low, low_axes), low_shape),
        reshape(reduce_sum(at_high, high_axes), high_shape),
    ]


declare(
    "ClipByValue",
    inputs="t: T, clip_value_min: T, clip_value_max: T",
    outputs="output: T",
    attrs="T: numbertype",
    shape=shapes.unchanged,
    gradient=_clip_gradient,
)


def _ends(source: DType, target: DType) -> tuple[Any, Any]:
    """The least and the largest number of `target` that `source` has."""
    kind = source.as_numpy_dtype
    try:
        both = np.promote_types(kind, target.as_numpy_dtype)
    except TypeError:  # bfloat16 is not NumPy's own
        both = np.dtype(float)
    low = kind(max(source.min, target.min))
    if np.asarray(low, both) < np.asarray(target.min, both):
        low = np.nextafter(low, kind(0), dtype=kind)
    high = kind(min(float(source.max), float(target.max)))
    if np.asarray(high, both) > np.asarray(target.max, both):
        high = np.nextafter(high, kind(0), dtype=kind)
    return low, high


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """`value` turned into `dtype`; what is out of its range becomes the nearest end, where `tf.cast` would wrap.

    Source: `tf.saturate_cast`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.saturate_cast([300.0, -1.0, 7.0], tf.uint8)))
    [255   0   7]
    """
    wanted = dtypes.as_dtype(dtype).base_dtype
    with name_scope(name, "saturate_cast", [value]) as scope:
        tensor = convert_to_tensor(value, name="value")
        if tensor.dtype.is_complex:
            if wanted.is_complex:
                return m.cast(tensor, wanted, name=scope)
            tensor = m.real(tensor)
        low, high = _ends(tensor.dtype.base_dtype, wanted.real_dtype)
        kind = tensor.dtype.base_dtype
        ends = convert_to_tensor(low, dtype=kind), convert_to_tensor(high, dtype=kind)
        return m.cast(apply_op("ClipByValue", tensor, *ends, name="clamp"), wanted, name=scope)
