"""Every op that TensorFlow computes on GPUs has a CUDA kernel here, or a reason to be left to the CPU, or needs none."""

from __future__ import annotations

from teachtf.kernels import library as cpu_library
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda import library, registry
from teachtf.kernels.cuda.fallbacks import FALLBACKS
from teachtf.runtime.machine import _gpu_kernels

assert cpu_library and library
FALLEN_BACK = frozenset().union(*FALLBACKS.values())
# What the plan's own Python does: values pass through these wherever they are.
STRUCTURE = {"Const", "ControlTrigger", "Enter", "Exit", "LoopCond", "Merge", "NextIteration", "NoOp", "Placeholder", "Switch"}
STRUCTURE |= {f"Ref{name}" for name in ("Enter", "Exit", "Merge", "NextIteration", "Switch")}


def test_every_op_is_accounted_for() -> None:
    missing = (cpu.registered() & set(_gpu_kernels())) - registry.registered() - FALLEN_BACK - STRUCTURE
    assert not missing, "write a CUDA kernel, or say in fallbacks.py why not"


def test_none_is_accounted_for_twice() -> None:
    assert not registry.registered() & FALLEN_BACK
    assert not registry.registered() & STRUCTURE
    assert sum(map(len, FALLBACKS.values())) == len(FALLEN_BACK)


def test_no_op_is_here_that_tensorflow_computes_on_cpus_alone() -> None:
    """Placement would never let it come."""
    assert registry.registered() | FALLEN_BACK <= set(_gpu_kernels())
    assert registry.registered() | FALLEN_BACK <= cpu.registered()
