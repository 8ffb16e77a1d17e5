"""Graphs as protos and back: nothing is lost, nothing is left behind by an import that fails."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import teachtf as tf

ARRAYS = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int32, np.int64, np.uint8, np.int8, np.bool_, np.complex64, np.float16]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
    elements=st.integers(0, 1),
)


def nodes(*specs: Any) -> Any:
    definition = tf.GraphDef()
    for name, op, *inputs in specs:
        definition.node.add(name=name, op=op, input=inputs)
    return definition


@given(ARRAYS)
def test_constants_survive(array: np.ndarray) -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(array, name="c")
        definition = graph.as_graph_def()
    with tf.Graph().as_default() as again, tf.Session() as sess:
        (c,) = tf.import_graph_def(definition, return_elements=["c:0"], name="")
        value = sess.run(c)
        assert again.as_graph_def() == definition
    np.testing.assert_array_equal(value, array)
    assert np.asarray(value).dtype == array.dtype


@given(ARRAYS)
def test_tensor_protos_survive(array: np.ndarray) -> None:
    np.testing.assert_array_equal(tf.make_ndarray(tf.make_tensor_proto(array)), array)


def test_one_element_that_fills_a_shape_is_kept_once() -> None:
    proto = tf.zeros([4, 5]).op.get_attr("value")
    assert list(proto.float_val) == [0.0] and not proto.tensor_content
    assert tf.make_ndarray(proto).shape == (4, 5)


def test_nodes_since_a_version() -> None:
    tf.no_op("a")
    graph = tf.get_default_graph()
    version = graph.version
    tf.no_op("b")
    assert [n.name for n in graph.as_graph_def(from_version=version).node] == ["b"]
    assert len(graph.as_graph_def(add_shapes=True).node) == 2


def test_nodes_in_any_order() -> None:
    """The order is that of the file, but inputs come first."""
    tf.import_graph_def(nodes(("c", "NoOp", "^a"), ("b", "NoOp"), ("a", "NoOp")), name="")
    assert [op.name for op in tf.get_default_graph().get_operations()] == ["b", "a", "c"]


@pytest.mark.parametrize(
    ("definition", "kind", "text"),
    [
        (nodes(("a", "NoOp"), ("a", "NoOp")), ValueError, "Node 'a' is not unique"),
        (nodes(("a", "NoOp", "^b")), ValueError, r"Node 'a': Unknown input node '\^b'"),
        (nodes(("a", "NoOp", "^b"), ("b", "NoOp", "^a")), ValueError, "2 nodes in a cycle: a, b"),
        (nodes(("a b", "NoOp")), ValueError, "Node 'a b': Node name contains invalid characters"),
        (nodes(("a", "Const")), ValueError, "NodeDef missing attrs 'value', 'dtype'"),
        (nodes(("a", "NoOp"), ("b", "NoOp", "a")), ValueError, "invalid output 0 of source node a which has 0 outputs"),
        (3, TypeError, "Argument `graph_def` must be a GraphDef proto"),
    ],
)
def test_what_is_refused_leaves_nothing_behind(definition: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        tf.import_graph_def(definition)
    assert tf.get_default_graph().get_operations() == []


def test_all_unknown_ops_are_listed() -> None:
    definition = nodes(("a", "Frobnicate"), ("b", "Grok"), ("c", "Frobnicate"), ("d", "called"))
    definition.library.function.add().signature.name = "called"
    with pytest.raises(tf.errors.NotFoundError) as caught:
        tf.import_graph_def(definition)
    assert caught.value.message == (
        "Op type not registered 'Frobnicate' in teachtf. The graph has ops that teachtf does not have: Frobnicate (2, as 'a'); "
        "Grok (1, as 'b'); called (1, as 'd'). Its library has functions (called), which do not run here: write the graph with "
        "tf.disable_control_flow_v2() and without tf.function."
    )


def test_dtypes_are_checked_before_anything_is_made() -> None:
    with tf.Graph().as_default() as graph:
        tf.square(tf.placeholder(tf.float32, name="x"), name="y")
    mine = tf.constant(1)
    with pytest.raises(ValueError, match=r"Input 0 of node import/y was passed int32 from Const:0 incompatible"):
        tf.import_graph_def(graph.as_graph_def(), {"x": mine})
    assert tf.get_default_graph().get_operations() == [mine.op]


def test_attributes_that_only_the_writer_knew_are_left_out() -> None:
    definition = nodes(("a", "NoOp"))
    definition.node[0].attr["new"].i = 3
    producer = nodes()
    ops = tf.MetaGraphDef().meta_info_def.stripped_op_list
    attr = ops.op.add(name="NoOp").attr.add(name="new", type="int")
    attr.default_value.i = 3
    tf.import_graph_def(definition, producer_op_list=ops, name="")
    assert "new" not in tf.get_default_graph().get_operation_by_name("a").node_def.attr and not producer.node


def test_two_threads_build_one_graph() -> None:
    """Every operation is there, under a name of its own."""
    graph = tf.get_default_graph()

    def build() -> None:
        with graph.as_default():
            for _ in range(200):
                tf.no_op("same")

    threads = [threading.Thread(target=build) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(graph.get_operations()) == 800 == graph.version
