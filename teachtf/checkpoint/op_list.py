"""The declarations of ops as `OpDef` protos: a meta graph carries those that its graph uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teachtf.core import op_def
from teachtf.core.op_def_proto import op_def_proto


def declarations(op_types: Iterable[str]) -> list[Any]:
    """The declarations of those op types, by name; types that are not declared here are left out."""
    known = op_def.registry()
    return [op_def_proto(known[name]) for name in sorted(set(op_types)) if name in known]


def strip_defaults(graph_def: Any) -> None:
    """Take attributes that have their declared default out of a graph."""
    defaults: dict[str, dict[str, bytes]] = {}
    for node in graph_def.node:
        if node.op not in defaults:
            protos = declarations([node.op])
            attrs = protos[0].attr if protos else ()
            defaults[node.op] = {
                a.name: a.default_value.SerializeToString(deterministic=True) for a in attrs if a.HasField("default_value")
            }
        for name in [n for n in node.attr if n in defaults[node.op]]:
            if node.attr[name].SerializeToString(deterministic=True) == defaults[node.op][name]:
                del node.attr[name]
