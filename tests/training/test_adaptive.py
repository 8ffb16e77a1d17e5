"""Optimizers that adapt: each agrees with its formula in numpy, over several steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import teachtf as tf

START, STEPS = np.array([1.0, -2.0, 0.5]), 5
State = dict[str, Any]


def adagrad(v: Any, g: Any, s: State) -> Any:
    s["a"] = s.get("a", 0.1) + g * g
    return v - 0.1 * g / np.sqrt(s["a"])


def rmsprop(v: Any, g: Any, s: State) -> Any:
    s["ms"] = 0.9 * s.get("ms", 1.0) + 0.1 * g * g
    s["mom"] = 0.5 * s.get("mom", 0.0) + 0.1 * g / np.sqrt(s["ms"] + 1e-10)
    return v - s["mom"]


def adadelta(v: Any, g: Any, s: State) -> Any:
    s["a"] = 0.95 * s.get("a", 0.0) + 0.05 * g * g
    update = np.sqrt(s.get("u", 0.0) + 1e-8) / np.sqrt(s["a"] + 1e-8) * g
    s["u"] = 0.95 * s.get("u", 0.0) + 0.05 * update * update
    return v - 0.1 * update


def adam(v: Any, g: Any, s: State) -> Any:
    s["t"] = s.get("t", 0) + 1
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * g
    s["v"] = 0.999 * s.get("v", 0.0) + 0.001 * g * g
    return v - 0.1 * np.sqrt(1 - 0.999 ** s["t"]) / (1 - 0.9 ** s["t"]) * s["m"] / (np.sqrt(s["v"]) + 1e-8)


def momentum(v: Any, g: Any, s: State) -> Any:
    s["m"] = 0.9 * s.get("m", 0.0) + g
    return v - 0.1 * s["m"]


@pytest.mark.parametrize(
    ("make", "formula"),
    [
        (lambda: tf.train.AdagradOptimizer(0.1), adagrad),
        (lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5), rmsprop),
        (lambda: tf.train.AdadeltaOptimizer(0.1), adadelta),
        (lambda: tf.train.AdamOptimizer(0.1), adam),
        (lambda: tf.train.MomentumOptimizer(0.1, 0.9), momentum),
    ],
    ids=["adagrad", "rmsprop", "adadelta", "adam", "momentum"],
)
def test_formula(make: Callable[[], Any], formula: Callable[[Any, Any, State], Any]) -> None:
    v = tf.Variable(START, dtype=tf.float64)
    train = make().minimize(tf.reduce_sum(v**4 + v * v))
    expected, state = START.copy(), {}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(STEPS):
            sess.run(train)
            expected = formula(expected, 4 * expected**3 + 2 * expected, state)
            np.testing.assert_allclose(sess.run(v), expected, rtol=2e-4)  # the decay rates are single precision


def test_slots_have_names_of_their_own() -> None:
    v = tf.Variable([1.0], name="v")
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(tf.reduce_sum(v))
    assert optimizer.get_slot_names() == ["m", "v"]
    assert optimizer.get_slot(v, "m").op.name == "v/Adam" and optimizer.get_slot(v, "none") is None
    assert sorted(x.op.name for x in tf.global_variables()) == ["beta1_power", "beta2_power", "v", "v/Adam", "v/Adam_1"]
