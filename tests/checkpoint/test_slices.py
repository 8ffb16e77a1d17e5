"""Slice specifications: text, shapes, keys in key order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teachtf.checkpoint import TensorSlice, parse_shape_and_slice
from teachtf.checkpoint.slices import _ordered_signed
from teachtf.core.errors import InvalidArgumentError


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(1, 2**40)) | st.just((0, -1)), max_size=4))
def test_text_and_proto_round_trip(extents):
    part = TensorSlice(tuple(extents))
    assert TensorSlice.parse(str(part)) == part
    assert TensorSlice.from_proto(part.to_proto()) == part
    assert TensorSlice.of(extents or None, len(extents)) == part


@pytest.mark.parametrize("text", ["1", "1,0", "1,-2", "a,b", "-:", "1,2,3", "-1,2"])
def test_malformed_text(text):
    with pytest.raises(InvalidArgumentError, match="Expected a pair of numbers"):
        TensorSlice.parse(text)


def test_shape_and_slice():
    assert parse_shape_and_slice("4 5 0,2:-") == ((4, 5), TensorSlice(((0, 2), (0, -1))), (2, 5))
    for text, message in [("4", "Need least"), ("4 x -:-", "Non numerical"), ("4 3,2", "out of bounds")]:
        with pytest.raises(InvalidArgumentError, match=message):
            parse_shape_and_slice(text)


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=2, max_size=2))
def test_byte_order_is_number_order(numbers):
    assert sorted(numbers) == sorted(numbers, key=_ordered_signed)


def test_key_escapes():
    assert TensorSlice.full(0).key("a\0b") == b"\0a\0\xffb\0\x01\0"
