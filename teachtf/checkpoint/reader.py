"""What every checkpoint reader answers, whichever format the file has."""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from teachtf.checkpoint.encoding import numpy_dtype
from teachtf.checkpoint.slices import TensorSlice
from teachtf.core.errors import (
    DataLossError,
    InvalidArgumentError,
    NotFoundError,
    OpError,
    PermissionDeniedError,
    ResourceExhaustedError,
    UnknownError,
)

SliceSpec = TensorSlice | str | Sequence[tuple[int, int]] | None
_SHOWN = 10
_THREADS = 4
_THREADED_ELEMENTS = 1 << 20


class Damage(Exception):
    """The stored bytes of one tensor are not what was saved; the reader turns it into a DataLossError."""

    def __init__(self, file: str, start: int, stop: int, what: str):
        super().__init__(what)
        self.file, self.start, self.stop, self.what = file, start, stop, what


@dataclass
class Stored:
    """What a checkpoint's index says of one tensor."""

    dtype_number: int
    shape: tuple[int, ...]
    slices: list[TensorSlice] = field(default_factory=list)


class CheckpointReader:
    """The tensors of one checkpoint by name. Arrays handed out are new and belong to the caller.

    A subclass fills `_tensors` and says how one stored slice is loaded.
    Source: `tf.train.NewCheckpointReader`.
    """

    prefix: str
    _tensors: dict[str, Stored]

    def _load(self, name: str, stored: Stored, part: TensorSlice) -> np.ndarray:
        """Returns the values of stored slice `part`; raises Damage where they fail their checks."""
        raise NotImplementedError

    def close(self) -> None:
        """Closes the files."""
        raise NotImplementedError

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def names(self) -> list[str]:
        """Returns the names of all tensors, sorted; a partitioned variable counts once."""
        return sorted(self._tensors)

    def has(self, name: str) -> bool:
        """Says whether the checkpoint holds tensor `name`."""
        return name in self._tensors

    def shape(self, name: str) -> tuple[int, ...]:
        """Returns the full shape of tensor `name`; NotFoundError where there is none."""
        return self._stored(name).shape

    def dtype(self, name: str) -> np.dtype:
        """Returns the NumPy dtype of tensor `name` (object for strings); NotFoundError where there is none."""
        return numpy_dtype(self._stored(name).dtype_number)

    def dtype_number(self, name: str) -> int:
        """Returns types.proto's DataType number of tensor `name`, also of types that cannot be read."""
        return self._stored(name).dtype_number

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the full shapes by name."""
        return {name: self.shape(name) for name in self.names()}

    def dtypes(self) -> dict[str, np.dtype]:
        """Returns the NumPy dtypes by name; UnimplementedError where one has none (see `dtype_number`)."""
        return {name: self.dtype(name) for name in self.names()}

    def slices(self, name: str) -> list[TensorSlice]:
        """Returns the slices in which tensor `name` is stored: one full slice unless it was partitioned."""
        stored = self._stored(name)
        return list(stored.slices) or [TensorSlice.full(len(stored.shape))]

    def tensor(self, name: str) -> np.ndarray:
        """Returns tensor `name`, put together where it was saved in slices. Errors are those of `slice`."""
        return self.slice(name, None)

    def tensors(self, names: Iterable[str] | None = None) -> dict[str, np.ndarray]:
        """Returns the tensors of those names, or all, by name: every one, or the first error of `slice`.

        Large checkpoints are read by a few threads, since most of the time goes into mapping fresh memory.
        """
        wanted = list(self.names() if names is None else names)
        size = sum(_volume([(0, n) for n in self.shape(name)]) for name in wanted)
        if size < _THREADED_ELEMENTS:
            return {name: self.tensor(name) for name in wanted}
        with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as pool:
            return dict(zip(wanted, pool.map(self.tensor, wanted), strict=True))

    def slice(self, name: str, spec: SliceSpec) -> np.ndarray:
        """Returns the part of tensor `name` that `spec` describes (`"0,5:-"`, (start, length) pairs, a TensorSlice).

        Raises:
          NotFoundError: no such tensor; the message names the closest ones.
          InvalidArgumentError: the slice leaves the tensor, or the stored slices do not cover it.
          DataLossError: the stored bytes fail their checksum; the message names the file, the byte range and the
            tensors that can still be read.
        """
        stored = self._stored(name)
        numpy_dtype(stored.dtype_number)
        try:
            return self._assemble(name, stored, TensorSlice.of(spec, len(stored.shape)))
        except Damage as damage:
            raise self._data_loss(name, damage) from None

    def verify(self) -> list[str]:
        """Reads everything and returns the names of the tensors that cannot be read, sorted."""
        return [name for name in self.names() if not self._readable(name)]

    def _readable(self, name: str) -> bool:
        try:
            self._assemble(name, self._stored(name), TensorSlice.full(len(self.shape(name))))
        except (Damage, OpError):
            return False
        return True

    def _stored(self, name: str) -> Stored:
        stored = self._tensors.get(name)
        if stored is None:
            raise NotFoundError(None, None, f"Key {name} not found in checkpoint {self.prefix}.{self._closest(name)}")
        return stored

    def _closest(self, name: str) -> str:
        close = difflib.get_close_matches(name, self._tensors, n=3, cutoff=0.6)
        # The commonest drift is a scope that was added, dropped or numbered: the last part of the name stays.
        tail = name.rsplit("/", 1)[-1]
        close += [other for other in self.names() if other.rsplit("/", 1)[-1] == tail and other not in close]
        if close:
            listed = ", ".join(f"{other} {list(self._tensors[other].shape)}" for other in close[:5])
            return f" Closest names: {listed}."
        return f" It holds {_listed(self.names())}." if self._tensors else " It holds no tensors."

    def _assemble(self, name: str, stored: Stored, wanted: TensorSlice) -> np.ndarray:
        box = wanted.box(stored.shape)
        parts = self.slices(name)
        for part in parts:
            if part.box(stored.shape) == box:
                return self._load(name, stored, part)
        out: np.ndarray | None = None
        missing = _volume(box)
        copied: list[Any] = []
        for part in parts:
            there = part.box(stored.shape)
            shared = _intersection(box, there)
            if _volume(shared) == 0:
                continue
            if any(_volume(_intersection(shared, other)) for other in copied):
                raise InvalidArgumentError(None, None, f"The slices of tensor {name} overlap at {part}.")
            values = self._load(name, stored, part)
            if out is None:
                out = np.empty(tuple(stop - start for start, stop in box), values.dtype)
            out[_indices(shared, box)] = values[_indices(shared, there)]
            missing -= _volume(shared)
            copied.append(shared)
        if missing or out is None:
            raise InvalidArgumentError(
                None,
                None,
                f"Does not have sufficient slices for partitioned tensor {name} to restore in slice_spec: {wanted}. "
                f"Stored are {', '.join(map(str, parts))}.",
            )
        return out

    def _data_loss(self, name: str, damage: Damage) -> OpError:
        good = [other for other in self.names() if other != name and self._readable(other)]
        rest = f"Still readable: {_listed(good)}." if good else "No other tensor of this checkpoint can be read."
        return DataLossError(
            None,
            None,
            f"{damage.file} is damaged at bytes {damage.start} to {damage.stop}, where tensor {name} stands: "
            f"{damage.what}. {rest}{other_checkpoints(self.prefix)}",
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _volume(box: Sequence[tuple[int, int]]) -> int:
    result = 1
    for start, stop in box:
        result *= max(0, stop - start)
    return result


def _intersection(a: Sequence[tuple[int, int]], b: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((max(x[0], y[0]), min(x[1], y[1])) for x, y in zip(a, b, strict=True))


def _indices(part: Sequence[tuple[int, int]], within: Sequence[tuple[int, int]]) -> tuple[slice, ...]:
    return tuple(slice(p[0] - w[0], p[1] - w[0]) for p, w in zip(part, within, strict=True))


def checkpoints_in(folder: str) -> list[str]:
    """Returns the V2 checkpoint prefixes in `folder`, oldest first; empty where the folder does not exist."""
    found = glob.glob(os.path.join(glob.escape(folder), "*.index"))
    return [path.removesuffix(".index") for path in sorted(found, key=lambda path: (os.path.getmtime(path), path))]


def other_checkpoints(prefix: str) -> str:
    """Returns a sentence that names the newest other checkpoints beside `prefix`, empty where there are none."""
    others = [path for path in checkpoints_in(os.path.dirname(prefix)) if path != prefix]
    return f" Other checkpoints in the folder: {', '.join(reversed(others[-3:]))}." if others else ""


def near_prefixes(prefix: str) -> str:
    """Returns a sentence that names the checkpoints in the folder of `prefix` which may have been meant."""
    folder = os.path.dirname(prefix)
    found = checkpoints_in(prefix if os.path.isdir(prefix) else folder)
    # A file of the checkpoint in place of its prefix is the commonest slip.
    stem = re.sub(r"\.(index|meta|data-\d{5}-of-\d{5})$", "", prefix)
    if stem != prefix and stem in found:
        return f" Pass the checkpoint's prefix: {stem}."
    by_name = {os.path.basename(path): path for path in found}
    close = difflib.get_close_matches(os.path.basename(prefix), by_name, n=3, cutoff=0.5)
    names = [by_name[name] for name in close] or found[-3:][::-1]
    if names:
        return f" Checkpoints there: {', '.join(names)}."
    return f" There is no checkpoint in {folder or os.curdir}."


@contextmanager
def file_errors(doing: str) -> Iterator[None]:
    """Turns an OSError inside the block into TensorFlow's error class for it."""
    try:
        yield
    except OSError as error:
        classes = {
            FileNotFoundError: NotFoundError,
            NotADirectoryError: NotFoundError,
            PermissionError: PermissionDeniedError,
        }
        kind = classes.get(type(error), ResourceExhaustedError if error.errno in (28, 122) else UnknownError)
        raise kind(None, None, f"{doing}: {error.filename or ''}: {error.strerror}") from error
