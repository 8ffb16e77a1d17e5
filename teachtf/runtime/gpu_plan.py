"""What a plan does otherwise where operations are on real GPUs.

An operation on a GPU is computed by its CUDA kernel. Where there is none, the CPU's serves: it gets what is in the GPU's memory
as NumPy arrays, and variables as cells (`HostCell`) that read from there and write there. Values stay where they were computed
until somebody wants them elsewhere: `GpuArray`s and NumPy arrays travel through switches, merges and loops alike.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels.registry import Call, Cell, State
from teachtf.runtime.frames import ENTER, EXIT, MERGE, NEXT, SWITCH
from teachtf.runtime.fusion import Group
from teachtf.runtime.gpus import synchronous
from teachtf.runtime.lines import Lines

__all__ = ["GpuCalls", "GpuNames", "HostCell", "gpu_calls"]

_PASSING = {*ENTER, *EXIT, *MERGE, *NEXT, *SWITCH, "Identity", "StopGradient", "PreventGradient"}
_changing = threading.RLock()  # a Python function may run a session of its own
_COUNTERS = (dtypes.int32, dtypes.int64, dtypes.bool)


class HostCell(Cell):
    """A variable whose value is in the GPU's memory, for a kernel of the CPU."""

    __slots__ = ("cell", "_to_gpu", "_to_host")

    def __init__(self, cell: Cell, to_gpu: Callable[[Any], Any], to_host: Callable[[Any], Any]) -> None:
        self.name, self.cell = cell.name, cell
        self._to_gpu, self._to_host = to_gpu, to_host

    @property
    def value(self) -> Any:  # type: ignore[override]
        """The value, as an array of NumPy's."""
        return self._to_host(self.cell.value)

    @value.setter
    def value(self, value: Any) -> None:
        self.cell.value = self._to_gpu(value)


class GpuCalls:
    """The calls of a plan in which some operations are on real GPUs.

    Attributes:
      number_of: the GPU of each operation that is on one.
      names: what the plan's Python calls.
      constant: gives a value of the host's, which never changes, in the memory of a GPU.
    """

    def __init__(self, number_of: Mapping[Operation, int], running: Collection[Operation], state: State) -> None:
        from teachtf.kernels.cuda import library, placed  # a session without a GPU imports nothing of CUDA

        assert library
        self.number_of = number_of
        self._numbers = sorted(set(number_of.values()))
        self._running = running
        self._state = state
        self._placed, self.constant = placed, placed.constant
        self._synchronous = synchronous()
        self.names: dict[str, Any] = {
            "to_host": placed.to_host,
            "fetch": placed.fetched,
            "fetch_copy": placed.fetched_copy,
            "copy": placed.kept,
            "send": placed.sent,
            "sync": placed.synchronize,
        }

    def counts(self, op: Operation) -> bool:
        """Whether `op` computes a loop counter, a size, a condition: whole numbers one at a time, which the host does."""
        tensors = [*op._inputs, *op.outputs]
        return (
            op._op_def.formula is not None
            and all(t._dtype in _COUNTERS and t._shape.ndims == 0 for t in tensors)
            and not any(t.dtype._is_ref_dtype for t in tensors)
        )

    def computes(self, op: Operation) -> bool:
        """Whether a GPU is to compute `op`."""
        return op in self.number_of and not self.counts(op)

    def takes(self, op: Operation, position: int) -> bool:
        """Whether `op` takes this input in the memory of its GPU."""
        return self.computes(op) and self._placed.registry.takes(op, position)

    def wants(self, tensor: Tensor) -> int | None:
        """The GPU that takes the value of `tensor`, perhaps by way of a switch or a loop; None if none does."""
        return next((n for n in self._numbers if self._wants(tensor, n, set())), None)

    def _wants(self, tensor: Tensor, number: int, seen: set[Tensor]) -> bool:
        if tensor in seen or tensor.dtype._is_ref_dtype:
            return False
        seen.add(tensor)
        for user in tensor._consumers:
            if user not in self._running:
                continue
            positions = [i for i, t in enumerate(user._inputs) if t is tensor]
            if user.type in _PASSING:
                passed = user.type not in SWITCH or 0 in positions
                if passed and any(self._wants(t, number, seen) for t in user.outputs if t._dtype == tensor._dtype):
                    return True
            elif self.number_of.get(user) == number and any(self.takes(user, i) for i in positions):
                return True
        return False

    def call(self, op: Operation, on_cpu: Call) -> Call:
        """The call that computes `op`, wherever its inputs are."""
        if op.type in MERGE:
            return on_cpu
        call = None
        if self.computes(op):
            call = self._placed.registry.build(op, self._state)
        if call is None:
            call = self._hosted(op, on_cpu)
        else:
            call = self._placed.on_gpu(call, self.number_of[op], self._synchronous)
        return _in_turn(call) if any(arg.is_ref for arg in op._op_def.inputs) else call

    def fused(self, group: Group) -> Call:
        """The call of a group on a GPU."""
        from teachtf.kernels import registry

        def member(op: Operation) -> Call:
            return self.call(op, registry.build(op, self._state))

        call = self._placed.fused(group.ops, group.inputs, group.outputs, group.source, member)
        return self._placed.on_gpu(call, self.number_of[group.ops[0]], self._synchronous)

    def hosted(self, call: Call) -> Call:
        """A call of the CPU's that takes values from anywhere."""
        to_host = self._placed.to_host

        def hosted(*inputs: Any) -> Any:
            return call(*[to_host(x) for x in inputs])

        return _like(hosted, call)

    def _hosted(self, op: Operation, call: Call) -> Call:
        """The CPU's call of `op`; results that a GPU takes go there at once."""
        wanted = [self.wants(t) for t in op.outputs]
        if op.type == "Const" and wanted[0] is not None:
            value = self.constant(call(), wanted[0])
            return lambda: value
        number, to_host, sent = self.number_of.get(op), self._placed.to_host, self._placed.sent

        def to_gpu(value: Any) -> Any:
            return value if number is None or value is None else sent(np.asarray(value), number, kept=False)

        def seen(value: Any) -> Any:
            return HostCell(value, to_gpu, to_host) if type(value) is Cell else to_host(value)

        def given(value: Any, wish: int | None) -> Any:
            if type(value) is HostCell:
                return value.cell
            return value if wish is None else sent(value, wish)

        single = len(wanted) < 2

        def hosted(*inputs: Any) -> Any:
            result = call(*[seen(x) for x in inputs])
            if single:
                return given(result, wanted[0] if wanted else None)
            return tuple([given(v, w) for v, w in zip(result, wanted, strict=True)])

        return _like(hosted, call)


class GpuNames:
    """How the Python of a plan with GPUs names values: feeds and constants are sent once, for all who take them.

    Args:
      calls: what computes the ops.
      space, lines: the globals of the Python, and its lines.
      feeds: what is fed, in order.
    """

    def __init__(self, calls: GpuCalls, space: dict[str, Any], lines: Lines, feeds: Sequence[Tensor]) -> None:
        self.calls, self._space, self._lines = calls, space, lines
        self._fed = frozenset(f"f{i}" for i in range(len(feeds)))
        space.update(calls.names)

    def on_host(self, name: str) -> str:
        """A value to be read by Python."""
        return name if self._is_given(name) else f"to_host({name})"

    def where_taken(self, op: Operation, position: int, name: str) -> str:
        """A value that `op` takes on a GPU, or hands on to one."""
        number = None
        if self.calls.takes(op, position):
            number = self.calls.number_of[op]
        elif op.type in (*SWITCH, *MERGE) and self._is_given(name):
            number = self.calls.wants(op._inputs[position])
        return name if number is None else self.sent(name, number)

    def sent(self, name: str, number: int) -> str:
        """A value as an array in a GPU's memory, if it is a feed or a constant: those are sent before the first op runs."""
        if not self._is_given(name):
            return name
        sent = f"{name}_gpu{number}"
        if name in self._fed:
            self._lines.add_first(f"{sent} = send({name}, {number})", sent)
            self._lines.reads(sent)
        elif sent not in self._space:
            self._space[sent] = self.calls.constant(self._space[name], number)
        return sent

    def _is_given(self, name: str) -> bool:
        return name in self._fed or isinstance(self._space.get(name), np.ndarray | np.generic)


def _in_turn(call: Call) -> Call:
    """`call`, which reads and changes a variable: no other thread changes one meanwhile."""

    def called(*inputs: Any) -> Any:
        with _changing:
            return call(*inputs)

    return _like(called, call)


def _like(call: Any, other: Any) -> Any:
    """`call`, which tells what code serves as `other` does."""
    if hasattr(other, "code"):
        call.code = other.code
    return call


def gpu_calls(
    ops: Sequence[Operation], placement: Mapping[Operation, str], gpus: Mapping[str, int], state: State
) -> GpuCalls | None:
    """The `GpuCalls` of a plan; None if none of its operations is on a real GPU."""
    if not gpus:
        return None
    number_of = {op: gpus[placement[op]] for op in ops if placement[op] in gpus}
    return GpuCalls(number_of, set(ops), state) if number_of else None
