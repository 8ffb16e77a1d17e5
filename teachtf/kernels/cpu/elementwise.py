"""Compiled loops of formulas: one pass over memory, whatever the formula's length.

A formula becomes a small Python file in the compile cache, named by its content, which Numba compiles and caches like any
other of our files.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from teachtf.kernels.cpu.formula import write_loop
from teachtf.kernels.cpu.threads import parallel_for
from teachtf.kernels.jit import cache_folder
from teachtf.kernels.numpy_math import NUMPY

__all__ = ["Formula", "compile_formula"]

_GRAIN = 1 << 15  # elements worth a thread
_WIDENED = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))  # computed in float32, as TensorFlow does
_Loop = Callable[..., None]


def _module_file(text: str, name: str) -> Path:
    """The file that holds `text`, written whole and once; in a folder of this process if the cache cannot be written."""
    path = cache_folder() / "generated" / f"{name}.py"
    if path.is_file() and path.read_text() == text:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, suffix=".draft")
    except OSError:
        path = Path(tempfile.mkdtemp(prefix="teachtf-")) / path.name
        path.write_text(text)
        return path
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.replace(draft, path)
    return path


@functools.cache
def _loop(formula: str, names: tuple[str, ...], dtypes: tuple[np.dtype, ...], kinds: str) -> tuple[_Loop, np.dtype]:
    text, dtype = write_loop(formula, names, dtypes, kinds)
    name = f"teachtf_formula_{hashlib.sha256(text.encode()).hexdigest()[:20]}"
    spec = importlib.util.spec_from_file_location(name, _module_file(text, name))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where Numba looks a cached function's module up
    spec.loader.exec_module(module)
    return module.loop, dtype


def _kind(x: np.ndarray, shape: tuple[int, ...]) -> str:
    """How `x` spreads over `shape`: see `write_loop`; "" if in none of its ways."""
    if x.shape == shape:
        return "f"
    if x.size == 1:
        return "1"
    return "r" if x.size == x.shape[-1] == shape[-1] else ""


class Formula:
    """A formula to call with arrays. It broadcasts like NumPy; one-element arrays and last-axis vectors stay in the loop."""

    def __init__(self, formula: str, names: tuple[str, ...]) -> None:
        self.formula, self.names = formula, names
        self._numpy = eval(f"lambda {', '.join(names)}: {formula}", dict(NUMPY))

    def with_numpy(self, *inputs: Any) -> np.ndarray:
        """The same value without the compiler."""
        with np.errstate(all="ignore"):
            return np.asarray(self._numpy(*inputs))

    def __call__(self, *inputs: Any, out: np.ndarray | None = None) -> np.ndarray:
        """The value for `inputs`, in `out` if that is given: a C-contiguous array of the result's shape and dtype."""
        arrays = [np.asarray(x) for x in inputs]
        narrow = next((a.dtype for a in arrays if a.dtype in _WIDENED), None)
        if narrow is not None:
            result = self(*(a.astype(np.float32) if a.dtype in _WIDENED else a for a in arrays))
            result = result.astype(narrow) if result.dtype == np.float32 else result
            return result if out is None else _copied(result, out)
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        kinds = [_kind(a, shape) for a in arrays]
        if not all(kinds) or any(a.dtype.kind not in "fiub" for a in arrays):
            result = self.with_numpy(*arrays)
            return result if out is None else _copied(result, out)
        loop, dtype = _loop(self.formula, self.names, tuple(a.dtype for a in arrays), "".join(kinds))
        if out is None:
            out = np.empty(shape, dtype)
        if out.size:
            flat = out.reshape(-1)
            operands = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
            row = shape[-1] if "r" in kinds else 1
            if out.size <= _GRAIN:
                loop(flat, *operands, 0, out.size // row)
            else:
                parallel_for(lambda a, b: loop(flat, *operands, a, b), out.size // row, max(1, _GRAIN // row))
        return out


def _copied(result: np.ndarray, out: np.ndarray) -> np.ndarray:
    np.copyto(out, result)
    return out


@functools.cache
def compile_formula(formula: str, arg_names: tuple[str, ...]) -> Formula:
    """The formula over the names of `numpy_math.NUMPY`, to call with one array for each of `arg_names`.

    Code for a choice of dtypes and shapes' kinds is compiled, or read from the cache, at the first call with it.

    >>> compile_formula("max(x, 0) * y", ("x", "y"))(np.float32([-1, 2]), np.float32(3)).tolist()
    [0.0, 6.0]
    """
    return Formula(formula, arg_names)
