"""How often each class was taken for each other."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.modeling.weights import remove_squeezable_dimensions
from teachtf.ops.arithmetic import cast, maximum
from teachtf.ops.assertions import assert_less, assert_non_negative
from teachtf.ops.fills import ones_like
from teachtf.ops.joining import stack
from teachtf.ops.reductions import reduce_max
from teachtf.ops.scattering import scatter_nd
from teachtf.ops.switching import with_dependencies


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Tensor:
    """A matrix with a row for each true class and a column for each predicted one, that counts the examples.

    Args:
      labels: the true classes, integers of shape [examples].
      predictions: the predicted classes, of the same shape.
      num_classes: how many classes there are; by default one more than the largest.
      dtype: the dtype of the counts.
      name: the operations' name scope.
      weights: what each example counts; 1 by default.

    Raises:
      InvalidArgumentError: in a run, where a class is negative or too large.

    Source: `tf.confusion_matrix`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.confusion_matrix([0, 1, 1], [0, 1, 0])))
    [[1 0]
     [1 1]]
    """
    with name_scope(name, "confusion_matrix", [predictions, labels, num_classes, weights]):
        labels = convert_to_tensor(labels, name="labels")
        labels, predictions = remove_squeezable_dimensions(labels, convert_to_tensor(predictions, name="predictions"))
        predictions, labels = cast(predictions, dtypes.int64), cast(labels, dtypes.int64)
        checked = assert_non_negative(labels, message="`labels` contains negative values")
        labels = with_dependencies([checked], labels)
        checked = assert_non_negative(predictions, message="`predictions` contains negative values")
        predictions = with_dependencies([checked], predictions)
        if num_classes is None:
            num_classes = maximum(reduce_max(predictions), reduce_max(labels)) + 1
        else:
            limit = cast(num_classes, dtypes.int64)
            labels = with_dependencies([assert_less(labels, limit, message="`labels` out of bound")], labels)
            checked = assert_less(predictions, limit, message="`predictions` out of bound")
            predictions = with_dependencies([checked], predictions)
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
            predictions.shape.assert_is_compatible_with(weights.shape)
            weights = cast(weights, dtype)
        shape = stack([num_classes, num_classes])
        indices = stack([labels, predictions], axis=1)
        values = ones_like(predictions, dtype) if weights is None else weights
        return scatter_nd(indices, values, cast(shape, dtypes.int64))
