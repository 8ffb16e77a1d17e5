"""Variables as `VariableDef` protos, and back: how meta graphs keep them."""

from __future__ import annotations

from typing import Any

from teachtf.core.graph import get_default_graph


def _strip(name: str, scope: str | None) -> str:
    return name[len(scope) + 1 :] if scope else name


def variable_to_proto(variable: Any, export_scope: str | None = None) -> Any:
    """A variable as a `VariableDef`; None when it is not under `export_scope`."""
    from tensorboard.compat.proto import variable_pb2

    scope = export_scope.rstrip("/") if export_scope else None
    if scope and not variable.name.startswith(f"{scope}/"):
        return None
    proto = variable_pb2.VariableDef(
        variable_name=_strip(variable.name, scope),
        initializer_name=_strip(variable.initializer.name, scope),
        snapshot_name=_strip(variable.value().name, scope),
        trainable=variable.trainable,
    )
    if variable._initial_value is not None:
        proto.initial_value_name = _strip(variable._initial_value.name, scope)
    info = variable._get_save_slice_info()
    if info is not None:
        proto.save_slice_info_def.full_name = info.full_name
        proto.save_slice_info_def.full_shape.extend(info.full_shape)
        proto.save_slice_info_def.var_offset.extend(info.var_offset)
        proto.save_slice_info_def.var_shape.extend(info.var_shape)
    return proto


def variable_from_proto(variable: Any, proto: Any, import_scope: str | None) -> None:
    """Fill a bare Variable from a `VariableDef`."""
    from teachtf.state.variables import SaveSliceInfo

    if proto.is_resource:
        raise NotImplementedError(
            f"'{proto.variable_name}' is a resource variable; teachtf keeps TensorFlow 1's reference variables. "
            "Write the graph with use_resource=False, or restore its values by name with tf.train.Saver."
        )
    graph = get_default_graph()
    prefix = f"{import_scope.rstrip('/')}/" if import_scope else ""
    variable._variable = graph.as_graph_element(prefix + proto.variable_name)
    variable._initializer_op = graph.as_graph_element(prefix + proto.initializer_name)
    variable._snapshot = graph.as_graph_element(prefix + proto.snapshot_name)
    initial = proto.initial_value_name
    variable._initial_value = graph.as_graph_element(prefix + initial) if initial else None
    variable._trainable = proto.trainable
    variable._caching_device = None
    if proto.HasField("save_slice_info_def"):
        info = proto.save_slice_info_def
        variable._set_save_slice_info(SaveSliceInfo(info.full_name, info.full_shape, info.var_offset, info.var_shape))
