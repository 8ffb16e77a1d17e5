"""The Python of a plan: one line an op, a `while` a loop.

Each tensor has a *name* in that Python: a local (`v12_0`), a constant or variable cell (`c12_0`), a feed (`f0`), or the text of
a read (`c12_0.read()`). Ops that only pass a value on get the name of their input and no line.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels import registry
from teachtf.kernels.fused import fused
from teachtf.kernels.registry import State
from teachtf.kernels.state import DEAD
from teachtf.runtime.accumulation import gathered
from teachtf.runtime.branches import Branches, Guards
from teachtf.runtime.common import Common
from teachtf.runtime.folding import folded
from teachtf.runtime.frames import ENTER, EXIT, MERGE, NEXT, SWITCH, Frame, ends_loop, loop_merge, operations
from teachtf.runtime.fusion import Group, fuse
from teachtf.runtime.gpu_plan import GpuCalls, GpuNames
from teachtf.runtime.lines import Lines
from teachtf.runtime.notes import Notes
from teachtf.runtime.overwriting import overwritten
from teachtf.runtime.results import copied, plain, scalar

VARIABLES = ("VariableV2", "Variable")
_PASSING = {"Identity", "RefIdentity", "StopGradient", "PreventGradient", "LoopCond"}
# What Python writes by a sign, and NumPy's scalars compute in their own type.
_SIGNS = {"Add": "+", "AddV2": "+", "Sub": "-", "Mul": "*"}
_SIGNS |= {"Less": "<", "LessEqual": "<=", "Greater": ">", "GreaterEqual": ">=", "Equal": "==", "NotEqual": "!="}
_SIGNS |= {"LogicalAnd": "&", "LogicalOr": "|"}
_NUMBERS = (dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64, dtypes.bool)
Test = tuple[str, ...]  # locals: one of them must not be DEAD


class Writer:
    """Writes the function `run(feeds...)` that gives the values of `fetches`; a traced one tells `seen` of each op.

    Attributes:
      source: the text.
      space: the globals it needs.
      op_at: the operation of each line number.
      cells: the cell of each variable that it uses.
      notes: what was decided on the way.
    """

    def __init__(
        self, root: Frame, fetches: Sequence[Any], feeds: Sequence[Tensor], state: State, traced: bool, gpus: GpuCalls | None
    ) -> None:
        self.fetches = list(fetches)
        self.feeds = list(feeds)
        self.space: dict[str, Any] = {"DEAD": DEAD, "copy": copied, "scalar": scalar, "plain": plain, "ONE": np.int32(1)}
        self.space.update(ZERO=np.int32(0), now=time.perf_counter_ns)
        self.cells: dict[Operation, Any] = {}
        self.notes = Notes()
        self._state = state
        self._traced = traced
        self._names: dict[Tensor, str] = {t: f"f{i}" for i, t in enumerate(self.feeds)}
        self._live: dict[Operation, list[Test]] = {}  # what tells whether an operation has run
        self._branches = Branches(root, set(self.feeds))
        self._running = set(operations(root))
        self._constants: dict[Tensor, Any] = {}
        self._gathered: dict[Operation, dict[Tensor, Tensor]] = {}  # `accumulation.gathered`
        self._sum_of: dict[Operation, Operation] = {}  # of these products
        self._totals: dict[Operation, Tensor] = {}  # of these sums: the first product, to which the others are added
        self._lines = Lines()
        self._common = Common(self.fetches)
        self._gpus = None if gpus is None else GpuNames(gpus, self.space, self._lines, self.feeds)
        self._block(root.nodes)
        results = ", ".join(self._result(f) for f in self.fetches)
        self._lines.add(f"return ({results}{',' if len(self.fetches) == 1 else ''})")
        if gpus is None and not traced:
            for name, group, tensor in overwritten(self._lines, self.notes.groups, self._names, self._running):
                self.space[name] = fused(group.ops, group.inputs, group.outputs, group.source, state, tensor)
                self.notes.in_place[group.outputs[0]] = tensor
        arguments = [self._names[t] for t in self.feeds] + ["seen"] * traced
        self.source, self.op_at = self._lines.assembled(f"def run({', '.join(arguments)}):")

    @staticmethod
    def _local(tensor: Tensor) -> str:
        return f"v{tensor.op._id}_{tensor._value_index}"

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _block(self, nodes: Iterable[Operation | Frame]) -> None:
        facts, gpus = (self._branches, self._running, set(self.feeds), set(self.fetches)), self._gpus
        steps: Iterable[Operation | Frame | Group] = nodes
        if not self._traced:
            order = list(nodes)
            self._gathered |= {} if gpus else gathered(order, *facts)
            self._sum_of = {t.op: total for total, products in self._gathered.items() for t in products.values()}
            steps = fuse(order, *facts, gpus.calls.number_of if gpus else {}, {*self._gathered, *self._sum_of})
        for node in steps:
            if isinstance(node, Frame):
                self._loop(node)
            elif isinstance(node, Group):
                self._group(node)
            else:
                self._op(node)

    def _loop(self, frame: Frame) -> None:
        """A `while True` with the ops of the condition, the way out, the ops of the body, and the values for the next turn."""
        tests = [test for op in frame.enters for test in self._tests(op._inputs, op._control_inputs)]
        if not tests:
            self._turns(frame)
            for op in frame.exits:
                self._pass_on(op.outputs[0], op._inputs[0], op)
            return
        with self._lines.block(f"if {self._python(tests)}:"), self._common.inside():
            self._turns(frame)
            for op in frame.exits:
                name = self._names[op.outputs[0]] = self._local(op.outputs[0])
                self._live[op] = [(name,)]
                self._lines.add(f"{name} = {self._read(op._inputs[0], op.type == 'RefExit')}", op, [name])
        if frame.exits:
            with self._lines.block("else:"):
                names = [self._local(op.outputs[0]) for op in frame.exits]
                self._lines.add(" = ".join([*names, "DEAD"]), None, names)

    def _turns(self, frame: Frame) -> None:
        for op in frame.enters:
            self._pass_on(op.outputs[0], op._inputs[0], op)
        for op in frame.merges:
            self._enter(op)
        before, body, after = frame.parts()
        with self._lines.loop("while True:"), self._common.inside():
            self._block(before)
            condition = frame.condition
            assert condition is not None
            self._lines.add(f"if not {self._on_host(self._read(condition.outputs[0], as_reference=False))}: break", condition)
            self._block(body)
            self._carry(frame)
        self._block(after)

    def _enter(self, merge: Operation) -> None:
        """The variable of a loop, with its first value."""
        first = next(t for t in merge._inputs if t.op.type not in NEXT)
        name = self._names[merge.outputs[0]] = f"m{merge._id}"
        self._lines.add(f"{name} = {self._read(first, merge.type == 'RefMerge')}", merge, [name])
        if merge.outputs[1]._consumers:
            index = self._names[merge.outputs[1]] = f"i{merge._id}"
            self._lines.add(f"{index} = ZERO", merge, [index])

    def _carry(self, frame: Frame) -> None:
        """The values of the next turn, all at once: one may be computed from another's old value."""
        targets, values = [], []
        for merge in frame.merges:
            again = next(t.op for t in merge._inputs if t.op.type in NEXT)
            name, value = self._names[merge.outputs[0]], self._read(again._inputs[0], merge.type == "RefMerge")
            if name != value:
                targets.append(name)
                values.append(value)
            if merge.outputs[1] in self._names:
                targets.append(self._names[merge.outputs[1]])
                values.append("ONE")
        self._lines.add(f"{', '.join(targets)} = {', '.join(values)}" if targets else "pass", None, targets)

    def _group(self, group: Group) -> None:
        """Elementwise operations in one call."""
        if all(t in self._constants for t in group.inputs):  # each folds
            for op in group.ops:
                self._op(op)
            return
        last = group.ops[-1]
        arguments = [self._read(t, as_reference=False) for t in group.inputs]
        if group.gpu is not None and self._gpus is not None:
            call = self._gpus.calls.fused(group)
            arguments = [self._gpus.sent(name, group.gpu) for name in arguments]
        else:
            call = fused(group.ops, group.inputs, group.outputs, group.source, self._state)
            if self._gpus is not None:
                call = self._gpus.calls.hosted(call)
        if not group.guards and self._merged(group.ops, group.names(arguments), group.outputs):
            return
        targets = [self._local(t) for t in group.outputs]
        name = f"g{last._id}"
        self.space[name] = call
        self.notes.groups[name] = group
        expression = f"{name}({', '.join(arguments)})"
        if group.guards:
            waits = [c for op in group.ops for c in op._control_inputs if c not in group.ops]
            tests = self._python(self._tests(group.inputs, waits))
            expression = f"{expression} if {tests} else " + (
                f"({', '.join(['DEAD'] * len(targets))})" if len(targets) > 1 else "DEAD"
            )
        for op in group.ops:
            self._live[op] = [(targets[-1],)]
        self._names.update(zip(group.outputs, targets, strict=True))
        self._lines.add(f"{', '.join(targets)} = {expression}", last, targets)

    # --- operations --------------------------------------------------------------------------------------------------

    def _op(self, op: Operation) -> None:
        if op.type in (*ENTER, *NEXT, *EXIT) or loop_merge(op):
            return  # `_loop` has written them, or will
        guards = self._branches.of(op)
        if op.type == "Const" and not guards:
            self._constants[op.outputs[0]] = np.asarray(op._attrs["value"], order="C")
            return
        if op.type in ("NoOp", "ControlTrigger"):
            self._live[op] = self._tests(op._inputs, op._control_inputs)
            return
        if self._passes_on(op, guards) or self._read_late(op, guards):
            return
        if op.type in SWITCH and ends_loop(op):
            for side in op.outputs:
                self._pass_on(side, op._inputs[0], op)
            return
        call = registry.build(op, self._state)
        if op.type in VARIABLES:
            name = f"c{op._id}_0"
            self.cells[op] = self.space[name] = call()
            self._names.setdefault(op.outputs[0], name)
            return
        if not guards and op not in self.fetches and (values := folded(op, call, self._constants)):
            self._constants.update(values)
            self.notes.folded.append(op)
            return
        products, taken = self._gathered.get(op, {}), zip(op._inputs, op._op_def.input_dtypes(op._attrs), strict=True)
        arguments = [self._read(t, d._is_ref_dtype) for t, d in taken if products.get(t) not in self.notes.in_place]
        if products and len(arguments) == 1:
            self._names[op.outputs[0]] = arguments[0]
        elif op in self._sum_of:
            self._gather(op, call, arguments)
        elif guards or not self._merged([op], [arguments], op.outputs):
            self._lines.add(*self._computed(op, call, guards, arguments))

    def _gather(self, product: Operation, call: Any, arguments: list[str]) -> None:
        """A product that is the first of a sum, or is added to that one."""
        output = product.outputs[0]
        first = self._totals.setdefault(self._sum_of[product], output)
        if first is not output:
            arguments = [*arguments, self._read(first, as_reference=False)]
            self.notes.in_place[output] = first
        self._lines.add(*self._computed(product, call, frozenset(), arguments))

    def _merged(self, ops: Sequence[Operation], arguments: Sequence[Sequence[Any]], outputs: Sequence[Tensor]) -> bool:
        """Whether a line computes the same already, whose names then serve."""
        earlier = None if self._traced else self._common.same(ops, arguments, outputs)
        if earlier is None:
            return False
        for mine, theirs in zip(outputs, earlier, strict=True):
            self._names[mine] = self._names[theirs]
            self.notes.merged[mine.op] = theirs.op
        return True

    def _computed(self, op: Operation, call: Any, guards: Guards, arguments: list[str]) -> tuple[str, Operation, list[str]]:
        """The line that computes `op`."""
        if self._gpus is not None:
            arguments = [self._gpus.where_taken(op, i, name) for i, name in enumerate(arguments)]
            call = self._gpus.calls.call(op, call)
        if op.type == "Assign" and self._from_feed(op._inputs[1]):
            arguments[1] = f"copy({arguments[1]})"  # the variable must not share the caller's array
        targets = [self._local(t) for t in op.outputs] or [f"v{op._id}_0"]
        expression = self._inlined(op, arguments)
        if expression is None:
            name = f"k{op._id}"
            self.space[name] = call
            expression = f"{name}({', '.join(arguments)})"
        tests = [] if op.type in MERGE or not guards else self._tests(op._inputs, op._control_inputs)
        if tests:
            dead = "DEAD" if len(targets) == 1 else f"({', '.join(['DEAD'] * len(targets))})"
            expression = f"({expression}) if {self._python(tests)} else {dead}"
        ways = targets if op.type in SWITCH else targets[:1]  # one side of a Switch is always dead
        self._live[op] = [tuple(ways)]
        for tensor in op.outputs:
            self._names.setdefault(tensor, self._local(tensor))
        line = f"{', '.join(targets)} = {expression}"
        if self._traced:
            self.space[f"o{op._id}"] = op
            wait = "" if self._gpus is None else "sync(); "
            line = f"start = now(); {line}; {wait}seen(o{op._id}, start, ({', '.join(targets)},))"
        return line, op, targets

    def _inlined(self, op: Operation, arguments: list[str]) -> str | None:
        """An expression for what needs no call."""
        if op.type in SWITCH:
            return f"(DEAD, {arguments[0]}) if {self._on_host(arguments[1])} else ({arguments[0]}, DEAD)"
        if self._gpus is not None:
            if self._gpus.calls.computes(op):
                return None
            arguments = [self._on_host(name) for name in arguments]
        if op.type in _SIGNS and all(t._dtype in _NUMBERS and t._shape.ndims == 0 for t in op._inputs):
            return f"{arguments[0]} {_SIGNS[op.type]} {arguments[1]}"  # NumPy's scalars: a counting loop is mostly calls
        return None

    def _pass_on(self, output: Tensor, value: Tensor, op: Operation) -> None:
        """Let `output` be another name of `value`; a read of a variable happens here and now."""
        if value in self._constants and value not in self._names:
            self._constants[output] = self._constants[value]
            return
        name = self._names.get(value) or self._read(value, as_reference=True)
        if not name.isidentifier():
            local = self._local(output)
            self._read(value, as_reference=True)
            self._lines.add(f"{local} = {name}", op, [local])
            name = local
        self._names.setdefault(output, name)

    def _passes_on(self, op: Operation, guards: Guards) -> bool:
        """Whether `op` only hands on its input, so that no line is needed."""
        if op.type not in _PASSING or op.outputs[0] in self.feeds or op.outputs[0]._dtype != op._inputs[0]._dtype:
            return False  # an Identity of a variable reads it
        value = op._inputs[0]
        if guards != self._branches.of_tensor(value) or (value in self._constants and value not in self._names):
            return False
        name = self._names[value]
        if not name.isidentifier():
            return False
        self._names[op.outputs[0]] = name
        if guards:
            self._live[op] = [(name,)]
        return True

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

    # --- branches ----------------------------------------------------------------------------------------------------

    def _tests(self, inputs: Iterable[Tensor], control_inputs: Iterable[Operation]) -> list[Test]:
        """What must not be DEAD for an operation to run."""
        tests = [(self._names[t],) for t in inputs if self._branches.of_tensor(t)]
        return tests + [test for c in control_inputs if self._branches.of(c) for test in self._live.get(c, [])]

    def _python(self, tests: list[Test]) -> str:
        def one(test: Test) -> str:
            text = " or ".join(f"{self._lines.reads(name)} is not DEAD" for name in test)
            return f"({text})" if len(test) > 1 else text

        return " and ".join(dict.fromkeys(one(test) for test in tests))

    # --- values ------------------------------------------------------------------------------------------------------

    def _read(self, tensor: Tensor, as_reference: bool) -> str:
        if tensor not in self._names:
            value = self._constants[tensor]
            name = self._common.constant(value, f"c{tensor.op._id}_{tensor._value_index}")
            is_number = type(value) is np.ndarray and value.ndim == 0 and tensor._dtype in _NUMBERS
            self.space[name] = value[()] if is_number else value
            self._names[tensor] = name
        name = self._names[tensor]
        self._lines.reads(name.partition(".")[0])
        if tensor.dtype._is_ref_dtype and not as_reference and tensor not in self.feeds:
            return f"{name}.read()"
        return name

    def _on_host(self, name: str) -> str:
        """A value to be read by Python."""
        return name if self._gpus is None else self._gpus.on_host(name)

    def _result(self, fetch: Any) -> str:
        if not isinstance(fetch, Tensor):
            return "None"
        read = self._read(fetch, as_reference=False)
        if fetch.dtype.is_quantized:
            read = f"plain({read})"
        if self._gpus is not None:
            return f"fetch_copy({read})" if self._shared(fetch) else f"fetch({read})"
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
