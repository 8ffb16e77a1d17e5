"""Random samples with parameters: their moments, and how samples move with alpha."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf
from teachtf.kernels import incomplete


def test_gamma_samples_have_the_moments_of_their_distribution() -> None:
    x = tf.random_gamma([20000], [0.5, 3.0], beta=2.0, seed=1)
    with tf.Session() as sess:
        values = sess.run(x)
    np.testing.assert_allclose(values.mean(0), [0.25, 1.5], rtol=0.05)


def test_the_slope_of_a_gamma_sample_keeps_its_probability() -> None:
    alpha, sample, step = np.array([0.3, 1.0, 2.5, 40.0]), np.array([0.1, 0.7, 4.0, 35.0]), 1e-5
    moved = sample + step * incomplete.gamma_sample_slope(alpha, sample)
    np.testing.assert_allclose(incomplete.igamma(alpha + step, moved), incomplete.igamma(alpha, sample), atol=1e-9)


def test_the_gradient_of_a_mean_of_gamma_samples_is_one() -> None:
    alpha = tf.constant([0.5, 3.0], tf.float64)
    mean = tf.reduce_mean(tf.random_gamma([20000], alpha, dtype=tf.float64, seed=1), 0)
    with tf.Session() as sess:
        np.testing.assert_allclose(sess.run(tf.gradients(mean, alpha)[0]), [1, 1], rtol=0.05)


def test_a_crop_larger_than_the_tensor_is_refused() -> None:
    x = tf.placeholder(tf.float32, [None, None])
    crop = tf.random_crop(x, [3, 3])
    with tf.Session() as sess, pytest.raises(tf.errors.InvalidArgumentError, match=r"Need value.shape >= size, got"):
        sess.run(crop, {x: np.zeros((2, 5))})
