"""Traces for Chrome: what ran when and where. Source: `tensorflow/python/client/timeline.py`.

Open the JSON in `chrome://tracing` or https://ui.perfetto.dev: a row for each device, a bar for each op, an arrow for each
tensor, a curve for the memory. A traced run goes operation by operation; `tf.runtime.explain(..., run=True).chrome_trace()`
shows the lines of a plan as they run, fused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_LABEL = re.compile(r"(?P<name>\S+) = (?P<op>\w+)\((?P<inputs>.*)\)")
_TIMES = ("schedule", "gpu", "all")


class Timeline:
    """The step stats of a traced run, as a picture of time.

    Args:
      step_stats: the `step_stats` of a RunMetadata.
      graph: accepted, as TensorFlow does.

    >>> import teachtf as tf
    >>> from teachtf.python.client import timeline
    >>> options = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
    >>> metadata = tf.RunMetadata()
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     value = sess.run(tf.square(tf.placeholder_with_default(3.0, [])), options=options, run_metadata=metadata)
    >>> text = timeline.Timeline(metadata.step_stats).generate_chrome_trace_format()
    >>> [e["args"]["name"] for e in json.loads(text)["traceEvents"] if e["ph"] == "X" and e["name"] == "Square"]
    ['Square']
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        self._step_stats = step_stats

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False, op_time: str = "schedule"
    ) -> str:
        """The trace as JSON text.

        Args:
          show_dataflow: whether arrows show where tensors go.
          show_memory: whether a curve shows the bytes that the values of the run take.
          op_time: accepted: "schedule", "gpu" or "all".

        Raises:
          ValueError: `op_time` is none of these.
        """
        if op_time not in _TIMES:
            raise ValueError(f"op_time is one of {', '.join(map(repr, _TIMES))}, not {op_time!r}")
        events = [_process(0, "Allocators")]
        compute = {}
        for number, stats in enumerate(self._step_stats.dev_stats):
            compute[stats.device] = 1 + 2 * number
            events.append(_process(1 + 2 * number, f"{stats.device} Compute"))
            events.append(_process(2 + 2 * number, f"{stats.device} Tensors"))
        bars = [_Bar(compute[device.device], node) for device in self._step_stats.dev_stats for node in device.node_stats]
        _stack(bars)
        events += [bar.event() for bar in bars]
        if show_dataflow:
            events += _arrows(bars)
        if show_memory:
            events += [*_tensors(bars), *_memory(bars)]
        return json.dumps({"traceEvents": events}, indent=4, separators=(",", ": "))


class _Bar:
    """One op on the page."""

    def __init__(self, pid: int, node: Any) -> None:
        label = _LABEL.match(node.timeline_label)
        self.pid, self.tid = pid, 0
        self.name = node.node_name
        self.op = label["op"] if label else node.node_name
        self.inputs = [i for i in label["inputs"].split(", ") if i] if label else []
        self.start, self.took = node.all_start_micros, node.all_end_rel_micros
        self.bytes = sum(m.total_bytes for m in node.memory)
        self.outputs = {
            self.name if output.slot == 0 else f"{self.name}:{output.slot}": output.tensor_description for output in node.output
        }

    def event(self) -> dict[str, Any]:
        inputs = {f"input{i}": name for i, name in enumerate(self.inputs)}
        args = {"name": self.name, "op": self.op, **inputs}
        place = {"pid": self.pid, "tid": self.tid, "ts": self.start, "dur": self.took}
        return {"ph": "X", "cat": "Op", "name": self.op, **place, "args": args}


def _process(pid: int, name: str) -> dict[str, Any]:
    return {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}}


def _stack(bars: list[_Bar]) -> None:
    """Put bars that overlap in time into rows below each other."""
    ends: dict[tuple[int, int], int] = {}
    for bar in sorted(bars, key=lambda b: b.start):
        while ends.get((bar.pid, bar.tid), 0) > bar.start:
            bar.tid += 1
        ends[bar.pid, bar.tid] = bar.start + bar.took


def _arrows(bars: list[_Bar]) -> Iterator[dict[str, Any]]:
    """An arrow from each op to those on other rows that take its result."""
    made = {bar.name: bar for bar in bars}
    number = 0
    for bar in bars:
        for name in dict.fromkeys(i.partition(":")[0] for i in bar.inputs):
            source = made.get(name)
            if source is None or (source.pid, source.tid) == (bar.pid, bar.tid):
                continue
            common = {"cat": "DataFlow", "name": name}
            yield {"ph": "s", **common, "pid": source.pid, "tid": source.tid, "ts": source.start + source.took, "id": number}
            yield {"ph": "t", **common, "pid": bar.pid, "tid": bar.tid, "ts": bar.start, "id": number}
            number += 1


def _last_uses(bars: list[_Bar]) -> dict[str, int]:
    """When the last op that takes a result of each op is done."""
    last: dict[str, int] = {}
    for bar in bars:
        for name in bar.inputs:
            op = name.partition(":")[0]
            last[op] = max(last.get(op, 0), bar.start + bar.took)
    return last


def _tensors(bars: list[_Bar]) -> Iterator[dict[str, Any]]:
    """The life of each tensor: made, seen when its op is done, gone after its last use."""
    last = _last_uses(bars)
    number = 0
    for bar in bars:
        end = bar.start + bar.took
        for name, description in bar.outputs.items():
            common = {"cat": "Tensor", "name": name, "pid": bar.pid + 1, "tid": bar.tid, "id": number}
            yield {"ph": "N", **common, "ts": bar.start}
            yield {"ph": "O", **common, "ts": end, "args": {"snapshot": {"tensor_description": str(description)}}}
            yield {"ph": "D", **common, "ts": max(end, last.get(bar.name, end))}
            number += 1


def _memory(bars: list[_Bar]) -> Iterator[dict[str, Any]]:
    """The bytes of results that are still to be used, after each op."""
    last = _last_uses(bars)
    changes = [(bar.start + bar.took, bar.bytes) for bar in bars if bar.bytes]
    changes += [(last[bar.name], -bar.bytes) for bar in bars if bar.bytes and bar.name in last]
    total = 0
    for when, amount in sorted(changes):
        total += amount
        yield {"ph": "C", "cat": "Memory", "name": "cpu", "pid": 0, "tid": 0, "ts": when, "args": {"cpu": total}}
