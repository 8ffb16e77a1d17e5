"""Tensors without an element: the shape, dtype and value of what comes out, or the class of the error."""

from __future__ import annotations

import numpy as np
from harness import Programs
from programs_nonfinite import values

programs = Programs()


def program(name, table, *arrays):
    programs.add(name, lambda tf: {label: values(tf, build, *arrays) for label, build in table.items()})


NONE, WIDE, TALL = (np.zeros(shape, np.float32) for shape in ((0,), (0, 3), (3, 0)))
WHOLE = np.zeros((0, 3), np.int32)
IMAGES, NARROW = np.zeros((0, 4, 4, 2), np.float32), np.zeros((2, 4, 4, 0), np.float32)
SAME, VALID, ONES, TWO = "SAME", "VALID", [1, 1, 1, 1], [1, 2, 2, 1]

UNARY = ["abs", "exp", "log", "tanh", "sigmoid", "sqrt", "square", "sign", "floor", "is_nan", "zeros_like", "ones_like", "erf"]
program("unary", {name: lambda tf, x, n=name: getattr(tf, n)(x) for name in UNARY}, WIDE)
BINARY = ["add", "multiply", "divide", "maximum", "pow", "floordiv", "floormod", "less", "equal", "squared_difference"]
program("binary", {n: lambda tf, x, y, n=n: getattr(tf, n)(x, y) for n in BINARY}, WIDE, np.ones((1, 3), np.float32))
program("whole_numbers", {n: lambda tf, x, n=n: getattr(tf, n)(x, [1, 0, 2]) for n in ("add", "floordiv", "mod", "div")}, WHOLE)
program(
    "reductions",
    {
        f"{name} {axis} {keep}": lambda tf, x, n=name, a=axis, k=keep: getattr(tf, f"reduce_{n}")(x, axis=a, keepdims=k)
        for name in ("sum", "mean", "prod", "max", "min", "logsumexp")
        for axis, keep in ((0, False), (1, False), (None, False), (0, True), ([], False))
    },
    WIDE,
)
program(
    "reductions_of_whole_numbers_and_truths",
    {n: lambda tf, x, n=n: getattr(tf, f"reduce_{n}")(x, 0) for n in ("sum", "prod", "max", "min")}
    | {n: lambda tf, x, n=n: getattr(tf, f"reduce_{n}")(tf.equal(x, 0), 0) for n in ("any", "all")},
    WHOLE,
)
program(
    "arg_extremes",
    {
        "argmax of nothing": lambda tf, x: tf.argmax(x, 0),
        "argmax of no rows": lambda tf, x: tf.argmax(x, 1),
        "top_k": lambda tf, x: tf.nn.top_k(x, 2),
        "top_k of none": lambda tf, x: tf.nn.top_k(x, 0),
        "cumsum": lambda tf, x: tf.cumsum(x, 0),
        "cumprod": lambda tf, x: tf.cumprod(x, 1, exclusive=True),
        "in_top_k": lambda tf, x: tf.nn.in_top_k(x, tf.zeros([0], tf.int32), 1),
        "softmax": lambda tf, x: tf.nn.softmax(x),
        "log_softmax": lambda tf, x: tf.nn.log_softmax(x),
        "softmax of no classes": lambda tf, x: tf.nn.softmax(tf.transpose(x)),
        "unique": lambda tf, x: tf.unique(x[:, 0]),
        "sort": lambda tf, x: tf.sort(x),
    },
    WIDE,
)
program(
    "products",
    {
        "no rows": lambda tf, x, y: tf.matmul(x, tf.ones([3, 2])),
        "sum over nothing": lambda tf, x, y: tf.matmul(y, x),
        "nothing at all": lambda tf, x, y: tf.matmul(x, y),
        "transposed": lambda tf, x, y: tf.matmul(x, x, transpose_a=True),
        "wrong": lambda tf, x, y: tf.matmul(x, tf.placeholder_with_default(np.ones((2, 2), np.float32), [None, None])),
        "stacks": lambda tf, x, y: tf.matmul(tf.zeros([0, 2, 3]), tf.zeros([0, 3, 4])),
        "stacks over nothing": lambda tf, x, y: tf.matmul(tf.zeros([2, 2, 0]), tf.zeros([2, 0, 4])),
        "tensordot": lambda tf, x, y: tf.tensordot(x, y, 1),
        "einsum": lambda tf, x, y: tf.einsum("ij,jk->ik", y, x),
        "slopes": lambda tf, x, y: tf.gradients(tf.reduce_sum(tf.matmul(y, x)), [x, y]),
        "l2_loss": lambda tf, x, y: tf.nn.l2_loss(x),
        "bias_add": lambda tf, x, y: tf.nn.bias_add(x, [1.0, 2.0, 3.0]),
        "inverse": lambda tf, x, y: tf.linalg.inv(tf.zeros([0, 0])),
        "norm": lambda tf, x, y: tf.norm(x),
    },
    WIDE,
    TALL,
)
program(
    "arrays",
    {
        "concat": lambda tf, x: tf.concat([x, tf.ones([1, 3]), x], 0),
        "concat of nothing": lambda tf, x: tf.concat([x, x], 1),
        "stack": lambda tf, x: tf.stack([x, x], 1),
        "unstack": lambda tf, x: tf.unstack(x, axis=1),
        "split": lambda tf, x: tf.split(x, 3, axis=1),
        "split into none": lambda tf, x: tf.split(x, [0, 0], axis=0),
        "slice": lambda tf, x: tf.slice(x, [0, 1], [-1, 2]),
        "strided": lambda tf, x: [x[::-1], x[:, ::2], x[5:], tf.ones([4])[2:2]],
        "index out of nothing": lambda tf, x: x[tf.placeholder_with_default(0, [])],
        "transpose": lambda tf, x: tf.transpose(x),
        "reverse": lambda tf, x: tf.reverse(x, [0]),
        "tile": lambda tf, x: [tf.tile(x, [2, 2]), tf.tile(tf.ones([2]), [0])],
        "pad": lambda tf, x: [tf.pad(x, [[1, 1], [0, 0]]), tf.pad(x, [[0, 0], [1, 0]])],
        "reflect": lambda tf, x: tf.pad(x, tf.placeholder_with_default([[1, 1], [0, 0]], [2, 2]), "REFLECT"),
        "gather": lambda tf, x: [tf.gather(tf.ones([3, 2]), tf.zeros([0], tf.int32)), tf.gather(x, [2, 0], axis=1)],
        "gather from nothing": lambda tf, x: tf.gather(x, tf.placeholder_with_default([0], [1])),
        "gather_nd": lambda tf, x: tf.gather_nd(tf.ones([3, 2]), tf.zeros([0, 1], tf.int32)),
        "scatter_nd": lambda tf, x: tf.scatter_nd(tf.zeros([0, 1], tf.int32), tf.zeros([0, 2]), [3, 2]),
        "one_hot": lambda tf, x: [tf.one_hot(tf.zeros([0], tf.int32), 3), tf.one_hot([1, 2], 0)],
        "where": lambda tf, x: [tf.where(tf.equal(x, 0)), tf.where(tf.equal(x, 0), x, x)],
        "boolean_mask": lambda tf, x: tf.boolean_mask(tf.ones([3, 2]), [False] * 3),
        "reshape": lambda tf, x: [tf.reshape(x, [3, 0]), tf.reshape(x, [-1, 3])],
        "squeeze": lambda tf, x: tf.squeeze(tf.expand_dims(x, 0), 0),
        "broadcast_to": lambda tf, x: tf.broadcast_to(tf.ones([1, 3]), [0, 3]),
        "fill": lambda tf, x: [tf.fill([0, 2], 7), tf.range(0), tf.range(3, 3), tf.zeros([2, 0]), tf.eye(0)],
        "shape": lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x)],
        "cast": lambda tf, x: tf.cast(x, tf.int32),
        "strings": lambda tf, x: [tf.as_string(x), tf.string_join([tf.constant([], tf.string), "a"])],
        "dynamic": lambda tf, x: tf.dynamic_partition(x[:, 0], tf.zeros([0], tf.int32), 2),
        "stitch": lambda tf, x: tf.dynamic_stitch([tf.zeros([0], tf.int32)], [x]),
        "roll": lambda tf, x: tf.roll(x, 1, 0),
        "matrix_diag": lambda tf, x: tf.matrix_diag(x),
        "setdiff": lambda tf, x: tf.setdiff1d(tf.zeros([0], tf.int32), [1, 2]),
        "invert_permutation": lambda tf, x: tf.invert_permutation(tf.zeros([0], tf.int32)),
        "add_n": lambda tf, x: tf.add_n([x, x]),
    },
    WIDE,
)  # fmt: skip
program(
    "segments",
    {
        name: lambda tf, x, n=name: getattr(tf, n)(x, tf.zeros([0], tf.int32))
        for name in ("segment_sum", "segment_max", "segment_mean", "segment_prod")
    }
    | {
        name: lambda tf, x, n=name: getattr(tf, n)(x, tf.zeros([0], tf.int32), 2)
        for name in ("unsorted_segment_sum", "unsorted_segment_max", "unsorted_segment_mean")
    }
    | {"into none": lambda tf, x: tf.unsorted_segment_sum(x, tf.zeros([0], tf.int32), 0)},
    WIDE,
)
CONV = {
    "no images": lambda tf, x, y: tf.nn.conv2d(x, tf.ones([3, 3, 2, 5]), ONES, SAME),
    "no filters": lambda tf, x, y: tf.nn.conv2d(tf.ones([1, 4, 4, 2]), tf.ones([3, 3, 2, 0]), ONES, SAME),
    "window as large as the image": lambda tf, x, y: tf.nn.conv2d(x, tf.ones([4, 4, 2, 3]), ONES, VALID),
    "slopes of no images": lambda tf, x, y: _slopes(tf, x, tf.ones([3, 3, 2, 5])),
    "depthwise": lambda tf, x, y: tf.nn.depthwise_conv2d(x, tf.ones([3, 3, 2, 2]), ONES, SAME),
    "max_pool": lambda tf, x, y: tf.nn.max_pool(x, TWO, TWO, SAME),
    "avg_pool": lambda tf, x, y: tf.nn.avg_pool(x, TWO, TWO, VALID),
    "max_pool slope": lambda tf, x, y: tf.gradients(tf.nn.max_pool(x, TWO, TWO, SAME), x),
    "avg_pool slope": lambda tf, x, y: tf.gradients(tf.nn.avg_pool(x, TWO, TWO, SAME), x),
    "max_pool of no channels": lambda tf, x, y: tf.nn.max_pool(y, TWO, TWO, SAME),
    "fused_batch_norm, not training": lambda tf, x, y: tf.nn.fused_batch_norm(
        x, tf.ones([2]), tf.zeros([2]), tf.zeros([2]), tf.ones([2]), is_training=False
    )[0],
    "resize": lambda tf, x, y: tf.image.resize_bilinear(x, [2, 2]),
    "space_to_depth": lambda tf, x, y: tf.space_to_depth(x, 2),
    "lrn": lambda tf, x, y: tf.nn.lrn(x),
}


def _slopes(tf, x, w):
    return tf.gradients(tf.nn.conv2d(x, w, ONES, SAME), [x, w])


program("images", CONV, IMAGES, NARROW)
program(
    "losses",
    {
        "softmax": lambda tf, x: tf.nn.softmax_cross_entropy_with_logits(labels=x, logits=x),
        "sparse": lambda tf, x: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.zeros([0], tf.int32), logits=x),
        "sigmoid": lambda tf, x: tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=x),
        "moments": lambda tf, x: tf.nn.moments(x, [0]),
        "accuracy": lambda tf, x: tf.reduce_mean(tf.cast(tf.equal(tf.argmax(x, 1), tf.argmax(x, 1)), tf.float32)),
        "clip_by_norm": lambda tf, x: tf.clip_by_norm(x, 1.0),
        "clip_by_global_norm": lambda tf, x: tf.clip_by_global_norm([x], 1.0),
        "dropout": lambda tf, x: tf.nn.dropout(x, rate=0.5),
        "embedding": lambda tf, x: tf.nn.embedding_lookup(tf.ones([4, 2]), tf.zeros([0], tf.int32)),
    },
    WIDE,
)
program(
    "random",
    {
        "normal": lambda tf, x: tf.random_normal([0, 3]),
        "uniform": lambda tf, x: tf.random_uniform([2, 0]),
        "whole": lambda tf, x: tf.random_uniform([0], 0, 5, tf.int32),
        "truncated": lambda tf, x: tf.truncated_normal([0]),
        "shuffle": lambda tf, x: tf.random_shuffle(x),
        "multinomial": lambda tf, x: tf.multinomial(x, 4),
        "multinomial of none": lambda tf, x: tf.multinomial(tf.zeros([2, 3]), 0),
        "gamma": lambda tf, x: tf.random_gamma([0], [1.0, 2.0]),
        "poisson": lambda tf, x: tf.random_poisson(tf.zeros([0]), [3]),
    },
    WIDE,
)


@programs
def variables(tf):
    """A variable without an element is initialized, assigned to and trained like any other."""
    v = tf.Variable(tf.zeros([0, 3]))
    step = tf.train.AdamOptimizer().minimize(tf.reduce_sum(v * 2.0))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        facts = [sess.run(v), sess.run(tf.assign_add(v, tf.zeros([0, 3]))), sess.run(step), sess.run(v)]
        facts.append(sess.run(tf.scatter_add(v, tf.zeros([0], tf.int32), tf.zeros([0, 3]))))
    return facts
