"""Sorts, searches in what is sorted, rolls, repeats, and indices taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import expand_dims, rank, reshape, shape
from teachtf.ops.fills import broadcast_to, ones
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import concat, stack
from teachtf.ops.masking import boolean_mask, sequence_mask
from teachtf.ops.ranking import top_k
from teachtf.ops.rearranging import tile, transpose
from teachtf.ops.scattering import tensor_scatter_update

# --- declarations ----------------------------------------------------------------------------------------------------


def _bound_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 2)
    return [shapes.shape_of(shapes.require_rank(op._inputs[1], 2))]


for _name in ("LowerBound", "UpperBound"):
    declare(
        _name,
        inputs="sorted_inputs: T, values: T",
        outputs="output: out_type",
        attrs="T: type, out_type: {int32, int64} = DT_INT32",
        shape=_bound_shape,
        gradient=NOT_DIFFERENTIABLE,
    )


def _roll_shape(op: Any) -> list[TensorShape]:
    tensor, shift, axis = op._inputs
    shapes.require_rank_at_least(tensor, 1)
    for each in (shift, axis):
        ndims = each._shape.ndims
        if ndims is not None and ndims > 1:
            raise ValueError(f"Shape must be at most rank 1 but is rank {ndims}")
    return [tensor._shape]


declare(
    "Roll",
    inputs="input: T, shift: Tshift, axis: Taxis",
    outputs="output: T",
    attrs="T: type, Tshift: {int32, int64}, Taxis: {int32, int64}",
    shape=_roll_shape,
    gradient=lambda op, grad: [roll(grad, -op.inputs[1], op.inputs[2]), None, None],
)


def _unravel_shape(op: Any) -> list[TensorShape]:
    number = shapes.require_rank(op._inputs[1], 1)[0]
    dims = op._inputs[0]._shape.as_tuple
    if dims is None:
        return [unknown_shape()]
    return [shapes.shape_of([number] if not dims else [number, op._inputs[0]._shape.num_elements()])]


declare(
    "UnravelIndex",
    inputs="indices: Tidx, dims: Tidx",
    outputs="output: Tidx",
    attrs="Tidx: {int32, int64} = DT_INT32",
    shape=_unravel_shape,
)


def _reverse_sequence_shape(op: Any) -> list[TensorShape]:
    lengths = shapes.require_rank(op._inputs[1], 1)
    dims, batch, sequence = op._inputs[0]._shape.as_tuple, op._attrs["batch_dim"], op._attrs["seq_dim"]
    if dims is None:
        return [unknown_shape()]
    for what, axis in (("batch_dim", batch), ("seq_dim", sequence)):
        if axis >= len(dims):
            raise ValueError(f"{what} must be < input rank: {axis} vs. {len(dims)}")
    merged = shapes.merge_dim(dims[batch], lengths[0])
    return [shapes.shape_of([merged if i == batch else d for i, d in enumerate(dims)])]


declare(
    "ReverseSequence",
    inputs="input: T, seq_lengths: Tlen",
    outputs="output: T",
    attrs="seq_dim: int, batch_dim: int = 0, T: type, Tlen: {int32, int64} = DT_INT64",
    shape=_reverse_sequence_shape,
    gradient=lambda op, grad: [
        reverse_sequence(grad, op.inputs[1], op.get_attr("seq_dim"), op.get_attr("batch_dim")),
        None,
    ],
)


# --- sorts -----------------------------------------------------------------------------------------------------------


def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None) -> Tensor:
    """`values` sorted along `axis`.

    Args:
      values: a tensor of numbers, of rank 1 or more.
      axis: a constant, the last axis by default.
      direction: "ASCENDING" or "DESCENDING".
      name: the operations' name scope.

    Raises:
      ValueError: there is no such direction, or the axis is no constant scalar.

    Source: `tf.sort`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.sort([3, 1, 2], direction="DESCENDING")))
    [3 2 1]
    """
    with name_scope(name, "sort"):
        return _sorted(values, axis, direction, False)


def argsort(values: Any, axis: Any = -1, direction: str = "ASCENDING", stable: bool = False, name: str | None = None) -> Tensor:
    """The int32 indices that sort `values`; equals keep their order. The arguments are those of `sort`.

    Source: `tf.argsort`.
    """
    with name_scope(name, "argsort"):
        return _sorted(values, axis, direction, True)


def _sorted(values: Any, axis: Any, direction: str, indices: bool) -> Tensor:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"Argument `direction` should be one of ASCENDING, DESCENDING. Received: direction={direction}")
    axis = convert_to_tensor(axis, name="axis")
    known = static.constant_value(axis)
    if axis.shape.ndims not in (None, 0) or known is None:
        raise ValueError(f"Argument `axis` must be a constant scalar. Received: axis={axis}.")
    values = convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _descending(values, int(known), indices)
    dtype = values.dtype
    if dtype.is_unsigned:
        result = _descending(dtype.max - values, int(known), indices)
        return result if indices else dtype.max - result
    if dtype.is_integer:
        result = _descending(-values - 1, int(known), indices)
        return result if indices else -result - 1
    result = _descending(-values, int(known), indices)
    return result if indices else -result


def _descending(values: Tensor, axis: Any, indices: bool) -> Tensor:
    k = shape(values)[axis]
    number = rank(values)
    ndims = values.shape.ndims
    swap: Any = None
    if axis != -1 and axis + 1 != ndims:
        if axis < 0:
            axis += ndims or number
        if ndims is not None:
            order = np.r_[np.arange(axis), [ndims - 1], np.arange(axis + 1, ndims - 1), [axis]]
            swap = constant(order, name="transposition")
        else:
            swap = tensor_scatter_update(range_(number), [[axis], [number - 1]], [number - 1, axis])
        values = transpose(values, swap)
    result = top_k(values, k)[1 if indices else 0]
    return result if swap is None else transpose(result, swap)


def searchsorted(
    sorted_sequence: Any, values: Any, side: str = "left", out_type: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """Where the values would have to be inserted to keep each row sorted.

    Args:
      sorted_sequence: [..., n], ascending along the last axis.
      values: [..., m] of the same dtype and leading axes.
      side: "left" for before equal elements, "right" for behind them.
      out_type: int32 or int64.
      name: the operation's name.

    Returns:
      Indices in `values`' shape.

    Raises:
      ValueError: `side` is something else.

    Source: `tf.searchsorted`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.searchsorted([1, 3, 5], [3, 6])))
    [1 3]
    """
    width, count = _sizes(sorted_sequence)[-1], _sizes(values)[-1]
    rows, wanted = reshape(sorted_sequence, [-1, width]), reshape(values, [-1, count])
    if side not in ("left", "right"):
        raise ValueError(f"Argument `side` must be either 'right' or 'left'. Received: `side` = '{side}'.")
    found = apply_op("UpperBound" if side == "right" else "LowerBound", rows, wanted, out_type=out_type, name=name)
    return reshape(found, _sizes(values))


def _sizes(value: Any) -> Tensor:
    with name_scope(None, "Shape", [value]) as scope:
        tensor = convert_to_tensor(value)
        if tensor.shape.is_fully_defined():
            return convert_to_tensor(tensor.shape)
        return apply_op("Shape", tensor, name=scope)


# --- rolls, repeats, reversals ---------------------------------------------------------------------------------------


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """`input` with its elements shifted along `axis`; those that fall off come in at the other end.

    Source: `tf.roll`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.roll([1, 2, 3, 4], shift=1, axis=0)))
    [4 1 2 3]
    """
    return apply_op("Roll", input, shift, axis, name=name)


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """The coordinates of flat indices into a tensor of shape `dims`: [axes], or [axes, indices].

    Source: `tf.unravel_index`.
    """
    return apply_op("UnravelIndex", indices, dims, name=name)


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: Any = None,
    batch_axis: Any = None,
    name: str | None = None,
    seq_dim: Any = None,
    batch_dim: Any = None,
) -> Tensor:
    """For each place i along `batch_axis`, the first seq_lengths[i] elements along `seq_axis` in reverse order.

    Args:
      input: a tensor.
      seq_lengths: int32 or int64, [input.shape[batch_axis]].
      seq_axis: the axis to reverse along. Also called `seq_dim`.
      batch_axis: 0 by default. Also called `batch_dim`.
      name: the operation's name.
      seq_dim: see `seq_axis`.
      batch_dim: see `batch_axis`.

    Raises:
      ValueError: there is no such axis, or not as many lengths.

    Source: `tf.reverse_sequence`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.reverse_sequence([[1, 2, 3], [4, 5, 6]], [2, 3], seq_axis=1)))
    [[2 1 3]
     [6 5 4]]
    """
    seq_axis = renamed("seq_axis", seq_axis, "seq_dim", seq_dim)
    batch_axis = renamed("batch_axis", batch_axis, "batch_dim", batch_dim)
    return apply_op("ReverseSequence", input, seq_lengths, seq_dim=seq_axis, batch_dim=batch_axis, name=name)


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each element along `axis` so many times, one behind the other.

    Args:
      input: a tensor.
      repeats: an integer, or one for each element along `axis`.
      axis: by default all elements as one vector.
      name: the operations' name scope.

    Raises:
      TypeError: `axis` is no int, or `repeats` no integers.
      ValueError: there is no such axis, or not as many numbers.

    Source: `tf.repeat`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.repeat([7, 8], [1, 3])))
    [7 8 8 8]
    """
    if axis is None:
        input, axis = reshape(input, [-1]), 0
    if not isinstance(axis, int):
        raise TypeError(f"Argument `axis` must be an int. Received `axis` = {axis} of type {type(axis).__name__}")
    with name_scope(name, "Repeat", [input, repeats]):
        data = convert_to_tensor(input, name="data")
        times = convert_to_tensor(repeats, name="repeats", preferred_dtype=dtypes.int32)
        if not times.dtype.is_integer:
            raise TypeError(f"Argument `repeats` must be of type integer. Received {times} of dtype: {times.dtype}")
        times = apply_op("Cast", times, DstT=dtypes.int32)
        times.shape.with_rank_at_most(1)
        data = _with_an_axis(data)
        data_shape = shape(data, out_type=times.dtype)
        at = _positive(axis, data.shape.ndims)
        if times.shape.num_elements() == 1:
            once = reshape(times, [])
            tiled = _tile_along(expand_dims(data, at + 1), at + 1, once)
            return reshape(tiled, concat([data_shape[:at], [once * data_shape[at]], data_shape[at + 1 :]], 0))
        if times.shape.ndims == 1:
            data.shape[at].assert_is_compatible_with(times.shape[0])
        return _repeated(data, data_shape, broadcast_to(times, [data_shape[at]]), at)


def _repeated(data: Tensor, data_shape: Tensor, times: Tensor, axis: int) -> Tensor:
    """Each element as often as the most frequent, and then what is too much left out."""
    given = times
    if times.shape.ndims != axis + 1:
        times_shape, number = shape(times), rank(times)
        times = broadcast_to(times, concat([data_shape[: axis + 1 - number], times_shape], 0))
        times.set_shape([None] * (axis + 1))
    most = apply_op("Max", times, constant(np.arange(axis + 1), dtypes.int32))
    most = apply_op("Maximum", convert_to_tensor(0, most.dtype, name="zero"), most)
    mask = sequence_mask(times, most)
    result = boolean_mask(_tile_along(expand_dims(data, axis + 1), axis + 1, most), mask)
    if axis:
        total = apply_op("Sum", given, apply_op("Range", 0, rank(given), 1))
        result = reshape(result, concat([data_shape[:axis], [total], data_shape[axis + 1 :]], 0))
    if data.shape.ndims is not None:
        size = 0 if times.shape[0] == 0 else None
        result.set_shape(data.shape[:axis].concatenate([size]).concatenate(data.shape[axis + 1 :]))
    return result


def _with_an_axis(data: Tensor) -> Tensor:
    if data.shape.ndims is None:
        data_shape, number = shape(data), rank(data)
        return reshape(data, concat([[1], data_shape], 0)[-number:])
    return stack([data]) if data.shape.ndims == 0 else data


def _positive(axis: int, ndims: int | None) -> int:
    if ndims is None:
        if axis < 0:
            raise ValueError(f"axis={axis} may only be negative if rank(data) is statically known.")
        return axis
    if not -ndims <= axis < ndims:
        raise ValueError(f"axis={axis} out of bounds: expected {-ndims}<=axis<{ndims}")
    return axis % ndims


def _tile_along(data: Tensor, axis: int, multiple: Any) -> Tensor:
    if data.shape.ndims is not None:
        multiples: Any = [1] * data.shape.ndims
        multiples[axis] = multiple
    else:
        single = ones(rank(data), dtypes.int32)
        multiples = concat([single[:axis], [multiple], single[axis + 1 :]], 0)
    return tile(data, multiples)
