"""`teachtf lab`: the lessons, copied to a folder of the reader's own and opened in JupyterLab."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from teachtf.tools.env import ToolError, importable, lessons_folder

RECORD = ".teachtf-lessons.json"  # what was copied, so that an update can tell a reader's work from an old copy
_SKIPPED = {".ipynb_checkpoints", "__pycache__"}


@dataclass
class Copied:
    """What `copy_lessons` did, as paths below the target folder."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # the reader changed these, so they were left alone
    same: list[str] = field(default_factory=list)


def copy_lessons(source: Path, target: Path) -> Copied:
    """Copy the lessons in `source` to `target`, never over a file that the reader has changed.

    A file is the reader's once its content is neither what a former call wrote nor what would be written now. An
    untouched copy from an older version is brought up to date.
    """
    if target.exists() and not target.is_dir():
        raise ToolError(f"{target} is a file; name a folder for the lessons")
    result = Copied()
    if target.exists() and target.samefile(source):
        return result
    written = _read_record(target)
    files = sorted(p for p in source.rglob("*") if p.is_file() and not _SKIPPED.intersection(p.parts))
    try:
        for file in files:
            name = file.relative_to(source).as_posix()
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            there = target / name
            if there.exists():
                found = hashlib.sha256(there.read_bytes()).hexdigest()
                if found == digest:
                    result.same.append(name)
                elif found == written.get(name):
                    result.updated.append(name)
                else:
                    result.kept.append(name)
                    continue
            else:
                result.new.append(name)
            if name not in result.same:
                there.parent.mkdir(parents=True, exist_ok=True)
                there.write_bytes(content)
            written[name] = digest
        (target / RECORD).write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    except OSError as error:
        raise ToolError(f"the lessons cannot be copied to {target}: {error}; name another folder") from error
    return result


def _read_record(target: Path) -> dict[str, str]:
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def open_lab(folder: Path, *, browser: bool = True, port: int | None = None, copy_only: bool = False) -> int:
    """Copy the lessons to `folder` and run JupyterLab on it until the user stops it; returns its exit status."""
    source = lessons_folder()
    if not copy_only and not importable("jupyterlab"):
        raise ToolError("JupyterLab is not installed; `pip install 'teachtf[lab]'` brings all that the lessons use")
    _tell(copy_lessons(source, folder), folder)
    if copy_only:
        return 0
    # Jupyter's kernels of this environment, not those of the user's home folder.
    environment = {**os.environ, "JUPYTER_PREFER_ENV_PATH": "1"}
    return subprocess.call(lab_command(folder, browser=browser, port=port), env=environment)


def lab_command(folder: Path, *, browser: bool = True, port: int | None = None) -> list[str]:
    """The command line that opens JupyterLab on `folder`, at the first lesson."""
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder.resolve()}"]
    lessons = sorted(folder.glob("*.ipynb"))
    if lessons:
        command.append(f"--LabApp.default_url=/lab/tree/{lessons[0].name}")
    if not browser:
        command.append("--no-browser")
    if port is not None:
        command.append(f"--port={port}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # in a container; Jupyter asks root to say so
        command.append("--allow-root")
    return command


def _tell(copied: Copied, folder: Path) -> None:
    if copied.new:
        print(f"{len(copied.new)} files copied to {folder}")
    if copied.updated:
        print(f"{len(copied.updated)} files in {folder} brought up to date")
    if copied.kept:
        print(f"Kept as you changed them in {folder}: {', '.join(copied.kept)}")
        print("To have the original of one back, rename or delete yours and call `teachtf lab` again.")
    sys.stdout.flush()
