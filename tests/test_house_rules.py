"""Rules that hold for the source tree as a whole."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(p for folder in ("teachtf", "widgets") for p in (ROOT / folder).rglob("*.py"))


def test_no_source_file_is_longer_than_400_lines() -> None:
    # `teachtf/__init__.py` is a list of names, one a line.
    files = [p for p in SOURCES if p != ROOT / "teachtf" / "__init__.py"]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in files}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


@pytest.mark.parametrize("first", ["import teachtf", "import teachtf.tools.cli"])
def test_import_is_light(first: str) -> None:
    """The library's user pays for no compiler, no Jupyter and no TensorBoard before one is needed."""
    heavy = (
        "numba",
        "llvmlite",
        "IPython",
        "ipywidgets",
        "jupyterlab",
        "tensorboard",
        "ray",
        "matplotlib",
        "teachtf_widgets",
    )
    text = f"import sys\n{first}\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", text], capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_packages_are_typed() -> None:
    assert (ROOT / "teachtf" / "py.typed").is_file() and (ROOT / "widgets" / "teachtf_widgets" / "py.typed").is_file()


def test_engine_dependencies_are_only_the_engines() -> None:
    """A new dependency of the plain library is a decision, not an accident."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = {line.split(">=")[0] for line in project["dependencies"]}
    assert names == {"absl-py", "google-crc32c", "ml_dtypes", "numba", "numpy", "protobuf", "tensorboard"}
