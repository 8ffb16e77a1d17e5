"""Checks of values that are in the GPU's memory.

A kernel that meets a wrong value raises a flag (it writes 1 to `flag[0]`) and goes on. The host looks at it after the kernel;
if it is up, the CPU's kernel computes the same, for the error that it raises.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numba import cuda

from teachtf.core import errors
from teachtf.kernels import registry
from teachtf.kernels.cuda.arrays import to_host
from teachtf.kernels.registry import Call, Cell

__all__ = ["new_flag", "on_cpu", "refused"]

_thread = threading.local()


def new_flag() -> Any:
    """This thread's flag on the GPU that it works with, which is down."""
    flags = _thread.__dict__.setdefault("flags", {})
    device = cuda.get_current_device().uuid
    if device not in flags:
        flags[device] = cuda.to_device(np.zeros(1, np.int32))
    return flags[device]


def refused(op: Any, flag: Any, *inputs: Any) -> None:
    """Take the flag down, if a kernel raised it, and raise what the CPU's kernel raises for these inputs of `op`."""
    if flag.copy_to_host()[0]:
        flag.copy_to_device(np.zeros(1, np.int32))
        on_cpu(op, *inputs)
        raise errors.InternalError(None, op, f"the CUDA kernel of {op.type} refused inputs that the CPU's kernel takes")


def on_cpu(op: Any, *inputs: Any) -> Any:
    """What the CPU's kernel gives for inputs that are in the GPU's memory: an error, mostly. No variable changes."""
    call: Call = registry.build(op, registry.State())
    return call(*[_on_host(value) for value in inputs])


def _on_host(value: Any) -> Any:
    if type(value) is not Cell:
        return to_host(value)
    cell = Cell(value.name)
    cell.value = to_host(value.value)
    return cell
