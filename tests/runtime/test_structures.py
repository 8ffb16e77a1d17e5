"""What is asked of a run and what comes back."""

from __future__ import annotations

import collections
from typing import Any, NamedTuple

import numpy as np
import pytest

import teachtf as tf


class Pair(NamedTuple):
    x: Any
    y: Any


def test_values_come_back_in_the_structure_that_was_asked_for() -> None:
    a, b = tf.constant(1.0), tf.constant([2, 3])
    with tf.Session() as sess:
        got = sess.run(Pair({"k": (a, [b])}, collections.OrderedDict(z=a, b=b)))
        assert isinstance(got, Pair) and isinstance(got.x["k"], tuple) and isinstance(got.x["k"][1], list)
        assert type(got.y) is collections.OrderedDict and list(got.y) == ["z", "b"]
        default = sess.run(collections.defaultdict(int, {"a": a}))
        assert default["a"] == 1.0 and default["other"] == 0


def test_classes_of_the_attrs_package() -> None:
    attrs = pytest.importorskip("attr")
    point = attrs.make_class("Point", ["x", "y"])
    a, b = tf.constant(1.0), tf.constant([2, 3])
    with tf.Session() as sess:
        got = sess.run(point(a, point(b, [a])))
    assert type(got) is point and type(got.y) is point
    assert got.x == 1.0 and got.y.x.tolist() == [2, 3] and got.y.y == [1.0]


@pytest.mark.parametrize(("dtype", "value"), [("int8", 128), ("uint8", -1), ("bool", 2), ("string", 3), ("int64", 2**70)])
def test_whole_numbers_that_do_not_fit_are_refused(dtype: str, value: int) -> None:
    x = tf.placeholder(dtype, [], name="x")
    with tf.Session() as sess, pytest.raises(TypeError, match="is not compatible with Tensor type") as raised:
        sess.run(x, {x: value})
    assert "made at" in str(raised.value)


def test_numbers_in_lists_wrap_as_those_of_arrays() -> None:
    u = tf.placeholder(tf.uint8, [2])
    with tf.Session() as sess:
        assert sess.run(u, {u: [300, -1]}).tolist() == sess.run(u, {u: np.array([300, -1])}).tolist() == [44, 255]


def test_a_fetch_is_the_callers_own() -> None:
    v = tf.Variable([1.0, 2.0])
    c = tf.constant([1.0, 2.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        for fetched in sess.run([v, c]):
            fetched += 1.0
        assert sess.run(v).tolist() == sess.run(c).tolist() == [1.0, 2.0]
