"""Which code serves a step now: compiled, or NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from teachtf.kernels import serving
from teachtf.runtime.inspection.reading import Step

# What the words in the table mean.
MEANINGS = {
    "compiled": "Numba's code is ready",
    "compiling": "Numba is at work; NumPy serves meanwhile",
    "to compile": "Numba compiles it behind the first runs; NumPy serves until then",
    "Numba": "compiled, or read from the cache, when first used; small arrays go to NumPy",
    "NumPy": "NumPy's functions",
    "Python": "the plan's own Python, no kernel",
}
# The file of kernels/cpu that computes these ops, which does not tell more of itself.
FILES = {
    "MatMul": "gemm",
    "BatchMatMulV2": "gemm",
    **dict.fromkeys(("Conv2D", "Conv2DBackpropInput", "Conv2DBackpropFilter"), "conv"),
    **dict.fromkeys((f"DepthwiseConv2dNative{w}" for w in ("", "BackpropInput", "BackpropFilter")), "depthwise"),
    **dict.fromkeys(("MaxPool", "MaxPoolGrad", "AvgPool", "AvgPoolGrad"), "pooling"),
    **dict.fromkeys(("RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt"), "philox"),
    **dict.fromkeys(("RandomShuffle", "Multinomial", "RandomGamma", "RandomPoissonV2"), "philox"),
    "ApplyAdam": "optimizers",
}


def code_of(step: Step, inputs: Sequence[tuple[Any, Any]] | None) -> str:
    """What serves a step now: a word of `MEANINGS`, or "" for what does not compute.

    Args:
      inputs: the (shape, dtype) of each input; None if one is not known.
    """
    if step.kind == "python":
        return "Python"
    if step.kind not in ("kernel", "fused"):
        return ""
    if step.kernel in FILES:
        return "Numba"
    if not hasattr(step.call, "code"):
        return "NumPy"
    return "" if inputs is None else serving.state(step.call, inputs)
