"""Files of records, one after another, each with its length and checksums. Source: TensorFlow's TFRecord and event files."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from teachtf.core import errors
from teachtf.platform.checksums import crc32c, mask
from teachtf.platform.files import GFile
from teachtf.platform.text import as_bytes, as_text


def packed(record: bytes) -> bytes:
    """A record as it stands in a file: length, checksum of that, the bytes, checksum of those."""
    length = struct.pack("<Q", len(record))
    return b"".join([length, struct.pack("<I", mask(crc32c(length))), record, struct.pack("<I", mask(crc32c(record)))])


def unpacked(file: Any, name: Any) -> Iterator[bytes]:
    """The records of an open file.

    Raises:
      DataLossError: a record is cut off, or a checksum does not match.
    """
    offset = 0
    while len(head := file.read(12)) == 12:  # less is the end of a file that someone still writes
        length, checksum = struct.unpack("<QI", head)
        if mask(crc32c(head[:8])) != checksum:
            raise _lost("corrupted", offset, name)
        record, tail = file.read(length), file.read(4)
        if len(tail) < 4:
            raise _lost("truncated", offset, name)
        if mask(crc32c(record)) != struct.unpack("<I", tail)[0]:
            raise _lost("corrupted", offset, name)
        yield record
        offset += 16 + length


def _lost(how: str, offset: int, name: Any) -> errors.DataLossError:
    return errors.DataLossError(None, None, f"{how} record at {offset} of {name}: what stands before it can be read")


class TFRecordCompressionType:
    """How a file of records is compressed. Source: `tf.python_io.TFRecordCompressionType`."""

    NONE, ZLIB, GZIP = 0, 1, 2


_NAMES = {TFRecordCompressionType.NONE: "", TFRecordCompressionType.ZLIB: "ZLIB", TFRecordCompressionType.GZIP: "GZIP"}


class TFRecordOptions:
    """Options of files of records.

    Args:
      compression_type: "GZIP", "ZLIB", "", None, or of `TFRecordCompressionType`.
      compression_level: from 0 (none) to 9 (smallest).
      options: the other options of TensorFlow's zlib, accepted.

    Source: `tf.python_io.TFRecordOptions`.
    """

    compression_type_map = _NAMES

    def __init__(self, compression_type: Any = None, compression_level: int | None = None, **options: Any) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type, self.compression_level = compression_type, compression_level

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """ "GZIP", "ZLIB" or "", for options, a compression type or its name.

        Raises:
          ValueError: there is no such compression.
        """
        if not options:
            return ""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if options in _NAMES:
            return _NAMES[options]
        if options in _NAMES.values():
            return options
        raise ValueError(f'Not a valid compression_type: "{options}"')


class TFRecordWriter:
    """Writes a file of records.

    Args:
      path: the file; one that stands is replaced.
      options: a `TFRecordOptions`, a `TFRecordCompressionType`, or the name of a compression.

    Source: `tf.python_io.TFRecordWriter`.

    >>> import os, tempfile
    >>> import teachtf as tf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a.tfrecord")
    ...     with tf.python_io.TFRecordWriter(path) as writer:
    ...         writer.write(b"one")
    ...     list(tf.python_io.tf_record_iterator(path))
    [b'one']
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(options)
        level = -1 if options.compression_level is None else options.compression_level
        kind = TFRecordOptions.get_compression_type_string(options)
        bits = {"ZLIB": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS | 16}
        self._compressor = zlib.compressobj(level, zlib.DEFLATED, bits[kind]) if kind else None
        self._file: Any = GFile(path, "wb")
        self._file.write(b"")  # a path that cannot be written is found out now

    def write(self, record: Any) -> None:
        """Append a record, bytes or str.

        Raises:
          FailedPreconditionError: the writer is closed.
        """
        if self._file is None:
            raise errors.FailedPreconditionError(None, None, "Writer is closed.")
        data = packed(as_bytes(record))
        self._file.write(self._compressor.compress(data) if self._compressor else data)

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._compressor:
            self._file.write(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            if self._compressor:
                self._file.write(self._compressor.flush())
            self._file.close()
            self._file = None

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()


def tf_record_iterator(path: Any, options: Any = None) -> Iterator[bytes]:
    """The records of a file, as bytes.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: a record is cut off, or a checksum does not match.

    Source: `tf.python_io.tf_record_iterator`.
    """
    kind = TFRecordOptions.get_compression_type_string(options)
    with GFile(path, "rb") as file:
        if not kind:
            yield from unpacked(file, as_text(str(path)))
            return
        import io

        data = file.read()
        plain = gzip.decompress(data) if kind == "GZIP" else zlib.decompress(data)
        yield from unpacked(io.BytesIO(plain), as_text(str(path)))
