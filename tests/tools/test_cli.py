"""The `teachtf` command as its user meets it: what it prints and the status it ends with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from teachtf.tools import cli


def _run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "teachtf.tools", *arguments], capture_output=True, text=True, cwd=cwd, timeout=120
    )


@pytest.mark.parametrize("arguments", [["--version"], ["version"]])
def test_version(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = cli.main(arguments)
    except SystemExit as stop:
        status = stop.code
    assert status == 0
    assert capsys.readouterr().out.startswith("teachtf 0.")


@pytest.mark.parametrize("arguments", [[], ["lba"], ["lab", "--port", "x"], ["run"], ["inspect_checkpoint"]])
def test_senseless_command_lines_end_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(arguments)
    assert stop.value.code == 2
    assert "usage: teachtf" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "missing.py"], "teachtf run: there is no file missing.py"),
        (["run", "."], "teachtf run: . is a folder; name a Python file in it"),
        (
            ["inspect_checkpoint", "missing/model.ckpt"],
            "teachtf inspect_checkpoint: no checkpoint at missing/model.ckpt: "
            "neither missing/model.ckpt.index nor missing/model.ckpt is a file",
        ),
    ],
)
def test_failures_are_one_clear_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 1
    assert capsys.readouterr().err.strip() == message


def test_doctor_names_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from teachtf.tools import doctor

    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TEACHTF_CACHE_DIR", str(tmp_path / "file" / "cache"))
    fine, line = doctor._cache()
    assert not fine
    assert "cannot be written" in line and "TEACHTF_CACHE_DIR" in line
    monkeypatch.setenv("TEACHTF_CACHE_DIR", str(tmp_path / "cache"))
    fine, line = doctor._cache()
    assert fine and str(tmp_path / "cache") in line
    assert not (tmp_path / "cache").exists(), "looking must not make the folder"


def test_doctor_counts_what_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from teachtf.tools import doctor

    monkeypatch.setattr(doctor, "version", lambda name="teachtf": None if name in ("numba", "jupyterlab") else "1.0")
    assert doctor.diagnose() == 1
    told = capsys.readouterr().out
    assert "numba           missing: pip install teachtf   <-- to mend" in told
    assert "[lab] absent: jupyterlab (pip install 'teachtf[lab]')" in told


def test_module_form() -> None:
    assert _run("version").stdout.startswith("teachtf 0.")
