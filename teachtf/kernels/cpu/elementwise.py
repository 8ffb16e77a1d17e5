"""Compiled loops of formulas: one pass over memory, whatever the formula's length.

A formula becomes a small Python file in the compile cache, named by its content, which Numba compiles and caches like any
other of our files.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import math
import os
import sys
import tempfile
from collections.abc import Callable, Sequence, Set
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
from numba import from_dtype, types

from teachtf.kernels.cpu.endings import Ending
from teachtf.kernels.cpu.formula import Statements, as_numpy, cost_of, spread_of, write_loop
from teachtf.kernels.cpu.sharing import KEPT, shared
from teachtf.kernels.cpu.threads import share, thread_count
from teachtf.kernels.cpu.tiles import read_only
from teachtf.kernels.jit import cache_folder, own_folder

__all__ = ["Bound", "Formula", "compile_formula"]

_GRAIN = 1 << 13  # elements worth a thread, of a formula that costs little
_LEAST = 1 << 10  # of any
_STEPS = 1 << 18  # elements from which threads take several parts each, so that a late one does not hold up the others
_PART = 1 << 13  # elements of a part of a sum
_WIDENED = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))  # computed in float32, as TensorFlow does
_Loop = Callable[..., None]


def module_file(text: str, name: str) -> Path:
    """The file that holds `text`, written whole and once; in a folder of this process if the cache cannot be written."""
    path = cache_folder() / "generated" / f"{name}.py"
    if path.is_file() and path.read_text() == text:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.replace(draft, path)
    except OSError:
        path = own_folder() / path.name
        path.write_text(text)
    return path


@functools.cache
def _loop(formula: Statements, dtypes: tuple[np.dtype, ...], kinds: str) -> tuple[_Loop, list[np.dtype]]:
    text, results = write_loop(formula, dtypes, kinds)
    name = f"teachtf_formula_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    spec = importlib.util.spec_from_file_location(name, module_file(text, name))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where Numba looks a cached function's module up
    spec.loader.exec_module(module)
    inputs = [_written(dtype) if kind == "u" else read_only(dtype) for dtype, kind in zip(dtypes, kinds, strict=True)]
    sums = [types.int64, types.int64, types.float64[::1]] if formula.total else []
    return shared(module.loop, types.int64, *sums, *map(_written, results), *inputs, error_model="numpy"), results


def _written(dtype: np.dtype) -> types.Array:
    return types.Array(from_dtype(dtype), 1, "C")


class Bound:
    """A formula made ready for inputs of certain dtypes and shapes.

    Attributes:
      shape: the shape of the results.
      dtypes: the dtype of each.
    """

    def __init__(self, loop: _Loop, dtypes: list[np.dtype], shape: tuple[int, ...], by_rows: bool, cost: int) -> None:
        self.shape, self.dtypes = shape, dtypes
        self._loop, self._by_rows = loop, by_rows
        size = math.prod(shape)
        self._width = shape[-1] if by_rows else 1
        self._units = size // self._width if size else 0
        self._parts = thread_count() * (1 if size < _STEPS else 4)
        self._grain = max(_LEAST, _GRAIN // cost)
        self._step = max(1, self._grain // self._width, -(-self._units // self._parts))

    def __call__(self, inputs: Sequence[Any], outs: Sequence[np.ndarray] | None = None) -> Sequence[np.ndarray]:
        """The results, in `outs` if those are given: C-contiguous arrays of their shape and dtypes."""
        if outs is None:
            outs = self._outs()
        share(self._loop, self._units, self._step, self._width, *[x.ravel() for x in (*outs, *inputs)])
        return outs

    def _outs(self) -> Sequence[np.ndarray]:
        return [np.empty(self.shape, dtype) for dtype in self.dtypes]

    def ending(self, inputs: Sequence[Any]) -> tuple[Ending, Sequence[np.ndarray]]:
        """The same, to be done to rows as they come: and the results, which it will fill."""
        outs = self._outs()
        arrays = [x.ravel() for x in (*outs, *inputs)]
        kept = np.empty(KEPT, np.int64)
        self._loop(kept, 0, -1, self._width, *arrays)
        rows = math.prod(self.shape[:-1])
        run = functools.partial(share, self._loop, self._units, self._step, self._width, *arrays)
        return Ending(kept, self._units // rows if rows else 0, rows, run, arrays), outs

    def totals(self, inputs: Sequence[Any], axes: Set[int]) -> tuple[npt.NDArray[np.float64], Sequence[np.ndarray]]:
        """The sums of a formula's total along `axes`, of which the last is one, and the results."""
        size, first = math.prod(self.shape), len(self.shape) - 1
        while not self._by_rows and first - 1 in axes:  # axes that go together are one
            first -= 1
        kept = self.shape[:first]
        one = math.prod(kept) == 1 and not self._by_rows
        width = _PART if one else math.prod(self.shape[first:])
        rows = -(-size // width)
        step = max(1, self._grain // width, -(-rows // self._parts))
        totals, outs = self._totals(inputs, np.empty(rows), rows, step, width, _PART // 2)
        sums = np.sum(totals, keepdims=True) if one else totals
        return sums.reshape(kept).sum(tuple([axis for axis in axes if axis < first])), outs

    def column_totals(self, inputs: Sequence[Any]) -> tuple[npt.NDArray[np.float64], Sequence[np.ndarray]]:
        """The sums of a formula's total along all axes but the last, and the results."""
        width = self.shape[-1]
        rows = math.prod(self.shape[:-1])
        each = max(1, -(-self._grain // width), -(-rows // self._parts))
        parts = -(-rows // each)
        totals, outs = self._totals(inputs, np.empty((parts, width)), parts, 1, width, each)
        return totals.sum(0), outs

    def _totals(self, inputs: Sequence[Any], totals: Any, count: int, step: int, width: int, each: int) -> Any:
        outs = self._outs()
        arrays = [x.ravel() for x in (totals, *outs, *inputs)]
        share(self._loop, count, step, width, math.prod(self.shape), each, *arrays)
        return totals, outs


class Formula:
    """Statements to call with arrays. They broadcast like NumPy; one-element arrays, rows and columns stay in the loop."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._numpy = as_numpy(statements)

    def with_numpy(self, *inputs: Any) -> Any:
        """The same without the compiler."""
        with np.errstate(all="ignore"):
            return self._numpy(*inputs)

    def bind(self, shapes: Sequence[tuple[int, ...]], dtypes: Sequence[np.dtype], updates: int = 0) -> Bound | None:
        """The loop for inputs such as these, compiled or read from the cache; None if no loop can take them. The first
        `updates` inputs are updated."""
        spread = spread_of(self._statements, shapes, updates)
        if spread is None or any(dtype.kind not in "fiub" for dtype in dtypes):
            return None
        loop, results = _loop(self._statements, tuple(dtypes), spread.kinds)
        by_rows = "r" in spread.kinds or "c" in spread.kinds
        return Bound(loop, results, spread.shape, by_rows, cost_of(self._statements))

    def __call__(self, *inputs: Any, out: np.ndarray | None = None) -> Any:
        """The result, in `out` if that is given, an array of its shape and dtype; several results as a tuple."""
        arrays = [np.asarray(x) for x in inputs]
        narrow = next((a.dtype for a in arrays if a.dtype in _WIDENED), None)
        if narrow is not None:
            result = self(*(a.astype(np.float32) if a.dtype in _WIDENED else a for a in arrays))
            return _given(result.astype(narrow) if result.dtype == np.float32 else result, out)
        bound = self.bind([a.shape for a in arrays], [a.dtype for a in arrays])
        if bound is None:
            return _given(self.with_numpy(*arrays), out)
        results = bound(arrays, None if out is None else [out])
        return results[0] if len(results) == 1 else tuple(results)


def _given(result: Any, out: np.ndarray | None) -> Any:
    if out is None:
        return np.asarray(result)
    np.copyto(out, result)
    return out


@functools.cache
def compile_formula(text: str, arg_names: tuple[str, ...]) -> Formula:
    """The formula `text` over the names of `numpy_math.NUMPY`, to call with one array for each of `arg_names`.

    Code for a choice of dtypes and shapes' kinds is compiled, or read from the cache, at the first call with it.

    >>> compile_formula("max(x, 0) * y", ("x", "y"))(np.float32([-1, 2]), np.float32(3)).tolist()
    [0.0, 6.0]
    """
    return Formula(Statements((("result", text),), ("result",), arg_names))
