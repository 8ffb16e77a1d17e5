"""V1 checkpoints, the format of TensorFlow before 1.0: one table that holds the values themselves.

The entry of the empty key lists the tensors and their slices; each slice's values are a protocol message of their own.
Only reading is offered. Source: `tensorflow/core/util/saved_tensor_slice.proto`, `tensor_slice_reader.cc`.
"""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from teachtf.checkpoint.bundle import BundleReader
from teachtf.checkpoint.encoding import numpy_dtype
from teachtf.checkpoint.index import index_path
from teachtf.checkpoint.protos import SavedTensorSlices
from teachtf.checkpoint.reader import CheckpointReader, Damage, Stored, file_errors, near_prefixes, other_checkpoints
from teachtf.checkpoint.slices import TensorSlice
from teachtf.checkpoint.table import Table
from teachtf.core.errors import DataLossError, NotFoundError

# Where TensorProto keeps the values of a DataType, and as what: bytes of packed floats, or small integers.
_FIELDS: dict[int, tuple[str, type]] = {
    1: ("float_val", np.float32),
    2: ("double_val", np.float64),
    8: ("scomplex_val", np.complex64),
    9: ("int64_val", np.int64),
    10: ("bool_val", np.bool_),
    14: ("half_val", np.uint16),
    18: ("dcomplex_val", np.complex128),
    19: ("half_val", np.uint16),
    22: ("uint32_val", np.uint32),
    23: ("uint64_val", np.uint64),
}
_STRING = 7
_PACKED = {"float_val", "double_val", "scomplex_val", "dcomplex_val"}


class V1Reader(CheckpointReader):
    """Reads a V1 checkpoint: a file, or a pattern (`model.ckpt-?????-of-00002`) of the files of a sharded one.

    Raises: NotFoundError where no file matches; DataLossError where one is no table or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self.prefix = os.fspath(path)
        self._tensors = {}
        self._tables: list[Table] = []
        paths = [self.prefix] if os.path.isfile(self.prefix) else sorted(glob.glob(self.prefix))
        if not paths:
            raise NotFoundError(None, None, f"{self.prefix} does not exist.{near_prefixes(self.prefix)}")
        self._homes: dict[bytes, Table] = {}
        try:
            for one in paths:
                self._add_table(one)
        except DataLossError as error:
            self.close()
            raise DataLossError(None, None, error.message + near_prefixes(self.prefix)) from None

    def _add_table(self, path: str) -> None:
        with file_errors("Cannot read checkpoint"):
            table = Table(path)
        self._tables.append(table)
        header = table.get(b"")
        if header is None:
            raise DataLossError(None, None, f"{path} is a table, but not a V1 checkpoint: it lists no tensors.")
        for saved in SavedTensorSlices.FromString(header).meta.tensor:
            shape = tuple(dim.size for dim in saved.shape.dim)
            stored = self._tensors.setdefault(saved.name, Stored(saved.type, shape))
            for proto in saved.slice:
                part = TensorSlice.from_proto(proto)
                stored.slices.append(part)
                self._homes[part.key(saved.name)] = table

    def close(self) -> None:
        """Closes the files."""
        for table in self._tables:
            table.close()

    def _load(self, name: str, stored: Stored, part: TensorSlice) -> np.ndarray:
        key = part.key(name)
        table = self._homes.get(key)
        value = table.get(key) if table else None
        if table is None or value is None:
            raise DataLossError(
                None,
                None,
                f"{self.prefix} lists slice {part} of {name} but holds none.{other_checkpoints(self.prefix)}",
            )
        shape = part.shape(stored.shape)
        values = _values(SavedTensorSlices.FromString(value).data.data, stored.dtype_number)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        if values.size != count:
            what = f"it holds {values.size} values, where shape {list(shape)} needs {count}"
            raise Damage(table.path, 0, os.path.getsize(table.path), what)
        return values.reshape(shape)


def _values(data: Any, number: int) -> np.ndarray:
    """Returns the values of a TensorProto as a flat array of DataType `number`."""
    dtype = numpy_dtype(number)
    if number == _STRING:
        texts = np.empty(len(data.string_val), object)
        texts[:] = list(data.string_val)
        return texts
    field, raw = _FIELDS.get(number, ("int_val", np.int32))
    values = getattr(data, field)
    if field in _PACKED:
        return np.frombuffer(bytearray().join(values), raw)
    array: np.ndarray = np.array(values, raw)
    if field == "half_val":
        return array.view(dtype)
    return array.astype(dtype[0]).view(dtype) if dtype.names else array.astype(dtype)


def open_checkpoint(path: str | os.PathLike[str]) -> CheckpointReader:
    """Returns a reader of the checkpoint at prefix `path`, of whichever format is there; V2 goes first.

    >>> import tempfile
    >>> from teachtf.checkpoint import BundleWriter
    >>> prefix = tempfile.mkdtemp() + "/model.ckpt"
    >>> with BundleWriter(prefix) as writer:
    ...     writer.add("step", 7)
    >>> with open_checkpoint(prefix) as reader:
    ...     reader.tensor("step")
    array(7)

    Raises: NotFoundError where there is none, with the checkpoints of the folder that may have been meant;
    DataLossError where it is damaged. Source: `tf.train.load_checkpoint`, `tf.train.NewCheckpointReader`.
    """
    path = os.fspath(path)
    if os.path.exists(index_path(path)):
        return BundleReader(path)
    if os.path.isfile(path) or (not os.path.isdir(path) and glob.glob(path)):
        return V1Reader(path)
    raise NotFoundError(
        None,
        None,
        f"Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {path}.{near_prefixes(path)}",
    )
