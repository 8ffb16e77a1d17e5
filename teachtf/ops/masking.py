"""Masks: elements kept by a mask of truth, and masks from lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import where
from teachtf.ops.arrays import expand_dims, rank, reshape, shape, squeeze
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat


def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Tensor:
    """The slices of `tensor` where `mask` is true, one behind the other.

    Args:
      tensor: of any dtype; its axes from `axis` on fit those of `mask`.
      mask: a bool tensor of rank 1 or more; the rank must be known.
      name: the operations' name scope.
      axis: where the mask begins, 0 by default.

    Returns:
      A tensor of `tensor`'s dtype; the masked axes have become one, as long as there are true elements.

    Raises:
      ValueError: the mask is a scalar or of unknown rank, or the shapes do not fit.

    Source: `tf.boolean_mask`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.boolean_mask([[1, 2], [3, 4], [5, 6]], [True, False, True])))
    [[1 2]
     [5 6]]
    """
    with name_scope(name, values=[tensor, mask]):
        tensor = convert_to_tensor(tensor, name="tensor")
        mask = convert_to_tensor(mask, name="mask")
        mask_rank = mask.shape.ndims
        if mask_rank == 0:
            raise ValueError("mask cannot be scalar.")
        if mask_rank is None:
            raise ValueError(
                "Number of mask dimensions must be specified, even if some dimensions are None. "
                "E.g. shape=[None] is ok, but shape=None is not."
            )
        axis = 0 if axis is None else axis
        known = static.constant_value(axis) if isinstance(axis, Tensor) else axis
        given = tensor.shape
        if known is not None:
            axis = int(known)
            given[axis : axis + mask_rank].assert_is_compatible_with(mask.shape)
        length = apply_op("Prod", shape(tensor)[axis : axis + mask_rank], [0])
        tensor = reshape(tensor, concat([shape(tensor)[:axis], [length], shape(tensor)[axis + mask_rank :]], 0))
        if known is not None:
            masked = given[axis : axis + mask_rank].num_elements()
            tensor.set_shape(TensorShape(given[:axis]).concatenate([masked]).concatenate(given[axis + mask_rank :]))
        chosen = squeeze(where(reshape(mask, [-1])), axis=[1])
        return gather(tensor, chosen, axis=axis)


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None) -> Tensor:
    """For each length n, a row that is true in its first n places.

    Args:
      lengths: an integer tensor of any shape.
      maxlen: how long the rows are, a scalar; by default as long as the largest length.
      dtype: the dtype of the mask.
      name: the operations' name scope.

    Returns:
      A tensor of `lengths`' shape with an axis of `maxlen` behind.

    Raises:
      ValueError: `maxlen` is no scalar.

    Source: `tf.sequence_mask`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.sequence_mask([1, 3], dtype=tf.int32)))
    [[1 0 0]
     [1 1 1]]
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = apply_op("Max", lengths, _all_axes(lengths))
            maxlen = apply_op("Maximum", constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert_to_tensor(maxlen)
        if maxlen.shape.ndims not in (None, 0):
            raise ValueError("Argument `maxlen` must be scalar for sequence_mask")
        row = apply_op("Range", constant(0, maxlen.dtype), maxlen, constant(1, maxlen.dtype))
        result = row < apply_op("Cast", expand_dims(lengths, -1), DstT=maxlen.dtype)
        if dtype is None or result.dtype.is_compatible_with(dtype):
            return result
        return apply_op("Cast", result, DstT=dtypes.as_dtype(dtype))


def _all_axes(x: Tensor) -> Tensor:
    ndims = x.shape.ndims
    if ndims is None:
        return apply_op("Range", 0, rank(x), 1)
    return constant(np.arange(ndims), dtypes.int32)


def where_v2(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """`x` where `condition` is true and `y` elsewhere, all three broadcast; alone, the indices of the true elements.

    Raises:
      ValueError: one of `x` and `y` is given without the other.

    Source: `tf.where_v2`.
    """
    if (x is None) != (y is None):
        raise ValueError("x and y must both be non-None or both be None.")
    return where(condition, name=name) if x is None else apply_op("SelectV2", condition, x, y, name=name)
