"""A measured plan as events for Chrome's page of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def events(lines: Sequence[Any], measured: Iterable[tuple[int, int, int]]) -> list[dict[str, Any]]:
    """A row (a process of Chrome's) for each device, and a bar for each time that an operation's line ran.

    Args:
      lines: of an `Explanation`.
      measured: line of the source, start and end in nanoseconds.
    """
    at = {line.line: line for line in lines if line.device}
    measured = [event for event in measured if event[0] in at]
    first = min((start for _, start, _ in measured), default=0)
    rows: dict[str, int] = {}
    bars = []
    for number, start, end in measured:
        line = at[number]
        row = rows.setdefault(line.device, len(rows) + 1)
        told = {"step": line.step, "operations": ", ".join(line.ops), "code": line.code}
        told |= {f"input{i}": _described(q) for i, q in enumerate(line.inputs)}
        told |= {f"output{i}": _described(q) for i, q in enumerate(line.results)}
        if line.formula:
            told["formula"] = "; ".join(f"{member.label} = {member.formula}" for member in line.formula)
        place = {"pid": row, "tid": 0, "ts": (start - first) / 1000, "dur": (end - start) / 1000}
        bars.append({"ph": "X", "cat": "Op", "name": line.kernel, **place, "args": told})
    names = [{"name": "process_name", "ph": "M", "pid": row, "args": {"name": device}} for device, row in rows.items()]
    return [*names, *bars]


def _described(quantity: Any) -> str:
    shape = "" if quantity.shape is None else f" {quantity.shape}"
    return f"{quantity.name} {quantity.dtype}{shape}"
