"""Convolution and pooling in all their forms: dilated, of lines, transposed; statistics in steps."""

from __future__ import annotations

from functools import partial

import numpy as np
import programs_ops
from harness import Programs, error, static
from programs_ops import ints, ramp

programs = Programs()
case = partial(programs_ops.case, into=programs, vague=False)

IMAGES, FILTERS = ramp(2, 6, 7, 3), ramp(3, 3, 3, 4)
LINES, TAPS = ramp(2, 8, 3), ramp(3, 3, 4)
case("convolution", lambda tf, x, f: tf.nn.convolution(x, f, "SAME"), IMAGES, FILTERS)
case("convolution_strides", lambda tf, x, f: tf.nn.convolution(x, f, "VALID", strides=[2, 1], name="c"), IMAGES, FILTERS)
case("convolution_of_lines", lambda tf, x, f: tf.nn.convolution(x, f, "SAME", strides=[2]), LINES, TAPS)
for _padding in ("SAME", "VALID"):
    case(f"dilated_{_padding}", lambda tf, x, f, p=_padding: tf.nn.convolution(x, f, p, dilation_rate=[2, 3]), IMAGES, FILTERS)
    case(f"atrous_{_padding}", lambda tf, x, f, p=_padding: tf.nn.atrous_conv2d(x, f, 2, p, name="a"), IMAGES, FILTERS)
    case(f"dilated_lines_{_padding}", lambda tf, x, f, p=_padding: tf.nn.convolution(x, f, p, dilation_rate=[2]), LINES, TAPS)
    case(f"pool_max_{_padding}", lambda tf, x, p=_padding: tf.nn.pool(x, [2, 3], "MAX", p, strides=[1, 2]), IMAGES)
    case(f"pool_lines_{_padding}", lambda tf, x, p=_padding: tf.nn.pool(x, [2], "AVG", p, name="q"), LINES)
    case(f"max_pool1d_{_padding}", lambda tf, x, p=_padding: tf.nn.max_pool1d(x, 2, 2, p), LINES)
    case(f"avg_pool1d_{_padding}", lambda tf, x, p=_padding: tf.nn.avg_pool1d(x, [2], 1, p, name="q"), LINES)
    case(f"max_pool2d_{_padding}", lambda tf, x, p=_padding: tf.nn.max_pool2d(x, [2, 2], 2, p), IMAGES)
    _sizes = [2, 8, 3] if _padding == "SAME" else [2, 10, 3]
    case(
        f"conv1d_transpose_{_padding}",
        lambda tf, x, f, p=_padding, s=_sizes: tf.nn.conv1d_transpose(x, f, s, 1, p),
        ramp(2, 8, 4),
        TAPS,
    )
case("atrous_rate_1", lambda tf, x, f: tf.nn.atrous_conv2d(x, f, 1, "SAME"), IMAGES, FILTERS)
case("pool_dilated", lambda tf, x: tf.nn.pool(x, [2, 2], "MAX", "VALID", dilation_rate=[2, 1]), IMAGES)
case("pool_avg_dilated", lambda tf, x: tf.nn.pool(x, [2], "AVG", "VALID", dilation_rate=[3]), LINES)


def _doubled(tf, x, dims=None):
    def op(converted, number, padding):
        return converted * 2.0

    return tf.nn.with_space_to_batch(x, [2, 2], "VALID", op, spatial_dims=dims)


case("with_space_to_batch", _doubled, IMAGES)
case("with_space_to_batch_dims", lambda tf, x: _doubled(tf, x, [1, 3]), ramp(1, 4, 2, 4, 1))
case("sufficient_statistics", lambda tf, x: tf.nn.sufficient_statistics(x, [0, 1])[:3], ramp(3, 4, 2))
case("sufficient_shifted", lambda tf, x: tf.nn.sufficient_statistics(x, [1], shift=0.5, keep_dims=True)[:3], ramp(3, 4))
case("normalize_moments", lambda tf, x: tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [0])), ramp(3, 4))
case("normalize_shifted", lambda tf, x: tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [0], shift=1.0)), ramp(3, 4))
case("weighted_moments", lambda tf, x, w: tf.nn.weighted_moments(x, [0], w), ramp(3, 4), ramp(3, 1, low=0.1, high=2.0))
case("weighted_moments_kept", lambda tf, x: tf.nn.weighted_moments(x, [0, 1], ints(3, 4), keep_dims=True), ramp(3, 4))
_norm = ramp(2, 2, 2, 3), ramp(3), ramp(3, low=0.2, high=1.0), ramp(3), ramp(3)
for _scaled in (True, False):
    case(
        f"global_normalization_{_scaled}",
        lambda tf, *x, scaled=_scaled: tf.nn.batch_norm_with_global_normalization(*x, 1e-3, scaled),
        *(_norm if _scaled else (*_norm[:4], np.float32([1, 1, 1]))),
        gradient=_scaled,
    )
_counts, _logs = ramp(6, low=0.0, high=5.0), ramp(6)
case("log_poisson_loss", lambda tf, t, x: tf.nn.log_poisson_loss(t, x), _counts, _logs)
case("log_poisson_full", lambda tf, t, x: tf.nn.log_poisson_loss(t, x, compute_full_loss=True), _counts + 0.5, _logs)


# --- volumes ---------------------------------------------------------------------------------------------------------

VOLUMES, BLOCKS = ramp(2, 3, 4, 5, 2), ramp(2, 3, 2, 2, 3)
for _padding in ("SAME", "VALID"):
    case(f"conv3d_{_padding}", lambda tf, x, f, p=_padding: tf.nn.conv3d(x, f, [1, 1, 1, 1, 1], p), VOLUMES, BLOCKS)
    case(
        f"conv3d_strides_{_padding}",
        lambda tf, x, f, p=_padding: tf.nn.conv3d(x, f, [1, 2, 1, 2, 1], p, name="c"),
        VOLUMES,
        BLOCKS,
    )
    case(f"max_pool3d_{_padding}", lambda tf, x, p=_padding: tf.nn.max_pool3d(x, 2, [1, 1, 2, 2, 1], p), VOLUMES)
    case(
        f"avg_pool3d_{_padding}",
        lambda tf, x, p=_padding: tf.nn.avg_pool3d(x, [1, 2, 2, 3, 1], [1, 2, 2, 2, 1], p, name="q"),
        VOLUMES,
    )
case(
    "conv3d_transpose",
    lambda tf, x, f: tf.nn.conv3d_transpose(x, f, [1, 4, 4, 4, 2], 2),
    ramp(1, 2, 2, 2, 3),
    ramp(3, 3, 3, 2, 3),
)
case(
    "second_of_conv3d",
    lambda tf, x, f: tf.gradients(tf.reduce_sum(tf.square(tf.nn.conv3d(x, f, [1] * 5, "SAME"))), [x, f]),
    ramp(1, 2, 3, 2, 1),
    ramp(2, 2, 2, 1, 1),
)
case(
    "second_of_max_pool3d", lambda tf, x: tf.gradients(tf.square(tf.nn.max_pool3d(x, 2, 2, "VALID")), x)[0], ramp(1, 2, 4, 4, 1)
)


@programs
def vague_volumes(tf):
    shapes = [[2, 3, 4, 5, 2], [None, 3, None, 5, 2], [None] * 5, None, [2, 3, 4, 2]]
    facts = []
    for shape in shapes:
        x = tf.placeholder(tf.float32, shape)
        for build in (
            lambda x=x: tf.nn.conv3d(x, tf.zeros([2, 2, 2, 2, 6]), [1, 1, 2, 2, 1], "SAME"),
            lambda x=x: tf.nn.conv3d(x, tf.placeholder(tf.float32, [None, 2, 2, 2, None]), [1] * 5, "VALID"),
            lambda x=x: tf.nn.conv3d(x, tf.zeros([2, 2, 2, 3, 6]), [1] * 5, "VALID"),
            lambda x=x: tf.nn.conv3d(x, tf.zeros([4, 2, 2, 2, 6]), [1] * 5, "VALID"),
            lambda x=x: tf.nn.max_pool3d(x, 2, 2, "VALID"),
            lambda x=x: tf.nn.avg_pool3d(x, 3, 2, "SAME"),
            lambda x=x: tf.nn.conv3d_transpose(x, tf.zeros([2, 2, 2, 2, 2]), tf.placeholder(tf.int32, [5]), 1),
        ):
            made = []
            failed = error(tf, lambda build=build, made=made: made.append(build()))
            facts.append(failed["class"] or static(*made))
    return facts


@programs
def convolutions_refused(tf):
    x, f = tf.placeholder(tf.float32, IMAGES.shape), tf.placeholder(tf.float32, FILTERS.shape)
    return [
        error(tf, lambda: tf.nn.convolution(x, f, "SAME", strides=[1, 2, 3])),
        error(tf, lambda: tf.nn.convolution(x, f, "SAME", strides=[2, 2], dilation_rate=[2, 2])),
        error(tf, lambda: tf.nn.convolution(x, f, "SAME", dilation_rate=[0, 1])),
        error(tf, lambda: tf.nn.convolution(x, f, "FULL", dilation_rate=[2, 2])),
        error(tf, lambda: tf.nn.convolution(x, tf.zeros([3, 3, 2, 4]), "SAME", dilation_rate=[2, 2])),
        error(tf, lambda: tf.nn.pool(x, [2, 2], "SUM", "VALID")),
        error(tf, lambda: tf.nn.pool(x, [2, 2], "MAX", "SAME", dilation_rate=[2, 2])),
        error(tf, lambda: tf.nn.pool(x, [2, 2], "MAX", "SAME", strides=[3, 3])),
        error(tf, lambda: tf.nn.pool(x, [2], "MAX", "SAME")),
        error(tf, lambda: tf.nn.max_pool1d(tf.zeros([2, 8, 3]), [1, 2, 3, 4], 1, "SAME")),
        error(tf, lambda: tf.nn.with_space_to_batch(x, [2, 2], "SAME", lambda a, b, c: a)),
        error(tf, lambda: tf.nn.with_space_to_batch(x, [2, 2], "VALID", lambda a, b, c: a, spatial_dims=[2, 1])),
        error(tf, lambda: tf.nn.with_space_to_batch(x, 2, "VALID", lambda a, b, c: a)),
        error(tf, lambda: tf.nn.conv1d_transpose(tf.zeros([2, 8, 4]), tf.zeros([3, 3, 4]), [2, 8, 3], 1, "SAME", "CWN")),
        error(tf, lambda: tf.nn.log_poisson_loss(tf.zeros([2]), tf.zeros([3]))),
    ]
