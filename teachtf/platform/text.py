"""Text as str and as bytes, whichever it was. Source: `tf.compat.as_text` and its kin."""

from __future__ import annotations

import codecs
import os
from typing import Any


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """`bytes_or_text` as bytes.

    Raises:
      TypeError: it is neither str nor bytes.

    Source: `tf.compat.as_bytes`.

    >>> as_bytes("café")
    b'caf\\xc3\\xa9'
    """
    encoding = codecs.lookup(encoding).name
    if isinstance(bytes_or_text, bytearray):
        return bytes(bytes_or_text)
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """`bytes_or_text` as str.

    Raises:
      TypeError: it is neither str nor bytes.

    Source: `tf.compat.as_text`, `tf.compat.as_str`.

    >>> as_text(b"caf\\xc3\\xa9")
    'café'
    """
    encoding = codecs.lookup(encoding).name
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """`value` as str: bytes decoded, anything else by `str()`. Source: `tf.compat.as_str_any`."""
    return as_text(value, encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """A path object as text; anything else as it is. Source: `tf.compat.path_to_str`."""
    return as_text(os.fspath(path)) if hasattr(path, "__fspath__") else path
