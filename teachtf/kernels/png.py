"""Pictures as PNG files, by zlib alone. Source: PNG (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

_COLOR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def encode(image: Any, level: int = -1) -> bytes:
    """A PNG file of `image`, uint8 or uint16 [height, width, channels] with 1 to 4 channels.

    >>> import numpy as np
    >>> encode(np.zeros([2, 3, 3], np.uint8))[1:4]
    b'PNG'
    """
    height, width, channels = image.shape
    big_endian = np.ascontiguousarray(image, image.dtype.newbyteorder(">"))
    rows = big_endian.reshape(height, -1).view(np.uint8)
    filtered = np.zeros((height, rows.shape[1] + 1), np.uint8)  # each row starts with the number of its filter: 0, none
    filtered[:, 1:] = rows
    header = struct.pack(">IIBBBBB", width, height, 8 * image.dtype.itemsize, _COLOR_TYPES[channels], 0, 0, 0)
    data = zlib.compress(filtered.tobytes(), level)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")
