"""What is constant is computed when the plan is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor

_LIMIT = 1 << 20  # elements: a larger constant result is computed each run instead of being kept


def folded(op: Operation, call: Callable[..., Any], constants: Mapping[Tensor, Any]) -> dict[Tensor, Any]:
    """The values of what `op` gives if all that it takes is constant, else nothing. Errors wait for the run, where they have a
    place to be told."""
    if not op._inputs or op._control_inputs or op._op_def.is_stateful:
        return {}
    if not all(t in constants for t in op._inputs):
        return {}
    if any(t._dtype._is_ref_dtype for t in op.outputs):
        return {}
    sizes = [t.shape.num_elements() for t in op.outputs]
    if any(s is None or s > _LIMIT for s in sizes):
        return {}
    try:
        values = call(*(constants[t] for t in op._inputs))
    except Exception:
        return {}
    return dict(zip(op.outputs, values if isinstance(values, tuple) else (values,), strict=True))
