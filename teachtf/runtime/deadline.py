"""Runs that end in time: `RunOptions.timeout_in_ms` and `ConfigProto.operation_timeout_in_ms`."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

from teachtf.core import errors


class _TimedOut(BaseException):
    """Raised in the thread that runs, between two steps of its Python, when the time is up."""


def within(milliseconds: int, call: Callable[[], Any]) -> Any:
    """What `call()` gives, if it comes in time. A kernel that has started is not cut short.

    Raises:
      DeadlineExceededError: it does not.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    lock = threading.Lock()
    done = fired = False

    def stop() -> None:
        nonlocal fired
        with lock:
            if not done:
                fired = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(_TimedOut))

    timer = threading.Timer(milliseconds / 1000, stop)
    timer.daemon = True
    timer.start()
    try:
        try:
            return call()
        finally:
            with lock:
                done = True
            while fired:  # it is on its way and must not arrive later
                time.sleep(0.001)
    except _TimedOut:
        raise errors.DeadlineExceededError(
            None,
            None,
            f"Timed out waiting for notification: the run took more than {milliseconds} ms (RunOptions.timeout_in_ms or "
            "ConfigProto.operation_timeout_in_ms). What it had assigned until then stays assigned.",
        ) from None
    finally:
        timer.cancel()
