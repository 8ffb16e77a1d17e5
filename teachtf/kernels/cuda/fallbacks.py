"""Op types that TensorFlow has GPU kernels for and that the CPU computes here, with the reason. The plan carries the values."""

from __future__ import annotations

__all__ = ["FALLBACKS"]

# reason -> op types
FALLBACKS: dict[str, frozenset[str]] = {
    "the host looks at the value, or keeps it": frozenset(
        {"Assert", "DeleteSessionTensor", "GetSessionHandle", "GetSessionTensor"}
    ),
    "LAPACK on the CPU": frozenset({"Qr", "SelfAdjointEigV2", "Svd"}),
    "values of unknown number: the CPU counts them": frozenset({"Unique", "UniqueWithCounts"}),
    "indices of sparse tensors: the CPU sorts and counts them": frozenset(
        f"Sparse{what}"
        for what in ("Concat", "FillEmptyRows", "FillEmptyRowsGrad", "Reorder", "Reshape", "Slice", "SliceGrad", "Split")
    ),
}
