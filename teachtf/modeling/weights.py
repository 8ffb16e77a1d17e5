"""Weights of losses and metrics: which fit, and how they lie over the values. Source: TensorFlow's `weights_broadcast_ops`."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import equal, multiply
from teachtf.ops.arrays import expand_dims, rank, shape, size, squeeze
from teachtf.ops.cond import cond
from teachtf.ops.control_flow import no_op
from teachtf.ops.fills import ones_like
from teachtf.ops.joining import concat

_MISFIT = "weights can not be broadcast to values."


def _valid_dims(weights_shape: Any, values_shape: Any) -> Tensor:
    """Whether each dimension of the weights is 1 or that of the values."""
    with name_scope(None, "has_invalid_dims", [weights_shape, values_shape]) as scope:
        values_2d = expand_dims(values_shape, -1)
        valid = concat([values_2d, ones_like(values_2d)], 1)
        weights_2d = expand_dims(weights_shape, -1)
        _, invalid, _ = apply_op("DenseToDenseSetOperation", weights_2d, valid, set_operation="a-b")
        return equal(0, size(invalid, name="num_invalid_dims"), name=scope)


def _valid_shape(weights_rank: Any, weights_shape: Any, values_rank: Any, values_shape: Any) -> Tensor:
    with name_scope(None, "has_valid_nonscalar_shape", [weights_rank, weights_shape, values_rank, values_shape]) as scope:
        same_rank = equal(values_rank, weights_rank, name="is_same_rank")
        return cond(same_rank, lambda: _valid_dims(weights_shape, values_shape), lambda: same_rank, name=scope)


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """An operation that fails where `weights` fits neither as a scalar nor by dimensions that are 1 or those of `values`.

    Raises:
      ValueError: that is known now.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        with name_scope(None, "weights", [weights]) as weights_scope:
            weights = convert_to_tensor(weights, name=weights_scope)
            weights_shape, weights_rank = shape(weights, name="shape"), rank(weights, name="rank")
        with name_scope(None, "values", [values]) as values_scope:
            values = convert_to_tensor(values, name=values_scope)
            values_shape, values_rank = shape(values, name="shape"), rank(values, name="rank")
        known = weights.shape.as_tuple, values.shape.as_tuple
        if None not in known:
            if weights.shape.ndims == 0:
                return no_op(name="static_scalar_check_success")
            _check_rank(weights, values)
            if weights.shape.is_fully_defined() and values.shape.is_fully_defined():
                _check_dims(weights, values)
                return no_op(name="static_dims_check_success")
        is_scalar = equal(0, weights_rank, name="is_scalar")
        told = [_MISFIT, "weights.shape=", weights.name, weights_shape, "values.shape=", values.name, values_shape]
        told += ["is_scalar=", is_scalar]
        valid = cond(
            is_scalar,
            lambda: is_scalar,
            lambda: _valid_shape(weights_rank, weights_shape, values_rank, values_shape),
            name="is_valid_shape",
        )
        return _asserted(valid, told, scope)


def _check_rank(weights: Tensor, values: Tensor) -> None:
    if weights.shape.ndims != values.shape.ndims:
        raise ValueError(
            f"{_MISFIT} values.rank={values.shape.ndims}. weights.rank={weights.shape.ndims}. values.shape={values.shape}. "
            f"weights.shape={weights.shape}. Give a scalar, or weights of the rank of the values."
        )


def _check_dims(weights: Tensor, values: Tensor) -> None:
    for i, (w, v) in enumerate(zip(weights.shape.as_list(), values.shape.as_list(), strict=True)):
        if w not in (1, v):
            raise ValueError(
                f"{_MISFIT} Mismatch at dim {i}. values.shape={values.shape}, weights.shape={weights.shape}. "
                "A dimension of the weights is 1 or that of the values."
            )


def _asserted(condition: Tensor, data: list[Any], scope: str) -> Operation:
    with name_scope(scope):
        for item in data:
            convert_to_tensor(item)  # TensorFlow looks at their types, and leaves the nodes
        return cond(condition, no_op, lambda: apply_op("Assert", condition, data, name="Assert"), name="AssertGuard").op


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """`weights` in the shape of `values`.

    Raises:
      ValueError: they do not fit.
    """
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        values = convert_to_tensor(values, name="values")
        weights = convert_to_tensor(weights, values.dtype.base_dtype, name="weights")
        both = weights.shape.is_fully_defined() and values.shape.is_fully_defined()
        if both and weights.shape.is_compatible_with(values.shape):
            return weights
        with control_dependencies([assert_broadcastable(weights, values)]):
            return multiply(weights, ones_like(values), name=scope)


def remove_squeezable_dimensions(labels: Any, predictions: Any, expected_rank_diff: int = 0) -> tuple[Tensor, Tensor]:
    """`labels` and `predictions`, one of them without a last dimension of 1 that is too many."""
    with name_scope(None, "remove_squeezable_dimensions", [labels, predictions]):
        predictions, labels = convert_to_tensor(predictions), convert_to_tensor(labels)
        p, q = predictions.shape.as_tuple, labels.shape.as_tuple
        if p is not None and q is not None:
            excess = len(p) - len(q)
            if excess == expected_rank_diff + 1 and p[-1] in (1, None):
                predictions = squeeze(predictions, [-1])
            elif excess == expected_rank_diff - 1 and q[-1] in (1, None):
                labels = squeeze(labels, [-1])
            return labels, predictions
        difference = rank(predictions) - rank(labels)
        whole_predictions, whole_labels = predictions, labels
        if p is None or (p and p[-1] in (1, None)):
            predictions = cond(
                equal(expected_rank_diff + 1, difference),
                lambda: squeeze(whole_predictions, [-1]),
                lambda: whole_predictions,
            )
        if q is None or (q and q[-1] in (1, None)):
            labels = cond(equal(expected_rank_diff - 1, difference), lambda: squeeze(whole_labels, [-1]), lambda: whole_labels)
        return labels, predictions


def fitting_weights(weights: Any, values: Tensor) -> Tensor:
    """`weights` of one rank too many or (for metrics) too few with a dimension of 1 less or more."""
    weights = convert_to_tensor(weights)
    w, v = weights.shape.as_tuple, values.shape.as_tuple
    if w is not None and v is not None:
        return squeeze(weights, [-1]) if len(w) - len(v) == 1 else weights
    difference = rank(weights) - rank(values)
    if w is None or (w and w[-1] in (1, None)):
        return cond(equal(1, difference), lambda: squeeze(weights, [-1]), lambda: weights)
    return weights
