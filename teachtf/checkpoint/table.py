"""The sorted string table in which TensorFlow keeps a checkpoint's index (V2) or all of it (V1).

A table is a row of blocks, each with a type byte and a masked crc32c behind it; the last block is the index, which
leads to the others, and a 48-byte footer leads to the index. Keys within a block leave out what they share with the key
before them, except at every 16th ("restart").
Source: `tensorflow/core/lib/io/table_builder.cc`, `block_builder.cc`, `format.cc`; snappy's `format_description.txt`.
"""

from __future__ import annotations

import os
import struct
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from teachtf.checkpoint.encoding import crc32c, get_varint, mask, put_varint
from teachtf.core.errors import DataLossError, OpError

_BLOCK_SIZE = 262144
_RESTART_INTERVAL = 16
_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER_SIZE = 48
_TRAILER_SIZE = 5
_PLAIN, _SNAPPY = 0, 1


class _BlockBuilder:
    """Collects the keys and values of one block."""

    def __init__(self, restart_interval: int):
        self._interval = restart_interval
        self._buffer = bytearray()
        self._restarts = [0]
        self._count = 0
        self._last_key = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._interval:
            shared = _shared(self._last_key, key)
        else:
            self._restarts.append(len(self._buffer))
            self._count = 0
        for number in (shared, len(key) - shared, len(value)):
            self._buffer += put_varint(number)
        self._buffer += key[shared:] + value
        self._last_key = key
        self._count += 1

    def __len__(self) -> int:
        return len(self._buffer) + 4 * len(self._restarts) + 4

    @property
    def empty(self) -> bool:
        return not self._buffer

    def bytes(self) -> bytes:
        return bytes(self._buffer) + struct.pack(f"<{len(self._restarts) + 1}I", *self._restarts, len(self._restarts))


def _shared(a: bytes, b: bytes) -> int:
    """Returns how many bytes `a` and `b` have in common at their start."""
    for at, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return at
    return min(len(a), len(b))


def _separator(before: bytes, after: bytes) -> bytes:
    """Returns a short key k, before <= k < after, as TensorFlow chooses it."""
    at = _shared(before, after)
    if at < min(len(before), len(after)) and before[at] + 1 < after[at]:
        return before[:at] + bytes([before[at] + 1])
    return before


def _successor(key: bytes) -> bytes:
    """Returns a short key that is not below `key`."""
    for at, byte in enumerate(key):
        if byte != 0xFF:
            return key[:at] + bytes([byte + 1])
    return key


def write_table(file: BinaryIO, items: Iterable[tuple[bytes, bytes]]) -> None:
    """Writes `items`, sorted by key and without doubles, to `file` as a table of uncompressed blocks.

    The bytes are those of TensorFlow's TableBuilder with compression off.

    >>> import io
    >>> file = io.BytesIO()
    >>> write_table(file, [(b"a", b"1"), (b"b", b"2")])
    >>> len(file.getvalue())
    103
    """
    offset = 0
    block, index = _BlockBuilder(_RESTART_INTERVAL), _BlockBuilder(1)
    last_key: bytes | None = None
    pending: bytes | None = None  # The handle of a written block, whose index key waits for the next key.

    def write(contents: bytes) -> bytes:
        nonlocal offset
        kind = bytes([_PLAIN])
        file.write(contents + kind + struct.pack("<I", mask(crc32c(kind, crc32c(contents)))))
        handle = put_varint(offset) + put_varint(len(contents))
        offset += len(contents) + _TRAILER_SIZE
        return handle

    for key, value in items:
        if last_key is not None and key <= last_key:
            raise ValueError(f"table keys must rise, but {key!r} follows {last_key!r}")
        if not block.empty and len(key) + len(value) >= 2 * _BLOCK_SIZE:
            pending, block = write(block.bytes()), _BlockBuilder(_RESTART_INTERVAL)
        if pending is not None and last_key is not None:
            index.add(_separator(last_key, key), pending)
            pending = None
        block.add(key, value)
        last_key = key
        if len(block) >= _BLOCK_SIZE:
            pending, block = write(block.bytes()), _BlockBuilder(_RESTART_INTERVAL)
    if not block.empty:
        pending = write(block.bytes())
    meta_handle = write(_BlockBuilder(_RESTART_INTERVAL).bytes())
    if pending is not None and last_key is not None:
        index.add(_successor(last_key), pending)
    handles = meta_handle + write(index.bytes())
    file.write(handles.ljust(_FOOTER_SIZE - len(_MAGIC), b"\0") + _MAGIC)


class Table:
    """A table file open for reading; every block's checksum is verified before its bytes are used.

    Raises: DataLossError, naming the file and the byte range, where the file is no table or is damaged; OSError where
    it cannot be opened.
    """

    def __init__(self, path: str):
        self.path = path
        self._file = open(path, "rb")  # noqa: SIM115 - it stays open until close()
        try:
            self._keys, self._handles = self._read_index()
        except BaseException:
            self._file.close()
            raise

    def _read_index(self) -> tuple[list[bytes], list[tuple[int, int]]]:
        self._size = os.fstat(self._file.fileno()).st_size
        footer = self._pread(self._size - _FOOTER_SIZE, _FOOTER_SIZE) if self._size >= _FOOTER_SIZE else b""
        if not footer.endswith(_MAGIC):
            raise DataLossError(
                None,
                None,
                f"Unable to open table file {self.path}: not an sstable (bad magic number): perhaps your file is in a "
                f"different file format, or cut short ({self._size} bytes).",
            )
        try:
            meta, position = _handle(footer, 0)
            index, position = _handle(footer, position)
        except IndexError:
            raise self._damage(self._size - _FOOTER_SIZE, self._size, "the footer is not readable") from None
        # Nothing else guards the footer, so it must say exactly what the file's layout says.
        whole = sum(meta) + _TRAILER_SIZE == index[0] and sum(index) + _TRAILER_SIZE + _FOOTER_SIZE == self._size
        if not whole or footer[position : -len(_MAGIC)].strip(b"\0"):
            raise self._damage(self._size - _FOOTER_SIZE, self._size, "the footer does not fit the file")
        self._block(*meta)
        entries = self._entries(*index)
        return [key for key, _ in entries], [_handle(value, 0)[0] for _, value in entries]

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yields all keys and values in key order."""
        for handle in self._handles:
            yield from self._entries(*handle)

    def get(self, key: bytes) -> bytes | None:
        """Returns the value of `key`, None where there is none; reads one block."""
        at = bisect_left(self._keys, key)
        if at == len(self._keys):
            return None
        return next((value for found, value in self._entries(*self._handles[at]) if found == key), None)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def _pread(self, offset: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, offset)

    def _damage(self, start: int, stop: int, what: str) -> OpError:
        return DataLossError(None, None, f"{self.path} is damaged at bytes {start} to {stop}: {what}.")

    def _block(self, offset: int, size: int) -> bytes:
        """Returns the verified contents of the block at `offset`."""
        stop = offset + size + _TRAILER_SIZE
        raw = self._pread(offset, size + _TRAILER_SIZE) if stop <= self._size else b""
        if len(raw) != size + _TRAILER_SIZE:
            raise self._damage(offset, stop, "the file ends before the block does")
        contents, kind = raw[:size], raw[size]
        if struct.unpack_from("<I", raw, size + 1)[0] != mask(crc32c(raw[: size + 1])):
            raise self._damage(offset, stop, "block checksum mismatch")
        if kind == _PLAIN:
            return contents
        if kind == _SNAPPY:
            try:
                return snappy_decompress(contents)
            except (IndexError, ValueError):
                raise self._damage(offset, stop, "the snappy block cannot be decompressed") from None
        raise self._damage(offset, stop, f"unknown block type {kind}")

    def _entries(self, offset: int, size: int) -> list[tuple[bytes, bytes]]:
        """Returns the keys and values of the block at `offset`."""
        block = self._block(offset, size)
        try:
            (restarts,) = struct.unpack_from("<I", block, len(block) - 4)
            end = len(block) - 4 * (restarts + 1)
            entries = []
            position, key = 0, b""
            while position < end:
                shared, position = get_varint(block, position)
                fresh, position = get_varint(block, position)
                length, position = get_varint(block, position)
                key = key[:shared] + block[position : position + fresh]
                position += fresh + length
                entries.append((key, block[position - length : position]))
            if position != end:
                raise IndexError
        except (IndexError, struct.error):
            raise self._damage(offset, offset + size, "the block's entries are not readable") from None
        return entries


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """Returns a block's (offset, size) and the position after them."""
    offset, position = get_varint(data, position)
    size, position = get_varint(data, position)
    return (offset, size), position


def snappy_decompress(data: bytes) -> bytes:
    """Returns the bytes that snappy packed into `data`; ValueError or IndexError where it is not snappy.

    >>> snappy_decompress(bytes([8, 0b00000100]) + b"ab" + bytes([0b00001001, 2]))
    b'abababab'
    """
    size, position = get_varint(data, 0)
    out = bytearray()
    while position < len(data):
        tag = data[position]
        position += 1
        kind, length = tag & 3, (tag >> 2) + 1
        if kind == 0:
            if length > 60:
                extra = length - 60
                length = int.from_bytes(data[position : position + extra], "little") + 1
                position += extra
            out += data[position : position + length]
            position += length
            continue
        if kind == 1:
            length = (tag >> 2 & 7) + 4
            distance = tag >> 5 << 8 | data[position]
            position += 1
        else:
            width = 2 if kind == 2 else 4
            distance = int.from_bytes(data[position : position + width], "little")
            position += width
        start = len(out) - distance
        if distance == 0 or start < 0:
            raise ValueError("a copy reaches outside the output")
        # A copy may overlap its own output: then it repeats what lies between.
        piece = out[start : start + length]
        out += (piece * (length // len(piece) + 1))[:length]
    if len(out) != size:
        raise ValueError("the output has another length than announced")
    return bytes(out)
