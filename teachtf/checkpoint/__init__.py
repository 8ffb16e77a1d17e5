"""Checkpoint files, read and written as TensorFlow does, and the Saver, which knows graphs and sessions, on top of them.

The names of the file layer stand here too. They are imported when first asked for: every program imports this package for the
kernels, and few of them read a file.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from teachtf.checkpoint.bundle import BundleReader, BundleWriter, merge
    from teachtf.checkpoint.protos import CheckpointState
    from teachtf.checkpoint.reader import CheckpointReader
    from teachtf.checkpoint.slices import TensorSlice, parse_shape_and_slice
    from teachtf.checkpoint.state_file import (
        generate_checkpoint_state_proto,
        latest_checkpoint,
        read_state,
        write_state,
    )
    from teachtf.checkpoint.v1 import V1Reader, open_checkpoint

_HOME = {
    "BundleReader": "bundle",
    "BundleWriter": "bundle",
    "CheckpointReader": "reader",
    "CheckpointState": "protos",
    "TensorSlice": "slices",
    "V1Reader": "v1",
    "generate_checkpoint_state_proto": "state_file",
    "latest_checkpoint": "state_file",
    "merge": "bundle",
    "open_checkpoint": "v1",
    "parse_shape_and_slice": "slices",
    "read_state": "state_file",
    "write_state": "state_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'teachtf.checkpoint' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(f"teachtf.checkpoint.{_HOME[name]}"), name)
    return value


__all__ = [
    "BundleReader",
    "BundleWriter",
    "CheckpointReader",
    "CheckpointState",
    "TensorSlice",
    "V1Reader",
    "generate_checkpoint_state_proto",
    "latest_checkpoint",
    "merge",
    "open_checkpoint",
    "parse_shape_and_slice",
    "read_state",
    "write_state",
]
