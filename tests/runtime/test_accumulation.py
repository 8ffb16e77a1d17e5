"""Products that one sum takes are added up as they come, if nobody else sees them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import teachtf as tf

SIZES = [(70, 40, 50), (3, 2, 4)]  # compiled, and left to NumPy


def given(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def gathered(fetches: Any, feeds: dict[Any, Any]) -> dict[str, str]:
    """Which products are added to which. The values are right, each time, and stay so."""
    flat = list(fetches) if isinstance(fetches, list) else [fetches]
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        traced = tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)  # every operation by itself
        expected = sess.run(flat, feeds, options=traced, run_metadata=tf.RunMetadata())
        first = sess.run(flat, feeds)
        for got in (first, sess.run(flat, feeds), first):
            for value, wanted in zip(got, expected, strict=True):
                if wanted is not None:
                    np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-4)
        products = sess._plan(flat, list(feeds)).notes.in_place.items()
        return {a.op.name: b.op.name for a, b in products if a.op.type == b.op.type == "MatMul"}


def operands(m: int, k: int, n: int, count: int) -> tuple[list[Any], list[Any], dict[Any, Any]]:
    xs, ys = (
        [tf.placeholder(tf.float32, [m, k]) for _ in range(count)],
        [tf.placeholder(tf.float32, [k, n]) for _ in range(count)],
    )
    return xs, ys, {t: given(i, *t.shape.as_list()) for i, t in enumerate((*xs, *ys))}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_all_products_of_a_sum(sizes: tuple[int, int, int]) -> None:
    xs, ys, feeds = operands(*sizes, 3)
    total = tf.add_n([tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)])
    assert gathered(total, feeds) == {"MatMul_1": "MatMul", "MatMul_2": "MatMul"}


@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_among_other_terms(sizes: tuple[int, int, int]) -> None:
    xs, ys, feeds = operands(*sizes, 2)
    other = tf.placeholder(tf.float32, [sizes[0], sizes[2]])
    products = [tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)]
    total = tf.add_n([other, products[0], tf.exp(other), products[1], other])
    assert gathered([total, other + 1.0], feeds | {other: given(9, sizes[0], sizes[2])}) == {"MatMul_1": "MatMul"}


def test_the_gradient_of_weights_that_steps_share() -> None:
    x = tf.placeholder(tf.float32, [40, 60])
    weights = tf.Variable(given(1, 60, 60) / 10)
    h = x
    for _ in range(4):
        h = tf.tanh(tf.matmul(h, weights))
    (gradient,) = tf.gradients(h, [weights])
    assert len(gathered(gradient, {x: given(0, 40, 60)})) == 3


@pytest.mark.parametrize("transpose_a", [False, True])
@pytest.mark.parametrize("transpose_b", [False, True])
@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_transposed(dtype: Any, transpose_b: bool, transpose_a: bool) -> None:
    a, b = [40, 70][:: -1 if transpose_a else 1], [70, 90][:: -1 if transpose_b else 1]
    xs, ys = [tf.placeholder(dtype, a) for _ in range(2)], [tf.placeholder(dtype, b) for _ in range(2)]
    total = tf.add_n([tf.matmul(x, y, transpose_a, transpose_b) for x, y in zip(xs, ys, strict=True)])
    assert len(gathered(total, {t: given(i, *t.shape.as_list()) for i, t in enumerate((*xs, *ys))})) == 1


def test_in_a_loop() -> None:
    xs, ys, feeds = operands(40, 40, 40, 2)

    def turn(i: Any, value: Any) -> tuple[Any, Any]:
        return i + 1, tf.add_n([tf.matmul(value, ys[0]), tf.matmul(xs[1], ys[1]), tf.matmul(value, xs[1])]) / 40.0

    _, value = tf.while_loop(lambda i, _: i < 3, turn, [0, xs[0]])
    assert len(gathered(value, feeds)) == 2


def test_equal_products_count_each() -> None:
    xs, ys, feeds = operands(40, 40, 40, 1)
    first, second = tf.matmul(xs[0], ys[0]), tf.matmul(xs[0], ys[0])
    assert len(gathered(tf.add_n([first, second]), feeds)) == 1
    assert gathered(tf.add_n([first, first]), feeds) == {}


@pytest.mark.parametrize(
    "others",
    [
        lambda product: [product],
        lambda product: [tf.identity(product)],
        lambda product: [product[0, 0]],
        lambda product: [tf.exp(product)],
    ],
    ids=["fetched", "handed on", "sliced", "in a group"],
)
def test_what_somebody_else_sees_stays_as_it_is(others: Callable[[Any], list[Any]]) -> None:
    xs, ys, feeds = operands(40, 50, 60, 3)
    products = [tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)]
    assert gathered([tf.add_n(products), *others(products[1])], feeds) == {"MatMul_2": "MatMul"}


def test_what_is_fed() -> None:
    xs, ys, feeds = operands(40, 50, 60, 3)
    products = [tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)]
    total = tf.add_n(products)
    assert gathered(total, feeds | {products[0]: given(7, 40, 60)}) == {"MatMul_2": "MatMul_1"}
    assert gathered([total, tf.exp(total)], feeds | {total: given(7, 40, 60)}) == {}


def test_shapes_that_are_not_known_or_conditions() -> None:
    xs, ys, feeds = operands(40, 50, 60, 2)
    loose = [tf.placeholder(tf.float32, [None, 50]) for _ in xs]
    total = tf.add_n([tf.matmul(x, y) for x, y in zip(loose, ys, strict=True)])
    assert gathered(total, {**feeds, **{t: given(3, 40, 50) for t in loose}}) == {}
    way = tf.placeholder(tf.bool, [])

    def one() -> Any:
        return tf.add_n([tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)])

    chosen = tf.cond(way, one, lambda: tf.zeros([40, 60]))
    for value in (True, False):
        assert gathered(chosen, {**feeds, way: value}) == {}


def test_a_sum_that_goes_into_a_variable() -> None:
    xs, ys, feeds = operands(40, 50, 60, 2)
    total = tf.add_n([tf.matmul(x, y) for x, y in zip(xs, ys, strict=True)])
    variable = tf.Variable(tf.zeros([40, 60]))
    kept = variable.assign(total)
    with tf.Session() as sess:
        sess.run(variable.initializer)
        expected = sum(feeds[x] @ feeds[y] for x, y in zip(xs, ys, strict=True))
        np.testing.assert_allclose(sess.run(kept, feeds), expected, rtol=1e-4, atol=1e-4)
        before = sess.run(variable)
        sess.run(kept, {t: value * 2 for t, value in feeds.items()})
        np.testing.assert_allclose(before, expected, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(sess.run(variable), expected * 4, rtol=1e-4, atol=1e-4)
