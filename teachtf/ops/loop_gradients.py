"""The loops that a call of `tf.gradients` goes back through.

Source: `ControlFlowState` of TensorFlow's `control_flow_state`, version 1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core.convert import constant
from teachtf.core.name_scope import control_dependencies
from teachtf.core.operation import Operation
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import add, maximum
from teachtf.ops.arrays import identity
from teachtf.ops.contexts import CondContext, WhileContext, loop_of
from teachtf.ops.fills import zeros, zeros_like
from teachtf.ops.grad_loop import GradLoop, inside, outside_of, shape_when_run
from teachtf.ops.joining import concat
from teachtf.ops.switching import exit_loop, merge, next_iteration, switch

_EXITS = ("Exit", "RefExit")
_SWITCHES = ("Switch", "RefSwitch")


class LoopGradients:
    """The loops that one call of `tf.gradients` meets."""

    def __init__(self) -> None:
        self._loops: dict[WhileContext, GradLoop] = {}

    @classmethod
    def of(cls, between: dict[Operation, None], beside: Callable[[Operation], Any]) -> LoopGradients | None:
        """The state for the loops whose Exits are in `between`, to which their other Exits are added; None without loops."""
        state: LoopGradients | None = None
        pending = deque(between)
        while pending:
            op = pending.popleft()
            if op.type in _EXITS:
                state = state or cls()
                before = len(between)
                with beside(op):
                    state._meet(op, between)
                pending.extend(list(between)[before:])
        return state

    def _meet(self, op: Operation, between: dict[Operation, None]) -> None:
        forward = loop_of(op)
        assert forward is not None
        if forward in self._loops:
            return
        around = None if forward.outer is None else forward.outer.loop()
        loop = self._loops[forward] = GradLoop(forward, None if around is None else self._loops.get(around))
        between.update(dict.fromkeys(e.op for e in loop.forward_loop_exits))

    def loop(self, op: Operation, before: bool) -> GradLoop | None:
        """The loop that `op` is in; with `before`, that in which the gradients of its outputs are."""
        forward = loop_of(op)
        if before and op.type in _EXITS and forward is not None:
            forward = None if forward.outer is None else forward.outer.loop()
        return None if forward is None else self._loops.get(forward)

    @contextmanager
    def backwards(self, op: Operation, before: bool) -> Iterator[None]:
        """Inside the loop backwards of the loop that `op` is in."""
        loop = self.loop(op, before)
        with inside(None if loop is None else loop.grad_context):
            yield

    def unused_exits(self, pending: dict[Operation, int], ends: set[Operation]) -> list[Tensor]:
        """The Exits that no gradient will reach, of loops all of whose other Exits are the ys themselves."""
        result = []
        for loop in self._loops.values():
            for value in loop.forward_loop_exits:
                if pending.get(value.op, 0) == 0:
                    loop.pending_exits -= 1
                    if value.op not in ends:
                        loop.unused_exits.append(value)
                    if loop.pending_exits == 0:
                        result.extend(loop.unused_exits)
            for value in loop.forward_context.loop_enters:
                if pending.get(value.op, 0) == 0:
                    pending[value.op] = 1  # so that it is not taken for one that is ready
        return result

    def met_exit(self, value: Tensor, has_gradient: Callable[[Operation], bool]) -> tuple[list[Tensor], list[Tensor]]:
        """An Exit all of whose users have been walked: once all of its loop have, those to walk on from, and those among them
        that need zeros."""
        loop = self.loop(value.op, before=False)
        assert loop is not None
        loop.deferred_exits.append(value)
        loop.pending_exits -= 1
        if loop.pending_exits:
            return [], []
        reached = [e for e in loop.deferred_exits if has_gradient(e.op)]
        loop.unused_exits.extend(e for e in loop.deferred_exits if not has_gradient(e.op))
        return [*reached, *loop.unused_exits], list(loop.unused_exits) if reached else []

    def zeros_for_exit(self, value: Tensor) -> Tensor:
        """Zeros in the shape of what a loop left behind."""
        forward = value.op._control_flow_context
        around = None if forward.outer is None else forward.outer.loop()
        outer = None if around is None else self._loops.get(around)
        if outer is None:
            if value.shape.is_fully_defined():
                return zeros(value.shape, value.dtype)
            return zeros_like(value, optimize=False)
        if value.shape.is_fully_defined():
            with outer.grad_context:
                return zeros(value.shape, value.dtype)
        with forward.outer:
            shape = shape_when_run(value)
        stack = outer.remember(shape)
        with outer.grad_context:
            return zeros(outer.recall(stack, shape), value.dtype)

    def finish(self) -> None:
        """Close the ways round that no gradient went: variables whose next value does not depend on the last."""
        for loop in self._loops.values():
            for merged in loop.switch_map.values():
                first = merged.op._inputs[0]
                if first is not merged.op._inputs[1]:
                    continue
                if first.shape.is_fully_defined():
                    with loop.grad_context:
                        again = next_iteration(constant(0, dtype=first.dtype, shape=first.shape))
                else:
                    with inside(loop.grad_context.outer):
                        value = zeros(shape_when_run(first.op._inputs[0]))
                    with loop.grad_context:
                        again = next_iteration(value)
                merged.op._update_input(1, again)


def zeros_for(op: Operation, index: int) -> Tensor:
    """Zeros for an output that no gradient reached, out of any loop; of a branch, where the other one was taken."""
    value, branch = op.outputs[index], op._control_flow_context
    if op.type not in _SWITCHES or not isinstance(branch, CondContext):
        # Not folded into a constant: gradients of ops with several outputs look for `ZerosLike`, to skip what it adds.
        return zeros_like(value, optimize=False)
    other = switch(op._inputs[0], branch.pred)[1 - branch.branch]
    pivot = identity(other)
    shape = shape_when_run(other)
    with control_dependencies([pivot]):
        return zeros(shape, dtype=value.dtype)


def accumulated(backwards: WhileContext, op: Operation, grad: Any) -> Any:
    """The sum over all turns of the gradient by a value that does not change in the loop; `op` is its Enter."""
    if isinstance(grad, IndexedSlices):
        return _accumulated_slices(backwards, op, grad)
    with outside_of(backwards):
        start = _zeros_outside(backwards, op, grad)
    backwards.add([start])
    entered = backwards.enter(start, name="b_acc")
    backwards.loop_enters.append(entered)
    merged = merge([entered, entered], name="b_acc")[0]
    on_end, on_turn = switch(merged, backwards.pivot)
    again = next_iteration(add(on_turn, grad))
    merged.op._update_input(1, again)
    result = exit_loop(on_end, name="b_acc")
    backwards.loop_exits.append(result)
    backwards.leave([result])
    return result


def _zeros_outside(backwards: WhileContext, op: Operation, grad: Tensor) -> Tensor:
    outer = backwards.outer
    if grad.shape.is_fully_defined():
        with inside(outer):
            return constant(0, grad.dtype, shape=grad.shape, name="b_acc")
    value = op._inputs[0]
    if isinstance(outer, WhileContext) and outer.grad_state is not None:
        state = backwards.grad_state
        with state.forward_context.outer:
            shape = shape_when_run(value)
        stack = state.outer.remember(shape)
        with outer:
            return zeros(state.outer.recall(stack, shape), grad.dtype)
    with inside(outer):
        return zeros(shape_when_run(value), grad.dtype)


def _accumulated_slices(backwards: WhileContext, op: Operation, grad: IndexedSlices) -> IndexedSlices:
    """The rows of all turns, one after the other."""
    outer = backwards.outer
    with outside_of(backwards), inside(outer):
        if grad.values.shape.is_fully_defined():
            starts = [constant(0, grad.values.dtype, shape=[1, *grad.values.shape.as_list()[1:]], name="b_acc")]
        else:
            shape = concat([[1], shape_when_run(op._inputs[0])[1:]], 0)
            starts = [zeros(shape, dtype=grad.values.dtype)]
        starts.insert(0, constant([0], grad.indices.dtype))
        if grad.dense_shape is not None:
            known = grad.dense_shape
            if known.shape.is_fully_defined():
                starts.append(constant(0, known.dtype, shape=known.shape))
            else:
                starts.append(zeros_like(shape_when_run(op._inputs[0], known.dtype), optimize=False))
    backwards.add(starts)
    entered = [backwards.enter(start, keep_shape=False, name="b_acc") for start in starts]
    entered[0].set_shape([None])
    if starts[1].shape.ndims is not None:
        entered[1].set_shape([None, *starts[1].shape.as_list()[1:]])
    backwards.loop_enters.extend(entered)
    merged = [merge([e, e], name="b_acc")[0] for e in entered]
    switched = [switch(m, backwards.pivot) for m in merged]
    sums = [concat([s[1], new], 0) for s, new in zip(switched[:2], [grad.indices, grad.values], strict=True)]
    if grad.dense_shape is not None:
        sums.append(maximum(grad.dense_shape, switched[2][1]))
    for m, again in zip(merged, [next_iteration(s) for s in sums], strict=True):
        m.op._update_input(1, again)
    exits = [exit_loop(s[0], name="b_acc") for s in switched]
    backwards.loop_exits.extend(exits)
    backwards.leave(exits)
    return IndexedSlices(exits[1], exits[0], *exits[2:])
