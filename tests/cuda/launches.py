"""Which kernels the tests launched in the simulator, with arguments of which types: `test_launches.py` compiles those.

The simulator runs Python, which takes any type; a GPU's compiler does not. `TEACHTF_CUDA_LAUNCHES` names the folder between the
two processes: one with the simulator has no compiler.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

_seen: set[tuple[str, str, tuple[str, ...]]] = set()


def record() -> None:
    """Note the launches from now on."""
    from numba.cuda.simulator.cudadrv.devicearray import FakeCUDAArray
    from numba.cuda.simulator.kernel import FakeCUDAKernel

    def type_of(value: Any) -> str:
        if isinstance(value, FakeCUDAArray):
            assert value.ndim == 1 and value._ary.flags.c_contiguous, "kernels take flat arrays"
            return f"{_name(value.dtype)}[::1]"
        if isinstance(value, tuple):
            return f"UniTuple({type_of(value[0])}, {len(value)})"
        return _name(np.result_type(value) if isinstance(value, np.generic) else np.dtype(type(value)))

    launch = FakeCUDAKernel.__call__

    def noted(self: Any, *arguments: Any) -> Any:
        if self._device:  # a function that kernels call
            return launch(self, *arguments)
        name = f"{self.fn.__module__.rpartition('.')[2]}.{self.fn.__name__}"
        _seen.add((name, self.fn.__code__.co_filename, tuple(map(type_of, arguments))))
        return launch(self, *arguments)

    FakeCUDAKernel.__call__ = noted


def _name(dtype: np.dtype) -> str:
    return "boolean" if dtype.kind == "b" else dtype.name


def write(folder: str) -> None:
    """Add what this process noted to the folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / f"{os.getpid()}.json").write_text(json.dumps(sorted(_seen)), encoding="utf-8")


def read(folder: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """(kernel's name, its file, its arguments' types) of each launch."""
    found = set()
    for path in Path(folder).glob("*.json"):
        found |= {(name, file, tuple(types)) for name, file, types in json.loads(path.read_text(encoding="utf-8"))}
    return sorted(found)
