"""`teachtf doctor`: what is installed, and whether it works on this machine."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

from teachtf.tools.env import ToolError, lessons_folder, version

ENGINE = ("numpy", "numba", "llvmlite", "ml_dtypes", "protobuf", "tensorboard", "google-crc32c")
VECTOR_FEATURES = ("sse4.2", "avx", "fma", "avx2", "avx512f", "avx512bf16", "amx-tile", "neon")
LAB = ("jupyterlab", "ipywidgets", "anywidget", "graphviz", "graphviz-pure", "matplotlib", "scikit-learn")
GPU = ("numba-cuda",)


def diagnose() -> int:
    """Print a line a fact; returns 1 if something that the engine needs is missing or broken, else 0."""
    faults = 0
    for fine, line in _facts():
        print(line if fine else f"{line}   <-- to mend")
        faults += not fine
    print("All is well." if not faults else f"{faults} to mend.")
    return 1 if faults else 0


def _facts() -> Iterator[tuple[bool, str]]:
    """(whether it is fine, the line that says so), one for each thing looked at."""
    yield True, f"teachtf {version() or '(not installed)'} on Python {platform.python_version()}, {platform.platform()}"
    for name in ENGINE:
        found = version(name)
        yield found is not None, f"  {name:15} {found or 'missing: pip install teachtf'}"
    for extra, names in (("lab", LAB), ("gpu", GPU)):
        missing = [name for name in names if version(name) is None]
        there = ", ".join(f"{name} {version(name)}" for name in names if name not in missing)
        if there:
            yield True, f"  [{extra}] {there}"
        if missing:
            yield True, f"  [{extra}] absent: {', '.join(missing)} (pip install 'teachtf[{extra}]')"
    yield _cpu()
    yield _cache()
    try:
        yield True, f"  lessons         {lessons_folder()}"
    except ToolError as error:
        yield False, f"  lessons         {error}"


def _cpu() -> tuple[bool, str]:
    try:
        import llvmlite.binding as llvm

        on = {name for name, has in llvm.get_host_cpu_features().items() if has}
        name = llvm.get_host_cpu_name()
    except Exception as error:  # a broken or absent llvmlite is what this command is there to show
        return False, f"  CPU             unknown: {type(error).__name__}: {error}"
    told = " ".join(feature for feature in VECTOR_FEATURES if feature in on)
    return True, f"  CPU             {platform.machine()} {name}: {told or 'no vector features that teachtf knows'}"


def _cache() -> tuple[bool, str]:
    try:
        from teachtf.kernels.jit import cache_folder

        folder = cache_folder()
    except Exception as error:  # as above
        return False, f"  compile cache   unknown: {type(error).__name__}: {error}"
    count = sum(1 for _ in folder.rglob("*.nbc")) if folder.is_dir() else 0
    reason = _why_not_writable(folder)
    if reason:
        return False, f"  compile cache   {folder} cannot be written ({reason}); set TEACHTF_CACHE_DIR to one that can"
    return True, f"  compile cache   {folder}, writable, {count} kernels"


def _why_not_writable(folder: Path) -> str | None:
    """Try to write below the nearest folder that exists; permission bits alone do not tell (root, read-only disks)."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return error.strerror or str(error)
