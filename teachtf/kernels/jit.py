"""The one way Numba functions are made here: their options, and where the compiled code is kept.

Numba's own cache has three hazards that this one does not: it does not see a change in a helper of another file, two
processes that start cold together can give two signatures the same file, and a damaged file stops the program. Here
the folder's name is a hash of everything the code depends on, each signature has a file of its own, and a file that
cannot be read only costs a compilation.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import pickle
import platform
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numba
from numba.core.caching import CompileResultCacheImpl, FunctionCache, UserProvidedCacheLocator
from numba.core.serialize import dumps

__all__ = ["Files", "cache_folder", "jit", "own_folder"]

_KERNELS = Path(__file__).parent


@functools.cache
def _environment_key() -> str:
    """A hash of what compiled code depends on: the kernels' sources, the compiler's versions and this CPU."""
    digest = hashlib.sha256()
    for path in sorted(_KERNELS.rglob("*.py")):
        digest.update(path.relative_to(_KERNELS).as_posix().encode())
        digest.update(path.read_bytes())
    cpu = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    digest.update(repr((numba.__version__, llvmlite.__version__, platform.python_version(), cpu)).encode())
    return digest.hexdigest()[:16]


@functools.cache
def own_folder() -> Path:
    """A folder of this process, until it ends, that nobody else can have filled: what is read from the cache is run."""
    folder, process = tempfile.mkdtemp(prefix="teachtf-"), os.getpid()

    def remove() -> None:
        if os.getpid() == process:  # not in a forked child
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return Path(folder)


def cache_folder() -> Path:
    """The folder of this machine's and this version's compiled kernels: ``$TEACHTF_CACHE_DIR`` or ``~/.cache/teachtf`` (a
    user without a home has one for this process), then a hash. It may not exist yet."""
    root = os.environ.get("TEACHTF_CACHE_DIR")
    try:
        folder = Path(root) if root else Path.home() / ".cache" / "teachtf"
    except RuntimeError:
        folder = own_folder()
    return folder.absolute() / _environment_key()


class _Locator(UserProvidedCacheLocator):
    """Places a function's files in `cache_folder()`, so Numba's own setting stays the user's."""

    def __init__(self, py_func: Callable, py_file: str) -> None:
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        self._cache_path = str(cache_folder() / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func: Callable, py_file: str) -> _Locator | None:
        # Only existence is asked here: a folder that cannot be written may still hold kernels to read.
        return cls(py_func, py_file) if os.path.exists(py_file) else None


class _Implementation(CompileResultCacheImpl):
    _locator_classes = [_Locator]


class Files:
    """One file for each key, written whole or not at all, its checksum first. Any fault reads as absence."""

    def __init__(self, folder: str, base: str, stamp: object) -> None:
        self._folder, self._base, self._stamp = Path(folder), base, stamp

    def _path(self, key: object) -> Path:
        name = hashlib.sha256(repr((self._stamp, key)).encode()).hexdigest()[:20]
        return self._folder / f"{self._base}.{name}.nbc"

    def load(self, key: object) -> Any:
        try:
            content = self._path(key).read_bytes()
            checksum, payload = content[:32], content[32:]
            return pickle.loads(payload) if hashlib.sha256(payload).digest() == checksum else None
        except Exception:  # whatever a stale or damaged file raises, compiling again is the answer
            return None

    def save(self, key: object, data: object) -> None:
        payload = dumps(data)
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder, suffix=".draft")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(payload).digest() + payload)
            os.replace(draft, self._path(key))
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise

    def flush(self) -> None:
        """Nothing to forget: a file's name already says what it was compiled from."""


class _Cache(FunctionCache):
    _impl_class = _Implementation

    def __init__(self, py_func: Callable) -> None:
        super().__init__(py_func)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file: Any = Files(self._cache_path, self._impl.filename_base, stamp)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)
        except Exception:  # a file that unpickles and yet cannot be linked: compile again
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:  # a read-only or full disk: the kernel works, and is compiled again next time
            pass


def jit(function: Callable | None = None, *, signatures: Any = None, **options: Any) -> Any:
    """Compiles `function` with Numba: no GIL, cached code, and multiply-add contraction as the only inexact freedom.

    NaN and infinity keep their meaning, so results agree with NumPy's. `signatures` is one Numba signature or a list;
    given, they are compiled (or read from the cache) now and no other types are accepted. `options` go to `numba.njit`.

        @jit
        def total(values): ...
    """
    if function is None:
        return functools.partial(jit, signatures=signatures, **options)
    dispatcher = numba.njit(**{"nogil": True, "fastmath": {"contract"}, **options})(function)
    try:
        dispatcher._cache = _Cache(function)
    except (OSError, RuntimeError):  # no source file (a function typed at a prompt): it works, uncached
        pass
    if signatures is not None:
        for signature in signatures if isinstance(signatures, list) else [signatures]:
            dispatcher.compile(signature)
        dispatcher.disable_compile()
    return dispatcher
