"""What surrounds operations while a `tf.cond` or a `tf.while_loop` is being built: values from outside are brought in.

Source: `CondContext` and `WhileContext` of TensorFlow's `control_flow_ops`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import identity
from teachtf.ops.loop_rules import check_use
from teachtf.ops.switching import enter, switch_beside, with_dependencies

_LOOP_EXITS = ("Exit", "RefExit")


def context_of(op: Operation) -> Any:
    """The context in which the outputs of `op` are: an Exit leads out of its loop."""
    context = op._control_flow_context
    return context.outer if context is not None and op.type in _LOOP_EXITS else context


def loop_of(op: Operation) -> WhileContext | None:
    """The loop that `op` is in."""
    context = op._control_flow_context
    return None if context is None else context.loop()


def enters_as_constant(op: Operation) -> bool:
    """Whether `op` brings a value into a loop that does not change in it."""
    return op.type in ("Enter", "RefEnter") and op._attrs["is_constant"]


class ControlFlowContext:
    """What `CondContext` and `WhileContext` share.

    Attributes:
      name: the name in the graph.
      outer: the context around this one.
      nested: the contexts inside it.
    """

    grad_state: Any = None  # of a loop that computes gradients: what it knows of the loop forward

    def __init__(self, name: str, outer: Any) -> None:
        self.name = name
        self.outer = outer
        self.nested: list[ControlFlowContext] = []
        self._inside: set[Tensor] = set()
        self._external: dict[Tensor, Tensor] = {}  # as seen from outside -> as seen here
        self._entered: list[Any] = []
        if outer is not None:
            outer.nested.append(self)

    def __enter__(self) -> Any:
        graph = get_default_graph()
        self._entered.append(graph._control_flow_context)
        graph._control_flow_context = self
        return self

    def __exit__(self, *exception: Any) -> None:
        get_default_graph()._control_flow_context = self._entered.pop()

    def loop(self) -> WhileContext | None:
        """The innermost loop that this is, or is in."""
        return None if self.outer is None else self.outer.loop()

    def check_use(self, op: Operation, source: Operation, context: Any) -> None:
        """Refuse that `op`, in `context`, takes a value of `source`, which is in this, out of its loop.

        Raises:
          ValueError: it does.
        """
        check_use(op, source.name, None if (here := context_of(source)) is None else here.loop(), context)

    def control_pivot(self) -> Tensor | None:
        """What an operation without inputs must wait for to be part of this."""
        raise NotImplementedError

    def add(self, tensors: Iterable[Tensor]) -> None:
        """Say that these are inside."""
        self._inside.update(tensors)

    def leave(self, tensors: Iterable[Tensor]) -> None:
        """Say to the context around that these are results of this one."""
        if self.outer is not None:
            self.outer.add(tensors)

    def AddValue(self, value: Tensor) -> Tensor:
        """`value` as it is seen here; a value from outside is brought in."""
        raise NotImplementedError

    def AddOp(self, op: Operation) -> None:
        """Take in an operation that was made here."""
        self.take(op)

    def take(self, op: Operation) -> None:
        """Make `op` part of this: its inputs are as they are seen here, and it runs only when this does."""
        raise NotImplementedError

    def AddInnerOp(self, op: Operation) -> None:
        """Hear of an operation that was made in a context inside this one."""
        if self.outer is not None:
            self.outer.AddInnerOp(op)

    def _drop_controls_from_outside(self, op: Operation) -> tuple[list[Operation], list[Operation]]:
        """Take away the control inputs that are not in the same loop; those kept, and those dropped."""
        loop = self.loop()
        if loop is None or not op._control_inputs:
            return op._control_inputs, []
        kept: list[Operation] = []
        dropped: list[Operation] = []
        for source in op._control_inputs:
            context = context_of(source)
            (kept if context is not None and context.loop() is loop else dropped).append(source)
        if dropped:
            op._remove_all_control_inputs()
            op._add_control_inputs(kept)
        return kept, dropped

    def _took(self, op: Operation) -> None:
        if self.outer is not None or op.type not in _LOOP_EXITS:
            op.graph.prevent_fetching(op)
            if isinstance(self, WhileContext):
                for tensor in op.outputs:
                    op.graph.prevent_feeding(tensor)
        if self.outer is not None:
            self.outer.AddInnerOp(op)


class CondContext(ControlFlowContext):
    """One branch of a `tf.cond`: values from outside come in by a Switch.

    Args:
      pred: the predicate.
      pivot: what is there only when this branch is taken.
      branch: 1 for the branch of true, 0 for the other.
      name: its name, made unique in the graph by default.
      outer: the context around it, by default the one that is being built.
    """

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str | None = None, outer: Any = None) -> None:
        graph = pred.graph
        if name is None:
            name, outer = graph.unique_name("cond_text"), graph._control_flow_context
        super().__init__(name, outer)
        self.pred, self.pivot, self.branch = pred, pivot, branch
        self._inside = {pred, pivot}
        self._external = {pred: pred, pivot: pivot}

    @property
    def back_prop(self) -> bool:
        """Whether gradients go through the loop around it."""
        loop = self.loop()
        return loop is not None and loop.back_prop

    @property
    def grad_state(self) -> Any:  # type: ignore[override]
        """That of the loop around it."""
        loop = self.loop()
        return None if loop is None else loop.grad_state

    def control_pivot(self) -> Tensor | None:
        return self.pivot

    def _note(self, tensors: Iterable[Tensor]) -> None:
        context: Any = self
        while context is not None:
            context._inside.update(tensors)
            context = context.outer

    def AddValue(self, value: Tensor) -> Tensor:
        if value in self._inside:
            return self._external.get(value, value)
        self._inside.add(value)
        result = value
        graph = value.graph
        if self.outer is not None:
            result = self.outer.AddValue(value)
            self._inside.add(result)
            self._external[result] = result
        with graph.control_dependencies(None):
            result = switch_beside(result, self.pred)[self.branch]
            if self.outer is not None:
                self.outer.AddInnerOp(result.op)
        graph.prevent_fetching(result.op)
        result.op._control_flow_context = self
        self._note([result])
        self._external[value] = result
        return result

    def take(self, op: Operation) -> None:
        if not op._inputs:
            self._drop_controls_from_outside(op)
            if not any(self._holds(source) for source in op._control_inputs):
                op._add_control_input(self.pivot.op)
        else:
            for index, value in enumerate(op._inputs):
                if op.type == "Merge" and value.op.type == "NextIteration":
                    continue  # of a loop that is being imported here: it is not known yet
                seen = self.AddValue(value)
                if seen is not value:
                    op._update_input(index, seen)
            self._drop_controls_from_outside(op)
        self._note(op.outputs)
        self._took(op)

    def _holds(self, op: Operation) -> bool:
        context = op._control_flow_context
        while context is not None and context is not self:
            context = context.outer
        return context is self

    def result(self, value: Any) -> Tensor:
        """A branch's result, switched in where it comes from outside."""
        if isinstance(value, Operation):
            return with_dependencies([value], self.pivot)  # an operation has no value: the branch's pivot stands for it
        tensor = convert_to_tensor(value, as_ref=False)
        if tensor in self._inside:
            return self._external.get(tensor, tensor)
        self._inside.add(tensor)
        real = tensor
        if self.outer is not None:
            real = self.outer.AddValue(tensor)
            self._inside.add(real)
            self._external[real] = real
        real = switch_beside(real, self.pred)[self.branch]
        self._external[tensor] = real
        return real


class WhileContext(ControlFlowContext):
    """A `tf.while_loop`: values from outside come in by an Enter.

    Attributes:
      pivot: the condition, as LoopCond gives it.
      loop_enters, loop_exits: the tensors by which loop variables come in and go out.
      grad_state: of a loop that computes gradients, what it knows of the loop forward.
    """

    def __init__(
        self,
        maximum_iterations: Tensor | None = None,
        parallel_iterations: int = 10,
        back_prop: bool = True,
        swap_memory: bool = False,
        name: str = "while_context",
        grad_state: Any = None,
        unique: bool = True,
    ) -> None:
        if not isinstance(parallel_iterations, int) or parallel_iterations <= 0:
            raise ValueError(f"'parallel_iterations' must be a positive integer: {parallel_iterations}")
        graph = get_default_graph()
        super().__init__(graph.unique_name(name) if unique else name, graph._control_flow_context)
        self.maximum_iterations = maximum_iterations
        self.parallel_iterations = parallel_iterations
        self.back_prop = back_prop
        self.swap_memory = swap_memory
        self.grad_state = grad_state
        self.pivot: Any = None
        self.pivot_for_pred: Any = None
        self.pivot_for_body: Any = None
        self.loop_enters: list[Tensor] = []
        self.loop_exits: list[Tensor] = []

    def loop(self) -> WhileContext:
        return self

    def control_pivot(self) -> Tensor | None:
        return self.pivot_for_pred if self.pivot_for_body is None else self.pivot_for_body

    def enter(self, value: Tensor, is_constant: bool = False, keep_shape: bool = True, name: str | None = None) -> Tensor:
        """An Enter of this loop."""
        return enter(value, self.name, is_constant, self.parallel_iterations, keep_shape, name)

    def AddValue(self, value: Tensor) -> Tensor:
        if value in self._inside or value.op._control_flow_context is self:
            return self._external.get(value, value)
        self._inside.add(value)
        graph = value.graph
        # In a loop of gradients, a value of the loop forward is the one of the same turn, from its history.
        building = graph._control_flow_context
        building = None if building is None else building.loop()
        if building is not None and building.grad_state is not None:
            forward = loop_of(value.op)
            if value.op.type in _LOOP_EXITS and forward is not None:
                forward = None if forward.outer is None else forward.outer.loop()
            if forward is building.grad_state.forward_context and forward is not None:
                real: Tensor = building.grad_state.real_value(value)
                self._external[value] = real
                return real
        result = value if self.outer is None else self.outer.AddValue(value)
        with graph.control_dependencies(None):
            entered = self.enter(result, is_constant=True)
            graph.prevent_feeding(entered)
            if self.outer is not None:
                self.outer.AddInnerOp(entered.op)
        self.adopt([entered])
        self._inside.add(entered)
        self._external[value] = entered
        return entered

    def AddOp(self, op: Operation) -> None:
        if op.type in ("Shape", "Size", "Rank"):
            # Of a value of the loop forward, asked for by its loop of gradients: taken there, its history is short.
            building = op.graph._control_flow_context
            building = None if building is None else building.loop()
            if building is not None and building.grad_state is not None:
                source = op._inputs[0].op
                if loop_of(source) is building.grad_state.forward_context:
                    op._control_flow_context = source._control_flow_context
                    source._control_flow_context.take(op)
                    return
        self.take(op)

    def take(self, op: Operation) -> None:
        if not op._inputs:
            kept, outside = self._drop_controls_from_outside(op)
            if not kept:
                self._hold(op)
        else:
            for index, value in enumerate(op._inputs):
                seen = self.AddValue(value)
                if seen is not value:
                    op._update_input(index, seen)
            _, outside = self._drop_controls_from_outside(op)
            if not op._control_inputs and all(enters_as_constant(t.op) for t in op._inputs):
                self._hold(op)
        self._inside.update(op.outputs)
        if outside:  # what came in by value is waited for by that value
            with op.graph.control_dependencies(None), self:
                waits = [identity(source.outputs[0]).op for source in outside if source.outputs]
            op._add_control_inputs(waits)
        self._took(op)

    def _hold(self, op: Operation) -> None:
        """Let `op` run once a turn, though nothing that changes goes into it."""
        pivot = self.control_pivot()
        assert pivot is not None
        op._add_control_input(pivot.op)

    def adopt(self, entered: Iterable[Tensor]) -> None:
        """Make Enters part of this loop; they wait for what the values they bring in would wait for outside."""
        graph = get_default_graph()
        for tensor in entered:
            op = tensor.op
            controls = [c for c in graph._controls.for_inputs(op._inputs) if self._is_around(context_of(c))]
            op._control_flow_context = self
            op._add_control_inputs(controls)
            graph._controls.saw(op)

    def _is_around(self, context: Any) -> bool:
        """Whether `context` is the one around this loop, or a `tf.cond` between it and the next loop."""
        around = self.outer
        limit = None if around is None else around.loop()
        while around is not context:
            if around is None or around is limit:
                return False
            around = around.outer
        return True


def loop_switch(op: Operation) -> bool:
    """Whether `op` is where a loop goes on or ends."""
    if op.type not in ("Switch", "RefSwitch") or not isinstance(op._control_flow_context, WhileContext):
        return False
    users = [c for t in op.outputs for c in t._consumers]
    contexts = [c._control_flow_context.outer if c.type in ("Enter", "RefEnter") else c._control_flow_context for c in users]
    return not all(isinstance(context, CondContext) for context in contexts)
