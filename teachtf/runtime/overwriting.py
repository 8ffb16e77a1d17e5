"""Which group writes its first result over an input that nobody wants any more.

It must be sure that nobody else sees the input's memory: not what was fed or is fetched, nor a view, a variable or a function
of the user's. So the input comes from a kernel that makes an array of its own, and goes to kernels that keep nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Set

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels.fused import expression_of
from teachtf.kernels.registry import ALIASING
from teachtf.runtime.frames import ENTER, EXIT, MERGE, NEXT, SWITCH
from teachtf.runtime.fusion import Group
from teachtf.runtime.lines import Lines

_FRESH = {"AvgPool", "AvgPoolGrad", "Conv2D", "Conv2DBackpropInput", "MatMul", "MaxPool", "MaxPoolGrad", "Softmax"}
_FLOW = {*ENTER, *EXIT, *MERGE, *NEXT, *SWITCH}


def overwritten(
    lines: Lines, groups: Mapping[str, Group], names: Mapping[Tensor, str], running: Set[Operation]
) -> Iterator[tuple[str, Group, Tensor]]:
    """The name of each such group, the group, and the input.

    Args:
      groups: by their names in the plan.
      names: of the tensors in the plan.
      running: the operations of the plan.
    """
    called = Counter(names.values())
    made = {t for group in groups.values() for t in group.outputs}
    for op, gone in lines.given_up():
        name = f"g{op._id}" if op is not None else ""
        group = groups.get(name)
        if group is None or group.guards or not group.outputs or any(expression_of(member) is None for member in group.ops):
            continue
        shape = group.outputs[0].shape.as_tuple
        for tensor in group.inputs:
            fits = tensor.dtype == group.outputs[0].dtype and tensor.shape.as_tuple == shape
            fresh = tensor in made or tensor.op.type in _FRESH
            if fits and fresh and names[tensor] in gone and called[names[tensor]] == 1 and not _kept(tensor, running):
                yield name, group, tensor
                break


def _kept(tensor: Tensor, running: Set[Operation]) -> bool:
    """Whether an operation may hold the memory of `tensor` after it has run."""
    return any(
        op.type in ALIASING
        or op.type in _FLOW
        or op.type.startswith("PyFunc")
        or op._op_def.is_stateful
        or any(t._dtype._is_ref_dtype for t in op._inputs)
        for op in tensor._consumers
        if op in running
    )
