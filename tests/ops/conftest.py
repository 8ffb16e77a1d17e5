"""One small example of each declared op: what the tests of the whole registry run.

A new op gets a row here; `test_registry.py` says so when one is missing.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import teachtf as tf
from teachtf.checkpoint import kernels as checkpoint_kernels
from teachtf.core.op_def import registry
from teachtf.kernels import library, png
from teachtf.ops import shape_functions

sys.path.insert(0, str(Path(__file__).parent))
from samples_arrays import ROWS as ARRAY_ROWS
from samples_maths import ROWS as MATHS_ROWS
from samples_sparse import ROWS as SPARSE_ROWS

assert checkpoint_kernels, library


@dataclass
class Sample:
    """Inputs (floats as float64, lists for list arguments) and attributes of one node."""

    op_type: str
    inputs: tuple[Any, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    float_type: Any = np.float64  # the widest that the op takes: differences are precise in it

    def __str__(self) -> str:
        return self.op_type


_R = np.random.RandomState(7)


def _f(*shape: int) -> np.ndarray:
    """Distinct numbers between -0.9 and 0.9, none near 0 nor near each other: no kink lies within a difference's step."""
    size = int(np.prod(shape))
    values = np.linspace(0.1, 0.9, size) * np.where(np.arange(size) % 2, 1, -1)
    return _R.permutation(values).reshape(shape)


def _p(*shape: int) -> np.ndarray:
    return np.abs(_f(*shape))


def _i(*values: Any) -> np.ndarray:
    return np.array(values[0] if len(values) == 1 else values, np.int32)


_POSITIVE = {"Acosh", "Log", "Sqrt", "Rsqrt", "Lgamma", "Digamma", "SqrtGrad", "RsqrtGrad", "Pow"}
_LABELS = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0]])
_CONV = {"strides": [1, 1, 1, 1], "padding": "SAME"}
_POOL = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
_IMAGE, _FILTER, _DEPTHWISE = _f(1, 4, 4, 2), _f(3, 3, 2, 3), _f(3, 3, 2, 2)
_POOLED = _IMAGE.reshape(1, 2, 2, 2, 2, 2).max((2, 4))
_NORM = (_f(2, 2, 2, 3), _p(3), _f(3))
_F32 = np.float32
_TAG = np.array(b"tag", object)
_PNG = np.array(png.encode(np.zeros([2, 3, 3], np.uint8)), object)

_OTHERS: list[tuple[Any, ...]] = [
    ("AddN", [_f(2, 3), _f(2, 3), _f(2, 3)]),
    ("All", np.array([[True, False], [True, True]]), _i([1])),
    ("Any", np.array([[True, False], [False, False]]), _i([1])),
    ("ArgMax", _f(2, 3), _i(1)),
    ("ArgMin", _f(2, 3), _i(0)),
    ("AdjustContrastv2", _p(1, 2, 2, 3), np.array(0.5), _F32),
    ("AdjustHue", _p(1, 2, 2, 3), np.array(0.25), _F32),
    ("AdjustSaturation", _p(1, 2, 2, 3), np.array(0.5), _F32),
    ("AudioSummaryV2", _TAG, _f(1, 4, 2), np.array(8.0), _F32),
    ("AvgPool", _IMAGE, _POOL),
    ("AvgPoolGrad", _i([1, 4, 4, 2]), _f(1, 2, 2, 2), _POOL),
    ("BatchMatMulV2", _f(2, 2, 3), _f(2, 3, 2)),
    ("BiasAdd", _f(2, 3), _f(3)),
    ("BiasAddGrad", _f(2, 3)),
    ("BroadcastGradientArgs", _i([2, 3]), _i([3])),
    ("BroadcastTo", _f(1, 3), _i([2, 3])),
    ("Cast", _f(2, 3), {"DstT": tf.float64}),
    ("CheckNumerics", _f(2, 3), {"message": "m"}),
    ("Complex", _f(2), _f(2), {"Tout": tf.complex128}),
    ("ComplexAbs", _f(2) + 1j * _f(2), {"Tout": tf.float64}),
    ("ConcatOffset", _i(0), [_i([2, 3]), _i([4, 3])]),
    ("ConcatV2", [_f(2, 3), _f(1, 3)], _i(0)),
    ("Conj", _f(2) + 1j * _f(2)),
    ("Const", {"value": np.ones(3, np.float32), "dtype": tf.float32}),
    ("Conv2D", _IMAGE, _FILTER, _CONV),
    ("Conv2DBackpropFilter", _IMAGE, _i([3, 3, 2, 3]), _f(1, 4, 4, 3), _CONV),
    ("Conv2DBackpropInput", _i([1, 4, 4, 2]), _FILTER, _f(1, 4, 4, 3), _CONV),
    ("Cumprod", _f(2, 3), _i(1)),
    ("Cumsum", _f(2, 3), _i(1), {"exclusive": True, "reverse": True}),
    ("DecodeJpeg", _PNG),
    ("DecodePng", _PNG),
    ("DenseToDenseSetOperation", _i([[1, 2], [3, 3]]), _i([[2, 5, 5], [4, 1, 1]]), {"set_operation": "a-b"}),
    ("DepthwiseConv2dNative", _IMAGE, _DEPTHWISE, _CONV),
    ("DepthwiseConv2dNativeBackpropFilter", _IMAGE, _i([3, 3, 2, 2]), _f(1, 4, 4, 4), _CONV),
    ("DepthwiseConv2dNativeBackpropInput", _i([1, 4, 4, 2]), _DEPTHWISE, _f(1, 4, 4, 4), _CONV),
    ("DynamicPartition", _f(4), _i([0, 1, 1, 0]), {"num_partitions": 2}),
    ("DynamicStitch", [_i([0, 2]), _i([1])], [_f(2, 2), _f(1, 2)]),
    ("ExpandDims", _f(2, 3), _i(1)),
    ("Fill", _i([2, 3]), np.array(0.5)),
    ("FusedBatchNorm", *_NORM, np.zeros(0), np.zeros(0), _F32),
    ("FusedBatchNormV3", *_NORM, np.zeros(0), np.zeros(0), _F32),
    ("FusedBatchNormGrad", _f(2, 2, 2, 3), _f(2, 2, 2, 3), _p(3), _f(3), _p(3), _F32),
    ("FusedBatchNormGradV3", _f(2, 2, 2, 3), _f(2, 2, 2, 3), _p(3), _f(3), _p(3), np.zeros(3), _F32),
    ("GatherV2", _f(3, 2), _i([2, 0, 2]), _i(0)),
    ("EncodePng", np.zeros([2, 2, 3], np.uint8)),
    ("HSVToRGB", _p(1, 2, 2, 3)),
    ("HistogramSummary", _TAG, _f(2, 3)),
    ("ClipByValue", _f(2, 3), np.array(-0.52), np.array(0.43)),
    ("EnsureShape", _f(2, 3), {"shape": tf.TensorShape([None, 3])}),
    ("Identity", _f(2, 3)),
    ("IdentityN", [_f(2, 3), _f(4)]),
    ("ImageSummary", _TAG, _p(1, 2, 2, 3)),
    ("Imag", _f(2) + 1j * _f(2), {"Tout": tf.float64}),
    ("InTopK", _p(2, 3), _i([0, 2]), {"k": 2}, _F32),
    ("InTopKV2", _p(2, 3), _i([0, 2]), _i(2), _F32),
    ("InvertPermutation", _i([2, 0, 1])),
    ("L2Loss", _f(2, 3)),
    ("LRN", _f(1, 2, 2, 4), {"depth_radius": 1}, _F32),
    ("LRNGrad", _f(1, 2, 2, 4), _f(1, 2, 2, 4), _f(1, 2, 2, 4), {"depth_radius": 1}, _F32),
    ("LinSpace", np.array(0.0), np.array(1.0), _i(5)),
    ("ListDiff", _i([1, 2, 3]), _i([2])),
    ("LogSoftmax", _f(2, 3)),
    ("MatMul", _f(2, 3), _f(4, 3), {"transpose_b": True}),
    ("Max", _f(2, 3), _i([1])),
    ("MaxPool", _IMAGE, _POOL),
    ("MaxPoolGrad", _IMAGE, _POOLED, _f(1, 2, 2, 2), _POOL),
    ("MaxPoolGradGrad", _IMAGE, _POOLED, _f(1, 4, 4, 2), _POOL),
    ("Mean", _f(2, 3), _i([0])),
    ("Merge", [_f(2, 3)]),
    ("MergeSummary", [np.array(b"\n\x03\n\x01a", object)]),
    ("Min", _f(2, 3), _i([0, 1])),
    ("MirrorPad", _f(2, 3), _i([[1, 1], [2, 0]]), {"mode": "REFLECT"}),
    ("MirrorPadGrad", _f(4, 5), _i([[1, 1], [2, 0]]), {"mode": "SYMMETRIC"}),
    ("Multinomial", _f(2, 3), _i(4)),
    ("NoOp",),
    ("OneHot", _i([0, 2]), _i(3), np.array(1.0), np.array(0.0)),
    ("OnesLike", _f(2, 3)),
    ("Pack", [_f(2), _f(2)], {"axis": 1}),
    ("Pad", _f(2, 3), _i([[1, 0], [0, 2]])),
    ("PadV2", _f(2, 3), _i([[1, 0], [0, 2]]), np.array(0.5)),
    ("ParallelDynamicStitch", [_i([0, 2]), _i([1])], [_f(2, 2), _f(1, 2)]),
    ("PlaceholderWithDefault", _f(2, 3), {"shape": tf.TensorShape([2, 3])}),
    ("Print", _f(2), [_f(2)], {"first_n": 0}),
    ("Prod", _f(2, 3), _i([1])),
    ("RandomShuffle", _f(4)),
    ("RandomStandardNormal", _i([2, 3]), {"dtype": tf.float32}),
    ("RandomUniform", _i([2, 3]), {"dtype": tf.float32}),
    ("RandomUniformInt", _i([2, 3]), _i(0), _i(5)),
    ("Range", np.array(0.0), np.array(1.0), np.array(0.25)),
    ("Rank", _f(2, 3)),
    ("Real", _f(2) + 1j * _f(2), {"Tout": tf.float64}),
    ("Reshape", _f(2, 3), _i([3, -1])),
    ("ReverseV2", _f(2, 3), _i([1])),
    ("RGBToHSV", _p(1, 2, 2, 3)),
    ("ResizeArea", _f(1, 4, 4, 2), _i([3, 5]), _F32),
    ("ResizeBicubic", _f(1, 4, 4, 2), _i([3, 5]), _F32),
    ("ResizeBicubicGrad", _f(1, 3, 5, 2), _f(1, 4, 4, 2), _F32),
    ("ResizeBilinear", _f(1, 4, 4, 2), _i([3, 5]), _F32),
    ("ResizeBilinearGrad", _f(1, 3, 5, 2), _f(1, 4, 4, 2), _F32),
    ("ResizeNearestNeighbor", _f(1, 4, 4, 2), _i([3, 5]), _F32),
    ("ResizeNearestNeighborGrad", _f(1, 3, 5, 2), _i([4, 4]), _F32),
    ("ScalarSummary", _TAG, np.array(0.5)),
    ("Select", np.array([True, False]), _f(2, 3), _f(2, 3)),
    ("SelectV2", np.array([[True], [False]]), _f(2, 3), _f(3)),
    ("Shape", _f(2, 3)),
    ("ShapeN", [_f(2, 3), _f(4)]),
    ("ShardedFilename", np.array(b"a", object), _i(0), _i(2)),
    ("Size", _f(2, 3)),
    ("Slice", _f(3, 3), _i([0, 1]), _i([2, -1])),
    ("Softmax", _f(2, 3)),
    ("SoftmaxCrossEntropyWithLogits", _f(2, 3), _LABELS),
    ("SparseSoftmaxCrossEntropyWithLogits", _f(2, 3), _i([0, 2])),
    ("Split", _i(1), _f(2, 4), {"num_split": 2}),
    ("SplitV", _f(2, 4), _i([1, 3]), _i(1), {"num_split": 2}),
    ("Squeeze", _f(1, 3), {"squeeze_dims": [0]}),
    ("StaticRegexFullMatch", np.array([b"abc", b"b"], object), {"pattern": "a.*"}),
    ("StopGradient", _f(2, 3)),
    ("StridedSlice", _f(3, 4), _i([0, 3]), _i([2, 0]), _i([1, -2])),
    ("StridedSliceGrad", _i([3, 4]), _i([0, 1]), _i([2, 4]), _i([1, 2]), _f(2, 2)),
    ("StringJoin", [np.array(b"a", object), np.array([b"b", b"c"], object)]),
    ("Sum", _f(2, 3), _i([-1])),
    ("Switch", _f(2, 3), np.array(True)),
    ("TensorSummaryV2", _TAG, _f(2), np.array(b"", object)),
    ("Tile", _f(2, 3), _i([2, 1])),
    ("TopKV2", _f(2, 4), _i(2)),
    ("Transpose", _f(2, 3), _i([1, 0])),
    ("TruncatedNormal", _i([2, 3]), {"dtype": tf.float32}),
    ("Unpack", _f(2, 3), {"num": 3, "axis": 1}),
    ("UnsortedSegmentSum", _f(3, 2), _i([1, 0, 1]), _i(2)),
    ("Where", np.array([True, False, True])),
    ("ZerosLike", _f(2, 3)),
    ("Polygamma", np.array([1.0, 2.0, 3.0]), _f(2, 3) - 1.0),
    ("Zeta", np.array([2.0, 3.0, 4.0]), _p(2, 3)),
]


def _elementwise(op_type: str, number: int, inputs: tuple[Any, ...]) -> Sample:
    if op_type.startswith("Logical"):
        sides = (np.array([[True, False], [False, True]]), np.array([True, False]))
        return Sample(op_type, sides[:number])
    make = _p if op_type in _POSITIVE else _f
    first = make(2, 3) + (1.0 if op_type == "Acosh" else 0.0)
    same = registry()[op_type].shape is shape_functions.merged
    second = make(2, 3) if same else make(3) + 0.05
    if op_type.endswith("Mod"):
        second = second * 0.77  # off the first one's grid: a remainder jumps where one divides the other
    return Sample(op_type, (first, second)[:number])


def _samples() -> list[Sample]:
    rows = []
    for op in registry().values():
        if op.formula is not None:
            _R.seed(zlib.crc32(op.name.encode()))  # a new op does not change the samples of the others
            rows.append(_elementwise(op.name, len(op.inputs), op.inputs))
    for op_type, *rest in [*_OTHERS, *ARRAY_ROWS, *MATHS_ROWS, *SPARSE_ROWS]:
        float_type = rest.pop() if rest and rest[-1] is _F32 else np.float64
        attrs = rest.pop() if rest and isinstance(rest[-1], dict) else {}
        rows.append(Sample(op_type, tuple(rest), attrs, float_type))
    return rows


# They change a variable, keep files or need a feed: tests/state, tests/checkpoint and tests/runtime run them.
ELSEWHERE = {
    *("Assign", "AssignAdd", "AssignSub", "CountUpTo", "IsVariableInitialized", "RefSwitch", "Variable", "VariableV2"),
    *(f"Scatter{what}" for what in ("Update", "Add", "Sub", "Mul", "Div", "Min", "Max")),
    *(f"ScatterNd{what}" for what in ("Update", "Add", "Sub", "Min", "Max")),
    "StridedSliceAssign",
    *(op_type for op_type in registry() if op_type.startswith(("Apply", "SparseApply"))),
    # What loops are made of: the programs of tests/conformance/programs_control_flow.py run them.
    *(f"{ref}{what}" for ref in ("", "Ref") for what in ("Enter", "Exit", "NextIteration")),
    *("RefMerge", "LoopCond", "ControlTrigger", "PyFunc", "PyFuncStateless"),
    *(op_type for op_type in registry() if op_type.startswith(("TensorArray", "Stack"))),
    *("GetSessionHandle", "GetSessionTensor", "DeleteSessionTensor"),
    *("MergeV2Checkpoints", "RestoreV2", "SaveV2", "Placeholder", "PreventGradient", "Assert", "ParallelConcat"),
    *("QuantizeV2", "Dequantize", "FakeQuantWithMinMaxArgs", "FakeQuantWithMinMaxArgsGradient"),  # programs_dtypes.py
    *("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxVarsGradient"),  # likewise: float32 in fixed steps
    "MatrixSolveLs",  # its regulariser is float64 whatever the type: tests/conformance/programs_maths.py
}
SAMPLES = _samples()


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    return SAMPLES


@pytest.fixture(scope="session")
def elsewhere() -> set[str]:
    return ELSEWHERE


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", SAMPLES, ids=str)
