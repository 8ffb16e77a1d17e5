"""The ops that a Saver adds to the graph, with TensorFlow's names, devices and order.

Source: `tensorflow/python/training/saver.py` (BulkSaverBuilder), `saving/saveable_object_util.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import constant
from teachtf.core.devices import DeviceSpec
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import control_dependencies, device, name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic, arrays, control_flow
from teachtf.ops.variables import assign
from teachtf.state.variables import Variable

V2 = 2  # SaverDef.CheckpointFormatVersion
_VARIABLE_OPS = ("Variable", "VariableV2")


@dataclass
class SaveSpec:
    """One tensor to save: its key in the checkpoint, and which slice of the key's tensor it is ("" for all)."""

    tensor: Any
    slice_spec: str
    name: str

    @property
    def dtype(self) -> Any:
        """The dtype in the checkpoint."""
        return self.tensor.dtype.base_dtype

    @property
    def device(self) -> str:
        """Where the tensor is."""
        return self.tensor.device


class VariableSaveable:
    """How a variable is saved and restored."""

    def __init__(self, ref: Tensor | Variable, slice_spec: str, name: str) -> None:
        self.op = ref
        self.name = name
        self.specs = [SaveSpec(ref, slice_spec, name)]

    def restore(self, restored_tensors: Sequence[Tensor], restored_shapes: Sequence[Any] | None) -> Any:
        """The op that puts a restored tensor into the variable, reshaped where shapes are given."""
        value = restored_tensors[0]
        if restored_shapes is not None:
            value = arrays.reshape(value, restored_shapes[0])
        check = restored_shapes is None and self.op.shape.is_fully_defined()
        return assign(self.op, value, validate_shape=check)


def all_saveables(scope: str | None = None) -> list[Any]:
    """What `Saver()` saves: the global variables and the other saveable objects of the graph."""
    graph = get_default_graph()
    return graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope) + graph.get_collection(GraphKeys.SAVEABLE_OBJECTS, scope)


def _flat(items: Any) -> list[Any]:
    result = []
    for item in items:
        result.extend(_flat(item) if isinstance(item, (list, tuple, set)) else [item])
    return result


def _is_saveable(item: Any) -> bool:
    return hasattr(item, "specs") and hasattr(item, "restore")


def _parts_of(item: Any) -> list[Any] | None:
    """The slices of a partitioned variable; None for anything else."""
    parts = getattr(item, "_get_variable_list", None)
    return None if parts is None else list(parts())


def names_to_saveables(var_list: Any) -> dict[str, Any]:
    """The variables of a list by their names in the checkpoint; slices of one tensor stand together.

    Raises:
      TypeError: it is no list, or an item is no variable.
      ValueError: two variables have one name.
    """
    if not isinstance(var_list, (list, tuple, set)):
        raise TypeError(f"Variables to save should be passed in a dict or a list. Got {var_list}")
    items = _flat(var_list)
    for item in items:
        if not hasattr(item, "name"):
            raise TypeError(
                f"Variable to save is not a Variable: {item!r}. Pass the variables themselves: tf.train.Saver([v1, v2]), "
                "or a dictionary from names in the checkpoint to variables."
            )
    result: dict[str, Any] = {}
    for item in sorted(items, key=lambda x: x.name):
        info = item._get_save_slice_info() if isinstance(item, Variable) else None
        if info is not None:
            slices = result.setdefault(info.full_name, [])
            if not isinstance(slices, list):
                raise ValueError(f"Mixing slices and non-slices with the same name: {info.full_name}")
            slices.append(item)
            continue
        if _is_saveable(item):
            result[item.name] = item
            continue
        if _parts_of(item) is not None:
            name, value = item.name, item
        else:
            value = _reference(item, "Variable to save is not a Variable")
            name = value.op.name
        if name in result:
            raise ValueError(f"At least two variables have the same name: {name}")
        result[name] = value
    return result


def _reference(item: Any, complaint: str) -> Tensor:
    ref = item._ref() if isinstance(item, Variable) else item
    if not isinstance(ref, Tensor) or ref.op.type not in _VARIABLE_OPS:
        raise TypeError(f"{complaint}: {item}")
    return ref


def saveables_of(by_name: dict[str, Any]) -> list[Any]:
    """The saveables of a dictionary of names to variables, sorted by name.

    Raises:
      TypeError: a key is no string, or a value no variable.
      ValueError: a variable stands under two names, or slices do not belong together.
    """
    for name in by_name:
        if not isinstance(name, str):
            raise TypeError(
                f"names_to_saveables must be a dict mapping string names to trackable operations. Name is not a string: {name}"
            )
    result: list[Any] = []
    seen: set[Any] = set()
    for name, item in sorted(by_name.items(), key=lambda pair: pair[0]):
        for saveable in _saveables_for(name, item):
            key = saveable.op if isinstance(saveable.op, (Tensor, Variable)) else id(saveable)
            if key in seen:
                raise ValueError(f"The same saveable will be restored with two names: {saveable.name}")
            seen.add(key)
            result.append(saveable)
    return result


def _saveables_for(name: str, item: Any) -> list[Any]:
    if _is_saveable(item):
        return [item]
    parts = _parts_of(item)
    if parts is not None:
        item = parts
    if not isinstance(item, (list, tuple)):
        complaint = "names_to_saveables must be a dict mapping string names to Tensors/Variables. Not a variable"
        return [VariableSaveable(_reference(item, complaint), "", name)]
    found: list[Any] = []
    full_names: set[str] = set()
    for variable in item:
        if not isinstance(variable, Variable):
            raise ValueError(f"Slices must all be Variables: {variable}")
        info = variable._get_save_slice_info()
        if info is None:
            raise ValueError(f"Slices must all be slices: {variable}")
        full_names.add(info.full_name)
        if len(full_names) > 1:
            raise ValueError(f"Slices must all be from the same tensor: {' != '.join(sorted(full_names))}")
        found.append(VariableSaveable(variable, info.spec, name))
    return found


def build(
    by_name: dict[str, Any],
    *,
    reshape: bool,
    sharded: bool,
    name: str | None,
    filename: str | None,
) -> tuple[str, str, str]:
    """Add the ops; the names of the file name tensor, the save tensor and the restore op."""
    saveables = saveables_of(by_name)
    with name_scope(name, "save", [s.op for s in saveables if isinstance(s.op, Tensor)]):
        given = arrays.placeholder_with_default(filename or "model", shape=(), name="filename")
        prefix = arrays.placeholder_with_default(given, shape=(), name="Const")  # TensorFlow's name, for old programs
        if sharded:
            by_device = _by_device(saveables)
            saved = _save_shards(prefix, by_device)
            restored = []
            for where, group in by_device:
                with device(where):
                    restored.append(_restore(prefix, group, reshape, "restore_shard"))
            restore_all = control_flow.group(*restored, name="restore_all")
        else:
            saved = _save(prefix, saveables)
            restore_all = _restore(prefix, saveables, reshape, "restore_all")
    return prefix.name, saved.name, restore_all.name


def _save(prefix: Tensor, saveables: Sequence[Any]) -> Tensor:
    specs = [spec for saveable in saveables for spec in saveable.specs]
    tensors = [s.tensor() if callable(s.tensor) else s.tensor for s in specs]
    save = apply_op("SaveV2", prefix, [s.name for s in specs], [s.slice_spec for s in specs], tensors)
    return control_flow.with_dependencies([save], prefix)


def _restore(prefix: Tensor, saveables: Sequence[Any], reshape: bool, name: str) -> Any:
    specs = [spec for saveable in saveables for spec in saveable.specs]
    with device("cpu:0"):
        types = [s.dtype.base_dtype for s in specs]
        tensors = apply_op("RestoreV2", prefix, [s.name for s in specs], [s.slice_spec for s in specs], dtypes=types)
    assigned = []
    for saveable in saveables:
        count = len(saveable.specs)
        shapes = None
        if reshape:
            shapes = [s.tensor.shape if s.tensor.shape.is_fully_defined() else arrays.shape(s.tensor) for s in saveable.specs]
        assigned.append(saveable.restore(tensors[:count], shapes))
        tensors = tensors[count:]
    return control_flow.group(*assigned, name=name)


def _by_device(saveables: Sequence[Any]) -> list[tuple[str, list[Any]]]:
    groups: dict[str, list[Any]] = {}
    for saveable in saveables:
        places = {DeviceSpec.from_string(s.device).to_string() for s in saveable.specs}
        if len(places) != 1:
            raise ValueError(f"All tensors of a saveable object must be on the same device: {saveable.name}")
        groups.setdefault(places.pop(), []).append(saveable)
    return sorted(groups.items())


def _save_shards(prefix: Tensor, by_device: Sequence[tuple[str, list[Any]]]) -> Tensor:
    """One checkpoint a device in a temporary folder, then merged into one."""
    with device("CPU"):
        on_s3 = apply_op("StaticRegexFullMatch", prefix, pattern="^s3://.*")
        suffix = arithmetic.where(on_s3, constant(".part"), constant("_temp/part"))
        temporary = apply_op("StringJoin", [prefix, suffix])
    shards = constant(len(by_device), name="num_shards")
    names, saves = [], []
    first_cpu = ""
    for shard, (where, saveables) in enumerate(by_device):
        first_cpu = DeviceSpec.from_string(where).replace(device_type="CPU", device_index=0).to_string()
        with device(first_cpu):
            names.append(apply_op("ShardedFilename", temporary, shard, shards))
            saves.append(_save(names[-1], saveables))
    with control_dependencies([s.op for s in saves]), device(first_cpu):
        merged = apply_op("MergeV2Checkpoints", names, prefix, delete_old_dirs=True)
        with control_dependencies([merged]):
            return arrays.identity(prefix)


def saver_def(names: tuple[str, str, str], max_to_keep: int, sharded: bool, hours: float) -> Any:
    """The `SaverDef` of a saver whose ops have these names, as `build` gives them."""
    from tensorboard.compat.proto import saver_pb2

    return saver_pb2.SaverDef(
        filename_tensor_name=names[0],
        save_tensor_name=names[1],
        restore_op_name=names[2],
        max_to_keep=max_to_keep,
        sharded=sharded,
        keep_checkpoint_every_n_hours=hours,
        version=V2,
    )
