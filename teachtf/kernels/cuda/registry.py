"""Which CUDA kernel computes an op, by op type: the GPU's side of `teachtf.kernels.registry`.

A factory reads a node's attributes once and gives a call, as for the CPU. The call takes `GpuArray`s, NumPy arrays for the
inputs that it asked for in the computer's own memory (`host`), and `Cell`s for references; it gives `GpuArray`s, or NumPy
arrays where the result is only of use there, as a shape is. A factory that cannot serve a node's types or attributes gives
None, and the CPU serves. An op type is registered here or named in `fallbacks.py` with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from teachtf.core import dtypes
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import TYPES, GpuArray, to_gpu, to_host
from teachtf.kernels.registry import Call, Cell, State

__all__ = ["build", "gpu_kernel", "registered", "stateful_gpu_kernel", "takes"]

Factory = Callable[..., Call | None]
_FEW = 64  # elements: as many as shapes are made of


class _Entry(NamedTuple):
    factory: Factory
    host: tuple[int, ...]
    stateful: bool
    anywhere: bool = False
    metadata: bool = False


_entries: dict[str, _Entry] = {}


def gpu_kernel(
    *op_types: str, host: Sequence[int] = (), anywhere: bool = False, metadata: bool = False
) -> Callable[[Factory], Factory]:
    """Register `factory(op) -> call` for some op types.

    Args:
      host: the inputs (by position, from the end if negative) that the call wants as NumPy arrays.
      anywhere: whether it takes inputs of both kinds as they come.
      metadata: whether a few whole numbers, none of them in the GPU's memory, are left to the CPU's kernel: shapes are worked
        out where they are needed.
    """
    return lambda factory: _register(op_types, _Entry(factory, tuple(host), False, anywhere, metadata))


def stateful_gpu_kernel(*op_types: str, host: Sequence[int] = ()) -> Callable[[Factory], Factory]:
    """Register `factory(op, state) -> call`, for kernels that keep something in the session's `State`."""
    return lambda factory: _register(op_types, _Entry(factory, tuple(host), True))


def _register(op_types: Sequence[str], entry: _Entry) -> Factory:
    for op_type in op_types:
        _entries[op_type] = entry
    return entry.factory


def registered() -> set[str]:
    """The op types that have a CUDA kernel."""
    return set(_entries)


def build(op: Any, state: State) -> Call | None:
    """The call that computes `op` on the GPU, wherever its inputs are; None where the CPU must."""
    entry = _entries.get(op.type)
    if entry is None or not _has_types(op):
        return None
    call = entry.factory(op, state) if entry.stateful else entry.factory(op)
    if call is None:
        return None
    moved = call if entry.anywhere else _moving(call, len(op._inputs), entry.host)
    if not (entry.metadata and _whole_numbers(op)):
        return moved
    on_cpu = cpu.build(op, state)

    def called(*inputs: Any) -> Any:
        if any(type(x) is GpuArray or type(x) is Cell or np.size(x) > _FEW for x in inputs):
            return moved(*inputs)
        return on_cpu(*inputs)

    return called


def takes(op: Any, position: int) -> bool:
    """Whether the kernel of `op` takes this input in the GPU's memory, whatever it is."""
    entry = _entries.get(op.type)
    if entry is None or entry.anywhere or not _has_types(op) or (entry.metadata and _whole_numbers(op)):
        return False
    return position not in {i % len(op.inputs) for i in entry.host} and not op.inputs[position].dtype._is_ref_dtype


def _whole_numbers(op: Any) -> bool:
    return all(t.dtype.is_integer or t.dtype.is_bool for t in (*op.inputs, *op.outputs))


def _moving(call: Call, count: int, host: Sequence[int]) -> Call:
    """The call, with its inputs moved to where it takes them."""
    on_host = {i % count for i in host if -count <= i < count}
    moves = [to_host if i in on_host else _to_gpu_unless_cell for i in range(count)]
    return lambda *inputs: call(*[move(x) for move, x in zip(moves, inputs, strict=True)])


def _to_gpu_unless_cell(value: Any) -> Any:
    return value if type(value) is Cell else to_gpu(value)


def _has_types(op: Any) -> bool:
    found = {t.dtype.base_dtype for t in (*op.inputs, *op.outputs)} - {dtypes.resource}  # handles are the host's
    return all(not d.is_quantized and np.dtype(d.as_numpy_dtype) in TYPES for d in found)
