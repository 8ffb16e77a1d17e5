"""Pairs of dtypes, drawn with fixed seeds, through the binary operators and functions; casts between all dtypes."""

from __future__ import annotations

import operator
import random

import numpy as np
from harness import Programs, error

programs = Programs()

FLOATS = ["float16", "bfloat16", "float32", "float64"]
NUMBERS = [*FLOATS, "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = [*NUMBERS, "complex64", "complex128", "bool", "string"]
OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor", "lt", "le", "gt", "ge"]
FUNCTIONS = [
    *("add", "subtract", "multiply", "divide", "truediv", "floordiv", "mod", "floormod"),
    "truncatediv",
    *("pow", "maximum", "minimum", "squared_difference", "atan2", "equal", "not_equal", "less", "less_equal", "greater"),
    *("greater_equal", "logical_and", "logical_or", "logical_xor", "div_no_nan"),
]
PYTHON = [2, -3, 1.5, True, 2j, "a", None, np.float32(1.5), np.float64(2.5), np.int64(3), np.int8(2)]
PYTHON += [np.array([1, 2]), [1.0, 2.0]]
FLAGS = ("is_bool", "is_floating", "is_complex", "is_integer", "is_quantized", "is_unsigned", "is_numpy_compatible")


def tensor(tf, dtype):
    """A constant of two elements, small enough for every operator."""
    if dtype == "string":
        return tf.constant(["a", "b"])
    if dtype == "bool":
        return tf.constant([True, False])
    values = [3, 2] if dtype.startswith("u") else [3, -2]
    return tf.constant(np.array(values, tf.as_dtype(dtype).as_numpy_dtype))


# What an operand that is no tensor meets in NumPy or in Python itself: refused, by one name or another.
REFUSED = {"NotImplementedError": "TypeError", "AttributeError": "TypeError"}


def outcome(tf, build):
    """The dtype and value of what `build` gives, or the class of its error."""
    made = []
    failed = error(tf, lambda: made.append(build()))
    if failed["class"] is not None or not isinstance(made[0], tf.Tensor):
        return REFUSED.get(failed["class"], failed["class"]) or type(made[0]).__name__
    values = []
    with tf.Session() as sess:
        failed = error(tf, lambda: values.append(sess.run(made[0])))
    return [made[0].op.type, made[0].dtype.name, failed["class"] or values[0]]


def drawn(seed):
    def program(tf):
        rng = random.Random(seed)
        facts = {}
        for _ in range(14):
            a, b = rng.choice(DTYPES), rng.choice(DTYPES if rng.random() < 0.4 else NUMBERS)
            if rng.random() < 0.6:
                b = a
            if a == "bool" or b == "bool" or a.startswith(("uint", "complex")):
                b = a  # of others, TensorFlow has kernels for some
            side, value = rng.random(), rng.choice(PYTHON)
            if rng.random() < 0.6:
                name = rng.choice([o for o in OPERATORS if (a, o) != ("bool", "mul")])  # TensorFlow 2 alone multiplies bools
                function = getattr(operator, name)
            else:
                name = f"tf.{rng.choice(FUNCTIONS)}"
                function = getattr(tf, name[3:])
            with tf.Graph().as_default():  # TensorFlow places a whole graph: what lacks a kernel fails all of it
                if side < 0.5:
                    left, right, label = tensor(tf, a), tensor(tf, b), f"{a} {name} {b}"
                elif side < 0.8:
                    left, right, label = tensor(tf, a), value, f"{a} {name} {value!r}"
                else:
                    left, right, label = value, tensor(tf, a), f"{value!r} {name} {a}"
                facts[label] = outcome(tf, lambda f=function, x=left, y=right: f(x, y))
        return facts

    return program


for _seed in range(60):
    programs.add(f"pairs_{_seed}", drawn(_seed))


def casts(source):
    """From one dtype to every other: whole numbers, and fractions and infinities where they stay what they are."""

    def program(tf):
        kind = tf.as_dtype(source)
        values = [0, 1, 2, 3, 100] if kind.is_integer or kind.is_bool else [0.0, 1.0, 2.75, 3.5, 100.25]
        if not (kind.is_bool or kind.is_unsigned):
            values = [*values, -1, -100]
        data = np.array(values).astype(kind.as_numpy_dtype)
        x = tf.placeholder(kind, [len(values)])
        facts = {}
        for target in [d for d in DTYPES if d != "string"]:
            # A negative number is not defined as an unsigned one where it has a fraction.
            keep = len(values) if not (target.startswith("u") and not kind.is_integer) else 5
            y = tf.cast(x, target)
            with tf.Session() as sess:
                facts[target] = [y.dtype.name, y.op.type, sess.run(y, {x: data})[:keep]]
        if kind.is_floating:
            special = np.array([np.nan, np.inf, -np.inf]).astype(kind.as_numpy_dtype)
            floats = [tf.cast(x[:3], t) for t in ("float16", "bfloat16", "float32", "float64", "complex64")]
            with tf.Session() as sess:
                facts["special"] = sess.run(floats, {x: np.concatenate([special, data[3:]])})
        return facts

    return program


for _source in [d for d in DTYPES if d != "string"]:
    programs.add(f"cast_{_source}", casts(_source))


@programs
def saturated(tf):
    x = tf.placeholder(tf.float32, [6], name="x")
    whole = tf.placeholder(tf.int32, [4], name="whole")
    fetches = [tf.saturate_cast(x, t) for t in ("int8", "uint8", "int16", "uint16", "int32", "float16")]
    fetches += [tf.saturate_cast(whole, t) for t in ("int8", "uint8", "int16", "uint16", "int64", "float32")]
    with tf.Session() as sess:
        values = sess.run(fetches, {x: [0.5, -1.5, 300.0, -300.0, 1e6, 5e4], whole: [0, -5, 70000, -70000]})
    return {"values": values, "types": [[f.op.type, f.dtype.name] for f in fetches]}


@programs
def dtype_facts(tf):
    names = [n for n in dir(tf.dtypes) if isinstance(getattr(tf.dtypes, n), tf.DType) and n not in ("resource", "variant")]
    facts = {}
    for name in names:
        kind = getattr(tf.dtypes, name)
        fact = {"name": kind.name, "enum": kind.as_datatype_enum, "repr": repr(kind), "str": str(kind)}
        fact["is"] = [f for f in FLAGS if getattr(kind, f)]
        fact["ref"] = [kind._as_ref.name, kind._as_ref.base_dtype.name, kind._is_ref_dtype]
        fact["as"] = [tf.as_dtype(kind.as_datatype_enum) is kind, tf.as_dtype(kind.name) is kind]
        fact["compatible"] = kind.is_compatible_with(kind._as_ref)
        for what in ("min", "max", "limits", "size", "real_dtype", "as_numpy_dtype"):
            held = []
            failed = error(tf, lambda k=kind, w=what, h=held: h.append(getattr(k, w)))
            value = failed["class"] or held[0]
            fact[what] = str(np.dtype(value).name) if isinstance(value, type) and what == "as_numpy_dtype" else str(value)
        facts[name] = fact
    return facts
