"""Seeds: a seeded program draws TensorFlow's own numbers."""

from __future__ import annotations

import numpy as np
from harness import Programs, describe_graph

programs = Programs()

OPS = {
    "random_normal": lambda tf, **k: tf.random_normal([3, 5], 1.0, 2.0, **k),
    "random_uniform": lambda tf, **k: tf.random_uniform([40], -1.0, 3.0, **k),
    "random_uniform_default": lambda tf, **k: tf.random_uniform([3], **k),
    "random_uniform_from_zero": lambda tf, **k: tf.random_uniform([3], 0, 5.0, **k),
    "random_uniform_to": lambda tf, **k: tf.random_uniform([3], maxval=2.0, name="mine", **k),
    "random_uniform_int": lambda tf, **k: tf.random_uniform([9], 0, 10, dtype=tf.int32, **k),
    "truncated_normal": lambda tf, **k: tf.truncated_normal([4, 9], stddev=0.1, **k),
    "random_normal_double": lambda tf, **k: tf.random_normal([7], dtype=tf.float64, **k),
    "random_shuffle": lambda tf, **k: tf.random_shuffle(tf.range(12), **k),
    "multinomial": lambda tf, **k: tf.multinomial(tf.log([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25]]), 8, **k),
    "random_crop": lambda tf, **k: tf.random_crop(tf.reshape(tf.range(24), [4, 6]), [2, 3], **k),
    "random_gamma": lambda tf, **k: tf.random_gamma([5], 2.5, **k),
}


def seeded(make, graph_seed, op_seed):
    def program(tf):
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        x = make(tf, **({} if op_seed is None else {"seed": op_seed}))
        graph = describe_graph(tf)
        values = []
        for _ in range(2):
            with tf.Session() as sess:
                values.append([sess.run(x), sess.run(x)])
        return {"graph": graph, "values": values}

    return program


for _name, _make in OPS.items():
    programs.add(f"{_name} both seeds", seeded(_make, 87, 42))
    programs.add(f"{_name} op seed", seeded(_make, None, 42))
    programs.add(f"{_name} graph seed", seeded(_make, 5, None))


@programs
def a_graph_seed_counts_ops(tf):
    tf.constant(1.0)
    tf.set_random_seed(1234)
    a = tf.random_normal([2])
    tf.constant(2.0)
    b = tf.random_normal([2])
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        tf.random_uniform([2])
        inner = describe_graph(tf)
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "inner": inner, "values": sess.run([a, b])}


@programs
def get_seed(tf):
    facts = [tf.random.get_seed(None), tf.random.get_seed(3)]
    tf.set_random_seed(9)
    facts += [tf.random.get_seed(None), tf.random.get_seed(3), tf.random.get_seed(0)]
    tf.set_random_seed(0)
    facts += [tf.random.get_seed(0)]
    return facts


@programs
def two_ops_one_run(tf):
    tf.set_random_seed(1)
    a, b = tf.random_uniform([3], seed=1), tf.random_uniform([3], seed=1)
    c = a + 0.0
    with tf.Session() as sess:
        first = sess.run([a, b, c])
        second = sess.run([c, a])
    return {"values": [first, second], "same": bool(np.all(first[0] == first[2]))}


@programs
def random_by_tensor_shape(tf):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 2])
    noise = tf.random_normal(tf.shape(x), seed=2)
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "value": sess.run(x + noise, {x: np.zeros((3, 2), np.float32)})}


@programs
def large_draws(tf):
    tf.set_random_seed(3)
    draws = [tf.random_normal([300, 400]), tf.random_uniform([100001]), tf.truncated_normal([70, 900])]
    with tf.Session() as sess:
        return sess.run(draws)
