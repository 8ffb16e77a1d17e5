"""How values become bytes in a checkpoint: checksums, variable-length integers, dtype numbers, string tensors.

Source: `tensorflow/core/lib/hash/crc32c.h`, `tensorflow/core/lib/core/coding.h`,
`tensorflow/core/framework/types.proto`, `tensorflow/core/util/tensor_bundle/tensor_bundle.cc`.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from teachtf.core.dtypes import as_dtype
from teachtf.core.errors import DataLossError, InvalidArgumentError, UnimplementedError
from teachtf.platform.checksums import crc32c, mask

STRING = 7


def put_varint(value: int) -> bytes:
    """Returns `value` in base 128, lowest digit first.

    >>> put_varint(300)
    b'\\xac\\x02'
    """
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def get_varint(data: bytes, position: int) -> tuple[int, int]:
    """Returns the number at `position` and the position after it; IndexError where `data` ends first.

    >>> get_varint(b"\\xac\\x02", 0)
    (300, 2)
    """
    result = shift = 0
    while True:
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
        shift += 7


def dtype_number(dtype: Any) -> int:
    """Returns types.proto's number of a NumPy dtype; InvalidArgumentError where a checkpoint cannot hold it.

    >>> import numpy as np
    >>> dtype_number(np.float32), dtype_number(object)
    (1, 7)
    """
    try:
        return as_dtype(np.dtype(dtype)).as_datatype_enum
    except TypeError:
        raise InvalidArgumentError(None, None, f"A checkpoint cannot hold values of dtype {dtype}. Cast them first.") from None


def numpy_dtype(number: int) -> np.dtype:
    """Returns the NumPy dtype of types.proto's `number`; UnimplementedError for resources, variants and unknown ones.

    >>> numpy_dtype(9)
    dtype('int64')
    """
    try:
        dtype = as_dtype(number)
    except TypeError:
        dtype = None
    if dtype is None or not dtype.is_numpy_compatible:
        kind = dtype.name if dtype else f"DataType {number}"
        raise UnimplementedError(None, None, f"A tensor of type {kind} in a checkpoint cannot be read by teachtf.")
    return np.dtype(dtype.as_numpy_dtype)


def storable(value: Any) -> np.ndarray:
    """Returns `value` as a C-contiguous array of native byte order, strings as an object array of bytes.

    >>> storable(["a", b"b"])
    array([b'a', b'b'], dtype=object)
    """
    array = np.asarray(value, order="C")
    if array.dtype.kind in "SUO":
        encoded = np.empty(array.size, object)
        for i, text in enumerate(array.reshape(-1)):
            if not isinstance(text, (str, bytes)):
                raise InvalidArgumentError(
                    None, None, f"A string tensor holds only str and bytes, but element {i} is {type(text).__name__}."
                )
            encoded[i] = text.encode() if isinstance(text, str) else bytes(text)
        return encoded.reshape(array.shape)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return array


def _checksummed_lengths(lengths: list[int], order: str) -> bytes:
    """Returns the lengths as the checksum sees them: 4 bytes each, 8 for a string of 4 GiB and more."""
    if not lengths or max(lengths) <= 0xFFFFFFFF:
        return struct.pack(f"{order}{len(lengths)}I", *lengths)
    return b"".join(struct.pack(order + ("I" if n <= 0xFFFFFFFF else "Q"), n) for n in lengths)


def encode_strings(array: np.ndarray) -> tuple[bytes, int]:
    """Returns the stored bytes of an object array of bytes (lengths, their checksum, the bytes) and their crc."""
    texts = array.reshape(-1).tolist()
    lengths = [len(text) for text in texts]
    crc = crc32c(_checksummed_lengths(lengths, "<"))
    checksum = struct.pack("<I", mask(crc))
    joined = b"".join(texts)
    stored = b"".join(map(put_varint, lengths)) + checksum + joined
    return stored, crc32c(joined, crc32c(checksum, crc))


def decode_strings(stored: bytes, count: int, order: str = "<") -> tuple[np.ndarray, int]:
    """Returns the `count` strings in `stored` (flat object array) and their crc.

    Raises: DataLossError where the lengths do not match their checksum or do not fit.
    """
    lengths = []
    position = 0
    try:
        for _ in range(count):
            length, position = get_varint(stored, position)
            lengths.append(length)
        crc = crc32c(_checksummed_lengths(lengths, order))
        (stored_crc,) = struct.unpack_from(order + "I", stored, position)
    except (IndexError, struct.error):
        raise DataLossError(None, None, "the string lengths run past the tensor's bytes") from None
    if stored_crc != mask(crc):
        raise DataLossError(None, None, "the string lengths do not match their checksum")
    crc = crc32c(stored[position:], crc)
    position += 4
    if position + sum(lengths) != len(stored):
        raise DataLossError(None, None, "the strings do not fill the tensor's bytes")
    out = np.empty(count, object)
    for i, length in enumerate(lengths):
        out[i] = stored[position : position + length]
        position += length
    return out, crc
