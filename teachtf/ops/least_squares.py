"""Least squares, roots and logarithms of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import add, cast, subtract
from teachtf.ops.arrays import reshape, shape, size
from teachtf.ops.cond import cond
from teachtf.ops.decompositions import TYPES, cholesky_solve, matrix_solve, solution_shape, square_shape
from teachtf.ops.diagonals import eye, matrix_transpose
from teachtf.ops.joining import concat
from teachtf.ops.linalg import matmul
from teachtf.ops.rearranging import tile
from teachtf.ops.reductions import reduce_prod
from teachtf.ops.slicing import slice_

_CACHE = 256_000  # bytes; batches larger than this are solved a matrix at a time, as TensorFlow does


def _gramian_cholesky(matrix: Any, l2: Any, first_kind: bool) -> Any:
    gramian = matmul(matrix, matrix, adjoint_a=first_kind, adjoint_b=not first_kind)
    if isinstance(l2, Tensor) or l2 != 0:
        lengths = shape(matrix)
        batch = lengths[:-2]
        small = lengths[-1] if first_kind else lengths[-2]
        identity = eye(small, batch_shape=batch, dtype=matrix.dtype)
        known = matrix.shape[-1 if first_kind else -2]
        identity.set_shape(matrix.shape[:-2].concatenate([known, known]))
        gramian += l2 * identity
    return apply_op("Cholesky", gramian)


def _by_rows(matrix: Any, tall: Any, wide: Any) -> Any:
    dims = matrix.shape[-2:]
    if dims.is_fully_defined():
        rows, columns = dims.as_list()
        return tall() if rows >= columns else wide()
    lengths = shape(matrix)[-2:]
    return cond(lengths[-2] >= lengths[-1], tall, wide)


def _gradient(op: Any, grad: Any) -> list[Any]:
    a, b, x = op.inputs[0], op.inputs[1], op.outputs[0]

    def tall() -> Any:
        chol = _gramian_cholesky(a, cast(op.inputs[2], a.dtype.base_dtype), True)
        z = cholesky_solve(chol, grad)
        xzt = matmul(x, z, adjoint_b=True)
        symmetric = xzt + matrix_transpose(xzt)
        return [-matmul(a, symmetric) + matmul(b, z, adjoint_b=True), matmul(a, z)]

    def wide() -> Any:
        chol = _gramian_cholesky(a, cast(op.inputs[2], a.dtype.base_dtype), False)
        right = cholesky_solve(chol, matmul(a, grad))
        inner = cholesky_solve(chol, b)
        first = -matmul(right, matmul(inner, a, adjoint_a=True))
        second = matmul(inner, grad - matmul(a, right, adjoint_a=True), adjoint_b=True)
        return [first + second, right]

    if not op.get_attr("fast"):
        raise ValueError("Gradient not defined for fast=False")
    return [*_by_rows(a, tall, wide), None]


declare(
    "MatrixSolveLs",
    inputs="matrix: T, rhs: T, l2_regularizer: double",
    outputs="output: T",
    attrs=f"T: {{{TYPES}}}, fast: bool = true",
    shape=solution_shape(False),
    gradient=_gradient,
)


def matrix_solve_ls(matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None) -> Tensor:
    """X that makes `|matrix X - rhs|^2 + l2_regularizer |X|^2` smallest.

    With `fast`, by the normal equations and Cholesky; else by a complete orthogonal decomposition, without a gradient.

    Raises:
      InvalidArgumentError: in a run with `fast`, for a matrix of deficient rank.
      NotImplementedError: complex128 with a regulariser.

    Source: `tf.matrix_solve_ls`.
    """
    matrix = convert_to_tensor(matrix, name="matrix")
    if matrix.dtype == dtypes.complex128 and l2_regularizer != 0:
        raise NotImplementedError("matrix_solve_ls takes no l2_regularizer with complex128: its accuracy would be poor.")
    if not fast or _is_large(matrix):
        return apply_op("MatrixSolveLs", matrix, rhs, l2_regularizer, fast=fast, name=name)

    def tall() -> Any:
        chol = _gramian_cholesky(matrix, l2_regularizer, True)
        return cholesky_solve(chol, matmul(matrix, rhs, adjoint_a=True))

    def wide() -> Any:
        chol = _gramian_cholesky(matrix, l2_regularizer, False)
        return matmul(matrix, cholesky_solve(chol, rhs), adjoint_a=True)

    with name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        return _by_rows(matrix, tall, wide)


def _is_large(matrix: Any) -> bool:
    if not matrix.shape.is_fully_defined():
        return False
    dims = matrix.shape.as_list()
    return int(np.prod(dims)) * matrix.dtype.size > _CACHE and int(np.prod(dims[:-2])) > min(dims[-2:])


def _kronecker(a: Any, b: Any) -> Any:
    sa, sb = shape(a), shape(b)
    na, nb = sa[-1], sb[-1]
    batch = slice_(sa, [0], [subtract(size(sa), 2)])
    left, right = concat([batch, [na], [1], [na], [1]], 0), concat([batch, [1], [nb], [1], [nb]], 0)
    wide_a, wide_b = reshape(a, left), reshape(b, right)
    order = na * nb
    whole = concat([batch, [order], [order]], 0)
    return reshape(wide_a * wide_b, whole)


def _root_gradient(op: Any, grad: Any) -> list[Any]:
    """From A = R R follows dA = R dR + dR R: a linear system in dR."""
    root = op.outputs[0]
    lengths = shape(root)
    order = lengths[-1]
    count = reduce_prod(lengths[0:-2])
    one = eye(order, dtype=root.dtype)
    ones = reshape(tile(reshape(one, [-1]), [count]), lengths)
    turned = matrix_transpose(root)
    system = add(_kronecker(ones, turned), _kronecker(root, ones))
    batch = slice_(lengths, [0], [subtract(size(lengths), 2)])
    flat = concat([batch, [order * order], [1]], 0)
    found = matrix_solve(system, reshape(matrix_transpose(grad), flat))
    return [matrix_transpose(reshape(found, lengths))]


declare(
    "MatrixSquareRoot",
    inputs="input: T",
    outputs="output: T",
    attrs=f"T: {{{TYPES}}}",
    shape=square_shape,
    gradient=_root_gradient,
)
declare("MatrixLogarithm", inputs="input: T", outputs="output: T", attrs="T: {complex64, complex128}", shape=square_shape)


def matrix_square_root(input: Any, name: str | None = None) -> Tensor:
    """The matrix whose product with itself is `input`. Source: `tf.linalg.sqrtm`."""
    return apply_op("MatrixSquareRoot", input, name=name)


def matrix_logarithm(input: Any, name: str | None = None) -> Tensor:
    """The matrix whose exponential is `input`, a complex one. Source: `tf.linalg.logm`."""
    return apply_op("MatrixLogarithm", input, name=name)
