"""Device strings: `/job:ps/replica:0/task:7/device:GPU:1`. Source: `tf.DeviceSpec`."""

from __future__ import annotations

from typing import Any

_FIELDS = ("job", "replica", "task", "device_type", "device_index")


class DeviceSpec:
    """A device, named in part: fields that are None say nothing.

    >>> DeviceSpec.from_string("/job:ps/task:7/gpu:1").to_string()
    '/job:ps/task:7/device:GPU:1'
    """

    __slots__ = _FIELDS

    def __init__(
        self,
        job: str | None = None,
        replica: Any = None,
        task: Any = None,
        device_type: str | None = None,
        device_index: Any = None,
    ) -> None:
        self.job = None if job is None else str(job)
        self.replica = None if replica is None else int(replica)
        self.task = None if task is None else int(task)
        self.device_type = device_type.upper() if device_type in ("cpu", "gpu") else device_type
        self.device_index = None if device_index is None else int(device_index)

    @classmethod
    def from_string(cls, spec: str) -> DeviceSpec:
        """The device that a string names.

        Raises:
          ValueError: the string is malformed.
        """
        return cls().parse_from_string(spec)

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Set the fields from a string; gives this spec back."""
        self.job = self.replica = self.task = self.device_type = self.device_index = None
        for part in (spec or "").split("/"):
            pieces = part.split(":")
            if pieces == [""]:
                continue
            key, values = pieces[0], pieces[1:]
            if key == "job" and len(values) == 1:
                self.job = values[0]
            elif key == "replica" and len(values) == 1:
                self.replica = _number(values[0], part, spec)
            elif key == "task" and len(values) == 1:
                self.task = _number(values[0], part, spec)
            elif key.upper() in ("CPU", "GPU", "TPU") and len(values) <= 1:
                self._set_device(key.upper(), values[0] if values else "*", spec)
            elif key == "device" and len(values) in (1, 2):
                self._set_device(values[0].upper(), values[1] if len(values) == 2 else "*", spec)
            else:
                raise ValueError(
                    f"Unknown attribute: '{key}' in '{spec}'. Devices read /job:<name>/replica:<n>/task:<n>/device:<type>:<n>"
                )
        return self

    def _set_device(self, kind: str, index: str, spec: str) -> None:
        if self.device_type is not None:
            raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec}.")
        self.device_type = kind
        self.device_index = None if index == "*" else _number(index, index, spec)

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """This spec with the fields that `dev` names taken from there."""
        merged = DeviceSpec()
        for field in _FIELDS:
            theirs = getattr(dev, field)
            setattr(merged, field, getattr(self, field) if theirs is None else theirs)
        return merged

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over the fields that `dev` names."""
        for field in _FIELDS:
            if getattr(dev, field) is not None:
                setattr(self, field, getattr(dev, field))

    def replace(self, **fields: Any) -> DeviceSpec:
        """A copy with other values in some fields."""
        return DeviceSpec(**{f: fields.get(f, getattr(self, f)) for f in _FIELDS})

    def to_string(self) -> str:
        """The string form; fields that are None are left out."""
        text = "" if self.job is None else f"/job:{self.job}"
        text += "" if self.replica is None else f"/replica:{self.replica}"
        text += "" if self.task is None else f"/task:{self.task}"
        if self.device_type is not None:
            text += f"/device:{self.device_type}:{'*' if self.device_index is None else self.device_index}"
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"DeviceSpec({self.to_string()!r})"


def _number(text: str, part: str, spec: str) -> int:
    if not text.isdigit():
        raise ValueError(f"'{part}' in the device '{spec}' needs a number")
    return int(text)


def canonical_name(device: Any) -> str:
    """The canonical string of a device given as a string, a DeviceSpec or None."""
    if device is None:
        return ""
    return device.to_string() if isinstance(device, DeviceSpec) else DeviceSpec.from_string(device).to_string()
