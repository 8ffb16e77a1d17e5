"""The declarations of ops as `OpDef` protos: a meta graph carries those that its graph uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teachtf.core import op_def
from teachtf.core.dtypes import DType
from teachtf.core.graph_def import _set_attr

_AGGREGATES = {"AccumulateNV2", "AddN", "AddV2"}
_TAKE_UNINITIALIZED = {"Assign", "IsVariableInitialized"}


def op_to_proto(definition: op_def.OpDef) -> Any:
    """One declaration as an `OpDef`."""
    from tensorboard.compat.proto import op_def_pb2

    proto = op_def_pb2.OpDef(
        name=definition.name,
        is_stateful=definition.is_stateful,
        is_commutative=definition.is_commutative,
        is_aggregate=definition.name in _AGGREGATES,
        allows_uninitialized_input=definition.name in _TAKE_UNINITIALIZED,
    )
    for args, field in ((definition.inputs, proto.input_arg), (definition.outputs, proto.output_arg)):
        for arg in args:
            one = field.add(name=arg.name, is_ref=arg.is_ref)
            one.type_attr, one.number_attr, one.type_list_attr = (
                arg.type_attr or "",
                arg.number_attr or "",
                arg.type_list_attr or "",
            )
            if arg.dtype is not None:
                one.type = arg.dtype.as_datatype_enum
    for attr in definition.attrs.values():
        one = proto.attr.add(name=attr.name, type=attr.kind)
        if attr.default is not op_def.REQUIRED:
            _set_attr(one.default_value, attr.kind, attr.default, None)
        if attr.minimum is not None:
            one.has_minimum, one.minimum = True, attr.minimum
        for value in attr.allowed or ():
            if isinstance(value, DType):
                one.allowed_values.list.type.append(value.as_datatype_enum)
            else:
                one.allowed_values.list.s.append(value)
    return proto


def declarations(op_types: Iterable[str]) -> list[Any]:
    """The declarations of those op types, by name; types that are not declared here are left out."""
    known = op_def.registry()
    return [op_to_proto(known[name]) for name in sorted(set(op_types)) if name in known]


def strip_defaults(graph_def: Any) -> None:
    """Take attributes that have their declared default out of a graph."""
    defaults: dict[str, dict[str, bytes]] = {}
    for node in graph_def.node:
        if node.op not in defaults:
            protos = declarations([node.op])
            attrs = protos[0].attr if protos else ()
            defaults[node.op] = {
                a.name: a.default_value.SerializeToString(deterministic=True) for a in attrs if a.HasField("default_value")
            }
        for name in [n for n in node.attr if n in defaults[node.op]]:
            if node.attr[name].SerializeToString(deterministic=True) == defaults[node.op][name]:
                del node.attr[name]
