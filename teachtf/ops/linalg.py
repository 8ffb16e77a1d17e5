"""Matrix products and matrices."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import conj

_TYPES = "bfloat16, half, float, double, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128"


def _matmul_shape(op: Any) -> list[TensorShape]:
    a, b = shapes.require_rank(op._inputs[0], 2), shapes.require_rank(op._inputs[1], 2)
    rows, inner_a = a[::-1] if op._attrs["transpose_a"] else a
    inner_b, columns = b[::-1] if op._attrs["transpose_b"] else b
    shapes.merge_dim(inner_a, inner_b)
    return [shapes.shape_of([rows, columns])]


def _product(a: Any, b: Any, side: str, ta: bool = False, tb: bool = False) -> Any:
    return apply_op("MatMul", a, b, transpose_a=ta, transpose_b=tb, **_side(side))


def _side(name: str) -> dict[str, Any]:
    """The attribute that says which side a product is the gradient of."""
    return {f"grad_{name}": True}


def _matmul_gradient(op: Any, grad: Any) -> list[Any]:
    ta, tb = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    a, b = conj(op.inputs[0]), conj(op.inputs[1])
    if ta:
        ga = _product(b, grad, "a", ta=tb, tb=True)
    else:
        ga = _product(grad, b, "a", tb=not tb)
    if tb:
        return [ga, _product(grad, a, "b", ta=True, tb=ta)]
    return [ga, _product(a, grad, "b", ta=not ta)]


declare(
    "MatMul",
    inputs="a: T, b: T",
    outputs="product: T",
    attrs=f"transpose_a: bool = false, transpose_b: bool = false, T: {{{_TYPES}}}, grad_a: bool = false, grad_b: bool = false",
    shape=_matmul_shape,
    gradient=_matmul_gradient,
)


def _batch_shape(op: Any) -> list[TensorShape]:
    x, y = shapes.require_rank_at_least(op._inputs[0], 2), shapes.require_rank_at_least(op._inputs[1], 2)
    if x is None or y is None:
        return [unknown_shape()]
    rows, inner_x = (x[-1], x[-2]) if op._attrs["adj_x"] else (x[-2], x[-1])
    inner_y, columns = (y[-1], y[-2]) if op._attrs["adj_y"] else (y[-2], y[-1])
    shapes.merge_dim(inner_x, inner_y)
    batch = shapes.broadcast_dims(x[:-2], y[:-2])
    assert batch is not None
    return [shapes.shape_of([*batch, rows, columns])]


def _batch_gradient(op: Any, grad: Any) -> list[Any]:
    x, y = op.inputs
    ax, ay = op.get_attr("adj_x"), op.get_attr("adj_y")

    def product(a: Any, b: Any, adj_a: bool, adj_b: bool, side: str) -> Any:
        return apply_op("BatchMatMulV2", a, b, adj_x=adj_a, adj_y=adj_b, **{f"grad_{side}": True}, name="MatMul")

    gx = product(y, grad, ay, True, "x") if ax else product(grad, y, False, not ay, "x")
    gy = product(grad, x, True, ax, "y") if ay else product(x, grad, not ax, False, "y")
    x_dims, y_dims = x.shape.as_tuple, y.shape.as_tuple
    if x_dims is not None and y_dims is not None and None not in x_dims[:-2] and x_dims[:-2] == y_dims[:-2]:
        return [gx, gy]
    return _sum_batches(x, y, gx, gy)


def _sum_batches(x: Any, y: Any, gx: Any, gy: Any) -> list[Any]:
    """Sum the gradients over the batch axes that a side was repeated along."""
    from teachtf.ops.arrays import reshape, shape
    from teachtf.ops.reductions import reduce_sum

    sx, sy = shape(x), shape(y)
    rx, ry = apply_op("BroadcastGradientArgs", sx[:-2], sy[:-2])
    return [reshape(reduce_sum(gx, rx), sx), reshape(reduce_sum(gy, ry), sy)]


declare(
    "BatchMatMulV2",
    inputs="x: T, y: T",
    outputs="output: T",
    attrs="T: {bfloat16, half, float, double, int16, int32, int64, uint8, uint16, uint32, uint64, complex64, complex128}, "
    "adj_x: bool = false, adj_y: bool = false, grad_x: bool = false, grad_y: bool = false",
    shape=_batch_shape,
    gradient=_batch_gradient,
)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The matrix product of `a` and `b`; of each pair of matrices where there are more than two dimensions.

    Args:
      a: float, int or complex tensor of shape [..., rows, inner].
      b: tensor of the same dtype and shape [..., inner, columns].
      transpose_a: whether the last two dimensions of `a` change places first; `transpose_b` likewise.
      adjoint_a: transposed and conjugated; `adjoint_b` likewise.
      a_is_sparse: accepted as a hint, not used; `b_is_sparse` likewise.
      name: the operation's name.

    Raises:
      ValueError: the inner dimensions differ, or transpose and adjoint are both asked for.

    Source: `tf.matmul`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.matmul([[1.0, 2.0]], [[3.0], [4.0]])))
    [[11.]]
    """
    with name_scope(name, "MatMul", [a, b]) as scope:
        if (transpose_a and adjoint_a) or (transpose_b and adjoint_b):
            raise ValueError("Only one of `transpose` and `adjoint` can be True for each of `a` and `b`.")
        a = convert_to_tensor(a, name="a")
        b = convert_to_tensor(b, a.dtype.base_dtype, name="b")
        ranks = a.shape.ndims, b.shape.ndims
        if any(r is None or r > 2 for r in ranks):
            a, adj_a = (conj(a), True) if transpose_a else (a, adjoint_a)
            b, adj_b = (conj(b), True) if transpose_b else (b, adjoint_b)
            return apply_op("BatchMatMulV2", a, b, adj_x=adj_a, adj_y=adj_b, name=scope)
        a, ta = (conj(a), True) if adjoint_a else (a, transpose_a)
        b, tb = (conj(b), True) if adjoint_b else (b, transpose_b)
        return apply_op("MatMul", a, b, transpose_a=ta, transpose_b=tb, name=scope)
