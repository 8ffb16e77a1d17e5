"""Record what TensorFlow says of dtypes, shapes, device strings and errors into `tests/core/golden/`.

Run it with a Python that has TensorFlow: `.venv-oracle/bin/python tests/conformance/record_core_facts.py`. A fact is a
Python expression and what it gives, as text: the `repr` of a value, or the class and text of an error. `tests/core`
evaluates the same expressions under teachtf, so the golden files are all that its tests need.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
OUT = Path(__file__).parents[1] / "core" / "golden"

DTYPE_PROPERTIES = """
as_datatype_enum as_numpy_dtype base_dtype is_bool is_complex is_floating is_integer is_numeric is_numpy_compatible
is_quantized is_unsigned limits max min name real_dtype size _is_ref_dtype _as_ref
"""
AS_DTYPE = """
1 101 0 34 999 -1 True 1.0 None [] {} 'float' 'half' 'double' 'double_ref' 'float32_ref' 'bool' 'str' 'Float32'
'int' float bool object int str bytes complex list np.float32 np.float64 np.int_ np.intc np.uintc np.longlong
np.ulonglong np.bool_ np.object_ np.str_ np.bytes_ np.void np.longdouble np.datetime64 np.dtype('>i4')
np.dtype('S3') np.dtype('U5') np.dtype('O') np.dtype('datetime64[s]') np.dtype([('qint8','i1')])
np.dtype([('quint16','u2')]) np.dtype([('x','i1')]) np.dtypes.StringDType() np.zeros(2) np.zeros(2,np.uint8)
np.float16(3) np.int8(77) np.array('a') np.array(b'a') np.array([None]) ml_dtypes.bfloat16 ml_dtypes.int4
ml_dtypes.float8_e5m2 ml_dtypes.float8_e3m4 np.dtype(ml_dtypes.bfloat16) np.zeros(2,ml_dtypes.bfloat16)
np.dtype(ml_dtypes.uint2) tf.int32 np.generic np.number
"""


def dtype_facts() -> Iterator[str]:
    names = [f"{name}{ref}" for name in DTYPES.split() for ref in ("", "_ref")]
    for name in names:
        yield f"repr(dtypes.as_dtype({name!r})), str(dtypes.as_dtype({name!r})), hash(dtypes.as_dtype({name!r}))"
        for attribute in DTYPE_PROPERTIES.split():
            yield f"dtypes.as_dtype({name!r}).{attribute}"
    for value in AS_DTYPE.split():
        yield f"dtypes.as_dtype({value})"
        yield f"tf.float32 == {value}, tf.int64 != {value}, tf.string == {value}"
    some = ["float32", "float32_ref", "float64", "qint8", "bfloat16"]
    for left, right in product(some, some):
        yield f"dtypes.as_dtype({left!r}).is_compatible_with({right!r}), dtypes.as_dtype({left!r}) == {right!r}"
    yield "sorted(d.name for d in dtypes.QUANTIZED_DTYPES)"
    yield "[tf.DType(n) for n in (1, 7, 119)]"
    for number in (0, 34, 100, 134):
        yield f"tf.DType({number})"
    yield "[pickle.loads(pickle.dumps(d)) is d for d in (tf.float32, tf.float32._as_ref, tf.bfloat16)]"
    yield "[copy.deepcopy(d) is d for d in (tf.float32, tf.float32._as_ref)]"
    yield "tf.float32 in {1: 0}, {tf.float32: 5}[dtypes.as_dtype('float')]"


DTYPES = """
float32 float64 int32 uint8 int16 int8 string complex64 int64 bool qint8 quint8 qint32 bfloat16 qint16 quint16
uint16 complex128 float16 resource variant uint32 uint64 float8_e5m2 float8_e4m3fn float8_e4m3fnuz
float8_e4m3b11fnuz float8_e5m2fnuz int4 uint4 int2 uint2 float4_e2m1fn
"""

DIMENSIONS = ["None", "0", "3", "7", "tf.Dimension(2)", "tf.Dimension(None)"]
NOT_DIMENSIONS = ["'a'", "1.5", "-1", "[]", "np.float32(2)", "np.int64(4)", "True", "np.array(3)", "object"]
SHAPES = ["None", "[]", "[2]", "[None]", "[2, 3]", "[2, None]", "[None, 3]", "[None, None]", "[2, 3, 4]", "(0, 1)"]
NOT_SHAPES = [
    *("5", "'ab'", "[-1]", "[1.5]", "1.5", "['a']", "[[1]]", "(d for d in (1, None))", "range(3)", "np.array([1, 2])"),
    *("np.array([1.0])", "np.int32(4)", "[np.int64(2)]", "[True]", "{}", "b'ab'", "tf.Dimension(3)", "{3}", "-1"),
    *("[tf.Dimension(3), None]", "(np.uint8(3), 2)"),
]
METHODS_OF_TWO = """
merge_with concatenate is_compatible_with assert_is_compatible_with assert_same_rank most_specific_compatible_shape
__eq__ __ne__ __add__
"""
METHODS = """
ndims rank dims as_list() num_elements() is_fully_defined() assert_is_fully_defined() as_proto() __bool__()
__len__()
"""
RANK_METHODS = """
with_rank with_rank_at_least with_rank_at_most assert_has_rank
"""
KEYS = """
0 1 -1 5 1: :1 :-1 ::2 -1: 1:3 :0 ::-1
"""
BETWEEN = ["+", "-", "*", "//", "%", "/", "<", "<=", ">", ">=", "==", "!="]


def shape_facts() -> Iterator[str]:
    for value in DIMENSIONS + NOT_DIMENSIONS:
        yield f"tf.Dimension({value})"
        yield f"[f(tf.Dimension({value})) for f in (str, bool)], tf.Dimension({value}).value"
        yield f"int(tf.Dimension({value}))"
        yield f"range(9)[tf.Dimension({value})]"
        for known in ("tf.Dimension(7)", *(["tf.Dimension(None)"] if value in DIMENSIONS else [])):
            for method in ("is_compatible_with", "assert_is_compatible_with", "merge_with"):
                yield f"{known}.{method}({value})"
            for sign in BETWEEN:
                yield f"{known} {sign} {value}"
                yield f"{value} {sign} {known}"
    yield "tf.Dimension(2) - 5"
    yield "tf.Dimension(3) // 0"
    yield "[pickle.loads(pickle.dumps(tf.Dimension(n))) for n in (3, None)]"
    for value in SHAPES + NOT_SHAPES:
        yield f"tf.TensorShape({value})"
        yield f"str(tf.TensorShape({value}))"
        yield f"tf.TensorShape([2, 3]) == {value}, tf.TensorShape(None) == {value}"
        yield f"tf.TensorShape([2, 3]) + {value}"
        yield f"{value} + tf.TensorShape([2, 3])"
    for value in SHAPES:
        shape = f"tf.TensorShape({value})"
        yield from (f"{shape}.{method}" for method in METHODS.split())
        yield f"list({shape})"
        yield f"[d for d in {shape}.dims]"
        yield from (f"{shape}[{key}]" for key in KEYS.split())
        yield from (f"{shape}.{method}({rank})" for method, rank in product(RANK_METHODS.split(), (0, 1, 2, 3)))
        yield from (f"{shape}.{method}({other})" for method, other in product(METHODS_OF_TWO.split(), SHAPES))
        yield f"pickle.loads(pickle.dumps({shape}))"
        yield f"tf.TensorShape({shape}.as_proto()), tf.TensorShape({shape}), shapes.as_shape({value})"
        yield f"shapes.dimension_at_index({shape}, 0)"
    yield "[shapes.dimension_value(d) for d in (None, 3, tf.Dimension(4), tf.Dimension(None))]"
    yield "shapes.unknown_shape(), shapes.unknown_shape(2), shapes.unknown_shape(rank=0), shapes.unknown_shape(ndims=1)"
    yield "hash(tf.TensorShape([2, 3])) == hash(tf.TensorShape((2, 3)))"


SPECS = """
'' None '/job:ps' '/job:ps/task:7' '/job:a/replica:1/task:2/device:GPU:3' '/gpu:1' '/cpu:0' '/GPU' '/cpu' '/GPU:*'
'/device:GPU:*' '/device:gpu:0' '/device:cpu:0' '/device:XLA_CPU:0' '/TPU:1' '/device:GPU'
'/device:GPU:0/device:CPU:0' '/cpu:0/gpu:0' '/foo:1' '/job:a:b' '/task:x' '/gpu:x' '/device:GPU:x' 'job:ps' 'gpu:0'
'cpu' '/jobs:ps' '//job:ps' '/:3' '/Gpu:0' '/job:' '/replica:*' '/CUSTOM:0' '/tpu' '/device:CUSTOM:0' 'garbage'
'/job:ps/task:07' '/JOB:ps'
"""
PARTS = """
job='ps' task=7 task='7' replica=2 device_type='gpu' device_type='Gpu' device_index='3' job=5
"""


def device_facts() -> Iterator[str]:
    fields = "s.job, s.replica, s.task, s.device_type, s.device_index"
    for spec in SPECS.split():
        yield f"[({fields}) for s in [tf.DeviceSpec.from_string({spec})]]"
        yield f"devices.canonical_name({spec})"
        yield f"tf.DeviceSpec(job='x', task=1).parse_from_string({spec}).to_string()"
        yield f"devices.merge_device({spec})(Node('/job:w/cpu:0')).to_string(), devices.merge_device({spec}).is_null_merge"
        yield f"devices.merge_device('/job:w/cpu:0').shortcut_string_merge(Node({spec}))"
        yield f"tf.DeviceSpec.from_string('/job:w/cpu:0').make_merged_spec(tf.DeviceSpec.from_string({spec})).to_string()"
    for part in PARTS.split():
        yield f"tf.DeviceSpec({part})"
        yield f"tf.DeviceSpec({part}).to_string()"
        yield f"tf.DeviceSpec.from_string('/job:w/task:1/gpu:2').replace({part}).to_string()"
        name, value = part.split("=")
        told_of_s = f"setattr(s, {name!r}, {value}), s.to_string(), {fields}, s == tf.DeviceSpec({part})"
        yield f"[({told_of_s}) for s in [tf.DeviceSpec()]]"
    yield "tf.DeviceSpec(jobs='a')"
    yield "tf.DeviceSpec().replace(jobs='a')"
    yield "tf.DeviceSpec(task='x')"
    yield "tf.DeviceSpec('a', 1, 2, 'GPU', 3)"
    yield "[(s.merge_from(tf.DeviceSpec(task=2)), s.to_string()) for s in [tf.DeviceSpec(job='a', task=1)]]"
    yield "tf.DeviceSpec(job='a') == tf.DeviceSpec(job='a'), tf.DeviceSpec() == '', tf.DeviceSpec(job='a') != tf.DeviceSpec()"
    yield "len({tf.DeviceSpec(job='a'), tf.DeviceSpec(job='a'), tf.DeviceSpec(job='b')})"
    yield "[devices.merge_device(m) is m for m in [devices.merge_device('/cpu:0')]]"
    yield "[devices.merge_device(s)(Node('/cpu:0')).to_string() for s in (tf.DeviceSpec(job='ps'), None, '/job:a')]"
    yield "devices.is_device_spec(tf.DeviceSpec()), devices.is_device_spec(''), devices.check_valid('/cpu:0')"
    yield "devices.check_valid('/foo:0')"


def error_facts() -> Iterator[str]:
    parts = "e.error_code, e.message, str(e), e.op, e.node_def, e.experimental_payloads"
    yield "[(n, getattr(errors, n)) for n in sorted(dir(errors)) if n.isupper() and n[0] != '_']"
    yield "sorted(n for n in dir(tf.errors) if n.endswith('Error'))"
    for code in range(-1, 19):
        cls = f"errors.exception_type_from_error_code({code})"
        yield f"{cls}.__name__"
        yield f"[({parts}) for e in [{cls}(1, None, 'm')]]"
        yield f"errors.error_code_from_exception_type({cls})"
        yield f"{cls}.__mro__[1:] == (errors.OpError, Exception, BaseException, object)"
    yield "type(errors.error_code_from_exception_type(ValueError)).__name__"
    made = ("OpError(None, None, 'm', 5)", "NotFoundError(None, None, 'm')", "NotFoundError(None, None, 'm', {'a': 1})")
    for error in made:
        yield f"[({parts}) for e in [errors.{error}]]"
        yield f"[(type(e).__name__, e.error_code, str(e)) for e in [pickle.loads(pickle.dumps(errors.{error}))]]"
    yield "errors.NotFoundError(None, None)"


FAMILIES = {"dtypes": dtype_facts, "shapes": shape_facts, "devices": device_facts, "errors": error_facts}


def told(expression: str, names: dict[str, Any]) -> str:
    """What an expression gives: the `repr` of its value, or the class and text of its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return repr(eval(expression, names))
        except Exception as raised:
            return f"{type(raised).__name__}: {raised}"


class Node:
    """As much of an operation as a device function looks at."""

    def __init__(self, device: str) -> None:
        self.device = device


def main() -> None:
    import copy
    import pickle

    import ml_dtypes
    import numpy as np
    import tensorflow.compat.v1 as tf
    from tensorflow.python.framework import device, dtypes, errors_impl, tensor_shape

    tf.disable_v2_behavior()
    names = {"tf": tf, "np": np, "ml_dtypes": ml_dtypes, "pickle": pickle, "copy": copy, "Node": Node}
    names |= {"dtypes": dtypes, "shapes": tensor_shape, "devices": device, "errors": errors_impl}
    OUT.mkdir(parents=True, exist_ok=True)
    for family, expressions in FAMILIES.items():
        facts = {expression: told(expression, names) for expression in expressions()}
        text = json.dumps(facts, indent=0, ensure_ascii=False) + "\n"
        (OUT / f"{family}.json").write_text(text, encoding="utf-8")
        print(f"{family}: {len(facts)} facts")


if __name__ == "__main__":
    main()
