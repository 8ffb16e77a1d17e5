"""Errors that teach (DESIGN.md, section 4): what each says when a run goes wrong, word for word where it matters."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import teachtf as tf


def said(error_class: Any, call: Callable[[], Any]) -> str:
    with pytest.raises(error_class) as raised:
        call()
    return str(raised.value)


def test_uninitialized_values_are_all_named() -> None:
    v, w = tf.Variable([1.0], name="v"), tf.get_variable("scope/w", [1])
    done = tf.Variable([1.0], name="done")
    total = tf.add_n([v, w, done], name="total")
    with tf.Session() as sess:
        sess.run(done.initializer)
        text = said(tf.errors.FailedPreconditionError, lambda: sess.run(total))
    assert text.startswith(
        "Attempting to use uninitialized value v\n"
        "Without a value: v, scope/w. Run an initializer first: sess.run(tf.global_variables_initializer()), or restore a "
        "checkpoint with tf.train.Saver.\n"
    )
    assert "Op 'v/read' (Identity) was created at" in text and "test_errors.py" in text


def test_a_shape_that_does_not_fit_names_the_axis() -> None:
    x = tf.placeholder(tf.float32, [None, 784], name="x")
    with tf.Session() as sess:
        text = said(ValueError, lambda: sess.run(x, {x: np.zeros([10, 28])}))
        assert text.startswith(
            "Cannot feed value of shape (10, 28) for Tensor x:0, which has shape '(?, 784)': axis 1 has size 28 and should "
            "have 784. It was made at "
        )
        assert 'x = tf.placeholder(tf.float32, [None, 784], name="x")' in text
        text = said(ValueError, lambda: sess.run(x, {x: np.zeros(784)}))
        assert "which has shape '(?, 784)': it has 1 dimension and should have 2." in text


def test_a_missing_feed_names_the_placeholder() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    y = tf.square(x, name="y")
    with tf.Session() as sess:
        text = said(tf.errors.InvalidArgumentError, lambda: sess.run(y))
    assert "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,2]" in text
    assert "feed_dict={x: value}" in text and "Op 'x' (Placeholder) was created at" in text


def test_a_feed_of_the_wrong_kind_names_the_placeholder() -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    with tf.Session() as sess:
        text = said(ValueError, lambda: sess.run(x, {x: ["a", "b"]}))
        assert text.startswith("Cannot feed x:0 (float32): could not convert string to float: 'a'") and "It was made at" in text
        text = said(TypeError, lambda: sess.run(x, {x: tf.zeros([2])}))
        assert text.startswith("The value of a feed cannot be a tf.Tensor object.")


def test_an_element_of_another_graph_tells_how_the_session_got_its_own() -> None:
    sess = tf.Session()
    tf.constant(1.0)
    other = tf.Graph()
    with other.as_default():
        b = tf.constant(2.0, name="b")
    with other.as_default():
        text = said(ValueError, lambda: sess.run(b))
        assert 'Tensor Tensor("b:0", shape=(), dtype=float32) is not an element of this graph.' in text
        assert f"It belongs to {other}, this is {sess.graph}." in text
        assert "b = tf.constant(2.0, name=" in text
        assert "The session was made at" in text and "test_errors.py" in text
        assert "took the graph that was the default one then. Another one is the default now" in text
    text = said(TypeError, lambda: tf.Session(graph=sess.graph).run(sess.graph.get_operations()[0], {b: 1.0}))
    assert text.startswith("Cannot interpret feed_dict key as Tensor:") and "was given its graph." in text


def test_a_graph_that_grows_in_a_loop_is_told_of_once() -> None:
    v = tf.Variable(0.0, name="v")
    with tf.Session() as sess, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sess.run(v.initializer)
        for step in range(40):
            sess.run(v.assign_add(float(step)))
    assert len(caught) == 1 and caught[0].filename == __file__
    text = str(caught[0].message)
    assert text.startswith("The graph grows in a loop: ") and "sess.run(v.assign_add(float(step)))" in text
    assert "has added operations before each of the last 10 runs, and there are 24 now" in text
    assert "tf.placeholder" in text and "tf.get_default_graph().finalize()" in text


def test_a_graph_that_grows_for_a_reason_is_not_told_of() -> None:
    x = tf.constant([1.0, 2.0])
    makers = [
        tf.square,
        tf.negative,
        tf.exp,
        tf.sqrt,
        tf.sin,
        tf.cos,
        tf.tan,
        tf.tanh,
        tf.abs,
        tf.sign,
        tf.floor,
        tf.ceil,
        tf.rint,
    ]
    with tf.Session() as sess:
        for make in makers:
            sess.run(make(x))
        y = tf.square(x)
        for _ in range(30):
            sess.run(y)


def test_a_finalized_graph_says_what_to_do() -> None:
    tf.constant(1.0)
    tf.get_default_graph().finalize()
    text = said(RuntimeError, lambda: tf.constant(2.0))
    assert text.startswith("Graph is finalized and cannot be modified. Build every operation before the training loop")
