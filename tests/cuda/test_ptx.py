"""Every CUDA kernel compiles to PTX, for each of its types and three generations of GPUs. No GPU is needed.

The simulator has no compiler, so these run in a process without it.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from numba import config

from teachtf.kernels.cuda import library
from teachtf.kernels.cuda.jit import KERNELS

assert library
pytestmark = pytest.mark.skipif(config.ENABLE_CUDASIM, reason="the simulator has no compiler")


@pytest.mark.parametrize("capability", [(7, 5), (8, 0), (9, 0)], ids=lambda c: f"sm_{c[0]}{c[1]}")
@pytest.mark.parametrize("name", sorted(KERNELS))
def test_it_compiles(name: str, capability: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    from numba import cuda

    # Functions that kernels call are compiled for the device that there is.
    device = SimpleNamespace(compute_capability=capability)
    monkeypatch.setattr("numba.cuda.dispatcher.get_current_device", lambda: device)
    kernel = KERNELS[name]
    assert kernel.signatures, "it says no types"
    for signature in kernel.signatures:
        ptx, _ = cuda.compile_ptx(kernel.function, signature, cc=capability, **kernel.options)
        assert ".visible .entry" in ptx
        assert "div.approx" not in ptx, "a division is not exact"
