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
    "to compile": "Numba compiles it behind the first large runs; NumPy serves until then",
    "Numba": "compiled, or read from the cache, when first used; small arrays go to NumPy",
    "CUDA": "a kernel of the GPU",
    "NumPy": "NumPy's functions",
    "Python": "the plan's own Python, no kernel",
}
# Ops whose kernels have compiled code and do not tell more of it (`kernels.serving`).
SILENT = {
    *("RandomUniform", "RandomStandardNormal", "TruncatedNormal", "RandomUniformInt", "RandomShuffle"),
    *("Multinomial", "RandomGamma", "RandomPoissonV2", "StatelessMultinomial", "StatelessRandomGetKeyCounter"),
    *(f"StatelessRandom{what}V2" for what in ("Uniform", "UniformInt", "Normal")),
    *("StatelessTruncatedNormalV2",),
    *(f"{what}CandidateSampler" for what in ("Uniform", "LogUniform", "FixedUnigram", "LearnedUnigram", "ThreadUnsafeUnigram")),
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
    if (getattr(step.call, "__module__", "") or "").startswith("teachtf.kernels.cuda"):
        return "CUDA"
    if not hasattr(step.call, "code"):
        return "Numba" if step.kernel in SILENT else "NumPy"
    return "" if inputs is None else serving.state(step.call, inputs)
