"""Sums, products and comparisons of sparse tensors. Source: TensorFlow's `sparse_ops`."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant_of, convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.sparse import SparseTensor, convert_to_sparse_tensor, is_sparse
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arrays import expand_dims, reshape, shape, size, squeeze
from teachtf.ops.fills import ones, zeros, zeros_like
from teachtf.ops.fills import range as range_
from teachtf.ops.gathering import gather
from teachtf.ops.joining import concat
from teachtf.ops.linalg import matmul
from teachtf.ops.rearranging import transpose
from teachtf.ops.reductions import kept_shape, reduce_sum
from teachtf.ops.scattering import gather_nd
from teachtf.ops.slicing import slice_

_SPARSE = "sp_indices: int64, sp_values: T, sp_shape: int64"
_A = "a_indices: int64, a_values: T, a_shape: int64"
_B = "b_indices: int64, b_values: T, b_shape: int64"
_VECTOR = shapes.shape_of([None])
_MATRIX = shapes.shape_of([None, None])


def _to_dense_gradient(op: Any, grad: Any) -> list[Any]:
    indices, dense_shape, _, _ = op.inputs
    values = gather_nd(grad, indices)
    default = reduce_sum(grad) - reduce_sum(values)
    return [zeros_like(indices), zeros_like(dense_shape), values, default]


declare(
    "SparseToDense",
    inputs="sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T",
    outputs="dense: T",
    attrs="validate_indices: bool = true, T: type, Tindices: {int32, int64}",
    shape=lambda op: [static.constant_value_as_shape(op._inputs[1])],
    gradient=_to_dense_gradient,
)


def _matmul_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 2)
    shapes.require_rank(op._inputs[1], 1)
    known = static.constant_value_as_shape(op._inputs[2])
    rows, inner = (None, None) if known.ndims is None else known.with_rank(2).as_list()
    other, columns = shapes.require_rank(op._inputs[3], 2)
    if op._attrs["adjoint_a"]:
        rows, inner = inner, rows
    if op._attrs["adjoint_b"]:
        other, columns = columns, other
    shapes.merge_dim(inner, other)
    return [shapes.shape_of([rows, columns])]


def _matmul_gradient(op: Any, grad: Any) -> list[Any]:
    indices, values, dense_shape, b = op.inputs
    adjoint_a, adjoint_b = op.get_attr("adjoint_a"), op.get_attr("adjoint_b")
    b_grad = apply_op("SparseTensorDenseMatMul", indices, values, dense_shape, grad, adjoint_a=not adjoint_a)
    if adjoint_b:
        b_grad = _matrix_transpose(b_grad)
    rows, columns = indices[:, 0], indices[:, 1]
    part_a = gather(grad, columns if adjoint_a else rows)
    part_b = gather(transpose(b) if adjoint_b else b, rows if adjoint_a else columns)
    axis_a, axis_b = (-1 if adjoint_a else -2), (-1 if adjoint_a != adjoint_b else -2)
    sides = {"adjoint_a": adjoint_a, "adjoint_b": adjoint_a == adjoint_b}
    product = matmul(expand_dims(part_a, axis_a), expand_dims(part_b, axis_b), **sides)
    return [None, squeeze(product, [-2, -1]), None, b_grad]


def _matrix_transpose(x: Any) -> Tensor:
    with name_scope(None, "matrix_transpose", [x]):
        return transpose(x, [1, 0], conjugate=True)


declare(
    "SparseTensorDenseMatMul",
    inputs="a_indices: Tindices, a_values: T, a_shape: int64, b: T",
    outputs="product: T",
    attrs="T: type, Tindices: {int32, int64} = DT_INT64, adjoint_a: bool = false, adjoint_b: bool = false",
    shape=_matmul_shape,
    gradient=_matmul_gradient,
)


def _add_shape(op: Any) -> list[TensorShape]:
    (columns,) = shapes.require_rank(op._inputs[2], 1)
    return [shapes.shape_of([None, columns]), _VECTOR, op._inputs[2]._shape]


def _add_gradient(op: Any, *grads: Any) -> list[Any]:
    a, b = apply_op("SparseAddGrad", grads[1], op.inputs[0], op.inputs[3], op.outputs[0])
    a.set_shape(op.inputs[1].shape)
    b.set_shape(op.inputs[4].shape)
    return [None, a, None, None, b, None, None]


declare(
    "SparseAdd",
    inputs=f"{_A}, {_B}, thresh: Treal",
    outputs="sum_indices: int64, sum_values: T, sum_shape: int64",
    attrs="T: numbertype, Treal: realnumbertype",
    shape=_add_shape,
    gradient=_add_gradient,
)
declare(
    "SparseAddGrad",
    inputs="backprop_val_grad: T, a_indices: int64, b_indices: int64, sum_indices: int64",
    outputs="a_val_grad: T, b_val_grad: T",
    attrs="T: numbertype",
    shape=lambda op: [shapes.shape_of(shapes.require_rank(op._inputs[i], 2)[:1]) for i in (1, 2)],
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "SparseTensorDenseAdd",
    inputs="a_indices: Tindices, a_values: T, a_shape: Tindices, b: T",
    outputs="output: T",
    attrs="T: numbertype, Tindices: {int32, int64}",
    shape=shapes.same_as_input(3),
    gradient=lambda op, grad: [None, gather_nd(grad, op.inputs[0]), None, grad],
)


def _reduced_shape(op: Any) -> list[TensorShape]:
    dims, axes = static.constant_value(op._inputs[2]), static.constant_value(op._inputs[3])
    if dims is None or axes is None:
        return [unknown_shape()]
    gone = {int(axis) % len(dims) for axis in np.ravel(axes)}
    keep = op._attrs["keep_dims"]
    return [shapes.shape_of([1 if i in gone else int(d) for i, d in enumerate(dims) if keep or i not in gone])]


def _reduced_gradient(op: Any, grad: Any) -> list[Any]:
    indices, _, dense_shape, axes = op.inputs
    kept = kept_shape(dense_shape, axes)
    spread = reshape(grad, kept)
    scale = dense_shape // m.cast(kept, dtypes.int64)
    return [None, gather_nd(spread, indices // scale), None, None]


_PARTS = "input_indices: int64, input_values: T, input_shape: int64"
for _kind, _types, _gradient in (("Sum", "numbertype", _reduced_gradient), ("Max", "realnumbertype", NO_GRADIENT)):
    declare(
        f"SparseReduce{_kind}",
        inputs=f"{_PARTS}, reduction_axes: int32",
        outputs="output: T",
        attrs=f"keep_dims: bool = false, T: {_types}",
        shape=_reduced_shape,
        gradient=_gradient,
    )
    declare(
        f"SparseReduce{_kind}Sparse",
        inputs=f"{_PARTS}, reduction_axes: int32",
        outputs="output_indices: int64, output_values: T, output_shape: int64",
        attrs=f"keep_dims: bool = false, T: {_types}",
        shape=shapes.unknown,
        gradient=NO_GRADIENT,
    )


def _elementwise_gradient(op: Any, grad: Any) -> list[Any]:
    """Of a product or quotient: the dense side is summed up to its own shape, before it was broadcast."""
    indices, values, dense_shape, y = op.inputs
    y_shape = m.cast(shape(y), dtypes.int64)
    added = expand_dims(size(dense_shape) - size(y_shape), 0)
    wide = concat([ones(added, dtypes.int64), y_shape], 0)
    places = indices // (dense_shape // wide)
    places = slice_(places, concat([[0], added], 0), [-1, -1])
    y_values = gather_nd(y, places)
    if op.type == "SparseDenseCwiseMul":
        dx, dy = grad * y_values, grad * values
    else:
        dx, dy = grad / y_values, grad * (-values / m.square(y_values))
    return [None, dx, None, sparse_add(zeros_like(y), SparseTensor(places, dy, y_shape))]


def _unwritten(op: Any, *grads: Any) -> list[Any]:
    raise NotImplementedError(f"Gradient for {op.type} is not implemented.")


for _kind in ("Add", "Mul", "Div"):
    declare(
        f"SparseDenseCwise{_kind}",
        inputs=f"{_SPARSE}, dense: T",
        outputs="output: T",
        attrs="T: numbertype",
        shape=lambda op: [shapes.shape_of(shapes.require_rank(op._inputs[0], 2)[:1])],
        gradient=_unwritten if _kind == "Add" else _elementwise_gradient,
    )


def _softmax_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 2)
    shapes.require_rank(op._inputs[2], 1)
    return [shapes.shape_of(shapes.require_rank(op._inputs[1], 1))]


def _softmax_gradient(op: Any, grad: Any) -> list[Any]:
    indices, dense_shape = op.inputs[0], op.inputs[2]
    output, slopes = SparseTensor(indices, op.outputs[0], dense_shape), SparseTensor(indices, grad, dense_shape)
    product = SparseTensor(indices, output.values * slopes.values, dense_shape)
    shift = -sparse_reduce_sum(product, [-1], keepdims=True)
    moved = apply_op("SparseDenseCwiseAdd", slopes.indices, slopes.values, slopes.dense_shape, shift)
    moved = SparseTensor(slopes.indices, moved, slopes.dense_shape)
    return [None, moved.values * output.values, None]


declare(
    "SparseSoftmax",
    inputs=_SPARSE,
    outputs="output: T",
    attrs="T: {half, float, double}",
    shape=_softmax_shape,
    gradient=_softmax_gradient,
)
for _kind, _types in (("Maximum", "realnumbertype"), ("Minimum", "numbertype")):
    declare(
        f"SparseSparse{_kind}",
        inputs=f"{_A}, {_B}",
        outputs="output_indices: int64, output_values: T",
        attrs=f"T: {_types}",
        shape=lambda op: [_MATRIX, _VECTOR],
        gradient=_unwritten,
    )

# --- public functions ----------------------------------------------------------------------------------------------


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A tensor of `output_shape` with values at indices, and `default_value` elsewhere. Source: `tf.sparse_to_dense`."""
    inputs = (sparse_indices, output_shape, sparse_values, default_value)
    return apply_op("SparseToDense", *inputs, validate_indices=validate_indices, name=name)


def sparse_tensor_to_dense(
    sp_input: Any, default_value: Any = None, validate_indices: bool = True, name: str | None = None
) -> Tensor:
    """A sparse tensor as a dense one. Source: `tf.sparse_tensor_to_dense`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.SparseTensor([[0, 1]], [7], [2, 2])
    ...     print(sess.run(tf.sparse_tensor_to_dense(x)))
    [[0 7]
     [0 0]]
    """
    sp = convert_to_sparse_tensor(sp_input)
    default = zeros([], sp.dtype) if default_value is None else default_value
    return sparse_to_dense(sp.indices, sp.dense_shape, sp.values, default, validate_indices, name)


def sparse_tensor_dense_matmul(
    sp_a: Any, b: Any, adjoint_a: bool = False, adjoint_b: bool = False, name: str | None = None
) -> Tensor:
    """The product of a sparse matrix and a dense one, in either order. Source: `tf.sparse_tensor_dense_matmul`."""
    if is_sparse(b):
        turned = (adjoint_a, adjoint_b) if adjoint_a != adjoint_b else (not adjoint_a, not adjoint_b)
        return transpose(sparse_tensor_dense_matmul(b, sp_a, *turned))
    sp = convert_to_sparse_tensor(sp_a)
    with name_scope(name, "SparseTensorDenseMatMul", [sp.indices, sp.values, b]):
        b = convert_to_tensor(b, name="b")
        inputs = (sp.indices, sp.values, sp.dense_shape, b)
        return apply_op("SparseTensorDenseMatMul", *inputs, adjoint_a=adjoint_a, adjoint_b=adjoint_b)


def sparse_add(a: Any, b: Any, threshold: Any = None, thresh: Any = None) -> Any:
    """The sum of two tensors, one or both of them sparse; sparse sums below `threshold` are left out.

    Raises:
      TypeError: neither is sparse.

    Source: `tf.sparse_add`.
    """
    threshold = thresh if threshold is None else threshold
    if not is_sparse(a) and not is_sparse(b):
        raise TypeError("At least one input should be SparseTensor; do you mean to use tf.add()?")
    if not (is_sparse(a) and is_sparse(b)):
        sp, dense = (a, b) if is_sparse(a) else (b, a)
        return apply_op("SparseTensorDenseAdd", sp.indices, sp.values, sp.dense_shape, dense)
    a, b = convert_to_sparse_tensor(a), convert_to_sparse_tensor(b)
    least = convert_to_tensor(0 if threshold is None else threshold, a.dtype.real_dtype.base_dtype, name="threshold")
    parts = (a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape)
    indices, values, dense_shape = apply_op("SparseAdd", *parts, least)
    a.shape.assert_is_compatible_with(b.shape)
    known = shapes.shape_of(shapes.broadcast_dims(a.shape.as_tuple, b.shape.as_tuple))
    return SparseTensor(indices, values, known.as_list() if known.is_fully_defined() else dense_shape)


def _axes(sp: SparseTensor, axis: Any) -> Any:
    if axis is not None:
        return axis
    ndims = sp.shape.ndims
    if ndims:
        return constant_of(np.arange(ndims, dtype=np.int32))
    return range_(0, apply_op("Size", sp.dense_shape, name="Rank"))


def _reduction(kind: str, what: str) -> tuple[Any, Any]:
    def dense(
        sp_input: Any, axis: Any = None, keepdims: bool | None = None, reduction_axes: Any = None, keep_dims: bool | None = None
    ) -> Tensor:
        keep, axes = keepdims or keep_dims, axis if reduction_axes is None else reduction_axes
        parts = (sp_input.indices, sp_input.values, sp_input.dense_shape)
        return apply_op(f"SparseReduce{kind}", *parts, _axes(sp_input, axes), keep_dims=bool(keep))

    def sparse(
        sp_input: Any, axis: Any = None, keepdims: bool | None = None, reduction_axes: Any = None, keep_dims: bool | None = None
    ) -> SparseTensor:
        keep, axes = keepdims or keep_dims, axis if reduction_axes is None else reduction_axes
        parts = (sp_input.indices, sp_input.values, sp_input.dense_shape)
        return SparseTensor(*apply_op(f"SparseReduce{kind}Sparse", *parts, _axes(sp_input, axes), keep_dims=bool(keep)))

    name = f"sparse_reduce_{kind.lower()}"
    dense.__name__ = dense.__qualname__ = name
    sparse.__name__ = sparse.__qualname__ = f"{name}_sparse"
    dense.__doc__ = f"The {what} of a sparse tensor's elements along `axis`, or of all, as a tensor. Source: `tf.{name}`."
    sparse.__doc__ = f"The {what} of a sparse tensor's elements along `axis`, sparse again. Source: `tf.{name}_sparse`."
    return dense, sparse


sparse_reduce_sum, sparse_reduce_sum_sparse = _reduction("Sum", "sum")
sparse_reduce_max, sparse_reduce_max_sparse = _reduction("Max", "largest")


def sparse_softmax(sp_input: SparseTensor, name: str | None = None) -> SparseTensor:
    """The softmax over the elements of each row of the last axis; what is not there stays out. Source: `tf.sparse_softmax`."""
    sp = sp_input
    with name_scope(name, "SparseSoftmax", [sp.indices, sp.values]):
        return SparseTensor(sp.indices, apply_op("SparseSoftmax", sp.indices, sp.values, sp.dense_shape), sp.dense_shape)


def _larger_or_smaller(kind: str, what: str) -> Any:
    def function(sp_a: SparseTensor, sp_b: SparseTensor, name: str | None = None) -> SparseTensor:
        parts = (sp_a.indices, sp_a.values, sp_a.dense_shape, sp_b.indices, sp_b.values, sp_b.dense_shape)
        with name_scope(name, f"SparseSparse{kind}", [*parts[:2], *parts[3:5]]) as scope:
            indices, values = apply_op(f"SparseSparse{kind}", *parts, name=scope)
        return SparseTensor(indices, values, sp_a.dense_shape)

    function.__name__ = function.__qualname__ = f"sparse_{kind.lower()}"
    function.__doc__ = f"The {what} of two sparse tensors, element by element. Source: `tf.sparse_{kind.lower()}`."
    return function


sparse_maximum = _larger_or_smaller("Maximum", "larger")
sparse_minimum = _larger_or_smaller("Minimum", "smaller")

# --- operators -----------------------------------------------------------------------------------------------------


def _with_dense(name: str, kind: str) -> Any:
    def operator(sp: SparseTensor, y: Any) -> SparseTensor:
        with name_scope(None, name, [sp, y]) as scope:
            values = sp.values
            y = convert_to_tensor(y, sp.dtype.base_dtype, name="y")
            if name == "truediv" and sp.dtype.is_integer:
                wide = dtypes.float64 if sp.dtype.size >= 4 else dtypes.float32
                values, y = m.cast(values, wide), m.cast(y, wide)
            result = apply_op(f"SparseDenseCwise{kind}", sp.indices, values, sp.dense_shape, y, name=scope)
            return SparseTensor(sp.indices, result, sp.dense_shape)

    return operator


def _dense_times(sp: SparseTensor, x: Any) -> Any:
    """`tensor * sparse`: the tensor has opened the name scope."""
    if not isinstance(x, Tensor):
        return NotImplemented
    scope = f"{get_default_graph().get_name_scope()}/"
    values = apply_op("SparseDenseCwiseMul", sp.indices, sp.values, sp.dense_shape, x, name=scope)
    return SparseTensor(sp.indices, values, sp.dense_shape)


for _name, _kind in (("mul", "Mul"), ("div", "Div"), ("truediv", "Div")):
    SparseTensor._override_operator(f"__{_name}__", _with_dense(_name, _kind))
SparseTensor._override_operator("__rmul__", _dense_times)
