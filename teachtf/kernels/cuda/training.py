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
from numba import cuda

from teachtf.core import dtypes
from teachtf.core.op_def import lookup
from teachtf.kernels import scalar
from teachtf.kernels.cpu.formula import Statements, Writer
from teachtf.kernels.cuda import ufuncs
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu
from teachtf.kernels.cuda.checks import on_cpu
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.registry import Call, Cell
from teachtf.kernels.update_rules import RULES, rule_of

assert ufuncs  # NumPy's functions that Numba's CUDA lacks

_DENSE = """\
def {name}({arguments}, count):
    i = cuda.grid(1)
    if i < count:
{ones}
{loads}
{body}
{stores}
"""
# `places` holds the rows, where in the rest each row's entries start, and these: positions along the gradient's first axis.
_ROWS = """\
def {name}({arguments}, places, rows, width, count):
    thread = cuda.grid(1)
    if thread < count:
        row = thread // width
        column = thread - row * width
        i = places[row] * width + column
{ones}
{loads}
        for at in range(places[rows + row], places[rows + row + 1]):
            {gradient} = {gradient}_in[places[2 * rows + 1 + at] * width + column]
{body}
            {values} = {results}
{stores}
"""
# Those that TensorFlow has on GPUs: dense and by rows.
_DENSELY = set(RULES) - {"ProximalGradientDescent", "AdagradDA"}
_BY_ROWS = {"Adadelta", "Adagrad", "AdagradV2", "Ftrl", "FtrlV2", "ProximalAdagrad"}


def _written(name: str, rule: Statements, references: Sequence[str], gradient: str, sparse: bool, dtype: np.dtype) -> str:
    """The text of a kernel: new arrays, the old ones, then the other inputs in their order."""
    writer = Writer({n: n for n in rule.inputs}, dict.fromkeys(rule.inputs, dtype))
    lines = []
    for step, expression in rule.steps:
        text, result = writer.write(ast.parse(expression, mode="eval").body)
        writer.reads[step], writer.dtypes[step] = f"{step}_", result or dtype
        lines.append(f"{step}_ = {text}")
    others = [n for n in rule.inputs if n not in references and n != gradient]
    loaded = list(references) if sparse else [*references, gradient]
    news = [writer.reads[output] for output in rule.outputs]
    indent = " " * (12 if sparse else 8)
    return (
        "\n".join(f"{n} = {value}" for value, n in writer.constants.items())
        + "\n"
        + (_ROWS if sparse else _DENSE).format(
            name=name,
            arguments=", ".join([*(f"{n}_out" for n in references), *(f"{n}_in" for n in rule.inputs)]),
            ones="\n".join(f"        {n} = {n}_in[0]" for n in others),
            loads="\n".join(f"        {n} = {n}_in[i]" for n in loaded),
            body="\n".join(f"{indent}{line}" for line in lines),
            stores="\n".join(f"        {n}_out[i] = {n if sparse else new}" for n, new in zip(references, news, strict=True)),
            gradient=gradient,
            values=", ".join(references),
            results=", ".join(news),
        )
    )


@functools.cache
def _compiled(rule: Statements, name: str, sparse: bool, dtype: np.dtype) -> Any:
    """The kernel of a rule."""
    references = [output.removeprefix("new_") for output in rule.outputs]
    space: dict[str, Any] = {**scalar.SCALAR, "np": np, "cuda": cuda, "__name__": __name__}
    exec(_written(name, rule, references, rule.inputs[_gradient(rule)], sparse, dtype), space)
    arrays = ", ".join([f"{dtype.name}[::1]"] * (len(references) + len(rule.inputs)))
    rest = "int64[::1], int64, int64, int64" if sparse else "int64"
    return kernel(f"void({arrays}, {rest})")(space[name])


def _gradient(rule: Statements) -> int:
    """Which of the inputs is the gradient."""
    return rule.inputs.index("grad" if "grad" in rule.inputs else "delta")


def _step(op: Any) -> tuple[Statements, Any]:
    """A node's rule, and its kernel if its numbers are real."""
    rule, dtype = rule_of(op), np.dtype(op._attrs["T"].as_numpy_dtype)
    chosen = [name for name, value in op._attrs.items() if value is True and name != "use_locking"]
    name = "_".join([op.type, *chosen, dtype.name])
    return rule, _compiled(rule, name, op.type.startswith("Sparse"), dtype) if dtype.kind == "f" else None


def _read(cells: Sequence[Cell]) -> list[GpuArray]:
    return [to_gpu(cell.read()) for cell in cells]


def _keep(cells: Sequence[Cell], values: Sequence[GpuArray]) -> Cell:
    for cell, value in zip(cells, values, strict=True):
        cell.value = value
    return cells[0]


@gpu_kernel(*(f"Apply{name}" for name in _DENSELY))
def _apply(op: Any) -> Call | None:
    rule, compiled = _step(op)
    references, gradient = len(rule.outputs), _gradient(rule)

    def call(*inputs: Any) -> Cell:
        cells = inputs[:references]
        old = _read(cells)
        if old[0].shape != inputs[gradient].shape:
            on_cpu(op, *inputs)
        new = [empty(value.shape, value.dtype) for value in old]
        launch(compiled, new[0].size, *(x.flat for x in (*new, *old, *inputs[references:])), new[0].size)
        return _keep(cells, new)

    return call if compiled else None


def _places(indices: Any) -> tuple[np.ndarray, int]:
    """The `places` of a step by rows and the number of rows: each row once, its entries in their order."""
    order = np.argsort(indices, kind="stable")
    rows, starts = np.unique(indices[order], return_index=True)
    return np.concatenate([rows, starts, [len(order)], order]).astype(np.int64), len(rows)


def _are_wrong(old: GpuArray, gradient: GpuArray, indices: Any) -> bool:
    if len(indices) != gradient.shape[0] or gradient.shape[1:] != old.shape[1:]:
        return True
    return len(indices) > 0 and not 0 <= indices.min() <= indices.max() < old.shape[0]


def _apply_by_rows(op: Any) -> Call | None:
    rule, compiled = _step(op)
    references, gradient = len(rule.outputs), _gradient(rule)

    def call(*inputs: Any) -> Cell:
        cells, slope, indices = inputs[:references], inputs[gradient], inputs[gradient + 1]
        old = _read(cells)
        if _are_wrong(old[0], slope, indices):
            on_cpu(op, *inputs)
        new = [empty(value.shape, value.dtype) for value in old]
        for before, after in zip(old, new, strict=True):
            after.flat.copy_to_device(before.flat)
        rest = (*inputs[references : gradient + 1], *inputs[gradient + 2 :])
        places, rows = _places(indices)
        width = slope.size // max(1, len(indices))
        numbers = (to_gpu(places).flat, rows, width, rows * width)
        launch(compiled, rows * width, *(x.flat for x in (*new, *old, *rest)), *numbers)
        return _keep(cells, new)

    return call if compiled else None


def _inputs(op_type: str) -> list[str]:
    return [arg.name for arg in lookup(op_type).inputs]


for _op_type in (f"SparseApply{name}" for name in _BY_ROWS):  # the host looks at the indices, which mostly are there
    gpu_kernel(_op_type, host=[_inputs(_op_type).index("indices")])(_apply_by_rows)

for _op_type in sorted({f"Apply{name}" for name in _DENSELY} | {f"SparseApply{name}" for name in _BY_ROWS}):
    for _dtype in (dtypes.float32, dtypes.float64):
        _attrs = {**{name: attr.default for name, attr in lookup(_op_type).attrs.items()}, "T": _dtype}
        _step(SimpleNamespace(type=_op_type, _op_def=lookup(_op_type), _attrs=_attrs))
