"""All CUDA kernel files, imported together: a session with a GPU needs the registry filled."""

from __future__ import annotations

from teachtf.kernels.cuda import (
    counting,
    decompositions,
    diagonals,
    fills,
    gathering,
    images,
    joining,
    moves,
    quantization,
    random,
    reductions,
    scans,
    scattering,
    segments,
    sorting,
    special,
    stacks,
    state,
    training,
)

__all__ = [
    "counting",
    "decompositions",
    "diagonals",
    "fills",
    "gathering",
    "images",
    "joining",
    "moves",
    "quantization",
    "random",
    "reductions",
    "scans",
    "scattering",
    "segments",
    "sorting",
    "special",
    "stacks",
    "state",
    "training",
]
