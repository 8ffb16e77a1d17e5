"""What is timed: programs in TensorFlow 1's API that run under teachtf and under TensorFlow.

A row is a function of `tf` that builds a graph and gives the step to time, a function of no arguments. The session stays open
as long as the step is referred to.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Step = Callable[[], Any]
ROWS: dict[str, Callable[[Any], Step]] = {}


def row(name: str) -> Callable[[Callable[[Any], Step]], Callable[[Any], Step]]:
    def register(build: Callable[[Any], Step]) -> Callable[[Any], Step]:
        ROWS[name] = build
        return build

    return register


def rows(name: str, choices: dict[str, tuple[Any, ...]]) -> Callable[[Callable[..., Step]], Callable[..., Step]]:
    """A row for each choice of arguments."""

    def register(build: Callable[..., Step]) -> Callable[..., Step]:
        for label, arguments in choices.items():
            ROWS[f"{name}, {label}"] = lambda tf, arguments=arguments: build(tf, *arguments)
        return build

    return register


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, np.float32)


def ready(tf: Any) -> Any:
    sess = tf.Session()
    sess.run(tf.global_variables_initializer())
    return sess


def train(tf: Any, loss: Any, optimizer: Any, feeds: dict[Any, Any]) -> Step:
    step = optimizer.minimize(loss)
    sess = ready(tf)
    return lambda: sess.run(step, feeds)


def conv_relu(tf: Any, x: Any) -> Any:
    """The image filter's layer, as in the notes."""
    weights = tf.get_variable("weights", [5, 5, 32, 32], initializer=tf.random_normal_initializer(stddev=0.05))
    biases = tf.get_variable("biases", [32], initializer=tf.constant_initializer(0.0))
    return tf.nn.relu(tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding="SAME") + biases)


def image_filter(tf: Any, images: Any) -> Any:
    for name in ("conv1", "conv2"):
        with tf.variable_scope(name):
            images = conv_relu(tf, images)
    return images


def pictures(tf: Any, batch: int, size: int) -> tuple[Any, dict[Any, Any]]:
    """A placeholder and what it is fed."""
    images = tf.placeholder(tf.float32, [None, size, size, 32])
    return images, {images: random(batch, size, size, 32)}


@rows("image filter forward", {"1x64x64": (1, 64), "16x64x64": (16, 64), "8x128x128": (8, 128)})
def _filter(tf: Any, batch: int, size: int) -> Step:
    images, feeds = pictures(tf, batch, size)
    result = image_filter(tf, images)
    sess = ready(tf)
    return lambda: sess.run(result, feeds)


@rows("image filter with gradients", {"1x64x64": (1, 64), "16x64x64": (16, 64), "8x128x128": (8, 128)})
def _filter_gradients(tf: Any, batch: int, size: int) -> Step:
    images, feeds = pictures(tf, batch, size)
    result = image_filter(tf, images)
    slopes = tf.gradients(tf.reduce_sum(result * result), tf.trainable_variables())
    sess = ready(tf)
    return lambda: sess.run(slopes, feeds)


def classifier(tf: Any, logits: Any, labels: Any) -> Any:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))


def dense(tf: Any, x: Any, units: int) -> Any:
    weights = tf.Variable(tf.truncated_normal([x.shape.as_list()[1], units], stddev=0.05))
    return tf.matmul(x, weights) + tf.Variable(tf.zeros([units]))


def digits(batch: int) -> tuple[np.ndarray, np.ndarray]:
    return np.abs(random(batch, 784)), np.arange(batch, dtype=np.int32) % 10


@row("softmax regression, SGD step of 100")
def _softmax_regression(tf: Any) -> Step:
    x, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
    images, classes = digits(100)
    loss = classifier(tf, dense(tf, x, 10), labels)
    return train(tf, loss, tf.train.GradientDescentOptimizer(0.01), {x: images, labels: classes})


@row("784-256-256-10, Adam step of 128")
def _perceptron(tf: Any) -> Step:
    x, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
    hidden = tf.nn.relu(dense(tf, tf.nn.relu(dense(tf, x, 256)), 256))
    images, classes = digits(128)
    return train(tf, classifier(tf, dense(tf, hidden, 10), labels), tf.train.AdamOptimizer(1e-3), {x: images, labels: classes})


@row("LeNet, Adam step of 64")
def _lenet(tf: Any) -> Step:
    x, labels = tf.placeholder(tf.float32, [None, 784]), tf.placeholder(tf.int32, [None])
    images = tf.reshape(x, [-1, 28, 28, 1])
    for depth in (32, 64):
        weights = tf.Variable(tf.truncated_normal([5, 5, images.shape.as_list()[3], depth], stddev=0.1))
        layer = tf.nn.relu(tf.nn.conv2d(images, weights, [1, 1, 1, 1], "SAME") + tf.Variable(tf.constant(0.1, shape=[depth])))
        images = tf.nn.max_pool(layer, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
    hidden = tf.nn.relu(dense(tf, tf.reshape(images, [-1, 7 * 7 * 64]), 512))
    pictures, classes = digits(64)
    loss = classifier(tf, dense(tf, hidden, 10), labels)
    return train(tf, loss, tf.train.AdamOptimizer(1e-4), {x: pictures, labels: classes})


@row("LSTM of 128, 28 steps, Adam step of 64")
def _lstm(tf: Any) -> Step:
    x, labels = tf.placeholder(tf.float32, [64, 784]), tf.placeholder(tf.int32, [None])
    kernel = tf.Variable(tf.truncated_normal([28 + 128, 4 * 128], stddev=0.1))
    bias = tf.Variable(tf.zeros([4 * 128]))
    c = h = tf.zeros([64, 128])
    for part in tf.unstack(tf.reshape(x, [64, 28, 28]), axis=1):
        i, j, f, o = tf.split(tf.matmul(tf.concat([part, h], 1), kernel) + bias, 4, axis=1)
        c = c * tf.sigmoid(f + 1.0) + tf.sigmoid(i) * tf.tanh(j)
        h = tf.tanh(c) * tf.sigmoid(o)
    pictures, classes = digits(64)
    return train(tf, classifier(tf, dense(tf, h, 10), labels), tf.train.AdamOptimizer(1e-3), {x: pictures, labels: classes})


@row("assign_add of a scalar")
def _assign_add(tf: Any) -> Step:
    step = tf.assign_add(tf.Variable(0.0), 1.0)
    sess = ready(tf)
    return lambda: sess.run(step)


@row("one feed, one fetch")
def _feed_fetch(tf: Any) -> Step:
    x = tf.placeholder(tf.float32, [None])
    y, value = x + 1.0, random(10)
    sess = ready(tf)
    return lambda: sess.run(y, {x: value})


def variable(tf: Any, *shape: int) -> Any:
    """An operand that stays in the session, so that neither feeding nor folding is timed."""
    return tf.Variable(tf.random_normal(shape, seed=1))


@row("tanh, exp, sigmoid, relu of 4M elements")
def _chain(tf: Any) -> Step:
    x = variable(tf, 4 << 20)
    y = tf.nn.relu(tf.sigmoid(tf.exp(tf.tanh(x))) - 0.5)
    sess = ready(tf)
    return lambda: sess.run(y)


@row("row softmax 4096x1000")
def _softmax(tf: Any) -> Step:
    y = tf.nn.softmax(variable(tf, 4096, 1000))
    sess = ready(tf)
    return lambda: sess.run(y)


@row("column mean 4096x4096")
def _mean(tf: Any) -> Step:
    y = tf.reduce_mean(variable(tf, 4096, 4096), axis=0)
    sess = ready(tf)
    return lambda: sess.run(y)


@row("10M normals")
def _normals(tf: Any) -> Step:
    y = tf.random_normal([10_000_000], seed=1)
    sess = ready(tf)
    return lambda: sess.run(y)


@rows("matmul", {"256": (256,), "1024": (1024,), "2048": (2048,)})
def _matmul(tf: Any, n: int) -> Step:
    y = tf.matmul(variable(tf, n, n), variable(tf, n, n))
    sess = ready(tf)
    return lambda: sess.run(y)


@row("max-pool gradient 32x64x64x32")
def _pool_gradient(tf: Any) -> Step:
    x = variable(tf, 32, 64, 64, 32)
    slope = tf.gradients(tf.nn.max_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), x)[0]
    sess = ready(tf)
    return lambda: sess.run(slope)


@row("while_loop of 1000 turns")
def _while(tf: Any) -> Step:
    _, total = tf.while_loop(lambda i, t: i < 1000, lambda i, t: (i + 1, t + 0.5), [tf.constant(0), tf.constant(0.0)])
    sess = ready(tf)
    return lambda: sess.run(total)


@row("2,000 scoped variables built")
def _variables(tf: Any) -> Step:
    def step() -> None:
        with tf.Graph().as_default():
            for i in range(40):
                with tf.variable_scope(f"layer{i}"):
                    for j in range(25):
                        with tf.variable_scope(f"unit{j}"):
                            tf.get_variable("weights", [3, 3], initializer=tf.random_normal_initializer())
                            tf.get_variable("biases", [3], initializer=tf.constant_initializer(0.0))

    return step


def _saved(tf: Any) -> tuple[Any, Any, str, Iterator[Any]]:
    for _ in range(4):
        tf.Variable(tf.zeros([13_107_200]))  # 50 MiB each
    folder = tempfile.TemporaryDirectory()
    sess, saver = ready(tf), tf.train.Saver()
    return sess, saver, str(Path(folder.name) / "model"), iter([folder])


@row("save 200 MB")
def _save(tf: Any) -> Step:
    sess, saver, path, _keep = _saved(tf)
    return lambda _keep=_keep: saver.save(sess, path, write_meta_graph=False)


@row("restore 200 MB")
def _restore(tf: Any) -> Step:
    sess, saver, path, _keep = _saved(tf)
    saver.save(sess, path, write_meta_graph=False)
    return lambda _keep=_keep: saver.restore(sess, path)
