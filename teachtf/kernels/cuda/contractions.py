"""Products summed over named axes (`Einsum`): axes are put in order and merged, and the rest is a product of matrices."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.matmul import TYPES, multiplied
from teachtf.kernels.cuda.reductions import reduced
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import gathered, of_shape, view_of
from teachtf.kernels.registry import Call, State


def _spelled(term: str, ndim: int, spare: str) -> str:
    """A term with a letter for each axis that its dots stand for, those at the end alike."""
    if "..." not in term:
        return term
    return term.replace("...", spare[len(spare) - (ndim - len(term) + 3) :])


def _ordered(x: GpuArray, letters: str, wanted: Sequence[str]) -> GpuArray:
    """The axes of `x` in the wanted order; a letter that comes twice means the diagonal. Others are summed."""
    gone = [c for c in dict.fromkeys(letters) if c not in wanted]
    whole = of_shape(x.shape)
    part = np.einsum(f"{letters}->{''.join([*wanted, *gone])}", whole)
    if part.shape != whole.shape or part.strides != whole.strides:
        x = gathered(x, view_of(part, whole))
    if not gone:
        return x
    kept, length = part.shape[: len(wanted)], math.prod(part.shape[len(wanted) :])
    if x.size == 0:
        return filled(kept, x.dtype, 0)
    return reduced("Sum", x, math.prod(kept), length, 1).reshaped(kept)


def _product(a: GpuArray, b: GpuArray, left: str, right: str, out: str) -> GpuArray:
    """Two factors: axes of both and the result make a stack, axes of one its rows or columns, and the others are summed."""
    stack = [c for c in out if c in left and c in right]
    rows = [c for c in out if c in left and c not in right]
    columns = [c for c in out if c in right and c not in left]
    summed = [c for c in dict.fromkeys(left) if c in right and c not in out]
    a, b = _ordered(a, left, [*stack, *rows, *summed]), _ordered(b, right, [*stack, *summed, *columns])
    n, deep = len(stack), len(summed)
    first, second = a.shape[n : n + len(rows)], b.shape[n + deep :]
    depth = math.prod(b.shape[n : n + deep])
    made = multiplied(a.reshaped((*a.shape[:n], math.prod(first), depth)), b.reshaped((*b.shape[:n], depth, math.prod(second))))
    return _ordered(made.reshaped((*made.shape[:-2], *first, *second)), "".join([*stack, *rows, *columns]), out)


@gpu_kernel("Einsum")
def _einsum(op: Any) -> Call | None:
    given, _, out = op._attrs["equation"].decode().replace(" ", "").partition("->")
    terms = given.split(",")
    spare = "".join(c for c in string.ascii_letters if c not in given)[:8]
    names = out.replace("...", "")
    if np.dtype(op._attrs["T"].as_numpy_dtype).name not in TYPES or len(terms) > 2 or len(set(names)) < len(names):
        return None
    refuse = cpu.build(op, State())

    def call(*inputs: Any) -> Any:
        dots = max((x.ndim - len(t) + 3 for t, x in zip(terms, inputs, strict=True) if "..." in t), default=0)
        letters = [_spelled(t, x.ndim, spare) for t, x in zip(terms, inputs, strict=True)]
        sizes: dict[str, set[int]] = {}
        for term, x in zip(letters, inputs, strict=True):
            if len(term) != x.ndim:
                return refuse(*[of_shape(x.shape) for x in inputs])
            for letter, size in zip(term, x.shape, strict=True):
                sizes.setdefault(letter, set()).add(size)
        if any(len(found - {1} if letter in spare else found) > 1 for letter, found in sizes.items()):
            return refuse(*[of_shape(x.shape) for x in inputs])
        result = _spelled(out, len(names) + dots, spare)
        if len(inputs) == 1:
            return _ordered(inputs[0], letters[0], result)
        return _product(inputs[0], inputs[1], letters[0], letters[1], result)

    return call
