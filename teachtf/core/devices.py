"""Device strings: `/job:ps/replica:0/task:7/device:GPU:1`. Source: `tf.DeviceSpec` of TensorFlow 1."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from teachtf.core.errors import did_you_mean

_FIELDS = ("job", "replica", "task", "device_type", "device_index")
_TYPES = ("CPU", "GPU", "TPU", "CUSTOM", "EPU")
_FORM = "Devices read as /job:<name>/replica:<n>/task:<n>/device:<type>:<n>"
_Fields = tuple[str | None, int | None, int | None, str | None, int | None]


class DeviceSpec:
    """A device, named in part: fields that are None say nothing.

    >>> DeviceSpec.from_string("/job:ps/task:7/gpu:1").to_string()
    '/job:ps/task:7/device:GPU:1'
    >>> DeviceSpec(job="ps", device_type="GPU").make_merged_spec(DeviceSpec(job="worker", device_index=1)).to_string()
    '/job:worker/device:GPU:1'
    """

    __slots__ = ("_device_index", "_device_type", "_job", "_replica", "_task", "_text")

    _text: str | None  # what to_string gives, until a field changes

    def __init__(
        self,
        job: Any = None,
        replica: Any = None,
        task: Any = None,
        device_type: Any = None,
        device_index: Any = None,
    ) -> None:
        self.job = job
        self.replica = replica
        self.task = task
        self.device_type = device_type
        self.device_index = device_index

    @property
    def job(self) -> str | None:
        """The job, as `"ps"`."""
        return self._job

    @job.setter
    def job(self, value: Any) -> None:
        self._job, self._text = None if value is None else str(value), None

    @property
    def replica(self) -> int | None:
        """The number of the replica."""
        return self._replica

    @replica.setter
    def replica(self, value: Any) -> None:
        self._replica, self._text = None if value is None else int(value), None

    @property
    def task(self) -> int | None:
        """The number of the task in its job."""
        return self._task

    @task.setter
    def task(self, value: Any) -> None:
        self._task, self._text = None if value is None else int(value), None

    @property
    def device_type(self) -> str | None:
        """The type, as `"CPU"` or `"GPU"`."""
        return self._device_type

    @device_type.setter
    def device_type(self, value: Any) -> None:
        self._device_type = value.upper() if value in ("cpu", "gpu") else None if value is None else str(value)
        self._text = None

    @property
    def device_index(self) -> int | None:
        """The number of the device among those of its type; None is any."""
        return self._device_index

    @device_index.setter
    def device_index(self, value: Any) -> None:
        self._device_index, self._text = None if value is None else int(value), None

    @classmethod
    def from_string(cls, spec: str | None) -> DeviceSpec:
        """The device that a string names.

        Raises:
          ValueError: the string is malformed.
        """
        return cls(*_parse(spec or ""))

    def parse_from_string(self, spec: str | None) -> DeviceSpec:
        """Set all fields from a string; gives this spec back.

        Raises:
          ValueError: the string is malformed.
        """
        self._take(_parse(spec or ""))
        return self

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """This spec with the fields that `dev` names taken from there."""
        merged = type(self)()
        merged._take(self._merged(dev))
        return merged

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over the fields that `dev` names."""
        self._take(self._merged(dev))

    def replace(self, **fields: Any) -> DeviceSpec:
        """A copy with other values in some fields."""
        return type(self)(**({name: getattr(self, name) for name in _FIELDS} | fields))

    def to_string(self) -> str:
        """The string form; fields that are None are left out."""
        if self._text is None:
            text = "" if self._job is None else f"/job:{self._job}"
            text += "" if self._replica is None else f"/replica:{self._replica}"
            text += "" if self._task is None else f"/task:{self._task}"
            if self._device_type is not None:
                text += f"/device:{self._device_type}:{'*' if self._device_index is None else self._device_index}"
            self._text = text
        return self._text

    def _merged(self, dev: DeviceSpec) -> _Fields:
        return (
            self._job if dev._job is None else dev._job,
            self._replica if dev._replica is None else dev._replica,
            self._task if dev._task is None else dev._task,
            self._device_type if dev._device_type is None else dev._device_type,
            self._device_index if dev._device_index is None else dev._device_index,
        )

    def _take(self, fields: _Fields) -> None:
        self._job, self._replica, self._task, self._device_type, self._device_index = fields
        self._text = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())

    def __repr__(self) -> str:
        return f"<DeviceSpec({', '.join(f'{name}={getattr(self, name)}' for name in _FIELDS)})>"


@lru_cache(maxsize=4096)
def _parse(spec: str) -> _Fields:
    found: dict[str, Any] = dict.fromkeys(_FIELDS)
    for part in spec.split("/"):
        key, *values = part.split(":")
        if key in ("job", "replica", "task") and len(values) == 1:
            found[key] = values[0] if key == "job" else _number(values[0], part, spec)
        elif key.upper() in _TYPES and len(values) <= 1:
            _device(found, key.upper(), values[0] if values else "*", part, spec)
        elif key == "device" and len(values) == 2:
            _device(found, values[0].upper() if values[0] in ("cpu", "gpu") else values[0], values[1], part, spec)
        elif key:
            hint = did_you_mean(key, ("job", "replica", "task", "device", "cpu", "gpu"))
            raise ValueError(f"Unknown attribute: '{key}' in '{spec}'.{hint} {_FORM}")
    return tuple(found.values())  # type: ignore[return-value]


def _device(found: dict[str, Any], kind: str, index: str, part: str, spec: str) -> None:
    if found["device_type"] is not None:
        raise ValueError(f"Multiple device types are not allowed while parsing the device spec: {spec}.")
    found["device_type"] = kind
    found["device_index"] = None if index == "*" else _number(index, part, spec)


def _number(text: str, part: str, spec: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"'{part}' in the device '{spec}' needs a number after the colon, not '{text}'") from None


def is_device_spec(value: Any) -> bool:
    """Whether `value` is a DeviceSpec."""
    return isinstance(value, DeviceSpec)


def check_valid(spec: str) -> None:
    """Raise ValueError when a device string is malformed."""
    _parse(spec)


def canonical_name(device: Any) -> str:
    """The canonical string of a device given as a string, a DeviceSpec or None.

    >>> canonical_name("/gpu:0"), canonical_name(None)
    ('/device:GPU:0', '')
    """
    if device is None:
        return ""
    return device.to_string() if isinstance(device, DeviceSpec) else DeviceSpec.from_string(device).to_string()


class MergeDevice:
    """A function of an operation that gives its device merged with a spec: what the operation names already wins."""

    __slots__ = ("_spec",)

    def __init__(self, spec: Any) -> None:
        # A copy, as a spec may change later.
        self._spec = DeviceSpec.from_string(canonical_name(spec))

    def __call__(self, node_def: Any) -> DeviceSpec:
        return self._spec.make_merged_spec(DeviceSpec.from_string(node_def.device))

    def shortcut_string_merge(self, node_def: Any) -> str:
        """The merged device as a string."""
        return self(node_def).to_string()

    @property
    def is_null_merge(self) -> bool:
        """Whether the spec names nothing."""
        return not self._spec.to_string()

    def __repr__(self) -> str:
        return f"<MergeDevice (spec: {self._spec.to_string()})>"


def merge_device(spec: Any) -> MergeDevice:
    """A function for `tf.device` that merges `spec` into the device of each operation; inner blocks win, field by field.

    Args:
      spec: a DeviceSpec, a device string, None, or such a function, which comes back as it is.

    Raises:
      ValueError: the string is malformed.
    """
    return spec if isinstance(spec, MergeDevice) else MergeDevice(spec)
