"""Kernels of whole numbers as bits, and of tensors read as another type."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import bits

assert bits  # the declarations


def _places(x: Any, y: Any) -> Any:
    """Moves by less than 0 or more than the width count as 0 and as the width less 1, as in TensorFlow."""
    return np.clip(y, 0, 8 * np.dtype(x.dtype).itemsize - 1).astype(x.dtype)


_FUNCTIONS: dict[str, Any] = {
    "BitwiseAnd": np.bitwise_and,
    "BitwiseOr": np.bitwise_or,
    "BitwiseXor": np.bitwise_xor,
    "Invert": np.invert,
    "LeftShift": lambda x, y: np.left_shift(x, _places(x, y)),
    "PopulationCount": lambda x: np.bitwise_count(x if x.dtype.kind == "u" else x.view(f"u{x.dtype.itemsize}")),
    "RightShift": lambda x, y: np.right_shift(x, _places(x, y)),
}


@kernel(*_FUNCTIONS)
def _bits(op: Any) -> Call:
    return _FUNCTIONS[op.type]


@kernel("Bitcast")
def _bitcast(op: Any) -> Call:
    target = np.dtype(op._attrs["type"].as_numpy_dtype)

    def call(x: Any) -> Any:
        array = np.ascontiguousarray(x).reshape(np.shape(x))
        if array.dtype.itemsize > target.itemsize:
            return array[..., None].view(target).copy() if array.ndim else array.reshape(1).view(target).copy()
        if array.dtype.itemsize < target.itemsize:
            if not array.ndim or array.shape[-1] * array.dtype.itemsize != target.itemsize:
                raise errors.InvalidArgumentError(
                    None, None, f"Cannot bitcast from {op.inputs[0].dtype.name} to {op._attrs['type'].name}: {array.shape}"
                )
            return array.view(target)[..., 0].copy()
        return array.view(target).copy()

    return call
