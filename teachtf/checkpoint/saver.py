"""`tf.train.Saver`: variables into files and back. Source: `tensorflow/python/training/saver.py`."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from teachtf.checkpoint import explain, kernels, management, saver_ops
from teachtf.checkpoint.names import prepended, stripped
from teachtf.core import errors
from teachtf.core.graph import get_default_graph

assert kernels  # fills the registry

_log = logging.getLogger("teachtf")


class Saver:
    """Saves variables to checkpoints and restores them.

    Args:
      var_list: the variables, as a list (each under its own name) or a dictionary from names in the checkpoint to variables;
        None for all global variables.
      reshape: restore a variable of another shape with as many elements.
      sharded: one data file a device.
      max_to_keep: how many checkpoints stay; older ones are deleted. None or 0 keeps all.
      keep_checkpoint_every_n_hours: beside those, keep one every so many hours.
      name: the name scope of the ops, "save" by default.
      restore_sequentially: accepted; restoring reads one variable after another anyway.
      saver_def: a `SaverDef` of a saver whose ops the graph has already.
      builder: not supported: teachtf builds the ops of TensorFlow's own default builder.
      defer_build: add the ops when `build()` is called.
      allow_empty: a saver without variables does nothing, instead of raising.
      write_version: `SaverDef.V2`; V1 checkpoints are read, not written.
      pad_step_number: eight digits for the step in file names.
      save_relative_paths: write relative paths to the `checkpoint` file, so that the folder can be moved.
      filename: the default value of the file name tensor.

    Raises:
      TypeError: `var_list` is neither list nor dictionary, or holds what is no variable.
      ValueError: there is no variable, or one comes twice.

    Source: `tf.train.Saver`.

    >>> import tempfile
    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     v = tf.Variable([1.0, 2.0], name="v")
    ...     saver = tf.train.Saver()
    ...     sess.run(v.initializer)
    ...     path = saver.save(sess, tempfile.mkdtemp() + "/model", global_step=7)
    ...     v.load([0.0, 0.0])
    ...     saver.restore(sess, path)
    ...     print(path[-7:], sess.run(v))
    model-7 [1. 2.]
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: Any = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = saver_ops.V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set defer_build=False or var_list=None."
            )
        if builder is not None:
            raise NotImplementedError(
                "tf.train.Saver(builder=...): teachtf builds the save and restore ops itself, as TensorFlow's default builder "
                "does. Leave builder out."
            )
        if write_version != saver_ops.V2 and saver_def is None:
            raise NotImplementedError(
                "teachtf writes checkpoints in TensorFlow's V2 format only (it reads V1). Leave write_version out, or pass "
                "tf.train.SaverDef.V2."
            )
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._max_to_keep = max_to_keep
        self._keep_hours = keep_checkpoint_every_n_hours
        self._name = name
        self.saver_def = saver_def
        self._is_built = False
        self._allow_empty = allow_empty
        self._is_empty = False
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = filename
        self._last_checkpoints: list[tuple[str, float]] = []
        self._to_delete: list[tuple[str, float]] = []
        self._warned: set[str] = set()
        if saver_def is not None:
            self._check_saver_def()
        if not defer_build:
            self.build()

    def build(self) -> None:
        """Add the ops, where `defer_build` put that off. Once is enough; a second call does nothing."""
        if self._is_built:
            return
        self._is_built = True
        if self.saver_def is None:
            if self._var_list is None:
                self._var_list = saver_ops.all_saveables()
            if not self._var_list:
                if not self._allow_empty:
                    raise ValueError(
                        "No variables to save: make the tf.train.Saver after the variables, in their graph, or pass "
                        "allow_empty=True."
                    )
                self._is_empty = True
                return
            by_name = self._var_list if isinstance(self._var_list, dict) else saver_ops.names_to_saveables(self._var_list)
            names = saver_ops.build(
                by_name, reshape=self._reshape, sharded=self._sharded, name=self._name, filename=self._filename
            )
            self.saver_def = saver_ops.saver_def(names, self._max_to_keep or 0, self._sharded, self._keep_hours)
        elif self._name:
            copy = type(self.saver_def)()
            copy.CopyFrom(self.saver_def)
            for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
                setattr(copy, field, prepended(getattr(copy, field), self._name))
            self.saver_def = copy
        self._check_saver_def()
        self._next_checkpoint_time = time.time() + self.saver_def.keep_checkpoint_every_n_hours * 3600

    def _check_saver_def(self) -> None:
        from tensorboard.compat.proto import saver_pb2

        if not isinstance(self.saver_def, saver_pb2.SaverDef):
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {self.saver_def}")
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(self.saver_def, field):
                raise ValueError(f"saver_def must specify the {field}: {self.saver_def}")

    # --- what it is ----------------------------------------------------------------------------------------------

    def as_saver_def(self) -> Any:
        """This saver as a `SaverDef`: the names of its ops and how many checkpoints it keeps."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """As `as_saver_def`, with `export_scope` taken off the names; None where the ops are not under it."""
        if not export_scope:
            return self.saver_def
        if not self.saver_def.filename_tensor_name.startswith(export_scope):
            return None
        copy = type(self.saver_def)()
        copy.CopyFrom(self.saver_def)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            setattr(copy, field, stripped(getattr(copy, field), export_scope))
        return copy

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """The saver of a `SaverDef`; the default graph holds its ops already, under `import_scope`."""
        return Saver(saver_def=saver_def, name=import_scope)

    @property
    def last_checkpoints(self) -> list[str]:
        """The checkpoints that this saver will delete in time, oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: Sequence[str]) -> None:
        """Say which checkpoints there are, oldest first. Deprecated in TensorFlow for `set_last_checkpoints_with_time`."""
        if not isinstance(last_checkpoints, list):
            raise TypeError(f"last_checkpoints must be a list, got {last_checkpoints!r}")
        self._last_checkpoints = [(path, np.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(self, last_checkpoints_with_time: Sequence[tuple[str, float]]) -> None:
        """Say which checkpoints there are, oldest first, each with the time it was written."""
        if not isinstance(last_checkpoints_with_time, list):
            raise TypeError(f"last_checkpoints_with_time must be a list, got {last_checkpoints_with_time!r}")
        self._last_checkpoints = list(last_checkpoints_with_time)

    def recover_last_checkpoints(self, checkpoint_paths: Sequence[str]) -> None:
        """After a restart: take up those of the paths that are there, so that `max_to_keep` counts them."""
        times = ((path, management.get_checkpoint_mtimes([path])) for path in checkpoint_paths)
        self.set_last_checkpoints_with_time([(path, mtime[0]) for path, mtime in times if mtime])

    # --- saving --------------------------------------------------------------------------------------------------

    def save(
        self,
        sess: Any,
        save_path: Any,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Write a checkpoint: `<path>.index`, `<path>.data-?????-of-?????`, `<path>.meta`, and the folder's `checkpoint` file.

        Args:
          sess: the session that has the values.
          save_path: the prefix of the files.
          global_step: a number, or a tensor or variable that has it: `save_path-<step>` is the prefix then.
          latest_filename: the name of the state file, "checkpoint" by default.
          meta_graph_suffix: the suffix of the meta graph.
          write_meta_graph: whether to write the graph too.
          write_state: whether to write the state file, and to delete what `max_to_keep` says.
          strip_default_attrs: leave attributes that have their default value out of the meta graph.
          save_debug_info: accepted, not written.

        Returns:
          The prefix of the checkpoint, to give to `restore`; None where the saver is empty.

        Raises:
          TypeError: `sess` is no session.
          ValueError: the folder does not exist, or `latest_filename` does not fit.
          RuntimeError: the ops were not built.
          tf.errors.FailedPreconditionError: a variable has no value.
        """
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        latest_filename = latest_filename or "checkpoint"
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        save_path = os.fspath(save_path)
        checkpoint_file = save_path
        if global_step is not None:
            if not isinstance(global_step, (int, np.integer)):
                global_step = management.global_step(sess, global_step)
            checkpoint_file = f"{save_path}-{global_step:08d}" if self._pad_step_number else f"{save_path}-{global_step:d}"
        elif os.path.basename(save_path) == latest_filename and not self._sharded:
            raise ValueError(f"'latest_filename' collides with 'save_path': '{latest_filename}' and '{save_path}'")
        _check_session(sess)
        path = None
        if not self._is_empty:
            self._warn_of_drift(sess.graph)
            path = self._write(sess, save_path, checkpoint_file)
            if write_state:
                self._record(path, save_path, latest_filename)
                self._delete_old(meta_graph_suffix)
        if write_meta_graph:
            with sess.graph.as_default():
                self.export_meta_graph(f"{checkpoint_file}.{meta_graph_suffix}", strip_default_attrs=strip_default_attrs)
        return path

    def _write(self, sess: Any, save_path: str, checkpoint_file: str) -> str:
        try:
            written = sess.run(self.saver_def.save_tensor_name, {self.saver_def.filename_tensor_name: checkpoint_file})
        except (errors.FailedPreconditionError, errors.NotFoundError):
            if not os.path.isdir(os.path.dirname(save_path) or os.curdir):
                raise ValueError(
                    f"Parent directory of {save_path} doesn't exist, can't save. "
                    f"Make it first: os.makedirs({os.path.dirname(save_path)!r}, exist_ok=True)"
                ) from None
            raise
        return os.fsdecode(np.asarray(written, object).item())

    def _record(self, path: str, save_path: str, latest_filename: str) -> None:
        from teachtf.checkpoint.state_file import write_state

        if self.saver_def.max_to_keep:
            self._last_checkpoints = [p for p in self._last_checkpoints if p[0] != path]
            self._last_checkpoints.append((path, time.time()))
            if len(self._last_checkpoints) > self.saver_def.max_to_keep:
                self._to_delete.append(self._last_checkpoints.pop(0))
        write_state(
            os.path.dirname(save_path),
            path,
            self.last_checkpoints,
            latest_filename,
            save_relative_paths=self._save_relative_paths,
        )

    def _delete_old(self, meta_graph_suffix: str) -> None:
        if not self._to_delete:
            return
        path, written = self._to_delete.pop(0)
        if written > self._next_checkpoint_time:
            self._next_checkpoint_time += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            management.remove_checkpoint(path, meta_graph_suffix=meta_graph_suffix)
        except OSError as error:  # the new checkpoint stands; an old one that stays is no reason to stop
            _log.warning("Ignoring: %s", error)

    def _warn_of_drift(self, graph: Any) -> None:
        from teachtf.core.keys import GraphKeys

        twice = explain.ran_twice(graph.get_collection(GraphKeys.GLOBAL_VARIABLES))
        new = {name: was for name, was in twice.items() if name not in self._warned}
        if new:
            self._warned.update(new)
            _log.warning(
                "This graph has variables twice, because the code that makes them ran again: %s. The checkpoint gets both, and "
                "a graph built once will not look for the second. tf.reset_default_graph() in the first cell avoids it.",
                ", ".join(f"{name} (was {was})" for name, was in new.items()),
            )

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: Sequence[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """The default graph with this saver as a `MetaGraphDef`; see `tf.train.export_meta_graph`."""
        from teachtf.checkpoint.meta_graph import export_meta_graph

        return export_meta_graph(
            filename=filename,
            graph_def=get_default_graph().as_graph_def(add_shapes=True),
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
        )

    # --- restoring -----------------------------------------------------------------------------------------------

    def restore(self, sess: Any, save_path: Any) -> None:
        """Give the variables the values of a checkpoint; they need no initializer then. All of them change, or none.

        Args:
          sess: the session to put the values into.
          save_path: the prefix of the checkpoint, as `save` and `tf.train.latest_checkpoint` give.

        Raises:
          ValueError: there is no checkpoint of that prefix.
          tf.errors.NotFoundError: it lacks a variable; the message names missing, extra and closest names.
          tf.errors.InvalidArgumentError: a shape or dtype differs.
          tf.errors.DataLossError: the files are damaged.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError(
                "Can't load save_path when it is None. tf.train.latest_checkpoint gives None where a folder has no checkpoint."
            )
        if not self._is_built:
            raise RuntimeError("`build()` should be called before restore if defer_build==True")
        prefix = os.fspath(save_path)
        if not management.checkpoint_exists(prefix):
            from teachtf.checkpoint.reader import near_prefixes

            raise ValueError(f"The passed save_path is not a valid checkpoint: {prefix}.{near_prefixes(prefix)}")
        _check_session(sess)
        cells = getattr(getattr(sess, "_state", None), "cells", {})
        before = {name: cell.value for name, cell in cells.items()}
        try:
            sess.run(self.saver_def.restore_op_name, {self.saver_def.filename_tensor_name: prefix})
        except BaseException as error:
            for name, cell in cells.items():  # a shard that fitted must not stay when another did not
                cell.value = before.get(name)
            if isinstance(error, errors.NotFoundError):
                raise _wrapped(error, "a Variable name or other graph key that is missing") from None
            if isinstance(error, errors.InvalidArgumentError):
                raise _wrapped(error, "a mismatch between the current graph and the graph") from None
            raise


def _wrapped(error: errors.OpError, cause: str) -> errors.OpError:
    return type(error)(
        error.node_def,
        error.op,
        f"Restoring from checkpoint failed. This is most likely due to {cause} from the checkpoint. Please ensure that you "
        f"have not altered the graph expected based on the checkpoint. Original error:\n\n{error.message}",
    )


def _check_session(sess: Any) -> None:
    if not (callable(getattr(sess, "run", None)) and hasattr(sess, "graph")) or isinstance(sess, type):
        raise TypeError(f"'sess' must be a Session; {sess}")
