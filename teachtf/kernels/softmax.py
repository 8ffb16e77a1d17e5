"""Kernels of softmax and of the cross entropies on it. A small matrix takes NumPy's passes, a large one `cpu.softmax`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels import compiling
from teachtf.kernels.registry import Call, kernel
from teachtf.kernels.serving import telling
from teachtf.ops import activations, cross_entropy

assert activations and cross_entropy  # the declarations

LARGE = 1 << 10  # elements from which a compiled pass over the rows is quicker than NumPy's five
_COMPILED = (np.dtype(np.float32), np.dtype(np.float64))
_WIDE = np.dtype(np.float32)


def _job(name: str, shape: tuple[int, ...], dtype: Any) -> Any:
    """What is compiled for rows such as these; None where NumPy serves better."""
    return ("softmax", name, dtype) if math.prod(shape) >= LARGE and dtype in _COMPILED else None


def _telling(name: str, call: Any) -> Call:
    return telling(call, lambda inputs: _job(name, *inputs[0]))


def _compiled(name: str, x: Any) -> Any:
    """The compiled function for rows such as these, or None while NumPy serves better."""
    job = _job(name, x.shape, x.dtype)
    if job is None:
        return None

    def compile_it() -> None:
        from teachtf.kernels.cpu import softmax

        softmax.prepare(name, x.dtype)

    if not compiling.ready(job, compile_it):
        return None
    from teachtf.kernels.cpu import softmax

    return getattr(softmax, name)


def _wide(x: Any) -> Any:
    """Halves are computed in float32, as TensorFlow does."""
    return np.asarray(x, _WIDE) if x.dtype.itemsize == 2 else np.asarray(x)


def _parts(x: Any) -> tuple[Any, Any, Any]:
    """The elements less the row's largest, their exponentials, and the rows' sums of these."""
    shifted = x - x.max(-1, keepdims=True, initial=-np.inf)
    exponentials = np.exp(shifted)
    return shifted, exponentials, exponentials.sum(-1, keepdims=True)


@kernel("Softmax")
def _softmax(op: Any) -> Call:
    def call(logits: Any) -> Any:
        x = _wide(logits)
        rows = _compiled("softmax", x)
        if rows is not None:
            return rows(x)
        with np.errstate(invalid="ignore"):
            _, exponentials, total = _parts(x)
            exponentials /= total
        return exponentials.astype(logits.dtype, copy=False)

    return _telling("softmax", call)


@kernel("LogSoftmax")
def _log_softmax(op: Any) -> Call:
    def call(logits: Any) -> Any:
        x = _wide(logits)
        rows = _compiled("log_softmax", x)
        if rows is not None:
            return rows(x)
        with np.errstate(invalid="ignore", divide="ignore"):
            shifted, _, total = _parts(x)
            shifted -= np.log(total)
        return shifted.astype(logits.dtype, copy=False)

    return _telling("log_softmax", call)


@kernel("SoftmaxCrossEntropyWithLogits")
def _cross_entropy(op: Any) -> Call:
    def call(features: Any, labels: Any) -> tuple[Any, Any]:
        kind = features.dtype
        x, y = _wide(features), _wide(labels)
        if x.shape != y.shape:
            x, y = np.broadcast_arrays(x, y)
        rows = _compiled("cross_entropy", x)
        if rows is not None:
            return rows(x, y)
        with np.errstate(invalid="ignore", divide="ignore"):
            shifted, backprop, total = _parts(x)
            backprop /= total
            backprop -= y
            np.subtract(np.log(total), shifted, out=shifted)
            shifted *= y
        loss = shifted.sum(-1)
        return loss.astype(kind, copy=False), backprop.astype(kind, copy=False)

    return _telling("cross_entropy", call)


def _check_labels(op: Any, labels: Any, batch: int, classes: int) -> None:
    if labels.shape != (batch,):
        raise errors.InvalidArgumentError(
            None, op, f"logits and labels must have the same first dimension, got logits shape [{batch},{classes}] and "
            f"labels shape {list(labels.shape)}"
        )  # fmt: skip
    if batch and (labels.min() < 0 or labels.max() >= classes):
        wrong = labels[(labels < 0) | (labels >= classes)][0]
        shown = " ".join(map(str, labels[:16])) + (" ..." if batch > 16 else "")
        raise errors.InvalidArgumentError(
            None, op, f"Received a label value of {wrong} which is outside the valid range of [0, {classes}).  "
            f"Label values: {shown}"
        )  # fmt: skip


@kernel("SparseSoftmaxCrossEntropyWithLogits")
def _sparse_cross_entropy(op: Any) -> Call:
    def call(features: Any, labels: Any) -> tuple[Any, Any]:
        kind = features.dtype
        x = _wide(features)
        batch, classes = x.shape
        _check_labels(op, labels, batch, classes)
        rows = _compiled("sparse_cross_entropy", x)
        if rows is not None:
            return rows(x, labels)
        at = np.arange(batch), labels
        with np.errstate(invalid="ignore", divide="ignore"):
            shifted, backprop, total = _parts(x)
            loss = np.log(total[:, 0]) - shifted[at]
            backprop /= total
        backprop[at] -= 1
        return loss.astype(kind, copy=False), backprop.astype(kind, copy=False)

    return _telling("sparse_cross_entropy", call)
