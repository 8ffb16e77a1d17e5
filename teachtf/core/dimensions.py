"""One dimension of a shape. Source: `tf.Dimension` of TensorFlow 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


class Dimension:
    """One dimension of a shape: a size, or None for one that is not known.

    Arithmetic with an unknown dimension is unknown; comparisons with one give None.

    >>> Dimension(6) // 2, Dimension(6) + None, Dimension(6) > 5, Dimension(6) == Dimension(None)
    (Dimension(3), Dimension(None), True, None)
    """

    __slots__ = ("_value",)

    _value: int | None

    def __init__(self, value: Any) -> None:
        """Take a size.

        Raises:
          TypeError: it is no whole number.
          ValueError: it is negative.
        """
        if value is None:
            self._value = None
            return
        if isinstance(value, Dimension):
            self._value = value._value
            return
        if not isinstance(value, int):
            try:
                value = int(value.__index__())
            except AttributeError:
                raise TypeError(
                    f"Dimension value must be integer or None or have an __index__ method, got value '{value!r}' with type "
                    f"'{type(value)!r}'"
                ) from None
        if value < 0:
            raise ValueError(f"Dimension {value} must be >= 0")
        self._value = value

    @property
    def value(self) -> int | None:
        """The size, or None."""
        return self._value

    def is_compatible_with(self, other: Any) -> bool:
        """Whether both can be the same size."""
        other = as_dimension(other)
        return self._value is None or other._value is None or self._value == other._value

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError when both cannot be the same size."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Dimensions {self} and {other} are not compatible")

    def merge_with(self, other: Any) -> Dimension:
        """What is known from both. Raises ValueError when they contradict each other."""
        other = as_dimension(other)
        self.assert_is_compatible_with(other)
        return other if self._value is None else self

    def __repr__(self) -> str:
        return f"Dimension({self._value!r})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __int__(self) -> Any:
        return self._value

    __index__ = __int__

    def __hash__(self) -> int:
        # TensorFlow 2 has no hash here; TensorFlow 1 programs keep sizes in dictionaries.
        if self._value is None:
            raise ValueError("Unable to hash Dimension with value 'None'")
        return hash(self._value)

    def __reduce__(self) -> Any:
        return Dimension, (self._value,)

    def __truediv__(self, other: Any) -> NoReturn:
        kinds = f"'Dimension' and '{type(other).__name__}'"
        raise TypeError(f"unsupported operand type(s) for /: {kinds}, please use // instead")

    def __rtruediv__(self, other: Any) -> NoReturn:
        kinds = f"'{type(other).__name__}' and 'Dimension'"
        raise TypeError(f"unsupported operand type(s) for /: {kinds}, please use // instead")

    # What is no dimension is refused here or left to Python, as TensorFlow does operator by operator.

    def __eq__(self, other: object) -> Any:
        return _left(self, other, int.__eq__)

    def __ne__(self, other: object) -> Any:
        return _left(self, other, int.__ne__)

    def __lt__(self, other: Any) -> Any:
        return _both(self, other, int.__lt__)

    def __le__(self, other: Any) -> Any:
        return _both(self, other, int.__le__)

    def __gt__(self, other: Any) -> Any:
        return _both(self, other, int.__gt__)

    def __ge__(self, other: Any) -> Any:
        return _both(self, other, int.__ge__)

    def __add__(self, other: Any) -> Dimension:
        return _sized(_left(self, other, int.__add__))

    def __radd__(self, other: Any) -> Dimension:
        return self + other

    def __sub__(self, other: Any) -> Dimension:
        return _sized(_left(self, other, int.__sub__))

    def __rsub__(self, other: Any) -> Dimension:
        return Dimension(_both(as_dimension(other), self, int.__sub__))

    def __mul__(self, other: Any) -> Dimension:
        return _sized(_left(self, other, int.__mul__))

    def __rmul__(self, other: Any) -> Dimension:
        return self * other

    def __floordiv__(self, other: Any) -> Dimension:
        return _sized(_left(self, other, int.__floordiv__))

    def __rfloordiv__(self, other: Any) -> Dimension:
        return Dimension(_both(as_dimension(other), self, int.__floordiv__))

    def __mod__(self, other: Any) -> Dimension:
        return Dimension(_both(self, other, int.__mod__))

    def __rmod__(self, other: Any) -> Dimension:
        return as_dimension(other) % self


def _both(left: Dimension, right: Any, function: Callable[[int, int], Any]) -> Any:
    """`function` of two sizes, or None when one is not known."""
    right = as_dimension(right)
    return None if left._value is None or right._value is None else function(left._value, right._value)


def _left(left: Dimension, right: Any, function: Callable[[int, int], Any]) -> Any:
    try:
        right = as_dimension(right)
    except (TypeError, ValueError):
        return NotImplemented
    return _both(left, right, function)


def _sized(value: Any) -> Any:
    return value if value is NotImplemented else Dimension(value)


def as_dimension(value: Any) -> Dimension:
    """`value` as a Dimension."""
    return value if isinstance(value, Dimension) else Dimension(value)


def dimension_value(dimension: Any) -> int | None:
    """The size that a Dimension, int or None stands for.

    >>> dimension_value(Dimension(3)), dimension_value(3), dimension_value(Dimension(None))
    (3, 3, None)
    """
    return dimension._value if isinstance(dimension, Dimension) else dimension
