"""`teachtf run`: a TensorFlow 1 script, unchanged, with `import tensorflow` answered by teachtf."""

from __future__ import annotations

import importlib
import importlib.abc
import runpy
import sys
import traceback
import types
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from teachtf.tools.env import ToolError

# What scripts import by its place in TensorFlow's sources, and where that is here.
_MOVED = {
    "tensorflow.python.tools.inspect_checkpoint": "teachtf.tools.inspect_checkpoint",
    "tensorflow.python.platform.app": "teachtf.app",
    "tensorflow.python.platform.flags": "teachtf.flags",
    "tensorflow.python.platform.gfile": "teachtf.gfile",
}
_CONTAINERS = {name.rpartition(".")[0] for name in _MOVED} | {"tensorflow.python"}


class TensorFlowNames(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers `import tensorflow`, `tensorflow.compat.v1` and `tensorflow.<namespace>` with teachtf's own modules.

    The very same module objects are given, so `tensorflow.nn is teachtf.nn`; nothing is loaded twice.
    """

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] != "tensorflow":
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        # The real module stands in sys.modules before the import system sees it, so its own __spec__ stays as it is.
        return _Stand(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        sys.modules[module.__name__] = resolve(module.__name__)


class _Stand(types.ModuleType):
    """Holds the place of a teachtf module while it is looked up."""


def resolve(name: str) -> types.ModuleType:
    """The teachtf module that stands for the TensorFlow module `name`.

    >>> resolve("tensorflow.compat.v1").__name__
    'teachtf'
    """
    teachtf = importlib.import_module("teachtf")
    if name in _MOVED:
        home, _, attribute = _MOVED[name].rpartition(".")
        found = getattr(importlib.import_module(home), attribute, None)
        return found if isinstance(found, types.ModuleType) else importlib.import_module(_MOVED[name])
    if name == "tensorflow.compat" and isinstance(getattr(teachtf, "compat", None), types.ModuleType):
        return teachtf.compat
    if name in _CONTAINERS or name == "tensorflow.compat":
        package = types.ModuleType(name)
        package.__path__ = []
        return package
    value: object = teachtf
    for part in name.removeprefix("tensorflow").removeprefix(".compat.v1").strip(".").split("."):
        value = getattr(value, part, None) if part else value
    if not isinstance(value, types.ModuleType):
        raise ModuleNotFoundError(
            f"teachtf has nothing for `import {name}`. Names that stand on `tf` itself need no import of their own",
            name=name,
        )
    return value


def answer_tensorflow() -> TensorFlowNames:
    """From here on, in this process, `import tensorflow` gives teachtf, with TensorFlow's behaviour throughout."""
    for finder in sys.meta_path:
        if isinstance(finder, TensorFlowNames):
            return finder
    finder = TensorFlowNames()
    sys.meta_path.insert(0, finder)
    # where the notes and TensorFlow differ, a script gets TensorFlow's way
    settings: Any = importlib.import_module("teachtf.core.settings")
    settings.captured_scope_opens_name_scope = settings.seeds_count_all_operations = True
    teachtf: Any = importlib.import_module("teachtf")
    teachtf.__version__ = teachtf.VERSION  # scripts ask whether it is new enough for them
    return finder


def run_script(script: Path, arguments: Sequence[str]) -> int:
    """Run the file `script` as Python would, with `arguments` as its `sys.argv[1:]`; returns its exit status."""
    if script.is_dir():
        raise ToolError(f"{script} is a folder; name a Python file in it")
    if not script.is_file():
        raise ToolError(f"there is no file {script}")
    answer_tensorflow()
    sys.argv = [str(script), *arguments]
    sys.path.insert(0, str(script.resolve().parent))
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as stop:
        return _status(stop)
    except Exception as error:
        _show(error, str(script))
        return 1
    return 0


def _status(stop: SystemExit) -> int:
    if stop.code is None or isinstance(stop.code, int):
        return stop.code or 0
    print(stop.code, file=sys.stderr)
    return 1


def _show(error: Exception, script: str) -> None:
    """Print the traceback from the script's first line on, without the frames of this command."""
    trace = error.__traceback__
    start = trace
    while start is not None and start.tb_frame.f_code.co_filename != script:
        start = start.tb_next
    traceback.print_exception(type(error), error, None if isinstance(error, SyntaxError) else start or trace)
