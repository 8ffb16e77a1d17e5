"""Optimizers, gradients and savers: what they add to the graph, and values after some steps."""

from __future__ import annotations

import os
import tempfile

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()


def dense_model(tf):
    """Least squares on two variables."""
    xs = np.random.RandomState(1).rand(8, 3).astype(np.float32)
    x = tf.constant(xs, name="x")
    y = tf.constant(xs @ np.float32([[1.0], [-2.0], [0.5]]) + 0.3, name="y")
    w = tf.Variable(tf.zeros([3, 1]), name="w")
    b = tf.Variable(tf.zeros([1]), name="b")
    return tf.reduce_mean(tf.square(tf.matmul(x, w) + b - y), name="loss")


OPTIMIZERS = {
    "gradient_descent": lambda tf: tf.train.GradientDescentOptimizer(0.1),
    "gradient_descent_tensor_rate": lambda tf: tf.train.GradientDescentOptimizer(tf.constant(0.1, name="rate")),
    "adam": lambda tf: tf.train.AdamOptimizer(0.01),
    "adam_defaults": lambda tf: tf.train.AdamOptimizer(),
    "adam_options": lambda tf: tf.train.AdamOptimizer(0.1, beta1=0.8, beta2=0.9, epsilon=0.01, use_locking=True, name="Mine"),
    "momentum": lambda tf: tf.train.MomentumOptimizer(0.05, 0.9),
    "nesterov": lambda tf: tf.train.MomentumOptimizer(0.05, 0.9, use_nesterov=True),
    "rmsprop": lambda tf: tf.train.RMSPropOptimizer(0.01),
    "rmsprop_centered": lambda tf: tf.train.RMSPropOptimizer(0.01, momentum=0.5, centered=True),
    "adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "adadelta": lambda tf: tf.train.AdadeltaOptimizer(1.0),
    "ftrl": lambda tf: tf.train.FtrlOptimizer(0.1),
    "proximal": lambda tf: tf.train.ProximalGradientDescentOptimizer(0.1, l1_regularization_strength=0.01),
}


def optimizer_program(make):
    def program(tf):
        loss = dense_model(tf)
        optimizer = make(tf)
        train = optimizer.minimize(loss)
        slots = {s: [optimizer.get_slot(v, s).name for v in tf.trainable_variables()] for s in optimizer.get_slot_names()}
        losses = []
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(5):
                sess.run(train)
                losses.append(sess.run(loss))
            values = sess.run(tf.global_variables())
        return {
            "graph": describe_graph(tf),
            "collections": collections(tf),
            "train": train.name,
            "slots": slots,
            "losses": np.array(losses),
            "values": values,
        }

    return program


for _name, _make in OPTIMIZERS.items():
    programs.add(f"minimize_{_name}", optimizer_program(_make))


def sparse_program(make):
    def program(tf):
        table = tf.Variable(tf.ones([5, 2]), name="table")
        rows = tf.nn.embedding_lookup(table, [3, 1, 3])
        loss = tf.reduce_sum(tf.square(rows))
        train = make(tf).minimize(loss)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(3):
                sess.run(train)
            values = sess.run(tf.global_variables())
        return {"graph": describe_graph(tf), "values": values}

    return program


for _name in ("gradient_descent", "adam", "momentum", "rmsprop", "adagrad"):
    programs.add(f"sparse_{_name}", sparse_program(OPTIMIZERS[_name]))


@programs
def minimize_with_global_step(tf):
    loss = dense_model(tf)
    step = tf.Variable(0, trainable=False, name="global_step")
    rate = tf.train.exponential_decay(0.1, step, 2, 0.5, staircase=True)
    train = tf.train.GradientDescentOptimizer(rate).minimize(loss, global_step=step)
    rates = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            rates.append(sess.run([train, rate])[1])
        value = sess.run(step)
    return {"graph": describe_graph(tf), "step": value, "rates": np.array(rates), "collections": collections(tf)}


@programs
def compute_clip_apply(tf):
    loss = dense_model(tf)
    optimizer = tf.train.AdamOptimizer(0.05)
    pairs = optimizer.compute_gradients(loss)
    clipped = [(tf.clip_by_value(g, -0.1, 0.1), v) for g, v in pairs]
    train = optimizer.apply_gradients(clipped, name="apply_them")
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train)
        values = sess.run(tf.trainable_variables())
    return {"graph": describe_graph(tf), "pairs": [[g.name, v.name] for g, v in pairs], "values": values}


@programs
def two_optimizers_in_scopes(tf):
    loss = dense_model(tf)
    variables = tf.trainable_variables()
    with tf.variable_scope("train"):
        a = tf.train.AdamOptimizer(0.01).minimize(loss, var_list=variables[:1])
    with tf.name_scope("train"):
        b = tf.train.AdamOptimizer(0.01).minimize(loss, var_list=variables[1:])
    return {"graph": describe_graph(tf), "names": [a.name, b.name], "variables": tf.global_variables()}


@programs
def optimizer_errors(tf):
    loss = dense_model(tf)
    other = tf.Variable(1.0, name="other")
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    with tf.Graph().as_default():
        empty = error(tf, lambda: optimizer.minimize(tf.constant(1.0)), "No variables to optimize")
    return {
        "no path": error(tf, lambda: optimizer.minimize(loss, var_list=[other]), "No gradients provided for any variable"),
        "empty": empty,
        "no gradient": [g for g, _ in optimizer.compute_gradients(loss, [other])],
        "names": sorted(v.name for v in optimizer.variables()),
    }


@programs
def gradients_of_a_variable(tf):
    w = tf.Variable([[1.0, 2.0]], name="w")
    g = tf.gradients([tf.matmul(w, w, transpose_b=True), tf.reduce_sum(w)], [w])[0]
    with tf.Session() as sess:
        sess.run(w.initializer)
        return {"graph": describe_graph(tf), "value": sess.run(g), "name": g.name}


@programs
def gradients_with_grad_ys(tf):
    x = tf.constant([1.0, 2.0], name="x")
    y, z = tf.square(x, name="y"), tf.exp(x, name="z")
    both = tf.gradients([y, z], [x], grad_ys=[tf.constant([1.0, 0.5]), None], name="mine")
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(both)}


@programs
def gradients_twice(tf):
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.reduce_sum(x**3)
    first = tf.gradients(y, x)[0]
    second = tf.gradients(first, x)[0]
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run([first, second], {x: [1.0, 2.0]})}


@programs
def gradients_none_and_stop(tf):
    a, b, c = tf.constant(2.0, name="a"), tf.constant(3.0, name="b"), tf.constant(4.0, name="c")
    y = a * tf.stop_gradient(b * a) + tf.cast(tf.argmax([a, b]), tf.float32)
    facts = [None if g is None else g.name for g in tf.gradients(y, [a, b, c])]
    z = b * a
    stopped = tf.gradients(z * a, [a, b], stop_gradients=[z])
    zeros = tf.gradients(y, [c], unconnected_gradients="zero")
    with tf.Session() as sess:
        return {"names": facts, "graph": describe_graph(tf), "values": sess.run([stopped[0], zeros[0]]), "none": stopped[1]}


@programs
def gradients_of_an_intermediate(tf):
    x = tf.constant([1.0, 2.0], name="x")
    h = tf.tanh(x, name="h")
    y = h * h + x
    grads = tf.gradients(y, [h, x])
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(grads)}


@programs
def gradient_aggregation(tf):
    x = tf.constant([1.0, 2.0], name="x")
    ys = [x * float(i) for i in range(4)]
    grads = tf.gradients(ys, [x])
    accumulated = tf.gradients(ys, [x], aggregation_method=tf.AggregationMethod.ADD_N)
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(grads + accumulated)}


@programs
def gradients_of_a_gather(tf):
    x = tf.placeholder(tf.float32, [5, 2], name="x")
    y = tf.reduce_sum(tf.gather(x, [1, 3, 1])) + tf.reduce_sum(x[0])
    g = tf.gradients(y, x)[0]
    slices = tf.gradients(tf.gather(x, [1, 1]), x)[0]
    dense = tf.convert_to_tensor(slices)
    facts = [isinstance(g, tf.Tensor), type(slices).__name__, slices.values.name, slices.indices.name, slices.dense_shape.name]
    with tf.Session() as sess:
        values = sess.run([g if isinstance(g, tf.Tensor) else tf.convert_to_tensor(g), dense], {x: np.ones((5, 2), np.float32)})
    return {"graph": describe_graph(tf), "facts": facts, "values": values}


@programs
def two_layer_network(tf):
    tf.set_random_seed(8)
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    labels = tf.placeholder(tf.int64, [None], name="labels")
    with tf.variable_scope("hidden"):
        w = tf.get_variable("w", [5, 8], initializer=tf.truncated_normal_initializer(stddev=0.3))
        b = tf.get_variable("b", [8], initializer=tf.zeros_initializer())
        h = tf.nn.dropout(tf.nn.relu(tf.matmul(x, w) + b), keep_prob=0.8)
    with tf.variable_scope("out"):
        w = tf.get_variable("w", [8, 3])
        b = tf.get_variable("b", [3], initializer=tf.constant_initializer(0.1))
        logits = tf.nn.xw_plus_b(h, w, b)
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    train = tf.train.AdamOptimizer(0.01).minimize(loss)
    r = np.random.RandomState(0)
    feed = {x: r.randn(16, 5).astype(np.float32), labels: r.randint(0, 3, 16)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([train, loss], feed)[1] for _ in range(5)]
        values = sess.run(tf.trainable_variables())
    return {"graph": describe_graph(tf), "losses": np.array(losses), "values": values}


@programs
def convolutional_network(tf):
    tf.set_random_seed(8)
    x = tf.placeholder(tf.float32, [None, 64], name="x")
    y = tf.placeholder(tf.float32, [None, 3], name="y")
    images = tf.reshape(x, [-1, 8, 8, 1])
    w1 = tf.Variable(tf.truncated_normal([3, 3, 1, 4], stddev=0.1), name="w1")
    b1 = tf.Variable(tf.constant(0.1, shape=[4]), name="b1")
    h = tf.nn.relu(tf.nn.conv2d(images, w1, strides=[1, 1, 1, 1], padding="SAME") + b1)
    h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    flat = tf.reshape(h, [-1, 4 * 4 * 4])
    w2 = tf.Variable(tf.truncated_normal([64, 3], stddev=0.1), name="w2")
    logits = tf.matmul(flat, w2)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=logits))
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    r = np.random.RandomState(0)
    feed = {x: r.rand(12, 64).astype(np.float32), y: np.eye(3, dtype=np.float32)[r.randint(0, 3, 12)]}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([train, loss], feed)[1] for _ in range(4)]
        values = sess.run(tf.trainable_variables())
    return {"graph": describe_graph(tf), "losses": np.array(losses), "values": values}


@programs
def moving_average(tf):
    v = tf.Variable(1.0, name="v")
    average = tf.train.ExponentialMovingAverage(0.5)
    update = average.apply([v])
    shadow = average.average(v)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(v.assign(3.0))
        sess.run(update)
        value = sess.run(shadow)
    restore = {k: x.name for k, x in sorted(average.variables_to_restore().items())}
    facts = {"name": average.average_name(v), "restore": restore, "collections": collections(tf)}
    return facts | {"graph": describe_graph(tf), "value": value}


DECAYS = {
    "exponential": lambda tf, s: tf.train.exponential_decay(0.5, s, 10, 0.9),
    "inverse_time": lambda tf, s: tf.train.inverse_time_decay(0.5, s, 10, 0.9),
    "natural_exp": lambda tf, s: tf.train.natural_exp_decay(0.5, s, 10, 0.9),
    "polynomial": lambda tf, s: tf.train.polynomial_decay(0.5, s, 10, 0.01, power=2.0),
    "cosine": lambda tf, s: tf.train.cosine_decay(0.5, s, 10),
    "piecewise": lambda tf, s: tf.train.piecewise_constant(s, [3, 6], [1.0, 0.5, 0.1]),
}


def decay_program(make):
    def program(tf):
        step = tf.placeholder(tf.int32, [], name="step")
        rate = make(tf, step)
        with tf.Session() as sess:
            values = [sess.run(rate, {step: s}) for s in (0, 3, 5, 12)]
        return {"graph": describe_graph(tf), "values": np.array(values)}

    return program


for _name, _make in DECAYS.items():
    programs.add(f"decay_{_name}", decay_program(_make))


def two_variables(tf):
    with tf.variable_scope("s"):
        tf.get_variable("w", [2, 2], initializer=tf.ones_initializer())
    tf.Variable(7, name="n", trainable=False)


@programs
def saver_graph(tf):
    two_variables(tf)
    saver = tf.train.Saver()
    definition = saver.as_saver_def()
    fields = "filename_tensor_name save_tensor_name restore_op_name max_to_keep sharded keep_checkpoint_every_n_hours version"
    return {
        "graph": describe_graph(tf),
        "def": {f: getattr(definition, f) for f in fields.split()},
        "collections": collections(tf),
    }


@programs
def saver_options(tf):
    two_variables(tf)
    with tf.name_scope("x"):
        one = tf.train.Saver(tf.trainable_variables(), max_to_keep=2, name="mine")
    two = tf.train.Saver(sharded=True)
    three = tf.train.Saver({"other": tf.global_variables()[0]}, write_version=tf.train.SaverDef.V2, restore_sequentially=True)
    return {
        "graph": describe_graph(tf),
        "names": [s.as_saver_def().restore_op_name for s in (one, two, three)],
    }


@programs
def saver_of_nothing(tf):
    return error(tf, lambda: tf.train.Saver(), "No variables to save")


@programs
def saver_keeps_the_last(tf):
    two_variables(tf)
    saver = tf.train.Saver(max_to_keep=2)
    with tempfile.TemporaryDirectory() as folder, tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        paths = [saver.save(sess, os.path.join(folder, "m"), global_step=i, write_meta_graph=False) for i in range(4)]
        state = tf.train.get_checkpoint_state(folder)
        return {
            "paths": [os.path.basename(p) for p in paths],
            "files": sorted(os.listdir(folder)),
            "latest": os.path.basename(tf.train.latest_checkpoint(folder)),
            "all": [os.path.basename(p) for p in state.all_model_checkpoint_paths],
            "kept": [os.path.basename(p) for p in saver.last_checkpoints],
            "exists": [tf.train.checkpoint_exists(p) for p in paths],
        }


@programs
def restore_errors(tf):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "m")
        tf.Variable([1.0, 2.0], name="v")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            tf.train.Saver().save(sess, path)
        facts = {}
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.Variable([1.0, 2.0], name="v")
            tf.Variable(1.0, name="w")
            saver = tf.train.Saver()
            facts["missing key"] = error(tf, lambda: saver.restore(sess, path), "Key w not found in checkpoint")
            facts["no file"] = error(tf, lambda: saver.restore(sess, path + "x"), "not a valid checkpoint")
            facts["None"] = error(tf, lambda: saver.restore(sess, None), "Can't load save_path when it is None.")
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.Variable([1.0, 2.0, 3.0], name="v")
            saver = tf.train.Saver()
            facts["shape"] = error(tf, lambda: saver.restore(sess, path), "shape")
        with tf.Graph().as_default(), tf.Session() as sess:
            tf.Variable([1, 2], name="v")
            saver = tf.train.Saver()
            facts["dtype"] = error(tf, lambda: saver.restore(sess, path))
            facts["before init"] = error(tf, lambda: saver.save(sess, path + "y"), "v")
            facts["folder"] = error(tf, lambda: saver.save(sess, "/nowhere/at/all"))
    return facts


@programs
def exported_meta_graph(tf):
    two_variables(tf)
    tf.add_to_collection("mine", tf.constant(1.0, name="c"))
    tf.add_to_collection("numbers", 3)
    tf.train.Saver(max_to_keep=3)
    meta = tf.train.export_meta_graph()
    kinds = {k: v.WhichOneof("kind") for k, v in sorted(meta.collection_def.items())}
    with tf.Graph().as_default():
        tf.train.import_meta_graph(meta, import_scope="again")
        inner = describe_graph(tf)
        inner_collections = collections(tf)
    return {
        "kinds": kinds,
        "ops": [n.name for n in meta.graph_def.node],
        "used": sorted(o.name for o in meta.meta_info_def.stripped_op_list.op),
        "again": inner,
        "collections": inner_collections,
    }


@programs
def graph_def_there_and_back(tf):
    a = tf.placeholder(tf.float32, [None, 2], name="a")
    with tf.name_scope("s"):
        b = tf.matmul(a, [[1.0], [2.0]], name="b")
    tf.nn.relu(b, name="c")
    definition = tf.get_default_graph().as_graph_def()
    with tf.Graph().as_default():
        given = tf.constant([[3.0, 4.0]])
        c, op = tf.import_graph_def(definition, input_map={"a:0": given}, return_elements=["c:0", "s/b"], name="in")
        tf.import_graph_def(definition, name="")
        tf.import_graph_def(definition)
        with tf.Session() as sess:
            value = sess.run(c)
        wrong = error(tf, lambda: tf.import_graph_def(definition, return_elements=["nothing:0"]))
        return {"graph": describe_graph(tf), "value": value, "op": op.name, "wrong": wrong, "static": static(c)}


@programs
def frozen_graph(tf):
    v = tf.Variable([[1.0], [2.0]], name="v")
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    tf.matmul(x, v, name="out")
    with tf.Session() as sess:
        sess.run(v.initializer)
        frozen = tf.graph_util.convert_variables_to_constants(sess, tf.get_default_graph().as_graph_def(), ["out"])
    with tf.Graph().as_default():
        tf.import_graph_def(frozen, name="")
        with tf.Session() as sess:
            return {"ops": sorted(op_names(tf)), "value": sess.run("out:0", {"x:0": [[3.0, 4.0]]})}


@programs
def summaries(tf):
    loss = tf.constant(0.5, name="loss")
    tf.summary.scalar("loss", loss)
    with tf.name_scope("layer"):
        tf.summary.histogram("weights", tf.constant([1.0, 2.0, 2.5]))
    tf.summary.scalar("loss", loss)
    merged = tf.summary.merge_all()
    with tf.Session() as sess:
        text = sess.run(merged)
    proto = tf.Summary.FromString(text)
    values = [[v.tag, v.simple_value if v.WhichOneof("value") == "simple_value" else v.histo.num] for v in proto.value]
    return {"graph": describe_graph(tf), "values": values, "collections": collections(tf)}
