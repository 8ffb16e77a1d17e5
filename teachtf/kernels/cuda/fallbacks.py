"""Op types that TensorFlow has GPU kernels for and that the CPU computes here, with the reason. The plan carries the values."""

from __future__ import annotations

__all__ = ["FALLBACKS"]

# reason -> op types
FALLBACKS: dict[str, frozenset[str]] = {}
