"""What `plan_view` draws of a plan; the plan of the golden picture is recorded, as plans change with the engine."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from teachtf_widgets import PlanView, cards, plan_view

import teachtf as tf


def recorded(path: Path) -> Any:
    """What `Explanation.to_dict` gave, as an object again."""

    def named(pairs: dict[str, Any]) -> Any:
        if "formula" in pairs:
            pairs["formula"] = [
                SimpleNamespace(label=label, formula=text, operands=taken) for label, text, taken in pairs["formula"]
            ]
        return SimpleNamespace(**pairs)

    return json.loads(path.read_text(encoding="utf-8"), object_hook=named)


@pytest.mark.parametrize("plan", ["plan", "plan_of_a_loop"])
def test_dot_text_is_golden(plan: str, golden: Path) -> None:
    """The same plan always gives the same text. To accept a change: write `view.dot` to the file and look at the picture."""
    view = plan_view(recorded(golden / f"{plan}.json"))
    assert view.dot == (golden / f"{plan}.dot").read_text(encoding="utf-8")


def chain() -> tuple[Any, Any, Any]:
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    weights = tf.get_variable("weights", [64, 8])
    return x, weights, tf.matmul(tf.tanh(x) * 2.0, weights, name="product")


def edges(view: PlanView) -> set[tuple[str, str, str]]:
    return {(edge.tail, edge.head, edge.kind) for edge in view.picture.edges}


def test_kernels_are_shapes_and_fused_operations_stand_in_a_box() -> None:
    with tf.Graph().as_default():
        x, _, product = chain()
        view = tf.runtime.explain(product, {x: [[0.0] * 64] * 3}).graph()
    nodes = view.picture.nodes
    assert isinstance(view, PlanView)
    assert {key: node.kind for key, node in nodes.items()} == {
        "step 1 Tanh": "op",
        "step 1 mul": "op",
        "value x": "placeholder",
        "step 2": "op",
        "value weights": "variable",
    }
    assert nodes["step 1 Tanh"].path == nodes["step 1 mul"].path == ("step1",) and nodes["step 2"].path == ()
    assert view.picture.boxes["step1"][0] == "1  fused 2"
    assert nodes["step 1 mul"].lines == ["Tanh * 2.0"]
    assert edges(view) == {
        ("value x", "step 1 Tanh", "data"),
        ("step 1 Tanh", "step 1 mul", "data"),
        ("step 1 mul", "step 2", "data"),
        ("value weights", "step 2", "data"),
    }
    assert [edge.labels for edge in view.picture.edges if edge.head == "step 2"] == [["float32 [3, 64]"], ["float32 [64, 8]"]]
    assert nodes["step 2"].fetched and not nodes["step 1 mul"].fetched


def test_what_does_not_run_is_drawn_on_request() -> None:
    with tf.Graph().as_default():
        x, _, product = chain()
        tf.exp(product, name="after")
        told = tf.runtime.explain(product, {x: [[0.0] * 64] * 3})
        assert "idle" not in {node.kind for node in plan_view(told).picture.nodes.values()}
        view = plan_view(told, idle=True)
    assert view.picture.nodes["idle after"].kind == "idle"
    assert ("step 2", "idle after", "idle") in edges(view) and ("value weights", "idle weights/Assign", "idle") in edges(view)


def test_a_loop_is_a_box_whose_last_values_go_back_to_its_variables() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2, 2], name="x")
        last = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, tf.matmul(v, v)), [0, x])[1]
        view = plan_view(tf.exp(last), {x: [[1.0, 0.0], [0.0, 1.0]]})
    boxes = {key: node.path for key, node in view.picture.nodes.items()}
    assert boxes["1 while/Merge_1"] == boxes["step 5"] == ("step1",) and boxes["value x"] == ()
    assert ("step 5", "1 while/Merge_1", "next") in edges(view)
    assert ("value x", "1 while/Merge_1", "data") in edges(view)
    assert ("1 while/Merge_1", "step 7", "data") in edges(view)


def test_a_variable_that_is_written_to() -> None:
    with tf.Graph().as_default():
        weights = tf.get_variable("weights", [2])
        view = plan_view(tf.assign_add(weights, [1.0, 2.0]))
    assert edges(view) == {("value weights", "step 1", "update")}


def test_devices_give_the_colours_where_there_are_several() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2, 2], name="x")
        with tf.device("/gpu:0"):
            y = tf.matmul(x, x)
        with tf.device("/cpu:0"):
            z = tf.matmul(y, y)
        with tf.Session(config=tf.ConfigProto(device_count={"GPU": 1})):
            view = plan_view(z, {x: [[1.0, 0.0], [0.0, 1.0]]})
    assert view.picture.devices == ["GPU:0", "CPU:0"]
    assert "ttf-device" in view.dot and "GPU:0" in view.dot


def test_the_card_shows_picture_table_and_python() -> None:
    with tf.Graph().as_default():
        x, _, product = chain()
        html = cards.plan_card(tf.runtime.explain(product, {x: [[0.0] * 64] * 3}))
    assert "<svg" in html and "Tanh = tanh(x)" in html and "def run(f0):" in html
    assert html.count("<details") == 2


def test_two_results_of_a_fused_group_leave_it_from_their_members() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [64, 64], name="x")
        t = tf.tanh(x)
        u = tf.exp(t)
        view = plan_view([tf.matmul(t, u, name="product")], {x: [[0.0] * 64] * 64})
    assert ("step 1 Tanh", "step 2", "data") in edges(view) and ("step 1 Exp", "step 2", "data") in edges(view)
