"""Which values can be used in which loop. Source: `CheckInputFromValidContext` of TensorFlow's `control_flow_util`."""

from __future__ import annotations

from typing import Any


def _around(outer: Any, inner: Any) -> bool:
    """Whether `inner` is in `outer`, or is it."""
    while inner is not None and inner is not outer:
        inner = inner.outer
    return inner is outer


def _related(ours: Any, theirs: Any) -> bool:
    """Whether one loop computes gradients of the other."""
    forward = None if ours.grad_state is None else ours.grad_state.forward_context
    if forward is not None and (_around(theirs, forward) or theirs.outer is forward):
        return True
    back = None if theirs.grad_state is None else theirs.grad_state.forward_context
    if back is None:
        return False
    return back is ours or (back.grad_state is not None and back.grad_state.forward_context is ours)


def check_use(op: Any, source: str, theirs: Any, context: Any) -> None:
    """Refuse that `op`, made in `context`, takes a value of the operation called `source` out of the loop `theirs`.

    Raises:
      ValueError: it does.
    """
    ours = None if context is None else context.loop()
    if theirs is None or _around(theirs, ours):
        return
    if ours is None and op.type in ("Enter", "RefEnter", "Switch", "RefSwitch"):
        return
    if ours is not None and _related(ours, theirs):
        return
    where = "they are in different while loops" if ours is not None else f"'{source}' is in a while loop"
    raise ValueError(
        f"Cannot use '{source}' as input to '{op.name}' because {where}. Return it from the body as a loop variable, and "
        "use what tf.while_loop gives."
    )
