"""`tf.test`: test cases with sessions, and gradients checked against differences."""

from __future__ import annotations

import importlib.util
from typing import Any
from unittest import mock

from absl.testing.absltest import main

from teachtf.runtime.gpus import visible_gpus
from teachtf.testing.case import TestCase, create_local_cluster, get_temp_dir
from teachtf.testing.gradients import compute_gradient, compute_gradient_error


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether there is a GPU, of at least this generation; virtual ones do not count. Source: `tf.test.is_gpu_available`."""
    return any(gpu.capability >= (min_cuda_compute_capability or (0, 0)) for gpu in visible_gpus())


def gpu_device_name() -> str:
    """The name of a GPU, or an empty string. Source: `tf.test.gpu_device_name`."""
    return "/device:GPU:0" if visible_gpus() else ""


def is_built_with_cuda() -> bool:
    """Whether this can use CUDA: the extra `gpu` is installed. Source: `tf.test.is_built_with_cuda`."""
    return importlib.util.find_spec("numba_cuda") is not None


def is_built_with_rocm() -> bool:
    """Whether this can use ROCm: no. Source: `tf.test.is_built_with_rocm`."""
    return False


is_built_with_gpu_support, is_built_with_xla = is_built_with_cuda, is_built_with_rocm


def assert_equal_graph_def(actual: Any, expected: Any, checkpoint_v2: bool = False) -> None:
    """Fail unless two GraphDefs hold the same nodes, in any order. Source: `tf.test.assert_equal_graph_def`.

    Raises:
      AssertionError: they differ; the message names the first node that does.
      TypeError: one is no GraphDef.
    """
    for what, graph in (("actual", actual), ("expected", expected)):
        if not hasattr(graph, "node"):
            raise TypeError(f"Expected tf.GraphDef for {what}, got {type(graph).__name__}")
    nodes = [{node.name: node for node in graph.node} for graph in (actual, expected)]
    for name in [*nodes[0], *nodes[1]]:
        one, other = (found.get(name) for found in nodes)
        if one != other:
            raise AssertionError(f"The graphs differ at node {name!r}:\n{one}\n{other}")


__all__ = [
    "TestCase",
    "assert_equal_graph_def",
    "compute_gradient",
    "compute_gradient_error",
    "create_local_cluster",
    "get_temp_dir",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_built_with_gpu_support",
    "is_built_with_rocm",
    "is_built_with_xla",
    "is_gpu_available",
    "main",
    "mock",
]
