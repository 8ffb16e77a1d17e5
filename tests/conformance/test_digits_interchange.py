"""A trained model goes from teachtf to TensorFlow and back: graph, weights and optimizer state, through its files alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import digits_program
import numpy as np
import pytest

import teachtf as tf

ORACLE = os.environ.get("TEACHTF_ORACLE")
SCRIPT = Path(__file__).with_name("digits_program.py")
needs_oracle = [pytest.mark.oracle, pytest.mark.skipif(not ORACLE, reason="TEACHTF_ORACLE names no Python")]
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def folder(tmp_path):
    datasets = pytest.importorskip("sklearn.datasets")
    digits = datasets.load_digits()
    np.savez(tmp_path / "data.npz", x=(digits.data / 16).astype(np.float32), y=digits.target.astype(np.int64))
    return tmp_path


def tensorflow(command, folder):
    done = subprocess.run([ORACLE, SCRIPT, command, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def assert_same_answers(folder):
    saved, loaded = np.load(folder / "saved.npz"), np.load(folder / "loaded.npz")
    assert sorted(saved.files) == sorted(loaded.files)
    assert (saved["predictions"].argmax(1) == loaded["predictions"].argmax(1)).all()
    for name in saved.files:
        assert saved[name].dtype == loaded[name].dtype
        np.testing.assert_allclose(loaded[name], saved[name], rtol=2e-4, atol=2e-6, err_msg=name)


def test_teachtf_opens_its_own(folder):
    digits_program.save(tf, folder)
    digits_program.load(tf, folder)
    assert_same_answers(folder)
    saved = np.load(folder / "saved.npz")
    assert (saved["predictions"].argmax(1) == np.load(folder / "data.npz")["y"][:200]).mean() > 0.75


@needs_oracle[0]
@needs_oracle[1]
def test_tensorflow_opens_teachtfs(folder):
    digits_program.save(tf, folder)
    tensorflow("load", folder)
    assert_same_answers(folder)


@needs_oracle[0]
@needs_oracle[1]
def test_teachtf_opens_tensorflows(folder):
    tensorflow("save", folder)
    digits_program.load(tf, folder)
    assert_same_answers(folder)
    again = tf.train.latest_checkpoint(str(folder))
    assert again.endswith(f"again-{digits_program.STEPS + digits_program.MORE}")
    tensorflow("load", folder)  # and TensorFlow opens what teachtf saved of TensorFlow's graph


@needs_oracle[0]
@needs_oracle[1]
def test_both_train_alike(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "data.npz").write_bytes((folder / "data.npz").read_bytes())
    digits_program.save(tf, folder)
    tensorflow("save", other)
    ours, theirs = np.load(folder / "saved.npz"), np.load(other / "saved.npz")
    np.testing.assert_allclose(ours["losses"], theirs["losses"], rtol=1e-3)
    assert tf.train.list_variables(tf.train.latest_checkpoint(str(folder))) == tf.train.list_variables(
        tf.train.latest_checkpoint(str(other))
    )
