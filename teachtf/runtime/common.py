"""Common subexpressions: what a line of a plan computes already is not computed again.

Two operations give the same value if they are of one type, with the same attributes, and take the same names of the plan's
Python: a name keeps its value where it can be seen. So a line can only be used by those behind it, in its own loop and the
loops in there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor

_COMPARED = 1 << 8  # bytes of a constant: two larger ones are not compared


class Common:
    """The lines of a plan that others may use.

    Args:
      fetches: what the plan hands out: such values are never shared.
    """

    def __init__(self, fetches: Iterable[Any]) -> None:
        self._fetches = set(fetches)
        self._scopes: list[dict[Hashable, Sequence[Tensor]]] = [{}]
        self._constants: dict[Hashable, str] = {}

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Lines that run again and again, or perhaps not at all."""
        self._scopes.append({})
        yield
        self._scopes.pop()

    def constant(self, value: Any, name: str) -> str:
        """The name of a constant: that of an equal one, or `name`."""
        if type(value) is not np.ndarray or value.nbytes > _COMPARED or value.dtype.hasobject:
            return name
        return self._constants.setdefault((value.dtype, value.shape, value.tobytes()), name)

    def same(
        self, ops: Sequence[Operation], arguments: Sequence[Sequence[Any]], outputs: Sequence[Tensor]
    ) -> Sequence[Tensor] | None:
        """The outputs of an earlier line that computed the same, or None; then this line is noted.

        Args:
          ops: those that one line computes.
          arguments: for each, the names that it takes, or the numbers of those before it whose value it takes.
          outputs: the tensors that the line gives.
        """
        key = self._key(ops, arguments, outputs)
        if key is None:
            return None
        for scope in self._scopes:
            if key in scope:
                return scope[key]
        self._scopes[-1][key] = outputs
        return None

    def _key(self, ops: Sequence[Operation], arguments: Sequence[Sequence[Any]], outputs: Sequence[Tensor]) -> Hashable | None:
        if not outputs or any(t in self._fetches for t in outputs) or any(op in self._fetches for op in ops):
            return None
        parts: list[Hashable] = []
        for op, names in zip(ops, arguments, strict=True):
            if op._op_def.is_stateful or not names or any(type(n) is str and ".read()" in n for n in names):
                return None  # what a variable holds may change between two reads
            attrs = [(k, v) for k, v in op._attrs.items() if not k.startswith("_")]
            if any(t._dtype._is_ref_dtype for t in (*op._inputs, *op.outputs)):
                return None
            if any(isinstance(v, np.ndarray) for _, v in attrs):
                return None
            parts.append((op.type, tuple(sorted((k, repr(v)) for k, v in attrs)), tuple(names), op._device))
        members = {op: i for i, op in enumerate(ops)}
        return tuple(parts), tuple((members[t.op], t._value_index) for t in outputs)
