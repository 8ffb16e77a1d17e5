"""What a run needs, in an order that works: pruning, and the nest of while loops.

A `tf.while_loop` is a *frame* of the graph: values come in by Enter, go round by NextIteration, leave by Exit. Here a frame is
one node of the frame around it, so that each block of a plan is a list in which inputs stand before their users.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, TypeVar

from teachtf.core import errors
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor

ENTER = ("Enter", "RefEnter")
EXIT = ("Exit", "RefExit")
NEXT = ("NextIteration", "RefNextIteration")
MERGE = ("Merge", "RefMerge")
SWITCH = ("Switch", "RefSwitch")
_REFUSING = ("CheckNumerics", "Placeholder", "EnsureShape")  # stateless, and run for the errors they raise


class Frame:
    """A while loop, or the whole run (which has no parent).

    Attributes:
      name: the `frame_name` of its Enter ops.
      nodes: its operations and the loops inside it, inputs before users.
      enters, merges, exits: its operations of these kinds; `merges` only those that start a turn.
      condition: the LoopCond that ends it.
    """

    def __init__(self, parent: Frame | None, name: str) -> None:
        self.parent = parent
        self.name = name
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.nodes: list[Operation | Frame] = []
        self.enters: list[Operation] = []
        self.merges: list[Operation] = []
        self.exits: list[Operation] = []
        self.condition: Operation | None = None

    def child_towards(self, inner: Frame) -> Frame:
        """The frame directly inside this one that is `inner` or holds it."""
        while inner.parent is not self:
            assert inner.parent is not None
            inner = inner.parent
        return inner

    def parts(self) -> tuple[list[Operation | Frame], list[Operation | Frame], list[Operation | Frame]]:
        """The nodes of a loop that run each turn before it may end, those of its body, and those that run when it has ended."""
        before: list[Operation | Frame] = []
        body: list[Operation | Frame] = []
        after: list[Operation | Frame] = []
        where: dict[Operation, list[Any]] = {}
        for node in self.nodes:
            if isinstance(node, Operation) and (node.type in ENTER or node.type in EXIT or loop_merge(node)):
                continue
            members = operations(node) if isinstance(node, Frame) else [node]
            takers = node.enters if isinstance(node, Frame) else [node]
            sides = {t._value_index for op in takers for t in op._inputs if t.op.type in SWITCH and ends_loop(t.op)}
            givers = [where.get(s) for op in members for s in [*(t.op for t in op._inputs), *op._control_inputs]]
            in_body = 1 in sides or any(g is body for g in givers)
            part = body if in_body else after if 0 in sides or any(g is after for g in givers) else before
            part.append(node)
            where.update(dict.fromkeys(members, part))
        return before, body, after


def ends_loop(switch: Operation) -> bool:
    """Whether a Switch is where a loop goes on or ends, not a branch of a `tf.cond`."""
    return switch._inputs[1].op.type == "LoopCond"


def loop_merge(op: Operation) -> bool:
    """Whether `op` is where a turn of a loop starts."""
    return op.type in MERGE and any(t.op.type in NEXT for t in op._inputs)


def needed(fetches: Iterable[Any], fed: set[Tensor], done: Set[Operation] = frozenset()) -> Frame:
    """The operations that `fetches` need when `fed` tensors are given and `done` have run before, as a nest of loops.

    Raises:
      InvalidArgumentError: there is a cycle that is no loop, or a loop is not closed.
    """
    wanted = [f.op if isinstance(f, Tensor) else f for f in fetches if not (isinstance(f, Tensor) and f in fed)]
    done = done | {t.op for t in fed if t.op.type in ("Placeholder", "PlaceholderV2")}  # who waits for one waits for the feed
    sources: dict[Operation, list[Operation]] = {}
    pending = list(wanted)
    while pending:
        op = pending.pop()
        if op in sources or op in done:
            continue
        sources[op] = [t.op for t in op._inputs if t not in fed] + [c for c in op._control_inputs if c not in done]
        pending.extend(sources[op])
    for op in sources:
        if loop_merge(op):
            sources[op] = [s for s in sources[op] if s.type not in NEXT]
    order = _ordered(sorted(sources, key=_number), sources)
    if not any(op.type in SWITCH for op in sources):
        order = _acting(order, wanted, fed)
    if not any(op.type in ENTER for op in order):
        root = Frame(None, "")
        root.nodes.extend(order)
        return root
    return _nested(order, sources, fed)


def _acting(order: list[Operation], wanted: list[Operation], fed: set[Tensor]) -> list[Operation]:
    """Those of `order` that must run: a value that nobody reads is not computed for the sake of the order alone.

    So the gradient of the images, for which a training step only waits, costs nothing.
    """
    runs = set(wanted)
    for op in reversed(order):
        if op in runs or _acts(op):
            runs.add(op)
            runs.update(t.op for t in op._inputs if t not in fed)
    return [op for op in order if op in runs]


def _acts(op: Operation) -> bool:
    """Whether running `op` can be noticed other than by its outputs: it changes state, or refuses what it is given."""
    return op._op_def.is_stateful or op.type in _REFUSING or any(t._dtype._is_ref_dtype for t in op._inputs)


def operations(frame: Frame) -> list[Operation]:
    """All operations of a frame and of those inside it."""
    return [op for node in frame.nodes for op in (operations(node) if isinstance(node, Frame) else [node])]


def _number(op: Operation) -> int:
    return op._id


T = TypeVar("T", bound=Any)


def _ordered(nodes: Sequence[T], sources: Mapping[T, Iterable[T]], key: Any = _number) -> list[T]:
    """`nodes`, which stand in the order the program made them in, with sources first; that order itself where it will do."""
    place = {node: i for i, node in enumerate(nodes)}
    if all(place[s] < i for node, i in place.items() for s in sources[node]):
        return list(nodes)
    users: dict[T, list[T]] = {node: [] for node in nodes}
    waiting = {}
    for node in nodes:
        unique = set(sources[node])
        waiting[node] = len(unique)
        for s in unique:
            users[s].append(node)
    ready = [(key(node), node) for node in nodes if not waiting[node]]
    heapq.heapify(ready)
    result = []
    while ready:
        _, node = heapq.heappop(ready)
        result.append(node)
        for user in users[node]:
            waiting[user] -= 1
            if not waiting[user]:
                heapq.heappush(ready, (key(user), user))
    if len(result) < len(nodes):
        stuck: Any = next(node for node in nodes if waiting[node])
        op = stuck if isinstance(stuck, Operation) else stuck.enters[0]
        raise errors.InvalidArgumentError(None, op, f"The graph has a cycle through '{op.name}'")
    return result


def _nested(order: list[Operation], sources: Mapping[Operation, list[Operation]], fed: set[Tensor]) -> Frame:
    root = Frame(None, "")
    frames: dict[tuple[Frame, str], Frame] = {}
    inside: dict[Operation, Frame] = {}  # where an operation runs
    for op in order:
        frame = _surrounding(op, root, inside, fed)
        if op.type in ENTER:
            name = op.get_attr("frame_name").decode()
            outer = frame
            frame = frames.setdefault((outer, name), Frame(outer, name))
            frame.enters.append(op)
        elif op.type in EXIT:
            frame.exits.append(op)
        elif op.type == "LoopCond":
            frame.condition = op
        elif loop_merge(op):
            frame.merges.append(op)
        inside[op] = frame
    for frame in frames.values():
        if frame.condition is None:
            raise errors.InvalidArgumentError(None, frame.enters[0], f"The loop '{frame.name}' has no LoopCond: it cannot end")
    _fill(root, list(frames.values()), order, inside, sources)
    return root


def _surrounding(op: Operation, root: Frame, inside: dict[Operation, Frame], fed: set[Tensor]) -> Frame:
    """The frame whose values `op` takes: the innermost of those that its inputs leave it in."""
    found, giver = root, None
    for source in [t.op for t in op._inputs if t not in fed] + op._control_inputs:
        if source not in inside:
            continue  # what comes round again
        frame = inside[source]
        if source.type in EXIT:
            assert frame.parent is not None
            frame = frame.parent
        inner, outer = (frame, found) if frame.depth >= found.depth else (found, frame)
        ancestor: Frame | None = inner
        while ancestor is not None and ancestor.depth > outer.depth:
            ancestor = ancestor.parent
        if ancestor is not outer:
            raise errors.InvalidArgumentError(
                None,
                op,
                f"{{{{node {op.name}}}}} has inputs from different frames. The input {{{{node {source.name}}}}} is in frame "
                f"'{frame.name}'. The input {{{{node {giver}}}}} is in frame '{found.name}'.",
            )
        if frame is inner and frame is not found:
            found, giver = frame, source.name
    return found


def _fill(
    root: Frame,
    frames: list[Frame],
    order: list[Operation],
    inside: dict[Operation, Frame],
    sources: Mapping[Operation, list[Operation]],
) -> None:
    """Put into each frame its nodes, in order."""
    nodes: dict[Frame, dict[Any, set[Any]]] = {frame: {} for frame in (root, *frames)}
    number = {op: op._id for op in order}
    for frame in frames:
        assert frame.parent is not None
        nodes[frame.parent][frame] = set()
    for op in order:
        nodes[inside[op]][op] = set()
    for op in order:
        for source in sources[op]:
            common, other = inside[op], inside[source]
            while common.depth > other.depth:
                assert common.parent is not None
                common = common.parent
            while other.depth > common.depth:
                assert other.parent is not None
                other = other.parent
            while common is not other:
                assert common.parent is not None
                assert other.parent is not None
                common, other = common.parent, other.parent
            user = op if inside[op] is common else common.child_towards(inside[op])
            giver = source if inside[source] is common else common.child_towards(inside[source])
            if user is not giver:
                nodes[common][user].add(giver)
    first = {frame: min(number[op] for op in frame.enters) for frame in frames}

    def key(node: Any) -> int:
        return first[node] if isinstance(node, Frame) else number[node]

    for frame, edges in nodes.items():
        frame.nodes.extend(_ordered(sorted(edges, key=key), edges, key))
