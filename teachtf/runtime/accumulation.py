"""Sums of products that are gathered as they come, as the gradient of weights that several layers share: each product is added
to the one before, and the sum is done with the last.

So one array is enough for all products, and their sum needs no pass of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

from teachtf.core.operation import Operation
from teachtf.core.tensor import Tensor
from teachtf.kernels.fused import is_product
from teachtf.runtime.branches import Branches


def gathered(
    nodes: Iterable[Any], branches: Branches, running: Set[Operation], fed: Set[Tensor], fetches: Set[object]
) -> dict[Operation, dict[Tensor, Tensor]]:
    """The sums (AddN) of several products among `nodes`, operations of one block: for each, which of its inputs is which
    product's."""
    here = {op for op in nodes if isinstance(op, Operation) and not branches.of(op)}

    def product(tensor: Tensor, total: Operation) -> Tensor | None:
        """The product that `tensor` is, if nobody but `total` sees it."""
        op = tensor.op
        users = [user for user in tensor._consumers if user in running]
        if users != [total] or op not in here or tensor in fed or tensor in fetches:
            return None
        if op.type == "Identity":  # as gradients hand on what they have computed
            return product(op._inputs[0], op)
        whole = tensor.shape.is_fully_defined() and tensor.shape == total.outputs[0].shape
        return tensor if op.type == "MatMul" and is_product(op) and whole else None

    sums = {}
    for op in here:
        if op.type == "AddN" and op.outputs[0] not in fed:
            products = {t: found for t in op._inputs if (found := product(t, op)) is not None}
            if len(products) > 1:
                sums[op] = products
    return sums
