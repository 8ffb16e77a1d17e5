"""Variables, their scopes, parts, updates and initial values; averages of them; where they are placed and restored from."""

from __future__ import annotations

import random
import tempfile

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()


def run(tf, fetches, feeds=None):
    with tf.Session() as sess:
        sess.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        return sess.run(fetches, feeds)


def zeros(tf):
    return tf.zeros_initializer()


# --- templates, creators, scopes ---------------------------------------------------------------------------------------


@programs
def template_properties(tf):
    def layer(x, units):
        w = tf.get_variable("w", [2, units], initializer=zeros(tf))
        tf.get_variable("frozen", [1], initializer=zeros(tf), trainable=False)
        tf.get_local_variable("seen", [], initializer=zeros(tf))
        return tf.matmul(x, w)

    shared = tf.make_template("layer", layer, units=3)
    before = [shared.variables, shared.variable_scope_name, shared.variable_scope is None]
    x = tf.ones([1, 2])
    results = [shared(x), shared(x)]
    facts = {
        "global": shared.global_variables,
        "local": shared.local_variables,
        "all": shared.variables,
        "trainable": shared.trainable_variables,
        "fixed": shared.non_trainable_variables,
        "weights": [shared.weights, shared.trainable_weights, shared.non_trainable_weights],
        "name": [shared.name, shared.variable_scope_name, shared.variable_scope.name, shared.var_scope.name],
    }
    return {"before": before, "results": results, "facts": facts, "graph": describe_graph(tf)}


@programs
def template_scopes_now_or_later(tf):
    def scale(x):
        return x * tf.get_variable("factor", [], initializer=zeros(tf))

    later = tf.make_template("t", scale)
    now = tf.make_template("t", scale, create_scope_now_=True)
    other = tf.make_template("t", scale, create_scope_now_=True)
    names = [now.variable_scope.name, now.variable_scope.original_name_scope, now.variable_scope_name]
    with tf.variable_scope("outer"):
        results = [later(1.0), now(1.0), other(2.0)]
    results += [now(3.0), later(4.0), other(5.0)]
    return {"names": names, "results": results, "graph": op_names(tf), "variables": tf.global_variables()}


@programs
def template_unique_name(tf):
    def scale(x):
        return x * tf.get_variable("factor", [], initializer=zeros(tf))

    one = tf.make_template("a", scale, unique_name_="shared")
    two = tf.make_template("b", scale, unique_name_="shared")
    first = one(1.0)
    again = error(tf, lambda: two(1.0), "Variable shared/factor already exists", "originally defined at:")
    return {"first": first, "again": again, "more": one(2.0), "graph": op_names(tf)}


@programs
def template_getter_and_nesting(tf):
    def getter(getter, name, *args, **kwargs):
        return getter(name + "_kept", *args, **kwargs)

    def inner(x):
        return x + tf.get_variable("b", [], initializer=zeros(tf))

    def outer(x, inside):
        return inside(x) * tf.get_variable("a", [], initializer=zeros(tf))

    inside = tf.make_template("inner", inner, custom_getter_=getter)
    shared = tf.make_template("outer", outer, inside=inside)
    results = [shared(1.0), shared(2.0), inside(3.0)]
    return {
        "results": results,
        "variables": tf.global_variables(),
        "names": [inside.variable_scope_name],
        "graph": op_names(tf),
    }


@programs
def template_errors(tf):
    def makes_variables(x):
        return x + tf.Variable(1.0, name="v")

    def fails(x):
        tf.get_variable("w", [1], initializer=zeros(tf))
        raise ValueError("no such thing")

    shared = tf.make_template("t", makes_variables)
    shared(1.0)
    failing = tf.make_template("f", fails)
    return {
        "again": error(tf, lambda: shared(1.0), "Trainable variable created when calling a template after the first time"),
        "inside": error(tf, lambda: failing(1.0), "no such thing", "originally defined at:"),
        "name": error(tf, lambda: tf.make_template(None, fails), "name cannot be None."),
        "graph": op_names(tf),
    }


@programs
def variable_creators(tf):
    log = []

    def outer(next_creator, **kwargs):
        log.append(["outer", kwargs["name"], sorted(k for k in kwargs if k != "distribute_strategy")])
        kwargs["trainable"] = False
        return next_creator(**kwargs)

    def inner(next_creator, **kwargs):
        log.append(["inner", kwargs["name"]])
        kwargs["name"] = f"{kwargs['name']}_inner"
        return next_creator(**kwargs)

    with tf.variable_creator_scope(outer):
        a = tf.Variable(1.0, name="a")
        with tf.variable_creator_scope(inner):
            b = tf.Variable(1.0, name="b")
            c = tf.get_variable("c", [1], initializer=zeros(tf))
    d = tf.Variable(1.0, name="d")
    keys = log[0][2]
    wanted = ["initial_value", "trainable", "collections", "validate_shape", "caching_device", "name", "dtype", "constraint"]
    return {
        "log": [entry[:2] for entry in log],
        "keys": [k in keys for k in wanted],
        "made": [[v.name, v.trainable] for v in (a, b, c, d)],
        "graph": op_names(tf),
        "collections": collections(tf),
    }


@programs
def old_scope_forms(tf):
    x = tf.constant(1.0)
    names = []
    with tf.variable_op_scope([x], None, "default") as scope:
        names += [scope.name, tf.get_variable("v", [1], initializer=zeros(tf)).name, tf.no_op().name]
    with tf.variable_op_scope([x], "given", "default", reuse=tf.AUTO_REUSE) as scope:
        names += [scope.name, tf.get_variable("v", [1], initializer=zeros(tf)).name, tf.no_op().name]
    with tf.op_scope([x], "scope", "default") as scope:
        names += [scope, tf.no_op().name]
    with tf.op_scope([x], None, "default") as scope:
        names += [scope, tf.no_op().name]
    return {"names": names, "graph": op_names(tf)}


@programs
def init_scopes(tf):
    x = tf.constant(1.0, name="x")
    facts = []
    with tf.control_dependencies([x]), tf.name_scope("n"):
        inside = tf.no_op(name="inside")
        with tf.init_scope():
            facts.append(tf.no_op(name="lifted").name)
            lifted = tf.constant(2.0)
        after = tf.identity(lifted)
    with tf.init_scope():
        facts.append(tf.no_op(name="top").name)
    return {"facts": facts, "graph": describe_graph(tf), "ops": [inside.name, after.name]}


@programs
def containers_of_variables(tf):
    with tf.container("box"):
        tf.Variable(1.0, name="v")
        with tf.container("inner"):
            tf.get_variable("w", [1], initializer=zeros(tf))
    tf.Variable(1.0, name="u")
    return {"graph": describe_graph(tf)}


@programs
def scope_setters(tf):
    def getter(getter, name, *args, **kwargs):
        return getter(name + "_got", *args, **kwargs)

    with tf.variable_scope("s") as scope:
        scope.set_initializer(tf.constant_initializer(3.0))
        scope.set_dtype(tf.float64)
        scope.set_regularizer(lambda w: tf.reduce_sum(w, name="penalty"))
        a = tf.get_variable("a", [1], regularizer=tf.no_regularizer)
        scope.set_custom_getter(getter)
        scope.set_use_resource(False)
        scope.set_caching_device("/cpu:0")
        b = tf.get_variable("b", [1], regularizer=tf.no_regularizer)
        scope.set_partitioner(tf.fixed_size_partitioner(2))
        scope.set_regularizer(None)
        c = tf.get_variable("c", [2])
        scope.reuse_variables()
        with tf.variable_scope("t") as inner:
            inherited = [inner.reuse, inner.dtype, inner.use_resource, inner.caching_device, inner.custom_getter is getter]
            inherited += [inner.regularizer is None, inner.partitioner is scope.partitioner]
    return {"names": [a, b, c.name, list(c)], "inherited": inherited, "graph": describe_graph(tf), "static": static(a, b)}


@programs
def constraints_are_not_inherited(tf):
    def clip(v):
        return tf.clip_by_value(v, 0.0, 1.0)

    with tf.variable_scope("a", constraint=clip) as scope:
        v = tf.get_variable("v", [1], initializer=zeros(tf))
        with tf.variable_scope("b") as inner:
            w = tf.get_variable("w", [1], initializer=zeros(tf))
            own = tf.get_variable("own", [1], initializer=zeros(tf), constraint=clip)
    with tf.variable_scope(scope, auxiliary_name_scope=True) as again:
        pass
    facts = [scope.constraint is clip, inner.constraint is None, again.constraint is None]
    return [*facts, v.constraint is clip, w.constraint is None, own.constraint is clip]


@programs
def custom_getters(tf):
    log = []

    def noted(label):
        def getter(getter, name, *args, **kwargs):
            log.append([label, name, sorted(kwargs)])
            return getter(name, *args, **kwargs)

        return getter

    def doubled(getter, name, shape=None, **kwargs):
        return getter(name, [2 * d for d in shape], **kwargs)

    with tf.variable_scope("a", custom_getter=noted("a")), tf.variable_scope("b", custom_getter=noted("b")):
        tf.get_variable("v", [1], initializer=zeros(tf))
        own = tf.get_variable("w", [1], initializer=zeros(tf), custom_getter=doubled)
    return {"log": log, "static": static(own), "names": tf.global_variables()}


@programs
def getter_that_shares(tf):
    """A getter that leaves `reuse` out shares what is there."""

    def getter(getter, name, shape=None, **kwargs):
        return getter("same", shape, initializer=tf.zeros_initializer())

    with tf.variable_scope("s", custom_getter=getter):
        a, b = tf.get_variable("a", [1]), tf.get_variable("b", [1])
    return {
        "same": a is b,
        "name": a.name,
        "bad": error(tf, lambda: tf.get_variable("v", [1], custom_getter=3), "not callable"),
    }


@programs
def values_for_initializers(tf):
    tf.get_variable("a", initializer=5)
    tf.get_variable("b", initializer=[1.0, 2.0])
    tf.get_variable("c", initializer=tf.constant([1, 2]), dtype=tf.int32)
    tf.get_variable("d", initializer=np.array([1.0, 2.0]))
    tf.get_variable("e", initializer=2.0, dtype=tf.float32)
    tf.get_variable("f", initializer=lambda: tf.ones([2, 2]))
    return {
        "graph": describe_graph(tf),
        "shape": error(tf, lambda: tf.get_variable("g", [2], initializer=tf.ones([2])), "do not specify shape"),
        "type": error(tf, lambda: tf.get_variable("h", initializer=1, dtype=tf.float32), "don't match"),
        "static": static(*tf.global_variables()),
        "values": run(tf, tf.global_variables()),
    }


@programs
def get_variable_errors(tf):
    with tf.variable_scope("s"):
        tf.get_variable("weights", [2], initializer=zeros(tf))

    def within(reuse, *args, **kwargs):
        with tf.variable_scope("s", reuse=reuse):
            return tf.get_variable(*args, **kwargs)

    def scope(*args, **kwargs):
        with tf.variable_scope(*args, **kwargs):
            pass

    return {
        "near": error(tf, lambda: within(True, "weight", [2]), "Variable s/weight does not exist, or was not created with"),
        "dtype": error(tf, lambda: within(True, "weights", [2], tf.int32), "but specified dtype int32 and found dtype float32"),
        "unknown": error(tf, lambda: tf.get_variable("x", dtype=tf.float32), "must be specified"),
        "complex": error(tf, lambda: tf.get_variable("y", [1], tf.complex64), "An initializer for variable y of"),
        "reuse": error(tf, lambda: scope("a", reuse="yes"), "The reuse parameter must be True or False or None."),
        "default": error(tf, lambda: scope(None, "d", reuse=True), "reuse=True cannot be used without a name_or_scope"),
        "nothing": error(tf, lambda: scope(None), "If default_name is None then name_or_scope is required"),
        "wrong": error(tf, lambda: scope(3), "name_or_scope must be a string or VariableScope."),
        "auxiliary": error(tf, lambda: scope("a", auxiliary_name_scope=1), "must be `True` or `False`"),
        "constraint": error(tf, lambda: tf.Variable(1.0, constraint=2), "must be a callable"),
        "collections": error(tf, lambda: tf.Variable(1.0, collections="x"), "must be a list, tuple, or set"),
        "no value": error(tf, lambda: tf.Variable(), "initial_value must be specified."),
        "no shape": error(tf, lambda: tf.Variable(tf.placeholder(tf.float32, [None])), "must have a shape specified"),
    }


@programs
def improper_nesting(tf):
    a, b = tf.variable_scope("a"), tf.variable_scope("b")
    a.__enter__()
    b.__enter__()
    return error(tf, lambda: a.__exit__(None, None, None), "Improper nesting of variable_scope.")


@programs
def synchronization_and_aggregation(tf):
    on_read = tf.Variable(1.0, synchronization=tf.VariableSynchronization.ON_READ, name="a")
    summed = tf.get_variable("b", [1], initializer=zeros(tf), aggregation=tf.VariableAggregation.SUM)
    plain = tf.Variable(1.0, name="c")
    proto = summed.to_proto()
    made = [[v.trainable, v.synchronization.name, v.aggregation.name] for v in (on_read, summed, plain)]
    return {
        "made": made,
        "proto": [proto.synchronization, proto.aggregation],
        "members": [[m.name, m.value] for m in (*tf.VariableSynchronization, *tf.VariableAggregation)],
        "tower": tf.VariableAggregation.ONLY_FIRST_TOWER is tf.VariableAggregation.ONLY_FIRST_REPLICA,
        "bad": error(tf, lambda: tf.Variable(1.0, synchronization="no", name="d"), "Invalid variable synchronization mode: no"),
        "worse": error(tf, lambda: tf.Variable(1.0, aggregation="no", name="d"), "Invalid variable aggregation mode: no"),
    }


@programs
def caching_devices(tf):
    with tf.device("/job:ps/task:0"):
        tf.Variable(1.0, name="v", caching_device="/job:worker/task:1")
        with tf.variable_scope("s", caching_device=lambda op: "/gpu:1"):
            tf.get_variable("w", [1], initializer=zeros(tf))
            tf.get_variable("u", [1], initializer=zeros(tf), caching_device="/cpu:0")
    return {"graph": describe_graph(tf)}


@programs
def regularizers_of_parts(tf):
    def penalty(w):
        return tf.reduce_sum(w, name="penalty")

    with tf.variable_scope("s", regularizer=penalty, partitioner=tf.fixed_size_partitioner(2)):
        tf.get_variable("v", [4], initializer=tf.ones_initializer())
        tf.get_variable("w", [2], initializer=tf.ones_initializer(), regularizer=tf.no_regularizer)
        tf.get_variable("u", [], initializer=tf.ones_initializer())
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return {"names": [t.name for t in losses], "values": run(tf, [tf.add_n(losses)])}


# --- parts -------------------------------------------------------------------------------------------------------------


@programs
def partitioned_variable(tf):
    with tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(3)):
        v = tf.get_variable("v", [7, 2], initializer=tf.ones_initializer())
        one = tf.get_variable("one", [1, 2], initializer=tf.ones_initializer())
    x = tf.matmul(tf.ones([1, 7]), v)
    y = one.as_tensor()
    with tf.control_dependencies([x]):
        z = tf.convert_to_tensor(v)
    infos = [p._get_save_slice_info() for p in v]
    return {
        "facts": [v.name, v.dtype, v.shape, v.get_shape(), len(v), list(v), len(one), list(one)],
        "infos": [[i.full_name, i.full_shape, i.var_offset, i.var_shape, i.spec] for i in infos],
        "graph": describe_graph(tf),
        "collections": collections(tf),
        "values": run(tf, [x, y, z]),
    }


@programs
def partitioned_initial_values(tf):
    value = tf.constant(np.arange(10, dtype=np.float32).reshape(5, 2))
    a = tf.get_variable("a", initializer=value, partitioner=tf.fixed_size_partitioner(2))
    b = tf.get_variable("b", [4], initializer=np.arange(4.0, dtype=np.float32), partitioner=tf.fixed_size_partitioner(2))
    infos = []

    def own(shape, dtype=None, partition_info=None):
        infos.append([shape, partition_info.full_shape, partition_info.var_offset, partition_info.single_offset(shape)])
        infos.append(partition_info.single_slice_dim(shape))
        return tf.fill(shape, float(len(infos)))

    def plain(shape, dtype=None):
        return tf.ones(shape, dtype)

    c = tf.get_variable("c", [2, 5], initializer=own, partitioner=tf.fixed_size_partitioner(2, axis=1))
    d = tf.get_variable("d", [2], initializer=plain, partitioner=tf.fixed_size_partitioner(2))
    e = tf.get_variable("e", [3, 4], tf.int32, partitioner=tf.fixed_size_partitioner(2))
    whole = [t.as_tensor() for t in (a, b, c, d, e)]
    return {"infos": infos, "graph": describe_graph(tf), "values": run(tf, whole)}


@programs
def partitioned_random_initializers(tf):
    tf.set_random_seed(3)
    made = {
        "uniform_unit": tf.uniform_unit_scaling_initializer(2.0),
        "variance": tf.variance_scaling_initializer(),
        "identity": tf.initializers.identity(gain=2.0),
        "glorot": None,
    }
    values = {}
    for name, initializer in made.items():
        v = tf.get_variable(name, [6, 4], initializer=initializer, partitioner=tf.fixed_size_partitioner(2))
        values[name] = v.as_tensor()
    return {"graph": describe_graph(tf), "values": run(tf, values)}


@programs
def partitioned_assignments(tf):
    v = tf.get_variable("v", [5], initializer=zeros(tf), partitioner=tf.fixed_size_partitioner(2))
    w = tf.get_variable("w", [5], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    updates = [
        v.assign(tf.range(5.0)),
        v.assign_add(w),
        v.assign_sub([tf.ones([3]), tf.ones([2])], name="minus"),
        v.assign(tf.ones([5]), read_value=True, use_locking=True),
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(u) for u in updates]
    return {"graph": describe_graph(tf), "values": values, "names": updates}


@programs
def partitioned_reuse(tf):
    half = tf.fixed_size_partitioner(2)

    def make(reuse, name="v", shape=(4, 2), partitioner=half, dtype=tf.float32):
        with tf.variable_scope("s", reuse=reuse):
            return tf.get_variable(name, list(shape), dtype, initializer=tf.ones_initializer(), partitioner=partitioner)

    v = make(None)
    make(None, "whole", partitioner=None)
    return {
        "same": [make(True) is v, make(tf.AUTO_REUSE) is v, make(True, partitioner=None) is v],
        "exists": error(tf, lambda: make(None), "Partitioned variable with name s/v already exists."),
        "missing": error(tf, lambda: make(True, "w"), "PartitionedVariable s/w does not exist"),
        "shape": error(tf, lambda: make(True, shape=(4, 3)), "but specified shape (4, 3) and found shape (4, 2)."),
        "dtype": error(tf, lambda: make(True, dtype=tf.int32), "but specified dtype int32 and found dtype float32."),
        "parts": error(
            tf,
            lambda: make(True, partitioner=tf.fixed_size_partitioner(4)),
            "but specified partitions [4, 1] and found partitions [2, 1].",
        ),
        "was whole": error(tf, lambda: make(True, "whole"), "an unpartitioned version of the variable was found: s/whole."),
        "was parts": error(tf, lambda: make(None, partitioner=None), "a partitioned version of the variable was found"),
        "scalar": make(None, "scalar", ()).name,
        "graph": op_names(tf),
    }


@programs
def partitioner_errors(tf):
    def make(partitioner, shape=(4, 2)):
        return tf.get_variable("v", list(shape), initializer=tf.ones_initializer(), partitioner=partitioner)

    return {
        "not called": error(tf, lambda: make(2), "Partitioner must be callable, but received: 2"),
        "no list": error(tf, lambda: make(lambda shape, dtype: 2), "Partitioner must return a sequence, but saw: 2"),
        "rank": error(tf, lambda: make(lambda shape, dtype: [2]), "does not match the Variable's rank"),
        "zero": error(tf, lambda: make(lambda shape, dtype: [0, 1]), "Partitioner returned zero partitions for some axes"),
        "two": error(tf, lambda: make(lambda shape, dtype: [2, 2]), "Can only slice a variable along one dimension"),
        "unknown": error(tf, lambda: make(tf.fixed_size_partitioner(2), (None, 2)), "must be fully defined, but instead was"),
        "ones": list(make(lambda shape, dtype: [1, 1])),
        "bytes": error(tf, lambda: tf.variable_axis_size_partitioner(0), "must be positive"),
        "shards": error(tf, lambda: tf.variable_axis_size_partitioner(1, max_shards=-1), "max_shards must be positive."),
        "axis": error(tf, lambda: make(tf.min_max_variable_partitioner(axis=2)), "Cannot partition variable along axis 2"),
    }


@programs
def partitioners(tf):
    shapes = [[4], [10, 4], [3, 1024], [64, 3, 2]]
    made = {
        "fixed": tf.fixed_size_partitioner(3),
        "fixed_last": tf.fixed_size_partitioner(2, axis=-1),
        "axis": tf.variable_axis_size_partitioner(64),
        "axis_large": tf.variable_axis_size_partitioner(1 << 20),
        "axis_limited": tf.variable_axis_size_partitioner(16, max_shards=3),
        "axis_strings": tf.variable_axis_size_partitioner(64, bytes_per_string_element=8),
        "min_max": tf.min_max_variable_partitioner(4, min_slice_size=16),
        "min_max_default": tf.min_max_variable_partitioner(),
        "min_max_strings": tf.min_max_variable_partitioner(100, min_slice_size=64, bytes_per_string_element=64),
    }
    dtypes = [tf.float32, tf.float64, tf.int8, tf.string]
    return {
        name: [[list(partitioner(shape=tf.TensorShape(s), dtype=d)) for d in dtypes] for s in shapes]
        for name, partitioner in made.items()
    }


@programs
def created_partitioned_variables(tf):
    a = tf.create_partitioned_variables([4, 2], [2, 1], tf.ones_initializer())
    b = tf.create_partitioned_variables([4, 3], [1, 3], tf.constant(np.ones((4, 3), np.float32)), name="b", trainable=False)
    c = tf.create_partitioned_variables([4, 2], [2, 1], tf.ones_initializer())
    with tf.variable_scope("s"):
        d = tf.create_partitioned_variables([4], [2], tf.ones_initializer(), tf.int32, name="d", collections=["some"])
    again = tf.create_partitioned_variables([4, 3], [1, 3], tf.ones([4, 3]), name="b", reuse=True)
    return {
        "names": [a, b, c, d, [x is y for x, y in zip(b, again, strict=True)]],
        "graph": describe_graph(tf),
        "collections": collections(tf),
        "rank": error(tf, lambda: tf.create_partitioned_variables([4, 2], [2], tf.ones_initializer()), "must have the length"),
        "scalar": error(tf, lambda: tf.create_partitioned_variables([], [], tf.ones_initializer()), "rank at least 1"),
    }


@programs
def partitioned_saver(tf):
    v = tf.get_variable("v", [5, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    w = tf.get_variable("w", [2], initializer=tf.ones_initializer())
    saver = tf.train.Saver()
    named = tf.train.Saver({"other": v, "single": w})
    changed = v.assign(tf.constant(np.arange(10.0, dtype=np.float32).reshape(5, 2)))
    folder = tempfile.mkdtemp()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(changed)
        path = saver.save(sess, f"{folder}/model")
        named.save(sess, f"{folder}/named")
        sess.run(tf.global_variables_initializer())
        saver.restore(sess, path)
        values = sess.run([v.as_tensor(), w])
    listed = [tf.train.list_variables(f"{folder}/{name}") for name in ("model", "named")]
    return {"graph": describe_graph(tf), "values": values, "listed": listed, "read": tf.train.load_variable(path, "v")}


@programs
def partitioned_differently_restored(tf):
    folder = tempfile.mkdtemp()
    value = np.arange(14.0, dtype=np.float32).reshape(7, 2)
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", [7, 2], initializer=zeros(tf), partitioner=tf.fixed_size_partitioner(3))
        sess.run(v.assign(value))
        tf.train.Saver().save(sess, f"{folder}/model")
    results = []
    for partitioner in (None, tf.fixed_size_partitioner(2), tf.fixed_size_partitioner(2, axis=1)):
        with tf.Graph().as_default(), tf.Session() as sess:
            v = tf.get_variable("v", [7, 2], initializer=zeros(tf), partitioner=partitioner)
            tf.train.Saver().restore(sess, f"{folder}/model")
            results.append(sess.run(tf.convert_to_tensor(v)))
    return results


@programs
def partitioned_training(tf):
    v = tf.get_variable("v", [4, 1], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    loss = tf.reduce_sum(tf.square(tf.matmul(tf.ones([1, 4]), v)))
    step = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        value = sess.run(v.as_tensor())
    return {"graph": op_names(tf), "value": value}


@programs
def partitioned_lookups(tf):
    v = tf.get_variable("v", [5, 2], initializer=tf.ones_initializer(), partitioner=tf.fixed_size_partitioner(2))
    found = tf.nn.embedding_lookup(v, [0, 4, 2], partition_strategy="div")
    return {"static": static(found), "values": run(tf, found)}


# --- scopes drawn at random --------------------------------------------------------------------------------------------


def deep_nesting(seed):
    """Scopes of all kinds in one another, with defaults that are inherited; parts; names with slashes; ops and old forms."""

    def program(tf):
        rng = random.Random(1000 + seed)
        log, captured = [], []
        names = ["a", "b", "a/b", "c_1", "A", "part_0", "x.y"]

        def getter(suffix):
            return lambda getter, name, *args, **kwargs: getter(name + suffix, *args, **kwargs)

        def variable():
            name, shape = rng.choice(names), rng.choice([[4], [4], [2, 4], []])
            options = {} if rng.random() < 0.5 else {"initializer": tf.ones_initializer()}
            if rng.random() < 0.2:
                options["partitioner"] = tf.fixed_size_partitioner(rng.choice([1, 2]))
            if rng.random() < 0.2:
                options["trainable"] = False
            if rng.random() < 0.2:
                options["dtype"] = rng.choice([tf.float64, tf.int32])
            make = tf.get_local_variable if rng.random() < 0.15 else tf.get_variable
            try:
                v = make(name, shape, **options)
            except ValueError as raised:
                log.append(str(raised).partition("\n")[0].partition(", disallowed")[0].partition(", or was")[0])
            else:
                log.append([v.name, v.dtype, *(p.name for p in (v if hasattr(v, "as_tensor") else []))])

        def scope(kind):
            name, reuse = rng.choice(names), rng.choice([None, None, None, False, True, tf.AUTO_REUSE])
            options = {"reuse": reuse}
            if rng.random() < 0.25:
                options["dtype"] = rng.choice([tf.float64, tf.float32])
            if rng.random() < 0.25:
                options["custom_getter"] = getter(rng.choice(["_g", "_h"]))
            if rng.random() < 0.25:
                options["initializer"] = tf.zeros_initializer()
            if rng.random() < 0.15:
                options["partitioner"] = tf.fixed_size_partitioner(2)
            auxiliary = rng.random() < 0.7
            if kind == "default":
                options.pop("reuse")
                return tf.variable_scope(None, name.replace("/", "_"), auxiliary_name_scope=auxiliary, **options)
            if kind == "captured" and captured:
                return tf.variable_scope(rng.choice(captured), auxiliary_name_scope=auxiliary, **options)
            if kind == "root":
                return tf.variable_scope(tf.VariableScope(reuse=False), auxiliary_name_scope=auxiliary)
            return tf.variable_scope(name, auxiliary_name_scope=auxiliary, **options)

        def block(depth):
            for _ in range(rng.randint(1, 4)):
                kind = rng.choice(
                    ["op", "variable", "variable", "class", "scope", "scope", "default", "captured", "name", "root"]
                )
                if kind == "op":
                    log.append([tf.no_op(name=rng.choice(names)).name, tf.get_default_graph().get_name_scope()])
                elif kind == "variable":
                    variable()
                elif kind == "class":
                    log.append(tf.Variable(rng.choice([1.0, [1, 2]]), name=rng.choice([None, "a", "b/c"])).name)
                elif depth > 3:
                    continue
                elif kind == "name":
                    with tf.name_scope(rng.choice([*names, None, "a/"])) as opened:
                        log.append(opened)
                        block(depth + 1)
                else:
                    with scope(kind) as opened:
                        captured.append(opened)
                        log.append([opened.name, opened.original_name_scope, opened.reuse is True, opened.dtype])
                        if rng.random() < 0.1:
                            opened.reuse_variables()
                        block(depth + 1)

        for _ in range(3):
            block(0)
        return {"log": log, "graph": op_names(tf), "collections": collections(tf)}

    return program


for _seed in range(24):
    programs.add(f"deep_nesting_{_seed}", deep_nesting(_seed))
