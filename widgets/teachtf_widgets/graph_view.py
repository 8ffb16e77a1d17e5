"""`graph_view`: a graph drawn, in a notebook or to a file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from . import facts, palette
from .devices import device_of
from .dot import picture_dot
from .layout import Engine, inline_svg, render, small_svg, write_atomically
from .model import Collapse, Picture, build_picture
from .page import page_picture
from .text_width import with_widths


class GraphView:
    """A drawn graph. A notebook shows it as a cell's last line; `.dot`, `.svg()` and `.save(path)` give it away."""

    def __init__(self, picture: Picture, dot: str, engine: Engine = "pure") -> None:
        self.picture = picture
        self.dot = dot
        self.engine: Engine = engine

    @cached_property
    def _svg(self) -> str:
        return with_widths(render(self.dot, "svg", self.engine).decode())

    def svg(self) -> str:
        """Returns the picture as a standing SVG document."""
        return self._svg

    def png(self, dpi: int = 144) -> bytes:
        """Returns the picture as PNG bytes."""
        return render(self.dot, "png", self.engine, dpi)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the picture to `path` in the form that its ending names: `.svg`, `.png` or `.dot`. Returns the path.

        The file appears whole or not at all. Raises ValueError for any other ending.
        """
        target = Path(path)
        forms = {".svg": lambda: self.svg().encode(), ".png": self.png, ".dot": self.dot.encode, ".gv": self.dot.encode}
        if target.suffix.lower() not in forms:
            raise ValueError(f"Cannot tell the form of {str(target)!r}: end the name with .svg, .png or .dot")
        write_atomically(target, forms[target.suffix.lower()]())
        return target

    def html(self) -> str:
        """Returns the picture as an HTML fragment that follows the page's light or dark theme.

        In a notebook that JupyterLab does not trust yet, it is an image of the same picture.
        """
        return page_picture(inline_svg(self._svg), small_svg(self._svg), palette.graph_css(), "ttf-graph", repr(self))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self.html()}

    def __repr__(self) -> str:
        shapes = facts.plural(len(self.picture.nodes), "shape")
        return f"<GraphView: {facts.plural(self.picture.total_ops, 'op')} drawn as {shapes}>"


def graph_view(
    graph: Any = None,
    *,
    collapse: Collapse = "variables",
    depth: int | None = None,
    max_nodes: int | None = 60,
    fetches: Any = None,
    scope: str | None = None,
    fold: Iterable[str] | None = None,
    direction: Literal["TB", "LR", "BT", "RL"] = "TB",
    color_by: Literal["kind", "device"] = "kind",
    legend: bool = True,
    engine: Engine = "pure",
) -> GraphView:
    """Draws a graph: name scopes as boxes, variables as cylinders, dtypes and shapes on the edges.

    Args:
        graph: a Graph, or a Session for its graph as that session places it; the default graph when left out.
        collapse: `'variables'` draws a variable and all its helper ops (Assign, read, initial value, optimizer slots)
            as one cylinder; `'initializers'` shows a variable's ops in a box and folds only what makes its initial
            value; `'nothing'` draws every op.
        depth: how many levels of name scopes are open; deeper ones become one folder shape each. 0 folds all of them.
        max_nodes: about how many shapes to draw. Scopes open smallest first while they fit; then ops whose names differ
            only in a number are drawn as one. None draws all.
        fetches: draws only what `Session.run(fetches)` needs.
        scope: draws only the ops under this name scope.
        fold: names of scopes to keep folded whatever their size. Left out: the gradients, the optimizer's updates and
            savers, which would hide the model. `fold=()` opens them too.
        direction: `'TB'` top to bottom, `'LR'` left to right, also `'BT'` and `'RL'`.
        color_by: `'device'` colours shapes by where they are: for a Graph where they asked to be, for a Session where that
            places them. Tensors that go from one device to another are drawn bold.
        legend: whether a line below the picture says what the colours mean.
        engine: `'pure'` lays out with the graphviz-pure wheel, `'dot'` with the system's Graphviz.

    Returns:
        A GraphView, which a notebook draws.

    Example:

        with tf.Graph().as_default() as graph:
            x = tf.placeholder(tf.float32, [None, 784], name="x")
            w = tf.get_variable("w", [784, 10])
            y = tf.matmul(x, w, name="y")
        graph_view(graph, fetches=y).save("model.svg")
    """
    if collapse not in ("variables", "initializers", "nothing"):
        raise ValueError(f"collapse must be 'variables', 'initializers' or 'nothing', not {collapse!r}")
    if color_by not in ("kind", "device"):
        raise ValueError(f"color_by must be 'kind' or 'device', not {color_by!r}")
    whole = facts.default_graph(graph)
    picture = build_picture(
        whole,
        collapse=collapse,
        depth=depth,
        max_nodes=max_nodes,
        fetches=fetches,
        scope=scope,
        fold=fold,
        devices=device_of(graph, whole) if color_by == "device" else None,
    )
    return GraphView(picture, picture_dot(picture, direction=direction, legend=legend, color_by=color_by), engine)
