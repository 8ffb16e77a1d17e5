"""Formulas, and their text as Python loops for Numba. No compiler is needed to write it."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from teachtf.kernels.numpy_math import NUMPY

__all__ = ["Spread", "Statements", "Writer", "as_numpy", "cost_of", "names_in", "renamed", "spread_of", "write_loop"]


class Statements(NamedTuple):
    """What a loop computes: one or more named expressions, and perhaps the sums of one along rows or columns.

    Attributes:
      steps: (name, expression) pairs, each over the names of `numpy_math.NUMPY`, the inputs, and the names before it.
      outputs: the names that are kept.
      inputs: the names of the inputs.
      total: the name that is summed; "" if none is.
      down: whether its columns are summed instead of its rows.
    """

    steps: tuple[tuple[str, str], ...]
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    total: str = ""
    down: bool = False


class Spread(NamedTuple):
    """How inputs lie along a loop over `shape`.

    `kinds` has a letter for each: "f" an array as long as the outputs, "1" an array of one element, "r" a row that repeats (the
    last axis), "c" a column with an element for each row, "u" an array as long as the outputs that is updated: the first of
    them takes the first output, and so on.
    """

    shape: tuple[int, ...]
    kinds: str


_READS = {"f": "{}_in[i]", "u": "{}_in[i]", "1": "{}_one", "r": "{}_in[k]", "c": "{}_one"}

# Names of functions that take a CPU about as long as a sign does; the others take as long as many.
_CHEAP = {"abs", "ceil", "floor", "isfinite", "isinf", "isnan", "logical_not", "max", "min", "rint", "sign", "sqrt", "where"}
_BOOLEAN = {"isnan", "isinf", "isfinite", "logical_not"}
_SIGNS = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.USub: "-",
    ast.Invert: "~",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}

# Indices are unsigned: Numba would ask of each signed one whether it counts from the end, which stops vector code.
_FLAT = """\
def loop(start, stop, width, {arguments}):
{ones}    for n in range(start, stop):
        i = np.uint64(n)
{body}
"""
_ROWS = """\
def loop(start, stop, width, {arguments}):
{ones}    for row in range(start, stop):
        base = np.uint64(row * width)
{columns}        for n in range(width):
            k = np.uint64(n)
            i = base + k
{body}
"""
# Parts of a row are summed in the terms' own type, which is quicker, and the parts in float64.
_ROW_TOTALS = """\
def loop(start, stop, width, size, each, total_out, {arguments}):
{ones}    for row in range(start, stop):
        first = row * width
        last = min(first + width, size)
{columns}        total = 0.0
        for part in range(first, last, each):
            some = {zero}
            for n in range(part, min(part + each, last)):
                i = np.uint64(n)
                k = np.uint64(n - first)
{body}
                some = in_any_order(some, {total}_)
            total += some
        total_out[np.uint64(row)] = total
"""
_COLUMN_TOTALS = """\
def loop(start, stop, width, size, each, total_out, {arguments}):
{ones}    for part in range(start, stop):
        at = np.uint64(part * width)
        for n in range(width):
            total_out[at + np.uint64(n)] = 0.0
        for row in range(part * each, min((part + 1) * each, size // width)):
            base = np.uint64(row * width)
{columns}            for n in range(width):
                k = np.uint64(n)
                i = base + k
{body}
                total_out[at + k] += {total}_
"""
_HEADER = '''\
"""{formula}"""
import numpy as np

{names}
{constants}

'''


class Writer:
    """Writes for one choice of dtypes: every number in the formula becomes a constant of its neighbours' dtype."""

    def __init__(self, reads: dict[str, str], dtypes: dict[str, np.dtype]) -> None:
        self.reads, self.dtypes = reads, dtypes
        self.constants: dict[str, str] = {}
        self.names: set[str] = set()

    def write(self, node: ast.expr) -> tuple[str, np.dtype | None]:
        """The text of `node` and its dtype; a bare number has none."""
        match node:
            case ast.Name():
                return self.reads[node.id], self.dtypes[node.id]
            case ast.Constant():
                return repr(node.value), None
            case ast.UnaryOp():
                text, dtype = self.write(node.operand)
                return self._wrapped(f"({_SIGNS[type(node.op)]}{text})", dtype), dtype
            case ast.BinOp():
                (left, right), dtype = self._together([node.left, node.right])
                return self._wrapped(f"({left} {_SIGNS[type(node.op)]} {right})", dtype), dtype
            case ast.Compare(ops=[op], comparators=[other]):
                (left, right), _ = self._together([node.left, other])
                return f"({left} {_SIGNS[type(op)]} {right})", np.dtype(bool)
            case ast.Call(func=ast.Name(id=name)):
                return self._call(name, node.args)
        raise ValueError(f"a formula cannot hold {ast.unparse(node)!r}")

    def _call(self, name: str, nodes: list[ast.expr]) -> tuple[str, np.dtype | None]:
        self.names.add(name)
        condition = [self.write(nodes.pop(0))[0]] if name == "where" else []
        texts, dtype = self._together(nodes)
        text = f"{name}({', '.join(condition + texts)})"
        return (text, np.dtype(bool)) if name in _BOOLEAN else (self._wrapped(text, dtype), dtype)

    def _together(self, nodes: Sequence[ast.expr]) -> tuple[list[str], np.dtype | None]:
        """The texts of nodes that meet in one operation, and their common dtype."""
        parts = [self.write(n) for n in nodes]
        known = [dtype for _, dtype in parts if dtype is not None]
        if not known:
            return [text for text, _ in parts], None
        dtype = np.result_type(*known)
        return [self._constant(t, dtype) if d is None else self._cast(t, d, dtype) for t, d in parts], dtype

    def _constant(self, text: str, dtype: np.dtype) -> str:
        return self.constants.setdefault(f"np.{dtype.name}({text})", f"_C{len(self.constants)}")

    def _cast(self, text: str, dtype: np.dtype, wanted: np.dtype) -> str:
        return text if dtype == wanted else f"np.{wanted.name}({text})"

    def _wrapped(self, text: str, dtype: np.dtype | None) -> str:
        """Numba computes small whole numbers in 64 bits; they are to wrap at their own width."""
        small = dtype is not None and dtype.kind in "iu" and dtype.itemsize < 8
        return f"np.{dtype}({text})" if small else text


@functools.lru_cache(maxsize=1024)
def names_in(expression: str) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name))


@functools.lru_cache(maxsize=1024)
def cost_of(statements: Statements) -> int:
    """How many costly functions an element goes through, and one."""
    trees = (ast.parse(expression) for _, expression in statements.steps)
    calls = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
    return 1 + sum(ast.unparse(node.func) not in _CHEAP for node in calls)


def spread_of(formula: Statements, shapes: Sequence[tuple[int, ...]], updates: int = 0) -> Spread | None:
    """How inputs of these shapes lie along one loop; None if a loop cannot take them, or an output is smaller than the loop.
    The first `updates` inputs are updated.

    Raises:
      ValueError: the shapes cannot be broadcast.
    """
    known = dict(zip(formula.inputs, shapes, strict=True))
    whole = np.broadcast_shapes(*shapes)
    for name, expression in formula.steps:
        known[name] = np.broadcast_shapes(*(known[n] for n in names_in(expression) if n in known))
    kinds = [_kind(shape, whole) for shape in shapes]
    written = [*formula.outputs, *([formula.total] if formula.total else [])]
    if not all(kinds) or any(known[o] != whole for o in written) or any(kind != "f" for kind in kinds[:updates]):
        return None
    return Spread(whole, "u" * updates + "".join(kinds[updates:]))


def _kind(shape: tuple[int, ...], whole: tuple[int, ...]) -> str:
    if shape == whole:
        return "f"
    size = math.prod(shape)
    if size == 1:
        return "1"
    if size == shape[-1] == whole[-1]:
        return "r"
    return "c" if shape == (*whole[:-1], 1) else ""


def renamed(expression: str, names: Mapping[str, str]) -> str:
    """`expression` with its inputs called by other names."""
    tree = ast.parse(expression, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in names:
            node.id = names[node.id]
    return ast.unparse(tree)


@functools.cache
def as_numpy(statements: Statements) -> Callable[..., Any]:
    """The function of arrays that computes the outputs with NumPy: one value, or a tuple of several."""
    body = "".join(f"    {name} = {expression}\n" for name, expression in statements.steps)
    space = dict(NUMPY)
    exec(f"def formula({', '.join(statements.inputs)}):\n{body}    return {', '.join(statements.outputs)}", space)
    return space["formula"]


def write_loop(formula: Statements, dtypes: Sequence[np.dtype], kinds: str) -> tuple[str, list[np.dtype]]:
    """The text of a module with ``loop(start, stop, width, *outputs, *inputs)``, and the dtypes of the outputs that it takes:
    those that update no input.

    With an "r" or a "c" in `kinds` (see `Spread`), start and stop count rows of `width`; without, elements. With a total they
    count rows, the last of which may be shorter, or for columns parts of `each` rows:
    ``loop(start, stop, width, size, each, totals, *outputs, *inputs)``, where `size` is the number of elements. `totals` takes
    in float64 the sum of each row, worked out by parts of `each` elements, or the sums of each part's columns.
    """
    steps, outputs, names, total, down = formula
    by_rows = "r" in kinds or "c" in kinds
    template = _COLUMN_TOTALS if down else _ROW_TOTALS if total else _ROWS if by_rows else _FLAT
    reads = {n: _READS[kind].format(n) for n, kind in zip(names, kinds, strict=True)}
    writer = Writer(reads, dict(zip(names, dtypes, strict=True)))
    lines = []
    for name, expression in steps:
        text, dtype = writer.write(ast.parse(expression, mode="eval").body)
        if dtype is None:
            raise ValueError(f"the formula {expression!r} reads no input")
        writer.reads[name], writer.dtypes[name] = f"{name}_", dtype
        lines.append(f"{name}_ = {text}")
    updated = [n for n, kind in zip(names, kinds, strict=True) if kind == "u"]
    made = outputs[len(updated) :]
    lines += [f"{name}_in[i] = {result}_" for name, result in zip(updated, outputs, strict=False)]
    lines += [f"{name}_out[i] = {name}_" for name in made]
    if total and not down:
        writer.names.add("in_any_order")
    header = _HEADER.format(
        formula="; ".join(expression for _, expression in steps),
        names=f"from teachtf.kernels.scalar import {', '.join(sorted(writer.names))}" if writer.names else "",
        constants="\n".join(f"{name} = {text}" for text, name in writer.constants.items()),
    )

    def before(kind: str, indent: str, read: str) -> str:
        chosen = [n for n, k in zip(names, kinds, strict=True) if k == kind]
        return "".join(f"{indent}{n}_one = {read.format(n)}\n" for n in chosen)

    indent = " " * {_FLAT: 8, _ROWS: 12}.get(template, 16)
    body = template.format(
        arguments=", ".join([*(f"{name}_out" for name in made), *(f"{n}_in" for n in names)]),
        ones=before("1", "    ", "{}_in[0]"),
        columns=before("c", " " * (12 if down else 8), "{}_in[np.uint64(row)]"),
        body="\n".join(f"{indent}{line}" for line in lines),
        total=total,
        zero=f"np.{writer.dtypes[total].name}(0)" if total else "",
    )
    return header + body, [writer.dtypes[name] for name in made]
