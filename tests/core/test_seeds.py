"""The two seeds of a random op: TensorFlow's rules."""

from __future__ import annotations

import pytest

import teachtf as tf
from teachtf.core import settings


def test_without_seeds_there_are_none() -> None:
    assert tf.get_seed(None) == (None, None) and tf.get_seed(3) == (87654321, 3)


def test_a_seed_of_the_graph_counts_the_ops_that_have_none() -> None:
    tf.set_random_seed(5)
    assert [tf.get_seed(None), tf.get_seed(7), tf.get_seed(None)] == [(5, 0), (5, 7), (5, 1)]
    assert tf.get_default_graph().seed == 5


def test_two_zeros_would_mean_no_seed() -> None:
    tf.set_random_seed(0)
    assert tf.get_seed(0) == (0, 2**31 - 1)


def test_the_counting_of_tensorflow_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "seeds_count_all_operations", True)
    tf.set_random_seed(1)
    tf.no_op()
    tf.no_op()
    assert tf.get_seed(None) == (1, 2)
