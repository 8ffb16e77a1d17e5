"""Small line charts as SVG, drawn by hand: one panel for each metric, since a loss and an accuracy share no scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from . import palette
from .facts import html

Points = Sequence[tuple[float, float]]

LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
WIDTH, HEIGHT, PANELS_IN_ROW = 300, 180, 3
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 12, 30, 22


def chart_css() -> str:
    """Returns the style sheet of an inline chart."""
    return ".ttf-chart svg{display:block;max-width:100%;height:auto}" + palette.dark(
        {
            ".ttf-chart text": f"fill:{palette.DARK_MUTED}",
            ".ttf-chart .ttf-strong": f"fill:{palette.DARK_INK}",
            ".ttf-chart .ttf-warn": f"fill:{palette.DARK_UPDATE}",
            ".ttf-chart .ttf-grid": f"stroke:{palette.DARK_CLUSTER_LINE}",
            ".ttf-chart .ttf-track": f"fill:{palette.DARK_CLUSTER_LINE}",
        }
    )


def short_number(value: float) -> str:
    """Writes a number in few characters.

    >>> short_number(0.25), short_number(12000), short_number(1e-05)
    ('0.25', '12000', '1e-05')
    """
    return str(int(value)) if abs(value) < 1e6 and value == int(value) else f"{value:.4g}"


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Returns round numbers within a range.

    >>> ticks(0.0, 1.0)
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    span = high - low
    if span <= 0:
        return [low]
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(index * step, 12) for index in range(first, last + 1)]


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 10, strong: bool = False) -> str:
    look = f'class="ttf-strong" font-weight="600" fill="{palette.INK}"' if strong else f'fill="{palette.MUTED}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" {look}>{html(text)}</text>'


def _panel(name: str, points: Points, colour: str, x: float, y: float, last_step: float) -> str:
    good = [(step, value) for step, value in points if math.isfinite(value)]
    parts = [_text(x + _LEFT, y + 16, name, size=12, strong=True)]
    right, bottom = x + WIDTH - _RIGHT, y + HEIGHT - _BOTTOM
    left, top = x + _LEFT, y + _TOP
    if points:
        latest = points[-1][1]
        parts.append(
            _text(right, y + 16, short_number(latest) if math.isfinite(latest) else str(latest), "end", 12, strong=True)
        )
    if not good:
        note = "waiting for the first value" if not points else "no finite value yet"
        return "".join([*parts, _text((left + right) / 2, (top + bottom) / 2, note, "middle", 11)])
    low, high = min(v for _, v in good), max(v for _, v in good)
    pad = (high - low) * 0.06 or abs(high) * 0.1 or 0.5
    low, high = low - pad, high + pad
    first = good[0][0]
    end = max(last_step, good[-1][0], first + 1)

    def place(step: float, value: float) -> tuple[float, float]:
        across = left + (step - first) / (end - first) * (right - left)
        return across, bottom - (value - low) / (high - low) * (bottom - top)

    for value in ticks(low, high, 3):
        _, height = place(first, value)
        parts.append(
            f'<line class="ttf-grid" x1="{left}" x2="{right}" y1="{height:.1f}" y2="{height:.1f}" '
            f'stroke="{palette.CLUSTER_LINE}" stroke-width="0.6"/>'
        )
        parts.append(_text(left - 6, height + 3.5, short_number(value), "end"))
    for step in ticks(first, end, 4):
        across, _ = place(step, low)
        parts.append(_text(across, bottom + 14, short_number(step), "middle"))
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in (place(*point) for point in good))
    pen = f'stroke="{colour}" stroke-width="1.8" stroke-linejoin="round"'
    parts.append(f'<polyline points="{path}" fill="none" {pen}/>')
    across, height = place(*good[-1])
    parts.append(f'<circle cx="{across:.1f}" cy="{height:.1f}" r="2.8" fill="{colour}"/>')
    if len(good) < len(points):
        bad = next(step for step, value in points if not math.isfinite(value))
        warning = (
            f'<text class="ttf-warn" x="{right}" y="{top + 10:.1f}" text-anchor="end" font-size="10" fill="{palette.UPDATE}">'
        )
        parts.append(f"{warning}not finite from step {short_number(bad)}</text>")
    return "".join(parts)


def chart_svg(series: Mapping[str, Points], *, title: str = "", step: float = 0, total: float | None = None) -> str:
    """Returns a standing SVG: a panel for each series, and a progress bar when `total` is known."""
    panels = list(series.items()) or [("", [])]
    columns = min(len(panels), PANELS_IN_ROW)
    rows = math.ceil(len(panels) / columns)
    top = 34 if title or total else 4
    width, height = columns * WIDTH, top + rows * HEIGHT
    parts = []
    if title:
        parts.append(_text(8, 20, title, size=13, strong=True))
    if total:
        done = min(max(step / total, 0.0), 1.0)
        label = f"{short_number(step)} of {short_number(total)}"
        bar, start = min(width * 0.3, 180.0), width - _RIGHT - min(width * 0.3, 180.0)
        shape = f'x="{start:.1f}" y="13" height="6" rx="3"'
        parts.append(f'<rect class="ttf-track" {shape} width="{bar:.1f}" fill="{palette.CLUSTER_LINE}"/>')
        parts.append(f'<rect {shape} width="{bar * done:.1f}" fill="{LINES[2]}"/>')
        parts.append(_text(start - 8, 20, label, "end", 11))
    for index, (name, points) in enumerate(panels):
        x, y = index % columns * WIDTH, top + index // columns * HEIGHT
        parts.append(_panel(name, points, LINES[index % len(LINES)], x, y, float(total or 0)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="Helvetica,Arial,sans-serif">{"".join(parts)}</svg>'
    )
