"""What is known of values while the graph is built: always what a run gives, and found without doing work twice."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import teachtf as tf
from teachtf.core import static

SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@settings(deadline=None)
@given(SIZES, st.integers(0, 2), st.integers(1, 3))
def test_shape_arithmetic_gives_what_a_run_gives(sizes: list[int], start: int, factor: int) -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        shape = tf.shape(tf.zeros(sizes))
        tensors = [
            shape[start:] * factor,
            tf.concat([shape, [factor]], 0),
            tf.stack([shape[0], factor]),
            tf.reduce_prod(shape),
            tf.range(factor) + shape[0],
            tf.cast(shape, tf.int64) // factor,
            tf.size(tf.zeros(sizes)),
            tf.rank(tf.zeros(sizes)),
        ]
        values = sess.run(tensors)
        for tensor, value in zip(tensors, values, strict=True):
            np.testing.assert_array_equal(static.constant_value(tensor), value)


def test_shared_subexpressions_are_worked_out_once() -> None:
    """Forty doublings are a million million additions for one who does not remember."""
    x = tf.constant(1)
    for _ in range(30):
        x = x + x
    assert tf.zeros(tf.stack([x - (2**30 - 3)])).shape.as_list() == [3]


def test_what_can_be_fed_is_not_known() -> None:
    assert static.constant_value(tf.placeholder(tf.int32, [])) is None
    assert tf.fill(tf.stack([tf.placeholder(tf.int32, []), 3]), 0.0).shape.as_list() == [None, 3]


def test_a_value_that_was_told_cannot_be_fed() -> None:
    known, other = tf.constant([1, 2]), tf.placeholder(tf.int32)
    np.testing.assert_array_equal(tf.get_static_value(known), [1, 2])
    assert tf.get_static_value(other) is None
    graph = tf.get_default_graph()
    assert not graph.is_feedable(known) and graph.is_feedable(other)


def test_partial_values() -> None:
    stacked = tf.stack([1, tf.placeholder(tf.int32, [])])
    assert tf.get_static_value(stacked) is None
    assert tf.get_static_value(stacked, partial=True).tolist() == [1, None]
