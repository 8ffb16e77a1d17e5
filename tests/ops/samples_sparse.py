"""Samples of the operations on sparse tensors: rows as in `conftest.py`."""

from __future__ import annotations

from typing import Any

import numpy as np


def _f(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def _ramp(*shape: int) -> np.ndarray:
    """Distinct numbers, none near 0 nor near each other, in no order."""
    size = int(np.prod(shape))
    return np.cos(2.4 * np.arange(1, size + 1)).reshape(shape)


def _i(values: Any) -> np.ndarray:
    return np.array(values, np.int32)


def _l(values: Any) -> np.ndarray:
    return np.array(values, np.int64)


_SHAPE = _l([3, 4])
_INDICES = _l([[0, 1], [1, 0], [1, 3], [2, 2]])
_PARTS = (_INDICES, _f(0.3, -0.7, 0.5, 0.9), _SHAPE)
_OTHER = (_l([[0, 1], [2, 3]]), _f(0.4, -0.2), _SHAPE)
_DENSE = np.linspace(0.2, 0.9, 12).reshape(3, 4)
_AXES = np.array([1], np.int32)
ROWS: list[tuple[Any, ...]] = [
    ("AccumulateNV2", [_ramp(2, 3), _ramp(2, 3)], {"shape": [2, 3]}),
    ("SegmentSum", _ramp(4, 2), _i([0, 0, 2, 2])),
    ("SegmentMean", _ramp(4, 2), _i([0, 0, 2, 2])),
    ("SegmentProd", _ramp(4, 2), _i([0, 0, 2, 2])),
    ("SegmentMax", _ramp(4, 2), _i([0, 0, 1, 1])),
    ("SegmentMin", _ramp(4, 2), _i([0, 0, 1, 1])),
    ("UnsortedSegmentProd", _ramp(4, 2), _i([1, 0, 1, 1]), _i(3)),
    ("UnsortedSegmentMax", _ramp(4, 2), _i([1, 0, 1, 0]), _i(2)),
    ("UnsortedSegmentMin", _ramp(4, 2), _i([1, 0, 1, 0]), _i(2)),
    *(
        row
        for kind in ("Sum", "Mean", "SqrtN")
        for row in (
            (f"SparseSegment{kind}", _ramp(3, 2), _i([2, 0, 2]), _i([0, 0, 1])),
            (f"SparseSegment{kind}WithNumSegments", _ramp(3, 2), _i([2, 0, 2]), _i([0, 0, 1]), _i(3)),
            (f"SparseSegment{kind}Grad", _ramp(2, 2), _i([2, 0, 2]), _i([0, 0, 1]), _i(3)),
            (f"SparseSegment{kind}GradV2", _ramp(2, 2), _i([2, 0, 2]), _i([0, 0, 1]), _i(3)),
        )
    ),
    ("Unique", _i([3, 1, 3])),
    ("UniqueWithCounts", _i([3, 1, 3])),
    *(
        (f"{kind}CandidateSampler", _l([[1], [3]]), {"num_true": 1, "num_sampled": 2, "unique": True, "range_max": 5})
        for kind in ("Uniform", "LogUniform", "LearnedUnigram", "ThreadUnsafeUnigram")
    ),
    (
        "FixedUnigramCandidateSampler",
        _l([[1], [3]]),
        {"num_true": 1, "num_sampled": 2, "unique": True, "range_max": 5, "unigrams": [1.0, 2.0, 1.0, 3.0, 2.0]},
    ),
    ("AllCandidateSampler", _l([[1], [3]]), {"num_true": 1, "num_sampled": 4, "unique": True}),
    ("ComputeAccidentalHits", _l([[1], [3]]), _l([0, 3]), {"num_true": 1}),
    ("SparseAdd", *_PARTS, *_OTHER, np.array(0.0)),
    ("SparseAddGrad", _f(0.1, 0.2, 0.3, 0.4, 0.5), _INDICES, _OTHER[0], _l([[0, 1], [1, 0], [1, 3], [2, 2], [2, 3]])),
    ("SparseConcat", [_INDICES, _OTHER[0]], [_PARTS[1], _OTHER[1]], [_SHAPE, _SHAPE], {"concat_dim": 1}),
    ("SparseDenseCwiseAdd", *_PARTS, _DENSE),
    ("SparseDenseCwiseDiv", *_PARTS, _DENSE),
    ("SparseDenseCwiseMul", *_PARTS, _DENSE[0]),
    ("SparseFillEmptyRows", _l([[0, 1], [2, 0]]), _f(0.5, 0.7), _SHAPE, np.array(0.1)),
    ("SparseFillEmptyRowsGrad", _l([0, 2]), _f(0.5, 0.7, 0.9)),
    ("SparseReduceMax", *_PARTS, _AXES),
    ("SparseReduceMaxSparse", *_PARTS, _AXES),
    ("SparseReduceSum", *_PARTS, _AXES),
    ("SparseReduceSumSparse", *_PARTS, _AXES),
    ("SparseReorder", _INDICES[::-1].copy(), _PARTS[1], _SHAPE),
    ("SparseReshape", _INDICES, _SHAPE, _l([2, -1])),
    ("SparseSlice", *_PARTS, _l([1, 0]), _l([2, 2])),
    ("SparseSliceGrad", _f(0.4), _INDICES, _l([1, 0]), _l([[0, 0]])),
    ("SparseSoftmax", *_PARTS),
    ("SparseSparseMaximum", *_PARTS, *_OTHER),
    ("SparseSparseMinimum", *_PARTS, *_OTHER),
    ("SparseSplit", np.array(1, np.int64), *_PARTS, {"num_split": 2}),
    ("SparseTensorDenseAdd", *_PARTS, _DENSE),
    ("SparseTensorDenseMatMul", *_PARTS, _DENSE.reshape(4, 3)),
    ("SparseToDense", _INDICES, _SHAPE, _PARTS[1], np.array(0.25)),
]
