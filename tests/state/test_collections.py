"""The variables of a graph together: reports of what has no value, and steps that are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import teachtf as tf


@pytest.fixture
def sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess


def test_report_names_just_what_lacks_a_value(sess: Any) -> None:
    variables = [tf.Variable(float(i), name=f"v{i}") for i in range(5)]
    report = tf.report_uninitialized_variables()
    assert sess.run(report).tolist() == [b"v0", b"v1", b"v2", b"v3", b"v4"]
    sess.run([variables[1].initializer, variables[3].initializer])
    assert sess.run(report).tolist() == [b"v0", b"v2", b"v4"]
    sess.run(tf.global_variables_initializer())
    assert sess.run(report).tolist() == []


def test_report_finds_nodes_that_no_collection_lists(sess: Any) -> None:
    tf.Variable(1.0, name="hidden", trainable=False, collections=[])
    assert sess.run(tf.report_uninitialized_variables()).tolist() == [b"hidden"]


def test_assertion_fails_until_all_have_values(sess: Any) -> None:
    tf.Variable(1.0, name="a"), tf.Variable(1.0, name="b")
    check = tf.assert_variables_initialized()
    with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value"):
        sess.run(check)
    sess.run(tf.global_variables_initializer())
    sess.run(check)


def test_several_global_steps_are_none(sess: Any, caplog: Any) -> None:
    step = tf.train.create_global_step()
    assert tf.train.get_global_step() is step
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, tf.constant(1))
    assert tf.train.get_global_step() is None
    assert "Multiple tensors in global_step collection." in caplog.text


@pytest.mark.parametrize("step", [1.5, [1, 2], "step"])
def test_bad_global_steps_are_told(sess: Any, step: Any) -> None:
    with pytest.raises(TypeError, match='Existing "global_step"'):
        tf.train.assert_global_step(step if isinstance(step, str) else tf.constant(step))


def test_scopes_filter_by_the_start_of_names(sess: Any) -> None:
    for name in ("a/v", "ab/v", "b/a/v"):
        tf.Variable(1.0, name=name)
    assert [v.name for v in tf.global_variables("a")] == ["a/v:0", "ab/v:0"]
    assert [v.name for v in tf.global_variables("a/")] == ["a/v:0"]
