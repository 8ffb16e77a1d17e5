"""A folded picture as DOT text: shapes, colours, clusters and the legend."""

from __future__ import annotations

import re
from typing import Any, Literal

import graphviz

from . import palette
from .devices import NOWHERE, SEVERAL
from .facts import html
from .model import Edge, Node, Path, Picture

SHAPES = {
    "variable": {"shape": "cylinder", "style": "filled", "margin": "0.14,0.07"},
    "initializer": {"shape": "note", "style": "filled"},
    "placeholder": {"shape": "ellipse", "style": "filled", "margin": "0.04,0.02"},
    "constant": {"shape": "note", "style": "filled", "margin": "0.08,0.03", "fontsize": "9"},
    "op": {"shape": "box", "style": "rounded,filled"},
    "state": {"shape": "box", "style": "rounded,filled", "penwidth": "1.6"},
    "control": {"shape": "octagon", "style": "filled", "margin": "0.08,0.02"},
    "scope": {"shape": "folder", "style": "filled", "margin": "0.16,0.08"},
    "idle": {"shape": "box", "style": "rounded,filled,dashed", "fontcolor": palette.MUTED},
}
#: One name only: Graphviz measures text of a list of fonts as if it were set in Times.
FONT = "Helvetica"


def _printable(text: str) -> str:
    """Replaces the control characters, which have no place in XML."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text)


def _plain(text: str) -> Any:
    """Text for a DOT attribute: Graphviz would read a backslash as an escape, and takes entities for characters."""
    return graphviz.nohtml(_printable(text).replace("&", "&amp;").replace("\\", "\\\\").replace("\n", "\\n"))


def _label_text(text: str) -> str:
    """Text inside an HTML-like label."""
    return html(_printable(text))


def _lines(text: str) -> str:
    """The same of several lines, each at the left."""
    lines = [_label_text(line) for line in text.split("\n")]
    return lines[0] if len(lines) == 1 else "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)


def _node_label(node: Node) -> str:
    title = _label_text(node.title) or "?"
    if node.kind == "constant":
        value = "".join(f"<BR/>{_label_text(line)}" for line in node.lines)
        return f'<<FONT COLOR="{palette.MUTED}">{title}</FONT>{value}>'
    rest = "".join(f'<BR/><FONT POINT-SIZE="9">{_label_text(line)}</FONT>' for line in node.lines)
    return f"<<B>{title}</B>{rest}>"


def _identifier(key: str) -> str:
    """A node's name in DOT, never shown. A colon would be read as a port, angle brackets as a label in HTML."""
    return _printable(key).translate(str.maketrans(":<>", "\u02d0\u2039\u203a"))


def _draw_node(target: Any, node: Node, device_fill: str | None) -> None:
    colours = palette.KINDS[node.kind]
    extra = dict(SHAPES[node.kind])
    extra["fillcolor"] = device_fill or colours.fill
    extra["color"] = colours.line
    if node.fetched:
        extra["penwidth"] = "2.6"
    classes = f"ttf-{node.kind}" + (" ttf-device" if device_fill else "") + (" ttf-fetched" if node.fetched else "")
    extra |= {"tooltip": _plain(node.tooltip), "class": classes}
    target.node(_identifier(node.key), label=_node_label(node), **extra)


def _crosses(edge: Edge, picture: Picture) -> bool:
    """Whether a tensor goes from one device to another."""
    devices = {picture.nodes[edge.tail].device, picture.nodes[edge.head].device}
    return edge.kind != "control" and len(devices) == 2 and devices.isdisjoint(("", SEVERAL))


def _draw_edge(dot: graphviz.Digraph, edge: Edge, picture: Picture, by_device: bool) -> None:
    extra = {"class": f"ttf-{edge.kind}"}
    crosses = by_device and _crosses(edge, picture)
    if crosses:
        extra |= {"penwidth": "2.2", "arrowsize": "0.8", "class": f"ttf-{edge.kind} ttf-crosses"}
    if edge.kind == "data" and "scope" not in (picture.nodes[edge.tail].kind, picture.nodes[edge.head].kind):
        # Pulls the model itself straight; what runs to folded training scopes may bend.
        extra["weight"] = "4"
    if edge.kind == "control":
        extra |= {"style": "dashed", "arrowhead": "open", "tooltip": "control edge: runs first, passes no value"}
    elif edge.kind == "update":
        extra |= {"color": palette.UPDATE, "dir": "both", "tooltip": "reads and writes the variable"}
    different = list(dict.fromkeys(edge.labels))
    if len(different) > 2 or (len(edge.labels) > 1 and len(different) == 2 and len(edge.labels) > 2):
        text = f"{len(edge.labels)} tensors"
    elif len(edge.labels) > len(different):
        text = f"{len(edge.labels)} x {different[0]}"
    else:
        text = "\n".join(different)
    if edge.kind == "next":
        extra |= {"style": "dashed", "constraint": "false", "tooltip": "goes into the next turn of the loop"}
    elif edge.kind == "idle":
        extra |= {
            "style": "dashed",
            "color": palette.CLUSTER_LINE,
            "fontcolor": palette.CLUSTER_LINE,
            "tooltip": "not in this run",
        }
    if text:
        # Graphviz puts a label right at its line; the space keeps them apart.
        extra["label"] = _plain(f" {text} ".replace("\n", " \n "))
        extra.setdefault("tooltip", _plain("\n".join(edge.labels[:12])))
    if crosses:
        extra["tooltip"] = _plain(f"from {picture.nodes[edge.tail].device} to {picture.nodes[edge.head].device}")
    dot.edge(_identifier(edge.tail), _identifier(edge.head), **extra)


def _draw_scope(parent: Any, path: Path, picture: Picture, fills: dict[str, str]) -> None:
    """Draws what stands directly in a scope, then each scope inside it as a box."""
    depth = len(path)
    inside = [node for node in picture.nodes.values() if node.path[:depth] == path]
    for node in inside:
        if node.path == path:
            _draw_node(parent, node, fills.get(node.device or NOWHERE))
    for scope in dict.fromkeys(node.path[depth] for node in inside if len(node.path) > depth):
        with parent.subgraph(name=f"cluster_{_printable(scope)}") as box:
            label, tooltip = picture.boxes.get(scope, (scope.rsplit("/", 1)[-1], f"name scope {scope}/"))
            box.attr(
                label=f'<<FONT COLOR="{palette.MUTED}"><B>{_lines(label)}</B></FONT>>',
                labeljust="l",
                labelloc="t",
                style="rounded,filled",
                fillcolor=palette.CLUSTER_FILLS[depth % 2],
                color=palette.CLUSTER_LINE,
                tooltip=_plain(tooltip),
                # Wide enough for an edge to pass the label of a box that is not there for its name.
                **({"margin": "25"} if scope in picture.boxes else {}),
                **{"class": f"ttf-scope{depth % 2}"},
            )
            _draw_scope(box, (*path, scope), picture, fills)


def _legend(picture: Picture, fills: dict[str, str]) -> str:
    cells = []
    if fills:
        shown = {node.device or NOWHERE for node in picture.nodes.values()}
        for device, fill in fills.items():
            if device in shown:
                square = f'<TD BGCOLOR="{fill}" BORDER="1" COLOR="{palette.LINE}" FIXEDSIZE="TRUE" WIDTH="12" HEIGHT="12"></TD>'
                text = f"<TD>{_label_text(device)}&#160;&#160;</TD>"
                table = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="2" CELLPADDING="1"><TR>{square}{text}</TR></TABLE>'
                cells.append(f"<TD>{table}</TD>")
    else:
        used = {node.kind for node in picture.nodes.values()}
        for kind, name in palette.KIND_NAMES.items():
            if kind in used:
                cells.append(f'<TD><FONT COLOR="{palette.KINDS[kind].line}">\u25a0</FONT> {name}&#160;&#160;</TD>')
    if fills and any(_crosses(edge, picture) for edge in picture.edges):
        cells.append("<TD><B>&#8212;&#8212;&gt;</B>&#160;&#160;to another device&#160;&#160;</TD>")
    kinds = {edge.kind for edge in picture.edges}
    if "update" in kinds:
        cells.append(f'<TD><FONT COLOR="{palette.UPDATE}">&lt; &gt;</FONT> writes</TD>')
    if "next" in kinds:
        cells.append("<TD>- - &gt; next turn</TD>")
    if "control" in kinds:
        cells.append("<TD>- - &gt; control edge</TD>")
    width = 4 if fills else 5
    rows = "".join(f"<TR>{''.join(cells[start : start + width])}</TR>" for start in range(0, len(cells), width))
    return f'<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="4" CELLPADDING="1">{rows}</TABLE>>' if rows else ""


def picture_dot(
    picture: Picture,
    *,
    direction: Literal["TB", "LR", "BT", "RL"] = "TB",
    legend: bool = True,
    color_by: Literal["kind", "device"] = "kind",
) -> str:
    """Returns the DOT text of a picture; the same picture always gives the same text."""
    if direction not in ("TB", "LR", "BT", "RL"):
        raise ValueError(f"direction must be 'TB', 'LR', 'BT' or 'RL', not {direction!r}")
    fills: dict[str, str] = {}
    if color_by == "device":
        fills = {device: palette.DEVICE_FILLS[i % len(palette.DEVICE_FILLS)] for i, device in enumerate(picture.devices)}
        # What is nowhere in particular is white: the colours of kinds would look like those of devices.
        fills |= dict.fromkeys((NOWHERE, SEVERAL), palette.NO_DEVICE_FILL)
    dot = graphviz.Digraph("graph")
    dot.attr(rankdir=direction, bgcolor="transparent", nodesep="0.22", ranksep="0.36", pad="0.08", tooltip=" ")
    dot.attr("graph", fontname=FONT, fontsize="10", fontcolor=palette.MUTED)
    dot.attr("node", fontname=FONT, fontsize="11", fontcolor=palette.INK, margin="0.1,0.05", height="0.3", width="0.5")
    dot.attr("edge", fontname=FONT, fontsize="9", fontcolor=palette.MUTED, color=palette.LINE, arrowsize="0.6")
    text = _legend(picture, fills) if legend else ""
    if text:
        dot.attr(label=text, labelloc="b", labeljust="l")
    _draw_scope(dot, (), picture, fills)
    for edge in picture.edges:
        _draw_edge(dot, edge, picture, by_device=bool(fills))
    return dot.source
