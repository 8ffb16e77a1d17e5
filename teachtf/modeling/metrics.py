"""Metrics: values over many batches, kept in local variables. Source: `tf.metrics`.

Each function gives `(value, update_op)`: run the second for each batch, the first for the value so far. The variables are in
`GraphKeys.LOCAL_VARIABLES`: `tf.local_variables_initializer()` starts them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.tensor import Tensor
from teachtf.modeling.weights import broadcast_weights, remove_squeezable_dimensions
from teachtf.ops.arithmetic import (
    abs,
    cast,
    div_no_nan,
    divide,
    equal,
    greater,
    less,
    logical_and,
    maximum,
    multiply,
    sqrt,
    squared_difference,
    subtract,
    where,
)
from teachtf.ops.arrays import expand_dims, identity, rank, reshape, size, squeeze
from teachtf.ops.cond import cond
from teachtf.ops.control_flow import no_op
from teachtf.ops.fills import ones, ones_like, zeros, zeros_like
from teachtf.ops.reductions import reduce_mean, reduce_sum
from teachtf.ops.variables import assign_add, scatter_add
from teachtf.state.scopes import variable_scope
from teachtf.state.variables import Variable

Metric = tuple[Tensor, Any]


def metric_variable(shape: Any, dtype: Any, name: str) -> Variable:
    """A local variable that starts at 0."""
    keys = [GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES]
    return Variable(lambda: zeros(shape, dtype), trainable=False, collections=keys, name=name)


def listed(collections: Any, value: Any) -> Any:
    """`value`, added to some collections."""
    if collections:
        get_default_graph().add_to_collections(collections, value)
    return value


def matched(predictions: Any, labels: Any, weights: Any) -> tuple[Any, Any, Any]:
    """Predictions, labels and weights of one rank: a last dimension of 1 goes where it is too many, or comes (for weights)."""
    predictions = convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = remove_squeezable_dimensions(labels, predictions)
        predictions.shape.assert_is_compatible_with(labels.shape)
    if weights is None:
        return predictions, labels, None
    return predictions, labels, _fitted(convert_to_tensor(weights), predictions)


def _fitted(weights: Tensor, predictions: Tensor) -> Tensor:
    w, p = weights.shape.as_tuple, predictions.shape.as_tuple
    if w == ():
        return weights
    if w is not None and p is not None:
        if len(w) - len(p) == 1:
            return squeeze(weights, [-1])
        return expand_dims(weights, [-1]) if len(p) - len(w) == 1 else weights
    weights_rank = rank(weights)
    difference = weights_rank - rank(predictions)
    fixed = w is not None and w[-1] not in (1, None)

    def expanded() -> Tensor:
        return cond(equal(difference, -1), lambda: expand_dims(weights, [-1]), lambda: weights)

    def adjusted() -> Tensor:
        squeezed = (lambda: weights) if fixed else (lambda: squeeze(weights, [-1]))
        return cond(equal(difference, 1), squeezed, expanded)

    return cond(equal(weights_rank, 0), lambda: weights, adjusted)


def _ratio(name: str) -> Callable[[Any, Any], Tensor]:
    return lambda total, count: div_no_nan(total, maximum(count, 0), name=name)


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean of all values, weighted.

    Args:
      values: a tensor of any shape.
      weights: a tensor whose dimensions are 1 or those of `values`, or a scalar.
      metrics_collections: the collections that list the value.
      updates_collections: the collections that list the update.
      name: the variable scope.

    Returns:
      `(mean, update_op)`, float32 scalars.

    Source: `tf.metrics.mean`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.placeholder(tf.float32, [None])
    ...     value, update = tf.metrics.mean(x)
    ...     sess.run(tf.local_variables_initializer())
    ...     for batch in ([1.0, 2.0], [6.0]):
    ...         _ = sess.run(update, {x: batch})
    ...     print(sess.run(value))
    3.0
    """
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dtypes.float32)
        total = metric_variable([], dtypes.float32, "total")
        count = metric_variable([], dtypes.float32, "count")
        if weights is None:
            number = cast(size(values), dtypes.float32)
        else:
            values, _, weights = matched(values, None, weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = multiply(values, weights)
            number = reduce_sum(weights)
        update_total = assign_add(total, reduce_sum(values))
        with control_dependencies([values]):
            update_count = assign_add(count, number)
        value = listed(metrics_collections, _ratio("value")(total, count))
        return value, listed(updates_collections, _ratio("update_op")(update_total, update_count))


def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean of each element over the batches; arguments as of `mean`. Source: `tf.metrics.mean_tensor`."""
    with variable_scope(name, "mean", [values, weights]):
        values = cast(values, dtypes.float32)
        total = metric_variable(values.shape, dtypes.float32, "total_tensor")
        count = metric_variable(values.shape, dtypes.float32, "count_tensor")
        number = ones_like(values)
        if weights is not None:
            values, _, weights = matched(values, None, weights)
            weights = broadcast_weights(cast(weights, dtypes.float32), values)
            values = multiply(values, weights)
            number = multiply(number, weights)
        update_total = assign_add(total, values)
        with control_dependencies([values]):
            update_count = assign_add(count, number)
        value = listed(metrics_collections, _ratio("value")(total, count))
        return value, listed(updates_collections, _ratio("update_op")(update_total, update_count))


def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """How often predictions are the labels; the other arguments as of `mean`. Source: `tf.metrics.accuracy`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    if labels.dtype != predictions.dtype:
        predictions = cast(predictions, labels.dtype)
    correct = cast(equal(predictions, labels), dtypes.float32)
    return mean(correct, weights, metrics_collections, updates_collections, name or "accuracy")


def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean distance of predictions from labels. Source: `tf.metrics.mean_absolute_error`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    errors = abs(predictions - labels)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_absolute_error")


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean squared distance of predictions from labels. Source: `tf.metrics.mean_squared_error`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    errors = squared_difference(labels, predictions)
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_squared_error")


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The root of `mean_squared_error`. Source: `tf.metrics.root_mean_squared_error`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    squared, update = mean_squared_error(labels, predictions, weights, None, None, name or "root_mean_squared_error")
    value = listed(metrics_collections, sqrt(squared))
    return value, listed(updates_collections, sqrt(update))


def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean distance divided by `normalizer`, 0 where that is 0. Source: `tf.metrics.mean_relative_error`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    predictions, normalizer = remove_squeezable_dimensions(predictions, normalizer)
    predictions.shape.assert_is_compatible_with(normalizer.shape)
    is_zero, nothing = equal(normalizer, 0.0), zeros_like(labels)
    errors = where(is_zero, nothing, divide(abs(labels - predictions), normalizer))
    return mean(errors, weights, metrics_collections, updates_collections, name or "mean_relative_error")


def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """1 - the mean cosine between unit vectors along `dim`. Source: `tf.metrics.mean_cosine_distance`."""
    predictions, labels, weights = matched(predictions, labels, weights)
    products = reduce_sum(multiply(predictions, labels), axis=[dim], keepdims=True)
    value, update = mean(products, weights, None, None, name or "mean_cosine_distance")
    distance = listed(metrics_collections, subtract(1.0, value))
    return distance, listed(updates_collections, subtract(1.0, update))


def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """How often values are below a threshold, from 0 to 1. Source: `tf.metrics.percentage_below`."""
    below = cast(less(values, threshold), dtypes.float32)
    return mean(below, weights, metrics_collections, updates_collections, name or "percentage_below_threshold")


def _count(values: Tensor, weights: Any, metrics_collections: Any, updates_collections: Any) -> Metric:
    with name_scope("assert_type"):
        no_op(name="statically_determined_correct_type")
    count = metric_variable([], dtypes.float32, "count")
    values = cast(values, dtypes.float32)
    if weights is not None:
        values = multiply(values, cast(weights, dtypes.float32))
    value = listed(metrics_collections, identity(count))
    return value, listed(updates_collections, assign_add(count, reduce_sum(values)))


def _counted(name: str, label: bool, prediction: bool) -> Callable[..., Metric]:
    """A metric that counts one of the four cases of yes and no."""

    default = name

    def function(
        labels: Any,
        predictions: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> Metric:
        with variable_scope(name, default, [predictions, labels, weights]):
            predictions = cast(predictions, dtypes.bool)
            predictions, labels, weights = matched(predictions, cast(labels, dtypes.bool), weights)
            found = logical_and(equal(labels, label), equal(predictions, prediction))
            return _count(found, weights, metrics_collections, updates_collections)

    function.__name__ = function.__qualname__ = default
    function.__doc__ = (
        f"How many labels are {label} where the prediction is {prediction}, weighted; arguments as of `accuracy`. "
        f"Source: `tf.metrics.{default}`."
    )
    return function


true_positives = _counted("true_positives", True, True)
true_negatives = _counted("true_negatives", False, False)
false_positives = _counted("false_positives", False, True)
false_negatives = _counted("false_negatives", True, False)


def _share(default: str, other: Callable[..., Metric], what: str) -> Callable[..., Metric]:
    """The share of true positives among themselves and others."""

    def share(true: Any, others: Any, name: str) -> Tensor:
        any_at_all = greater(true + others, 0)
        return where(any_at_all, divide(true, true + others), 0, name=name)

    def function(
        labels: Any,
        predictions: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> Metric:
        with variable_scope(name, default, [predictions, labels, weights]):
            predictions = cast(predictions, dtypes.bool)
            predictions, labels, weights = matched(predictions, cast(labels, dtypes.bool), weights)
            true, update_true = true_positives(labels, predictions, weights)
            others, update_others = other(labels, predictions, weights)
            value = listed(metrics_collections, share(true, others, "value"))
            return value, listed(updates_collections, share(update_true, update_others, "update_op"))

    function.__name__ = function.__qualname__ = default
    function.__doc__ = f"The share of {what}; arguments as of `accuracy`. Source: `tf.metrics.{default}`."
    return function


precision = _share("precision", false_positives, "positive predictions that are right")
recall = _share("recall", false_negatives, "positive labels that are found")


def mean_per_class_accuracy(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Metric:
    """The mean over the classes of the accuracy among a class's labels. Source: `tf.metrics.mean_per_class_accuracy`."""
    with variable_scope(name, "mean_accuracy", [predictions, labels, weights]):
        labels = cast(labels, dtypes.int64)
        predictions = convert_to_tensor(predictions)
        labels, predictions = (reshape(x, [-1]) if (x.shape.ndims or 0) > 1 else x for x in (labels, predictions))
        predictions.shape.assert_is_compatible_with(labels.shape)
        total = metric_variable([num_classes], dtypes.float32, "total")
        count = metric_variable([num_classes], dtypes.float32, "count")
        each = ones([size(labels)], dtypes.float32)
        if labels.dtype != predictions.dtype:
            predictions = cast(predictions, labels.dtype)
        correct = cast(equal(predictions, labels), dtypes.float32)
        if weights is not None:
            weights = convert_to_tensor(weights)
            weights = cast(reshape(weights, [-1]) if (weights.shape.ndims or 0) > 1 else weights, dtypes.float32)
            correct, each = correct * weights, each * weights
        update_total, update_count = scatter_add(total, labels, each), scatter_add(count, labels, correct)
        value = listed(metrics_collections, reduce_mean(div_no_nan(count, maximum(total, 0)), name="mean_accuracy"))
        return value, listed(updates_collections, _ratio("update_op")(update_count, update_total))
