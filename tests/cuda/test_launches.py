"""Every kernel compiles for the types that the tests in the simulator gave it (`launches.py`), generated kernels too."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba import config

from teachtf.kernels.cuda import library
from teachtf.kernels.cuda.jit import KERNELS

sys.path.insert(0, str(Path(__file__).parent))
import launches

assert library
pytestmark = [
    pytest.mark.skipif(config.ENABLE_CUDASIM, reason="the simulator has no compiler"),
    pytest.mark.skipif("TEACHTF_CUDA_LAUNCHES" not in os.environ, reason="no launches were noted"),
]


def function_of(name: str, file: str) -> Any:
    """The Python function of a kernel: one of ours, or one that was written from a formula."""
    if name in KERNELS:
        return KERNELS[name].function
    spec = importlib.util.spec_from_file_location(name.partition(".")[0], file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name.rpartition(".")[2])


def test_they_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba import cuda

    device = SimpleNamespace(compute_capability=(8, 0))
    monkeypatch.setattr("numba.cuda.dispatcher.get_current_device", lambda: device)
    found = launches.read(os.environ["TEACHTF_CUDA_LAUNCHES"])
    assert found, "run the other tests first, in the simulator with the same folder"
    wrong = []
    for name, file, types in found:
        if not Path(file).is_relative_to(Path(__file__).parent):  # kernels that tests make
            try:
                cuda.compile_ptx(function_of(name, file), f"void({', '.join(types)})", cc=(8, 0))
            except Exception as error:
                wrong.append(f"{name}({', '.join(types)}): {str(error)[:200]}")
    assert not wrong, "\n".join(wrong)
