"""Nested lists, tuples and dictionaries of tensors, taken apart and put together. Source: `tf.nest`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple or dictionary."""
    return isinstance(structure, (list, tuple, dict))


def _children(structure: Any) -> list[Any]:
    return [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else list(structure)


def _like(structure: Any, children: list[Any]) -> Any:
    if isinstance(structure, dict):
        made = dict(zip(sorted(structure), children, strict=True))
        return type(structure)((key, made[key]) for key in structure)
    if hasattr(structure, "_fields"):
        return type(structure)(*children)
    return type(structure)(children)


def flatten(structure: Any) -> list[Any]:
    """The leaves, in order; those of dictionaries by their keys.

    >>> flatten([1, (2, {"b": 4, "a": 3})])
    [1, 2, 3, 4]
    """
    if not is_nested(structure):
        return [structure]
    return [leaf for child in _children(structure) for leaf in flatten(child)]


def pack(structure: Any, leaves: Any) -> Any:
    """Leaves in the form of `structure`.

    >>> pack([0, (0, 0)], "abc")
    ['a', ('b', 'c')]
    """
    return _pack(structure, iter(leaves))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(leaves)
    return _like(structure, [_pack(child, leaves) for child in _children(structure)])


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """The results of `function` on the leaves of structures that are alike."""
    for other in structures[1:]:
        assert_same(structures[0], other)
    return pack(structures[0], [function(*leaves) for leaves in zip(*map(flatten, structures), strict=True)])


def map_up_to(shallow: Any, function: Callable[..., Any], *structures: Any) -> Any:
    """The results of `function` where `shallow` has leaves; the structures may go deeper there."""
    if not is_nested(shallow):
        return function(*structures)
    return _like(
        shallow,
        [
            map_up_to(child, function, *parts)
            for child, *parts in zip(_children(shallow), *map(_children, structures), strict=True)
        ],
    )


def assert_same(first: Any, second: Any) -> None:
    """Raises ValueError or TypeError where two structures are not alike."""
    if is_nested(first) != is_nested(second):
        raise ValueError(f"The two structures don't have the same nested structure: {first!r} and {second!r}")
    if not is_nested(first):
        return
    if type(first) is not type(second):
        raise TypeError(f"The two structures don't have the same sequence type: {type(first)} and {type(second)}")
    if len(first) != len(second):
        raise ValueError(f"The two structures don't have the same number of elements: {first!r} and {second!r}")
    for a, b in zip(_children(first), _children(second), strict=True):
        assert_same(a, b)
