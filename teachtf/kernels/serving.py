"""Which code serves a kernel's call now: NumPy, or what the compiler has made. For those who look at a plan.

A kernel that is compiled behind the runs tells by an attribute of its call, `code`: a function of the inputs, as (shape, dtype)
pairs, that gives what `compiling` knows the code by, or None where NumPy is quicker.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from teachtf.kernels import compiling
from teachtf.kernels.cpu.formula import spread_of

__all__ = ["Inputs", "loop_code", "state", "telling"]

Inputs = Sequence[tuple[tuple[int, ...], Any]]


def telling(call: Any, code: Callable[[Inputs], Hashable]) -> Any:
    """`call`, which says what is compiled for it."""
    call.code = code
    return call


def loop_code(compiled: compiling.Compiled, inputs: Inputs) -> Hashable:
    """What the loop of a formula for such inputs is known by; None if no loop can take them."""
    shapes, dtypes = zip(*inputs, strict=True)
    spread = spread_of(compiled._formula, shapes, compiled._updates)
    return None if spread is None else (compiled._formula, spread.kinds, dtypes)


def state(call: Any, inputs: Inputs) -> str:
    """What serves such inputs: "compiled" code; NumPy while that is "compiling" or is still "to compile", as it will be when
    asked for; "NumPy" for good; "" where a call does not tell."""
    code = getattr(call, "code", None)
    if code is None:
        return ""
    key = code(inputs)
    job = compiling._jobs.get(key)
    if key is None or (job is not None and job.done() and job.exception() is not None):
        return "NumPy"
    return "to compile" if job is None else "compiled" if job.done() else "compiling"
