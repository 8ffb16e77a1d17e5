"""Python operators on tensors, and the names their ops get."""

from __future__ import annotations

import operator

import numpy as np
from harness import Programs, describe_graph, error, static

programs = Programs()

BINARY = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def binary_program(function, dtype):
    def program(tf):
        x = tf.placeholder(dtype, [3], name="x")
        y = tf.placeholder(dtype, [3], name="y")
        results = [
            function(x, y),
            function(x, 2),
            function(2, x),
            function(x, [1, 2, 3]),
            function(x, np.array([4, 5, 6], dtype)),
        ]
        with tf.Session() as sess:
            values = sess.run(results, {x: np.array([1, 2, 7], dtype), y: np.array([3, 2, 2], dtype)})
        return {"graph": describe_graph(tf), "values": values, "static": static(*results)}

    return program


for _sign, _function in BINARY.items():
    for _dtype in ("float32", "int32"):
        programs.add(f"{_dtype} {_sign}", binary_program(_function, _dtype))


@programs
def unary(tf):
    x = tf.constant([1.5, -2.0], name="x")
    b = tf.constant([True, False], name="b")
    results = [-x, abs(x), ~b]
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(results)}


@programs
def logic(tf):
    a, b = tf.constant([True, True, False], name="a"), tf.constant([True, False, False], name="b")
    results = [a & b, a | b, a ^ b, a & True, False | b]
    with tf.Session() as sess:
        return {"graph": describe_graph(tf), "values": sess.run(results)}


@programs
def bits(tf):
    a, b = tf.constant([12, 10], name="a"), tf.constant([10, 6], name="b")
    return {"equal": [a == b, a != b, a == a], "hash": len({a: 1, b: 2})}


@programs
def matrix_product(tf):
    a, b = tf.constant([[1.0, 2.0], [3.0, 4.0]], name="a"), tf.constant([[1.0, 0.0], [1.0, 1.0]], name="b")
    with tf.Session() as sess:
        return {"value": sess.run(a @ b), "graph": describe_graph(tf)}


@programs
def not_for_python(tf):
    x = tf.constant([1.0, 2.0], name="x")
    unknown = tf.placeholder(tf.float32)
    return {
        "bool": error(tf, lambda: bool(x), "as a Python `bool` is not allowed"),
        "iterate": error(tf, lambda: list(unknown)),
        "length": error(tf, lambda: len(x), "len is not well defined for a symbolic Tensor"),
        "set item": error(tf, lambda: x.__setitem__(0, 1.0)),
        "numpy": error(tf, lambda: np.array(x), "Cannot convert a symbolic"),
        "strings": error(tf, lambda: x + "a"),
        "dtypes": error(tf, lambda: x + tf.constant(1), "float32", "int32"),
        "shapes": error(tf, lambda: x + tf.constant([1.0, 2.0, 3.0]), "Dimensions must be equal, but are 2 and 3"),
        "matmul": error(tf, lambda: tf.matmul(x, x), "rank 2"),
        "inner": error(tf, lambda: tf.matmul([[1.0, 2.0]], [[1.0, 2.0]]), "Dimensions must be equal, but are 2 and 1"),
        "reshape": error(tf, lambda: tf.reshape(x, [3]), "Cannot reshape a tensor with 2 elements to shape [3] (3 elements)"),
        "int of float": error(tf, lambda: tf.constant(1.5, tf.int32), "Expected int32"),
        "none": error(tf, lambda: tf.constant(None)),
        "concat": error(tf, lambda: tf.concat([x, [[1.0]]], 0)),
        "index": error(tf, lambda: x[3], "out of bounds"),
        "too many": error(tf, lambda: x[0, 0], "dims"),
        "one_hot": error(tf, lambda: tf.nn.conv2d(x, x, [1, 1, 1, 1], "SAME"), "rank 4"),
    }


@programs
def properties(tf):
    with tf.device("/cpu:0"):
        x = tf.constant([[1.0, 2.0]], name="x")
    y = tf.placeholder(tf.int32, [None, 3], name="y")
    z = tf.placeholder(tf.string, name="z")
    return {
        "text": [str(x), repr(x), str(y), repr(y), str(z), repr(z), str(x.op.name), repr(x.op)],
        "more": [x.value_index, x.device, x.op.type, [c.name for c in x.consumers()], x.graph is tf.get_default_graph()],
        "shapes": [str(x.shape), str(y.shape), str(z.shape), repr(x.shape), repr(y.shape), x.get_shape().as_list()],
        "name": [x.name, x.op.name, x.op.outputs[0].name],
    }


@programs
def shapes_of_python(tf):
    s = tf.TensorShape([None, 3])
    t = tf.TensorShape([2, None])
    unknown = tf.TensorShape(None)
    return {
        "text": [str(s), repr(s), str(unknown), repr(unknown), str(tf.TensorShape([])), str(tf.TensorShape([4]))],
        "merge": s.merge_with(t).as_list(),
        "concat": s.concatenate(t).as_list(),
        "facts": [s.ndims, s.rank, s.is_fully_defined(), t.num_elements(), tf.TensorShape([2, 3]).num_elements(), len(s)],
        "compatible": [s.is_compatible_with(t), s.is_compatible_with([2, 4]), s.is_compatible_with(unknown)],
        "same": [tf.TensorShape([1, 2]) == [1, 2], tf.TensorShape([1, 2]) == tf.TensorShape([1, 3])],
        "dims": [str(s[1]), repr(s.dims[0]), s[1].value, s.dims[0].value],
        "errors": [
            error(tf, lambda: unknown.as_list(), "as_list() is not defined on an unknown TensorShape"),
            error(tf, lambda: s.merge_with([2, 4]), "are not compatible"),
            error(tf, lambda: s.assert_has_rank(3), "must have rank 3"),
        ],
    }
