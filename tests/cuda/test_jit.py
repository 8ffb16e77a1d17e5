"""Where the machine code of kernels is kept. Without a GPU there is none; the files' rules can be tried all the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from numba import config

pytestmark = pytest.mark.skipif(config.ENABLE_CUDASIM, reason="the simulator has no machine code")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    from teachtf.kernels.cuda.cache import KernelCache
    from teachtf.kernels.cuda.strided import transpose

    monkeypatch.setenv("TEACHTF_CACHE_DIR", str(tmp_path))
    made = KernelCache(transpose.py_func)
    monkeypatch.setattr(made._impl, "reduce", lambda kernel: kernel.code)
    monkeypatch.setattr(made._impl, "rebuild", lambda context, code: code)
    return made


def machine(capability: int) -> Any:
    codegen = SimpleNamespace(magic_tuple=lambda: (capability,))
    return SimpleNamespace(codegen=lambda: codegen, refresh=lambda: None)


def kernel(capability: int, code: str) -> Any:
    return SimpleNamespace(codegen=machine(capability).codegen(), code=code)


def test_it_is_kept_in_our_folder(cache: Any, tmp_path: Path) -> None:
    from numba.cuda import float32

    assert cache.load_overload((float32,), machine(80)) is None
    cache.save_overload((float32,), kernel(80, "for sm_80"))
    cache.save_overload((float32,), kernel(90, "for sm_90"))
    assert cache.load_overload((float32,), machine(80)) == "for sm_80"
    assert cache.load_overload((float32,), machine(90)) == "for sm_90"
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) == 2 and all("cuda" in p.parts for p in files)
    for path in files:
        path.write_bytes(b"damaged")
    assert cache.load_overload((float32,), machine(80)) is None


def test_every_kernel_of_a_file_is_kept() -> None:
    from teachtf.kernels.cuda.cache import KernelCache
    from teachtf.kernels.cuda.strided import transpose

    assert isinstance(transpose._cache, KernelCache)


def test_small_grids_are_no_mistake() -> None:
    from numba.cuda.dispatcher import config as launches

    from teachtf.kernels.cuda import jit

    assert jit and not launches.CUDA_LOW_OCCUPANCY_WARNINGS
