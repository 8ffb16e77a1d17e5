"""The GPUs of this machine, found without importing anything of CUDA: the driver's own library is asked.

`CUDA_VISIBLE_DEVICES` is the driver's own setting. With `NUMBA_ENABLE_CUDASIM=1` there is one GPU, Numba's simulator.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from functools import cache
from typing import Any, NamedTuple

from teachtf.core import errors

__all__ = ["Gpu", "late_error", "synchronous", "visible_gpus"]

_SIMULATED_MEMORY, _SIMULATED = 1 << 28, (8, 0)
_MAJOR, _MINOR = 75, 76  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*


class Gpu(NamedTuple):
    """A GPU: its number among those that the driver shows, what it is, its memory in bytes, its generation."""

    number: int
    description: str
    memory: int
    capability: tuple[int, int]


def visible_gpus(listed: str = "") -> list[Gpu]:
    """The GPUs that a session can use, in its order.

    Args:
      listed: numbers with commas between, as in `tf.GPUOptions(visible_device_list="1,0")`; empty for all.

    Raises:
      InvalidArgumentError: there is none of a listed number.
    """
    found = _gpus()
    if not listed or not found:
        return list(found)
    try:
        return [{gpu.number: gpu for gpu in found}[int(number)] for number in listed.split(",")]
    except (ValueError, KeyError):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"'visible_device_list' is {listed!r}, but the GPUs here are numbered 0 to {len(found) - 1}.",
        ) from None


@cache
def _gpus() -> tuple[Gpu, ...]:
    if importlib.util.find_spec("numba_cuda") is None:
        return ()
    if os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0"):
        return (Gpu(0, "device: 0, name: Numba's CUDA simulator", _SIMULATED_MEMORY, _SIMULATED),)
    try:
        return _told(ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"))
    except OSError:  # no driver
        return ()


def _told(driver: Any) -> tuple[Gpu, ...]:
    """What the CUDA driver says is there."""
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return ()
    gpus = []
    for number in range(count.value):
        device, memory = ctypes.c_int(), ctypes.c_size_t()
        name, bus = ctypes.create_string_buffer(256), ctypes.create_string_buffer(32)
        driver.cuDeviceGet(ctypes.byref(device), number)
        driver.cuDeviceTotalMem_v2(ctypes.byref(memory), device)
        driver.cuDeviceGetName(name, len(name), device)
        driver.cuDeviceGetPCIBusId(bus, len(bus), device)
        major, minor = (_attribute(driver, which, device) for which in (_MAJOR, _MINOR))
        words = f"name: {name.value.decode()}, pci bus id: {bus.value.decode().lower()}, compute capability: {major}.{minor}"
        gpus.append(Gpu(number, f"device: {number}, {words}", memory.value, (major, minor)))
    return tuple(gpus)


def synchronous() -> bool:
    """Whether to wait for the GPU after each operation, so that an error is told of where it was made."""
    return os.environ.get("TEACHTF_CUDA_SYNC", "0") not in ("", "0")


def late_error(error: Exception) -> str:
    """What to say of an error of the CUDA driver's."""
    told = f"The GPU reports: {error}."
    if not synchronous():
        told += (
            " A GPU works behind the program, so an operation before this one may be the cause: run again with "
            "TEACHTF_CUDA_SYNC=1 in the environment, and the error names the operation that made it."
        )
    return told + " Start a new process: after most errors of this kind a GPU computes nothing more in the old one."


def _attribute(driver: Any, which: int, device: Any) -> int:
    value = ctypes.c_int()
    driver.cuDeviceGetAttribute(ctypes.byref(value), which, device)
    return value.value
