"""`tf.contrib`: names of variables and operations as TensorFlow 1.15 gave them."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf


@pytest.fixture(autouse=True)
def empty_graph():
    with tf.Graph().as_default():
        yield


def names(variables):
    return [v.op.name for v in variables]


def test_fully_connected():
    x = tf.constant([[1.0, 2.0, 3.0]])
    y = tf.contrib.layers.fully_connected(x, 2, weights_regularizer=tf.contrib.layers.l2_regularizer(0.1))
    z = tf.contrib.layers.fully_connected(y, 1, activation_fn=None, scope="out")
    again = tf.contrib.layers.fully_connected(y, 1, activation_fn=None, scope="out", reuse=True)
    assert [y.op.name, z.op.name] == ["fully_connected/Relu", "out/BiasAdd"]
    expected = ["fully_connected/weights", "fully_connected/biases", "out/weights", "out/biases"]
    assert names(tf.trainable_variables()) == names(tf.get_collection(tf.GraphKeys.MODEL_VARIABLES)) == expected
    assert len(tf.losses.get_regularization_losses()) == 1
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        a, b = sess.run([z, again])
        np.testing.assert_array_equal(a, b)


def test_convolutions_and_pools():
    x = tf.zeros([2, 8, 8, 3])
    y = tf.contrib.layers.conv2d(x, 4, [3, 3])
    y = tf.contrib.layers.max_pool2d(y, [2, 2])
    y = tf.contrib.layers.flatten(tf.contrib.layers.dropout(y, 0.9, is_training=False))
    assert y.shape == (2, 64) and names(tf.global_variables()) == ["Conv/weights", "Conv/biases"]


def test_batch_norm_with_its_updates_in_place():
    x = tf.placeholder(tf.float32, [None, 3])
    listed = tf.contrib.layers.batch_norm(x, scope="listed")
    at_once = tf.contrib.layers.batch_norm(x, 0.5, updates_collections=None)
    assert names(tf.trainable_variables()) == ["listed/beta", "BatchNorm/beta"]
    assert [op.name for op in tf.get_collection(tf.GraphKeys.UPDATE_OPS)] == [
        "listed/AssignMovingAvg",
        "listed/AssignMovingAvg_1",
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([listed, at_once], {x: [[1, 2, 3], [3, 4, 5]]})
        with tf.variable_scope("", reuse=True):
            means = [tf.get_variable("listed/moving_mean"), tf.get_variable("BatchNorm/moving_mean")]
        np.testing.assert_allclose(sess.run(means), [[0, 0, 0], [1, 1.5, 2]])


def test_regularizers():
    w = tf.constant([1.0, -2.0])
    with tf.Session() as sess:
        assert sess.run(tf.contrib.layers.l1_regularizer(0.5)(w)) == 1.5
        assert sess.run(tf.contrib.layers.l2_regularizer(0.5)(w)) == 1.25
    assert tf.contrib.layers.l2_regularizer(0.0)(w) is None
    for scale in (1, -0.5):
        with pytest.raises(ValueError, match="scale"):
            tf.contrib.layers.l2_regularizer(scale)


def test_initializers_have_the_spread_they_say():
    tf.set_random_seed(1)
    w = tf.get_variable("w", [300, 200], initializer=tf.contrib.layers.xavier_initializer())
    v = tf.get_variable("v", [300, 200], initializer=tf.contrib.layers.variance_scaling_initializer())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first, second = sess.run([w, v])
    assert np.abs(first).max() <= np.sqrt(6 / 500) and abs(first.std() - np.sqrt(2 / 500)) < 1e-3
    assert abs(second.std() - np.sqrt(2 / 300)) < 2e-3
    with pytest.raises(TypeError, match="Unknown mode"):
        tf.contrib.layers.variance_scaling_initializer(mode="fan_in")


def test_older_names():
    assert tf.contrib.rnn.BasicLSTMCell is tf.nn.rnn_cell.BasicLSTMCell
    step = tf.contrib.framework.get_or_create_global_step()
    assert tf.contrib.framework.get_global_step() is step
    with pytest.raises(AttributeError, match=r"Of tf\.contrib, teachtf has framework, layers, rnn"):
        _ = tf.contrib.slim
