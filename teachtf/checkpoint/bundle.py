"""V2 checkpoints: `<prefix>.index`, a table of what is where, and `<prefix>.data-?????-of-?????`, the bytes.

Source: `tensorflow/core/util/tensor_bundle/tensor_bundle.cc`. The files are the same bytes as TensorFlow's.

Both files are first written beside their final names; then the data is renamed into place, and the index last. Two
renames are not one: a process that dies between them, over an older checkpoint of the same prefix, leaves the new data
under the old index. The new index is complete by then, under its temporary name, and `BundleReader` finds it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, BinaryIO

import numpy as np

from teachtf.checkpoint.encoding import (
    STRING,
    crc32c,
    decode_strings,
    dtype_number,
    encode_strings,
    mask,
    numpy_dtype,
    storable,
)
from teachtf.checkpoint.index import (
    TEMPORARY,
    VERSION,
    current_index,
    data_path,
    index_path,
    key_of,
    new_entry,
    read_index,
    shape_of,
    write_index,
)
from teachtf.checkpoint.protos import BundleHeaderProto
from teachtf.checkpoint.reader import (
    CheckpointReader,
    Damage,
    SliceSpec,
    Stored,
    file_errors,
)
from teachtf.checkpoint.slices import TensorSlice
from teachtf.core.errors import DataLossError, FailedPreconditionError, InvalidArgumentError

_BIG_ENDIAN = 1
# Checksum and copy in pieces that stay in the cache.
_CHUNK = 1 << 18


class BundleWriter:
    """Writes a V2 checkpoint of one shard. Nothing is seen under `prefix` until `finish`.

    >>> import numpy as np, tempfile
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> with BundleWriter(prefix) as writer:
    ...     writer.add("w", np.ones((2, 3), np.float32))
    >>> BundleReader(prefix).shapes()
    {'w': (2, 3)}

    As a context manager it finishes on the way out, or throws its files away where the block raises.
    Raises: NotFoundError, PermissionDeniedError, ResourceExhaustedError where the folder cannot be written.
    """

    def __init__(self, prefix: str | os.PathLike[str]):
        self.prefix = os.fspath(prefix)
        self._suffix = f"{TEMPORARY}{secrets.randbits(64)}"
        self._entries: dict[bytes, Any] = {}
        self._offset = 0
        self._open = True
        with file_errors(f"Cannot write checkpoint {self.prefix}"):
            os.makedirs(os.path.dirname(self.prefix) or os.curdir, exist_ok=True)
            self._temporary_data = data_path(self.prefix, 0, 1) + self._suffix
            self._file: BinaryIO = open(self._temporary_data, "wb")  # noqa: SIM115 - open until finish()

    def __enter__(self) -> BundleWriter:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if not self._open:
            return
        if kind is None:
            self.finish()
        else:
            self.discard()

    def add(self, name: str, array: Any) -> None:
        """Adds tensor `name`: any dtype of a checkpoint, any shape; strings as object, `S` or `U` arrays.

        Raises: InvalidArgumentError for a second tensor of that name or values that have no dtype in a checkpoint.
        """
        if not name:
            raise InvalidArgumentError(None, None, "A tensor in a checkpoint needs a name, but got an empty one.")
        self._add(key_of(name), name, storable(array))

    def add_slice(self, full_name: str, full_shape: Sequence[int], slice_spec: SliceSpec, array: Any) -> None:
        """Adds one slice of a partitioned variable: `slice_spec` (`"0,5:-"`) of tensor `full_name` of `full_shape`.

        Raises: InvalidArgumentError where slice and shapes or dtypes do not fit together, or the slice is there.
        """
        array = storable(array)
        shape = tuple(int(size) for size in full_shape)
        part = TensorSlice.of(slice_spec, len(shape))
        if part.shape(shape) != array.shape:
            raise InvalidArgumentError(
                None,
                None,
                f"Slice {part} of {full_name} {list(shape)} has shape {list(part.shape(shape))}, "
                f"but the values have {list(array.shape)}.",
            )
        if array.shape == shape:
            self.add(full_name, array)
            return
        number = dtype_number(array.dtype)
        entry = self._entries.get(key_of(full_name))
        if entry is None:
            entry = self._entries[key_of(full_name)] = new_entry(number, shape)
        elif not entry.slices or (entry.dtype, shape_of(entry)) != (number, shape):
            raise InvalidArgumentError(
                None, None, f"Slice {part} of {full_name} differs in dtype or full shape from what was added before."
            )
        self._add(part.key(full_name), f"{full_name} (slice {part})", array)
        entry.slices.append(part.to_proto())

    def _add(self, key: bytes, shown: str, array: np.ndarray) -> None:
        if not self._open:
            raise FailedPreconditionError(None, None, f"Checkpoint {self.prefix} is finished; {shown} comes too late.")
        if key in self._entries:
            raise InvalidArgumentError(None, None, f"Adding duplicate key: {shown}")
        number = dtype_number(array.dtype)
        with file_errors(f"Cannot write checkpoint {self.prefix}"):
            if number == STRING:
                stored, crc = encode_strings(array)
                self._file.write(stored)
                size = len(stored)
            else:
                size = array.nbytes
                crc = _write_values(self._file, array.reshape(-1).view(np.uint8))
        entry = self._entries[key] = new_entry(number, array.shape)
        entry.offset, entry.size, entry.crc32c = self._offset, size, mask(crc)
        self._offset += size

    def finish(self) -> None:
        """Puts the checkpoint into place: the data file, then the index. Until then an older one stays as it was."""
        if not self._open:
            raise FailedPreconditionError(None, None, f"Checkpoint {self.prefix} is finished already.")
        header = BundleHeaderProto(num_shards=1)
        header.version.producer = VERSION
        temporary_index = index_path(self.prefix) + self._suffix
        try:
            with file_errors(f"Cannot write checkpoint {self.prefix}"):
                self._file.close()
                write_index(temporary_index, header, self._entries)
                os.replace(self._temporary_data, data_path(self.prefix, 0, 1))
        except BaseException:
            self.discard()
            raise
        self._open = False
        with file_errors(f"Cannot write checkpoint {self.prefix}"):
            os.replace(temporary_index, index_path(self.prefix))

    def discard(self) -> None:
        """Throws away what was added; nothing under `prefix` changes."""
        self._open = False
        for path in (self._temporary_data, index_path(self.prefix) + self._suffix):
            with suppress(OSError):
                os.remove(path)
        with suppress(OSError):
            self._file.close()


class BundleReader(CheckpointReader):
    """Reads a V2 checkpoint of any number of shards.

    Raises: NotFoundError where there is no index file; DataLossError where the index is damaged; InvalidArgumentError
    where a newer TensorFlow wrote a format that this one cannot know.
    """

    def __init__(self, prefix: str | os.PathLike[str]):
        self.prefix = os.fspath(prefix)
        self._files: dict[int, int] = {}
        self._lock = Lock()
        self._header, self._entries = read_index(current_index(self.prefix))
        minimum = self._header.version.min_consumer
        if minimum > VERSION:
            raise InvalidArgumentError(
                None, None, f"Checkpoint {self.prefix} needs a reader of version {minimum}; this one is {VERSION}."
            )
        self._tensors = {}
        parts: set[bytes] = set()
        for key, entry in self._entries.items():
            name = key.decode(errors="surrogateescape")
            slices = [TensorSlice.from_proto(part) for part in entry.slices]
            self._tensors[name] = Stored(entry.dtype, shape_of(entry), slices)
            parts.update(part.key(name) for part in slices)
        for key in parts:
            self._tensors.pop(key.decode(errors="surrogateescape"), None)

    def close(self) -> None:
        """Closes the data files."""
        while self._files:
            os.close(self._files.popitem()[1])

    def __del__(self) -> None:
        # __init__ may have raised before there was anything to close.
        if hasattr(self, "_files"):
            self.close()

    def _load(self, name: str, stored: Stored, part: TensorSlice) -> np.ndarray:
        entry = self._entries.get(part.key(name) if stored.slices else key_of(name))
        shape = part.shape(stored.shape)
        if entry is None:
            raise DataLossError(None, None, f"{index_path(self.prefix)} lists slice {part} of {name} but holds none.")
        path = data_path(self.prefix, entry.shard_id, self._header.num_shards)
        stop = entry.offset + entry.size
        dtype = numpy_dtype(stored.dtype_number)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        is_text = stored.dtype_number == STRING
        if shape_of(entry) != shape or (not is_text and entry.size != count * dtype.itemsize) or entry.offset < 0:
            raise Damage(index_path(self.prefix), entry.offset, stop, "its index entry contradicts itself")
        descriptor = self._open(entry.shard_id, path)
        # Before memory is taken: a cut file must not ask for more than it holds.
        if os.fstat(descriptor).st_size < stop:
            raise Damage(path, entry.offset, stop, f"the file ends at byte {os.fstat(descriptor).st_size}")
        big_endian = self._header.endianness == _BIG_ENDIAN
        if is_text:
            try:
                values, crc = decode_strings(os.pread(descriptor, entry.size, entry.offset), count, ">" if big_endian else "<")
            except DataLossError as error:
                raise Damage(path, entry.offset, stop, error.message) from None
        else:
            values = np.empty(count, dtype)
            crc = _read_values(descriptor, entry.offset, values.view(np.uint8))
        if mask(crc) != entry.crc32c:
            what = f"checksum does not match: stored {entry.crc32c:#010x}, of the bytes read {mask(crc):#010x}"
            raise Damage(path, entry.offset, stop, what)
        if big_endian and not is_text:
            values = _swapped(values)
        return values.reshape(shape)

    def _open(self, shard: int, path: str) -> int:
        with self._lock:
            if shard in self._files:
                return self._files[shard]
            with file_errors(f"Checkpoint {self.prefix} has its index but not this data file"):
                return self._files.setdefault(shard, os.open(path, os.O_RDONLY))


def merge(prefixes: Sequence[str | os.PathLike[str]], out_prefix: str | os.PathLike[str], delete_old_dirs: bool = True) -> None:
    """Makes one checkpoint of several (MergeV2Checkpoints): data files become its shards, slices come together.

    The data files are renamed, not copied, and the source indexes removed; with `delete_old_dirs` so are their folders
    where that leaves them empty.

    Raises: NotFoundError for a missing checkpoint, InvalidArgumentError where two hold the same tensor, or differ in
    byte order or version. Then nothing was moved.
    """
    out_prefix = os.fspath(out_prefix)
    merged: dict[bytes, Any] = {}
    shards: dict[str, int] = {}
    first: Any = None
    total = 0
    sources = [os.fspath(prefix) for prefix in prefixes]
    for prefix in sources:
        header, entries = read_index(current_index(prefix))
        first = first or header
        if (header.endianness, header.version) != (first.endianness, first.version):
            raise InvalidArgumentError(
                None, None, f"Merging bundles with conflicting endianness or format versions; {prefix} differs."
            )
        total += header.num_shards
        for key, entry in entries.items():
            known = merged.get(key)
            if known is None:
                path = data_path(prefix, entry.shard_id, header.num_shards)
                entry.shard_id = shards.setdefault(path, len(shards))
                merged[key] = entry
            elif not known.slices or not entry.slices:
                raise InvalidArgumentError(
                    None,
                    None,
                    f"Duplicate tensor keyed by {key.decode(errors='replace')} encountered, when merging prefix: {prefix}",
                )
            elif (known.dtype, shape_of(known)) != (entry.dtype, shape_of(entry)):
                raise InvalidArgumentError(
                    None, None, f"Slices of {key.decode(errors='replace')} differ in dtype or full shape in {prefix}."
                )
            else:
                known.slices.extend(entry.slices)
    if first is None:
        raise InvalidArgumentError(None, None, "merge() needs at least one checkpoint.")
    header = BundleHeaderProto(num_shards=total, endianness=first.endianness, version=first.version)
    temporary = f"{index_path(out_prefix)}{TEMPORARY}{secrets.randbits(64)}"
    with file_errors(f"Cannot write checkpoint {out_prefix}"):
        os.makedirs(os.path.dirname(out_prefix) or os.curdir, exist_ok=True)
        write_index(temporary, header, merged)
        for path, shard in shards.items():
            os.replace(path, data_path(out_prefix, shard, len(shards)))
        os.replace(temporary, index_path(out_prefix))
    for prefix in sources:
        with suppress(OSError):
            if prefix != out_prefix:
                os.remove(index_path(prefix))
            if delete_old_dirs and os.path.dirname(prefix) != os.path.dirname(out_prefix):
                os.rmdir(os.path.dirname(prefix))


def _write_values(file: BinaryIO, data: np.ndarray) -> int:
    """Writes `data` (uint8) and returns its crc. Pieces are copied first: a thread may change the array."""
    crc = 0
    scratch = np.empty(min(_CHUNK, data.size), np.uint8)
    for start in range(0, data.size, _CHUNK):
        piece = data[start : start + _CHUNK]
        copy = scratch[: piece.size]
        copy[:] = piece
        crc = crc32c(copy, crc)
        file.write(copy.data)
    return crc


def _read_values(descriptor: int, offset: int, out: np.ndarray) -> int:
    """Fills `out` (uint8) from the file and returns the crc of what was read."""
    crc = 0
    for start in range(0, out.size, _CHUNK):
        piece = out[start : start + _CHUNK]
        os.preadv(descriptor, [piece.data], offset + start)
        crc = crc32c(piece, crc)
    return crc


def _swapped(values: np.ndarray) -> np.ndarray:
    """Returns `values`, read as they stood in a big-endian file, in native order."""
    if values.dtype.kind in "iufcb":
        return values.byteswap()
    return values.view(f"u{values.dtype.itemsize}").byteswap().view(values.dtype)
