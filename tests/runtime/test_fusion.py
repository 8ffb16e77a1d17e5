"""Elementwise operations that run as one loop, follow a product or end in a sum give what they give one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import compiling
from teachtf.runtime.plan import Plan

SHAPE = (64, 96)  # enough elements for the compiled loop


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def plan(sess: tf.Session, fetches: list[Any], feeds: list[Any], **how: Any) -> Plan:
    return Plan(fetches, feeds, sess._state, sess._devices, **how)


def both(fetches: list[Any], feeds: dict[Any, Any]) -> tuple[Any, Any, str]:
    """The values fused and one by one, and the fused plan's text."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        fused, single = plan(sess, fetches, list(feeds)), plan(sess, fetches, list(feeds), traced=True)
        with np.errstate(all="ignore"):
            fused.run(*feeds.values())
            compiling.wait()
            return fused.run(*feeds.values()), single.run(*feeds.values(), seen=lambda *call: None), fused.source


def check(fetches: list[Any], feeds: dict[Any, Any], groups: int) -> None:
    got, expected, source = both(fetches, feeds)
    for value, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-5)
    assert source.count("= g") == groups, source


def test_a_chain_is_one_call() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    check([tf.nn.relu(tf.sigmoid(tf.exp(tf.tanh(x))) - 0.5)], {x: normal(*SHAPE)}, groups=1)


def test_rows_columns_and_scalars_spread() -> None:
    x, row, column = (tf.placeholder(tf.float32, s) for s in (SHAPE, SHAPE[1:], (SHAPE[0], 1)))
    feeds = {x: normal(*SHAPE), row: normal(SHAPE[1], seed=1), column: normal(SHAPE[0], 1, seed=2)}
    check([tf.tanh(x * 2.0 + row) - column], feeds, groups=1)


def test_values_that_are_taken_outside_are_kept() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    y = tf.tanh(x)
    z = y * y + x
    check([tf.matmul(y, z, transpose_b=True), z], {x: normal(*SHAPE)}, groups=1)


@pytest.mark.parametrize(
    "end", [tf.tanh, tf.reduce_sum, lambda y: tf.matmul(y, y, transpose_b=True) + 1.0], ids=["group", "sum", "product"]
)
def test_operations_that_are_fetched_without_their_values(end: Any) -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    y = tf.exp(x * 0.1) - x
    last = end(y)
    with tf.Session() as sess:
        assert sess.run([last.op], {x: normal(*SHAPE)}) == [None]
        assert sess.run([y.op, last.op], {x: normal(*SHAPE)}) == [None, None]
        done, value = sess.run([y.op, last], {x: normal(*SHAPE)})
        assert done is None
        np.testing.assert_allclose(value, sess.run(last, {x: normal(*SHAPE)}), rtol=1e-5)


def test_gradients_fuse_through_the_identities_that_training_makes() -> None:
    x = tf.placeholder(tf.float32, SHAPE)
    w = tf.Variable(normal(*SHAPE, seed=3))
    loss = tf.reduce_sum(tf.tanh(tf.sigmoid(x * w) * w))
    gradient, _ = tf.train.GradientDescentOptimizer(0.1).compute_gradients(loss, [w])[0]
    check([gradient], {x: normal(*SHAPE)}, groups=1)


def test_an_unknown_batch() -> None:
    x = tf.placeholder(tf.float32, [None, 96])
    check([tf.nn.relu(x + 1.0) * x], {x: normal(*SHAPE)}, groups=1)


def test_a_shape_that_does_not_broadcast_names_the_operation() -> None:
    x, y = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, [None, 96])
    total = tf.add(tf.tanh(x), y, name="total")
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="total"):
        sess.run(tf.exp(total), {x: normal(64, 96), y: normal(63, 96)})


def test_a_value_read_before_a_change_stays_what_it_was() -> None:
    v = tf.Variable(tf.ones(SHAPE))
    before = tf.exp(v * 2.0)
    with tf.control_dependencies([before]):
        changed = tf.assign(v, tf.zeros(SHAPE))
    with tf.control_dependencies([changed]):
        after = tf.exp(before * v.read_value())
    with tf.Session() as sess:
        sess.run(v.initializer)
        for _ in range(3):
            sess.run(v.initializer)
            first, second = sess.run([before, after])
            compiling.wait()
            np.testing.assert_allclose(first, np.full(SHAPE, np.exp(2.0)), rtol=1e-5)
            np.testing.assert_array_equal(second, np.ones(SHAPE))


def test_a_branch_not_taken_stays_dead() -> None:
    x, choice = tf.placeholder(tf.float32, SHAPE), tf.placeholder(tf.bool, [])
    y = tf.cond(choice, lambda: tf.tanh(x) * 2.0 + 1.0, lambda: tf.exp(x) - 3.0)
    for way in (True, False):
        check([y], {x: normal(*SHAPE), choice: np.bool_(way)}, groups=2)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    """Operations of random kinds on random earlier values, some fetched, some taken by a product in between."""
    pick = np.random.default_rng(seed)
    x, row = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, [96])
    values = [x, row + x]
    fetches = []
    for _ in range(25):
        a, b = (values[pick.integers(len(values))] for _ in range(2))
        ways = (
            lambda a, b: tf.tanh(a),
            lambda a, b: tf.sigmoid(a) * b,
            lambda a, b: tf.nn.relu(a - b),
            lambda a, b: tf.add_n([a, b, a]) * 0.3,
            lambda a, b: tf.identity(a),
            lambda a, b: tf.nn.bias_add(a, row),
            lambda a, b: tf.maximum(a, b),
            lambda a, b: a * tf.reduce_mean(b, axis=1, keepdims=True),
            lambda a, b: tf.stop_gradient(a) / (1.0 + tf.square(b)),
        )
        values.append(ways[pick.integers(len(ways))](a, b))
        if pick.random() < 0.2:
            fetches.append(values[-1])
    got, expected, _ = both([*fetches, values[-1]], {x: normal(*SHAPE, seed=seed), row: normal(96, seed=seed + 1)})
    for value, other in zip(got, expected, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-4, atol=1e-4)


# --- into sums -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [None, -1, [1, 2], [0, 2], [2], [0, 1, 2], [0, 1], [0, -2]])
@pytest.mark.parametrize("how", [tf.reduce_sum, tf.reduce_mean])
@pytest.mark.parametrize("keep", [False, True])
def test_sums_of_rows_and_columns(axes: Any, how: Any, keep: bool) -> None:
    x, row, column = (tf.placeholder(tf.float32, s) for s in ((30, 7, 50), (50,), (30, 7, 1)))
    feeds = {x: normal(30, 7, 50), row: normal(50, seed=1), column: normal(30, 7, 1, seed=2)}
    check([how(tf.exp(x) * x, axes, keepdims=keep)], feeds, groups=1)
    check([how(tf.exp(x * row) - column, axes, keepdims=keep)], feeds, groups=1)
    y = tf.square(x + column)
    check([how(y, axes, keepdims=keep), tf.gradients(how(y, axes), x)[0], y], feeds, groups=2)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (317, 311), (100_000,), (3, 40_000)])
def test_long_sums_are_exact(shape: tuple[int, ...], dtype: Any) -> None:
    """A sum of a million terms loses no more than the rounding of the last."""
    x = tf.placeholder(dtype, shape)
    given = np.abs(normal(*shape)).astype(dtype.as_numpy_dtype)
    (got, *_), _, source = both([tf.reduce_sum(x * x, -1), tf.reduce_sum(x * 2.0)], {x: given})
    np.testing.assert_allclose(got, (given.astype(np.float64) ** 2).sum(-1), rtol=1e-6)
    assert source.count("= g") == 2


@pytest.mark.parametrize("shape", [(70, 60), (5000, 3), (5000, 1), (3, 5000), (33, 7, 40), (1, 9000), (9000,)])
def test_sums_of_columns(shape: tuple[int, ...]) -> None:
    x, bias = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, shape[-1:])
    feeds = {x: normal(*shape), bias: normal(shape[-1])}
    axes = list(range(len(shape) - 1))
    check([tf.reduce_sum(tf.exp(x) * bias, axes)], feeds, groups=1)
    if len(shape) > 1:
        check(tf.gradients(tf.tanh(tf.nn.bias_add(x, bias)), [x, bias]), feeds, groups=1)


def test_sums_along_other_axes_stay_apart() -> None:
    x = tf.placeholder(tf.float32, [30, 20, 40])
    check([tf.reduce_sum(tf.exp(tf.tanh(x)), 1), tf.reduce_mean(tf.exp(tf.tanh(x)), 0)], {x: normal(30, 20, 40)}, groups=1)


@pytest.mark.parametrize("axes", [[], [0], [1], [2], [0, 1], [0, 1, 2]])
def test_axes_that_are_not_known_beforehand(axes: list[int]) -> None:
    x, along = tf.placeholder(tf.float32, [30, 20, 40]), tf.placeholder(tf.int32, [None])
    y = tf.exp(x) * 2.0
    feeds = {x: normal(30, 20, 40), along: np.int32(axes)}
    check([tf.reduce_sum(y, along)], feeds, groups=1)
    check([tf.reduce_mean(y, along, keepdims=True), y, y - 1.0], feeds, groups=1)


def test_a_bias_of_an_unknown_batch() -> None:
    x, bias = tf.placeholder(tf.float32, [None, 60]), tf.placeholder(tf.float32, [60])
    slopes = tf.gradients(tf.tanh(x + bias), [x, bias])
    for rows in (1, 2, 500):
        check(slopes, {x: normal(rows, 60), bias: normal(60)}, groups=2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 3e38])
def test_sums_of_what_is_not_finite(bad: float) -> None:
    x = tf.placeholder(tf.float32, [100, 80])
    given = normal(100, 80)
    given[7, 9] = bad
    check([tf.reduce_mean(x * x), tf.reduce_sum(x * 2.0, 1), tf.reduce_sum(tf.nn.relu(-x))], {x: given}, groups=3)


# --- behind products ---------------------------------------------------------------------------------------------------

IMAGES = {
    "Winograd, 5 x 5": ((2, 18, 21, 16), (5, 5, 16, 32), 1, "SAME"),
    "Winograd, 3 x 3": ((3, 16, 16, 32), (3, 3, 32, 32), 1, "VALID"),
    "direct": ((3, 17, 23, 3), (5, 5, 3, 12), 1, "SAME"),
    "many images": ((40, 9, 9, 4), (3, 3, 4, 8), 1, "VALID"),
    "strides": ((3, 33, 40, 3), (3, 3, 3, 24), 2, "SAME"),
    "odd columns": ((2, 30, 30, 5), (1, 1, 5, 7), 1, "SAME"),
}


def layer(x: Any, w: Any, b: Any, stride: int = 1, padding: str = "SAME") -> Any:
    return tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w, [1, stride, stride, 1], padding), b))


@pytest.mark.parametrize("kind", IMAGES)
def test_images_filtered_with_bias_and_activation(kind: str) -> None:
    shape, filters, stride, padding = IMAGES[kind]
    x, w, b = (tf.placeholder(tf.float32, s) for s in (shape, filters, filters[3:]))
    feeds = {x: normal(*shape), w: normal(*filters, seed=1), b: normal(filters[3], seed=2)}
    check([layer(x, w, b, stride, padding)], feeds, groups=1)
    check(tf.gradients(tf.reduce_sum(layer(tf.tanh(x), w, b, stride, padding) ** 2), [x, w, b]), feeds, groups=2)


@pytest.mark.parametrize("sizes", [(300, 40, 90), (3000, 40, 90), (24, 300, 700), (100, 70, 64), (4000, 9, 3), (5000, 1, 8)])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_matrices_multiplied_with_bias_and_activation(sizes: tuple[int, int, int], dtype: Any) -> None:
    """Cut by rows, cut by columns, small, thin."""
    m, k, n = sizes
    a, b, bias = (tf.placeholder(dtype, s) for s in ((m, k), (k, n), (n,)))
    feeds = {t: normal(*t.shape.as_list(), seed=i).astype(dtype.as_numpy_dtype) for i, t in enumerate((a, b, bias))}
    check([tf.tanh(tf.matmul(a, b) + bias)], feeds, groups=1)
    check(tf.gradients(tf.tanh(tf.matmul(tf.sigmoid(a), b) + bias), [a, b, bias]), feeds, groups=2)


@pytest.mark.parametrize("sizes", [(3000, 40, 90), (24, 300, 700)])
def test_a_product_that_is_taken_outside_is_kept(sizes: tuple[int, int, int]) -> None:
    m, k, n = sizes
    a, b, other = (tf.placeholder(tf.float32, s) for s in ((m, k), (k, n), (m, n)))
    product = tf.matmul(a, b)
    fetches = [tf.nn.relu(product), product * other - tf.exp(other), product, tf.reduce_sum(product, 0)]
    check(fetches, {a: normal(m, k), b: normal(k, n, seed=1), other: normal(m, n, seed=2)}, groups=1)


def test_one_group_has_one_product() -> None:
    a = tf.placeholder(tf.float32, [300, 300])
    check([tf.matmul(a, a) + tf.matmul(a, a, transpose_b=True) * 2.0], {a: normal(300, 300)}, groups=2)


def test_products_of_an_unknown_batch_and_one_too_small() -> None:
    a, b = tf.placeholder(tf.float32, [None, 50]), tf.placeholder(tf.float32, [50, 80])
    y = tf.nn.relu(tf.matmul(a, b) + 1.0)
    for rows in (0, 1, 7, 700):
        check([y], {a: normal(rows, 50), b: normal(50, 80)}, groups=1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3e38])
def test_what_is_not_finite_goes_through_the_activation_in_its_place(bad: float) -> None:
    x, w, b = (tf.placeholder(tf.float32, s) for s in ((2, 24, 24, 16), (5, 5, 16, 32), (32,)))
    image = normal(2, 24, 24, 16)
    image[1, 11, 13, 4] = bad
    fetches = [layer(x, w, b), tf.is_finite(layer(x, w, b) * 2.0)]
    got, expected, _ = both(fetches, {x: image, w: normal(5, 5, 16, 32), b: normal(32)})
    np.testing.assert_array_equal(got[1], expected[1])
    kept = np.isfinite(expected[0])
    np.testing.assert_allclose(got[0][kept], expected[0][kept], rtol=1e-4, atol=1e-4)


def test_a_product_reads_variables_before_they_change() -> None:
    a, w = tf.placeholder(tf.float32, [300, 300]), tf.Variable(tf.ones([300, 300]))
    product = tf.matmul(a, w)
    with tf.control_dependencies([product]):
        change = tf.assign(w, tf.zeros([300, 300]))
    with tf.control_dependencies([change]):
        late = tf.nn.relu(product + 1.0)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {a: np.ones((300, 300), np.float32)}
        assert sess.run([late, change.op], feed)[0][0, 0] == 301.0
        assert sess.run(tf.nn.relu(product + 1.0), feed)[0, 0] == 1.0


def test_a_product_in_a_branch_not_taken_stays_dead() -> None:
    a, way = tf.placeholder(tf.float32, [200, 200]), tf.placeholder(tf.bool, [])
    y = tf.cond(way, lambda: tf.nn.relu(tf.matmul(a, a) - 1.0), lambda: a)
    with tf.Session() as sess:
        given = normal(200, 200)
        np.testing.assert_array_equal(sess.run(y, {a: given, way: False}), given)
        np.testing.assert_allclose(sess.run(y, {a: given, way: True}), np.maximum(given @ given - 1, 0), rtol=1e-3, atol=1e-3)


def test_an_error_names_the_product() -> None:
    a, b = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None, None])
    y = tf.nn.relu(tf.matmul(a, b, name="product") + 1.0)
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match="product") as caught:
        sess.run(y, {a: normal(80, 80), b: normal(70, 80)})
    assert caught.value.op.type == "MatMul"
