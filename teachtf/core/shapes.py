"""Shapes that may be known in part. Source: `tf.TensorShape` of TensorFlow 1."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from teachtf.core.dimensions import Dimension, as_dimension, dimension_value

__all__ = [
    "Dimension",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "dimension_at_index",
    "dimension_value",
    "matrix",
    "scalar",
    "unknown_shape",
    "vector",
]


def _clean(value: Any) -> int | None:
    # Most sizes are plain numbers or None: no Dimension need be made for them.
    return value if value is None or (type(value) is int and value >= 0) else Dimension(value)._value


def _clean_of(dims: Any, value: Any) -> int | None:
    try:
        return _clean(value)
    except TypeError as error:
        raise TypeError(
            f"Failed to convert '{dims!r}' to a shape: '{value!r}'could not be converted to a dimension. A shape should either "
            "be single dimension (e.g. 10), or an iterable of dimensions (e.g. [1, 10, None])."
        ) from error


class TensorShape:
    """A shape: dimensions of known or unknown size, or not even their number. Shapes are equal when all that they say is.

    >>> shape = TensorShape([None, 3])
    >>> print(shape), shape[1], shape[1:], shape.as_list(), shape.as_tuple
    (?, 3)
    (None, Dimension(3), TensorShape([Dimension(3)]), [None, 3], (None, 3))
    >>> shape.merge_with([2, None])
    TensorShape([Dimension(2), Dimension(3)])
    """

    __slots__ = ("_dims",)

    _dims: tuple[int | None, ...] | None

    def __init__(self, dims: Any) -> None:
        """Take sizes: a list, a `TensorShapeProto`, another shape, one size, or None for an unknown rank.

        Raises:
          TypeError: they are no sizes.
          ValueError: a size is negative.
        """
        if dims is None:
            self._dims = None
        elif isinstance(dims, TensorShape):
            self._dims = dims._dims
        elif isinstance(dims, (list, tuple)):
            self._dims = tuple(_clean(d) for d in dims)
        elif hasattr(dims, "unknown_rank"):  # a TensorShapeProto
            self._dims = None if dims.unknown_rank else tuple(None if d.size == -1 else d.size for d in dims.dim)
        else:
            try:
                iterator = iter(dims)
            except TypeError:
                self._dims = (_clean(dims),)
            else:
                self._dims = tuple(_clean_of(dims, d) for d in iterator)

    @classmethod
    def _from_tuple(cls, dims: tuple[int | None, ...] | None) -> TensorShape:
        # For tuples known to be clean: half the time of `TensorShape(dims)`.
        shape = cls.__new__(cls)
        shape._dims = dims
        return shape

    @property
    def as_tuple(self) -> tuple[int | None, ...] | None:
        """The sizes as they are held: None for an unknown size, and for an unknown rank. Cheap to read."""
        return self._dims

    @property
    def dims(self) -> list[Dimension] | None:
        """The dimensions, or None for an unknown rank."""
        return None if self._dims is None else [Dimension(d) for d in self._dims]

    @property
    def ndims(self) -> int | None:
        """The number of dimensions, or None."""
        return None if self._dims is None else len(self._dims)

    rank = ndims

    def as_list(self) -> list[int | None]:
        """The sizes as a list. Raises ValueError for an unknown rank."""
        if self._dims is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._dims)

    def num_elements(self) -> int | None:
        """The number of elements, or None."""
        if self._dims is None or None in self._dims:
            return None
        return math.prod(self._dims)  # type: ignore[arg-type]

    def is_fully_defined(self) -> bool:
        """Whether all sizes are known."""
        return self._dims is not None and None not in self._dims

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError when a size is not known."""
        if not self.is_fully_defined():
            raise ValueError(f"Shape {self} is not fully defined")

    def is_compatible_with(self, other: Any) -> bool:
        """Whether one tensor can have both shapes."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or self._dims == other._dims:
            return True
        if len(self._dims) != len(other._dims):
            return False
        return all(a is None or b is None or a == b for a, b in zip(self._dims, other._dims, strict=True))

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError when no tensor can have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are incompatible")

    def merge_with(self, other: Any) -> TensorShape:
        """What is known from both. Raises ValueError when they contradict each other."""
        other = as_shape(other)
        if self._dims is None or self._dims == other._dims:
            return other
        if other._dims is None:
            return self
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {other} are not compatible")
        return TensorShape._from_tuple(tuple(b if a is None else a for a, b in zip(self._dims, other._dims, strict=True)))

    def most_specific_compatible_shape(self, other: Any) -> TensorShape:
        """The most that is true of both."""
        other = as_shape(other)
        if self._dims is None or other._dims is None or len(self._dims) != len(other._dims):
            return unknown_shape()
        return TensorShape._from_tuple(tuple(a if a == b else None for a, b in zip(self._dims, other._dims, strict=True)))

    def concatenate(self, other: Any) -> TensorShape:
        """The dimensions of both, one after the other."""
        other = as_shape(other)
        if self._dims is None or other._dims is None:
            return unknown_shape()
        return TensorShape._from_tuple(self._dims + other._dims)

    def assert_same_rank(self, other: Any) -> None:
        """Raise ValueError when the ranks are known and differ."""
        other = as_shape(other)
        if self._dims is not None and other._dims is not None and len(self._dims) != len(other._dims):
            raise ValueError(f"Shapes {self} and {other} must have the same rank")

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError when the rank is known and is not `rank`."""
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, known to have this rank. Raises ValueError when it has another."""
        try:
            return self.merge_with(unknown_shape(rank))
        except ValueError:
            raise ValueError(f"Shape {self} must have rank {rank}") from None

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """This shape. Raises ValueError when its rank is known and smaller."""
        if self.ndims is not None and self.ndims < rank:
            raise ValueError(f"Shape {self} must have rank at least {rank}")
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """This shape. Raises ValueError when its rank is known and larger."""
        if self.ndims is not None and self.ndims > rank:
            raise ValueError(f"Shape {self} must have rank at most {rank}")
        return self

    def as_proto(self) -> Any:
        """This shape as a `TensorShapeProto`."""
        from tensorboard.compat.proto import tensor_shape_pb2

        if self._dims is None:
            return tensor_shape_pb2.TensorShapeProto(unknown_rank=True)
        return tensor_shape_pb2.TensorShapeProto(
            dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=-1 if d is None else d) for d in self._dims]
        )

    def __len__(self) -> int:
        if self._dims is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._dims)

    def __bool__(self) -> bool:
        return self._dims is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._dims is None:
            raise ValueError("Cannot iterate over a shape with unknown rank.")
        return (Dimension(d) for d in self._dims)

    def __getitem__(self, key: Any) -> Any:
        if self._dims is not None:
            found = self._dims[key]
            return TensorShape._from_tuple(found) if isinstance(key, slice) else Dimension(found)
        if not isinstance(key, slice):
            return Dimension(None)
        start, stop = key.start or 0, key.stop
        if key.step is not None:
            raise ValueError("Steps are not yet handled")
        return unknown_shape(None if stop is None or start < 0 or stop < 0 else stop - start)

    def __add__(self, other: Any) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: Any) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __eq__(self, other: object) -> bool:
        try:
            return self._dims == (other if isinstance(other, TensorShape) else TensorShape(other))._dims
        except TypeError:
            return NotImplemented

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._dims)

    def __reduce__(self) -> Any:
        return TensorShape, (None if self._dims is None else list(self._dims),)

    def __str__(self) -> str:
        if self._dims is None:
            return "<unknown>"
        if len(self._dims) == 1:
            return f"({'?' if self._dims[0] is None else self._dims[0]},)"
        return f"({', '.join('?' if d is None else str(d) for d in self._dims)})"

    def __repr__(self) -> str:
        return f"TensorShape({self.dims!r})"

    def _brief(self) -> str:
        """As the messages of shape functions write it: `[2,?]`."""
        return "<unknown>" if self._dims is None else f"[{','.join('?' if d is None else str(d) for d in self._dims)}]"


def difference(one: TensorShape, other: TensorShape) -> str:
    """In which dimension two shapes that no tensor can both have differ, in the words of TensorFlow's shape functions."""
    a, b = one._dims or (), other._dims or ()
    if len(a) != len(b):
        return f"Shapes must be equal rank, but are {len(a)} and {len(b)}."
    i, x, y = next((i, x, y) for i, (x, y) in enumerate(zip(a, b, strict=True)) if None not in (x, y) and x != y)
    return f"Dimension {i} in both shapes must be equal, but are {x} and {y}. Shapes are {one._brief()} and {other._brief()}."


def as_shape(shape: Any) -> TensorShape:
    """`shape` as a TensorShape."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None, *, ndims: int | None = None) -> TensorShape:
    """A shape of unknown sizes, or of unknown rank. `ndims` is TensorFlow's older name of `rank`."""
    rank = ndims if rank is None else rank
    return TensorShape._from_tuple(None if rank is None else (None,) * rank)


def scalar() -> TensorShape:
    """The shape of a scalar."""
    return TensorShape._from_tuple(())


def vector(length: Any) -> TensorShape:
    """The shape of a vector."""
    return TensorShape([length])


def matrix(rows: Any, columns: Any) -> TensorShape:
    """The shape of a matrix."""
    return TensorShape([rows, columns])


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """Dimension `index` of a shape, unknown where the rank is."""
    return Dimension(None if shape._dims is None else shape._dims[index])
