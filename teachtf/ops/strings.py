"""Tensors of strings: joined, cut, searched, and turned into numbers and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import SparseTensor
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import rank
from teachtf.ops.fills import range as range_


def _declare(
    name: str, inputs: str, outputs: str, attrs: str = "", shape: Any = shapes.unchanged, silent: bool = False
) -> None:
    gradient = NOT_DIFFERENTIABLE if silent else NO_GRADIENT
    declare(name, inputs=inputs, outputs=outputs, attrs=attrs, shape=shape, gradient=gradient)


def _split_shape(op: Any) -> list[TensorShape]:
    return [shapes.shape_of([None, 2]), shapes.shape_of([None]), shapes.shape_of([2])]


def _reduce_join_shape(op: Any) -> list[TensorShape]:
    dims, axes = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    if dims is None or axes is None:
        return [unknown_shape()]
    taken = {shapes.normal_axis(int(a), len(dims)) for a in np.ravel(axes)}
    keep = op._attrs["keep_dims"]
    return [shapes.shape_of([1 if i in taken else d for i, d in enumerate(dims) if keep or i not in taken])]


def _raw_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    return [shapes.shape_of(None if dims is None else [*dims, None])]


_declare("StringStrip", "input: string", "output: string")
_declare("StringLower", "input: string", "output: string", "encoding: string = ''")
_declare("StringUpper", "input: string", "output: string", "encoding: string = ''")
_declare("StringLength", "input: string", "output: int32", "unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'")
_NUMBERS = "out_type: {float, double, int32, int64, uint32, uint64} = DT_FLOAT"
_declare("StringToNumber", "string_tensor: string", "output: out_type", _NUMBERS, silent=True)
_declare("EncodeBase64", "input: string", "output: string", "pad: bool = false", silent=True)
_declare("DecodeBase64", "input: string", "output: string", silent=True)
_REGEX = "pattern: string, rewrite: string, replace_global: bool = true"
_declare("StaticRegexReplace", "input: string", "output: string", _REGEX)
_declare(
    "AsString",
    "input: T",
    "output: string",
    "T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, complex64, complex128, bool, "
    "variant, string}, precision: int = -1, scientific: bool = false, shortest: bool = false, width: int = -1, "
    "fill: string = ''",
    silent=True,
)
_declare(
    "Substr",
    "input: string, pos: T, len: T",
    "output: string",
    "T: {int32, int64}, unit: {'BYTE', 'UTF8_CHAR'} = 'BYTE'",
    lambda op: [shapes.broadcast(op)[0] if op._inputs[0]._shape.ndims != 0 else op._inputs[0]._shape],
)
_declare(
    "ReduceJoin",
    "inputs: string, reduction_indices: int32",
    "output: string",
    "keep_dims: bool = false, separator: string = ''",
    _reduce_join_shape,
    silent=True,
)
_declare(
    "StringSplit",
    "input: string, delimiter: string",
    "indices: int64, values: string, shape: int64",
    "skip_empty: bool = true",
    _split_shape,
    silent=True,
)
_declare(
    "DecodeRaw",
    "bytes: string",
    "output: out_type",
    "out_type: {half, float, double, int32, uint16, uint8, int16, int8, int64, complex64, complex128, bool, bfloat16}, "
    "little_endian: bool = true",
    _raw_shape,
    silent=True,
)


def string_join(inputs: Any, separator: str = "", name: str | None = None) -> Tensor:
    """The strings of several tensors joined, element by element. Source: `tf.string_join`."""
    return apply_op("StringJoin", inputs, separator=separator, name=name)


def string_strip(input: Any, name: str | None = None) -> Tensor:
    """Strings without white space at either end. Source: `tf.string_strip`."""
    return apply_op("StringStrip", input, name=name)


def string_lower(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in lower case, ASCII's letters or all of "utf-8". Source: `tf.strings.lower`."""
    return apply_op("StringLower", input, encoding=encoding, name=name)


def string_upper(input: Any, encoding: str = "", name: str | None = None) -> Tensor:
    """Strings in upper case, ASCII's letters or all of "utf-8". Source: `tf.strings.upper`."""
    return apply_op("StringUpper", input, encoding=encoding, name=name)


def string_length(input: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """How many bytes (or "UTF8_CHAR") a string has. Source: `tf.strings.length`."""
    return apply_op("StringLength", input, unit=unit, name=name)


def string_to_number(string_tensor: Any, out_type: Any = dtypes.float32, name: str | None = None) -> Tensor:
    """Strings as numbers. Raises InvalidArgumentError in a run for a string that is none. Source: `tf.string_to_number`."""
    return apply_op("StringToNumber", string_tensor, out_type=dtypes.as_dtype(out_type), name=name)


def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
    name: str | None = None,
) -> Tensor:
    """Numbers and truth values as text. Source: `tf.as_string`."""
    options = {"precision": precision, "scientific": scientific, "shortest": shortest, "width": width, "fill": fill}
    return apply_op("AsString", input, **options, name=name)


def substr(input: Any, pos: Any, len: Any, name: str | None = None, unit: str = "BYTE") -> Tensor:
    """`len` bytes from byte `pos` on. Source: `tf.substr`."""
    return apply_op("Substr", input, pos, len, unit=unit, name=name)


def regex_replace(input: Any, pattern: str, rewrite: str, replace_global: bool = True, name: str | None = None) -> Tensor:
    """Matches of a regular expression replaced; in `rewrite`, `\\\\1` is the first group. Source: `tf.regex_replace`."""
    return apply_op("StaticRegexReplace", input, pattern=pattern, rewrite=rewrite, replace_global=replace_global, name=name)


def regex_full_match(input: Any, pattern: str, name: str | None = None) -> Tensor:
    """Whether a whole string matches a regular expression. Source: `tf.strings.regex_full_match`."""
    return apply_op("StaticRegexFullMatch", input, pattern=pattern, name=name)


def reduce_join(
    inputs: Any,
    axis: Any = None,
    keep_dims: bool | None = None,
    separator: str = "",
    name: str | None = None,
    reduction_indices: Any = None,
    keepdims: bool | None = None,
) -> Tensor:
    """Strings joined along some axes, in the order given; by default along all. Source: `tf.reduce_join`."""
    axis = reduction_indices if axis is None else axis
    with name_scope(None, "ReduceJoin", [inputs, axis]):
        tensor = convert_to_tensor(inputs)
        if axis is None:
            known = tensor.shape.ndims
            last = range_(rank(tensor) - 1, -1, -1) if known is None else constant(np.arange(known - 1, -1, -1), dtypes.int32)
            axis = last
        keep = bool(keep_dims if keepdims is None else keepdims)
        return apply_op("ReduceJoin", tensor, axis, keep_dims=keep, separator=separator, name=name)


def string_split(source: Any, sep: Any = None, skip_empty: bool = True, delimiter: Any = None) -> SparseTensor:
    """The parts of each string of a vector, as a sparse matrix with a row a string. Source: `tf.string_split`."""
    sep = delimiter if sep is None else sep
    with name_scope(None, "StringSplit", [source]):
        between = convert_to_tensor(" " if sep is None else sep, dtypes.string)
        strings = convert_to_tensor(source, dtypes.string)
        return SparseTensor(*apply_op("StringSplit", strings, between, skip_empty=skip_empty))


def encode_base64(input: Any, pad: bool = False, name: str | None = None) -> Tensor:
    """Bytes in web-safe base64. Source: `tf.encode_base64`."""
    return apply_op("EncodeBase64", input, pad=pad, name=name)


def decode_base64(input: Any, name: str | None = None) -> Tensor:
    """The bytes of web-safe base64. Source: `tf.decode_base64`."""
    return apply_op("DecodeBase64", input, name=name)


def decode_raw(input_bytes: Any = None, out_type: Any = None, little_endian: bool = True, name: str | None = None) -> Tensor:
    """The bytes of strings, all of one length, as numbers along a new last dimension. Source: `tf.decode_raw`."""
    if out_type is None:
        raise ValueError("decode_raw() needs the argument `out_type`, the type of the numbers.")
    return apply_op("DecodeRaw", input_bytes, out_type=dtypes.as_dtype(out_type), little_endian=little_endian, name=name)
