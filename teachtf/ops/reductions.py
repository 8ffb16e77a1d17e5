"""Reductions over axes: sums, means, extremes, and where the extremes are."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, constant_of, convert_to_tensor
from teachtf.core.name_scope import colocate_with, device, name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import arrays, fills
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import reshape, shape

_IDX = "Tidx: {int32, int64} = DT_INT32"


def reduced_dims(dims: tuple[int | None, ...], axes: Any, keep: bool) -> list[int | None]:
    """`dims` without `axes`, or with 1 in their place."""
    chosen = {shapes.normal_axis(int(a), len(dims)) for a in np.ravel(axes)}
    if keep:
        return [1 if i in chosen else d for i, d in enumerate(dims)]
    return [d for i, d in enumerate(dims) if i not in chosen]


def _reduction_shape(op: Any) -> list[TensorShape]:
    dims, axes = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    keep = op._attrs["keep_dims"]
    if dims is None:
        return [unknown_shape()]
    if axes is None:
        return [shapes.shape_of([None] * len(dims)) if keep else unknown_shape()]
    return [shapes.shape_of(reduced_dims(dims, axes, keep))]


_DIVIDED: WeakKeyDictionary[Any, set[Any]] = WeakKeyDictionary()  # graph -> (shape, axes) whose division stands in it


def _sum_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.arithmetic import maximum

    dims, axes = op.inputs[0].shape.as_tuple, static.constant_value(op.inputs[1])
    if dims is not None and axes is not None:
        flat = np.ravel(axes)
        if np.array_equal(axes, np.arange(len(dims))):
            grad = reshape(grad, [1] * len(dims))
            multiples = constant(list(dims), dtypes.int32) if None not in dims else shape(op.inputs[0])
            return [apply_op("Tile", grad, multiples), None]
        if None not in dims:
            kept = [int(d or 0) for d in reduced_dims(dims, flat, keep=True)]
            done = _DIVIDED.setdefault(op.graph, set())
            if (key := (dims, tuple(flat.tolist()))) not in done:  # TensorFlow leaves the nodes of this division, once a graph
                done.add(key)
                np.array(dims, np.int32) // maximum(np.array(kept, np.int32), 1)
            tiles = [int(d or 0) // max(k, 1) for d, k in zip(dims, kept, strict=True)]
            return [apply_op("Tile", reshape(grad, kept), tiles), None]
    input_shape = shape(op.inputs[0])
    if not op.get_attr("keep_dims"):
        with colocate_with(input_shape):
            spread = kept_shape(input_shape, op.inputs[1])
        grad = reshape(grad, spread)
    return [apply_op("BroadcastTo", grad, input_shape), None]


def kept_shape(input_shape: Tensor, axes: Any) -> Any:
    """The shape with 1 along `axes`: an array where it is known, else worked out when the graph runs."""
    known, known_axes = static.constant_value(input_shape), static.constant_value(axes)
    if known is not None and known_axes is not None:
        kept = np.array(known, np.int32)
        kept[np.array(known_axes, np.int32)] = 1
        return kept
    number = arrays.size(input_shape, out_type=axes.dtype)
    axes = (axes + number) % number
    axes_shape, every = shape(axes), fills.range(number)
    return apply_op("DynamicStitch", [every, axes], [input_shape, fills.ones(axes_shape, input_shape.dtype)])


def _mean_gradient(op: Any, grad: Any) -> list[Any]:
    from teachtf.ops.arithmetic import cast, truediv

    total = _sum_gradient(op, grad)[0]
    given, result = op.inputs[0].shape.num_elements(), op.outputs[0].shape.num_elements()
    if given is not None and result is not None:
        factor = constant(given // max(result, 1), dtype=total.dtype)
    else:
        input_shape = shape(op.inputs[0])
        number = arrays.size(input_shape)
        axes = (cast(op.inputs[1], number.dtype) + number) % number
        factor = reduce_prod(apply_op("GatherV2", input_shape, axes, 0))
    return [truediv(total, cast(factor, total.dtype)), None]


def _extreme_gradient(op: Any, grad: Any) -> list[Any]:
    """Shared equally among the elements that equal the extreme."""
    from teachtf.ops.arithmetic import cast, divide

    input_shape, y, axes = shape(op.inputs[0]), op.outputs[0], op.inputs[1]
    if op.get_attr("keep_dims"):
        kept: Any = shape(y)
    else:
        kept = kept_shape(input_shape, axes)
        y, grad = reshape(y, kept), reshape(grad, kept)
    hits = cast(apply_op("Equal", y, op.inputs[0]), grad.dtype)
    return [divide(hits, reshape(reduce_sum(hits, axes), kept)) * grad, None]


def _prod_gradient(op: Any, grad: Any) -> list[Any]:
    """The product of the others: by two cumulative products, so that zeros are no trouble."""
    from teachtf.ops.arithmetic import cast
    from teachtf.ops.gathering import gather
    from teachtf.ops.joining import concat
    from teachtf.ops.rearranging import invert_permutation, transpose

    x = op.inputs[0]
    input_shape = shape(x)
    axes = reshape(op.inputs[1], [-1])
    if not op.get_attr("keep_dims"):
        grad = reshape(grad, kept_shape(input_shape, op.inputs[1]))
    grad = apply_op("BroadcastTo", grad, input_shape)
    with device("/cpu:0"):
        number = arrays.rank(x)
        reduced = (cast(axes, number.dtype) + number) % number
        other, _ = apply_op("ListDiff", fills.range(0, number), reduced)
        perm = concat([reduced, other], 0)
        reduced_size = reduce_prod(gather(input_shape, reduced))
        other_size = reduce_prod(gather(input_shape, other))
    permuted = transpose(x, perm)
    permuted_shape = shape(permuted)
    matrix = reshape(permuted, (reduced_size, other_size))
    left = cumprod(matrix, 0, exclusive=True)
    right = cumprod(matrix, 0, exclusive=True, reverse=True)
    y = reshape(left * right, permuted_shape)
    return [reshape(grad * transpose(y, invert_permutation(perm)), input_shape), None]


for _name, _types, _gradient in (
    ("Sum", "numbertype", _sum_gradient),
    ("Mean", "numbertype", _mean_gradient),
    ("Prod", "numbertype", _prod_gradient),
    ("Max", "", _extreme_gradient),
    ("Min", "", _extreme_gradient),
):
    _types = _types or (
        "{float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8, quint8, qint32, "
        "qint16, quint16}"
    )
    declare(
        _name,
        inputs="input: T, reduction_indices: Tidx",
        outputs="output: T",
        attrs=f"keep_dims: bool = false, T: {_types}, {_IDX}",
        shape=_reduction_shape,
        gradient=_gradient,
    )
for _name in ("Any", "All"):
    declare(
        _name,
        inputs="input: bool, reduction_indices: Tidx",
        outputs="output: bool",
        attrs=f"keep_dims: bool = false, {_IDX}",
        shape=_reduction_shape,
    )


def _arg_shape(op: Any) -> list[TensorShape]:
    dims, axis = op._inputs[0]._shape.as_tuple, static.constant_value(op._inputs[1])
    if dims is None:
        return [unknown_shape()]
    if len(dims) <= 1:
        return [shapes.SCALAR]
    if axis is None:
        return [shapes.shape_of([None] * (len(dims) - 1))]
    if not -len(dims) <= int(axis) < len(dims):
        raise ValueError(f"Dimension must be in the range [{-len(dims)}, {len(dims)}), but got {int(axis)}")
    return [shapes.shape_of(reduced_dims(dims, axis, keep=False))]


for _name, _outputs in (("ArgMax", "{int16, uint16, int32, int64}"), ("ArgMin", "{int32, int64}")):
    _dims = "{int16, int32, int64}" if _name == "ArgMax" else "{int32, int64}"
    declare(
        _name,
        inputs="input: T, dimension: Tidx",
        outputs="output: output_type",
        attrs="T: {float, double, int32, uint8, int16, int8, int64, bfloat16, uint16, half, uint32, uint64, qint8, quint8, "
        f"qint32, qint16, quint16, bool}}, Tidx: {_dims} = DT_INT32, output_type: {_outputs} = DT_INT64",
        shape=_arg_shape,
        gradient=NOT_DIFFERENTIABLE,
    )


def _cumsum_gradient(op: Any, grad: Any) -> list[Any]:
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    return [apply_op("Cumsum", grad, op.inputs[1], exclusive=exclusive, reverse=not reverse), None]


def _cumprod_gradient(op: Any, grad: Any) -> list[Any]:
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    x, axis = op.inputs
    product = apply_op("Cumprod", x, axis, exclusive=exclusive, reverse=reverse)
    total = apply_op("Cumsum", product * grad, axis, exclusive=exclusive, reverse=not reverse)
    return [apply_op("DivNoNan", total, x) if not x.dtype.is_integer else total / x, None]


for _name, _gradient in (("Cumsum", _cumsum_gradient), ("Cumprod", _cumprod_gradient)):
    declare(
        _name,
        inputs="x: T, axis: Tidx",
        outputs="out: T",
        attrs=f"exclusive: bool = false, reverse: bool = false, T: numbertype, {_IDX}",
        shape=shapes.unchanged,
        gradient=_gradient,
    )

declare(
    "ListDiff",
    inputs="x: T, y: T",
    outputs="out: T, idx: out_idx",
    attrs="T: type, out_idx: {int32, int64} = DT_INT32",
    shape=lambda op: [shapes.shape_of([None])] * 2,
    gradient=NOT_DIFFERENTIABLE,
)


# --- public functions --------------------------------------------------------------------------------------------


def _axes(x: Any, axis: Any, reduction_indices: Any = None) -> Any:
    if axis is None:
        axis = reduction_indices
    if axis is not None:
        return axis
    ndims = x.shape.ndims
    if ndims:  # a scalar's axes are worked out as for an unknown rank, as in TensorFlow
        return constant_of(np.arange(ndims, dtype=np.int32))
    return fills.range(0, arrays.rank(x))


def _reduce(op_type: str, input_tensor: Any, axis: Any, keepdims: Any, name: str | None) -> Tensor:
    x = convert_to_tensor(input_tensor)
    result = apply_op(op_type, x, _axes(x, axis), keep_dims=bool(keepdims), name=name)
    if axis is None and not keepdims:
        result.set_shape([])  # also where the rank of `x` is not known
    return result


def _public(function_name: str, op_type: str, what: str) -> Any:
    def reduce(
        input_tensor: Any,
        axis: Any = None,
        keepdims: Any = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: Any = None,
    ) -> Tensor:
        chosen = axis if axis is not None else reduction_indices
        keep = keepdims if keepdims is not None else keep_dims
        return _reduce(op_type, input_tensor, chosen, keep, name or op_type)

    reduce.__name__ = reduce.__qualname__ = function_name
    reduce.__doc__ = f"""{what}

    Args:
      input_tensor: the tensor to reduce.
      axis: an axis, a list of them, or None for all.
      keepdims: keep the reduced axes with size 1.
      name: the operation's name.

    Source: `tf.{function_name}`.
    """
    return reduce


reduce_sum = _public("reduce_sum", "Sum", "The sum of the elements along `axis`.")
reduce_mean = _public("reduce_mean", "Mean", "The mean of the elements along `axis`.")
reduce_prod = _public("reduce_prod", "Prod", "The product of the elements along `axis`.")
reduce_max = _public("reduce_max", "Max", "The largest element along `axis`.")
reduce_min = _public("reduce_min", "Min", "The smallest element along `axis`.")
reduce_any = _public("reduce_any", "Any", "Whether any element along `axis` is true.")
reduce_all = _public("reduce_all", "All", "Whether all elements along `axis` are true.")


def reduce_logsumexp(input_tensor: Any, axis: Any = None, keepdims: Any = False, name: str | None = None) -> Tensor:
    """`log(sum(exp(x)))` along `axis`, safe from overflow. Source: `tf.reduce_logsumexp`."""
    from teachtf.ops.arithmetic import is_finite
    from teachtf.ops.arrays import stop_gradient

    with name_scope(name, "ReduceLogSumExp", [input_tensor]) as scope:
        x = convert_to_tensor(input_tensor)
        raw = reduce_max(x, axis, keepdims=True)
        largest = stop_gradient(apply_op("SelectV2", is_finite(raw), raw, 0))
        total = apply_op("Log", reduce_sum(apply_op("Exp", apply_op("Sub", x, largest)), axis, keepdims=keepdims))
        if not keepdims:
            largest = reshape(largest, apply_op("Shape", total))
        return apply_op("AddV2", total, largest, name=scope)


def argmax(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = dtypes.int64
) -> Tensor:
    """The index of the largest element along `axis` (0 by default); the first among equals. Source: `tf.argmax`."""
    chosen = axis if axis is not None else dimension
    return apply_op("ArgMax", input, 0 if chosen is None else chosen, output_type=output_type, name=name)


def argmin(
    input: Any, axis: Any = None, name: str | None = None, dimension: Any = None, output_type: Any = dtypes.int64
) -> Tensor:
    """The index of the smallest element along `axis` (0 by default); the first among equals. Source: `tf.argmin`."""
    chosen = axis if axis is not None else dimension
    return apply_op("ArgMin", input, 0 if chosen is None else chosen, output_type=output_type, name=name)


def cumsum(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The running sum along `axis`. Source: `tf.cumsum`."""
    return apply_op("Cumsum", x, axis, exclusive=exclusive, reverse=reverse, name=name)


def cumprod(x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Tensor:
    """The running product along `axis`. Source: `tf.cumprod`."""
    return apply_op("Cumprod", x, axis, exclusive=exclusive, reverse=reverse, name=name)
