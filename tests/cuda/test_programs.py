"""Whole programs on a GPU give what real TensorFlow gave: those of `tests/conformance`, against its recorded values.

Programs that ask which devices there are, and those that draw many numbers, are left to the CPU.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import teachtf as tf

sys.path.append(str(Path(__file__).parents[1] / "conformance"))
import harness

AREAS = ("arrays", "control_flow", "losses", "maths", "ops", "rnn", "shapes", "sparse", "state", "training", "variables")
MODULES = [f"programs_{area}" for area in AREAS]
CASES = [(module, name) for module in MODULES for name in harness.load(module)]


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    return {module: harness.read_golden(module) for module in MODULES}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("module", "name"), CASES, ids=[f"{m.removeprefix('programs_')}-{n}" for m, n in CASES])
def test_same_as_tensorflow(module: str, name: str, golden: dict[str, Any]) -> None:
    lines = harness.differences(golden[module][name], harness.run(tf, harness.load(module)[name]))
    assert not lines, "\n".join([f"{len(lines)} differences:", *lines[:25]])
