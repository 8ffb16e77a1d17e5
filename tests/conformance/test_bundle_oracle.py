"""Checkpoint files, both ways, against a living TensorFlow (TEACHTF_ORACLE names its Python)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from teachtf.checkpoint import BundleWriter, merge, open_checkpoint

ORACLE = os.environ.get("TEACHTF_ORACLE")
SCRIPT = Path(__file__).with_name("record_checkpoints.py")
pytestmark = [pytest.mark.oracle, pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")]

_spec = importlib.util.spec_from_file_location("record_checkpoints", SCRIPT)
assert _spec and _spec.loader
recorded = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(recorded)


def oracle(*arguments):
    done = subprocess.run([ORACLE, SCRIPT, *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def write_all(folder):
    """Writes with teachtf what the recording script writes with TensorFlow."""
    tensors, parts = list(recorded.golden_tensors().items()), recorded.golden_parts()
    for stem, some, slices in [
        ("plain", tensors, []),
        ("parts", [], parts),
        ("large", recorded.large_tensors().items(), []),
        ("shard_a", tensors[:5], parts[:1]),
        ("shard_b", tensors[5:], parts[1:]),
    ]:
        with BundleWriter(folder / stem) as writer:
            for name, value in some:
                writer.add(name, value)
            for part in slices:
                writer.add_slice(*part)
    merge([folder / "shard_a", folder / "shard_b"], folder / "merged")


def test_same_bytes_and_each_reads_the_other(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    write_all(ours)
    oracle("record", theirs, "--large")
    for path in sorted(ours.iterdir()):
        assert path.read_bytes() == (theirs / path.name).read_bytes(), path.name

    stems = ["plain", "parts", "merged"]
    answers = json.loads(oracle("read", *(ours / stem for stem in stems)).splitlines()[-1])
    for stem in stems:
        with open_checkpoint(ours / stem) as reader:
            expected = {name: [reader.dtype_number(name), *recorded.described(reader.tensor(name))] for name in reader.names()}
        assert answers[str(ours / stem)] == expected

    for stem in [*stems, "large", "v1", "v1parts"]:
        with open_checkpoint(theirs / stem) as reader:
            assert reader.verify() == []
            for name, value in recorded.large_tensors().items() if stem == "large" else ():
                np.testing.assert_array_equal(reader.tensor(name), value)
