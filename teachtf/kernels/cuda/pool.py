"""Memory of the GPU that arrays have given up, kept for the next ones: the driver takes long to give and take back.

A run makes arrays of the same sizes each time. All work is done in one order (the default stream), so memory may be used again
before the GPU has done with it: what uses it next comes later.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

__all__ = ["Block", "Pool", "rounded"]

_LEAST = 512  # bytes


def rounded(size: int) -> int:
    """The size of the block for `size` bytes: one of eight between powers of two, so that a block fits many arrays."""
    if size <= _LEAST:
        return _LEAST
    step = 1 << ((size - 1).bit_length() - 4)
    return -(-size // step) * step


class Block:
    """Memory that an array uses. When nothing refers to it any more, the pool has it back.

    Attributes:
      memory: what the driver gave.
      size: its bytes.
    """

    __slots__ = ("_home", "memory", "size")

    def __init__(self, memory: Any, size: int, home: deque[tuple[int, Any]]) -> None:
        self.memory, self.size, self._home = memory, size, home

    def __del__(self) -> None:
        self._home.append((self.size, self.memory))  # no lock: this may run in the midst of anything


class Pool:
    """The memory of one GPU that is free to be used again.

    Args:
      allocate: takes memory of some bytes from the driver, or raises an error that `is_full` knows; the driver has it back when
        nothing refers to it.
      most: bytes to keep.
      is_full: whether an error says that there is no memory.
    """

    def __init__(self, allocate: Callable[[int], Any], most: int, is_full: Callable[[Exception], bool]) -> None:
        self._allocate, self._most, self._is_full = allocate, most, is_full
        self._lock = threading.Lock()
        self._returned: deque[tuple[int, Any]] = deque()
        self._free: dict[int, list[Any]] = {}  # by size; the sizes used last stand last
        self.kept = 0  # bytes

    def take(self, size: int) -> Block:
        """Memory of at least `size` bytes.

        Raises:
          Exception: what `allocate` raises when there is none, after all that is free was given back.
        """
        size = rounded(size)
        with self._lock:
            self._sort_in()
            found = self._free.get(size)
            if found:
                self.kept -= size
                return Block(found.pop(), size, self._returned)
            try:
                memory = self._allocate(size)
            except Exception as error:
                if not self._is_full(error):
                    raise
                self._shrink(0)
                memory = self._allocate(size)
            return Block(memory, size, self._returned)

    def clear(self) -> None:
        """Give back all that is free."""
        with self._lock:
            self._sort_in()
            self._shrink(0)

    def _sort_in(self) -> None:
        while self._returned:
            size, memory = self._returned.popleft()
            self._free.setdefault(size, []).append(memory)
            self.kept += size
            self._free[size] = self._free.pop(size)
        self._shrink(self._most)

    def _shrink(self, most: int) -> None:
        while self.kept > most:
            size = next(iter(self._free))
            blocks = self._free[size]
            if blocks:
                blocks.pop()
                self.kept -= size
            if not blocks:
                del self._free[size]
