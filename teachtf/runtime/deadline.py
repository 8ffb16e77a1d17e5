"""Runs that end in time: `RunOptions.timeout_in_ms` and `ConfigProto.operation_timeout_in_ms`."""

from __future__ import annotations

import time
from typing import Any

from teachtf.core import errors


class Deadline:
    """A time limit, from now on. `seen` is what a traced plan calls after each op, so no kernel is cut short."""

    def __init__(self, milliseconds: int) -> None:
        self._milliseconds = milliseconds
        self._end = time.perf_counter_ns() + milliseconds * 1_000_000

    def seen(self, op: Any, start: int, values: Any) -> None:
        """Go on, or raise.

        Raises:
          DeadlineExceededError: the time is up.
        """
        if time.perf_counter_ns() > self._end:
            raise errors.DeadlineExceededError(
                None,
                None,
                f"Timed out waiting for notification: the run took more than {self._milliseconds} ms (RunOptions.timeout_in_ms "
                "or ConfigProto.operation_timeout_in_ms). What it had assigned until then stays assigned.",
            )
