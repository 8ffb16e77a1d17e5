"""Declarations of ops as `OpDef` protos: what `Operation.op_def` gives and a meta graph carries."""

from __future__ import annotations

from functools import cache
from typing import Any

from teachtf.core import graph_def, op_def
from teachtf.core.dtypes import DType

_AGGREGATES = {"AccumulateNV2", "AddN", "AddV2"}
_TAKE_UNINITIALIZED = {"Assign", "IsVariableInitialized"}


@cache
def op_def_proto(definition: op_def.OpDef) -> Any:
    """One declaration as an `OpDef`. All callers get the same proto: do not write to it."""
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
            graph_def._set_attr(one.default_value, attr.kind, attr.default, None)
        if attr.minimum is not None:
            one.has_minimum, one.minimum = True, attr.minimum
        for value in attr.allowed or ():
            if isinstance(value, DType):
                one.allowed_values.list.type.append(value.as_datatype_enum)
            else:
                one.allowed_values.list.s.append(value)
    return proto
