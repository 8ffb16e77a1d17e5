"""A small pool of threads for kernels that release the GIL.

Numba's own ``parallel=True`` costs seconds of compile time a kernel; cutting a range in Python costs microseconds.
"""

from __future__ import annotations

import functools
import itertools
import os
import queue
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["parallel_for", "share", "thread_count"]

# Places in the box of `sharing.py`: how many threads look into it, and how many are wanted elsewhere.
AWAKE, CALLED_AWAY = 32, 40
_BOX_SIZE = 64
_PATIENCE = 4000  # looks into the box before a thread sleeps, of some 40 nanoseconds each
_CHUNKS_PER_THREAD = 4  # more than one, so a thread that the system holds up does not hold up the whole job


@functools.cache
def thread_count() -> int:
    """How many threads compute at once, the caller's among them: ``$TEACHTF_NUM_THREADS``, or one for each CPU."""
    text = os.environ.get("TEACHTF_NUM_THREADS", "")
    if not text:
        return os.cpu_count() or 1
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"TEACHTF_NUM_THREADS is {text!r}; give a whole number of threads, 1 or more.")
    return int(text)


class _Job:
    """One parallel_for: chunks are handed out by a counter, and whoever finishes the last one opens the gate."""

    def __init__(self, function: Callable[[int, int], object], n: int, step: int) -> None:
        self.function, self.n, self.step = function, n, step
        self.chunks = -(-n // step)
        self.taken, self.finished = itertools.count(), itertools.count(1)  # next() on them is atomic
        self.gate = threading.Lock()
        self.gate.acquire()
        self.error: BaseException | None = None

    def work(self) -> None:
        while (chunk := next(self.taken)) < self.chunks:
            if self.error is None:
                start = chunk * self.step
                try:
                    self.function(start, min(start + self.step, self.n))
                except BaseException as error:  # raised again by the caller of parallel_for
                    self.error = error
            if next(self.finished) == self.chunks:
                self.gate.release()


class _Pool:
    def __init__(self, helpers: int) -> None:
        self.jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.helpers, self.called = helpers, 0
        self.counts = threading.Lock()
        self.box = np.zeros(_BOX_SIZE, np.int64)
        for number in range(helpers):
            threading.Thread(target=self._serve, name=f"teachtf-kernel-{number}", daemon=True).start()

    def _serve(self) -> None:
        with np.errstate(all="ignore"):  # as in the thread of the run
            while True:
                self._do(self.jobs.get())

    def _do(self, job: _Job | None) -> None:
        with self.counts:
            if job is None:
                self.called -= 1
            else:
                self.box[CALLED_AWAY] -= 1
        if job is None:
            from teachtf.kernels.cpu.sharing import serve  # not before a compiled kernel asks for it

            serve(self.box, _PATIENCE)
        else:
            job.work()

    def call(self, helpers: int, job: _Job | None) -> None:
        """Have threads leave the interpreter's waiting for `job`, or for what comes into the box."""
        with self.counts:
            if job is None:
                self.called += helpers
            else:
                self.box[CALLED_AWAY] += helpers
        for _ in range(helpers):
            self.jobs.put(job)


_pool: _Pool | None = None
_pool_lock = threading.Lock()


def _forget_pool() -> None:
    """In a forked child the parent's threads do not exist."""
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def _the_pool() -> _Pool:
    global _pool
    with _pool_lock:
        if _pool is None:
            _pool = _Pool(thread_count() - 1)
        return _pool


def parallel_for(function: Callable[[int, int], object], n: int, grain: int = 1) -> None:
    """Calls ``function(start, stop)`` on ranges that cover ``range(n)``, on several threads when ``n > grain``.

    `grain` is the smallest range worth a thread. The calling thread takes part, so calls may nest. The first error that
    a range raises is raised here, after every range that had started is done.
    """
    if n <= grain or thread_count() == 1:
        if n > 0:
            function(0, n)
        return
    step = max(grain, -(-n // (_CHUNKS_PER_THREAD * thread_count())))
    job = _Job(function, n, step)
    pool = _pool or _the_pool()
    pool.call(min(pool.helpers, job.chunks - 1), job)
    job.work()
    job.gate.acquire()
    if job.error is not None:
        raise job.error


def share(run: Callable[..., None], count: int, step: int, *arguments: Any) -> None:
    """Calls ``run(box, count, step, *arguments)``, made by `sharing.shared`: units 0 to `count`, `step` at a time, on several
    threads when there is more than one step."""
    pool = _pool or _the_pool()
    box = pool.box
    if step < count and (missing := pool.helpers - int(box[AWAKE]) - pool.called) > 0:
        pool.call(missing, None)
    run(box, count, step, *arguments)
