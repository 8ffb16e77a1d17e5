"""The `checkpoint` state file: TensorFlow's text, its rule for paths, whole or not at all."""

from __future__ import annotations

import json
import os

import pytest
from google.protobuf import text_format

from teachtf.checkpoint import (
    BundleWriter,
    generate_checkpoint_state_proto,
    latest_checkpoint,
    read_state,
    write_state,
)


def test_text_is_tensorflows(golden):
    states = json.loads((golden / "states.json").read_text())
    for save_dir, latest, paths, more, text in states.values():
        state = generate_checkpoint_state_proto(save_dir, latest, paths, **more)
        assert text_format.MessageToString(state) == text


def test_write_and_read(tmp_path):
    folder = str(tmp_path)
    paths = [f"{folder}/m-1", f"{folder}/m-2"]
    write_state(tmp_path, paths[1], paths, all_model_checkpoint_timestamps=[1.5, 2.5], last_preserved_timestamp=1.25)
    state = read_state(tmp_path)
    assert state.model_checkpoint_path == paths[1]
    assert list(state.all_model_checkpoint_paths) == paths
    assert list(state.all_model_checkpoint_timestamps) == [1.5, 2.5]
    assert state.last_preserved_timestamp == 1.25
    assert os.listdir(tmp_path) == ["checkpoint"]


def test_relative_paths_move_with_the_folder(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    with BundleWriter(old / "m-1") as writer:
        writer.add("v", 1)
    write_state(old, str(old / "m-1"), [str(old / "m-1")], save_relative_paths=True)
    assert (old / "checkpoint").read_text() == 'model_checkpoint_path: "m-1"\nall_model_checkpoint_paths: "m-1"\n'
    old.rename(new)
    assert latest_checkpoint(new) == str(new / "m-1")
    assert list(read_state(new).all_model_checkpoint_paths) == [str(new / "m-1")]


def test_other_name_and_nothing_there(tmp_path):
    assert read_state(tmp_path) is None and latest_checkpoint(tmp_path) is None
    write_state(tmp_path, "/elsewhere/m", latest_filename="other")
    assert read_state(tmp_path) is None
    assert read_state(tmp_path, "other").model_checkpoint_path == "/elsewhere/m"
    assert latest_checkpoint(tmp_path, "other") is None


def test_what_is_refused(tmp_path):
    with pytest.raises(ValueError, match="timestamps"):
        write_state(tmp_path, "/m", all_model_checkpoint_timestamps=[1.0, 2.0])
    with pytest.raises(RuntimeError, match="conflicts"):
        write_state(tmp_path, str(tmp_path / "checkpoint"))
    (tmp_path / "checkpoint").write_text("this is no proto")
    assert read_state(tmp_path) is None
    (tmp_path / "checkpoint").write_text("")
    with pytest.raises(ValueError, match="names no checkpoint"):
        read_state(tmp_path)


def test_a_crash_leaves_the_old_text(tmp_path, monkeypatch):
    write_state(tmp_path, "/m-1")

    def fail(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        write_state(tmp_path, "/m-2")
    assert read_state(tmp_path).model_checkpoint_path == "/m-1"
    assert os.listdir(tmp_path) == ["checkpoint"]
