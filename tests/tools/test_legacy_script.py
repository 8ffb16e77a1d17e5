"""`teachtf run`: scripts find teachtf where they look for TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def _run(tmp_path: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = tmp_path / "script.py"
    script.write_text(text)
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "teachtf.tools", "run", str(script), *arguments],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "import tensorflow as tf",
        "import tensorflow.compat.v1 as tf",
        "from tensorflow.compat import v1 as tf",
        "import tensorflow; tf = tensorflow.compat.v1",
    ],
)
def test_every_way_to_import_tensorflow_gives_teachtf(tmp_path: Path, line: str) -> None:
    if line.endswith("tensorflow.compat.v1"):
        line = "import tensorflow.compat.v1; " + line
    done = _run(tmp_path, f"{line}\nimport teachtf\nassert tf is teachtf\nprint('same')\n")
    assert (done.stdout, done.stderr, done.returncode) == ("same\n", "", 0)


def test_submodules_are_the_same_objects(tmp_path: Path) -> None:
    done = _run(
        tmp_path,
        "import teachtf.core, tensorflow.core\n"
        "from tensorflow.compat.v1 import core\n"
        "assert core is teachtf.core is tensorflow.core\n"
        "assert teachtf.core.__spec__.name == 'teachtf.core', teachtf.core.__spec__\n",
    )
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_teachtf_lacks_is_named(tmp_path: Path) -> None:
    done = _run(tmp_path, "import tensorflow.contrib.slim\n")
    assert done.returncode == 1
    assert done.stderr.endswith(
        "ModuleNotFoundError: teachtf has nothing for `import tensorflow.contrib.slim`. "
        "Names that stand on `tf` itself need no import of their own\n"
    )


def test_arguments_name_and_folder_are_as_under_python(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("value = 7\n")
    done = _run(
        tmp_path, "import sys, beside\nprint(__name__, sys.argv[1:], beside.value)\n", "--steps=3", "-v", "--", "x"
    )
    assert done.stdout == "__main__ ['--steps=3', '-v', '--', 'x'] 7\n", done.stderr


def test_exit_statuses(tmp_path: Path) -> None:
    assert _run(tmp_path, "import sys\nsys.exit(3)\n").returncode == 3
    assert _run(tmp_path, "import sys\nsys.exit()\n").returncode == 0
    done = _run(tmp_path, "import sys\nsys.exit('no data')\n")
    assert (done.returncode, done.stderr) == (1, "no data\n")


def test_a_traceback_starts_in_the_script(tmp_path: Path) -> None:
    done = _run(tmp_path, "def f():\n    raise ValueError('wrong')\nf()\n")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert 'script.py", line 3' in lines[1]
    assert lines[-1] == "ValueError: wrong"
    assert "runpy" not in done.stderr


def test_a_syntax_error_shows_its_line(tmp_path: Path) -> None:
    done = _run(tmp_path, "print 'hello'\n")
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr and "print 'hello'" in done.stderr and "runpy" not in done.stderr
