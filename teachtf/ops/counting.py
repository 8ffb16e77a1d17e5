"""Counts: of values, in bins, of what differs; and the differences of sequences."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import SparseTensor, SparseTensorValue
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.arithmetic import cast, floor, greater, truediv
from teachtf.ops.arrays import reshape, shape, size
from teachtf.ops.assertions import Assert
from teachtf.ops.clipping import clip_by_value
from teachtf.ops.fills import zeros
from teachtf.ops.reductions import reduce_max, reduce_sum
from teachtf.ops.switching import with_dependencies

# --- declarations ----------------------------------------------------------------------------------------------------


def _histogram_shape(op: Any) -> list[TensorShape]:
    shapes.merge_dim(shapes.require_rank(op._inputs[1], 1)[0], 2)
    shapes.require_rank(op._inputs[2], 0)
    number = static.static_scalar(op._inputs[2])
    if number is not None and number <= 0:
        raise ValueError(f"Requires nbins > 0, got {number}")
    return [shapes.shape_of([number])]


declare(
    "HistogramFixedWidth",
    inputs="values: T, value_range: T, nbins: int32",
    outputs="out: dtype",
    attrs="T: {int32, int64, float, double}, dtype: {int32, int64} = DT_INT32",
    shape=_histogram_shape,
    gradient=NOT_DIFFERENTIABLE,
)


def _bincount_shape(op: Any) -> list[TensorShape]:
    dims = op._inputs[0]._shape.as_tuple
    if dims is not None and len(dims) > 2:
        raise ValueError(f"Shape must be at most rank 2 but is rank {len(dims)}")
    number = static.constant_value(op._inputs[1])
    if dims is None:
        return [unknown_shape()]
    if number is None:
        return [shapes.shape_of([*dims[:-1], None])]
    if number.ndim:
        raise ValueError(f"Shape must be rank 0 but is rank {number.ndim}")
    if number < 0:
        raise ValueError(f"size ({int(number)}) must be non-negative")
    return [shapes.shape_of([*dims[:-1], int(number)])]


declare(
    "DenseBincount",
    inputs="input: Tidx, size: Tidx, weights: T",
    outputs="output: T",
    attrs="Tidx: {int32, int64}, T: {int32, int64, float, double}, binary_output: bool = false",
    shape=_bincount_shape,
    gradient=NOT_DIFFERENTIABLE,
)


def _edit_distance_shape(op: Any) -> list[TensorShape]:
    hypothesis, truth = op._inputs[:3], op._inputs[3:]
    for indices, values, dims in (hypothesis, truth):
        shapes.require_rank(indices, 2)
        shapes.require_rank(values, 1)
        shapes.require_rank(dims, 1)
    a, b = (static.constant_value(t) for t in (op._inputs[2], op._inputs[5]))
    if a is None or b is None:
        return [unknown_shape()]
    if len(a) != len(b):
        raise ValueError(f"Num elements of hypothesis_shape does not match truth_shape: {len(a)} vs. {len(b)}")
    return [shapes.shape_of([max(int(p), int(q)) for p, q in zip(a[:-1], b[:-1], strict=True)])]


declare(
    "EditDistance",
    inputs="hypothesis_indices: int64, hypothesis_values: T, hypothesis_shape: int64, truth_indices: int64, truth_values: T, "
    "truth_shape: int64",
    outputs="output: float",
    attrs="normalize: bool = true, T: type",
    shape=_edit_distance_shape,
    gradient=NOT_DIFFERENTIABLE,
)


# --- public functions ------------------------------------------------------------------------------------------------


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """How many elements along `axis` are not zero (or not the empty string).

    Args:
      input_tensor: numbers, truth values or strings. Also called `input`.
      axis: an axis, a list of them, or None for all. Also called `reduction_indices`.
      keepdims: keep the counted axes with size 1. Also called `keep_dims`.
      dtype: the dtype of the counts.
      name: the operations' name scope.
      reduction_indices: see `axis`.
      keep_dims: see `keepdims`.
      input: see `input_tensor`.

    Source: `tf.count_nonzero`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.count_nonzero([[0, 1, 0], [1, 1, 0]], axis=1)))
    [1 2]
    """
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    given = renamed("input", input, "input_tensor", input_tensor)
    axis = renamed("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(name, "count_nonzero", [given]):
        x = convert_to_tensor(given, name="input")
        hits = x if x.dtype == dtypes.bool else apply_op("NotEqual", x, zeros([], x.dtype))
        return cast(reduce_sum(cast(hits, dtypes.int64), axis=axis, keepdims=bool(keepdims)), dtype)


def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> list[Tensor]:
    """The values of `x` that are not in `y`, and where in `x` they are. Source: `tf.setdiff1d`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(*sess.run(tf.setdiff1d([1, 2, 3, 4], [2, 4])))
    [1 3] [0 2]
    """
    return apply_op("ListDiff", x, y, out_idx=index_dtype, name=name)


def bincount(arr: Any, weights: Any = None, minlength: Any = None, maxlength: Any = None, dtype: Any = dtypes.int32) -> Tensor:
    """How often each whole number from 0 on occurs in `arr`.

    Args:
      arr: non-negative integers of any shape.
      weights: what each element counts, of `arr`'s shape; 1 by default.
      minlength: how long the result is at least.
      maxlength: how long it is at most; larger numbers are not counted.
      dtype: the dtype of the counts where there are no weights.

    Source: `tf.bincount`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.bincount([1, 1, 3])))
    [0 2 0 1]
    """
    with name_scope("bincount"):
        arr = convert_to_tensor(arr, name="arr")
        if weights is not None:
            weights = convert_to_tensor(weights, name="weights")
        if not arr.dtype.is_integer:
            arr = cast(arr, dtypes.int32)
        length: Any = cast(size(arr) > 0, arr.dtype) * (reduce_max(arr) + 1)
        if minlength is not None:
            length = apply_op("Maximum", convert_to_tensor(minlength, arr.dtype, name="minlength"), length)
        if maxlength is not None:
            length = apply_op("Minimum", convert_to_tensor(maxlength, arr.dtype, name="maxlength"), length)
        if weights is not None:
            weights = reshape(weights, [-1])
        arr = reshape(arr, [-1])
        if weights is None:
            weights = constant([], dtypes.as_dtype(dtype) if dtype else arr.dtype)
        return apply_op("DenseBincount", arr, length, weights, binary_output=False)


def histogram_fixed_width(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """How many values lie in each of `nbins` equal bins between the two ends of `value_range`.

    Values beyond the ends count in the first and the last bin.

    Source: `tf.histogram_fixed_width`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.histogram_fixed_width([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5)))
    [2 1 1 0 2]
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return apply_op("HistogramFixedWidth", values, value_range, nbins, dtype=dtype, name=scope)


def edit_distance(hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance") -> Tensor:
    """How many elements must be put in, left out or replaced to make each sequence of `hypothesis` that of `truth`.

    Args:
      hypothesis: a SparseTensor whose last axis holds the sequences.
      truth: a SparseTensor of the same dtype and rank.
      normalize: whether to divide by the length of the truth.
      name: the operation's name.

    Returns:
      float32, of the shape of all axes but the last.

    Raises:
      TypeError: one is not sparse.

    Source: `tf.edit_distance`.
    """
    for what, value in (("Hypothesis", hypothesis), ("Truth", truth)):
        if not isinstance(value, (SparseTensor, SparseTensorValue)):
            raise TypeError(f"{what} must be a SparseTensor.")
    parts = [part for t in (hypothesis, truth) for part in (t.indices, t.values, t.dense_shape)]
    return apply_op("EditDistance", *parts, normalize=normalize, name=name)


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Tensor:
    """For each value, which of the bins of `histogram_fixed_width` it lies in. Source: `tf.histogram_fixed_width_bins`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.histogram_fixed_width_bins([-1.0, 0.0, 1.5, 2.0, 5.0, 15.0], [0.0, 5.0], nbins=5)))
    [0 0 1 2 4 4]
    """
    with name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert_to_tensor(values, name="values")
        values_shape = shape(values)
        values = reshape(values, [-1])
        value_range = convert_to_tensor(value_range, name="value_range")
        nbins = convert_to_tensor(nbins, dtypes.int32, name="nbins")
        check = Assert(greater(nbins, 0), [f"nbins {nbins} must > 0"])
        count = cast(with_dependencies([check], nbins), values.dtype)
        scaled = truediv(values - value_range[0], value_range[1] - value_range[0], name="scaled_values")
        indices = floor(count * scaled, name="indices")
        return reshape(cast(clip_by_value(indices, 0, count - 1), dtypes.int32), values_shape)
