"""A graph, folded to the size of a picture: nodes, edges and the scopes around them, before any drawing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from . import facts
from .devices import together
from .folding import SERIES, folded_series, machinery, opened_scopes, without_echoes
from .naming import Path, prefixes, scope_paths, variable_owners

Collapse = Literal["variables", "initializers", "nothing"]
Kind = Literal["variable", "placeholder", "constant", "op", "state", "control", "scope", "initializer", "idle"]


@dataclass
class Node:
    """One shape of the picture: an op, a variable with its helpers, or a folded scope."""

    key: str
    kind: Kind
    title: str
    lines: list[str]
    path: Path
    tooltip: str
    device: str = ""
    fetched: bool = False
    members: list[str] = field(default_factory=list)


@dataclass
class Edge:
    """What flows between two nodes: `data` down the graph, `update` into a variable, `next` into the next turn of a loop;
    `control` only orders, `idle` does not flow in this run."""

    tail: str
    head: str
    kind: Literal["data", "update", "control", "next", "idle"]
    labels: list[str] = field(default_factory=list)


@dataclass
class Picture:
    """What `graph_view` draws."""

    nodes: dict[str, Node]
    edges: list[Edge]
    total_ops: int
    devices: list[str] = field(default_factory=list)  # all that the graph uses: each keeps its colour in every picture
    boxes: dict[str, tuple[str, str]] = field(default_factory=dict)  # label and tooltip of boxes that are no name scopes


def _variable_node(op: Any, members: list[Any], path: Path) -> Node:
    """A variable with all that serves it: its shape, and the optimizer slots that live under its name."""
    own = op.outputs
    shape = facts.shape_text(op.get_attr("shape")) if op.type == "VarHandleOp" else facts.shape_text(own[0].shape)
    dtype = facts.dtype_name(op.get_attr("dtype") if op.type == "VarHandleOp" else own[0].dtype)
    lines = [f"{dtype} {shape}"]
    slots = [m.name[len(op.name) + 1 :] for m in members if m.type in facts.VARIABLE_TYPES and m is not op]
    if slots:
        lines.append("+ " + (", ".join(slots) if len(slots) <= 3 else facts.plural(len(slots), "slot")))
    tooltip = f"variable {op.name}\n{dtype} {shape}\nholds " + ", ".join(m.name for m in members[:12])
    return Node(op.name, "variable", op.name.rsplit("/", 1)[-1], lines, path, tooltip)


def _op_node(op: Any, path: Path) -> Node:
    short = op.name.rsplit("/", 1)[-1]
    kind: Kind = "op"
    lines = [] if short == op.type else [op.type]
    if op.type in facts.VARIABLE_TYPES:
        return _variable_node(op, [op], path)
    if op.type in facts.PLACEHOLDER_TYPES:
        kind = "placeholder"
        lines = [facts.tensor_text(op.outputs[0])]
    elif op.type == "Const":
        kind = "constant"
        value = facts.constant_text(op)
        lines = [value if value is not None else facts.tensor_text(op.outputs[0])]
    elif facts.is_state_op(op.type):
        kind = "state"
    elif op.type in facts.CONTROL_FLOW_TYPES or op.type == "NoOp":
        kind = "control"
        lines = [] if op.type == "NoOp" else lines
    outputs = "".join(f"\n{tensor.name}  {facts.tensor_text(tensor)}" for tensor in op.outputs)
    return Node(op.name, kind, short, lines, path, f"{op.name}\n{op.type}{outputs}")


def _scope_node(scope: str, members: list[Any], path: Path) -> Node:
    held = sum(op.type in facts.VARIABLE_TYPES for op in members)
    lines = [facts.plural(len(members), "op")] + ([facts.plural(held, "variable")] if held else [])
    types = Counter(op.type for op in members).most_common(8)
    what = "ops whose names differ in a number" if scope.endswith(SERIES) else f"name scope {scope}/"
    tooltip = f"{what}\n" + "\n".join(f"{count} x {kind}" for kind, count in types)
    return Node(scope + "/", "scope", scope.rsplit("/", 1)[-1], lines, path, tooltip)


def _initializer_key(op: Any, owners: dict[str, str], variables: set[str]) -> str:
    """With `collapse='initializers'`, the shape that an op of a variable is drawn in."""
    if op.name not in owners or op.name in variables:
        return op.name
    # The innermost variable around the op: an optimizer's slot lives under the name of the variable that it serves.
    nearest = next((name for name in reversed(prefixes(op.name)) if name in variables), owners[op.name])
    kept = ("Assign", "read", "Read/ReadVariableOp", "IsInitialized/VarIsInitializedOp")
    return op.name if op.name in {f"{nearest}/{part}" for part in kept} else f"{nearest}:initial"


def _edges(ops: list[Any], key_of: dict[str, str], nodes: dict[str, Node]) -> list[Edge]:
    """Joins the flows between ops to one edge for each pair of shapes."""
    found: dict[tuple[str, str, str], Edge] = {}
    counted: set[tuple[str, str, str]] = set()
    for op in ops:
        head = key_of[op.name]
        flows = [(tensor.op, tensor) for tensor in op.inputs] + [(source, None) for source in op.control_inputs]
        for source, tensor in flows:
            if source.name not in key_of or key_of[source.name] == head:
                continue
            tail, kind, label = key_of[source.name], "data", ""
            if tensor is None:
                kind = "control"
            else:
                label = facts.tensor_text(tensor)
                writes = facts.is_ref(tensor) or source.type == "VarHandleOp"
                if writes and source.type in facts.VARIABLE_TYPES and facts.is_state_op(op.type):
                    kind = "update"
            edge = found.setdefault((tail, head, kind), Edge(tail, head, kind))  # type: ignore[arg-type]
            # The shape of a variable and the value of a constant stand in their nodes: their edges stay bare.
            once = (tail, head, tensor.name if tensor is not None else "")
            if label and once not in counted and nodes[tail].kind not in ("variable", "constant"):
                counted.add(once)
                edge.labels.append(label)
    # Of several edges between two shapes the one that says most stays: update, then data, then control.
    strength = {"control": 0, "data": 1, "update": 2}
    best: dict[tuple[str, str], int] = {}
    for edge in found.values():
        pair = (edge.tail, edge.head)
        best[pair] = max(best.get(pair, 0), strength[edge.kind])
    return [edge for edge in found.values() if strength[edge.kind] == best[edge.tail, edge.head]]


def _device(node: Node, ops: list[Any], devices: Mapping[str, str] | None) -> str:
    """Where a shape is: a variable where its memory is, whatever its helpers do."""
    found = [op.device if devices is None else devices[op.name] for op in ops if node.kind != "variable" or op.name == node.key]
    return together(found)


def _initializes(op: Any, owners: dict[str, str]) -> int:
    """Returns how many variables a `global_variables_initializer` sets, 0 for any other op."""
    sources = op.control_inputs
    only = op.type == "NoOp" and len(sources) > 2 and all(source.name in owners for source in sources)
    return len(sources) if only else 0


def build_picture(
    graph: Any,
    *,
    collapse: Collapse = "variables",
    depth: int | None = None,
    max_nodes: int | None = 60,
    fetches: Any = None,
    scope: str | None = None,
    fold: Iterable[str] | None = None,
    ops: list[Any] | None = None,
    devices: Mapping[str, str] | None = None,
) -> Picture:
    """Folds `graph` into a picture. The arguments are those of `graph_view`.

    `ops` limits it to some operations; `devices` says where each of them is, if not where it asked to be.
    """
    every = list(graph.get_operations()) if ops is None else ops
    targets = facts.flat_fetches(fetches, graph) if fetches is not None else []
    if targets:
        needed = facts.closure(targets)
        every = [op for op in every if op.name in needed]
    if scope is not None:
        prefix = scope.rstrip("/")
        every = [op for op in every if op.name == prefix or op.name.startswith(prefix + "/")]
    wanted = {op.name for op in targets}
    by_name = {op.name: op for op in every}
    owners = {} if collapse == "nothing" else variable_owners(every, wanted)
    if collapse == "variables":
        unit_of = {op.name: owners.get(op.name, op.name) for op in every}
    else:
        variables = {op.name for op in every if op.type in facts.VARIABLE_TYPES}
        unit_of = {op.name: _initializer_key(op, owners, variables) for op in every}
    paths = scope_paths(every, owners)
    if collapse == "initializers":
        held = Counter(owners.values())
        paths = {
            name: (*path, owners[name]) if name in owners and held[owners[name]] > 1 else path for name, path in paths.items()
        }
    paths = without_echoes(paths, unit_of)
    folded = machinery(every, paths) if fold is None else {name.rstrip("/") for name in fold}
    opened = opened_scopes(paths, unit_of, depth, max_nodes, folded)

    key_of: dict[str, str] = {}
    place: dict[str, Path] = {}
    for op in every:
        path = paths[op.name]
        closed = next((index for index, name in enumerate(path) if name not in opened), None)
        key_of[op.name] = unit_of[op.name] if closed is None else path[closed] + "/"
        place.setdefault(key_of[op.name], path if closed is None else path[:closed])
    joined = folded_series(place, {key_of[name] for name in wanted if name in key_of}, max_nodes)
    place |= {joined[key]: place[key] for key in joined}
    members: dict[str, list[Any]] = defaultdict(list)
    for op in every:
        key_of[op.name] = joined.get(key_of[op.name], key_of[op.name])
        members[key_of[op.name]].append(op)

    alike = Counter(joined.values())
    nodes: dict[str, Node] = {}
    for key, held_ops in members.items():
        if key.endswith("/"):
            node = _scope_node(key[:-1], held_ops, place[key])
            if 0 < alike[key] < len(held_ops):
                node.lines.insert(0, f"{alike[key]} alike")
        elif key.endswith(":initial"):
            tooltip = "\n".join(f"{op.name}  {op.type}" for op in held_ops[:12])
            node = Node(key, "initializer", "initial value", [facts.plural(len(held_ops), "op")], place[key], tooltip)
        elif by_name[key].type in facts.VARIABLE_TYPES:
            node = _variable_node(by_name[key], held_ops, place[key])
        else:
            node = _op_node(by_name[key], place[key])
        node.members = [op.name for op in held_ops]
        node.device = _device(node, held_ops, devices)
        if node.device:
            node.tooltip += f"\non {node.device}"
        node.fetched = not wanted.isdisjoint(node.members)
        nodes[key] = node
    drawn = every
    if collapse == "variables":
        # The fan from every variable into `init` would cover the picture; the op says it in words instead.
        quiet = {op.name: _initializes(op, owners) for op in every if op.name in nodes and _initializes(op, owners)}
        for name, count in quiet.items():
            nodes[name].lines = [f"initializes {count} variables"]
        drawn = [op for op in every if op.name not in quiet]
    used = {op.device for op in graph.get_operations()} if devices is None else set(devices.values())
    return Picture(nodes, _edges(drawn, key_of, nodes), len(every), sorted(used - {""}))
