"""Writes a formula as the text of a Python loop for Numba. No compiler is needed to write it."""

from __future__ import annotations

import ast
from collections.abc import Sequence

import numpy as np

__all__ = ["write_loop"]

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
@jit(error_model="numpy")
def loop(out, {arguments}, start, stop):
{ones}    for n in range(start, stop):
        i = np.uint64(n)
        out[i] = {expression}
"""
_ROWS = """\
@jit(error_model="numpy")
def loop(out, {arguments}, start, stop):
{ones}    for row in range(start, stop):
        base = np.uint64(row * {row}.size)
        for n in range({row}.size):
            k = np.uint64(n)
            i = base + k
            out[i] = {expression}
"""
_HEADER = '''\
"""{formula}"""
import numpy as np

from teachtf.kernels.jit import jit
{names}
{constants}

'''


class _Writer:
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


def write_loop(formula: str, names: tuple[str, ...], dtypes: Sequence[np.dtype], kinds: str) -> tuple[str, np.dtype]:
    """The text of a module with ``loop(out, *inputs, start, stop)``, and the result's dtype.

    `kinds` has a letter for each input: "f" an array as long as the output, "1" an array of one element, "r" a vector that
    repeats along it. With an "r", start and stop count repetitions; without, elements.
    """
    reads = {n: {"f": f"{n}_[i]", "1": f"{n}_one", "r": f"{n}_[k]"}[kind] for n, kind in zip(names, kinds, strict=True)}
    writer = _Writer(reads, dict(zip(names, dtypes, strict=True)))
    expression, dtype = writer.write(ast.parse(formula, mode="eval").body)
    if dtype is None:
        raise ValueError(f"the formula {formula!r} reads no input")
    header = _HEADER.format(
        formula=formula,
        names=f"from teachtf.kernels.scalar import {', '.join(sorted(writer.names))}" if writer.names else "",
        constants="\n".join(f"{name} = {text}" for text, name in writer.constants.items()),
    )
    body = (_ROWS if "r" in kinds else _FLAT).format(
        arguments=", ".join(f"{n}_" for n in names),
        ones="".join(f"    {n}_one = {n}_[0]\n" for n, kind in zip(names, kinds, strict=True) if kind == "1"),
        row=f"{names[kinds.index('r')]}_" if "r" in kinds else "",
        expression=expression,
    )
    return header + body, dtype
