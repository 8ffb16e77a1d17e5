"""Learning rates that change: each agrees with its formula at every step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import teachtf as tf

SCHEDULES: dict[str, tuple[Callable[[Any], Any], Callable[[int], float]]] = {
    "exponential": (lambda s: tf.train.exponential_decay(0.5, s, 10, 0.9), lambda s: 0.5 * 0.9 ** (s / 10)),
    "staircase": (lambda s: tf.train.exponential_decay(0.5, s, 10, 0.9, staircase=True), lambda s: 0.5 * 0.9 ** (s // 10)),
    "natural": (lambda s: tf.train.natural_exp_decay(0.5, s, 10, 0.9), lambda s: 0.5 * math.exp(-0.9 * s / 10)),
    "inverse time": (lambda s: tf.train.inverse_time_decay(0.5, s, 10, 0.9), lambda s: 0.5 / (1 + 0.9 * s / 10)),
    "polynomial": (
        lambda s: tf.train.polynomial_decay(0.5, s, 20, 0.01, power=2.0),
        lambda s: (0.5 - 0.01) * (1 - min(s, 20) / 20) ** 2 + 0.01,
    ),
    "cosine": (
        lambda s: tf.train.cosine_decay(0.5, s, 20, alpha=0.1),
        lambda s: 0.5 * (0.9 * 0.5 * (1 + math.cos(math.pi * min(s, 20) / 20)) + 0.1),
    ),
    "piecewise": (
        lambda s: tf.train.piecewise_constant(s, [5, 15], [1.0, 0.5, 0.1]),
        lambda s: 1.0 if s <= 5 else 0.5 if s <= 15 else 0.1,
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_formula(name: str) -> None:
    build, formula = SCHEDULES[name]
    step = tf.placeholder(tf.int32, [])
    rate = build(step)
    with tf.Session() as sess:
        found = [sess.run(rate, {step: s}) for s in range(0, 31, 3)]
    np.testing.assert_allclose(found, [formula(s) for s in range(0, 31, 3)], rtol=1e-5)


def test_a_schedule_needs_a_step() -> None:
    with pytest.raises(ValueError, match="None values not supported"):
        tf.train.exponential_decay(0.5, None, 10, 0.9)


def test_piecewise_needs_one_value_more_than_boundaries() -> None:
    with pytest.raises(ValueError, match="boundaries"):
        tf.train.piecewise_constant(tf.constant(1), [5], [1.0])
