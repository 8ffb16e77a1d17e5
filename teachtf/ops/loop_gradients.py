"""Gradients of loops: a loop backwards, which takes back turn by turn what the loop forward put on stacks.

Source: `GradLoopState` and `ControlFlowState` of TensorFlow's `control_flow_state`, version 1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import colocate_with, control_dependencies
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import IndexedSlices
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import add, greater_equal, maximum, subtract
from teachtf.ops.arrays import identity
from teachtf.ops.contexts import CondContext, WhileContext, context_of, enters_as_constant, loop_of, loop_switch
from teachtf.ops.fills import zeros, zeros_like
from teachtf.ops.joining import concat
from teachtf.ops.switching import control_trigger, exit_loop, loop_cond, merge, next_iteration, switch, switch_beside

declare(
    "StackV2",
    inputs="max_size: int32",
    outputs="handle: resource",
    attrs="elem_type: type, stack_name: string = ''",
    shape=lambda op: [TensorShape([])],
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "StackPushV2",
    inputs="handle: resource, elem: T",
    outputs="output: T",
    attrs="T: type, swap_memory: bool = false",
    shape=lambda op: [op._inputs[1]._shape],
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "StackPopV2",
    inputs="handle: resource",
    outputs="elem: elem_type",
    attrs="elem_type: type",
    shape=lambda op: [unknown_shape()],
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare("StackCloseV2", inputs="handle: resource", shape=shapes.no_outputs, stateful=True, gradient=NOT_DIFFERENTIABLE)

_EXITS = ("Exit", "RefExit")
_SWITCHES = ("Switch", "RefSwitch")


def _shape_of(value: Tensor, out_type: Any = dtypes.int32) -> Tensor:
    """The shape when the graph runs, even where it is known before."""
    return apply_op("Shape", value, out_type=out_type)


@contextmanager
def _in(context: Any) -> Iterator[None]:
    """Inside `context`, if there is one."""
    if context is None:
        yield
    else:
        with context:
            yield


@contextmanager
def _out_of(context: Any) -> Iterator[None]:
    """For a while, where `context` was entered from."""
    context.__exit__()
    try:
        yield
    finally:
        context.__enter__()


class GradLoop:
    """A loop forward, and the loop that goes backwards through its turns.

    Attributes:
      forward_context, grad_context: the two loops.
      outer: the same for the loop around.
      switch_map: Switch forward -> Merge backwards.
      pending_exits: how many Exits have not been met yet.
      unused_exits, deferred_exits: those that no gradient reaches, and those that wait for the others.
    """

    def __init__(self, forward: WhileContext, outer: GradLoop | None) -> None:
        self.forward_context = forward
        self.outer = outer
        self.switch_map: dict[Operation, Any] = {}
        self.unused_exits: list[Tensor] = []
        self.deferred_exits: list[Tensor] = []
        self.forward_loop_exits = list(forward.loop_exits)
        self.pending_exits = len(forward.loop_exits)
        self._history: dict[Tensor, Tensor] = {}
        self._forward_sync: Operation | None = None
        self._grad_sync: Operation | None = None
        around = forward.outer if outer is None else outer.forward_context
        with _in(around):
            count, self.forward_index = self._count_turns()
        if outer is None:
            with _in(around):
                self.grad_context = self._backwards()
                self.grad_index = self._count_down(count)
            return
        outer.forward_context.add([count])
        history = outer.remember(count)
        with outer.grad_context:
            self.grad_context = self._backwards()
            self.grad_index = self._count_down(outer.recall(history, count))

    def _backwards(self) -> WhileContext:
        f = self.forward_context
        return WhileContext(f.maximum_iterations, f.parallel_iterations, f.back_prop, f.swap_memory, f.name, self)

    def _count_turns(self) -> tuple[Tensor, Tensor]:
        """Adds a counter to the loop forward: how many turns it took, and the counter's next value."""
        forward = self.forward_context
        start = constant(0, name="f_count")
        if self.outer is not None:
            start.op._add_control_input(self.outer.forward_index.op._inputs[0].op)
        with forward:
            forward.add([start])
            entered = forward.enter(start, name="f_count")
            forward.loop_enters.append(entered)
            merged = merge([entered, entered])[0]
            switched = switch(merged, forward.pivot)
            again = next_iteration(add(switched[1], 1))
            merged.op._update_input(1, again)
            total = exit_loop(switched[0], name="f_count")
            forward.loop_exits.append(total)
            forward.leave([total])
        return total, again

    def _count_down(self, count: Tensor) -> Tensor:
        """The counter of the loop backwards, which ends it; its next value."""
        backwards = self.grad_context
        one = constant(1, name="b_count")
        with backwards:
            backwards.add([count])
            entered = backwards.enter(count, name="b_count")
            backwards.loop_enters.append(entered)
            merged = merge([entered, entered])[0]
            backwards.pivot_for_pred = merged
            backwards.pivot = loop_cond(greater_equal(merged, one), name="b_count")
            switched = switch(merged, backwards.pivot)
            index = subtract(switched[1], one)
            backwards.pivot_for_body = index
            again = next_iteration(index)
            merged.op._update_input(1, again)
            zero = exit_loop(switched[0], name="b_count")
            backwards.loop_exits.append(zero)
            if self.outer is not None:
                self.outer.grad_sync._add_control_input(zero.op)
            backwards.leave([zero])
        return again

    @property
    def forward_sync(self) -> Operation:
        """What the pushes inside branches are waited for by, before the next turn forward."""
        if self._forward_sync is None:
            with control_dependencies(None):
                self._forward_sync = control_trigger(name="f_sync")
            self._forward_sync._control_flow_context = self.forward_context
            self.forward_index.op._add_control_input(self._forward_sync)
        return self._forward_sync

    @property
    def grad_sync(self) -> Operation:
        """What the pops are waited for by, before the next turn backwards."""
        if self._grad_sync is None:
            with control_dependencies(None):
                self._grad_sync = control_trigger(name="b_sync")
            self._grad_sync._control_flow_context = self.grad_context
            self.grad_index.op._add_control_input(self._grad_sync)
            if self.grad_context.outer is not None:
                self.grad_context.outer.AddInnerOp(self._grad_sync)
        return self._grad_sync

    def remember(self, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Put `value`, a tensor of the loop forward, on a stack each turn; the stack. `dead_branch`: it is on the side of a
        `tf.cond` that was not taken."""
        forward = self.forward_context
        building = get_default_graph()._control_flow_context
        with control_dependencies(None):
            with _in(building), colocate_with(value):
                stack = apply_op("StackV2", constant(-1, dtypes.int32), elem_type=value.dtype.base_dtype, name="f_acc")
            handle = forward.AddValue(stack)

            def push() -> Operation:
                return apply_op("StackPushV2", handle, value, swap_memory=forward.swap_memory).op

            context = context_of(value.op)
            if context is forward:
                with forward:
                    pushed = push()
                self.forward_index.op._add_control_input(pushed)
            else:
                if not isinstance(context, CondContext):
                    raise TypeError(f"value_ctxt is not a CondContext: {context}")
                with context.outer if dead_branch else context:
                    pushed = push()
                if dead_branch:
                    pushed._control_flow_context = context
                self.forward_sync._add_control_input(pushed)
            pushed._add_control_input(self.forward_index.op._inputs[0].op)
        return stack

    def recall(self, stack: Tensor, value: Tensor, dead_branch: bool = False) -> Tensor:
        """What `value` was in the same turn forward, from its stack."""
        home = stack.op._control_flow_context
        branch: CondContext | None = None
        context = value.op._control_flow_context
        while context is not None and context is not home:
            if isinstance(context, CondContext):
                branch = context
                break
            context = context.outer
        with control_dependencies(None):
            with self.grad_context:
                if branch is not None:
                    stack = switch_beside(stack, self._predicate(branch))[1 - branch.branch if dead_branch else branch.branch]
                popped = apply_op("StackPopV2", stack, elem_type=value.dtype.base_dtype)
                popped.set_shape(value.shape)
            if self.grad_context.parallel_iterations > 1:
                self.grad_sync._add_control_input(popped.op)
        return popped

    def _predicate(self, branch: CondContext) -> Tensor:
        state: GradLoop | None = self
        while state is not None:
            if branch.pred in state._history:
                return state._history[branch.pred]
            state = state.outer
        return branch.pred

    def real_predicate(self, pred: Tensor) -> Tensor:
        """The predicate of a `tf.cond` in the loop forward, as it was in the same turn."""
        if pred not in self._history:
            with _out_of(self.grad_context):
                stack = self.remember(pred)
            self._history[pred] = self.recall(stack, pred)
        return self._history[pred]

    def real_value(self, value: Tensor) -> Tensor:
        """A tensor of the loop forward, as it was in the same turn. Called inside the loop backwards."""
        if value in self._history:
            return self._history[value]
        real: Tensor | None = None
        current, state = value, self
        while True:
            entered = _constant_enter(current)
            if entered is not None:  # it does not change: what entered the loop forward enters this one too
                current = entered._inputs[0]
                if state.outer is None:
                    real = self.grad_context.AddValue(current)
                    break
                state = state.outer
            elif current.op.type == "Const":
                real = constant(static.constant_value(current), dtype=current.dtype)
                break
            else:
                with _out_of(self.grad_context):
                    stack = state.remember(current)
                break
        if real is None:
            real = state.recall(stack, current)
            if state is not self:
                real = self.grad_context.AddValue(real)
        self._history[value] = real
        return real

    def zeros_for(self, op: Operation, index: int) -> Tensor | None:
        """Zeros for an output of an operation in the loop forward that no gradient reached."""
        if loop_switch(op):
            return None
        dead = op.type in _SWITCHES
        context, value = op._control_flow_context, op.outputs[index]
        if value.shape.is_fully_defined():
            result = constant(0, shape=value.shape, dtype=value.dtype)
            if dead:
                result = switch_beside(result, self._history.get(context.pred, context.pred))[1 - context.branch]
            return result
        if dead:
            with context.outer:
                value = switch_beside(op._inputs[0], context.pred)[1 - context.branch]
                shape = _shape_of(value)
            value.op._control_flow_context = shape.op._control_flow_context = context
        else:
            with context:
                shape = _shape_of(value)
        with _out_of(self.grad_context):
            stack = self.remember(shape, dead)
        return zeros(self.recall(stack, shape, dead), value.dtype)


def _constant_enter(value: Tensor) -> Operation | None:
    """The Enter by which `value` came in, if it does not change in the loop."""
    op = value.op
    while op.type in (*_SWITCHES, "Identity", "RefIdentity"):
        op = op._inputs[0].op
    return op if enters_as_constant(op) else None


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
        with _in(None if loop is None else loop.grad_context):
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
            shape = _shape_of(value)
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
                    with _in(loop.grad_context.outer):
                        value = zeros(_shape_of(first.op._inputs[0]))
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
    shape = _shape_of(other)
    with control_dependencies([pivot]):
        return zeros(shape, dtype=value.dtype)


def accumulated(backwards: WhileContext, op: Operation, grad: Any) -> Any:
    """The sum over all turns of the gradient by a value that does not change in the loop; `op` is its Enter."""
    if isinstance(grad, IndexedSlices):
        return _accumulated_slices(backwards, op, grad)
    with _out_of(backwards):
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
        with _in(outer):
            return constant(0, grad.dtype, shape=grad.shape, name="b_acc")
    value = op._inputs[0]
    if isinstance(outer, WhileContext) and outer.grad_state is not None:
        state = backwards.grad_state
        with state.forward_context.outer:
            shape = _shape_of(value)
        stack = state.outer.remember(shape)
        with outer:
            return zeros(state.outer.recall(stack, shape), grad.dtype)
    with _in(outer):
        return zeros(_shape_of(value), grad.dtype)


def _accumulated_slices(backwards: WhileContext, op: Operation, grad: IndexedSlices) -> IndexedSlices:
    """The rows of all turns, one after the other."""
    outer = backwards.outer
    with _out_of(backwards), _in(outer):
        if grad.values.shape.is_fully_defined():
            starts = [constant(0, grad.values.dtype, shape=[1, *grad.values.shape.as_list()[1:]], name="b_acc")]
        else:
            shape = concat([[1], _shape_of(op._inputs[0])[1:]], 0)
            starts = [zeros(shape, dtype=grad.values.dtype)]
        starts.insert(0, constant([0], grad.indices.dtype))
        if grad.dense_shape is not None:
            known = grad.dense_shape
            if known.shape.is_fully_defined():
                starts.append(constant(0, known.dtype, shape=known.shape))
            else:
                starts.append(zeros_like(_shape_of(op._inputs[0], known.dtype), optimize=False))
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
