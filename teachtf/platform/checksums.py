"""The checksums of TensorFlow's files. Source: `tensorflow/core/lib/hash/crc32c.h`."""

from __future__ import annotations

from typing import Any

import google_crc32c

_MASK_DELTA = 0xA282EAD8


def mask(crc: int) -> int:
    """Returns the checksum as files hold it: TensorFlow never stores the crc of bytes that contain crcs unmasked."""
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def crc32c(data: Any, crc: int = 0) -> int:
    """Returns the crc32c of `data` (bytes, or a contiguous array), going on from `crc`."""
    return google_crc32c.extend(crc, data)
