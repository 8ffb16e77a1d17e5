"""Samples of the array operations: rows as in `conftest.py`, of op type, inputs, attributes and the widest float type."""

from __future__ import annotations

from typing import Any

import numpy as np

_R = np.random.RandomState(11)


def _f(*shape: int) -> np.ndarray:
    """Distinct numbers between -0.9 and 0.9, none near 0 nor near each other."""
    size = int(np.prod(shape))
    return _R.permutation(np.linspace(0.1, 0.9, size) * np.where(np.arange(size) % 2, 1, -1)).reshape(shape)


def _i(values: Any) -> np.ndarray:
    return np.array(values, np.int32)


_PLACES = _i([[2], [0]])
_VOLUME, _TAPS = _f(1, 2, 3, 2, 2), _f(2, 2, 1, 2, 2)
_SLIDE = {"strides": [1] * 5, "padding": "SAME"}
_POOL = {"ksize": [1, 1, 2, 2, 1], "strides": [1, 1, 1, 2, 1], "padding": "VALID"}
_MOST = np.maximum(_VOLUME[:, :, :2], _VOLUME[:, :, 1:]).max(3, keepdims=True)
ROWS: list[tuple[Any, ...]] = [
    ("ConjugateTranspose", _f(2, 3), _i([1, 0])),
    ("Diag", _f(3)),
    ("DiagPart", _f(3, 3)),
    ("GatherNd", _f(3, 2), _i([[2, 0], [0, 1], [2, 0]])),
    ("MatrixBandPart", _f(3, 4), _i(1), _i(0)),
    ("MatrixDiagPartV3", _f(2, 3, 4), _i([-1, 1]), np.array(0.5)),
    ("MatrixDiagV3", _f(2, 3), _i(1), _i(-1), _i(-1), np.array(0.5)),
    ("MatrixSetDiagV3", _f(2, 3, 4), _f(2, 3), _i(0)),
    ("ScatterNd", _i([[2], [0], [2]]), _f(3, 2), _i([4, 2])),
    *((f"TensorScatter{what}", _f(3, 2), _PLACES, _f(2, 2)) for what in ("Update", "Add", "Sub", "Min", "Max")),
    ("BatchToSpaceND", _f(4, 1, 2, 1), _i([2, 2]), _i([[0, 0], [0, 1]])),
    ("DepthToSpace", _f(1, 1, 2, 4), {"block_size": 2}),
    ("LowerBound", np.array([[0.1, 0.3, 0.5]]), np.array([[0.3, 0.4]])),
    ("ReverseSequence", _f(2, 3), _i([2, 3]), {"seq_dim": 1}),
    ("Roll", _f(2, 3), _i([1]), _i([1])),
    ("SpaceToBatchND", _f(1, 2, 3, 1), _i([2, 2]), _i([[0, 0], [0, 1]])),
    ("SpaceToDepth", _f(1, 2, 4, 1), {"block_size": 2}),
    ("UnravelIndex", _i([5, 2]), _i([2, 3])),
    ("UpperBound", np.array([[0.1, 0.3, 0.5]]), np.array([[0.3, 0.4]])),
    ("BroadcastArgs", _i([2, 1]), _i([3])),
    ("DenseBincount", _i([1, 1, 3]), _i(4), np.array([0.5, 0.25, 1.0])),
    (
        "EditDistance",
        *(np.array([[0, 0], [0, 1]]), _i([1, 2]), np.array([1, 2])),
        *(np.array([[0, 0], [0, 1], [0, 2]]), _i([1, 3, 2]), np.array([1, 3])),
    ),
    (
        "ExtractImagePatches",
        _f(1, 3, 3, 1),
        {"ksizes": [1, 2, 2, 1], "strides": [1, 1, 1, 1], "rates": [1] * 4, "padding": "VALID"},
    ),
    ("HistogramFixedWidth", _f(5), np.array([-1.0, 1.0]), _i(4)),
    ("AvgPool3D", _VOLUME, _POOL),
    ("AvgPool3DGrad", _i([1, 2, 3, 2, 2]), _f(1, 2, 2, 1, 2), _POOL),
    ("Conv3D", _VOLUME, _TAPS, _SLIDE),
    ("Conv3DBackpropFilterV2", _VOLUME, _i([2, 2, 1, 2, 2]), _f(1, 2, 3, 2, 2), _SLIDE),
    ("Conv3DBackpropInputV2", _i([1, 2, 3, 2, 2]), _TAPS, _f(1, 2, 3, 2, 2), _SLIDE),
    ("MaxPool3D", _VOLUME, _POOL, np.float32),
    ("MaxPool3DGrad", _VOLUME, _MOST, _f(1, 2, 2, 1, 2), _POOL, np.float32),
    ("MaxPool3DGradGrad", _VOLUME, _MOST, _f(1, 2, 3, 2, 2), _POOL, np.float32),
]
