"""Variables: what changes them changes just what it says, and nothing that was read before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.platform import log


@pytest.fixture
def sess() -> Iterator[Any]:
    with tf.Graph().as_default(), tf.Session() as sess:
        yield sess


def test_fetched_values_stay_when_parts_change(sess: Any) -> None:
    v = tf.Variable([1.0, 2.0, 3.0])
    changes = [v[1:].assign([8.0, 9.0]), tf.scatter_nd_add(v, [[0]], [5.0]), tf.scatter_update(v, [2], [7.0])]
    sess.run(v.initializer)
    before = sess.run(v)
    after = [sess.run(change) for change in changes]
    assert before.tolist() == [1.0, 2.0, 3.0]
    assert [a.tolist() for a in after] == [[1.0, 8.0, 9.0], [6.0, 8.0, 9.0], [6.0, 8.0, 7.0]]


def test_failed_change_leaves_the_variable(sess: Any) -> None:
    v = tf.Variable([1.0, 2.0])
    index = tf.placeholder(tf.int32, [2])
    change = tf.scatter_nd_add(v, tf.expand_dims(index, 1), [5.0, 5.0])
    sess.run(v.initializer)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[1\] = \[2\] does not index into shape \[2\]"):
        sess.run(change, {index: [0, 2]})
    assert sess.run(v).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
@pytest.mark.parametrize(("name", "function"), [("add", np.add.at), ("sub", np.subtract.at)])
def test_scatter_nd_is_numpys(sess: Any, dtype: Any, name: str, function: Any) -> None:
    rng = np.random.RandomState(0)
    start = rng.randint(-9, 9, (4, 3, 2)).astype(dtype)
    indices = np.stack([rng.randint(0, 4, 10), rng.randint(0, 3, 10)], axis=1)
    updates = rng.randint(-9, 9, (10, 2)).astype(dtype)
    v = tf.Variable(start)
    change = getattr(tf, f"scatter_nd_{name}")(v, indices, updates)
    sess.run(v.initializer)
    expected = start.copy()
    function(expected, tuple(indices.T), updates)
    np.testing.assert_array_equal(sess.run(change), expected)


@pytest.mark.parametrize("index", [np.s_[1], np.s_[:, 0], np.s_[::2, 1:], np.s_[..., -1], np.s_[::-1], np.s_[1:1]])
def test_slice_assignment_is_numpys(sess: Any, index: Any) -> None:
    expected = np.arange(12.0, dtype=np.float32).reshape(4, 3)
    v = tf.Variable(expected)
    part = -expected[index] - 1
    change = v[index].assign(part)
    sess.run(v.initializer)
    expected = expected.copy()
    expected[index] = part
    np.testing.assert_array_equal(sess.run(change), expected)


def test_slices_of_tensors_cannot_be_assigned(sess: Any) -> None:
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'assign'"):
        tf.ones([3])[0].assign(1.0)


@pytest.mark.parametrize("name", ["assign", "assign_add", "assign_sub"])
def test_only_variables_are_changed(sess: Any, name: str) -> None:
    with pytest.raises(AttributeError, match=f"tf.{name} changes a variable"):
        getattr(tf, name)(tf.constant(1.0), 2.0)


def test_reads_come_after_what_they_wait_for(sess: Any) -> None:
    v = tf.Variable(0)
    read = v.read_value()
    for _ in range(20):
        with tf.control_dependencies([read, v.assign_add(1)]):
            read = v.read_value()
    sess.run(v.initializer)
    assert sess.run(read) == 20


def test_in_place_operators_make_tensors_and_say_so(sess: Any, caplog: Any) -> None:
    log._counters.clear()
    v = tf.Variable(1.0, name="v")
    for _ in range(2):
        w = v
        w **= 2.0
        assert isinstance(w, tf.Tensor) and isinstance(v, tf.Variable)
    assert [r.getMessage().partition(" if ")[0] for r in caplog.records] == [
        "Variable **= will be deprecated. Use `var.assign(var ** other)`"
    ]


def test_slice_info_goes_through_a_meta_graph(tmp_path: Any) -> None:
    with tf.Graph().as_default():
        tf.get_variable("v", [4, 2], partitioner=tf.fixed_size_partitioner(2))
        tf.train.export_meta_graph(str(tmp_path / "model.meta"))
    with tf.Graph().as_default():
        tf.train.import_meta_graph(str(tmp_path / "model.meta"), import_scope="in")
        infos = [v._get_save_slice_info() for v in tf.global_variables()]
    assert [(i.full_name, i.spec) for i in infos] == [("in/v", "4 2 0,2:0,2"), ("in/v", "4 2 2,2:0,2")]


def test_average_of_a_constant_is_the_constant(sess: Any) -> None:
    x = tf.constant([1.0, -2.0], name="x")
    averages = tf.train.ExponentialMovingAverage(0.7, zero_debias=True)
    update = averages.apply([x])
    sess.run(tf.global_variables_initializer())
    for _ in range(3):
        sess.run(update)
        np.testing.assert_allclose(sess.run(averages.average(x)), [1.0, -2.0], rtol=1e-6)
