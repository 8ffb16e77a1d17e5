"""The table of names in the docs is what teachtf has, and TensorFlow's names are TensorFlow's."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import pytest

ORACLE = os.environ.get("TEACHTF_ORACLE")
GOLDEN = Path(__file__).parent / "golden" / "api.json"


@pytest.fixture(scope="module")
def make_api():
    path = Path(__file__).resolve().parents[2] / "docs" / "make_api.py"
    spec = importlib.util.spec_from_file_location("make_api", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
def test_the_page_is_true(make_api) -> None:
    assert make_api.PAGE.read_text(encoding="utf-8") == make_api.page(), "write it again: .venv/bin/python docs/make_api.py"


def test_every_area_names_what_tensorflow_has(make_api) -> None:
    recorded = json.loads(GOLDEN.read_text(encoding="utf-8"))
    unknown = {n for names, _, _ in make_api.AREAS.values() for n in names.split() if n not in recorded[""]}
    # TensorBoard's and TensorFlow 1's own, which the compat module of the recorded version does not give any more
    assert unknown <= set(), unknown


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
def test_recorded_names_are_those_of_today(tmp_path: Path) -> None:
    script = Path(__file__).with_name("record_api.py")
    done = subprocess.run([ORACLE, script, "--out", tmp_path / "api.json"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads((tmp_path / "api.json").read_text(encoding="utf-8")) == json.loads(GOLDEN.read_text(encoding="utf-8"))
