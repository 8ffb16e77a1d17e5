"""Variables as `VariableDef` protos, and back: how meta graphs keep them."""

from __future__ import annotations

from typing import Any

from teachtf.core.graph import get_default_graph
from teachtf.state.modes import checked_modes
from teachtf.state.partitions import SaveSliceInfo


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
        synchronization=variable.synchronization.value,
        aggregation=variable.aggregation.value,
    )
    if variable._initial_value is not None:
        proto.initial_value_name = _strip(variable._initial_value.name, scope)
    info = variable._get_save_slice_info()
    if info is not None:
        proto.save_slice_info_def.MergeFrom(info.to_proto(export_scope))
    return proto


def variable_from_proto(variable: Any, proto: Any, import_scope: str | None) -> None:
    """Fill a bare Variable from a `VariableDef`."""
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
    variable._synchronization, variable._aggregation, variable._trainable = checked_modes(
        proto.synchronization, proto.aggregation, proto.trainable, proto.variable_name
    )
    variable._caching_device = None
    if proto.HasField("save_slice_info_def"):
        info = SaveSliceInfo(save_slice_info_def=proto.save_slice_info_def, import_scope=import_scope)
        variable._set_save_slice_info(info)
