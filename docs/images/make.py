"""Makes the pictures of the README and the docs: graph.png, plan.png and lesson.png, from the code and lessons as they are, and
run.png.

    .venv/bin/python docs/images/make.py

lesson.png is a photograph of JupyterLab in Chromium; `make check-browser` installs what it needs.
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from teachtf_widgets import graph_view, layout, plan_view

import teachtf as tf

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LESSON = "09_handwritten_digits.ipynb"
SIZE = {"width": 1400, "height": 900}


def conv_relu(images: tf.Tensor, kernel_shape: list[int], bias_shape: list[int]) -> tf.Tensor:
    weights = tf.get_variable("weights", kernel_shape, initializer=tf.random_normal_initializer())
    biases = tf.get_variable("biases", bias_shape, initializer=tf.constant_initializer(0.0))
    return tf.nn.relu(tf.nn.conv2d(images, weights, strides=[1, 1, 1, 1], padding="SAME") + biases)


def draw_graph() -> None:
    """The two-layer image filter of lesson 6."""
    with tf.Graph().as_default() as graph:
        result = tf.placeholder(tf.float32, [None, 64, 64, 32], name="images")
        for scope in ("conv1", "conv2"):
            with tf.variable_scope(scope):
                result = conv_relu(result, [5, 5, 32, 32], [32])
    write_small(graph_view(graph).png(dpi=110), HERE / "graph.png")


RUN = """
digraph { rankdir=LR; ranksep=0.35; nodesep=0.25
  node [shape=box style="rounded,filled" fillcolor="#eef3fb" color="#5b7db1" fontname="Helvetica" fontsize=11]
  edge [color="#5b7db1" fontname="Helvetica" fontsize=9 arrowsize=0.7]
  ask [label="fetches, feeds"]
  structures [label="structures.py\\nflatten, check"]
  plan [label="a plan for these\\nfetches and feeds?" shape=diamond style=filled fillcolor="#fff7e0" margin="0.02,0.02"]
  subgraph cluster_plan { label="made once" fontname="Helvetica" fontsize=10 color="#c9b06b" style=rounded
    frames [label="frames.py\\nwhat is needed"]; place [label="placement.py\\nwhere it runs"]
    fusion [label="fusion.py\\nwhat runs as one"]; writer [label="writer.py\\nstraight Python"] }
  run [label="run(f0, ...)\\na line a kernel" fillcolor="#e6f4e6" color="#5a9a5a"]
  numpy [label="NumPy\\nsmall arrays"]; loops [label="cpu/elementwise.py\\nfused loops"]
  tiles [label="cpu/tiles.py, winograd.py\\nproducts, convolutions"]; more [label="cpu/*\\npooling, softmax, Philox"]
  cuda [label="cuda/*\\nwhat is on a GPU"]
  back [label="structures.py\\nthe caller's arrays"]
  ask -> structures -> plan; plan -> frames [label="no"]; frames -> place -> fusion -> writer; writer -> run
  plan -> run [label="yes"]; run -> {numpy loops tiles more cuda} -> back }
"""


def draw_run() -> None:
    """The way of a run, for docs/run.md."""
    write_small(layout.render(RUN, "png", dpi=110), HERE / "run.png")


def draw_plan() -> None:
    """The plan of docs/run.md, with what does not run."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 96], name="x")
        weights = tf.get_variable("weights", [96, 10], initializer=tf.zeros_initializer())
        hidden = tf.nn.relu(tf.tanh(x) * 2.0 + 1.0, name="hidden")
        chances = tf.nn.softmax(tf.matmul(hidden, weights), name="chances")
        tf.argmax(chances, 1, name="answer")
        plan = tf.runtime.explain(chances, {x: [[0.0] * 96] * 100})
        print(plan)
    write_small(plan_view(plan, idle=True, direction="LR").png(dpi=100), HERE / "plan.png")


def write_small(png: bytes, path: Path) -> None:
    """Writes a picture on white, in 256 colours."""
    picture = Image.open(io.BytesIO(png)).convert("RGBA")
    page = Image.new("RGBA", picture.size, "white")
    page.alpha_composite(picture)
    page.convert("RGB").quantize(256).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {page.width} x {page.height}, {path.stat().st_size / 1024:.0f} KiB")


@pytest.mark.browser
def test_photograph_the_lesson(server, browser) -> None:
    """Runs the lesson in JupyterLab as tests/browser does, and scrolls to where it learns."""
    page = browser.new_page(viewport=SIZE, device_scale_factor=1)
    page.goto(f"{server.address}/lab/tree/{LESSON}?reset&token={server.token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'", timeout=90_000
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets.filter(c => c.model.type === 'code')"
        ".every(c => c.model.executionCount !== null)",
        timeout=120_000,
    )
    page.wait_for_timeout(1500)
    page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets"
        ".find(c => c.model.sharedModel.getSource().startsWith('STEPS')).node.scrollIntoView()"
    )
    page.wait_for_timeout(800)
    write_small(page.screenshot(), HERE / "lesson.png")
    page.close()


if __name__ == "__main__":
    draw_graph()
    draw_run()
    draw_plan()
    # The server and the browser are the fixtures of the browser tests.
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-c", "tests/browser/pytest.ini"]
    command += ["-p", "tests.browser.conftest", "-m", "browser", str(HERE / "make.py")]
    sys.exit(subprocess.run(command, cwd=ROOT).returncode)
