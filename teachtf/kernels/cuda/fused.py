"""Groups of elementwise operations on a GPU: one kernel, written from the members' formulas as on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from teachtf.kernels.cpu.formula import Statements
from teachtf.kernels.cuda.arrays import to_gpu
from teachtf.kernels.cuda.elementwise import Elementwise
from teachtf.kernels.fused import members_of, statements_of
from teachtf.kernels.registry import Call

__all__ = ["fused"]


def fused(
    ops: Sequence[Any],
    inputs: Sequence[Any],
    outputs: Sequence[Any],
    source: Callable[[Any], Any],
    member: Callable[[Any], Call],
) -> Call:
    """The call that computes `outputs`, tensors of `ops`, from `inputs`, as `teachtf.kernels.fused.fused` does.

    Args:
      source: which of those tensors an operation really takes.
      member: gives the call of one operation, for shapes that one kernel cannot take and for their errors.
    """
    statements: Statements = statements_of(ops, inputs, outputs, source)
    function = Elementwise(statements)
    one_by_one = members_of(ops, inputs, outputs, source, member)
    single = len(outputs) == 1

    def call(*inputs: Any) -> Any:
        values = [to_gpu(x) for x in inputs]
        if not function.serves(values):
            return one_by_one(values)
        results = function(*values)
        return results[0] if single else results

    return call
