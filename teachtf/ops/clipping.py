"""Clipping: values, norms, and the norm of many tensors together."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import identity, rank, size
from teachtf.ops.fills import ones_like
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import stack
from teachtf.ops.reductions import reduce_sum


def _values(t: Any, name: str = "t") -> Tensor:
    return t.values if isinstance(t, IndexedSlices) else convert_to_tensor(t, name=name)


def _like(t: Any, values: Tensor) -> Any:
    """Clipped values as `t` is: slices of slices."""
    return IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t`, a tensor or slices, with every element moved into the range. Source: `tf.clip_by_value`."""
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _values(t)
        below = m.minimum(values, clip_value_max)
        values.shape.assert_is_compatible_with(below.shape)
        result = m.maximum(below, clip_value_min, name=scope)
        values.shape.assert_is_compatible_with(result.shape)
        return _like(t, result)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """`t`, a tensor or slices, scaled down where its norm, over `axes`, is above `clip_norm`. Source: `tf.clip_by_norm`."""
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t)
        if np.isscalar(clip_norm):
            clip_norm = max(clip_norm, 0)  # type: ignore[type-var]
        else:
            clip_norm = m.cast(m.maximum(clip_norm, 0), values.dtype)
        total = reduce_sum(values * values, axes, keepdims=True)
        positive = total > 0
        safe = m.where(positive, total, ones_like(total))
        norm = m.where(positive, m.sqrt(safe), total)
        scaled = values * clip_norm
        scaled.shape.assert_is_compatible_with(values.shape)
        return _like(t, identity(scaled / m.maximum(norm, clip_norm), name=scope))


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The norm of all tensors of a list together; None entries count nothing. Source: `tf.global_norm`."""
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    with name_scope(name, "global_norm", [t for t in t_list if t is not None]):
        values = [_values(t, f"t_{i}") for i, t in enumerate(t_list) if t is not None]
        halves = []
        for tensor in values:
            with colocate_with(tensor):
                halves.append(apply_op("L2Loss", tensor))
        half = reduce_sum(stack(halves))
        return m.sqrt(half * constant(2.0, half.dtype), name="global_norm")


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None) -> tuple[list[Any], Tensor]:
    """The tensors scaled down together where their global norm is above `clip_norm`, and that norm.

    Source: `tf.clip_by_global_norm`.
    """
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    norm = global_norm(t_list, name) if use_norm is None else convert_to_tensor(use_norm)
    with name_scope(name, "clip_by_global_norm", [*[t for t in t_list if t is not None], clip_norm]) as scope:
        # an infinite norm makes the scale NaN, so that a broken gradient is seen and not clipped away
        inverse = 1.0 / norm
        scale_for_finite = clip_norm * m.minimum(inverse, constant(1.0, norm.dtype) / clip_norm)
        scale = scale_for_finite + (norm - norm)
        values = [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(t_list)]
        clipped: list[Any] = []
        for i, (t, tensor) in enumerate(zip(t_list, values, strict=True)):
            if tensor is None:
                clipped.append(None)
                continue
            with colocate_with(tensor):
                clipped.append(_like(t, identity(tensor * m.cast(scale, tensor.dtype), name=f"{scope}_{i}")))
    return clipped, norm


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """`t` scaled down where its norm an element is above `clip_norm`. Source: `tf.clip_by_average_norm`."""
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        values = convert_to_tensor(t, name="t")
        elements = m.cast(size(values), "float32")
        inverse = m.rsqrt(reduce_sum(values * values, range_(rank(values))))
        return identity(values * clip_norm * m.minimum(inverse * elements, constant(1.0) / clip_norm), name=scope)
