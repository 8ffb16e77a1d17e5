"""Lines of Python, and when their locals can be given up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class _Line(NamedTuple):
    text: str
    indent: int
    loops: tuple[int, ...]  # the loops around it, outermost first
    op: Any
    sets: frozenset[str]
    reads: frozenset[str]


class Lines:
    """The body of a function, written line by line."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._indent = 1
        self._loops: tuple[int, ...] = ()
        self._loop_indents: list[int] = []
        self._reads: set[str] = set()

    def reads(self, name: str) -> str:
        """Say that the next line reads the local `name`; gives `name`."""
        self._reads.add(name)
        return name

    def add(self, text: str, op: Any = None, sets: Iterable[str] = ()) -> None:
        """A line that computes `op` and assigns the locals `sets`."""
        self._lines.append(_Line(text, self._indent, self._loops, op, frozenset(sets), frozenset(self._reads)))
        self._reads.clear()

    def add_first(self, text: str, name: str) -> None:
        """A line before all others, which assigns the local `name`; once, however often it is asked for."""
        if all(line.text != text for line in self._lines):
            self._lines.insert(0, _Line(text, 1, (), None, frozenset([name]), frozenset()))

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """The lines under `head`, as an `if`."""
        self.add(head)
        self._indent += 1
        yield
        self._indent -= 1

    @contextmanager
    def loop(self, head: str) -> Iterator[None]:
        """The lines under `head`, which run again and again."""
        number = len(self._loop_indents)
        self._loop_indents.append(self._indent)
        with self.block(head):
            self._loops += (number,)
            yield
            self._loops = self._loops[:-1]

    def assembled(self, head: str) -> tuple[str, list[Any]]:
        """The text of the function, and the op of each line number.

        Every local is set to None after its last use, so its memory is free again while the function still runs.
        """
        gone = self._last_uses()
        text = [head]
        ops: list[Any] = [None, None]
        for number, line in enumerate(self._lines):
            text.append("    " * line.indent + line.text)
            ops.append(line.op)
            for indent, names in sorted(gone.get(number, {}).items(), reverse=True):
                text.append("    " * indent + " = ".join([*names, "None"]))
                ops.append(None)
        return "\n".join(text) + "\n", ops

    def given_up(self) -> Iterator[tuple[Any, list[str]]]:
        """The op of each line after which locals are given up at once, and these."""
        for number, gone in self._last_uses().items():
            line = self._lines[number]
            yield line.op, gone.get(line.indent, [])

    def _last_uses(self) -> dict[int, dict[int, list[str]]]:
        """The locals that nothing reads after a line, by line and by the indent at which to give them up.

        What a loop reads and did not set itself stays until the loop has ended.
        """
        home: dict[str, tuple[int, ...]] = {}
        last: dict[str, int] = {}
        ends: dict[int, int] = {}
        for number, line in enumerate(self._lines):
            ends.update(dict.fromkeys(line.loops, number))
            for name in line.sets:
                home.setdefault(name, line.loops)
            for name in line.sets | line.reads:
                if name in home:
                    last[name] = number
        result: dict[int, dict[int, list[str]]] = {}
        for name, number in last.items():
            line = self._lines[number]
            inner = line.loops[len(home[name]) :]
            at, indent = (ends[inner[0]], self._loop_indents[inner[0]]) if inner else (number, line.indent)
            if at + 1 < len(self._lines):
                result.setdefault(at, {}).setdefault(indent, []).append(name)
        return result
