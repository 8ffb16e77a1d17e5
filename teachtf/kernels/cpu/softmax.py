"""Softmax and cross entropy of rows, each row in one visit while it is in the first cache."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import from_dtype

from teachtf.kernels.scalar import SCALAR

from ..jit import jit
from .sharing import shared
from .threads import share, thread_count
from .tiles import read_only

__all__ = ["cross_entropy", "log_softmax", "prepare", "softmax", "sparse_cross_entropy"]

Array = npt.NDArray[Any]

_THREAD_WORK = 1 << 12  # elements that are worth waking a thread for
_LANES = 64  # the largest of every 64th element, side by side: such a loop becomes vector code, NaNs or not

exp, log = SCALAR["exp"], SCALAR["log"]
_inline = functools.partial(jit, forceinline=True, error_model="numpy")


@_inline
def _largest(x, lanes):
    """The largest element. A NaN may be passed over: it comes back in the sum."""
    whole = x.size - x.size % _LANES
    largest = x[0]
    if whole:
        for lane in range(_LANES):
            lanes[lane] = x[lane]
        for block in range(_LANES, whole, _LANES):
            for lane in range(_LANES):
                value = x[block + lane]
                lanes[lane] = value if value > lanes[lane] else lanes[lane]
        half = _LANES // 2
        while half >= 8:
            for lane in range(half):
                lanes[lane] = lanes[half + lane] if lanes[half + lane] > lanes[lane] else lanes[lane]
            half //= 2
        for lane in range(2 * half):
            largest = lanes[lane] if lanes[lane] > largest else largest
    for c in range(whole, x.size):
        largest = x[c] if x[c] > largest else largest
    return largest


@functools.partial(_inline, fastmath={"reassoc"})  # LLVM may sum in several registers: fewer digits are lost, too
def _sum(x):
    total = x[0]
    for c in range(1, x.size):
        total += x[c]
    return total


@functools.partial(_inline, fastmath={"reassoc"})  # of these sums alone: `exp` has its own options
def _fill(x, out, lanes):
    """Writes the exponentials of x less its largest element, and gives that and their sum."""
    largest = _largest(x, lanes)
    total = x.dtype.type(0)
    for c in range(x.size):
        value = exp(x[c] - largest)
        out[c] = value
        total += value
    return largest, total


def _softmax_rows(first, last, x, out):
    lanes = np.empty(_LANES, x.dtype)
    for row in range(first, last):
        _, total = _fill(x[row], out[row], lanes)
        part = out.dtype.type(1) / total  # one division a row, as in TensorFlow
        for c in range(x.shape[1]):
            out[row, c] *= part


def _log_softmax_rows(first, last, x, out):
    lanes = np.empty(_LANES, x.dtype)
    for row in range(first, last):
        largest, total = _fill(x[row], out[row], lanes)
        logarithm = log(total)
        for c in range(x.shape[1]):
            out[row, c] = x[row, c] - largest - logarithm


def _cross_entropy_rows(first, last, x, labels, loss, out):
    lanes, terms = np.empty(_LANES, x.dtype), np.empty(x.shape[1], x.dtype)
    for row in range(first, last):
        largest, total = _fill(x[row], out[row], lanes)
        logarithm, part = log(total), out.dtype.type(1) / total
        for c in range(x.shape[1]):
            label = labels[row, c]
            terms[c] = label * (logarithm - (x[row, c] - largest))
            out[row, c] = out[row, c] * part - label
        loss[row] = _sum(terms)


def _sparse_cross_entropy_rows(first, last, x, labels, loss, out):
    lanes = np.empty(_LANES, x.dtype)
    for row in range(first, last):
        largest, total = _fill(x[row], out[row], lanes)
        part = out.dtype.type(1) / total
        for c in range(x.shape[1]):
            out[row, c] *= part
        label = labels[row]
        loss[row] = log(total) - (x[row, label] - largest)
        out[row, label] -= 1


_ROWS: dict[str, Callable[..., None]] = {
    "softmax": _softmax_rows,
    "log_softmax": _log_softmax_rows,
    "cross_entropy": _cross_entropy_rows,
    "sparse_cross_entropy": _sparse_cross_entropy_rows,
}


@functools.cache
def _compiled(name: str, dtype: np.dtype) -> Any:
    rows, vector = read_only(dtype, 2), from_dtype(dtype)[::1]
    labels = {"cross_entropy": [rows, vector], "sparse_cross_entropy": [read_only(np.dtype(np.int64)), vector]}
    return shared(_ROWS[name], rows, *labels.get(name, []), from_dtype(dtype)[:, ::1], error_model="numpy")


def prepare(name: str, dtype: np.dtype) -> None:
    """Compile the function of this name for float32 or float64, or read it from the cache."""
    _compiled(name, dtype)


def _run(name: str, x: Array, *arrays: Array) -> None:
    count = x.shape[0] if x.size else 0
    step = max(-(-_THREAD_WORK // max(1, x.shape[1])), -(-count // (4 * thread_count())))
    share(_compiled(name, x.dtype), count, step, x, *arrays)


def _map(name: str, x: Array) -> Array:
    rows = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    out = np.empty_like(rows)
    _run(name, rows, out)
    return out.reshape(x.shape)


def softmax(x: Array) -> Array:
    """The exponentials of x, float32 or float64 of rank 1 or more, over their sum along the last axis."""
    return _map("softmax", x)


def log_softmax(x: Array) -> Array:
    """The logarithm of `softmax`."""
    return _map("log_softmax", x)


def cross_entropy(x: Array, labels: Array) -> tuple[Array, Array]:
    """For each row the cross entropy of `softmax` from labels of the same shape and dtype, and its gradient by x."""
    x, labels = np.ascontiguousarray(x), np.ascontiguousarray(labels)
    loss, out = np.zeros(x.shape[0], x.dtype), np.empty_like(x)
    _run("cross_entropy", x, labels, loss, out)
    return loss, out


def sparse_cross_entropy(x: Array, labels: Array) -> tuple[Array, Array]:
    """For each row the cross entropy of `softmax` from the one class in `labels`, all of them valid, and its gradient."""
    x = np.ascontiguousarray(x)
    loss, out = np.zeros(x.shape[0], x.dtype), np.empty_like(x)
    _run("sparse_cross_entropy", x, np.ascontiguousarray(labels, np.int64), loss, out)
    return loss, out
