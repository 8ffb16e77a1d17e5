"""From a call to a node: type attributes are inferred, and what does not fit is told by the name of the argument."""

from __future__ import annotations

import pytest

import teachtf as tf
from teachtf.core.apply import apply_op


def test_the_dtype_of_a_tensor_settles_that_of_plain_values() -> None:
    assert apply_op("AddV2", tf.constant(1.0, tf.float64), 2).dtype is tf.float64
    assert apply_op("Pack", [1, tf.constant(2, tf.int64)]).dtype is tf.int64


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: apply_op("AddV2", tf.constant(1), "a"),
            TypeError,
            "Expected int32 passed to parameter 'y' of op 'AddV2', got 'a'",
        ),
        (
            lambda: apply_op("AddV2", tf.constant(1), tf.constant(1.0)),
            TypeError,
            "Input 'y' of 'AddV2' Op has type float32 that does not match type int32 of argument 'x'",
        ),
        (
            lambda: apply_op("LogicalNot", tf.constant(1)),
            TypeError,
            "Input 'x' of 'LogicalNot' Op has type int32 that does not",
        ),
        (
            lambda: apply_op("MatMul", ["a"], ["b"]),
            TypeError,
            "Value passed to parameter 'a' has DataType string not in list of",
        ),
        (lambda: apply_op("AddV2", 1, None), ValueError, "Tried to convert 'y' to a tensor and failed. Error: None values"),
        (
            lambda: apply_op("Pack", [tf.constant(1), 2.5]),
            TypeError,
            r"of 'Pack' Op have types \[int32, float32\] that don't all match",
        ),
        (lambda: apply_op("Pack", []), ValueError, "'values' to 'Pack' Op with length 0 shorter than minimum length 1"),
        (lambda: apply_op("Pack", 3), TypeError, "Expected list for 'values' argument to 'Pack' Op, not 3"),
        (lambda: apply_op("AddV2", 1), TypeError, "AddV2 takes 2 inputs, got 1"),
        (lambda: apply_op("AddV2", 1, 2, nope=3), TypeError, "AddV2 has no attribute 'nope'; it has T"),
        (
            lambda: apply_op("Assign", tf.constant(1.0), 2.0),
            TypeError,
            "'Assign' Op requires that input 'ref' be a mutable tensor",
        ),
        (
            lambda: apply_op("AddV3", 1, 2),
            tf.errors.NotFoundError,
            r"Op type not registered 'AddV3' in teachtf. Did you mean 'AddV2'",
        ),
        (
            lambda: tf.nn.conv2d(tf.zeros([1, 2, 2, 1]), tf.zeros([1, 1, 1, 1]), [1, 1, 1, 1], "NONE"),
            ValueError,
            "Value for attr 'padding' of \"NONE\" is not in the list of allowed values",
        ),
    ],
)
def test_what_does_not_fit(call, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_graphs_must_agree() -> None:
    x = tf.constant(1, name="x")
    with tf.Graph().as_default(), pytest.raises(ValueError, match=r'must be from the same graph as Tensor\("x:0"'):
        tf.add(x, tf.constant(2))


def test_a_helper_that_fails_leaves_the_scope_as_it_was() -> None:
    with pytest.raises(TypeError):
        tf.add(tf.constant(1), "a", name="sum")
    assert tf.get_default_graph().get_name_scope() == "" and tf.no_op("n").name == "n"
