"""Event files: what TensorBoard reads. Source: `tf.summary.FileWriter`."""

from __future__ import annotations

import itertools
import os
import socket
import threading
import time
import warnings
from collections.abc import Iterator
from typing import Any

from tensorboard.compat.proto import event_pb2, graph_pb2, meta_graph_pb2, summary_pb2

from teachtf.core.graph import Graph
from teachtf.platform import files, log
from teachtf.platform.records import packed, tf_record_iterator
from teachtf.platform.text import as_text

_numbers = itertools.count()


class EventFileWriter:
    """Appends events to a new file in `logdir`, and hands them to the operating system after `max_queue` events, or when the
    oldest that waits is `flush_secs` old.

    Source: `tensorflow/python/summary/writer/event_file_writer.py`.
    """

    def __init__(self, logdir: Any, max_queue: int = 10, flush_secs: float = 120, filename_suffix: str | None = None) -> None:
        self._logdir = as_text(os.fspath(logdir))
        self._max_queue, self._flush_secs, self._suffix = max_queue, flush_secs, filename_suffix or ""
        self._lock = threading.Lock()
        self._file: Any = None
        self._waiting = 0
        self._timer: threading.Timer | None = None
        self.reopen()

    def get_logdir(self) -> str:
        """The folder of the file."""
        return self._logdir

    def reopen(self) -> None:
        """Start a new file if the last is closed."""
        if self._file is None:
            files.MakeDirs(self._logdir)
            name = f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.{next(_numbers)}"
            self._file = files.GFile(os.path.join(self._logdir, name + self._suffix), "wb")
            self.add_event(event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2"))
            self.flush()

    def add_event(self, event: Any) -> None:
        """Append an `Event`; a closed writer drops it."""
        with self._lock:
            if self._file is None:
                return
            self._file.write(packed(event.SerializeToString()))
            self._waiting += 1
            if self._waiting >= self._max_queue:
                self._flush()
            elif self._timer is None:
                self._timer = threading.Timer(self._flush_secs, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Hand all events to the operating system."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting = 0
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        with self._lock:
            self._flush()
            if self._file is not None:
                self._file.close()
                self._file = None


class FileWriter:
    """Writes summaries, graphs and what else TensorBoard shows into an event file.

    Args:
      logdir: the folder of the file, made where there is none.
      graph: a graph to show, as by `add_graph`.
      max_queue: how many events wait at most before they are handed to the operating system.
      flush_secs: how long an event waits at most, in seconds.
      graph_def: the old form of `graph`.
      filename_suffix: the end of the file's name.
      session: not supported.

    Raises:
      NotImplementedError: `session` is given.

    Source: `tf.summary.FileWriter`.
    """

    def __init__(
        self,
        logdir: Any,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        if session is not None:
            raise NotImplementedError("tf.summary.FileWriter(session=...): events are written by Python; leave session out")
        self.event_writer = EventFileWriter(logdir, max_queue, flush_secs, filename_suffix)
        self._closed = False
        self._tags: set[str] = set()
        self._run_tags: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph, graph_def=graph_def)
            from teachtf.checkpoint.meta_graph import export_meta_graph

            given = graph if graph is not None else graph_def
            meta = export_meta_graph(graph=given) if isinstance(given, Graph) else meta_graph_pb2.MetaGraphDef(graph_def=given)
            self.add_meta_graph(meta)

    def get_logdir(self) -> str:
        """The folder of the file."""
        return self.event_writer.get_logdir()

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Append a `tf.Summary`, or the bytes that a summary op gave.

        Args:
          summary: the message or its serialized form.
          global_step: the step that it belongs to.
        """
        if isinstance(summary, bytes):
            summary = summary_pb2.Summary.FromString(summary)
        for value in summary.value:
            if value.tag in self._tags:
                value.ClearField("metadata")  # the first value of a tag tells what it means
            self._tags.add(value.tag)
        self._add(event_pb2.Event(summary=summary), global_step)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Append a `tf.SessionLog`: that a session started, stopped or saved a checkpoint."""
        self._add(event_pb2.Event(session_log=session_log), global_step)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Append a graph, for TensorBoard to draw.

        Raises:
          ValueError: both `graph` and the older `graph_def` are given.
          TypeError: it is neither a `tf.Graph` nor a `tf.GraphDef`.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph if graph is not None else graph_def
        if isinstance(given, Graph):
            given = given.as_graph_def(add_shapes=True)
        elif isinstance(given, graph_pb2.GraphDef):
            log.warning("Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object instead.")
        else:
            raise TypeError(f"The passed graph must be an instance of `Graph` or the deprecated `GraphDef`, got {given!r}")
        self._add(event_pb2.Event(graph_def=given.SerializeToString()), global_step)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Append a `tf.MetaGraphDef`.

        Raises:
          TypeError: it is none.
        """
        if not isinstance(meta_graph_def, meta_graph_pb2.MetaGraphDef):
            raise TypeError(f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}")
        self._add(event_pb2.Event(meta_graph_def=meta_graph_def.SerializeToString()), global_step)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Append a `tf.RunMetadata` under a tag.

        Raises:
          ValueError: the tag is taken.
        """
        if tag in self._run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._run_tags.add(tag)
        told = event_pb2.TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add(event_pb2.Event(tagged_run_metadata=told), global_step)

    def _add(self, event: Any, step: Any) -> None:
        event.wall_time = time.time()
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def add_event(self, event: Any) -> None:
        """Append a `tf.Event`."""
        self._warn_if_closed()
        self.event_writer.add_event(event)

    def flush(self) -> None:
        """Hand all events to the operating system."""
        self._warn_if_closed()
        self.event_writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self.event_writer.close()
        self._closed = True

    def reopen(self) -> None:
        """Start a new file after `close`."""
        self.event_writer.reopen()
        self._closed = False

    def _warn_if_closed(self) -> None:
        if self._closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the FileWriter is explicitly "
                "reopened.",
                stacklevel=3,
            )

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


class FileWriterCache:
    """One writer a folder. Source: `tf.summary.FileWriterCache`."""

    _writers: dict[str, FileWriter] = {}
    _lock = threading.RLock()

    @staticmethod
    def get(logdir: Any) -> FileWriter:
        """The writer of a folder, made with the default graph when first asked for."""
        from teachtf.core.graph import get_default_graph

        with FileWriterCache._lock:
            if logdir not in FileWriterCache._writers:
                FileWriterCache._writers[logdir] = FileWriter(logdir, graph=get_default_graph())
            return FileWriterCache._writers[logdir]

    @staticmethod
    def clear() -> None:
        """Close all writers and forget them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._writers.values():
                writer.close()
            FileWriterCache._writers.clear()


def summary_iterator(path: Any) -> Iterator[Any]:
    """The events in an event file, as `tf.Event` messages. Source: `tf.train.summary_iterator`."""
    for record in tf_record_iterator(path):
        yield event_pb2.Event.FromString(record)
