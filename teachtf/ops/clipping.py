"""Clipping: values, norms, and the norm of many tensors together."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.arrays import identity
from teachtf.ops.fills import ones_like
from teachtf.ops.joining import stack
from teachtf.ops.reductions import reduce_sum


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """`t` with every element moved into the range. Source: `tf.clip_by_value`."""
    with name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = convert_to_tensor(t, name="t")
        below = m.minimum(values, clip_value_max)
        values.shape.assert_is_compatible_with(below.shape)
        return m.maximum(below, clip_value_min, name=scope)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """`t` scaled down where its norm, over `axes`, is above `clip_norm`. Source: `tf.clip_by_norm`."""
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = convert_to_tensor(t, name="t")
        total = reduce_sum(values * values, axes, keepdims=True)
        positive = total > 0
        safe = m.where(positive, total, ones_like(total))
        norm = m.where(positive, m.sqrt(safe), total)
        scaled = values * clip_norm
        scaled.shape.assert_is_compatible_with(values.shape)
        return identity(scaled / m.maximum(norm, clip_norm), name=scope)


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The norm of all tensors of a list together; None entries count nothing. Source: `tf.global_norm`."""
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    tensors = list(t_list)
    with name_scope(name, "global_norm", [t for t in tensors if t is not None]):
        halves = []
        for tensor in (convert_to_tensor(t) for t in tensors if t is not None):
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
        clipped: list[Any] = []
        for i, tensor in enumerate(t_list):
            if tensor is None:
                clipped.append(None)
                continue
            with colocate_with(tensor):
                clipped.append(identity(convert_to_tensor(tensor) * scale, name=f"{scope}_{i}"))
    return clipped, norm
