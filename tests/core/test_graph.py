"""`tf.Graph`: what is in it, what it keeps beside, and what it refuses."""

from __future__ import annotations

import threading

import pytest

import teachtf as tf


def test_operations_come_in_the_order_they_were_made() -> None:
    a = tf.constant(1.0)
    _ = a + 2.0
    graph = tf.get_default_graph()
    assert [op.name for op in graph.get_operations()] == ["Const", "add/y", "add"] and graph.version == 3


def test_a_finalized_graph_says_what_to_do() -> None:
    graph = tf.get_default_graph()
    graph.finalize()
    assert graph.finalized
    for call in (lambda: tf.constant(1), lambda: graph.add_to_collection("a", 1), lambda: graph.clear_collection("a")):
        with pytest.raises(RuntimeError, match=r"Graph is finalized and cannot be modified. Build every operation before the"):
            call()


def test_elements_of_another_graph_name_both_graphs_and_the_line() -> None:
    """DESIGN.md: both graphs, and how to go on."""
    with tf.Graph().as_default() as other:
        x = tf.constant(1.0, name="x")
    mine = tf.get_default_graph()
    with pytest.raises(ValueError) as caught:
        mine.as_graph_element(x)
    text = str(caught.value)
    assert text.startswith('Tensor Tensor("x:0", shape=(), dtype=float32) is not an element of this graph.')
    assert (
        f"It belongs to {other}, this is {mine}." in text and "test_graph.py" in text and 'tf.constant(1.0, name="x")' in text
    )
    assert text.endswith("Run it in a session of its own graph: `tf.Session(graph=...)`.")


def test_a_slip_in_a_name_gets_a_suggestion() -> None:
    tf.constant(1, name="weights")
    graph = tf.get_default_graph()
    with pytest.raises(KeyError, match=r"refers to an Operation not in the graph. Did you mean 'weights'"):
        graph.get_operation_by_name("weihgts")
    with pytest.raises(KeyError, match=r"does not exist in the graph. Did you mean 'weights'"):
        graph.get_tensor_by_name("wieghts:0")
    with pytest.raises(KeyError, match="exists but only has 1 outputs"):
        graph.get_tensor_by_name("weights:1")


def test_collections_by_scope() -> None:
    graph = tf.get_default_graph()
    a, b = tf.constant(1, name="s/a"), tf.constant(1, name="t/a")
    for item in (a, b, 3):
        graph.add_to_collection("k", item)
    assert graph.get_collection("k", "s/") == [a] and graph.get_collection("k", ".*a") == [a, b]
    assert graph.get_collection("k") == [a, b, 3] and graph.get_collection("none") == []
    graph.get_collection_ref("k").clear()
    assert graph.get_collection("k") == [] and graph.collections == ["k"]
    graph.add_to_collections(["m", "n", "m"], 1)
    assert graph.get_collection("m") == [1] and graph.get_all_collection_keys() == ["k", "m", "n"]


def test_one_name_for_one_operation() -> None:
    tf.constant(1, name="a/")
    with pytest.raises(ValueError, match="Duplicate node name in graph: 'a'"):
        tf.constant(1, name="a/")


def test_an_operation_that_is_refused_leaves_no_trace() -> None:
    x, y = tf.zeros([2]), tf.zeros([3])
    before = tf.get_default_graph().version
    with pytest.raises(
        ValueError, match=r"Dimensions must be equal.*for 'Add' \(op: 'AddV?2?'\) with input shapes: \[2\], \[3\]"
    ):
        tf.add(x, y)
    assert tf.get_default_graph().version == before and x.consumers() == y.consumers() == []


def test_what_may_not_be_fed_or_fetched() -> None:
    a, b = tf.split(tf.zeros([2]), 2)
    graph = a.graph
    graph.prevent_feeding(a)
    graph.prevent_fetching(b.op)
    assert (graph.is_feedable(a), graph.is_feedable(b), graph.is_fetchable(a), graph.is_fetchable(b.op)) == (
        False,
        True,
        False,
        False,
    )
    with pytest.raises(ValueError, match="has been marked as not fetchable"), tf.Session() as sess:
        sess.run(b)


def test_blocks_of_a_thread_after_the_switch() -> None:
    graph, seen = tf.get_default_graph(), []

    def other() -> None:
        with graph.as_default():
            first = tf.constant(1).device
            with tf.device("/gpu:1"):
                seen.extend([first, tf.constant(1).device])

    with tf.device("/job:a"):
        graph.switch_to_thread_local()
        with tf.device("/task:1"):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
            assert seen == ["/job:a", "/job:a/device:GPU:1"] and tf.constant(1).device == "/job:a/task:1"


def test_default_graphs_close_in_order() -> None:
    outer, inner = tf.Graph().as_default(), tf.Graph().as_default()
    outer.__enter__()
    inner.__enter__()
    with pytest.raises(AssertionError, match="Nesting violated"):
        outer.__exit__(None, None, None)
    inner.__exit__(None, None, None)
    with tf.Graph().as_default(), pytest.raises(AssertionError, match=r"Do not use tf.reset_default_graph"):
        tf.reset_default_graph()


def test_gradient_overrides_are_marked() -> None:
    with tf.get_default_graph().gradient_override_map({"Square": "Mine"}):
        x = tf.square(tf.constant(1.0))
    assert x.op.get_attr("_gradient_op_type") == b"Mine"
    with pytest.raises(TypeError, match="op_type_map must be a dictionary mapping strings to strings"):
        tf.get_default_graph().gradient_override_map({"Square": 3}).__enter__()  # type: ignore[dict-item]
