"""A plan that tells how long each of its lines takes: the same lines, fused as they are, with a clock around each."""

from __future__ import annotations

import ast
import copy
import time
from dataclasses import dataclass
from typing import Any

from teachtf.kernels.registry import Cell
from teachtf.kernels.state import DEAD

_MOST_EVENTS = 100_000  # a loop may have any number of turns, and a page of time only so many bars


@dataclass
class Measured:
    """What a line did in a run.

    Attributes:
      nanoseconds: how long it took, over all its turns.
      times: how often it ran.
      shapes: of its results, as they last were.
      sizes: their bytes.
    """

    nanoseconds: int = 0
    times: int = 0
    shapes: tuple[tuple[int, ...] | None, ...] = ()
    sizes: tuple[int | None, ...] = ()


class Clock:
    """Takes what a timed plan tells.

    Attributes:
      lines: what each line of the plan's Python did, by its number.
      events: line, start and end of each time that one ran, up to a number.
    """

    def __init__(self) -> None:
        self.lines: dict[int, Measured] = {}
        self.events: list[tuple[int, int, int]] = []

    def seen(self, line: int, start: int, values: tuple[Any, ...]) -> None:
        """`line` has run since `start` and gave `values`."""
        end = time.perf_counter_ns()
        if values and all(v is DEAD for v in values):
            return  # on the side that a cond did not take
        if len(self.events) < _MOST_EVENTS:
            self.events.append((line, start, end))
        found = self.lines.setdefault(line, Measured())
        found.nanoseconds += end - start
        found.times += 1
        described = [_described(v) for v in values]
        found.shapes = tuple([shape for shape, _ in described])
        found.sizes = tuple([size for _, size in described])


def _described(value: Any) -> tuple[tuple[int, ...] | None, int | None]:
    if isinstance(value, Cell):
        value = value.value
    if not hasattr(value, "nbytes"):  # no array, of NumPy's or a GPU's
        return ((), None) if isinstance(value, (bool, int, float, bytes)) else (None, None)
    return tuple(value.shape), None if value.dtype.kind == "O" else value.nbytes


class _Watched(ast.NodeTransformer):
    """Puts a clock around each line that sets something."""

    def visit_Assign(self, node: ast.Assign) -> Any:
        if isinstance(node.value, ast.Constant) or (isinstance(node.value, ast.Name) and node.value.id == "DEAD"):
            return node
        targets = [n.id for target in node.targets for n in ast.walk(target) if isinstance(n, ast.Name)]
        start = ast.parse("start = now()").body[0]
        seen = ast.parse(f"seen({node.lineno}, start, ({', '.join(targets)},))").body[0]
        return [_moved(start, node), node, _moved(seen, node)]


def _moved(new: ast.stmt, to: ast.stmt) -> ast.stmt:
    """An error in a line belongs to that line, also in what was put beside it."""
    for node in ast.walk(new):
        if hasattr(node, "lineno"):
            ast.copy_location(node, to)
    return new


def timed(plan: Any) -> Any:
    """A plan with the same kernels whose `run` takes `seen`, and calls `seen(line, start, values)` after each line."""
    tree = _Watched().visit(ast.parse(plan.source))
    tree.body[0].args.args.append(ast.arg("seen"))
    space = dict(plan.run.__globals__)
    exec(compile(ast.fix_missing_locations(tree), plan._filename, "exec"), space)
    run, synchronize = space["run"], space.get("sync")

    def timed_run(*values: Any, seen: Any) -> Any:
        if synchronize is None:
            return run(*values, seen)

        def seen_when_done(*told: Any) -> None:
            synchronize()  # kernels of a GPU go on behind the lines
            seen(*told)

        return run(*values, seen_when_done)

    result = copy.copy(plan)
    result.run = timed_run
    return result
