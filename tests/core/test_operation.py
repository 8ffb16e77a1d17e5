"""`tf.Operation`: attributes, protos, control inputs, and the user's own line."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf


def test_attributes_of_every_kind() -> None:
    conv = tf.nn.conv2d(tf.zeros([1, 4, 4, 1]), tf.zeros([2, 2, 1, 1]), [1, 2, 2, 1], "SAME").op
    assert conv.get_attr("strides") == [1, 2, 2, 1] and conv.get_attr("padding") == b"SAME"
    assert conv.get_attr("T") is tf.float32 and conv.get_attr("use_cudnn_on_gpu") is True
    shape = tf.placeholder(tf.float32, [None, 3]).op.get_attr("shape")
    assert [d.size for d in shape.dim] == [-1, 3]
    np.testing.assert_array_equal(tf.make_ndarray(tf.constant([1, 2]).op.get_attr("value")), [1, 2])
    with pytest.raises(ValueError, match=r"Operation 'Conv2D' has no attr named 'stride'. Did you mean 'strides'"):
        conv.get_attr("stride")


def test_what_is_given_out_is_a_copy() -> None:
    op = tf.squeeze(tf.zeros([1, 2]), [0]).op
    op.get_attr("squeeze_dims").append(7)
    assert op.get_attr("squeeze_dims") == [0]


def test_protos() -> None:
    op = (tf.constant(1.0, name="a") + 2.0).op
    assert op.node_def.op == "AddV2" and list(op.node_def.input) == ["a", "add/y"]
    assert [a.name for a in op.op_def.input_arg] == ["x", "y"] and op.op_def.attr[0].name == "T"
    assert str(op) == str(op.node_def) and repr(op) == "<tf.Operation 'add' type=AddV2>"
    assert tf.get_default_graph().op_def_for_type("AddV2") is op.op_def


def test_the_users_line() -> None:
    op = tf.no_op("here")
    assert op.user_frame is not None and op.user_frame.line == 'op = tf.no_op("here")'
    assert [f.name for f in op.traceback][-1] == "test_the_users_line"


def test_inputs_can_be_changed() -> None:
    a, b = tf.constant(1.0), tf.constant(2.0)
    op = (a * 3.0).op
    op._update_input(0, b)
    assert op.inputs[0] is b and a.consumers() == [] and b.consumers() == [op]
    with tf.Session() as sess:
        assert sess.run(op.outputs[0]) == 6.0
    with pytest.raises(tf.errors.OutOfRangeError, match=r"Input index \[5\] is greater than the number of total inputs \[2\]"):
        op._update_input(5, a)


def test_control_inputs_can_be_added_and_taken_away() -> None:
    a, b = tf.no_op(), tf.no_op()
    b._add_control_inputs([a, a])
    assert b.control_inputs == [a]
    b._remove_all_control_inputs()
    assert b.control_inputs == []


def test_an_operation_is_no_tensor() -> None:
    with pytest.raises(TypeError, match="can't convert Operation 'NoOp' to Tensor"):
        tf.add(tf.no_op(), 1)


def test_run_without_a_session_says_how() -> None:
    with pytest.raises(ValueError, match=r"Cannot execute operation using `run\(\)`: No default session is registered"):
        tf.no_op().run()
    op = tf.no_op()
    with tf.Session(graph=tf.Graph()) as other, pytest.raises(ValueError, match="the operation's graph is different"):
        op.run(session=other)
