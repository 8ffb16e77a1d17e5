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
def scopes_entered_again(tf):
    names = []
    for block in (tf.variable_scope("a"), tf.variable_scope(None, "d"), tf.variable_scope("r", reuse=tf.AUTO_REUSE)):
        for i in range(2):
            with block as scope:
                names.append([scope.name, scope.original_name_scope, tf.no_op(name="x").name])
                names.append(tf.get_variable(f"v{i}", [1], initializer=zeros(tf)).name)
    with tf.variable_op_scope([], "p", None, tf.ones_initializer()) as scope:
        names.append([scope.name, scope.initializer is not None])
    scope = tf.name_scope("n")
    for _ in range(2):
        with scope as name:
            names.append([name, tf.no_op(name="x").name])
    return {"names": names, "graph": op_names(tf)}


@programs
def partition_scopes_and_lookups(tf):
    """Parts in name scopes, in branches of reuse, from values that are arrays or wholes, and in control dependencies."""
    with tf.name_scope("n"), tf.variable_scope("s", partitioner=tf.variable_axis_size_partitioner(16)) as scope:
        v = tf.get_variable("v", [6], initializer=tf.constant_initializer(2.0))
        w = tf.get_variable("w", [2, 4], tf.float64, initializer=np.ones((2, 4)))
    with tf.variable_scope(scope, reuse=True, auxiliary_name_scope=True):
        same = tf.get_variable("v", [6]) is v
    with tf.control_dependencies([v.assign_add(tf.ones([6]))[0]]):
        read = tf.convert_to_tensor(v, tf.float32)
        kept = tf.identity(read, name="kept")
    step = tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(v.as_tensor()))
    slots = [[x.name, x._get_save_slice_info() and x._get_save_slice_info().spec] for x in tf.global_variables()]
    bad = error(tf, lambda: tf.convert_to_tensor(v, tf.int32), "to type 'int32' for variable of type 'float32'")
    missing = error(tf, lambda: tf.Session().run(v), "PartitionedVariable")
    return {"same": same, "slots": slots, "names": [w.name, kept, step], "graph": describe_graph(tf), "bad": [bad, missing]}


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


# --- variables ---------------------------------------------------------------------------------------------------------


@programs
def initial_values_of_all_kinds(tf):
    tf.Variable(3, name="number")
    tf.Variable([[1.0, 2.0]], name="list")
    tf.Variable(np.array([1, 2], np.int64), name="array")
    tf.Variable(tf.ones([2]), name="tensor")
    tf.Variable(lambda: tf.zeros([2, 2]), name="function")
    tf.Variable(lambda: 5, name="plain_function", dtype=tf.float32)
    tf.Variable("text", name="text")
    tf.Variable(True, name="truth")
    tf.Variable(1, name="converted", dtype=tf.float64)
    tf.Variable(tf.placeholder(tf.float32, [None, 2], name="p"), name="unchecked", validate_shape=False)
    tf.Variable([1.0, 2.0], name="vague", shape=tf.TensorShape([None]))
    tf.Variable([1.0, 2.0], name="shaped", validate_shape=False)
    with tf.device("/gpu:1"):
        tf.Variable(tf.ones([2]), name="placed")
        tf.Variable(lambda: tf.ones([2]), name="placed_function")
    return {"graph": describe_graph(tf), "static": static(*tf.global_variables()), "collections": collections(tf)}


@programs
def unchecked_shapes(tf):
    v = tf.Variable([1.0, 2.0], validate_shape=False, name="v")
    longer = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    plain = tf.assign(v, [[1.0]], validate_shape=False)
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(v), sess.run(longer), sess.run(v.value()), sess.run(plain), sess.run(tf.shape(v))]
    v.set_shape([3])
    return {"values": values, "static": static(v, longer, plain, v.value()), "graph": describe_graph(tf)}


@programs
def scatters(tf):
    def make():
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], name="v")
        return v, [[2.0, 4.0], [5.0, 1.0]]

    values = {}
    v, rows = make()
    names = ["update", "add", "sub", "mul", "div", "min", "max"]
    delta = tf.IndexedSlices(tf.constant(rows), tf.constant([2, 0]))
    ops = {n: getattr(tf, f"scatter_{n}")(v, [2, 0], rows) for n in names}
    own = {n: getattr(v, f"scatter_{n}")(delta) for n in names}
    nested = {
        "scalar": tf.scatter_add(v, 1, [10.0, 20.0], name="scalar"),
        "matrix": tf.scatter_update(v, [[0, 1], [2, 3]], tf.zeros([2, 2, 2]), use_locking=False),
        "empty": tf.scatter_sub(v, tf.constant([], tf.int32), tf.zeros([0, 2])),
        "repeated": tf.scatter_add(v, [1, 1, 1], tf.ones([3, 2])),
        "long": tf.scatter_mul(v, tf.constant([3], tf.int64), [[0.0, -1.0]]),
        "broadcast": tf.scatter_add(v, [1, 2], 5.0),
    }
    with tf.Session() as sess:
        for group, made in (("tf", ops), ("own", own), ("nested", nested)):
            for name, op in made.items():
                sess.run(v.initializer)
                values[f"{group} {name}"] = sess.run(op)
    return {"values": values, "graph": describe_graph(tf)}


@programs
def scatter_errors(tf):
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="v")
    past = tf.scatter_add(v, [5], [[1.0, 1.0]])
    before = tf.scatter_nd_update(v, [[-1]], [[1.0, 1.0]])
    whole = tf.scatter_nd_add(v, tf.zeros([1, 0], tf.int32), tf.ones([1, 2, 2]))
    with tf.Session() as sess:
        sess.run(v.initializer)
        outside = [
            error(tf, lambda op=op: sess.run(op), "indices[0] = ", "does not index into") for op in (past, before, whole)
        ]
        kept = sess.run(v)
    return {
        "outside": outside,
        "kept": kept,
        "shape": error(tf, lambda: tf.scatter_add(v, [0], [[1.0, 1.0, 1.0]])),
        "dtype": error(tf, lambda: tf.scatter_add(v, [0.0], [[1.0, 1.0]])),
        "tensor": error(tf, lambda: tf.scatter_add(tf.ones([2, 2]), [0], [[1.0, 1.0]])),
        "slices": error(tf, lambda: v.scatter_add([[1.0, 1.0]]), "sparse_delta is not IndexedSlices"),
        "nd depth": error(tf, lambda: tf.scatter_nd_add(v, [[0, 0, 0]], [1.0])),
        "nd shape": error(tf, lambda: tf.scatter_nd_add(v, [[0, 0]], [[1.0]])),
        "nd scalar": error(tf, lambda: tf.scatter_nd_add(v, 0, 1.0)),
        "text": error(tf, lambda: tf.scatter_add(tf.Variable(["a"]), [0], ["b"])),
    }


@programs
def scatters_by_index_tuples(tf):
    v = tf.Variable(np.arange(12.0, dtype=np.float32).reshape(3, 4), name="v")
    counts = tf.Variable([1, 2, 3], name="counts")
    ops = {
        "update": tf.scatter_nd_update(v, [[0, 1], [2, 3]], [-1.0, -2.0]),
        "rows": tf.scatter_nd_update(v, [[1]], [[9.0, 9.0, 9.0, 9.0]], use_locking=False),
        "add": tf.scatter_nd_add(v, tf.constant([[0, 0], [0, 0]], tf.int64), [1.0, 1.0]),
        "sub": tf.scatter_nd_sub(v, [[[0, 0]], [[1, 1]]], [[1.0], [2.0]]),
        "own update": v.scatter_nd_update([[0, 1]], [7.0]),
        "own add": v.scatter_nd_add([[0, 1]], [7.0], name="own"),
        "own sub": v.scatter_nd_sub([[0, 1]], [7.0]),
        "min": v.scatter_nd_min([[2, 2], [2, 3]], [0.0, 100.0]),
        "max": v.scatter_nd_max([[2, 2], [2, 3]], [0.0, 100.0]),
        "counts": counts.scatter_nd_add([[2], [2]], [10, 20]),
    }
    with tf.Session() as sess:
        values = {}
        for name, op in ops.items():
            sess.run(tf.global_variables_initializer())
            values[name] = sess.run(op)
    return {"values": values, "graph": describe_graph(tf), "static": static(*ops.values())}


@programs
def batch_scatters(tf):
    v = tf.Variable(np.zeros((2, 3, 2), np.float32), name="v")
    w = tf.Variable([0, 0, 0], name="w")
    ops = [
        tf.batch_scatter_update(v, [[0, 2], [1, 0]], np.arange(8, dtype=np.float32).reshape(2, 2, 2)),
        tf.batch_scatter_update(w, tf.constant([2, 0], tf.int64), [5, 6], name="named"),
        v.batch_scatter_update(tf.IndexedSlices(tf.ones([2, 1, 2]), tf.constant([[1], [1]]))),
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(op) for op in ops]
    unknown = tf.placeholder(tf.int32)
    bad = error(tf, lambda: tf.batch_scatter_update(v, unknown, 1.0), "unknown shape")
    return {"values": values, "graph": describe_graph(tf), "bad": bad}


@programs
def slices_of_variables_assigned(tf):
    v = tf.Variable(np.arange(12, dtype=np.int32).reshape(3, 4), name="v")
    n = tf.placeholder(tf.int32, [], name="n")
    ops = [
        v[1].assign([9, 9, 9, 9]),
        v[1:3, ::2].assign([[1, 2], [3, 4]]),
        v[0, 0].assign(100),
        v[..., 3].assign([7, 8, 9], name="named"),
        v[::-1].assign(tf.zeros([3, 4], tf.int32)),
        v[n:].assign([[5, 5, 5, 5]]),
        v[:, tf.newaxis].assign(tf.ones([3, 1, 4], tf.int32)),
    ]
    with tf.Session() as sess, tf.name_scope("late"):
        values = []
        for op in ops:
            sess.run(v.initializer)
            values.append(sess.run(op, {n: 2}))
        wrong = v[1].assign([1, 2, 3])
        bad = error(tf, lambda: sess.run(wrong))
    tensor = error(tf, lambda: tf.ones([2])[0].assign(1.0))
    return {"values": values, "graph": describe_graph(tf), "static": static(*ops), "bad": bad, "tensor": tensor}


@programs
def strided_slices_of_variables(tf):
    v = tf.Variable([1.0, 2.0, 3.0], name="v")
    part = tf.strided_slice(v, [1], [3], var=v, name="part")
    put = part.assign([8.0, 9.0])
    return {"graph": describe_graph(tf), "value": run(tf, put), "names": [part.name, put.name]}


@programs
def counting(tf):
    v = tf.Variable(0, name="v")
    w = tf.Variable(tf.constant(5, tf.int64), name="w")
    ops = [v.count_up_to(2), tf.count_up_to(w, 7, name="named")]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(ops), sess.run(ops)]
        ends = [error(tf, lambda op=op: sess.run(op), "Reached limit of") for op in ops]
        values.append(sess.run([v, w]))
    return {"values": values, "ends": ends, "graph": describe_graph(tf), "static": static(*ops)}


@programs
def reads_and_their_order(tf):
    v = tf.Variable(1.0, name="v")
    double = v.assign(v * 2.0, read_value=False)
    with tf.control_dependencies([double]):
        after = v.read_value()
        again = v.read_value()
        inside = tf.identity(v)
        snapshot = v.value()
        with tf.name_scope("n"):
            scoped = v.read_value()
    more = v.assign_add(1.0, read_value=False)
    with tf.control_dependencies([after]):
        less = tf.group(v.assign_sub(0.5))
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(t) for t in (after, again, inside, snapshot, scoped)]
        values += [sess.run(more), v.eval(), sess.run(less), v.eval()]
    return {"values": values, "graph": describe_graph(tf), "names": [double, more, snapshot.name]}


@programs
def assignments_of_all_kinds(tf):
    v = tf.Variable([1, 2], name="v")
    ops = [
        v.assign([3, 4], use_locking=True, name="put"),
        v.assign_add([1, 1], name="plus"),
        v.assign_sub([1, 1], use_locking=True),
        tf.assign(v, v + 1, use_locking=False),
        tf.assign_add(v, [1, 1], use_locking=True, name="more"),
        v.assign([0, 0], read_value=False),
        v.assign(tf.placeholder_with_default([5, 5], [None])),
    ]
    chained = v.assign_add([1, 1]) + v.assign_add([1, 1])
    with tf.Session() as sess:
        sess.run(v.initializer)
        values = [sess.run(op) for op in ops]
        v.load([7, 8])
        values.append(v.eval())
        bad = error(tf, lambda: v.load([1, 2, 3]))
    return {
        "values": values,
        "graph": describe_graph(tf),
        "chained": chained.name,
        "errors": {
            "load": bad,
            "shape": error(tf, lambda: v.assign([1])),
            "type": error(tf, lambda: v.assign([1.0, 2.0])),
            "tensor": error(tf, lambda: tf.assign(tf.constant([1, 2]), [1, 2])),
            "session": error(tf, lambda: v.load([1, 2]), "session"),
            "truth": error(tf, lambda: bool(v)),
            "iterated": error(tf, lambda: list(v)),
        },
    }


@programs
def operators_on_variables(tf):
    v, w = tf.Variable([4, 7], name="v"), tf.Variable([2, 3], name="w")
    m = tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="m")
    b = tf.Variable([True, False], name="b")
    results = [v + w, v - w, v * w, v / w, v // w, v % w, v**w, -v, abs(v), 1 + v, 10 - v, 2 * v, 9 // v, 9 % v, 2**v, 9 / v]
    results += [v < w, v <= 4, v > w, v >= w, m @ m, [[1.0, 0.0], [0.0, 1.0]] @ m, ~b, b & True, b | b, b ^ True]
    results += [m[0], m[:, 1:], m[..., 0], m[tf.newaxis, 1], v[-1]]
    u = v
    u += 1
    x = w
    x *= 2
    y = m
    y /= 2.0
    z = v
    z -= w
    results += [u, x, y, z]
    return {"graph": op_names(tf), "static": static(*results), "values": run(tf, results)}


@programs
def initial_values_that_read_variables(tf):
    v = tf.Variable(tf.random_normal([2], seed=1), name="v")
    w = tf.Variable(v * 2.0, name="w")
    u = tf.Variable(w.initialized_value() + v, name="u")
    x = tf.Variable(lambda: v + 1.0, name="x")
    with tf.Session() as sess:
        sess.run(w.initializer)
        first = sess.run(w)
    return {"graph": describe_graph(tf), "first": first, "names": [u.initial_value.name, x.initial_value.name]}


@programs
def variables_in_branches(tf):
    p = tf.placeholder(tf.bool, [], name="p")

    def inside():
        v = tf.Variable(lambda: 2.0, name="v")
        return v + 1.0

    y = tf.cond(p, inside, lambda: tf.constant(0.0))

    def wrong():
        return tf.Variable(tf.constant(1.0)) + 0.0

    bad = error(tf, lambda: tf.cond(p, wrong, lambda: 1.0), "use a lambda as the initializer")
    return {"graph": op_names(tf)[:20], "variables": tf.global_variables()[:1], "value": run(tf, y, {p: True}), "bad": bad}


@programs
def uninitialized(tf):
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(1.0, name="b", collections=[tf.GraphKeys.LOCAL_VARIABLES], trainable=False)
    checks = [tf.is_variable_initialized(a), tf.assert_variables_initialized(), tf.assert_variables_initialized([b])]
    report = tf.report_uninitialized_variables()
    named = tf.report_uninitialized_variables([b], name="named")
    none = tf.report_uninitialized_variables([])
    with tf.Session() as sess:
        before = [sess.run([report, named, none, checks[0]]), error(tf, lambda: sess.run(checks[1]), "uninitialized value")]
        sess.run(a.initializer)
        between = sess.run([report, checks[0]])
        reads = [error(tf, lambda v=v: sess.run(v), "uninitialized value b") for v in (b, b.value(), b + 1.0)]
        sess.run(tf.local_variables_initializer())
        after = sess.run([report, *checks])
    return {"graph": describe_graph(tf), "before": before, "between": between, "reads": reads, "after": after}


@programs
def nothing_to_initialize(tf):
    made = [
        tf.global_variables_initializer(),
        tf.local_variables_initializer(),
        tf.variables_initializer([], name="none"),
        tf.tables_initializer(),
        tf.initialize_all_tables(name="tables"),
        tf.report_uninitialized_variables(),
    ]
    none = tf.assert_variables_initialized()
    return {"names": made, "none": none is None, "graph": describe_graph(tf)}


@programs
def lists_of_variables(tf):
    with tf.variable_scope("a"):
        tf.get_variable("v", [1], initializer=zeros(tf))
        tf.get_variable("m", [1], initializer=zeros(tf), collections=[tf.GraphKeys.MODEL_VARIABLES, "own"])
        tf.get_local_variable("l", [1], initializer=zeros(tf), collections=["more"])
        tf.get_variable("f", [1], initializer=zeros(tf), trainable=False)
    tf.Variable(1.0, name="b/v")
    lists = ["global_variables", "local_variables", "model_variables", "trainable_variables", "moving_average_variables"]
    return {
        "all": {name: getattr(tf, name)() for name in lists},
        "a": {name: getattr(tf, name)("a/") for name in lists},
        "pattern": {name: getattr(tf, name)(scope=".*v") for name in lists},
        "old": [tf.all_variables(), tf.initialize_all_variables(), tf.initialize_local_variables().name],
        "chosen": [
            tf.initialize_variables(tf.trainable_variables(), name="chosen"),
            tf.variables_initializer(tf.global_variables()),
        ],
        "collections": collections(tf),
        "graph": op_names(tf),
    }


@programs
def protos_of_variables(tf):
    with tf.name_scope("n"), tf.variable_scope("s", partitioner=tf.fixed_size_partitioner(2)):
        v = tf.get_variable("v", [4], initializer=zeros(tf), trainable=False)
    with tf.name_scope("out"):
        w = tf.Variable(1.0, name="w")
    protos = [p.to_proto() for p in (*v, w)]
    made = [tf.Variable.from_proto(p) for p in protos]
    infos = [m._get_save_slice_info() for m in made]
    inside = w.to_proto(export_scope="out")
    back = tf.Variable.from_proto(inside, import_scope="out")
    both = error(tf, lambda: tf.Variable(1.0, variable_def=inside), "variable_def and initial_value are mutually exclusive.")
    return {
        "protos": [str(p) for p in (*protos, inside)],
        "outside": w.to_proto(export_scope="else") is None,
        "made": [[m.name, m.trainable, m.initializer.name, m.shape, m.dtype] for m in (*made, back)],
        "infos": [i and i.spec for i in infos],
        "both": both,
        "graph": op_names(tf),
    }


@programs
def save_slice_infos(tf):
    info = tf.Variable.SaveSliceInfo("s/whole", [4, 3], [2, 0], [2, 3])
    proto = info.to_proto()
    back = tf.Variable.SaveSliceInfo(save_slice_info_def=proto, import_scope="in")
    inner = info.to_proto(export_scope="s")
    return [info.spec, str(proto), back.full_name, back.spec, str(inner), info.to_proto(export_scope="other") is None]


@programs
def attributes_of_variables(tf):
    with tf.device("/cpu:0"):
        v = tf.Variable([[1.0, 2.0]], name="v")
    facts = [v.name, v.dtype, v.shape, v.get_shape(), v.device, v.op.type, v.op.name, v.initial_value.name, v.initializer.name]
    facts += [v.value().name, v.trainable, v.graph is tf.get_default_graph(), repr(v), str(v), v.constraint is None]
    facts += [v.ref() == v.ref(), v.ref().deref() is v, isinstance(v, tf.Variable), v in [v], len({v, v})]
    missing = [error(tf, lambda: v.no_such_thing), error(tf, lambda: tf.convert_to_tensor(v, tf.int32), "type 'int32'")]
    return {"facts": facts, "missing": missing}


# --- initial values ----------------------------------------------------------------------------------------------------

CONFIGURED = {
    "zeros": lambda tf: tf.zeros_initializer(tf.int32),
    "ones": lambda tf: tf.ones_initializer(),
    "constant": lambda tf: tf.constant_initializer([1, 2], tf.int64),
    "random_uniform": lambda tf: tf.random_uniform_initializer(0, 5, seed=2, dtype=tf.int32),
    "random_normal": lambda tf: tf.random_normal_initializer(1.0, 0.5, 3, tf.float64),
    "truncated_normal": lambda tf: tf.truncated_normal_initializer(0.0, 2.0, seed=4),
    "uniform_unit_scaling": lambda tf: tf.uniform_unit_scaling_initializer(1.5, seed=1),
    "variance_scaling": lambda tf: tf.variance_scaling_initializer(2.0, "fan_out", "untruncated_normal", 5),
    "identity": lambda tf: tf.initializers.identity(0.5),
    "glorot_uniform": lambda tf: tf.glorot_uniform_initializer(7),
    "glorot_normal": lambda tf: tf.glorot_normal_initializer(8),
    "he_uniform": lambda tf: tf.initializers.he_uniform(3),
    "lecun_normal": lambda tf: tf.initializers.lecun_normal(3),
}


def configured(make):
    def program(tf):
        initializer = make(tf)
        config = initializer.get_config()
        again = type(initializer).from_config(config)
        shape = [2] if config.get("value") is not None else [3, 3]
        values = [initializer(shape), again(shape), again(shape, dtype=tf.float32) if "value" not in config else again([3])]
        return {
            "config": {k: list(v) if isinstance(v, list) else v for k, v in config.items()},
            "again": {k: list(v) if isinstance(v, list) else v for k, v in again.get_config().items()},
            "static": static(*values),
            "graph": describe_graph(tf),
            "values": run(tf, values[:2]),
        }

    return program


for _name, _make in CONFIGURED.items():
    programs.add(f"initializer_config_{_name}", configured(_make))


@programs
def scaled_initializers(tf):
    tf.set_random_seed(5)
    shapes = [[], [5], [4, 3], [2, 3, 4], [3, 3, 2, 4]]
    made = {}
    for mode in ("fan_in", "fan_out", "fan_avg"):
        for distribution in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            for shape in shapes:
                key = f"{mode} {distribution} {shape}"
                made[key] = tf.variance_scaling_initializer(3.0, mode, distribution, seed=1)(shape, dtype=tf.float32)
    for name in ("he_normal", "he_uniform", "lecun_normal", "lecun_uniform", "glorot_normal", "glorot_uniform"):
        made[name] = getattr(tf.initializers, name)(seed=4)([6, 2])
    made["unit"] = tf.uniform_unit_scaling_initializer(seed=2)([2, 3, 4])
    made["unit scalar"] = tf.uniform_unit_scaling_initializer(seed=2)([1])
    return {"values": run(tf, made)}


@programs
def initializers_as_classes(tf):
    a = tf.get_variable("a", [2], initializer=tf.zeros_initializer)
    b = tf.get_variable("b", [2, 2], initializer=tf.glorot_uniform_initializer, dtype=tf.float64)
    with tf.variable_scope("s", initializer=tf.ones_initializer):
        c = tf.get_variable("c", [2], tf.int64)
    d = tf.get_variable("d", [2], tf.bool)
    e = tf.get_variable("e", [2], tf.string)
    f = tf.get_variable("f", [2, 2], initializer=tf.initializers.identity)
    return {"graph": describe_graph(tf), "values": run(tf, [a, c, d, e, f]), "static": static(a, b, c, d, e, f)}


@programs
def constants_as_initial_values(tf):
    values = np.arange(4.0)
    a = tf.get_variable("a", [3, 2], initializer=tf.constant_initializer(values))
    b = tf.get_variable("b", [2, 2], tf.int32, initializer=tf.constant_initializer(values))
    c = tf.get_variable("c", [2], tf.bool, initializer=tf.constant_initializer([True, False]))

    def make(value, shape, **options):
        return lambda: tf.constant_initializer(value, **options)(shape)

    return {
        "values": run(tf, [a, b, c]),
        "graph": describe_graph(tf),
        "long": error(tf, make([1, 2, 3], [2])),
        "verified": error(tf, make([1, 2, 3], [4], verify_shape=True), "Expected Tensor's shape"),
        "kind": error(tf, lambda: tf.constant_initializer(tf.ones([2])), "Invalid type for initial value"),
    }


@programs
def initializer_errors(tf):
    return {
        "scale": error(tf, lambda: tf.variance_scaling_initializer(0.0), "`scale` must be a positive float"),
        "mode": error(tf, lambda: tf.variance_scaling_initializer(mode="in"), "`mode` should be one of"),
        "distribution": error(tf, lambda: tf.variance_scaling_initializer(distribution="x"), "`distribution` should be one of"),
        "whole": error(tf, lambda: tf.random_normal_initializer(dtype=tf.int32), "expected to be floating point"),
        "identity": error(tf, lambda: tf.initializers.identity()([2, 2, 2]), "must be at least two-dimensional"),
        "identity dtype": error(tf, lambda: tf.initializers.identity(dtype=tf.int32), "expected to be floating point"),
        "shape": error(tf, lambda: tf.get_variable("v", [None, 2], initializer=tf.zeros_initializer()), "fully defined"),
        "class": error(tf, lambda: tf.get_variable("v", initializer=tf.zeros_initializer), "fully defined"),
    }


@programs
def identity_initializers(tf):
    a = tf.get_variable("a", [2, 4], initializer=tf.initializers.identity(gain=3.0))
    b = tf.get_variable("b", [3, 2], tf.float64, initializer=tf.initializers.identity())
    return {"graph": describe_graph(tf), "values": run(tf, [a, b])}


# --- averages, devices, checkpoints ------------------------------------------------------------------------------------


@programs
def moving_averages(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    with tf.variable_scope("s"):
        w = tf.get_variable("w", [1], tf.float64, initializer=tf.ones_initializer())
    t = tf.multiply(v, 2.0, name="t")
    averages = tf.train.ExponentialMovingAverage(0.9)
    names = [averages.average_name(x) for x in (v, w, t)]
    update = averages.apply([v, w, t])
    again = averages.apply([v])
    with tf.control_dependencies([update]):
        read = averages.average(v).read_value()
    change = v.assign_add([1.0, 1.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = []
        for _ in range(3):
            sess.run(change)
            values.append([sess.run(read), *sess.run([averages.average(x) for x in (v, w, t)])])
    return {
        "graph": describe_graph(tf),
        "collections": collections(tf),
        "values": values,
        "names": [names, [averages.average_name(x) for x in (v, w, t)], averages.name, again.name, update.name],
        "none": averages.average(tf.Variable(1.0)) is None,
        "int": error(tf, lambda: averages.apply([tf.Variable(1, name="i")]), "must be half, float, or double: i:0"),
    }


@programs
def moving_averages_by_count(tf):
    step = tf.Variable(0, name="step", trainable=False)
    with tf.device("/cpu:0"):
        v = tf.Variable(0.0, name="v")
    averages = tf.train.ExponentialMovingAverage(0.99, num_updates=step, name="avg")
    with tf.control_dependencies([v.assign_add(1.0), step.assign_add(1)]):
        update = averages.apply()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = []
        for _ in range(4):
            sess.run(update)
            values.append(sess.run(averages.average(v)))
    return {"graph": describe_graph(tf), "values": values, "lists": [tf.moving_average_variables(), tf.trainable_variables()]}


@programs
def moving_averages_without_bias(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    t = tf.add(x, 1.0, name="t")
    averages = tf.train.ExponentialMovingAverage(0.5, zero_debias=True)
    update = averages.apply([t])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = []
        for i in range(4):
            sess.run(update, {x: float(i)})
            values.append(sess.run(averages.average(t)))
    return {"graph": describe_graph(tf), "values": values, "variables": tf.global_variables()}


@programs
def averages_to_restore(tf):
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(1.0, name="w")
    tf.Variable(1.0, name="fixed", trainable=False)
    averages = tf.train.ExponentialMovingAverage(0.9)
    early = averages.variables_to_restore()
    averages.apply([v])
    late = averages.variables_to_restore()
    chosen = averages.variables_to_restore([w])
    return [dict(sorted((k, x.name) for k, x in found.items())) for found in (early, late, chosen)]


@programs
def device_setters(tf):
    setter = tf.train.replica_device_setter
    cluster = {"ps": ["a:1", "b:1", "c:1"], "worker": ["d:1"]}
    devices = {}

    def build(name, function):
        with tf.Graph().as_default(), tf.device(function):
            v = [tf.Variable(1.0, name=f"v{i}") for i in range(4)]
            with tf.device("/cpu:1"):
                v.append(tf.Variable(1.0, name="on_cpu"))
            with tf.device("/job:worker/task:3"):
                v.append(tf.Variable(1.0, name="local"))
            with tf.device("/job:ps/gpu:0"):
                v.append(tf.Variable(1.0, name="gpu"))
            x = v[0] + v[1]
            devices[name] = [[t.device, t.initializer.device, t.value().device] for t in v] + [x.device]

    build("tasks", setter(ps_tasks=2))
    build("cluster", setter(cluster=cluster, worker_device="/job:worker/task:0"))
    build("spec", setter(cluster=tf.train.ClusterSpec(cluster), ps_device="/job:ps/cpu:0"))
    build("unmerged", setter(ps_tasks=3, merge_devices=False))
    build("ops", setter(ps_tasks=3, ps_ops=["AddV2"]))
    build("strategy", setter(ps_tasks=3, ps_strategy=lambda op: len(op.name)))
    none = [setter(), setter(cluster={"worker": ["a:1"]}), setter(0, cluster=None)]
    bad = error(tf, lambda: setter(2, ps_strategy=3), "ps_strategy must be callable")
    wrong = error(tf, lambda: setter(cluster=3))
    return {"devices": devices, "none": [n is None for n in none], "bad": bad, "wrong": wrong}


def checkpoint(tf):
    """A checkpoint with a few variables, one of them in parts."""
    folder = tempfile.mkdtemp()
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.get_variable("top", initializer=[1.0, 2.0])
        with tf.variable_scope("old"):
            tf.get_variable("a", initializer=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
            tf.get_variable("b", initializer=7.0)
        sess.run(tf.global_variables_initializer())
        tf.train.Saver().save(sess, f"{folder}/model")
    return folder


@programs
def variables_from_a_checkpoint(tf):
    folder = checkpoint(tf)
    top = tf.get_variable("top", [2], initializer=zeros(tf))
    single = tf.Variable(0.0, name="single")
    with tf.variable_scope("new"):
        tf.get_variable("a", [3, 2], initializer=zeros(tf), partitioner=tf.fixed_size_partitioner(2))
        tf.get_variable("b", [], initializer=zeros(tf))
    tf.train.init_from_checkpoint(folder, {"top": "top", "old/b": single})
    tf.train.init_from_checkpoint(f"{folder}/model", {"old/": "new/"})
    graph = [line for line in describe_graph(tf) if "checkpoint_initializer" in line or "Assign" in line]
    facts = [[v.initial_value.name, v.shape] for v in tf.global_variables()]
    graph = [line.replace(folder, "") for line in graph]
    return {"graph": graph, "facts": facts, "values": run(tf, [top, single, *tf.global_variables()])}


@programs
def scopes_from_a_checkpoint(tf):
    folder = checkpoint(tf)
    with tf.variable_scope("old"):
        tf.get_variable("a", [3, 2], initializer=zeros(tf))
    tf.get_variable("top", [2], initializer=zeros(tf))
    tf.train.init_from_checkpoint(folder, {"/": "/"})
    values = run(tf, tf.global_variables())
    return {"values": values, "static": static(*[v.initial_value for v in tf.global_variables()])}


@programs
def init_from_checkpoint_errors(tf):
    folder = checkpoint(tf)
    with tf.variable_scope("new"):
        v = tf.get_variable("a", [2, 2], initializer=zeros(tf))
        tf.get_variable("other", [2], initializer=zeros(tf))

    def load(mapping, where=folder):
        return lambda: tf.train.init_from_checkpoint(where, mapping)

    return {
        "missing": error(tf, load({"nothing": v}), "Tensor nothing is not found in"),
        "shape": error(tf, load({"old/a": v}), "Shape of variable new/a:0 ((2, 2)) doesn't match with shape of tensor old/a"),
        "slash": error(tf, load({"old": "new/"}), "Assignment map with scope only name new should map to scope only old."),
        "inside": error(tf, load([("top/", "new/")]), "is not found in"),
        "folder": error(tf, load({"a": v}, tempfile.mkdtemp())),
    }


@programs
def checked_global_steps(tf):
    steps = {
        "fine": tf.Variable(0, name="fine"),
        "tensor": tf.constant(0, tf.int64),
        "vague": tf.placeholder(tf.int32),
        "float": tf.Variable(0.0, name="f"),
        "vector": tf.Variable([0], name="v"),
        "number": 3,
    }
    checked = {
        name: error(tf, lambda s=s: tf.train.assert_global_step(s), 'Existing "global_step"') for name, s in steps.items()
    }
    none = tf.train.get_global_step()
    tf.Variable(1.0, name="global_step")
    wrong = error(tf, lambda: tf.train.get_global_step(), "does not have integer type")
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, steps["fine"])
    one = tf.train.get_global_step().name
    tf.add_to_collection(tf.GraphKeys.GLOBAL_STEP, steps["tensor"])
    return {"checked": checked, "found": [none, one, tf.train.get_global_step()], "wrong": wrong}


@programs
def orthogonal_initializers(tf):
    tf.set_random_seed(2)
    made = {}
    for shape in ([3, 3], [4, 2], [2, 4], [2, 3, 4], [1, 5]):
        v = tf.get_variable(f"v{len(made)}", shape, initializer=tf.orthogonal_initializer(gain=2.0, seed=len(made)))
        made[str(shape)] = v
    d = tf.get_variable("d", [3, 2], tf.float64, initializer=tf.initializers.orthogonal)
    config = tf.orthogonal_initializer(3.0, 4).get_config()
    bad = error(tf, lambda: tf.orthogonal_initializer()([3]), "must be at least two-dimensional")
    whole = error(tf, lambda: tf.orthogonal_initializer(dtype=tf.int32), "expected to be floating point")
    return {"graph": describe_graph(tf), "values": run(tf, {**made, "d": d}), "config": config, "bad": [bad, whole]}


@programs
def qr_decompositions(tf):
    rng = np.random.RandomState(0)
    made = []
    for shape in ([3, 3], [4, 2], [2, 4], [2, 3, 2], [0, 2], [2, 0, 3]):
        x = tf.constant(rng.uniform(-1, 1, shape))
        made += [*tf.qr(x), *tf.qr(x, full_matrices=True, name="named")]
    unknown = [tf.placeholder(tf.float32, s) for s in (None, [None, 3], [2, None])]
    shapes = [static(*tf.qr(x, full_matrices=full)) for x in unknown for full in (False, True)]
    return {
        "static": static(*made),
        "shapes": shapes,
        "products": run(tf, [tf.matmul(q, r) for q, r in zip(made[:16:2], made[1:16:2], strict=True)]),
        "values": run(tf, [tf.abs(t) for t in made[:8]]),
        "rank": error(tf, lambda: tf.qr(tf.ones([3]))),
        "type": error(tf, lambda: tf.qr(tf.ones([2, 2], tf.int32))),
    }
