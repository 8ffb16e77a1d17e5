"""Slices of a tensor, as partitioned variables save them.

A slice says for each axis where it starts and how long it is; a whole axis has length -1. TensorFlow writes a slice as
text, `"0,5:-"`, and as part of a key in the checkpoint's table.
Source: `tensorflow/core/framework/tensor_slice.cc`, `tensorflow/core/lib/strings/ordered_code.cc`,
`tensorflow/core/util/saved_tensor_slice_util.cc`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from teachtf.checkpoint.protos import TensorSliceProto
from teachtf.core.errors import InvalidArgumentError

_WHOLE_AXIS = -1
# OrderedCode's header bits by encoded length, as two bytes.
_SIGNED_HEADERS = (0, 0x8000, 0xC000, 0xE000, 0xF000, 0xF800, 0xFC00, 0xFE00, 0xFF00, 0xFF80, 0xFFC0)


@dataclass(frozen=True)
class TensorSlice:
    """A box inside a tensor: `extents` is (start, length) for each axis, (0, -1) for a whole one.

    >>> TensorSlice.parse("0,5:-")
    TensorSlice(extents=((0, 5), (0, -1)))
    >>> str(TensorSlice.parse("0,5:-")), TensorSlice.parse("0,5:-").shape((10, 3))
    ('0,5:-', (5, 3))
    """

    extents: tuple[tuple[int, int], ...]

    @classmethod
    def full(cls, rank: int) -> TensorSlice:
        """Returns the slice that is all of a tensor of `rank` axes."""
        return cls(((0, _WHOLE_AXIS),) * rank)

    @classmethod
    def parse(cls, text: str) -> TensorSlice:
        """Returns the slice that `text` describes: `-` or `start,length` for each axis, joined by `:`.

        Raises: InvalidArgumentError for anything else, as TensorFlow does.
        """
        extents = []
        for part in text.split(":") if text else ():
            match = re.fullmatch(r"-|(\d+),(\d+)", part)
            if not match or (match[2] is not None and int(match[2]) <= 0):
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Expected a pair of numbers (start,length with length above 0) or '-' but got '{part}': string = {text}",
                )
            extents.append((0, _WHOLE_AXIS) if part == "-" else (int(match[1]), int(match[2])))
        return cls(tuple(extents))

    @classmethod
    def of(cls, spec: TensorSlice | str | Sequence[tuple[int, int]] | None, rank: int) -> TensorSlice:
        """Returns `spec` as a slice: a TensorSlice, its text, (start, length) pairs, or None for the whole tensor."""
        if spec is None or spec == "":
            return cls.full(rank)
        if isinstance(spec, str):
            return cls.parse(spec)
        if isinstance(spec, TensorSlice):
            return spec
        return cls(tuple((int(start), int(length)) for start, length in spec))

    @classmethod
    def from_proto(cls, proto: Any) -> TensorSlice:
        """Returns the slice in a TensorSliceProto."""
        return cls(tuple((e.start, e.length if e.HasField("length") else _WHOLE_AXIS) for e in proto.extent))

    def to_proto(self) -> Any:
        """Returns the slice as a TensorSliceProto."""
        proto = TensorSliceProto()
        for start, length in self.extents:
            extent = proto.extent.add()
            if length != _WHOLE_AXIS:
                extent.start, extent.length = start, length
        return proto

    def box(self, full_shape: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Returns (start, stop) for each axis of a tensor of `full_shape`.

        Raises: InvalidArgumentError where the slice has another rank or leaves the tensor.
        """
        if len(self.extents) != len(full_shape):
            raise InvalidArgumentError(
                None, None, f"Slice {self} has {len(self.extents)} axes, but the tensor has shape {list(full_shape)}."
            )
        bounds = []
        for axis, ((start, length), size) in enumerate(zip(self.extents, full_shape, strict=True)):
            stop = size if length == _WHOLE_AXIS else start + length
            if start < 0 or stop < start or stop > size:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Extent in dimension {axis} out of bounds: shape = {list(full_shape)}, slice = {self}.",
                )
            bounds.append((start, stop))
        return tuple(bounds)

    def shape(self, full_shape: Sequence[int]) -> tuple[int, ...]:
        """Returns the slice's shape in a tensor of `full_shape`; raises as `box` does."""
        return tuple(stop - start for start, stop in self.box(full_shape))

    def key(self, name: str) -> bytes:
        """Returns the table key under which this slice of tensor `name` stands (EncodeTensorNameSlice)."""
        raw = name.encode(errors="surrogateescape")
        escaped = re.sub(rb"[\0\xff]", lambda byte: byte[0] + (b"\xff" if byte[0] == b"\0" else b"\0"), raw)
        out = _ordered_unsigned(0) + escaped + b"\0\x01" + _ordered_unsigned(len(self.extents))
        return out + b"".join(_ordered_signed(number) for extent in self.extents for number in extent)

    def __str__(self) -> str:
        return ":".join("-" if length == _WHOLE_AXIS else f"{start},{length}" for start, length in self.extents)


def _ordered_unsigned(value: int) -> bytes:
    """Returns OrderedCode::WriteNumIncreasing: how many bytes, then the bytes, highest first."""
    size = (value.bit_length() + 7) // 8
    return bytes([size]) + value.to_bytes(size, "big")


def _ordered_signed(value: int) -> bytes:
    """Returns OrderedCode::WriteSignedNumIncreasing: byte order is number order, short for small numbers."""
    size = (~value if value < 0 else value).bit_length() // 7 + 1
    header = _SIGNED_HEADERS[size] << 8 * size >> 16
    return ((value & (1 << 8 * size) - 1) ^ header).to_bytes(size, "big")


def parse_shape_and_slice(text: str) -> tuple[tuple[int, ...], TensorSlice, tuple[int, ...]]:
    """Returns (full shape, slice, slice's shape) of a `shape_and_slices` entry of SaveV2 and RestoreV2.

    >>> parse_shape_and_slice("10 3 0,5:-")
    ((10, 3), TensorSlice(extents=((0, 5), (0, -1))), (5, 3))

    Raises: InvalidArgumentError where the text is malformed or the slice does not fit the shape.
    """
    *dims, spec = text.split(" ")
    if not dims:
        raise InvalidArgumentError(
            None, None, f"Need least two elements in shape_and_slice specification: '{text}' (as '10 3 0,5:-')"
        )
    if not all(dim.isdecimal() for dim in dims):
        raise InvalidArgumentError(None, None, f"Non numerical dimension in shape_and_slice: {text}")
    shape = tuple(map(int, dims))
    tensor_slice = TensorSlice.parse(spec)
    return shape, tensor_slice, tensor_slice.shape(shape)
