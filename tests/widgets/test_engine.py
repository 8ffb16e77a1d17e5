"""The pictures of teachtf's own graph."""

from __future__ import annotations

from teachtf_widgets import cards, display, graph_view, scope_tree, tensor_table

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
    types = [type(thing) for thing in (graph, tensor.op, tensor, weights)]
    assert [(kind.__module__, kind.__name__) for kind in types] == [card[:2] for card in display.CARDS]
