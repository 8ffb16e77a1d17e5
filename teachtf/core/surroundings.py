"""What surrounds the making of an operation: `tf.device`, `tf.control_dependencies` and `tf.colocate_with` blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from teachtf.core.devices import DeviceSpec

if TYPE_CHECKING:
    from teachtf.core.graph import Graph
    from teachtf.core.operation import Operation
    from teachtf.core.tensor import Tensor


class Devices:
    """The open `tf.device` blocks, outermost first. Inner ones win, field by field."""

    __slots__ = ("_merged", "_stack")

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._merged: str | None = ""  # the result where no function is open; None where one is

    @contextmanager
    def opened(self, device: Any) -> Iterator[None]:
        """Open a block; `device` is a string, a DeviceSpec, a function of the op, or None to forget the outer ones."""
        if isinstance(device, str):
            device = DeviceSpec.from_string(device)
        elif device is not None and not isinstance(device, DeviceSpec) and not callable(device):
            raise TypeError(f"tf.device takes a device string, a DeviceSpec, a function or None, not {device!r}")
        self._stack.append(device)
        self._merge()
        try:
            yield
        finally:
            self._stack.pop()
            self._merge()

    @contextmanager
    def cleared(self) -> Iterator[None]:
        """A block in which no outer device counts."""
        old, self._stack = self._stack, []
        self._merge()
        try:
            yield
        finally:
            self._stack = old
            self._merge()

    def _merge(self) -> None:
        spec = DeviceSpec()
        for entry in self._stack:
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
        if self._merged is not None:
            if self._merged:
                op._device = self._merged
            return
        for entry in reversed(self._stack):
            if entry is None:
                break
            if isinstance(entry, DeviceSpec):
                op._device = entry.make_merged_spec(DeviceSpec.from_string(op._device)).to_string()
            else:
                asked = entry(op)
                op._device = asked.to_string() if isinstance(asked, DeviceSpec) else asked or ""


class ControlDependencies:
    """The open `tf.control_dependencies` blocks, outermost first, each with the operations made inside it."""

    __slots__ = ("_stack",)

    def __init__(self) -> None:
        self._stack: list[tuple[list[Operation], set[Operation]]] = []

    @contextmanager
    def opened(self, ops: list[Operation]) -> Iterator[None]:
        """Open a block whose operations wait for `ops`."""
        self._stack.append((ops, set()))
        try:
            yield
        finally:
            self._stack.pop()

    def for_inputs(self, inputs: Sequence[Tensor]) -> list[Operation]:
        """The control inputs of a new operation: none from a block that one of its inputs was made in already."""
        result: list[Operation] = []
        if not self._stack:
            return result
        input_ops = {t.op for t in inputs}
        for ops, inside in self._stack:
            if inside.isdisjoint(input_ops):
                result.extend(op for op in ops if op not in input_ops and op not in result)
        return result

    def saw(self, op: Operation) -> None:
        """Note that `op` was made inside all open blocks."""
        for _, inside in self._stack:
            inside.add(op)

    def swap(self, stack: list[Any]) -> list[Any]:
        """Put `stack` in the place of the open blocks and give those back."""
        old, self._stack = self._stack, stack
        return old


class Colocation:
    """The open `tf.colocate_with` blocks, outermost first."""

    __slots__ = ("stack",)

    def __init__(self) -> None:
        self.stack: list[Operation] = []

    def apply(self, op: Operation) -> None:
        """Give a new operation the device and the groups of what it is colocated with."""
        if not self.stack:
            return
        groups: set[bytes] = set()
        for other in reversed(self.stack):
            groups.update(other.colocation_groups())
            if other._device:
                op._device = other._device
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


@contextmanager
def without_control_dependencies(graph: Graph) -> Iterator[None]:
    """A block with no control inputs from outside, and out of any `cond` or `while` that is being built."""
    old = graph._controls.swap([])
    context = graph._control_flow_context
    graph._control_flow_context = None
    try:
        yield
    finally:
        graph._control_flow_context = context
        graph._controls.swap(old)


def matching(items: Sequence[Any], scope: str) -> list[Any]:
    """The items whose name matches the pattern `scope` from its start."""
    pattern = re.compile(scope)
    return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]
