"""What the ops of tf.nn compute, against plain NumPy, and their gradients, against differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import teachtf as tf
from teachtf import nn
from teachtf.kernels import compiling
from teachtf.kernels import softmax as softmax_kernels

R = np.random.RandomState(3)


def ramp(*shape, scale=1.0):
    return np.asarray(R.standard_normal(shape) * scale)


def windows(size, kernel, stride, dilation, padding):
    """For each window along an axis the indices that it covers; those outside are None."""
    reach = (kernel - 1) * dilation + 1
    if padding == "SAME":
        count = -(-size // stride)
        before = max(0, (count - 1) * stride + reach - size) // 2
    else:
        before, after = (0, 0) if padding == "VALID" else padding
        count = (size + before + after - reach) // stride + 1
    places = [[u * stride - before + t * dilation for t in range(kernel)] for u in range(count)]
    return [[p if 0 <= p < size else None for p in row] for row in places]


def patches(x, kernel, stride, dilation, padding):
    """(output line, output pixel, tap line, tap pixel, image line, image pixel) of every tap inside the image."""
    pads = padding[1:3] if isinstance(padding, list) else [padding] * 2
    down, across = (windows(x.shape[1 + i], kernel[i], stride, dilation, pads[i]) for i in (0, 1))
    for (u, lines), (v, pixels) in itertools.product(enumerate(down), enumerate(across)):
        for (i, line), (j, pixel) in itertools.product(enumerate(lines), enumerate(pixels)):
            if line is not None and pixel is not None:
                yield u, v, i, j, line, pixel


def convolution(x, w, stride=1, padding="SAME", dilation=1, depthwise=False):
    taps = list(patches(x, w.shape[:2], stride, dilation, padding))
    size = 1 + max(t[0] for t in taps), 1 + max(t[1] for t in taps)
    y = np.zeros((x.shape[0], *size, w.shape[2] * w.shape[3] if depthwise else w.shape[3]), x.dtype)
    for u, v, i, j, line, pixel in taps:
        if depthwise:
            y[:, u, v] += (x[:, line, pixel, :, None] * w[i, j]).reshape(x.shape[0], -1)
        else:
            y[:, u, v] += x[:, line, pixel] @ w[i, j]
    return y


def pooling(function):
    def pool(x, size, stride, padding):
        found = {}
        for u, v, _, _, line, pixel in patches(x, size, stride, 1, padding):
            found.setdefault((u, v), []).append(x[:, line, pixel])
        rows, columns = (1 + max(k[i] for k in found) for i in (0, 1))
        return np.array([[function(found[u, v], 0) for v in range(columns)] for u in range(rows)]).transpose(2, 0, 1, 3)

    return pool


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def xent(x, y):
    return -(y * np.log(softmax(x))).sum(-1)


def sigmoid_xent(x, y, weight=1.0):
    p = 1 / (1 + np.exp(-x))
    return -(weight * y * np.log(p) + (1 - y) * np.log(1 - p))


def lrn(x, radius, bias, alpha, beta):
    squares = [(x[..., max(0, c - radius) : c + radius + 1] ** 2).sum(-1) for c in range(x.shape[-1])]
    return x / (bias + alpha * np.stack(squares, -1)) ** beta


def batch_norm(x, scale, offset, epsilon=1e-3):
    axes = tuple(range(x.ndim - 1))
    return (x - x.mean(axes)) / np.sqrt(x.var(axes) + epsilon) * scale + offset


IMAGES, FILTER, DEPTHWISE = ramp(1, 5, 4, 3), ramp(3, 2, 3, 2), ramp(3, 2, 3, 2)
NCHW = IMAGES.transpose(0, 3, 1, 2)
LOGITS = ramp(4, 6, scale=3)
LABELS = softmax(ramp(4, 6))

# name: how teachtf builds it, what NumPy gives, the inputs
CASES = {
    "softmax": (nn.softmax, softmax, LOGITS),
    "softmax on axis 0": (lambda x: nn.softmax(x, 0), lambda x: softmax(x, 0), LOGITS),
    "softmax on a middle axis": (lambda x: nn.softmax(x, dim=-2), lambda x: softmax(x, 1), ramp(2, 3, 4)),
    "log_softmax": (nn.log_softmax, lambda x: np.log(softmax(x)), LOGITS),
    "softmax_cross_entropy_v2": (lambda x, y: nn.softmax_cross_entropy_with_logits_v2(y, x), xent, LOGITS, LABELS),
    "softmax_cross_entropy on axis 1": (
        lambda x, y: nn.softmax_cross_entropy_with_logits_v2(y, x, axis=1),
        lambda x, y: xent(x.swapaxes(1, 2), y.swapaxes(1, 2)),
        ramp(2, 3, 2),
        softmax(ramp(2, 3, 2), 1),
    ),
    "sparse_softmax_cross_entropy": (
        lambda x: nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 5, 2, 2], logits=x),
        lambda x: xent(x, np.eye(6)[[0, 5, 2, 2]]),
        LOGITS,
    ),
    "sparse_softmax_cross_entropy of sequences": (
        lambda x: nn.sparse_softmax_cross_entropy_with_logits(labels=[[0, 2], [1, 1]], logits=x),
        lambda x: xent(x, np.eye(3)[[[0, 2], [1, 1]]]),
        ramp(2, 2, 3),
    ),
    "sigmoid_cross_entropy": (lambda x, y: nn.sigmoid_cross_entropy_with_logits(y, x), sigmoid_xent, LOGITS, LABELS),
    "weighted_cross_entropy": (
        lambda x, y: nn.weighted_cross_entropy_with_logits(y, x, 3.0),
        lambda x, y: sigmoid_xent(x, y, 3.0),
        LOGITS,
        LABELS,
    ),
    "bias_add": (nn.bias_add, np.add, IMAGES, ramp(3)),
    "bias_add NCHW": (lambda x, b: nn.bias_add(x, b, "NCHW"), lambda x, b: x + b[:, None, None], NCHW, ramp(3)),
    "xw_plus_b": (nn.xw_plus_b, lambda x, w, b: x @ w + b, LOGITS, ramp(6, 2), ramp(2)),
    "relu_layer": (nn.relu_layer, lambda x, w, b: np.maximum(x @ w + b, 0), LOGITS, ramp(6, 2), ramp(2)),
    "crelu": (nn.crelu, lambda x: np.maximum(np.concatenate([x, -x], -1), 0), LOGITS),
    "swish": (nn.swish, lambda x: x / (1 + np.exp(-x)), LOGITS),
    "leaky_relu": (lambda x: nn.leaky_relu(x, 0.25), lambda x: np.where(x > 0, x, 0.25 * x), LOGITS),
    "l2_loss": (nn.l2_loss, lambda x: (x * x).sum() / 2, LOGITS),
    "l2_normalize": (lambda x: nn.l2_normalize(x, 1), lambda x: x / np.linalg.norm(x, axis=1, keepdims=True), LOGITS),
    "moments": (lambda x: nn.moments(x, [0])[1], lambda x: x.var(0), LOGITS),
    "batch_normalization": (
        lambda x, m, v, o, s: nn.batch_normalization(x, m, v * v, o, s, 0.1),
        lambda x, m, v, o, s: (x - m) / np.sqrt(v * v + 0.1) * s + o,
        LOGITS,
        *(ramp(6) for _ in range(4)),
    ),
    "top_k": (lambda x: nn.top_k(x, 2)[0], lambda x: -np.sort(-x)[:, :2], LOGITS),
    "embedding_lookup": (lambda t: nn.embedding_lookup(t, [[3, 0], [3, 1]]), lambda t: t[[[3, 0], [3, 1]]], ramp(5, 2)),
    "conv2d_transpose": (
        lambda x, w: nn.conv2d_transpose(x, w, [1, 4, 6, 2], 2),
        lambda x, w: np.einsum("nijc,abdc->niajbd", x, w).reshape(1, 4, 6, 2),
        ramp(1, 2, 3, 3),
        ramp(2, 2, 2, 3),
    ),
    "separable_conv2d": (
        lambda x, d, p: nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
        lambda x, d, p: convolution(x, d, depthwise=True) @ p[0, 0],
        IMAGES,
        DEPTHWISE,
        ramp(1, 1, 6, 2),
    ),
    "conv2d NCHW": (
        lambda x, w: nn.conv2d(x, w, 2, "SAME", data_format="NCHW"),
        lambda x, w: convolution(x.transpose(0, 2, 3, 1), w, 2).transpose(0, 3, 1, 2),
        NCHW,
        FILTER,
    ),
    "max_pool NCHW": (
        lambda x: nn.max_pool(x, 2, 2, "SAME", "NCHW"),
        lambda x: pooling(np.max)(x.transpose(0, 2, 3, 1), (2, 2), 2, "SAME").transpose(0, 3, 1, 2),
        NCHW,
    ),
}
EXPLICIT = [[0, 0], [1, 0], [0, 1], [0, 0]]
for _padding, _stride, _dilation in [("SAME", 1, 1), ("SAME", 2, 1), ("VALID", 3, 1), ("SAME", 1, 2), (EXPLICIT, 2, 1)]:
    CASES[f"conv2d {_padding} {_stride} {_dilation}"] = (
        lambda x, w, p=_padding, s=_stride, d=_dilation: nn.conv2d(x, w, s, p, dilations=d),
        lambda x, w, p=_padding, s=_stride, d=_dilation: convolution(x, w, s, p, d),
        IMAGES,
        FILTER,
    )
    if isinstance(_padding, str):
        CASES[f"depthwise_conv2d {_padding} {_stride} {_dilation}"] = (
            lambda x, w, p=_padding, s=_stride, d=_dilation: nn.depthwise_conv2d(x, w, [1, s, s, 1], p, rate=[d, d]),
            lambda x, w, p=_padding, s=_stride, d=_dilation: convolution(x, w, s, p, d, True),
            IMAGES,
            DEPTHWISE,
        )
for _padding, _stride in [("SAME", 2), ("VALID", 1), (EXPLICIT, 2)]:
    CASES[f"max_pool {_padding} {_stride}"] = (
        lambda x, p=_padding, s=_stride: nn.max_pool(x, [3, 2], s, p),
        lambda x, p=_padding, s=_stride: pooling(np.max)(x, (3, 2), s, p),
        IMAGES,
    )
    if isinstance(_padding, str):
        CASES[f"avg_pool {_padding} {_stride}"] = (
            lambda x, p=_padding, s=_stride: nn.avg_pool(x, [3, 2], s, p),
            lambda x, p=_padding, s=_stride: pooling(np.mean)(x, (3, 2), s, p),
            IMAGES,
        )
FLOAT32_ONLY = {
    "lrn": (lambda x: nn.lrn(x, 1, 1.0, 0.5, 0.75), lambda x: lrn(x, 1, 1.0, 0.5, 0.75), IMAGES),
    "fused_batch_norm": (lambda x, s, o: nn.fused_batch_norm(x, s, o)[0], batch_norm, IMAGES, ramp(3), ramp(3)),
    "fused_batch_norm NCHW": (
        lambda x, s, o: nn.fused_batch_norm(x, s, o, data_format="NCHW")[0],
        lambda x, s, o: batch_norm(x.transpose(0, 2, 3, 1), s, o).transpose(0, 3, 1, 2),
        NCHW,
        ramp(3),
        ramp(3),
    ),
    "fused_batch_norm in use": (
        lambda x, s, o: nn.fused_batch_norm(x, s, o, [0.1, 0.2, 0.3], [1.0, 2.0, 0.5], is_training=False)[0],
        lambda x, s, o: (x - [0.1, 0.2, 0.3]) / np.sqrt(np.array([1.0, 2.0, 0.5]) + 1e-3) * s + o,
        IMAGES,
        ramp(3),
        ramp(3),
    ),
}


def run(build, *inputs, gradients=False):
    """The result for these inputs; with `gradients`, those of a weighted sum of it too, and the weights."""
    feeds = [tf.placeholder(x.dtype, x.shape) for x in inputs]
    y = build(*feeds)
    fetches = [y]
    if gradients:
        size = y.shape.num_elements()
        weights = np.cos(np.arange(size)).reshape(y.shape.as_list()).astype(y.dtype.as_numpy_dtype)
        slopes = tf.gradients(y, feeds, grad_ys=tf.constant(weights))
        fetches += [tf.convert_to_tensor(slope) for slope in slopes]  # of gathers they are slices
    with tf.Session() as sess:
        result = sess.run(fetches, dict(zip(feeds, inputs, strict=True)))
    assert result[0].dtype == y.dtype.as_numpy_dtype and result[0].shape == tuple(y.shape.as_list())
    return (*result, weights) if gradients else result[0]


def slopes(function, weights, inputs, index, step):
    """The gradient by input `index` of the weighted sum of `function`, by central differences."""
    result = np.zeros(inputs[index].shape)
    for at in np.ndindex(*inputs[index].shape):
        sides = []
        for sign in (1, -1):
            moved = [x.copy() for x in inputs]
            moved[index][at] += sign * step
            sides.append((function(*moved) * weights).sum())
        result[at] = (sides[0] - sides[1]) / (2 * step)
    return result


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    build, reference, *inputs = CASES[name]
    y, *found, weights = run(build, *inputs, gradients=True)
    np.testing.assert_allclose(y, reference(*inputs), rtol=1e-9, atol=1e-9)
    for index, gradient in enumerate(found):
        np.testing.assert_allclose(gradient, slopes(reference, weights, inputs, index, 1e-5), rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("name", FLOAT32_ONLY)
def test_values_and_gradients_of_float32_ops(name):
    build, reference, *inputs = FLOAT32_ONLY[name]
    y, *found, weights = run(build, *(x.astype(np.float32) for x in inputs), gradients=True)
    np.testing.assert_allclose(y, reference(*inputs), rtol=1e-4, atol=1e-5)
    for index, gradient in enumerate(found):
        np.testing.assert_allclose(gradient, slopes(reference, weights, inputs, index, 1e-5), rtol=1e-3, atol=2e-4)


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16, tf.float32])
@pytest.mark.parametrize(
    "name", ["softmax", "log_softmax", "bias_add", "l2_loss", "conv2d SAME 2 1", "max_pool SAME 2", "avg_pool SAME 2"]
)
def test_other_floats(name, dtype):
    build, reference, *inputs = CASES[name]
    small = [x.astype(dtype.as_numpy_dtype) for x in inputs]
    y, *_ = run(build, *small, gradients=True)
    tolerance = {tf.float16: 2e-3, tf.bfloat16: 2e-2, tf.float32: 1e-5}[dtype]
    expected = reference(*(x.astype(np.float64) for x in small))
    np.testing.assert_allclose(y.astype(np.float64), expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmax_cross_entropy_v2", "sparse_softmax_cross_entropy"])
def test_compiled_rows_agree_with_numpy(name, dtype, monkeypatch):
    build, reference, *inputs = CASES[name]
    inputs = [x.astype(dtype) for x in inputs]
    monkeypatch.setattr(softmax_kernels, "LARGE", 1)
    run(build, *inputs)
    compiling.wait()
    tolerance = 2e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(run(build, *inputs), reference(*inputs), rtol=tolerance, atol=tolerance)
    tf.reset_default_graph()
    with_compiled = run(build, *inputs, gradients=True)
    monkeypatch.setattr(softmax_kernels, "LARGE", 1 << 60)
    tf.reset_default_graph()
    for a, b in zip(with_compiled, run(build, *inputs, gradients=True), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=2 * tolerance)


def test_second_gradients():
    """Of the ops whose gradients are ops of their own: the slope of the first gradient, by differences."""
    for name in (
        "conv2d SAME 2 1",
        "depthwise_conv2d SAME 2 1",
        "max_pool SAME 2",
        "avg_pool SAME 2",
        "softmax_cross_entropy_v2",
    ):
        build, _, *inputs = CASES[name]
        weights = ramp(*inputs[0].shape)

        def first(*values, build=build, inputs=inputs, weights=weights):
            tf.reset_default_graph()
            x = tf.placeholder(tf.float64, inputs[0].shape)
            y = build(x, *(tf.constant(v) for v in inputs[1:]))
            slope = tf.gradients(y * y, x)[0]
            second = tf.gradients(slope, x, grad_ys=tf.constant(weights))[0]
            with tf.Session() as sess:
                return sess.run([slope, second], {x: values[0]})

        _, found = first(inputs[0])
        step = 1e-5
        direction = ramp(*inputs[0].shape)
        ahead, behind = (first(inputs[0] + sign * step * direction)[0] for sign in (1, -1))
        expected = ((ahead - behind) / (2 * step) * weights).sum()
        np.testing.assert_allclose((found * direction).sum(), expected, rtol=1e-4)


def test_whole_numbers():
    x = (IMAGES * 10).astype(np.int32)
    np.testing.assert_array_equal(run(lambda x: nn.max_pool(x, 2, 2, "SAME"), x), pooling(np.max)(x, (2, 2), 2, "SAME"))
    w = (FILTER * 10).astype(np.int32)
    np.testing.assert_array_equal(run(lambda x, w: nn.conv2d(x, w, 1, "SAME"), x, w), convolution(x, w))


def test_pooling_over_channels():
    np.testing.assert_array_equal(
        run(lambda x: nn.max_pool(x, [1, 1, 1, 3], [1, 1, 1, 3], "VALID"), IMAGES), IMAGES.max(-1, keepdims=True)
    )


def test_statistics_of_fused_batch_norm():
    x = IMAGES.astype(np.float32)
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2), ddof=1)
    ones, given = np.ones(3, np.float32), np.float32([1, 2, 3])
    for factor in (1.0, 0.25):
        outputs = nn.fused_batch_norm(x, ones, ones, given, given, exponential_avg_factor=factor)
        with tf.Session() as sess:
            _, new_mean, new_variance = sess.run(outputs)
        np.testing.assert_allclose(new_mean, given + factor * (mean - given), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(new_variance, given + factor * (variance - given), rtol=1e-5)
