"""Where variables and the rest go on a cluster with parameter servers. Source: `tf.train.replica_device_setter`."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from teachtf.core.devices import DeviceSpec
from teachtf.platform import log
from teachtf.runtime.cluster import ClusterSpec

# What is kept on parameter servers: variables, tables and what gathers gradients.
_PS_OPS = (
    "Variable",
    "VariableV2",
    "AutoReloadVariable",
    "MutableHashTable",
    "MutableHashTableV2",
    "MutableHashTableOfTensors",
    "MutableHashTableOfTensorsV2",
    "MutableDenseHashTable",
    "MutableDenseHashTableV2",
    "VarHandleOp",
    "BoostedTreesEnsembleResourceHandleOp",
    "BoostedTreesQuantileStreamResourceHandleOp",
    "ResourceConditionalAccumulator",
    "DecisionTreeResource",
)


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Any = None,
    ps_ops: Any = None,
    ps_strategy: Any = None,
) -> Callable[[Any], str] | None:
    """A device function for `tf.device`: variables go to parameter servers in turn, all else to the worker.

    Args:
      ps_tasks: how many parameter servers there are; without any, None is returned. Not used with `cluster`.
      ps_device: the device of variables; the task is filled in.
      worker_device: the device of all else.
      merge_devices: whether an inner device is completed by these; otherwise an op that has a device keeps just that.
      cluster: a ClusterSpec, ClusterDef or dictionary to take the number of parameter servers from.
      ps_ops: the op types that go to parameter servers; those of variables and tables by default.
      ps_strategy: a function of the op that gives its task; each in turn by default.

    Raises:
      TypeError: `cluster` is no cluster, or `ps_strategy` no function.

    Source: `tf.train.replica_device_setter`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.device(tf.train.replica_device_setter(ps_tasks=2)):
    ...     v, w = tf.Variable(1.0), tf.Variable(2.0)
    ...     print(v.device, w.device, (v + w).device)
    /job:ps/task:0 /job:ps/task:1 /job:worker
    """
    if cluster is not None:
        jobs = ClusterSpec(cluster).as_dict()
        job = DeviceSpec.from_string(ps_device).job or ""
        if jobs.get(job) is None:
            return None
        ps_tasks = len(jobs[job])
    if ps_tasks == 0:
        return None
    kept = _PS_OPS if ps_ops is None else ps_ops
    if not merge_devices:
        log.warn("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter")
    if ps_strategy is None:
        turns = count()

        def ps_strategy(op: Any) -> int:
            return next(turns) % ps_tasks

    if not callable(ps_strategy):
        raise TypeError("ps_strategy must be callable")

    def device_function(op: Any) -> str:
        if not merge_devices and op.device:
            return op.device
        current = DeviceSpec.from_string(op.device or "")
        op_type = op.op if hasattr(op, "op") else op.type  # a NodeDef says it by `op`
        if not (ps_device and op_type in kept):
            return DeviceSpec.from_string(worker_device or "").make_merged_spec(current).to_string()
        server = DeviceSpec.from_string(ps_device)
        if server.job and (not current.job or current.job == server.job):
            server = server.replace(task=ps_strategy(op))
        return server.make_merged_spec(current).to_string()

    return device_function
