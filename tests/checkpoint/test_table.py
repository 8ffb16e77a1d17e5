"""Tables: what is written is read, blocks divide where TensorFlow divides them, snappy unpacks."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teachtf.checkpoint.encoding import crc32c, get_varint, mask, put_varint
from teachtf.checkpoint.table import Table, _separator, _successor, snappy_decompress, write_table
from teachtf.core.errors import DataLossError


def written(path, items):
    with open(path, "wb") as file:
        write_table(file, items)
    return Table(str(path))


@settings(deadline=None, max_examples=50)
@given(items=st.dictionaries(st.binary(max_size=9), st.binary(max_size=40), max_size=60))
def test_round_trip(tmp_path_factory, items):
    table = written(tmp_path_factory.mktemp("table") / "t", sorted(items.items()))
    assert dict(table.items()) == items
    for key in items:
        assert table.get(key) == items[key]
    assert table.get(b"\xff" * 10) is None
    table.close()


def test_many_blocks(tmp_path):
    items = [(f"key/{i:05d}".encode(), bytes([i % 256]) * (600_000 if i == 70 else 5000)) for i in range(200)]
    table = written(tmp_path / "t", items)
    assert len(table._handles) > 4
    assert list(table.items()) == items
    assert table.get(items[70][0]) == items[70][1] and table.get(b"key/00070x") is None
    table.close()


def test_keys_must_rise(tmp_path):
    with pytest.raises(ValueError, match="must rise"):
        written(tmp_path / "t", [(b"b", b""), (b"a", b"")])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(b"the quick", b"the who", b"the r"), (b"ab", b"ac", b"ab"), (b"ab", b"abc", b"ab"), (b"a\xff", b"b", b"a\xff")],
)
def test_separators(before, after, expected):
    assert _separator(before, after) == expected


def test_successors():
    assert _successor(b"abc") == b"b" and _successor(b"\xff\x01") == b"\xff\x02" and _successor(b"\xff") == b"\xff"


@given(st.integers(0, 2**64 - 1))
def test_varints(number):
    assert get_varint(put_varint(number), 0) == (number, len(put_varint(number)))


def test_known_checksum():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(b"6789", crc32c(b"12345")) == 0xE3069283
    assert mask(0) == 0xA282EAD8


def test_no_table(tmp_path):
    for content in (b"", b"short", b"x" * 100):
        (tmp_path / "t").write_bytes(content)
        with pytest.raises(DataLossError, match="not an sstable"):
            Table(str(tmp_path / "t"))


def _snappy(data: bytes, seed: int) -> bytes:
    """Packs `data` with every kind of snappy element, chosen at random."""
    chance = random.Random(seed)
    out, at = bytearray(put_varint(len(data))), 0
    while at < len(data):
        length = min(chance.choice([1, 4, 7, 11, 30, 64, 61, 300]), len(data) - at)
        start = data.rfind(data[at : at + length], 0, at + length - 1)
        distance = at - start
        if start >= 0 and distance > 0 and length <= 64:
            if 4 <= length <= 11 and distance < 2048:
                out += bytes([1 | length - 4 << 2 | distance >> 8 << 5, distance & 255])
            elif chance.random() < 0.5:
                out += bytes([2 | length - 1 << 2]) + struct.pack("<H", distance)
            else:
                out += bytes([3 | length - 1 << 2]) + struct.pack("<I", distance)
        else:
            out += bytes([length - 1 << 2]) if length <= 60 else bytes([61 << 2]) + struct.pack("<H", length - 1)
            out += data[at : at + length]
        at += length
    return bytes(out)


@settings(deadline=None)
@given(
    pieces=st.lists(st.sampled_from([b"a", b"abc", b"\0" * 40, b"hello world", bytes(range(100))]), max_size=30),
    seed=st.integers(0, 99),
)
def test_snappy(pieces, seed):
    data = b"".join(pieces)
    assert snappy_decompress(_snappy(data, seed)) == data


@pytest.mark.parametrize("packed", [b"", b"\x05\x00a", b"\x02\x00a\x05\x09", b"\x04\x01", b"\x04\x00a\x01\x00", b"\x01\x08abc"])
def test_bad_snappy(packed):
    with pytest.raises((ValueError, IndexError)):
        snappy_decompress(packed)


def test_reads_snappy_blocks(tmp_path):
    """The table of a V1 checkpoint as TensorFlow wrote it where it was built with snappy."""
    items = [(b"", b"header"), (b"zeros", b"\0" * 4000)]
    plain = written(tmp_path / "t", items)
    block = plain._block(*plain._handles[0])
    plain.close()

    def framed(contents, kind):
        return contents + bytes([kind]) + struct.pack("<I", mask(crc32c(contents + bytes([kind]))))

    packed = _snappy(block, 1)
    assert len(packed) < len(block)
    empty = struct.pack("<II", 0, 1)
    index = b"\0\x01" + put_varint(len(put_varint(0) + put_varint(len(packed)))) + b"z"
    index += put_varint(0) + put_varint(len(packed)) + struct.pack("<II", 0, 1)
    data = framed(packed, 1)
    handles = put_varint(len(data)) + put_varint(len(empty))
    data += framed(empty, 0)
    handles += put_varint(len(data)) + put_varint(len(index))
    footer = handles.ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)
    (tmp_path / "s").write_bytes(data + framed(index, 0) + footer)
    table = Table(str(tmp_path / "s"))
    assert list(table.items()) == items
    table.close()
