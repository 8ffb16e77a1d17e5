"""Layers: the graphs they build, the variables they keep or share, their collections and values."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error, op_names, static

programs = Programs()
_R = np.random.RandomState(5)


def images(tf, *shape):
    """A placeholder for a batch, and a feed for it."""
    x = tf.placeholder(tf.float32, [None, *shape], name="x")
    return x, {x: _R.__class__(1).randn(2, *shape).astype(np.float32)}


def built(tf, outputs, feeds=None, **more):
    """The graph with its collections; the values of a run without random numbers."""
    facts = {"graph": describe_graph(tf), "collections": collections(tf), "static": static(*outputs), **more}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        facts["values"] = sess.run(outputs, feeds)
    return facts


def l2(tf):
    return lambda v: 0.5 * tf.reduce_sum(tf.square(v), name="l2")


def ramp(tf):
    """Distinct weights that need no random numbers."""

    def initializer(shape, dtype=None, partition_info=None):
        size = int(np.prod(shape))
        return tf.constant(np.linspace(-1, 1, size, dtype=np.float32).reshape(shape), dtype, name="ramp")

    return initializer


ONE_LAYER = {
    "dense": (lambda tf, x: tf.layers.dense(x, 4), [3]),
    "dense_relu": (lambda tf, x: tf.layers.dense(x, 4, tf.nn.relu, kernel_initializer=ramp(tf)), [3]),
    "dense_named": (lambda tf, x: tf.layers.dense(x, 2, use_bias=False, kernel_initializer=ramp(tf), name="out"), [3]),
    "dense_regularized": (
        lambda tf, x: tf.layers.dense(
            x,
            2,
            kernel_initializer=ramp(tf),
            bias_initializer=tf.ones_initializer(),
            kernel_regularizer=l2(tf),
            bias_regularizer=l2(tf),
            activity_regularizer=l2(tf),
        ),
        [3],
    ),
    "dense_not_trainable": (lambda tf, x: tf.layers.dense(x, 2, trainable=False), [3]),
    "dense_rank_3": (lambda tf, x: tf.layers.dense(x, 2, kernel_initializer=ramp(tf)), [4, 3]),
    "conv1d": (lambda tf, x: tf.layers.conv1d(x, 4, 3, kernel_initializer=ramp(tf)), [9, 2]),
    "conv1d_same_strided": (lambda tf, x: tf.layers.conv1d(x, 4, 3, 2, "same", kernel_initializer=ramp(tf)), [9, 2]),
    "conv2d": (lambda tf, x: tf.layers.conv2d(x, 4, 3, kernel_initializer=ramp(tf)), [6, 7, 2]),
    "conv2d_options": (
        lambda tf, x: tf.layers.conv2d(
            x, 4, [3, 2], strides=(2, 1), padding="SAME", activation=tf.tanh, kernel_initializer=ramp(tf), name="first"
        ),
        [6, 7, 2],
    ),
    "conv2d_dilated": (lambda tf, x: tf.layers.conv2d(x, 2, 3, dilation_rate=2, kernel_initializer=ramp(tf)), [8, 9, 2]),
    "conv2d_regularized": (
        lambda tf, x: tf.layers.conv2d(
            x, 2, 3, use_bias=False, kernel_initializer=ramp(tf), kernel_regularizer=l2(tf), activity_regularizer=l2(tf)
        ),
        [5, 5, 1],
    ),
    "conv2d_transpose": (lambda tf, x: tf.layers.conv2d_transpose(x, 3, 3, 2, kernel_initializer=ramp(tf)), [4, 5, 2]),
    "conv2d_transpose_same": (
        lambda tf, x: tf.layers.conv2d_transpose(x, 3, 4, (2, 1), "same", activation=tf.nn.relu, kernel_initializer=ramp(tf)),
        [4, 5, 2],
    ),
    "separable_conv2d": (
        lambda tf, x: tf.layers.separable_conv2d(
            x, 4, 3, depth_multiplier=2, depthwise_initializer=ramp(tf), pointwise_initializer=ramp(tf)
        ),
        [6, 7, 2],
    ),
    "separable_conv1d": (
        lambda tf, x: tf.layers.separable_conv1d(
            x, 4, 3, padding="same", depthwise_initializer=ramp(tf), pointwise_initializer=ramp(tf)
        ),
        [7, 2],
    ),
    "max_pooling1d": (lambda tf, x: tf.layers.max_pooling1d(x, 2, 2), [7, 2]),
    "max_pooling2d": (lambda tf, x: tf.layers.max_pooling2d(x, [2, 2], 2), [6, 7, 2]),
    "max_pooling2d_named": (lambda tf, x: tf.layers.max_pooling2d(x, 3, 1, "same", name="pool"), [6, 7, 2]),
    "average_pooling1d": (lambda tf, x: tf.layers.average_pooling1d(x, 2, 2), [7, 2]),
    "average_pooling2d": (lambda tf, x: tf.layers.average_pooling2d(x, 2, (1, 2)), [6, 7, 2]),
    "flatten": (lambda tf, x: tf.layers.flatten(x), [3, 4]),
    "flatten_vector": (lambda tf, x: tf.layers.flatten(x, name="flat"), []),
    "flatten_channels_first": (lambda tf, x: tf.layers.flatten(x, data_format="channels_first"), [3, 4, 2]),
    "dropout_off": (lambda tf, x: tf.layers.dropout(x), [3]),
    "dropout_zero": (lambda tf, x: tf.layers.dropout(x, 0, training=True), [3]),
    "batch_normalization": (lambda tf, x: tf.layers.batch_normalization(x), [3]),
    "batch_normalization_training": (lambda tf, x: tf.layers.batch_normalization(x, training=True), [3]),
    "batch_normalization_images": (lambda tf, x: tf.layers.batch_normalization(x), [3, 4, 2]),
    "batch_normalization_images_training": (lambda tf, x: tf.layers.batch_normalization(x, training=True), [3, 4, 2]),
    "batch_normalization_images_unfused": (
        lambda tf, x: tf.layers.batch_normalization(x, training=True, fused=False, momentum=0.5, epsilon=0.01, name="bn"),
        [3, 4, 2],
    ),
    "batch_normalization_bare": (
        lambda tf, x: tf.layers.batch_normalization(x, training=True, center=False, scale=False),
        [3, 4, 2],
    ),
    "batch_normalization_axis_1": (lambda tf, x: tf.layers.batch_normalization(x, axis=1, training=True), [3, 4]),
    "batch_normalization_regularized": (
        lambda tf, x: tf.layers.batch_normalization(x, gamma_regularizer=l2(tf), beta_regularizer=l2(tf), trainable=False),
        [3],
    ),
}


def one_layer(make, shape):
    def program(tf):
        tf.set_random_seed(4)
        x, feeds = images(tf, *shape)
        return built(tf, [make(tf, x)], feeds)

    return program


for _name, (_make, _shape) in ONE_LAYER.items():
    programs.add(_name, one_layer(_make, _shape))


@programs
def dropout_in_training(tf):
    tf.set_random_seed(2)
    x, feeds = images(tf, 6)
    return built(
        tf, [tf.layers.dropout(x, 0.4, training=True), tf.layers.dropout(x, noise_shape=[None, 1], training=True)], feeds
    )


@programs
def dropout_when_told(tf):
    tf.set_random_seed(2)
    x, feeds = images(tf, 6)
    training = tf.placeholder(tf.bool, [], name="training")
    y = tf.layers.dropout(x, 0.4, training=training)
    return built(tf, [y], {**feeds, training: True})


@programs
def batch_normalization_when_told(tf):
    x, feeds = images(tf, 3, 4, 2)
    training = tf.placeholder(tf.bool, [], name="training")
    y = tf.layers.batch_normalization(x, training=training)
    z = tf.layers.batch_normalization(tf.layers.flatten(x), training=training)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    facts = {"graph": describe_graph(tf), "collections": collections(tf)}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        facts["training"] = sess.run([y, z], {**feeds, training: True})
        sess.run(updates, {**feeds, training: False})
        facts["still"] = sess.run(tf.global_variables())
        sess.run(updates, {**feeds, training: True})
        facts["moved"] = sess.run(tf.global_variables())
        facts["inference"] = sess.run([y, z], {**feeds, training: False})
    return facts


@programs
def training_a_normalized_network(tf):
    x, feeds = images(tf, 4)
    h = tf.layers.batch_normalization(tf.layers.dense(x, 3, kernel_initializer=ramp(tf)), training=True, momentum=0.9)
    loss = tf.reduce_mean(tf.square(tf.layers.dense(tf.nn.relu(h), 1, kernel_initializer=ramp(tf)) - 1.0))
    with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
        train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(3):
            sess.run(train, feeds)
        return {"loss": sess.run(loss, feeds), "values": sess.run(tf.global_variables()), "names": op_names(tf)}


@programs
def names_of_layers(tf):
    x = tf.zeros([2, 3])
    names = []
    with tf.variable_scope("net"):
        for _ in range(2):
            names.append(tf.layers.dense(x, 2).name)
        names.append(tf.layers.dense(x, 2, name="out").name)
    with tf.name_scope("ops"):
        names.append(tf.layers.dense(x, 2).name)
        names.append(tf.layers.dense(x, 2, name="out").name)
    layers = [tf.layers.Dense(2), tf.layers.Dense(2), tf.layers.Dense(2, name="mine"), tf.layers.MaxPooling2D(2, 2)]
    names += [layer.name for layer in layers]
    return {"names": names, "variables": tf.global_variables(), "ops": op_names(tf)}


@programs
def sharing_by_reuse(tf):
    x = tf.constant([[1.0, 2.0, 3.0]])
    a = tf.layers.dense(x, 2, name="shared", kernel_regularizer=l2(tf))
    b = tf.layers.dense(x * 2.0, 2, name="shared", reuse=True, kernel_regularizer=l2(tf))
    with tf.variable_scope("scope"):
        c = tf.layers.dense(x, 2, name="inner")
    with tf.variable_scope("scope", reuse=True):
        d = tf.layers.dense(x, 2, name="inner")
    with tf.variable_scope("auto", reuse=tf.AUTO_REUSE):
        e = tf.layers.dense(x, 2, name="inner")
        f = tf.layers.dense(x, 2, name="inner")
    facts = {"names": [t.name for t in (a, b, c, d, e, f)], "graph": describe_graph(tf), "collections": collections(tf)}
    facts["again"] = error(tf, lambda: tf.layers.dense(x, 2, name="shared"), "shared/kernel already exists")
    facts["missing"] = error(tf, lambda: tf.layers.dense(x, 2, name="new", reuse=True), "new/kernel does not exist")
    facts["shape"] = error(tf, lambda: tf.layers.dense(x, 5, name="shared", reuse=True), "shape")
    return facts


@programs
def a_layer_called_twice(tf):
    layer = tf.layers.Dense(2, kernel_initializer=ramp(tf), kernel_regularizer=l2(tf), name="d")
    before = [layer.built, error(tf, lambda: layer.scope_name), layer.weights]
    y = layer(tf.constant([[1.0, 2.0]]))
    z = layer.apply(tf.constant([[3.0, 4.0]]))
    facts = {"before": before, "names": [y.name, z.name], "scope": layer.scope_name, "layer_dtype": layer.dtype}
    facts |= {"weights": layer.weights, "losses": collections(tf)["regularization_losses"], "count": layer.count_params()}
    facts |= {"kernel": layer.kernel, "bias": layer.bias, "units": layer.units}
    facts["wrong"] = error(tf, lambda: layer(tf.zeros([2, 3])), "incompatible with the layer", "axis -1")
    return built(tf, [y, z], **facts)


@programs
def layers_in_scopes_with_defaults(tf):
    x = tf.constant([[1.0, 2.0]])
    with tf.variable_scope("s", initializer=tf.constant_initializer(0.5)):
        y = tf.layers.dense(x, 3)
    with tf.variable_scope("t", dtype=tf.float64):
        z = tf.layers.dense(x, 3, bias_initializer=tf.constant_initializer(0.25), kernel_initializer=tf.ones_initializer())
    return built(tf, [y, z])


@programs
def layers_of_float64(tf):
    y = tf.layers.dense(tf.constant([[1.0, 2.0]], tf.float64), 3, kernel_initializer=tf.zeros_initializer())
    return built(tf, [y], wrong=error(tf, lambda: tf.layers.dense(tf.constant([[1, 2]]), 3)))


@programs
def a_layer_of_ones_own(tf):
    class Scale(tf.layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_variable("factor", [int(input_shape[-1])], initializer=tf.constant_initializer(3.0))
            self.count = self.add_weight("count", [], tf.int32, tf.zeros_initializer(), trainable=False)
            super().build(input_shape)

        def call(self, inputs):
            self.add_update(tf.assign_add(self.count, 1))
            self.add_loss(tf.reduce_sum(self.factor))
            return inputs * self.factor

    layer = Scale()
    y = layer(tf.constant([[1.0, 2.0]]))
    facts = {"trainable": layer.trainable_variables, "others": layer.non_trainable_variables, "updates": layer.updates}
    return built(tf, [y], **facts)


@programs
def output_shapes(tf):
    layers = {
        "dense": (tf.layers.Dense(4), [None, 3, 2]),
        "conv1d": (tf.layers.Conv1D(4, 3, 2), [5, 9, 2]),
        "conv2d": (tf.layers.Conv2D(4, 3, padding="same", strides=2), [None, 9, None, 2]),
        "first": (tf.layers.Conv2D(4, 3, data_format="channels_first"), [None, 2, 9, 8]),
        "transpose": (tf.layers.Conv2DTranspose(4, 3, 2), [1, 9, 8, 2]),
        "pool": (tf.layers.MaxPooling2D(2, 2), [1, 9, 8, 2]),
        "lines": (tf.layers.AveragePooling1D(3, 2, "same"), [1, 9, 2]),
        "flatten": (tf.layers.Flatten(), [None, 9, 2]),
        "dropout": (tf.layers.Dropout(), [None, 9]),
        "batch_normalization": (tf.layers.BatchNormalization(), [None, 9]),
    }
    return {name: layer.compute_output_shape(tf.TensorShape(shape)) for name, (layer, shape) in layers.items()}


@programs
def channels_first_lines(tf):
    x, feeds = images(tf, 2, 9)
    return built(tf, [tf.layers.max_pooling1d(x, 2, 2), tf.layers.flatten(x)], feeds)


@programs
def wrong_arguments_of_layers(tf):
    x2, x4 = tf.zeros([2, 3]), tf.zeros([2, 5, 5, 3])
    free = tf.placeholder(tf.float32, [2, None])
    layers = tf.layers
    return {
        "rank": error(tf, lambda: layers.dense(tf.zeros([3]), 2), "min_ndim=2, found ndim=1"),
        "free": error(tf, lambda: layers.dense(free, 2), "last dimension of the inputs"),
        "units": error(tf, lambda: layers.dense(x2, -1)),
        "conv_rank": error(tf, lambda: layers.conv2d(x2, 2, 3), "min_ndim=4"),
        "conv_large": error(tf, lambda: layers.conv2d(x4, 2, 9)),
        "padding": error(tf, lambda: layers.conv2d(x4, 2, 3, padding="full"), "`padding` argument must be"),
        "causal": error(tf, lambda: layers.conv2d(x4, 2, 3, padding="causal")),
        "format": error(tf, lambda: layers.conv2d(x4, 2, 3, data_format="NHWC"), "`data_format` argument must be one of"),
        "size": error(tf, lambda: layers.conv2d(x4, 2, [3, 3, 3]), "`kernel_size` argument must be a tuple of 2 integers"),
        "both": error(tf, lambda: layers.conv2d(x4, 2, 3, strides=2, dilation_rate=2), "not supported in conjunction"),
        "pool_rank": error(tf, lambda: layers.max_pooling2d(x2, 2, 2), "expected ndim=4, found ndim=2"),
        "rate": error(tf, lambda: layers.dropout(x2, 1.5, training=True)),
        "axis": error(tf, lambda: layers.batch_normalization(x2, axis=2)),
        "axis_type": error(tf, lambda: layers.batch_normalization(x2, axis="last"), "Expected an int or a list/tuple of ints"),
        "bn_free": error(tf, lambda: layers.batch_normalization(free), "undefined `axis` dimension"),
        "unknown": error(tf, lambda: layers.dense(x2, 2, colour=3)),
        "keyword": error(tf, lambda: layers.Dense(2, colour=3)),
    }
