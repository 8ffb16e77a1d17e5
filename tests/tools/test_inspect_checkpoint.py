"""`inspect_checkpoint`, as old programs import and call it; the texts were recorded from TensorFlow 2.21."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import teachtf as tf
from teachtf.python.tools import inspect_checkpoint as chkp


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> str:
    with tf.Graph().as_default(), tf.Session() as sess:
        for name, value in (("a", [1.0, 2.0]), ("b", 3), ("c", b"str")):
            tf.Variable(value, name=name)
        sess.run(tf.global_variables_initializer())
        path = tf.train.Saver().save(sess, tmp_path_factory.mktemp("checkpoint") / "model")
    assert path is not None
    return path


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        (
            ("", True),
            "tensor: a (float32) [2]\n[1. 2.]\ntensor: b (int32) []\n3\ntensor: c (string) []\nb'str'\n"
            "# Total number of params: 4\n",
        ),
        (("a", False), "tensor: a (float32) [2]\n[1. 2.]\n# Total number of params: 4\n"),
        ((None, False), "a (DT_FLOAT) [2]\nb (DT_INT32) []\nc (DT_STRING) []\n\n# Total number of params: 4\n"),
        (
            ("", False, True),
            "tensor: a (float32) [2]\ntensor: b (int32) []\ntensor: c (string) []\n# Total number of params: 4\n",
        ),
        (
            ("b", False, False, "a|c"),
            "tensor: b (int32) []\n3\n# Excluding 2 tensors (3 params) that match a|c when counting.\n"
            "# Total number of params: 1\n",
        ),
    ],
)
def test_prints_what_tensorflow_prints(
    arguments: tuple[Any, ...], printed: str, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chkp.print_tensors_in_checkpoint_file(prefix, *arguments)
    assert capsys.readouterr().out == printed


def test_prints_what_is_wrong(prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chkp.print_tensors_in_checkpoint_file(prefix, "q", False)
    assert capsys.readouterr().out.startswith("Tensor q not found in checkpoint")
    chkp.print_tensors_in_checkpoint_file(str(tmp_path / "no"), "", True)
    assert "Failed to find any matching files for" in capsys.readouterr().out
