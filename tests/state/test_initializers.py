"""Initial values: their spread, their dtypes, and that parts of a whole start as the whole would."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.state.initializers import Initializer, fans


@pytest.fixture
def sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess


@pytest.mark.parametrize(
    ("shape", "expected"), [([], (1, 1)), ([3], (3, 3)), ([2, 5], (2, 5)), ([3, 3, 2, 5], (18, 45)), ([4, 2, 5], (8, 20))]
)
def test_fans(shape: list[int], expected: tuple[int, int]) -> None:
    assert fans(shape) == expected


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["uniform", "truncated_normal", "untruncated_normal"])
def test_variance_scaling_has_that_variance(sess: Any, mode: str, distribution: str) -> None:
    shape = [100, 300]
    value = sess.run(tf.variance_scaling_initializer(2.0, mode, distribution, seed=3)(shape))
    fan = {"fan_in": 100, "fan_out": 300, "fan_avg": 200}[mode]
    assert abs(value.mean()) < 0.01 and math.isclose(value.var(), 2.0 / fan, rel_tol=0.03)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32, tf.float64])
def test_dtype_of_the_call_wins(sess: Any, dtype: Any) -> None:
    for make in (tf.zeros_initializer, tf.random_normal_initializer, tf.glorot_uniform_initializer, tf.initializers.identity):
        assert make()([2, 2], dtype=dtype).dtype == dtype


def test_parts_of_the_identity_are_the_identity(sess: Any) -> None:
    v = tf.get_variable("v", [5, 4], initializer=tf.initializers.identity(), partitioner=tf.fixed_size_partitioner(2, axis=1))
    sess.run(tf.global_variables_initializer())
    np.testing.assert_array_equal(sess.run(v.as_tensor()), np.eye(5, 4))


@pytest.mark.parametrize(
    "name", ["he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform"]
)
def test_config_makes_an_equal_initializer(sess: Any, name: str) -> None:
    first = getattr(tf.initializers, name)(seed=5)
    second = type(first).from_config(first.get_config())
    a, b = sess.run([first([3, 3]), second([3, 3])])
    np.testing.assert_array_equal(a, b)


def test_base_class_asks_for_a_call() -> None:
    with pytest.raises(NotImplementedError):
        Initializer()([1])
    assert Initializer().get_config() == {}
