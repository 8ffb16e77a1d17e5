"""The stacks behind `with graph.as_default():` and `with session.as_default():`, one a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class DefaultStack(threading.local, Generic[T]):
    """A stack of defaults; the innermost `with` wins."""

    def __init__(self) -> None:
        self.items: list[T] = []

    def top(self) -> T | None:
        """The innermost default, or None."""
        return self.items[-1] if self.items else None

    def reset(self) -> None:
        """Forget all defaults of this thread."""
        self.items.clear()

    @contextmanager
    def pushed(self, item: T, what: str) -> Iterator[T]:
        """Make `item` the default within the block."""
        self.items.append(item)
        try:
            yield item
        finally:
            if not self.items or self.items[-1] is not item:
                if item in self.items:
                    self.items.remove(item)
                raise AssertionError(f"Nesting violated for default stack of {what} objects")
            self.items.pop()
