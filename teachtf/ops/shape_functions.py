"""Shape rules that many ops share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teachtf.core.shapes import TensorShape, unknown_shape

Dims = tuple[int | None, ...] | None


def shape_of(dims: Sequence[int | None] | None) -> TensorShape:
    """A TensorShape of clean dimensions; None for an unknown rank."""
    return unknown_shape() if dims is None else TensorShape._from_tuple(tuple(dims))


SCALAR = TensorShape([])


def scalar(op: Any) -> list[TensorShape]:
    """Every output is a scalar."""
    return [SCALAR] * len(op._outputs)


def unknown(op: Any) -> list[TensorShape]:
    """Nothing is known."""
    return [unknown_shape()] * len(op._outputs)


def no_outputs(op: Any) -> list[TensorShape]:
    """For ops with no output."""
    return []


def unchanged(op: Any) -> list[TensorShape]:
    """The first input's shape."""
    return [op._inputs[0]._shape]


def broadcast_dims(x: Dims, y: Dims) -> Dims:
    """The dimensions of `x` and `y` broadcast together.

    Raises:
      ValueError: two known dimensions differ and neither is 1.
    """
    if x is None or y is None:
        return None
    if x == y:
        if None not in x:
            return x
    rank = max(len(x), len(y))
    padded_x: tuple[int | None, ...] = (1,) * (rank - len(x)) + x
    padded_y: tuple[int | None, ...] = (1,) * (rank - len(y)) + y
    result: list[int | None] = []
    for a, b in zip(padded_x, padded_y, strict=True):
        if a == b and a is not None:
            result.append(a)
        elif a == 1:
            result.append(b)
        elif b == 1:
            result.append(a)
        elif a is None or b is None:
            # one of them may still turn out to be 1; a known size above 1 settles it
            known = b if a is None else a
            result.append(known if known is not None and known != 1 else None)
        else:
            raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
    return tuple(result)


def broadcast(op: Any) -> list[TensorShape]:
    """The first two inputs broadcast together."""
    x, y = op._inputs[0]._shape, op._inputs[1]._shape
    return [shape_of(broadcast_dims(x.as_tuple, y.as_tuple))]


def same_as_input(index: int) -> Callable[[Any], list[TensorShape]]:
    """The shape of input `index`."""
    return lambda op: [op._inputs[index]._shape]


def merged(op: Any) -> list[TensorShape]:
    """All inputs have one shape, and so has the output."""
    shape = op._inputs[0]._shape
    for tensor in op._inputs[1:]:
        shape = shape.merge_with(tensor._shape)
    return [shape] * len(op._outputs)


def dims_of(tensor: Any) -> Dims:
    """The known dimensions of a tensor; None for an unknown rank."""
    return tensor._shape.as_tuple


def require_rank(tensor: Any, rank: int) -> tuple[int | None, ...]:
    """The dimensions of a tensor of this rank, all unknown where nothing is known.

    Raises:
      ValueError: the rank is known and differs.
    """
    dims = tensor._shape.as_tuple
    if dims is None:
        return (None,) * rank
    if len(dims) != rank:
        raise ValueError(f"Shape must be rank {rank} but is rank {len(dims)}")
    return dims


def merge_dim(a: int | None, b: int | None) -> int | None:
    """One dimension known from two sides.

    Raises:
      ValueError: they contradict each other.
    """
    if a is None:
        return b
    if b is None or a == b:
        return a
    raise ValueError(f"Dimensions must be equal, but are {a} and {b}")


def normal_axis(axis: int, rank: int) -> int:
    """`axis` counted from the front.

    Raises:
      ValueError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ValueError(f"Invalid reduction dimension {axis} for input with {rank} dimensions.")
    return axis % rank if rank else 0


def require_rank_at_least(tensor: Any, rank: int) -> Dims:
    """The dimensions of a tensor of at least this rank; None where nothing is known.

    Raises:
      ValueError: the rank is known and less.
    """
    dims = tensor._shape.as_tuple
    if dims is not None and len(dims) < rank:
        raise ValueError(f"Shape must be at least rank {rank} but is rank {len(dims)}")
    return dims


def divided(size: int | None, by: int) -> int | None:
    """`size` / `by`.

    Raises:
      ValueError: it leaves a remainder.
    """
    if size is None:
        return None
    if size % by:
        raise ValueError(f"Dimension size must be evenly divisible by {by} but is {size}")
    return size // by
