"""How names are made: name scopes, and the counter that keeps names apart. Source: `tf.Graph.unique_name`, `tf.name_scope`."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_VALID_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_VALID_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")


_checked: set[str] = set()  # names that passed at the top of a graph: most programs use few


def check_op_name(name: Any, scope: str = "") -> None:
    """Raise an error when `name` cannot name an operation under `scope`.

    Raises:
      TypeError: it is no string.
      ValueError: it has a character that names do not have, or begins with one that only inner names begin with.
    """
    if name in _checked:
        return
    if not isinstance(name, str):
        raise TypeError(f"the name of an operation is a string, not {name!r}")
    if scope and _VALID_SCOPE_NAME.match(name):
        return
    if scope or not _VALID_OP_NAME.match(name):
        raise ValueError(
            f"`{scope and scope + '/'}{name}` is not a valid node name. It starts with a letter, digit or dot, and goes on "
            "with letters, digits, and _ . \\ / > -"
        )
    if len(_checked) < 10_000:
        _checked.add(name)


def is_op_name(name: str) -> bool:
    """Whether an operation can have this full name."""
    return _VALID_OP_NAME.match(name) is not None


class _Scope(threading.local):
    """The scope that is open in a thread."""

    name = ""


class Names:
    """The names in use in one graph, and the scope that new names go under."""

    __slots__ = ("_in_use", "_open")

    def __init__(self) -> None:
        self._in_use: dict[str, int] = {}  # lower-case name -> how often it was asked for
        self._open = _Scope()

    @property
    def scope(self) -> str:
        """The open scope of this thread, without a trailing slash."""
        return self._open.name

    @scope.setter
    def scope(self, name: str) -> None:
        self._open.name = name

    def unique(self, name: str, mark_as_used: bool = True) -> str:
        """`name` under the current scope, with `_1`, `_2`, ... where it is taken; case does not tell names apart."""
        if self.scope:
            name = f"{self.scope}/{name}"
        key = name.lower()
        in_use = self._in_use
        i = in_use.get(key, 0)
        if mark_as_used:
            in_use[key] = i + 1
        if i > 0:
            base = key
            while key in in_use:
                key = f"{base}_{i}"
                i += 1
            if mark_as_used:
                in_use[key] = 1
            name = f"{name}_{i - 1}"
        return name

    def reserve(self, name: str) -> None:
        """Mark `name` as taken, as an import does."""
        self._in_use.setdefault(name.lower(), 1)

    @contextmanager
    def opened(self, name: str | None) -> Iterator[str]:
        """Put new names under `name`; gives the full scope with a trailing slash, or `""` for the top."""
        if name:
            pattern, kind = (_VALID_SCOPE_NAME, "scope") if self.scope else (_VALID_OP_NAME, "root scope")
            if not pattern.match(name):
                raise ValueError(
                    f"'{name}' is not a valid {kind} name. A {kind} name has to match the following pattern: {pattern.pattern}"
                )
        old = self.scope
        if not name:
            new = ""
        elif name[-1] == "/":
            new = name[:-1]  # a scope that stands already, opened again as it is
        else:
            new = self.unique(name)
        self.scope = new
        try:
            yield f"{new}/" if new else ""
        finally:
            self.scope = old
