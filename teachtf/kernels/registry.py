"""Which code computes an op: kernels by op type.

A kernel is a factory: `factory(op)` reads a node's attributes once, when a plan is made, and gives the call that runs each
step, `call(*inputs)`. Inputs are numpy arrays (or numpy scalars), and `Cell` objects where the op takes a reference. A call
gives one array, or a tuple of them for an op of several outputs. It never writes to its inputs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import errors, op_def, static

Call = Callable[..., Any]
Factory = Callable[..., Call]

_factories: dict[str, Factory] = {}
_stateful: dict[str, Factory] = {}
# Ops whose result can share memory with an input, or with what the session keeps.
ALIASING: set[str] = set()


def kernel(*op_types: str, aliasing: bool = False) -> Callable[[Factory], Factory]:
    """Register `factory(op) -> call` for some op types; `aliasing` says that results may share memory with inputs."""

    def register(factory: Factory) -> Factory:
        for op_type in op_types:
            _factories[op_type] = factory
            if aliasing:
                ALIASING.add(op_type)
        return factory

    return register


def stateful_kernel(*op_types: str, aliasing: bool = False) -> Callable[[Factory], Factory]:
    """Register `factory(op, state) -> call`, for kernels that keep something in the session's `State`."""

    def register(factory: Factory) -> Factory:
        for op_type in op_types:
            _stateful[op_type] = factory
            if aliasing:
                ALIASING.add(op_type)
        return factory

    return register


def registered() -> set[str]:
    """The op types that have a kernel."""
    return set(_factories) | set(_stateful)


def build(op: Any, state: Any) -> Call:
    """The call that computes `op` in a session with this state.

    Raises:
      UnimplementedError: there is no kernel for the op's type.
    """
    factory = _factories.get(op.type)
    if factory is not None:
        return factory(op)
    factory = _stateful.get(op.type)
    if factory is not None:
        return factory(op, state)
    raise errors.UnimplementedError(None, op, f"teachtf has no kernel for op type '{op.type}' yet")


_BEFORE_A_RUN = 1 << 20  # elements: more are not worked out while the graph is built
_NOT_BEFORE_A_RUN = {"Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit", "NextIteration", "LoopCond"}
_NOT_BEFORE_A_RUN.add("PlaceholderWithDefault")  # it can be fed


def _computed(op: Any, values: list[Any]) -> list[Any] | None:
    """What a node gives for known inputs, for the shape functions; None where only a run can tell."""
    from teachtf.kernels import library  # all kernels, of which programs that only build graphs need few

    assert library
    factory = _factories.get(op.type)
    if factory is None or op.type in _NOT_BEFORE_A_RUN or op_def.lookup(op.type).is_stateful:
        return None
    if any(v.size > _BEFORE_A_RUN for v in values) or any(t.dtype._is_ref_dtype for t in op.inputs):
        return None
    try:
        result = factory(op)(*values)
    except errors.OpError:  # the run will say it
        return None
    return list(result) if isinstance(result, tuple) else [result]


static.computed = _computed


class Cell:
    """What a variable is at run time: a place that holds an array. An array that somebody else could hold too is replaced, not
    written to."""

    __slots__ = ("name", "value")

    def __init__(self, name: str) -> None:
        self.name = name
        self.value: Any = None

    def read(self) -> Any:
        """The value.

        Raises:
          FailedPreconditionError: there is none yet.
        """
        value = self.value
        if value is None:
            raise errors.FailedPreconditionError(None, None, f"Attempting to use uninitialized value {self.name}")
        return value

    def own(self) -> Any:
        """The value to write into: itself if nobody else can see it, else a copy, which is then to be put in its place."""
        value = self.read()
        # Held by this cell, by this variable and by the call's argument, and by no one else, such as a view.
        alone = sys.getrefcount(value) == 3 and value.base is None and value.flags.c_contiguous and value.flags.writeable
        return value if alone else np.array(value, order="C")


class State:
    """What a session keeps between runs: variables and random generators, by name."""

    __slots__ = ("cells", "resources")

    def __init__(self) -> None:
        self.cells: dict[str, Cell] = {}
        self.resources: dict[str, Any] = {}

    def cell(self, name: str) -> Cell:
        """The cell of a variable, made when first asked for."""
        found = self.cells.get(name)
        if found is None:
            found = self.cells[name] = Cell(name)
        return found
