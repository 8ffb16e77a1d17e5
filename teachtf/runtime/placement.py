"""Where ops run: which devices a session has, and what it says to those that ask for others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from teachtf.core import errors
from teachtf.core.devices import DeviceSpec

_LOCAL = "/job:localhost/replica:0/task:0"


class Devices:
    """The devices of one session.

    Args:
      counts: devices by type, as `{"CPU": 1}`.
      soft: whether an op that asks for a device that is not there goes to the first CPU instead.
    """

    def __init__(self, counts: dict[str, int], soft: bool) -> None:
        self.soft = soft
        self.names = [f"{_LOCAL}/device:{kind}:{i}" for kind, n in counts.items() for i in range(n)]
        self._specs = [DeviceSpec.from_string(name) for name in self.names]

    def find(self, device: str) -> str | None:
        """The first device here that `device` can mean, or None."""
        asked = DeviceSpec.from_string(device)
        for name, spec in zip(self.names, self._specs, strict=True):
            fields = ("job", "replica", "task", "device_type", "device_index")
            if all(getattr(asked, f) in (None, getattr(spec, f)) for f in fields):
                return name
        return None

    def place(self, ops: Iterable[Any]) -> dict[Any, str]:
        """The device of each op.

        Raises:
          InvalidArgumentError: an op asks for a device that is not here, and placement is not soft.
        """
        found: dict[str, str | None] = {"": self.names[0]}
        placed: dict[Any, str] = {}
        for op in ops:
            device = op.device
            if device not in found:
                found[device] = self.find(device)
            where = found[device]
            if where is None:
                if not self.soft:
                    raise self._refusal(op)
                where = self.names[0]
            placed[op] = where
        return placed

    def _refusal(self, op: Any) -> errors.OpError:
        return errors.InvalidArgumentError(
            None,
            op,
            f"Cannot assign a device for operation {op.name}: Operation was explicitly assigned to {op.device} but available "
            f"devices are [ {', '.join(self.names)} ]. Make sure the device specification refers to a valid device. "
            "Ways on: tf.Session(config=tf.ConfigProto(allow_soft_placement=True)) runs it on the CPU; "
            "leave out the tf.device block; or use a machine that has the device.",
        )
