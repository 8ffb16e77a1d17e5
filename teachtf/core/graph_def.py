"""Graphs as `GraphDef` protos. Source: `tf.Graph.as_graph_def`. The way back is in `graph_import`.

The proto classes are TensorBoard's copies of TensorFlow's, imported when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.dtypes import DType
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor_proto import array_to_proto, holds_one_value, make_ndarray

if TYPE_CHECKING:
    from teachtf.core.graph import Graph

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
    node.input.extend(sorted(f"^{c.name}" for c in op._control_inputs))
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


def attr_from_proto(proto: Any) -> Any:
    """An `AttrValue` as an operation keeps it."""
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
        if array.size > 1 and holds_one_value(value):
            array = np.broadcast_to(array.ravel()[0], array.shape)  # kept as small as it came
        array.flags.writeable = False
        return array
    return proto.func.name if field == "func" else value
