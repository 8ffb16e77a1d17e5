"""The devices of a session: this machine's CPU, its GPUs (`gpus.py`), and *virtual* devices, which the CPU stands in for.

`tf.ConfigProto(device_count={"GPU": 2})` gives a session two GPUs, the real ones first, so that a program's placement can be
written, seen and checked with no such hardware; its ops then run on the CPU's kernels. TensorFlow counts only devices that are
there.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from teachtf.core import errors
from teachtf.runtime.gpus import Gpu, visible_gpus

LOCAL_TASK = "/job:localhost/replica:0/task:0"
_MEMORY = 256 << 20  # what TensorFlow says of a CPU


class Device(errors.Suggesting):
    """A device of a session, as `Session.list_devices` gives it. `_gpu` is the real GPU that it is, if it is one."""

    def __init__(self, name: str, device_type: str, memory_limit_bytes: int = _MEMORY, gpu: Gpu | None = None) -> None:
        self._name, self._device_type, self._gpu = name, device_type, gpu
        self._memory_limit_bytes = memory_limit_bytes if gpu is None else gpu.memory
        self._incarnation = random.SystemRandom().getrandbits(63)

    @property
    def name(self) -> str:
        """The full name, as `/job:localhost/replica:0/task:0/device:CPU:0`."""
        return self._name

    @property
    def device_type(self) -> str:
        """`CPU` or `GPU`."""
        return self._device_type

    @property
    def memory_limit_bytes(self) -> int:
        """How much memory it may use."""
        return self._memory_limit_bytes

    @property
    def incarnation(self) -> int:
        """A number that no other device has, drawn when it was made."""
        return self._incarnation

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes}, {self.incarnation})"


def task_devices(task: str, config: Any = None, real: bool = True) -> list[Device]:
    """The devices of one task: one CPU and all GPUs that are there, or as many as the `device_count` of a ConfigProto says.

    Args:
      real: whether GPUs of this machine are among them.

    Raises:
      NotFoundError: the count says that there is no CPU.
      InvalidArgumentError: `gpu_options.visible_device_list` names a GPU that is not there.
    """
    counts = {} if config is None else {kind: n for kind, n in config.device_count.items() if n >= 0}
    if not counts.get("CPU", 1):
        raise errors.NotFoundError(None, None, "No CPU devices are available in this process")
    wanted = counts.get("GPU")
    gpus = visible_gpus("" if config is None else config.gpu_options.visible_device_list) if real and wanted != 0 else []
    known = dict(enumerate(gpus))
    cpus = [Device(f"{task}/device:CPU:{i}", "CPU") for i in range(counts.get("CPU", 1))]
    number = len(gpus) if wanted is None else wanted
    return cpus + [Device(f"{task}/device:GPU:{i}", "GPU", gpu=known.get(i)) for i in range(number)]


def mapping(devices: list[Device]) -> str:
    """Which real GPU each device is, as `log_device_placement` prints it."""
    return "\n".join(["Device mapping:", *(f"{d.name} -> {d._gpu.description}" for d in devices if d._gpu is not None)])


@cache
def _gpu_kernels() -> dict[str, dict[str, frozenset[str]]]:
    """The types that TensorFlow's GPU kernels of each op take, by attribute."""
    found: dict[str, dict[str, frozenset[str]]] = {}
    lines = Path(__file__).with_name("gpu_kernels.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if line.startswith("#"):
            continue
        types, _, ops = line.partition(": ")
        named = dict(part.split("=") for part in types.split(", ") if part)
        allowed = {attr: frozenset(names.split()) for attr, names in named.items()}
        found.update((op, allowed) for op in ops.split())
    return found


def runs_on_gpu(op: Any) -> bool:
    """Whether TensorFlow has a GPU kernel for this operation and its types; one that teachtf alone knows has none."""
    allowed = _gpu_kernels().get(op.type)
    if allowed is None:
        return False
    for attr, names in allowed.items():
        value = op._attrs.get(attr)
        if any(dtype.name not in names for dtype in (value if isinstance(value, list) else [value] if value else [])):
            return False
    return True
