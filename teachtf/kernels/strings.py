"""Kernels of tensors of strings: one Python call an element."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import strings

assert strings  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _each(function: Callable[..., Any], *arrays: Any, dtype: Any = np.object_) -> Any:
    """`function` of each element of arrays that broadcast."""
    wide = np.broadcast_arrays(*(np.asarray(a, np.object_) for a in arrays))
    flat = [function(*items) for items in zip(*(w.ravel() for w in wide), strict=True)]
    result = np.empty(wide[0].size, dtype)
    for i, item in enumerate(flat):
        result[i] = item
    return result.reshape(wide[0].shape)


def _cased(op: Any, of_bytes: Any, of_text: Any) -> Any:
    return (lambda s: of_text(s.decode()).encode()) if op._attrs["encoding"] == b"utf-8" else of_bytes


@kernel("StringStrip")
def _strip(op: Any) -> Call:
    return lambda x: _each(bytes.strip, x)


@kernel("StringLower", "StringUpper")
def _case(op: Any) -> Call:
    lower = op.type == "StringLower"
    function = _cased(op, bytes.lower if lower else bytes.upper, str.lower if lower else str.upper)
    return lambda x: _each(function, x)


@kernel("StringLength")
def _length(op: Any) -> Call:
    size = len if op._attrs["unit"] == b"BYTE" else lambda s: len(s.decode("utf-8", "replace"))
    return lambda x: _each(size, x, dtype=np.int32)


@kernel("StringToNumber")
def _number(op: Any) -> Call:
    target = op._attrs["out_type"]
    dtype, read = np.dtype(target.as_numpy_dtype), int if target.is_integer else float

    def one(text: bytes) -> Any:
        try:
            value = read(text)
        except ValueError:
            raise _invalid(f"StringToNumberOp could not correctly convert string: {text.decode('utf-8', 'replace')}") from None
        if read is int and not np.iinfo(dtype).min <= value <= np.iinfo(dtype).max:
            raise _invalid(f"StringToNumberOp could not correctly convert string: {text.decode('utf-8', 'replace')}")
        return value

    return lambda x: _each(one, x, dtype=dtype)


@kernel("AsString")
def _as_string(op: Any) -> Call:
    attrs, source = op._attrs, op.inputs[0].dtype.base_dtype
    fill = attrs["fill"].decode()
    width = "" if attrs["width"] < 0 else str(attrs["width"])
    digits = "" if attrs["precision"] < 0 else f".{attrs['precision']}"
    kind = "e" if attrs["scientific"] else "g" if attrs["shortest"] else "f"
    floating = f"%{fill}{width}{digits}{kind}"

    def one(value: Any) -> bytes:
        if source == dtypes.string:
            return value
        if source == dtypes.bool:
            return b"true" if value else b"false"
        if source.is_complex:
            return f"({floating % value.real},{floating % value.imag})".encode()
        return (f"%{fill}{width}d" % value if source.is_integer else floating % float(value)).encode()

    return lambda x: _each(one, x)


@kernel("Substr")
def _substr(op: Any) -> Call:
    by_bytes = op._attrs["unit"] == b"BYTE"

    def one(text: bytes, pos: int, length: int) -> bytes:
        whole: Any = text if by_bytes else text.decode()
        if pos > len(whole) or -pos > len(whole):
            raise _invalid(f"pos {pos} out of range for string b'{text.decode('utf-8', 'replace')}'")
        start = pos + len(whole) if pos < 0 else pos
        part = whole[start : start + length]
        return part if by_bytes else part.encode()

    return lambda x, pos, length: _each(one, x, pos, length)


@kernel("StaticRegexReplace")
def _replace(op: Any) -> Call:
    pattern, rewrite = re.compile(op._attrs["pattern"]), op._attrs["rewrite"].replace(b"\\0", b"\\g<0>")
    count = 0 if op._attrs["replace_global"] else 1
    return lambda x: _each(lambda s: pattern.sub(rewrite, s, count=count), x)


@kernel("ReduceJoin")
def _reduce_join(op: Any) -> Call:
    separator, keep = op._attrs["separator"], op._attrs["keep_dims"]

    def call(x: Any, axes: Any) -> Any:
        array = np.asarray(x, np.object_)
        wanted = [int(a) % array.ndim for a in np.ravel(axes)]
        rest = [i for i in range(array.ndim) if i not in wanted]
        moved = array.transpose([*rest, *wanted[::-1]])  # the first axis given is joined first
        outer = moved.shape[: len(rest)]
        rows = moved.reshape(int(np.prod(outer)), -1)
        joined = np.empty(len(rows), np.object_)
        for i, row in enumerate(rows):
            joined[i] = separator.join(row)
        return joined.reshape([1 if i in wanted else n for i, n in enumerate(array.shape)] if keep else outer)

    return call


@kernel("StringSplit")
def _split(op: Any) -> Call:
    skip = op._attrs["skip_empty"]

    def call(x: Any, between: Any) -> Any:
        text = bytes(np.asarray(between, np.object_).item())
        rows = [_parts(s, text) for s in np.asarray(x, np.object_)]
        rows = [[p for p in row if p or not skip] for row in rows]
        places = [(i, j) for i, row in enumerate(rows) for j in range(len(row))]
        values = np.empty(len(places), np.object_)
        for k, (i, j) in enumerate(places):
            values[k] = rows[i][j]
        shape = np.array([len(rows), max(map(len, rows), default=0)], np.int64)
        return np.array(places, np.int64).reshape(-1, 2), values, shape

    return call


def _parts(text: bytes, between: bytes) -> list[bytes]:
    """Cut at every byte of `between`; where it is empty, into single bytes."""
    if not between:
        return [text[i : i + 1] for i in range(len(text))]
    return re.split(b"[" + re.escape(between) + b"]", text)


@kernel("EncodeBase64")
def _encode(op: Any) -> Call:
    pad = op._attrs["pad"]

    def one(text: bytes) -> bytes:
        code = base64.urlsafe_b64encode(text)
        return code if pad else code.rstrip(b"=")

    return lambda x: _each(one, x)


@kernel("DecodeBase64")
def _decode(op: Any) -> Call:
    def one(code: bytes) -> bytes:
        plain = code.rstrip(b"=")
        try:
            return base64.b64decode(plain + b"=" * (-len(plain) % 4), altchars=b"-_", validate=True)
        except binascii.Error:
            raise _invalid("Invalid character found in base64.") from None

    return lambda x: _each(one, x)


@kernel("DecodeRaw")
def _raw(op: Any) -> Call:
    dtype = np.dtype(op._attrs["out_type"].as_numpy_dtype)
    stored = dtype if op._attrs["little_endian"] or dtype.itemsize == 1 else dtype.newbyteorder(">")

    def call(x: Any) -> Any:
        array = np.asarray(x, np.object_)
        sizes = {len(s) for s in array.ravel()}
        if len(sizes) > 1:
            raise _invalid(f"DecodeRaw requires input strings to all be the same size, but they are {sorted(sizes)}")
        size = sizes.pop() if sizes else 0
        if size % dtype.itemsize:
            raise _invalid(
                f"Input to DecodeRaw has length {size} that is not a multiple of {dtype.itemsize}, the size of {dtype}"
            )
        return np.frombuffer(b"".join(array.ravel()), stored).astype(dtype).reshape(*array.shape, size // dtype.itemsize)

    return call
