"""From Python values to tensors: TensorFlow's choice of dtype, and errors that say which element is wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import teachtf as tf
from teachtf.core import convert
from teachtf.core.arrays import to_array


@given(st.lists(st.integers(-(2**62), 2**62), max_size=5))
def test_integers_are_int32_where_they_all_fit(numbers: list[int]) -> None:
    array = to_array(numbers)
    fits = all(-(2**31) <= n < 2**31 for n in numbers)
    assert array.dtype == (np.float32 if not numbers else np.int32 if fits else np.int64)
    assert array.tolist() == numbers


@given(st.lists(st.text(max_size=3), min_size=1, max_size=4))
def test_strings_keep_every_byte(texts: list[str]) -> None:
    assert to_array(texts).tolist() == [t.encode() for t in texts]


@given(st.integers(-(2**40), 2**40))
def test_numbers_out_of_range_keep_their_low_bits(number: int) -> None:
    assert to_array(number, tf.uint8) == number % 256


@pytest.mark.parametrize(
    ("value", "dtype", "kind", "text"),
    [
        (None, None, ValueError, "None values not supported"),
        ([1, "a"], None, TypeError, r"Failed to convert elements of \[1, 'a'\] to Tensor"),
        ([1, "a"], tf.int32, TypeError, "Expected int32, but got a of type 'str'"),
        ([[1.0], [2.5]], tf.int64, TypeError, r"Expected int64, but got 1.0 of type 'float'"),
        (1, tf.bool, TypeError, "Expected bool, but got 1 of type 'int'"),
        (1, tf.string, TypeError, "Expected string, but got 1 of type 'int'"),
        ([[1], [2, 3]], None, ValueError, r"dense tensor: \[\[1\], \[2, 3\]\] - its rows have different lengths"),
        (1, tf.resource, TypeError, "is not compatible with 1 of dtype int64"),
        (np.array([1]), tf.string, TypeError, "Expected binary or unicode string, got 1"),
    ],
)
def test_what_cannot_be_converted(value: Any, dtype: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        tf.constant(value, dtype)


def test_a_tensor_is_no_constant() -> None:
    for value in (tf.constant(1), [tf.constant(1)], tf.Variable(1)):
        with pytest.raises(TypeError, match=r"Expected any non-tensor type, but got a tensor instead"):
            tf.constant(value)


def test_shapes_of_constants() -> None:
    assert to_array(7, shape=[2, 3]).strides == (0, 0)
    assert to_array([1, 2], shape=[4]).tolist() == [1, 2, 2, 2]
    with pytest.raises(ValueError, match=r"Too many elements provided. Takes at most 1, but got 2"):
        tf.constant([1, 2], shape=[1])
    with pytest.raises(TypeError, match=r"Expected Tensor's shape: \(3,\), but got \(2,\)"):
        tf.constant([1, 2], shape=[3], verify_shape=True)
    with pytest.raises(TypeError, match=r"the shape of a constant is a list of known sizes, not \[None\]"):
        tf.constant(1, shape=[None])


def test_a_tensor_of_another_dtype_says_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"requested dtype float32 for Tensor with dtype int32.*Use tf.cast"):
        tf.convert_to_tensor(tf.constant(1), tf.float32)


@pytest.fixture
def own_conversions():
    kept = list(convert._converters)
    yield
    convert._converters[:] = kept
    convert._converters_of.clear()


class Celsius:
    def __init__(self, degrees: float) -> None:
        self.degrees = degrees


@pytest.mark.usefixtures("own_conversions")
def test_a_type_of_ones_own() -> None:
    def to_tensor(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Any:
        return tf.constant(value.degrees, dtype, name=name or "celsius")

    tf.register_tensor_conversion_function(Celsius, to_tensor)
    with tf.Session() as sess:
        assert sess.run([tf.constant(1.0) + Celsius(2.0), tf.stack([Celsius(3.0), tf.constant(4.0)])[0]]) == [3.0, 3.0]
    assert tf.convert_to_tensor(Celsius(1.0)).op.name == "celsius"


@pytest.mark.usefixtures("own_conversions")
def test_a_conversion_that_gives_something_else_is_named() -> None:
    tf.register_tensor_conversion_function(Celsius, lambda value, dtype=None, name=None, as_ref=False: 3)
    with pytest.raises(RuntimeError, match=r"for type <class '.*Celsius'> returned non-Tensor: 3"):
        tf.convert_to_tensor(Celsius(1.0))


def test_numbers_and_arrays_keep_their_conversion() -> None:
    for base in (int, np.ndarray, np.float32):
        with pytest.raises(TypeError, match=r"Cannot register conversions for Python numeric types"):
            tf.register_tensor_conversion_function(base, lambda *_: None)
    with pytest.raises(TypeError, match=r"`base_type` must be a type or a tuple of types. Obtained: 3"):
        tf.register_tensor_conversion_function(3, lambda *_: None)
