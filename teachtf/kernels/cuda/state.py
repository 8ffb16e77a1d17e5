"""Variables in the GPU's memory. As on the CPU, a variable's array is replaced at each change and never written to."""

from __future__ import annotations

from typing import Any

from teachtf.kernels import registry as cpu
from teachtf.kernels.cpu.formula import Statements
from teachtf.kernels.cuda.arrays import to_gpu
from teachtf.kernels.cuda.elementwise import Elementwise
from teachtf.kernels.cuda.registry import gpu_kernel, stateful_gpu_kernel
from teachtf.kernels.cuda.strided import of_shape
from teachtf.kernels.registry import Call, Cell, State


@stateful_gpu_kernel("VariableV2", "Variable")
def _variable(op: Any, state: State) -> Call:
    return cpu.build(op, state)


@gpu_kernel("IsVariableInitialized", anywhere=True)
def _is_initialized(op: Any) -> Call:
    return cpu.build(op, State())


@gpu_kernel("Assign")
def _assign(op: Any) -> Call:
    validate, shape = op._attrs["validate_shape"], op.inputs[0].shape
    refuse = cpu.build(op, State())

    def call(cell: Cell, value: Any) -> Cell:
        if validate and not shape.is_compatible_with(value.shape):
            refuse(cell, of_shape(value.shape))
        cell.value = value
        return cell

    return call


_FORMULAS = {"AssignAdd": "old + value", "AssignSub": "old - value"}


@gpu_kernel("AssignAdd", "AssignSub")
def _update(op: Any) -> Call:
    function = Elementwise(Statements((("new", _FORMULAS[op.type]),), ("new",), ("old", "value")))
    refuse = cpu.build(op, State())

    def call(cell: Cell, value: Any) -> Cell:
        old = to_gpu(cell.read())
        if old.shape != value.shape:
            stand_in = Cell(cell.name)
            stand_in.value = of_shape(old.shape)
            refuse(stand_in, of_shape(value.shape))
        (cell.value,) = function(old, value)
        return cell

    return call
