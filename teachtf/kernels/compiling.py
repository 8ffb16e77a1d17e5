"""Compilation behind the runs: NumPy serves until compiled code stands, so nobody waits for a compiler.

The environment variable TEACHTF_COMPILER says otherwise: ``first`` compiles before it serves, so that a program gives the same
last digits each time; ``off`` keeps to NumPy.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import queue
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

from teachtf.kernels.cpu.formula import Statements, spread_of

__all__ = ["Compiled", "Served", "ready", "wait"]

_BOUND_KEPT = 64  # shapes a formula: a program whose shapes never repeat must not eat the memory
_WORTHWHILE = 0.01  # seconds that NumPy has served, from which the compiler is asked
_BEHIND = 4  # steps of priority below the runs': with 10, all is compiled four times as late as with none
_TURN = 2e-4  # seconds that the compiler keeps the interpreter while a run waits for it
_LONGEST_EXIT = 2.0  # seconds that the interpreter's exit waits for the compiler to let go
_LONGEST_FORK = 10.0  # and a fork

_lock = threading.Lock()
_at_work = threading.Lock()  # held while something is compiled
_held = False  # by a fork
_jobs: dict[Hashable, Future[Any]] = {}
_served: defaultdict[Hashable, float] = defaultdict(float)  # seconds of NumPy's for each code, in all its callers together
_worker: _Worker | None = None
_cut_off = False  # in a child that was forked amid a compilation: nobody is left to open Numba's locks


class _Stop(SystemExit):
    """Ends the worker's thread."""


@contextmanager
def _often_interrupted() -> Iterator[None]:
    """Lets a run that comes back from a kernel go on soon: Numba is Python, and would keep the interpreter for 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _TURN))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


class _Worker:
    """A thread that compiles what it is asked for, in that order. No exit waits for it."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, name="teachtf-compiler", daemon=True)
        self._thread.start()

    @property
    def asks(self) -> bool:
        """Whether this is the worker's own thread, which would wait for itself."""
        return threading.current_thread() is self._thread

    def ask(self, compile_it: Callable[[], Any]) -> Future[Any]:
        """The result to come."""
        future: Future[Any] = Future()
        self._asked.put((future, compile_it))
        return future

    def _serve(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            os.setpriority(os.PRIO_PROCESS, 0, os.getpriority(os.PRIO_PROCESS, 0) + _BEHIND)
        with suppress(_Stop):
            while (job := self._asked.get()) is not None and not self._stopped:
                future, compile_it = job
                with _at_work, _often_interrupted():
                    try:
                        result = compile_it()
                    except BaseException as error:
                        future.set_exception(error)
                    else:
                        future.set_result(result)

    def stop(self) -> None:
        """Leave off at the next line of Python, and print nothing."""
        self._stopped = True
        self._asked.put(None)
        report = sys.unraisablehook
        mine = _Stop, ResourceWarning  # of a file that it was about to close
        sys.unraisablehook = lambda event: None if isinstance(event.exc_value, mine) else report(event)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(_Stop))
        self._thread.join(_LONGEST_EXIT)


@atexit.register
def _stop_at_exit() -> None:
    if _worker is not None:
        _worker.stop()


def _before_fork() -> None:
    global _held
    _held = _at_work.acquire(timeout=_LONGEST_FORK)


def _after_fork_in_parent() -> None:
    if _held:
        _at_work.release()


def _after_fork_in_child() -> None:
    """The parent's thread does not exist here; what it had compiled does."""
    global _lock, _at_work, _jobs, _worker, _cut_off
    _cut_off = _cut_off or not _held
    _lock, _at_work, _worker = threading.Lock(), threading.Lock(), None
    _jobs = {key: job for key, job in _jobs.items() if job.done()}


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)


def _asked(key: Hashable, compile_it: Callable[[], object], patience: float) -> Future[Any] | None:
    """What the compiler was asked for under this key; None if nobody is to compile it. Nobody waits for what stands in a
    queue."""
    global _worker
    job = _jobs.get(key)
    if job is not None and job.done():
        return job
    mode = os.environ.get("TEACHTF_COMPILER", "behind")
    if mode not in ("behind", "first", "off"):
        raise ValueError(f"TEACHTF_COMPILER is {mode!r}; it can be 'behind' (the default), 'first' or 'off'.")
    if mode == "off" or _cut_off:
        return None
    with _lock:
        if _worker is None:
            _worker = _Worker()
        job = _jobs.get(key)
        next_in_turn = job is None and all(other.done() for other in _jobs.values())
        if job is None:
            job = _jobs[key] = _worker.ask(compile_it)
    if not _worker.asks and (next_in_turn or mode == "first"):
        futures.wait([job], timeout=None if mode == "first" else patience)
    return job


def ready(key: Hashable, compile_it: Callable[[], object], patience: float = 0.0) -> bool:
    """Whether the code called `key` is compiled; the first question starts `compile_it` behind the caller's back, and waits for
    `patience` seconds, in which code that the cache holds is read.

    Code that fails to compile is never ready: the path that needs no compiler goes on serving.
    """
    job = _asked(key, compile_it, patience)
    return job is not None and job.done() and job.exception() is None


class Served:
    """A function of two versions with one meaning: NumPy's serves until the compiled one stands.

    Args:
      key: what the compiled version is called.
      plain: NumPy's version.
      load: gives the compiled version, made ready to be called; it runs in the compiler's thread.
    """

    def __init__(self, key: Hashable, plain: Callable[..., Any], load: Callable[[], Callable[..., Any]]) -> None:
        self.key, self._plain, self._load = key, plain, load
        self._compiled: Callable[..., Any] | None = None

    @property
    def compiled(self) -> bool:
        """Whether the compiled version serves."""
        return self._compiled is not None

    def version(self, seconds: float) -> Callable[..., Any]:
        """The one to call now, for work that takes NumPy about so many seconds.

        Small programs never wake the compiler. Large work waits for it, as long as NumPy would take: so the first run takes
        at most twice as long as it has to, whatever the compiler does.
        """
        if self._compiled is not None:
            return self._compiled
        _served[self.key] += seconds
        if _served[self.key] < _WORTHWHILE and os.environ.get("TEACHTF_COMPILER", "behind") == "behind":
            return self._plain
        job = _asked(self.key, self._load, seconds)
        if job is None or not job.done() or job.exception() is not None:
            return self._plain
        self._compiled = job.result()
        return self._compiled


class Compiled:
    """Statements whose loops are compiled behind the runs; the first `updates` inputs are updated."""

    def __init__(self, formula: Statements, updates: int = 0) -> None:
        self._formula, self._updates = formula, updates
        self._bound: dict[Any, Any] = {}

    def ready(self, inputs: Sequence[Any]) -> Any:
        """The loop for inputs of these shapes (`cpu.elementwise.Bound`), or None while it is not compiled or cannot be."""
        key = tuple([(x.shape, x.dtype) for x in inputs])
        if key in self._bound:
            return self._bound[key]
        shapes, dtypes = zip(*key, strict=True)
        spread = spread_of(self._formula, shapes, self._updates)
        if spread is not None and not ready((self._formula, spread.kinds, dtypes), lambda: self._bind(shapes, dtypes)):
            return None
        if len(self._bound) >= _BOUND_KEPT:
            self._bound.clear()
        self._bound[key] = bound = None if spread is None else self._bind(shapes, dtypes)
        return bound

    def _bind(self, shapes: Sequence[Any], dtypes: Sequence[Any]) -> Any:
        from teachtf.kernels.cpu.elementwise import Formula

        return Formula(self._formula).bind(shapes, dtypes, self._updates)


def wait() -> None:
    """Return when everything that was asked for is compiled. Raises what a compilation raised."""
    for job in list(_jobs.values()):
        job.result()
