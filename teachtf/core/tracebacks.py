"""Tracebacks in notebooks: the reader's own lines, without the engine's.

`%tb` and `%debug` still have the whole of it.
"""

from __future__ import annotations

import contextlib
import sys
import sysconfig
from pathlib import Path
from types import TracebackType
from typing import Any

from teachtf.core.errors import InternalError

_ENGINE = (str(Path(__file__).parents[1]), "<teachtf plan")
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})


def users_part(traceback: TracebackType | None) -> TracebackType | None:
    """The frames of a traceback that are not the engine's, nor those of libraries that the engine called.

    It is the same traceback where the engine has no part in it.
    """
    frames: list[TracebackType] = []
    found, step = False, traceback
    while step is not None:
        filename = step.tb_frame.f_code.co_filename
        if filename.startswith(_ENGINE):
            found = True
        elif filename != contextlib.__file__ and not (found and filename.startswith(_LIBRARIES)):
            frames.append(step)
        step = step.tb_next
    if not found or not frames:
        return traceback
    result: TracebackType | None = None
    for frame in reversed(frames):
        result = TracebackType(result, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return result


def shorten_in_notebooks(shell: Any = None) -> bool:
    """Let an IPython shell show only the user's part of tracebacks.

    Args:
      shell: the shell; by default the one that this program runs in, if any.

    Returns:
      Whether there is such a shell, and nobody has given it another way to show errors.
    """
    if shell is None:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or shell.custom_exceptions:
        return False
    shell.set_custom_exc((Exception,), _show)
    return True


def _show(shell: Any, kind: type, error: Exception, traceback: TracebackType, tb_offset: int | None = None) -> None:
    # An InternalError is a fault of the engine: whoever reports it needs all of the frames.
    shown = traceback if isinstance(error, InternalError) else users_part(traceback)
    shell.showtraceback((kind, error, shown), tb_offset=tb_offset)
    sys.last_traceback = traceback
