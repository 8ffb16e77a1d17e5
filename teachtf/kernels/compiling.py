"""Compilation behind the runs: NumPy serves until a compiled loop stands, so nobody waits for a compiler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from teachtf.kernels.cpu.formula import Statements, spread_of

_BOUND_KEPT = 64  # shapes a formula: a program whose shapes never repeat must not eat the memory

_lock = threading.Lock()
_jobs: dict[Hashable, Future[object]] = {}
_worker: ThreadPoolExecutor | None = None


def ready(key: Hashable, compile_it: Callable[[], object], patience: float = 0.0) -> bool:
    """Whether the code called `key` is compiled; the first question starts `compile_it` behind the caller's back, and waits for
    `patience` seconds, in which code that the cache holds is read.

    Code that fails to compile is never ready: the path that needs no compiler goes on serving.
    """
    global _worker
    job = _jobs.get(key)
    if job is None:
        with _lock:
            job = _jobs.get(key)
            if job is None:
                if _worker is None:
                    _worker = ThreadPoolExecutor(1, thread_name_prefix="teachtf-compiler")
                job = _jobs[key] = _worker.submit(compile_it)
        futures.wait([job], timeout=patience)
    return job.done() and job.exception() is None


def state(call: Any, inputs: Sequence[Any]) -> str:
    """What serves now when `call` computes inputs of these (shape, dtype) pairs: "compiled" code; NumPy while it is "compiling",
    or "to compile" as soon as it is asked for; "NumPy" for good; "" where a kernel does not tell.

    A kernel that compiles behind the runs tells by an attribute `code`: a function of the inputs that gives what `ready` is
    asked for, or None where NumPy is quicker.
    """
    code = getattr(call, "code", None)
    if code is None:
        return ""
    key = code(inputs)
    job = _jobs.get(key)
    if key is None or (job is not None and job.done() and job.exception() is not None):
        return "NumPy"
    return "to compile" if job is None else "compiled" if job.done() else "compiling"


class Compiled:
    """Statements whose loops are compiled behind the runs."""

    def __init__(self, formula: Statements) -> None:
        self._formula = formula
        self._bound: dict[Any, Any] = {}

    def ready(self, inputs: Sequence[Any]) -> Any:
        """The loop for inputs of these shapes (`cpu.elementwise.Bound`), or None while it is not compiled or cannot be."""
        key = tuple([(x.shape, x.dtype) for x in inputs])
        if key in self._bound:
            return self._bound[key]
        shapes, dtypes = zip(*key, strict=True)
        spread = spread_of(self._formula, shapes)
        if spread is not None and not ready((self._formula, spread.kinds, dtypes), lambda: self._bind(shapes, dtypes)):
            return None
        if len(self._bound) >= _BOUND_KEPT:
            self._bound.clear()
        self._bound[key] = bound = None if spread is None else self._bind(shapes, dtypes)
        return bound

    def code(self, inputs: Sequence[Any]) -> Hashable:
        """What `ready` is asked for inputs of these (shape, dtype) pairs; None if no loop can take them."""
        shapes, dtypes = zip(*inputs, strict=True)
        spread = spread_of(self._formula, shapes)
        return None if spread is None else (self._formula, spread.kinds, dtypes)

    def _bind(self, shapes: Sequence[Any], dtypes: Sequence[Any]) -> Any:
        from teachtf.kernels.cpu.elementwise import Formula

        return Formula(self._formula).bind(shapes, dtypes)


def wait() -> None:
    """Return when everything that was asked for is compiled. Raises what a compilation raised."""
    for job in list(_jobs.values()):
        job.result()
