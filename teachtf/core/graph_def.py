"""Graphs as `GraphDef` protos, and back. Source: `tf.Graph.as_graph_def`, `tf.import_graph_def`.

The proto classes are TensorBoard's copies of TensorFlow's, imported when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teachtf.core import dtypes, errors, op_def
from teachtf.core.dtypes import DType
from teachtf.core.graph import Graph, get_default_graph
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor_proto import array_to_proto, make_ndarray

if TYPE_CHECKING:
    from collections.abc import Iterable

PRODUCER, MIN_CONSUMER = 2474, 0  # the GraphDef version of TensorFlow 2.21


def versions() -> Any:
    """The `VersionDef` of graphs written here."""
    from tensorboard.compat.proto import versions_pb2

    return versions_pb2.VersionDef(producer=PRODUCER, min_consumer=MIN_CONSUMER)


def attr_to_proto_value(value: Any) -> Any:
    """A shape or array attribute as the proto that TensorFlow's `get_attr` gives."""
    return value.as_proto() if isinstance(value, TensorShape) else array_to_proto(value, dtypes.as_dtype(value.dtype))


def _set_attr(proto: Any, kind: str, value: Any, dtype: DType | None) -> None:
    if kind.startswith("list("):
        inner = kind[5:-1]
        proto.list.SetInParent()
        for item in value:
            if inner == "shape":
                proto.list.shape.add().CopyFrom(item.as_proto())
            else:
                field = {"string": "s", "int": "i", "float": "f", "bool": "b", "type": "type"}[inner]
                getattr(proto.list, field).append(item.as_datatype_enum if inner == "type" else item)
    elif kind == "type":
        proto.type = value.as_datatype_enum
    elif kind == "shape":
        proto.shape.CopyFrom(value.as_proto())
    elif kind == "tensor":
        proto.tensor.CopyFrom(array_to_proto(value, dtype or dtypes.as_dtype(value.dtype)))
    elif kind == "func":
        proto.func.name = value
    else:
        setattr(proto, {"string": "s", "int": "i", "float": "f", "bool": "b"}[kind], value)


_KIND_OF_INTERNAL = {"_class": "list(string)", "_output_shapes": "list(shape)"}


def _kind_of(op: Operation, name: str, value: Any) -> str:
    attr = op._op_def.attrs.get(name)
    if attr is not None:
        return attr.kind
    known = _KIND_OF_INTERNAL.get(name)
    if known is not None:
        return known
    for python_type, kind in ((bytes, "string"), (bool, "bool"), (int, "int"), (float, "float"), (DType, "type")):
        if isinstance(value, python_type):
            return kind
    return "list(string)"


def node_to_proto(op: Operation, node: Any = None, add_shapes: bool = False) -> Any:
    """One operation as a `NodeDef`."""
    if node is None:
        from tensorboard.compat.proto import node_def_pb2

        node = node_def_pb2.NodeDef()
    node.name, node.op, node.device = op.name, op.type, op.device
    node.input.extend(t._as_node_def_input() for t in op._inputs)
    node.input.extend(f"^{c.name}" for c in op._control_inputs)
    for name, value in op._attrs.items():
        _set_attr(node.attr[name], _kind_of(op, name, value), value, op._attrs.get("dtype"))
    if add_shapes and op.outputs:
        node.attr["_output_shapes"].list.SetInParent()
        for tensor in op.outputs:
            node.attr["_output_shapes"].list.shape.add().CopyFrom(tensor.shape.as_proto())
    return node


def graph_to_proto(graph: Graph, from_version: int | None = None, add_shapes: bool = False) -> Any:
    """A graph as a `GraphDef`; with `from_version`, only the operations made since."""
    from tensorboard.compat.proto import graph_pb2

    proto = graph_pb2.GraphDef()
    proto.versions.CopyFrom(versions())
    for op in graph._operations.values():
        if from_version is None or op._id >= from_version:
            node_to_proto(op, proto.node.add(), add_shapes)
    return proto


def _attr_from_proto(proto: Any) -> Any:
    field = proto.WhichOneof("value")
    if field == "list":
        for name in ("s", "i", "f", "b"):
            if getattr(proto.list, name):
                return list(getattr(proto.list, name))
        if proto.list.type:
            return [dtypes.as_dtype(t) for t in proto.list.type]
        return [TensorShape(s) for s in proto.list.shape]
    value = None if field is None else getattr(proto, field)
    if field == "type":
        return dtypes.as_dtype(value)
    if field == "shape":
        return TensorShape(value)
    if field == "tensor":
        array = make_ndarray(value)
        array.flags.writeable = False
        return array
    return proto.func.name if field == "func" else value


def _check_known(nodes: Iterable[Any]) -> None:
    unknown = sorted({n.op for n in nodes} - set(op_def.registry()))
    if unknown:
        raise ValueError(
            f"No op named {', '.join(unknown)} in defined operations: this graph needs ops that teachtf does not have."
        )


def _check_args(graph_def: Any, input_map: Any, return_elements: Any) -> None:
    from google.protobuf.message import Message

    if not isinstance(graph_def, Message) or graph_def.DESCRIPTOR.name != "GraphDef":
        raise TypeError(f"graph_def must be a GraphDef proto, got {type(graph_def).__name__}.")
    if input_map is not None and not (isinstance(input_map, dict) and all(isinstance(k, str) for k in input_map)):
        raise TypeError("input_map must be a dictionary mapping strings to Tensor objects.")
    if return_elements is not None and not all(isinstance(e, str) for e in return_elements):
        raise TypeError("return_elements must be a list of strings.")


def import_graph_def(
    graph_def: Any,
    input_map: dict[str, Any] | None = None,
    return_elements: Any = None,
    name: str | None = None,
    op_dict: Any = None,
    producer_op_list: Any = None,
) -> list[Any] | None:
    """Add the nodes of a `GraphDef` to the default graph, under the scope `name` ("import" by default, "" for none).

    Args:
      graph_def: the proto, as `Graph.as_graph_def` gives or TensorFlow writes.
      input_map: tensor name in the graph_def -> tensor here that takes its place.
      return_elements: names of operations ("a/b") and tensors ("a/b:0") to give back.
      name: a prefix for all names.
      op_dict: deprecated in TensorFlow, not used.
      producer_op_list: accepted, not used: all attributes are kept.

    Raises:
      TypeError: an argument has the wrong type.
      ValueError: an op is unknown here (the message lists all), a name is taken or missing, an input does not exist.
    """
    _check_args(graph_def, input_map, return_elements)
    _check_known(graph_def.node)
    _check_found(graph_def, return_elements)
    graph = get_default_graph()
    with graph.name_scope("import" if name is None else name or None) as scope:
        replaced = {k if ":" in k else f"{k}:0": v for k, v in (input_map or {}).items()}
        with graph.control_dependencies(None):
            ops, used = _add_nodes(graph, graph_def, scope, replaced)
    unused = set(replaced) - used
    if unused:
        raise ValueError(
            "Attempted to map inputs that were not found in graph_def: " + ", ".join(f"[{u}]" for u in sorted(unused))
        )
    if return_elements is None:
        return None
    return [_returned(ops, element) for element in return_elements]


def _check_found(graph_def: Any, return_elements: Any) -> None:
    """Before a node is made: an import that fails leaves nothing behind."""
    names = {node.name for node in graph_def.node}
    for element in return_elements or ():
        name = element.partition(":")[0]
        if name not in names:
            hint = errors.did_you_mean(name, names)
            raise ValueError(f"Requested return_element '{element}' not found in graph_def.{hint}")


def _returned(ops: dict[str, Operation], element: str) -> Any:
    op_name, _, index = element.partition(":")
    op = ops.get(op_name)
    if op is None or (index and int(index) >= len(op.outputs)):
        raise ValueError(f"Requested return_element '{element}' not found in graph_def.{errors.did_you_mean(op_name, ops)}")
    return op.outputs[int(index)] if index else op


def _in_order(graph_def: Any) -> list[Any]:
    """The nodes with inputs before users; back edges of loops (`NextIteration`) do not count."""
    nodes = {n.name: n for n in graph_def.node}
    state: dict[str, int] = {}
    order: list[Any] = []
    for root in graph_def.node:
        pending = [(root, False)]
        while pending:
            node, done = pending.pop()
            if done:
                order.append(node)
                continue
            if state.get(node.name):
                continue
            state[node.name] = 1
            pending.append((node, True))
            for text in reversed(node.input):
                source = nodes.get(text.lstrip("^").partition(":")[0])
                if source is not None and source.op != "NextIteration" and not state.get(source.name):
                    pending.append((source, False))
    return order


def _add_nodes(graph: Graph, graph_def: Any, scope: str, replaced: dict[str, Any]) -> tuple[dict[str, Operation], set[str]]:
    ops: dict[str, Operation] = {}
    used: set[str] = set()
    for node in _in_order(graph_def):
        inputs, controls = [], []
        for text in node.input:
            if text.startswith("^"):
                controls.append(text[1:])
                continue
            key = text if ":" in text else f"{text}:0"
            if key in replaced:
                inputs.append(replaced[key])
                used.add(key)
                continue
            source, _, index = key.partition(":")
            if source not in ops or int(index) >= len(ops[source].outputs):
                raise ValueError(f"Node '{node.name}': Unknown input node '{text}'")
            inputs.append(ops[source].outputs[int(index)])
        full_name = scope + node.name
        if full_name in graph._operations:
            raise ValueError(f"Node name '{full_name}' already exists in the Graph; import under another `name`.")
        attrs = {k: _attr_from_proto(v) for k, v in node.attr.items()}
        shapes = attrs.pop("_output_shapes", None)
        for attr in op_def.lookup(node.op).attrs.values():
            if attr.name not in attrs:
                if attr.default is op_def.REQUIRED:
                    raise ValueError(f"Node '{node.name}': missing attr '{attr.name}'")
                attrs[attr.name] = attr.default
        if scope and "_class" in attrs:
            attrs["_class"] = [b"loc:@" + scope.encode() + c[5:] if c.startswith(b"loc:@") else c for c in attrs["_class"]]
        op = graph.create_op(node.op, inputs, attrs, full_name + "/")
        graph._names.reserve(full_name)
        _reserve_scopes(graph, full_name)
        if node.device:
            op._device = node.device
        op._add_control_inputs([ops[c] for c in controls if c in ops])
        for tensor, shape in zip(op.outputs, shapes or [], strict=False):
            if tensor.shape.is_compatible_with(shape):
                tensor._shape = tensor.shape.merge_with(shape)
        ops[node.name] = op
    return ops, used


def _reserve_scopes(graph: Graph, name: str) -> None:
    while "/" in name:
        name = name.rpartition("/")[0]
        graph._names.reserve(name)
