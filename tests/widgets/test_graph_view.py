"""What `graph_view` draws, as DOT text, SVG, PNG and HTML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from teachtf_widgets import graph_view
from teachtf_widgets.layout import program, write_atomically
from teachtf_widgets.text_width import text_width


def titles(view: Any, kind: str | None = None) -> list[str]:
    return [node.key for node in view.picture.nodes.values() if kind in (None, node.kind)]


def edges(view: Any) -> set[tuple[str, str, str]]:
    return {(edge.tail, edge.head, edge.kind) for edge in view.picture.edges}


@pytest.mark.parametrize("graph", ["image_filter", "digits"])
def test_dot_text_is_golden(graph: str, golden: Path, request: pytest.FixtureRequest) -> None:
    """The same graph always gives the same text. To accept a change: write `view.dot` to the file and look at the picture."""
    view = graph_view(request.getfixturevalue(graph))
    assert view.dot == (golden / f"{graph}.dot").read_text(encoding="utf-8")


def test_a_variable_is_one_cylinder_with_its_helpers_inside(image_filter: Any) -> None:
    view = graph_view(image_filter)
    assert titles(view, "variable") == ["conv1/weights", "conv1/biases", "conv2/weights", "conv2/biases"]
    assert "conv1/weights/Assign" in view.picture.nodes["conv1/weights"].members
    assert ("conv1/weights", "conv1/Conv2D", "data") in edges(view)
    assert repr(view) == "<GraphView: 33 ops drawn as 11 shapes>"


def test_initial_value_outside_the_variables_name_is_folded_too(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("random_normal/shape", "Const")
    graph.add("random_normal/RandomStandardNormal", "RandomStandardNormal", ["random_normal/shape"])
    graph.add("random_normal", "AddV2", ["random_normal/RandomStandardNormal"])
    graph.add("w", "VariableV2", outputs=[("float32_ref", [2])])
    graph.add("w/Assign", "Assign", ["w", "random_normal"])
    graph.add("w/read", "Identity", ["w"])
    graph.add("y", "Neg", ["w/read"])
    assert titles(graph_view(graph)) == ["w", "y"]
    # Whoever fetches the initial value wants to see it.
    assert "random_normal" in titles(graph_view(graph, fetches=["random_normal:0", "w/Assign"], max_nodes=None))


def test_collapse_initializers_shows_assign_and_read(image_filter: Any) -> None:
    view = graph_view(image_filter, collapse="initializers")
    wanted = {"conv1/weights", "conv1/weights/Assign", "conv1/weights/read", "conv1/weights:initial"}
    assert wanted <= set(titles(view))
    assert ("conv1/weights", "conv1/weights/Assign", "update") in edges(view)
    assert len(view.picture.nodes["conv1/weights:initial"].members) == 6


def test_collapse_nothing_draws_every_op(image_filter: Any) -> None:
    view = graph_view(image_filter, collapse="nothing", max_nodes=None)
    assert titles(view) == [op.name for op in image_filter.get_operations()]


def test_training_is_folded_until_asked_for(digits: Any) -> None:
    assert titles(graph_view(digits), "scope") == ["gradients/", "train/"]
    opened = graph_view(digits, fold=(), max_nodes=None)
    assert titles(opened, "scope") == []
    assert ("layer1/weights", "train/update_layer1/weights/ApplyAdam", "update") in edges(opened)
    assert opened.picture.nodes["layer1/weights"].lines == ["float32 [784, 200]", "+ Adam, Adam_1"]


@pytest.mark.parametrize("limit", [5, 15, 30, 60])
def test_max_nodes_folds_scopes(digits: Any, limit: int) -> None:
    view = graph_view(digits, max_nodes=limit, fold=())
    least = len(graph_view(digits, depth=0).picture.nodes)
    assert len(view.picture.nodes) <= max(limit, least)
    assert sum(len(node.members) for node in view.picture.nodes.values()) == len(digits.get_operations())


def test_depth_folds_deeper_scopes(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("a/b/c/x")
    graph.add("a/b/y", inputs=["a/b/c/x"])
    graph.add("a/z", inputs=["a/b/y"])
    assert [titles(graph_view(graph, depth=depth)) for depth in range(4)] == [
        ["a/"],
        ["a/b/", "a/z"],
        ["a/b/c/", "a/b/y", "a/z"],
        ["a/b/c/x", "a/b/y", "a/z"],
    ]
    assert graph_view(graph, depth=1).picture.nodes["a/b/"].lines == ["2 ops"]


def test_fetches_keep_only_what_is_needed(digits: Any) -> None:
    view = graph_view(digits, fetches={"loss": digits.as_graph_element("loss/mean:0")})
    assert not any(key.startswith(("train", "gradients", "accuracy", "init")) for key in titles(view))
    assert [node.key for node in view.picture.nodes.values() if node.fetched] == ["loss/mean"]
    assert titles(graph_view(digits, fetches="x:0")) == ["x"]


def test_scope_keeps_only_what_stands_under_it(digits: Any) -> None:
    assert all(key.startswith("layer1/") for key in titles(graph_view(digits, scope="layer1")))


def test_an_operand_of_an_op_opens_no_scope(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("add/y", "Const")
    graph.add("add", "AddV2", ["add/y"])
    assert "cluster" not in graph_view(graph).dot


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.5"), ([1, 2], "[1, 2]"), ([[1], [2]], "[[1], [2]]"), ([b"a<b"], '["a<b"]'), (True, "True")]
)
def test_small_constants_show_their_value(new_graph: Any, value: Any, text: str) -> None:
    graph = new_graph()
    graph.add("c", "Const", value=value)
    assert graph_view(graph).picture.nodes["c"].lines == [text]


def test_large_constants_show_dtype_and_shape(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("c", "Const", outputs=[("int64", [100])], value=list(range(100)))
    assert graph_view(graph).picture.nodes["c"].lines == ["int64 [100]"]


def test_edges_carry_dtype_and_shape(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("s", "Split", outputs=[("float32", [None, 2]), ("float32", [None, 2]), ("int32", None)])
    graph.add("a", "AddN", ["s:0", "s:1", "s:0"])
    graph.add("b", "Pack", ["s:0", "s:2"])
    graph.add("c", "NoOp", control=["s"], outputs=())
    dot = graph_view(graph).dot
    assert 's -> a [label=" 2 x float32 [?, 2] "' in dot
    assert 's -> b [label=" float32 [?, 2] \\n int32 [...] "' in dot
    assert re.search(r"s -> c \[.*style=dashed", dot)


def test_devices_can_colour_the_picture(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("a", device="/device:CPU:0")
    graph.add("b", device="/device:GPU:0", inputs=["a"])
    graph.add("c", inputs=["b"])
    dot = graph_view(graph, color_by="device").dot
    assert 'class="ttf-op ttf-device"' in dot and dot.count("on /device:GPU:0") == 1
    assert 'tooltip="from /device:CPU:0 to /device:GPU:0"' in dot and dot.count("ttf-crosses") == 1
    for word in ("/device:CPU:0&#160;", "/device:GPU:0&#160;", "no device asked for&#160;", "to another device"):
        assert word in dot
    with pytest.raises(ValueError, match="'kind' or 'device'"):
        graph_view(graph, color_by="colour")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name", ["a<b>&c", 'say "x"', "back\\slash", "bell\x07", "port:3", "unicode \u00e9\u2603", "<b>", "node"]
)
def test_any_name_is_drawn_as_it_is(new_graph: Any, name: str) -> None:
    graph = new_graph()
    graph.add(name, outputs=[("float32", [1])])
    graph.add(f"{name}/inner", inputs=[f"{name}:0"])
    graph.add("end", inputs=[f"{name}/inner:0"])
    view = graph_view(graph)
    drawn = "".join(ET.fromstring(view.svg()).itertext())
    assert name.replace("\x07", "?") in drawn
    assert f"<text>{name}" not in view.html()


def test_svg_gives_text_the_width_that_the_layout_took(image_filter: Any) -> None:
    svg = graph_view(image_filter).svg()
    assert f'textLength="{text_width("Conv2D", 11, bold=True)}"' in svg
    assert text_width("\u2603", 10) is None


def test_html_follows_the_theme_and_survives_a_sanitizer(image_filter: Any) -> None:
    bundle = graph_view(image_filter)._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    page = bundle["text/html"]
    assert '[data-jp-theme-light="false"] .ttf-graph .node.ttf-variable' in page
    assert " id=" not in page
    # Without style sheet and SVG elements, as an untrusted notebook shows it: the hidden part stays hidden, the image is seen.
    bare = re.sub(r"<style>.*?</style>", "", page)
    assert '<div class="ttf-graph" style="display:none">' in bare
    assert 'src="data:image/svg+xml;base64,' in bare


def test_save_writes_each_form(image_filter: Any, tmp_path: Path) -> None:
    view = graph_view(image_filter)
    assert view.save(tmp_path / "x.dot").read_text(encoding="utf-8") == view.dot
    ET.fromstring(view.save(tmp_path / "x.svg").read_text(encoding="utf-8"))
    assert view.save(tmp_path / "x.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match=r"end the name with \.svg, \.png or \.dot"):
        view.save(tmp_path / "x.pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.PNG", "x.dot", "x.svg"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.svg"
    target.write_text("old")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_atomically(target, b"new")
    assert target.read_text() == "old" and list(tmp_path.iterdir()) == [target]


def test_wrong_arguments_say_what_is_right(image_filter: Any) -> None:
    with pytest.raises(ValueError, match="'variables', 'initializers' or 'nothing'"):
        graph_view(image_filter, collapse="all")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'TB', 'LR', 'BT' or 'RL'"):
        graph_view(image_filter, direction="down")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="'pure' or 'dot'"):
        program("neato")  # type: ignore[arg-type]


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(RuntimeError, match="pip install graphviz-pure"):
        program()
    with pytest.raises(RuntimeError, match="apt-get install graphviz"):
        program("dot")


def test_a_long_flat_graph_folds_into_series(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("x")
    last = "x"
    for index in range(500):
        suffix = f"_{index}" if index else ""
        graph.add(f"add{suffix}/y", "Const")
        graph.add(f"add{suffix}", "AddV2", [last, f"add{suffix}/y"])
        last = f"add{suffix}"
    view = graph_view(graph, max_nodes=60)
    assert titles(view) == ["x", "add/y_*/", "add_*/"]
    assert view.picture.nodes["add_*/"].lines == ["500 ops"]
    assert last in titles(graph_view(graph, fetches=f"{last}:0"))
