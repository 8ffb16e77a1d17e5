"""Log lines, files, text and versions: what programs use of the machine, as TensorFlow 1.15 has it."""

from __future__ import annotations

import io
import logging
import os
import pathlib
import sys

import pytest

import teachtf as tf


@pytest.fixture
def lines():
    """What the logger prints, in TensorFlow's format."""
    text, logger = io.StringIO(), tf.get_logger()
    old, level, propagate = logger.handlers[:], logger.level, logger.propagate
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
    logger.handlers, logger.propagate = [handler], False
    yield text
    logger.handlers, logger.propagate = old, propagate
    logger.setLevel(level)


def test_lines_from_the_verbosity_on(lines):
    tf.logging.set_verbosity(tf.logging.WARN)
    tf.logging.info("not %s", "shown")
    tf.logging.warn("watch %d", 3)
    tf.logging.error("fault")
    tf.logging.fatal("end")
    assert lines.getvalue() == "WARNING:tensorflow:watch 3\nERROR:tensorflow:fault\nCRITICAL:tensorflow:end\n"
    tf.logging.set_verbosity(tf.logging.DEBUG)
    assert tf.logging.get_verbosity() == tf.logging.DEBUG == 10
    tf.logging.log(tf.logging.INFO, "now")
    tf.logging.vlog(tf.logging.DEBUG, "and")
    tf.logging.debug("here")
    assert lines.getvalue().endswith("INFO:tensorflow:now\nDEBUG:tensorflow:and\nDEBUG:tensorflow:here\n")


def test_every_n_and_first_n_count_by_the_line_of_the_program(lines):
    tf.logging.set_verbosity(tf.logging.INFO)
    for i in range(7):
        tf.logging.log_every_n(tf.logging.INFO, "every %d", 3, i)
        tf.logging.log_first_n(tf.logging.INFO, "first %d", 2, i)
        tf.logging.log_if(tf.logging.INFO, "if %d", i == 5, i)
    assert [line.rpartition(":")[2] for line in lines.getvalue().split("\n")[:-1]] == [
        "every 0",
        "first 0",
        "first 1",
        "every 3",
        "if 5",
        "every 6",
    ]


def test_a_line_knows_where_it_was_written():
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    tf.get_logger().addHandler(handler)
    try:
        tf.logging.error("here")
        tf.logging.log_every_n(tf.logging.ERROR, "there", 1)
    finally:
        tf.get_logger().removeHandler(handler)
    assert [os.path.basename(r.pathname) for r in records] == ["test_platform.py"] * 2


def test_files(tmp_path):
    path = str(tmp_path / "a.txt")
    with tf.gfile.GFile(path, "w") as f:
        f.write("l1\nl2\n")
        f.write("héllo")
    f = tf.gfile.Open(path)
    assert (f.read(2), f.tell(), f.readline(), f.size()) == ("l1", 2, "\n", 12)
    f.seek(0)
    assert f.readlines() == ["l1\n", "l2\n", "héllo"]
    f.seek(-2, 2)
    assert f.read() == "lo"
    assert list(tf.gfile.FastGFile(pathlib.Path(path), "rb")) == [b"l1\n", b"l2\n", b"h\xc3\xa9llo"]
    tf.gfile.Copy(path, path + "2")
    with pytest.raises(tf.errors.AlreadyExistsError, match="file already exists"):
        tf.gfile.Rename(path, path + "2")
    tf.gfile.Rename(path, path + "2", overwrite=True)
    assert not tf.gfile.Exists(path) and tf.gfile.ListDirectory(tmp_path) == ["a.txt2"]
    tf.gfile.Remove(path + "2")


def test_folders(tmp_path):
    top = str(tmp_path / "top")
    tf.gfile.MakeDirs(top + "/a/b")
    tf.gfile.MakeDirs(top)
    tf.gfile.MkDir(top)
    with tf.gfile.GFile(top + "/a/x.txt", "w") as f:
        f.write(b"12345")
    assert list(tf.gfile.Walk(top)) == [(top, ["a"], []), (top + "/a", ["b"], ["x.txt"]), (top + "/a/b", [], [])]
    assert [folder for folder, _, _ in tf.gfile.Walk(top, in_order=False)] == [top + "/a/b", top + "/a", top]
    assert tf.gfile.Glob([top + "/a/*.txt", top + "/*"]) == [top + "/a/x.txt", top + "/a"]
    found = tf.gfile.Stat(top + "/a/x.txt")
    assert (found.length, found.is_directory, tf.gfile.Stat(top).is_directory) == (5, False, True)
    tf.gfile.DeleteRecursively(top)
    assert not tf.gfile.IsDirectory(top)


def test_errors_of_files(tmp_path):
    path = str(tmp_path / "no")
    for call in (
        lambda: tf.gfile.GFile(path).read(),
        lambda: tf.gfile.ListDirectory(path),
        lambda: tf.gfile.MkDir(path + "/deeper"),
        lambda: tf.gfile.Remove(path),
        lambda: tf.gfile.DeleteRecursively(path),
        lambda: tf.gfile.Copy(path, path + "2"),
        lambda: tf.gfile.Stat(path),
        lambda: tf.gfile.GFile(path + "/deeper", "w").write("x"),
    ):
        with pytest.raises(tf.errors.NotFoundError, match="no"):
            call()
    with pytest.raises(tf.errors.PermissionDeniedError, match="open for writing"):
        tf.gfile.GFile(path).write("x")
    with pytest.raises(tf.errors.PermissionDeniedError, match="open for reading"):
        tf.gfile.GFile(path, "w").read()
    with pytest.raises(tf.errors.InvalidArgumentError, match="mode is not"):
        tf.gfile.GFile(path, "x")


def test_text_and_bytes():
    assert tf.compat.as_bytes("é") == b"\xc3\xa9" and tf.compat.as_str(b"\xc3\xa9") == tf.compat.as_text("é") == "é"
    assert tf.compat.as_str_any(5) == "5" and tf.compat.as_str_any(b"a") == "a"
    for function in (tf.compat.as_bytes, tf.compat.as_text):
        with pytest.raises(TypeError, match="Expected binary or unicode string, got 5"):
            function(5)


def test_the_names_of_other_ways_of_working():
    import teachtf.compat.v1 as v1

    assert v1 is tf and tf.compat.v1 is tf and sys.modules["teachtf.compat.v1"] is tf
    tf.disable_v2_behavior()
    tf.disable_eager_execution()
    assert not tf.executing_eagerly() and tf.VERSION == tf.version.VERSION and tf.VERSION.startswith("1.")
    with pytest.raises(NotImplementedError, match=r"tf\.enable_eager_execution: .*tf\.Session"):
        tf.enable_eager_execution()
