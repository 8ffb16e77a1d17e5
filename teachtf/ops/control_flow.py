"""What runs when: groups, and values that wait for each other. Source: TensorFlow's `control_flow_ops`."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.switching import with_dependencies

declare("NoOp", shape=shapes.no_outputs)
declare(
    "Assert",
    inputs="condition: bool, data: T",
    attrs="T: list(type) >= 1, summarize: int = 3",
    shape=shapes.no_outputs,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "Print",
    inputs="input: T, data: U",
    outputs="output: T",
    attrs="T: type, U: list(type) >= 0, message: string = '', first_n: int = -1, summarize: int = 3",
    shape=shapes.unchanged,
    gradient=lambda op, grad: [grad, *[None] * (len(op.inputs) - 1)],
    stateful=True,
)


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing, to hang control dependencies on. Source: `tf.no_op`."""
    return apply_op("NoOp", name=name)


def _op_of(item: Any) -> Operation:
    element = get_default_graph().as_graph_element(item)
    return element.op if isinstance(element, Tensor) else element


def group(*inputs: Any, name: str | None = None) -> Operation:
    """One operation that is done when all `inputs` are. Source: `tf.group`."""

    def flat(items: Any) -> Any:
        for item in items:
            if isinstance(item, (list, tuple)):
                yield from flat(item)
            elif item is not None:
                yield item

    with name_scope(name, "group_deps", list(inputs)) as scope:
        by_device: dict[str, list[Operation]] = {}
        for item in flat(inputs):
            if not hasattr(item, "device"):
                raise TypeError(
                    f"'inputs' should be zero or more (nested) Tensors. Received '{item!r}' with type '{type(item)}'"
                )
            by_device.setdefault(item.device, []).append(_op_of(item))
        graph = get_default_graph()
        if len(by_device) <= 1:
            for device, ops in by_device.items():
                with graph.device(device), control_dependencies(ops):
                    return no_op(name=scope)
            return no_op(name=scope)
        deps = []
        for device in sorted(by_device):
            with graph.device(device), control_dependencies(by_device[device]):
                deps.append(no_op())
        with control_dependencies(deps):
            return no_op(name=scope)


def tuple_(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:
    """The tensors again, none of them ready before all are. Source: `tf.tuple`."""
    with name_scope(name, "tuple", tensors):
        gates = [t.op for t in tensors if t is not None]
        gates += [_op_of(c) for c in control_inputs or []]
        if not gates:
            raise ValueError(f"`tensors` must have at least one Tensor. Received: {tensors}.")
        gate = group(*gates)
        return [None if t is None else with_dependencies([gate], t) for t in tensors]


def Print(
    input_: Any,
    data: Any,
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`, which shows `data` on the standard error whenever it is computed.

    Args:
      input_: a tensor.
      data: a list of tensors to show.
      message: a text to begin with.
      first_n: how many times to show them, by default always.
      summarize: elements of each to show, 3 by default.
      name: the name of the operation.

    Source: `tf.Print`.
    """
    how = {
        "message": message or "",
        "first_n": -1 if first_n is None else first_n,
        "summarize": 3 if summarize is None else summarize,
    }
    return apply_op("Print", input_, list(data), **how, name=name)
