"""The index of a V2 checkpoint: where each tensor stands in the data files, as a table of BundleEntryProto by key."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from teachtf.checkpoint.protos import BundleEntryProto, BundleHeaderProto
from teachtf.checkpoint.reader import near_prefixes, other_checkpoints
from teachtf.checkpoint.table import Table, write_table
from teachtf.core.errors import DataLossError, NotFoundError

VERSION = 1
TEMPORARY = ".tempstate"


def data_path(prefix: str, shard: int, shards: int) -> str:
    """Returns the name of a data file.

    >>> data_path("model.ckpt", 0, 1)
    'model.ckpt.data-00000-of-00001'
    """
    return f"{prefix}.data-{shard:05d}-of-{shards:05d}"


def index_path(prefix: str) -> str:
    """Returns the name of the index file."""
    return f"{prefix}.index"


def key_of(name: str) -> bytes:
    """Returns the table key of tensor `name`."""
    return name.encode(errors="surrogateescape")


def new_entry(number: int, shape: Sequence[int]) -> Any:
    """Returns an entry of dtype `number` and `shape`, not yet placed in a file."""
    entry = BundleEntryProto(dtype=number)
    entry.shape.SetInParent()
    for size in shape:
        entry.shape.dim.add(size=size)
    return entry


def shape_of(entry: Any) -> tuple[int, ...]:
    """Returns the shape in an entry."""
    return tuple(dim.size for dim in entry.shape.dim)


def write_index(path: str, header: Any, entries: dict[bytes, Any]) -> None:
    """Writes header and entries as a table."""
    with open(path, "wb") as file:
        items = ((key, entries[key].SerializeToString()) for key in sorted(entries))
        write_table(file, [(b"", header.SerializeToString()), *items])


def read_index(path: str) -> tuple[Any, dict[bytes, Any]]:
    """Returns the header and the entries by key."""
    prefix = path.split(".index", 1)[0] if TEMPORARY in path else path.removesuffix(".index")
    try:
        table = Table(path)
    except FileNotFoundError:
        raise NotFoundError(None, None, f"{path} does not exist.{near_prefixes(prefix)}") from None
    except DataLossError as error:
        raise DataLossError(None, None, f"{error.message}{other_checkpoints(prefix)}") from None
    try:
        items = dict(table.items())
        header = BundleHeaderProto.FromString(items.pop(b""))
        return header, {key: BundleEntryProto.FromString(value) for key, value in items.items()}
    except DataLossError as error:
        raise DataLossError(None, None, f"{error.message}{other_checkpoints(prefix)}") from None
    except Exception as error:
        raise DataLossError(None, None, f"{path} is no index of a checkpoint ({error}).") from error
    finally:
        table.close()


def current_index(prefix: str) -> str:
    """Returns the index that fits the data: the temporary one where a writer died between its two renames."""
    path, data = index_path(prefix), data_path(prefix, 0, 1)
    try:
        index_time, data_time = os.stat(path).st_mtime_ns, os.stat(data).st_mtime_ns
    except OSError:
        return path
    if index_time >= data_time:
        return path
    folder, stem = os.path.split(path)
    left = [os.path.join(folder, file) for file in os.listdir(folder or os.curdir) if file.startswith(stem + TEMPORARY)]
    # A temporary index whose data still has its temporary name belongs to a writer that did not get that far.
    done = [file for file in left if not os.path.exists(data + file[len(path) :])]
    newest = max(done, key=lambda file: os.stat(file).st_mtime_ns, default=path)
    return newest if os.stat(newest).st_mtime_ns >= data_time else path
