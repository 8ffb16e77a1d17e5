"""What a run tells of itself: `RunOptions` in, `RunMetadata` out. Source: `config.proto`, `step_stats.proto`."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from teachtf.core.graph_def import node_to_proto
from teachtf.core.operation import Operation
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.kernels.registry import Cell
from teachtf.kernels.state import DEAD

_ALLOCATOR = "cpu"


class Trace:
    """The times and results of the ops of one run; `seen` is what a traced plan calls after each.

    Args:
      placement: the device of each op.
    """

    def __init__(self, placement: dict[Operation, str]) -> None:
        self._placement = placement
        # Plans count by a clock that never jumps; the protocol wants the time of day.
        self._epoch = time.time_ns() - time.perf_counter_ns()
        self._thread = threading.get_ident() & 0xFFFFFFFF
        self._events: list[tuple[Operation, int, int, list[Any]]] = []
        self._start = time.perf_counter_ns()
        self._dead: set[Operation] = set()

    def seen(self, op: Operation, start: int, values: tuple[Any, ...]) -> None:
        """Note that `op` has run since `start` and gave `values`."""
        end = time.perf_counter_ns()
        if values and all(v is DEAD for v in values):
            self._dead.add(op)  # on the way that a cond did not take
            return
        self._events.append((op, start, end, [_describe(v) for v in values[: len(op.outputs)]]))

    def write(self, metadata: Any) -> None:
        """Fill in the `step_stats` of a RunMetadata: a DevStats for each device, its ops in the order in which they ran.

        Constants, variables and what only hands on a value take no time: a plan has them at hand. They stand where their
        inputs were ready.
        """
        devices: dict[str, Any] = {}
        for op, start, end, outputs in self._at_hand() + self._events:
            device = self._placement[op]
            if device not in devices:
                devices[device] = metadata.step_stats.dev_stats.add(device=device)
            self._write_node(devices[device].node_stats.add(), op, start + self._epoch, end - start, outputs)

    def _at_hand(self) -> list[tuple[Operation, int, int, list[Any]]]:
        ended = {op: end for op, _, end, _ in self._events}
        found = []
        for op in self._placement:
            if op not in ended and op not in self._dead:
                ended[op] = start = max((ended.get(t.op, self._start) for t in op.inputs), default=self._start)
                found.append((op, start, start, [_static(t) for t in op.outputs]))
        return found

    def _write_node(self, node: Any, op: Operation, start: int, took: int, outputs: list[Any]) -> None:
        node.node_name = op.name
        sources = [t.op.name if t._value_index == 0 else t.name for t in op.inputs]
        node.timeline_label = f"{op.name} = {op.type}({', '.join(sources)})"
        node.thread_id = self._thread
        node.scheduled_nanos = node.all_start_nanos = start
        node.scheduled_micros = node.all_start_micros = start // 1000
        node.op_end_rel_nanos = node.all_end_rel_nanos = took
        node.op_end_rel_micros = node.all_end_rel_micros = max(took // 1000, 1)
        total = 0
        for slot, described in enumerate(outputs):
            if described is None:
                continue
            shape, size, is_reference = described
            output = node.output.add(slot=slot)
            output.tensor_description.dtype = op.outputs[slot].dtype.base_dtype.as_datatype_enum
            output.tensor_description.shape.CopyFrom(TensorShape(shape).as_proto())
            allocation = output.tensor_description.allocation_description
            allocation.requested_bytes = allocation.allocated_bytes = size
            allocation.allocator_name = _ALLOCATOR
            if is_reference:
                node.memory_stats.persistent_memory_size += size
            else:
                total += size
        if total:
            node.memory.add(allocator_name=_ALLOCATOR, total_bytes=total, peak_bytes=total, live_bytes=total)


def _describe(value: Any) -> tuple[tuple[int, ...], int, bool] | None:
    """Shape, bytes and whether a variable holds it; None for what has no such thing."""
    is_reference = isinstance(value, Cell)
    if is_reference:
        value = value.value
    if value is None or value is DEAD:
        return None
    texts = getattr(getattr(value, "dtype", None), "kind", "") == "O"
    size = sum(map(len, np.ravel(value))) if texts else getattr(value, "nbytes", 8)
    return np.shape(value), size, is_reference


def _static(tensor: Tensor) -> tuple[tuple[int, ...], int, bool] | None:
    """The same of a tensor whose value was at hand, where its shape is known."""
    count = tensor.shape.num_elements()
    if count is None:
        return None
    return tuple(d or 0 for d in tensor.shape.as_list()), count * tensor.dtype.base_dtype.size, True


def partition_graphs(metadata: Any, ops: list[Operation], placement: dict[Operation, str]) -> None:
    """Fill in the `partition_graphs` of a RunMetadata: for each device a GraphDef of the ops that run there."""
    graphs: dict[str, Any] = {}
    for op in ops:
        device = placement[op]
        if device not in graphs:
            graphs[device] = metadata.partition_graphs.add()
            graphs[device].versions.CopyFrom(op.graph.graph_def_versions)
        node = graphs[device].node.add()
        node.CopyFrom(node_to_proto(op))
        node.device = device
