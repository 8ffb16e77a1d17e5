"""The branches of `tf.cond` and loops in a meta graph, so that their gradients can be built after an import.

Source: `CondContext` and `WhileContext` of TensorFlow's `control_flow_ops` (to_proto, from_proto).
"""

from __future__ import annotations

from typing import Any

from teachtf.checkpoint.names import prepended, stripped
from teachtf.core.graph import get_default_graph
from teachtf.core.tensor import Tensor
from teachtf.ops.contexts import CondContext, ControlFlowContext, WhileContext


def cond_to_proto(context: CondContext, export_scope: str | None = None) -> Any:
    """One branch of a `tf.cond` as a `CondContextDef`; None where it is not under `export_scope`."""
    from teachtf.checkpoint.protos import CondContextDef

    if export_scope and not context.name.startswith(export_scope):
        return None
    proto = CondContextDef(
        context_name=stripped(context.name, export_scope),
        pred_name=stripped(context.pred.name, export_scope),
        pivot_name=stripped(context.pivot.name, export_scope),
        branch=context.branch,
    )
    _write_values(proto, context, export_scope)
    return proto


def while_to_proto(context: WhileContext, export_scope: str | None = None) -> Any:
    """A loop as a `WhileContextDef`; None where it is not under `export_scope`."""
    from teachtf.checkpoint.protos import WhileContextDef

    if export_scope and not context.name.startswith(export_scope):
        return None
    proto = WhileContextDef(
        context_name=stripped(context.name, export_scope),
        parallel_iterations=context.parallel_iterations,
        back_prop=context.back_prop,
        swap_memory=context.swap_memory,
        pivot_name=stripped(context.pivot.name, export_scope),
        pivot_for_pred_name=stripped(context.pivot_for_pred.name, export_scope),
        pivot_for_body_name=stripped(context.pivot_for_body.name, export_scope),
        loop_exit_names=[stripped(t.name, export_scope) for t in context.loop_exits],
        loop_enter_names=[stripped(t.name, export_scope) for t in context.loop_enters],
    )
    if context.maximum_iterations is not None:
        proto.maximum_iterations_name = stripped(context.maximum_iterations.name, export_scope)
    _write_values(proto, context, export_scope)
    return proto


def _write_values(proto: Any, context: ControlFlowContext, export_scope: str | None) -> None:
    proto.values_def.values.extend(sorted(stripped(t.name, export_scope) for t in context._inside))
    for outside, inside in context._external.items():
        proto.values_def.external_values.add(
            key=stripped(outside.name, export_scope), value=stripped(inside.name, export_scope)
        )
    for nested in context.nested:
        written = proto.nested_contexts.add()
        if isinstance(nested, CondContext):
            written.cond_ctxt.CopyFrom(cond_to_proto(nested, export_scope))
        elif isinstance(nested, WhileContext):
            written.while_ctxt.CopyFrom(while_to_proto(nested, export_scope))


def _element(name: str, import_scope: str | None) -> Any:
    return get_default_graph().as_graph_element(prepended(name, import_scope))


def cond_from_proto(proto: Any, import_scope: str | None = None, outer: Any = None) -> CondContext:
    """The branch that a `CondContextDef` describes; its ops are in the default graph, and know it after this."""
    pred, pivot = _element(proto.pred_name, import_scope), _element(proto.pivot_name, import_scope)
    context = CondContext(pred, pivot, proto.branch, prepended(proto.context_name, import_scope), outer)
    _read_values(proto, context, import_scope)
    return context


def while_from_proto(proto: Any, import_scope: str | None = None, outer: Any = None) -> WhileContext:
    """The loop that a `WhileContextDef` describes; its ops are in the default graph, and know it after this."""
    most = _element(proto.maximum_iterations_name, import_scope) if proto.maximum_iterations_name else None
    name = prepended(proto.context_name, import_scope)
    context = WhileContext(most, proto.parallel_iterations, proto.back_prop, proto.swap_memory, name, unique=False)
    context.outer = outer
    if outer is not None:
        outer.nested.append(context)
    context.pivot = _element(proto.pivot_name, import_scope)
    context.pivot_for_pred = _element(proto.pivot_for_pred_name, import_scope)
    context.pivot_for_body = _element(proto.pivot_for_body_name, import_scope)
    context.loop_exits = [_element(name, import_scope) for name in proto.loop_exit_names]
    context.loop_enters = [_element(name, import_scope) for name in proto.loop_enter_names]
    _read_values(proto, context, import_scope)
    if import_scope:  # what a loop is called in its Enters
        for tensor in context._inside:
            if tensor.op.type in ("Enter", "RefEnter"):
                tensor.op._set_attr("frame_name", context.name.encode())
    return context


def _read_values(proto: Any, context: ControlFlowContext, import_scope: str | None) -> None:
    external = {v.key: v.value for v in proto.values_def.external_values}
    inside: set[Tensor] = {_element(name, import_scope) for name in proto.values_def.values}
    context._inside = inside
    context._external = {_element(k, import_scope): _element(v, import_scope) for k, v in external.items()}
    for name in proto.values_def.values:
        if name not in external:
            _element(name, import_scope).op._control_flow_context = context
    for nested in proto.nested_contexts:
        if nested.HasField("cond_ctxt"):
            cond_from_proto(nested.cond_ctxt, import_scope, context)
        elif nested.HasField("while_ctxt"):
            while_from_proto(nested.while_ctxt, import_scope, context)
