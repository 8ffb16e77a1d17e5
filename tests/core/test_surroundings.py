"""What surrounds the making of an operation: devices, control dependencies and colocation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import teachtf as tf

PARTS = st.sampled_from(["/job:ps", "/job:w", "/task:3", "/gpu:1", "/cpu:0", "/job:a/task:2", "/device:GPU:*", "", None])


@given(st.lists(PARTS, max_size=5))
def test_devices_merge_as_specs_do(parts: list[str | None]) -> None:
    """Inner fields win; None forgets the outer blocks."""
    with tf.Graph().as_default() as graph:
        expected, blocks = tf.DeviceSpec(), []
        for part in parts:
            expected = tf.DeviceSpec() if part is None else expected.make_merged_spec(tf.DeviceSpec.from_string(part))
            blocks.append(graph.device(part))
            blocks[-1].__enter__()
        made = tf.no_op().device
        for block in reversed(blocks):
            block.__exit__(None, None, None)
        assert made == expected.to_string() and tf.no_op().device == ""


def test_device_functions_see_what_inner_blocks_asked_for() -> None:
    with tf.device(lambda op: op.device + "/task:1"), tf.device("/job:a"):
        assert tf.no_op().device == "/job:a/task:1"
    with tf.device(lambda op: "/gpu:0" if op.type == "MatMul" else "/cpu:0"):
        assert tf.matmul([[1.0]], [[1.0]]).device == "/gpu:0" and tf.no_op().device == "/cpu:0"


@pytest.mark.parametrize(
    ("wrong", "text"), [(3, "tf.device takes a device string"), (lambda op: 3, "a device function returns")]
)
def test_what_is_no_device(wrong: Any, text: str) -> None:
    with pytest.raises(TypeError, match=text), tf.device(wrong):
        tf.no_op()


def test_a_block_does_not_wait_for_what_its_inputs_wait_for() -> None:
    a = tf.no_op("a")
    with tf.control_dependencies([a]):
        b = tf.constant(1.0, name="b")
        c = tf.identity(b, name="c")
    assert b.op.control_inputs == [a] and c.op.control_inputs == []


def test_each_dependency_once() -> None:
    a = tf.constant(1.0, name="a")
    with tf.control_dependencies([a, a.op, "a", "a:0"]), tf.control_dependencies([a]):
        assert tf.no_op().control_inputs == [a.op] and tf.identity(a).op.control_inputs == []


def test_none_forgets_dependencies_and_comes_back() -> None:
    a = tf.no_op()
    with tf.control_dependencies([a]):
        with tf.control_dependencies(None):
            assert tf.no_op().control_inputs == []
        assert tf.no_op().control_inputs == [a]


def test_dependencies_are_operations_of_this_graph() -> None:
    with tf.Graph().as_default():
        other = tf.no_op()
    with pytest.raises(ValueError, match=r"is not an element of this graph"):
        tf.control_dependencies([other])
    with pytest.raises(TypeError, match=r"Can not convert a int into a Tensor or Operation"):
        tf.control_dependencies([3])


def test_colocation_is_stronger_than_devices() -> None:
    with tf.device("/job:ps"):
        a = tf.constant(1, name="a")
    with tf.device("/gpu:0"), tf.colocate_with(a):
        b = tf.constant(2, name="b")
    assert (b.device, b.op.colocation_groups()) == ("/job:ps", [b"loc:@a"])
    with tf.colocate_with(a), tf.colocate_with(b), tf.colocate_with(a, ignore_existing=True):
        assert tf.no_op().colocation_groups() == [b"loc:@a"]
    with pytest.raises(ValueError, match=r"Trying to reset colocation \(op is None\) but ignore_existing is not True"):
        tf.colocate_with(None).__enter__()
