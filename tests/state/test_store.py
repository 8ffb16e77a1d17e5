"""Variables in parts: laws of how they are cut, and of what initializers are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.state.partitions import PartitionedVariable, PartitionInfo, parts_of


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize(("size", "number"), [(7, 3), (6, 3), (5, 5), (1, 1), (100, 7)])
def test_parts_follow_one_another_and_differ_by_one_at_most(size: int, number: int) -> None:
    parts = list(parts_of([2, size], [1, number]))
    assert [offset[1] for offset, _ in parts] == np.cumsum([0, *(shape[1] for _, shape in parts)])[:-1].tolist()
    sizes = [shape[1] for _, shape in parts]
    assert sum(sizes) == size and max(sizes) - min(sizes) <= 1 and sizes == sorted(sizes, reverse=True)


def test_whole_is_the_parts_joined() -> None:
    value = np.arange(14.0, dtype=np.float32).reshape(7, 2)
    v = tf.get_variable("v", initializer=tf.constant(value), partitioner=tf.fixed_size_partitioner(3))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(sess.run(v.as_tensor()), value)
        np.testing.assert_array_equal(np.concatenate(sess.run(list(v))), value)


def test_gradients_flow_into_the_parts() -> None:
    v = tf.get_variable("v", [3], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    gradients = tf.gradients(tf.reduce_sum(tf.convert_to_tensor(v) * [1.0, 2.0, 3.0]), list(v))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        assert [g.tolist() for g in sess.run(gradients)] == [[1.0, 2.0], [3.0]]


def test_partition_info_knows_the_axis() -> None:
    info = PartitionInfo([6, 4], [2, 0])
    assert (info.single_slice_dim([2, 4]), info.single_offset([2, 4])) == (0, 2)
    assert PartitionInfo([6, 4], [0, 0]).single_slice_dim([6, 4]) is None
    with pytest.raises(ValueError, match="could be either dimension"):
        info.single_slice_dim([2, 3])
    with pytest.raises(ValueError, match="would exceed"):
        info.single_slice_dim([5, 4])
    with pytest.raises(ValueError, match="Expected equal length"):
        info.single_slice_dim([5])
    with pytest.raises(TypeError, match="must be a sequence"):
        info.single_slice_dim(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "kind", "text"),
    [
        ({"variable_list": 1}, TypeError, "variable_list is not a list or tuple"),
        ({"partitions": 1}, TypeError, "partitions is not a list or tuple"),
        ({"partitions": [0, 1]}, ValueError, "partition values must be positive"),
        ({"variable_list": []}, ValueError, "variable_list may not be empty"),
        ({"partitions": [1]}, ValueError, r"len\(shape\) != len\(partitions\)"),
        ({"shape": [3, 2]}, ValueError, "full shapes must match shape"),
    ],
)
def test_parts_must_fit(change: dict[str, Any], kind: type[Exception], text: str) -> None:
    parts = list(tf.get_variable("v", [4, 2], partitioner=tf.fixed_size_partitioner(2)))
    right = {"name": "v", "shape": [4, 2], "dtype": tf.float32, "variable_list": parts, "partitions": [2, 1]}
    assert PartitionedVariable(**right).name == "v"  # type: ignore[arg-type]
    with pytest.raises(kind, match=text):
        PartitionedVariable(**{**right, **change})


def test_parts_without_slice_info_are_refused() -> None:
    with pytest.raises(ValueError, match="must have a save_slice_info available"):
        PartitionedVariable("v", [1], tf.float32, [tf.Variable([1.0])], [1])


def test_parts_are_no_reference() -> None:
    v = tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    with pytest.raises(NotImplementedError, match="doesn't support being used as a reference"):
        tf.convert_to_tensor(v, as_ref=True)
    with pytest.raises(AttributeError, match=r"tf\.assign changes a variable"):
        tf.assign(v, [1.0])
    with pytest.raises(AssertionError, match="2 values expected"):
        v.assign([1.0])


def test_parts_made_one_by_one_must_be_those_asked_for() -> None:
    with tf.variable_scope("v"):
        for i in range(3):
            tf.get_variable(f"part_{i}", [1])
    with pytest.raises(ValueError, match="so was the extra shard v/part_2"):
        tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(2))
    with pytest.raises(ValueError, match="v/part_3 was not"):
        tf.get_variable("v", [4], partitioner=tf.fixed_size_partitioner(4))
