"""What a picture needs to know of a graph, asked only through TensorFlow's public graph API.

Nothing here imports teachtf at module level: any object with `get_operations()` will do, real TensorFlow's graph
included.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

VARIABLE_TYPES = frozenset({"Variable", "VariableV2", "VarHandleOp"})
PLACEHOLDER_TYPES = frozenset({"Placeholder", "PlaceholderWithDefault", "PlaceholderV2"})
CONTROL_FLOW_TYPES = frozenset({"Switch", "RefSwitch", "Merge", "Enter", "RefEnter", "Exit", "NextIteration"})
STATE_PREFIXES = ("Assign", "Apply", "ResourceApply", "SparseApply", "Scatter", "ResourceScatter", "Save", "Restore")

#: The number of elements up to which a constant's value is written out.
SMALL_CONSTANT = 6

#: DataType numbers of `tensorflow/core/framework/types.proto`, with the field of TensorProto that holds each.
_PROTO_DTYPES: dict[int, tuple[str, str]] = {
    1: ("float32", "float_val"),
    2: ("float64", "double_val"),
    3: ("int32", "int_val"),
    4: ("uint8", "int_val"),
    5: ("int16", "int_val"),
    6: ("int8", "int_val"),
    7: ("object", "string_val"),
    9: ("int64", "int64_val"),
    10: ("bool", "bool_val"),
    17: ("uint16", "int_val"),
}


def default_graph(graph: Any = None) -> Any:
    """Returns `graph`, or teachtf's current default graph when it is None. A Session stands for its graph."""
    if graph is None:
        from teachtf.core.graph import get_default_graph

        return get_default_graph()
    return graph if hasattr(graph, "get_operations") else getattr(graph, "graph", graph)


def op_of(thing: Any) -> Any:
    """Returns the operation behind a tensor, a variable or an operation."""
    return getattr(thing, "op", thing)


def flat_fetches(fetches: Any, graph: Any) -> list[Any]:
    """Flattens what `Session.run` would take as fetches to a list of operations; a name is looked up in `graph`."""
    if isinstance(fetches, str):
        return [op_of(graph.as_graph_element(fetches))]
    if isinstance(fetches, dict):
        fetches = list(fetches.values())
    if isinstance(fetches, (list, tuple, set)):
        return [op for item in fetches for op in flat_fetches(item, graph)]
    return [op_of(fetches)]


def closure(targets: Iterable[Any]) -> set[str]:
    """Returns the names of all operations that `targets` need, themselves included."""
    needed: set[str] = set()
    waiting = list(targets)
    while waiting:
        op = waiting.pop()
        if op.name not in needed:
            needed.add(op.name)
            waiting.extend(tensor.op for tensor in op.inputs)
            waiting.extend(op.control_inputs)
    return needed


def dtype_name(dtype: Any) -> str:
    """Returns the plain name of a dtype: `float32`, also for the `float32_ref` of a variable's output."""
    return str(getattr(getattr(dtype, "base_dtype", dtype), "name", dtype))


def is_ref(tensor: Any) -> bool:
    """Says whether a tensor is a reference into a variable's buffer, which the op that takes it may write to."""
    return str(getattr(tensor.dtype, "name", "")).endswith("_ref")


def shape_list(shape: Any) -> list[int | None] | None:
    """Returns a shape as a list with None for open dimensions, or None for an unknown rank."""
    try:
        return [None if dim is None else int(dim) for dim in shape.as_list()]
    except ValueError:
        return None


def shape_text(shape: Any) -> str:
    """Returns a shape as a learner writes it: `[?, 784]`; `[]` is a scalar, `[...]` an unknown rank."""
    dims = shape_list(shape)
    if dims is None:
        return "[...]"
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in dims) + "]"


def rank_text(shape: Any) -> str:
    """Returns the rank as text, `?` when unknown."""
    dims = shape_list(shape)
    return "?" if dims is None else str(len(dims))


def tensor_text(tensor: Any) -> str:
    """Returns `float32 [?, 784]`: what stands on an edge."""
    return f"{dtype_name(tensor.dtype)} {shape_text(tensor.shape)}"


def _proto_array(proto: Any) -> np.ndarray | None:
    """Reads a small TensorProto. Returns None for a dtype that no lesson shows or a tensor that is not small."""
    name, field = _PROTO_DTYPES.get(proto.dtype, ("", ""))
    shape = [int(dim.size) for dim in proto.tensor_shape.dim]
    count = int(np.prod(shape, dtype=np.int64))
    if not name or count > SMALL_CONSTANT or any(dim < 0 for dim in shape):
        return None
    if proto.tensor_content:
        return np.frombuffer(proto.tensor_content, name).reshape(shape)
    values = list(getattr(proto, field))
    if not values:
        values = [b"" if name == "object" else 0]
    values += [values[-1]] * (count - len(values))
    return np.array(values[:count], dtype=name).reshape(shape)


def _item_text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")
    if isinstance(value, str):
        return '"' + (value if len(value) <= 24 else value[:21] + "...") + '"'
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def _nested_text(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_nested_text(item) for item in value) + "]"
    return _item_text(value)


def constant_text(op: Any) -> str | None:
    """Returns the value of a small `Const` as text (`[1, 1]`, `0.5`), or None when it is large or not readable."""
    try:
        value = op.get_attr("value")
    except (ValueError, KeyError):
        return None
    array = _proto_array(value) if hasattr(value, "tensor_shape") else np.asarray(value)
    if array is None or array.size > SMALL_CONSTANT:
        return None
    return _nested_text(array.tolist())


def variables_of(graph: Any) -> list[Any]:
    """Returns the variables that the graph's collections hold, each once, in the order of making."""
    found: dict[int, Any] = {}
    for key in ("variables", "local_variables"):
        for variable in graph.get_collection(key):
            found.setdefault(id(variable), variable)
    return list(found.values())


def is_state_op(op_type: str) -> bool:
    """Says whether an op type writes to variables or files."""
    return op_type.startswith(STATE_PREFIXES)


def plural(count: int, noun: str) -> str:
    """Returns `1 op`, `2 ops`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def html(text: Any) -> str:
    """Escapes text for HTML, quotes included."""
    return escape(str(text), quote=True)
