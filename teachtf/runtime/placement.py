"""Where operations run. Source: TensorFlow's placer (`placer.cc`, `colocation_graph.cc`).

Operations that must stand together (colocation groups, and what takes a variable's reference with that variable) are placed as
one. A group goes to the first device that fits its device string and has kernels for all its members: GPUs before CPUs, this
task before others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from teachtf.core import dtypes, errors
from teachtf.core.devices import DeviceSpec
from teachtf.core.operation import Operation
from teachtf.runtime.machine import Device, runs_on_gpu

_TASK_FIELDS = ("job", "replica", "task")
_PLURALS = {"job": "jobs", "replica": "replicas", "task": "tasks", "device_type": "types", "device_index": "ids"}
_METADATA = ("Shape", "Size", "Rank")
_SOFT = "tf.Session(config=tf.ConfigProto(allow_soft_placement=True))"


class _Group:
    """Operations that share a device."""

    __slots__ = ("cpu_only", "device", "first", "parent", "spec")

    def __init__(self, op: Operation, spec: DeviceSpec, cpu_only: bool) -> None:
        self.parent: _Group | None = None
        self.first, self.spec, self.cpu_only = op, spec, cpu_only
        self.device: str | None = None

    def root(self) -> _Group:
        found = self
        while found.parent is not None:
            found = found.parent
        if found is not self:
            self.parent = found
        return found


class Devices:
    """The devices of one session, and where they put the operations of its graph.

    Attributes:
      gpus: the number of each device that is a real GPU.

    Args:
      devices: those that there are, this task's own first.
      local: the task that the session is in.
      soft: whether an operation whose device is not there goes to another device of its task.
      pruned: whether only what runs is placed, not the whole graph.
    """

    def __init__(self, devices: Sequence[Device], local: str, soft: bool, pruned: bool = False) -> None:
        self.all = list(devices)
        self.soft, self._pruned = soft, pruned
        self.names = [d.name for d in devices]
        by_preference = sorted(devices, key=lambda d: (d.device_type != "GPU", not d.name.startswith(local + "/"), d.name))
        self._specs = {d.name: DeviceSpec.from_string(d.name) for d in by_preference}
        self.gpus = {d.name: d._gpu.number for d in devices if d._gpu is not None}
        self._has_gpus = any(d.device_type == "GPU" for d in devices)
        self._only = self.names[0] if len(devices) == 1 else None
        self._fitting: dict[str, list[str]] = {}
        self._known: set[str] = set()  # device strings that fit
        self._forget()

    def _forget(self) -> None:
        self._placed: dict[Operation, str] = {}
        self._groups: dict[str, _Group] = {}
        self.checked = 0  # how many of the graph's operations have been looked at
        self._changes = -1

    def place(self, ops: Iterable[Operation]) -> dict[Operation, str]:
        """The device of each operation. As in TensorFlow the whole graph is placed, whatever of it runs, unless `pruned`.

        Raises:
          InvalidArgumentError: an operation asks for a device that is not here, or two that must share a device cannot.
        """
        ops = list(ops)
        if not ops:
            return {}
        if self._pruned:
            self._start_anew_if_changed(ops[0].graph)
            self._admit([op for op in ops if op not in self._placed])
        else:
            self.check(ops[0].graph)
        if self._only is not None:
            return dict.fromkeys(ops, self._only)
        return {op: self._placed[op] for op in ops}

    def check(self, graph: Any) -> None:
        """Place what is new in the graph, so that a device that is not there is told of whatever runs."""
        self._start_anew_if_changed(graph)
        new = list(islice(graph._operations.values(), self.checked, None))
        if not self._pruned:
            self._admit(new)
        self.checked += len(new)

    def _start_anew_if_changed(self, graph: Any) -> None:
        if graph._changes != self._changes or len(graph._operations) < self.checked:
            self._forget()
            self._changes = graph._changes

    def _admit(self, new: list[Operation]) -> None:
        try:
            if self._only is not None:
                for op in sorted((op for op in new if op._device), key=_generates):
                    if op._device not in self._known:
                        self._candidates(op, DeviceSpec.from_string(op._device), cpu_only=False)
                        self._known.add(op._device)
            else:
                self._place(new)
        except errors.OpError:
            self._forget()
            raise

    def _place(self, new: list[Operation]) -> None:
        together = {op: group for op in new if (group := self._joined(op)) is not None}
        generators = []
        for op in new:
            group = together.get(op)
            if group is not None and group.root().device is not None:
                self._placed[op] = group.root().device  # type: ignore[assignment]
            elif _generates(op):
                generators.append(op)
            else:
                self._choose(op, group, beside=op._inputs[0].op if op.type in _METADATA else None)
        for op in generators:  # a constant goes where it is used
            users = {self._placed.get(user) for user in op._outputs[0]._consumers}
            user = op._outputs[0]._consumers[0] if len(users) == 1 else None
            self._choose(op, together.get(op), beside=user)

    def _choose(self, op: Operation, group: _Group | None, beside: Operation | None) -> None:
        root = None if group is None else group.root()
        if root is not None and root.device is not None:
            self._placed[op] = root.device
            return
        if root is None:
            found = self._candidates(op, DeviceSpec.from_string(op._device), self._cpu_only(op))
        else:
            found = self._candidates(op, root.spec, root.cpu_only)
        wanted = None if beside is None else self._placed.get(beside)
        device = wanted if wanted in found else found[0]
        self._placed[op] = device  # type: ignore[assignment]
        if root is not None:
            root.device = device

    def _cpu_only(self, op: Operation) -> bool:
        return self._has_gpus and not runs_on_gpu(op)

    # --- groups ------------------------------------------------------------------------------------------------------

    def _joined(self, op: Operation) -> _Group | None:
        """The group of a new operation, or None where it stands alone."""
        names = [c[5:].decode() for c in op._attrs.get("_class", ()) if c.startswith(b"loc:@")]
        refers = any(t.dtype._is_ref_dtype or t.dtype == dtypes.resource for t in op._inputs)
        sources = _referenced(op) if refers else []
        if not names and not sources:
            return self._groups.get(op.name)
        for name in (op.name, *sources, *names):
            member = op.graph._operations.get(name)
            if name not in self._groups:
                holder = member or op  # TensorFlow lets a group be named after no operation
                group = _Group(holder, DeviceSpec.from_string(holder._device), self._cpu_only(holder))
                group.device = self._placed.get(holder)
                self._groups[name] = group
            own, other = self._groups[op.name].root(), self._groups[name].root()
            if name in sources and own.spec.to_string() and other.spec.to_string() and not _compatible(own.spec, other.spec):
                own.spec = other.spec  # what writes into a variable goes where that is, whatever it asks for
            self._merge(op, own, other)
        return self._groups[op.name]

    def _merge(self, op: Operation, one: _Group, other: _Group) -> None:
        if one is other:
            return
        devices = {g.device for g in (one, other) if g.device is not None}
        try:
            spec = self._merged(one.spec, other.spec)
            if len(devices) > 1 or (devices and not _fits(spec, DeviceSpec.from_string(next(iter(devices))))):
                raise ValueError(f"Cannot merge devices with incompatible ids: '{one.device}' and '{other.device}'")
        except ValueError as error:
            raise errors.InvalidArgumentError(
                None,
                op,
                f"Cannot colocate nodes {{{{colocation_node {op.name}}}}} and {{{{colocation_node {other.first.name}}}}}: "
                f"{error}. Operations of one group share a device: give both the same tf.device, or leave it out for one.",
            ) from None
        one.parent = other
        other.spec, other.cpu_only = spec, one.cpu_only or other.cpu_only
        other.device = next(iter(devices), None)

    def _merged(self, one: DeviceSpec, other: DeviceSpec) -> DeviceSpec:
        fields: dict[str, Any] = {}
        for field, plural in _PLURALS.items():
            a, b = getattr(one, field), getattr(other, field)
            if a is not None and b is not None and a != b:
                if field in _TASK_FIELDS or not self.soft:
                    raise ValueError(
                        f"Cannot merge devices with incompatible {plural}: '{one.to_string()}' and '{other.to_string()}'"
                    )
                fields["device_index"] = None
                if field == "device_type":
                    fields["device_type"] = None
                break
            fields[field] = b if a is None else a
        return DeviceSpec(**fields)

    # --- candidates --------------------------------------------------------------------------------------------------

    def _candidates(self, op: Operation, spec: DeviceSpec, cpu_only: bool) -> list[str]:
        """The devices that an operation can go to, best first."""
        asked = spec.to_string()
        key = f"{asked} {cpu_only}"
        found = self._fitting.get(key)
        if found is None:
            found = self._matching(spec, cpu_only)
            if not found and self.soft:
                found = self._matching(spec.replace(device_type=None, device_index=None), cpu_only)
            if not found:
                raise self._refusal(op, spec)
            self._fitting[key] = found
        return found

    def _matching(self, spec: DeviceSpec, cpu_only: bool) -> list[str]:
        return [name for name, one in self._specs.items() if _fits(spec, one) and not (cpu_only and one.device_type == "GPU")]

    def _refusal(self, op: Operation, spec: DeviceSpec) -> errors.OpError:
        asked = spec.to_string()
        head = f"Cannot assign a device for operation {op.name}: "
        if self._matching(spec, cpu_only=False):
            return errors.InvalidArgumentError(
                None,
                op,
                f"{head}Could not satisfy explicit device specification '{asked}' because no supported kernel for GPU devices "
                f"is available. TensorFlow computes '{op.type}' of these types on CPUs only."
                + _listed(['put tf.device("/cpu:0") round it', f"soft placement runs it on the CPU: {_SOFT}"]),
            )
        ways = []
        if self._matching(spec.replace(device_type=None, device_index=None), cpu_only=False):
            ways.append(f"soft placement runs it on a device that is here: {_SOFT}")
            if spec.device_type in ("CPU", "GPU"):
                count = f'{{"{spec.device_type}": {(spec.device_index or 0) + 1}}}'
                ways.append(f"virtual devices give this session what it asks for: tf.ConfigProto(device_count={count})")
        else:
            task = DeviceSpec(job=spec.job, replica=spec.replica, task=spec.task).to_string()
            ways.append(
                f"a virtual cluster gives this session {task}: tf.ConfigProto(cluster_def=tf.train.ClusterSpec({{"
                f'"{spec.job or "worker"}": [...]}}).as_cluster_def())'
                + ("; soft placement changes only the type and the number of a device" if self.soft else "")
            )
        ways.append("leave out the tf.device block")
        return errors.InvalidArgumentError(
            None,
            op,
            f"{head}{{{{node {op.name}}}}} was explicitly assigned to {asked} but available devices are "
            f"[ {', '.join(sorted(self.names))} ]. Make sure the device specification refers to a valid device.{_listed(ways)}",
        )


def _listed(ways: list[str]) -> str:
    return "".join(["\nWays on:", *(f"\n  - {way}" for way in ways)])


def _generates(op: Operation) -> bool:
    """Whether `op` makes a value from nothing, as constants and placeholders do."""
    return not op._inputs and len(op._outputs) == 1 and not op._outputs[0].dtype._is_ref_dtype


def _compatible(one: DeviceSpec, other: DeviceSpec) -> bool:
    """Whether one device can be meant by both."""
    pairs = ((getattr(one, field), getattr(other, field)) for field in _PLURALS)
    return all(a is None or b is None or a == b for a, b in pairs)


def _fits(asked: DeviceSpec, one: DeviceSpec) -> bool:
    """Whether `asked`, which names a device in part, can mean the device `one`."""
    return all(getattr(asked, field) in (None, getattr(one, field)) for field in _PLURALS)


def _referenced(op: Operation) -> list[str]:
    """The operations whose variables `op` takes by reference, or as a resource."""
    wanted = op._op_def.input_dtypes(op._attrs)
    return [t.op.name for t, d in zip(op._inputs, wanted, strict=True) if d._is_ref_dtype or t.dtype == dtypes.resource]
