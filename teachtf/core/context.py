"""The stacks behind `with graph.as_default():` and `with session.as_default():`, one a thread."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
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

    def pushed(self, item: T, what: str) -> AbstractContextManager[T]:
        """A block in which `item` is the default."""
        return _Block(self, item, what)


class _Block(Generic[T]):
    """The block of one default."""

    def __init__(self, stack: DefaultStack[T], item: T, what: str) -> None:
        self._stack, self._item, self._what = stack, item, what

    def __enter__(self) -> T:
        self._stack.items.append(self._item)
        return self._item

    def __exit__(self, *exception: object) -> None:
        items = self._stack.items
        if not items or items[-1] is not self._item:
            if self._item in items:
                items.remove(self._item)
            raise AssertionError(f"Nesting violated for default stack of {self._what} objects")
        items.pop()
