"""Which scopes to draw open, and which ops to draw as one, so that a big graph stays readable."""

from __future__ import annotations

import heapq
import re
from collections import Counter, defaultdict
from typing import Any

from .naming import Path

#: What the name of a folded series ends with: `add_*` for `add`, `add_1`, `add_2`.
SERIES = "_*"


def opened_scopes(
    paths: dict[str, Path], unit_of: dict[str, str], depth: int | None, max_nodes: int | None, fold: set[str]
) -> set[str]:
    """Chooses the scopes to draw open: smallest first, while depth and the number of shapes allow."""
    inner: dict[str, set[str]] = defaultdict(set)
    units: dict[str, set[str]] = defaultdict(set)
    weight: Counter[str] = Counter()
    for name, path in paths.items():
        for parent, scope in zip(("", *path), path, strict=False):
            inner[parent].add(scope)
            weight[scope] += 1
        units[path[-1] if path else ""].add(unit_of[name])
    chosen: set[str] = set()
    shown = len(units[""]) + len(inner[""])
    waiting = [(weight[scope], 1, scope) for scope in inner[""]]
    heapq.heapify(waiting)
    while waiting:
        _, level, scope = heapq.heappop(waiting)
        if scope in fold or (depth is not None and level > depth):
            continue
        grown = shown - 1 + len(units[scope]) + len(inner[scope])
        if max_nodes is not None and grown > max(max_nodes, shown):
            continue
        shown = grown
        chosen.add(scope)
        for child in inner[scope]:
            heapq.heappush(waiting, (weight[child], level + 1, child))
    return chosen


def without_echoes(paths: dict[str, Path], unit_of: dict[str, str]) -> dict[str, Path]:
    """Takes away the scopes that would be a box around one single shape of the same name."""
    units: dict[str, set[str]] = defaultdict(set)
    for name, path in paths.items():
        for scope in path:
            units[scope].add(unit_of[name])

    def short(name: str) -> str:
        return name.rsplit("/", 1)[-1]

    echoes = {scope for scope, held in units.items() if len(held) == 1 and short(min(held)) == short(scope)}
    return {name: tuple(scope for scope in path if scope not in echoes) for name, path in paths.items()}


def machinery(ops: list[Any], paths: dict[str, Path]) -> set[str]:
    """Returns the outermost scopes that serve training and saving: gradients, optimizer updates, savers."""
    marks = ("Apply", "ResourceApply", "SparseApply", "SaveV2", "RestoreV2", "MergeV2Checkpoints")
    found = {paths[op.name][0] for op in ops if paths[op.name] and op.type.startswith(marks)}
    return found | {path[0] for path in paths.values() if path and path[0].startswith("gradients")}


def folded_series(keys: dict[str, Path], keep: set[str], max_nodes: int | None) -> dict[str, str]:
    """Joins shapes side by side whose names differ only in a number (`add`, `add_1`, ...), longest series first.

    Takes the shapes with the scopes around them and returns a new key for each that joins a series. Only while there are
    more than `max_nodes` shapes; those in `keep` stay as they are.
    """
    if max_nodes is None or len(keys) <= max_nodes:
        return {}
    series: dict[tuple[Path, str], list[str]] = defaultdict(list)
    for key, path in keys.items():
        if key not in keep:
            series[path, re.sub(r"_\d+(?=/|$)", "", key.rstrip("/"))].append(key)
    shown, joined = len(keys), {}
    for (_, base), alike in sorted(series.items(), key=lambda item: -len(item[1])):
        if shown <= max_nodes or len(alike) < 3:
            break
        shown -= len(alike) - 1
        joined.update(dict.fromkeys(alike, f"{base}{SERIES}/"))
    return joined
