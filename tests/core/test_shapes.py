"""Shapes and dimensions as TensorFlow 1 has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.core import shapes
from teachtf.core.shapes import Dimension, TensorShape


def test_as_tensorflow(differences: Any) -> None:
    for expression, theirs, ours in differences("shapes"):
        # Sizes are held in a tuple here and copied to a list there.
        assert theirs.replace("list", "tuple") == ours and ours.startswith("IndexError"), (expression, theirs, ours)


def test_size_hashes_as_its_number() -> None:
    assert {Dimension(3): "x"}[3] == "x"
    with pytest.raises(ValueError, match="Unable to hash"):
        hash(Dimension(None))


def test_plain_numbers_are_kept() -> None:
    shape = TensorShape([np.int64(2), np.array(1), Dimension(4), None])
    assert shape.as_tuple == (2, 1, 4, None)
    assert [type(d) for d in shape.as_list()] == [int, int, int, type(None)]


def test_as_tuple() -> None:
    assert TensorShape(None).as_tuple is None and TensorShape([2, None]).as_tuple == (2, None)
    shape = TensorShape._from_tuple((2, None))
    assert shape == TensorShape([2, None]) and shape == [2, None] and shape == (2, None)
    assert hash(shape) == hash(TensorShape([2, None]))


def test_shape_in_a_proto_and_back() -> None:
    for dims in (None, [], [2, None], [0]):
        assert TensorShape(TensorShape(dims).as_proto()) == TensorShape(dims)


def test_helpers() -> None:
    assert (shapes.scalar(), shapes.vector(3), shapes.matrix(2, None)) == ([], [3], [2, None])
    assert shapes.as_shape(shape := TensorShape([1])) is shape
    assert tf.Dimension is Dimension and tf.TensorShape is TensorShape


def test_a_loop_over_a_size() -> None:
    assert list(range(Dimension(3))) == [0, 1, 2] and np.zeros(TensorShape([2, 3])).shape == (2, 3)
