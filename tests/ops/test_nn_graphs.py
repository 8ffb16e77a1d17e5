"""What the functions of tf.nn put into the graph: shapes, operations, names; and what they refuse, then and in a run."""

from __future__ import annotations

import numpy as np
import pytest

import teachtf as tf
from teachtf import nn


def images(*shape, dtype=tf.float32):
    return tf.placeholder(dtype, shape)


def ints(*shape):
    return tf.placeholder(tf.int32, shape)


X, W = (1, 8, 8, 3), (3, 3, 3, 4)
ONES = [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("build", "shape"),
    [
        (lambda: nn.conv2d(images(None, 8, None, 3), images(3, 3, 3, None), 2, "SAME"), [None, 4, None, None]),
        (lambda: nn.conv2d(images(None, 8, None, 3), images(None, None, 3, 6), 2, "VALID"), [None, None, None, 6]),
        (lambda: nn.conv2d(images(None, 8, None, 3), images(None, None, 3, 6), 2, "SAME"), [None, 4, None, 6]),
        (lambda: nn.conv2d(tf.placeholder(tf.float32), images(*W), 2, "SAME"), [None, None, None, 4]),
        (lambda: nn.conv2d(images(*X), tf.placeholder(tf.float32), 2, "SAME"), [1, 4, 4, None]),
        (lambda: nn.conv2d(images(None, 3, 8, None), images(*W), 2, "SAME", data_format="NCHW"), [None, 4, 4, None]),
        (lambda: nn.conv2d(images(1, 8, 9, 3), images(*W), 1, "VALID", dilations=2), [1, 4, 5, 4]),
        (lambda: nn.conv2d(images(*X), images(*W), ONES, [[0, 0], [1, 2], [3, 4], [0, 0]]), [1, 9, 13, 4]),
        (lambda: nn.conv2d(images(*X), filters=images(*W), strides=[2, 3], padding="SAME"), [1, 4, 3, 4]),
        (lambda: nn.conv2d_transpose(images(1, 4, 4, 3), images(3, 3, 5, 3), [1, 8, 8, 5], 2), [1, 8, 8, 5]),
        (lambda: nn.conv2d_transpose(images(1, 4, 4, 3), images(3, 3, 5, 3), ints(4), 2), [1, None, None, None]),
        (lambda: nn.conv2d_backprop_input(X, images(*W), images(1, 8, 8, 4), ONES, "SAME"), list(X)),
        (lambda: nn.conv2d_backprop_filter(images(*X), W, images(1, 8, 8, 4), ONES, "SAME"), list(W)),
        (lambda: nn.depthwise_conv2d(images(1, 3, 4, 4), images(3, 3, 3, 2), ONES, "VALID", data_format="NCHW"), [1, 6, 2, 2]),
        (lambda: nn.max_pool(images(None, 4, 5, 3), 2, 2, "SAME"), [None, 2, 3, 3]),
        (lambda: nn.max_pool(images(None, 4, None, 3), [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), [None, 2, None, 3]),
        (lambda: nn.max_pool(images(None, 4, 4, 3), [1, 1, 1, 3], [1, 1, 1, 3], "VALID"), [None, 4, 4, 1]),
        (lambda: nn.max_pool(tf.placeholder(tf.float32), 2, 2, "SAME"), [None, None, None, None]),
        (lambda: nn.avg_pool(images(None, 3, 4, 4), 2, 2, "SAME", "NCHW"), [None, 3, 2, 2]),
        (lambda: nn.bias_add(images(None, None), images(3)), [None, 3]),
        (lambda: nn.softmax_cross_entropy_with_logits_v2(labels=images(None, 3), logits=images(2, None)), [2]),
        (lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=ints(None, 3), logits=images(2, 3, 4)), [2, 3]),
        (lambda: nn.top_k(images(2, 5), ints())[1], [2, None]),
        (lambda: nn.in_top_k(images(2, 5), ints(None), 3), [2]),
        (lambda: nn.fused_batch_norm(images(None, 2, 3, None), images(4), images(4))[0], [None, 2, 3, 4]),
        (lambda: nn.embedding_lookup([images(10, 3), images(9, 3)], ints(2, None)), [2, None, 3]),
        (lambda: nn.crelu(images(2, None, 3)), [2, None, 6]),
        (lambda: nn.dropout(images(None, 3), 0.5), [None, 3]),
    ],
)
def test_shapes(build, shape):
    assert build().shape.as_list() == shape


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: nn.conv2d(images(1, 2, 2, 1), images(3, 3, 1, 1), 1, "VALID"), "size caused by subtracting 3 from 2"),
        (lambda: nn.conv2d(images(1, 2, 2), images(3, 3, 1, 1), 1, "VALID"), "Shape must be rank 4 but is rank 3"),
        (lambda: nn.conv2d(images(*X), images(3, 3, 2, 4), 1, "SAME"), "not a multiple of input depth of filter (2)"),
        (lambda: nn.conv2d(images(1, 8, 8, 4), images(3, 3, 2, 3), 1, "SAME"), "a multiple of the number of groups (2)"),
        (lambda: nn.conv2d(images(1, 8, 8, 0), images(3, 3, 0, 4), 1, "SAME"), "Depth of filter must not be 0"),
        (lambda: nn.conv2d(images(*X), images(*W), [1, 0, 1, 1], "SAME"), "Stride must be > 0, but got 0"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, "SAME", dilations=0), "Dilation rate must be >= 1, but got 0"),
        (lambda: nn.conv2d(images(*X), images(*W), [1, 1, 1], "SAME"), "strides should be of length 1, 2 or 4"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, "FULL"), '"SAME", "VALID", "EXPLICIT"'),
        (lambda: nn.conv2d(images(*X), images(*W), 1, "EXPLICIT"), "`padding` must be a list"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, [[0, 0], [1, 1]]), "it must be of size 4"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, [[0, 0], [1], [0, 0], [0, 0]]), "at index 1 of size 1"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, [[1, 0], [0, 0], [0, 0], [0, 0]]), "Nonzero explicit padding"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, [[0, 0], [-1, 0], [0, 0], [0, 0]]), "must be nonnegative"),
        (lambda: nn.conv2d(images(*X), images(*W), 1, "SAME", filters=images(*W)), "both 'filter' and 'filters'."),
        (lambda: nn.conv2d_transpose(images(1, 4, 4, 3), images(3, 3, 5, 4), X, 2), "must be equal, but are 3 and 4"),
        (lambda: nn.conv2d_transpose(images(1, 4, 4, 3), images(3, 3, 5, 3), [1, 8, 8], 2), "input_sizes to contain 4 values"),
        (lambda: nn.separable_conv2d(images(*X), images(3, 3, 3, 2), images(1, 2, 6, 7), ONES, "SAME"), "not compatible"),
        (lambda: nn.max_pool(images(1, 1, 5, 3), 2, 2, "VALID"), "Negative dimension size caused by subtracting 2 from 1"),
        (lambda: nn.max_pool(images(*X), [1, 0, 1, 1], 1, "VALID"), "`ksize` cannot be zero"),
        (lambda: nn.avg_pool(images(*X), 2, 2, "EXPLICIT"), '"SAME", "VALID"'),
        (lambda: nn.bias_add(images(2, 3), images(4)), "Dimensions must be equal, but are 3 and 4"),
        (lambda: nn.bias_add(images(3), images(3)), "Shape must be at least rank 2 but is rank 1"),
        (lambda: nn.bias_add(images(2, 3), images(3), "XX"), "`data_format` must be of the form"),
        (lambda: nn.softmax(images()), "Shape must be at least rank 1 but is rank 0"),
        (lambda: nn.softmax(images(1, 3), axis=-1, dim=-1), "Cannot specify both 'dim' and 'axis'."),
        (lambda: nn.softmax_cross_entropy_with_logits_v2(labels=images(2, 3), logits=images(2, 4)), "but are 4 and 3"),
        (lambda: nn.softmax_cross_entropy_with_logits(logits=images(2, 4)), "Both `labels` and `logits` must be provided"),
        (lambda: nn.sparse_softmax_cross_entropy_with_logits(ints(3), images(2, 3)), "must equal `logits.shape` except"),
        (lambda: nn.sparse_softmax_cross_entropy_with_logits(ints(3, 1), images(2, 3)), "must equal `logits.shape.rank - 1`"),
        (lambda: nn.sparse_softmax_cross_entropy_with_logits(ints(3, 1), images()), "`logits` cannot be a scalar"),
        (lambda: nn.sigmoid_cross_entropy_with_logits(images(2), images(3)), "received ((3,) vs (2,))"),
        (lambda: nn.top_k(images(2, 5), 6), "input must have last dimension >= k = 6 but is 5"),
        (lambda: nn.top_k(images(2, 5), -1), "must be non-negative but is -1"),
        (lambda: nn.in_top_k(images(2, 5), ints(3), 1), "Dimensions must be equal, but are 2 and 3"),
        (lambda: nn.lrn(images(1, 2, 3)), "Shape must be rank 4 but is rank 3"),
        (lambda: nn.fused_batch_norm(images(*X), images(5), images(3)), "Dimensions must be equal, but are 3 and 5"),
        (lambda: nn.fused_batch_norm(images(*X), images(3), images(3), is_training=False), "must be a 1D tensor"),
        (lambda: nn.dropout(images(2), keep_prob=1.5), "in the range [0, 1). Received: rate=-0.5"),
        (lambda: nn.dropout(images(2), rate=0.5, keep_prob=0.5), "Cannot specify both 'keep_prob' and 'rate'."),
        (lambda: nn.dropout(images(2)), "`rate` must be provided"),
        (lambda: nn.dropout(ints(2), 0.5), "must be a floating point tensor"),
        (lambda: nn.dropout(images(2), rate="a"), "must be a scalar or scalar tensor"),
        (lambda: nn.dropout(images(2), keep_prob="a"), "must be a floating point number or Tensor"),
        (lambda: nn.dropout(images(2), rate=images(2)), "must have rank 0"),
        (lambda: nn.embedding_lookup(None, ints(2)), "params must be specified"),
        (lambda: nn.embedding_lookup([], ints(2)), "Length of params is currently 0"),
        (lambda: nn.embedding_lookup([images(1, 2), images(1, 2)], ints(2), "x"), "Unrecognized partition strategy: x"),
    ],
)  # fmt: skip
def test_refused_while_building(build, message):
    with pytest.raises(ValueError) as caught:
        build()
    assert message in str(caught.value)


def test_wrong_types():
    with pytest.raises(TypeError, match="does not match type float32 of argument 'input'"):
        nn.conv2d(images(*X), images(*W, dtype=tf.float64), 1, "SAME")
    with pytest.raises(TypeError, match="DataType int64 not in list of allowed values"):
        nn.conv2d(images(*X, dtype=tf.int64), images(*W, dtype=tf.int64), 1, "SAME")
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"range \[-2, 2\)"):
        nn.softmax(images(2, 3), axis=2)


def nodes(names=True):
    return [(op.name if names else op.type) for op in tf.get_default_graph().get_operations() if op.type != "Placeholder"]


def test_names():
    """Of the operations that TensorFlow 2.21 makes in `compat.v1`, in order."""
    logits, labels = images(2, 3), images(2, 3)
    nn.dropout(logits, rate=0.2, name="d")
    assert nodes() == [
        "d/Const", "d/Mul", "d/Shape", "d/random_uniform/RandomUniform", "d/GreaterEqual/y", "d/GreaterEqual", "d/Const_1",
        "d/SelectV2",
    ]  # fmt: skip
    tf.reset_default_graph()
    x = images(2, 3)
    nn.moments(x, [0])
    assert nodes() == [
        "moments/mean/reduction_indices", "moments/mean", "moments/StopGradient", "moments/SquaredDifference",
        "moments/variance/reduction_indices", "moments/variance", "moments/Squeeze", "moments/Squeeze_1",
    ]  # fmt: skip
    tf.reset_default_graph()
    logits, labels = images(2, 3), images(2, 3)
    loss = nn.softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    assert loss.name == "softmax_cross_entropy_with_logits_sg/Reshape_2:0"
    assert nodes()[0] == "softmax_cross_entropy_with_logits_sg/labels_stop_gradient"
    assert tf.gradients(loss, [logits, labels])[1] is None
    made = [name for name in nodes() if name.startswith("gradients/softmax_cross_entropy_with_logits_sg_grad/")]
    assert [name.rsplit("/", 1)[1] for name in made] == [
        "dim", "ExpandDims", "mul", "LogSoftmax", "Neg", "dim", "ExpandDims_1", "mul_1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "types"),
    [
        (lambda x: nn.conv2d(x, tf.ones(W), 2, "SAME"), ["ShapeN", "Conv2DBackpropInput", "Conv2DBackpropFilter"]),
        (
            lambda x: nn.depthwise_conv2d_native(x, tf.ones([3, 3, 3, 1]), ONES, "SAME"),
            ["Const", "DepthwiseConv2dNativeBackpropInput", "Const", "DepthwiseConv2dNativeBackpropFilter"],
        ),
        (lambda x: nn.max_pool(x, 2, 2, "SAME"), ["MaxPoolGrad"]),
        (lambda x: nn.avg_pool(x, 2, 2, "SAME"), ["Const", "AvgPoolGrad"]),
        (lambda x: nn.bias_add(x, [1.0, 2.0, 3.0]), ["BiasAddGrad"]),
        (lambda x: nn.softmax(x), ["Mul", "Const", "Sum", "Sub", "Mul"]),
        (lambda x: nn.log_softmax(x), ["Exp", "Const", "Sum", "Mul", "Sub"]),
        (lambda x: nn.lrn(x), ["LRNGrad"]),
        (lambda x: nn.l2_loss(x), ["Mul"]),
    ],
)
def test_gradient_operations(build, types):
    x = images(*X)
    y = build(x)
    start = tf.placeholder(tf.float32, y.shape)
    before = len(nodes())
    tf.gradients(y, x, grad_ys=start)
    made = nodes(names=False)[before:]
    assert made[made[0] == "Identity" :] == types  # without that of the gradient to start from


def evaluate(fetch, feeds=None):
    with tf.Session() as sess:
        return sess.run(fetch, feeds)


def test_dropout():
    x = tf.ones([100, 100])
    y, rows, none = evaluate([nn.dropout(x, 0.25, seed=1), nn.dropout(x, rate=0.5, noise_shape=[None, 1], seed=1), x])
    assert set(np.unique(y)) == {0.0, 4.0}
    assert abs((y > 0).mean() - 0.25) < 0.03
    assert (rows == rows[:, :1]).all() and 0 < (rows > 0).mean() < 1
    assert nn.dropout(x, keep_prob=1.0) is x
    keep = tf.placeholder_with_default(0.5, [])
    y = nn.dropout(x, keep_prob=keep, seed=2)
    assert set(np.unique(evaluate(y))) == {0.0, 2.0}
    np.testing.assert_array_equal(evaluate(y, {keep: 1.0}), none)


def test_top_k_prefers_the_first_of_equals():
    values, indices = evaluate(nn.top_k([[2, 3, 3, 1], [-(2**31), 0, 0, 0]], 3))
    np.testing.assert_array_equal(values, [[3, 3, 2], [0, 0, 0]])
    np.testing.assert_array_equal(indices, [[1, 2, 0], [1, 2, 3]])
    assert indices.dtype == np.int32


def test_in_top_k():
    predictions = [[1.0, 1.0, 1.0], [0.0, 1.0, 2.0], [1.0, 2.0, np.inf], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    found = evaluate(nn.in_top_k(predictions, [2, 0, 0, 3, -1], 2))
    np.testing.assert_array_equal(found, [True, False, False, False, False])


@pytest.mark.parametrize("strategy", ["mod", "div"])
def test_embedding_lookup_in_partitions(strategy):
    whole = np.arange(14.0).reshape(7, 2)
    parts = [whole[i::3] for i in range(3)] if strategy == "mod" else np.split(whole, [3, 5])
    tables = [tf.constant(p) for p in parts]
    found = nn.embedding_lookup(tables, [[0, 6], [3, 3]], strategy)
    gradients = tf.gradients(found, tables)
    values, *slopes = evaluate([found, *map(tf.convert_to_tensor, gradients)])
    np.testing.assert_array_equal(values, whole[[[0, 6], [3, 3]]])
    counts = np.bincount([0, 6, 3, 3], minlength=7)[:, None] * np.ones(2)
    expected = [counts[i::3] for i in range(3)] if strategy == "mod" else np.split(counts, [3, 5])
    for slope, count in zip(slopes, expected, strict=True):
        np.testing.assert_array_equal(slope, count)


def test_embedding_lookup_cuts_long_rows():
    table = tf.constant([[3.0, 4.0], [0.3, 0.4], [0.0, 0.0]])  # a list would be partitions
    found = evaluate(nn.embedding_lookup(table, [0, 1, 2], max_norm=1.0))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.3, 0.4], [0.0, 0.0]], rtol=1e-6)


def test_zero_fraction():
    assert evaluate(nn.zero_fraction([0.0, 1.0, 0.0, 2.0])) == np.float32(0.5)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 3], logits=tf.ones([2, 3])),
            tf.errors.InvalidArgumentError,
            r"Received a label value of 3 which is outside the valid range of \[0, 3\).  Label values: 0 3",
        ),
        (
            lambda: nn.conv2d(tf.ones([1, 4, 4, 4]), tf.ones([1, 1, 2, 2]), 1, "SAME"),
            tf.errors.UnimplementedError,
            "Grouped convolutions are not supported",
        ),
        (
            lambda: nn.max_pool(tf.ones([4, 4, 4, 4]), [2, 1, 1, 1], [2, 1, 1, 1], "SAME"),
            tf.errors.UnimplementedError,
            "not yet supported on the batch dimension",
        ),
        (
            lambda: nn.conv2d_transpose(tf.ones([1, 2, 2, 1]), tf.ones([2, 2, 1, 1]), [1, 9, 4, 1], 2),
            tf.errors.InvalidArgumentError,
            "out_backprop has shape",
        ),
    ],
)
def test_refused_in_a_run(build, error, message):
    y = build()
    with pytest.raises(error, match=message):
        evaluate(y)


def test_nothing_is_written_to():
    """Feeds are handed to kernels as they are, and may be read-only."""
    x = np.random.RandomState(0).standard_normal((2, 4, 4, 3)).astype(np.float32)
    x.flags.writeable = False
    feed = images(2, 4, 4, 3)
    results = [
        nn.softmax(feed), nn.log_softmax(feed), nn.lrn(feed), nn.max_pool(feed, 2, 2, "SAME"), nn.bias_add(feed, [1.0] * 3),
        nn.fused_batch_norm(feed, [1.0] * 3, [0.0] * 3)[0], nn.depthwise_conv2d(feed, tf.ones([2, 2, 3, 1]), ONES, "SAME"),
    ]  # fmt: skip
    before = x.copy()
    evaluate([results, tf.gradients(results, feed)], {feed: x})
    np.testing.assert_array_equal(x, before)
