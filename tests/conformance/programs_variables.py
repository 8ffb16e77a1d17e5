"""Variables: the nodes they make, their names, dtypes, collections, protos and updates."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()


def run(tf, fetches, feeds=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(tf.local_variables_initializer())
        return sess.run(fetches, feeds)


@programs
def one_variable(tf):
    v = tf.Variable(3.0, name="v")
    return {
        "graph": describe_graph(tf),
        "collections": collections(tf),
        "names": [v.name, v.op.name, v.initializer.name, v.value().name, v.initial_value.name, v.read_value().name],
        "static": static(v, v.value()),
        "dtype": [repr(v.dtype), v.dtype.base_dtype.name, str(v.shape), str(v.get_shape())],
        "graph after": describe_graph(tf),
        "text": [str(v), repr(v)],
        "trainable": v.trainable,
        "device": v.device,
    }


@programs
def unnamed_variables(tf):
    variables = [tf.Variable(0), tf.Variable(0.5), tf.Variable([True, False]), tf.Variable("text"), tf.Variable(np.int8(3))]
    return {"graph": describe_graph(tf), "values": run(tf, variables), "static": static(*variables)}


@programs
def variable_from_a_function(tf):
    with tf.name_scope("scope"):
        v = tf.Variable(lambda: tf.ones([2, 2]), name="v")
    return {"graph": describe_graph(tf), "value": run(tf, v)}


@programs
def variable_without_known_shape(tf):
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable(x, validate_shape=False, name="v")
    with tf.Session() as sess:
        sess.run(v.initializer, {x: [1, 2, 3]})
        first = sess.run(v)
        changed = sess.run(tf.assign(v, [[1.0]], validate_shape=False))
    graph = describe_graph(tf)
    refused = error(tf, lambda: tf.Variable(x, name="w"), "initial_value must have a shape specified")
    return {"graph": graph, "values": [first, changed], "refused": refused}


@programs
def not_trainable_and_own_collections(tf):
    tf.Variable(1.0, trainable=False, name="a")
    tf.Variable(1.0, collections=[tf.GraphKeys.LOCAL_VARIABLES], name="b")
    tf.Variable(1.0, collections=["mine", tf.GraphKeys.GLOBAL_VARIABLES], name="c")
    return {
        "collections": collections(tf),
        "lists": [tf.global_variables(), tf.local_variables(), tf.trainable_variables(), tf.all_variables()],
    }


@programs
def assign_family(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    ops = [
        v.assign([3.0, 4.0]),
        v.assign_add([1.0, 1.0]),
        v.assign_sub([0.5, 0.5]),
        tf.assign(v, [9.0, 9.0], name="given"),
        tf.assign_add(v, [1.0, 1.0]),
        tf.assign_sub(v, [1.0, 1.0], use_locking=True),
    ]
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(op) for op in ops]
        v.load([7.0, 8.0], sess)
        values.append(v.eval(sess))
    return {"graph": describe_graph(tf), "static": static(*ops), "values": values}


@programs
def assign_checks_shape_and_dtype(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    return {
        "shape": error(tf, lambda: v.assign([1.0, 2.0, 3.0]), "2", "3"),
        "dtype": error(tf, lambda: v.assign(["a", "b"]), "float32"),
        "unknown": op_names(tf),
    }


@programs
def counter(tf):
    state = tf.Variable(0, name="counter")
    one = tf.constant(1)
    update = tf.assign(state, tf.add(state, one))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(state)] + [sess.run(update) for _ in range(3)] + [sess.run(state)]
    return {"graph": describe_graph(tf), "values": [int(v) for v in values]}


@programs
def initialized_value(tf):
    v = tf.Variable(2.0, name="v")
    w = tf.Variable(v.initialized_value() + 1.0, name="w")
    u = tf.Variable(v.initialized_value(), name="u")
    again = v.initialized_value()
    with tf.Session() as sess:
        sess.run(w.initializer)
        first = sess.run(w)
        sess.run(v.initializer)
        sess.run(v.assign(10.0))
        sess.run([w.initializer, u.initializer])
        second = sess.run([w, u, again])
    return {"graph": describe_graph(tf), "first": first, "second": second}


@programs
def initialized_value_in_scopes(tf):
    with tf.name_scope("s"):
        v = tf.Variable(tf.zeros([2]), name="v")
    with tf.name_scope("t"):
        v.initialized_value()
    return {"graph": describe_graph(tf)}


@programs
def initialized_and_uninitialized(tf):
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    check, report = tf.is_variable_initialized(v), tf.report_uninitialized_variables([v, w])
    graph = describe_graph(tf)
    with tf.Session() as sess:
        before = sess.run([check, report])
        sess.run(v.initializer)
        after = sess.run([check, report])
    return {"graph": graph, "before": before, "after": after}


@programs
def variable_protos(tf):
    with tf.variable_scope("s"):
        v = tf.get_variable("v", [2], initializer=tf.zeros_initializer(), trainable=False)
    proto = v.to_proto()
    fields = ["variable_name", "initializer_name", "snapshot_name", "initial_value_name", "is_resource", "trainable"]
    inside = v.to_proto(export_scope="s")
    back = tf.Variable.from_proto(proto)
    return {
        "proto": {f: getattr(proto, f) for f in fields},
        "inside": {f: getattr(inside, f) for f in fields},
        "back": [back.name, back.initializer.name, back.value().name, back.trainable],
    }


@programs
def scatter_updates(tf):
    v = tf.Variable(tf.zeros([4, 2]), name="v")
    rows = [[1.0, 2.0], [3.0, 4.0]]
    ops = [tf.scatter_add(v, [0, 2], rows), tf.scatter_sub(v, [0, 0], rows), tf.scatter_update(v, [3, 1], rows)]
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(op) for op in ops]
    return {"graph": describe_graph(tf), "values": values}


@programs
def variables_as_tensors(tf):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    w = tf.Variable([1.0, 1.0], name="w")
    results = [v + w, v * 2, 2 * v, -v, v[0], v[:, 1], tf.matmul(v, v), v > 1.5, abs(v), v**2, v / w, v - 1, 1 - v, 3 / v]
    return {"graph": describe_graph(tf), "names": results, "values": run(tf, results)}


@programs
def get_variable_defaults(tf):
    tf.set_random_seed(4)
    v = tf.get_variable("v", [3, 2])
    i = tf.get_variable("i", [2], tf.int32)
    c = tf.get_variable("c", initializer=tf.constant([1.0, 2.0]))
    n = tf.get_variable("n", shape=[2], initializer=tf.constant_initializer([5, 6]), dtype=tf.int64)
    local = tf.get_local_variable("local", [1])
    frozen = tf.get_variable("frozen", [1], trainable=False, collections=["some", tf.GraphKeys.GLOBAL_VARIABLES])
    return {
        "graph": describe_graph(tf),
        "collections": collections(tf),
        "values": run(tf, [v, i, c, n, local]),
        "static": static(v, i, c, n, local, frozen),
    }


INITIALIZERS = {
    "zeros": lambda tf: tf.zeros_initializer(),
    "ones": lambda tf: tf.ones_initializer(),
    "constant": lambda tf: tf.constant_initializer(2.5),
    "constant_list": lambda tf: tf.constant_initializer(np.arange(12.0).reshape(3, 4)),
    "random_normal": lambda tf: tf.random_normal_initializer(1.0, 0.5),
    "random_normal_seed": lambda tf: tf.random_normal_initializer(stddev=0.1, seed=5),
    "random_uniform": lambda tf: tf.random_uniform_initializer(-0.1, 0.1),
    "truncated_normal": lambda tf: tf.truncated_normal_initializer(stddev=0.02),
    "glorot_uniform": lambda tf: tf.glorot_uniform_initializer(),
    "glorot_normal": lambda tf: tf.glorot_normal_initializer(),
    "variance_scaling": lambda tf: tf.variance_scaling_initializer(2.0, "fan_in", "uniform"),
    "variance_scaling_default": lambda tf: tf.variance_scaling_initializer(),
    "uniform_unit_scaling": lambda tf: tf.uniform_unit_scaling_initializer(),
    "orthogonal": lambda tf: tf.orthogonal_initializer(),
    "identity": lambda tf: tf.initializers.identity(),
    "he_normal": lambda tf: tf.initializers.he_normal(),
}


def initializer_program(make):
    def program(tf):
        tf.set_random_seed(12)
        with tf.variable_scope("scope"):
            v = tf.get_variable("v", [3, 4], initializer=make(tf))
        return {"graph": describe_graph(tf), "value": run(tf, v)}

    return program


for _name, _make in INITIALIZERS.items():
    programs.add(f"initializer_{_name}", initializer_program(_make))


@programs
def regularizers_fill_a_collection(tf):
    def regularizer(weights):
        return tf.reduce_sum(weights * weights, name="penalty")

    with tf.variable_scope("s", regularizer=regularizer):
        tf.get_variable("v", [2], initializer=tf.ones_initializer())
        with tf.variable_scope("t"):
            tf.get_variable("w", [2], initializer=tf.ones_initializer(), regularizer=None)
    tf.get_variable("u", [2], initializer=tf.ones_initializer(), regularizer=regularizer)
    penalties = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    # TensorFlow 2 calls a regularizer once more than TensorFlow 1 did, and leaves what that call makes unused.
    graph = [line for line in describe_graph(tf) if not line.startswith(("mul", "Const", "penalty"))]
    return {"graph": graph, "collections": collections(tf), "values": run(tf, penalties)}


@programs
def collections_of_a_graph(tf):
    graph = tf.get_default_graph()
    tf.add_to_collection("a", 1)
    tf.add_to_collection("a", 2)
    graph.add_to_collections(["b", "c"], 3)
    ref = graph.get_collection_ref("a")
    ref.append(4)
    copy = tf.get_collection("a")
    copy.append(5)
    with tf.name_scope("x"):
        tf.add_to_collection("scoped", tf.constant(1.0, name="in"))
    tf.add_to_collection("scoped", tf.constant(1.0, name="out"))
    found = [tf.get_collection("scoped"), tf.get_collection("scoped", scope="x/"), tf.get_collection("scoped", scope="o")]
    facts = {"all": collections(tf), "found": found, "none": tf.get_collection("nothing")}
    graph.clear_collection("a")
    return facts | {"cleared": tf.get_collection("a")}


@programs
def keys_of_collections(tf):
    names = "GLOBAL_VARIABLES LOCAL_VARIABLES MODEL_VARIABLES TRAINABLE_VARIABLES SUMMARIES QUEUE_RUNNERS TABLE_INITIALIZERS"
    names += " ASSET_FILEPATHS MOVING_AVERAGE_VARIABLES REGULARIZATION_LOSSES CONCATENATED_VARIABLES SAVERS WEIGHTS BIASES"
    names += " ACTIVATIONS UPDATE_OPS LOSSES SUMMARY_OP GLOBAL_STEP TRAIN_OP INIT_OP READY_OP COND_CONTEXT WHILE_CONTEXT"
    names += " EVAL_STEP VARIABLES METRIC_VARIABLES LOCAL_INIT_OP SAVEABLE_OBJECTS"
    return {name: getattr(tf.GraphKeys, name) for name in names.split()}


@programs
def global_step(tf):
    step = tf.train.get_or_create_global_step()
    again = tf.train.get_or_create_global_step()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = tf.train.global_step(sess, step)
    return {"graph": describe_graph(tf), "same": step is again, "value": int(value), "collections": collections(tf)}


@programs
def group_and_no_op(tf):
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(1.0, name="w")
    both = tf.group(v.assign_add(1.0), w.assign_add(2.0))
    named = tf.group(v.initializer, name="named")
    empty = tf.group()
    with tf.device("/cpu:0"):
        a = tf.no_op("on_cpu")
    mixed = tf.group(a, v.initializer, name="mixed")
    tup = tf.tuple([v.value(), w + 1.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        ran = sess.run([both, named, empty, mixed])
        value = sess.run(tup)
    return {"graph": describe_graph(tf), "ran": ran, "value": value}


@programs
def control_dependencies(tf):
    v = tf.Variable(1.0, name="v")
    update = v.assign_add(1.0)
    with tf.control_dependencies([update]):
        later = v.read_value()
        inner = tf.identity(v, name="inner")
        made = tf.constant(5.0)
        with tf.control_dependencies(None):
            free = tf.identity(made)
        with tf.control_dependencies([made]):
            deep = tf.add(made, 1.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(later), sess.run(inner), sess.run(v), sess.run(free), sess.run(deep)]
    return {"graph": describe_graph(tf), "values": values}


@programs
def colocate_and_devices(tf):
    with tf.device("/gpu:0"):
        a = tf.constant(1.0, name="a")
        with tf.device("/job:worker"):
            b = tf.constant(1.0, name="b")
        with tf.device(None):
            c = tf.constant(1.0, name="c")
        with tf.device("/cpu:1"):
            d = tf.constant(1.0, name="d")
    with tf.colocate_with(d):
        e = tf.constant(2.0, name="e")
    with tf.device(lambda op: "/gpu:3" if op.type == "Const" else "/cpu:0"):
        f = tf.constant(2.0, name="f") + 1.0
    return {"graph": describe_graph(tf), "devices": [t.device for t in (a, b, c, d, e, f)]}


@programs
def replica_device_setter(tf):
    with tf.device(tf.train.replica_device_setter(ps_tasks=2)):
        for i in range(3):
            tf.Variable(tf.zeros([2]), name=f"v{i}")
        tf.constant(1.0) + tf.constant(2.0)
    return {"graph": describe_graph(tf)}
