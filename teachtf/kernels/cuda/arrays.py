"""Arrays in a GPU's memory, and the ways there and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config, cuda

from teachtf.core import errors
from teachtf.kernels.cuda.pool import Block, Pool

__all__ = ["TYPES", "GpuArray", "empty", "fetched_array", "gpu_of", "to_gpu", "to_host"]

# What kernels compute with; values of other types stay with the CPU.
_WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
TYPES = frozenset(map(np.dtype, ("bool", *_WHOLE, "float32", "float64", "complex64", "complex128")))


_KEPT = 0.5  # of the GPU's memory, for arrays to come
_LONG_NAMES = {"float32": "float", "float64": "double"}  # as TensorFlow's runtime says them
# The simulator has NumPy's memory; with a stream for each thread there is no one order.
_UNPOOLED = bool(config.ENABLE_CUDASIM or config.CUDA_PER_THREAD_DEFAULT_STREAM)  # type: ignore[attr-defined]
_pools: dict[int, Pool] = {}


class GpuArray:
    """An array in a GPU's memory: its elements in C order, never written to once a kernel has filled it.

    Attributes:
      flat: all elements, as an array of one dimension that kernels take.
      shape: its shape.
      dtype: NumPy's dtype.
    """

    __slots__ = ("__weakref__", "_host", "dtype", "flat", "shape")

    def __init__(self, flat: Any, shape: tuple[int, ...], dtype: Any) -> None:
        self.flat, self.shape, self.dtype = flat, shape, np.dtype(dtype)
        self._host: Any = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    def reshaped(self, shape: tuple[int, ...]) -> GpuArray:
        """The same elements in another shape of as many."""
        return GpuArray(self.flat, shape, self.dtype)

    def on_host(self) -> np.ndarray:
        """A copy in the computer's own memory, made once; this waits for the kernels before."""
        if self._host is None:
            self._host = fetched_array(self)
        return self._host

    def keep_host(self, array: np.ndarray) -> None:
        """Take `array`, which has the same elements and will not change, for the copy that `on_host` gives."""
        self._host = array

    def __repr__(self) -> str:
        return f"<GpuArray {self.dtype} {self.shape}>"


def empty(shape: tuple[int, ...], dtype: Any) -> GpuArray:
    """Memory for an array; its elements are what was there before.

    Raises:
      ResourceExhaustedError: the GPU has no room for it.
    """
    count = max(math.prod(shape), 1)  # CUDA has no memory of no bytes
    return GpuArray(_flat(count, np.dtype(dtype), tuple(shape)), tuple(shape), dtype)


def _flat(count: int, dtype: np.dtype, shape: tuple[int, ...]) -> Any:
    if _UNPOOLED:
        return cuda.device_array(count, dtype)
    context = cuda.current_context()
    number = context.device.id
    pool = _pools.get(number)
    if pool is None:
        most = int(context.get_memory_info().total * _KEPT)
        pool = _pools.setdefault(number, Pool(context.memalloc, most, is_full))
    try:
        block = pool.take(count * dtype.itemsize)
    except Exception as error:
        if not is_full(error):
            raise
        listed, name = ",".join(map(str, shape)), _LONG_NAMES.get(dtype.name, dtype.name)
        raise errors.ResourceExhaustedError(
            None,
            None,
            f"OOM when allocating tensor with shape[{listed}] and type {name} on /device:GPU:{number} by allocator GPU",
        ) from None
    return array_over(context, block, count, dtype)


def array_over(context: Any, block: Block, count: int, dtype: np.dtype) -> Any:
    """An array of the CUDA driver's in a block of memory. Its parts hold the block too."""
    from numba.cuda.cudadrv.devicearray import DeviceNDArray
    from numba.cuda.cudadrv.driver import MemoryPointer

    pointer = MemoryPointer(context, block.memory.device_pointer, count * dtype.itemsize, owner=block)
    return DeviceNDArray((count,), (dtype.itemsize,), dtype, gpu_data=pointer)


def is_full(error: Exception) -> bool:
    """Whether the driver says that the GPU has no memory left."""
    return "OUT_OF_MEMORY" in str(error)


def to_gpu(value: Any) -> Any:
    """`value` in the GPU's memory: an array that is there already, or a copy of one of NumPy's or a number."""
    if isinstance(value, GpuArray):
        return value
    array = np.ascontiguousarray(value)
    made = empty(np.shape(value), array.dtype)
    if array.size:
        made.flat.copy_to_device(array.reshape(-1))
    return made


def to_host(value: Any) -> Any:
    """`value` as an array of NumPy's; what is no array of a GPU stays what it is."""
    return value.on_host() if isinstance(value, GpuArray) else value


def fetched_array(array: GpuArray) -> np.ndarray:
    """The elements in the computer's own memory, as an array that nobody else holds."""
    if array._host is not None:
        return np.array(array._host)
    if not array.size:
        return np.empty(array.shape, array.dtype)
    if len(cuda.gpus) == 1:
        return array.flat.copy_to_host()[: array.size].reshape(array.shape)
    with cuda.gpus[gpu_of(array)]:
        return array.flat.copy_to_host()[: array.size].reshape(array.shape)


def gpu_of(array: GpuArray) -> int:
    """The number of the GPU that holds the elements."""
    return array.flat.gpu_data.context.device.id
