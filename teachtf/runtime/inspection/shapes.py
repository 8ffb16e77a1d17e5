"""The shapes of a plan's tensors, as far as its feeds tell them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from teachtf.core.convert import constant
from teachtf.core.graph import Graph
from teachtf.core.graph_def import node_to_proto, versions
from teachtf.core.graph_import import import_graph_def
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops.arrays import placeholder

_SCOPE = "plan"
_SMALL = 1 << 10  # elements: a larger constant is not copied, and its values say nothing of shapes


def known_shapes(ops: Iterable[Operation], fed: Mapping[Tensor, np.ndarray]) -> dict[Tensor, TensorShape]:
    """The shape of each output of `ops` and of each fed tensor.

    Where feeds say more than the graph does, the operations are built once more in a graph of their own, with the shapes of the
    fed arrays, so that each op's shape function speaks for itself.
    """
    ops = list(ops)
    shapes = {t: t.shape for op in ops for t in op.outputs}
    shapes |= {t: TensorShape(array.shape) for t, array in fed.items()}
    if all(t.shape.is_fully_defined() for t in (*fed, *shapes)):
        return shapes
    try:
        graph = _rebuilt(ops, fed)
    except (ValueError, TypeError):  # the shapes do not fit together: the run has the place to say so
        return shapes
    for op in ops:
        if f"{_SCOPE}/{op.name}" in graph._operations:
            for old, new in zip(op.outputs, graph._operations[f"{_SCOPE}/{op.name}"].outputs, strict=True):
                if old not in fed:
                    shapes[old] = old.shape.merge_with(new.shape) if old.shape.is_compatible_with(new.shape) else new.shape
    return shapes


def _rebuilt(ops: list[Operation], fed: Mapping[Tensor, np.ndarray]) -> Graph:
    from tensorboard.compat.proto import graph_pb2

    large = {op for op in ops if op.type == "Const" and op.outputs[0].shape.num_elements() not in range(_SMALL)}
    kept = {op.name for op in ops if op not in large}
    given: dict[Tensor, Any] = {op.outputs[0]: op.outputs[0].shape for op in large} | dict(fed)
    proto = graph_pb2.GraphDef(versions=versions())
    for op in ops:
        if op.name in kept:
            node = node_to_proto(op, proto.node.add())
            node.device = ""
            node.attr.pop("_class", None)
            sources = [i for i in node.input if not i.startswith("^") or i[1:] in kept]
            del node.input[:]
            node.input.extend(sources)
    wanted = {t for op in ops if op.name in kept for t in op.inputs}
    with Graph().as_default() as graph:
        inputs = {t.name: _stand_in(t, value) for t, value in given.items() if t in wanted}
        import_graph_def(proto, input_map=inputs, name=_SCOPE)
    return graph


def _stand_in(tensor: Tensor, value: Any) -> Tensor:
    """A tensor of the same shape; of the same values where those may be shapes themselves."""
    dtype = tensor.dtype.base_dtype
    if isinstance(value, TensorShape):
        return placeholder(dtype, value)
    return constant(value, dtype) if dtype.is_integer and value.size < _SMALL else placeholder(dtype, value.shape)
