"""Errors: TensorFlow's classes and codes, and text that leads to the user's line."""

from __future__ import annotations

import pickle
from types import SimpleNamespace
from typing import Any

import pytest

import teachtf as tf
from teachtf.core import errors

FRAME = ("lesson.py", 12, "build", "y = tf.matmul(a, b)")


def op(name: str = "MatMul", user_frame: Any = FRAME, **more: Any) -> Any:
    return SimpleNamespace(name=name, type="MatMul", user_frame=user_frame, **more)


def test_as_tensorflow(differences: Any) -> None:
    assert differences("errors") == []


def test_text_without_an_op_is_the_message() -> None:
    error = errors.NotFoundError(None, None, "No such file")
    assert (str(error), error.message, repr(error)) == ("No such file", "No such file", "NotFoundError('No such file')")


def test_text_ends_with_the_users_line() -> None:
    error = errors.InvalidArgumentError(None, op(), "Matrix size-incompatible")
    assert error.message == "Matrix size-incompatible"
    assert str(error) == (
        "Matrix size-incompatible\n\nOp 'MatMul' (MatMul) was created at lesson.py:12 in build:  y = tf.matmul(a, b)"
    )


def test_text_when_the_line_is_not_known() -> None:
    assert str(errors.InternalError(None, op(user_frame=None), "m")) == "m\n\nOp 'MatMul' (MatMul)"
    assert str(errors.InternalError(None, SimpleNamespace(name="a", type="Add"), "m")) == "m\n\nOp 'a' (Add)"
    no_source = op(user_frame=("<string>", 1, "<module>", ""))
    assert str(errors.InternalError(None, no_source, "m")).endswith("was created at <string>:1 in <module>")


def test_gradient_names_the_op_it_was_made_for() -> None:
    first = op("MatMul")
    error = errors.AbortedError(
        None, op("gradients/MatMul_grad", ("a.py", 9, "f", "tf.gradients(y, x)"), _original_op=first), "m"
    )
    assert str(error).splitlines()[2:] == [
        "Op 'gradients/MatMul_grad' (MatMul) was created at a.py:9 in f:  tf.gradients(y, x)",
        "...made for op 'MatMul' (MatMul), which was created at lesson.py:12 in build:  y = tf.matmul(a, b)",
    ]


def test_names_the_line_of_a_real_op() -> None:
    made = tf.constant(3.0, name="three")
    error = errors.FailedPreconditionError(None, made.op, "m")
    assert error.op is made.op and error.node_def.name == "three"
    assert 'in test_names_the_line_of_a_real_op:  made = tf.constant(3.0, name="three")' in str(error)


def test_pickle_keeps_class_code_and_text() -> None:
    error = pickle.loads(pickle.dumps(errors.DataLossError(None, op(), "checksum")))
    assert (type(error), error.error_code, error.op) == (errors.DataLossError, errors.DATA_LOSS, None)
    assert str(error).startswith("checksum\n\nOp 'MatMul'")


def test_every_class_is_its_own() -> None:
    classes = [errors.exception_type_from_error_code(code) for code in range(1, 17)]
    assert len(set(classes)) == 16
    for cls in classes:
        assert cls.__doc__ and cls.__module__ == "teachtf.core.errors" and getattr(errors, cls.__name__) is cls
        assert cls.__name__ in errors.__all__


def test_unknown_class_warns() -> None:
    with pytest.warns(UserWarning, match="Unknown class exception"):
        assert isinstance(errors.error_code_from_exception_type(errors.OpError), errors.UnknownError)


def test_raise_error() -> None:
    with pytest.raises(errors.ResourceExhaustedError, match="full") as caught:
        errors.raise_error(errors.RESOURCE_EXHAUSTED, "full", op())
    assert caught.value.op.name == "MatMul"
    with pytest.raises(errors.UnknownError):
        errors.raise_error(99, "?")


@pytest.mark.parametrize(
    ("name", "candidates", "hint"),
    [
        ("Varibale", ["Variable", "constant"], " Did you mean 'Variable'?"),
        ("varibale_scope", ["variable_scope", "name_scope"], " Did you mean 'variable_scope'?"),
        ("assigh", ["assign", "assign_add"], " Did you mean 'assign'?"),
        ("RELU", ["elu", "relu"], " Did you mean 'relu'?"),
        ("session", ["Session", "sessions"], " Did you mean 'Session'?"),
        ("matmull", ["_matmul"], ""),
        ("_matmull", ["_matmul"], " Did you mean '_matmul'?"),
        ("zebra", ["Variable"], ""),
        ("same", ["same"], ""),
        ("x", [], ""),
    ],
)
def test_did_you_mean(name: str, candidates: list[str], hint: str) -> None:
    assert errors.did_you_mean(name, candidates) == hint


def test_a_misspelt_attribute_is_looked_for_when_the_error_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    tensor = tf.constant(1.0)
    with pytest.raises(AttributeError) as caught:
        _ = tensor.shpe
    assert str(caught.value) == "'Tensor' object has no attribute 'shpe'. Did you mean 'shape'?"
    assert str(type(caught.value)) == "<class 'AttributeError'>"

    def looked(*_: object) -> str:
        raise AssertionError("nobody reads this error")

    monkeypatch.setattr(errors, "did_you_mean", looked)
    assert not hasattr(tensor, "values")
    assert getattr(tensor.op, "indices", None) is None
