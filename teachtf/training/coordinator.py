"""Threads that stop together. Source: `tf.train.Coordinator`, `tf.train.LooperThread`."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from teachtf.core import errors
from teachtf.platform import log


class Coordinator:
    """Tells threads when to stop, waits for them, and passes the exception of one on to who waits.

    Args:
      clean_stop_exception_types: exceptions that ask for a stop and are no fault; by default `tf.errors.OutOfRangeError`, the
        end of a queue.

    Source: `tf.train.Coordinator`.

    >>> import threading
    >>> import teachtf as tf
    >>> coord = tf.train.Coordinator()
    >>> def work():
    ...     while not coord.should_stop():
    ...         coord.request_stop()
    >>> threads = [threading.Thread(target=work) for _ in range(2)]
    >>> for thread in threads:
    ...     thread.start()
    >>> coord.join(threads)
    """

    def __init__(self, clean_stop_exception_types: Any = None) -> None:
        clean = (errors.OutOfRangeError,) if clean_stop_exception_types is None else tuple(clean_stop_exception_types)
        self._clean_stop_exception_types = clean
        self._lock = threading.Lock()
        self._stop_event = threading.Event()
        self._exception: BaseException | None = None
        self._joined = False
        self._registered_threads: set[threading.Thread] = set()

    @property
    def joined(self) -> bool:
        """Whether `join` has come to its end."""
        return self._joined

    def request_stop(self, ex: Any = None) -> None:
        """Ask all threads to stop.

        Args:
          ex: an exception, or what `sys.exc_info()` gives, to be raised by `join`. The first one asked with counts.
        """
        with self._lock:
            if isinstance(ex, tuple):
                ex = ex[1]
            if isinstance(ex, self._clean_stop_exception_types):
                ex = None
            if self._joined:
                if ex is not None:
                    raise ex
                raise RuntimeError("Coordinator has already been stopped. Call clear_stop() to use it again.")
            if not self._stop_event.is_set():
                if ex is not None and self._exception is None:
                    log.info("Error reported to Coordinator: %s, %s", type(ex), ex)
                    self._exception = ex
                self._stop_event.set()

    def clear_stop(self) -> None:
        """Make the coordinator as new."""
        with self._lock:
            self._joined = False
            self._exception = None
            self._stop_event.clear()

    def should_stop(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop_event.is_set()

    @contextmanager
    def stop_on_exception(self) -> Iterator[None]:
        """A block whose exceptions ask for a stop, and go no further."""
        try:
            yield
        except BaseException:
            self.request_stop(ex=sys.exc_info())

    def wait_for_stop(self, timeout: float | None = None) -> bool:
        """Wait until a stop is asked for, `timeout` seconds at most; whether it was."""
        return self._stop_event.wait(timeout)

    def register_thread(self, thread: threading.Thread) -> None:
        """Make `join` wait for a thread too."""
        with self._lock:
            self._registered_threads.add(thread)

    def join(self, threads: Any = None, stop_grace_period_secs: float = 120, ignore_live_threads: bool = False) -> None:
        """Wait until a stop is asked for or all threads have ended, then for the threads.

        Args:
          threads: the threads, besides those that are registered.
          stop_grace_period_secs: how long threads may take to end after the stop.
          ignore_live_threads: whether threads that still live then are no fault.

        Raises:
          RuntimeError: a thread has not ended in time.
          BaseException: the exception that a stop was asked for with.
        """
        with self._lock:
            waited = list(self._registered_threads | set(threads or ()))
        while any(t.is_alive() for t in waited) and not self.wait_for_stop(0.01):
            pass
        limit = time.monotonic() + stop_grace_period_secs
        while any(t.is_alive() for t in waited) and time.monotonic() < limit:
            time.sleep(0.001)
        late = [t.name for t in waited if t.is_alive()]
        with self._lock:
            self._joined = True
            self._registered_threads = set()
            if self._exception is not None:
                raise self._exception
            if late and ignore_live_threads:
                log.info("Coordinator stopped with threads still running: %s", " ".join(late))
            elif late:
                raise RuntimeError(f"Coordinator stopped with threads still running: {' '.join(late)}")

    def raise_requested_exception(self) -> None:
        """Raise the exception that a stop was asked for with, if there is one."""
        with self._lock:
            if self._exception is not None:
                raise self._exception


class LooperThread(threading.Thread):
    """A thread that calls a function again and again until its coordinator stops.

    Args:
      coord: the coordinator; an exception of the function asks it for a stop.
      timer_interval_secs: the time between calls; None for none.
      target: the function; subclasses may define `run_loop` in its place.
      args: its arguments.
      kwargs: its keyword arguments.

    Source: `tf.train.LooperThread`.
    """

    def __init__(
        self,
        coord: Coordinator,
        timer_interval_secs: float | None,
        target: Callable[..., Any] | None = None,
        args: Any = None,
        kwargs: Any = None,
    ) -> None:
        if not isinstance(coord, Coordinator):
            raise ValueError(f"'coord' argument must be a Coordinator: {coord}")
        super().__init__(daemon=True)
        self._coord, self._interval, self._function = coord, timer_interval_secs, target
        self._arguments, self._keywords = args or (), kwargs or {}
        coord.register_thread(self)

    @staticmethod
    def loop(coord: Coordinator, timer_interval_secs: float | None, target: Any, args: Any = None, kwargs: Any = None) -> Any:
        """A started `LooperThread`."""
        looper = LooperThread(coord, timer_interval_secs, target, args, kwargs)
        looper.start()
        return looper

    def run(self) -> None:
        """What the thread does."""
        with self._coord.stop_on_exception():
            self.start_loop()
            if self._interval is None:
                while not self._coord.should_stop():
                    self.run_loop()
            else:
                next_time = time.time()
                while not self._coord.wait_for_stop(next_time - time.time()):
                    next_time += self._interval
                    self.run_loop()
            self.stop_loop()

    def start_loop(self) -> None:
        """Called before the first turn. Subclasses may define it."""

    def stop_loop(self) -> None:
        """Called after the last turn. Subclasses may define it."""

    def run_loop(self) -> None:
        """One turn: calls the function."""
        if self._function:
            self._function(*self._arguments, **self._keywords)
