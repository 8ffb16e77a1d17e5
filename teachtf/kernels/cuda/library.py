"""All CUDA kernel files, imported together: a session with a GPU needs the registry filled."""

from __future__ import annotations

from teachtf.kernels.cuda import fills, moves, reductions

__all__ = ["fills", "moves", "reductions"]
