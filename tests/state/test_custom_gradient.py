"""What tf.custom_gradient cannot do is said at the call, with the way on. Its results are in tests/conformance."""

from __future__ import annotations

from typing import Any

import pytest

import teachtf as tf


def test_a_variable_made_inside_is_named() -> None:
    def dense(x: Any) -> Any:
        return x * tf.get_variable("w", []), lambda grad: grad

    with tf.variable_scope("layer"), pytest.raises(TypeError, match=r"and layer/w \(made by the function\)") as caught:
        tf.custom_gradient(dense)(tf.constant(1.0))
    assert "Make the variables before the call" in str(caught.value)


def test_keyword_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"Give scale by position, or bind it with functools\.partial"):
        tf.custom_gradient(lambda x, scale: (x * scale, lambda grad: grad))(tf.constant(1.0), scale=2.0)


def test_a_gradient_that_does_not_take_the_variables() -> None:
    w = tf.get_variable("w", [])
    with pytest.raises(TypeError, match=r"must accept keyword argument 'variables', .*'w:0'"):
        tf.custom_gradient(lambda x: (x * w, lambda grad: grad))(tf.constant(1.0))


def test_a_variable_that_no_collection_lists() -> None:
    local = tf.get_local_variable("local", [])
    with pytest.raises(ValueError, match=r"finding variable local\. List it in GraphKeys\.GLOBAL_VARIABLES"):
        tf.custom_gradient(lambda x: (x * local, lambda grad: grad))(tf.constant(1.0))


def test_decorator_with_brackets() -> None:
    @tf.custom_gradient()
    def tripled(x: Any) -> Any:
        return x * 3.0, lambda grad: grad * 4.0

    x = tf.constant(1.0)
    with tf.Session() as sess:
        assert sess.run([tripled(x), *tf.gradients(tripled(x), x)]) == [3.0, 4.0]
