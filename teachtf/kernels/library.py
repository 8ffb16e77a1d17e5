"""All kernel files, imported together: a session needs the registry filled."""

from __future__ import annotations

from teachtf.kernels import (
    arrays,
    elementwise,
    gathering,
    nn,
    random,
    reductions,
    segments,
    session_handles,
    sets,
    special,
    state,
    summaries,
    training,
)

__all__ = [
    "arrays",
    "elementwise",
    "gathering",
    "nn",
    "random",
    "reductions",
    "segments",
    "session_handles",
    "sets",
    "special",
    "state",
    "summaries",
    "training",
]
