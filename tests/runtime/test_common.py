"""What a plan computes once: the same operation on the same values."""

from __future__ import annotations

import numpy as np

import teachtf as tf


def plan_of(sess, fetches, feeds=()):
    sess.run(fetches, dict(feeds))
    return list(sess._plans.values())[-1]


def matmuls(plan):
    return sum(line.count("= k") for line in plan.source.splitlines())


def test_the_same_product_is_computed_once():
    x = tf.placeholder(tf.float32, [2, 2])
    total = tf.matmul(x, x) + tf.matmul(x, x, name="again")
    other = tf.matmul(x, x, transpose_a=True)
    with tf.Session() as sess:
        feeds = {x: [[1.0, 2.0], [3.0, 4.0]]}
        plan = plan_of(sess, [total, other], feeds)
        assert [op.name for op in plan.notes.merged] == ["again"]
        given = sess.run([total, other], feeds)
    array = np.array(feeds[x], np.float32)
    np.testing.assert_allclose(given[0], 2 * array @ array)
    np.testing.assert_allclose(given[1], array.T @ array)


def test_equal_constants_make_equal_operations():
    x = tf.placeholder(tf.float32, [3])
    total = tf.tile(x * 1.0, [2]) + tf.tile(x * 1.0, [2])
    with tf.Session() as sess:
        plan = plan_of(sess, total, {x: np.ones(3)})
        assert [op.type for op in plan.notes.merged] == ["Mul", "Tile"]
        assert sess.run(total, {x: [1, 2, 3]}).tolist() == [2, 4, 6, 2, 4, 6]


def test_fused_groups_are_compared_too():
    x = tf.placeholder(tf.float32, [64, 64])
    one, two = (tf.reduce_max(tf.tanh(x * 2.0) + 1.0, axis) for axis in (0, 1))
    with tf.Session() as sess:
        plan = plan_of(sess, [one, two], {x: np.ones([64, 64])})
        assert len(plan.notes.merged) == 1
        array = np.linspace(-1, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
        for axis, value in enumerate(sess.run([one, two], {x: array})):
            np.testing.assert_allclose(value, (np.tanh(array * 2) + 1).max(axis), rtol=1e-5)


def test_what_is_handed_out_is_never_shared():
    x = tf.placeholder(tf.float32, [2, 2])
    with tf.Session() as sess:
        one, two = sess.run([tf.matmul(x, x), tf.matmul(x, x)], {x: np.eye(2)})
    one[:] = 7
    assert two.tolist() == [[1, 0], [0, 1]]


def test_random_numbers_are_drawn_for_each():
    total = tf.random_uniform([3], seed=1) - tf.random_uniform([3], seed=2)
    with tf.Session() as sess:
        assert np.all(sess.run(total) != 0)


def test_two_reads_of_a_variable_see_an_update_between_them():
    v = tf.Variable(1.0)
    before = tf.identity(v) * 3.0
    with tf.control_dependencies([before]):
        update = tf.assign(v, 2.0)
    with tf.control_dependencies([update]):
        after = tf.identity(v) * 3.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run([before, after]) == [3.0, 6.0]


def test_a_variable_that_took_a_shared_value_is_changed_alone():
    x = tf.placeholder(tf.float32, [2000])
    v, w = tf.Variable(tf.zeros(2000)), tf.Variable(tf.zeros(2000))
    take = [tf.assign(v, tf.reverse(x, [0])), tf.assign(w, tf.reverse(x, [0]))]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run([t.op for t in take], {x: np.ones(2000)})
        sess.run(tf.assign_add(v, tf.ones(2000)).op)
        assert sess.run(v)[0] == 2 and sess.run(w)[0] == 1


def test_a_loop_keeps_its_own():
    """What the body computes is not there before the loop's first turn, nor of use after its last."""
    x = tf.constant([[1.0, 1.0], [0.0, 1.0]])
    n = tf.placeholder(tf.int32, [])

    def body(i, m):
        return i + 1, tf.matmul(m, x) + tf.matmul(m, x)

    _, last = tf.while_loop(lambda i, m: i < n, body, [tf.constant(0), x])
    after = tf.matmul(last, x)
    with tf.Session() as sess:
        for turns in (0, 1, 3):
            expected = np.array([[1.0, 1.0], [0.0, 1.0]])
            for _ in range(turns):
                expected = 2 * expected @ np.array([[1.0, 1.0], [0.0, 1.0]])
            np.testing.assert_allclose(sess.run(after, {n: turns}), expected @ np.array([[1.0, 1.0], [0.0, 1.0]]))
