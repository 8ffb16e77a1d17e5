"""Files as TensorFlow opens and lists them, on the local disk. Source: `tf.gfile`."""

from __future__ import annotations

import glob as python_glob
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from teachtf.core import errors
from teachtf.platform.text import as_bytes, as_str_any, as_text

_MODES = ("r", "w", "a", "r+", "w+", "a+")


def _told(error: OSError, path: Any) -> errors.OpError:
    """The error of the operating system as TensorFlow's."""
    kinds = {
        FileNotFoundError: errors.NotFoundError,
        FileExistsError: errors.AlreadyExistsError,
        PermissionError: errors.PermissionDeniedError,
    }
    kind = kinds.get(type(error), errors.FailedPreconditionError)
    return kind(None, None, f"{_path(path)}; {error.strerror}")


def _path(path: Any) -> str:
    return as_text(os.fspath(path))


def _asked(function: Callable[..., Any], path: Any, *more: Any) -> Any:
    try:
        return function(_path(path), *more)
    except OSError as error:
        raise _told(error, path) from None


class GFile:
    """A file, opened when it is first read or written.

    Args:
      name: its path.
      mode: "r", "w", "a", "r+", "w+" or "a+"; with a "b" it reads bytes, otherwise str.

    Raises:
      InvalidArgumentError: there is no such mode.
      NotFoundError: when read or written: there is no such file or folder.
      PermissionDeniedError: when read or written: it is not open for that.

    Source: `tf.gfile.GFile`, `tf.gfile.Open`, `tf.gfile.FastGFile`.
    """

    def __init__(self, name: Any, mode: str = "r") -> None:
        self._file: Any = None
        self._name, self._mode, self._binary = name, mode, "b" in mode
        plain = mode.replace("b", "")
        if plain not in _MODES:
            raise errors.InvalidArgumentError(None, None, "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'")
        self._python_mode = plain + "b"
        self._reads, self._writes = plain not in ("w", "a"), plain != "r"

    @property
    def name(self) -> Any:
        """The path it was opened by."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode it was opened in."""
        return self._mode

    def _open(self) -> Any:
        if self._file is None:
            self._file = _asked(lambda path: open(path, self._python_mode), self._name)  # noqa: SIM115
        return self._file

    def _reading(self) -> Any:
        if not self._reads:
            raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
        return self._open()

    def _as_asked(self, data: bytes) -> Any:
        return data if self._binary else as_str_any(data)

    def size(self) -> int:
        """The number of bytes in it."""
        self.flush()
        return Stat(self._name).length

    def write(self, file_content: Any) -> None:
        """Append str (as UTF-8) or bytes."""
        if not self._writes:
            raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
        self._open().write(as_bytes(file_content))

    def read(self, n: int = -1) -> Any:
        """The next `n` bytes, by default all."""
        return self._as_asked(self._reading().read(n))

    def readline(self) -> Any:
        """The next line with its end; empty at the end of the file."""
        return self._as_asked(self._reading().readline())

    def readlines(self) -> list[Any]:
        """The lines that are left."""
        return list(self)

    def seek(self, offset: int | None = None, whence: int = 0, position: int | None = None) -> None:
        """Go to byte `offset` from the start, from here (`whence` 1) or from the end (2). `position` is the old name."""
        if offset is None and position is None:
            raise TypeError("seek(): offset argument required")
        if offset is not None and position is not None:
            raise TypeError("seek(): offset and position may not be set simultaneously.")
        if whence not in (0, 1, 2):
            raise errors.InvalidArgumentError(None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2.")
        self._reading().seek(position if offset is None else offset, whence)

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Where it reads or writes next."""
        return self._open().tell()

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._file is not None and self._writes:
            self._file.flush()

    def close(self) -> None:
        """Close it; reading it again opens it anew."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> GFile:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class FileStatistics(NamedTuple):
    """What `Stat` tells of a file."""

    length: int
    mtime_nsec: int
    is_directory: bool


def Exists(filename: Any) -> bool:
    """Whether there is such a file or folder. Source: `tf.gfile.Exists`."""
    return os.path.exists(_path(filename))


def IsDirectory(dirname: Any) -> bool:
    """Whether there is such a folder. Source: `tf.gfile.IsDirectory`."""
    return os.path.isdir(_path(dirname))


def Stat(filename: Any) -> FileStatistics:
    """Size, time of the last change, and kind. Source: `tf.gfile.Stat`.

    Raises:
      NotFoundError: there is no such file.
    """
    found = _asked(os.stat, filename)
    return FileStatistics(found.st_size, found.st_mtime_ns, IsDirectory(filename))


def ListDirectory(dirname: Any) -> list[str]:
    """The names in a folder. Source: `tf.gfile.ListDirectory`.

    Raises:
      NotFoundError: there is no such folder.
    """
    if not IsDirectory(dirname):
        raise errors.NotFoundError(None, None, f"Could not find directory {_path(dirname)}")
    return os.listdir(_path(dirname))


def Glob(filename: Any) -> list[str]:
    """The paths that fit a pattern (`*`, `?`, `[a-z]`), or any of a list of patterns. Source: `tf.gfile.Glob`."""
    patterns = [filename] if isinstance(filename, (str, bytes, os.PathLike)) else filename
    return [found for pattern in patterns for found in python_glob.glob(_path(pattern), include_hidden=True)]


def MkDir(dirname: Any) -> None:
    """Make a folder; one that stands is left. Source: `tf.gfile.MkDir`.

    Raises:
      NotFoundError: the folder around it does not stand.
    """
    if not IsDirectory(dirname):
        _asked(os.mkdir, dirname)


def MakeDirs(dirname: Any) -> None:
    """Make a folder and those around it; what stands is left. Source: `tf.gfile.MakeDirs`."""
    _asked(lambda path: os.makedirs(path, exist_ok=True), dirname)


def Remove(filename: Any) -> None:
    """Delete a file. Source: `tf.gfile.Remove`.

    Raises:
      NotFoundError: there is no such file.
      FailedPreconditionError: it is a folder.
    """
    _asked(os.remove, filename)


def DeleteRecursively(dirname: Any) -> None:
    """Delete a folder and all in it, or a file. Source: `tf.gfile.DeleteRecursively`.

    Raises:
      NotFoundError: there is none.
    """
    if not Exists(dirname):
        raise errors.NotFoundError(None, None, f"{_path(dirname)} not found")
    _asked(shutil.rmtree if IsDirectory(dirname) else os.remove, dirname)


def _check_free(path: Any, overwrite: bool) -> None:
    if not overwrite and Exists(path):
        raise errors.AlreadyExistsError(None, None, "file already exists")


def Copy(oldpath: Any, newpath: Any, overwrite: bool = False) -> None:
    """Copy a file. Source: `tf.gfile.Copy`.

    Raises:
      AlreadyExistsError: there is one at `newpath`, and `overwrite` is False.
      NotFoundError: there is none at `oldpath`.
    """
    _check_free(newpath, overwrite)
    _asked(shutil.copyfile, oldpath, _path(newpath))


def Rename(oldname: Any, newname: Any, overwrite: bool = False) -> None:
    """Move a file or folder. Source: `tf.gfile.Rename`.

    Raises:
      AlreadyExistsError: there is one at `newname`, and `overwrite` is False.
      NotFoundError: there is none at `oldname`.
    """
    _check_free(newname, overwrite)
    _asked(os.replace, oldname, _path(newname))


def Walk(top: Any, in_order: bool = True) -> Iterator[tuple[str, list[str], list[str]]]:
    """(folder, folders in it, files in it) of a tree; its root last when `in_order` is False. Source: `tf.gfile.Walk`."""
    yield from os.walk(_path(top), topdown=in_order)
