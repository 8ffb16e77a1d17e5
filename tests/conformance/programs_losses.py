"""Losses: their graphs, reductions, weights, collections and values."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error

programs = Programs()
_R = np.random.RandomState(6)
_P, _L = _R.rand(4, 3).astype(np.float32), _R.rand(4, 3).astype(np.float32)
_BITS = _R.randint(0, 2, [4, 3]).astype(np.float32)
_ONE_HOT = np.eye(3, dtype=np.float32)[[0, 2, 1, 1]]
_LOGITS = _R.randn(4, 3).astype(np.float32)


def facts(tf, losses, feeds=None):
    with tf.Session() as sess:
        values = sess.run(losses, feeds)
    return {"graph": describe_graph(tf), "collections": collections(tf), "values": values}


LOSSES = {
    "absolute_difference": lambda tf: tf.losses.absolute_difference(_L, _P),
    "mean_squared_error": lambda tf: tf.losses.mean_squared_error(tf.constant(_L), tf.constant(_P)),
    "mean_squared_error_weighted": lambda tf: tf.losses.mean_squared_error(_L, _P, weights=2.0),
    "mean_squared_error_weights": lambda tf: tf.losses.mean_squared_error(_L, _P, weights=[[1.0], [0.0], [2.0], [0.0]]),
    "mean_squared_error_int": lambda tf: tf.losses.mean_squared_error([1, 2, 3], tf.constant([1, 3, 5]), weights=3),
    "cosine_distance": lambda tf: tf.losses.cosine_distance(_L, _P, axis=1),
    "cosine_distance_dim": lambda tf: tf.losses.cosine_distance(_L, _P, dim=0),
    "hinge_loss": lambda tf: tf.losses.hinge_loss(_BITS, _LOGITS),
    "huber_loss": lambda tf: tf.losses.huber_loss(_L, 3 * _P, delta=0.5),
    "log_loss": lambda tf: tf.losses.log_loss(_BITS, _P, epsilon=1e-3),
    "mean_pairwise_squared_error": lambda tf: tf.losses.mean_pairwise_squared_error(_L, _P),
    "mean_pairwise_squared_error_weighted": lambda tf: tf.losses.mean_pairwise_squared_error(
        _L, _P, weights=[[1.0], [0.0], [2.0], [0.5]]
    ),
    "sigmoid_cross_entropy": lambda tf: tf.losses.sigmoid_cross_entropy(_BITS, _LOGITS),
    "sigmoid_cross_entropy_smoothed": lambda tf: tf.losses.sigmoid_cross_entropy(
        tf.constant(_BITS, tf.int32), tf.constant(_LOGITS), label_smoothing=0.2
    ),
    "softmax_cross_entropy": lambda tf: tf.losses.softmax_cross_entropy(_ONE_HOT, _LOGITS),
    "softmax_cross_entropy_smoothed": lambda tf: tf.losses.softmax_cross_entropy(
        _ONE_HOT, tf.constant(_LOGITS), weights=[1.0, 2.0, 0.0, 1.0], label_smoothing=0.1
    ),
    "sparse_softmax_cross_entropy": lambda tf: tf.losses.sparse_softmax_cross_entropy([0, 2, 1, 1], _LOGITS),
    "sparse_softmax_cross_entropy_column": lambda tf: tf.losses.sparse_softmax_cross_entropy(
        tf.constant([[0], [2], [1], [1]]), tf.constant(_LOGITS), weights=tf.constant([[1.0], [2.0], [0.0], [1.0]])
    ),
    "weighted_half": lambda tf: tf.losses.compute_weighted_loss(tf.constant([1.0, 2.0], tf.float16), 0.5),
}
for _name, _make in LOSSES.items():
    programs.add(_name, lambda tf, make=_make: facts(tf, make(tf)))


@programs
def every_reduction(tf):
    losses = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    kinds = ["NONE", "SUM", "MEAN", "SUM_OVER_BATCH_SIZE", "SUM_BY_NONZERO_WEIGHTS"]
    names = [getattr(tf.losses.Reduction, kind) for kind in kinds]
    found = [
        tf.losses.compute_weighted_loss(losses, weights, reduction=name, scope=name)
        for name in names
        for weights in (1.0, [[2.0], [0.0]], tf.zeros([2, 2]))
    ]
    return {"names": names, "all": tf.losses.Reduction.all(), **facts(tf, found)}


@programs
def weights_that_are_not_known_yet(tf):
    losses = tf.placeholder(tf.float32, [None, 2], name="losses")
    weights = tf.placeholder(tf.float32, name="weights")
    rows = tf.placeholder(tf.float32, [None, 1], name="rows")
    found = [tf.losses.compute_weighted_loss(losses, w) for w in (weights, rows)]
    feed = np.float32([[1, 2], [3, 4]])
    result = facts(tf, found, {losses: feed, weights: 2.0, rows: [[1], [0]]})
    with tf.Session() as sess:
        result["matrix"] = sess.run(found[0], {losses: feed, weights: feed})
        result["wrong"] = error(tf, lambda: sess.run(found[0], {losses: feed, weights: [1.0, 2.0, 3.0]}))
        result["longer"] = error(tf, lambda: sess.run(found[1], {losses: feed, rows: [[1], [0], [2]]}))
    return result


@programs
def labels_of_free_size(tf):
    logits = tf.placeholder(tf.float32, [None, 3])
    labels = tf.placeholder(tf.int64, [None])
    weights = tf.placeholder(tf.float32, [None])
    loss = tf.losses.sparse_softmax_cross_entropy(labels, logits, weights)
    return facts(tf, loss, {logits: _LOGITS, labels: [0, 1, 2, 0], weights: [1, 0, 2, 1]})


@programs
def losses_in_collections(tf):
    a = tf.losses.mean_squared_error([1.0], [2.0], scope="first")
    with tf.name_scope("net"):
        tf.losses.absolute_difference([1.0], [4.0])
    tf.losses.absolute_difference([1.0], [4.0], loss_collection="mine")
    tf.losses.absolute_difference([1.0], [4.0], loss_collection=None)
    tf.losses.add_loss(tf.constant(10.0, name="extra"))
    none = tf.losses.get_regularization_loss()
    w = tf.get_variable("w", [2], initializer=tf.ones_initializer(), regularizer=lambda v: tf.reduce_sum(v, name="reg"))
    total = tf.losses.get_total_loss()
    plain = tf.losses.get_total_loss(add_regularization_losses=False, name="plain")
    inner = tf.losses.get_total_loss(scope="net", name="inner")
    reg = tf.losses.get_regularization_loss()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values = sess.run([a, total, plain, inner, reg, none])
    lists = [tf.losses.get_losses(), tf.losses.get_losses("net"), tf.losses.get_losses(loss_collection="mine")]
    return {"values": values, "lists": lists, "regs": len(tf.losses.get_regularization_losses()), "w": w}


@programs
def training_by_a_loss(tf):
    x = tf.constant(_P)
    w = tf.Variable(tf.zeros([3, 3]))
    loss = tf.losses.softmax_cross_entropy(_ONE_HOT, tf.matmul(x, w))
    train = tf.train.GradientDescentOptimizer(1.0).minimize(loss)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(4):
            sess.run(train)
            losses.append(sess.run(loss))
        value = sess.run(w)
    return {"graph": describe_graph(tf), "losses": np.array(losses), "w": value}


@programs
def wrong_losses(tf):
    losses = tf.losses
    return {
        "none": error(tf, lambda: losses.mean_squared_error(None, [1.0]), "`labels` must not be None"),
        "shape": error(tf, lambda: losses.mean_squared_error([1.0, 2.0], [1.0, 2.0, 3.0])),
        "weights": error(tf, lambda: losses.mean_squared_error(_L, _P, [1.0, 2.0]), "weights can not be broadcast"),
        "dims": error(tf, lambda: losses.mean_squared_error(_L, _P, [[1.0, 2.0]]), "Mismatch at dim 1"),
        "no_weights": error(tf, lambda: losses.mean_squared_error(_L, _P, None)),
        "reduction": error(tf, lambda: losses.mean_squared_error(_L, _P, reduction="sum"), "Invalid Reduction Key"),
        "axis": error(tf, lambda: losses.cosine_distance(_L, _P), "You must specify argument `axis`"),
        "axes": error(tf, lambda: losses.cosine_distance(_L, _P, axis=1, dim=1)),
        "classes": error(tf, lambda: losses.softmax_cross_entropy(_ONE_HOT[:, :2], _LOGITS)),
        "empty": error(tf, lambda: losses.get_total_loss(scope="nothing")),
    }
