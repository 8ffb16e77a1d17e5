"""The signatures of TensorFlow's own ops, as JSON; `record.py op_defs` writes them into `golden/op_defs.json`."""

from __future__ import annotations

import json
import re
from typing import Any

import harness

# Kept beside every op that a program makes: what the public functions of TensorFlow 1 stand on.
COMMON = """
Abs AccumulateNV2 Acos Acosh Add AddN AddV2 AdjustContrastv2 AdjustHue AdjustSaturation All AllCandidateSampler Angle Any
ApplyAdaMax ApplyAdadelta ApplyAdagrad ApplyAdagradDA ApplyAdam ApplyAddSign ApplyCenteredRMSProp ApplyFtrl ApplyFtrlV2
ApplyGradientDescent ApplyMomentum ApplyPowerSign ApplyProximalAdagrad ApplyProximalGradientDescent ApplyRMSProp
ApproximateEqual ArgMax ArgMin AsString Asin Asinh Assert Assign AssignAdd AssignAddVariableOp AssignSub AssignSubVariableOp
AssignVariableOp Atan Atan2 Atanh AudioSummaryV2 AvgPool AvgPool3D AvgPool3DGrad AvgPoolGrad BatchDataset BatchDatasetV2
BatchMatMul BatchMatMulV2 BatchMatMulV3 BatchNormWithGlobalNormalization BatchToSpace BatchToSpaceND Betainc BiasAdd
BiasAddGrad BiasAddV1 Bincount Bitcast BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastGradientArgs BroadcastTo
Bucketize CTCBeamSearchDecoder CTCGreedyDecoder CTCLoss Case Cast Ceil CheckNumerics CheckNumericsV2 Cholesky CholeskyGrad
ClipByValue Complex ComplexAbs ComputeAccidentalHits Concat ConcatOffset ConcatV2 ConditionalAccumulator Conj
ConjugateTranspose Const ControlTrigger Conv2D Conv2DBackpropFilter Conv2DBackpropInput Conv3D Conv3DBackpropFilterV2
Conv3DBackpropInputV2 Cos Cosh CountUpTo CropAndResize CropAndResizeGradBoxes CropAndResizeGradImage Cross Cumprod Cumsum
DataFormatVecPermute DecodeBase64 DecodeBmp DecodeCSV DecodeGif DecodeImage DecodeJSONExample DecodeJpeg DecodePng DecodeRaw
DeepCopy DeleteSessionTensor DenseToDenseSetOperation DepthToSpace DepthwiseConv2dNative DepthwiseConv2dNativeBackpropFilter
DepthwiseConv2dNativeBackpropInput Dequantize DestroyTemporaryVariable Diag DiagPart Digamma Dilation2D
Dilation2DBackpropFilter Dilation2DBackpropInput Div DivNoNan DrawBoundingBoxes DynamicPartition DynamicStitch EditDistance
Eig Einsum Elu EluGrad Empty EncodeBase64 EncodeJpeg EncodePng EnsureShape Enter Equal Erf Erfc Erfinv EuclideanNorm Exit Exp
ExpandDims Expm1 ExtractGlimpse ExtractImagePatches FFT FFT2D FFT3D FIFOQueueV2 FakeQuantWithMinMaxArgs
FakeQuantWithMinMaxVars Fill FixedLengthRecordReaderV2 FixedUnigramCandidateSampler Floor FloorDiv FloorMod FractionalAvgPool
FractionalMaxPool FusedBatchNorm FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 FusedBatchNormV2
FusedBatchNormV3 Gather GatherNd GatherV2 GetSessionHandle GetSessionHandleV2 GetSessionTensor Greater GreaterEqual HSVToRGB
HashTableV2 HistogramFixedWidth HistogramSummary IFFT IFFT2D IFFT3D IRFFT Identity IdentityN IdentityReaderV2 If Igamma
IgammaGradA Igammac Imag ImageSummary ImmutableConst InTopK InTopKV2 InitializeTableFromTextFileV2 InitializeTableV2
InplaceAdd InplaceSub InplaceUpdate Inv InvGrad Invert InvertPermutation IsFinite IsInf IsNan IsVariableInitialized
IteratorFromStringHandle IteratorGetNext IteratorToStringHandle IteratorV2 L2Loss LRN LRNGrad LeakyRelu LeakyReluGrad
LearnedUnigramCandidateSampler LeftShift Less LessEqual Lgamma LinSpace ListDiff Log Log1p LogMatrixDeterminant LogSoftmax
LogUniformCandidateSampler LogicalAnd LogicalNot LogicalOr LookupTableExportV2 LookupTableFindV2 LookupTableImportV2
LookupTableInsertV2 LookupTableSizeV2 LoopCond LowerBound MakeIterator MapDataset MatMul MatchingFiles MatrixBandPart
MatrixDeterminant MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3 MatrixExponential
MatrixInverse MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 MatrixSolve MatrixSolveLs MatrixSquareRoot MatrixTriangularSolve
Max MaxPool MaxPool3D MaxPool3DGrad MaxPoolGrad MaxPoolGradGrad MaxPoolGradV2 MaxPoolGradWithArgmax MaxPoolV2
MaxPoolWithArgmax Maximum Mean Merge MergeSummary MergeV2Checkpoints Min Minimum MirrorPad MirrorPadGrad Mod Mul MulNoNan
Multinomial MutableDenseHashTableV2 MutableHashTableV2 NcclAllReduce Neg NextIteration NoOp NonMaxSuppression
NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NotEqual NthElement OneHot OneShotIterator OnesLike Pack Pad PadV2
PaddingFIFOQueueV2 ParallelConcat ParallelDynamicStitch ParameterizedTruncatedNormal ParseExample ParseExampleV2
ParseSingleExample ParseTensor PartitionedCall Placeholder PlaceholderV2 PlaceholderWithDefault Polygamma Pow PrefetchDataset
PreventGradient Print PrintV2 PriorityQueueV2 Prod PyFunc PyFuncStateless Qr QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
QuantizeV2 QuantizedMatMul QueueCloseV2 QueueDequeueManyV2 QueueDequeueUpToV2 QueueDequeueV2 QueueEnqueueManyV2 QueueEnqueueV2
QueueIsClosedV2 QueueSizeV2 RFFT RGBToHSV RandomCrop RandomGamma RandomGammaGrad RandomPoisson RandomPoissonV2 RandomShuffle
RandomShuffleQueueV2 RandomStandardNormal RandomUniform RandomUniformInt Range RangeDataset Rank ReadFile ReadVariableOp
ReaderReadUpToV2 ReaderReadV2 ReaderResetV2 Real RealDiv Reciprocal ReciprocalGrad RecordInput ReduceJoin RefEnter RefExit
RefIdentity RefMerge RefNextIteration RefSelect RefSwitch RegexFullMatch RegexReplace Relu Relu6 Relu6Grad ReluGrad
RepeatDataset Reshape ResizeArea ResizeBicubic ResizeBicubicGrad ResizeBilinear ResizeBilinearGrad ResizeNearestNeighbor
ResizeNearestNeighborGrad ResourceApplyAdam ResourceApplyGradientDescent ResourceApplyMomentum ResourceGather
ResourceScatterAdd Restore RestoreSlice RestoreV2 Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round Rsqrt RsqrtGrad
SampleDistortedBoundingBoxV2 Save SaveSlices SaveV2 ScalarSummary ScatterAdd ScatterDiv ScatterMax ScatterMin ScatterMul
ScatterNd ScatterNdAdd ScatterNdNonAliasingAdd ScatterNdSub ScatterNdUpdate ScatterSub ScatterUpdate SdcaOptimizer SegmentMax
SegmentMean SegmentMin SegmentProd SegmentSum Select SelectV2 SelfAdjointEigV2 Selu SeluGrad SerializeManySparse
SerializeTensor Shape ShapeN ShardedFilename ShardedFilespec ShuffleDataset Sigmoid SigmoidGrad Sign Sin Sinh Size SkipDataset
Skipgram Slice Snapshot Softmax SoftmaxCrossEntropyWithLogits Softplus SoftplusGrad Softsign SoftsignGrad SpaceToBatch
SpaceToBatchND SpaceToDepth SparseAdd SparseApplyAdadelta SparseApplyAdagrad SparseApplyCenteredRMSProp SparseApplyFtrl
SparseApplyMomentum SparseApplyProximalAdagrad SparseApplyRMSProp SparseConcat SparseCross SparseDenseCwiseAdd
SparseDenseCwiseDiv SparseDenseCwiseMul SparseFillEmptyRows SparseMatMul SparseReduceSum SparseReorder SparseReshape
SparseSegmentMean SparseSegmentMeanGrad SparseSegmentSqrtN SparseSegmentSqrtNGrad SparseSegmentSum SparseSlice SparseSoftmax
SparseSoftmaxCrossEntropyWithLogits SparseSparseMaximum SparseSplit SparseTensorDenseAdd SparseTensorDenseMatMul
SparseTensorSliceDataset SparseToDense Split SplitV Sqrt SqrtGrad Square SquaredDifference Squeeze StackCloseV2 StackPopV2
StackPushV2 StackV2 Stage StatelessIf StatelessMultinomial StatelessRandomNormal StatelessRandomUniform
PopulationCount StatelessRandomGetKeyCounter StatelessRandomNormalV2 StatelessRandomUniformIntV2 StatelessRandomUniformV2
StatelessTruncatedNormalV2
StatelessTruncatedNormal StatelessWhile StopGradient StridedSlice StridedSliceAssign StridedSliceGrad StringFormat StringJoin
StringLength StringLower StringSplit StringSplitV2 StringStrip StringToHashBucket StringToHashBucketFast
StringToHashBucketStrong StringToNumber StringUpper Sub Substr Sum Svd Switch SymbolicGradient TFRecordDataset
TFRecordReaderV2 TakeDataset TakeManySparseFromTensorsMap Tan Tanh TanhGrad TemporaryVariable TensorArrayCloseV3
TensorArrayConcatV3 TensorArrayGatherV3 TensorArrayGradV3 TensorArrayReadV3 TensorArrayScatterV3 TensorArraySizeV3
TensorArraySplitV3 TensorArrayV3 TensorArrayWriteV3 TensorDataset TensorListFromTensor TensorListGetItem TensorListPopBack
TensorListPushBack TensorListReserve TensorListSetItem TensorListStack TensorScatterAdd TensorScatterUpdate TensorSliceDataset
TensorSummary TensorSummaryV2 TextLineDataset TextLineReaderV2 ThreadUnsafeUnigramCandidateSampler Tile TileGrad Timestamp
TopK TopKV2 Transpose TridiagonalSolve TruncateDiv TruncateMod TruncatedNormal UniformCandidateSampler Unique UniqueV2
UniqueWithCounts UniqueWithCountsV2 Unpack UnravelIndex UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd
UnsortedSegmentSum Unstage UpperBound VarHandleOp VarIsInitializedOp Variable VariableShape VariableV2 Where While
WholeFileReaderV2 WriteFile Xdivy Xlogy ZerosLike Zeta ZipDataset ApplyAdagradV2 SparseApplyAdagradV2 SparseApplyAdagradDA
SparseApplyFtrlV2 SparseApplyProximalGradientDescent SparseSegmentSumGrad SparseSegmentSumGradV2 SparseSegmentMeanGradV2
SparseSegmentSqrtNGradV2 SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments
SparseAddGrad SparseFillEmptyRowsGrad SparseReduceMax SparseReduceMaxSparse SparseReduceSumSparse SparseSliceGrad
SparseSparseMinimum DenseBincount MaxPool3DGradGrad MaxPoolGradGradWithArgmax TensorScatterMax TensorScatterMin
TensorScatterSub
"""


def op_defs() -> dict[str, Any]:
    """Op type -> inputs, outputs, attributes and flags, of every op in the golden graphs and in `COMMON`."""
    from tensorflow.python.framework import op_def_registry

    names = set(COMMON.split())
    for path in harness.GOLDEN.glob("programs_*.json"):
        names.update(re.findall(r'" *[^" =]+ = (\w+)\(', path.read_text(encoding="utf-8")))
    found = {name: op_def_registry.get(name) for name in sorted(names)}
    unknown = [n for n, d in found.items() if d is None]
    if unknown:
        print("TensorFlow has no op named", *unknown)
    return {name: _op_def(definition) for name, definition in found.items() if definition is not None}


def _op_def(definition: Any) -> dict[str, Any]:
    """`{"inputs": ["a: T"], "outputs": [...], "attrs": {"T": {"type": "type", "allowed": [...]}}}` and the flags set."""
    facts: dict[str, Any] = {
        "inputs": [_arg(a) for a in definition.input_arg],
        "outputs": [_arg(a) for a in definition.output_arg],
        "attrs": {a.name: _attr(a) for a in definition.attr},
    }
    facts |= {flag: True for flag in ("is_stateful", "is_commutative") if getattr(definition, flag)}
    return json.loads(json.dumps(facts))


def _arg(arg: Any) -> str:
    text = arg.type_list_attr or arg.type_attr or _dtype(arg.type)
    if arg.number_attr:
        text = f"{arg.number_attr} * {text}"
    return f"{arg.name}: {f'Ref({text})' if arg.is_ref else text}"


def _dtype(number: int) -> str:
    from tensorflow.core.framework import types_pb2

    return types_pb2.DataType.Name(number).removeprefix("DT_").lower()


def _attr(attr: Any) -> dict[str, Any]:
    facts: dict[str, Any] = {"type": attr.type}
    if attr.HasField("default_value"):
        facts["default"] = _value(attr.default_value, attr.type)
    if attr.HasField("allowed_values"):
        facts["allowed"] = _value(attr.allowed_values, f"list({attr.type.removeprefix('list(').removesuffix(')')})")
    if attr.has_minimum:
        facts["minimum"] = attr.minimum
    return facts


def _value(value: Any, kind: str) -> Any:
    if kind.startswith("list("):
        inner = kind[5:-1]
        field = {"string": "s", "int": "i", "float": "f", "bool": "b", "type": "type", "shape": "shape"}.get(inner)
        return [] if field is None else [_plain(v, inner) for v in getattr(value.list, field)]
    return _plain(getattr(value, value.WhichOneof("value")), kind)


def _plain(value: Any, kind: str) -> Any:
    if kind == "type":
        return _dtype(value)
    if kind == "string":
        return value.decode("utf-8", "backslashreplace")
    if kind == "float":
        return float(f"{value:.6g}")
    if kind == "shape":
        return "unknown" if value.unknown_rank else [d.size for d in value.dim]
    if kind in ("tensor", "func"):
        return str(value)
    return value
