"""Whole numbers as bits."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.cuda.elementwise import call_of
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call

_FUNCTIONS = {
    "BitwiseAnd": ("x & y", ("x", "y")),
    "BitwiseOr": ("x | y", ("x", "y")),
    "BitwiseXor": ("x ^ y", ("x", "y")),
    "Invert": ("~x", ("x",)),
}


@gpu_kernel(*_FUNCTIONS, metadata=True)
def _bits(op: Any) -> Call:
    return call_of(op, *_FUNCTIONS[op.type], as_written=True)


@gpu_kernel("LeftShift", "RightShift", metadata=True)
def _shift(op: Any) -> Call:
    """Moves by less than 0 or more than the width count as 0 and as the width less 1, as on the CPU."""
    dtype = np.dtype(op.inputs[0].dtype.as_numpy_dtype)
    sign = "<<" if op.type == "LeftShift" else ">>"
    none, most = f"np.{dtype.name}(0)", f"np.{dtype.name}({8 * dtype.itemsize - 1})"
    return call_of(op, f"x {sign} ({none} if y < {none} else ({most} if y > {most} else y))", ("x", "y"), as_written=True)
