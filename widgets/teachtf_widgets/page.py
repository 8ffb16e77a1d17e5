"""HTML that survives: in JupyterLab, light and dark, in a saved notebook, trusted or not, in nbconvert's pages.

JupyterLab never shows a saved ipywidget without its kernel ("model not found"), so everything here is HTML first. A
short script makes it sortable and searchable where scripts may run; `.widget()` gives the version that talks to Python.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from . import palette
from .facts import html

STATIC = Path(__file__).parent / "static"

#: JupyterLab's own variables where there are any, so that every theme fits.
_INK = "var(--jp-ui-font-color1,#1f2937)"
_MUTED = "var(--jp-ui-font-color2,#5f6b7a)"
_RULE = "var(--jp-border-color2,#d5dae1)"
_SOFT = "var(--jp-layout-color2,#f3f5f7)"
_BACK = "var(--jp-layout-color1,#fff)"
_PICK = "rgba(44,130,184,.28)"
_SANS = "var(--jp-ui-font-family,system-ui,-apple-system,Helvetica,Arial,sans-serif)"
_MONO = "var(--jp-code-font-family,ui-monospace,Menlo,Consolas,monospace)"


def _chip(kind: str) -> str:
    colours = palette.KINDS[kind]
    return f"background:{colours.fill};border-color:{colours.line};color:{palette.INK}"


def page_css() -> str:
    """Returns the style sheet of tables, trees and cards."""
    chips = "".join(f".ttf .ttf-chip-{kind}{{{_chip(kind)}}}" for kind in palette.KINDS)
    dark_chips = palette.dark(
        {
            f".ttf .ttf-chip-{kind}": f"background:{c.dark_fill};border-color:{c.dark_line};color:{palette.DARK_INK}"
            for kind, c in palette.KINDS.items()
        }
    )
    return (
        f".ttf{{font:13px/1.45 {_SANS};color:{_INK};max-width:100%}}"
        f".ttf.ttf code{{font:12px {_MONO};color:inherit;background:none;padding:0}}"
        f".ttf .ttf-muted{{color:{_MUTED}}}"
        f".ttf .ttf-head{{display:flex;gap:.8em;align-items:baseline;flex-wrap:wrap;margin:2px 0 6px}}"
        f".ttf .ttf-head b{{font-size:14px}}"
        f".ttf input.ttf-find{{font:inherit;color:inherit;background:{_BACK};border:1px solid {_RULE};"
        "border-radius:4px;padding:2px 8px;min-width:15em}"
        f".ttf .ttf-scroll{{max-height:26em;overflow:auto;border:1px solid {_RULE};border-radius:6px;width:fit-content;"
        "max-width:100%}"
        ".ttf .ttf-table{border-collapse:collapse;border:0;margin:0;font:inherit;table-layout:auto}"
        f".ttf .ttf-table th{{position:sticky;top:0;background:{_SOFT};color:{_INK};text-align:left;font-weight:600;"
        "padding:5px 10px;white-space:nowrap}"
        ".ttf .ttf-table th[data-sort]{cursor:pointer}"
        ".ttf .ttf-table th[data-sort]:focus-visible{outline:2px solid #2C82B8}"
        ".ttf .ttf-table th[aria-sort=ascending]::after{content:' \\25B4'}"
        ".ttf .ttf-table th[aria-sort=descending]::after{content:' \\25BE'}"
        f".ttf .ttf-table td{{text-align:left;padding:3px 10px;border-top:1px solid {_RULE};white-space:nowrap;"
        "max-width:30em;overflow:hidden;text-overflow:ellipsis}"
        f".ttf .ttf-table tbody tr{{background:{_BACK}}}.ttf .ttf-table tbody tr:hover{{background:{_SOFT}}}"
        f".ttf .ttf-picked,.ttf .ttf-table tbody tr.ttf-picked{{background:{_PICK}}}"
        ".ttf .ttf-num{text-align:right!important;font-variant-numeric:tabular-nums}"
        ".ttf .ttf-chip{display:inline-block;border:1px solid;border-radius:4px;padding:0 6px;font-size:11.5px;"
        "line-height:1.5}"
        ".ttf .ttf-facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 14px;margin:4px 0 8px}"
        f".ttf .ttf-facts dt{{white-space:nowrap;color:{_MUTED};margin:0;font-weight:400}}"
        ".ttf .ttf-facts dd{margin:0}"
        f".ttf .ttf-card{{border-left:3px solid {_RULE};padding:2px 0 2px 14px}}"
        ".ttf .ttf-columns{display:flex;gap:28px;flex-wrap:wrap;align-items:flex-start}"
        ".ttf .ttf-columns>div{flex:1 1 19em;min-width:0}"
        f".ttf pre{{font:12px/1.35 {_MONO};color:inherit;background:none;margin:4px 0 8px;overflow:auto}}"
        ".ttf details{margin:0}.ttf summary{cursor:pointer;padding:1px 0}.ttf summary:hover{text-decoration:underline}"
        f".ttf details>.ttf-in{{margin-left:7px;padding-left:13px;border-left:1px solid {_RULE}}}"
        ".ttf .ttf-leaf{padding:1px 4px;margin:0 -4px;border-radius:4px;white-space:nowrap;overflow:hidden;"
        "text-overflow:ellipsis}"
        ".ttf .ttf-table code{background:none!important;padding:0!important}.ttf [data-name]{cursor:default}"
        + chips
        + dark_chips
    )


@cache
def script() -> str:
    """Returns the code that makes a fragment sortable, searchable and selectable."""
    return (STATIC / "enhance.js").read_text(encoding="utf-8")


def fragment(body: str, mark: str) -> str:
    """Wraps a table or tree as HTML that stands alone; `mark` names it for the script."""
    run = script().replace("export function", "function")
    call = f"document.querySelectorAll('[data-ttf=\"{mark}\"]').forEach((root) => enhance(root));"
    return f'{block(body, mark)}<script type="text/javascript">(() => {{{run}\n{call}}})();</script>'


def block(body: str, mark: str) -> str:
    """The styled part of a fragment, with no script."""
    return f'<style>{page_css()}</style><div class="ttf" data-ttf="{html(mark)}">{body}</div>'


def page_picture(inline: str, standing: str, css: str, css_class: str, alt: str) -> str:
    """Returns HTML of an SVG that follows the theme.

    A notebook that JupyterLab does not trust loses its `<style>` and `<svg>` elements. The inline picture starts hidden
    and only the style sheet shows it, so that such a notebook shows the `<img>` of the standing picture instead.
    """
    data = base64.b64encode(standing.encode()).decode()
    return (
        f"<style>{css}.{css_class}{{display:block!important}}.ttf-still{{display:none!important}}</style>"
        f'<div class="{css_class}" style="display:none">{inline}</div>'
        f'<img class="ttf-still" style="background-color:#fff" alt="{html(alt)}" src="data:image/svg+xml;base64,{data}">'
    )


def chip(text: str, kind: str) -> str:
    """A small coloured label."""
    return f'<span class="ttf-chip ttf-chip-{kind}">{html(text)}</span>'


def facts_list(pairs: Sequence[tuple[str, str]]) -> str:
    """A list of facts, term and HTML text each."""
    return '<dl class="ttf-facts">' + "".join(f"<dt>{html(term)}</dt><dd>{text}</dd>" for term, text in pairs) + "</dl>"


def table_html(columns: Sequence[str], rows: Sequence[Sequence[Any]], numeric: Sequence[str] = ()) -> str:
    """A table; the first column names its row, and columns in `numeric` align right."""
    classes = [' class="ttf-num"' if column in numeric else "" for column in columns]
    head = "".join(f"<th{klass}>{html(column)}</th>" for column, klass in zip(columns, classes, strict=True))
    lines = []
    for row in rows:
        shown = [f"<code>{html(row[0])}</code>", *map(html, row[1:])]
        cells = "".join(f"<td{klass}>{cell}</td>" for cell, klass in zip(shown, classes, strict=True))
        lines.append(f'<tr data-name="{html(row[0])}" title="{html(row[0])}">{cells}</tr>')
    return (
        f'<div class="ttf-scroll"><table class="ttf-table"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def table_text(columns: Sequence[str], rows: Sequence[Sequence[Any]], limit: int = 40) -> str:
    """A table for a plain terminal."""
    shown = [[str(cell) for cell in row] for row in rows[:limit]]
    widths = [max(len(line[index]) for line in [list(columns), *shown]) for index in range(len(columns))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in [columns, *shown]
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    if len(rows) > limit:
        lines.append(f"... and {len(rows) - limit} more")
    return "\n".join(lines)
