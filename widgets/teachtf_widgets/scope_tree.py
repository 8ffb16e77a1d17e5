"""`scope_tree`: which names a variable scope gave, and which a name scope gave, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import facts
from .devices import device_of
from .naming import prefixes, scope_paths
from .page import chip
from .views import HtmlView

#: How many ops one scope lists; the rest are counted.
LEAVES = 200
#: A tree of at most this many leaves starts open.
OPEN_LEAVES = 24


@dataclass
class Scope:
    """One scope: its own leaves, and the scopes inside."""

    name: str
    leaves: list[tuple[str, str, str, str]] = field(default_factory=list)  # full name, short name, kind, detail
    inner: dict[str, Scope] = field(default_factory=dict)

    def at(self, path: tuple[str, ...]) -> Scope:
        """Returns the scope at a path of full names, made if need be."""
        here = self
        for name in path:
            here = here.inner.setdefault(name, Scope(name))
        return here

    def count(self) -> int:
        """Returns how many leaves there are here and inside."""
        return len(self.leaves) + sum(scope.count() for scope in self.inner.values())


def variable_scopes(graph: Any, devices: Mapping[str, str] | None = None) -> Scope:
    """Returns the tree that the names of variables span. It is what `tf.variable_scope` gave, with no name scopes."""
    root = Scope("")
    trainable = {id(variable) for variable in graph.get_collection("trainable_variables")}
    variables = facts.variables_of(graph)
    names = {variable.op.name for variable in variables}
    for variable in variables:
        name = variable.name.split(":")[0]
        # The slots that an optimizer keeps for `w` are called `w/Adam`; no scope `w` was ever opened.
        path = tuple(scope for scope in prefixes(name) if scope not in names)
        short = name[len(path[-1]) + 1 :] if path else name
        detail = f"{facts.dtype_name(variable.dtype)} {facts.shape_text(variable.shape)}"
        detail += "" if id(variable) in trainable else ", not trainable"
        detail += _place(variable.op, devices)
        root.at(path).leaves.append((variable.name, short, "variable", detail))
    return root


def _place(op: Any, devices: Mapping[str, str] | None) -> str:
    return f", {devices[op.name]}" if devices is not None and devices[op.name] else ""


def name_scopes(graph: Any, devices: Mapping[str, str] | None = None) -> Scope:
    """Returns the tree that the names of operations span. Both `tf.name_scope` and `tf.variable_scope` add to it."""
    root = Scope("")
    ops = list(graph.get_operations())
    for name, path in scope_paths(ops, {}).items():
        op = graph.get_operation_by_name(name)
        inside = path[-1] if path else ""
        short = name.rpartition("/")[2] if inside == name else name[len(inside) + 1 :] if inside else name
        root.at(path).leaves.append((name, short, _kind(op.type), op.type + _place(op, devices)))
    return root


def _kind(op_type: str) -> str:
    if op_type in facts.VARIABLE_TYPES:
        return "variable"
    if op_type in facts.PLACEHOLDER_TYPES:
        return "placeholder"
    if op_type == "Const":
        return "constant"
    return "state" if facts.is_state_op(op_type) else "op"


def _html(scope: Scope, noun: str, opened: bool) -> str:
    parts = []
    for full, short, kind, detail in scope.leaves[:LEAVES]:
        label = f"{chip(short, kind)} <span class='ttf-muted'>{facts.html(detail)}</span>"
        parts.append(f'<div class="ttf-leaf" data-name="{facts.html(full)}" title="{facts.html(full)}">{label}</div>')
    if len(scope.leaves) > LEAVES:
        parts.append(f'<div class="ttf-muted">and {len(scope.leaves) - LEAVES} more</div>')
    for inner in scope.inner.values():
        total = f' <span class="ttf-muted">{facts.plural(inner.count(), noun)}</span>'
        label = f"<b>{facts.html(inner.name.rsplit('/', 1)[-1])}/</b>{total}"
        state = " open" if opened else ""
        content = _html(inner, noun, opened)
        parts.append(f'<details{state}><summary>{label}</summary><div class="ttf-in">{content}</div></details>')
    return "".join(parts)


def _text(scope: Scope, indent: str = "  ") -> list[str]:
    lines = []
    lines += [f"{indent}{short}  {detail}" for _, short, _, detail in scope.leaves[:LEAVES]]
    if len(scope.leaves) > LEAVES:
        lines.append(f"{indent}... and {len(scope.leaves) - LEAVES} more")
    for inner in scope.inner.values():
        lines.append(f"{indent}{inner.name.rsplit('/', 1)[-1]}/")
        lines += _text(inner, indent + "  ")
    return lines


class ScopeTree(HtmlView):
    """The two trees of a graph's names: `.variables` and `.ops` hold them as data."""

    def __init__(self, graph: Any, devices: Mapping[str, str] | None = None) -> None:
        self.variables = variable_scopes(graph, devices)
        self.ops = name_scopes(graph, devices)
        columns, text = [], []
        for scope, title, noun, hint in (
            (self.variables, "Variable scopes", "variable", "names of variables: what a checkpoint stores"),
            (self.ops, "Name scopes", "op", "names of operations: where ops stand in the graph"),
        ):
            total = facts.plural(scope.count(), noun)
            inside = _html(scope, noun, scope.count() <= OPEN_LEAVES) or '<span class="ttf-muted">none</span>'
            columns.append(
                f'<div><div><b>{title}</b> <span class="ttf-muted">{total}</span></div>'
                f'<div class="ttf-muted">{hint}</div>{inside}</div>'
            )
            text += [f"{title} ({total})", *_text(scope)]
        body = f'<div class="ttf-head"></div><div class="ttf-columns">{"".join(columns)}</div>'
        super().__init__(body, "\n".join(text))


def scope_tree(graph: Any = None) -> ScopeTree:
    """Shows the scopes of a graph: variable scopes by the names of variables, name scopes by the names of ops.

    Args:
        graph: a Graph, or a Session for its graph with the device of each op; the default graph when left out.

    Returns:
        A ScopeTree, which a notebook draws as two foldable trees with a filter, and a terminal prints.

    Example: in `with tf.variable_scope("foo"), tf.name_scope("bar"):` a variable `v` is `foo/v`, an op `foo/bar/add`;
    the left tree has no `bar`, the right one does.
    """
    whole = facts.default_graph(graph)
    return ScopeTree(whole, device_of(graph, whole) if hasattr(type(graph), "placement") else None)
