"""Kernels of products summed over named axes, and of cross products."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.registry import Call, kernel
from teachtf.ops import contractions

assert contractions  # the declarations


@kernel("Einsum")
def _einsum(op: Any) -> Call:
    left, _, out = op._attrs["equation"].decode().partition("->")
    target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    narrow = target.itemsize == 2 and target.kind not in "iu"
    repeated = len(set(out.replace("...", ""))) < len(out.replace("...", ""))

    def call(*inputs: Any) -> Any:
        arrays = [np.asarray(i, np.float32) if narrow else i for i in inputs]
        if repeated:
            return _to_diagonals(arrays[0], left, out).astype(target)
        return np.einsum(f"{left}->{out}", *arrays, optimize=len(arrays) > 1).astype(target)

    return call


def _to_diagonals(array: Any, left: str, out: str) -> Any:
    """`ab->aab`: a letter that comes twice fills a diagonal."""
    before, dots, after = left.partition("...")
    middle = array.ndim - len(before) - len(after)
    sizes = dict(zip(before, array.shape, strict=False)) | dict(zip(after, array.shape[array.ndim - len(after) :], strict=True))
    batch = array.shape[len(before) : len(before) + middle] if dots else ()
    head, _, tail = out.partition("...")
    shape = [*(sizes[c] for c in head), *(batch if "..." in out else ()), *(sizes[c] for c in tail)]
    result = np.zeros(shape, array.dtype)
    once = "".join(dict.fromkeys(out.replace("...", "")))
    inner = "..." if "..." in out else ""
    view = np.einsum(f"{out}->{inner}{once}", result)  # a view of the diagonals, which can be written to
    view[...] = np.einsum(f"{left}->{inner}{once}", array)
    return result


@kernel("Cross")
def _cross(op: Any) -> Call:
    target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)

    def call(a: Any, b: Any) -> Any:
        x, y = (np.moveaxis(np.asarray(v), -1, 0) for v in (a, b))
        parts = [x[(i + 1) % 3] * y[(i + 2) % 3] - x[(i + 2) % 3] * y[(i + 1) % 3] for i in range(3)]
        return np.stack(parts, -1).astype(target, copy=False)

    return call
