"""What surrounds the making of an operation: `tf.device`, `tf.control_dependencies` and `tf.colocate_with` blocks."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from teachtf.core.devices import DeviceSpec

if TYPE_CHECKING:
    from teachtf.core.graph import Graph
    from teachtf.core.operation import Operation
    from teachtf.core.tensor import Tensor


class Devices:
    """The open `tf.device` blocks, outermost first. Inner ones win, field by field."""

    def __init__(self, stack: Iterable[Any] = ()) -> None:
        self.stack: list[Any] = list(stack)
        self._merged: str | None  # the result where no function is open; None where one is
        self._merge()

    @contextmanager
    def opened(self, device: Any) -> Iterator[None]:
        """Open a block; `device` is a string, a DeviceSpec, a function of the op, or None to forget the outer ones."""
        if isinstance(device, str):
            device = DeviceSpec.from_string(device)
        elif device is not None and not isinstance(device, DeviceSpec) and not callable(device):
            raise TypeError(f"tf.device takes a device string, a DeviceSpec, a function or None, not {device!r}")
        self.stack.append(device)
        self._merge()
        try:
            yield
        finally:
            self.stack.pop()
            self._merge()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """A block in which no outer device counts."""
        old, self.stack = self.stack, []
        self._merge()
        try:
            yield
        finally:
            self.stack = old
            self._merge()

    def _merge(self) -> None:
        spec = DeviceSpec()
        for entry in self.stack:
            if entry is None:
                spec = DeviceSpec()
            elif isinstance(entry, DeviceSpec):
                spec = spec.make_merged_spec(entry)
            else:
                self._merged = None
                return
        self._merged = spec.to_string()

    def apply(self, op: Operation) -> None:
        """Set the device of a new operation."""
        if self._merged is not None and not op._device:
            op._device = self._merged
            return
        for entry in reversed(self.stack):
            if entry is None:
                break
            if isinstance(entry, DeviceSpec):
                if entry.to_string():
                    op._device = entry.make_merged_spec(DeviceSpec.from_string(op._device)).to_string()
            else:
                asked = entry(op)
                if not isinstance(asked, (str, DeviceSpec)):
                    raise TypeError(f"Expected binary or unicode string, got {asked!r}: a device function returns a device.")
                op._device = asked if isinstance(asked, str) else asked.to_string()


class ControlDependencies:
    """The open `tf.control_dependencies` blocks, outermost first, each with the operations made inside it."""

    def __init__(self, stack: Iterable[Any] = ()) -> None:
        self.stack: list[ControlBlock] = list(stack)

    def for_inputs(self, inputs: Sequence[Tensor]) -> list[Operation]:
        """The control inputs of a new operation: none from a block that one of its inputs was made in already."""
        result: list[Operation] = []
        if not self.stack:
            return result
        input_ops = {t._op for t in inputs}
        for block in self.stack:
            if block.seen.isdisjoint(input_ops):
                result.extend(op for op in block.control_inputs if op not in input_ops)
        return result

    def saw(self, op: Operation) -> None:
        """Note that `op` was made inside all open blocks."""
        for block in self.stack:
            block.seen.add(op)


class ControlBlock:
    """One `with tf.control_dependencies(...)` block: `control_inputs` are the operations that it adds to the outer blocks'.

    With None for `ops`, a block that no outer one counts in, out of any `cond` or `while` that is being built.
    """

    def __init__(self, graph: Graph, ops: Iterable[Operation] | None) -> None:
        self.seen: set[Operation] = set()
        self.control_inputs: list[Operation] = []
        self._graph = graph
        self._alone = ops is None
        self._outer: Any = None
        if ops is not None:
            asked = {op for block in graph._controls.stack for op in block.control_inputs}
            self.control_inputs = [op for op in dict.fromkeys(ops) if op not in asked]

    def __enter__(self) -> None:
        controls = self._graph._controls
        if self._alone:
            self._outer = controls.stack, self._graph._control_flow_context
            controls.stack, self._graph._control_flow_context = [], None
        controls.stack.append(self)

    def __exit__(self, *exception: Any) -> None:
        controls = self._graph._controls
        controls.stack.remove(self)
        if self._alone:
            controls.stack, self._graph._control_flow_context = self._outer


class Colocation:
    """The open `tf.colocate_with` blocks, outermost first."""

    def __init__(self, stack: Iterable[Operation] = ()) -> None:
        self.stack: list[Operation] = list(stack)

    def apply(self, op: Operation) -> None:
        """Give a new operation the device and the groups of what it is colocated with."""
        if not self.stack:
            return
        groups: set[bytes] = set()
        for other in self.stack:
            groups.update(other.colocation_groups())
            op._device = other._device or op._device
        op._attrs["_class"] = sorted(groups)


@contextmanager
def colocated(graph: Graph, op: Operation | None, ignore_existing: bool) -> Iterator[None]:
    """Open a `colocate_with` block: stronger than any device block around it."""
    if op is None and not ignore_existing:
        raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True")
    colocation = graph._colocation
    old = colocation.stack
    colocation.stack = ([] if ignore_existing else old) + ([op] if op is not None else [])
    try:
        with graph._devices.cleared():
            yield
    finally:
        colocation.stack = old


def thread_local(state: Any) -> Any:
    """A copy of open blocks of which each thread has its own, begun with those that are open now."""
    cls = type(state)
    return type(cls.__name__, (cls, threading.local), {})(tuple(state.stack))
