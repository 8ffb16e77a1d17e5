"""Where the machine code of CUDA kernels is kept: in our folder, by the rules of `kernels/jit.py`."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from numba.cuda.core.caching import _UserProvidedCacheLocator
from numba.cuda.dispatcher import CUDACache, CUDACacheImpl

from teachtf.kernels.jit import Files, cache_folder

__all__ = ["KernelCache"]


class _Locator(_UserProvidedCacheLocator):
    """Places a kernel's files in `cache_folder()`."""

    def __init__(self, py_func: Callable, py_file: str) -> None:
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        self._cache_path = str(cache_folder() / "cuda" / self.get_suitable_cache_subpath(py_file))

    @classmethod
    def from_function(cls, py_func: Callable, py_file: str) -> _Locator | None:
        return cls(py_func, py_file) if os.path.exists(py_file) else None


class _Implementation(CUDACacheImpl):
    _locator_classes = [_Locator]


class KernelCache(CUDACache):
    """The machine code of one kernel, by its argument types and the GPU's generation. A fault costs a compilation."""

    _impl_class = _Implementation

    def __init__(self, py_func: Callable) -> None:
        super().__init__(py_func)
        stamp = self._impl.locator.get_source_stamp()
        self._cache_file: Any = Files(self._cache_path, self._impl.filename_base, stamp)

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        """A kernel's name says what it closes over, and the folder is named by the sources: that need not be looked into, and
        could not, as Numba gives each of the CPU's functions another number in each process."""
        return sig, codegen.magic_tuple(), version("numba-cuda"), self._py_func.__qualname__

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel for a signature; None if it is not kept, or cannot be read."""
        try:
            return super().load_overload(sig, target_context)
        except Exception:
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a kernel, if the folder can be written."""
        try:
            super().save_overload(sig, data)
        except OSError:
            pass
