"""What to say when a graph and a checkpoint do not fit: which names are missing, which drifted, and from what."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

from teachtf.core.shapes import TensorShape
from teachtf.core.source import Stack

_SHOWN = 8
_SUFFIX = re.compile(r"_\d+(?=/|$)")


def _shown(items: Sequence[str]) -> str:
    more = f" and {len(items) - _SHOWN} more" if len(items) > _SHOWN else ""
    return ", ".join(items[:_SHOWN]) + more


def drifted_from(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` was before it got a number.

    >>> drifted_from("layer_1/w", ["layer/w", "b"]), drifted_from("v_2", ["b", "v_1"])
    ('layer/w', 'v_1')
    """
    stem = _SUFFIX.sub("", name)
    if stem == name:
        return None
    same = [c for c in candidates if c != name and _SUFFIX.sub("", c) == stem]
    # The nearest number below: of v and v_1, v_2 was v_1.
    return max((c for c in same if _numbers(c) < _numbers(name)), key=_numbers, default=min(same, key=_numbers, default=None))


def _numbers(name: str) -> list[int]:
    return [int(m.group()[1:]) if (m := _SUFFIX.search(part)) else 0 for part in name.split("/")]


def missing_keys(op: Any, keys: Sequence[str], specs: Sequence[str], reader: Any) -> str:
    """The message of the NotFoundError for keys that a checkpoint does not hold.

    It starts with TensorFlow's sentence; then come all that is missing, names that drifted, what the checkpoint has and the
    graph does not ask for, and the closest names, with shapes.
    """
    graph_shapes = {k: _wanted_shape(out, spec) for k, out, spec in zip(keys, op.outputs, specs, strict=True)}
    stored = reader.shapes()
    missing = [k for k in keys if k not in stored]
    extra = [n for n in stored if n not in graph_shapes]
    lines = [f"Key {missing[0]} not found in checkpoint {reader.prefix}."]
    lines.append(f"Missing from the checkpoint: {_shown([f'{k} {graph_shapes[k]}' for k in missing])}.")
    drifted = {k: was for k in missing if (was := drifted_from(k, stored))}
    if drifted:
        pairs = _shown([f"{k} (was {was} {list(stored[was])})" for k, was in drifted.items()])
        renames = ", ".join(f"{was!r}: {k}" for k, was in list(drifted.items())[:3])
        lines.append(
            f"Drifted names: {pairs}. A number at the end comes from code that ran twice in one graph, as a notebook cell "
            "does. Build the graph afresh (tf.reset_default_graph() in the first cell), or say what is what: "
            f"tf.train.Saver({{{renames}{', ...' if len(drifted) > 3 else ''}}})."
        )
    closest = _closest([k for k in missing if k not in drifted], stored)
    if closest:
        lines.append(f"Closest names in the checkpoint: {closest}.")
    if extra:
        lines.append(f"In the checkpoint but not asked for: {_shown([f'{n} {list(stored[n])}' for n in extra])}.")
    if not drifted:
        there = sum(k in stored for k in keys)
        lines.append(
            f"{there} of {len(keys)} names fit. To restore only those that the checkpoint has, list them: "
            "tf.train.Saver([v, ...]), or tf.train.Saver({'name in the checkpoint': v})."
        )
    return "\n".join(lines)


def _closest(missing: Sequence[str], stored: dict[str, Any]) -> str:
    found = []
    for name in missing[:_SHOWN]:
        close = difflib.get_close_matches(name, stored, n=2, cutoff=0.6)
        tail = name.rsplit("/", 1)[-1]
        close += [other for other in stored if other.rsplit("/", 1)[-1] == tail and other not in close][:2]
        if close:
            found.append(f"{name} ~ {' or '.join(f'{c} {list(stored[c])}' for c in close)}")
    return "; ".join(found)


def _wanted_shape(output: Any, spec: str) -> str:
    if spec:
        return str([int(d) for d in spec.split(" ")[:-1]])
    for user in output._consumers:
        if user.type == "Assign":
            return _text(user._inputs[0]._shape)
        if user.type == "Reshape":
            return _wanted_shape(user.outputs[0], "")
    return _text(output._shape)


def _text(shape: TensorShape) -> str:
    return "of any shape" if shape.ndims is None else str(["?" if d is None else d for d in shape.as_list()]).replace("'", "")


def ran_twice(variables: Sequence[Any]) -> dict[str, str]:
    """Variables that stand twice because their code ran twice: the later name, and what it was before.

    A loop that makes layers numbers them too, and is right to. It runs one code object; a notebook cell that runs again is
    compiled again, so the same line of the same file then has another code object.
    """
    by_name = {v.op.name: v.op for v in variables}
    found = {}
    for name, op in by_name.items():
        was = drifted_from(name, by_name)
        if was is not None and by_name[was]._id < op._id and _recompiled(by_name[was]._stack, op._stack):
            found[name] = was
    return found


def _recompiled(before: Stack, after: Stack) -> bool:
    for (old, old_line), (new, new_line) in zip(before, after, strict=False):
        if old is not new:
            return (old.co_filename, old.co_name, old_line) == (new.co_filename, new.co_name, new_line)
    return False
