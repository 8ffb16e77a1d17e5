"""Each small program gives here what it gives under real TensorFlow: the graph, its names, values and errors."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import harness
import pytest

import teachtf as tf

ORACLE = os.environ.get("TEACHTF_ORACLE")
CASES = [(module, name) for module in harness.MODULES for name in harness.load(module)]


@pytest.fixture(scope="module")
def golden():
    return {module: harness.read_golden(module) for module in harness.MODULES}


# Programs that still differ, and why; one that agrees must leave this table.
KNOWN = {
    "nonfinite-max_pooling": "a NaN shows in its windows here; TensorFlow passes over it, and makes -3.4e38 of NaN alone",
}
MISSING = re.compile(r"module 'teachtf[.\w]*' has no attribute '(\w+)'")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("module", "name"), CASES, ids=[f"{m.removeprefix('programs_')}-{n}" for m, n in CASES])
def test_same_as_tensorflow(module, name, golden):
    key = f"{module.removeprefix('programs_')}-{name}"
    try:
        got = harness.run(tf, harness.load(module)[name])
    except AttributeError as raised:
        missing = MISSING.match(str(raised))
        if missing is None and key not in KNOWN:
            raise
        pytest.xfail(f"teachtf has no {missing[1]}" if missing else KNOWN[key])
    lines = harness.differences(golden[module][name], got)
    if key in KNOWN:
        assert lines, f"{key} agrees with TensorFlow now: take it out of KNOWN"
        pytest.xfail(KNOWN[key])
    assert not lines, "\n".join([f"{len(lines)} differences:", *lines[:25]])


def test_golden_files_hold_just_the_programs(golden):
    assert {m: list(facts) for m, facts in golden.items()} == {m: list(harness.load(m)) for m in harness.MODULES}


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
@pytest.mark.parametrize("module", harness.MODULES)
def test_golden_file_is_what_tensorflow_says_today(module, golden, tmp_path):
    script = Path(__file__).with_name("record.py")
    done = subprocess.run([ORACLE, script, "--out", tmp_path, module], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    today = harness.json.loads((tmp_path / f"{module}.json").read_text(encoding="utf-8"))
    lines = harness.differences(golden[module], today)
    assert not lines, "\n".join([f"{len(lines)} differences:", *lines[:25]])
