"""Loops, branches, arrays of tensors, assertions and calls of Python: graphs, values, slopes and refusals."""

from __future__ import annotations

import collections

import numpy as np
from harness import Programs, describe_graph, error, static

programs = Programs()


def errors(tf, *calls):
    return [error(tf, call) for call in calls]


def loop_program(build):
    """A program that builds a value and compares its graph, its values, and the graph and values of its slopes."""

    def program(tf):
        x = tf.placeholder(tf.float32, [None], name="x")
        y = build(tf, x)
        fetches = [y, *[g for g in tf.gradients(y, x) if g is not None]]
        with tf.Session() as sess:
            values = [sess.run(fetches, {x: v}) for v in ([1.0, 2.0, 3.0], [0.5])]
        return {"graph": describe_graph(tf), "static": static(*fetches), "values": values}

    programs.add(build.__name__, program)
    return build


@loop_program
def power(tf, x):
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1]


@loop_program
def power_in_a_list(tf, x):
    return tf.while_loop(lambda i, y: tf.less(i, 2), lambda i, y: [i + 1, y * y], [tf.constant(0), x], name="squares")[1]


@loop_program
def one_variable(tf, x):
    return tf.while_loop(lambda y: tf.reduce_sum(y) < 100.0, lambda y: y * 2.0 + 1.0, [x])


@loop_program
def same_structure(tf, x):
    return tf.while_loop(lambda y: tf.reduce_sum(y) < 50.0, lambda y: [y * 3.0], [x], return_same_structure=True)[0]


@loop_program
def most_turns(tf, x):
    return tf.while_loop(lambda y: True, lambda y: y * 1.5, [x], maximum_iterations=3)


@loop_program
def no_turns(tf, x):
    return tf.while_loop(lambda i, y: i < 0, lambda i, y: (i + 1, y * x), [0, x])[1]


@loop_program
def unused_results(tf, x):
    return tf.while_loop(lambda a, b, i: i < 3, lambda a, b, i: (a + b, b * 2.0, i + 1), [x, x * 2.0, 0])[0]


@loop_program
def independent_next_value(tf, x):
    a, b, _ = tf.while_loop(lambda a, b, i: i < 3, lambda a, b, i: (b, b * 0.5, i + 1), [x, x, 0])
    return a + b


@loop_program
def nested_loops(tf, x):
    def body(i, y):
        inner = tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * x + 1.0), [0, y])
        return i + 1, inner[1]

    return tf.while_loop(lambda i, y: i < 4, body, [0, x])[1]


@loop_program
def three_deep(tf, x):
    def level(depth, value):
        if depth == 0:
            return value * 1.1
        return tf.while_loop(lambda i, v: i < 2, lambda i, v: (i + 1, level(depth - 1, v)), [0, value])[1]

    return level(3, x)


@loop_program
def cond_in_loop(tf, x):
    def body(i, y):
        return i + 1, tf.cond(tf.reduce_sum(y) > 2.0, lambda: y - x, lambda: y * y + x)

    return tf.while_loop(lambda i, y: i < 4, body, [0, x])[1]


@loop_program
def cond_with_other_values_in_loop(tf, x):
    def body(i, y):
        low, high = tf.cond(i < 1, lambda: (y * 2.0, y), lambda: (y, y + x))
        return i + 1, low * high

    return tf.while_loop(lambda i, y: i < 2, body, [0, x])[1]


@loop_program
def loop_in_cond(tf, x):
    def loop():
        return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])[1]

    return tf.cond(tf.reduce_sum(x) > 2.0, loop, lambda: x * 2.0)


@loop_program
def loop_in_both_branches(tf, x):
    def loop(turns):
        return lambda: tf.while_loop(lambda i, y: i < turns, lambda i, y: (i + 1, y + x), [0, x])[1]

    return tf.cond(tf.reduce_sum(x) > 2.0, loop(2), loop(3))


@loop_program
def nested_conds(tf, x):
    total = tf.reduce_sum(x)

    def high():
        return tf.cond(total > 4.0, lambda: x * x, lambda: x * 3.0)

    return tf.cond(total > 1.0, high, lambda: tf.cond(total > 0, lambda: -x, lambda: x))


@loop_program
def cond_of_one_side(tf, x):
    y = x * 2.0
    return tf.cond(tf.reduce_sum(x) > 2.0, lambda: y, lambda: tf.zeros_like(x)) + y


@loop_program
def cond_of_several(tf, x):
    a, b = tf.cond(tf.reduce_sum(x) > 2.0, lambda: [x * 2.0, x], lambda: [x, tf.exp(x)])
    return a * b


@loop_program
def matrix_in_loop(tf, x):
    w = tf.constant([[0.5, 1.0], [0.25, -1.0]], name="w")
    first = tf.stack([x, x * 2.0], axis=1)
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.tanh(tf.matmul(y, w))), [0, first])[1]


@loop_program
def weights_get_slopes(tf, x):
    w = tf.reduce_mean(x) * tf.ones([2, 2])
    first = tf.stack([x, x * 2.0], axis=1)
    return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, tf.matmul(y, w)), [0, first])[1]


@loop_program
def gather_in_loop(tf, x):
    table = tf.expand_dims(x, 1) * tf.ones([1, 2])
    return tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, y + tf.gather(table, [0])), [0, tf.zeros([1, 2])])[1]


@loop_program
def growing(tf, x):
    shapes = [tf.TensorShape([]), tf.TensorShape([None])]
    loop = tf.while_loop(lambda i, y: i < 2, lambda i, y: (i + 1, tf.concat([y, y * 2.0], 0)), [0, x], shape_invariants=shapes)
    return loop[1]


@loop_program
def back_prop_off(tf, x):
    return x * tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x], back_prop=False)[1]


@loop_program
def mapped(tf, x):
    return tf.map_fn(lambda t: t * t + 1.0, x)


@loop_program
def mapped_to_other_types(tf, x):
    whole, real = tf.map_fn(lambda t: (tf.cast(t, tf.int32), t * 2.0), x, dtype=(tf.int32, tf.float32))
    return real + tf.cast(whole, tf.float32)


@loop_program
def mapped_pairs(tf, x):
    return tf.map_fn(lambda p: p[0] * p[1], (x, x + 1.0), dtype=tf.float32)


@loop_program
def scanned(tf, x):
    return tf.scan(lambda a, t: a * 0.5 + t, x)


@loop_program
def scanned_backwards(tf, x):
    return tf.scan(lambda a, t: a + t * 2.0, x, initializer=1.0, reverse=True)


@loop_program
def folded(tf, x):
    return tf.foldl(lambda a, t: a * 0.9 + t, x)


@loop_program
def folded_backwards(tf, x):
    return tf.foldr(lambda a, t: a * 0.9 + t, x, initializer=tf.constant(2.0))


@loop_program
def cases(tf, x):
    total = tf.reduce_sum(x)
    pairs = [(total > 5.0, lambda: x * 2.0), (total > 0.6, lambda: x * 3.0)]
    return tf.case(pairs, default=lambda: tf.exp(x))


@programs
def tensor_arrays(tf):
    array = tf.TensorArray(tf.float32, size=3, name="rows")
    array = array.write(0, [1.0, 2.0]).write(2, [5.0, 6.0]).write(1, [3.0, 4.0])
    stacked = array.stack()
    split = tf.TensorArray(tf.float32, size=2, infer_shape=False).split(tf.reshape(tf.range(6.0), [3, 2]), [1, 2])
    pieces = [split.size(), split.read(1)]
    spread = tf.TensorArray(tf.int32, size=4, clear_after_read=False).scatter([3, 1], [[1], [2]])
    chosen = spread.gather([1, 3])
    joined = tf.TensorArray(tf.float32, size=2).unstack([[1.0, 2.0], [3.0, 4.0]]).concat()
    fetches = [stacked, *pieces, chosen, spread.read(3), spread.read(3), joined]
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "static": static(*fetches), "values": sess.run(fetches)}


@programs
def tensor_arrays_refuse(tf):
    def run(build):
        def attempt():
            with tf.Session() as sess:
                sess.run(build())

        return attempt

    def array(**how):
        return tf.TensorArray(tf.float32, size=2, **how)

    return errors(
        tf,
        run(lambda: array().write(2, 1.0).flow),
        run(lambda: array().write(0, 1.0).write(0, 2.0).flow),
        run(lambda: array().read(0)),
        run(lambda: array().write(0, 1.0).write(1, [1.0]).flow),
        lambda: tf.TensorArray(tf.float32),
        lambda: array().write(0, 1),
        run(lambda: array(dynamic_size=True).write(5, 1.0).size()),
    )


@programs
def loops_refuse(tf):
    x = tf.constant(1.0, name="x")
    return errors(
        tf,
        lambda: tf.while_loop(None, lambda i: i, [0]),
        lambda: tf.while_loop(lambda i: True, 3, [0]),
        lambda: tf.while_loop(lambda: True, lambda: 1, []),
        lambda: tf.while_loop(lambda i: True, lambda i: i, [0], parallel_iterations=0),
        lambda: tf.while_loop(lambda i: i < 1, lambda i: tf.concat([i, i], 0), [tf.ones([2])]),
        lambda: tf.while_loop(lambda i, j: i < 1, lambda i, j: i, [0, 1]),
        lambda: tf.while_loop(lambda i: i < 1, lambda i: tf.cast(i, tf.float32), [0]),
        lambda: tf.while_loop(lambda i: i < 1, lambda i: i + 1, [0], shape_invariants=[tf.TensorShape([3])]),
        lambda: tf.while_loop(lambda i: i < 1, lambda i: i + 1, [0], maximum_iterations=[1, 2]),
        lambda: tf.cond(True, lambda: x, lambda: x),
        lambda: tf.cond(x > 0, lambda: x, lambda: (x, x)),
        lambda: tf.cond(x > 0, lambda: x, lambda: tf.constant(1)),
        lambda: tf.cond(x > 0, x, lambda: x),
        lambda: tf.cond(x > 0, lambda: None, lambda: x),
        lambda: tf.case([(True, lambda: x)]),
        lambda: tf.case([(x, lambda: x)]),
        lambda: tf.case([(x > 0, 3)]),
        lambda: tf.case(3),
        lambda: tf.map_fn(lambda t: t, x),
        lambda: tf.map_fn(lambda t: t, []),
    )


@programs
def named_structures(tf):
    pair_type = collections.namedtuple("Pair", "j, k")
    first = (tf.constant(0), pair_type(tf.constant(1), tf.constant(2)), {"b": tf.constant(3.0), "a": tf.constant(4)})

    def body(i, p, d):
        return i + 1, pair_type(p.j + p.k, p.j - p.k), {"a": d["a"] + i, "b": d["b"] * 2.0}

    i, pair, table = tf.while_loop(lambda i, p, d: i < 3, body, first)
    with tf.Session() as sess:
        values = sess.run([i, pair.j, pair.k, table["a"], table["b"]])
    return {"graph": describe_graph(tf), "values": values, "types": [type(pair).__name__, type(table).__name__]}


@programs
def variables_in_loops(tf):
    v = tf.Variable(1.0, name="v")
    total = tf.Variable(0.0, name="total")

    def body(i):
        with tf.control_dependencies([tf.assign_add(total, v.read_value() * tf.cast(i, tf.float32))]):
            return i + 1

    loop = tf.while_loop(lambda i: i < 4, body, [0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = [sess.run(loop), sess.run(total), sess.run(loop), sess.run(total)]
    return {"graph": describe_graph(tf), "values": values}


@programs
def slopes_of_variables_in_loops(tf):
    w = tf.Variable([[1.0, 0.5], [0.0, 2.0]], name="w")
    y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.matmul(y, w)), [0, tf.ones([1, 2])])[1]
    step = tf.train.GradientDescentOptimizer(0.01).minimize(tf.reduce_sum(y))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(step)
        return {"graph": describe_graph(tf), "values": sess.run([y, w])}


@programs
def swap(tf):
    a, b = tf.constant(1), tf.constant(2)
    fetches = list(tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b, a), [0, a, b]))
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(fetches)}


@programs
def what_waits_in_loops(tf):
    before = tf.constant(5.0, name="before")
    with tf.control_dependencies([before]):
        out = tf.while_loop(lambda i: i < 2, lambda i: tf.identity(i) + tf.constant(1), [0])
    with tf.device("/cpu:0"), tf.name_scope("inside"):
        other = tf.while_loop(lambda i: i < 2, lambda i: i + tf.constant(1, name="one"), [0])
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run([out, other])}


@programs
def contexts_are_collected(tf):
    x = tf.constant(1.0)
    tf.while_loop(lambda i: i < 2, lambda i: tf.cond(i > 0, lambda: i + 1, lambda: i + 2), [0])
    tf.cond(x > 0, lambda: x, lambda: x + 1.0)
    keys = [tf.GraphKeys.WHILE_CONTEXT, tf.GraphKeys.COND_CONTEXT]
    return {key: [c.name for c in tf.get_collection(key)] for key in keys}


@programs
def what_is_inside_stays_inside(tf):
    kept = []

    def body(i):
        kept.append(i * 2)
        return i + 1

    tf.while_loop(lambda i: i < 2, body, [0])
    tf.cond(tf.constant(True), lambda: kept.append(tf.constant(1)) or tf.constant(2), lambda: tf.constant(3))
    with tf.Session() as sess:
        return errors(tf, lambda: sess.run(kept[0]), lambda: sess.run(kept[1]), lambda: sess.run(kept[0] + 1))


@programs
def cases_of_all_kinds(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    pairs = {x < 0: lambda: tf.constant(-1), x > 10: lambda: tf.constant(10)}
    from_dict = tf.case(pairs, default=lambda: tf.constant(0), exclusive=True)
    without = tf.case([(x < 0, lambda: tf.constant(-1)), (x >= 0, lambda: x)])
    with tf.Session() as sess:
        values = [sess.run([from_dict, without], {x: n}) for n in (-5, 5, 15)]
    return {"graph": describe_graph(tf), "values": values}


@programs
def cases_that_fail(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    twice = tf.case([(x > 0, lambda: tf.constant(1)), (x > 1, lambda: tf.constant(2))], default=lambda: x, exclusive=True)
    none = tf.case([(x < 0, lambda: tf.constant(-1)), (x > 0, lambda: x)])
    with tf.Session() as sess:
        return errors(tf, lambda: sess.run(twice, {x: 5}), lambda: sess.run(none, {x: 0}))


@programs
def assertions_of_all_kinds(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    n = tf.placeholder(tf.int32, [None], name="n")
    checks = [
        tf.assert_equal(n, [1, 2], message="numbers"),
        tf.assert_less(x, 10.0),
        tf.assert_greater_equal(n, 0, summarize=2),
        tf.assert_positive(x),
        tf.assert_non_negative(n),
        tf.assert_non_positive(-n),
        tf.assert_negative(-x, message="below"),
        tf.assert_none_equal(n, 0),
        tf.assert_near(x, [1.0, 2.0]),
        tf.assert_rank(x, 1),
        tf.assert_rank_at_least(n, 1),
        tf.assert_rank_in(x, [1, 2]),
        tf.assert_type(x, tf.float32),
        tf.assert_integer(n),
    ]
    with tf.Session() as sess:
        done = sess.run([*checks, tf.is_non_decreasing(x), tf.is_strictly_increasing(n)], {x: [1.0, 2.0], n: [1, 2]})
    return {"graph": describe_graph(tf), "values": done[-2:]}


@programs
def assertions_that_fail(tf):
    x = tf.placeholder(tf.float32, [None], name="x")
    shapeless = tf.placeholder(tf.float32, name="shapeless")
    texts = tf.constant(["a"])

    def when_run(build):
        def attempt():
            check = build()
            with tf.Session() as sess:
                sess.run(check, {x: [1.0, -2.0], shapeless: [[1.0]]})

        return attempt

    return errors(
        tf,
        when_run(lambda: tf.assert_positive(x)),
        when_run(lambda: tf.assert_less(x, 0.0, data=["shown", x])),
        when_run(lambda: tf.assert_rank(shapeless, 1)),
        when_run(lambda: tf.Assert(x[0] > 2.0, [x, "text"])),
        lambda: tf.assert_equal(1, 2),
        lambda: tf.assert_rank(x, 2),
        lambda: tf.assert_rank_in(x, [0, 3]),
        lambda: tf.assert_rank_at_least(x, 2),
        lambda: tf.assert_type(x, tf.int32),
        lambda: tf.assert_integer(x),
        lambda: tf.assert_scalar(x),
        lambda: tf.assert_proper_iterable(x),
        lambda: tf.assert_proper_iterable(3),
        lambda: tf.assert_same_float_dtype([x, tf.constant(1)]),
        lambda: tf.is_non_decreasing(texts),
    )


@programs
def python_functions(tf):
    x = tf.placeholder(tf.float32, [2], name="x")

    def several(a):
        return a * np.float32(2), np.int64(a.size), "text"

    results = tf.py_func(several, [x], [tf.float32, tf.int64, tf.string], name="several")
    nothing = tf.py_func(lambda a: None, [x], [])
    with tf.Session() as sess:
        values = sess.run([*results, nothing], {x: [1.0, 2.0]})
    return {"static": static(*results), "values": values[:3], "types": [r.op.type for r in results], "none": nothing.type}


@programs
def python_functions_that_fail(tf):
    def raising(error):
        def function(a):
            raise error

        return function

    def attempt(function, kind=None):
        def run():
            y = tf.py_func(function, [tf.constant([1.0])], kind or tf.float32)
            with tf.Session() as sess:
                sess.run(y)

        return run

    return errors(
        tf,
        attempt(raising(ValueError("bad"))),
        attempt(raising(NotImplementedError("later"))),
        attempt(raising(StopIteration())),
        attempt(raising(KeyError("key"))),
        attempt(lambda a: np.float64(1.0) * np.ones(2)),
        attempt(lambda a: (a, a)),
    )


@programs
def printing(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y = tf.Print(x, [x, "text"], message="shown: ", first_n=1, summarize=2)
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run([y, tf.gradients(y, x)[0]])}


@programs
def loops_in_meta_graphs(tf):
    x = tf.constant(2.0, name="x")
    y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.cond(y > 3.0, lambda: y - 1.0, lambda: y * x)), [0, x])[1]
    tf.add_to_collection("y", y)
    meta = tf.train.export_meta_graph()
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta, import_scope="again")
        again = tf.get_collection("y")[0]
        slope = tf.gradients(again, tf.get_default_graph().get_tensor_by_name("again/x:0"))[0]
        with tf.Session() as sess:
            return {"values": sess.run([again, slope]), "graph": describe_graph(tf)}


@programs
def checked_values(tf):
    x = tf.placeholder(tf.float32, [None, None], name="x")
    known = tf.ensure_shape(x, [None, 2])
    both = tf.identity_n([x, tf.constant(1)])
    finite = tf.verify_tensor_all_finite(x, "not finite")
    slopes = [tf.gradients(t, x)[0] for t in (known, both[0], finite)]
    fetches = [known, *both, finite, *slopes]
    with tf.Session() as sess:
        values = sess.run(fetches, {x: [[1.0, 2.0]]})
        refused = errors(
            tf,
            lambda: sess.run(known, {x: [[1.0]]}),
            lambda: sess.run(finite, {x: [[float("nan")]]}),
            lambda: tf.ensure_shape(known, [None, 3]),
            lambda: tf.ensure_shape(known, [None]),
        )
    return {"graph": describe_graph(tf), "static": static(*fetches), "values": values, "errors": refused}


@programs
def numerics_of_all(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    tf.log(x)
    check = tf.add_check_numerics_ops()
    with tf.Session() as sess:
        refused = errors(tf, lambda: sess.run(check, {x: 0.0}), lambda: sess.run(check, {x: 1.0}))
    return {"graph": describe_graph(tf), "errors": refused}
