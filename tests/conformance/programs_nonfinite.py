"""NaN and infinity through products, windows, reductions, activations, losses and optimizers."""

from __future__ import annotations

import numpy as np
from harness import Programs, error

programs = Programs()
NAN, INF = np.nan, np.inf
MATRIX = np.array([[1, NAN, 2, -3], [INF, 1, 0, 2], [-INF, INF, 1, 0], [0.5, -1, 2, -4], [-INF, -INF, -INF, -INF]], np.float32)
IMAGE = np.arange(72, dtype=np.float32).reshape(2, 6, 6, 1) / 8
IMAGE[0, 1, 1], IMAGE[0, 4, 4], IMAGE[1, 2, 3], IMAGE[1, 5, 0] = NAN, INF, -INF, 3e38


def values(tf, build, *arrays):
    """What `build` of placeholders gives for these arrays, or the class of its error."""
    with tf.Graph().as_default():
        feeds = {tf.placeholder(a.dtype, a.shape): a for a in arrays}
        got = []

        def run():
            result = build(tf, *feeds)
            with tf.Session() as sess:
                got.append(sess.run(result, feeds))

        failed = error(tf, run)
        return failed["class"] or got[0]


def program(name, table, *arrays):
    programs.add(name, lambda tf: {label: values(tf, build, *arrays) for label, build in table.items()})


def with_slope(build):
    def both(tf, *inputs):
        y = build(tf, *inputs)
        return [y, *tf.gradients(y, list(inputs))]

    return both


UNARY = ["abs", "negative", "sign", "square", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "sigmoid"]
UNARY += ["floor", "ceil", "round", "reciprocal", "is_nan", "is_inf", "is_finite", "erf", "atan", "asinh"]
program("unary", {name: lambda tf, x, n=name: getattr(tf, n)(x) for name in UNARY}, MATRIX)
NN = ["relu", "relu6", "elu", "selu", "softplus", "softsign", "leaky_relu", "softmax", "log_softmax", "l2_loss", "crelu"]
program("activations", {name: with_slope(lambda tf, x, n=name: getattr(tf.nn, n)(x)) for name in NN}, MATRIX)
BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "pow", "squared_difference", "less", "less_equal"]
BINARY += ["equal", "not_equal", "div_no_nan", "floordiv", "floormod", "atan2"]
program("binary", {name: lambda tf, x, y, n=name: getattr(tf, n)(x, y) for name in BINARY}, MATRIX, MATRIX[::-1].copy())
program(
    "extremes", {n: with_slope(lambda tf, x, y, n=n: getattr(tf, n)(x, y)) for n in BINARY[4:6]}, MATRIX, MATRIX[::-1].copy()
)
REDUCTIONS = ["sum", "mean", "prod", "max", "min", "logsumexp"]
program(
    "reductions",
    {
        f"{name} {axis}": lambda tf, x, n=name, a=axis: getattr(tf, f"reduce_{n}")(x, axis=a)
        for name in REDUCTIONS
        for axis in (0, 1, None)
    },
    MATRIX,
)
program(
    "along_an_axis",
    {
        "cumsum": lambda tf, x: tf.cumsum(x, 1),
        "cumprod": lambda tf, x: tf.cumprod(x, 1),
        "top_k of what can be ordered": lambda tf, x: tf.nn.top_k(x[3:], 2),
        "l2_normalize": lambda tf, x: tf.nn.l2_normalize(x, 1),
        "moments": lambda tf, x: tf.nn.moments(x, [0]),
        "clip_by_value": lambda tf, x: tf.clip_by_value(x, -1.0, 1.0),
        "clip_by_norm": lambda tf, x: tf.clip_by_norm(x, 1.0),
        "segment_sum": lambda tf, x: tf.segment_sum(x, [0, 0, 1, 1, 2]),
        "segment_max": lambda tf, x: tf.unsorted_segment_max(x[1:], [0, 0, 1, 1], 2),
        "where": lambda tf, x: tf.where(tf.is_nan(x)),
        "cast": lambda tf, x: tf.cast(x, tf.float64),
        "argmax of what can be ordered": lambda tf, x: tf.argmax(x[1:], 1),
        "check_numerics": lambda tf, x: tf.check_numerics(x, "here"),
        "check_numerics of finite numbers": lambda tf, x: tf.check_numerics(x[3:4], "here"),
    },
    MATRIX,
)
program(
    "products",
    {
        "matmul": with_slope(lambda tf, x, y: tf.matmul(x, y)),
        "batch": lambda tf, x, y: tf.matmul(tf.stack([x, -x]), tf.stack([y, y])),
        "zeros keep nothing away": lambda tf, x, y: tf.matmul(tf.zeros([2, 5]), x),
        "tensordot": lambda tf, x, y: tf.tensordot(x, y, 1),
    },
    MATRIX,
    np.ascontiguousarray(MATRIX.T),
)


def large_product(tf):
    """Large enough for compiled code: NaN and infinity reach their row and no other."""
    a = np.ones((200, 300), np.float32)
    a[3, 5], a[7, 9], a[150, 299] = NAN, INF, -INF
    b = np.full((300, 100), 0.5, np.float32)
    x, y = tf.placeholder(tf.float32, a.shape), tf.placeholder(tf.float32, b.shape)
    with tf.Session() as sess:
        product = sess.run(tf.matmul(x, y), {x: a, y: b})
    return {"rows": product[[0, 3, 7, 150, 199], :3], "finite": int(np.isfinite(product).sum())}


programs.add("large_product", large_product)
STRIDES = [1, 1, 1, 1], [1, 2, 2, 1]
FILTER = np.array([[[[1.0, 0.0]], [[-1.0, 2.0]], [[0.5, 1.0]]]] * 3, np.float32)
for _name in ("max", "avg"):
    program(
        f"{_name}_pooling",
        {
            f"{padding} {strides[1]}": with_slope(
                lambda tf, x, n=_name, p=padding, s=strides: getattr(tf.nn, f"{n}_pool")(x, [1, 2, 2, 1], s, p)
            )
            for padding in ("SAME", "VALID")
            for strides in STRIDES
        },
        IMAGE,
    )
program(
    "convolution",
    {
        f"{padding} {strides[1]}": with_slope(lambda tf, x, w, p=padding, s=strides: tf.nn.conv2d(x, w, s, p))
        for padding in ("SAME", "VALID")
        for strides in STRIDES
    }
    | {
        "depthwise": with_slope(lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME")),
        "infinite filter": lambda tf, x, w: tf.nn.conv2d(tf.zeros_like(x[:1]), w * INF, [1, 1, 1, 1], "SAME"),
    },
    IMAGE,
    FILTER,
)


def many_channels(size):
    def program(tf):
        """Where minimal filtering serves: what is not finite stays in its window."""
        images, filters = np.ones((2, 12, 12, 32), np.float32), np.full((size, size, 32, 64), 0.01, np.float32)
        images[0, 6, 6, 5], images[1, 2, 2, 0] = NAN, INF
        x, w = tf.placeholder(tf.float32, images.shape), tf.placeholder(tf.float32, filters.shape)
        y = tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME")
        with tf.Session() as sess:
            value, back = sess.run([y, tf.gradients(tf.reduce_sum(y[:, :5, :5]), x)[0]], {x: images, w: filters})
        return {"places": np.argwhere(~np.isfinite(value[..., 0])), "line": value[1, 2, :, 0], "back": back[0, :, 4, 0]}

    return program


for _size in (3, 5):
    programs.add(f"many_channels_{_size}", many_channels(_size))

LABELS = np.array([[0.2, 0.3, 0.5, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0.5, 0.5, 0], [0, 0, 1, 0]], np.float32)
program(
    "losses",
    {
        "softmax": lambda tf, x, y: tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=x),
        "sparse": lambda tf, x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1, 2, 3, 0], logits=x),
        "sigmoid": lambda tf, x, y: tf.nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x),
        "batch norm": lambda tf, x, y: tf.nn.batch_normalization(x, 0.5, 2.0, 0.0, 1.0, 1e-3),
        "fused batch norm": lambda tf, x, y: tf.nn.fused_batch_norm(tf.reshape(x, [1, 1, 5, 4]), tf.ones([4]), tf.zeros([4]))[
            0
        ],
        "dropout of nothing": lambda tf, x, y: tf.nn.dropout(x, rate=0.0),
    },
    MATRIX,
    LABELS,
)

OPTIMIZERS = {
    "sgd": lambda tf: tf.train.GradientDescentOptimizer(0.1),
    "momentum": lambda tf: tf.train.MomentumOptimizer(0.1, 0.9),
    "adam": lambda tf: tf.train.AdamOptimizer(0.1),
    "adagrad": lambda tf: tf.train.AdagradOptimizer(0.1),
    "rmsprop": lambda tf: tf.train.RMSPropOptimizer(0.1),
    "adadelta": lambda tf: tf.train.AdadeltaOptimizer(0.1),
    "ftrl": lambda tf: tf.train.FtrlOptimizer(0.1),
}


def optimizer(make):
    def program(tf):
        """Two steps from a gradient that is not finite everywhere."""
        v = tf.Variable([1.0, 2.0, 3.0, 4.0, 0.0])
        g = tf.placeholder(tf.float32, [5])
        step = make(tf).apply_gradients([(g, v)])
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            facts = []
            for gradient in ([0.5, NAN, INF, -INF, 0.0], [0.5, 0.5, 0.5, 0.5, 1e30]):
                sess.run(step, {g: gradient})
                facts.append(sess.run(v))
        return facts

    return program


for _name, _make in OPTIMIZERS.items():
    programs.add(f"optimizer_{_name}", optimizer(_make))
