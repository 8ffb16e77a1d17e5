"""What plans need besides kernels: values sent to a GPU and brought back, and calls that run on one of several."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
from numba import cuda

from teachtf.kernels.cuda import registry
from teachtf.kernels.cuda.arrays import TYPES, GpuArray, fetched_array, gpu_of, to_gpu, to_host
from teachtf.kernels.cuda.fused import fused
from teachtf.kernels.registry import Call

__all__ = ["constant", "fetched", "fetched_copy", "fused", "kept", "on_gpu", "registry", "sent", "synchronize", "to_host"]

synchronize = cuda.synchronize


def sent(value: Any, number: int, kept: bool = True) -> Any:
    """A value of the host's in the memory of a GPU, if kernels take its type.

    Args:
      kept: whether the host's array stays at hand, for those that want it there; it must not change then.
    """
    if isinstance(value, GpuArray) or not isinstance(value, np.ndarray | np.generic) or value.dtype not in TYPES:
        return value
    with _device(number):
        made = to_gpu(value)
    if kept:
        made.keep_host(np.asarray(value))
    return made


_constants: weakref.WeakValueDictionary[tuple[int, int], GpuArray] = weakref.WeakValueDictionary()


def constant(value: Any, number: int) -> Any:
    """The same for a constant: plans that have the same array share its copy."""
    found = _constants.get((id(value), number))  # which holds the array, so that no other has this id
    if found is None:
        found = sent(value, number)
        if isinstance(found, GpuArray) and found.on_host() is value:
            _constants[id(value), number] = found
    return found


def kept(value: Any) -> Any:
    """What a variable keeps of a value that was fed: nothing that the caller could change."""
    return value.reshaped(value.shape) if isinstance(value, GpuArray) else np.array(value)


def fetched(value: Any) -> Any:
    """What the caller of a run gets of a value: numbers for rank 0, and arrays that nobody else holds."""
    if isinstance(value, GpuArray):
        value = fetched_array(value)
    return value[()] if type(value) is np.ndarray and value.ndim == 0 else value


def fetched_copy(value: Any) -> Any:
    """The same of a value that the session, the caller or another fetch holds too."""
    return fetched(value if isinstance(value, GpuArray) or not np.ndim(value) else np.array(value))


def on_gpu(call: Call, number: int, synchronous: bool) -> Call:
    """`call`, run on a GPU: inputs that another one has come by way of the host.

    Args:
      synchronous: whether to wait until the GPU is done, so that its errors are told of here.
    """
    if len(cuda.gpus) == 1:
        return _waiting(call) if synchronous else call

    def called(*inputs: Any) -> Any:
        with _device(number):
            result = call(*[_near(x, number) for x in inputs])
            if synchronous:
                cuda.synchronize()
        return result

    return called


def _waiting(call: Call) -> Call:
    def called(*inputs: Any) -> Any:
        result = call(*inputs)
        cuda.synchronize()
        return result

    return called


def _near(value: Any, number: int) -> Any:
    if isinstance(value, GpuArray) and gpu_of(value) != number:
        return to_gpu(value.on_host())
    return value


def _device(number: int) -> Any:
    return cuda.gpus[number]
