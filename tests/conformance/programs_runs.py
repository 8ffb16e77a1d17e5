"""Sessions and devices: placement, virtual hardware that TensorFlow has too, clusters in one process, runs of every kind."""

from __future__ import annotations

import collections as python_collections
import json
import socket
import threading

import numpy as np
from harness import Programs, describe_graph, error, op_names, static

programs = Programs()

PLACES = ["/gpu:1", "/cpu:0", "/cpu:1", "/device:TPU:0", "/device:FOO:0", "/job:localhost", "/job:ps/task:7", "/task:3"]
PLACES += [
    "/replica:1",
    "/job:worker/gpu:0",
    "/job:localhost/replica:0/task:0/cpu:0",
    "/job:localhost/gpu:3",
    "/task:0/cpu:0",
]
SAYS = ["Cannot assign a device for operation", "was explicitly assigned to", "but available devices are ["]
SAYS += ["Make sure the device specification refers to a valid device."]


def config(tf, **settings):
    """A configuration in which TensorFlow runs the graph as it is."""
    made = tf.ConfigProto(**settings)
    made.graph_options.optimizer_options.opt_level = -1
    made.graph_options.rewrite_options.disable_meta_optimizer = True
    return made


def two_cpus(tf, **settings):
    return config(tf, device_count={"CPU": 2}, **settings)


def placed(tf, sess, fetches, feed_dict=None):
    """Which device each operation of the graph ran on, by its last part."""
    metadata = tf.RunMetadata()
    sess.run(fetches, feed_dict, tf.RunOptions(output_partition_graphs=True), metadata)
    known = {op.name for op in tf.get_default_graph().get_operations()}
    nodes = {node.name: node.device for graph in metadata.partition_graphs for node in graph.node}
    return {name: nodes[name].removeprefix("/job:localhost/replica:0/task:0") for name in sorted(nodes) if name in known}


def tried(tf, **calls):
    """The value of each call, or its error."""
    facts = {}
    for name, call in calls.items():
        try:
            facts[name] = call()
        except Exception:
            facts[name] = error(tf, call)
    return facts


def pinned(tf, device, settings=None, make=None):
    def run():
        with tf.Graph().as_default():
            with tf.device(device):
                x = tf.constant([1.0], name="a") if make is None else make()
            with tf.Session(config=settings) as sess:
                return sess.run(x)

    return run


@programs
def devices_that_are_not_there(tf):
    return {
        device: error(tf, pinned(tf, device), "Cannot assign a device for operation a: {{node a}}", *SAYS)
        for device in PLACES
    }


@programs
def soft_placement(tf):
    soft = tf.ConfigProto(allow_soft_placement=True)
    return {device: error(tf, pinned(tf, device, soft), *SAYS) for device in PLACES}


@programs
def a_variable_on_a_gpu(tf):
    def make():
        v = tf.Variable([1.0], name="v")
        with tf.control_dependencies([v.initializer]):
            return v.read_value()

    soft = tf.ConfigProto(allow_soft_placement=True)
    return {"hard": error(tf, pinned(tf, "/gpu:0", None, make), *SAYS), "soft": pinned(tf, "/gpu:0", soft, make)()}


@programs
def devices_are_named_in_the_error(tf):
    with tf.device("/gpu:0"):
        a = tf.constant(1.0, name="a")
    names = [f"/job:localhost/replica:0/task:0/device:CPU:{i}" for i in range(3)]
    with tf.Session(config=tf.ConfigProto(device_count={"CPU": 3})) as sess:
        return error(
            tf, lambda: sess.run(a), "assigned to /device:GPU:0 but", f"available devices are [ {', '.join(names)} ]"
        )


@programs
def the_whole_graph_is_placed(tf):
    a = tf.constant(1.0, name="a")
    with tf.Session() as sess:
        before = sess.run(a)
        with tf.device("/gpu:0"):
            tf.constant(2.0, name="b")
        return {
            "before": before,
            "after": error(tf, lambda: sess.run(a), "operation b:"),
            "again": error(tf, lambda: sess.run(a)),
        }


@programs
def only_what_runs_is_placed(tf):
    a = tf.constant(1.0, name="a")
    with tf.device("/gpu:0"):
        b = tf.constant(2.0, name="b")
    pruned = tf.ConfigProto(graph_options=tf.GraphOptions(place_pruned_graph=True))
    with tf.Session(config=pruned) as sess:
        facts = {"runs": sess.run(a), "does not": error(tf, lambda: sess.run(b), "operation b:"), "again": sess.run(a)}
    sess = tf.InteractiveSession()
    facts["interactive"] = [a.eval(), error(tf, b.eval, "operation b:"), a.eval()]
    sess.close()
    return facts


@programs
def two_processors(tf):
    with tf.device("/cpu:1"):
        x = tf.placeholder(tf.float32, [2], name="x")
        y = tf.square(x, name="y")
    z = tf.negative(y, name="z")
    with tf.device("/cpu:0"):
        w = tf.add(y, z, name="w")
    with tf.Session(config=two_cpus(tf)) as sess:
        return {"values": sess.run([y, z, w], {x: [1.0, 2.0]}), "placed": placed(tf, sess, w, {x: [1.0, 2.0]})}


@programs
def constants_go_to_their_users(tf):
    a, b, c = (tf.constant(float(i), name=name) for i, name in enumerate("abc"))
    with tf.device("/cpu:1"):
        d = tf.add(a, b, name="d")
    with tf.device("/cpu:0"):
        e = tf.add(b, c, name="e")
    with tf.Session(config=two_cpus(tf)) as sess:
        where = placed(tf, sess, [d, e])
        return {name: where[name] for name in "acde"}  # TensorFlow copies b, which both use


@programs
def shapes_stay_with_their_tensors(tf):
    with tf.device("/cpu:1"):
        x = tf.placeholder(tf.float32, [None, None], name="x")
        y = tf.identity(x, name="y")
    made = [tf.shape(y, name="shape"), tf.rank(y, name="rank"), tf.size(y, name="size"), tf.square(y, name="square")]
    with tf.Session(config=two_cpus(tf)) as sess:
        return placed(tf, sess, made, {x: [[1.0]]})


@programs
def colocated_operations(tf):
    with tf.device("/cpu:1"):
        a = tf.placeholder_with_default(1.0, [], name="a")
    with tf.colocate_with(a):
        b = tf.square(a, name="b")
    with tf.colocate_with(b):
        c = tf.negative(2.0, name="c")
    d = tf.add(b, c, name="d")
    with tf.Session(config=two_cpus(tf)) as sess:
        return {"placed": placed(tf, sess, d), "graph": describe_graph(tf)}


@programs
def colocation_that_cannot_be(tf):
    def conflict(fields, **settings):
        def run():
            with tf.Graph().as_default():
                with tf.device("/cpu:0"):
                    a = tf.placeholder_with_default(1.0, [], name="a")
                with tf.colocate_with(a):
                    c = tf.square(a, name="c")
                c.op._set_device(fields)
                with tf.Session(config=two_cpus(tf, **settings)) as sess:
                    return sess.run(c)

        return run

    head = "Cannot colocate nodes {{colocation_node c}} and {{colocation_node a}}: Cannot merge devices with incompatible"
    return {
        "ids": error(tf, conflict("/device:CPU:1"), head, "ids: '/device:CPU:1' and '/device:CPU:0'"),
        "types": error(tf, conflict("/device:GPU:0"), head, "types: '/device:GPU:0' and '/device:CPU:0'"),
        "soft ids": error(tf, conflict("/device:CPU:1", allow_soft_placement=True)),
        "soft types": error(tf, conflict("/device:GPU:0", allow_soft_placement=True)),
        "jobs": error(tf, conflict("/job:ps/device:CPU:0", allow_soft_placement=True)),
    }


@programs
def updates_stay_with_their_variable(tf):
    with tf.device("/cpu:1"):
        v = tf.Variable([1.0, 2.0], name="v")
    with tf.device("/cpu:0"):
        add = tf.assign_add(v, [1.0, 1.0], name="add")
        twice = tf.multiply(v, 2.0, name="twice")
    add.op._set_device("/device:CPU:0")
    with tf.Session(config=two_cpus(tf)) as sess:
        sess.run(v.initializer)
        return {"placed": placed(tf, sess, [add, twice]), "value": sess.run(v)}


@programs
def slots_stay_with_their_variable(tf):
    with tf.device("/cpu:1"):
        v = tf.Variable([1.0, 2.0], name="v")
    with tf.device("/cpu:0"):
        loss = tf.reduce_sum(tf.square(v), name="loss")
        train = tf.train.MomentumOptimizer(0.1, 0.9).minimize(loss)
    with tf.Session(config=two_cpus(tf)) as sess:
        sess.run(tf.global_variables_initializer())
        where = placed(tf, sess, [train, loss])
    return {name: device for name, device in where.items() if name.startswith(("v", "Momentum/update"))}


@programs
def a_group_named_after_nothing(tf):
    a = tf.constant(1.0, name="a")
    a.op._set_attr("_class", tf.AttrValue(list=tf.AttrValue.ListValue(s=[b"loc:@nothing"])))
    with tf.Session(config=two_cpus(tf)) as sess:
        return sess.run(a)


@programs
def device_functions_place(tf):
    def by_type(op):
        return "/cpu:1" if op.type == "Square" else "/cpu:0"

    with tf.device(by_type):
        a = tf.placeholder_with_default([1.0], [None], name="a")
        b = tf.square(a, name="b")
        c = tf.add(a, b, name="c")
    with tf.Session(config=two_cpus(tf)) as sess:
        return placed(tf, sess, c)


@programs
def lists_of_devices(tf):
    def listed(**settings):
        with tf.Session(config=tf.ConfigProto(**settings)) as sess:
            return [
                [d.name, d.device_type, d.memory_limit_bytes, type(d.incarnation).__name__] for d in sess.list_devices()
            ]

    with tf.Session() as sess:
        text = repr(sess.list_devices()[0])
    return {
        "one": listed(),
        "three": listed(device_count={"CPU": 3}),
        "other types count for nothing": listed(device_count={"CPU": 1, "TPU": 4}),
        "text": text.startswith("_DeviceAttributes(/job:localhost/replica:0/task:0/device:CPU:0, CPU, 268435456, "),
        "none": error(tf, lambda: listed(device_count={"CPU": 0})),
    }


@programs
def every_setting(tf):
    settings = tf.ConfigProto(
        device_count={"CPU": 1},
        intra_op_parallelism_threads=1,
        inter_op_parallelism_threads=1,
        use_per_session_threads=True,
        allow_soft_placement=True,
        log_device_placement=False,
        operation_timeout_in_ms=60000,
        isolate_session_state=True,
    )
    settings.gpu_options.per_process_gpu_memory_fraction = 0.3
    settings.gpu_options.allow_growth = True
    settings.gpu_options.visible_device_list = "0"
    settings.graph_options.optimizer_options.global_jit_level = 0
    with tf.Session(config=settings) as sess:
        return sess.run(tf.constant(1.0) + 2.0)


# --- clusters --------------------------------------------------------------------------------------------------------


@programs
def cluster_specs(tf):
    made = tf.train.ClusterSpec({"worker": ["w0:1", "w1:1"], "ps": {1: "p1:1", 3: "p3:1"}})
    again = tf.train.ClusterSpec(made.as_cluster_def())
    return {
        "text": [str(made), repr(again)],
        "jobs": sorted(made.jobs),
        "dict": made.as_dict(),
        "ps": [made.num_tasks("ps"), made.task_indices("ps"), made.job_tasks("ps"), made.task_address("ps", 3)],
        "workers": [made.num_tasks("worker"), made.job_tasks("worker")],
        "equal": [made == again, made != again, made == tf.train.ClusterSpec(made), made == tf.train.ClusterSpec({})],
        "truth": [bool(made), bool(tf.train.ClusterSpec({}))],
        "proto": [[job.name, dict(job.tasks)] for job in made.as_cluster_def().job],
        "no job": error(tf, lambda: made.num_tasks("wroker"), "No such job in cluster: 'wroker'"),
        "no jobs": [error(tf, lambda f=f: f("x")) for f in (made.task_indices, made.job_tasks)],
        "no task": error(tf, lambda: made.task_address("ps", 0), "No task with index 0 in job 'ps'"),
        "number": error(tf, lambda: tf.train.ClusterSpec(3), "must be a dictionary mapping one or more job names"),
        "tasks": error(tf, lambda: tf.train.ClusterSpec({"a": 3}), "The tasks for job 'a' must be a list or a dictionary"),
        "address": error(tf, lambda: tf.train.ClusterSpec({"a": [3]}), "Task address 3 must be bytes or unicode"),
        "key": error(tf, lambda: tf.train.ClusterSpec({"a": {"x": "y"}})),
    }


@programs
def servers_that_cannot_be(tf):
    spec = tf.train.ClusterSpec({"worker": ["localhost:0"], "ps": ["localhost:0", "localhost:0"]})
    return {
        "no cluster": error(tf, lambda: tf.train.Server(3), "Could not convert `server_or_cluster_def`"),
        "which job": error(tf, lambda: tf.train.Server(spec), "Must specify an explicit `job_name`."),
        "which task": error(tf, lambda: tf.train.Server(spec, "ps"), "Must specify an explicit `task_index`."),
        "no job": error(tf, lambda: tf.train.Server(spec, "nope", 0), 'Job "nope" was not defined in cluster'),
        "no task": error(tf, lambda: tf.train.Server(spec, "ps", 9), 'Task 9 was not defined in job "ps"'),
        "target": error(tf, lambda: tf.Session("nowhere").run(tf.constant(1))),
    }


@programs
def a_server_of_its_own(tf):
    server = tf.train.Server.create_local_server()
    definition = server.server_def
    a = tf.constant(1.0, name="a")
    with tf.Session(server.target) as sess:
        return {
            "value": sess.run(a + 1.0),
            "devices": [d.name for d in sess.list_devices()],
            "definition": [definition.job_name, definition.task_index, definition.protocol, len(definition.cluster.job)],
            "target": [server.target.startswith("grpc://localhost:"), sess.sess_str == server.target.encode()],
        }


def _addresses(n):
    """Addresses with ports that are free now."""
    sockets = [socket.socket() for _ in range(n)]
    for s in sockets:
        s.bind(("localhost", 0))
    found = [f"localhost:{s.getsockname()[1]}" for s in sockets]
    for s in sockets:
        s.close()
    return found


@programs
def a_cluster(tf):
    first, *others = _addresses(3)
    spec = tf.train.ClusterSpec({"worker": [first], "ps": others})
    servers = [tf.train.Server(spec, "ps", i) for i in range(2)]
    worker = tf.train.Server(spec, "worker", 0)
    with tf.device("/job:ps/task:1"):
        v = tf.Variable(1.0, name="v")
    with tf.device("/job:worker"):
        twice = tf.multiply(v, 2.0, name="twice")
    add = v.assign_add(1.0, name="add")
    with tf.device("/job:ps/task:5"):
        tf.no_op(name="lost")
    facts = {}
    graph = tf.get_default_graph()
    with tf.Session(worker.target) as sess:
        facts["no such task"] = error(
            tf, lambda: sess.run(v.initializer), "assigned to /job:ps/task:5 but available devices are ["
        )
        facts["devices"] = sorted(d.name for d in sess.list_devices())
    graph.get_operation_by_name("lost")._set_device("/job:ps/task:0")
    with tf.Session(worker.target, config=config(tf)) as sess:
        sess.run(v.initializer)
        facts["values"] = [sess.run(twice), sess.run(add)]
    with tf.Session(servers[0].target) as sess:
        facts["shared"] = sess.run(v)
    with tf.Session(worker.target, config=tf.ConfigProto(isolate_session_state=True)) as sess:
        facts["isolated"] = error(tf, lambda: sess.run(v), "uninitialized value v")
    with tf.Session(worker.target, config=tf.ConfigProto(device_filters=["/job:worker", "/job:ps/task:0"])) as sess:
        facts["filtered"] = sorted(d.name for d in sess.list_devices())
    tf.Session.reset(worker.target)
    with tf.Session(worker.target) as sess:
        facts["after reset"] = error(tf, lambda: sess.run(v), "uninitialized value v")
    return facts


@programs
def parameter_servers_in_turns(tf):
    spec = tf.train.ClusterSpec({"worker": ["w:1", "w:2"], "ps": ["p:1", "p:2", "p:3"]})
    setter = tf.train.replica_device_setter

    def build(*arguments, **settings):
        with tf.Graph().as_default() as graph, tf.device(setter(*arguments, **settings)):
            v = tf.Variable([1.0], name="v")
            with tf.device("/gpu:1"):
                w = tf.Variable([1.0], name="w")
            with tf.device("/job:worker/task:1"):
                tf.Variable([1.0], name="local")
            with tf.device("/job:ps/cpu:0"):
                tf.Variable([1.0], name="other")
            tf.get_variable("last", [2])
            tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(v * w, name="loss"))
            return {op.name: op.device for op in graph.get_operations() if not op.name.startswith("gradients")}

    return {
        "cluster": build(cluster=spec),
        "dictionary": build(cluster=spec.as_dict(), worker_device="/job:worker/task:1"),
        "number": build(2, ps_device="/job:keeper/cpu:0", worker_device=""),
        "not merged": build(2, merge_devices=False),
        "strategy": build(2, ps_strategy=lambda op: len(op.name) % 2),
        "types": build(2, ps_ops=["Const"]),
        "none": [setter(), setter(cluster={"worker": ["w:1"]})],
        "no function": error(tf, lambda: setter(2, ps_strategy=3), "ps_strategy must be callable"),
        "no cluster": error(tf, lambda: setter(cluster=3)),
    }


# --- runs in parts ---------------------------------------------------------------------------------------------------


def _three(tf):
    a, b, c = (tf.placeholder(tf.float32, [], name=name) for name in "abc")
    total = tf.add(a, b, name="total")
    return a, b, c, total, tf.multiply(total, c, name="product")


@programs
def partial_runs(tf):
    a, b, c, total, product = _three(tf)
    with tf.Session() as sess:
        handle = sess.partial_run_setup([total, product], [a, b, c])
        first = sess.partial_run(handle, total, {a: 1.0, b: 2.0})
        second = sess.partial_run(handle, product, {c: first})
        done = error(
            tf, lambda: sess.partial_run(handle, product, {c: 1.0}), "Must run 'setup' before performing partial runs!"
        )
        by_name = sess.partial_run_setup(["product:0"], ["a:0", "b:0", "c:0"])
        third = sess.partial_run(by_name, {"p": "product:0"}, {"a:0": 1.0, "b:0": 2.0, "c:0": 4.0})
        return {"values": [first, second, third], "done": done, "handle": type(handle).__name__}


@programs
def partial_runs_that_fail(tf):
    a, b, c, total, product = _three(tf)
    with tf.Session() as sess:

        def after(fetches, feeds, *steps):
            handle = sess.partial_run_setup(fetches, feeds)
            for fetch, fed in steps:
                sess.partial_run(handle, fetch, fed)

        every = [a, b, c]
        return {
            "unknown": error(tf, lambda: sess.partial_run("no", total), "Must run 'setup' before performing partial runs!"),
            "too early": error(
                tf,
                lambda: after([total, product], every, (product, {a: 1.0})),
                "can't be computed from the feeds that have been fed",
            ),
            "fetch": error(
                tf, lambda: after([total], [a, b], (product, {a: 1.0})), "The fetch product:0 was not specified"
            ),
            "feed": error(tf, lambda: after([total], [a, b], (total, {c: 1.0})), "The feed c:0 was not specified"),
            "fed twice": error(
                tf,
                lambda: after([total, product], every, (total, {a: 1, b: 2}), (product, {a: 1, c: 2})),
                "The feed a:0 has already been fed.",
            ),
            "fetched twice": error(
                tf,
                lambda: after([total, product], every, (total, {a: 1, b: 2}), (total, None)),
                "The fetch total:0 has already been fetched.",
            ),
            "nothing": error(tf, lambda: sess.partial_run_setup([], [a])),
            "shape": error(
                tf, lambda: after([total], [a, b], (total, {a: [1.0], b: 2.0})), "Cannot feed value of shape (1,)"
            ),
        }


@programs
def partial_runs_run_each_operation_once(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    v = tf.Variable(0.0, name="v")
    count = v.assign_add(1.0)
    noise = tf.random_uniform([2], seed=3)
    first = tf.identity(noise, name="first")
    second = tf.add(noise, x, name="second")
    with tf.control_dependencies([count]):
        third = tf.identity(x, name="third")
    with tf.Session() as sess:
        sess.run(v.initializer)
        handle = sess.partial_run_setup([first, second, third, count], [x])
        one = sess.partial_run(handle, [first, count])
        two, three = sess.partial_run(handle, [second, third], {x: 0.0})
        return {"same": bool((one[0] == two).all()), "count": [one[1], sess.run(v)], "third": three}


# --- callables, handles, options ----------------------------------------------------------------------------------------


@programs
def callables_in_corners(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.multiply(x, 2.0, name="y")
    sess = tf.Session()
    double = sess.make_callable(y, [x])
    named = sess.make_callable({"y": y, "op": y.op, "list": [y, (x,)]}, ["x:0"])
    with_options = sess.make_callable(y, [x], accept_options=True)
    facts = {
        "value": double([1, 2]),
        "structure": named(np.ones(2)),
        "options": with_options([1.0, 2.0], options=tf.RunOptions(), run_metadata=tf.RunMetadata()),
        "one too many": double([1.0, 2.0], 3.0),
        "one too few": error(tf, double, "You must feed a value for placeholder tensor 'x'"),
        "shape": error(tf, lambda: double([1.0]), "Cannot feed value of shape (1,) for Tensor x:0, which has shape"),
        "tensor": error(tf, lambda: double(tf.constant([1.0, 2.0])), "The value of a feed cannot be a tf.Tensor object"),
        "no list": error(tf, lambda: sess.make_callable(y, x), "Argument `feed_list` must be a list or tuple."),
        "no fetch": error(tf, lambda: sess.make_callable(3), "has invalid type"),
        "operation": sess.make_callable(y.op, [x])([1.0, 2.0]),
    }
    sess.close()
    return facts | {"closed": error(tf, lambda: double([1.0, 2.0]))}


@programs
def handles_of_tensors(tf):
    a = tf.constant([1.0, 2.0], name="a")
    b = tf.multiply(a, 2.0, name="b")
    h = tf.get_session_handle(b, name="h")
    with tf.Session() as sess:
        kept = sess.run(h)
        holder, value = tf.get_session_tensor(kept.handle, tf.float32, name="value")
        plus = tf.add(value, 1.0, name="plus")
        deleter_holder, deleter = tf.delete_session_tensor(kept.handle, name="delete")
        facts = {
            "type": type(kept).__name__,
            "text": str(kept) == kept.handle,
            "handle": kept.handle.split(";")[0],
            "static": static(h, holder, value),
            "value": sess.run(plus, {holder: kept.handle}),
            "fed": sess.run(tf.add(a, 1.0), {a: kept}),
            "graph": op_names(tf)[:8],
        }
        sess.run(deleter, {deleter_holder: kept.handle})
        facts["deleted"] = error(tf, lambda: sess.run(plus, {holder: kept.handle}))
        other = sess.run({"h": [h, b]})["h"]
        facts["inside"] = [type(other[0]).__name__, other[1]]
        facts["raw"] = other[0].get_raw_handle() == other[0].handle
        facts["no longer kept"] = error(tf, other[0].eval, "may have already been deleted")
        return facts | {"no tensor": error(tf, lambda: tf.get_session_handle(3.0), "`data` must be of type Tensor.")}


@programs
def step_stats(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.Variable(tf.ones([2, 3]), name="w")
    y = tf.matmul(x, w, name="y")
    with tf.device("/cpu:1"):
        z = tf.reduce_sum(y, name="z")
    metadata = tf.RunMetadata()
    with tf.Session(config=two_cpus(tf)) as sess:
        sess.run(w.initializer)
        trace = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        sess.run(z, {x: [[1.0, 2.0]] * 4}, trace, metadata)
    nodes = {}
    for device in metadata.step_stats.dev_stats:
        for node in device.node_stats:
            if node.node_name in ("w", "w/read", "y", "z"):
                shapes = [[d.size for d in o.tensor_description.shape.dim] for o in node.output]
                types = [o.tensor_description.dtype for o in node.output]
                bytes_of = [o.tensor_description.allocation_description.requested_bytes for o in node.output]
                timed = node.all_start_micros > 1e15 and node.all_end_rel_micros >= node.op_end_rel_micros >= 0
                label = node.timeline_label.split(" = ")[0]
                nodes[node.node_name] = [device.device, shapes, types, bytes_of, bool(timed), label]
    return nodes


@programs
def options_of_a_run(tf):
    x = tf.placeholder_with_default(1.0, [], name="x")
    y = tf.square(x, name="y")
    facts = {}
    with tf.Session() as sess:
        for level in ("NO_TRACE", "SOFTWARE_TRACE", "FULL_TRACE"):
            metadata = tf.RunMetadata()
            value = sess.run(y, options=tf.RunOptions(trace_level=getattr(tf.RunOptions, level)), run_metadata=metadata)
            facts[level] = [value, len(metadata.step_stats.dev_stats) > 0, len(metadata.partition_graphs)]
        metadata = tf.RunMetadata()
        facts["metadata alone"] = [sess.run(y, run_metadata=metadata), len(metadata.step_stats.dev_stats)]
        facts["options alone"] = sess.run(y, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE))
        sess.run(y, options=tf.RunOptions(output_partition_graphs=True), run_metadata=metadata)
        facts["graphs"] = len(metadata.partition_graphs)
    return facts


@programs
def traces_for_chrome(tf):
    from importlib import import_module

    root = "teachtf" if tf.__name__ == "teachtf" else "tensorflow"
    timeline = import_module(f"{root}.python.client.timeline" if root == "tensorflow" else "teachtf.python.client").__dict__
    make = timeline["Timeline"] if "Timeline" in timeline else timeline["timeline"].Timeline
    x = tf.placeholder_with_default([[1.0]], [None, 1], name="x")
    y = tf.matmul(x, x, name="y")
    with tf.device("/cpu:1"):
        z = tf.square(y, name="z")
    metadata = tf.RunMetadata()
    with tf.Session(config=two_cpus(tf)) as sess:
        sess.run(z, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), run_metadata=metadata)
    events = json.loads(make(metadata.step_stats).generate_chrome_trace_format(show_memory=True))["traceEvents"]
    names = {e["pid"]: e["args"]["name"] for e in events if e["ph"] == "M"}
    ops = {e["args"]["name"]: e for e in events if e["ph"] == "X"}
    return {
        "processes": sorted(names.values()),
        "kinds": sorted({e["ph"] for e in events}),
        "op": {name: [names[ops[name]["pid"]], ops[name]["cat"], sorted(ops[name]["args"])] for name in ("y", "z")},
        "keys": sorted(ops["z"]),
        "arrow": sorted({k for e in events if e["ph"] == "s" for k in e}),
    }


@programs
def a_run_that_takes_too_long(tf):
    turn = tf.while_loop(lambda i: i >= 0, lambda i: tf.maximum(i - 1, 1), [tf.placeholder_with_default(5, [], name="i")])
    one = tf.constant(1.0, name="one")
    with tf.Session() as sess:
        short = tf.RunOptions(timeout_in_ms=200)
        facts = {
            "options": error(tf, lambda: sess.run(turn, options=short), "Timed out waiting for notification"),
            "in time": sess.run(one, options=tf.RunOptions(timeout_in_ms=60000)),
            "after": sess.run(one),
        }
    with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=200)) as sess:
        return facts | {"config": error(tf, lambda: sess.run(turn), "Timed out waiting for notification")}


# --- sessions as objects -------------------------------------------------------------------------------------------------


@programs
def sessions_that_cannot_be(tf):
    return {
        "graph": error(tf, lambda: tf.Session(graph=3), 'Argument `graph` must be a tf.Graph, but got "int"'),
        "config": error(tf, lambda: tf.Session(config=3), 'Argument `config` must be a tf.ConfigProto, but got "int"'),
        "dictionary": error(
            tf, lambda: tf.Session(config={}), 'Argument `config` must be a tf.ConfigProto, but got "dict"'
        ),
        "target": error(tf, lambda: tf.Session(3), 'Argument `target` must be a string, but got "int"'),
        "graph first": error(tf, lambda: tf.Session(tf.Graph()), 'Argument `target` must be a string, but got "Graph"'),
        "bytes": tf.Session(b"").run(tf.constant(1)),
    }


@programs
def closed_sessions(tf):
    a = tf.constant(1.0, name="a")
    sess = tf.Session()
    with sess:
        inside = sess.run(a)
    closed = "Attempted to use a closed Session."
    return {
        "inside": inside,
        "run": error(tf, lambda: sess.run(a), closed),
        "eval": error(tf, lambda: a.eval(session=sess), closed),
        "op": error(tf, lambda: a.op.run(session=sess), closed),
        "devices": error(tf, sess.list_devices),
        "parts": error(tf, lambda: sess.partial_run_setup([a], []), closed),
        "close": sess.close(),
        "graph": [sess.graph is tf.get_default_graph(), len(sess.graph_def.node), sess.sess_str],
        "default": tf.get_default_session(),
    }


@programs
def sessions_that_were_reset(tf):
    v = tf.Variable(1.0, name="v")
    one, two = tf.Session(), tf.Session()
    one.run(v.initializer)
    tf.Session.reset("")
    return {
        "one": error(tf, lambda: one.run(v)),
        "two": error(tf, lambda: two.run(v.initializer)),
        "new": tf.Session().run(v.initializer),
    }


@programs
def default_sessions(tf):
    a = tf.constant(1.0, name="a")
    facts = {
        "none": error(tf, a.eval, "No default session is registered"),
        "no op": error(tf, a.op.run, "No default session"),
    }
    one, two = tf.Session(), tf.Session()
    with one.as_default() as inner:
        facts["as"] = inner is one
        with two.as_default():
            facts["innermost"] = tf.get_default_session() is two
        facts["outer"] = tf.get_default_session() is one
        facts["values"] = [a.eval(), a.op.run()]
    facts["open"] = one.run(a)

    def in_the_wrong_order():
        blocks = [one.as_default(), two.as_default()]
        for block in blocks:
            block.__enter__()
        facts["wrong order"] = error(
            tf, lambda: blocks[0].__exit__(None, None, None), "Nesting violated for default stack of"
        )

    thread = threading.Thread(target=in_the_wrong_order)  # which has a stack of its own
    thread.start()
    thread.join()
    return facts


@programs
def sessions_in_sessions(tf):
    v = tf.Variable(1.0, name="v")
    with tf.Session() as outer:
        outer.run(v.initializer)
        with tf.Session() as inner:
            inner.run(v.assign(5.0))
            facts = [v.eval(), outer.run(v)]
        facts += [v.eval(), tf.get_default_session() is outer, error(tf, lambda: inner.run(v))]
    return facts


@programs
def the_same_session_twice(tf):
    a = tf.constant(1.0, name="a")
    sess = tf.Session()
    with sess.as_default():
        first = a.eval()
    with sess.as_default(), sess.as_default():
        second = a.eval()
    with sess:
        third = a.eval()
        again = error(tf, sess.__enter__, "Session context managers are not re-entrant.")
    return {"values": [first, second, third], "again": again, "closed": error(tf, lambda: sess.run(a))}


@programs
def choices_and_loops_on_devices(tf):
    with tf.device("/cpu:1"):
        x = tf.placeholder_with_default(1.0, [], name="x")
        chosen = tf.cond(x > 0.0, lambda: tf.multiply(x, 2.0, name="twice"), lambda: tf.negative(x, name="minus"))
    with tf.Session(config=two_cpus(tf)) as sess:
        values = [sess.run(chosen, {x: v}) for v in (3.0, -3.0)]
        where = placed(tf, sess, chosen)
    return {"values": values, "devices": sorted({where[name] for name in where if name.startswith("cond/")})}


@programs
def what_is_the_same_object(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    v = tf.Variable([1.0], name="v")
    y = x * 3.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        fed = np.array([1.0, 2.0], np.float32)
        pairs = [sess.run([t, t], {x: fed}) for t in (x, y, v)] + [sess.run([x * 2.0, x * 2.0], {x: fed})]
        kinds = [type(sess.run(tf.constant(c))).__name__ for c in (3, 2.5, "a", True, [1])]
        return {"same": [a is b for a, b in pairs], "kinds": kinds}


@programs
def interactive_sessions(tf):
    sess = tf.InteractiveSession()
    a = tf.constant(2.0, name="a")
    facts = {"default": tf.get_default_session() is sess, "eval": a.eval(), "run": a.op.run()}
    with tf.Graph().as_default() as other:
        b = tf.constant(3.0, name="b")
    sess.close()
    facts["after"] = [tf.get_default_session(), error(tf, a.eval, "No default session")]
    sess = tf.InteractiveSession(graph=other)
    facts["other graph"] = [tf.get_default_graph() is other, b.eval(), error(tf, a.eval)]
    sess.close()
    facts["back"] = tf.get_default_graph() is a.graph
    return facts


@programs
def threads_on_one_session(tf):
    v = tf.Variable(0.0, name="v")
    add = tf.assign_add(v, 1.0, use_locking=True)
    x = tf.placeholder(tf.float32, [], name="x")
    square = tf.square(x)
    sess = tf.Session()
    sess.run(v.initializer)
    found, defaults = {}, []

    def work(i):
        defaults.append(tf.get_default_session())
        for _ in range(20):
            sess.run(add)
        found[i] = sess.run(square, {x: float(i)})
        with sess.as_default():
            found[-i - 1] = square.eval({x: 3.0})

    with sess.as_default():
        threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {"count": sess.run(v), "values": [found[i] for i in sorted(found)], "defaults": defaults}


@programs
def finalized_graphs(tf):
    a = tf.constant(1.0, name="a")
    v = tf.Variable(1.0, name="v")
    init = tf.global_variables_initializer()
    tf.get_default_graph().finalize()
    refused = "Graph is finalized and cannot be modified."
    with tf.Session() as sess:
        sess.run(init)
        return {
            "runs": sess.run([a, v]),
            "op": error(tf, lambda: tf.constant(2.0), refused),
            "variable": error(tf, lambda: tf.Variable(2.0), refused),
            "collection": error(tf, lambda: tf.add_to_collection("c", 1), refused),
            "operator": error(tf, lambda: a + 1.0, refused),
            "load": [v.load(4.0, sess), v.eval(sess)],
            "unseen": tf.get_default_graph().finalized,
        }


@programs
def graphs_that_grow_between_runs(tf):
    x = tf.constant(1.0, name="x")
    values = []
    with tf.Session() as sess:
        for _ in range(4):
            x = x + 1.0
            values.append(sess.run(x))
        return {"values": values, "ops": op_names(tf)}


# --- feeds and fetches -----------------------------------------------------------------------------------------------------


@programs
def whole_numbers_as_feeds(tf):
    types = ["float16", "float32", "float64", "int8", "int32", "int64", "uint8", "bool", "complex64", "string"]
    p = {t: tf.placeholder(t, [], name=t) for t in types}
    with tf.Session() as sess:

        def feed(t, value):
            try:
                return sess.run(tf.identity(p[t]), {p[t]: value})
            except Exception:
                return "refused"

        return {
            f"{t} {value}": feed(t, value)
            for t in types
            for value in (0, 1, 2, -1, 300, True, 2**24 + 1, 2**40, np.int64(2**33))
        }


@programs
def other_things_as_feeds(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    s = tf.placeholder(tf.string, [None], name="s")
    i = tf.placeholder(tf.int32, name="i")
    u = tf.placeholder(tf.uint8, name="u")
    with tf.Session() as sess:

        def feed(t, value):
            return lambda: sess.run(tf.identity(t), {t: value})

        return tried(
            tf,
            none=feed(x, None),
            none_int=feed(i, None),
            dictionary=feed(x, {}),
            thing=feed(x, object()),
            empty=feed(x, []),
            no_rows=feed(x, np.zeros((0, 2))),
            scalar=feed(x, 1.0),
            text=feed(x, [["1", "2.5"]]),
            no_number=feed(x, [["a", "b"]]),
            booleans=feed(x, [[True, False]]),
            floats_for_ints=feed(i, [1.5, -1.5]),
            array_for_ints=feed(i, np.array([1.7, 2.2])),
            wraps=feed(u, np.array([-1, 300])),
            list_wraps=feed(u, [300, -1]),
            strings=feed(s, ["a", b"b", "\u00e9"]),
            array_of_strings=feed(s, np.array(["a", "bc"])),
            rank_of_strings=feed(s, "a"),
            infinite=feed(x, [[float("inf"), float("nan")]]),
        )


@programs
def keys_of_feeds(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = tf.square(x, name="y")
    v = tf.Variable(1.0, name="v")
    with tf.Graph().as_default():
        foreign = tf.placeholder(tf.float32, [], name="x")
    head = "Cannot interpret feed_dict key as Tensor"
    with tf.Session() as sess:
        sess.run(v.initializer)
        return {
            "op": error(tf, lambda: sess.run(y, {x.op: 1.0}), head, "Can not convert a Operation into a Tensor."),
            "name of an op": error(
                tf, lambda: sess.run(y, {"x": 1.0}), head, "The name 'x' refers to an Operation, not a Tensor."
            ),
            "no such": error(
                tf, lambda: sess.run(y, {"z:0": 1.0}), head, "The operation, 'z', does not exist in the graph."
            ),
            "no output": error(tf, lambda: sess.run(y, {"x:1": 1.0}), head, "exists but only has 1 outputs."),
            "foreign": error(tf, lambda: sess.run(y, {foreign: 1.0}), head, "is not an element of this graph."),
            "list": error(tf, lambda: sess.run(y, [x])),
            "unneeded": sess.run(v, {x: 3.0}),
            "unneeded and wrong": error(
                tf, lambda: sess.run(v, {x: [3.0]}), "Cannot feed value of shape (1,) for Tensor x:0"
            ),
            "variable": sess.run(v * 2.0, {v: 4.0}),
            "none": sess.run(v, None),
        }


@programs
def structures_of_fetches(tf):
    a, b = tf.constant(1.0, name="a"), tf.constant([2, 3], name="b")
    pair = python_collections.namedtuple("pair", ["x", "y"])
    v = tf.Variable(4.0, name="v")

    class Special(list):
        pass

    with tf.Session() as sess:
        sess.run(v.initializer)
        ordered = sess.run(python_collections.OrderedDict([("z", a), ("a", [b, {"v": v}])]))
        default = sess.run(python_collections.defaultdict(list, {"x": a}))
        nested = sess.run(pair(pair(a, [b]), {"k": (a,)}))
        return {
            "ordered": [type(ordered).__name__, list(ordered), ordered],
            "default": [type(default).__name__, default],
            "nested": [type(nested).__name__, type(nested.x).__name__, nested],
            "list": type(sess.run(Special([a, b]))).__name__,
            "empty": sess.run({"a": {}, "b": [], "c": ()}),
            "operations": sess.run([a.op, [b.op, "a"], {"v": v.op}]),
            "names": sess.run({"op": "a", "tensor": "a:0", "bytes": b"b:0"}),
            "variables": sess.run([v, v.value(), v.initializer]),
            "the same": sess.run([a, a, [a, "a:0"]]),
            "array of tensors": error(tf, lambda: sess.run(np.array([a, b], dtype=object))),
        }


@programs
def things_that_cannot_be_fetched(tf):
    a = tf.constant(1.0, name="a")
    with tf.Session() as sess:
        things = {"set": {a}, "generator": (x for x in [a]), "type": int, "graph": a.graph, "true": True, "number": 3.5}
        things |= {"none in a dictionary": {"a": None}, "empty name": "", "control": "^a", "array": np.zeros(2)}
        return {name: error(tf, lambda thing=thing: sess.run(thing)) for name, thing in things.items()}


@programs
def feeding_what_is_fetched(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    y = tf.square(x, name="y")
    c = tf.constant([1.0], name="c")
    with tf.Session() as sess:
        return {
            "placeholder": sess.run([x, y], {x: [2.0]}),
            "middle": sess.run([y, y + 1.0], {y: [2.0, 3.0]}),
            "constant": sess.run([c, c * 2.0], {c: [5.0]}),
            "operation runs": error(
                tf, lambda: sess.run(y.op, {y: [2.0]}), "You must feed a value for placeholder tensor 'x'"
            ),
            "both": sess.run(y, {x: [1.0], y: [9.0]}),
        }


@programs
def placeholders_with_defaults(tf):
    p = tf.placeholder_with_default([[1.0, 2.0]], [None, 2], name="p")
    q = tf.placeholder_with_default(3.0, None, name="q")
    r = tf.placeholder_with_default(tf.constant([1, 2]), [2], name="r")
    with tf.Session() as sess:
        return {
            "static": static(p, q, r),
            "defaults": sess.run([p, q, r]),
            "fed": sess.run([p, q], {p: [[1, 2], [3, 4]], q: [1.0, 2.0]}),
            "refused": error(tf, lambda: sess.run(p, {p: [[1, 2, 3]]}), "Cannot feed value of shape (1, 3) for Tensor p:0"),
            "shape": error(
                tf, lambda: tf.placeholder_with_default([1.0, 2.0], [3]), "Dimension 0 in both shapes must be equal"
            ),
            "graph": describe_graph(tf),
        }


@programs
def test_tools(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.multiply(tf.square(x), [1.0, 3.0], name="y")
    with tf.Session():
        theory, numbers = tf.test.compute_gradient(x, [2], y, [2], x_init_value=np.array([1.0, 2.0], np.float32), delta=0.5)
        wrong = tf.test.compute_gradient_error(x, [2], y, [2], x_init_value=np.array([1.0, 2.0], np.float32), delta=0.5)
    return {
        "gpu": [tf.test.is_gpu_available(), tf.test.gpu_device_name()],
        "gradients": [theory, numbers],
        "small": bool(wrong < 1e-3),
    }


@programs
def test_cases(tf):
    class Case(tf.test.TestCase):
        def runTest(self):
            pass

    case = Case()
    close = np.float32(1.0) + np.float32(1e-7)

    def ok(call):
        return error(tf, call)["class"]

    with case.test_session() as sess:
        inside = [sess is tf.get_default_session(), float(case.evaluate(tf.constant(2.0)))]
    a = tf.constant([1.0, 2.0])
    with case.session() as sess:
        evaluated = case.evaluate({"a": a + 1.0})
    return {
        "inside": inside,
        "evaluated": evaluated,
        "equal": [
            ok(lambda: case.assertAllEqual([1, 2], np.array([1, 2]))),
            ok(lambda: case.assertAllEqual([1, 2], [1, 3])),
        ],
        "close": [ok(lambda: case.assertAllClose(1.0, close)), ok(lambda: case.assertAllClose([1.0], [1.1]))],
        "nested": [
            ok(lambda: case.assertAllClose({"a": [1.0]}, {"a": [1.0]})),
            ok(lambda: case.assertAllClose({"a": 1.0}, {"b": 1.0})),
        ],
        "shapes": [ok(lambda: case.assertShapeEqual(np.zeros(2), a)), ok(lambda: case.assertShapeEqual(np.zeros(3), a))],
        "near": [ok(lambda: case.assertNear(1.0, 1.05, 0.1)), ok(lambda: case.assertNear(1.0, 1.5, 0.1))],
        "range": [ok(lambda: case.assertAllInRange([1, 2], 1, 2)), ok(lambda: case.assertAllInRange([1, 3], 1, 2))],
        "in set": [ok(lambda: case.assertAllInSet([1, 2], [1, 2, 3])), ok(lambda: case.assertAllInSet([4], [1]))],
        "greater": [ok(lambda: case.assertAllGreater([2, 3], 1)), ok(lambda: case.assertAllLess([2, 3], 3))],
        "not": [ok(lambda: case.assertNotAllClose([1.0], [2.0])), ok(lambda: case.assertNotAllEqual([1], [1]))],
        "types": [
            ok(lambda: case.assertDTypeEqual(np.zeros(1, np.float32), np.float32)),
            ok(lambda: case.assertDTypeEqual([1], np.float32)),
        ],
        "devices": [
            ok(lambda: case.assertDeviceEqual("/cpu:0", "/device:CPU:0")),
            ok(lambda: case.assertDeviceEqual("/cpu:0", "/cpu:1")),
        ],
    }
