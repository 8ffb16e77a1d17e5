"""A small network on handwritten digits that one engine trains and saves, and the other opens, checks and trains on.

`python digits_program.py save|load FOLDER` does it with real TensorFlow; the test calls the functions with teachtf.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

STEPS, MORE = 30, 5


def batches(data: Any, start: int, count: int) -> Any:
    for i in range(start, start + count):
        rows = np.arange(i * 50, i * 50 + 50) % len(data["x"])
        yield data["x"][rows], data["y"][rows]


def build(tf: Any) -> None:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    step = tf.train.get_or_create_global_step()
    with tf.variable_scope("hidden"):
        weights = tf.get_variable("weights", [64, 32], initializer=tf.truncated_normal_initializer(stddev=0.1, seed=1))
        biases = tf.get_variable("biases", [32], initializer=tf.zeros_initializer())
        hidden = tf.nn.relu(tf.matmul(x, weights) + biases)
    with tf.variable_scope("softmax"):
        weights = tf.get_variable("weights", [32, 10], initializer=tf.random_normal_initializer(stddev=0.1, seed=2))
        biases = tf.get_variable("biases", [10], initializer=tf.constant_initializer(0.1))
        logits = tf.nn.bias_add(tf.matmul(hidden, weights), biases, name="logits")
    probabilities = tf.nn.softmax(logits, name="probabilities")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    train = tf.train.AdamOptimizer(0.01).minimize(loss, global_step=step)
    for name, item in {"predict": probabilities, "loss": loss, "train": train}.items():
        tf.add_to_collection(name, item)


def answers(tf: Any, sess: Any, data: Any, start: int) -> dict[str, np.ndarray]:
    """Predictions, then some more training, and what it comes to."""
    (predict,), (loss,), (train,) = (tf.get_collection(k) for k in ("predict", "loss", "train"))
    result = {"predictions": sess.run(predict, {"x:0": data["x"][:200]})}
    result["losses"] = np.array(
        [sess.run([train, loss], {"x:0": x, "y:0": y})[1] for x, y in batches(data, start, MORE)], np.float32
    )
    for variable in tf.global_variables():
        result[variable.op.name] = sess.run(variable)
    return result


def save(tf: Any, folder: Path) -> None:
    """Build, train, save; `saved.npz` holds what this engine says after it."""
    data = np.load(folder / "data.npz")
    with tf.Graph().as_default(), tf.Session() as sess:
        build(tf)
        saver = tf.train.Saver()
        sess.run(tf.global_variables_initializer())
        for x, y in batches(data, 0, STEPS):
            sess.run(tf.get_collection("train"), {"x:0": x, "y:0": y})
        saver.save(sess, str(folder / "model"), global_step=tf.train.get_global_step())
        np.savez(folder / "saved.npz", **answers(tf, sess, data, STEPS))


def load(tf: Any, folder: Path) -> None:
    """Open what the other engine saved, with no model code; `loaded.npz` holds what this engine says."""
    data = np.load(folder / "data.npz")
    path = tf.train.latest_checkpoint(str(folder))
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + ".meta")
        saver.restore(sess, path)
        np.savez(folder / "loaded.npz", **answers(tf, sess, data, STEPS))
        saver.save(sess, str(folder / "again"), global_step=tf.train.get_global_step())


if __name__ == "__main__":
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow.compat.v1 as tensorflow

    tensorflow.disable_v2_behavior()
    {"save": save, "load": load}[sys.argv[1]](tensorflow, Path(sys.argv[2]))
