"""Declarations: TensorFlow's own grammar, read as TensorFlow reads it."""

from __future__ import annotations

import pytest

import teachtf as tf
from teachtf.core import op_def
from teachtf.core.op_def import REQUIRED, OpDef
from teachtf.core.op_def_proto import op_def_proto


def declaration(inputs: str = "", outputs: str = "", attrs: str = "") -> OpDef:
    return OpDef("Test", inputs, outputs, attrs, lambda op: [], op_def.NOT_DIFFERENTIABLE, None, False, False)


def test_arguments() -> None:
    d = declaration("ref: Ref(T), values: N * T, list: Tin, index: int32", "out: T", "T: type, N: int >= 2, Tin: list(type)")
    ref, values, listed, index = d.inputs
    assert (ref.is_ref, ref.type_attr) == (True, "T") and (values.number_attr, values.type_attr) == ("N", "T")
    assert listed.type_list_attr == "Tin" and index.dtype is tf.int32
    assert d.inferred_attrs == {"T", "N", "Tin"}
    attrs = {"T": tf.float32, "N": 2, "Tin": [tf.int32, tf.string]}
    assert [t.name for t in d.input_dtypes(attrs)] == ["float32_ref", "float32", "float32", "int32", "string", "int32"]
    assert d.output_dtypes(attrs) == [tf.float32]


def test_attributes() -> None:
    d = declaration(
        attrs="T: {half, float} = DT_FLOAT, n: int >= 1 = 3, s: {'a', 'b'} = 'a', b: bool = true, x: list(int) = [1, 2], y: int"
    )
    attrs = d.attrs
    assert (attrs["T"].allowed, attrs["T"].default) == ((tf.float16, tf.float32), tf.float32)
    assert (attrs["n"].minimum, attrs["n"].default) == (1, 3) and attrs["s"].allowed == (b"a", b"b")
    assert (attrs["b"].default, attrs["x"].default, attrs["y"].default) == (True, [1, 2], REQUIRED)


def test_each_declaration_can_be_read_and_written() -> None:
    for definition in op_def.registry().values():
        proto = op_def_proto(definition)
        assert [a.name for a in proto.input_arg] == [a.name for a in definition.inputs]
        assert {a.name for a in proto.attr} == set(definition.attrs)


def test_one_declaration_a_name() -> None:
    with pytest.raises(ValueError, match=r"op type 'NoOp' is declared twice"):
        op_def.declare("NoOp", shape=lambda op: [])


def test_a_gradient_that_nobody_wrote_says_what_to_do() -> None:
    op = tf.no_op("n")
    with pytest.raises(LookupError, match=r"No gradient defined for operation 'n' \(op type: NoOp\). Put tf.stop_gradient"):
        op_def.NO_GRADIENT(op)
