"""A plan: what one set of fetches and feeds needs, worked out once, as a straight line of Python that calls kernels.

Making a plan prunes the graph to what the fetches need, places it, computes what is constant, and writes one line of Python an
op. The line number of an error is then the op that met it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels import library, registry
from teachtf.kernels.registry import State
from teachtf.kernels.state import DEAD
from teachtf.runtime.placement import Devices

assert library  # fills the registry

_numbers = itertools.count()
_FOLD_LIMIT = 1 << 20  # elements: a larger constant result is computed each run instead of being kept
Guards = frozenset[tuple[Tensor, int]]
_NO_GUARDS: Guards = frozenset()


def needed(fetches: Iterable[Any], fed: set[Tensor]) -> list[Operation]:
    """The operations that `fetches` need when `fed` tensors are given, inputs before users.

    Raises:
      InvalidArgumentError: there is a cycle.
    """
    seen: set[Operation] = set()
    pending = [f.op if isinstance(f, Tensor) else f for f in fetches if not (isinstance(f, Tensor) and f in fed)]
    sources: dict[Operation, list[Operation]] = {}
    while pending:
        op = pending.pop()
        if op in seen:
            continue
        seen.add(op)
        sources[op] = [t.op for t in op._inputs if t not in fed] + op._control_inputs
        pending.extend(sources[op])
    order = sorted(seen, key=lambda op: op._id)  # the order the program made them in, which is nearly always a valid one
    place = {op: i for i, op in enumerate(order)}
    if all(place[s] < i for op, i in place.items() for s in sources[op]):
        return order
    return _topological(order, sources)


def _topological(order: Sequence[Operation], sources: dict[Operation, list[Operation]]) -> list[Operation]:
    import heapq

    users: dict[Operation, list[Operation]] = {op: [] for op in order}
    waiting = {}
    for op in order:
        unique = set(sources[op])
        waiting[op] = len(unique)
        for s in unique:
            users[s].append(op)
    ready = [(op._id, op) for op in order if not waiting[op]]
    heapq.heapify(ready)
    result = []
    while ready:
        _, op = heapq.heappop(ready)
        result.append(op)
        for user in users[op]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (user._id, user))
    if len(result) < len(order):
        stuck = next(op for op in order if waiting[op])
        raise errors.InvalidArgumentError(None, stuck, f"The graph has a cycle through '{stuck.name}'")
    return result


class Plan:
    """The compiled form of `session.run(fetches, feeds)` for one choice of fetches and fed tensors.

    Attributes:
      ops: the operations that run, in order.
      placement: the device of each.
      source: the generated Python.
    """

    def __init__(self, fetches: Sequence[Any], feeds: Sequence[Tensor], state: State, devices: Devices) -> None:
        fed = set(feeds)
        self.fetches = list(fetches)
        self.feeds = list(feeds)
        self.ops = needed(fetches, fed)
        self.placement = devices.place(self.ops)
        self._filename = f"<teachtf plan {next(_numbers)}>"
        self._op_at: list[Operation | None] = []
        self._names: dict[Tensor, str] = {t: f"f{i}" for i, t in enumerate(self.feeds)}
        self._live: dict[Operation, str] = {}  # the condition under which an operation has run
        self._guards: dict[Operation, Guards] = {}
        self._constants: dict[Tensor, Any] = {}
        self._cells: dict[Operation, Any] = {}
        self._space: dict[str, Any] = {"DEAD": DEAD, "copy": _copy, "scalar": _scalar, "plain": _plain}
        self._state = state
        self.source = self._write()
        exec(compile(self.source, self._filename, "exec"), self._space)
        self.run = self._space["run"]

    # --- writing it ------------------------------------------------------------------------------------------------

    def _write(self) -> str:
        lines = [f"def run({', '.join(self._names[t] for t in self.feeds)}):"]
        self._op_at = [None, None]
        last_use = self._last_uses()
        for op in self.ops:
            line = self._line(op)
            if line is None:
                continue
            gone = last_use.get(op, [])
            lines.append(f"    {line}" + (f"; {' = '.join(gone)} = None" if gone else ""))
            self._op_at.append(op)
        results = ", ".join(self._result(f) for f in self.fetches)
        lines.append(f"    return ({results}{',' if len(self.fetches) == 1 else ''})")
        self._op_at.append(None)
        return "\n".join(lines) + "\n"

    def _last_uses(self) -> dict[Operation, list[str]]:
        """The local names that nothing reads after an op: memory is given back while the plan still runs."""
        kept = {f for f in self.fetches if isinstance(f, Tensor)}
        last: dict[Tensor, Operation] = {}
        watched = {c for op in self.ops for c in op._control_inputs}
        for op in self.ops:
            for tensor in op._inputs:
                last[tensor] = op
        place = {op: i for i, op in enumerate(self.ops)}
        result: dict[Operation, list[str]] = {}
        for tensor, op in last.items():
            if tensor in kept or tensor in self._names or tensor.op not in place or tensor.op in watched:
                continue
            if tensor.op.type == "Const" or tensor.dtype._is_ref_dtype or _reads_variable(tensor.op):
                continue
            result.setdefault(op, []).append(self._local(tensor))
        return result

    @staticmethod
    def _local(tensor: Tensor) -> str:
        return f"v{tensor.op._id}_{tensor._value_index}"

    def _line(self, op: Operation) -> str | None:
        guards = self._guards_of(op)
        if op.type == "Const" and not guards:
            self._constants[op.outputs[0]] = op._attrs["value"]
            return None
        if self._read_late(op, guards):
            return None
        call = registry.build(op, self._state)
        if op.type in _VARIABLES:
            name = f"c{op._id}_0"
            self._cells[op] = self._space[name] = call()
            self._names.setdefault(op.outputs[0], name)
            return None
        if self._fold(op, call, guards):
            return None
        arguments = [self._read(t, arg_is_ref) for t, arg_is_ref in zip(op._inputs, _reference_inputs(op), strict=True)]
        if op.type == "Assign" and self._from_feed(op._inputs[1]):
            arguments[1] = f"copy({arguments[1]})"  # the variable must not share the caller's array
        name = f"k{op._id}"
        self._space[name] = call
        expression = f"{name}({', '.join(arguments)})"
        targets = [self._local(t) for t in op.outputs] or [f"v{op._id}_0"]
        ways = targets if op.type in ("Switch", "RefSwitch") else targets[:1]  # one side of a Switch is always dead
        self._live[op] = f"({' or '.join(f'{n} is not DEAD' for n in ways)})"
        for tensor in op.outputs:
            self._names.setdefault(tensor, self._local(tensor))
        if guards and op.type != "Merge":
            dead = "DEAD" if len(targets) == 1 else f"({', '.join(['DEAD'] * len(targets))})"
            tests = " and ".join(self._tests(op))
            if tests:
                expression = f"{expression} if {tests} else {dead}"
        return f"{', '.join(targets)} = {expression}"

    def _read_late(self, op: Operation, guards: Guards) -> bool:
        """Whether `op` only reads a variable: each user then reads for itself, when it runs.

        So a user that waits for an update sees it, as in TensorFlow, where a read shares the variable's memory.
        """
        if op.type != "Identity" or not op._inputs[0].dtype._is_ref_dtype or op._control_inputs or guards:
            return False
        if op in self.fetches or op._inputs[0] in self.feeds or op.outputs[0] in self.feeds:
            return False
        self._names[op.outputs[0]] = self._read(op._inputs[0], as_reference=False)
        return True

    def _from_feed(self, tensor: Tensor) -> bool:
        """Whether the array of `tensor` can be one that was fed."""
        if tensor in self.feeds:
            return True
        return tensor.op.type in registry.ALIASING and any(self._from_feed(t) for t in tensor.op._inputs)

    def _guards_of(self, op: Operation) -> Guards:
        """The choices (a Switch's predicate and side) that must have been taken for `op` to run."""
        incoming = [self._tensor_guards(t) for t in op._inputs]
        if op.type == "Merge":
            guards = frozenset.intersection(*incoming) if incoming else _NO_GUARDS
        else:
            guards = frozenset().union(*incoming, *(self._guards.get(c, _NO_GUARDS) for c in op._control_inputs))
        self._guards[op] = guards
        return guards

    def _tensor_guards(self, tensor: Tensor) -> Guards:
        if tensor in self.feeds:
            return _NO_GUARDS
        guards = self._guards.get(tensor.op, _NO_GUARDS)
        if tensor.op.type in ("Switch", "RefSwitch"):
            guards = guards | {(tensor.op.inputs[1], tensor._value_index)}
        return guards

    def _tests(self, op: Operation) -> list[str]:
        tests = [f"{self._names[t]} is not DEAD" for t in op._inputs if self._tensor_guards(t)]
        tests += [self._live[c] for c in op._control_inputs if self._guards.get(c) and c in self._live]
        return list(dict.fromkeys(tests))

    def _read(self, tensor: Tensor, as_reference: bool) -> str:
        if tensor not in self._names:
            name = f"c{tensor.op._id}_{tensor._value_index}"
            self._space[name] = self._constants[tensor]
            self._names[tensor] = name
        name = self._names[tensor]
        if tensor.dtype._is_ref_dtype and not as_reference and tensor not in self.feeds:
            return f"{name}.read()"
        return name

    def _fold(self, op: Operation, call: Any, guards: Guards) -> bool:
        """Compute now what is constant. Errors wait for the run, where they have a place to be told."""
        if guards or not op._inputs or op._control_inputs or op.op_def.is_stateful or op in self.fetches:
            return False
        if not all(t in self._constants for t in op._inputs):
            return False
        if any(t._dtype._is_ref_dtype for t in op.outputs):
            return False
        sizes = [t.shape.num_elements() for t in op.outputs]
        if any(s is None or s > _FOLD_LIMIT for s in sizes):
            return False
        try:
            values = call(*(self._constants[t] for t in op._inputs))
        except Exception:
            return False
        values = values if isinstance(values, tuple) else (values,)
        self._constants.update(zip(op.outputs, values, strict=True))
        return True

    def _result(self, fetch: Any) -> str:
        if not isinstance(fetch, Tensor):
            return "None"
        read = self._read(fetch, as_reference=False)
        if fetch.dtype.is_quantized:
            read = f"plain({read})"
        if self._shared(fetch):
            return f"copy({read})"
        return f"scalar({read})" if fetch.shape.ndims in (0, None) else read

    def _shared(self, tensor: Tensor) -> bool:
        """Whether an array that is handed out could also be held by the session, by the caller's feed, or twice."""
        if tensor in self.feeds or tensor in self._constants or tensor.op.type in registry.ALIASING:
            return True
        if tensor.dtype._is_ref_dtype:
            return True
        if self.fetches.count(tensor) > 1:
            return True
        return any(op.type in registry.ALIASING for op in tensor._consumers)

    # --- when it fails ---------------------------------------------------------------------------------------------

    def failed_op(self, error: BaseException) -> Operation | None:
        """The operation whose line raised `error`."""
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                return self._op_at[traceback.tb_lineno]
            traceback = traceback.tb_next
        return None

    def uninitialized(self) -> list[Operation]:
        """The variables of this plan that have no value."""
        return [op for op, cell in self._cells.items() if cell.value is None]


_VARIABLES = ("VariableV2", "Variable")


def _reads_variable(op: Operation) -> bool:
    return op.type == "Identity" and op._inputs[0].dtype._is_ref_dtype


def _reference_inputs(op: Operation) -> list[bool]:
    """Which inputs an op takes as references: those get the variable's cell, the others its value."""
    result: list[bool] = []
    for arg in op.op_def.inputs:
        count = op._attrs[arg.number_attr] if arg.number_attr else 1
        if arg.type_list_attr:
            count = len(op._attrs[arg.type_list_attr])
        result.extend([arg.is_ref] * count)
    return result


def _copy(value: Any) -> Any:
    return np.array(value) if np.ndim(value) else _scalar(value)


def _scalar(value: Any) -> Any:
    """What the caller gets: numpy scalars (and bytes) for rank 0, arrays for the rest."""
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else value


def _plain(value: Any) -> Any:
    """The whole numbers of a quantised array."""
    return value[value.dtype.names[0]] if value.dtype.names else value
