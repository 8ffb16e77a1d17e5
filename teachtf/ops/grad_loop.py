"""A loop and the loop of its gradients, which takes back turn by turn what the first one put on stacks.

Source: `GradLoopState` of TensorFlow's `control_flow_state`, version 1.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import add, greater_equal, subtract
from teachtf.ops.contexts import CondContext, WhileContext, context_of, enters_as_constant, loop_switch
from teachtf.ops.fills import zeros
from teachtf.ops.switching import control_trigger, exit_loop, loop_cond, merge, next_iteration, switch, switch_beside

declare(
    "StackV2",
    inputs="max_size: int32",
    outputs="handle: resource",
    attrs="elem_type: type, stack_name: string = ''",
    shape=lambda op: [TensorShape([2])],
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


def shape_when_run(value: Tensor, out_type: Any = dtypes.int32) -> Tensor:
    """The shape when the graph runs, even where it is known before."""
    return apply_op("Shape", value, out_type=out_type)


@contextmanager
def inside(context: Any) -> Iterator[None]:
    """Inside `context`, if there is one."""
    if context is None:
        yield
    else:
        with context:
            yield


@contextmanager
def outside_of(context: Any) -> Iterator[None]:
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
        with inside(around):
            count, self.forward_index = self._count_turns()
        if outer is None:
            with inside(around):
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
            with inside(building), colocate_with(value):
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
            with outside_of(self.grad_context):
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
                with outside_of(self.grad_context):
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
                shape = shape_when_run(value)
            value.op._control_flow_context = shape.op._control_flow_context = context
        else:
            with context:
                shape = shape_when_run(value)
        with outside_of(self.grad_context):
            stack = self.remember(shape, dead)
        return zeros(self.recall(stack, shape, dead), value.dtype)


def _constant_enter(value: Tensor) -> Operation | None:
    """The Enter by which `value` came in, if it does not change in the loop."""
    op = value.op
    while op.type in (*_SWITCHES, "Identity", "RefIdentity"):
        op = op._inputs[0].op
    return op if enters_as_constant(op) else None
