"""GPUs are found by asking the driver's library; here is one that is none."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

import teachtf as tf
from teachtf.runtime import gpus, machine, structures
from teachtf.runtime.gpus import Gpu


class Driver:
    """Answers as libcuda does for two GPUs."""

    def __init__(self, starts: bool = True) -> None:
        self._starts = starts

    def cuInit(self, flags: int) -> int:
        return 0 if self._starts else 100

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = 2
        return 0

    def cuDeviceGet(self, device: Any, number: int) -> int:
        device._obj.value = 40 + number
        return 0

    def cuDeviceTotalMem_v2(self, memory: Any, device: Any) -> int:
        memory._obj.value = 1 << 34
        return 0

    def cuDeviceGetName(self, name: Any, size: int, device: Any) -> int:
        name.value = f"Card {device.value}".encode()
        return 0

    def cuDeviceGetPCIBusId(self, bus: Any, size: int, device: Any) -> int:
        bus.value = b"0000:0A:00.0"
        return 0

    def cuDeviceGetAttribute(self, value: Any, which: int, device: Any) -> int:
        value._obj.value = {75: 8, 76: 6}[which]
        return 0


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = gpus._told(Driver())
    monkeypatch.setattr(gpus, "_gpus", lambda: found)
    return found


def test_what_the_driver_says() -> None:
    words = "name: Card 41, pci bus id: 0000:0a:00.0, compute capability: 8.6"
    assert gpus._told(Driver())[1] == Gpu(1, f"device: 1, {words}", 1 << 34, (8, 6))
    assert gpus._told(Driver(starts=False)) == ()


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise OSError(name)

    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    monkeypatch.setattr(ctypes, "CDLL", missing)
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
    assert gpus._gpus.__wrapped__() == ()


def test_a_task_has_the_gpus_that_are_there(two: Any) -> None:
    def found(**config: Any) -> list[Any]:
        devices = machine.task_devices("/job:a/replica:0/task:0", tf.ConfigProto(**config))
        return [(d.name[-5:], None if d._gpu is None else d._gpu.number, d.memory_limit_bytes) for d in devices[1:]]

    large, small = 1 << 34, 1 << 28
    assert found() == [("GPU:0", 0, large), ("GPU:1", 1, large)]
    assert found(device_count={"GPU": 1}) == [("GPU:0", 0, large)]
    assert found(device_count={"GPU": 3}) == [("GPU:0", 0, large), ("GPU:1", 1, large), ("GPU:2", None, small)]
    assert found(device_count={"GPU": 0}) == []
    assert found(gpu_options=tf.GPUOptions(visible_device_list="1,0"))[0] == ("GPU:0", 1, large)
    for wrong in ("2", "-1", "one"):
        with pytest.raises(tf.errors.InvalidArgumentError, match="numbered 0 to 1"):
            found(gpu_options=tf.GPUOptions(visible_device_list=wrong))
    assert [d.device_type for d in machine.task_devices("/job:a", real=False)] == ["CPU"]


def test_the_mapping_of_devices(two: Any, capsys: Any) -> None:
    with tf.Session(graph=tf.Graph(), config=tf.ConfigProto(log_device_placement=True)) as sess:
        assert sess._devices.gpus == {d.name: d._gpu.number for d in sess.list_devices()[1:]}
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Device mapping:"
    assert lines[2].startswith("/job:localhost/replica:0/task:0/device:GPU:1 -> device: 1, name: Card 41")


def test_whether_there_is_one(two: Any) -> None:
    assert tf.test.is_gpu_available()
    assert tf.test.is_gpu_available(min_cuda_compute_capability=(8, 6))
    assert not tf.test.is_gpu_available(min_cuda_compute_capability=(9, 0))
    assert tf.test.gpu_device_name() == "/device:GPU:0"


def test_errors_that_come_late(monkeypatch: pytest.MonkeyPatch) -> None:
    class CudaAPIError(Exception):
        pass

    for value, told in (("0", True), ("1", False)):
        monkeypatch.setenv("TEACHTF_CUDA_SYNC", value)
        error: Any = structures.run_error(CudaAPIError("[700] illegal address"), None)
        assert isinstance(error, tf.errors.InternalError)
        assert "illegal address" in error.message
        assert ("TEACHTF_CUDA_SYNC=1" in error.message) is told
