"""Sessions: traces, parts, handles, time limits, clusters in one process, threads."""

from __future__ import annotations

import gc
import json
import threading
import time
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels.session_handles import stored
from teachtf.python.client import timeline


def traced(sess: tf.Session, fetches: Any, feed_dict: Any = None) -> Any:
    metadata = tf.RunMetadata()
    sess.run(fetches, feed_dict, tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), metadata)
    return metadata.step_stats


def test_a_trace_has_every_operation_that_ran() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable(tf.ones([2, 3]), name="w")
    y = tf.matmul(x, w, name="y")
    unused = tf.square(y, name="unused")
    with tf.device("/gpu:0"):
        z = tf.reduce_sum(y, name="z")
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 1})) as sess:
        sess.run(w.initializer)
        stats = traced(sess, z, {x: np.ones([4, 2])})
    nodes = {node.node_name: node for device in stats.dev_stats for node in device.node_stats}
    assert set(nodes) == {"w", "w/read", "y", "z", "Const"} and unused.op.name not in nodes
    assert [d.size for d in nodes["y"].output[0].tensor_description.shape.dim] == [4, 3]
    assert nodes["y"].memory[0].total_bytes == 48 and nodes["w"].memory_stats.persistent_memory_size == 24
    assert nodes["y"].timeline_label == "y = MatMul(x, w/read)"
    assert abs(nodes["y"].all_start_micros / 1e6 - time.time()) < 60
    assert nodes["z"].all_start_nanos >= nodes["y"].all_start_nanos + nodes["y"].all_end_rel_nanos
    assert [d.device.rpartition("/")[2] for d in stats.dev_stats] == ["device:GPU:0"]


def test_a_trace_of_a_choice_has_one_side() -> None:
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.placeholder_with_default(2.0, [], name="x")
    chosen = tf.cond(p, lambda: tf.square(x, name="square"), lambda: tf.negative(x, name="negative"))
    with tf.Session() as sess:
        names = {n.node_name for d in traced(sess, chosen, {p: True}).dev_stats for n in d.node_stats}
    assert "cond/square" in names and "cond/negative" not in names


def test_a_trace_of_a_loop_has_each_turn() -> None:
    if "while_loop" not in dir(tf):
        pytest.skip("teachtf has no while_loop")
    count = tf.while_loop(lambda i: i < 3, lambda i: tf.add(i, 1, name="turn"), [tf.placeholder_with_default(0, [])])
    with tf.Session() as sess:
        names = [n.node_name for d in traced(sess, count).dev_stats for n in d.node_stats]
    assert names.count("while/turn") == 3


def test_timelines_lay_bars_side_by_side() -> None:
    x = tf.placeholder_with_default(np.ones([8, 8], np.float32), [None, 8], name="x")
    y = tf.matmul(x, x, name="y")
    with tf.device("/gpu:1"):
        z = tf.square(y, name="z")
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 2})) as sess:
        stats = traced(sess, z)
    events = json.loads(timeline.Timeline(stats).generate_chrome_trace_format(show_memory=True))["traceEvents"]
    bars = [e for e in events if e["ph"] == "X"]
    for one in bars:
        for other in bars:
            if one is not other and (one["pid"], one["tid"]) == (other["pid"], other["tid"]):
                assert one["ts"] + one["dur"] <= other["ts"] or other["ts"] + other["dur"] <= one["ts"]
    arrows = [e for e in events if e["ph"] in "st" and e["name"] == "y"]
    assert len(arrows) == 2 and arrows[0]["pid"] != arrows[1]["pid"]
    with pytest.raises(ValueError, match="op_time is one of"):
        timeline.Timeline(stats).generate_chrome_trace_format(op_time="never")


def test_partition_graphs_hold_the_placed_nodes() -> None:
    x = tf.placeholder_with_default(1.0, [], name="x")
    with tf.device("/gpu:0"):
        y = tf.square(x, name="y")
    metadata = tf.RunMetadata()
    with tf.Session(config=tf.ConfigProto(device_count={"GPU": 1})) as sess:
        sess.run(y, options=tf.RunOptions(output_partition_graphs=True), run_metadata=metadata)
    nodes = [node for graph in metadata.partition_graphs for node in graph.node]
    assert {n.name: n.device.rpartition("/")[2] for n in nodes}["y"] == "device:GPU:0"
    assert all(tf.GraphDef.FromString(g.SerializeToString()) == g for g in metadata.partition_graphs)


def test_parts_share_what_was_computed_and_nothing_else() -> None:
    a, b = tf.placeholder(tf.float32, [2], name="a"), tf.placeholder(tf.float32, [2], name="b")
    noise = tf.random_normal([2])
    first, second = a + noise, b + noise
    with tf.Session() as sess:
        handle = sess.partial_run_setup([first, second], [a, b])
        fed = np.zeros(2, np.float32)
        one = sess.partial_run(handle, first, {a: fed})
        kept = one.copy()
        one += 100.0  # it is the caller's
        fed += 50.0
        assert sess.partial_run(handle, second, {b: np.zeros(2)}).tolist() == kept.tolist()
        assert sess._partial == {}


def test_an_operation_can_be_a_part() -> None:
    v = tf.Variable(0.0, name="v")
    x = tf.placeholder(tf.float32, [], name="x")
    add = v.assign_add(x)
    with tf.control_dependencies([add]):
        after = tf.identity(x * 10.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        handle = sess.partial_run_setup([add.op, after], [x])
        assert sess.partial_run(handle, add.op, {x: 2.0}) is None
        assert sess.partial_run(handle, after) == 20.0 and sess.run(v) == 2.0


def test_handles_are_forgotten_with_their_object() -> None:
    a = tf.placeholder_with_default([1.0, 2.0], [2], name="a")
    handle = tf.get_session_handle(a * 3.0)
    with tf.Session() as sess:
        kept, other = sess.run(handle), sess.run(handle)
        assert kept.eval().tolist() == [3.0, 6.0] and kept.handle != other.handle
        assert sess.run(a + 1.0, {a: kept}).tolist() == [4.0, 7.0]
        assert len(stored(sess._state)) == 2
        del other
        gc.collect()
        assert len(stored(sess._state)) == 1
        kept.delete()
        assert stored(sess._state) == {}
        with pytest.raises(TypeError, match="may have already been deleted"):
            kept.eval()


def test_a_run_can_be_given_a_time() -> None:
    long = x = tf.placeholder(tf.float32, [600, 600])
    for _ in range(300):
        long = tf.matmul(long, x)
    one = tf.constant(1.0)
    with tf.Session() as sess:
        with pytest.raises(tf.errors.DeadlineExceededError, match="more than 10 ms"):
            sess.run(long, {x: np.zeros([600, 600])}, options=tf.RunOptions(timeout_in_ms=10))
        assert sess.run(one, options=tf.RunOptions(timeout_in_ms=60000)) == 1.0


def test_sessions_of_a_cluster_share_variables() -> None:
    spec = tf.train.ClusterSpec({"worker": ["localhost:1", "localhost:2"], "ps": ["localhost:3"]})
    with pytest.raises(
        tf.errors.UnavailableError, match="No server is up for /job:ps/replica:0/task:0, /job:worker/replica:0/task:1"
    ):
        tf.Session(tf.train.Server(spec, "worker", 0).target)
    keeper = tf.train.Server(spec, "ps", 0)
    workers = [tf.train.Server(spec, "worker", i, config=tf.ConfigProto(device_count={"GPU": i})) for i in range(2)]
    with tf.device("/job:ps"):
        v = tf.Variable(1.0, name="v")
    with tf.device("/job:worker/task:1/gpu:0"):
        twice = tf.multiply(v, 2.0, name="twice")
    with tf.Session(workers[0].target) as one, tf.Session(workers[1].target) as two:
        one.run(v.initializer)
        two.run(v.assign_add(4.0))
        assert one.run(twice) == 10.0
        assert one.placement()["v"] == two.placement()["v"] == "/job:ps/replica:0/task:0/device:CPU:0"
    with tf.Session(keeper.target) as sess:
        assert sess.run(v) == 5.0
        tf.Session.reset(keeper.target)
        with pytest.raises(tf.errors.CancelledError, match="Session has been closed"):
            sess.run(v)
    with pytest.raises(tf.errors.UnavailableError, match="No server at grpc://elsewhere:1"):
        tf.Session("grpc://elsewhere:1")


def test_servers_do_not_wait_for_what_cannot_come() -> None:
    server = tf.train.Server(tf.train.ClusterSpec({"worker": ["here:1"], "ps": ["there:1"]}), "worker", 0)
    with pytest.raises(tf.errors.UnimplementedError, match="one process only"):
        server.join()
    again = tf.train.Server(server.server_def)
    assert again.target == server.target == "grpc://here:1"
    assert tf.train.ServerDef.FromString(server.server_def.SerializeToString()) == server.server_def
    workers, keepers = tf.test.create_local_cluster(2, 1)
    assert len({s.target for s in workers + keepers}) == 3


def test_threads_run_one_session() -> None:
    v = tf.Variable(0, name="v")
    x = tf.placeholder(tf.int32, [])
    add, square = v.assign_add(1), x * x
    found: dict[int, int] = {}
    with tf.Session() as sess:
        sess.run(v.initializer)

        def work(i: int) -> None:
            for _ in range(25):
                sess.run(add)
            found[i] = int(sess.run(square, {x: i}))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {i: i * i for i in range(8)}
        assert sess.run(v) == 200


def test_interactive_sessions_close_in_any_order() -> None:
    one, two = tf.InteractiveSession(), tf.InteractiveSession()
    one.close()
    assert tf.get_default_session() is two
    two.close()
    assert tf.get_default_session() is None
    graphs = [tf.Graph(), tf.Graph()]
    one, two = (tf.InteractiveSession(graph=graph) for graph in graphs)
    one.close()
    assert tf.get_default_graph() is graphs[1]
    two.close()
    assert tf.get_default_graph() not in graphs
