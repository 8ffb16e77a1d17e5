"""Kernels of sets: one set a row, its elements in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel

_OPERATIONS: dict[str, Callable[[set[Any], set[Any]], set[Any]]] = {
    "a-b": lambda a, b: a - b,
    "b-a": lambda a, b: b - a,
    "intersection": lambda a, b: a & b,
    "union": lambda a, b: a | b,
}


@kernel("DenseToDenseSetOperation")
def _set_operation(op: Any) -> Call:
    name = op._attrs["set_operation"].decode().lower()

    def call(a: Any, b: Any) -> Any:
        if name not in _OPERATIONS:
            raise errors.InvalidArgumentError(None, None, f"Invalid set_operation {name}.")
        if a.shape[:-1] != b.shape[:-1]:
            raise errors.InvalidArgumentError(
                None, None, f"Mismatched group shapes {list(a.shape[:-1])} vs {list(b.shape[:-1])}"
            )
        found: list[tuple[tuple[int, ...], list[Any]]] = []
        for at in np.ndindex(*a.shape[:-1]):
            found.append((at, sorted(_OPERATIONS[name](set(a[at].tolist()), set(b[at].tolist())))))
        indices = [[*at, i] for at, row in found for i in range(len(row))]
        values = [value for _, row in found for value in row]
        widest = max((len(row) for _, row in found), default=0)
        return (
            np.array(indices, np.int64).reshape(-1, a.ndim),
            np.array(values, a.dtype),
            np.array([*a.shape[:-1], widest], np.int64),
        )

    return call
