"""How a graph is asked for what is in it: by name, or by the thing itself. Source: `tf.Graph.as_graph_element`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teachtf.core import errors
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor, _made_at

if TYPE_CHECKING:
    from teachtf.core.graph import Graph

_TENSOR_NAMES = 'Tensor names must be of the form "<op_name>:<output_index>".'


def as_graph_element(graph: Graph, obj: Any, allow_tensor: bool, allow_operation: bool) -> Any:
    """The tensor or operation of `graph` that `obj` is or names; see `Graph.as_graph_element`."""
    kinds = [k for k, allowed in (("Tensor", allow_tensor), ("Operation", allow_operation)) if allowed]
    if not kinds:
        raise ValueError("allow_tensor and allow_operation can't both be False.")
    wanted = " or ".join(kinds)
    convert = None if isinstance(obj, Tensor | Operation) else getattr(obj, "_as_graph_element", None)
    if convert is not None:
        obj = convert()
    if isinstance(obj, bytes):
        obj = obj.decode()
    if (isinstance(obj, Tensor) and allow_tensor) or (isinstance(obj, Operation) and allow_operation):
        if obj.graph is not graph:
            kind, op, shown = ("Tensor", obj.op, str(obj)) if isinstance(obj, Tensor) else ("Operation", obj, repr(obj))
            raise ValueError(
                f"{kind} {shown} is not an element of this graph. It belongs to {obj.graph}, this is {graph}."
                f"{_made_at(op)} Run it in a session of its own graph: `tf.Session(graph=...)`."
            )
        return obj
    if isinstance(obj, str):
        return _by_name(graph, obj, allow_tensor, allow_operation, wanted)
    raise TypeError(f"Can not convert a {type(obj).__name__} into a {wanted}.")


def _by_name(graph: Graph, name: str, allow_tensor: bool, allow_operation: bool, wanted: str) -> Any:
    if ":" not in name:
        op = graph._operations.get(name)
        if not allow_operation:
            what = "refers to an Operation" if op else "looks like an (invalid) Operation name"
            raise ValueError(f"The name '{name}' {what}, not a {wanted}. {_TENSOR_NAMES}")
        if op is None:
            hint = errors.did_you_mean(name, graph._operations)
            raise KeyError(f"The name '{name}' refers to an Operation not in the graph.{hint}")
        return op
    if not allow_tensor:
        raise ValueError(f"Name '{name}' appears to refer to a Tensor, not a {wanted}.")
    op_name, _, index = name.partition(":")
    try:
        output = int(index)
    except ValueError:
        raise ValueError(f"The name '{name}' looks a like a Tensor name, but is not a valid one. {_TENSOR_NAMES}") from None
    op = graph._operations.get(op_name)
    absent = f"The name '{name}' refers to a Tensor which does not exist. The operation, '{op_name}',"
    if op is None:
        raise KeyError(f"{absent} does not exist in the graph.{errors.did_you_mean(op_name, graph._operations)}")
    try:
        return op._outputs[output]
    except IndexError:
        raise KeyError(f"{absent} exists but only has {len(op._outputs)} outputs.") from None
