"""`tf.name_scope` and the other blocks that act on the default graph."""

from __future__ import annotations

import pytest

import teachtf as tf


def test_scopes_nest_and_are_made_unique() -> None:
    names = []
    for _ in range(2):
        with tf.name_scope("a") as outer, tf.name_scope("b") as inner:
            names.append((outer, inner, tf.no_op("c").name))
    assert names == [("a/", "a/b/", "a/b/c"), ("a_1/", "a_1/b/", "a_1/b/c")]


def test_a_trailing_slash_opens_a_scope_again() -> None:
    with tf.name_scope("a"):
        pass
    with tf.name_scope("a/") as again:
        assert (again, tf.no_op("c").name) == ("a/", "a/c")


def test_an_empty_name_goes_back_to_the_top() -> None:
    with tf.name_scope("a"), tf.name_scope(""):
        assert tf.no_op("c").name == "c"


def test_the_tensors_of_the_block_say_which_graph() -> None:
    with tf.Graph().as_default() as other:
        x = tf.constant(1)
    with tf.name_scope("s", values=[x]):
        assert tf.get_default_graph() is other
    assert tf.get_default_graph() is not other


def test_tensors_of_two_graphs_are_refused_by_name() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1, name="x")
    y = tf.constant(2, name="y")
    with pytest.raises(ValueError, match=r'Tensor\("y:0".*must be from the same graph as Tensor\("x:0"'):
        tf.name_scope("s", values=[x, y]).__enter__()


def test_a_value_in_the_place_of_a_name() -> None:
    with pytest.raises(TypeError, match="You likely meant to pass this into the `values` kwarg"):
        tf.name_scope(None, [tf.constant(1)])  # type: ignore[arg-type]


def test_op_scope_takes_its_arguments_in_the_order_of_2015() -> None:
    with tf.op_scope([tf.constant(1)], None, "default") as scope:
        assert scope == "default/"


def test_container_of_what_keeps_state() -> None:
    with tf.container("box"):
        inside = tf.Variable(1.0)
        assert tf.constant(1).op.type == "Const"
    assert inside.op.get_attr("container") == b"box"
    assert tf.Variable(1.0).op.get_attr("container") == b""
