"""Which elementwise operations run as one loop, follow a product row by row, or end in a sum.

A group grows along the order of a block: an operation joins the groups that its inputs come from, and the whole group then
runs where its last member stood. So a group is closed as soon as somebody outside takes one of its values, or a variable
that it reads is about to change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from teachtf.core import dtypes
from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels.fused import expression_of, is_product, is_sum
from teachtf.runtime.branches import Branches, Guards
from teachtf.runtime.frames import Frame, operations

_MOST_MEMBERS = 24
_MOST_ARRAYS = 20  # inputs and outputs: each is a stream of memory, and LLVM must tell them apart
_SMALLEST = 1 << 10  # elements: of smaller arrays NumPy's calls cost less than working out a loop


class Group:
    """Elementwise operations that run as one: behind a product, or with a sum at the end.

    Attributes:
      ops: the members, in order.
      inputs: the tensors from outside that they take.
      outputs: their tensors that are taken outside.
      followers: operations that only hand on a member's value.
      left: those of them whose result is taken outside.
      gpu: the number of the real GPU that they are on.
    """

    def __init__(self, op: Operation, guards: Guards, place: Mapping[Any, int], gpu: int | None = None) -> None:
        self.ops = [op]
        self.guards, self.gpu = guards, gpu
        self.open = True
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.followers: list[Operation] = []
        self.left: list[Operation] = []
        self._place = place

    def take(self, other: Group) -> None:
        """Become both."""
        self.ops = sorted({*other.ops, *self.ops}, key=self._place.__getitem__)
        self.followers = sorted({*other.followers, *self.followers}, key=self._place.__getitem__)

    def finish(self, running: Set[Operation], fetches: Set[object]) -> None:
        members, followers = set(self.ops), set(self.followers)

        def taken(tensor: Tensor) -> bool:
            if tensor in fetches or tensor.op in fetches:
                return True
            users = [c for c in tensor._consumers if c in running and c not in members]
            return any(c not in followers or taken(c.outputs[0]) for c in users)

        self.inputs = list(dict.fromkeys(s for op in self.ops for s in map(self.source, op._inputs) if s.op not in members))
        self.outputs = [op.outputs[0] for op in self.ops if taken(op.outputs[0])]
        self.left = [op for op in self.followers if op in fetches or taken(op.outputs[0])]

    def names(self, arguments: Sequence[str]) -> list[list[str | int]]:
        """For each member what it takes: the name of an input, of `arguments`, or the number of another member."""
        known, members = dict(zip(self.inputs, arguments, strict=True)), {op: i for i, op in enumerate(self.ops)}
        taken = ([self.source(t) for t in op._inputs] for op in self.ops)
        return [[members[t.op] if t.op in members else known[t] for t in tensors] for tensors in taken]

    def source(self, tensor: Tensor) -> Tensor:
        """The member's tensor that `tensor` is, if a follower hands it on; else `tensor`."""
        while tensor.op in self.followers:
            tensor = tensor.op._inputs[0]
        return tensor


def fuse(
    nodes: Iterable[Operation | Frame],
    branches: Branches,
    running: Set[Operation],
    fed: Set[Tensor],
    fetches: Set[object],
    gpus: Mapping[Operation, int],
    apart: Set[Operation],
) -> Iterator[Operation | Frame | Group]:
    """`nodes` with groups in the places of their last members, and what hands on their values behind them.

    `gpus` gives the number of the real GPU that an operation is on: a group is on one, or on none. Those in `apart` join none.
    """
    groups: dict[Operation, Group] = {}
    order = list(nodes)
    place = {node: i for i, node in enumerate(order)}
    for node in order:
        if isinstance(node, Frame):
            for op in operations(node):
                _close(op, groups, None)
        elif node in apart:
            _close(node, groups, None)
        elif node not in gpus and is_product(node) and _is_large(node, fed, _SMALLEST):
            _close(node, groups, None)
            groups[node] = Group(node, branches.of(node), place)
        elif node not in gpus and is_sum(node) and _sums(node, groups, branches, place, fed):
            continue
        elif _can_join(node, fed, 1 if node in gpus else _SMALLEST):
            _join(node, groups, Group(node, branches.of(node), place, gpus.get(node)), fed)
        elif not _follows(node, groups, branches, fed):
            _close(node, groups, None)
    for node in order:
        group = groups.get(node) if isinstance(node, Operation) else None
        if group is None or (len(group.ops) == 1 and not group.followers):
            yield node
        elif node is group.ops[-1]:
            group.finish(running, fetches)
            yield group if len(group.ops) > 1 else node
            yield from group.left


def _follows(op: Operation, groups: dict[Operation, Group], branches: Branches, fed: Set[Tensor]) -> bool:
    """Let `op` go with the group whose value it hands on, if it does no more than that."""
    if op.type != "Identity" or op._inputs[0] in fed or op.outputs[0] in fed:
        return False
    group = groups.get(op._inputs[0].op)
    if group is None or not group.open or branches.of(op) != group.guards:
        return False
    group.followers.append(op)
    groups[op] = group
    return True


def _sums(
    op: Operation, groups: dict[Operation, Group], branches: Branches, place: Mapping[Any, int], fed: Set[Tensor]
) -> bool:
    """Let the group whose value `op` sums end in it, if that can be: a product's rows are not complete one by one."""
    group = groups.get(op._inputs[0].op)
    if group is None or not group.open or branches.of(op) != group.guards or group.gpu is not None:
        return False
    if any(t in fed for t in (*op._inputs, *op.outputs)) or any(map(is_product, group.ops)):
        return False
    own = Group(op, group.guards, place)
    own.take(group)
    for member in (*own.ops, *own.followers):
        groups[member] = own
    _close(op, groups, own)
    own.open = False
    return True


def _can_join(op: Operation, fed: Set[Tensor], smallest: int) -> bool:
    if expression_of(op) is None:
        return False
    dtype = op.outputs[0]._dtype
    if dtype not in (dtypes.float32, dtypes.float64) or any(t._dtype.base_dtype != dtype for t in op._inputs):
        return False
    return _is_large(op, fed, smallest)


def _is_large(op: Operation, fed: Set[Tensor], smallest: int) -> bool:
    shape = op.outputs[0].shape
    size = shape.num_elements()
    return op.outputs[0] not in fed and bool(shape.ndims) and (size is None or size >= smallest)


def _join(op: Operation, groups: dict[Operation, Group], mine: Group, fed: Set[Tensor]) -> None:
    """Put `op`, which is alone in `mine`, into a group with those that it can run with."""
    for tensor in op._inputs:
        group = groups.get(tensor.op)
        if group is None or tensor in fed or group is mine or not _fits(mine, group, op):
            continue
        mine.take(group)
        for member in (*group.ops, *group.followers):
            groups[member] = mine
    groups[op] = mine
    _close(op, groups, mine)


def _fits(mine: Group, group: Group, op: Operation) -> bool:
    if not group.open or group.guards != mine.guards or group.gpu != mine.gpu or len(group.ops) + len(mine.ops) > _MOST_MEMBERS:
        return False
    if sum(map(is_product, (*group.ops, *mine.ops))) > 1:
        return False
    if group.ops[0].outputs[0]._dtype != op.outputs[0]._dtype:
        return False
    ours, theirs = op.outputs[0].shape.as_tuple, group.ops[-1].outputs[0].shape.as_tuple
    if (
        ours is None
        or theirs is None
        or len(ours) != len(theirs)
        or any(None not in p and p[0] != p[1] for p in zip(ours, theirs, strict=True))
    ):
        return False
    return len({t for member in (*group.ops, *mine.ops) for t in member._inputs}) <= _MOST_ARRAYS


def _close(op: Operation, groups: dict[Operation, Group], own: Group | None) -> None:
    """Close the groups whose values `op` takes or waits for, and those that read a variable that it changes."""
    for source in (*(t.op for t in op._inputs), *op._control_inputs):
        group = groups.get(source)
        if group is not None and group is not own:
            group.open = False
    for tensor in op._inputs:
        if tensor._dtype._is_ref_dtype and op.type != "Identity":
            for read in tensor._consumers:
                for user in read.outputs[0]._consumers if read.type == "Identity" else (read,):
                    if user in groups and groups[user] is not own:
                        groups[user].open = False
