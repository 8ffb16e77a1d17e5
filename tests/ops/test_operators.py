"""Python's operators and indices on tensors do what numpy's do on arrays."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import teachtf as tf

BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"]
SMALL = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(BINARY), st.booleans(), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_binary_operators(name: str, on_the_left: bool, numbers: list[int]) -> None:
    """With a tensor on either side, and a plain list or an array on the other."""
    function = getattr(operator, name)
    array = np.array(numbers, np.float32)
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.constant(array)
        got = sess.run([function(x, 2), function(2, x), function(x, array), function(x, numbers)])
    expected = [function(array, np.float32(2)), function(np.float32(2), array), *[function(array, array)] * 2]
    for ours, theirs in zip(got, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)
        assert ours.dtype == theirs.dtype


@st.composite
def cuts(draw: Any) -> tuple[np.ndarray, tuple[Any, ...]]:
    shape = draw(SMALL)
    index = draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    return np.arange(np.prod(shape), dtype=np.int32).reshape(shape), index if isinstance(index, tuple) else (index,)


@settings(deadline=None, max_examples=60)
@given(cuts(), st.booleans())
def test_indices(cut: tuple[np.ndarray, tuple[Any, ...]], known: bool) -> None:
    """As numpy cuts, with the shape known or fed; the static shape is never wrong."""
    array, index = cut
    with tf.Graph().as_default(), tf.Session() as sess:
        x = tf.placeholder(tf.int32, array.shape if known else None)
        y = x[index]
        value = sess.run(y, {x: array})
        assert y.shape.is_compatible_with(value.shape)
        assert not known or y.shape.as_list() == list(value.shape)
    np.testing.assert_array_equal(value, array[index])


def test_masks_choose() -> None:
    array, mask = np.arange(12).reshape(4, 3), np.array([True, False, True, False])
    with tf.Session() as sess:
        x = tf.constant(array)
        np.testing.assert_array_equal(sess.run(x[mask]), array[mask])
        np.testing.assert_array_equal(sess.run(x[tf.constant(array > 4)]), array[array > 4])


@pytest.mark.parametrize("index", [1.5, "a", [[0], [1]], {}, slice(0, 2.5), slice("a", None)])
def test_what_is_no_index(index: Any) -> None:
    x = tf.zeros([3, 2])
    with pytest.raises(TypeError, match=r"Only integers, slices .* are valid indices, got .*Use tf.gather or tf.boolean_mask"):
        x[index]


@pytest.mark.parametrize(
    ("index", "text"),
    [
        ((0, 0, 0), "Index out of range using input dim 2; input has only 2 dims"),
        (3, "slice index 3 of dimension 0 out of bounds"),
        ((Ellipsis, Ellipsis), "Multiple ellipses in slice spec not allowed"),
        (slice(None, None, 0), r"strides\[0\] must be non-zero"),
    ],
)
def test_indices_out_of_range(index: Any, text: str) -> None:
    with pytest.raises(ValueError, match=rf"{text}.* for 'strided_slice' \(op: 'StridedSlice'\) with input shapes: \[3,2\]"):
        tf.zeros([3, 2])[index]


def test_a_scalar_has_no_slices() -> None:
    with pytest.raises(ValueError, match="Attempting to slice scalar input"):
        tf.constant(1.0)[0]


class Knowing:
    """A type that knows what to do with a tensor."""

    def __radd__(self, other: Any) -> str:
        return "mine"


def test_the_other_side_is_asked_where_tensors_fail() -> None:
    assert tf.constant(1.0) + Knowing() == "mine"
    with pytest.raises(TypeError, match="Input 'y' of 'AddV2' Op has type string that does not match type int32"):
        tf.constant(1) + "a"


def test_truth_values() -> None:
    a, b = tf.constant([True, True, False]), tf.constant([True, False, False])
    with tf.Session() as sess:
        results = sess.run([a & b, a | b, a ^ b, ~a, a & True])
    assert [r.tolist() for r in results] == [
        [True, False, False],
        [True, True, False],
        [False, True, False],
        [False, False, True],
        [True, True, False],
    ]


def test_every_operator_is_named() -> None:
    assert {
        "__add__",
        "__radd__",
        "__div__",
        "__rdiv__",
        "__getitem__",
        "__invert__",
        "__eq__",
    } <= tf.Tensor.OVERLOADABLE_OPERATORS
