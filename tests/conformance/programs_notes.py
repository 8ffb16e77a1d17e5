"""Every snippet of the notes that teachtf follows, with the slips of the pen mended."""

from __future__ import annotations

import os
import tempfile

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()


@programs
def create_two_variables(tf):
    weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name="weights")
    baises = tf.Variable(tf.zeros([200]), name="biases")
    return {"graph": describe_graph(tf), "static": static(weights, baises), "collections": collections(tf)}


@programs
def pinned_to_devices(tf):
    with tf.device("/gpu:1"):
        tf.Variable(tf.zeros([2]), name="v")
    with tf.device("/job:ps/task:7"):
        v = tf.Variable(tf.zeros([2]), name="v")
    with tf.device("/cpu:0"):
        v.assign_add([1.0, 1.0])
    return {"graph": describe_graph(tf), "device": v.device}


@programs
def initialize_and_use(tf):
    tf.set_random_seed(7)
    weights = tf.Variable(tf.random_normal([784, 200], stddev=0.35), name="weights")
    biases = tf.Variable(tf.zeros([200]), name="biases")
    init_op = tf.global_variables_initializer()
    with tf.Session() as sess:
        before = error(tf, lambda: sess.run(weights), "weights")
        ran = sess.run(init_op)
        values = sess.run([weights, biases])
    return {"graph": describe_graph(tf), "before": before, "ran": ran, "values": values, "init": init_op}


@programs
def initialize_from_another(tf):
    tf.set_random_seed(3)
    weights = tf.Variable(tf.random_normal([7, 3], stddev=0.35), name="weights")
    w2 = tf.Variable(weights.initialized_value(), name="w2")
    w_twice = tf.Variable(weights.initialized_value() * 2.0, name="w_twice")
    init = tf.global_variables_initializer()
    with tf.Session() as sess:
        sess.run(init)
        values = sess.run([weights, w2, w_twice])
    return {"graph": describe_graph(tf), "values": values, "same": bool(np.all(values[2] == 2 * values[1]))}


@programs
def initialize_a_list(tf):
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(2.0, name="b")
    init = tf.variables_initializer([a], name="some")
    with tf.Session() as sess:
        sess.run(init)
        value = sess.run(a)
        left = sess.run(tf.report_uninitialized_variables())
        other = error(tf, lambda: sess.run(b), "b")
    return {"init": [init.name, sorted(c.name for c in init.control_inputs)], "value": value, "left": left, "other": other}


@programs
def save_and_restore(tf):
    v1 = tf.Variable([1.0, 2.0], name="v1")
    tf.Variable([[3, 4]], name="v2")
    init_op = tf.global_variables_initializer()
    saver = tf.train.Saver()
    facts = {"graph": describe_graph(tf)}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.ckpt")
        with tf.Session() as sess:
            sess.run(init_op)
            sess.run(v1.assign_add([1.0, 1.0]))
            save_path = saver.save(sess, path)
        facts["path"] = os.path.basename(save_path)
        facts["files"] = sorted(os.listdir(folder))
        with tf.Session() as sess:
            saver.restore(sess, path)
            facts["values"] = sess.run(tf.global_variables())
        facts["in_file"] = [[name, shape] for name, shape in tf.train.list_variables(path)]
    return facts


@programs
def save_under_another_name(tf):
    tf.Variable([1.0], name="v1")
    v2 = tf.Variable([2.0], name="v2")
    saver = tf.train.Saver({"my_v2": v2})
    facts = {"graph": describe_graph(tf)}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.ckpt")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            saver.save(sess, path)
        facts["in_file"] = [[name, shape] for name, shape in tf.train.list_variables(path)]
        with tf.Session() as sess:
            saver.restore(sess, path)
            facts["v2"] = sess.run(v2)
            facts["v1"] = error(tf, lambda: sess.run("v1:0"), "v1")
    return facts


@programs
def restore_a_meta_graph(tf):
    v = tf.Variable([1.0, 2.0], name="v")
    tf.add_to_collection("answers", v * 2.0)
    saver = tf.train.Saver()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.ckpt")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            saver.save(sess, path, global_step=12)
        with tf.Graph().as_default():
            restored = tf.train.import_meta_graph(path + "-12.meta")
            with tf.Session() as sess:
                restored.restore(sess, tf.train.latest_checkpoint(folder))
                return {
                    "graph": describe_graph(tf),
                    "value": sess.run("v:0"),
                    "collections": collections(tf),
                    "answer": sess.run(tf.get_collection("answers")),
                }


@programs
def print_tensors_of_a_checkpoint(tf):
    tf.Variable([[1.0, 2.0], [3.0, 4.0]], name="a")
    tf.Variable(np.int64(5), name="b")
    saver = tf.train.Saver()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.ckpt")
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            saver.save(sess, path)
        reader = tf.train.NewCheckpointReader(path)
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
        return {
            "shapes": dict(sorted(shapes.items())),
            "dtypes": {k: tf.as_dtype(v).name for k, v in sorted(dtypes.items())},
            "a": reader.get_tensor("a"),
            "has": [reader.has_tensor("a"), reader.has_tensor("c")],
        }


@programs
def ranks(tf):
    values = [
        483,
        [1.1, 2.2, 3.3],
        [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
        [[[2], [4], [6]], [[8], [10], [12]], [[14], [16], [18]]],
    ]
    tensors = [tf.constant(v) for v in values]
    with tf.Session() as sess:
        return {
            "graph": describe_graph(tf),
            "static": static(*tensors),
            "ranks": [t.shape.ndims for t in tensors],
            "run": sess.run(tensors),
            "rank_ops": sess.run([tf.rank(t) for t in tensors]),
        }


@programs
def data_types(tf):
    names = "float32 float64 int8 int16 int32 int64 uint8 uint16 string bool complex64 complex128 qint8 qint32 quint8"
    types = [getattr(tf, name) for name in names.split()]
    return {
        t.name: [
            t.as_datatype_enum,
            str(t),
            repr(t),
            t.size if t != tf.string else None,
            [t.is_floating, t.is_integer, t.is_complex, t.is_bool, t.is_quantized, t.is_unsigned],
            t._as_ref.name,
            t.real_dtype.name,
            str(np.dtype(t.as_numpy_dtype)) if not t.is_quantized else None,
        ]
        for t in types
    }


def my_image_filter(tf, input_images, name):
    conv1_weights = tf.Variable(tf.random_normal([5, 5, 4, 4]), name="conv1_weights")
    conv1_biases = tf.Variable(tf.zeros([4]), name="conv1_biases")
    conv1 = tf.nn.conv2d(input_images, conv1_weights, strides=[1, 1, 1, 1], padding="SAME")
    relu1 = tf.nn.relu(conv1 + conv1_biases)
    conv2_weights = tf.Variable(tf.random_normal([5, 5, 4, 4]), name="conv2_weights")
    conv2_biases = tf.Variable(tf.zeros([4]), name="conv2_biases")
    conv2 = tf.nn.conv2d(relu1, conv2_weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(conv2 + conv2_biases, name=name)


@programs
def image_filter_with_its_own_variables(tf):
    tf.set_random_seed(1)
    image = tf.constant(np.linspace(-1, 1, 6 * 7 * 4, dtype=np.float32).reshape(1, 6, 7, 4))
    results = [my_image_filter(tf, image, None), my_image_filter(tf, image, None)]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run(results)
    return {"graph": describe_graph(tf), "variables": tf.global_variables(), "values": values}


@programs
def image_filter_with_a_dictionary(tf):
    tf.set_random_seed(1)
    variables = {
        "conv1_weights": tf.Variable(tf.random_normal([5, 5, 3, 4]), name="conv1_weights"),
        "conv1_biases": tf.Variable(tf.zeros([4]), name="conv1_biases"),
        "conv2_weights": tf.Variable(tf.random_normal([5, 5, 4, 4]), name="conv2_weights"),
        "conv2_biases": tf.Variable(tf.zeros([4]), name="conv2_biases"),
    }

    def my_filter(images):
        conv1 = tf.nn.conv2d(images, variables["conv1_weights"], strides=[1, 1, 1, 1], padding="SAME")
        relu1 = tf.nn.relu(conv1 + variables["conv1_biases"])
        conv2 = tf.nn.conv2d(relu1, variables["conv2_weights"], strides=[1, 1, 1, 1], padding="SAME")
        return tf.nn.relu(conv2 + variables["conv2_biases"])

    images = tf.placeholder(tf.float32, [None, 9, 8, 3], name="image1")
    results = [my_filter(images), my_filter(images[:1])]
    feed = np.linspace(-1, 1, 2 * 9 * 8 * 3, dtype=np.float32).reshape(2, 9, 8, 3)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run(results, {images: feed})
    return {"graph": describe_graph(tf), "values": values}


def conv_relu(tf, images, kernel_shape, bias_shape):
    weights = tf.get_variable("weights", kernel_shape, initializer=tf.random_normal_initializer())
    biases = tf.get_variable("biases", bias_shape, initializer=tf.constant_initializer(0.0))
    conv = tf.nn.conv2d(images, weights, strides=[1, 1, 1, 1], padding="SAME")
    return tf.nn.relu(conv + biases)


def scoped_filter(tf, images):
    with tf.variable_scope("conv1"):
        relu1 = conv_relu(tf, images, [5, 5, 4, 4], [4])
    with tf.variable_scope("conv2"):
        return conv_relu(tf, relu1, [5, 5, 4, 4], [4])


@programs
def image_filter_with_scopes(tf):
    tf.set_random_seed(5)
    images = tf.constant(np.linspace(-1, 1, 6 * 7 * 4, dtype=np.float32).reshape(1, 6, 7, 4))
    with tf.variable_scope("image_filters") as scope:
        result1 = scoped_filter(tf, images)
        scope.reuse_variables()
        result2 = scoped_filter(tf, images * 2.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([result1, result2])
    return {"graph": describe_graph(tf), "variables": tf.global_variables(), "values": values}


@programs
def image_filter_twice_without_reuse(tf):
    images = tf.zeros([1, 6, 7, 4])
    scoped_filter(tf, images)
    says = ["Variable conv1/weights already exists", "reuse=True", "tf.AUTO_REUSE", "Originally defined at"]
    return {"error": error(tf, lambda: scoped_filter(tf, images), *says), "after": op_names(tf)}


@programs
def reuse_through_the_current_scope(tf):
    with tf.variable_scope("foo"):
        v = tf.get_variable("v", [1])
        tf.get_variable_scope().reuse_variables()
        v1 = tf.get_variable("v", [1])
    return {"same": v1 is v, "graph": describe_graph(tf), "collections": collections(tf)}


@programs
def reuse_is_inherited(tf):
    facts = []

    def note():
        scope = tf.get_variable_scope()
        facts.append([scope.name, bool(scope.reuse), scope.original_name_scope])

    with tf.variable_scope("root"):
        note()
        with tf.variable_scope("foo"):
            note()
        with tf.variable_scope("foo", reuse=True):
            note()
            with tf.variable_scope("bar"):
                note()
        note()
    note()
    return {"facts": facts, "graph": op_names(tf)}


@programs
def a_variable_scope_names_ops(tf):
    with tf.variable_scope("foo"):
        x = 1.0 + tf.get_variable("v", [1])
    return {"x": x.op.name, "graph": describe_graph(tf)}


@programs
def a_name_scope_names_ops_alone(tf):
    with tf.variable_scope("foo"), tf.name_scope("bar"):
        v = tf.get_variable("v", [1])
        x = 1.0 + v
    return {"v": v.name, "x": x.op.name, "graph": describe_graph(tf)}


@programs
def a_captured_scope_with_tensorflows_name_scope(tf):
    """Without the switch teachtf does as the notes say, and TensorFlow opens a name scope; with it both do."""
    with tf.variable_scope("foo") as scope:
        tf.get_variable("v", [1])
        inside = tf.no_op()
    with tf.variable_scope(scope, reuse=True, auxiliary_name_scope=True):
        again = tf.no_op()
        tf.get_variable("v", [1])
    with tf.variable_scope("bar"), tf.variable_scope(scope, auxiliary_name_scope=True) as nested:
        other = tf.no_op()
        w = tf.get_variable("w", [1])
    return {"names": [inside.name, again.name, other.name, w.name, nested.name, nested.original_name_scope]}


@programs
def a_captured_scope_without_name_scope(tf):
    """What the notes say of captured scopes, spelled out so that TensorFlow does it as well."""
    with tf.variable_scope("foo") as scope:
        pass
    with tf.variable_scope("bar"), tf.variable_scope(scope, auxiliary_name_scope=False):
        x = tf.no_op()
        v = tf.get_variable("v", [1])
    return {"names": [x.name, v.name], "graph": op_names(tf)}


@programs
def softmax_regression(tf):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    y_ = tf.placeholder(tf.float32, [None, 3], name="y_")
    w = tf.Variable(tf.zeros([6, 3]), name="W")
    b = tf.Variable(tf.zeros([3]), name="b")
    y = tf.nn.softmax(tf.matmul(x, w) + b)
    cross_entropy = tf.reduce_mean(-tf.reduce_sum(y_ * tf.log(y), reduction_indices=[1]))
    train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    r = np.random.RandomState(0)
    xs = r.rand(20, 6).astype(np.float32)
    feed = {x: xs, y_: np.eye(3, dtype=np.float32)[xs[:, :3].argmax(1)]}
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(5):
            losses.append(sess.run([train_step, cross_entropy], feed)[1])
        values = sess.run([w, b, accuracy], feed)
    return {"graph": describe_graph(tf), "losses": np.array(losses), "values": values}
