"""Where things are: the installed versions, the lessons, the package itself."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


class ToolError(Exception):
    """A failure that the user can mend; its text says how, and no traceback is shown."""


def version(distribution: str = "teachtf") -> str | None:
    """The installed version of a distribution, or None.

    >>> version("no-such-distribution") is None
    True
    """
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def importable(module: str) -> bool:
    """Whether the top-level `module` could be imported; it is not imported to find out.

    >>> importable("json"), importable("no_such_module")
    (True, False)
    """
    return importlib.util.find_spec(module) is not None


def lessons_folder() -> Path:
    """The lessons that came with teachtf: within the package where it was installed from a wheel, `lessons/` in a
    source checkout."""
    for folder in (_PACKAGE / "_lessons", _PACKAGE.parent / "lessons"):
        if folder.is_dir():
            return folder
    raise ToolError("this installation has no lessons; install teachtf from its wheel or from a source checkout")
