"""Variables that start from a checkpoint. Source: `tf.train.init_from_checkpoint`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from teachtf.checkpoint.management import load_checkpoint
from teachtf.checkpoint.saver_ops import saveables_of
from teachtf.checkpoint.state_file import latest_checkpoint
from teachtf.core.apply import apply_op
from teachtf.core.errors import did_you_mean
from teachtf.core.name_scope import device
from teachtf.platform import log
from teachtf.state.partitions import PartitionedVariable
from teachtf.state.variable_scope import scope_state
from teachtf.state.variables import Variable


def init_from_checkpoint(ckpt_dir_or_file: str, assignment_map: Any) -> None:
    """Let the initializers of variables read a checkpoint, in the place of their initial values.

    Args:
      ckpt_dir_or_file: a checkpoint, or a folder, whose newest one is meant.
      assignment_map: a dictionary, or pairs: names in the checkpoint to variables, their names, or lists of their partitions;
        or scopes to scopes, both with a slash at the end, or "/" for the top. Each variable of `tf.get_variable` in the scope
        is then looked for in the checkpoint's.

    Raises:
      ValueError: a tensor is not in the checkpoint, its shape does not fit, or a scope has no slash at its end.

    Source: `tf.train.init_from_checkpoint`. Call it before the operation that initialises the variables is made.
    """
    reader = load_checkpoint(ckpt_dir_or_file)
    path = latest_checkpoint(ckpt_dir_or_file) if os.path.isdir(ckpt_dir_or_file) else ckpt_dir_or_file
    shapes = reader.get_variable_to_shape_map()
    made = scope_state().store.by_name
    pairs = assignment_map.items() if isinstance(assignment_map, Mapping) else assignment_map
    for tensor_name, wanted in sorted(pairs, key=lambda pair: pair[0]):
        variable = _variable(wanted, made)
        if variable is None:
            _init_scope(path, ckpt_dir_or_file, tensor_name, wanted, made, shapes)
            continue
        if tensor_name not in shapes:
            near = did_you_mean(tensor_name, shapes)
            raise ValueError(f"Tensor {tensor_name} is not found in {ckpt_dir_or_file} checkpoint {shapes}{near}")
        if isinstance(variable, Variable) and not variable.shape.is_compatible_with(shapes[tensor_name]):
            raise ValueError(
                f"Shape of variable {variable.name} ({variable.shape}) doesn't match with shape of tensor {tensor_name} "
                f"({shapes[tensor_name]}) from checkpoint reader."
            )
        _set_initializers(variable, path, tensor_name)


def _variable(wanted: Any, made: Mapping[str, Variable]) -> Any:
    """The variable, or list of partitions, that is meant; None for a scope."""
    if isinstance(wanted, (Variable, PartitionedVariable)):
        return wanted
    if isinstance(wanted, list) and all(isinstance(v, Variable) for v in wanted):
        return wanted
    return made.get(wanted) or _partitions(wanted, made)


def _partitions(name: str, made: Mapping[str, Variable]) -> list[Variable] | None:
    parts: list[Variable] = []
    while (part := made.get(f"{name}/part_{len(parts)}")) is not None:
        parts.append(part)
    return parts or None


def _init_scope(
    path: Any, given: str, tensor_scope: str, wanted: str, made: Mapping[str, Variable], shapes: Mapping[str, Any]
) -> None:
    scope = wanted.rpartition("/")[0]
    if not tensor_scope.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {scope} should map to scope only {tensor_scope}. Should be 'scope/': "
            "'other_scope/'."
        )
    names = {name.partition("/part_")[0] for name in made if not scope or name.startswith(f"{scope}/")}
    for name in sorted(names):
        tensor_name = name[len(scope) :]
        if wanted != "/":
            tensor_name = tensor_name[1:]
        if tensor_scope != "/":
            tensor_name = tensor_scope + tensor_name
        tensor_name = tensor_name.removesuffix("/")
        if tensor_name not in shapes:
            raise ValueError(
                f"Tensor {tensor_name} ({name[len(scope) + 1 :]} in {tensor_scope}) is not found in {given} checkpoint"
                f"{did_you_mean(tensor_name, shapes)}"
            )
        _set_initializers(made.get(name) or _partitions(name, made), path, tensor_name)


def _set_initializers(variable: Any, path: Any, tensor_name: str) -> None:
    if isinstance(variable, Variable):
        _set_initializer(variable, path, tensor_name, "")
        return
    infos = [part._get_save_slice_info() for part in variable]
    for part, info in zip(variable, infos, strict=True):
        if info.full_name != infos[0].full_name:
            raise ValueError(f"Slices must all be from the same tensor: {infos[0].full_name} != {info.full_name}")
        _set_initializer(part, path, tensor_name, info.spec)


def _set_initializer(variable: Variable, path: Any, tensor_name: str, slice_spec: str) -> None:
    with device(variable.device), device("/cpu:0"):
        types = [variable.dtype.base_dtype]
        restored = apply_op("RestoreV2", path, [tensor_name], [slice_spec], dtypes=types, name="checkpoint_initializer")[0]
    name = tensor_name if slice_spec else variable.op.name
    saveable = saveables_of({name: [variable] if slice_spec else variable})[0]
    variable._initializer_op = saveable.restore([restored], None).op
    restored.set_shape(variable.shape)
    variable._initial_value = restored
    log.debug("Initialize variable %s from checkpoint %s with %s", variable.name, path, tensor_name)
