"""Slots: variables beside variables, where those are, of their shape and dtype, and not trained."""

from __future__ import annotations

import teachtf as tf
from teachtf.training.slots import create_slot, create_zeros_slot


def test_a_slot_of_zeros() -> None:
    with tf.device("/job:ps"), tf.variable_scope("layer"):
        v = tf.get_variable("w", [2, 3], tf.float64)
    slot = create_zeros_slot(v, "Momentum")
    assert (slot.op.name, slot.shape.as_list(), slot.dtype.base_dtype) == ("layer/w/Momentum", [2, 3], tf.float64)
    assert slot.device == "/job:ps" and slot not in tf.trainable_variables()


def test_a_slot_from_a_tensor() -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    slot = create_slot(v, v.initialized_value() * 2.0, "twice")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run(slot).tolist() == [2.0, 4.0]


def test_slots_of_one_name_are_kept_apart() -> None:
    v = tf.Variable(1.0, name="v")
    assert [create_zeros_slot(v, "Adam").op.name for _ in range(2)] == ["v/Adam", "v/Adam_1"]
