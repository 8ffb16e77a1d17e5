"""How op names fall into name scopes, and which ops belong to which variable.

TensorFlow has no object for a name scope: scopes are read off the slashes. Two habits blur them, and both are undone
here: a variable's helpers (`w/Assign`, `w/read`, `w/Initializer/...`, `w/Adam`) live under the variable's own name, and
`add/y` is only the constant operand of the op `add`, not a scope that anybody opened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .facts import PLACEHOLDER_TYPES, VARIABLE_TYPES

Path = tuple[str, ...]


def prefixes(name: str) -> list[str]:
    """Returns the names of all scopes around a name, outermost first: `a/b/c` gives `a` and `a/b`."""
    parts = name.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def variable_owners(ops: Iterable[Any], keep: Iterable[str] = ()) -> dict[str, str]:
    """Maps the name of each op that belongs to a variable to the name of that variable's op.

    A variable owns itself, everything under its name (its optimizer slots too), and the ops outside that serve only to
    make its initial value, such as the `random_normal/...` of `tf.Variable(tf.random_normal([2]))`. Ops named in
    `keep`, which somebody fetches, are owned by nobody unless they stand under a variable's name.
    """
    ops = list(ops)
    variables = {op.name for op in ops if op.type in VARIABLE_TYPES}
    owners: dict[str, str] = {}
    for op in ops:
        for name in [*prefixes(op.name), op.name]:
            if name in variables:
                owners[op.name] = name
                break
    users: dict[str, set[str]] = defaultdict(set)
    for op in ops:
        for producer in [tensor.op for tensor in op.inputs] + list(op.control_inputs):
            users[producer.name].add(op.name)
    fixed = set(keep)
    # Ops are made after what they read, so one walk backwards meets every user before its producer.
    for op in reversed(ops):
        if op.name in owners or op.name in fixed or op.type in PLACEHOLDER_TYPES or not users[op.name]:
            continue
        claims = {owners.get(user) for user in users[op.name]}
        if len(claims) == 1 and None not in claims:
            owners[op.name] = str(claims.pop())
    return owners


def scope_paths(ops: Iterable[Any], owners: dict[str, str]) -> dict[str, Path]:
    """Maps each op's name to the name scopes that a reader would say it stands in, as full scope names.

    A prefix that is itself an op's name counts as a scope only when more than constants stand under it, as under the
    composite `random_normal`; the op of that name then stands inside too.
    """
    ops = list(ops)
    names = {op.name for op in ops}
    made: set[str] = set()
    for op in ops:
        if op.name not in owners and op.type != "Const":
            made.update(prefixes(op.name))
    paths: dict[str, Path] = {}
    for op in ops:
        anchor = owners.get(op.name, op.name)
        around = prefixes(anchor)
        if anchor in made and op.name not in owners:
            around = [*around, anchor]
        paths[op.name] = tuple(scope for scope in around if scope not in names or scope in made)
    return paths
