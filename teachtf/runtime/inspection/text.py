"""A plan as a table of text, short enough to be read."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from teachtf.runtime.inspection.code import MEANINGS

_MOST_NAMES = 5  # of a list that is told in a line
_MOST_RESULTS = 4  # of a step
_AT_THE_END = 20  # steps of a long plan that are shown from its end
_LONGEST_KERNEL = 22
_INDENT = "  "
_CONTROL = ("while", "until", "next", "if", "else")  # lines that compute nothing


def bytes_text(size: int | None) -> str:
    """`37.5 KB`; "?" for what is not known.

    >>> bytes_text(38400), bytes_text(4), bytes_text(3 << 20), bytes_text(None)
    ('37.5 KB', '4 B', '3.0 MB', '?')
    """
    if size is None:
        return "?"
    amount = float(size)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GB"


def seconds_text(seconds: float | None) -> str:
    """`41 µs`, three digits or so; "" for None.

    >>> seconds_text(4.13e-05), seconds_text(0.00125), seconds_text(2.0)
    ('41.3 µs', '1.25 ms', '2.00 s')
    """
    if seconds is None:
        return ""
    for factor, unit in ((1e6, "µs"), (1e3, "ms"), (1.0, "s")):
        amount = seconds * factor
        if amount < 1000 or unit == "s":
            return f"{amount:.{2 if amount < 10 else 1 if amount < 100 else 0}f} {unit}"
    return ""


def shape_text(shape: Sequence[int | None] | None) -> str:
    """`[?, 784]`; `[]` is a scalar, `[...]` an unknown rank.

    >>> shape_text([None, 784]), shape_text(None)
    ('[?, 784]', '[...]')
    """
    return "[...]" if shape is None else f"[{', '.join('?' if d is None else str(d) for d in shape)}]"


def shortened(name: str, width: int) -> str:
    """A name in at most `width` characters: its beginning and its end.

    >>> shortened("gradients/conv1/Relu_grad/ReluGrad", 20)
    'gradients/…/ReluGrad'
    """
    if len(name) <= width:
        return name
    last = name.rpartition("/")[2]
    if len(last) + 2 <= width:
        return f"{name[: width - len(last) - 2]}…/{last}"
    head = width // 3
    return f"{name[:head]}…{name[len(name) - (width - head - 1) :]}"


def listed(names: Sequence[str], width: int, longest: int = 30) -> str:
    """Names in one cell: as many as fit, and how many more there are.

    >>> listed(["MatMul", "b", "c"], 20), listed(["MatMul", "add", "Relu"], 12)
    ('MatMul, b, c', 'MatMul, +2')
    """
    shown: list[str] = []
    for i, name in enumerate(names):
        text = shortened(name, min(width - (5 if len(names) > 1 else 0), longest))
        rest = len(names) - i - 1
        if shown and len(", ".join([*shown, text])) + (len(f", +{rest}") if rest else 0) > width:
            return f"{', '.join(shown)}, +{rest + 1}"
        shown.append(text)
    return ", ".join(shown)


# Column -> heading, its widest and narrowest where it holds names, and whether it holds numbers.
_COLUMNS: dict[str, tuple[str, int, int, bool]] = {
    "step": ("step", 0, 0, True),
    "kernel": ("kernel", 0, 0, False),
    "gives": ("gives", 40, 18, False),
    "type": ("type", 0, 0, False),
    "from": ("from", 32, 14, False),
    "memory": ("memory", 0, 0, True),
    "frees": ("then frees", 20, 9, False),
    "live": ("in use", 0, 0, True),
    "device": ("device", 0, 0, False),
    "code": ("code", 0, 0, False),
    "times": ("runs", 0, 0, True),
    "time": ("time", 0, 0, True),
}
Cells = dict[str, Any]  # texts, and lists of names


def references(lines: Sequence[Any]) -> dict[str, str]:
    """Results by step: `#3`, or `#3:1` for the second result of step 3."""
    results = [(q.name, line.step, i) for line in lines if line.kind not in _CONTROL for i, q in enumerate(line.results)]
    return {name: f"#{step}:{i}" if i else f"#{step}" for name, step, i in results}


def _rows(line: Any, steps: Mapping[str, str]) -> Iterator[Cells]:
    """The rows of a line: one, and one more for each further result. What other steps gave is called by their numbers."""
    row: Cells = {
        "step": str(line.step),
        "kernel": f"{_INDENT * line.depth}{shortened(line.kernel, _LONGEST_KERNEL)}{' ?' if line.condition else ''}",
        "from": [steps.get(q.name, q.name) if q.kind == "result" else q.name for q in line.inputs],
        "frees": [steps.get(name, name) for name in line.frees],
        "device": line.device,
        "code": line.code,
        "times": str(line.times) if line.times else "",
        "time": seconds_text(line.seconds),
    }
    if line.kind in _CONTROL:
        yield row | {"gives": [q.name for q in line.results] if line.kind == "while" else []}
        return
    row["live"] = bytes_text(line.live) if line.live else ""
    if not line.results:
        row["gives"] = line.ops
    many = len(line.results) > _MOST_RESULTS
    for quantity in line.results[: _MOST_RESULTS - many]:
        yield row | _result(quantity)
        row = {}
    if many:
        yield {"gives": f"and {len(line.results) - _MOST_RESULTS + 1} more"}
    elif row:
        yield row


def _result(quantity: Any) -> Cells:
    size = "variable" if quantity.kind == "variable" else "view" if quantity.is_view else bytes_text(quantity.bytes)
    typed = f"{quantity.dtype} {shape_text(quantity.shape)}" if quantity.dtype else ""
    return {"gives": [quantity.name], "type": typed, "memory": size if typed else ""}


def table(explanation: Any, width: int, most: int | None) -> str:
    """The table, with a line above it that counts and lines below it that explain; of a long plan, `most` steps."""
    steps = references(explanation.lines)
    shown, left = explanation.lines, 0
    if most is not None and len(shown) > most:
        end = min(_AT_THE_END, most // 2)
        shown, left = [*shown[: most - end], *shown[len(shown) - end :]], len(shown) - most
    rows = [(line, list(_rows(line, steps))) for line in shown]
    every = [row for _, some in rows for row in some]
    used = [c for c in _COLUMNS if any(row.get(c) for row in every)]
    told_once = {c for c in ("device", "times") if len({row[c] for row in every if row.get(c)}) < 2}
    used = [c for c in used if c not in told_once]
    limits = {c: _COLUMNS[c][1] for c in used if _COLUMNS[c][1]}
    while (widths := _widths(every, used, limits)) and sum(widths.values()) + 2 * len(used) > width:
        wide = [c for c in limits if limits[c] > _COLUMNS[c][2]]
        if not wide:
            break
        widest = max(wide, key=lambda c: (widths[c] - _COLUMNS[c][2], limits[c]))
        limits[widest] = max(min(limits[widest], widths[widest]) - 1, _COLUMNS[widest][2])
    lines = [_drawn({c: _COLUMNS[c][0] for c in used}, widths, limits), "  ".join("-" * widths[c] for c in used)]
    for place, (line, some) in enumerate(rows):
        if left and place == len(rows) - min(_AT_THE_END, len(rows) // 2):
            lines.append(f"{'...'.rjust(widths['step'])}  {plural(left, 'step')} more: .text(most=None) shows them")
        lines += [_drawn(row, widths, limits) for row in some]
        lines += _formula(line, widths["step"] + 4)
    return "\n".join([_head(explanation), "", *lines, "", *_foot(explanation, width)])


def _cell(value: Any, limit: int | None) -> str:
    return value if isinstance(value, str) else listed(value, limit or 36)


def _widths(rows: Sequence[Cells], used: Sequence[str], limits: Mapping[str, int]) -> dict[str, int]:
    return {c: max([len(_COLUMNS[c][0]), *(len(_cell(row[c], limits.get(c))) for row in rows if c in row)]) for c in used}


def _drawn(row: Cells, widths: Mapping[str, int], limits: Mapping[str, int]) -> str:
    cells = []
    for column, width in widths.items():
        text = _cell(row.get(column, ""), limits.get(column))
        cells.append(text.rjust(width) if _COLUMNS[column][3] else text.ljust(width))
    return "  ".join(cells).rstrip()


def _formula(line: Any, indent: int) -> list[str]:
    """The members of a fused group, a line each."""
    widest = max((len(member.label) for member in line.formula), default=0)
    return [f"{' ' * (indent + 2 * line.depth)}{m.label.ljust(widest)} = {m.formula}" for m in line.formula]


def plural(count: int, noun: str) -> str:
    """`1 kernel`, `2 kernels`."""
    return f"{count} {noun}{'s' * (count != 1)}"


def _head(explanation: Any) -> str:
    kernels = sum(line.kind in ("kernel", "fused") for line in explanation.lines)
    devices = list(dict.fromkeys(line.device for line in explanation.lines if line.device))
    text = f"Plan of {listed(explanation.fetches, 60)}{f' on {devices[0]}' if len(devices) == 1 else ''}: "
    text += f"{plural(kernels, 'kernel')} for {explanation.computed} of the graph's {plural(explanation.total, 'operation')}"
    seconds = [line.seconds for line in explanation.lines if line.seconds is not None]
    return f"{text}; {seconds_text(sum(seconds))} in kernels." if seconds else f"{text}."


def _foot(explanation: Any, width: int) -> list[str]:
    """Facts below the table: a word and what it is about, in lines that are not too long."""
    typed = "{0.name} {0.dtype} {1}".format
    facts = [
        ("fed", [typed(q, shape_text(q.shape)) for q in explanation.fed]),
        ("to feed", explanation.unfed),
        ("variables", [typed(q, shape_text(q.shape)) for q in explanation.variables]),
        ("folded", explanation.folded),
        ("merged", [f"{a} is {b}" for a, b in explanation.merged.items()]),
        ("in place", [f"{a} in {b}" for a, b in explanation.in_place.items()]),
        ("left out", explanation.left_out),
    ]
    notes = {"folded": "computed when the plan was made: ", "left out": "not needed: "}
    told = [(word, notes.get(word, "") + _some(names)) for word, names in facts if names]
    if explanation.peak:
        unknown = "" if explanation.is_whole else ", and what has no known shape"
        told.append(("memory", f"results take {bytes_text(explanation.peak)} at most at once{unknown}"))
    if explanation.lines and any(line.seconds for line in explanation.lines):
        told.append(("time", _slowest(explanation.lines)))
    codes = [c for c in MEANINGS if c != "NumPy" and any(line.code == c for line in explanation.lines)]
    told += [(code, MEANINGS[code]) for code in codes]
    if any(line.condition for line in explanation.lines):
        told.append(("?", "runs if its side of the cond is taken"))
    widest = max((len(word) for word, _ in told), default=0)
    return [
        textwrap.fill(text, width, initial_indent=f"{word.ljust(widest)}  ", subsequent_indent=" " * (widest + 2))
        for word, text in told
    ]


def _slowest(lines: Sequence[Any]) -> str:
    """Where the time went, by kernels."""
    seconds: dict[str, float] = {}
    steps: dict[str, int] = {}
    for line in lines:
        if line.seconds is not None:
            name = "fused" if line.kernel.startswith("fused ") else line.kernel
            seconds[name] = seconds.get(name, 0.0) + line.seconds
            steps[name] = steps.get(name, 0) + 1
    total = sum(seconds.values())
    most = sorted(seconds, key=lambda name: -seconds[name])[:_MOST_NAMES]
    told = [(name, f" ({steps[name]} steps)" if steps[name] > 1 else "", seconds[name] / total) for name in most]
    return ", ".join(f"{name}{times} {share:.0%}" for name, times, share in told if share >= 0.01)


def _some(names: Sequence[str]) -> str:
    shown = [shortened(name, 40) for name in names[:_MOST_NAMES]]
    return ", ".join(shown) + (f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else "")
