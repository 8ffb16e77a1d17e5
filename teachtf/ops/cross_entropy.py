"""Cross entropies: how far logits are from the labels that they should give."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops import shape_functions as shapes
from teachtf.ops.activations import relu
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import expand_dims, rank, reshape, shape, squeeze, stop_gradient
from teachtf.ops.fills import range as range_
from teachtf.ops.fills import zeros_like
from teachtf.ops.joining import concat
from teachtf.ops.linalg import matmul
from teachtf.ops.rearranging import transpose
from teachtf.ops.slicing import slice_

# --- declarations ----------------------------------------------------------------------------------------------------


def _dense_shape(op: Any) -> list[TensorShape]:
    features, labels = shapes.require_rank(op._inputs[0], 2), shapes.require_rank(op._inputs[1], 2)
    both = shapes.broadcast_dims(features, labels)
    assert both is not None
    return [shapes.shape_of(both[:1]), shapes.shape_of(both)]


def _sparse_shape(op: Any) -> list[TensorShape]:
    features, labels = shapes.require_rank(op._inputs[0], 2), shapes.require_rank(op._inputs[1], 1)
    batch = shapes.merge_dim(features[0], labels[0])
    return [shapes.shape_of([batch]), shapes.shape_of([batch, features[1]])]


def _by_logits(op: Any, grad_loss: Any, grad_backprop: Any) -> Any:
    """The second output is the first one's gradient already. Its own gradient counts where someone differentiates twice."""
    result = expand_dims(grad_loss, -1) * op.outputs[1]
    if grad_backprop is not None and grad_backprop.op.type != "ZerosLike":
        softmax = apply_op("Softmax", op.inputs[0])
        product = matmul(expand_dims(grad_backprop, 1), expand_dims(softmax, 2))
        result += (grad_backprop - squeeze(product, axis=1)) * softmax
    return result


def _dense_gradient(op: Any, grad_loss: Any, grad_backprop: Any) -> list[Any]:
    by_logits = _by_logits(op, grad_loss, grad_backprop)
    surprise = -apply_op("LogSoftmax", op.inputs[0])
    return [by_logits, expand_dims(grad_loss, -1) * surprise]


def _sparse_gradient(op: Any, grad_loss: Any, grad_backprop: Any) -> list[Any]:
    return [_by_logits(op, grad_loss, grad_backprop), None]


declare(
    "SoftmaxCrossEntropyWithLogits",
    inputs="features: T, labels: T",
    outputs="loss: T, backprop: T",
    attrs="T: {half, bfloat16, float, double}",
    shape=_dense_shape,
    gradient=_dense_gradient,
)
declare(
    "SparseSoftmaxCrossEntropyWithLogits",
    inputs="features: T, labels: Tlabels",
    outputs="loss: T, backprop: T",
    attrs="T: {half, bfloat16, float, double}, Tlabels: {int32, int64} = DT_INT64",
    shape=_sparse_shape,
    gradient=_sparse_gradient,
)


# --- classes that exclude each other -----------------------------------------------------------------------------------


def _require(function_name: str, labels: Any, logits: Any) -> None:
    if labels is None or logits is None:
        raise ValueError(
            f"Both `labels` and `logits` must be provided for {function_name}: got labels={labels}, logits={logits}"
        )


def _to_end(tensor: Tensor, axis: Any, number: Any) -> Tensor:
    return transpose(tensor, concat([range_(axis), range_(axis + 1, number), [axis]], 0))


def _as_matrix(tensor: Tensor) -> Tensor:
    number = rank(tensor)
    last = slice_(shape(tensor), [arithmetic.subtract(number, 1)], [1])
    result = reshape(tensor, concat([[-1], last], 0))
    dims = tensor.shape.as_tuple
    if dims is not None and None not in dims[:-1]:
        rows = 1
        for d in dims[:-1]:
            assert d is not None
            rows *= d
        result.set_shape([rows, dims[-1]])
    return result


def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """The cross entropy of `softmax(logits)` from probabilities. Gradients flow to both.

    Args:
      labels: probabilities, of the shape of `logits`; they add up to 1 along `axis`.
      logits: a float tensor, one number a class, of any size and sign.
      axis: where the classes stand; the last axis by default. Also called `dim`.
      name: the operation's name.
      dim: see `axis`.

    Returns:
      A tensor of the dtype of `logits` and its shape without `axis`.

    Raises:
      ValueError: the shapes differ, or one of the two is missing.

    Source: `tf.nn.softmax_cross_entropy_with_logits_v2`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     loss = tf.nn.softmax_cross_entropy_with_logits_v2(labels=[[0.0, 1.0]], logits=[[0.0, 0.0]])
    ...     print(sess.run(loss))
    [0.6931472]
    """
    chosen = renamed("axis", axis, "dim", dim)
    axis = -1 if chosen is None else chosen
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        small = logits.dtype.base_dtype in (dtypes.float16, dtypes.bfloat16)
        precise = arithmetic.cast(logits, dtypes.float32) if small else logits
        labels = arithmetic.cast(labels, precise.dtype)
        number = rank(precise)
        if axis != -1:
            precise, labels = _to_end(precise, axis, number), _to_end(labels, axis, number)
        full_shape = shape(precise)
        precise, labels = _as_matrix(precise), _as_matrix(labels)
        cost, _ = apply_op("SoftmaxCrossEntropyWithLogits", precise, labels, name=scope)
        cost = reshape(cost, slice_(full_shape, [0], [arithmetic.subtract(number, 1)]))
        if logits.shape.ndims is not None:
            dims = logits.shape.as_list()
            del dims[axis]
            cost.set_shape(dims)
        return arithmetic.cast(cost, logits.dtype) if small else cost


def softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, dim: int = -1, name: str | None = None, axis: int | None = None
) -> Tensor:
    """`softmax_cross_entropy_with_logits_v2` with labels that are constants to `tf.gradients`.

    Source: `tf.nn.softmax_cross_entropy_with_logits`.
    """
    axis = dim if axis is None else axis
    _require("softmax_cross_entropy_with_logits", labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        labels = stop_gradient(labels, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits, axis=axis, name=scope)


def sparse_softmax_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """The cross entropy of `softmax(logits)` from the index of the true class.

    Args:
      labels: int32 or int64 indices, of the shape of `logits` without its last axis.
      logits: a float tensor, one number a class along the last axis.
      name: the operation's name.

    Returns:
      A tensor of the shape of `labels` and the dtype of `logits`.

    Raises:
      ValueError: the shapes do not fit, or one of the two is missing.

    In a run, a label that is no class raises `InvalidArgumentError`.

    Source: `tf.nn.sparse_softmax_cross_entropy_with_logits`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1], logits=[[0.0, 0.0]])))
    [0.6931472]
    """
    _require("sparse_softmax_cross_entropy_with_logits", labels, logits)
    with name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels = convert_to_tensor(labels)
        logits = convert_to_tensor(logits)
        half = logits.dtype.base_dtype == dtypes.float16
        precise = arithmetic.cast(logits, dtypes.float32) if half else logits
        labels_shape = shape(labels)
        _check_sparse(labels, logits)
        if logits.shape.ndims == 2:
            cost, _ = apply_op("SparseSoftmaxCrossEntropyWithLogits", precise, labels, name=name)
        else:
            classes = shape(logits)[rank(logits) - 1]
            precise = reshape(precise, [-1, classes])
            flat = reshape(labels, [-1])
            cost, _ = apply_op("SparseSoftmaxCrossEntropyWithLogits", precise, flat, name=name)
            cost = reshape(cost, labels_shape)
            cost.set_shape(labels.shape)
        return arithmetic.cast(cost, dtypes.float16) if half else cost


def _check_sparse(labels: Tensor, logits: Tensor) -> None:
    ndims, labels_ndims = logits.shape.ndims, labels.shape.ndims
    if ndims == 0:
        raise ValueError(f"`logits` cannot be a scalar. Received logits={logits}`")
    if ndims is not None and labels_ndims is not None and labels_ndims != ndims - 1:
        raise ValueError(
            f"`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: labels.shape={labels.shape} of rank "
            f"{labels_ndims} and logits.shape={logits.shape} of rank {ndims}"
        )
    outer = logits.shape[:-1]
    if labels.shape.is_fully_defined() and outer.is_fully_defined() and labels.shape.as_tuple != outer.as_tuple:
        raise ValueError(
            "`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
            f"labels.shape={labels.shape} and logits.shape={logits.shape}"
        )


# --- classes that do not -----------------------------------------------------------------------------------------------


def _same_shapes(labels: Tensor, logits: Tensor) -> None:
    if not labels.shape.is_compatible_with(logits.shape):
        raise ValueError(f"`logits` and `labels` must have the same shape, received ({logits.shape} vs {labels.shape}).")


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Tensor:
    """The cross entropy of `sigmoid(logits)` from probabilities, each element by itself.

    Args:
      labels: numbers from 0 to 1, of the shape and dtype of `logits`.
      logits: a float tensor.
      name: the operation's name.

    Raises:
      ValueError: the shapes differ, or one of the two is missing.

    Source: `tf.nn.sigmoid_cross_entropy_with_logits`.
    """
    _require("sigmoid_cross_entropy_with_logits", labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shapes(labels, logits)
        # log(1 + exp(-x)) + x - x z for x > 0, log(1 + exp(x)) - x z below: no exp of a large number
        zeros = zeros_like(logits, dtype=logits.dtype)
        positive = logits >= zeros
        above = arithmetic.where(positive, logits, zeros)
        minus_abs = arithmetic.where(positive, -logits, logits)
        return arithmetic.add(above - logits * labels, arithmetic.log1p(arithmetic.exp(minus_abs)), name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, pos_weight: Any = None, name: str | None = None, targets: Any = None
) -> Tensor:
    """`sigmoid_cross_entropy_with_logits` with the positive labels' part times `pos_weight`.

    Args:
      labels: numbers from 0 to 1, of the shape and dtype of `logits`; also called `targets`.
      logits: a float tensor.
      pos_weight: above 1 for more recall, below for more precision.
      name: the operation's name.
      targets: see `labels`.

    Raises:
      ValueError: the shapes differ.

    Source: `tf.nn.weighted_cross_entropy_with_logits`.
    """
    labels = renamed("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        logits = convert_to_tensor(logits, name="logits")
        labels = convert_to_tensor(labels, name="labels")
        _same_shapes(labels, logits)
        weight = 1 + (pos_weight - 1) * labels
        negative = (1 - labels) * logits
        rest = arithmetic.log1p(arithmetic.exp(-arithmetic.abs(logits))) + relu(-logits)
        return arithmetic.add(negative, weight * rest, name=scope)
