"""`tf.train.Optimizer`: gradients in, updated variables out, and errors that say which variable."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf


def test_gradient_descent_goes_down_the_slope() -> None:
    v = tf.Variable([3.0, -2.0])
    step = tf.Variable(0, trainable=False)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(v * v), global_step=step)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        np.testing.assert_allclose(sess.run(v), np.array([3.0, -2.0]) * 0.8**3, rtol=1e-6)
        assert sess.run(step) == 3


def test_two_halves_are_the_whole() -> None:
    """`compute_gradients` and `apply_gradients`, with something done in between."""
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(v * w, [v, w])
    assert [variable for _, variable in pairs] == [v, w]
    train = optimizer.apply_gradients([(g * 0.5, x) for g, x in pairs])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(train)
        assert sess.run([v, w]) == [0.0, 1.5]


def test_train_op_is_collected() -> None:
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.Variable(1.0) * 2.0)
    assert tf.get_collection(tf.GraphKeys.TRAIN_OP) == [train]


@pytest.mark.parametrize(
    ("use", "text"),
    [
        (lambda o: o.minimize(tf.constant(1.0), var_list=[]), "No variables to optimize"),
        (lambda o: o.minimize(tf.constant(1.0), var_list=[tf.Variable(1.0)]), "No gradients provided for any variable"),
        (lambda o: o.apply_gradients([]), "No variables provided"),
        (lambda o: o.minimize(tf.cast(tf.Variable(1.0), tf.int32), var_list=[tf.Variable(1.0)]), "Invalid type"),
    ],
)
def test_nothing_to_do_is_an_error(use, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        use(tf.train.GradientDescentOptimizer(0.1))
