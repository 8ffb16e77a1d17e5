"""Slices, segments, sparse tensors and their gradients: what they add to the graph, and values."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()


def sparse(tf, dtype=np.float32):
    return tf.SparseTensor([[0, 1], [1, 0], [1, 3], [2, 2]], np.array([1, -2, 3, 4], dtype), [3, 4])


def parts(sp):
    return [sp.indices, sp.values, sp.dense_shape]


def case(name, build, *arrays, dtypes=True):
    """`build` on placeholders and on constants: graphs, shapes, values and gradients."""

    def program(tf):
        inputs = [tf.placeholder(a.dtype, a.shape) if a.dtype.kind == "f" else tf.constant(a) for a in arrays]
        feeds = {t: a for t, a in zip(inputs, arrays, strict=True) if a.dtype.kind == "f"}
        made = flat(tf, build(tf, *inputs))
        floats = [t for t in made if t.dtype.is_floating]
        gradients = tf.gradients(floats, list(feeds)) if floats and feeds else []
        tensors = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        unknown = [tf.placeholder(a.dtype) if a.dtype.kind == "f" else tf.constant(a) for a in arrays]
        facts = {"static": static(*made), "unknown": static(*flat(tf, build(tf, *unknown))), "graph": describe_graph(tf)}
        with tf.Session() as sess:
            return facts | {"values": sess.run(made, feeds), "gradients": sess.run(tensors, feeds)}

    programs.add(name, program)


def flat(tf, made):
    if isinstance(made, tf.SparseTensor):
        return parts(made)
    if isinstance(made, (list, tuple)):
        return [t for item in made for t in flat(tf, item)]
    return [made]


def ramp(*shape):
    size = int(np.prod(shape))
    return (np.arange(size, dtype=np.float32) * 0.5 - size / 5).reshape(shape)


ROWS, IDS = ramp(6, 2), np.int32([0, 0, 1, 3, 3, 3])
for _kind in ("sum", "mean", "max", "min", "prod"):
    case(f"segment_{_kind}", lambda tf, x, i, k=_kind: getattr(tf, f"segment_{k}")(x, i), ROWS, IDS)
for _kind in ("sum", "mean", "max", "min", "prod", "sqrt_n"):
    _ids = np.int64([2, 0, -1, 2, 0, 2])
    case(f"unsorted_segment_{_kind}", lambda tf, x, i, k=_kind: getattr(tf, f"unsorted_segment_{k}")(x, i, 4), ROWS, _ids)
for _kind in ("sum", "mean", "sqrt_n"):
    case(
        f"sparse_segment_{_kind}",
        lambda tf, x, k=_kind: [
            getattr(tf, f"sparse_segment_{k}")(x, [5, 0, 2, 5], [0, 0, 1, 1]),
            getattr(tf, f"sparse_segment_{k}")(x, [4, 0], [0, 2], num_segments=4, name="counted"),
        ],
        ROWS,
    )
case("unsorted_segment_of_matrices", lambda tf, x: tf.unsorted_segment_sum(x, [[0, 1, 0], [2, 2, 1]], 3), ramp(2, 3, 2))
case(
    "segments_of_nothing",
    lambda tf, x: [tf.segment_sum(x, tf.zeros([0], tf.int32)), tf.unsorted_segment_max(x, tf.zeros([0], tf.int32), 2)],
    ramp(0, 2),
)


@programs
def segment_errors(tf):
    x = tf.constant(ROWS)
    p = tf.placeholder(tf.int32)
    with tf.Session() as sess:
        run = {
            "falling": error(
                tf, lambda: sess.run(tf.segment_sum(x, p), {p: [0, 1, 0, 1, 1, 1]}), "segment ids are not increasing"
            ),
            "short": error(tf, lambda: sess.run(tf.segment_sum(x, p), {p: [0, 1]})),
            "negative": error(tf, lambda: sess.run(tf.segment_sum(x, p), {p: [-1, 0, 0, 1, 1, 1]})),
            "beyond": error(tf, lambda: sess.run(tf.unsorted_segment_sum(x, p, 2), {p: [0, 1, 0, 1, 5, 1]}), "out of range"),
            "number": error(
                tf, lambda: sess.run(tf.unsorted_segment_sum(x, p, tf.placeholder_with_default(-1, [])), {p: [0] * 6})
            ),
            "index": error(tf, lambda: sess.run(tf.sparse_segment_sum(x, p, [0, 0]), {p: [0, 9]})),
        }
    return run | {
        "rank": error(tf, lambda: tf.segment_sum(x, [[0, 1]]), "must be rank 1"),
        "dtype": error(tf, lambda: tf.segment_sum(x, [0.5])),
        "strings": error(tf, lambda: tf.unsorted_segment_sum(["a"], [0], 1)),
        "shapes": error(tf, lambda: tf.unsorted_segment_sum(x, [0, 1], 2)),
        "slope": error(tf, lambda: tf.sparse_segment_mean([1, 2], [0], [0])),
    }


# --- slices --------------------------------------------------------------------------------------------------------


@programs
def indexed_slices(tf):
    values = tf.placeholder_with_default(ramp(2, 3), [None, 3], name="v")
    indices = tf.placeholder_with_default([4, 1], [None], name="i")
    bare, shaped = (
        tf.IndexedSlices(values, indices),
        tf.IndexedSlices(values, indices, tf.placeholder_with_default([5, 3], [2])),
    )
    dense = tf.convert_to_tensor(shaped, name="dense")
    negative = -shaped
    facts = {
        "str": str(bare),
        "shapes": [str(bare.shape), str(shaped.shape)],
        "names": [bare.name, bare.op.name, bare.dtype.name, bare.device],
        "same": [bare.graph is tf.get_default_graph(), tf.convert_to_tensor_or_indexed_slices(bare) is bare],
        "consumers": sorted(op.name for op in shaped.consumers()),
        "no shape": error(tf, lambda: tf.convert_to_tensor(bare), "without dense_shape"),
        "dtype": error(tf, lambda: tf.convert_to_tensor(shaped, tf.int32)),
        "other dtype": error(tf, lambda: tf.convert_to_tensor_or_indexed_slices(shaped, tf.int32), "Incompatible"),
        "graph": describe_graph(tf),
    }
    with tf.Session() as sess:
        got = sess.run([bare, shaped, negative, dense])
        fed = sess.run(shaped, {shaped: (ramp(2, 3) + 1, [0, 1], [5, 3])})
    return facts | {
        "kinds": [type(v).__name__ for v in got],
        "bare": list(got[0]),
        "rest": [list(got[1]), list(got[2]), got[3]],
        "fed": list(fed),
    }


@programs
def gradients_of_gathers(tf):
    x = tf.Variable(ramp(5, 2), name="x")
    once = tf.gradients(tf.gather(x, [[1, 3], [3, 0]]), x)[0]
    twice = tf.gradients([tf.gather(x, [1]), tf.gather(x, tf.constant([2, 4], tf.int64))], x)[0]
    mixed = tf.gradients([tf.gather(x, [1]), tf.square(x)], x)[0]
    through = tf.gradients(tf.gather(tf.square(x), [1, 1]), x)[0]
    again = tf.gradients(tf.square(tf.gather(x, [1, 1])), x)[0]
    facts = {"kinds": [isinstance(g, tf.IndexedSlices) for g in (once, twice, mixed, through, again)]}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        got = sess.run([once, twice, mixed, through, again])
    return facts | {"graph": describe_graph(tf), "values": [list(g) if isinstance(g, tuple) else g for g in got]}


for _axis, _batch in ((1, 0), (-1, 0), (2, 1), (1, 1)):
    _index = np.int32([[0, 1, 1], [2, 0, 0]])
    case(
        f"gather_axis_{_axis}_batch_{_batch}".replace("-", "minus_"),
        lambda tf, x, i, a=_axis, b=_batch: tf.gather(x, i, axis=a, batch_dims=b),
        ramp(2, 3, 3),
        _index,
    )


@programs
def gradients_of_gather_at_an_unknown_axis(tf):
    x, axis = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.int32, [])
    g = tf.gradients(tf.gather(x, [1, 0, 1], axis=axis), x)[0]
    with tf.Session() as sess:
        values = [sess.run(g, {x: ramp(2, 3), axis: a}) for a in (0, 1)]
    return {"graph": describe_graph(tf), "values": values}


@programs
def embedding_partitions(tf):
    tables = [tf.get_variable(f"t{i}", initializer=ramp(n, 2) + i) for i, n in enumerate((3, 3, 2))]
    ids = tf.constant([[0, 7], [4, 2]])
    found = [tf.nn.embedding_lookup(tables, ids, partition_strategy=s, name=s) for s in ("mod", "div")]
    clipped = tf.nn.embedding_lookup(tables[0], [0, 1], max_norm=0.5)
    gradients = [tf.gradients(f, tables) for f in found]
    dense = [tf.convert_to_tensor(g) for gs in gradients for g in gs]
    facts = {"kinds": [isinstance(g, tf.IndexedSlices) for gs in gradients for g in gs], "static": static(*found, clipped)}
    facts["errors"] = [
        error(tf, lambda: tf.nn.embedding_lookup(tables, ids, partition_strategy="other"), "Unrecognized partition strategy"),
        error(tf, lambda: tf.nn.embedding_lookup(None, ids), "params must be specified"),
        error(tf, lambda: tf.nn.embedding_lookup([], ids), "Need at least one param"),
    ]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return facts | {"values": sess.run([*found, clipped, *dense]), "graph": describe_graph(tf)}


@programs
def aggregation_methods(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = x * 2.0 + x * x + tf.exp(x)
    methods = tf.AggregationMethod
    got = [tf.gradients(y, x, aggregation_method=m)[0] for m in (None, methods.ADD_N, methods.EXPERIMENTAL_TREE, 2)]
    table = tf.gather(x, [0]) + tf.gather(x, [1])
    rows = tf.gradients(table, x, aggregation_method=methods.EXPERIMENTAL_TREE)[0]
    facts = {
        "wrong": error(tf, lambda: tf.gradients(y, x, aggregation_method=7), "Invalid `aggregation_method`"),
        "numbers": [methods.DEFAULT, methods.ADD_N, methods.EXPERIMENTAL_TREE, methods.EXPERIMENTAL_ACCUMULATE_N],
    }
    with tf.Session() as sess:
        values = sess.run([*got, tf.convert_to_tensor(rows)], {x: [1.0, 2.0]})
    return facts | {"graph": describe_graph(tf), "values": values}


@programs
def gradients_options(tf):
    x = tf.Variable([1.0, 2.0], name="x")
    y = tf.Variable(3.0, name="y")
    inner = tf.square(x, name="inner")
    z = tf.reduce_sum(inner * y + x, name="z")
    plain = tf.gradients(z, [x, y])
    stopped = tf.gradients(z, [x, y], stop_gradients=[inner])
    gated = tf.gradients(z, [x, y], gate_gradients=True, name="gated")
    beside = tf.gradients(z, [x, y], colocate_gradients_with_ops=True, name="beside")
    started = tf.gradients([inner, z], [x], grad_ys=[[0.5, 1.0], None], name="started")
    free = tf.Variable(1.0, name="free")
    rows = tf.gradients(tf.gather(inner, [0]), inner, gate_gradients=True, name="rows")[0]
    from_rows = tf.gradients(inner, x, grad_ys=rows, name="from_rows")[0]
    facts = {
        "none": tf.gradients(z, [free]),
        "zero": tf.gradients(z, [free], unconnected_gradients=tf.UnconnectedGradients.ZERO)[0],
        "wrong": error(tf, lambda: tf.gradients(z, x, unconnected_gradients="one"), "Unknown value for unconnected_gradients"),
        "lengths": error(tf, lambda: tf.gradients(z, x, grad_ys=[1.0, 2.0]), "Length mismatch"),
        "bools": error(tf, lambda: tf.gradients(z, x, grad_ys=[True])),
    }
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([*plain, *stopped, *gated, *beside, *started, from_rows])
    return facts | {"graph": describe_graph(tf), "values": values}


@programs
def accumulate(tf):
    a, b = tf.constant(ramp(2, 2)), tf.placeholder(tf.float32)
    total = tf.accumulate_n([a, b, a], shape=[2, 2], tensor_dtype=tf.float32)
    one, named = tf.accumulate_n([a]), tf.accumulate_n([a], name="one")
    rows = tf.add_n([tf.IndexedSlices(a, tf.constant([1, 1]), tf.constant([2, 2])), a])
    only = tf.add_n([tf.IndexedSlices(a, tf.constant([1, 0]), tf.constant([2, 2]))])
    facts = {
        "static": static(total, named),
        "same": one is a,
        "none": error(tf, lambda: tf.accumulate_n([]), "at least one Tensor"),
        "dtypes": error(tf, lambda: tf.accumulate_n([a, tf.constant(1)]), "same dtype"),
        "wanted": error(tf, lambda: tf.accumulate_n([a], tensor_dtype=tf.int32), "must be equal"),
        "shapes": error(tf, lambda: tf.accumulate_n([a], shape=[3])),
        "slices": error(tf, lambda: tf.accumulate_n([tf.IndexedSlices(a, tf.constant([0]))])),
    }
    with tf.Session() as sess:
        return facts | {"values": sess.run([total, named, rows, only], {b: ramp(2, 2)}), "graph": describe_graph(tf)}


@programs
def clipping_slices(tf):
    rows = tf.IndexedSlices(tf.constant([[3.0, 4.0], [0.6, 0.8]]), tf.constant([2, 0]), tf.constant([3, 2]))
    value, norm = tf.clip_by_value(rows, -1.0, 1.0), tf.clip_by_norm(rows, 2.0, axes=[1])
    both, total = tf.clip_by_global_norm([rows, None, tf.constant([1.0, 2.0])], 2.5)
    whole = tf.global_norm([rows, tf.constant(3.0)])
    average = tf.clip_by_average_norm(tf.constant([3.0, 4.0]), 0.5)
    tensor_norm = tf.clip_by_norm(tf.constant([3.0, 4.0]), tf.constant(2.0))
    facts = {
        "kinds": [isinstance(t, tf.IndexedSlices) for t in (value, norm, both[0])] + [both[1] is None],
        "same": [value.indices is rows.indices, both[0].dense_shape is rows.dense_shape],
        "a tensor": error(tf, lambda: tf.global_norm(tf.constant(1.0)), "should be a sequence"),
    }
    with tf.Session() as sess:
        wanted = [value.values, norm.values, both[0].values, both[2], total, whole, average, tensor_norm]
        return facts | {"values": sess.run(wanted), "graph": describe_graph(tf)}


OPTIMIZERS = {
    "gradient_descent": lambda tf, step: tf.train.GradientDescentOptimizer(0.1, use_locking=True),
    "momentum": lambda tf, step: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    "adam": lambda tf, step: tf.train.AdamOptimizer(0.01, use_locking=True),
    "adagrad": lambda tf, step: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda tf, step: tf.train.AdadeltaOptimizer(1.0),
    "rmsprop": lambda tf, step: tf.train.RMSPropOptimizer(0.01, momentum=0.5),
    "rmsprop_centered": lambda tf, step: tf.train.RMSPropOptimizer(0.01, centered=True),
    "ftrl": lambda tf, step: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02),
    "ftrl_shrinkage": lambda tf, step: tf.train.FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.1, beta=0.2),
    "proximal_descent": lambda tf, step: tf.train.ProximalGradientDescentOptimizer(0.1, 0.01, 0.02),
    "proximal_adagrad": lambda tf, step: tf.train.ProximalAdagradOptimizer(0.1, 0.2, 0.01, 0.02),
    "adagrad_da": lambda tf, step: tf.train.AdagradDAOptimizer(0.1, step, 0.1, 0.01, 0.02),
}


def optimizer_program(make):
    def program(tf):
        step = tf.train.get_or_create_global_step()
        table = tf.get_variable("table", initializer=ramp(4, 2) + 0.1)
        dense = tf.get_variable("dense", initializer=ramp(2, 1) + 0.3)
        rows = tf.nn.embedding_lookup(table, [3, 1, 3])
        loss = tf.reduce_sum(tf.square(tf.matmul(rows, dense) - 1.0))
        optimizer = make(tf, step)
        train = optimizer.minimize(loss, global_step=step)
        slots = {s: [optimizer.get_slot(v, s).name for v in (table, dense)] for s in optimizer.get_slot_names()}
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(train)
            values = sess.run(tf.global_variables())
        return {"graph": describe_graph(tf), "collections": collections(tf), "slots": slots, "values": values}

    return program


for _name, _make in OPTIMIZERS.items():
    programs.add(f"sparse_step_{_name}", optimizer_program(_make))


@programs
def optimizer_errors(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    held = tf.Variable([1.0], name="held", constraint=lambda x: x)
    descent = tf.train.GradientDescentOptimizer(0.1)
    rows = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]), tf.constant([1]))
    return {
        "constraint": error(tf, lambda: descent.apply_gradients([(rows, held)]), "constraint function on a sparse variable"),
        "sparse": error(tf, lambda: descent.apply_gradients([(tf.SparseTensor([[0]], [1.0], [2]), v)]), "Gradient must be"),
        "object": error(tf, lambda: descent.apply_gradients([(object(), v)]), "Gradient must be convertible"),
        "none": error(tf, lambda: descent.apply_gradients([(None, v)]), "No gradients provided"),
        "empty": error(tf, lambda: descent.apply_gradients([]), "No variables provided"),
        "adagrad": error(tf, lambda: tf.train.AdagradOptimizer(0.1, 0.0), "must be positive"),
        "da": error(tf, lambda: tf.train.AdagradDAOptimizer(0.1, None, 0.0), "must be positive"),
        "proximal": error(tf, lambda: tf.train.ProximalAdagradOptimizer(0.1, 0.0), "must be positive"),
        "ftrl": error(tf, lambda: tf.train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0), "needs to be positive or zero"),
        "power": error(tf, lambda: tf.train.FtrlOptimizer(0.1, learning_rate_power=1.0), "needs to be negative or zero"),
        "name": error(tf, lambda: tf.train.GradientDescentOptimizer(0.1, name=""), "Must specify the optimizer name"),
    }


# --- sparse tensors ------------------------------------------------------------------------------------------------


@programs
def sparse_tensors(tf):
    x = sparse(tf)
    partial = tf.SparseTensor(
        tf.placeholder(tf.int64, [None, 2]), tf.placeholder(tf.float32, [None]), tf.placeholder(tf.int64, [2])
    )
    partial.set_shape([3, None])
    other = x.with_values(x.values * 2.0)
    value = tf.SparseTensorValue(np.array([[0, 1]]), np.array([2.5], np.float32), np.array([2, 2]))
    made = tf.SparseTensor.from_value(value)
    facts = {
        "str": str(x),
        "names": [x.op.name, x.dtype.name, str(x.shape), str(partial.get_shape()), x.graph is tf.get_default_graph()],
        "same": [tf.convert_to_tensor_or_sparse_tensor(x) is x, tf.convert_to_tensor_or_indexed_slices(x) is x],
        "consumers": sorted(op.name for op in x.consumers()),
        "converted": str(tf.convert_to_tensor_or_sparse_tensor([1, 2])),
        "fields": list(value._fields),
        "errors": [
            error(tf, lambda: tf.SparseTensor([[0, 1]], [1.0, 2.0], [3, 4])),
            error(tf, lambda: tf.SparseTensor([[0, 1]], [1.0], [3])),
            error(tf, lambda: tf.SparseTensor([0, 1], [1.0], [3])),
            error(tf, lambda: tf.SparseTensor([[0.5]], [1.0], [3])),
            error(tf, lambda: tf.SparseTensor.from_value([1]), "is neither a SparseTensor nor SparseTensorValue"),
            error(tf, lambda: tf.convert_to_tensor(x)),
            error(tf, lambda: tf.convert_to_tensor_or_sparse_tensor(x, tf.int32), "Sparse dtype mismatch"),
            error(tf, lambda: x.set_shape([5, 5])),
            error(tf, lambda: x.eval(), "No default session"),
            error(tf, lambda: tf.sparse_tensor_to_dense([1]), "Input must be a SparseTensor"),
            error(tf, lambda: 2.0 * x),
            error(tf, lambda: x + x),
        ],
        "graph": describe_graph(tf),
    }
    with tf.Session() as sess:
        got = sess.run([x, {"other": other}, made])
        fed = sess.run(partial, {partial: value})
        tuple_fed = partial.eval({partial: ([[2, 2]], [1.0], [3, 3])})
        values = [list(got[0]), list(got[1]["other"]), list(got[2]), list(fed), list(tuple_fed)]
        short = error(tf, lambda: sess.run(x, {x: 3.0}))
    return facts | {"values": values, "kinds": [type(got[0]).__name__, type(tuple_fed).__name__], "short": short}


@programs
def sparse_placeholders(tf):
    free, named = tf.sparse_placeholder(tf.float32), tf.sparse_placeholder(tf.int32, name="named")
    shaped, partial = tf.sparse_placeholder(tf.float32, [3, 4]), tf.sparse_placeholder(tf.float32, [None, 4], name="partial")
    from_tensor = tf.sparse_placeholder(tf.float32, tf.constant([2, 2], tf.int64))
    total = tf.sparse_reduce_sum(free, 0)
    value = tf.SparseTensorValue([[0, 1], [2, 3]], [2.5, 1.0], [3, 4])
    shapes = [str(t.shape) for t in (free, named, shaped, partial, from_tensor)]
    with tf.Session() as sess:
        values = [sess.run(total, {free: value}), sess.run(total, {free: ([[0]], [1.0], [2])})]
        dense = sess.run(tf.sparse_tensor_to_dense(shaped), {shaped: value})
        missing = error(tf, lambda: sess.run(total), "must feed a value for placeholder")
    return {"shapes": shapes, "values": values, "dense": dense, "missing": missing, "graph": describe_graph(tf)}


@programs
def sparse_operators(tf):
    x, row = sparse(tf), tf.constant([1.0, 2.0, 3.0, 4.0])
    y = tf.constant(ramp(3, 4) + 9.0)
    made = [x * 2.0, x / row, y * x, x * y, sparse(tf, np.int32) / 2, sparse(tf, np.int32) * 3]
    gradients = tf.gradients([made[1].values, made[3].values], [x.values, row, y])
    facts = {"graph": describe_graph(tf), "dtypes": [m.dtype.name for m in made]}
    with tf.Session() as sess:
        wrong = error(
            tf, lambda: sess.run((x * tf.placeholder_with_default([1.0, 2.0], None)).values), "broadcasts dense to sparse only"
        )
        return facts | {"values": sess.run([m.values for m in made]), "gradients": sess.run(gradients), "wrong": wrong}


V = np.float32([1, -2, 3, 4])


def on_values(function):
    """`function` of a sparse tensor whose values are a placeholder."""

    def build(tf, values):
        return function(tf, tf.SparseTensor([[0, 1], [1, 0], [1, 3], [2, 2]], values, [3, 4]))

    return build


B = ramp(4, 2)
SPARSE_CASES = {
    "to_dense": lambda tf, x: [tf.sparse_tensor_to_dense(x), tf.sparse.to_dense(x, default_value=9.0, name="nines")],
    "reduce_sum": lambda tf, x: [
        tf.sparse_reduce_sum(x),
        tf.sparse_reduce_sum(x, 0),
        tf.sparse_reduce_sum(x, [-1], keepdims=True),
    ],
    "reorder": lambda tf, x: tf.sparse_reorder(tf.SparseTensor([[2, 1], [0, 3], [1, 1], [0, 0]], x.values, [3, 4])),
    "reshape": lambda tf, x: [tf.sparse_reshape(x, [2, -1]), tf.sparse_reshape(x, [12], name="flat")],
    "retain": lambda tf, x: tf.sparse_retain(x, [True, False, True, False]),
    "slice": lambda tf, x: tf.sparse_slice(x, [1, 0], [5, 2]),
    "concat": lambda tf, x: [tf.sparse_concat(1, [x, x]), tf.sparse_concat(0, [x, x], name="rows"), tf.sparse_concat(0, [x])],
    "softmax": lambda tf, x: tf.sparse_softmax(x),
    "transpose": lambda tf, x: [tf.sparse_transpose(x), tf.sparse_transpose(x, [0, 1], name="same")],
    "add": lambda tf, x: tf.sparse_add(x, tf.SparseTensor([[0, 1], [2, 3]], [-1.0, 2.0], [3, 4]), threshold=0.5),
    "add_dense": lambda tf, x: [tf.sparse_add(x, tf.constant(ramp(3, 4))), tf.sparse_add(ramp(3, 4), x)],
    "fill_empty_rows": lambda tf, x: tf.sparse_fill_empty_rows(
        tf.SparseTensor([[0, 1], [0, 3], [3, 0], [3, 1]], x.values, [5, 4]), 7.0
    ),
    "expand_dims": lambda tf, x: [tf.sparse.expand_dims(x), tf.sparse.expand_dims(x, 0), tf.sparse.expand_dims(x, -2)],
}
for _name, _function in SPARSE_CASES.items():
    case(f"sparse_{_name}", on_values(_function), V)
for _a in (False, True):
    for _b in (False, True):
        _dense = ramp(3 if _a else 4, 2)
        case(
            f"sparse_matmul_{'adjoint' if _a else 'plain'}_{'adjoint' if _b else 'plain'}",
            lambda tf, v, b, a=_a, c=_b: on_values(lambda tf, x: tf.sparse_tensor_dense_matmul(x, b, adjoint_a=a, adjoint_b=c))(
                tf, v
            ),
            V,
            _dense.T.copy() if _b else _dense,
        )
case(
    "sparse_concat_expanded",
    on_values(lambda tf, x: tf.sparse_concat(0, [x, tf.SparseTensor([[0, 4]], [5.0], [2, 5])], expand_nonconcat_dim=True)),
    V,
)
case(
    "sparse_to_dense_of_values",
    lambda tf, v: [
        tf.sparse_to_dense([[0, 1], [1, 0]], [2, 3], v, 5.0),
        tf.sparse_to_dense([[1], [2]], [4], v, validate_indices=False),
    ],
    np.float32([1, 2]),
)


@programs
def sparse_without_gradients(tf):
    x = sparse(tf)
    y = tf.SparseTensor([[0, 1], [1, 1]], [5.0, -6.0], [3, 4])
    made = [
        *parts(tf.sparse_maximum(x, y)),
        *parts(tf.sparse_minimum(x, y, name="less")),
        tf.sparse_reduce_max(x),
        tf.sparse_reduce_max(x, 1, keepdims=True),
        *parts(tf.sparse_reduce_max_sparse(x, 0)),
        *parts(tf.sparse_reduce_sum_sparse(x, [1], keepdims=True)),
        *parts(tf.sparse.from_dense([[0, 3], [4, 0]])),
        *parts(tf.sparse.eye(3, 2)),
        *[t for piece in tf.sparse_split(sp_input=x, num_split=3, axis=1) for t in parts(piece)],
        tf.sparse_to_indicator(tf.SparseTensor([[0, 0], [1, 0], [1, 1]], [3, 0, 2], [2, 2]), 5),
        *parts(
            tf.sparse_merge(
                tf.SparseTensor([[0, 0], [1, 0]], [3, 1], [2, 2]), tf.SparseTensor([[0, 0], [1, 0]], [0.5, 1.5], [2, 2]), 4
            )
        ),
    ]
    masked = tf.sparse_mask(tf.IndexedSlices(tf.constant(ramp(3, 2)), tf.constant([4, 7, 9])), [7])
    facts = {"static": static(*made), "graph": describe_graph(tf)}
    with tf.Session() as sess:
        return facts | {"values": sess.run([*made, masked.values, masked.indices])}


@programs
def sparse_of_unknown_shape(tf):
    x = tf.sparse_placeholder(tf.float32)
    rank = tf.sparse_placeholder(tf.float32, [None, None])
    made = []
    for t in (x, rank):
        dense = tf.sparse_tensor_to_dense(t)
        total = tf.sparse_reduce_sum(t)
        pieces = [
            tf.sparse_reorder(t),
            tf.sparse_concat(0, [t, t]),
            tf.sparse_reshape(t, [-1]),
            tf.sparse_slice(t, [0, 0], [1, 1]),
        ]
        pieces += [
            tf.sparse_add(t, t),
            tf.sparse_transpose(t, [1, 0]),
            tf.sparse_fill_empty_rows(t, 0.0)[0],
            tf.sparse_softmax(t),
        ]
        made += [dense, total, tf.sparse_tensor_dense_matmul(t, tf.placeholder(tf.float32, [None, 3]))]
        made += [tensor for piece in pieces for tensor in parts(piece)]
    return {"static": static(*made), "graph": describe_graph(tf)}


@programs
def sparse_errors(tf):
    x = sparse(tf)
    v = tf.placeholder(tf.int64)
    built = {
        "reshape": error(tf, lambda: tf.sparse_reshape(x, [5, 5]), "Cannot reshape a tensor with 12 elements"),
        "two free": error(tf, lambda: tf.sparse_reshape(x, [-1, -1]), "At most one dimension can be inferred"),
        "add": error(tf, lambda: tf.sparse_add([1.0], [2.0]), "At least one input should be SparseTensor"),
        "add shapes": error(tf, lambda: tf.sparse_add(x, tf.SparseTensor([[0]], [1.0], [3]))),
        "split words": error(tf, lambda: tf.sparse_split(1, x, 2, 0), "Keyword arguments are required"),
        "split number": error(tf, lambda: tf.sparse_split(sp_input=x, axis=0), "num_split is required"),
        "retain": error(tf, lambda: tf.sparse_retain(x, [True])),
        "concat": error(tf, lambda: tf.sparse_concat(0, x)),
        "merge": error(tf, lambda: tf.sparse_merge([x, x], x, [3]), "equal lengths"),
        "matmul": error(tf, lambda: tf.sparse_tensor_dense_matmul(x, tf.ones([3, 2]))),
    }
    with tf.Session() as sess:
        dense = tf.sparse_to_dense(v, [2, 2], 1.0)
        ran = {
            "repeated": error(tf, lambda: sess.run(dense, {v: [[0, 1], [0, 1]]}), "is repeated"),
            "order": error(tf, lambda: sess.run(dense, {v: [[1, 1], [0, 1]]}), "is out of order"),
            "outside": error(tf, lambda: sess.run(dense, {v: [[0, 2]]}), "is out of bounds"),
            "depth": error(tf, lambda: sess.run(dense, {v: [[0, 1, 1]]})),
            "split": error(tf, lambda: sess.run(tf.sparse_split(sp_input=x, num_split=7, axis=0)[0].values)),
            "concat shapes": error(
                tf, lambda: sess.run(tf.sparse_concat(0, [x, tf.SparseTensor([[0, 0]], [1.0], [1, 3])]).values)
            ),
            "reduce": error(tf, lambda: sess.run(tf.sparse_reduce_sum(x, tf.placeholder_with_default(5, [])))),
        }
    return built | ran


@programs
def dense_from_vectors(tf):
    made = [tf.sparse_to_dense([1, 2], [4], [1.5, 2.5]), tf.sparse_to_dense(2, [4], 1.5), tf.sparse_to_dense([0, 3], [4], 7, 1)]
    x = sparse(tf)
    facts = {"static": static(*made), "graph": describe_graph(tf)}
    facts["source"] = error(tf, lambda: tf.gradients(x.values, x), "is not supported as a gradient source")
    with tf.Session() as sess:
        return facts | {"values": sess.run(made)}


# --- sparse look-up and candidates ---------------------------------------------------------------------------------


def ids_and_weights(tf):
    indices = [[0, 0], [0, 1], [1, 0], [3, 0], [3, 2]]
    ids = tf.SparseTensor(indices, np.array([1, 3, 0, 2, 3]), [4, 3])
    return ids, tf.SparseTensor(indices, np.float32([0.5, 2.0, 1.0, -1.0, 3.0]), [4, 3])


def lookup_program(combiner, weighted, partitions, **options):
    def program(tf):
        whole = ramp(4, 2)
        tables = [tf.get_variable(f"t{i}", initializer=whole[i::partitions].copy()) for i in range(partitions)]
        ids, weights = ids_and_weights(tf)
        weights = weights if weighted else None
        found = tf.nn.embedding_lookup_sparse(tables, ids, weights, combiner=combiner, **options)
        slopes = [tf.convert_to_tensor(g) for g in tf.gradients(found, tables)]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            values = sess.run([found, *slopes])
        return {"static": static(found), "graph": describe_graph(tf), "values": values}

    return program


for _combiner in ("sum", "mean", "sqrtn"):
    for _weighted in (False, True):
        _name = f"lookup_sparse_{_combiner}{'_weighted' if _weighted else ''}"
        programs.add(_name, lookup_program(_combiner, _weighted, 1))
programs.add("lookup_sparse_partitions", lookup_program(None, False, 2, name="mine"))
programs.add("lookup_sparse_clipped", lookup_program("sum", True, 2, max_norm=0.5))
programs.add("lookup_sparse_fast", lookup_program("mean", True, 1, allow_fast_lookup=True))


@programs
def safe_lookup_sparse(tf):
    table = tf.get_variable("table", initializer=ramp(4, 2))
    indices = [[0, 0], [0, 1], [2, 0], [2, 2]]
    ids = tf.SparseTensor(indices, np.array([1, -1, 3, 2]), [4, 3])
    weights = tf.SparseTensor(indices, np.float32([0.5, 2.0, -1.0, 3.0]), [4, 3])
    deep = tf.SparseTensor([[0, 0, 1], [1, 1, 0]], np.array([1, 2]), [2, 2, 2])
    found = [
        tf.nn.safe_embedding_lookup_sparse([table], ids),
        tf.nn.safe_embedding_lookup_sparse([table], ids, weights, combiner="sum"),
        tf.nn.safe_embedding_lookup_sparse(table, ids, weights, default_id=3, name="three"),
        tf.nn.safe_embedding_lookup_sparse([table], deep, combiner="sqrtn"),
    ]
    facts = {
        "static": static(*found),
        "none": error(tf, lambda: tf.nn.safe_embedding_lookup_sparse(None, ids), "Missing embedding_weights"),
        "empty": error(tf, lambda: tf.nn.safe_embedding_lookup_sparse([], ids), "Missing embedding_weights"),
        "combiner": error(
            tf, lambda: tf.nn.embedding_lookup_sparse(table, ids, None, combiner="max"), "combiner must be one of"
        ),
        "dense": error(tf, lambda: tf.nn.embedding_lookup_sparse(table, [1], None), "sp_ids must be SparseTensor"),
        "weights": error(tf, lambda: tf.nn.embedding_lookup_sparse(table, ids, [1.0]), "must be either None or SparseTensor"),
    }
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return facts | {"values": sess.run(found), "graph": op_names(tf)}


@programs
def candidate_samplers(tf):
    tf.set_random_seed(7)
    true = tf.constant([[1, 4], [0, 3], [9, 2]], tf.int64)
    counts = [float(c) for c in (5, 1, 3, 2, 8, 1, 1, 4, 2, 6)]
    made = []
    for unique in (True, False):
        for name in ("uniform", "log_uniform", "learned_unigram"):
            sampler = getattr(tf.nn, f"{name}_candidate_sampler")
            made.append(sampler(true, 2, 5, unique, 10, seed=3 if unique else None))
            made.append(sampler(true, 2, 40, False, 1000, seed=4))
        made.append(tf.nn.fixed_unigram_candidate_sampler(true, 2, 4, unique, 10, unigrams=counts, distortion=0.75, seed=5))
    made.append(tf.nn.fixed_unigram_candidate_sampler(true, 2, 3, True, 12, num_reserved_ids=2, unigrams=counts, seed=5))
    made.append(tf.nn.fixed_unigram_candidate_sampler(true % 5, 2, 3, True, 5, num_shards=2, shard=1, unigrams=counts, seed=5))
    made.append(tf.nn.all_candidate_sampler(true % 4, 2, 4, True))
    made.append(tf.nn.compute_accidental_hits(true, tf.constant([3, 1, 7, 9], tf.int64), 2))
    flat = [t for item in made for t in item]
    facts = {"static": static(*flat), "graph": describe_graph(tf)}
    with tf.Session() as sess:
        runs = [sess.run(flat) for _ in range(3)]
        small = tf.nn.uniform_candidate_sampler(true, 2, 5, True, 4)
        facts["range"] = error(tf, lambda: sess.run(small[0]), "Sampler's range is too small")
        free = tf.placeholder_with_default(np.int64([[1]]), [None, None])
        facts["columns"] = error(tf, lambda: sess.run(tf.nn.uniform_candidate_sampler(free, 2, 2, True, 9)[0]))
    facts["rank"] = error(tf, lambda: tf.nn.uniform_candidate_sampler([1], 1, 2, True, 4))
    return facts | {"runs": runs}


def sampled_loss_program(loss, **options):
    def program(tf):
        tf.set_random_seed(5)
        weights, biases = tf.get_variable("w", initializer=ramp(8, 3) / 4), tf.get_variable("b", initializer=ramp(8))
        inputs, labels = tf.constant(ramp(4, 3)), tf.constant([[1], [0], [5], [2]])
        value = getattr(tf.nn, loss)(weights, biases, labels, inputs, 4, 8, **options)
        slopes = tf.gradients(value, [weights, biases, inputs])
        kinds = [isinstance(s, tf.IndexedSlices) for s in slopes]
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            values = sess.run([value, *(tf.convert_to_tensor(s) for s in slopes)])
        return {"kinds": kinds, "graph": describe_graph(tf), "values": values}

    return program


programs.add("nce_loss", sampled_loss_program("nce_loss"))
programs.add("nce_loss_without_hits", sampled_loss_program("nce_loss", remove_accidental_hits=True, name="mine"))
programs.add("sampled_softmax_loss", sampled_loss_program("sampled_softmax_loss"))
programs.add("sampled_softmax_loss_seeded", sampled_loss_program("sampled_softmax_loss", seed=3, partition_strategy="div"))


# --- learning rates ------------------------------------------------------------------------------------------------

DECAYS = {
    "cosine_decay_restarts": lambda tf, step: tf.train.cosine_decay_restarts(0.5, step, 3, m_mul=0.5, alpha=0.1),
    "cosine_decay_restarts_even": lambda tf, step: tf.train.cosine_decay_restarts(0.5, step, 3, t_mul=1.0, name="mine"),
    "linear_cosine_decay": lambda tf, step: tf.train.linear_cosine_decay(0.5, step, 10, num_periods=1.5, alpha=0.1),
    "noisy_linear_cosine_decay": lambda tf, step: tf.train.noisy_linear_cosine_decay(0.5, step, 10, beta=0.2),
}


def decay_program(make):
    def program(tf):
        tf.set_random_seed(3)
        step = tf.placeholder(tf.int64, [], name="step")
        rate = make(tf, step)
        with tf.Session() as sess:
            values = [sess.run(rate, {step: s}) for s in (0, 1, 4, 9, 20)]
        return {"static": static(rate), "name": rate.name, "ops": op_names(tf), "values": np.array(values)}

    return program


for _name, _make in DECAYS.items():
    programs.add(_name, decay_program(_make))


@programs
def values_cast_and_scaled(tf):
    x, rows = sparse(tf), tf.IndexedSlices(tf.constant(ramp(2, 2)), tf.constant([1, 0]), tf.constant([3, 2]))
    made = [tf.cast(x, tf.int32), tf.cast(rows, tf.float64), tf.scalar_mul(2.0, rows), tf.cast(x, tf.float32, name="same")]
    with tf.Session() as sess:
        return {
            "kinds": [type(m).__name__ for m in made],
            "values": [list(v) for v in sess.run(made)],
            "graph": describe_graph(tf),
        }


@programs
def shapes_of_select(tf):
    rows, free = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 2])
    made = [tf.where(c, rows, free) for c in (tf.ones([4, 2], tf.bool), tf.ones([4], tf.bool), tf.placeholder(tf.bool))]
    wrong = error(tf, lambda: tf.where(tf.ones([3], tf.bool), tf.ones([4, 2]), tf.ones([4, 2])))
    return {"static": static(*made), "wrong": wrong}


@programs
def second_slopes(tf):
    x, w = tf.constant([1.0, 2.0, 3.0], name="x"), tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="w")
    y = tf.reduce_sum(x**3.0) + x[0] * x[1]
    made = tf.hessians(y, x) + tf.hessians([tf.reduce_sum(tf.matmul(w, w))], [w], name="other")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return {"static": static(*made), "ops": op_names(tf), "values": sess.run(made)}
