"""The largest elements of rows, and whether a class is among them."""

from __future__ import annotations

from typing import Any, NamedTuple

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import expand_dims, reshape, shape, size
from teachtf.ops.fills import range as range_
from teachtf.ops.fills import zeros
from teachtf.ops.gathering import gather
from teachtf.ops.joining import stack
from teachtf.ops.reductions import reduce_prod
from teachtf.ops.scattering import scatter_nd


def _top_shape(op: Any) -> list[TensorShape]:
    dims, k = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    shapes.require_rank(op._inputs[1], 0)
    if dims is None:
        return [unknown_shape()] * 2
    if not dims:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    number = None if k is None else int(k)
    if number is not None and number < 0:
        raise ValueError(f"Dimension size, given by scalar input 1, must be non-negative but is {number}")
    if number is not None and dims[-1] is not None and dims[-1] < number:
        raise ValueError(f"input must have last dimension >= k = {number} but is {dims[-1]}")
    return [shapes.shape_of([*dims[:-1], number])] * 2


def _top_gradient(op: Any, grad: Any, _: Any) -> list[Any]:
    """The gradient goes back to where the values were taken from."""
    in_shape, index_shape = shape(op.inputs[0]), shape(op.outputs[1])
    k = gather(cast(index_shape, dtypes.int64), size(index_shape) - 1)
    rows = reshape(op.outputs[1], stack([-1, k]))
    width = gather(cast(in_shape, dtypes.int64), size(in_shape) - 1)
    starts = range_(0, cast(shape(rows)[0], dtypes.int64) * width, width)
    at = reshape(rows + cast(expand_dims(starts, -1), dtypes.int32), [-1])
    flat = scatter_nd(expand_dims(at, -1), reshape(grad, [-1]), [reduce_prod(in_shape)])
    return [reshape(flat, in_shape), zeros([], dtypes.int32)]


declare(
    "TopKV2",
    inputs="input: T, k: Tk",
    outputs="values: T, indices: index_type",
    attrs="sorted: bool = true, T: realnumbertype, Tk: {int16, int32, int64} = DT_INT32, "
    "index_type: {int16, int32, int64} = DT_INT32",
    shape=_top_shape,
    gradient=_top_gradient,
)


def _in_top_shape(op: Any) -> list[TensorShape]:
    predictions, targets = shapes.require_rank(op._inputs[0], 2), shapes.require_rank(op._inputs[1], 1)
    return [shapes.shape_of([shapes.merge_dim(predictions[0], targets[0])])]


for _name, _input, _attr in (("InTopK", "", "k: int, "), ("InTopKV2", ", k: T", "")):
    declare(
        _name,
        inputs=f"predictions: float, targets: T{_input}",
        outputs="precision: bool",
        attrs=f"{_attr}T: {{int32, int64}} = DT_INT32",
        shape=_in_top_shape,
    )


class TopKV2(NamedTuple):
    """What `top_k` gives."""

    values: Tensor
    indices: Tensor


def top_k(input: Any, k: Any = 1, sorted: bool = True, index_type: Any = dtypes.int32, name: str | None = None) -> TopKV2:
    """The `k` largest elements along the last axis, and where they are; of equal ones the first.

    Args:
      input: a tensor of numbers, of rank 1 or more.
      k: how many.
      sorted: whether the largest comes first.
      index_type: the dtype of the indices.
      name: the operation's name.

    Returns:
      Values and indices, each with a last axis of size `k`.

    Raises:
      ValueError: there are fewer than `k` elements.

    Source: `tf.nn.top_k`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     values, indices = sess.run(tf.nn.top_k([3, 9, 4], k=2))
    ...     print(values, indices)
    [9 4] [1 2]
    """
    values, indices = apply_op("TopKV2", input, k, sorted=sorted, index_type=index_type, name=name)
    return TopKV2(values, indices)


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether each target is among the `k` classes with the largest predictions; ties count as in.

    Args:
      predictions: float32, [batch, classes].
      targets: int32 or int64, [batch].
      k: how many classes.
      name: the operation's name.

    Returns:
      A bool tensor, [batch].

    Raises:
      ValueError: the batch sizes differ.

    Source: `tf.nn.in_top_k`.
    """
    with name_scope(name, "in_top_k"):
        return apply_op("InTopKV2", predictions, targets, k, name=name)
