"""All CUDA kernel files, imported together: a session with a GPU needs the registry filled."""

from __future__ import annotations

from teachtf.kernels.cuda import fills, joining, moves, random, reductions

__all__ = ["fills", "joining", "moves", "random", "reductions"]
