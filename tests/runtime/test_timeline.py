"""Traces for Chrome of real runs: what a page of time needs to show them."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

import numpy as np

import teachtf as tf
from teachtf.python.client import timeline


def traced() -> tuple[Any, list[dict[str, Any]]]:
    """The step stats and the trace of a run on two devices, with a loop."""
    x = tf.placeholder(tf.float32, [64, 64], name="x")
    with tf.device("/gpu:0"):
        y = tf.matmul(x, x, name="product")
    with tf.device("/cpu:0"):
        chain = tf.exp(tf.tanh(y) * 0.5, name="chain")
        last = tf.while_loop(lambda i, v: i < 3, lambda i, v: (i + 1, tf.sin(v)), [0, chain])[1]
    options, metadata = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), tf.RunMetadata()
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 1})) as sess:
        sess.run(last, {x: np.ones([64, 64])}, options=options, run_metadata=metadata)
    text = timeline.Timeline(metadata.step_stats).generate_chrome_trace_format(show_memory=True)
    return metadata.step_stats, json.loads(text)["traceEvents"]


def test_every_bar_stands_in_the_row_of_its_device() -> None:
    stats, events = traced()
    rows = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    bars = [e for e in events if e["ph"] == "X"]
    assert len(set(rows.values())) == len(rows) and {e["pid"] for e in bars} <= set(rows)
    found = {e["args"]["name"]: rows[e["pid"]] for e in bars}
    for device in stats.dev_stats:
        assert {found[node.node_name] for node in device.node_stats} == {f"{device.device} Compute"}
    assert "GPU:0" in found["product"] and "CPU:0" in found["chain"]


def test_bars_have_the_measured_times_and_do_not_overlap() -> None:
    stats, events = traced()
    bars = [e for e in events if e["ph"] == "X"]
    took = defaultdict(list)
    for device in stats.dev_stats:
        for node in device.node_stats:
            took[node.node_name].append(max(node.all_end_rel_nanos // 1000, 1))
    for name, times in took.items():
        assert [e["dur"] for e in bars if e["args"]["name"] == name] == times
    assert len(took["while/Sin"]) == 3
    rows = defaultdict(list)
    for bar in bars:
        rows[bar["pid"], bar["tid"]].append((bar["ts"], bar["ts"] + bar["dur"]))
    for row in rows.values():
        row.sort()
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(row))


def test_arrows_begin_and_end_at_bars() -> None:
    _, events = traced()
    bars = [e for e in events if e["ph"] == "X"]
    starts = {e["id"]: e for e in events if e["ph"] == "s"}
    for end in (e for e in events if e["ph"] == "t"):
        start = starts.pop(end["id"])
        for at in (start, end):
            assert any(b["pid"] == at["pid"] and b["tid"] == at["tid"] for b in bars)
    assert not starts


def test_a_traced_run_goes_operation_by_operation() -> None:
    """A bar for each operation of the graph; `tf.runtime.explain(..., run=True)` times lines as they are fused."""
    _, events = traced()
    assert {"Tanh", "Mul", "Exp"} <= {e["name"] for e in events if e["ph"] == "X"}
