"""The colours of every picture, after Okabe and Ito's colour-blind-safe set, for light and dark pages.

Light colours are written into the picture itself, so a saved file needs nothing else. In a dark JupyterLab the style
sheet below, which travels with the picture, replaces them. Kinds also differ in shape, never in colour alone.
"""

from __future__ import annotations

from typing import NamedTuple


class Colours(NamedTuple):
    """Fill and line of one kind of node, for light pages and for dark ones."""

    fill: str
    line: str
    dark_fill: str
    dark_line: str


KINDS: dict[str, Colours] = {
    "variable": Colours("#FCE3B0", "#B97A00", "#4D3A12", "#E69F00"),
    "initializer": Colours("#FDF3DC", "#C9A45C", "#383021", "#A58544"),
    "placeholder": Colours("#D6ECFA", "#2C82B8", "#17394D", "#56B4E9"),
    "constant": Colours("#EEF0F3", "#9AA3AF", "#2A2F36", "#6B7480"),
    "op": Colours("#FFFFFF", "#5B6673", "#1D2127", "#8A95A3"),
    "state": Colours("#FBE0D3", "#C2500A", "#4A2413", "#E8834A"),
    "control": Colours("#F3E3EC", "#A3567F", "#3F2434", "#CC79A7"),
    "scope": Colours("#D8EFE6", "#00805F", "#14392F", "#2FB892"),
    "idle": Colours("#FFFFFF", "#C9D0D9", "#1D2127", "#434B56"),
}

#: What each kind is called in the legend.
KIND_NAMES = {
    "variable": "variable",
    "initializer": "initial value",
    "placeholder": "placeholder",
    "constant": "constant",
    "op": "op",
    "state": "op that writes",
    "control": "control",
    "scope": "folded scope",
    "idle": "not run",
}

#: Fills for placements, given out in the order of device names.
DEVICE_FILLS = ("#D6ECFA", "#FCE3B0", "#D8EFE6", "#F3E3EC", "#FBE0D3", "#F7F2B8", "#DDE3F5", "#E6E6E6")

#: What stands on no device that the picture knows of.
NO_DEVICE_FILL = "#FFFFFF"

INK, MUTED, LINE, UPDATE = "#1F2937", "#5F6B7A", "#7A8594", "#C2500A"
DARK_INK, DARK_MUTED, DARK_LINE, DARK_UPDATE = "#E8EBEF", "#A3ADBA", "#8A95A3", "#E8834A"
CLUSTER_FILLS = ("#F6F8FA", "#ECEFF3")
CLUSTER_LINE = "#C9D0D9"
DARK_CLUSTER_FILLS = ("#22262C", "#2A2F36")
DARK_CLUSTER_LINE = "#434B56"

#: Selectors that say "this page is dark": JupyterLab and nbconvert, VS Code, Sphinx themes.
DARK_PAGES = ('[data-jp-theme-light="false"]', ".vscode-dark", '[data-theme="dark"]')


def dark(rules: dict[str, str]) -> str:
    """Writes CSS rules that hold on dark pages only: a selector and its declarations each."""
    return "".join(",".join(f"{page} {selector}" for page in DARK_PAGES) + "{" + body + "}" for selector, body in rules.items())


def graph_css() -> str:
    """Returns the style sheet of an inline graph: dark colours, and a highlight under the pointer."""
    # By colour, not by tag: the squares of the legend are text too and keep theirs. Graphviz writes it in lower case.
    rules = {
        f'.ttf-graph text[fill="{INK.lower()}"]': f"fill:{DARK_INK}",
        f'.ttf-graph text[fill="{MUTED.lower()}"]': f"fill:{DARK_MUTED}",
    }
    rules[".ttf-graph .edge path"] = f"stroke:{DARK_LINE}"
    rules[".ttf-graph .edge polygon"] = f"stroke:{DARK_LINE};fill:{DARK_LINE}"
    rules[".ttf-graph .ttf-update path"] = f"stroke:{DARK_UPDATE}"
    rules[".ttf-graph .ttf-update polygon"] = f"stroke:{DARK_UPDATE};fill:{DARK_UPDATE}"
    for kind, colours in KINDS.items():
        for shape in ("path", "polygon", "ellipse"):
            rules[f".ttf-graph .node.ttf-{kind}:not(.ttf-device) {shape}"] = (
                f"fill:{colours.dark_fill};stroke:{colours.dark_line}"
            )
    for index, fill in enumerate(DARK_CLUSTER_FILLS):
        rules[f".ttf-graph .ttf-scope{index} a path"] = f"fill:{fill};stroke:{DARK_CLUSTER_LINE}"
    rules[".ttf-graph .ttf-device text[fill]"] = f"fill:{INK}"
    return (
        ".ttf-graph{overflow:auto;line-height:1.2}"
        ".ttf-graph svg{display:block;height:auto}"
        ".ttf-graph .node:hover path,.ttf-graph .node:hover polygon,.ttf-graph .node:hover ellipse{stroke-width:2.4}"
        ".ttf-graph .edge:hover path{stroke-width:2.6}.ttf-graph a{cursor:default;text-decoration:none}" + dark(rules)
    )
