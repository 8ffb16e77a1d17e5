"""Means and variances in steps or with weights, and the loss of counts."""

from __future__ import annotations

import math
from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops.arguments import renamed
from teachtf.ops.arithmetic import (
    add,
    cast,
    div_no_nan,
    exp,
    log,
    logical_and,
    multiply,
    reciprocal,
    square,
    squared_difference,
    subtract,
    where,
)
from teachtf.ops.arrays import rank, shape, squeeze
from teachtf.ops.fills import ones_like, zeros_like
from teachtf.ops.gathering import gather
from teachtf.ops.normalization import batch_normalization
from teachtf.ops.reductions import reduce_prod, reduce_sum


def sufficient_statistics(
    x: Any, axes: Any, shift: Any = None, keep_dims: Any = None, name: str | None = None, keepdims: Any = None
) -> tuple[Tensor, Tensor, Tensor, Any]:
    """What mean and variance follow from: the count, the sum and the sum of squares along `axes`, and the shift.

    Args:
      x: a float tensor.
      axes: the axes to sum along.
      shift: what is subtracted from `x` first, for precision.
      keep_dims: keep the axes with size 1. Also called `keepdims`.
      name: the operations' name scope.
      keepdims: see `keep_dims`.

    Source: `tf.nn.sufficient_statistics`.
    """
    axes = list(set(axes))
    keep = bool(renamed("keepdims", keepdims, "keep_dims", keep_dims))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert_to_tensor(x, name="x")
        dims = x.shape.as_tuple
        if dims is not None and all(dims[axis] is not None for axis in axes):
            count = constant(math.prod(dims[axis] or 0 for axis in axes), dtype=x.dtype)
        else:
            number = rank(x)
            positive = [axis + number if axis < 0 else axis for axis in axes]
            count = reduce_prod(gather(cast(shape(x), x.dtype), positive), name="count")
        if shift is not None:
            shift = convert_to_tensor(shift, name="shift")
            first, second = subtract(x, shift), squared_difference(x, shift)
        else:
            first, second = x, square(x)
        mean = reduce_sum(first, axes, keepdims=keep, name="mean_ss")
        return count, mean, reduce_sum(second, axes, keepdims=keep, name="var_ss"), shift


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance from `sufficient_statistics`. Source: `tf.nn.normalize_moments`."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is not None:
            shifted = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        else:
            shifted = mean = multiply(mean_ss, divisor, name="mean")
        return mean, subtract(multiply(variance_ss, divisor), square(shifted), name="variance")


def weighted_moments(
    x: Any, axes: Any, frequency_weights: Any, name: str | None = None, keep_dims: Any = None, keepdims: Any = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance along `axes`, where each element counts as often as its weight says.

    Args:
      x: a float tensor.
      axes: the axes to reduce.
      frequency_weights: weights that broadcast with `x`.
      name: the operations' name scope.
      keep_dims: keep the axes with size 1. Also called `keepdims`.
      keepdims: see `keep_dims`.

    Source: `tf.nn.weighted_moments`.
    """
    keep = bool(renamed("keepdims", keepdims, "keep_dims", keep_dims))
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        is_half = x.dtype == dtypes.float16
        if is_half:
            x = cast(x, dtypes.float32)
        if weights.dtype != x.dtype:
            weights = cast(weights, x.dtype)
        total = reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        weight = reduce_sum(weights + zeros_like(x), axes, name="sum_of_weights", keepdims=True)
        mean = div_no_nan(total, weight)
        distance = reduce_sum(weights * squared_difference(x, mean), axes, name="weighted_distsq", keepdims=True)
        variance = div_no_nan(distance, weight)
        if not keep:
            mean, variance = squeeze(mean, axis=axes), squeeze(variance, axis=axes)
        if is_half:
            mean, variance = cast(mean, dtypes.float16), cast(variance, dtypes.float16)
        return mean, variance


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """`batch_normalization` in its oldest form; `input`, `mean` and `variance` are other names of `t`, `m` and `v`.

    Source: `tf.nn.batch_norm_with_global_normalization`.
    """
    t, m, v = renamed("input", input, "t", t), renamed("mean", mean, "m", m), renamed("variance", variance, "v", v)
    return batch_normalization(t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name)


def log_poisson_loss(targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None) -> Tensor:
    """How unlikely counts are, if they come from Poisson distributions with these logarithms of means.

    Args:
      targets: the counts, a float tensor.
      log_input: the logarithms, of the same shape and dtype.
      compute_full_loss: whether Stirling's approximation of log(targets!) is added.
      name: the operations' name scope.

    Raises:
      ValueError: the shapes differ.

    Source: `tf.nn.log_poisson_loss`.
    """
    with name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input, targets = convert_to_tensor(log_input, name="log_input"), convert_to_tensor(targets, name="targets")
        if not targets.shape.is_compatible_with(log_input.shape):
            raise ValueError(
                f"`log_input` and `targets` must have the same shape, received {log_input.shape} vs {targets.shape}."
            )
        result = exp(log_input) - log_input * targets
        if compute_full_loss:
            half, turn = constant(0.5, dtype=targets.dtype), constant(2 * math.pi, dtype=targets.dtype)
            stirling = targets * log(targets) - targets + half * log(turn * targets)
            zeros, ones = zeros_like(targets, dtype=targets.dtype), ones_like(targets, dtype=targets.dtype)
            result += where(logical_and(targets >= zeros, targets <= ones), zeros, stirling)
        return result
