"""Every lesson runs in JupyterLab in a browser, and what it shows is really on the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

LESSONS = sorted(p.name for p in (Path(__file__).resolve().parents[2] / "lessons").glob("*.ipynb"))


def faults(cells: list[dict[str, Any]]) -> list[str]:
    """What is wrong with a notebook that has been run, one line for each fault."""
    found = []
    for cell in cells:
        where = f"code cell {cell['index'] + 1} ({cell['source'].strip().splitlines()[:1]})"
        if cell["errors"] and "raises-exception" not in cell["tags"]:
            found.append(f"{where} raised {cell['errors'][0]}")
        if cell["widgets"] < cell["promised_widgets"]:
            found.append(f"{where} made {cell['promised_widgets']} widgets and shows {cell['widgets']}")
        if cell["pictures"] < cell["promised_pictures"]:
            found.append(f"{where} made {cell['promised_pictures']} pictures and shows {cell['pictures']}")
        for text in ("Loading widget", "Error displaying widget", "Error creating widget", "Model not found"):
            if text in cell["text"]:
                found.append(f"{where} shows {text!r}")
    return found


@pytest.mark.parametrize("name", LESSONS)
def test_lesson(name: str, lab: Any) -> None:
    cells = lab.run(name)
    assert faults(cells) == []
    assert lab.page_errors == []


def test_the_course_draws_graphs_and_uses_widgets(lab: Any) -> None:
    """The first lesson shows a graph: a picture with nodes in it, visible."""
    if not LESSONS:
        pytest.skip("no lessons yet")
    cells = lab.run(LESSONS[0])
    assert any(cell["graph_nodes"] >= 2 for cell in cells), "no graph picture on the first lesson's page"


def _write(folder: Path, name: str, *cells: str) -> str:
    notebook = {
        "cells": [
            {"cell_type": "code", "id": f"c{i}", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
            for i, text in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / name).write_text(json.dumps(notebook))
    return name


def test_this_check_sees_pictures_and_widgets(lab: Any, server: Any) -> None:
    name = _write(
        server.folder,
        "check-fine.ipynb",
        "from IPython.display import SVG\n"
        "SVG('<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"80\" height=\"40\"><g class=\"node\">"
        "<rect width=\"70\" height=\"30\"/></g></svg>')",
        "import ipywidgets\nipywidgets.IntSlider(3)",
        "import anywidget\n"
        "class Hello(anywidget.AnyWidget):\n"
        "    _esm = 'export default { render({ el }) { el.textContent = \"hello from a widget\"; } }'\n"
        "Hello()",
    )  # fmt: skip
    cells = lab.run(name)
    assert faults(cells) == []
    assert cells[0]["graph_nodes"] == 1
    assert [cell["promised_widgets"] for cell in cells] == [0, 1, 1]
    assert "hello from a widget" in cells[2]["text"]


def test_this_check_sees_what_fails(lab: Any, server: Any) -> None:
    name = _write(
        server.folder,
        "check-faults.ipynb",
        "from IPython.display import display\n"
        "display({'application/vnd.jupyter.widget-view+json': {'model_id': '0' * 32, 'version_major': 2, "
        "'version_minor': 0}}, raw=True)",
        "1 / 0",
    )
    told = "\n".join(faults(lab.run(name)))
    assert "code cell 1" in told and "code cell 2" in told and "ZeroDivisionError" in told
