"""The checkpoints of a folder: which are there, what they hold, which to remove.

Source: `tensorflow/python/checkpoint/checkpoint_management.py`, `tensorflow/python/training/checkpoint_utils.py`.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np


def _files(prefix: str) -> list[str]:
    """The index and data files of a V2 checkpoint, or the file of a V1 checkpoint."""
    found = glob.glob(f"{glob.escape(prefix)}.data-?????-of-?????")
    if os.path.exists(f"{prefix}.index"):
        return [f"{prefix}.index", *sorted(found)]
    return [prefix] if os.path.isfile(prefix) else []


def checkpoint_exists(checkpoint_prefix: str | os.PathLike[str]) -> bool:
    """Whether a checkpoint of that prefix is there, in V2 or V1 format. Source: `tf.train.checkpoint_exists`."""
    prefix = os.fspath(checkpoint_prefix)
    if os.path.exists(f"{prefix}.index") or os.path.isfile(prefix):
        return True
    return not os.path.isdir(prefix) and bool(glob.glob(prefix))  # a V1 checkpoint in shards goes by a pattern


def get_checkpoint_mtimes(checkpoint_prefixes: Sequence[str]) -> list[float]:
    """When the checkpoints were written, in seconds since 1970; those that are gone are left out.

    Source: `tf.train.get_checkpoint_mtimes`.
    """
    return [os.path.getmtime(files[0]) for prefix in checkpoint_prefixes if (files := _files(os.fspath(prefix)))]


def remove_checkpoint(
    checkpoint_prefix: str | os.PathLike[str], checkpoint_format_version: int = 2, meta_graph_suffix: str = "meta"
) -> None:
    """Delete a checkpoint's files; the index goes first, so that what is left over is no checkpoint.

    Source: `tf.train.remove_checkpoint`.
    """
    prefix = os.fspath(checkpoint_prefix)
    for path in (*_files(prefix), f"{prefix}.{meta_graph_suffix}"):
        with suppress(FileNotFoundError):
            os.remove(path)


def update_checkpoint_state(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write the `checkpoint` file of a folder.

    Raises: RuntimeError where the checkpoint has the state file's own name. Source: `tf.train.update_checkpoint_state`.
    """
    from teachtf.checkpoint.state_file import write_state

    write_state(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        latest_filename,
        False,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )


class TensorReader:
    """What `tf.train.NewCheckpointReader` gives: the tensors of a checkpoint by name.

    Args:
      filepattern: the checkpoint's prefix.

    Raises:
      tf.errors.NotFoundError: there is none.
      tf.errors.DataLossError: it is damaged.

    Source: `tf.train.NewCheckpointReader`.
    """

    def __init__(self, filepattern: str | os.PathLike[str]) -> None:
        from teachtf.checkpoint.v1 import open_checkpoint

        self._reader = open_checkpoint(filepattern)

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shapes, as lists, by name."""
        return {name: list(shape) for name, shape in self._reader.shapes().items()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The dtypes by name."""
        from teachtf.core.dtypes import as_dtype

        return {name: as_dtype(self._reader.dtype_number(name)) for name in self._reader.names()}

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is a tensor of that name."""
        return self._reader.has(tensor_str)

    def get_tensor(self, tensor_str: str) -> Any:
        """The values of a tensor: an array, or a number or bytes where it is a scalar. NotFoundError where there is none."""
        value = self._reader.tensor(tensor_str)
        return value if np.ndim(value) else value[()]

    def debug_string(self) -> bytes:
        """The names, dtypes and shapes, a line each."""
        dtypes = self.get_variable_to_dtype_map()
        shapes = self.get_variable_to_shape_map()
        lines = [f"{n} (DT_{_ENUM_NAMES.get(d.name, d.name.upper())}) {_shown(shapes[n])}\n" for n, d in dtypes.items()]
        return "".join(lines).encode()


_ENUM_NAMES = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "HALF"}


def _shown(shape: Sequence[int]) -> str:
    return f"[{','.join(map(str, shape))}]"


def load_checkpoint(ckpt_dir_or_file: str | os.PathLike[str]) -> TensorReader:
    """A reader of a checkpoint, or of a folder's latest one.

    Raises: ValueError where the folder has none. Source: `tf.train.load_checkpoint`.
    """
    path = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path):
        from teachtf.checkpoint.state_file import latest_checkpoint

        found = latest_checkpoint(path)
        if found is None:
            raise ValueError(f"Couldn't find 'checkpoint' file or checkpoints in given directory {path}")
        path = found
    return TensorReader(path)


def list_variables(ckpt_dir_or_file: str | os.PathLike[str]) -> list[tuple[str, list[int]]]:
    """The names and shapes of what a checkpoint holds, sorted.

    Raises: as `load_checkpoint`. Source: `tf.train.list_variables`.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def load_variable(ckpt_dir_or_file: str | os.PathLike[str], name: str) -> Any:
    """The values of one variable of a checkpoint; a `:0` at the end of `name` does not count.

    Raises: as `load_checkpoint`; NotFoundError for a name that is not there. Source: `tf.train.load_variable`.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The step that a session has counted to. Source: `tf.train.global_step`."""
    return int(sess.run(global_step_tensor))


def write_graph(graph_or_graph_def: Any, logdir: str | os.PathLike[str], name: str, as_text: bool = True) -> str:
    """Write a graph's GraphDef (or any proto) to a file, and give its path. The folder is made where it is missing.

    Source: `tf.train.write_graph`.
    """
    from google.protobuf import text_format

    from teachtf.core.graph import Graph

    proto = graph_or_graph_def.as_graph_def() if isinstance(graph_or_graph_def, Graph) else graph_or_graph_def
    folder = os.fspath(logdir)
    path = os.path.join(folder, name)
    if folder:
        os.makedirs(folder, exist_ok=True)
    data = text_format.MessageToString(proto).encode() if as_text else proto.SerializeToString(deterministic=True)
    temporary = f"{path}.tmp{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.remove(temporary)
        raise
    return path
