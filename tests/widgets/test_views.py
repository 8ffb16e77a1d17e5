"""Tables, trees, cards, curves and images."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
import teachtf_widgets as widgets
from PIL import Image
from teachtf_widgets import cards, display, page
from teachtf_widgets.live_curve import MOST_POINTS

VOID = {"img", "br", "input", "meta"}


class Balanced(HTMLParser):
    """Fails on HTML whose tags do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.words.append(data)


def words(text: str) -> str:
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    return " ".join(parser.words)


def test_tensor_table_lists_every_tensor(image_filter: Any) -> None:
    table = widgets.tensor_table(image_filter)
    assert table.columns == ["name", "op type", "rank", "shape", "dtype", "variable"]
    assert ["image1:0", "Placeholder", "4", "[?, 64, 64, 32]", "float32", ""] in table.rows
    assert ["conv1/biases:0", "VariableV2", "1", "[32]", "float32", "yes"] in table.rows
    assert len(table.rows) == 33 and "33 tensors" in words(table.html())


def test_tensor_table_of_a_list_in_a_terminal(digits: Any) -> None:
    table = widgets.tensor_table([digits.as_graph_element("loss/mean:0"), digits.as_graph_element("labels:0")])
    assert repr(table).splitlines() == [
        "name         op type      rank  shape  dtype",
        "-----------  -----------  ----  -----  -------",
        "loss/mean:0  Mean         0     []     float32",
        "labels:0     Placeholder  1     [?]    int64",
    ]


def test_unknown_rank_and_devices_are_shown(new_graph: Any) -> None:
    graph = new_graph()
    graph.add("a", outputs=[("float32", None)], device="/device:GPU:0")
    assert widgets.tensor_table(graph).rows == [["a:0", "Identity", "?", "[...]", "float32", "/device:GPU:0"]]


def test_scope_tree_tells_variable_scopes_from_name_scopes(new_graph: Any, digits: Any) -> None:
    """The notes' example: a name scope touches the names of ops, not those of variables."""
    tree = widgets.scope_tree(digits)
    layer = tree.variables.inner["layer1"]
    assert [leaf[1] for leaf in layer.leaves][:2] == ["weights", "biases"] and layer.inner == {}
    assert "weights/Adam" in [leaf[1] for leaf in layer.leaves]
    assert set(tree.ops.inner) >= {"layer1", "loss", "gradients", "train"}
    assert tree.ops.count() == len(digits.get_operations())
    text = repr(tree)
    assert text.startswith("Variable scopes (14 variables)\n") and "\nName scopes (145 ops)\n" in text
    shown = words(tree.html())
    assert "Variable scopes" in shown and "float32 [784, 200]" in shown and "not trainable" in shown


def test_an_empty_graph_is_no_error(new_graph: Any) -> None:
    graph = new_graph()
    assert "none" in words(widgets.scope_tree(graph).html())
    assert widgets.tensor_table(graph).rows == []
    assert "no operation yet" in words(cards.graph_card(graph))
    assert widgets.graph_view(graph).svg().rstrip().endswith("</svg>")


def test_names_are_escaped_everywhere(new_graph: Any) -> None:
    graph = new_graph()
    name = "<script>alert('x')</script>\"&"
    op = graph.add(name, device="<img src=x>")
    graph.add("y", inputs=[name + ":0"])
    pages = [widgets.tensor_table(graph).html(), widgets.scope_tree(graph).html(), cards.operation_card(op)]
    pages += [cards.tensor_card(op.outputs[0]), cards.graph_card(graph), widgets.graph_view(graph).html()]
    for text in pages:
        assert "<script>alert" not in text and "<img src=x" not in text
        words(text)


def test_cards_say_what_a_thing_is(digits: Any) -> None:
    weights = digits.get_collection("variables")[0]
    shown = words(cards.variable_card(weights))
    for fact in ("layer1/weights:0", "[784, 200]", "trainable yes", "trainable_variables", "layer1/weights/Assign"):
        assert fact in re.sub(r"\s+", " ", shown)
    logits = words(cards.tensor_card(digits.as_graph_element("layer2/logits:0")))
    for fact in ("[?, 10]", "BiasAdd", "layer2/MatMul:0", "accuracy/ArgMax"):
        assert fact in logits
    train = words(cards.operation_card(digits.ops["train/train"] if "train/train" in digits.ops else digits.ops["train"]))
    assert "none: it is run for what it does" in train and "runs after" in train
    assert "145 ops, 14 variables, 6 top-level scopes" in words(cards.graph_card(digits))


def test_a_card_needs_no_layout_program(digits: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert "[?, 10]" in words(cards.tensor_card(digits.as_graph_element("layer2/logits:0")))


class Formatter:
    def __init__(self) -> None:
        self.types: dict[tuple[str, str], Any] = {}

    def for_type_by_name(self, module: str, name: str, function: Any) -> None:
        self.types[module, name] = function


class Shell:
    def __init__(self) -> None:
        self.display_formatter = self
        self.formatters = {"text/html": Formatter()}


def test_extension_registers_by_name(digits: Any) -> None:
    shell = Shell()
    display.load_ipython_extension(shell)
    types = shell.formatters["text/html"].types
    assert [name for _, name in types] == ["Graph", "Operation", "Tensor", "Variable", "Explanation"]
    assert "Placeholder" in types["teachtf.core.tensor", "Tensor"](digits.as_graph_element("x:0"))


def test_without_ipython_nothing_is_registered() -> None:
    assert widgets.register_rich_display() is False


def test_import_is_light() -> None:
    heavy = ("ipywidgets", "anywidget", "IPython.display", "matplotlib", "teachtf", "tensorboard")
    text = f"import sys, teachtf_widgets\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_scripts_are_small_and_reach_no_network() -> None:
    from teachtf_widgets.widget import SelectWidget

    module = str(SelectWidget._esm)
    assert len(module.encode()) < 30_000 and "export default" in module
    assert "http" not in module and "import " not in module
    assert len(page.script().encode()) < 8_000


def test_widget_bundle_has_a_fallback(digits: Any) -> None:
    widget = widgets.tensor_table([digits.as_graph_element("x:0")]).widget()
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "Placeholder" in words(data["text/html"]) and "Placeholder" in data["text/plain"]
    assert widget.selected == ""
    widget.close()


def test_curve_draws_a_panel_for_each_value() -> None:
    curve = widgets.live_curve(total=100, title="a < b")
    for step in range(50):
        curve.update(step + 1, loss=1 / (step + 1), accuracy=np.float32(step / 50))
    drawn = "".join(ET.fromstring(curve.svg()).itertext())
    for text in ("a < b", "50 of 100", "loss", "accuracy", "0.98"):
        assert text in drawn
    assert repr(curve) == "<LiveCurve a < b: step 50 of 100, loss=0.02, accuracy=0.98>"
    assert set(curve._repr_mimebundle_()) == {"text/plain", "text/html"}


def test_curve_points_out_nan() -> None:
    curve = widgets.live_curve()
    for step, loss in enumerate([1.0, 2.0, float("nan"), float("inf")]):
        curve.update(step, loss=loss)
    assert "not finite from step 2" in "".join(ET.fromstring(curve.svg()).itertext())
    only = widgets.live_curve()
    only.update(0, loss=float("nan"))
    assert "no finite value yet" in only.svg()


def test_long_training_stays_small_and_keeps_the_last_value() -> None:
    curve = widgets.live_curve()
    for step in range(10_000):
        curve.update(step, loss=float(step))
    assert len(curve.series["loss"]) <= MOST_POINTS + 1
    assert "9999" in curve.svg() and curve.series["loss"][0] == (0.0, 0.0)


@pytest.mark.parametrize(
    ("shape", "count"), [((5, 6), 1), ((9, 5, 6), 9), ((3, 5, 6, 1), 3), ((3, 5, 6, 3), 3), ((1, 5, 6, 32), 32), ((6, 5, 3), 1)]
)
def test_images_of_every_layout(shape: tuple[int, ...], count: int) -> None:
    grid = widgets.show_images(np.random.default_rng(0).random(shape), cmap="viridis", titles=range(99))
    assert grid.count == count
    assert Image.open(io.BytesIO(grid._repr_png_())).size == grid.image.size


def test_images_stretch_each_or_all() -> None:
    pictures = np.stack([np.array([[0.0, 1.0]]), np.array([[0.0, 2.0]])])
    each, both = (widgets.show_images(pictures, size=2, scale=scale).image for scale in ("each", "all"))
    assert each.getpixel((1, 0))[0] == 255 and both.getpixel((1, 0))[0] == 128
    zero = widgets.show_images(np.array([[-1.0, 0.0, 4.0]]), cmap="diverging", size=3).image
    assert zero.getpixel((1, 0)) == (250, 250, 250, 255)


@pytest.mark.parametrize(
    ("array", "error"), [(np.zeros(3), ValueError), (np.zeros((0, 2, 2)), ValueError), (np.array([["a"]]), TypeError)]
)
def test_images_refuse_what_is_no_picture(array: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        widgets.show_images(array)


class Reader:
    tensors = {
        "b": np.array([1.5, np.nan], np.float32),
        "a/w<": np.arange(8000.0).reshape(80, 100),
        "step": np.array(7, np.int64),
        "text": np.array([b"hi"], object),
    }
    prefix = "model.ckpt-7"

    def names(self) -> list[str]:
        return list(self.tensors)

    def shape(self, name: str) -> tuple[int, ...]:
        return self.tensors[name].shape

    def dtype(self, name: str) -> np.dtype:
        return self.tensors[name].dtype

    def tensor(self, name: str) -> np.ndarray:
        return self.tensors[name]


def test_checkpoint_browser_lists_and_previews() -> None:
    browser = widgets.checkpoint_browser(Reader())
    assert browser.rows == [
        ["a/w<", "[80, 100]", "float64", "8,000", "64,000", "0 to 7999, mean 4000"],
        ["b", "[2]", "float32", "2", "8", "1.5, nan"],
        ["step", "[]", "int64", "1", "8", "7"],
        ["text", "[1]", "object", "1", "", "'hi'"],
    ]
    assert "4 tensors, 64,016 bytes" in words(browser.html())


def test_checkpoint_browser_reads_a_file(tmp_path: Any) -> None:
    from teachtf.checkpoint.bundle import BundleWriter

    with BundleWriter(tmp_path / "model.ckpt") as writer:
        writer.add("conv1/weights", np.ones((5, 5, 32, 32), np.float32))
    browser = widgets.checkpoint_browser(tmp_path / "model.ckpt")
    assert browser.rows == [["conv1/weights", "[5, 5, 32, 32]", "float32", "25,600", "102,400", "1 to 1, mean 1"]]


def test_a_huge_graph_makes_no_huge_page(new_graph: Any) -> None:
    graph = new_graph()
    for index in range(1500):
        graph.add(f"x_{index}")
    table = widgets.tensor_table(graph)
    assert len(table.rows) == 1500 and "the first 1000 are shown" in words(table.html())
    assert len(table.html()) < 300_000 and len(widgets.scope_tree(graph).html()) < 100_000
