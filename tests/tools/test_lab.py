"""`teachtf lab` copies lessons and never writes over a reader's work."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from teachtf.tools import lab
from teachtf.tools.cli import main
from teachtf.tools.env import ToolError


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    (folder / "data").mkdir(parents=True)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / "01-graphs.ipynb").write_text("graphs, first edition")
    (folder / "02-sessions.ipynb").write_text("sessions, first edition")
    (folder / "data" / "points.csv").write_text("1,2\n")
    (folder / ".ipynb_checkpoints" / "01-graphs-checkpoint.ipynb").write_text("left over")
    return folder


def test_first_copy_brings_everything(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "mine" / "lessons"
    copied = lab.copy_lessons(source, target)
    assert copied.new == ["01-graphs.ipynb", "02-sessions.ipynb", "data/points.csv"]
    assert (target / "data" / "points.csv").read_text() == "1,2\n"
    assert not (target / ".ipynb_checkpoints").exists()


def test_second_copy_changes_nothing(source: Path, tmp_path: Path) -> None:
    lab.copy_lessons(source, tmp_path / "t")
    copied = lab.copy_lessons(source, tmp_path / "t")
    assert copied == lab.Copied(same=["01-graphs.ipynb", "02-sessions.ipynb", "data/points.csv"])


def test_new_edition_updates_untouched_files_and_keeps_edited_ones(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "t"
    lab.copy_lessons(source, target)
    (target / "01-graphs.ipynb").write_text("my own notes")
    (source / "01-graphs.ipynb").write_text("graphs, second edition")
    (source / "02-sessions.ipynb").write_text("sessions, second edition")
    (source / "03-variables.ipynb").write_text("variables")
    for _ in range(2):  # the second call must still know whose file it is
        copied = lab.copy_lessons(source, target)
        assert copied.kept == ["01-graphs.ipynb"]
        assert (target / "01-graphs.ipynb").read_text() == "my own notes"
    assert (target / "02-sessions.ipynb").read_text() == "sessions, second edition"
    assert (target / "03-variables.ipynb").read_text() == "variables"


@pytest.mark.parametrize("record", [None, "{not json", "[]"])
def test_without_a_readable_record_every_differing_file_is_the_readers(
    record: str | None, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "t"
    target.mkdir()
    (target / "01-graphs.ipynb").write_text("something")
    if record is not None:
        (target / lab.RECORD).write_text(record)
    assert lab.copy_lessons(source, target).kept == ["01-graphs.ipynb"]
    assert "02-sessions.ipynb" in json.loads((target / lab.RECORD).read_text())


def test_the_lessons_themselves_are_opened_in_place(source: Path) -> None:
    assert lab.copy_lessons(source, source) == lab.Copied()
    assert not (source / lab.RECORD).exists()


def test_a_file_is_no_folder(source: Path, tmp_path: Path) -> None:
    (tmp_path / "t").write_text("")
    with pytest.raises(ToolError, match="is a file; name a folder"):
        lab.copy_lessons(source, tmp_path / "t")


def test_a_folder_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolError, match="cannot be copied"):
        lab.copy_lessons(source, tmp_path / "file" / "t")


def test_command_opens_the_first_lesson(source: Path) -> None:
    command = lab.lab_command(source, browser=False, port=8901)
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={source.resolve()}" in command
    assert "--LabApp.default_url=/lab/tree/01-graphs.ipynb" in command
    assert "--no-browser" in command and "--port=8901" in command


def test_the_command_tells_what_it_kept(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "lessons_folder", lambda: source)
    monkeypatch.chdir(tmp_path)
    assert main(["lab", "--copy-only"]) == 0
    assert "3 files copied to teachtf-lessons" in capsys.readouterr().out
    (tmp_path / "teachtf-lessons" / "02-sessions.ipynb").write_text("edited")
    assert main(["lab", "--copy-only"]) == 0
    assert "Kept as you changed them in teachtf-lessons: 02-sessions.ipynb" in capsys.readouterr().out


def test_without_jupyterlab_nothing_is_copied(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab, "lessons_folder", lambda: source)
    monkeypatch.setattr(lab, "importable", lambda module: False)
    assert main(["lab", str(tmp_path / "t")]) == 1
    assert "pip install 'teachtf[lab]'" in capsys.readouterr().err
    assert not (tmp_path / "t").exists()
