"""The optimizers' steps: one pass over a variable and its slots, or over the rows of them that a gradient has.

The kernels are written from the rules' formulas. Rates and the like stay where they are, in the GPU's memory.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.op_def import lookup
from teachtf.kernels.cpu.formula import Statements, Writer
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import on_cpu
from teachtf.kernels.cuda.elementwise import Elementwise, function_of
from teachtf.kernels.cuda.jit import KERNELS, Kernel, cached, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call, Cell
from teachtf.kernels.update_rules import RULES, rule_of

# Those that TensorFlow has on GPUs: dense and by rows.
_DENSE = set(RULES) - {"ProximalGradientDescent", "AdagradDA"}
_BY_ROWS = {"Adadelta", "Adagrad", "AdagradV2", "Ftrl", "FtrlV2", "ProximalAdagrad"}


def _read(cells: Sequence[Cell]) -> list[GpuArray]:
    return [to_gpu(cell.read()) for cell in cells]


def _keep(cells: Sequence[Cell], values: Sequence[GpuArray]) -> Cell:
    for cell, value in zip(cells, values, strict=True):
        cell.value = value
    return cells[0]


@gpu_kernel(*(f"Apply{name}" for name in _DENSE))
def _apply(op: Any) -> Call | None:
    if op._attrs["T"].is_complex:
        return None  # functions of complex numbers are NumPy's
    rule = rule_of(op)
    function, references, gradient = Elementwise(rule), len(rule.outputs), rule.inputs.index("grad")

    def call(*inputs: Any) -> Cell:
        cells = inputs[:references]
        old = _read(cells)
        if old[0].shape != inputs[gradient].shape:
            on_cpu(op, *inputs)  # which says so
        return _keep(cells, function(*old, *inputs[references:]))

    return call


# --- by rows ---------------------------------------------------------------------------------------------------------

# `places` holds the rows, where in the rest each row's entries start, and these: positions along the gradient's first axis.
_MODULE = '''\
"""{formula}"""
import numpy as np
from numba import cuda

from teachtf.kernels.scalar import {names}

{constants}


def kernel({arguments}, places, rows, width, count):
    thread = cuda.grid(1)
    if thread < count:
        row = thread // width
        column = thread - row * width
        i = places[row] * width + column
{loads}
        for at in range(places[rows + row], places[rows + row + 1]):
            {gradient} = {gradient}_in[places[2 * rows + 1 + at] * width + column]
{body}
            {values} = {results}
{stores}
'''


def _written(rule: Statements, dtype: np.dtype) -> str:
    """The text of a kernel that updates rows where they are, a thread a column of one: its entries in their order."""
    references, gradient = rule.inputs[: len(rule.outputs)], "grad"
    writer = Writer({n: n for n in rule.inputs}, dict.fromkeys(rule.inputs, dtype))
    lines = []
    for step, expression in rule.steps:
        text, result = writer.write(ast.parse(expression, mode="eval").body)
        writer.reads[step], writer.dtypes[step] = f"{step}_", result or dtype
        lines.append(f"{step}_ = {text}")
    places = {n: "i" if n in references else "0" for n in rule.inputs if n != gradient}
    return _MODULE.format(
        formula="; ".join(expression for _, expression in rule.steps),
        names=", ".join(sorted(writer.names)),
        constants="\n".join(f"{n} = {value}" for value, n in writer.constants.items()),
        arguments=", ".join(f"{n}_in" for n in rule.inputs),
        loads="\n".join(f"        {n} = {n}_in[{place}]" for n, place in places.items()),
        gradient=gradient,
        body="\n".join(f"            {line}" for line in lines),
        values=", ".join(references),
        results=", ".join(f"{output}_" for output in rule.outputs),
        stores="\n".join(f"        {n}_in[i] = {n}" for n in references),
    )


@functools.cache
def _compiled(rule: Statements, name: str, dtype: np.dtype) -> Any:
    function = function_of(_written(rule, dtype))
    arrays = ", ".join([f"{dtype.name}[::1]"] * len(rule.inputs))
    KERNELS[f"training.{name}"] = Kernel(function, (f"void({arrays}, int64[::1], int64, int64, int64)",), {})
    return cached(function)


def _step(op: Any) -> tuple[Statements, Any]:
    """A node's rule and its kernel."""
    rule, dtype = rule_of(op), np.dtype(op._attrs["T"].as_numpy_dtype)
    chosen = [name for name, value in op._attrs.items() if value is True and name != "use_locking"]
    return rule, _compiled(rule, "_".join([op.type, *chosen, dtype.name]), dtype)


def _places(indices: Any) -> tuple[np.ndarray, int]:
    """The `places` of a step and the number of rows: each row once."""
    order = np.argsort(indices, kind="stable")
    rows, starts = np.unique(indices[order], return_index=True)
    return np.concatenate([rows, starts, [len(order)], order]).astype(np.int64), len(rows)


def _are_wrong(old: GpuArray, gradient: GpuArray, indices: Any) -> bool:
    if len(indices) != gradient.shape[0] or gradient.shape[1:] != old.shape[1:]:
        return True
    return len(indices) > 0 and not 0 <= indices.min() <= indices.max() < old.shape[0]


def _apply_by_rows(op: Any) -> Call | None:
    if op._attrs["T"].is_complex:
        return None
    rule, compiled = _step(op)
    references, gradient = len(rule.outputs), rule.inputs.index("grad")

    def call(*inputs: Any) -> Cell:
        cells, slope, indices = inputs[:references], inputs[gradient], inputs[gradient + 1]
        old = _read(cells)
        if _are_wrong(old[0], slope, indices):
            on_cpu(op, *inputs)  # which says so
        new = [empty(value.shape, value.dtype) for value in old]
        for before, after in zip(old, new, strict=True):
            after.flat.copy_to_device(before.flat)
        rest = (*inputs[references : gradient + 1], *inputs[gradient + 2 :])
        places, rows = _places(indices)
        width = slope.size // max(1, len(indices))
        count = rows * width
        launch(compiled, count, *[x.flat for x in (*new, *rest)], to_gpu(places).flat, rows, width, count)
        return _keep(cells, new)

    return call


for _op_type in sorted(f"SparseApply{name}" for name in _BY_ROWS):
    _inputs = [arg.name for arg in lookup(_op_type).inputs]
    gpu_kernel(_op_type, host=[_inputs.index("indices")])(_apply_by_rows)  # which the host looks at, and mostly has
    for _dtype in (dtypes.float32, dtypes.float64):
        _attrs = {**{name: attr.default for name, attr in lookup(_op_type).attrs.items()}, "T": _dtype}
        _step(SimpleNamespace(type=_op_type, _op_def=lookup(_op_type), _attrs=_attrs))
