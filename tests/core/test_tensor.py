"""`tf.Tensor`: a symbol, not a value; what Python may not do with it, and what the errors teach."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import teachtf as tf
from teachtf.core.shapes import TensorShape

DIMS = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=4)


def test_text() -> None:
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    assert (str(x), repr(x)) == (
        'Tensor("x:0", shape=(?, 2), dtype=float32)',
        "<tf.Tensor 'x:0' shape=(?, 2) dtype=float32>",
    )
    assert f"{tf.placeholder(tf.int32, name='y')}" == 'Tensor("y:0", dtype=int32)'


@pytest.mark.parametrize(
    ("use", "kind", "text"),
    [
        (bool, TypeError, r"as a Python `bool` is not allowed.*`tf.cond`.*test_tensor.py"),
        (list, TypeError, r"Iterating over a symbolic `tf.Tensor` is not allowed.*`tf.unstack`"),
        (len, TypeError, r"len is not well defined for a symbolic Tensor \(x:0\)"),
        (np.array, NotImplementedError, r"Cannot convert a symbolic tf.Tensor \(x:0\) to a numpy array"),
        (float, TypeError, r"not 'Tensor'"),
        (copy.deepcopy, TypeError, "cannot pickle 'Tensor' object"),
        (pickle.dumps, TypeError, "cannot pickle 'Tensor' object"),
        (lambda x: x.numpy(), AttributeError, r"A tensor is no array: use `session.run\(x\)`"),
        (lambda x: x.reshape([1]), AttributeError, r"use `tf.reshape\(x, shape\)`"),
        (lambda x: x.evla(), AttributeError, "Did you mean 'eval'"),
    ],
)
def test_not_for_python(use: Any, kind: type[Exception], text: str) -> None:
    x = tf.constant([1.0, 2.0], name="x")
    with pytest.raises(kind, match=text):
        use(x)


@given(DIMS, DIMS)
def test_set_shape_merges_or_refuses(first: list[int | None], second: list[int | None]) -> None:
    """What is set is what `merge_with` gives; a shape that contradicts is refused and changes nothing."""
    x = tf.placeholder(tf.float32, first)
    a, b = TensorShape(first), TensorShape(second)
    if a.is_compatible_with(b):
        x.set_shape(second)
        assert x.shape.as_list() == a.merge_with(b).as_list()
    else:
        with pytest.raises(ValueError, match="must be equal"):
            x.set_shape(second)
        assert x.shape.as_list() == first


def test_set_shape_says_which_axis() -> None:
    x = tf.placeholder(tf.float32, [2, None], name="x")
    with pytest.raises(
        ValueError, match=r"Dimension 0 in both shapes must be equal, but are 2 and 3. Shapes are \[2,\?\] and \[3,4\]"
    ):
        x.set_shape([3, 4])
    with pytest.raises(ValueError, match=r"Shapes must be equal rank, but are 2 and 1. .*'x:0'"):
        x.set_shape([2])


def test_identity_and_references() -> None:
    a, b = tf.constant(1), tf.constant(1)
    assert a == a and a != b and len({a, b}) == 2 and a.ref() == a.ref() and a.ref() != b.ref() and a.ref().deref() is a
    with pytest.raises(TypeError, match="Cannot compare wrapped object with unwrapped object"):
        assert a.ref() == a
    assert copy.copy(a) is a


def test_consumers_as_often_as_they_consume() -> None:
    a = tf.constant(1.0)
    b = a + a
    assert a.consumers() == [b.op, b.op]


def test_what_is_a_tensor() -> None:
    things = [tf.constant(1), tf.Variable(1), tf.constant(1).op, 1, np.ones(1), tf.Graph(), tf.TensorShape([])]
    assert [tf.is_tensor(t) for t in things] == [True, True, False, False, False, False, False]
    assert [tf.is_symbolic_tensor(t) for t in things[:2]] == [True, False]


def test_specs() -> None:
    spec = tf.TensorSpec([None, 3], tf.int32, "n")
    assert repr(spec) == "TensorSpec(shape=(?, 3), dtype=tf.int32, name='n')"
    assert spec.is_compatible_with(tf.zeros([2, 3], tf.int32)) and not spec.is_compatible_with(tf.zeros([2, 3]))
    assert tf.TensorSpec.from_tensor(tf.zeros([2], name="z")) == tf.TensorSpec([2], tf.float32, "z")
