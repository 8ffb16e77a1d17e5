"""Results are written over values that nobody wants any more, and over no others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf

SHAPE = [70, 80]


def given(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SHAPE).astype(np.float32)


def in_place(fetches: Any, feeds: dict[Any, Any]) -> dict[str, str]:
    """What is written over what. The values are right, each time, and what was fed is as it was."""
    flat = list(fetches) if isinstance(fetches, list) else [fetches]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = [np.array(value) for value in feeds.values()]
        traced = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)  # every operation by itself
        expected = sess.run(flat, feeds, options=traced, run_metadata=tf.RunMetadata())
        first = sess.run(flat, feeds)
        for got in (first, sess.run(flat, feeds), first):
            for value, wanted in zip(got, expected, strict=True):
                if wanted is not None:
                    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)
        for value, was in zip(feeds.values(), before, strict=True):
            np.testing.assert_array_equal(value, was)
        plan = sess._plan(flat, list(feeds))
        return {a.op.name: b.op.name for a, b in plan.notes.in_place.items()}


def test_what_a_kernel_has_made_for_one_group_alone() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    y = tf.exp(tf.nn.softmax(x, name="chances") * 2.0, name="y") - x
    assert in_place(y + 1.0, {x: given()}) == {"add": "chances"}


def test_a_group_behind_another() -> None:
    x = tf.placeholder(tf.float32, [None, 80])
    inner = tf.tanh(x * 2.0, name="inner")
    with tf.control_dependencies([tf.reduce_max(inner)]):  # ends the first group
        outer = tf.exp(inner, name="outer") + inner
    assert in_place([outer, tf.reduce_max(inner, 0)], {x: given()}) in ({}, {"add": "inner"})
    assert in_place(tf.sqrt(tf.nn.softmax(tf.exp(x)) + 1.0), {x: given()}) == {"Sqrt": "Softmax"}


def softmax(x: Any) -> Any:
    return tf.nn.softmax(x, name="s")


@pytest.mark.parametrize(
    "others",
    [
        lambda s: [s],
        lambda s: [tf.reshape(s, [-1])],
        lambda s: [tf.identity(s)],
        lambda s: [tf.transpose(s)],
        lambda s: [s[1:]],
        lambda s: [tf.assign(tf.get_variable("v", SHAPE), s)],
        lambda s: [tf.py_func(lambda a: a, [s], tf.float32)],
        lambda s: [tf.TensorArray(tf.float32, 1).write(0, s).read(0)],
        lambda s: [tf.cond(tf.constant(True), lambda: s, lambda: -s)],
        lambda s: tf.unstack(s),
        lambda s: [tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, a * 0.5), [tf.constant(0), s])[1]],
    ],
)
def test_what_may_be_seen_elsewhere_is_not_touched(others: Any) -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    s = softmax(x)
    wanted = others(s)
    with tf.control_dependencies([t.op for t in wanted]):
        y = tf.sqrt(s + 1.0)
    assert "s" not in in_place([*wanted, y], {x: given()}).values()


def test_feeds_constants_and_variables_are_not_touched() -> None:
    x, c, v = tf.placeholder(tf.float32, SHAPE), tf.constant(given(1)), tf.Variable(given(2))
    assert in_place([tf.exp(x * 2.0), tf.exp(c * x), tf.exp(v * 2.0) + 1.0], {x: given()}) == {}


def test_one_that_would_be_broadcast_is_not_written_over() -> None:
    x, row = tf.placeholder(tf.float32, [None, 80]), tf.placeholder(tf.float32, [None, 80])
    y = tf.exp(softmax(row) * x)
    for rows in (1, 70):
        in_place(y, {x: given(), row: given(1)[:rows]})


def test_loops_write_over_what_they_made_in_the_same_turn() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    total = tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, tf.sqrt(softmax(a) + a)), [tf.constant(0), x])[1]
    assert list(in_place(total, {x: given()}).values()) == ["while/s"]


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(seed: int) -> None:
    """Whatever is written over, values stay those of operations run one by one."""
    random = np.random.default_rng(seed)
    x, w = tf.placeholder(tf.float32, [64, 64]), tf.placeholder(tf.float32, [64, 64])
    made = [x, tf.tanh(w)]
    for _ in range(14):
        a, b = (made[int(i)] for i in random.integers(max(0, len(made) - 4), len(made), 2))
        made.append(
            [
                lambda a, b: tf.nn.softmax(a),
                lambda a, b: tf.matmul(a, b) * 0.1,
                lambda a, b: tf.tanh(a) + b,
                lambda a, b: tf.nn.relu(a * b),
                lambda a, b: a - tf.reduce_mean(b, 0),
                lambda a, b: tf.reshape(tf.transpose(a), [64, 64]),
                lambda a, b: tf.identity(a) * 0.5,
                lambda a, b: tf.nn.log_softmax(a) + tf.sqrt(tf.abs(b)),
            ][int(random.integers(8))](a, b)
        )
    feeds = {x: random.standard_normal((64, 64)).astype(np.float32), w: random.standard_normal((64, 64)).astype(np.float32)}
    fetches = [made[-1], made[-2], tf.reduce_sum(made[-3], 1)]
    with tf.Session() as sess:
        expected = sess.run(fetches, feeds, options=tf.RunOptions(trace_level=3), run_metadata=tf.RunMetadata())
        for _ in range(2):
            for value, wanted in zip(sess.run(fetches, feeds), expected, strict=True):
                np.testing.assert_allclose(value, wanted, rtol=2e-3, atol=1e-3)
