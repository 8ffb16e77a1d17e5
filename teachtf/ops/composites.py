"""Structures whose leaves can be tensors in parts: slices, sparse tensors, tensor arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teachtf.core import nest


def parts_of(leaf: Any) -> list[Any]:
    """The tensors that a leaf is made of."""
    return list(leaf._parts()) if hasattr(leaf, "_parts") else [leaf]


def rebuilt(leaf: Any, parts: Sequence[Any]) -> Any:
    """A leaf like `leaf`, of other parts."""
    if hasattr(leaf, "_with_parts"):
        return leaf._with_parts(*parts)
    return type(leaf)(*parts) if hasattr(leaf, "_parts") else parts[0]


def flatten(structure: Any) -> list[Any]:
    """The tensors of a structure, those in parts by their parts."""
    return [part for leaf in nest.flatten(structure) for part in parts_of(leaf)]


def pack(structure: Any, tensors: Sequence[Any]) -> Any:
    """Tensors in the form of `structure`."""
    given, leaves, at = list(tensors), [], 0
    for leaf in nest.flatten(structure):
        count = len(parts_of(leaf))
        leaves.append(rebuilt(leaf, given[at : at + count]))
        at += count
    return nest.pack(structure, leaves)
