"""Elementwise operations that run as one loop give what they give one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import compiling
from teachtf.runtime.plan import Plan

SHAPE = (64, 96)  # enough elements for the compiled loop


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def plan(sess: tf.Session, fetches: list[Any], feeds: list[Any], **how: Any) -> Plan:
    return Plan(fetches, feeds, sess._state, sess._devices, **how)


def both(fetches: list[Any], feeds: dict[Any, Any]) -> tuple[Any, Any, str]:
    """The values fused and one by one, and the fused plan's text."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        fused, single = plan(sess, fetches, list(feeds)), plan(sess, fetches, list(feeds), traced=True)
        with np.errstate(all="ignore"):
            fused.run(*feeds.values())
            compiling.wait()
            return fused.run(*feeds.values()), single.run(*feeds.values(), seen=lambda *call: None), fused.source


def check(fetches: list[Any], feeds: dict[Any, Any], groups: int) -> None:
    got, expected, source = both(fetches, feeds)
    for value, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-5)
    assert source.count("= g") == groups, source


def test_a_chain_is_one_call() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    check([tf.nn.relu(tf.sigmoid(tf.exp(tf.tanh(x))) - 0.5)], {x: normal(*SHAPE)}, groups=1)


def test_rows_columns_and_scalars_spread() -> None:
    x, row, column = (tf.placeholder(tf.float32, s) for s in (SHAPE, SHAPE[1:], (SHAPE[0], 1)))
    feeds = {x: normal(*SHAPE), row: normal(SHAPE[1], seed=1), column: normal(SHAPE[0], 1, seed=2)}
    check([tf.tanh(x * 2.0 + row) - column], feeds, groups=1)


def test_values_that_are_taken_outside_are_kept() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    y = tf.tanh(x)
    z = y * y + x
    check([tf.matmul(y, z, transpose_b=True), z], {x: normal(*SHAPE)}, groups=1)


def test_gradients_fuse_through_the_identities_that_training_makes() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    w = tf.Variable(normal(*SHAPE, seed=3))
    loss = tf.reduce_sum(tf.tanh(tf.sigmoid(x * w) * w))
    gradient, _ = tf.train.GradientDescentOptimizer(0.1).compute_gradients(loss, [w])[0]
    check([gradient], {x: normal(*SHAPE)}, groups=1)


def test_an_unknown_batch() -> None:
    x = tf.placeholder(tf.float32, [None, 96])
    check([tf.nn.relu(x + 1.0) * x], {x: normal(*SHAPE)}, groups=1)


def test_a_shape_that_does_not_broadcast_names_the_operation() -> None:
    x, y = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, [None, 96])
    total = tf.add(tf.tanh(x), y, name="total")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="total"):
        sess.run(tf.exp(total), {x: normal(64, 96), y: normal(63, 96)})


def test_a_value_read_before_a_change_stays_what_it_was() -> None:
    v = tf.Variable(tf.ones(SHAPE))
    before = tf.exp(v * 2.0)
    with tf.control_dependencies([before]):
        changed = tf.assign(v, tf.zeros(SHAPE))
    with tf.control_dependencies([changed]):
        after = tf.exp(before * v.read_value())
    with tf.Session() as sess:
        sess.run(v.initializer)
        for _ in range(3):
            sess.run(v.initializer)
            first, second = sess.run([before, after])
            compiling.wait()
            np.testing.assert_allclose(first, np.full(SHAPE, np.exp(2.0)), rtol=1e-5)
            np.testing.assert_array_equal(second, np.ones(SHAPE))


def test_a_branch_not_taken_stays_dead() -> None:
    x, choice = tf.placeholder(tf.float32, SHAPE), tf.placeholder(tf.bool, [])
    y = tf.cond(choice, lambda: tf.tanh(x) * 2.0 + 1.0, lambda: tf.exp(x) - 3.0)
    for way in (True, False):
        check([y], {x: normal(*SHAPE), choice: np.bool_(way)}, groups=2)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    """Operations of random kinds on random earlier values, some fetched, some taken by a product in between."""
    pick = np.random.default_rng(seed)
    x, row = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, [96])
    values = [x, row + x]
    fetches = []
    for _ in range(25):
        a, b = (values[pick.integers(len(values))] for _ in range(2))
        ways = (
            lambda a, b: tf.tanh(a),
            lambda a, b: tf.sigmoid(a) * b,
            lambda a, b: tf.nn.relu(a - b),
            lambda a, b: tf.add_n([a, b, a]) * 0.3,
            lambda a, b: tf.identity(a),
            lambda a, b: tf.nn.bias_add(a, row),
            lambda a, b: tf.maximum(a, b),
            lambda a, b: a * tf.reduce_mean(b, axis=1, keepdims=True),
            lambda a, b: tf.stop_gradient(a) / (1.0 + tf.square(b)),
        )
        values.append(ways[pick.integers(len(ways))](a, b))
        if pick.random() < 0.2:
            fetches.append(values[-1])
    got, expected, _ = both([*fetches, values[-1]], {x: normal(*SHAPE, seed=seed), row: normal(96, seed=seed + 1)})
    for value, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-4)
