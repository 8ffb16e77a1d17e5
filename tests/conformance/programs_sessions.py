"""Sessions: fetches, feeds, structures, control flow, errors."""

from __future__ import annotations

import collections as python_collections

import numpy as np
from harness import Programs, describe_graph, error, op_names, static

programs = Programs()


@programs
def structures(tf):
    a, b = tf.constant(1, name="a"), tf.constant([2.0, 3.0], name="b")
    pair = python_collections.namedtuple("pair", ["x", "y"])
    with tf.Session() as sess:
        return {
            "list": sess.run([a, [b, a], (a,)]),
            "dict": sess.run({"a": a, "b": [b], "c": {"d": a}}),
            "named": sess.run(pair(a, b))._asdict(),
            "names": sess.run(["a:0", "b:0"]),
            "op": sess.run(a.op),
            "mixed": sess.run([a.op, b]),
            "empty": sess.run([]),
            "types": [type(sess.run(a)).__name__, type(sess.run(b)).__name__, type(sess.run([a])).__name__],
            "same twice": sess.run([a, a]),
        }


@programs
def feeds(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    c = tf.constant([1.0, 1.0], name="c")
    y = x + c
    with tf.Session() as sess:
        return {
            "list": sess.run(y, {x: [[1, 2]]}),
            "int": sess.run(y, {x: np.array([[1, 2]])}),
            "by name": sess.run(y, {"x:0": [[1.0, 2.0]]}),
            "constant": sess.run(y, {x: [[1, 2]], c: [5.0, 6.0]}),
            "intermediate": sess.run(y * 2.0, {y: [[7.0, 7.0]]}),
            "fetch what is fed": sess.run(x, {x: [[3, 4]]}),
            "eval": y.eval({x: [[0.0, 0.0]]}, session=sess),
        }


@programs
def feed_errors(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    i = tf.placeholder(tf.int32, [], name="i")
    y = x + 1.0
    with tf.Graph().as_default():
        other = tf.placeholder(tf.float32, name="other")
    with tf.Session() as sess:
        return {
            "shape": error(
                tf,
                lambda: sess.run(y, {x: [[1.0, 2.0, 3.0]]}),
                "Cannot feed value of shape (1, 3) for Tensor",
                "x:0",
                "which has shape",
                "(?, 2)",
            ),
            "rank": error(tf, lambda: sess.run(y, {x: [1.0, 2.0]}), "Cannot feed value of shape (2,)"),
            "missing": error(
                tf,
                lambda: sess.run(y),
                "You must feed a value for placeholder tensor 'x' with dtype float and shape [?,2]",
            ),
            "tensor": error(tf, lambda: sess.run(y, {x: tf.zeros([1, 2])}), "The value of a feed cannot be a tf.Tensor object"),
            "text": error(tf, lambda: sess.run(y, {x: "a"}), "could not convert string to float"),
            "ragged": error(tf, lambda: sess.run(y, {x: [[1.0], [1.0, 2.0]]})),
            "float for int": error(tf, lambda: sess.run(i, {i: 1.5})),
            "too big": error(tf, lambda: sess.run(i, {i: 2**40})),
            "other graph": error(tf, lambda: sess.run(y, {other: 1.0}), "is not an element of this graph"),
            "no name": error(tf, lambda: sess.run(y, {"nothing:0": 1.0}), "Cannot interpret feed_dict key as Tensor"),
            "key": error(tf, lambda: sess.run(y, {3: 1.0})),
        }


@programs
def fetch_errors(tf):
    x = tf.constant(1.0, name="x")
    with tf.Graph().as_default():
        other = tf.constant(1.0, name="x")
    sess = tf.Session()
    facts = {
        "other graph": error(tf, lambda: sess.run(other), "is not an element of this graph"),
        "no such": error(tf, lambda: sess.run("y:0"), "'y:0'", "refers to a Tensor which does not exist"),
        "op name": error(tf, lambda: sess.run("y"), "refers to an Operation not in the graph"),
        "no output": error(tf, lambda: sess.run("x:3")),
        "None": error(tf, lambda: sess.run(None), "has invalid type"),
        "number": error(tf, lambda: sess.run(3.0), "has invalid type"),
        "inside": error(tf, lambda: sess.run([x, None]), "has invalid type"),
        "no session": error(tf, lambda: x.eval(), "No default session is registered"),
    }
    sess.close()
    facts["closed"] = error(tf, lambda: sess.run(x), "closed")
    facts["empty graph"] = None
    with tf.Graph().as_default(), tf.Session() as empty:
        facts["empty graph"] = error(tf, lambda: empty.run(other), "The Session graph is empty")
    return facts


@programs
def uninitialized(tf):
    v = tf.Variable([1.0], name="v")
    w = tf.get_variable("scope/w", [2])
    with tf.Session() as sess:
        return {
            "read": error(tf, lambda: sess.run(v), "Attempting to use uninitialized value v"),
            "use": error(tf, lambda: sess.run(w * 2.0), "Attempting to use uninitialized value scope/w"),
            "assign_add": error(tf, lambda: sess.run(v.assign_add([1.0])), "uninitialized"),
            "assign": sess.run(v.assign([4.0])),
            "now": sess.run(v),
        }


@programs
def run_time_errors(tf):
    x = tf.placeholder(tf.float32, name="x")
    i = tf.placeholder(tf.int32, name="i")
    shape = tf.reshape(x, [2, 2], name="reshape")
    total = tf.add(x, tf.constant([1.0, 2.0]), name="total")
    product = tf.matmul(x, tf.ones([2, 2]), name="product")
    taken = tf.gather([1.0, 2.0], i, name="taken")
    divided = tf.floordiv(tf.constant(1), i, name="divided")
    checked = tf.check_numerics(x, "bad number", name="checked")
    with tf.Session() as sess:
        return {
            "reshape": error(tf, lambda: sess.run(shape, {x: [1.0, 2.0, 3.0]}), "Input to reshape is a tensor with 3 values"),
            "add": error(tf, lambda: sess.run(total, {x: [1.0, 2.0, 3.0]}), "Incompatible shapes"),
            "matmul": error(tf, lambda: sess.run(product, {x: [[1.0, 2.0, 3.0]]})),
            "gather": error(tf, lambda: sess.run(taken, {i: 7}), "7 is not in [0, 2)"),
            "divide": error(tf, lambda: sess.run(divided, {i: 0}), "division by zero"),
            "numerics": error(tf, lambda: sess.run(checked, {x: [1.0, np.nan]}), "bad number", "NaN"),
            "still works": sess.run(total, {x: [1.0, 2.0]}),
            "names the op": error(tf, lambda: sess.run(shape, {x: [1.0]}), "reshape"),
        }


@programs
def graphs(tf):
    first = tf.get_default_graph()
    a = tf.constant(1.0, name="a")
    with tf.Graph().as_default() as second:
        b = tf.constant(2.0, name="a")
        inside = tf.get_default_graph() is second
    found = [
        first.get_tensor_by_name("a:0") is a,
        first.get_operation_by_name("a") is a.op,
        first.as_graph_element("a:0") is a,
        first.as_graph_element(a) is a,
        first.is_feedable(a),
        first.is_fetchable(a),
    ]
    mixed = error(tf, lambda: a + b, "must be from the same graph")
    first.finalize()
    return {
        "found": found,
        "default": [inside, tf.get_default_graph() is first],
        "mixed": mixed,
        "final": error(tf, lambda: tf.constant(1.0), "Graph is finalized and cannot be modified."),
        "names": [
            error(tf, lambda: first.get_tensor_by_name("a"), "The name 'a' refers to an Operation, not a Tensor"),
            error(tf, lambda: first.get_tensor_by_name("b:0"), "refers to a Tensor which does not exist"),
            error(tf, lambda: first.get_tensor_by_name("a:4"), "only has 1 outputs"),
            error(tf, lambda: first.get_operation_by_name("b"), "refers to an Operation not in the graph"),
            error(tf, lambda: first.get_operation_by_name("a:0")),
        ],
    }


@programs
def interactive_session(tf):
    sess = tf.InteractiveSession()
    x = tf.Variable([1.0, 2.0], name="x")
    x.initializer.run()
    y = x - tf.constant([3.0, 3.0])
    facts = [y.eval(), tf.get_default_session() is sess]
    sess.close()
    return facts


@programs
def partial_run_order(tf):
    """A variable read and updated in one run: the update's value is the new one."""
    v = tf.Variable(1.0, name="v")
    with tf.control_dependencies([v.assign(5.0)]):
        after = v + 0.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        return {"values": [sess.run(after), sess.run(v)], "graph": describe_graph(tf)}


@programs
def cond(tf):
    p = tf.placeholder(tf.bool, [], name="p")
    x = tf.constant(3.0, name="x")
    y = tf.cond(p, lambda: x * 2.0, lambda: x - 1.0)
    two = tf.cond(p, lambda: (x, tf.constant(1)), lambda: (x + 1.0, tf.constant(2)), name="two")
    g = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        values = [sess.run([y, two, g], {p: b}) for b in (True, False)]
    return {"graph": describe_graph(tf), "values": values, "static": static(y, *two)}


@programs
def while_loop(tf):
    i, total = tf.while_loop(lambda i, t: i < 5, lambda i, t: (i + 1, t + tf.cast(i, tf.float32)), [tf.constant(0), 0.0])
    with tf.Session() as sess:
        values = sess.run([i, total])
    return {"graph": describe_graph(tf), "values": values}


@programs
def while_loop_gradient(tf):
    x = tf.constant(1.5, name="x")
    _, y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * x), [0, x])
    g = tf.gradients(y, x)[0]
    with tf.Session() as sess:
        return {"values": sess.run([y, g]), "names": op_names(tf)}


@programs
def case_of_predicates(tf):
    x = tf.placeholder(tf.int32, [], name="x")
    y = tf.case([(x < 0, lambda: tf.constant(-1)), (x > 0, lambda: tf.constant(1))], default=lambda: tf.constant(0))
    with tf.Session() as sess:
        return {"graph": op_names(tf), "values": [sess.run(y, {x: n}) for n in (-5, 0, 5)]}


@programs
def map_and_scan(tf):
    x = tf.constant([1.0, 2.0, 3.0], name="x")
    mapped = tf.map_fn(lambda t: t * t, x)
    summed = tf.scan(lambda a, t: a + t, x)
    folded = tf.foldl(lambda a, t: a * t, x)
    with tf.Session() as sess:
        return {"values": sess.run([mapped, summed, folded]), "static": static(mapped, summed, folded)}


@programs
def python_function(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.py_func(lambda a: a * np.float32(3), [x], tf.float32)
    with tf.Session() as sess:
        return {"value": sess.run(y, {x: [1.0, 2.0]}), "static": static(y)}


@programs
def sparse_placeholder_free(tf):
    """Strings through a session."""
    s = tf.constant([b"a", "bc"], name="s")
    p = tf.placeholder(tf.string, [None], name="p")
    with tf.Session() as sess:
        return {"values": sess.run([s, p], {p: ["x", "yz"]}), "graph": describe_graph(tf)}


@programs
def vague_shapes(tf):
    x = tf.placeholder(tf.float32, [None, 4], name="x")
    y = tf.placeholder(tf.float32, name="y")
    w = tf.zeros([4, 3])
    h = tf.matmul(x, w)
    tensors = [h, h + tf.zeros([3]), tf.reduce_sum(h, 1), tf.reshape(h, [-1]), tf.reshape(h, [-1, 3, 1]), tf.concat([x, x], 1)]
    tensors += [tf.concat([x, x], 0), tf.stack([x, x]), x[0], x[:, 0], x[1:], tf.transpose(x), tf.expand_dims(x, 1)]
    tensors += [tf.shape(x), tf.shape(y), y + 1.0, y + x, tf.reduce_sum(y), tf.argmax(h, 1), tf.nn.softmax(h)]
    tensors += [tf.tile(x, [1, 2]), tf.pad(x, [[0, 0], [1, 1]]), tf.gather(x, [0, 1]), tf.one_hot(tf.argmax(h, 1), 5)]
    tensors += [tf.fill(tf.shape(x), 1.0), tf.zeros_like(y), tf.cast(y, tf.int32), tf.reshape(y, tf.shape(x)), tf.squeeze(y)]
    tensors += [tf.reshape(x, [tf.shape(x)[0], 2, 2]), tf.tile(x, [tf.shape(x)[0], 1]), tf.range(tf.shape(x)[0])]
    y.set_shape([None, 7])
    tensors += [y, tf.matmul(y, tf.zeros([7, 2]))]
    refused = error(tf, lambda: y.set_shape([3, 8]))
    return {"static": static(*tensors), "refused": refused, "after": static(y)}


@programs
def two_sessions(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    add = v.assign_add([1.0, 1.0])
    with tf.Session() as one, tf.Session() as two:
        one.run(v.initializer)
        two.run(v.initializer)
        first = one.run(v)
        one.run(add)
        return {
            "own values": [first, one.run(v), two.run(v)],
            "handed out stays": first,
            "inner": two is tf.get_default_session(),
            "graphs": [one.graph is two.graph, one.graph is tf.get_default_graph()],
            "third": error(tf, lambda: tf.Session().run(v), "uninitialized value v"),
        }


@programs
def results_are_the_callers(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    c = tf.constant([1.0, 2.0], name="c")
    x = tf.placeholder(tf.float32, [2], name="x")
    fed = np.array([5.0, 6.0], np.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        a, b, same = sess.run(v), sess.run(c), sess.run(tf.identity(x), {x: fed})
        for array in (a, b, same):
            try:
                array += 100.0
            except ValueError:
                pass
        return {"v": sess.run(v), "c": sess.run(c), "fed": fed if fed[0] == 5.0 else None}


@programs
def feeding_variables(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    y = v * 3.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        return {
            "read": sess.run(y, {v.value(): [10.0, 20.0]}),
            "by name": sess.run(y, {"v/read:0": [1.0, 1.0]}),
            "after": sess.run(y),
            "load": [v.load([7.0, 7.0], sess), v.eval(sess)][1],
            "initializer with value": [sess.run(v.initializer, {v.initializer.inputs[1]: [3.0, 3.0]}), sess.run(v)][1],
        }


@programs
def sessions_of_graphs(tf):
    other = tf.Graph()
    with other.as_default():
        a = tf.constant(3.0, name="a")
    b = tf.constant(4.0, name="a")
    with tf.Session(graph=other) as sess:
        inside = tf.get_default_graph() is other
        values = [sess.run(a), sess.run("a:0"), error(tf, lambda: sess.run(b), "is not an element of this graph")]
        made = tf.constant(5.0, name="made")
    config = tf.ConfigProto(allow_soft_placement=True, log_device_placement=False)
    config.gpu_options.allow_growth = True
    with tf.Session(config=config) as sess:
        values.append(sess.run(b))
    with other.as_default(), tf.Session() as sess:
        values.append(sess.run(a * 2.0))
    return {"inside": inside, "values": values, "made in": made.graph is other, "ops": op_names(tf, other)}


@programs
def run_options(tf):
    x = tf.constant([[1.0, 2.0]], name="x")
    y = tf.matmul(x, x, transpose_b=True, name="y")
    metadata = tf.RunMetadata()
    with tf.Session() as sess:
        value = sess.run(y, options=tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE), run_metadata=metadata)
    return {"value": value, "traced": len(metadata.step_stats.dev_stats) > 0}


@programs
def callables(tf):
    x = tf.placeholder(tf.float32, [], name="x")
    y = x * 2.0
    with tf.Session() as sess:
        double = sess.make_callable(y, [x])
        both = sess.make_callable([y, x], feed_list=[x])
        nothing = sess.make_callable(tf.no_op())
        return {"values": [double(3.0), both(4.0)], "none": nothing()}


@programs
def walking_a_graph(tf):
    a = tf.placeholder(tf.float32, [None], name="a")
    with tf.name_scope("s"):
        b = tf.add(a, 1.0, name="b")
    with tf.control_dependencies([b]):
        c = tf.identity(a, name="c")
    graph = tf.get_default_graph()
    return {
        "ops": [[op.name, op.type, list(op.inputs), op.control_inputs, op.outputs] for op in graph.get_operations()],
        "consumers": [op.name for op in a.consumers()],
        "attr": [c.op.get_attr("T").name, a.op.get_attr("dtype").name, len(a.op.node_def.attr)],
        "missing attr": error(tf, lambda: c.op.get_attr("nothing"), "nothing"),
        "node defs": [node.name for node in graph.as_graph_def().node],
        "version": [graph.version > 0, graph.finalized],
        "prevented": [graph.is_feedable(b), graph.prevent_feeding(b), graph.is_feedable(b)],
        "unfeedable": error(tf, lambda: tf.Session().run(c, {b: [1.0], a: [1.0]}), "may not be fed"),
    }


@programs
def numbers_of_all_kinds(tf):
    types = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "bool"]
    types += ["complex64", "complex128"]
    arrays = {t: np.array([0, 1, 1] if t == "bool" else [0, 1, 3]).astype(t) for t in types}
    placed = {t: tf.placeholder(t, [3], name=t) for t in types}
    variables = {t: tf.Variable(arrays[t], name=f"v_{t}") for t in types}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {placed[t]: arrays[t] for t in types}
        return {t: sess.run([placed[t], variables[t], tf.cast(placed[t], tf.float32)], feed) for t in types}


@programs
def assertions(tf):
    i = tf.placeholder(tf.int32, name="i")
    with tf.control_dependencies([tf.Assert(i > 0, ["i was", i], name="positive")]):
        asserted = tf.identity(i)
    with tf.Session() as sess:
        failed = error(tf, lambda: sess.run(asserted, {i: -1}), "assertion failed", "i was")
        return {"failed": failed, "passed": sess.run(asserted, {i: 2}), "graph": op_names(tf)}
