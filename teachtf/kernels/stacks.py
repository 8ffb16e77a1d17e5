"""Kernels of stacks: what a loop forward leaves for the loop of its gradients. A handle is a list, made anew in each run."""

from __future__ import annotations

from typing import Any

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel


@kernel("StackV2")
def _stack(op: Any) -> Call:
    return lambda max_size: []


@kernel("StackPushV2", aliasing=True)
def _push(op: Any) -> Call:
    def call(stack: list[Any], value: Any) -> Any:
        stack.append(value)
        return value

    return call


@kernel("StackPopV2", aliasing=True)
def _pop(op: Any) -> Call:
    def call(stack: list[Any]) -> Any:
        if not stack:
            raise errors.InvalidArgumentError(None, None, "Stack is empty when calling Pop()")
        return stack.pop()

    return call


@kernel("StackCloseV2")
def _close(op: Any) -> Call:
    return lambda stack: stack.clear()


@kernel("Enter", "RefEnter", "Exit", "RefExit", "NextIteration", "RefNextIteration", "LoopCond", aliasing=True)
def _pass_on(op: Any) -> Call:
    """The plan writes loops as Python's own and needs no call for these; in a branch that may be dead it does."""
    return lambda value: value
