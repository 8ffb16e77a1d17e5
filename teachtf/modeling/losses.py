"""Losses: how far predictions are from labels, weighted and brought to one number. Source: `tf.losses`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import add_to_collection, control_dependencies, name_scope
from teachtf.core.tensor import Tensor
from teachtf.modeling.weights import assert_broadcastable, broadcast_weights, fitting_weights, remove_squeezable_dimensions
from teachtf.ops import cross_entropy
from teachtf.ops.activations import relu
from teachtf.ops.arguments import renamed
from teachtf.ops.arithmetic import (
    abs,
    add,
    add_n,
    cast,
    div_no_nan,
    equal,
    log,
    maximum,
    minimum,
    multiply,
    square,
    squared_difference,
    subtract,
    where,
)
from teachtf.ops.arrays import rank, shape, size, stop_gradient
from teachtf.ops.fills import ones_like, range, zeros_like
from teachtf.ops.reductions import reduce_sum


class Reduction:
    """How losses of elements become one number. Source: `tf.losses.Reduction`.

    NONE leaves them; SUM adds them up; MEAN divides the sum by the sum of weights; SUM_OVER_BATCH_SIZE by the number of
    elements; SUM_BY_NONZERO_WEIGHTS, the default, by the number of elements whose weight is not 0.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All reductions."""
        kinds = (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE)
        return (*kinds, cls.SUM_OVER_NONZERO_WEIGHTS, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: Any) -> None:
        """Raises ValueError where there is no such reduction."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Key should be one of {cls.all()}.")


_LOSSES = GraphKeys.LOSSES
_DEFAULT = Reduction.SUM_BY_NONZERO_WEIGHTS


def _safe_mean(losses: Tensor, count: Tensor) -> Tensor:
    return div_no_nan(reduce_sum(losses), count, name="value")


def _num_elements(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)


def _num_present(losses: Tensor, weights: Any, per_batch: bool = False) -> Tensor:
    """How many elements have a weight that is not 0."""
    if isinstance(weights, float) and weights != 0.0:
        return _num_elements(losses)
    with name_scope(None, "num_present", [losses, weights]) as scope:
        weights = cast(weights, dtypes.float32)
        present = where(equal(weights, 0.0), zeros_like(weights), ones_like(weights))
        present = broadcast_weights(present, losses)
        if per_batch:
            return reduce_sum(present, axis=range(1, rank(present)), keepdims=True, name=scope)
        return reduce_sum(present, name=scope)


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Losses of elements, weighted and brought to one number.

    Args:
      losses: a tensor of losses.
      weights: a number, or a tensor of the rank of `losses` whose dimensions are 1 or those of `losses`.
      scope: the operations' name scope.
      loss_collection: the collection that lists the result; None for none.
      reduction: of `Reduction`.

    Returns:
      A scalar of the dtype of `losses`; for Reduction.NONE a tensor of their shape.

    Raises:
      ValueError: the weights do not fit, or there is no such reduction.

    Source: `tf.losses.compute_weighted_loss`.
    """
    Reduction.validate(reduction)
    with (
        name_scope(scope, "weighted_loss", [losses, weights]),
        control_dependencies([assert_broadcastable(weights, losses)]),
    ):
        losses = convert_to_tensor(losses)
        dtype = losses.dtype
        losses = cast(losses, dtypes.float32)
        weights = cast(weights, dtypes.float32)
        weighted = multiply(losses, weights)
        if reduction == Reduction.NONE:
            loss = weighted
        else:
            loss = reduce_sum(weighted)
            if reduction == Reduction.MEAN:
                loss = _safe_mean(loss, reduce_sum(ones_like(losses) * weights))
            elif reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
                loss = _safe_mean(loss, _num_present(losses, weights))
            elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
                loss = _safe_mean(loss, _num_elements(losses))
        loss = cast(loss, dtype)
        add_loss(loss, loss_collection)
        return loss


def _given(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"Argument `{name}` must not be None.")


def _floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    predictions, labels = cast(predictions, dtypes.float32), cast(labels, dtypes.float32)
    predictions.shape.assert_is_compatible_with(labels.shape)
    return predictions, labels


def _same_shape_loss(name: str, doc: str, losses_of: Any) -> Any:
    """A loss that compares predictions and labels element by element."""

    def loss(
        labels: Any,
        predictions: Any,
        weights: Any = 1.0,
        scope: str | None = None,
        loss_collection: Any = _LOSSES,
        reduction: str = _DEFAULT,
    ) -> Tensor:
        _given(labels=labels, predictions=predictions)
        with name_scope(scope, name, [predictions, labels, weights]) as full:
            predictions, labels = _floats(predictions, labels)
            return compute_weighted_loss(losses_of(predictions, labels), weights, full, loss_collection, reduction)

    loss.__name__ = loss.__qualname__ = name
    loss.__doc__ = f"{doc} The other arguments are those of `compute_weighted_loss`. Source: `tf.losses.{name}`."
    return loss


absolute_difference = _same_shape_loss(
    "absolute_difference", "The distances of predictions from labels.", lambda p, y: abs(subtract(p, y))
)
mean_squared_error = _same_shape_loss(
    "mean_squared_error", "The squared distances of predictions from labels.", squared_difference
)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: Any = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
    dim: Any = None,
) -> Tensor:
    """1 - the cosine between unit vectors along `axis` (also called `dim`). Source: `tf.losses.cosine_distance`."""
    axis = renamed("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("You must specify argument `axis`.")
    _given(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as full:
        predictions, labels = _floats(predictions, labels)
        losses = 1 - reduce_sum(multiply(predictions, labels), axis=(axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """How far logits are from 1 on the side that labels of 0 and 1 say. Source: `tf.losses.hinge_loss`."""
    _given(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as full:
        logits, labels = _floats(logits, labels)
        all_ones = ones_like(labels)
        labels = subtract(2 * labels, all_ones)
        losses = relu(subtract(all_ones, multiply(labels, logits)))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Half the square of distances up to `delta`, and a line beyond. Source: `tf.losses.huber_loss`."""
    _given(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as full:
        predictions, labels = _floats(predictions, labels)
        distance = abs(subtract(predictions, labels))
        quadratic = minimum(distance, delta)
        linear = subtract(distance, quadratic)
        half = convert_to_tensor(0.5, quadratic.dtype)
        losses = add(multiply(half, multiply(quadratic, quadratic)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Cross entropy of probabilities; `epsilon` keeps logarithms finite. Source: `tf.losses.log_loss`."""
    _given(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as full:
        predictions, labels = _floats(predictions, labels)
        yes = -multiply(labels, log(predictions + epsilon))
        losses = yes - multiply(1 - labels, log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def mean_pairwise_squared_error(
    labels: Any, predictions: Any, weights: Any = 1.0, scope: str | None = None, loss_collection: Any = _LOSSES
) -> Tensor:
    """The squared differences between the errors of each pair of elements of a sample; `weights` is one a sample.

    Source: `tf.losses.mean_pairwise_squared_error`.
    """
    _given(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        weights = cast(weights, dtypes.float32)
        labels = cast(labels, dtypes.float32)
        with control_dependencies([assert_broadcastable(weights, labels)]):
            predictions = cast(predictions, dtypes.float32)
            predictions.shape.assert_is_compatible_with(labels.shape)
            errors = subtract(predictions, labels)
            axis = range(1, rank(errors))
            squares = reduce_sum(square(errors), axis=axis, keepdims=True)
            present = _num_present(errors, weights, per_batch=True)
            term1 = 2.0 * div_no_nan(squares, maximum(present - 1, 0), name="value")
            total = reduce_sum(errors, axis=axis, keepdims=True)
            total = square(total)
            term2 = 2.0 * div_no_nan(total, maximum(multiply(present, present - 1), 0), name="value")
            loss = reduce_sum(multiply(term1 - term2, weights))
            mean = where(reduce_sum(present) > 0, loss, zeros_like(loss), name="value")
            add_loss(mean, loss_collection)
            return mean


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Cross entropy of classes that do not exclude each other; smoothing moves labels towards 1/2.

    Source: `tf.losses.sigmoid_cross_entropy`.
    """
    _given(multi_class_labels=multi_class_labels, logits=logits)
    with name_scope(scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]) as full:
        logits = convert_to_tensor(logits)
        labels = cast(multi_class_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = cross_entropy.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Cross entropy of classes of which one holds, by one-hot labels; smoothing moves labels towards 1/classes.

    Source: `tf.losses.softmax_cross_entropy`.
    """
    _given(onehot_labels=onehot_labels, logits=logits)
    with name_scope(scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]) as full:
        logits = convert_to_tensor(logits)
        labels = cast(onehot_labels, logits.dtype)
        logits.shape.assert_is_compatible_with(labels.shape)
        if label_smoothing > 0:
            classes = cast(shape(labels)[-1], logits.dtype)
            smooth_negatives = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + smooth_negatives
        labels = stop_gradient(labels, name="labels_stop_gradient")
        losses = cross_entropy.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: Any = _LOSSES,
    reduction: str = _DEFAULT,
) -> Tensor:
    """Cross entropy of classes of which one holds, by its number. Source: `tf.losses.sparse_softmax_cross_entropy`."""
    _given(labels=labels, logits=logits)
    with name_scope(scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]) as full:
        labels, logits = remove_squeezable_dimensions(labels, logits, expected_rank_diff=1)
        weights = fitting_weights(weights, labels)
        losses = cross_entropy.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits, name="xentropy")
        return compute_weighted_loss(losses, weights, full, loss_collection, reduction)


def add_loss(loss: Any, loss_collection: Any = _LOSSES) -> None:
    """List a loss in a collection. Source: `tf.losses.add_loss`."""
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: Any = _LOSSES) -> list[Any]:
    """The losses in a collection. Source: `tf.losses.get_losses`."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses of regularizers. Source: `tf.losses.get_regularization_losses`."""
    return get_default_graph().get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """The sum of the losses of regularizers. Source: `tf.losses.get_regularization_loss`."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None) -> Tensor:
    """The sum of all losses, those of regularizers too by default. Source: `tf.losses.get_total_loss`.

    Raises:
      ValueError: there is none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope)
    return add_n(losses, name=name)
