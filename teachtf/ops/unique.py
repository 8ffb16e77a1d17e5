"""The distinct values of a list, and where each element's value is among them."""

from __future__ import annotations

from typing import Any, NamedTuple

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes


def _unique_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 1)
    number = [shapes.shape_of([None])] * (len(op._outputs) - 2)
    return [shapes.shape_of([None]), op._inputs[0]._shape, *number]


for _name, _count in (("Unique", ""), ("UniqueWithCounts", ", count: out_idx")):
    declare(
        _name,
        inputs="x: T",
        outputs=f"y: T, idx: out_idx{_count}",
        attrs="T: type, out_idx: {int32, int64} = DT_INT32",
        shape=_unique_shape,
        gradient=NOT_DIFFERENTIABLE,
    )


class Unique(NamedTuple):
    """What `tf.unique` gives."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """What `tf.unique_with_counts` gives."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]  # hides the tuple's method, as TensorFlow's does


def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Unique:
    """The values of `x` (rank 1) in the order of their first occurrence, and for each element the index of its value.

    Source: `tf.unique`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(*sess.run(tf.unique([7, 7, 5, 7])))
    [7 5] [0 0 1 0]
    """
    return Unique(*apply_op("Unique", x, out_idx=out_idx, name=name))


def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> UniqueWithCounts:
    """As `tf.unique`, and how often each value occurs. Source: `tf.unique_with_counts`."""
    return UniqueWithCounts(*apply_op("UniqueWithCounts", x, out_idx=out_idx, name=name))
