"""`plan_view`: the plan of a run drawn, as `tf.runtime.explain` tells it."""

from __future__ import annotations

from typing import Any, Literal

from . import facts
from .dot import picture_dot
from .graph_view import GraphView
from .layout import Engine
from .model import Edge, Kind, Node, Picture
from .naming import Path

#: How many operations that do not run are drawn.
MOST_IDLE = 24


class PlanView(GraphView):
    """A drawn plan. A notebook shows it as a cell's last line; `.dot`, `.svg()` and `.save(path)` give it away."""

    def __repr__(self) -> str:
        return f"<PlanView: {facts.plural(self.picture.total_ops, 'op')} in {facts.plural(len(self.picture.nodes), 'shape')}>"


def plan_view(
    plan: Any,
    feed_dict: Any = None,
    *,
    idle: bool = False,
    direction: Literal["TB", "LR", "BT", "RL"] = "TB",
    legend: bool = True,
    engine: Engine = "pure",
) -> PlanView:
    """Draws a plan: a box a kernel with its step number, fused operations and loops as boxes round their members.

    Colours are those of `graph_view`; where a plan has several devices, they say the device.

    Args:
        plan: what `tf.runtime.explain` gives; or fetches, with `feed_dict`, to explain.
        idle: whether to draw operations of the graph that do not run, pale: those that were computed when the plan was
            made, and those that the fetches do not need, the nearest first.
        direction: `'TB'` top to bottom, `'LR'` left to right, also `'BT'` and `'RL'`.
        legend: whether a line below the picture says what the colours mean.
        engine: `'pure'` lays out with the graphviz-pure wheel, `'dot'` with the system's Graphviz.
    """
    if not hasattr(plan, "lines") or not hasattr(plan, "left_out"):
        from teachtf import runtime

        plan = runtime.explain(plan, feed_dict)
    drawing = _Drawing(plan)
    if idle:
        drawing.draw_idle()
    picture = drawing.picture
    color_by: Literal["kind", "device"] = "device" if len(picture.devices) > 1 else "kind"
    return PlanView(picture, picture_dot(picture, direction=direction, legend=legend, color_by=color_by), engine)


def type_text(quantity: Any) -> str:
    """Returns `float32 [?, 784]` of what a step reads or gives."""
    shape = "..." if quantity.shape is None else ", ".join("?" if d is None else str(d) for d in quantity.shape)
    return f"{quantity.dtype} [{shape}]" if quantity.dtype else ""


def _short(name: str) -> str:
    return name.rsplit("/", 1)[-1]


class _Drawing:
    """Turns the lines of an explanation into the nodes and edges of a picture."""

    def __init__(self, plan: Any) -> None:
        self.plan = plan
        devices = list(dict.fromkeys(line.device for line in plan.lines if line.device))
        self.picture = Picture({}, [], plan.computed, devices)
        self._edges: dict[tuple[str, str, str], Edge] = {}
        self._made: dict[tuple[int | None, str], str] = {}  # step and name of a value -> its node
        self._around: list[tuple[int, str]] = []  # depth and name of the boxes around a line
        returned = {(q.step, q.name) for q in plan.results}
        for line in plan.lines:
            self._line(line)
        for key in returned & self._made.keys():
            self.picture.nodes[self._made[key]].fetched = True
        for node in self.picture.nodes.values():
            node.fetched = node.fetched or bool(set(node.members) & set(plan.fetches))

    # --- lines -------------------------------------------------------------------------------------------------------

    def _path(self, line: Any) -> Path:
        while self._around and self._around[-1][0] >= line.depth:
            self._around.pop()
        return tuple(name for _, name in self._around)

    def _box(self, line: Any, label: str, tooltip: str) -> Path:
        """A box in the boxes around a line."""
        path = self._path(line)
        name = f"step{line.step}"
        self.picture.boxes[name] = (label, tooltip)
        return (*path, name)

    def _line(self, line: Any) -> None:
        if line.kind == "while":
            path = self._box(line, f"{line.step}  while", "a loop: its steps run each turn")
            self._around.append((line.depth, path[-1]))
            for quantity in line.results:
                key = f"{line.step} {quantity.name}"
                lines = [type_text(quantity)]
                self._add(Node(key, "control", _short(quantity.name), lines, path, f"loop variable {quantity.name}"))
                self._made[line.step, quantity.name] = key
            for first, quantity in zip(line.inputs, line.results, strict=False):
                self._flow(first, self._made[line.step, quantity.name], path)
        elif line.kind == "next":
            for value, quantity in zip(line.inputs, line.results, strict=True):
                head = self._made.get((quantity.step, quantity.name))
                if head is not None:
                    self._flow(value, head, self._path(line), "next")
        elif line.kind in ("if", "else"):
            path = self._box(line, f"{line.step}  {line.kind}", "runs if its side of the cond is taken")
            self._around.append((line.depth, path[-1]))
        elif line.kind == "fused":
            self._fused(line)
        else:
            self._kernel(line)

    def _kernel(self, line: Any) -> None:
        path = self._path(line)
        key = f"step {line.step}"
        names = [_short(name) for name in line.ops if _short(name) != line.kernel]
        self._add(Node(key, _kind_of(line), f"{line.step}  {line.kernel}", [*names, *_notes(line)], path, _tooltip(line)))
        self._finish(line, key, path)

    def _fused(self, line: Any) -> None:
        notes = "".join(f"\n{note}" for note in _notes(line))
        path = self._box(line, f"{line.step}  {line.kernel}{notes}", f"one loop over memory\n{_tooltip(line)}")
        nodes = {}
        outside = {q.name: q for q in line.inputs}
        for member, op in zip(line.formula, line.ops, strict=True):
            key = nodes[op] = f"step {line.step} {op}"
            self._add(Node(key, "op", member.label, [member.formula], path, f"{op}\n{member.label} = {member.formula}"))
            self.picture.nodes[key].members = [op]
            for name in member.operands:
                if name in nodes:
                    self._edge(nodes[name], key, "data", "")
                elif name in outside:
                    self._flow(outside[name], key, path)
        for quantity in line.results:
            by_op = f"step {line.step} {quantity.name}"
            self._made[line.step, quantity.name] = by_op if by_op in self.picture.nodes else next(reversed(nodes.values()))
        for value in line.condition:
            self._flow(value, next(iter(nodes.values())), path, "control")

    def _finish(self, line: Any, key: str, path: Path) -> None:
        self.picture.nodes[key].members = list(line.ops)
        for quantity in line.inputs:
            self._flow(quantity, key, path)
        for quantity in line.condition:
            self._flow(quantity, key, path, "control")
        self._made |= {(line.step, quantity.name): key for quantity in line.results}

    # --- values ------------------------------------------------------------------------------------------------------

    def _flow(self, value: Any, head: str, path: Path, kind: Literal["data", "control", "next"] = "data") -> None:
        """An edge to `head` from where a value comes from; a number is part of its user."""
        tail = self._made.get((value.step, value.name))
        if tail is None:
            if value.kind == "constant" and not value.name[:1].isalpha():
                return
            tail = self._made[value.step, value.name] = self._source(value)
        writes = value.kind == "variable" and self.picture.nodes[head].kind == "state"
        self._edge(tail, head, "update" if writes else kind, "" if kind == "control" else type_text(value))

    def _source(self, value: Any) -> str:
        kinds: dict[str, Kind] = {"fed": "placeholder", "variable": "variable", "constant": "constant"}
        node = Node(f"value {value.name}", kinds.get(value.kind, "op"), _short(value.name), [type_text(value)], (), value.name)
        self._add(node)
        return node.key

    def _edge(self, tail: str, head: str, kind: Any, label: str) -> None:
        edge = self._edges.get((tail, head, kind))
        if edge is None:
            edge = self._edges[tail, head, kind] = Edge(tail, head, kind)
            self.picture.edges.append(edge)
        if label and label not in edge.labels:
            edge.labels.append(label)

    def _add(self, node: Node) -> None:
        self.picture.nodes.setdefault(node.key, node)

    # --- what does not run -------------------------------------------------------------------------------------------

    def draw_idle(self) -> None:
        """Add operations that were computed beforehand, and the nearest of those that are not needed."""
        plan = self.plan
        names = [(name, "computed beforehand") for name in plan.folded] + [(name, "not needed") for name in plan.left_out]
        at = {op: node.key for node in self.picture.nodes.values() for op in node.members}
        at |= {name: key for (_, name), key in self._made.items()}
        for name, why in names[:MOST_IDLE]:
            op = plan._graph.get_operation_by_name(name)
            lines = ([op.type] if _short(name) != op.type else []) + ([why] if why != "not needed" else [])
            at[name] = f"idle {name}"
            self._add(Node(at[name], "idle", _short(name), lines, (), f"{name}\n{op.type}\n{why}"))
        for name, _ in names[:MOST_IDLE]:
            op = plan._graph.get_operation_by_name(name)
            for tensor in op.inputs:
                if tensor.op.name in at:
                    self._edge(at[tensor.op.name], at[name], "idle", "")
            for user in (user for tensor in op.outputs for user in tensor.consumers()):
                if user.name in at and not at[user.name].startswith("idle "):
                    self._edge(at[name], at[user.name], "idle", "")


def _kind_of(line: Any) -> Kind:
    if facts.is_state_op(line.kernel):
        return "state"
    return "control" if line.kind == "until" or line.kernel in facts.CONTROL_FLOW_TYPES else "op"


def _notes(line: Any) -> list[str]:
    """What a run measured."""
    from teachtf.runtime.inspection.text import seconds_text

    times = f", {line.times} times" if line.times and line.times > 1 else ""
    return [seconds_text(line.seconds) + times] if line.seconds is not None else []


def _tooltip(line: Any) -> str:
    told = [f"step {line.step}: {line.kernel}", *line.ops]
    told += [f"gives {q.name}  {type_text(q)}" for q in line.results]
    told += [f"on {line.device}"] if line.device else []
    told += [f"code: {line.code}"] if line.code else []
    told += [f"then frees {', '.join(line.frees)}"] if line.frees else []
    return "\n".join(told)
