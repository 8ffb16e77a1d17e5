"""The devices of a session. All of them are this machine's CPU: a GPU or a task that a session names is *virtual*.

`tf.ConfigProto(device_count={"GPU": 2})` gives a session two GPUs, so that a program's placement can be written, seen and
checked with no such hardware; its ops run on the CPU's kernels. TensorFlow counts only devices that are there.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

from teachtf.core import errors

LOCAL_TASK = "/job:localhost/replica:0/task:0"
_MEMORY = 256 << 20  # what TensorFlow says of a CPU


class Device(errors.Suggesting):
    """A device of a session, as `Session.list_devices` gives it."""

    def __init__(self, name: str, device_type: str, memory_limit_bytes: int = _MEMORY) -> None:
        self._name, self._device_type, self._memory_limit_bytes = name, device_type, memory_limit_bytes
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


def task_devices(task: str, config: Any = None) -> list[Device]:
    """The devices of one task: one CPU, or as many CPUs and GPUs as the `device_count` of a ConfigProto says.

    Raises:
      NotFoundError: it says that there is no CPU.
    """
    counts = {"CPU": 1, "GPU": 0}
    if config is not None:
        counts.update({kind: n for kind, n in config.device_count.items() if kind in counts and n >= 0})
    if not counts["CPU"]:
        raise errors.NotFoundError(None, None, "No CPU devices are available in this process")
    return [Device(f"{task}/device:{kind}:{i}", kind) for kind, n in counts.items() for i in range(n)]


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
