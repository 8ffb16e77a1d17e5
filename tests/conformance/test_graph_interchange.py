"""TensorFlow imports the graph of every program that teachtf builds, and sees the same nodes, attributes and devices."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import harness
import pytest

import teachtf as tf

ORACLE = os.environ.get("TEACHTF_ORACLE")
SCRIPT = Path(__file__).with_name("graphs_program.py")


# Graphs that TensorFlow builds and does not import again, as ours.
NOT_IMPORTED = {
    "a_group_named_after_nothing": "a colocation group without an operation of its name",
    "loops_refuse": "among others, a loop variable whose next value is of another type",
}


def without_shapes(line):
    """A line of a graph without output shapes, which a program may have set by hand: attributes are what is compared."""
    head, _, rest = line.partition(" -> ")
    return head, rest.partition(" | ")[2]


@pytest.mark.oracle
@pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("module", harness.MODULES)
def test_tensorflow_imports_the_graphs(module, tmp_path):
    ours = {}
    for number, program in enumerate(harness.load(module).values()):
        with tf.Graph().as_default() as graph:
            try:
                program(tf)
            except Exception:  # what fails here fails in test_programs.py
                continue
        (tmp_path / f"{number:03}.pb").write_bytes(graph.as_graph_def().SerializeToString())
        ours[f"{number:03}"] = harness.describe_graph(tf, graph)
    done = subprocess.run([ORACLE, SCRIPT, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    theirs = json.loads(done.stdout.splitlines()[-1])
    names = list(harness.load(module))
    wrong = {}
    for key, lines in ours.items():
        answer = theirs[key]
        assert isinstance(answer, str) or names[int(key)] not in NOT_IMPORTED
        if names[int(key)] in NOT_IMPORTED:
            continue
        if isinstance(answer, str):
            wrong[names[int(key)]] = answer
        elif sorted(map(without_shapes, lines)) != sorted(map(without_shapes, answer)):
            wrong[names[int(key)]] = sorted(set(map(without_shapes, lines)) ^ set(map(without_shapes, answer)))[:4]
    assert wrong == {}
