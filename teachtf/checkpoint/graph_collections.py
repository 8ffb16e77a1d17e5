"""The collections of a graph in a meta graph: variables, savers, branches and loops as protos, the rest by name or value.

Source: `tensorflow/python/framework/meta_graph.py` (add_collection_def), `ops.register_proto_function`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from teachtf.checkpoint.contexts import cond_from_proto, cond_to_proto, while_from_proto, while_to_proto
from teachtf.checkpoint.names import prepended, stripped
from teachtf.checkpoint.saver import Saver
from teachtf.core.graph import Graph
from teachtf.core.keys import GraphKeys
from teachtf.core.operation import Operation
from teachtf.state.variables import Variable

UNBOUND = "$unbound_inputs_"
_log = logging.getLogger("teachtf")


class _ProtoFunctions(NamedTuple):
    proto_type: Callable[[], Any]  # gives the class: protos are imported when needed
    to_proto: Callable[..., Any]
    from_proto: Callable[..., Any]


_functions: dict[str, _ProtoFunctions] = {}


def register_proto_function(
    collection_name: str, proto_type: Callable[[], Any], to_proto: Callable[..., Any], from_proto: Callable[..., Any]
) -> None:
    """Say how the items of a collection are kept in a meta graph: `to_proto(item, export_scope=)`, `from_proto(proto,
    import_scope=)`, and a function that gives the proto class."""
    _functions[collection_name] = _ProtoFunctions(proto_type, to_proto, from_proto)


def _variable_def() -> Any:
    from tensorboard.compat.proto import variable_pb2

    return variable_pb2.VariableDef


def _saver_def() -> Any:
    from tensorboard.compat.proto import saver_pb2

    return saver_pb2.SaverDef


def _cond_context_def() -> Any:
    from teachtf.checkpoint.protos import CondContextDef

    return CondContextDef


def _while_context_def() -> Any:
    from teachtf.checkpoint.protos import WhileContextDef

    return WhileContextDef


_VARIABLES = (
    GraphKeys.GLOBAL_VARIABLES,
    GraphKeys.LOCAL_VARIABLES,
    GraphKeys.METRIC_VARIABLES,
    GraphKeys.MODEL_VARIABLES,
    GraphKeys.TRAINABLE_VARIABLES,
    GraphKeys.MOVING_AVERAGE_VARIABLES,
    GraphKeys.GLOBAL_STEP,
)
for _key in _VARIABLES:
    register_proto_function(_key, _variable_def, Variable.to_proto, Variable.from_proto)
register_proto_function(GraphKeys.SAVERS, _saver_def, Saver.to_proto, Saver.from_proto)
register_proto_function(GraphKeys.COND_CONTEXT, _cond_context_def, cond_to_proto, cond_from_proto)
register_proto_function(GraphKeys.WHILE_CONTEXT, _while_context_def, while_to_proto, while_from_proto)


def included(item: Any, export_scope: str | None, excluded: set[str]) -> bool:
    """Whether an item (an object with a name, or the name) is under the scope and not left out."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if not isinstance(name, str):
        return True
    if name in excluded or name.partition(":")[0] in excluded:
        return False
    return not export_scope or name.startswith((export_scope, UNBOUND))


def write_collection(meta: Any, key: str, items: Iterable[Any], export_scope: str | None, excluded: set[str]) -> None:
    """Add a collection to a MetaGraphDef; one that cannot be written is left out, with a warning."""
    kept = [item for item in items if included(item, export_scope, excluded)]
    if not kept:
        return
    try:
        _write(meta.collection_def[key], key, kept, export_scope)
    except Exception as error:
        _log.warning("Collection '%s' is not in the meta graph: %s: %s", key, type(error).__name__, error)
        del meta.collection_def[key]


def _write(collection: Any, key: str, items: list[Any], export_scope: str | None) -> None:
    functions = _functions.get(key)
    if functions is not None:
        collection.bytes_list.SetInParent()
        for item in items:
            proto = functions.to_proto(item, export_scope=export_scope)
            if proto is not None:
                collection.bytes_list.value.append(proto.SerializeToString(deterministic=True))
        return
    first = items[0]
    if isinstance(first, (str, bytes)):
        collection.bytes_list.value.extend(i.encode() if isinstance(i, str) else i for i in items)
    elif isinstance(first, int):
        collection.int64_list.value.extend(items)
    elif isinstance(first, float):
        collection.float_list.value.extend(items)
    else:
        names = [i.name for i in items if not export_scope or i.name.startswith(export_scope)]
        collection.node_list.value.extend(stripped(name, export_scope) for name in names)


def read_collections(
    graph: Graph, meta: Any, scope: str, wanted: Callable[[str], bool], unbound_name: str | None, with_trainable: bool
) -> None:
    """Put the collections of a MetaGraphDef into a graph that has its nodes, under `scope`. A variable in several
    collections is one object."""
    variables: dict[bytes, Variable] = {}
    # The trainable ones first: old files say only by this collection which ones they are.
    for key in sorted(meta.collection_def, key=lambda k: (k != GraphKeys.TRAINABLE_VARIABLES, k)):
        if key == unbound_name or not wanted(key):
            continue
        collection = meta.collection_def[key]
        kind = collection.WhichOneof("kind")
        functions = _functions.get(key)
        if kind == "bytes_list" and functions is not None:
            for data in collection.bytes_list.value:
                if key in _VARIABLES and data in variables:
                    graph.add_to_collection(key, variables[data])
                    continue
                proto = functions.proto_type().FromString(data)
                if key in _VARIABLES and not with_trainable:
                    proto.trainable = key == GraphKeys.TRAINABLE_VARIABLES
                item = functions.from_proto(proto, import_scope=scope)
                if isinstance(item, Variable):
                    variables[data] = item
                graph.add_to_collection(key, item)
        elif kind in ("node_list", "bytes_list", "int64_list", "float_list") and key != GraphKeys.QUEUE_RUNNERS:
            for value in getattr(collection, kind).value:
                graph.add_to_collection(key, _plain(graph, kind, value, scope))


def _plain(graph: Graph, kind: str, value: Any, scope: str) -> Any:
    if kind == "node_list":
        element: Operation = graph.as_graph_element(prepended(value, scope))
        return element
    if kind == "bytes_list" and scope:  # TensorFlow takes text in a collection for a name
        return prepended(value.decode(errors="surrogateescape"), scope)
    return value
