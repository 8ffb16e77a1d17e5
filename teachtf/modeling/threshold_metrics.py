"""Metrics of predictions between 0 and 1, cut at thresholds: the area under a curve, and its points. Source: `tf.metrics`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.modeling.metrics import Metric, listed, matched, metric_variable
from teachtf.modeling.weights import broadcast_weights
from teachtf.ops.arithmetic import (
    cast,
    div_no_nan,
    divide,
    greater,
    greater_equal,
    less_equal,
    log,
    logical_and,
    logical_not,
    maximum,
    minimum,
    multiply,
    where,
)
from teachtf.ops.arrays import expand_dims, identity, reshape, shape
from teachtf.ops.cond import cond
from teachtf.ops.control_flow import no_op
from teachtf.ops.fills import ones_like
from teachtf.ops.joining import stack
from teachtf.ops.rearranging import tile, transpose
from teachtf.ops.reductions import reduce_all, reduce_sum
from teachtf.ops.variables import assign_add
from teachtf.platform import log as logging
from teachtf.state.scopes import variable_scope

_CASES = {"tp": "true_positives", "fn": "false_negatives", "tn": "true_negatives", "fp": "false_positives"}


def _asserted(name: str, sign: str, function: Callable[[Any, Any], Tensor], x: Any, y: Any) -> Operation:
    """An operation that fails where predictions are not in [0, 1]."""
    with name_scope(None, name, [x, y]):
        x, y = convert_to_tensor(x, name="x"), convert_to_tensor(y, name="y")
        told = ["predictions must be in [0, 1]", f"Condition x {sign} y did not hold element-wise:"]
        data = [*told, f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        condition = reduce_all(function(x, y))
        with name_scope(None, "Assert", [condition]):
            for item in data:
                convert_to_tensor(item)  # TensorFlow looks at their types, and leaves the nodes
            return cond(condition, no_op, lambda: apply_op("Assert", condition, data, name="Assert"), name="AssertGuard").op


def counts_at_thresholds(
    labels: Any, predictions: Any, thresholds: Sequence[float], weights: Any, wanted: Sequence[str] = tuple(_CASES)
) -> tuple[dict[str, Any], dict[str, Any]]:
    """How many labels are in which of the four cases at each threshold: variables, and their updates."""
    checks = [
        _asserted("assert_greater_equal", ">=", greater_equal, predictions, cast(0.0, predictions.dtype)),
        _asserted("assert_less_equal", "<=", less_equal, predictions, cast(1.0, predictions.dtype)),
    ]
    with control_dependencies(checks):
        predictions = cast(predictions, dtypes.float32)
        predictions, labels, weights = matched(predictions, cast(labels, dtypes.bool), weights)
    number = len(thresholds)
    column, row = reshape(predictions, [-1, 1]), reshape(cast(labels, dtypes.bool), [1, -1])
    size: Any = column.shape.as_list()[0]
    if size is None:
        size = shape(column)[0]
    tiled = tile(expand_dims(constant(thresholds), [1]), stack([1, size]))
    positive = greater(tile(transpose(column), [number, 1]), tiled)
    negative = logical_not(positive) if {"fn", "tn"} & set(wanted) else None
    true = tile(row, [number, 1])
    false = logical_not(true) if {"fp", "tn"} & set(wanted) else None
    if weights is not None:
        weights = broadcast_weights(cast(weights, dtypes.float32), predictions)
        weights = tile(reshape(weights, [1, -1]), [number, 1])
    both = {"tp": (true, positive), "fn": (true, negative), "tn": (false, negative), "fp": (false, positive)}
    values, updates = {}, {}
    for case in _CASES:
        if case in wanted:
            variable = metric_variable([number], dtypes.float32, _CASES[case])
            found = cast(logical_and(*both[case]), dtypes.float32)
            if weights is not None:
                found *= weights
            updates[case] = assign_add(variable, reduce_sum(found, 1))
            values[case] = variable
    return values, updates


def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Any = None,
) -> Metric:
    """The area under a curve.

    Args:
      labels: of any type; they count as bools.
      predictions: floats from 0 to 1 of the same shape.
      weights: as of `tf.metrics.mean`.
      num_thresholds: how many points the curve has.
      metrics_collections: the collections that list the value.
      updates_collections: the collections that list the update.
      curve: "ROC" (true positives over false ones) or "PR" (precision over recall).
      name: the variable scope.
      summation_method: "trapezoidal", "careful_interpolation" (for "PR"), "minoring" or "majoring".
      thresholds: the inner points, in the place of `num_thresholds` even ones.

    Returns:
      `(auc, update_op)`, float32 scalars.

    Raises:
      ValueError: there is no such curve or method.
      InvalidArgumentError: when run: a prediction is not in [0, 1].

    Source: `tf.metrics.auc`.
    """
    with variable_scope(name, "auc", [labels, predictions, weights]):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"Curve must be either ROC or PR. Curve {curve} is unknown.")
        if thresholds is None:
            inner = [(i + 1) * 1.0 / (num_thresholds - 1) for i in range(num_thresholds - 2)]
        else:
            inner = sorted(thresholds)
        cuts = [-1e-7, *inner, 1.0 + 1e-7]
        predictions = convert_to_tensor(predictions)
        values, updates = counts_at_thresholds(labels, predictions, cuts, weights)
        value = listed(metrics_collections, _area(values, curve, summation_method, len(cuts), "value"))
        return value, listed(updates_collections, _area(updates, curve, summation_method, len(cuts), "update_op"))


def _area(counts: dict[str, Any], curve: str, method: str, points: int, name: str) -> Tensor:
    tp, fn, tn, fp = (counts[case] for case in _CASES)
    if curve == "PR":
        if method == "careful_interpolation":
            return _interpolated(tp, fp, fn, points)
        if method == "trapezoidal":
            logging.warning(
                'Trapezoidal rule is known to produce incorrect PR-AUCs; please switch to "careful_interpolation" instead.'
            )
    tiny = 1.0e-6
    found = divide(tp + tiny, tp + fn + tiny)
    x, y = (divide(fp, fp + tn + tiny), found) if curve == "ROC" else (found, divide(tp + tiny, tp + fp + tiny))
    last = points - 1
    width = x[:last] - x[1:]
    if method in ("trapezoidal", "careful_interpolation"):
        return reduce_sum(multiply(width, (y[:last] + y[1:]) / 2.0), name=name)
    if method in ("minoring", "majoring"):
        return reduce_sum(multiply(width, (minimum if method == "minoring" else maximum)(y[:last], y[1:])), name=name)
    raise ValueError(
        f"Invalid summation_method: {method} summation_method should be 'trapezoidal', 'careful_interpolation', 'minoring', or "
        "'majoring'."
    )


def _interpolated(tp: Any, fp: Any, fn: Any, points: int) -> Tensor:
    """The area under precision over recall. Paper: Davis and Goadrich 2006."""
    last = points - 1
    dtp = tp[:last] - tp[1:]
    p = tp + fp
    slope = div_no_nan(dtp, maximum(p[:last] - p[1:], 0), name="prec_slope")
    intercept = tp[1:] - multiply(slope, p[1:])
    some = logical_and(p[:last] > 0, p[1:] > 0)
    ratio = where(some, div_no_nan(p[:last], maximum(p[1:], 0), name="recall_relative_ratio"), ones_like(p[1:]))
    increment = div_no_nan(slope * (dtp + intercept * log(ratio)), maximum(tp[1:] + fn[1:], 0), name="pr_auc_increment")
    return reduce_sum(increment, name="interpolate_pr_auc")


def _count_at(case: str) -> Callable[..., Metric]:
    default = _CASES[case]

    def function(
        labels: Any,
        predictions: Any,
        thresholds: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> Metric:
        with variable_scope(name, default, [predictions, labels, weights]):
            predictions = convert_to_tensor(predictions)
            values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, [case])
            value = listed(metrics_collections, identity(values[case]))
            return value, listed(updates_collections, updates[case])

    function.__name__ = function.__qualname__ = f"{default}_at_thresholds"
    function.__doc__ = f"The {default.replace('_', ' ')} at each threshold. Source: `tf.metrics.{function.__name__}`."
    return function


def _share_at(what: str, other: str) -> Callable[..., Metric]:
    def function(
        labels: Any,
        predictions: Any,
        thresholds: Any,
        weights: Any = None,
        metrics_collections: Any = None,
        updates_collections: Any = None,
        name: str | None = None,
    ) -> Metric:
        with variable_scope(name, f"{what}_at_thresholds", [predictions, labels, weights]):
            predictions = convert_to_tensor(predictions)
            values, updates = counts_at_thresholds(labels, predictions, thresholds, weights, ["tp", other])
            found = [divide(c["tp"], 1e-7 + c["tp"] + c[other], name=f"{what}_{n}") for c, n in _named(values, updates)]
            return listed(metrics_collections, found[0]), listed(updates_collections, found[1])

    function.__name__ = function.__qualname__ = f"{what}_at_thresholds"
    function.__doc__ = f"The {what} at each threshold. Source: `tf.metrics.{what}_at_thresholds`."
    return function


def _named(values: Any, updates: Any) -> list[tuple[Any, str]]:
    return [(values, "value"), (updates, "update_op")]


true_positives_at_thresholds = _count_at("tp")
true_negatives_at_thresholds = _count_at("tn")
false_positives_at_thresholds = _count_at("fp")
false_negatives_at_thresholds = _count_at("fn")
precision_at_thresholds = _share_at("precision", "fp")
recall_at_thresholds = _share_at("recall", "fn")
