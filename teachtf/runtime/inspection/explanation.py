"""`tf.runtime.explain`: the plan of a run, made visible."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from teachtf.core.devices import DeviceSpec
from teachtf.core.graph import get_default_session
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.runtime import structures
from teachtf.runtime.explaining import tell_of_graphs
from teachtf.runtime.inspection import text, trace
from teachtf.runtime.inspection.buffers import Account, bytes_of
from teachtf.runtime.inspection.code import code_of
from teachtf.runtime.inspection.reading import Member, Reader, Step, Value
from teachtf.runtime.inspection.shapes import known_shapes
from teachtf.runtime.inspection.timing import Clock, timed
from teachtf.runtime.session import BaseSession, Session


@dataclass
class Quantity:
    """A value that a line reads or gives.

    Attributes:
      name: its tensor in the graph, or the number that it is.
      kind: "fed", "constant", "variable", "result" or "loop" (a variable of a while loop).
      dtype: as `float32`.
      shape: None for an unknown rank, and None in it for a dimension that is not known.
      bytes: that it takes; None if not known.
      step: the step that gives it.
      is_view: whether it lies in memory that was there before.
    """

    name: str
    kind: str
    dtype: str
    shape: list[int | None] | None
    bytes: int | None = None
    step: int | None = None
    is_view: bool = False


@dataclass
class Line:
    """A step of a plan: what one line of its Python does.

    Attributes:
      step: its number, from 1.
      line: its line in `Explanation.source`.
      depth: how many loops and conditions it stands in.
      kind: "kernel"; "fused" for several operations in one loop over memory; "python" for what needs no call; "call" for what
        else is called; "while", "until" and "next" for the head of a loop, its way out and what goes into the next turn; "if"
        and "else".
      kernel: the op type, or a word for the kind.
      ops: the names of the graph's operations that it computes.
      inputs, results: what it reads and gives.
      formula: of a fused group: label, formula and operands of each member.
      condition: it only runs if one of these values is there: it is on a side of a `tf.cond`.
      device: as `CPU:0`.
      code: what serves: "compiled", "compiling", "to compile", "Numba", "NumPy", "Python".
      frees: names of the values that are given up after it.
      live: the bytes of all results that are held after it.
      seconds, times: how long it took in all and how often it ran, when it has been run.
    """

    step: int
    line: int
    depth: int
    kind: str
    kernel: str
    ops: list[str]
    inputs: list[Quantity]
    results: list[Quantity]
    formula: list[Member]
    condition: list[Quantity]
    device: str
    code: str
    frees: list[str]
    live: int
    seconds: float | None = None
    times: int | None = None


@dataclass
class Explanation:
    """The plan of a run. `print` shows it as a table, a notebook as a picture and a table.

    Attributes:
      fetches: the names of what is fetched.
      results: the values that are given back for the tensors among them.
      lines: the steps, in order.
      fed: what is fed.
      unfed: placeholders that the plan needs and that are not fed.
      variables: those that it uses.
      folded: operations whose values were computed when the plan was made.
      merged: operation -> another one that computes the same, and serves for both.
      in_place: result -> the value in whose memory it is written.
      left_out: operations of the graph that these fetches do not need, those next to the plan first.
      total: how many operations the graph has.
      computed: how many of them the plan stands for.
      peak: the most bytes that results take at once, by the account of `Line.live`.
      is_whole: whether that account knows all shapes.
      source: the plan itself: Python.
      values: what the run gave, in the structure of the fetches, if it ran.
    """

    fetches: list[str]
    results: list[Quantity]
    lines: list[Line]
    fed: list[Quantity]
    unfed: list[str]
    variables: list[Quantity]
    folded: list[str]
    merged: dict[str, str]
    in_place: dict[str, str]
    left_out: list[str]
    total: int
    computed: int
    peak: int
    is_whole: bool
    source: str
    values: Any = None
    _events: list[tuple[int, int, int]] = field(default_factory=list)
    _graph: Any = None

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def text(self, width: int = 118, most: int | None = 120) -> str:
        """The table, in lines of at most `width` characters where names can be shortened; of a long plan, `most` steps."""
        return text.table(self, width, most)

    def to_dict(self) -> dict[str, Any]:
        """All of it as numbers, texts, lists and dictionaries."""
        plain = asdict(replace(self, values=None, _events=[], _graph=None))
        return {name: value for name, value in plain.items() if name != "values" and not name.startswith("_")}

    def graph(self, **how: Any) -> Any:
        """The plan as a picture: a `teachtf_widgets.PlanView`, with `.svg()`, `.png()` and `.save(path)`.

        Args:
          how: as for `teachtf_widgets.plan_view`.

        Raises:
          ImportError: what draws is not installed.
        """
        try:
            view = importlib.import_module("teachtf_widgets.plan_view")
        except ImportError as error:
            raise ImportError(f"The picture needs what draws it: pip install 'teachtf[lab]' ({error})") from error
        return view.plan_view(self, **how)

    def chrome_trace(self) -> str:
        """The measured run as JSON for `chrome://tracing` or https://ui.perfetto.dev: a row a device, a bar a line.

        Raises:
          ValueError: it was not run.
        """
        if not self._events:
            raise ValueError("Nothing was measured: tf.runtime.explain(..., run=True) runs the plan and takes the times.")
        return json.dumps({"traceEvents": trace.events(self.lines, self._events)}, indent=1)


def explain(fetches: Any, feed_dict: Any, session: Any, run: bool) -> Explanation:
    """See `teachtf.runtime.explain`."""
    if session is not None and not isinstance(session, BaseSession):
        raise TypeError(f"`session` must be a tf.Session, but got {type(session).__name__}")
    found = session or get_default_session()
    if found is not None:
        return _explained(found, fetches, feed_dict, run)
    with Session() as made:
        return _explained(made, fetches, feed_dict, run)


def _explained(session: Any, fetches: Any, feed_dict: Any, run: bool) -> Explanation:
    graph = session._ready()
    try:
        fed = structures.feeds(graph, feed_dict)
        flat, rebuild = structures.flatten(graph, fetches)
    except (TypeError, ValueError) as error:
        tell_of_graphs(error, graph, *session._made)
        raise
    plan = session._plan(flat, list(fed))
    clock = Clock()
    values = rebuild(session._run(timed(plan), fed, seen=clock.seen)) if run else None
    result = _Maker(plan, flat, fed, graph, clock).explanation()
    result.values = values
    return result


class _Maker:
    """Puts together what the parts of this package find out of a plan."""

    def __init__(self, plan: Any, fetches: list[Any], fed: Mapping[Tensor, np.ndarray], graph: Any, clock: Clock) -> None:
        self.plan, self.fetches, self.fed, self.graph, self.clock = plan, fetches, fed, graph, clock
        self.reader = Reader(plan, list(fed))
        self.shapes = known_shapes(plan.ops, fed)
        self.sizes: dict[Tensor, int] = {}
        for step in self.reader.steps:
            self._learn(step)
        self.account = Account(self.reader.events, self._bytes, plan.notes.in_place)
        self.made: dict[str, int] = {}  # the step that last gave a name its value

    def _learn(self, step: Step) -> None:
        """Put what a run has shown in the place of what was known before it."""
        measured = self.clock.lines.get(step.line)
        for value, shape, size in zip(step.outputs, *(measured.shapes, measured.sizes) if measured else ((), ()), strict=False):
            if value.tensor is not None and shape is not None:
                self.shapes[value.tensor] = TensorShape(shape)
                if size is not None:
                    self.sizes[value.tensor] = size

    def explanation(self) -> Explanation:
        plan, notes = self.plan, self.plan.notes
        lines = [self._line(step) for step in self.reader.steps]
        running = {*plan.ops, *(t.op for t in self.fed)}
        return Explanation(
            fetches=[f.op.name if isinstance(f, Tensor) and not f._value_index else f.name for f in self.fetches],
            results=[self._quantity(v) for v in self.reader.results],
            lines=lines,
            fed=[self._quantity(self.reader.value(f"f{i}")) for i in range(len(self.fed))],
            unfed=[op.name for op in plan.ops if op.type in ("Placeholder", "PlaceholderV2")],
            variables=[self._of_tensor(op.outputs[0], op.name, "variable") for op in plan._cells],
            folded=[op.name for op in notes.folded],
            merged={a.name: b.name for a, b in notes.merged.items()},
            in_place={_name(a): _name(b) for a, b in notes.in_place.items()},
            left_out=[op.name for op in _by_nearness(running, self.graph.get_operations())],
            total=len(self.graph.get_operations()),
            computed=len(running),
            peak=self.account.peak,
            is_whole=self.account.is_whole,
            source=plan.source,
            _events=self.clock.events,
            _graph=self.graph,
        )

    def _line(self, step: Step) -> Line:
        measured = self.clock.lines.get(step.line)
        inputs = [self._quantity(v) for v in step.inputs]
        if step.kind != "next":
            self.made |= {value.name: step.number for value in step.outputs}
        results = [self._quantity(v) for v in step.outputs]
        for value, quantity in zip(step.outputs, results, strict=True):
            if _is_reference(value):
                quantity.kind = "variable"
        for quantity, made in zip(results, self.account.made.get(step.number, []), strict=False):
            quantity.is_view = made == "view"
        return Line(
            step=step.number,
            line=step.line,
            depth=step.depth,
            kind=step.kind,
            kernel=step.kernel,
            ops=[op.name for op in step.ops],
            inputs=inputs,
            results=results,
            formula=step.formula,
            condition=[self._quantity(v) for v in step.condition],
            device=short_device(self.plan.placement[step.ops[0]]) if step.ops and step.ops[0] in self.plan.placement else "",
            code=code_of(step, self._kinds(step.inputs)),
            frees=[v.text for v in step.frees if not _is_reference(v)],
            live=self.account.live[step.number],
            seconds=measured.nanoseconds / 1e9 if measured else None,
            times=measured.times if measured else None,
        )

    def _kinds(self, values: Iterable[Value]) -> list[tuple[tuple[int, ...], np.dtype]] | None:
        found = []
        for value in values:
            shape = None if value.tensor is None else self._shape(value.tensor)
            if value.tensor is None or shape is None or None in shape:
                return None
            found.append((tuple(d or 0 for d in shape), np.dtype(value.tensor.dtype.base_dtype.as_numpy_dtype)))
        return found

    def _shape(self, tensor: Tensor) -> list[int | None] | None:
        shape = self.shapes.get(tensor, tensor.shape)
        return None if shape.ndims is None else shape.as_list()

    def _bytes(self, tensor: Tensor) -> int | None:
        if tensor in self.sizes:
            return self.sizes[tensor]
        shape = self._shape(tensor)
        return bytes_of(tensor.dtype, None if shape is None or None in shape else math.prod(d or 0 for d in shape))

    def _of_tensor(self, tensor: Tensor | None, name: str, kind: str) -> Quantity:
        if tensor is None:
            return Quantity(name, kind, "", None)
        return Quantity(name, kind, tensor.dtype.base_dtype.name, self._shape(tensor), self._bytes(tensor))

    def _quantity(self, value: Value) -> Quantity:
        result = self._of_tensor(value.tensor, value.text, value.kind)
        result.step = self.made.get(value.name)
        return result


def _name(tensor: Tensor) -> str:
    return tensor.name if tensor._value_index else tensor.op.name


def _is_reference(value: Value) -> bool:
    """Whether it stands for a variable, whose memory is its own."""
    return value.tensor is not None and bool(value.tensor.dtype._is_ref_dtype)


def short_device(name: str) -> str:
    """`CPU:0` of this machine, `ps/1 CPU:0` of a task.

    >>> short_device("/job:localhost/replica:0/task:0/device:CPU:0")
    'CPU:0'
    """
    spec = DeviceSpec.from_string(name)
    device = f"{spec.device_type}:{spec.device_index}"
    return device if spec.job == "localhost" else f"{spec.job}/{spec.task} {device}"


def _by_nearness(running: set[Operation], every: Iterable[Operation]) -> list[Operation]:
    """The operations that do not run: first those that touch one that does, then those that touch these, and so on."""
    left = {op for op in every if op not in running}
    order: list[Operation] = []
    edge: Iterable[Operation] = sorted(running, key=lambda op: op._id)
    while edge:
        around = [n for op in edge for n in (*(t.op for t in op._inputs), *(c for t in op.outputs for c in t._consumers))]
        edge = [op for op in dict.fromkeys(around) if op in left]
        left.difference_update(edge)
        order += edge
    return order + sorted(left, key=lambda op: op._id)
