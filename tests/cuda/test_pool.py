"""Memory that is used again: the rules, with a driver that is none."""

from __future__ import annotations

import gc
from typing import Any

import numpy as np
import pytest
from numba import config

import teachtf as tf
from teachtf.kernels.cuda import arrays
from teachtf.kernels.cuda.pool import Pool, rounded


class Driver:
    """Counts what it gives and gets back; has room for `room` bytes."""

    def __init__(self, room: int = 1 << 40) -> None:
        self.room, self.used, self.calls = room, 0, 0

    def allocate(self, size: int) -> Any:
        driver = self
        if self.used + size > self.room:
            raise OSError("CUDA_ERROR_OUT_OF_MEMORY")

        class Memory:
            def __init__(self) -> None:
                driver.used += size
                driver.calls += 1

            def __del__(self) -> None:
                driver.used -= size

        return Memory()

    def pool(self, most: int = 1 << 30) -> Pool:
        return Pool(self.allocate, most, arrays.is_full)


def test_sizes() -> None:
    assert [rounded(n) for n in (1, 512, 513, 1024, 1025, 1 << 20, (1 << 20) + 1)] == [
        512,
        512,
        576,
        1024,
        1152,
        1 << 20,
        (1 << 20) + (1 << 17),
    ]
    for n in range(1, 5000, 7):
        assert n <= rounded(n) <= max(512, n * 9 / 8 + 64)
        assert rounded(rounded(n)) == rounded(n)


def test_memory_is_used_again() -> None:
    driver = Driver()
    pool = driver.pool()
    first = pool.take(1000)
    kept = first.memory
    assert pool.take(1000).memory is not kept
    del first
    assert pool.take(1020).memory is kept  # the newest that is free
    assert pool.take(5000).memory is not kept
    assert driver.calls == 3


def test_it_keeps_no_more_than_it_may() -> None:
    driver = Driver()
    pool = driver.pool(most=4096)
    blocks = [pool.take(1024) for _ in range(10)] + [pool.take(2048)]
    del blocks
    gc.collect()
    pool.take(512)
    assert pool.kept <= 4096
    assert driver.used <= 4096 + 512
    pool.clear()
    assert pool.kept == driver.used == 0


def test_a_full_gpu_is_asked_again_when_the_pool_is_empty() -> None:
    driver = Driver(room=4096)
    pool = driver.pool()
    held = pool.take(1024)
    free = [pool.take(1024) for _ in range(3)]
    del free
    assert pool.take(2048).size == 2048
    with pytest.raises(OSError, match="OUT_OF_MEMORY"):
        pool.take(4096)
    assert pool.take(1024).size == held.size


def test_other_errors_pass() -> None:
    def broken(size: int) -> Any:
        raise OSError("CUDA_ERROR_LAUNCH_FAILED")

    with pytest.raises(OSError, match="LAUNCH"):
        Pool(broken, 1, arrays.is_full).take(1)


@pytest.mark.skipif(config.ENABLE_CUDASIM, reason="the simulator has NumPy's memory")
def test_parts_of_an_array_hold_its_memory() -> None:
    from numba.cuda.cudadrv.driver import binding

    class Memory:
        device_pointer = binding.CUdeviceptr(4096)

    pool = Pool(lambda size: Memory(), 1 << 20, arrays.is_full)
    whole = arrays.array_over(None, pool.take(400), 100, np.dtype(np.float32))
    assert whole.shape == (100,) and whole.dtype == np.float32 and whole.is_c_contiguous()
    part = whole.gpu_data.view(40, 80).view(8)
    assert int(part.device_pointer) == 4096 + 48
    del whole
    gc.collect()
    assert not pool._returned
    del part
    gc.collect()
    assert len(pool._returned) == 1


def test_no_memory_is_an_error_with_the_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    driver = Driver(room=1 << 20)
    context = SimpleNamespace(device=SimpleNamespace(id=3), memalloc=driver.allocate)
    context.get_memory_info = lambda: SimpleNamespace(total=driver.room)
    monkeypatch.setattr(arrays, "_UNPOOLED", False)
    monkeypatch.setattr(arrays, "_pools", {})
    monkeypatch.setattr(arrays, "array_over", lambda context, block, count, dtype: block)
    monkeypatch.setattr(arrays.cuda, "current_context", lambda: context, raising=False)
    assert arrays.empty((4, 3), np.float32).flat.size == 512
    with pytest.raises(tf.errors.ResourceExhaustedError) as raised:
        arrays.empty((1000, 1000), np.float32)
    assert "OOM when allocating tensor with shape[1000,1000] and type float on /device:GPU:3" in raised.value.message
    assert arrays._pools[3]._most == 1 << 19
