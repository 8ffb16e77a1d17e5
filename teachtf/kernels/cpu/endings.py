"""What happens to each row of a product as soon as it stands, while it is in the cache: bias, activation, and what else is
elementwise.

A kernel of products takes an `ending`: a function of the array that it is about to fill, which gives an `Ending`, or None
where there is nothing to do. Compiled code calls it for some rows of the result's last axis at a time; `run` does it where rows
are not completed one after the other.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Ending", "EndingOf", "ended"]

_TASK = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p)


class Ending(NamedTuple):
    """A task of `sharing`, for rows of a result.

    Attributes:
      kept: the addresses, as `sharing.shared` has written them.
      each: what the task counts in one row.
      rows: how many there are.
      run: does all of it.
      alive: the arrays that it works on.
    """

    kept: npt.NDArray[np.int64]
    each: int
    rows: int
    run: Callable[[], object]
    alive: Any

    @property
    def numbers(self) -> tuple[int, int, int]:
        """What compiled code calls it by: the addresses of the task and of its arguments, and `each`."""
        return int(self.kept[0]), self.kept.ctypes.data + self.kept.itemsize, self.each

    def some(self, first: int, last: int) -> None:
        """Do it to some rows."""
        task, arguments, each = self.numbers
        _TASK(task)(first * each, last * each, arguments)


EndingOf = Callable[[npt.NDArray[Any]], Ending | None]


def ended(result: npt.NDArray[Any], ending: EndingOf | None) -> npt.NDArray[Any]:
    """`result`, after its ending: for a product whose rows were not completed one by one."""
    made = None if ending is None else ending(result)
    if made is not None:
        made.run()
    return result
