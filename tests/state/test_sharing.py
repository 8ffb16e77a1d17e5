"""What learners stumble over: a variable that is there already, and a name scope where a variable scope was meant."""

from __future__ import annotations

import pytest

import teachtf as tf


def test_already_there_says_which_line_and_the_three_ways_on() -> None:
    with tf.variable_scope("conv1"):
        tf.get_variable("weights", [2])
    with tf.variable_scope("conv1"), pytest.raises(ValueError) as caught:
        tf.get_variable("weights", [2])
    text = str(caught.value)
    assert text.startswith("Variable conv1/weights already exists, disallowed. Did you mean to set reuse=True or reuse=")
    assert "test_sharing.py" in text and 'tf.get_variable("weights", [2])' in text
    assert "share it by tf.variable_scope(..., reuse=True)" in text
    assert "open a scope of another name for a new one" in text and "call tf.reset_default_graph()" in text
    assert "tf.name_scope" not in text


@pytest.mark.parametrize(("outer", "shown"), [(None, "layer2/"), ("model", "model/layer2/")])
def test_a_name_scope_does_not_tell_variables_apart(outer: str | None, shown: str) -> None:
    with tf.variable_scope(outer or tf.get_variable_scope()):
        with tf.name_scope("layer1"):
            tf.get_variable("w", [2])
        with tf.name_scope("layer2"), pytest.raises(ValueError) as caught:
            tf.get_variable("w", [2])
    assert str(caught.value).endswith(
        f"The name scope '{shown}' is open here, but tf.name_scope names operations alone; tf.variable_scope names the "
        "variables of tf.get_variable and operations."
    )


def test_a_slip_in_a_name_that_is_to_be_shared() -> None:
    tf.get_variable("weights", [2])
    with tf.variable_scope("", reuse=True), pytest.raises(ValueError, match=r"Did you mean 'weights'"):
        tf.get_variable("wieghts", [2])
