"""All kernel files, imported together: a session needs the registry filled."""

from __future__ import annotations

from teachtf.kernels import (
    arrays,
    diagonals,
    elementwise,
    gathering,
    nn,
    random,
    reductions,
    scattering,
    segments,
    session_handles,
    sets,
    sorting,
    spaces,
    sparse,
    sparse_math,
    special,
    state,
    summaries,
    training,
)

__all__ = [
    "arrays",
    "diagonals",
    "elementwise",
    "gathering",
    "nn",
    "random",
    "reductions",
    "scattering",
    "segments",
    "session_handles",
    "sets",
    "sorting",
    "spaces",
    "sparse",
    "sparse_math",
    "special",
    "state",
    "summaries",
    "training",
]
