"""Slots: the variables that an optimizer keeps beside each variable. Source: TensorFlow's `slot_creator`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from teachtf.core.name_scope import colocate_with
from teachtf.state import initializers
from teachtf.state.scopes import get_variable, get_variable_scope, variable_scope
from teachtf.state.variables import SaveSliceInfo


def create_slot(primary: Any, initial: Any, name: str, colocate: bool = True) -> Any:
    """A variable named `primary/name`: started from a tensor, or by an initializer in the shape of `primary`.

    With `colocate`, it goes where `primary` goes.
    """
    prefix = primary._shared_name if hasattr(primary, "_shared_name") else primary.op.name
    with variable_scope(None, f"{prefix}/{name}"), colocate_with(primary.op) if colocate else nullcontext():
        scope = get_variable_scope()
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        shape = primary.shape if callable(initial) else None
        slot = get_variable(
            "", shape, primary.dtype.base_dtype, initializer=initial, trainable=False,
            validate_shape=primary.shape.is_fully_defined(),
        )  # fmt: skip
        scope.set_partitioner(partitioner)
    info = primary._get_save_slice_info() if hasattr(primary, "_get_save_slice_info") else None
    if info is not None:
        suffix = slot.op.name[len(primary.op.name) :]
        slot._set_save_slice_info(SaveSliceInfo(info.full_name + suffix, info.full_shape, info.var_offset, info.var_shape))
    return slot


def create_zeros_slot(primary: Any, name: str, colocate: bool = True) -> Any:
    """A slot that starts at zero."""
    return create_slot(primary, initializers.Zeros(), name, colocate)
