"""Kernels of the optimizers' steps: the rules of `update_rules.py`, run over all elements of a variable or some rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.compiling import Compiled
from teachtf.kernels.cpu.formula import as_numpy
from teachtf.kernels.registry import Call, Cell, kernel
from teachtf.kernels.serving import loop_code, telling
from teachtf.kernels.update_rules import RULES, rule_of

_COMPILED = 1 << 10  # elements from which one compiled pass is quicker than NumPy's several


@kernel(*(f"Apply{name}" for name in RULES), aliasing=True)
def _step(op: Any) -> Call:
    rule = rule_of(op)
    references, gradient = len(rule.outputs), rule.inputs.index("grad")
    compiled, by_numpy = Compiled(rule, updates=references), as_numpy(rule)

    def call(*inputs: Any) -> Cell:
        cells = inputs[:references]
        values = [cell.read() for cell in cells]
        if values[0].shape != np.shape(inputs[gradient]):
            shapes = f"{list(values[0].shape)} {list(np.shape(inputs[gradient]))}"
            raise errors.InvalidArgumentError(
                None, None, f"var and grad do not have the same shape: {shapes} ({cells[0].name})"
            )
        rest = [np.asarray(x, values[0].dtype) for x in inputs[references:]]
        if values[0].size >= _COMPILED and values[0].dtype in (np.float32, np.float64):
            bound = compiled.ready([*values, *rest])
            if bound is not None:
                values.clear()
                owned = [cell.own() for cell in cells]
                bound([*owned, *rest], [])
                for cell, value in zip(cells, owned, strict=True):
                    cell.value = value
                return cells[0]
        new = by_numpy(*values, *rest)
        for cell, old, value in zip(cells, values, new if references > 1 else [new], strict=True):
            cell.value = np.asarray(value, old.dtype)
        return cells[0]

    def code(inputs: Any) -> Any:
        shape, dtype = inputs[0]
        served = math.prod(shape) >= _COMPILED and dtype in (np.float32, np.float64)
        return loop_code(compiled, [(s, dtype) for s, _ in inputs]) if served else None

    return telling(call, code)


_BY_ROWS = [name for name in RULES if name not in ("GradientDescent", "Adam")]  # those are made of scatters


@kernel(*(f"SparseApply{name}" for name in _BY_ROWS), aliasing=True)
def _sparse_step(op: Any) -> Call:
    rule = rule_of(op)
    references, gradient = len(rule.outputs), rule.inputs.index("grad")
    at = gradient + 1  # the indices
    by_numpy = as_numpy(rule)

    def call(*inputs: Any) -> Cell:
        cells, grad, indices = inputs[:references], inputs[gradient], inputs[at]
        _check_rows(cells[0].read(), grad, indices)
        values = [cell.own() for cell in cells]
        rest = [np.asarray(x, values[0].dtype) for x in (*inputs[references:at], *inputs[at + 1 :])]
        for rows in _rounds(indices):
            rest[gradient - references] = grad[rows]
            places = indices[rows]
            new = by_numpy(*(v[places] for v in values), *rest)
            for value, rows_of_it in zip(values, new if references > 1 else [new], strict=True):
                value[places] = rows_of_it
        for cell, value in zip(cells, values, strict=True):
            cell.value = value
        return cells[0]

    return call


def _check_rows(value: Any, grad: Any, indices: Any) -> None:
    if len(indices) != len(grad) or grad.shape[1:] != value.shape[1:]:
        raise errors.InvalidArgumentError(
            None, None, f"var and grad do not match: {list(value.shape)}, {len(indices)} indices and {list(grad.shape)}"
        )
    wrong = np.flatnonzero((indices < 0) | (indices >= len(value)))
    if wrong.size:
        raise errors.InvalidArgumentError(
            None, None, f"Index {indices[wrong[0]]} at offset {wrong[0]} in indices is out of range"
        )


def _rounds(indices: Any) -> Any:
    """Where each index stands, in rounds without an index twice: the second time builds on the first."""
    left = np.arange(len(indices))
    while left.size:
        first = np.sort(np.unique(indices[left], return_index=True)[1])
        yield left[first]
        left = np.delete(left, first)
