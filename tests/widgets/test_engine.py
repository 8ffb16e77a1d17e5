"""The pictures of teachtf's own graph."""

from __future__ import annotations

from teachtf_widgets import cards, display, graph_view, scope_tree, tensor_table

import teachtf as tf
from teachtf.core.graph import Graph
from teachtf.state.variables import Variable


def test_teachtf_graph_is_drawn() -> None:
    with Graph().as_default() as graph:
        weights = Variable([1.0, 2.0], name="w")
        doubled = weights * 2.0
        view, tree, table = graph_view(), scope_tree(), tensor_table()
    nodes = view.picture.nodes
    assert {key: node.kind for key, node in nodes.items()} == {"w": "variable", "mul/y": "constant", "mul": "op"}
    assert nodes["mul/y"].lines == ["2"] and nodes["w"].lines == ["float32 [2]"]
    assert view.dot == graph_view(graph).dot
    assert [leaf[0] for leaf in tree.variables.leaves] == ["w:0"]
    assert ["mul:0", "Mul", "1", "[2]", "float32", ""] in table.rows
    assert "w/Assign" in cards.variable_card(weights) and "[2]" in cards.tensor_card(doubled)


def test_the_registered_types_are_teachtfs() -> None:
    with Graph().as_default() as graph:
        weights = Variable(1.0)
        tensor = weights + 1.0
        plan = tf.runtime.explain(tensor)
    types = [type(thing) for thing in (graph, tensor.op, tensor, weights, plan)]
    assert [(kind.__module__, kind.__name__) for kind in types] == [card[:2] for card in display.CARDS]


def test_a_session_shows_where_it_placed_the_graph() -> None:
    with Graph().as_default() as graph:
        with tf.device("/gpu:1"):
            weights = Variable([1.0, 2.0], name="w")
        with tf.device("/job:ps/task:2"):
            doubled = tf.multiply(weights, 2.0, name="doubled")
        cluster = tf.train.ClusterSpec({"ps": [f"ps{i}:2222" for i in range(3)]}).as_cluster_def()
        sess = tf.Session(config=tf.ConfigProto(device_count={"GPU": 2}, cluster_def=cluster))
    server = "/job:ps/task:2/device:CPU:0"
    placed = graph_view(sess, color_by="device").picture
    assert {key: node.device for key, node in placed.nodes.items()} == {
        "w": "/device:GPU:1",
        "doubled/y": server,
        "doubled": server,
    }
    assert placed.devices == ["/device:GPU:1", server]
    nodes = graph_view(graph, color_by="device").picture.nodes.values()
    assert {n.device for n in nodes} == {"/device:GPU:1", "/job:ps/task:2"}
    assert [row[-1] for row in tensor_table(sess).rows if row[0] in ("w:0", doubled.name)] == ["/device:GPU:1", server]
    assert scope_tree(sess).variables.leaves[0][3] == "float32 [2], /device:GPU:1"
    assert scope_tree(graph).variables.leaves[0][3] == "float32 [2]"
