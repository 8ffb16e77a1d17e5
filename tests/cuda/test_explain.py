"""`tf.runtime.explain` of plans that run on a GPU."""

from __future__ import annotations

import json

import numpy as np

import teachtf as tf


def test_kernels_of_a_gpu_and_what_is_sent_there() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.float32, [None, 8], name="x")
        v = tf.get_variable("v", [8], initializer=tf.ones_initializer())
        y = tf.reduce_sum(tf.tanh(x) * 2.0 + v, 1, name="y")
        sess.run(v.initializer)
        told = tf.runtime.explain(y, {x: np.zeros([2, 8])}, run=True)
    assert [line.kernel for line in told.lines] == ["send", "fused 3", "Sum"]
    assert [line.code for line in told.lines] == ["", "CUDA", "CUDA"]
    assert [line.device for line in told.lines] == ["", "GPU:0", "GPU:0"]
    assert told.lines[1].results[0].shape == [2, 8] and told.lines[1].results[0].bytes == 64
    assert told.lines[1].formula[1].formula == "Tanh * 2.0"
    assert told.values.tolist() == [8.0, 8.0]
    rows = [e["args"]["name"] for e in json.loads(told.chrome_trace())["traceEvents"] if e["ph"] == "M"]
    assert rows == ["GPU:0"]


def test_a_loop_counts_on_the_host() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2, 2], name="x")
        last = tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.tanh(a) + a), [0, x])[1]
        told = tf.runtime.explain(last, {x: np.eye(2)}, run=True)
    times = {line.kernel: (line.code, line.times) for line in told.lines if line.times}
    assert times["Less"] == ("Python", 4) and times["fused 2"] == ("CUDA", 3)
