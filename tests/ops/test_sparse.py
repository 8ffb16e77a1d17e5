"""Laws of segments, slices and sparse tensors: each is what its dense form says."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import teachtf as tf
from teachtf.core.apply import apply_op

R = np.random.RandomState(5)
REDUCTIONS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod}


def random_sparse(shape, share=0.4):
    dense = R.randint(-9, 9, shape) * (R.rand(*shape) < share)
    indices = np.argwhere(dense)
    return tf.SparseTensor(indices, dense[tuple(indices.T)].astype(np.float32), shape), dense.astype(np.float32)


def densified(sp):
    return tf.sparse_tensor_to_dense(sp)


@pytest.mark.parametrize("kind", REDUCTIONS)
def test_segments_are_reduced_one_by_one(kind):
    rows, ids = R.rand(40, 3), R.randint(0, 6, 40)
    with tf.Session() as sess:
        unsorted = sess.run(getattr(tf, f"unsorted_segment_{kind}")(rows, ids, 6))
        in_order = sess.run(getattr(tf, f"segment_{kind}")(rows[np.argsort(ids, kind="stable")], np.sort(ids)))
    for segment in range(6):
        expected = REDUCTIONS[kind](rows[ids == segment], axis=0)
        np.testing.assert_allclose(unsorted[segment], expected, rtol=1e-9)
        np.testing.assert_allclose(in_order[segment], expected, rtol=1e-9)


def test_sparse_sums_and_products_are_the_dense_ones():
    (a, dense_a), (b, dense_b) = random_sparse((7, 5)), random_sparse((7, 5))
    other = R.rand(5, 4).astype(np.float32)
    pairs = [
        (densified(tf.sparse_add(a, b)), dense_a + dense_b),
        (tf.sparse_add(a, dense_b), dense_a + dense_b),
        (densified(tf.sparse_maximum(a, b)), np.maximum(dense_a, dense_b)),
        (densified(tf.sparse_minimum(a, b)), np.minimum(dense_a, dense_b)),
        (tf.sparse_tensor_dense_matmul(a, other), dense_a @ other),
        (tf.sparse_tensor_dense_matmul(a, dense_b, adjoint_a=True), dense_a.T @ dense_b),
        (densified(a * dense_b), dense_a * dense_b),
        (tf.sparse_reduce_sum(a, [0]), dense_a.sum(0)),
        (densified(tf.sparse_reduce_sum_sparse(a, [1])), dense_a.sum(1)),
    ]
    with tf.Session() as sess:
        for tensor, expected in pairs:
            np.testing.assert_allclose(sess.run(tensor), expected, rtol=1e-5, atol=1e-5)


def test_sparse_rearrangements_are_the_dense_ones():
    (a, dense_a), (b, dense_b) = random_sparse((4, 6, 3)), random_sparse((4, 2, 3))
    parts = tf.sparse_split(sp_input=a, num_split=4, axis=1)
    pairs = [
        (densified(tf.sparse_transpose(a, [2, 0, 1])), dense_a.transpose(2, 0, 1)),
        (densified(tf.sparse_reshape(a, [9, -1])), dense_a.reshape(9, -1)),
        (densified(tf.sparse_concat(1, [a, b])), np.concatenate([dense_a, dense_b], 1)),
        (densified(tf.sparse_slice(a, [1, 2, 0], [2, 9, 2])), dense_a[1:3, 2:, :2]),
        (densified(tf.sparse.expand_dims(a, 1)), dense_a[:, None]),
        (densified(tf.sparse.from_dense(dense_b)), dense_b),
        (densified(tf.sparse_concat(1, parts)), dense_a),
    ]
    with tf.Session() as sess:
        for tensor, expected in pairs:
            np.testing.assert_array_equal(sess.run(tensor), expected)


def test_slices_become_tensors_with_a_warning_only_where_they_are_large():
    def slope(rows):
        table = tf.placeholder(tf.float32, [rows, 100])
        return tf.gradients(tf.gather(table, [1]), table)[0]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tf.convert_to_tensor(slope(10))
    with pytest.warns(UserWarning, match="to a dense Tensor with 100000000 elements"):
        tf.convert_to_tensor(slope(1_000_000))


@pytest.mark.parametrize("op_type", ["SparseApplyAdagrad", "SparseApplyMomentum", "SparseApplyProximalAdagrad"])
def test_a_row_that_comes_twice_is_stepped_twice(op_type):
    """An imported graph may name a row twice: the second step goes on from the first."""
    grads = np.float32([[1.0, 2.0], [3.0, 4.0], [0.5, 0.25]])
    numbers = {
        "SparseApplyAdagrad": lambda g, i: (0.1, g, i),
        "SparseApplyMomentum": lambda g, i: (0.1, g, i, 0.9),
        "SparseApplyProximalAdagrad": lambda g, i: (0.1, 0.01, 0.02, g, i),
    }[op_type]

    def stepped(groups):
        with tf.Graph().as_default(), tf.Session() as sess:
            values = [tf.Variable(np.ones((3, 2), np.float32)), tf.Variable(np.full((3, 2), 0.5, np.float32))]
            sess.run(tf.global_variables_initializer())
            for group in groups:
                indices = np.int32([[2, 0, 2][i] for i in group])
                sess.run(apply_op(op_type, *(v._ref() for v in values), *numbers(grads[group], indices)))
            return sess.run(values)

    for together, alone in zip(stepped([[0, 1, 2]]), stepped([[0], [1], [2]]), strict=True):
        np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_candidates_have_the_odds_that_they_say():
    true = tf.constant([[0], [3]], tf.int64)
    counts = [4.0, 1.0, 2.0, 3.0]
    drawn = {
        "log uniform": (
            tf.nn.log_uniform_candidate_sampler(true, 1, 20000, False, 4, seed=1),
            np.log1p(1 / np.arange(1.0, 5.0)) / np.log(5),
        ),
        "fixed": (
            tf.nn.fixed_unigram_candidate_sampler(true, 1, 20000, False, 4, unigrams=counts, seed=1),
            np.array(counts) / 10,
        ),
    }
    with tf.Session() as sess:
        for tensors, odds in drawn.values():
            values, expected, _ = sess.run(tensors)
            np.testing.assert_allclose(np.bincount(values, minlength=4) / 20000, odds, atol=0.015)
            np.testing.assert_allclose(expected[:, 0], odds[[0, 3]] * 20000, rtol=1e-5)
