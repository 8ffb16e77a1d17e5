"""Products of tensors over any axes, by one matrix product. Source: `tf.tensordot`."""

from __future__ import annotations

import math
from typing import Any

from teachtf.core import dtypes, errors
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import reshape, shape
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat, stack
from teachtf.ops.linalg import matmul
from teachtf.ops.rearranging import transpose
from teachtf.ops.reductions import reduce_prod


def _as_matrix(x: Tensor, axes: list[int], axes_first: bool) -> tuple[Tensor, Any, list[int | None]]:
    """`x` as a matrix of the summed axes and all others; the sizes of the others as they run and as they are known."""
    dims: list[Any] = x.shape.as_list()
    if any(not -len(dims) <= a < len(dims) for a in axes):
        raise errors.InvalidArgumentError(None, None, f"tf.tensordot: axes {axes} of a tensor of rank {len(dims)}")
    axes = [a % len(dims) for a in axes]
    free = [a for a in range(len(dims)) if a not in axes]
    free_dims = [dims[a] for a in free]
    order = [*axes, *free] if axes_first else [*free, *axes]
    if None not in dims:
        sizes = [math.prod(dims[a] for a in axes), math.prod(free_dims)]
        sizes = sizes if axes_first else sizes[::-1]
        moved = x if order == list(range(len(dims))) else transpose(x, order)
        return (moved if moved.shape.as_list() == sizes else reshape(moved, sizes)), free_dims, free_dims
    summed = convert_to_tensor(axes, dtypes.int32, name="axes")
    others = convert_to_tensor(free, dtypes.int32, name="free")
    lengths = shape(x)
    other_lengths, summed_lengths = gather(lengths, others), gather(lengths, summed)
    products = [reduce_prod(other_lengths), reduce_prod(summed_lengths)]
    parts = [others, summed]
    if axes_first:
        products, parts = products[::-1], parts[::-1]
    order_tensor = concat(parts, 0)
    matrix_shape = stack(products)
    return reshape(transpose(x, order_tensor), matrix_shape), other_lengths, free_dims


def _both_axes(a: Tensor, axes: Any) -> tuple[list[int], list[int]]:
    if isinstance(axes, int):
        if axes < 0:
            raise ValueError(f"`axes` must be at least 0. Received: {axes}.")
        rank = len(a.shape.as_list())
        if axes > rank:
            raise ValueError(f"`axes` must not be larger than the number of dimensions of tensor {a}. Received {axes}")
        return list(range(rank - axes, rank)), list(range(axes))
    if not isinstance(axes, (list, tuple)) or len(axes) != 2:
        raise ValueError(f"`axes` must be an integer or have length 2. Received {axes}.")
    first, second = ([x] if isinstance(x, int) else [int(i) for i in x] for x in axes)
    if len(first) != len(second):
        raise ValueError(f"Different number of contraction axes `a` and `b`, {len(first)} != {len(second)}.")
    return first, second


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The products of `a` and `b`, summed over some axes of each.

    Args:
      a: a numeric tensor of known rank.
      b: likewise, of the same dtype.
      axes: how many of the last axes of `a` meet the first of `b`; or a list of axes of each.
      name: the operations' name scope.

    Returns:
      A tensor with the other axes of `a`, then those of `b`.

    Raises:
      ValueError: the axes are not as many, or the rank of an argument is not known.

    Source: `tf.tensordot`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     print(tf.tensordot(tf.zeros([2, 3, 4]), tf.zeros([4, 5]), 1).shape)
    (2, 3, 5)
    """
    with name_scope(name, "Tensordot", [a, b]) as scope:
        a, b = convert_to_tensor(a, name="a"), convert_to_tensor(b, name="b")
        if a.shape.ndims is None or b.shape.ndims is None:
            raise ValueError("tf.tensordot needs tensors of known rank: give them one by set_shape.")
        a_axes, b_axes = _both_axes(a, axes)
        a_matrix, a_lengths, a_dims = _as_matrix(a, a_axes, False)
        b_matrix, b_lengths, b_dims = _as_matrix(b, b_axes, True)
        product = matmul(a_matrix, b_matrix)
        if isinstance(a_lengths, list) and isinstance(b_lengths, list):
            same = product.shape.as_list() == a_dims + b_dims
            return product if same else reshape(product, a_dims + b_dims, name=scope)
        lengths = [convert_to_tensor(x, dtypes.int32) for x in (a_lengths, b_lengths)]
        result = reshape(product, concat(lengths, 0), name=scope)
        result.set_shape(a_dims + b_dims)
        return result
