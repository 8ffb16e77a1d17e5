"""The steps of a plan, read from its Python.

The lines that `runtime.writer` writes have few forms: `v7_0 = k7(f0, c2_0)` calls a kernel, `g9(...)` a group of fused
operations, `while True:` is a loop, `v7_0 = None` gives a value up. A name says what it holds: `f0` a feed, `c2_0` a constant
or a variable's cell, `v7_0` output 0 of operation 7, `m12` the variable of a loop, `f0_gpu1` the copy of a feed on a GPU.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels.cpu.formula import renamed
from teachtf.kernels.fused import expression_of
from teachtf.runtime.frames import SWITCH

Kind = Literal["kernel", "fused", "python", "call", "while", "until", "next", "if", "else"]
_NAME = re.compile(r"([a-z])(\d+)(?:_(\d+))?(?:_gpu\d+)?")
_FUNCTIONS = "kg"  # names of calls begin so
_HANDING_ON = ("Identity", "Enter", "StopGradient")  # of a constant they make no other
_COPIES = ("copy", "scalar", "plain", "fetch", "fetch_copy")  # that a value makes on its way to the caller
_SHOWN = 4  # elements: a smaller constant is shown, a larger one named


@dataclass(frozen=True)
class Value:
    """Something that a line reads or sets.

    Attributes:
      name: what the plan's Python calls it.
      kind: where it comes from.
      tensor: the tensor whose value it is; that of its operation in the graph, where others only hand it on.
      text: what to call it: the name of its operation, or a number itself.
    """

    name: str
    kind: Literal["fed", "constant", "variable", "result", "loop"]
    tensor: Tensor | None
    text: str


class Member(NamedTuple):
    """One operation of a fused group.

    Attributes:
      label: its name, without its scopes where that says enough.
      formula: what it computes, over labels and numbers.
      operands: the operations and numbers that it takes.
    """

    label: str
    formula: str
    operands: tuple[str, ...]


@dataclass
class Step:
    """One line of a plan.

    Attributes:
      number: its place among the steps, from 1.
      line: its line number in the plan's Python.
      depth: how many loops and conditions it stands in.
      kind: what sort of line it is.
      kernel: what computes: an op type, "fused", or a word for a line of Python.
      ops: the operations of the graph that it computes.
      inputs, outputs: what it reads and what it sets.
      call: the function that it calls.
      condition: values of which one must be there for it to run: it is on a side of a `tf.cond`.
      formula: the members of a fused group.
      frees: what is given up after it.
    """

    number: int
    line: int
    depth: int
    kind: Kind
    kernel: str
    ops: list[Operation] = field(default_factory=list)
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    call: Any = None
    condition: list[Value] = field(default_factory=list)
    formula: list[Member] = field(default_factory=list)
    frees: list[Value] = field(default_factory=list)


class Reader:
    """Reads a plan.

    Attributes:
      steps: its lines, in order.
      events: steps, and between them lists of the values that are given up there.
      results: what it returns.
    """

    def __init__(self, plan: Any, feeds: Sequence[Tensor]) -> None:
        self._space: Mapping[str, Any] = plan.run.__globals__
        self._feeds = feeds
        self._groups = plan.notes.groups
        self._op_at = plan._op_at
        self._cells = {op._id for op in plan._cells}
        self._ops = {op._id: op for op in plan.ops}
        self._depth = 0
        self._starts: list[tuple[Value, Value | None]] = []  # variables of the loop that comes, with their first values
        self._values: dict[str, Value] = {}
        self.steps: list[Step] = []
        self.events: list[Step | list[Value]] = []
        self.results: list[Value] = []
        function = ast.parse(plan.source).body[0]
        assert isinstance(function, ast.FunctionDef)
        self._block(function.body, None)

    # --- lines -------------------------------------------------------------------------------------------------------

    def _block(self, lines: Sequence[ast.stmt], before: Step | None) -> None:
        last = before  # whoever stands right before a line that gives values up
        for line in lines:
            match line:
                case ast.Assign(targets=targets, value=ast.Constant(value=None)):
                    gone = [self.value(name) for target in targets for name in _names(target)]
                    self.events.append(gone)
                    if last is not None:
                        last.frees += gone
                case ast.Assign(value=ast.Name(id="DEAD")):
                    pass  # the results of a loop that did not run
                case ast.Assign(targets=targets, value=value):
                    last = self._assignment(line, [name for t in targets for name in _names(t)], value) or last
                case ast.Expr(value=value):
                    last = self._computed(line, [], value)
                case ast.If(test=test, body=[ast.Break()]):
                    last = self._add(line, "until", "until not", inputs=self._read(test))
                case ast.While(body=body):
                    starts, self._starts = sorted(self._starts, key=lambda pair: pair[1] is None), []
                    given = [first for _, first in starts if first is not None]
                    last = self._nested(line, "while", body, inputs=given, outputs=[name for name, _ in starts])
                case ast.If(test=test, body=body, orelse=other):
                    last = self._nested(line, "if", body, inputs=self._read(test))
                    if not all(_is_dead(o) for o in other):
                        last = self._nested(other[0], "else", other)
                case ast.Return(value=ast.expr() as value):
                    self.results = self._read(value)

    def _nested(self, line: ast.stmt, kind: Kind, body: Sequence[ast.stmt], **what: Any) -> Step:
        step = self._add(line, kind, kind, **what)
        self._depth += 1
        self._block(body, step)
        self._depth -= 1
        return step

    def _assignment(self, line: ast.Assign, targets: list[str], value: ast.expr) -> Step | None:
        op = self._op_of(line)
        if all(name[0] in "mi" for name in targets):
            if op is None:
                return self._next_turn(line, targets, value)
            first = [None, *self._read(value)][-1]
            self._starts += [(self.value(name), first) for name in targets]
            return None
        return self._computed(line, targets, value)

    def _next_turn(self, line: ast.Assign, targets: list[str], value: ast.expr) -> Step:
        """What goes into the next turn: an input for each output."""
        given = value.elts if isinstance(value, ast.Tuple) else [value]
        pairs = [(name, read[0]) for name, one in zip(targets, given, strict=True) if (read := self._read(one))]
        outputs = [self.value(name) for name, _ in pairs]
        return self._add(line, "next", "next turn", inputs=[read for _, read in pairs], outputs=outputs)

    def _computed(self, line: ast.stmt, targets: Sequence[str], value: ast.expr) -> Step:
        op = self._op_of(line)
        condition: list[Value] = []
        if isinstance(value, ast.IfExp) and (op is None or op.type not in SWITCH):
            condition, value = self._read(value.test), value.body
        what: dict[str, Any] = {"inputs": self._read(value), "outputs": [self.value(n) for n in targets]}
        what |= {"condition": condition, "ops": [] if op is None else [op]}
        name = _called(value)
        what["call"] = self._space.get(name)
        if name in self._groups:
            step = self._add(line, "fused", "fused", **what)
            step.ops = list(self._groups[name].ops)
            step.kernel = _title(step.ops)
            step.formula = list(_formulas(self._groups[name], step.inputs))
            return step
        if name and name[0] in _FUNCTIONS and _NAME.fullmatch(name) and op is not None:
            return self._add(line, "kernel", op.type, **what)
        if name and not name.endswith(".read") and name not in _COPIES:
            return self._add(line, "call", name, **what)
        return self._add(line, "python", "let" if op is None else op.type, **what)

    def _add(self, line: ast.stmt, kind: Kind, kernel: str, **what: Any) -> Step:
        step = Step(len(self.steps) + 1, line.lineno, self._depth, kind, kernel, **what)
        self.steps.append(step)
        self.events.append(step)
        return step

    def _op_of(self, line: ast.stmt) -> Operation | None:
        return self._op_at[line.lineno] if line.lineno < len(self._op_at) else None

    # --- values ------------------------------------------------------------------------------------------------------

    def _read(self, expression: ast.expr) -> list[Value]:
        """What an expression reads, in order, each once."""
        return list(dict.fromkeys(self.value(name) for name in _names(expression) if name[0] not in _FUNCTIONS))

    def value(self, name: str) -> Value:
        """What a name of the plan's Python holds."""
        if name not in self._values:
            self._values[name] = self._value(name)
        return self._values[name]

    def _value(self, name: str) -> Value:
        match = _NAME.fullmatch(name)
        assert match is not None
        letter, number, index = match[1], int(match[2]), int(match[3] or 0)
        if letter == "f":
            return Value(name, "fed", self._feeds[number], self._feeds[number].op.name)
        op = self._ops.get(number)
        while letter == "c" and op is not None and op.type in _HANDING_ON:
            op = op._inputs[0].op
        tensor = op.outputs[index if letter != "i" else 1] if op is not None and op.outputs else None
        text = name if op is None else op.name if tensor is None or not tensor._value_index else tensor.name
        if letter in "mi":
            return Value(name, "loop", tensor, text)
        if letter != "c":
            return Value(name, "result", tensor, text)
        if number in self._cells:
            return Value(name, "variable", tensor, text)
        return Value(name, "constant", tensor, _shown(self._space.get(name.partition("_gpu")[0])) or text)


def _names(node: ast.AST) -> Iterator[str]:
    """The names of the plan in a piece of Python, from left to right."""
    if isinstance(node, ast.Name):
        if _NAME.fullmatch(node.id):
            yield node.id
    for child in ast.iter_child_nodes(node):
        yield from _names(child)


def _called(value: ast.expr) -> str:
    """The name of the function that an expression calls; "" if it calls none."""
    return ast.unparse(value.func) if isinstance(value, ast.Call) else ""


def _is_dead(line: ast.stmt) -> bool:
    return isinstance(line, ast.Assign) and isinstance(line.value, ast.Name) and line.value.id == "DEAD"


def _shown(value: Any) -> str:
    """A small constant as text; "" for what is better named."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" or array.size > _SHOWN or array.ndim > 1:
        return ""
    return str(array.tolist()) if array.dtype.kind != "f" else str(np.round(array.astype(np.float64), 6).tolist())


def _title(ops: Sequence[Operation]) -> str:
    """`fused 3`; or `MatMul + 2` for an operation of another kind with what it does at once."""
    other = [op.type for op in ops if expression_of(op) is None]
    return f"{' + '.join(other)} + {len(ops) - len(other)}" if other else f"fused {len(ops)}"


def _formulas(group: Any, inputs: Sequence[Value]) -> Iterator[Member]:
    """The members of a group and their formulas, in the graph's names."""
    texts = {t: v.text for t, v in zip(group.inputs, inputs, strict=False)} if len(inputs) == len(group.inputs) else {}
    for tensor in group.inputs:
        texts.setdefault(tensor, tensor.op.name)
    texts |= {op.outputs[0]: op.name for op in group.ops}
    short = _shortened(texts.values())
    for op in group.ops:
        taken = tuple([texts[group.source(t)] for t in op._inputs])
        labels = [short[text] for text in taken]
        found = expression_of(op)
        formula = f"{op.type}({', '.join(labels)})"  # of what is no formula, as a product in front of its activation
        if found is not None:
            formula = renamed(found[0], dict(zip(found[1], labels, strict=True)))
        yield Member(short[op.name], formula, taken)


def _shortened(names: Iterable[str]) -> dict[str, str]:
    """Names without their scopes where that leaves them apart."""
    names = list(dict.fromkeys(names))
    last = [name if _is_number(name) else name.rpartition("/")[2] for name in names]
    return {name: end if last.count(end) == 1 else name.replace("/", ".") for name, end in zip(names, last, strict=True)}


def _is_number(text: str) -> bool:
    return text[:1] in "-[" or text[:1].isdigit()
