"""Ops of neural networks: activations, losses, convolution, pooling, dropout, layers."""

from __future__ import annotations

import numpy as np
import programs_ops
from harness import Programs, collections, describe_graph, static
from programs_ops import X, ints, ramp

programs = Programs()


def case(name, build, *inputs, **options):
    programs_ops.case(f"nn {name}", build, *inputs, **options)
    programs.add(name, programs_ops.programs.pop(f"nn {name}"))


for _name in [
    "relu",
    "relu6",
    "elu",
    "selu",
    "softplus",
    "softsign",
    "leaky_relu",
    "tanh",
    "sigmoid",
    "softmax",
    "log_softmax",
    "l2_loss",
]:
    case(_name, lambda tf, x, name=_name: getattr(tf.nn, name)(x), X * 4)
case("softmax_3d", lambda tf, x: tf.nn.softmax(x), ramp(2, 3, 4))
case("softmax_other_axis", lambda tf, x: tf.nn.softmax(x, axis=0), X, vague=False)
case("l2_normalize", lambda tf, x: tf.nn.l2_normalize(x, 1), X)
case("bias_add", lambda tf, x, b: tf.nn.bias_add(x, b), ramp(2, 3, 4), ramp(4))
case("bias_add_images", lambda tf, x, b: tf.nn.bias_add(x, b), ramp(1, 2, 3, 4), ramp(4))
LABELS = np.eye(4, dtype=np.float32)[[0, 2, 3]]
case(
    "softmax_cross_entropy_with_logits",
    lambda tf, y, x: tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x),
    LABELS,
    X,
)
case(
    "softmax_cross_entropy_with_logits_v2",
    lambda tf, y, x: tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x),
    LABELS * 0.7 + 0.075,
    X,
)
case(
    "sparse_softmax_cross_entropy_with_logits",
    lambda tf, y, x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x),
    np.int32([0, 2, 3]),
    X,
)
case(
    "sparse_softmax_cross_entropy_of_sequences",
    lambda tf, y, x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x),
    ints(2, 3, high=4, dtype=np.int64),
    ramp(2, 3, 4),
    vague=False,
)
case(
    "sigmoid_cross_entropy_with_logits",
    lambda tf, y, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x),
    LABELS,
    X,
)
IMAGES, FILTER = ramp(2, 7, 6, 3), ramp(3, 3, 3, 4, low=-1, high=1)
for _padding in ("SAME", "VALID"):
    for _step in (1, 2):
        case(
            f"conv2d_{_padding}_{_step}",
            lambda tf, x, w, p=_padding, s=_step: tf.nn.conv2d(x, w, strides=[1, s, s, 1], padding=p),
            IMAGES,
            FILTER,
        )
        case(
            f"max_pool_{_padding}_{_step}",
            lambda tf, x, p=_padding, s=_step: tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, s, s, 1], padding=p),
            IMAGES,
        )
        case(
            f"avg_pool_{_padding}_{_step}",
            lambda tf, x, p=_padding, s=_step: tf.nn.avg_pool(x, ksize=[1, 3, 2, 1], strides=[1, s, s, 1], padding=p),
            IMAGES,
        )
case("conv2d_1x1", lambda tf, x, w: tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), IMAGES, ramp(1, 1, 3, 5))
case("conv2d_5x5", lambda tf, x, w: tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), ramp(1, 9, 9, 2), ramp(5, 5, 2, 3))
case(
    "conv2d_dilated",
    lambda tf, x, w: tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME", dilations=[1, 2, 2, 1]),
    IMAGES,
    FILTER,
    vague=False,
    gradient=False,
)
case(
    "conv2d_transpose",
    lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 14, 12, 5], [1, 2, 2, 1]),
    IMAGES,
    ramp(3, 3, 5, 3),
)
case("depthwise_conv2d", lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), IMAGES, ramp(3, 3, 3, 2))
case("conv1d", lambda tf, x, w: tf.nn.conv1d(x, w, 1, "SAME"), ramp(2, 7, 3), ramp(3, 3, 4), vague=False)
case("lrn", lambda tf, x: tf.nn.lrn(x, 2, bias=1.0, alpha=0.001, beta=0.75), IMAGES)
case(
    "batch_normalization",
    lambda tf, x, m, v: tf.nn.batch_normalization(x, m, v, None, 2.0, 1e-3),
    X,
    ramp(4),
    ramp(4, low=0.5, high=1),
)
case(
    "fused_batch_norm",
    lambda tf, x, s, o: list(tf.nn.fused_batch_norm(x, s, o)),
    IMAGES,
    ramp(3, low=0.5, high=1),
    ramp(3),
    vague=False,
    gradient=False,
)
case("space_to_depth", lambda tf, x: tf.space_to_depth(x, 2), ramp(1, 4, 4, 2))
case("depth_to_space", lambda tf, x: tf.depth_to_space(x, 2), ramp(1, 2, 2, 8))
case("resize_bilinear", lambda tf, x: tf.image.resize_bilinear(x, [5, 7]), IMAGES)
case("resize_nearest", lambda tf, x: tf.image.resize_nearest_neighbor(x, [5, 7]), IMAGES)
case("weighted_cross_entropy", lambda tf, y, x: tf.nn.weighted_cross_entropy_with_logits(y, x, 2.0), LABELS, X)
case("zero_fraction", lambda tf, x: tf.nn.zero_fraction(x), np.float32([0, 1, 0, 2]), gradient=False, vague=False)


@programs
def dropout_with_seed(tf):
    tf.set_random_seed(11)
    x = tf.placeholder(tf.float32, [None, 6], name="x")
    keep = tf.placeholder(tf.float32, name="keep_prob")
    outs = [tf.nn.dropout(x, keep), tf.nn.dropout(x, 0.5, seed=3), tf.nn.dropout(x, rate=0.25, seed=3), tf.nn.dropout(x, 1.0)]
    outs += tf.gradients(outs[0], x)
    with tf.Session() as sess:
        values = [sess.run(outs, {x: np.ones((4, 6), np.float32), keep: 0.5}) for _ in range(2)]
    return {"graph": describe_graph(tf), "static": static(*outs), "values": values}


@programs
def dropout_noise_shape(tf):
    x = tf.constant(ramp(3, 4))
    out = tf.nn.dropout(x, 0.5, noise_shape=[3, 1], seed=9)
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "value": sess.run(out)}


@programs
def layers_dense(tf):
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float32, [None, 5], name="x")
    hidden = tf.layers.dense(x, 4, activation=tf.nn.relu)
    out = tf.layers.dense(hidden, 2, name="out")
    with tf.variable_scope("scope"):
        other = tf.layers.dense(hidden, 3, use_bias=False, kernel_initializer=tf.zeros_initializer())
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = sess.run([out, other], {x: ramp(2, 5)})
    return {"graph": describe_graph(tf), "collections": collections(tf), "value": value}


@programs
def layers_conv_and_pool(tf):
    tf.set_random_seed(2)
    x = tf.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    h = tf.layers.conv2d(x, 3, [3, 3], padding="same", activation=tf.nn.relu)
    h = tf.layers.max_pooling2d(h, [2, 2], strides=2)
    h = tf.layers.flatten(h)
    training = tf.placeholder_with_default(False, [])
    h = tf.layers.dropout(h, 0.4, training=training)
    out = tf.layers.dense(h, 2)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        value = sess.run(out, {x: ramp(2, 8, 8, 1)})
    return {"graph": describe_graph(tf), "static": static(h, out), "value": value}


@programs
def losses(tf):
    labels, scores = tf.constant(LABELS), tf.constant(X)
    all_of_them = [
        tf.losses.mean_squared_error(labels, scores),
        tf.losses.softmax_cross_entropy(labels, scores),
        tf.losses.sparse_softmax_cross_entropy([0, 2, 3], scores),
        tf.losses.absolute_difference(labels, scores),
        tf.losses.sigmoid_cross_entropy(labels, scores),
    ]
    total = tf.losses.get_total_loss()
    with tf.Session() as sess:
        values = sess.run([*all_of_them, total])
    return {"graph": describe_graph(tf), "names": [*all_of_them, total], "values": values, "collections": collections(tf)}
