"""Cards: what a notebook shows when a graph, an operation, a tensor, a variable or a plan is a cell's last line."""

from __future__ import annotations

from typing import Any

from . import facts
from .dot import picture_dot
from .graph_view import GraphView, graph_view
from .model import build_picture
from .naming import scope_paths, variable_owners
from .page import block, chip, facts_list
from .plan_view import plan_view

#: How many users of a tensor its card lists and draws.
MOST_USERS = 6
#: How many shapes of a plan its card draws; `plan_view` draws any number.
MOST_SHAPES = 60


def _code(text: Any) -> str:
    return f"<code>{facts.html(text)}</code>"


def _names(things: list[Any]) -> str:
    shown = ", ".join(_code(thing.name) for thing in things[:MOST_USERS])
    more = f" and {len(things) - MOST_USERS} more" if len(things) > MOST_USERS else ""
    return shown + more if things else '<span class="ttf-muted">none</span>'


def users_of(tensor: Any) -> list[Any]:
    """Returns the operations that take a tensor, each once."""
    return list({op.name: op for op in tensor.consumers()}.values())


def neighbourhood(op: Any) -> GraphView:
    """Draws an operation with what it reads and what reads it, left to right."""
    around = [tensor.op for tensor in op.inputs] + list(op.control_inputs) + [op]
    for tensor in op.outputs:
        around += users_of(tensor)[:MOST_USERS]
    ops = list({one.name: one for one in around}.values())
    picture = build_picture(op.graph, collapse="nothing", max_nodes=None, fetches=None, fold=(), ops=ops)
    # Full names in one small row of shapes say more than scope boxes around each of them.
    for node in picture.nodes.values():
        scope = node.key.rpartition("/")[0]
        node.lines = ([f"{scope}/"] if scope else []) + node.lines
        node.path = ()
        node.fetched = node.key == op.name
    picture.edges = [edge for edge in picture.edges if op.name in (edge.tail, edge.head)]
    return GraphView(picture, picture_dot(picture, direction="LR", legend=False))


def _card(title: str, kind: str, name: str, pairs: list[tuple[str, str]], op: Any) -> str:
    head = f'<div class="ttf-head">{chip(title, kind)}<b>{_code(name)}</b></div>'
    card = block(f'<div class="ttf-card">{head}{facts_list(pairs)}</div>', "card")
    try:
        return card + neighbourhood(op).html()
    except (RuntimeError, OSError):
        # The facts are worth showing where no program can lay out the picture.
        return card


def _device(op: Any) -> list[tuple[str, str]]:
    return [("device", _code(op.device))] if op.device else []


def tensor_card(tensor: Any) -> str:
    """Returns the HTML card of a Tensor: name, dtype, shape, rank, op, inputs, users and a small picture."""
    op = tensor.op
    pairs = [
        ("dtype", _code(facts.dtype_name(tensor.dtype))),
        ("shape", _code(facts.shape_text(tensor.shape))),
        ("rank", facts.rank_text(tensor.shape)),
        ("made by", f"{_code(op.type)} op {_code(op.name)}"),
        *_device(op),
        ("inputs", _names(list(op.inputs))),
        ("used by", _names(users_of(tensor))),
    ]
    return _card("Tensor", "op", tensor.name, pairs, op)


def operation_card(op: Any) -> str:
    """Returns the HTML card of an Operation: type, inputs, outputs with shapes, control inputs and a small picture."""
    outputs = ", ".join(f"{_code(one.name)} {facts.html(facts.tensor_text(one))}" for one in op.outputs)
    pairs = [("type", _code(op.type)), *_device(op), ("inputs", _names(list(op.inputs)))]
    pairs.append(("outputs", outputs or '<span class="ttf-muted">none: it is run for what it does</span>'))
    if op.control_inputs:
        pairs.append(("runs after", _names(list(op.control_inputs))))
    value = facts.constant_text(op) if op.type == "Const" else None
    if value is not None:
        pairs.insert(1, ("value", _code(value)))
    return _card("Operation", "state" if facts.is_state_op(op.type) else "op", op.name, pairs, op)


def variable_card(variable: Any) -> str:
    """Returns the HTML card of a Variable: shape, dtype, whether it is trained, collections, initializer, picture."""
    graph = variable.graph
    held = [str(key) for key in graph.get_all_collection_keys() if _holds(graph.get_collection(key), variable)]
    pairs = [
        ("dtype", _code(facts.dtype_name(variable.dtype))),
        ("shape", _code(facts.shape_text(variable.shape))),
        ("trainable", "yes" if "trainable_variables" in held else "no"),
        ("collections", ", ".join(map(_code, held)) or '<span class="ttf-muted">none</span>'),
        ("initialized by", _code(variable.initializer.name)),
        *_device(variable.op),
    ]
    return _card("Variable", "variable", variable.name, pairs, variable.op)


def _holds(collection: list[Any], item: Any) -> bool:
    # `in` would call a variable's overloaded `==`.
    return any(one is item for one in collection)


def graph_card(graph: Any) -> str:
    """Returns the HTML of a Graph: counts, and the drawn graph."""
    ops = graph.get_operations()
    if not ops:
        return block('<div class="ttf-card ttf-muted">An empty graph: it has no operation yet.</div>', "card")
    scopes = {path[0] for path in scope_paths(ops, variable_owners(ops)).values() if path}
    counts = ((ops, "op"), (facts.variables_of(graph), "variable"), (scopes, "top-level scope"))
    head = ", ".join(facts.plural(len(things), noun) for things, noun in counts)
    title = block(f'<div class="ttf-head"><b>Graph</b><span class="ttf-muted">{head}</span></div>', "card")
    try:
        return title + graph_view(graph).html()
    except (RuntimeError, OSError):
        return title


def plan_card(plan: Any) -> str:
    """Returns the HTML of a plan (`tf.runtime.explain`): the picture, the table, and the Python that runs."""
    head, _, table = str(plan).partition("\n\n")
    title = f'<div class="ttf-head"><b>Plan</b><span class="ttf-muted">{facts.html(head)}</span></div>'
    try:
        view = plan_view(plan)
        picture = view.html() if len(view.picture.nodes) <= MOST_SHAPES else ""
    except (RuntimeError, OSError):
        picture = ""
    body = "".join(
        f"<details{' open' * is_open}><summary>{name}</summary><pre>{facts.html(text)}</pre></details>"
        for name, text, is_open in (("as a table", table, True), ("its Python", plan.source, False))
    )
    return block(title, "card") + picture + block(body, "card")
