"""The Python that plans are written in."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf
from teachtf.runtime.plan import Plan


def source(fetch: tf.Tensor, feeds: list[tf.Tensor]) -> str:
    with tf.Session() as sess:
        return Plan([fetch], feeds, sess._state, sess._devices).source


def test_a_counting_loop_makes_no_calls() -> None:
    n = tf.placeholder(tf.int32, [])
    count = tf.while_loop(lambda i: i < n, lambda i: i + 1, [0])
    text = source(count, [n])
    assert "while True" in text and "k" not in text.partition("while True")[2].partition("return")[0].replace("break", "")


@pytest.mark.parametrize("dtype", [tf.int32, tf.int64, tf.float32, tf.float64])
def test_scalars_keep_their_type(dtype: tf.DType) -> None:
    x, y = tf.placeholder(dtype, []), tf.placeholder(dtype, [])
    fetches = [x + y, x - y, x * y, x < y, tf.equal(x, y), tf.logical_and(x < y, x > y)]
    with tf.Session() as sess:
        got = sess.run(fetches, {x: 3, y: 5})
    kind = dtype.as_numpy_dtype
    assert got == [8, -2, 15, True, False, False]
    assert [type(value) for value in got] == [kind] * 3 + [np.bool_] * 3


def test_whole_scalars_wrap_as_in_tensorflow() -> None:
    x = tf.placeholder(tf.int32, [])
    with tf.Session() as sess:
        assert sess.run(x + 1, {x: 2**31 - 1}) == -(2**31)
        assert sess.run(x * x, {x: 2**16}) == 0


def test_what_comes_out_of_a_loop_is_the_callers() -> None:
    first = tf.placeholder(tf.float32, [2])
    last = tf.while_loop(lambda i, v: i < 0, lambda i, v: (i + 1, v), [0, first])[1]
    fed = np.ones(2, np.float32)
    with tf.Session() as sess:
        value = sess.run(last, {first: fed})
    value[0] = 5
    assert fed[0] == 1
