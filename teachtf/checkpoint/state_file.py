"""The `checkpoint` file of a folder: which checkpoints it holds, and which is the latest.

Source: `tensorflow/python/checkpoint/checkpoint_management.py`; the text is what TensorFlow writes.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from google.protobuf import text_format

from teachtf.checkpoint.index import index_path
from teachtf.checkpoint.protos import CheckpointState
from teachtf.checkpoint.reader import file_errors

_DEFAULT_NAME = "checkpoint"


def generate_checkpoint_state_proto(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """Returns the CheckpointState of a folder.

    A relative `save_dir` makes relative paths relative to itself; absolute paths stay. The latest path joins the list
    of all paths where it is not its last.

    >>> generate_checkpoint_state_proto("run", "run/model.ckpt-1").model_checkpoint_path
    'model.ckpt-1'

    Raises: ValueError where there are timestamps, but not one (seconds since 1970) for each path.
    """
    save_dir = os.fspath(save_dir)
    paths = list(all_model_checkpoint_paths or [])
    if not paths or paths[-1] != model_checkpoint_path:
        paths.append(model_checkpoint_path)
    if all_model_checkpoint_timestamps and len(all_model_checkpoint_timestamps) != len(paths):
        raise ValueError(
            "Checkpoint timestamps, if provided, must match checkpoint paths (got "
            f"paths {paths} and timestamps {list(all_model_checkpoint_timestamps)})"
        )
    if not os.path.isabs(save_dir):
        model_checkpoint_path, *paths = (
            path if os.path.isabs(path) else os.path.relpath(path, save_dir) for path in (model_checkpoint_path, *paths)
        )
    return CheckpointState(
        model_checkpoint_path=model_checkpoint_path,
        all_model_checkpoint_paths=paths,
        all_model_checkpoint_timestamps=all_model_checkpoint_timestamps,
        last_preserved_timestamp=last_preserved_timestamp,
    )


def write_state(
    save_dir: str | os.PathLike[str],
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Writes the folder's state file (`checkpoint`, or `latest_filename`); a reader sees the old text or the new.

    With `save_relative_paths`, absolute paths too are written relative to the folder, which can then be moved.

    Raises: RuntimeError where the checkpoint has the state file's own name; ValueError as
    `generate_checkpoint_state_proto` does; NotFoundError and the like where the folder cannot be written.
    Source: `update_checkpoint_state_internal`.
    """
    save_dir = os.fspath(save_dir)
    path = _state_path(save_dir, latest_filename)
    latest, everything = model_checkpoint_path, list(all_model_checkpoint_paths or [])
    if save_relative_paths:
        latest, *everything = (os.path.relpath(p, save_dir) if os.path.isabs(p) else p for p in (latest, *everything))
    state = generate_checkpoint_state_proto(
        save_dir, latest, everything, all_model_checkpoint_timestamps, last_preserved_timestamp
    )
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{model_checkpoint_path}' conflicts with path used for checkpoint state.  "
            "Please use a different save path."
        )
    temporary = f"{path}.tmp{secrets.token_hex(8)}"
    with file_errors("Cannot write the checkpoint state"):
        try:
            with open(temporary, "w", encoding="utf-8") as file:
                file.write(text_format.MessageToString(state))
            os.replace(temporary, path)
        except BaseException:
            with suppress(OSError):
                os.remove(temporary)
            raise


def read_state(checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None) -> Any | None:
    """Returns the folder's CheckpointState with paths joined to the folder, None where there is none to read.

    Raises: ValueError where the file names no checkpoint. Source: `tf.train.get_checkpoint_state`.
    """
    checkpoint_dir = os.fspath(checkpoint_dir)
    path = _state_path(checkpoint_dir, latest_filename)
    state = CheckpointState()
    try:
        with open(path, encoding="utf-8") as file:
            text_format.Merge(file.read(), state)
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        logging.getLogger("teachtf").warning("%s: %s: Checkpoint ignored", path, error)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}: it names no checkpoint.")
    # join() leaves absolute paths as they are.
    state.model_checkpoint_path = os.path.join(checkpoint_dir, state.model_checkpoint_path)
    state.all_model_checkpoint_paths[:] = [os.path.join(checkpoint_dir, p) for p in state.all_model_checkpoint_paths]
    return state


def latest_checkpoint(checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None) -> str | None:
    """Returns the prefix of the folder's latest checkpoint, None where there is no state file or its files are gone.

    Source: `tf.train.latest_checkpoint`.
    """
    state = read_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    prefix = state.model_checkpoint_path
    if os.path.exists(index_path(prefix)) or os.path.exists(prefix):
        return prefix
    logging.getLogger("teachtf").warning("Couldn't match files for checkpoint %s", prefix)
    return None


def _state_path(folder: str, latest_filename: str | None) -> str:
    return os.path.join(folder, latest_filename or _DEFAULT_NAME)
