"""Metrics: their local variables, graphs, collections, and values over batches."""

from __future__ import annotations

import numpy as np
from harness import Programs, collections, describe_graph, error

programs = Programs()
_R = np.random.RandomState(9)
_LABELS = _R.randint(0, 2, [3, 4])
_GUESSES = _R.randint(0, 2, [3, 4])
_CHANCES = _R.rand(3, 4).astype(np.float32)
_TRUTH = _R.randn(3, 4).astype(np.float32)
_WEIGHTS = np.float32([[1, 0, 2, 1], [1, 1, 0.5, 1], [0, 0, 1, 1]])


def followed(make, batches, weighted=False, dtype="float32", label_dtype="int64", graph=True):
    """A program that feeds three batches, with the value and update after each."""

    def program(tf):
        labels = tf.placeholder(getattr(tf, label_dtype), [None], name="labels")
        guesses = tf.placeholder(getattr(tf, dtype), [None], name="guesses")
        weights = tf.placeholder(tf.float32, [None], name="weights") if weighted else None
        value, update = make(tf, labels, guesses, weights)
        steps = []
        with tf.Session() as sess:
            sess.run(tf.local_variables_initializer())
            steps.append(sess.run(value))
            for y, x, w in zip(*batches, strict=True):
                feed = {labels: y, guesses: x} | ({weights: w} if weighted else {})
                steps.append(sess.run(update, feed))
                steps.append(sess.run(value))
            variables = sess.run(tf.local_variables())
        facts = {"names": [value.name, update.name], "collections": collections(tf), "variables": variables}
        return facts | {"steps": [np.asarray(s) for s in steps]} | ({"graph": describe_graph(tf)} if graph else {})

    return program


_CLASSES = (_LABELS, _GUESSES, _WEIGHTS)
_SCORES = (_LABELS, _CHANCES, _WEIGHTS)
_VALUES = (_TRUTH, _CHANCES, _WEIGHTS)
FLOATS = {"label_dtype": "float32"}
METRICS = {
    "accuracy": (lambda tf, y, x, w: tf.metrics.accuracy(y, x), _CLASSES, {"dtype": "int64"}),
    "accuracy_weighted": (lambda tf, y, x, w: tf.metrics.accuracy(y, x, w), _CLASSES, {"weighted": True}),
    "accuracy_listed": (
        lambda tf, y, x, w: tf.metrics.accuracy(y, x, None, ["values"], ["updates"], "mine"),
        _CLASSES,
        {"dtype": "int64"},
    ),
    "mean_squared_error": (lambda tf, y, x, w: tf.metrics.mean_squared_error(y, x), _VALUES, FLOATS),
    "root_mean_squared_error": (
        lambda tf, y, x, w: tf.metrics.root_mean_squared_error(y, x, w),
        _VALUES,
        FLOATS | {"weighted": True},
    ),
    "mean_absolute_error": (lambda tf, y, x, w: tf.metrics.mean_absolute_error(y, x), _VALUES, FLOATS),
    "mean_relative_error": (lambda tf, y, x, w: tf.metrics.mean_relative_error(y, x, y), _VALUES, FLOATS),
    "mean_cosine_distance": (lambda tf, y, x, w: tf.metrics.mean_cosine_distance(y, x, 0), _VALUES, FLOATS),
    "percentage_below": (lambda tf, y, x, w: tf.metrics.percentage_below(x, 0.5), _VALUES, FLOATS),
    "precision": (lambda tf, y, x, w: tf.metrics.precision(y, x), _CLASSES, {"dtype": "int64"}),
    "recall": (lambda tf, y, x, w: tf.metrics.recall(y, x), _CLASSES, {"dtype": "int64"}),
    "precision_weighted": (
        lambda tf, y, x, w: tf.metrics.precision(y, x, w, name="p"),
        _CLASSES,
        {"weighted": True, "graph": False},
    ),
    "true_positives": (lambda tf, y, x, w: tf.metrics.true_positives(y, x), _CLASSES, {"dtype": "bool"}),
    "true_negatives": (lambda tf, y, x, w: tf.metrics.true_negatives(y, x), _CLASSES, {"dtype": "bool"}),
    "false_positives": (lambda tf, y, x, w: tf.metrics.false_positives(y, x), _CLASSES, {"dtype": "bool"}),
    "false_negatives": (lambda tf, y, x, w: tf.metrics.false_negatives(y, x), _CLASSES, {"dtype": "bool"}),
    "mean_per_class_accuracy": (
        lambda tf, y, x, w: tf.metrics.mean_per_class_accuracy(y, x, 2),
        _CLASSES,
        {"dtype": "int64", "graph": False},
    ),
    "auc": (lambda tf, y, x, w: tf.metrics.auc(y, x, num_thresholds=5), _SCORES, {}),
    "auc_weighted": (lambda tf, y, x, w: tf.metrics.auc(y, x, w), _SCORES, {"weighted": True, "graph": False}),
    "auc_pr": (
        lambda tf, y, x, w: tf.metrics.auc(y, x, curve="PR", summation_method="careful_interpolation", num_thresholds=7),
        _SCORES,
        {},
    ),
    "auc_minoring": (
        lambda tf, y, x, w: tf.metrics.auc(y, x, summation_method="minoring", thresholds=[0.7, 0.3]),
        _SCORES,
        {"graph": False},
    ),
    "auc_majoring": (
        lambda tf, y, x, w: tf.metrics.auc(y, x, summation_method="majoring", curve="PR"),
        _SCORES,
        {"graph": False},
    ),
    "precision_at": (lambda tf, y, x, w: tf.metrics.precision_at_thresholds(y, x, [0.2, 0.6]), _SCORES, {"graph": False}),
    "recall_at": (lambda tf, y, x, w: tf.metrics.recall_at_thresholds(y, x, [0.2, 0.6]), _SCORES, {}),
    "true_positives_at": (
        lambda tf, y, x, w: tf.metrics.true_positives_at_thresholds(y, x, [0.2, 0.6]),
        _SCORES,
        {"graph": False},
    ),
    "false_negatives_at": (
        lambda tf, y, x, w: tf.metrics.false_negatives_at_thresholds(y, x, [0.2, 0.6]),
        _SCORES,
        {"graph": False},
    ),
}
for _name, (_make, _batches, _options) in METRICS.items():
    programs.add(_name, followed(_make, _batches, **_options))


@programs
def means(tf):
    x = tf.placeholder(tf.float32, [2, 3], name="x")
    found = [tf.metrics.mean(x), tf.metrics.mean(x, [[1.0], [0.0]]), tf.metrics.mean_tensor(x), tf.metrics.mean(3)]
    found.append(tf.metrics.mean_tensor(x, 2.0, name="t"))
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        updates = [sess.run([u for _, u in found], {x: np.arange(6).reshape(2, 3) * k}) for k in (1, 3)]
        values = sess.run([v for v, _ in found])
    return {"graph": describe_graph(tf), "updates": updates, "values": values, "collections": collections(tf)}


@programs
def columns_are_squeezed(tf):
    labels, guesses = tf.constant([[1], [0], [1]]), tf.constant([1, 1, 1])
    value, update = tf.metrics.accuracy(labels, guesses, tf.constant([[1.0], [2.0], [1.0]]))
    free = tf.metrics.accuracy(tf.placeholder_with_default([1, 0], [None]), tf.placeholder_with_default([[1], [1]], None))
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        updates = sess.run([update, free[1]])
        return {"updates": updates, "value": sess.run([value, free[0]]), "graph": describe_graph(tf)}


@programs
def wrong_metrics(tf):
    metrics = tf.metrics
    x = tf.placeholder(tf.float32, [None])
    area = metrics.auc(tf.constant([1, 0]), x)
    with tf.Session() as sess:
        sess.run(tf.local_variables_initializer())
        outside = error(tf, lambda: sess.run(area[1], {x: [0.5, 1.5]}), "predictions must be in [0, 1]")
    return {
        "shape": error(tf, lambda: metrics.accuracy([1, 2, 3], [1, 2])),
        "weights": error(tf, lambda: metrics.mean([1.0, 2.0], [1.0, 2.0, 3.0])),
        "curve": error(tf, lambda: metrics.auc([1], tf.constant([0.5]), curve="DET"), "Curve must be either ROC or PR"),
        "method": error(tf, lambda: metrics.auc([1], tf.constant([0.5]), summation_method="sum"), "Invalid summation_method"),
        "outside": outside,
    }
