"""CUDA kernels without a GPU: Numba's simulator runs them, and each is compiled to PTX.

These tests need the extra `gpu` and are run by `make check-cuda`, in an environment of their own: the simulator takes the place
of `numba.cuda` in the whole process.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from numba import config

sys.path.insert(0, str(Path(__file__).parent))
import launches
import simulator

_NOTES = os.environ.get("TEACHTF_CUDA_LAUNCHES") if config.ENABLE_CUDASIM else None


def pytest_configure() -> None:
    if config.ENABLE_CUDASIM:
        # A block's threads wait for one that asks them in turn whether they wait: the less it does at a time, the better.
        sys.setswitchinterval(1e-4)
        simulator.one_shared_memory()
    if _NOTES:
        launches.record()


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _NOTES:
        launches.write(_NOTES)
