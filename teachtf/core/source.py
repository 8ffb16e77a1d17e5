"""Where in the user's own code something happened: the frames that are not the engine's."""

from __future__ import annotations

import linecache
import sys
import traceback
from types import CodeType
from typing import NamedTuple

# A stack as (code, line) pairs, innermost first: cheap to take for every op, formatted only when somebody looks.
Stack = tuple[tuple[CodeType, int], ...]


class Frame(NamedTuple):
    """One line of the user's code."""

    filename: str
    lineno: int
    function: str
    line: str


def user_stack() -> Stack:
    """The frames of the caller outside teachtf, innermost first."""
    frame = sys._getframe(1)
    found = []
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not (name.startswith("teachtf.") or name in ("teachtf", "contextlib")):
            found.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(found)


def first_frame(stack: Stack) -> Frame | None:
    """The innermost user frame of a stack."""
    if not stack:
        return None
    code, lineno = stack[0]
    return Frame(_shown(code.co_filename), lineno, code.co_name, linecache.getline(code.co_filename, lineno).strip())


def _shown(filename: str) -> str:
    """What a reader knows a file as: a notebook's cell is `Cell In[3]`, not the temporary file of its text."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    cell = shell.compile.format_code_name(filename) if shell is not None else None
    return " ".join(cell) if cell else filename


def summary(stack: Stack) -> traceback.StackSummary:
    """The stack as `traceback` gives it, outermost first."""
    return traceback.StackSummary.from_list(
        [
            (code.co_filename, lineno, code.co_name, linecache.getline(code.co_filename, lineno).strip())
            for code, lineno in reversed(stack)
        ]
    )
