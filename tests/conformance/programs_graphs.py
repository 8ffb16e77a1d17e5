"""Graphs drawn at random: nested blocks, indices of every kind, and what is exported, imported and exported again."""

from __future__ import annotations

import hashlib
import random
from contextlib import ExitStack

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()
# TensorFlow 2 marks ops that something waits for; TensorFlow 1 did not.
MARKS = ("_has_manual_control_dependencies",)


def digest(definition):
    """The bytes of a GraphDef's nodes and versions, as one short text."""
    found = hashlib.sha256(definition.versions.SerializeToString(deterministic=True))
    for node in definition.node:
        for mark in MARKS:
            if mark in node.attr:
                del node.attr[mark]
        found.update(node.SerializeToString(deterministic=True))
    return found.hexdigest()[:16]


# --- nested blocks ---------------------------------------------------------------------------------------------------

DEVICES = ["/job:ps", "/task:3", "/gpu:1", "/cpu:0", "/job:w/task:2/device:GPU:0", None, "", "/device:GPU:*", "/replica:1"]


def block(tf, rng, made):
    """A block of a drawn kind, opened by the caller."""
    graph = tf.get_default_graph()
    kind = rng.choice(["name", "name", "device", "device", "function", "control", "control", "colocate", "alone", "override"])
    if kind == "name":
        return tf.name_scope(rng.choice(["a", "b", "a/b", "A", "layer", "a_1"]))
    if kind == "device":
        return tf.device(rng.choice(DEVICES))
    if kind == "function":
        return tf.device(rng.choice([lambda op: "/job:" + op.type.lower(), lambda op: op.device or "/cpu:1", lambda op: ""]))
    if kind == "control":
        return tf.control_dependencies(rng.sample(made, min(len(made), rng.randint(0, 2))))
    if kind == "colocate" and made:
        return tf.colocate_with(rng.choice(made), ignore_existing=rng.random() < 0.3)
    if kind == "alone":
        return tf.control_dependencies(None)
    return graph.gradient_override_map({"Square": "Mine"})


def add_op(tf, rng, tensors, made):
    kind = rng.choice(["const", "add", "square", "no_op", "pack", "group", "slice"])
    if kind == "const" or not tensors:
        made.append(tf.constant(rng.randint(0, 9), name=rng.choice(["Const", "c", "a", "b/c"])))
    elif kind == "add":
        made.append(tf.add(rng.choice(tensors), rng.choice(tensors)))
    elif kind == "square":
        made.append(tf.square(rng.choice(tensors), name=rng.choice([None, "a", "sq"])))
    elif kind == "no_op":
        made.append(tf.no_op(rng.choice([None, "a", "wait"])))
        return
    elif kind == "pack":
        tf.stack([rng.choice(tensors), 1, rng.choice(tensors)])
        return
    elif kind == "group":
        made.append(tf.group(*rng.sample(made, min(2, len(made)))))
        return
    else:
        tf.stack([rng.choice(tensors), 7])[0]
        return
    tensors.append(made[-1])


def nested(seed):
    """Blocks of all kinds inside each other; operations at every depth."""

    def program(tf):
        rng = random.Random(seed)
        tensors, made = [], []

        def level(depth):
            for _ in range(rng.randint(1, 3)):
                add_op(tf, rng, tensors, made)
                if depth < 5 and rng.random() < 0.8:
                    with ExitStack() as blocks:
                        for _ in range(rng.randint(1, 2)):
                            blocks.enter_context(block(tf, rng, made))
                        level(depth + 1)

        level(0)
        graph = tf.get_default_graph()
        return {
            "graph": describe_graph(tf),
            "groups": [[g.decode() for g in op.colocation_groups()] for op in graph.get_operations()],
            "controls": [sorted(c.name for c in op.control_inputs) for op in graph.get_operations()],
            "scope": graph.get_name_scope(),
        }

    return program


# --- indices ---------------------------------------------------------------------------------------------------------


def index_of(tf, rng, size, feeds, dtype):
    """An index of a drawn kind for an axis of `size` elements; tensors of one dtype."""

    def bound():
        kind = rng.choice(["int", "int", "none", "numpy", "tensor", "fed", "far"])
        value = rng.randint(-size, size)
        if kind == "none":
            return None
        if kind == "numpy":
            return np.int64(value)
        if kind == "tensor":
            return tf.constant(value, dtype)
        if kind == "fed":
            fed = tf.placeholder(dtype, [])
            feeds[fed] = value
            return fed
        return value * 10 if kind == "far" else value

    kind = rng.choice(["slice", "slice", "step", "int", "numpy", "tensor", "all", "new"])
    if kind == "slice":
        return [slice(bound(), bound())]
    if kind == "step":
        return [slice(bound(), bound(), rng.choice([-2, -1, 1, 2, 3]))]
    if kind == "all":
        return [slice(None)]
    if kind == "new":
        return [tf.newaxis, slice(None)]
    at = rng.randrange(-size, size)
    if kind == "tensor":
        return [tf.constant(at, dtype)]
    return [np.int32(at) if kind == "numpy" else at]


def indexed(seed):
    """A tensor cut by indices of all kinds, with its shape known in full, in part or not at all, and the gradient."""

    def program(tf):
        rng = random.Random(1000 + seed)
        shape = [rng.randint(1, 5) for _ in range(rng.randint(1, 4))]
        value = np.random.RandomState(seed).randint(-9, 9, shape).astype(np.float32)
        known = rng.choice([shape, [d if rng.random() < 0.5 else None for d in shape], None])
        x = tf.placeholder(tf.float32, known, name="x")
        feeds, cuts, refused = {x: value}, [x * 1.0], []
        for _ in range(3):
            dtype = rng.choice(["int32", "int64"])
            index = [i for size in shape[: rng.randint(1, len(shape))] for i in index_of(tf, rng, size, feeds, dtype)]
            if rng.random() < 0.4:
                index.insert(rng.choice([0, len(index)]), Ellipsis)
                if index[0] is Ellipsis:
                    index = [Ellipsis, *[i for i in index[1:] if i is tf.newaxis or isinstance(i, slice)]][: len(shape)]
            try:
                cuts.append(x[tuple(index)])
            except (TypeError, ValueError) as raised:  # indices of different dtypes, or out of range
                refused.append(type(raised).__name__)
        grad = tf.gradients([tf.reduce_sum(c) for c in cuts], x)[0]
        with tf.Session() as sess:
            values = sess.run([*cuts, grad], feeds)
        return {"graph": describe_graph(tf), "static": static(*cuts, grad), "values": values, "refused": refused}

    return program


# --- export and import -----------------------------------------------------------------------------------------------


def build(tf, rng):
    """A graph of all kinds of attributes; gives names to ask for."""
    kinds = [
        lambda: tf.constant(rng.choice([1, 2.5, True, "text", [1, 2], [[1.0], [2.0]], [True, False], ["a", "bc"], 1 + 2j, []])),
        lambda: tf.constant(rng.randint(0, 5), rng.choice(["int8", "uint8", "int16", "int64", "float64", "float16"])),
        lambda: tf.constant([3, 4], rng.choice(["int8", "uint16", "int64", "float64", "float16", "bfloat16", "complex64"])),
        lambda: tf.constant(7, shape=[2, 3]),
        lambda: tf.zeros([rng.randint(1, 3), 2], rng.choice(["float32", "int32", "bool", "string"])),
        lambda: tf.ones([2], rng.choice(["float32", "int64"])),
        lambda: tf.placeholder(rng.choice(["float32", "int32", "string"]), rng.choice([None, [], [None], [2, None]])),
        lambda: tf.placeholder_with_default(2.0, []),
        lambda: tf.matmul(tf.ones([1, 2]), tf.ones([2, 1]), transpose_a=False),
        lambda: tf.nn.conv2d(tf.ones([1, 4, 4, 1]), tf.ones([2, 2, 1, 1]), [1, 2, 2, 1], "SAME"),
        lambda: tf.squeeze(tf.ones([1, 2]), [0]),
        lambda: tf.concat([[1], [2, 3]], 0),
        lambda: tf.stack([1.0, 2.0]),
        lambda: tf.split(tf.ones([4]), 2)[1],
        lambda: tf.reduce_sum(tf.ones([2, 2]), 1, keepdims=rng.random() < 0.5),
        lambda: tf.cast(tf.constant(1.5), tf.int32),
        lambda: tf.random_uniform([2], seed=3),
        lambda: tf.Variable([1.0, 2.0], use_resource=False),
        lambda: tf.get_variable(f"v{rng.randrange(10**6)}", [2], initializer=tf.zeros_initializer(), use_resource=False),
        lambda: tf.argmax(tf.ones([2, 2]), 1),
        lambda: tf.ones([3])[1:],
        lambda: tf.one_hot([0, 1], 3),
        lambda: tf.group(tf.constant(1)),
        lambda: tf.nn.max_pool(tf.ones([1, 4, 4, 1]), [1, 2, 2, 1], [1, 2, 2, 1], "VALID"),
    ]
    for _ in range(rng.randint(4, 8)):
        with ExitStack() as blocks:
            if rng.random() < 0.4:
                blocks.enter_context(tf.name_scope(rng.choice(["s", "t", "s/u"])))
            if rng.random() < 0.3:
                blocks.enter_context(tf.device(rng.choice(["/cpu:0", "/job:ps/task:1", "/gpu:1"])))
            operations = [op for op in tf.get_default_graph().get_operations() if op.outputs]
            if rng.random() < 0.3 and operations:
                blocks.enter_context(tf.control_dependencies([rng.choice(operations)]))
            rng.choice(kinds)()


def round_trip(seed):
    """A graph exported byte for byte, imported under a scope and into a bare graph, and exported from there again."""

    def program(tf):
        rng = random.Random(2000 + seed)
        build(tf, rng)
        first = tf.get_default_graph().as_graph_def()
        facts = {"graph": describe_graph(tf), "bytes": digest(first)}
        shaped = tf.get_default_graph().as_graph_def(add_shapes=True)
        facts["shapes"] = digest(shaped)
        with tf.Graph().as_default() as bare:
            tf.import_graph_def(shaped, name="")
            facts["again"] = digest(bare.as_graph_def())
            tf.import_graph_def(first, name="")
            facts["twice"] = digest(bare.as_graph_def())
        with tf.Graph().as_default() as scoped:
            last = first.node[-1].name
            tf.constant(1, name="taken/" + last)
            with tf.device("/job:w"):
                (op,) = tf.import_graph_def(first, return_elements=[last], name="taken")
            facts["scoped"] = [op.name, op.device, digest(scoped.as_graph_def())]
            facts["names"] = op_names(tf, scoped)
        return facts

    return program


for _family, _count in ((nested, 24), (indexed, 24), (round_trip, 24)):
    for _seed in range(_count):
        programs.add(f"{_family.__name__}_{_seed}", _family(_seed))


# --- imports, one by one ---------------------------------------------------------------------------------------------


def sample(tf):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [], name="x")
        with tf.name_scope("s"):
            k = tf.constant(3.0, name="k")
        tf.multiply(tf.add(x, k, name="y"), x, name="z")
    return graph.as_graph_def()


@programs
def import_with_an_input_map(tf):
    mine = tf.constant(5.0, name="mine")
    y, z = tf.import_graph_def(sample(tf), {"x": mine}, ["y:0", "z"], name="in")
    (last,) = tf.import_graph_def(sample(tf), {"x:0": 2.5, "s/k": mine}, ["z:0"])
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run([y, z.outputs[0], last])}


@programs
def import_under_open_blocks(tf):
    before = tf.constant(1, name="before")
    with tf.name_scope("outer"), tf.device("/job:a"), tf.control_dependencies([before]):
        tf.import_graph_def(sample(tf))
    with tf.colocate_with(before):
        tf.import_graph_def(sample(tf), name="near")
    return {"graph": describe_graph(tf), "scope": tf.get_default_graph().unique_name("outer", mark_as_used=False)}


@programs
def names_after_an_import(tf):
    tf.import_graph_def(sample(tf), name="")
    tf.import_graph_def(sample(tf), name="")
    graph = tf.get_default_graph()
    asked = [graph.unique_name(n) for n in ("x", "x", "s", "s/k", "S/K", "z_1")]
    with tf.name_scope("s"):
        asked.append(tf.constant(1, name="k").name)
    return {"names": asked, "graph": op_names(tf)}


@programs
def import_refuses(tf):
    definition = sample(tf)
    unknown = tf.GraphDef()
    for name, op in (("a", "NoSuchOp"), ("b", "NoOp")):
        node = unknown.node.add()
        node.name, node.op = name, op
    return {
        "type": error(tf, lambda: tf.import_graph_def(3), "must be a GraphDef proto"),
        "map": error(tf, lambda: tf.import_graph_def(definition, {"nope": tf.constant(1.0)}), "not found in graph_def"),
        "dtype": error(tf, lambda: tf.import_graph_def(definition, {"x": tf.constant(1)}), "incompatible with expected float"),
        "element": error(tf, lambda: tf.import_graph_def(definition, return_elements=["nope"]), "Requested return node 'nope'"),
        "output": error(tf, lambda: tf.import_graph_def(definition, return_elements=["y:4"]), "Invalid return output 4"),
        "op": error(tf, lambda: tf.import_graph_def(unknown), "Op type not registered 'NoSuchOp'"),
        "names": op_names(tf),
    }


@programs
def variables_and_collections_do_not_travel_in_a_graph_def(tf):
    with tf.Graph().as_default() as graph:
        tf.Variable(1.0, name="v", use_resource=False)
        definition = graph.as_graph_def()
    tf.import_graph_def(definition, name="")
    with tf.Session() as sess:
        sess.run(tf.get_default_graph().get_operation_by_name("v/Assign"))
        return {"collections": collections(tf), "value": sess.run("v:0"), "graph": describe_graph(tf)}


@programs
def many_of_one_name(tf):
    graph = tf.get_default_graph()
    names = [graph.unique_name(n) for n in ("a", "A", "a_1", "a", "a_2", "a", "a/b", "A/B", "a", "a_3_1", "a_3")]
    for _ in range(3):
        with tf.name_scope("a"):
            names += [tf.constant(1, name="c").name, tf.constant(1, name="C").name, tf.constant(1, name="c_1").name]
    return {"names": names, "graph": op_names(tf)}


# --- smaller graphs --------------------------------------------------------------------------------------------------


def model(tf):
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", [2, 3], initializer=tf.constant_initializer(0.5), use_resource=False)
    b = tf.Variable([1.0, 2.0, 3.0], name="b", use_resource=False)
    unused = tf.Variable(1.0, name="unused", use_resource=False)
    with tf.control_dependencies([tf.no_op("wait")]):
        h = tf.identity(tf.matmul(x, w), name="h")
    y = tf.nn.relu(tf.check_numerics(tf.identity(h + b, name="i"), "bad", name="check"), name="y")
    tf.stop_gradient(tf.identity(y, name="out"), name="stop")
    return x, y, unused


def lines(definition):
    return [f"{n.name} = {n.op}({', '.join(n.input)})" for n in definition.node]


@programs
def freeze(tf):
    x, y, _ = model(tf)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        whole = sess.graph.as_graph_def()
        frozen = tf.graph_util.convert_variables_to_constants(sess, whole, ["y"])
        partly = tf.graph_util.convert_variables_to_constants(sess, whole, ["y"], variable_names_blacklist=["b"])
        only = tf.graph_util.convert_variables_to_constants(sess, whole, ["y"], variable_names_whitelist=["b"])
        value = sess.run(y, {x: [[1.0, 2.0]]})
    with tf.Graph().as_default():
        fed, again = tf.import_graph_def(frozen, return_elements=["x:0", "y:0"], name="")
        with tf.Session() as sess:
            same = sess.run(again, {fed: [[1.0, 2.0]]})
    kept = [{n.name: sorted(n.attr) for n in d.node if n.name in ("w", "b")} for d in (frozen, partly, only)]
    return {"graphs": [lines(frozen), lines(partly), lines(only)], "attrs": kept, "values": [value, same]}


@programs
def parts_of_graphs(tf):
    model(tf)
    graph = tf.get_default_graph()
    whole = graph.as_graph_def()
    util = tf.graph_util
    return {
        "part": lines(util.extract_sub_graph(whole, ["h"])),
        "two": lines(util.extract_sub_graph(whole, ["w/Assign", "unused"])),
        "without training": lines(util.remove_training_nodes(whole)),
        "protected": lines(util.remove_training_nodes(whole, ["i", "check"])),
        "shape": [util.tensor_shape_from_node_def_name(graph, n) for n in ("x", "h:0")],
        "on cpu": [n.name for n in whole.node if util.must_run_on_cpu(n)],
        "pinned": [op.name for op in graph.get_operations() if util.must_run_on_cpu(op, pin_variables_on_cpu=True)],
        "errors": [
            error(tf, lambda: util.extract_sub_graph(whole, "h"), "dest_nodes must be an iterable of strings"),
            error(tf, lambda: util.extract_sub_graph(3, ["h"]), "graph_def must be a graph_pb2.GraphDef proto"),
            error(tf, lambda: util.extract_sub_graph(whole, ["nope"]), "nope is not in graph"),
        ],
    }


# --- blocks in loops -------------------------------------------------------------------------------------------------


@programs
def blocks_in_a_loop(tf):
    """Dependencies from outside, None for no dependencies at all, devices, scopes and colocation in the body of a loop."""
    outside = tf.constant(1, name="outside")

    def body(i, x):
        with tf.control_dependencies(None):
            free = tf.constant(5, name="free")
        with tf.control_dependencies([i]), tf.name_scope("inner"):
            j = i + free
            waits = tf.constant(2.0, name="waits")
        with tf.device("/cpu:0"), tf.control_dependencies([outside]):
            y = x * waits
        with tf.colocate_with(x):
            return j, tf.identity(y, name="near")

    with tf.control_dependencies([outside]):
        i, x = tf.while_loop(lambda i, x: i < 10, body, [tf.constant(0), tf.constant(1.0)])
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run([i, x])}


@programs
def blocks_in_a_branch(tf):
    outside = tf.constant(3.0, name="outside")

    def yes():
        with tf.control_dependencies(None):
            free = tf.constant(5.0, name="free")
        with tf.control_dependencies([outside]), tf.device("/cpu:0"):
            return outside * free

    with tf.name_scope("s"), tf.control_dependencies([outside]):
        result = tf.cond(outside > 2.0, yes, lambda: tf.constant(0.0, name="zero"))
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "value": sess.run(result), "static": static(result)}
