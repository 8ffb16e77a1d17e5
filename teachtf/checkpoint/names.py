"""Names with a scope put before them, or taken off."""

from __future__ import annotations


def prepended(name: str, scope: str | None) -> str:
    """`name` under `scope`, where `name` may be a control input or a colocation group.

    >>> prepended("a:0", "s"), prepended("^a", "s/"), prepended("loc:@a", "s"), prepended("a", None)
    ('s/a:0', '^s/a', 'loc:@s/a', 'a')
    """
    if not scope:
        return name
    for mark in ("^", "loc:@"):
        if name.startswith(mark):
            return f"{mark}{scope.rstrip('/')}/{name[len(mark) :]}"
    return f"{scope.rstrip('/')}/{name}"


def stripped(name: str, scope: str | None) -> str:
    """`name` without `scope` before it, the reverse of `prepended`."""
    if not scope:
        return name
    for mark in ("^", "loc:@", ""):
        start = f"{mark}{scope.rstrip('/')}/"
        if name.startswith(start):
            return mark + name[len(start) :]
    return name
