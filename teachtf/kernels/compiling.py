"""Compilation behind the runs: NumPy serves until a compiled loop stands, so nobody waits for a compiler."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

_lock = threading.Lock()
_jobs: dict[Hashable, Future[None]] = {}
_worker: ThreadPoolExecutor | None = None


def ready(key: Hashable, compile_it: Callable[[], None]) -> bool:
    """Whether the code called `key` is compiled; the first question starts `compile_it` behind the caller's back.

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
    return job.done() and job.exception() is None


def wait() -> None:
    """Return when everything that was asked for is compiled. Raises what a compilation raised."""
    for job in list(_jobs.values()):
        job.result()
