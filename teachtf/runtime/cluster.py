"""Clusters: which tasks there are (`tf.train.ClusterSpec`), and servers for them (`tf.train.Server`), all in this process.

A server here opens no port. Its target, `grpc://host:port`, names it among the servers of this process, and a session on it
reaches every task of its cluster that has a server here. Source: `server_lib.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache
from itertools import count
from typing import Any

from teachtf.core import errors
from teachtf.core.devices import DeviceSpec
from teachtf.kernels.registry import State
from teachtf.runtime.machine import Device, task_devices


class ClusterSpec(errors.Suggesting):
    """The tasks of a cluster, by job. Source: `tf.train.ClusterSpec`.

    Args:
      cluster: job name -> a list of addresses, or a dictionary from task numbers to addresses; a ClusterDef; a ClusterSpec.

    Raises:
      TypeError: it is none of these, or an address is no string.

    >>> cluster = ClusterSpec({"worker": ["w0:2222"], "ps": ["p0:2222", "p1:2222"]})
    >>> cluster.num_tasks("ps"), cluster.task_address("ps", 1)
    (2, 'p1:2222')
    """

    def __init__(self, cluster: Any) -> None:
        self._jobs: dict[str, dict[int, str]]
        if isinstance(cluster, ClusterSpec):
            self._jobs = {job: dict(tasks) for job, tasks in cluster._jobs.items()}
        elif isinstance(cluster, Mapping):
            self._jobs = {job: _tasks(job, tasks) for job, tasks in cluster.items()}
        elif hasattr(cluster, "job"):  # a ClusterDef
            self._jobs = {job.name: {int(i): address for i, address in job.tasks.items()} for job in cluster.job}
        else:
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a "
                "`ClusterDef` protocol buffer"
            )

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._jobs)

    def num_tasks(self, job_name: str) -> int:
        """How many tasks a job has. Raises ValueError for a job that is not there."""
        return len(self._job(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of a job's tasks. Raises ValueError for a job that is not there."""
        return sorted(self._job(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task. Raises ValueError for one that is not there."""
        job = self._job(job_name)
        if task_index not in job:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}")
        return job[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job's tasks; None where a number is left out. Raises ValueError for a job that is not there."""
        job = self._job(job_name)
        return [job.get(i) for i in range(max(job, default=-1) + 1)]

    def as_dict(self) -> dict[str, Any]:
        """Job -> a list of addresses, or a dictionary where numbers are left out."""
        return {
            job: list(dict(sorted(tasks.items())).values()) if sorted(tasks) == list(range(len(tasks))) else dict(tasks)
            for job, tasks in self._jobs.items()
        }

    def as_cluster_def(self) -> Any:
        """The cluster as a `ClusterDef`."""
        from tensorboard.compat.proto import cluster_pb2

        made = cluster_pb2.ClusterDef()
        for name, tasks in sorted(self._jobs.items()):
            made.job.add(name=name, tasks=tasks)
        return made

    def _job(self, name: str) -> dict[int, str]:
        if name not in self._jobs:
            raise ValueError(f"No such job in cluster: {name!r}{errors.did_you_mean(name, self._jobs)}")
        return self._jobs[name]

    def __bool__(self) -> bool:
        return bool(self._jobs)

    def __eq__(self, other: object) -> bool:
        return self._jobs == (other._jobs if isinstance(other, ClusterSpec) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        known = self.as_dict()
        return "ClusterSpec({" + ", ".join(f"{job!r}: {known[job]!r}" for job in sorted(known)) + "})"


def _tasks(job: str, tasks: Any) -> dict[int, str]:
    if isinstance(tasks, (list, tuple)):
        tasks = dict(enumerate(tasks))
    elif not isinstance(tasks, Mapping):
        raise TypeError(f"The tasks for job {job!r} must be a list or a dictionary from integers to strings.")
    found = {}
    for i, address in tasks.items():
        if not isinstance(address, (str, bytes)):
            raise TypeError(f"Task address {address!r} must be bytes or unicode")
        found[int(i)] = address if isinstance(address, str) else address.decode()
    return found


@cache
def server_def_class() -> Any:
    """The class of `ServerDef` protos, which TensorBoard's protos lack."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from tensorboard.compat.proto import cluster_pb2, config_pb2

    protos = [cluster_pb2.ClusterDef.DESCRIPTOR, config_pb2.ConfigProto.DESCRIPTOR]
    file = descriptor_pb2.FileDescriptorProto(name="teachtf/server_def.proto", package="teachtf", syntax="proto3")
    file.dependency.extend(d.file.name for d in protos)
    kind = descriptor_pb2.FieldDescriptorProto
    fields = [("cluster", 1, protos[0]), ("job_name", 2, kind.TYPE_STRING), ("task_index", 3, kind.TYPE_INT32)]
    fields += [("default_session_config", 4, protos[1]), ("protocol", 5, kind.TYPE_STRING)]
    message = file.message_type.add(name="ServerDef")
    for name, number, what in fields:
        field = message.field.add(name=name, number=number, label=kind.LABEL_OPTIONAL)
        if isinstance(what, int):
            field.type = what
        else:
            field.type, field.type_name = kind.TYPE_MESSAGE, f".{what.full_name}"
    pool = descriptor_pool.Default()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("teachtf.ServerDef"))


class _Cluster:
    """The servers of one cluster that are up, and the variables that their sessions share."""

    def __init__(self) -> None:
        self.servers: dict[str, Server] = {}  # by task, as /job:ps/replica:0/task:1
        self.state = State()


_clusters: dict[str, _Cluster] = {}
_servers: dict[str, Server] = {}  # by target
_ports = count(20000)
_lock = threading.Lock()


class Server(errors.Suggesting):
    """The server of one task of a cluster; a `tf.Session(server.target)` runs on the whole cluster.

    All tasks live in this process: make a server for each. Their variables are shared by all sessions of the cluster, and stay
    when a session closes, until `tf.Session.reset(server.target)`.

    Args:
      server_or_cluster_def: a ClusterSpec or what makes one, or a ServerDef.
      job_name, task_index: which task this is; may be left out where there is one only.
      protocol: "grpc".
      config: the ConfigProto of sessions that bring none. Its `device_count` says what CPUs and (virtual) GPUs this task has.
      start: accepted; there is nothing to start.

    Raises:
      TypeError, ValueError: the cluster cannot be read, or it is not clear which task is meant.
      InternalError: there is no such task in the cluster.

    Source: `tf.train.Server`.
    """

    def __init__(
        self,
        server_or_cluster_def: Any,
        job_name: str | None = None,
        task_index: int | None = None,
        protocol: str | None = None,
        config: Any = None,
        start: bool = True,
    ) -> None:
        self._server_def = definition = _server_def(server_or_cluster_def, job_name, task_index, protocol, config)
        spec = ClusterSpec(definition.cluster)
        if definition.job_name not in spec.jobs:
            raise errors.InternalError(None, None, f'Job "{definition.job_name}" was not defined in cluster')
        if definition.task_index not in spec.task_indices(definition.job_name):
            raise errors.InternalError(
                None, None, f'Task {definition.task_index} was not defined in job "{definition.job_name}"'
            )
        address = spec.task_address(definition.job_name, definition.task_index)
        with _lock:
            key = repr(spec)
            if address.endswith(":0"):  # a port that nobody else has
                address = f"{address[:-2]}:{next(_ports)}"
                key = address
            self._cluster = _clusters.setdefault(key, _Cluster())
            self._cluster_spec = spec
            self._target = f"grpc://{address}"
            self.task = f"/job:{definition.job_name}/replica:0/task:{definition.task_index}"
            self._devices = task_devices(self.task, definition.default_session_config)
            self._cluster.servers[self.task] = self
            _servers[self._target] = self

    @property
    def server_def(self) -> Any:
        """What this server was made from, as a ServerDef."""
        return self._server_def

    @property
    def target(self) -> str:
        """What `tf.Session` takes to run on this server."""
        return self._target

    def start(self) -> None:
        """Accepted; a server is up when it is made."""

    def join(self) -> None:
        """Wait for ever, as a parameter server does.

        Raises:
          UnimplementedError: the cluster has tasks that are not in this process, which could not be reached.
        """
        missing = self._missing()
        if missing:
            raise errors.UnimplementedError(
                None,
                None,
                f"server.join() would wait for tasks in other processes ({', '.join(missing)}), and teachtf runs a cluster in "
                "one process only: make the servers of all tasks in one program, and leave out join().",
            )
        threading.Event().wait()

    def _missing(self) -> list[str]:
        tasks = [f"/job:{job}/replica:0/task:{i}" for job in self._cluster_spec.jobs for i in self._cluster_spec._jobs[job]]
        return [task for task in tasks if task not in self._cluster.servers]

    def session_devices(self, config: Any) -> list[Device]:
        """The devices that a session on this server sees: its own first.

        Raises:
          UnavailableError: a task of the cluster has no server in this process.
        """
        filters = [DeviceSpec.from_string(f) for f in (config.device_filters if config is not None else ())]
        missing = [task for task in self._missing() if _passes(task, filters)]
        if missing:
            raise errors.UnavailableError(
                None,
                None,
                f"No server is up for {', '.join(missing)}. teachtf runs a cluster in one process: make a tf.train.Server for "
                "each of its tasks in this program (TensorFlow would wait for them here), or leave them out by "
                "tf.ConfigProto(device_filters=[...]).",
            )
        others = [s for task, s in self._cluster.servers.items() if s is not self and _passes(task, filters)]
        return [device for server in (self, *others) for device in server._devices]

    @property
    def state(self) -> State:
        """What sessions of this cluster share."""
        return self._cluster.state

    @property
    def default_config(self) -> Any:
        """The ConfigProto of sessions that bring none."""
        return self._server_def.default_session_config

    @staticmethod
    def create_local_server(config: Any = None, start: bool = True) -> Server:
        """A server of a cluster of its own, with this one task."""
        return Server({"localhost": ["localhost:0"]}, protocol="grpc", config=config, start=start)


def free_addresses(number: int) -> list[str]:
    """Addresses that no server of this process has."""
    return [f"localhost:{next(_ports)}" for _ in range(number)]


def _passes(task: str, filters: list[DeviceSpec]) -> bool:
    spec = DeviceSpec.from_string(task)
    return not filters or any(
        all(getattr(f, field) in (None, getattr(spec, field)) for field in ("job", "replica", "task")) for f in filters
    )


def _server_def(given: Any, job: str | None, task: int | None, protocol: str | None, config: Any) -> Any:
    made = server_def_class()()
    if isinstance(given, server_def_class()):
        made.CopyFrom(given)
    else:
        try:
            spec = ClusterSpec(given)
        except TypeError:
            raise TypeError(
                "Could not convert `server_or_cluster_def` to a `tf.train.ServerDef` or `tf.train.ClusterSpec`."
            ) from None
        if job is None:
            if len(spec.jobs) != 1:
                raise ValueError("Must specify an explicit `job_name`.")
            job = spec.jobs[0]
        if task is None:
            tasks = spec.task_indices(job)
            if len(tasks) != 1:
                raise ValueError("Must specify an explicit `task_index`.")
            task = tasks[0]
        made.cluster.CopyFrom(spec.as_cluster_def())
        made.protocol = "grpc"
    for field, value in (("job_name", job), ("task_index", task), ("protocol", protocol)):
        if value is not None:
            setattr(made, field, value)
    if config is not None:
        made.default_session_config.CopyFrom(config)
    return made


def server_at(target: str) -> Server:
    """The server of this process that a session's target names.

    Raises:
      NotFoundError: the target is of no kind that there is.
      UnavailableError: no such server is in this process.
    """
    if target in _servers:
        return _servers[target]
    if not target.startswith("grpc://"):
        raise errors.NotFoundError(
            None,
            None,
            f'No session factory registered for the given session options: {{target: "{target}"}}. '
            "Leave the target out for this process, or give the target of a tf.train.Server.",
        )
    raise errors.UnavailableError(
        None,
        None,
        f"No server at {target} in this process, and teachtf does not reach other processes: make a tf.train.Server for each "
        f"task in this program. Here are: {', '.join(_servers) or 'none'}.",
    )


def virtual_tasks(cluster_def: Any) -> list[Device]:
    """One CPU for each task of a ClusterDef: the virtual cluster of a ConfigProto."""
    if cluster_def is None or not cluster_def.job:
        return []
    spec = ClusterSpec(cluster_def)
    tasks = [f"/job:{job}/replica:0/task:{i}" for job in sorted(spec.jobs) for i in spec.task_indices(job)]
    return [device for task in tasks for device in task_devices(task, real=False)]
