"""Ops in common use, a row each: the graph it makes, its gradients, values of both, and static shapes of vague inputs."""

from __future__ import annotations

import numpy as np
from harness import Programs, describe_graph, static

programs = Programs()
FLOATS = (np.float16, np.float32, np.float64, np.complex64, np.complex128)


def ramp(*shape, low=-2.0, high=2.0, dtype=np.float32):
    """Numbers without order or ties."""
    size = int(np.prod(shape))
    order = np.random.RandomState(size).permutation(size)
    return np.linspace(low, high, size)[order].reshape(shape).astype(dtype)


def ints(*shape, low=0, high=9, dtype=np.int32):
    return np.random.RandomState(5).randint(low, high, shape).astype(dtype)


def case(name, build, *inputs, gradient=True, vague=True, into=programs):
    """Add a program: `build(tf, *tensors)` on placeholders of the inputs' shapes, its gradients, and a run of both.

    With `vague`, static shapes of the result also where only the rank, or nothing, is known of the inputs.
    """
    arrays = [np.asarray(i) for i in inputs]

    def program(tf):
        def place(shape_of):
            names = [f"x{i}" for i in range(len(arrays))]
            return [tf.placeholder(a.dtype, shape_of(a), name=n) for n, a in zip(names, arrays, strict=True)]

        tensors = place(lambda a: a.shape)
        out = build(tf, *tensors)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        floats = [t for t, a in zip(tensors, arrays, strict=True) if a.dtype.type in FLOATS]
        wanted = list(outs)
        facts = {}
        if gradient and floats:
            grads = tf.gradients(outs, floats)
            facts["gradients"] = [None if g is None else g.name for g in grads]
            wanted += [g for g in grads if g is not None]
        facts["static"] = static(*outs)
        facts["graph"] = describe_graph(tf)
        with tf.Session() as sess:
            facts["values"] = sess.run(wanted, dict(zip(tensors, arrays, strict=True)))
        if vague:
            for key, shape_of in (("rank known", lambda a: [None] * a.ndim), ("nothing known", lambda a: None)):
                with tf.Graph().as_default():
                    out = build(tf, *place(shape_of))
                    facts[key] = static(*(out if isinstance(out, (list, tuple)) else [out]))
        return facts

    into.add(name, program)


# --- elementwise -----------------------------------------------------------------------------------------------------

X = ramp(3, 4)
POSITIVE = ramp(3, 4, low=0.1, high=3.0)
INSIDE = ramp(3, 4, low=-0.9, high=0.9)

UNARY = "abs negative square sign exp tanh sigmoid sin cos tan floor ceil round erf atan sinh cosh asinh expm1 rint erfc"
for _name in UNARY.split():
    case(_name, lambda tf, x, name=_name: getattr(tf, name)(x), X)
for _name in ["log", "sqrt", "rsqrt", "log1p", "reciprocal", "lgamma", "digamma", "acosh"]:
    _data = POSITIVE + 1 if _name == "acosh" else POSITIVE
    case(_name, lambda tf, x, name=_name: getattr(tf, name)(x), _data)
for _name in ["asin", "acos", "atanh"]:
    case(_name, lambda tf, x, name=_name: getattr(tf, name)(x), INSIDE)
case("unary_double", lambda tf, x: [tf.exp(x), tf.tanh(x), tf.sigmoid(x), tf.sqrt(tf.abs(x))], X.astype(np.float64))
case("unary_int", lambda tf, x: [tf.abs(x), -x, tf.square(x), tf.sign(x)], ints(5, low=-9))
Z = (X + 1j * X[::-1]).astype(np.complex64)
case("unary_complex", lambda tf, x: [tf.real(x), tf.imag(x), tf.abs(x), tf.angle(x)], Z, gradient=False)
case("complex_of_parts", lambda tf, x, y: tf.complex(x, y), X, POSITIVE, gradient=False)
case(
    "is_finite",
    lambda tf, x: [tf.is_finite(x), tf.is_nan(x), tf.is_inf(x)],
    np.float32([1, np.inf, np.nan, -np.inf]),
    gradient=False,
)

BINARY = "add subtract multiply divide maximum minimum squared_difference pow atan2 div truediv floordiv mod div_no_nan"
for _name in BINARY.split():
    case(f"binary_{_name}", lambda tf, x, y, name=_name: getattr(tf, name)(x, y), POSITIVE, ramp(3, 4, low=0.5, high=2.5))
for _name in ["add", "subtract", "multiply", "truediv", "maximum", "pow"]:
    case(f"broadcast_{_name}", lambda tf, x, y, name=_name: getattr(tf, name)(x, y), POSITIVE, ramp(4, low=0.5, high=2.0))
case("broadcast_both_ways", lambda tf, x, y: x * y, ramp(3, 1, 2), ramp(4, 1))
case("broadcast_scalar", lambda tf, x, y: x - y, X, np.float32(2))
for _name in ["add", "multiply", "floordiv", "mod", "truediv", "div", "truncatediv", "maximum"]:
    _parts = ints(6, low=-9), ints(6, low=1) * np.int32([1, -1, 1, -1, 1, -1])
    case(f"int_{_name}", lambda tf, x, y, name=_name: getattr(tf, name)(x, y), *_parts)
for _name in ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"]:
    case(f"compare_{_name}", lambda tf, x, y, name=_name: getattr(tf, name)(x, y), ints(4, 3, high=3), ints(3, high=3))
for _name in ["logical_and", "logical_or", "logical_xor"]:
    case(_name, lambda tf, x, y, name=_name: getattr(tf, name)(x, y), ints(6, high=2) > 0, np.arange(6) % 2 > 0)
case("logical_not", lambda tf, x: tf.logical_not(x), ints(6, high=2) > 0)
case("where_three", lambda tf, c, x, y: tf.where(c, x, y), X > 0, X, POSITIVE)
case("where_by_row", lambda tf, c, x, y: tf.where(c, x, y), np.array([True, False, True]), X, POSITIVE)
case("where_one", lambda tf, c: tf.where(c), X > 0)
case("add_n", lambda tf, x, y, z: tf.add_n([x, y, z]), X, POSITIVE, INSIDE)
case("add_n_of_one", lambda tf, x: tf.add_n([x]), X)
case("accumulate_same_input", lambda tf, x: x * x + x, X)
case("clip_by_value", lambda tf, x: tf.clip_by_value(x, -1.0, 0.5), X)
case("clip_by_norm", lambda tf, x: tf.clip_by_norm(x, 1.5), X)
case("clip_by_global_norm", lambda tf, x, y: [*(r := tf.clip_by_global_norm([x, y], 1.0))[0], r[1]], X, POSITIVE)
case("stop_gradient", lambda tf, x: x * tf.stop_gradient(x), X)
case("identity", lambda tf, x: tf.identity(x), X)
for _to in ["float32", "float64", "int32", "int64", "uint8", "bool", "float16", "bfloat16"]:
    if _to != "bfloat16":
        case(f"cast_to_{_to}", lambda tf, x, to=_to: tf.cast(x, getattr(tf, to)), POSITIVE)
case("cast_helpers", lambda tf, x: [tf.to_float(x), tf.to_int32(x), tf.to_int64(x), tf.to_double(x)], ints(3))
case("saturate_cast", lambda tf, x: tf.saturate_cast(x, tf.uint8), np.float32([-3, 7, 300]), gradient=False)

# --- linear algebra --------------------------------------------------------------------------------------------------

case("matmul", lambda tf, a, b: tf.matmul(a, b), ramp(3, 4), ramp(4, 2))
case("matmul_transpose_a", lambda tf, a, b: tf.matmul(a, b, transpose_a=True), ramp(4, 3), ramp(4, 2))
case("matmul_transpose_b", lambda tf, a, b: tf.matmul(a, b, transpose_b=True), ramp(3, 4), ramp(2, 4))
case("matmul_transpose_both", lambda tf, a, b: tf.matmul(a, b, True, True), ramp(4, 3), ramp(2, 4))
case("matmul_double", lambda tf, a, b: tf.matmul(a, b), ramp(3, 4, dtype=np.float64), ramp(4, 2, dtype=np.float64))
case("matmul_int", lambda tf, a, b: tf.matmul(a, b), ints(3, 4), ints(4, 2))
case("batch_matmul", lambda tf, a, b: tf.matmul(a, b), ramp(2, 3, 4), ramp(2, 4, 2))
case("tensordot", lambda tf, a, b: tf.tensordot(a, b, axes=[[1], [0]]), ramp(2, 3, 4), ramp(3, 5), vague=False)
case("tensordot_1", lambda tf, a, b: tf.tensordot(a, b, 1), ramp(2, 3, 4), ramp(4, 5), vague=False)
case("xw_plus_b", lambda tf, x, w, b: tf.nn.xw_plus_b(x, w, b), ramp(3, 4), ramp(4, 2), ramp(2))
case("norm", lambda tf, x: tf.norm(x), X, vague=False)
case("diag", lambda tf, x: tf.diag(x), ramp(3))
case("diag_part", lambda tf, x: tf.diag_part(x), ramp(3, 3))
case("matrix_inverse", lambda tf, x: tf.matrix_inverse(x), ramp(3, 3) + 5 * np.eye(3, dtype=np.float32))
case("matrix_determinant", lambda tf, x: tf.matrix_determinant(x), ramp(3, 3) + 5 * np.eye(3, dtype=np.float32))
case("eye", lambda tf: tf.eye(3), vague=False)

# --- reductions ------------------------------------------------------------------------------------------------------

for _name in ["reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"]:
    case(f"{_name}_all", lambda tf, x, name=_name: getattr(tf, name)(x), X)
    case(f"{_name}_axis", lambda tf, x, name=_name: getattr(tf, name)(x, axis=1), ramp(2, 3, 4))
    case(f"{_name}_keepdims", lambda tf, x, name=_name: getattr(tf, name)(x, [0, 2], keepdims=True), ramp(2, 3, 4))
case("reduce_old_arguments", lambda tf, x: tf.reduce_sum(x, reduction_indices=[1], keep_dims=True), X)
case("reduce_negative_axis", lambda tf, x: tf.reduce_mean(x, -1), X)
case("reduce_int_mean", lambda tf, x: [tf.reduce_mean(x), tf.reduce_sum(x, 0)], ints(3, 4))
case("reduce_any_all", lambda tf, x: [tf.reduce_any(x, 0), tf.reduce_all(x)], X > 0)
case("reduce_logsumexp", lambda tf, x: tf.reduce_logsumexp(x, 1), X, vague=False)
case("argmax", lambda tf, x: [tf.argmax(x, 1), tf.argmax(x, 0), tf.argmin(x, -1)], X, gradient=False)
case("argmax_old", lambda tf, x: [tf.arg_max(x, 1), tf.argmax(x), tf.argmax(x, dimension=1)], X, gradient=False)
case("argmax_int32", lambda tf, x: tf.argmax(x, 1, output_type=tf.int32), X, gradient=False)
case("cumsum", lambda tf, x: [tf.cumsum(x), tf.cumsum(x, 1, exclusive=True, reverse=True)], X)
case("moments", lambda tf, x: list(tf.nn.moments(x, [0])), X)
case("unsorted_segment_sum", lambda tf, x, i: tf.unsorted_segment_sum(x, i, 3), ramp(4, 2), np.int32([0, 2, 0, 1]))
case("segment_sum", lambda tf, x, i: tf.segment_sum(x, i), ramp(4, 2), np.int32([0, 0, 1, 2]))

# --- arrays ----------------------------------------------------------------------------------------------------------

case("reshape", lambda tf, x: tf.reshape(x, [2, 6]), X)
case("reshape_minus_one", lambda tf, x: tf.reshape(x, [-1, 2]), X)
case("reshape_flat", lambda tf, x: tf.reshape(x, [-1]), X)
case("reshape_by_tensor", lambda tf, x: tf.reshape(x, [tf.shape(x)[0], -1, 2]), X)
case("reshape_by_stack", lambda tf, x: tf.reshape(x, tf.stack([tf.shape(x)[0] * 2, 2])), X)
case("transpose", lambda tf, x: tf.transpose(x), X)
case("transpose_perm", lambda tf, x: tf.transpose(x, [2, 0, 1]), ramp(2, 3, 4))
case("concat", lambda tf, x, y: tf.concat([x, y], 0), ramp(2, 3), ramp(4, 3))
case("concat_last", lambda tf, x, y: tf.concat([x, y], axis=-1), ramp(2, 3), ramp(2, 4))
case("concat_one", lambda tf, x: tf.concat([x], 0), X)
case("stack", lambda tf, x, y: tf.stack([x, y]), ramp(2, 3), ramp(2, 3) * 2)
case("stack_axis", lambda tf, x, y: tf.stack([x, y], axis=-1), ramp(2, 3), ramp(2, 3) * 2)
case("unstack", lambda tf, x: tf.unstack(x, 3), X, vague=False)
case("unstack_axis", lambda tf, x: tf.unstack(x, axis=1), X, vague=False)
case("split", lambda tf, x: tf.split(x, 2, axis=1), X)
case("split_sizes", lambda tf, x: tf.split(x, [1, 3], 1), X)
case("slice", lambda tf, x: tf.slice(x, [1, 0], [2, -1]), X)
case("strided_slice_op", lambda tf, x: tf.strided_slice(x, [0, 1], [3, 4], [2, 1]), X)
INDICES = [
    "1",
    "1:",
    ":-1",
    "::2",
    "::-1",
    "1:3,2",
    "..., 0",
    ":, tf.newaxis",
    "None, 1, ...",
    "-1, -1",
    "..., ::2",
    "0:2, 1:3",
]
for _text in INDICES:
    case(f"index_{_text.replace(' ', '')}", lambda tf, x, text=_text: eval(f"x[{text}]", {"tf": tf, "x": x}), X)
case("index_by_tensor", lambda tf, x, i: [x[i], x[i, 1], x[0, i]], X, np.int32(1))
case("boolean_mask", lambda tf, x, m: tf.boolean_mask(x, m), X, np.array([True, False, True]), vague=False)
case("tile", lambda tf, x: tf.tile(x, [2, 3]), ramp(2, 3))
case("pad", lambda tf, x: tf.pad(x, [[1, 0], [2, 1]]), ramp(2, 3))
case("pad_value", lambda tf, x: tf.pad(x, [[1, 0], [2, 1]], constant_values=7.0), ramp(2, 3))
case("pad_reflect", lambda tf, x: tf.pad(x, [[1, 1], [2, 1]], "REFLECT"), ramp(2, 3))
case("pad_symmetric", lambda tf, x: tf.pad(x, [[1, 1], [2, 1]], "SYMMETRIC"), ramp(2, 3))
case("gather", lambda tf, x, i: tf.gather(x, i), X, np.int32([2, 0, 2]))
case("gather_axis", lambda tf, x, i: tf.gather(x, i, axis=1), X, np.int32([[3, 0], [1, 1]]))
case("gather_nd", lambda tf, x, i: tf.gather_nd(x, i), X, np.int32([[2, 3], [0, 1]]))
case("scatter_nd", lambda tf, i, u: tf.scatter_nd(i, u, [4, 2]), np.int32([[3], [1]]), ramp(2, 2))
case("embedding_lookup", lambda tf, x, i: tf.nn.embedding_lookup(x, i), ramp(5, 3), np.int64([4, 0, 4]))
case("one_hot", lambda tf, i: tf.one_hot(i, 4), np.int32([0, 3, -1, 9]))
case("one_hot_values", lambda tf, i: tf.one_hot(i, 4, on_value=5, off_value=-1, axis=0, dtype=tf.int64), np.int32([0, 3]))
case("expand_dims", lambda tf, x: [tf.expand_dims(x, 0), tf.expand_dims(x, -1), tf.expand_dims(x, 1)], X)
case("squeeze", lambda tf, x: [tf.squeeze(x), tf.squeeze(x, [0]), tf.squeeze(x, axis=-1)], ramp(1, 3, 1))
case("shape_and_size", lambda tf, x: [tf.shape(x), tf.size(x), tf.rank(x), tf.shape(x, out_type=tf.int64)], X)
case("shape_n", lambda tf, x, y: tf.shape_n([x, y]), X, ramp(2))
case("fill", lambda tf: [tf.fill([2, 3], 7.0), tf.zeros([2]), tf.ones([2, 1], tf.int32), tf.zeros([])], vague=False)
case("zeros_like", lambda tf, x: [tf.zeros_like(x), tf.ones_like(x), tf.zeros_like(x, dtype=tf.int32)], X)
case("zeros_of_a_tensor_shape", lambda tf, x: [tf.zeros(tf.shape(x)), tf.ones([tf.shape(x)[0], 2])], X)
case("large_zeros", lambda tf: [tf.zeros([40, 50]), tf.ones([40, 50])], vague=False)
case("range", lambda tf: [tf.range(5), tf.range(2, 9, 3), tf.range(0.0, 1.0, 0.25)], vague=False)
case("range_by_tensor", lambda tf, n: tf.range(n), np.int32(4))
case("reverse", lambda tf, x: tf.reverse(x, [1]), X)
case("broadcast_to", lambda tf, x: tf.broadcast_to(x, [2, 3]), ramp(3))
case("invert_permutation", lambda tf, i: tf.invert_permutation(i), np.int32([2, 0, 1]))
case("dynamic_partition", lambda tf, x, i: tf.dynamic_partition(x, i, 2), ramp(4), np.int32([0, 1, 1, 0]))
case("dynamic_stitch", lambda tf, x, y: tf.dynamic_stitch([[0, 2], [1, 3]], [x, y]), ramp(2), ramp(2) + 1)
case("unique", lambda tf, i: list(tf.unique(i)), np.int32([3, 1, 3, 7]))
case("setdiff1d", lambda tf, x, y: list(tf.setdiff1d(x, y)), np.int32([1, 2, 3, 4]), np.int32([2, 4]))
case("sequence_mask", lambda tf, n: tf.sequence_mask(n, 4), np.int32([1, 3]), vague=False)
case("meshgrid", lambda tf, x, y: tf.meshgrid(x, y), ramp(2), ramp(3), vague=False)
case("placeholder_with_default", lambda tf: tf.placeholder_with_default([1.0, 2.0], [None]), vague=False)
case("check_numerics", lambda tf, x: tf.check_numerics(x, "bad"), X)
case("top_k", lambda tf, x: list(tf.nn.top_k(x, 2)), X)
case("in_top_k", lambda tf, x, t: tf.nn.in_top_k(x, t, 2), X, np.int32([0, 1, 3]), gradient=False)
case("diamond", lambda tf, x: tf.exp(x) * tf.tanh(x) + tf.reduce_sum(x * x, 1, keepdims=True), X)
case("string_join", lambda tf: tf.string_join(["a", "b"], separator="/"), vague=False)
case("constants", lambda tf: [tf.constant(c) for c in ([1, 2.5], [[3, 4]], "s", True, 1 + 2j)], vague=False)
case("constant_shape", lambda tf: [tf.constant(3, shape=[2, 2]), tf.constant(7.0, tf.float64, [3])], vague=False)
case("constant_types", lambda tf: [tf.constant(1, tf.float64), tf.constant([[1, 2]], tf.int64)], vague=False)


@programs
def values_alone(tf):
    """Functions that TensorFlow 2 builds of other nodes than TensorFlow 1 did."""
    x, i = tf.constant(X), tf.constant(1)
    tensors = [tf.linspace(0.0, 1.0, 5), x[:i], x[i:, 1], x[:, i:], x[i:-1]]
    with tf.Session() as sess:
        return {"static": static(*tensors[:1]), "values": sess.run(tensors)}
