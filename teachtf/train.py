"""`tf.train`: training and keeping models."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from teachtf.checkpoint import kernels as _checkpoint_kernels
from teachtf.core.errors import did_you_mean
from teachtf.state.collections import assert_global_step
from teachtf.state.collections import global_step as get_global_step
from teachtf.training.adaptive import AdadeltaOptimizer, AdagradOptimizer, FtrlOptimizer, RMSPropOptimizer
from teachtf.training.descent import AdamOptimizer, GradientDescentOptimizer, MomentumOptimizer
from teachtf.training.global_step import create_global_step, get_or_create_global_step
from teachtf.training.moving_averages import ExponentialMovingAverage
from teachtf.training.optimizer import Optimizer
from teachtf.training.proximal import AdagradDAOptimizer, ProximalAdagradOptimizer, ProximalGradientDescentOptimizer
from teachtf.training.schedules import (
    cosine_decay,
    cosine_decay_restarts,
    exponential_decay,
    inverse_time_decay,
    linear_cosine_decay,
    natural_exp_decay,
    noisy_linear_cosine_decay,
    piecewise_constant,
    polynomial_decay,
)

if TYPE_CHECKING:
    from tensorboard.compat.proto.cluster_pb2 import ClusterDef, JobDef
    from tensorboard.compat.proto.saver_pb2 import SaverDef

    from teachtf.checkpoint.management import TensorReader as NewCheckpointReader
    from teachtf.checkpoint.management import (
        checkpoint_exists,
        get_checkpoint_mtimes,
        global_step,
        list_variables,
        load_checkpoint,
        load_variable,
        remove_checkpoint,
        update_checkpoint_state,
        write_graph,
    )
    from teachtf.checkpoint.meta_graph import export_meta_graph, import_meta_graph
    from teachtf.checkpoint.protos import CheckpointState
    from teachtf.checkpoint.saver import Saver
    from teachtf.checkpoint.state_file import generate_checkpoint_state_proto, latest_checkpoint
    from teachtf.checkpoint.state_file import read_state as get_checkpoint_state
    from teachtf.platform.example_protos import (
        BytesList,
        Example,
        Feature,
        FeatureList,
        FeatureLists,
        Features,
        FloatList,
        Int64List,
        SequenceExample,
    )
    from teachtf.runtime.cluster import ClusterSpec, Server
    from teachtf.training.checkpoint_utils import init_from_checkpoint
    from teachtf.training.coordinator import Coordinator, LooperThread
    from teachtf.training.device_setter import replica_device_setter
    from teachtf.training.event_files import summary_iterator

    ServerDef: Any

assert _checkpoint_kernels  # a graph that was imported can save and restore

# Files and protos are imported when first asked for: `import teachtf` is a third faster without them.
_MANAGEMENT = "teachtf.checkpoint.management"
_LAZY = {
    "Saver": ("teachtf.checkpoint.saver", "Saver"),
    "SaverDef": ("tensorboard.compat.proto.saver_pb2", "SaverDef"),
    "ClusterDef": ("tensorboard.compat.proto.cluster_pb2", "ClusterDef"),
    "ClusterSpec": ("teachtf.runtime.cluster", "ClusterSpec"),
    "JobDef": ("tensorboard.compat.proto.cluster_pb2", "JobDef"),
    "Server": ("teachtf.runtime.cluster", "Server"),
    "CheckpointState": ("teachtf.checkpoint.protos", "CheckpointState"),
    "NewCheckpointReader": (_MANAGEMENT, "TensorReader"),
    "checkpoint_exists": (_MANAGEMENT, "checkpoint_exists"),
    "export_meta_graph": ("teachtf.checkpoint.meta_graph", "export_meta_graph"),
    "generate_checkpoint_state_proto": ("teachtf.checkpoint.state_file", "generate_checkpoint_state_proto"),
    "get_checkpoint_mtimes": (_MANAGEMENT, "get_checkpoint_mtimes"),
    "get_checkpoint_state": ("teachtf.checkpoint.state_file", "read_state"),
    "global_step": (_MANAGEMENT, "global_step"),
    "init_from_checkpoint": ("teachtf.training.checkpoint_utils", "init_from_checkpoint"),
    "replica_device_setter": ("teachtf.training.device_setter", "replica_device_setter"),
    "import_meta_graph": ("teachtf.checkpoint.meta_graph", "import_meta_graph"),
    "latest_checkpoint": ("teachtf.checkpoint.state_file", "latest_checkpoint"),
    "list_variables": (_MANAGEMENT, "list_variables"),
    "load_checkpoint": (_MANAGEMENT, "load_checkpoint"),
    "load_variable": (_MANAGEMENT, "load_variable"),
    "remove_checkpoint": (_MANAGEMENT, "remove_checkpoint"),
    "Coordinator": ("teachtf.training.coordinator", "Coordinator"),
    "LooperThread": ("teachtf.training.coordinator", "LooperThread"),
    "BytesList": ("teachtf.platform.example_protos", "BytesList"),
    "Example": ("teachtf.platform.example_protos", "Example"),
    "Feature": ("teachtf.platform.example_protos", "Feature"),
    "FeatureList": ("teachtf.platform.example_protos", "FeatureList"),
    "FeatureLists": ("teachtf.platform.example_protos", "FeatureLists"),
    "Features": ("teachtf.platform.example_protos", "Features"),
    "FloatList": ("teachtf.platform.example_protos", "FloatList"),
    "Int64List": ("teachtf.platform.example_protos", "Int64List"),
    "SequenceExample": ("teachtf.platform.example_protos", "SequenceExample"),
    "summary_iterator": ("teachtf.training.event_files", "summary_iterator"),
    "update_checkpoint_state": (_MANAGEMENT, "update_checkpoint_state"),
    "write_graph": (_MANAGEMENT, "write_graph"),
}


def __getattr__(name: str) -> Any:
    if name == "ServerDef":
        from teachtf.runtime.cluster import server_def_class

        return server_def_class()
    if name not in _LAZY:
        raise AttributeError(f"module 'teachtf.train' has no attribute '{name}'.{did_you_mean(name, __all__)}")
    module, attribute = _LAZY[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


__all__ = [
    "Coordinator",
    "LooperThread",
    "BytesList",
    "Example",
    "Feature",
    "FeatureList",
    "FeatureLists",
    "Features",
    "FloatList",
    "Int64List",
    "SequenceExample",
    "summary_iterator",
    "AdadeltaOptimizer",
    "AdagradDAOptimizer",
    "AdagradOptimizer",
    "FtrlOptimizer",
    "RMSPropOptimizer",
    "cosine_decay",
    "cosine_decay_restarts",
    "linear_cosine_decay",
    "noisy_linear_cosine_decay",
    "exponential_decay",
    "inverse_time_decay",
    "natural_exp_decay",
    "piecewise_constant",
    "polynomial_decay",
    "AdamOptimizer",
    "CheckpointState",
    "ClusterDef",
    "ClusterSpec",
    "JobDef",
    "Server",
    "ServerDef",
    "GradientDescentOptimizer",
    "MomentumOptimizer",
    "NewCheckpointReader",
    "Optimizer",
    "ProximalAdagradOptimizer",
    "ProximalGradientDescentOptimizer",
    "Saver",
    "SaverDef",
    "ExponentialMovingAverage",
    "assert_global_step",
    "checkpoint_exists",
    "create_global_step",
    "export_meta_graph",
    "generate_checkpoint_state_proto",
    "get_checkpoint_mtimes",
    "get_checkpoint_state",
    "get_global_step",
    "get_or_create_global_step",
    "global_step",
    "import_meta_graph",
    "init_from_checkpoint",
    "replica_device_setter",
    "latest_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
    "remove_checkpoint",
    "update_checkpoint_state",
    "write_graph",
]
