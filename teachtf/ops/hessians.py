"""Second slopes: of a scalar with respect to each pair of elements of a tensor."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import constant
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import reshape, shape, size
from teachtf.ops.gradients import gradients
from teachtf.ops.joining import concat
from teachtf.ops.tensor_array import TensorArray
from teachtf.ops.while_loop import while_loop


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
) -> list[Tensor]:
    """The second slopes of the sum of `ys`, for each of `xs`.

    Args:
      ys: a tensor, or a list of them.
      xs: a tensor or variable, or a list of them.
      name: accepted, not used, as in TensorFlow.
      colocate_gradients_with_ops, gate_gradients, aggregation_method: as of `tf.gradients`.

    Returns:
      A list of tensors of shape `x.shape + x.shape`.

    Raises:
      LookupError: an op on the way has no gradient.

    Source: `tf.hessians`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant([1.0, 2.0])
    ...     print(sess.run(tf.hessians(x[0] ** 2 * x[1], x)[0]))
    [[4. 2.]
     [2. 0.]]
    """
    variables = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    first = gradients(
        ys,
        variables,
        colocate_gradients_with_ops=colocate_gradients_with_ops,
        gate_gradients=gate_gradients,
        aggregation_method=aggregation_method,
    )
    return [_rows(slope, x) for slope, x in zip(first, variables, strict=True)]


def _rows(slope: Any, x: Any) -> Tensor:
    """The slopes of each element of `slope`, a turn of a loop each."""
    flat = reshape(slope, [-1])
    number = size(x)
    start = [constant(0, dtypes.int32), TensorArray(x.dtype, number)]
    _, rows = while_loop(
        lambda i, _: i < number,
        lambda i, found: (i + 1, found.write(i, gradients(flat[i], x)[0])),
        start,
    )
    dims = shape(x)
    return reshape(rows.stack(), concat((dims, dims), 0))
