"""Initial values that use other variables: those are read through `initialized_value`, whatever order initializers run in."""

from __future__ import annotations

from typing import Any

from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor


def _variable_of(op: Operation) -> Any:
    graph = get_default_graph()
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in graph.get_collection_ref(key):
            if variable.name in (f"{op.name}:0", op.name):
                return variable
    return None


def _has_cycle(op: Operation, state: dict[Operation, bool]) -> bool:
    """Whether following inputs from `op` comes back to it, as it does in a while loop."""
    pending = [(op, iter(_sources(op)))]
    state[op] = True
    while pending:
        current, sources = pending[-1]
        for source in sources:
            if source not in state:
                state[source] = True
                pending.append((source, iter(_sources(source))))
                break
            if state[source]:
                return True
        else:
            state[current] = False
            pending.pop()
    return False


def _sources(op: Operation) -> list[Operation]:
    return [t.op for t in op.inputs] + op.control_inputs


def guarded(name: str, initial_value: Tensor) -> Tensor:
    """`initial_value` with each variable it reads replaced by that variable's `initialized_value`."""
    if _has_cycle(initial_value.op, {}):
        return initial_value
    return _safe(name, initial_value, {})


def _safe(name: str, tensor: Tensor, known: dict[Operation, Operation]) -> Tensor:
    op = tensor.op
    if op not in known:
        known[op] = _safe_op(name, op, known)
    return known[op].outputs[tensor.value_index]


def _safe_op(name: str, op: Operation, known: dict[Operation, Operation]) -> Operation:
    if op.type in ("IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If"):
        return op
    if op.type in ("Variable", "VariableV2", "VarHandleOp"):
        variable = _variable_of(op)
        return op if variable is None else variable.initialized_value().op
    inputs = [_safe(name, t, known) for t in op.inputs]
    if all(new is old for new, old in zip(inputs, op.inputs, strict=True)):
        return op
    # the reference is gone: what is switched now is a value
    op_type = "Switch" if op.type == "RefSwitch" else op.type
    return get_default_graph().create_op(op_type, inputs, dict(op._attrs), f"{op.name}_{name}".replace(":", "_"))
