"""Checkpoint files, read and written as TensorFlow does.

This is the layer of files: names and arrays. The Saver, which knows graphs and sessions, stands on top of it.
"""

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
