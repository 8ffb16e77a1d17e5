"""Which operations run only if a `tf.cond` goes their way."""

from __future__ import annotations

from collections.abc import Set

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.runtime.frames import ENTER, EXIT, MERGE, SWITCH, Frame, ends_loop, loop_merge

Guards = frozenset[tuple[Tensor, int]]
_NONE: Guards = frozenset()


def _root(predicate: Tensor) -> Tensor:
    """The predicate itself: each `tf.cond` gives its own an Identity, and a Switch can be on either."""
    while predicate.op.type == "Identity":
        predicate = predicate.op._inputs[0]
    return predicate


class Branches:
    """The choices (a Switch's predicate and side) that must have been taken for an operation to run, inside its own loop."""

    def __init__(self, root: Frame, fed: Set[Tensor]) -> None:
        self._guards: dict[Operation, Guards] = {}
        self._fed = fed
        self._visit(root)

    def of(self, op: Operation) -> Guards:
        """The choices for an operation; for one that ran before, none."""
        return self._guards.get(op, _NONE)

    def of_tensor(self, tensor: Tensor) -> Guards:
        """The choices for a value: those of its operation, and its side if that is a Switch."""
        if tensor in self._fed:
            return _NONE
        guards = self.of(tensor.op)
        if tensor.op.type in SWITCH and not ends_loop(tensor.op):
            guards = guards | {(_root(tensor.op._inputs[1]), tensor._value_index)}
        return guards

    def _visit(self, frame: Frame) -> None:
        for node in frame.nodes:
            if isinstance(node, Frame):
                self._visit(node)
                entered = _NONE.union(*(self.of_tensor(op._inputs[0]) for op in node.enters))
                self._guards.update(dict.fromkeys(node.exits, entered))
            elif node.type in ENTER or node.type in EXIT or loop_merge(node):
                self._guards[node] = _NONE
            else:
                incoming = [self.of_tensor(t) for t in node._inputs]
                if node.type in MERGE:
                    self._guards[node] = frozenset.intersection(*incoming)
                else:
                    self._guards[node] = _NONE.union(*incoming, *(self.of(c) for c in node._control_inputs))
