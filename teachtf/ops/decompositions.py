"""Matrices taken apart, inverted and solved; each op takes a batch of matrices in the last two dimensions."""

from __future__ import annotations

from typing import Any

from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import control_dependencies, name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast, reciprocal, square
from teachtf.ops.arithmetic import real as real_part
from teachtf.ops.arrays import expand_dims, reshape, shape
from teachtf.ops.diagonals import eye, matrix_band_part, matrix_diag, matrix_diag_part, matrix_set_diag, matrix_transpose
from teachtf.ops.fills import zeros_like
from teachtf.ops.joining import concat
from teachtf.ops.linalg import matmul
from teachtf.ops.reductions import reduce_sum

TYPES = "double, float, half, complex64, complex128"


def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """The transposed conjugate. Source: `tf.linalg.adjoint`."""
    with name_scope(name, "adjoint", [matrix]):
        return matrix_transpose(convert_to_tensor(matrix, name="matrix"), conjugate=True)


# --- shapes ----------------------------------------------------------------------------------------------------------


def _square_dims(tensor: Any) -> tuple[int | None, ...] | None:
    dims = shapes.require_rank_at_least(tensor, 2)
    if dims is None:
        return None
    side = shapes.merge_dim(dims[-2], dims[-1])
    return (*dims[:-2], side, side)


def square_shape(op: Any) -> list[TensorShape]:
    return [shapes.shape_of(_square_dims(op._inputs[0]))]


def _batch(op: Any) -> list[TensorShape]:
    dims = _square_dims(op._inputs[0])
    return [shapes.shape_of(None if dims is None else dims[:-2])] * len(op._outputs)


def solution_shape(is_square: bool, broadcasts: bool = False) -> Any:
    def shape_function(op: Any) -> list[TensorShape]:
        matrix = _square_dims(op._inputs[0]) if is_square else shapes.require_rank_at_least(op._inputs[0], 2)
        right = shapes.require_rank_at_least(op._inputs[1], 2)
        if matrix is None or right is None:
            return [unknown_shape()]
        shapes.merge_dim(matrix[-2], right[-2])
        if broadcasts:
            batch = shapes.broadcast_dims(matrix[:-2], right[:-2])
            assert batch is not None
            return [shapes.shape_of([*batch, matrix[-1], right[-1]])]
        merged = shapes.shape_of(matrix[:-2]).merge_with(shapes.shape_of(right[:-2]))
        return [merged.concatenate(shapes.shape_of([matrix[-1], right[-1]]))]

    return shape_function


def _smaller(a: int | None, b: int | None) -> int | None:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


def _qr_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 2)
    if dims is None:
        return [unknown_shape()] * 2
    batch, (m, n) = dims[:-2], dims[-2:]
    inner = m if op._attrs["full_matrices"] else _smaller(m, n)
    return [shapes.shape_of([*batch, m, inner]), shapes.shape_of([*batch, inner, n])]


def _svd_shape(op: Any) -> list[TensorShape]:
    dims = shapes.require_rank_at_least(op._inputs[0], 2)
    if dims is None:
        return [unknown_shape()] * 3
    batch, (m, n) = dims[:-2], dims[-2:]
    p = _smaller(m, n)
    if not op._attrs["compute_uv"]:
        return [shapes.shape_of([*batch, p]), shapes.shape_of([0]), shapes.shape_of([0])]
    full = op._attrs["full_matrices"]
    return [shapes.shape_of([*batch, p]), *(shapes.shape_of([*batch, d, d if full else p]) for d in (m, n))]


def _eig_shape(op: Any) -> list[TensorShape]:
    dims = _square_dims(op._inputs[0])
    if dims is None:
        return [unknown_shape(), unknown_shape() if op._attrs["compute_v"] else shapes.shape_of([0])]
    return [shapes.shape_of(dims[:-1]), shapes.shape_of(dims if op._attrs["compute_v"] else [0])]


# --- gradients -------------------------------------------------------------------------------------------------------


def _inverse_gradient(op: Any, grad: Any) -> list[Any]:
    inverse, adj = op.outputs[0], op.get_attr("adjoint")
    right = matmul(grad, inverse, adjoint_a=adj, adjoint_b=not adj)
    return [-matmul(inverse, right, adjoint_a=not adj)]


def _determinant_gradient(op: Any, *grads: Any) -> list[Any]:
    matrix, value = op.inputs[0], op.outputs[-1]
    inverse = matrix_inverse(matrix, adjoint=True)
    scale = grads[0] * value if op.type == "MatrixDeterminant" else grads[1]
    return [reshape(scale, concat([shape(value), [1, 1]], 0)) * inverse]


def _cholesky_gradient(op: Any, grad: Any) -> list[Any]:
    lower = op.outputs[0]
    rows = shape(lower)[-1]
    batch = shape(lower)[:-2]
    inverse = matrix_triangular_solve(lower, eye(rows, batch_shape=batch, dtype=lower.dtype))
    middle = matmul(lower, grad, adjoint_a=True)
    middle = matrix_set_diag(middle, 0.5 * matrix_diag_part(middle))
    middle = matrix_band_part(middle, -1, 0)
    result = matmul(matmul(inverse, middle, adjoint_a=True), inverse)
    result += adjoint(result)
    return [result * 0.5]


def _solve_gradient(op: Any, grad: Any) -> list[Any]:
    matrix, adj, solution = op.inputs[0], op.get_attr("adjoint"), op.outputs[0]
    if op.type == "MatrixSolve":
        right = matrix_solve(matrix, grad, adjoint=not adj)
    else:
        right = matrix_triangular_solve(matrix, grad, lower=op.get_attr("lower"), adjoint=not adj)
    left = -(matmul(solution, right, adjoint_b=True) if adj else matmul(right, solution, adjoint_b=True))
    return [left, right]


def _triangular_gradient(op: Any, grad: Any) -> list[Any]:
    a, b = op.inputs
    ga, gb = _solve_gradient(op, grad)
    ga = matrix_band_part(ga, -1, 0) if op.get_attr("lower") else matrix_band_part(ga, 0, -1)
    if a.shape.is_fully_defined() and b.shape.is_fully_defined() and a.shape[:-2] == b.shape[:-2]:
        return [ga, gb]
    sa, sb = shape(a), shape(b)
    ra, rb = apply_op("BroadcastGradientArgs", sa[:-2], sb[:-2])
    return [reshape(reduce_sum(ga, axis=ra), sa), reshape(reduce_sum(gb, axis=rb), sb)]


def _qr_gradient(op: Any, dq: Any, dr: Any) -> list[Any]:
    """Source: Roberts and Roberts, "QR and LQ decomposition matrix backpropagation algorithms" (2020)."""
    q, r = op.outputs
    rows, columns = (None, None) if r.shape.ndims is None else r.shape.as_list()[-2:]
    if rows is None or columns is None:
        raise NotImplementedError(f"QrGrad not implemented with dynamic shapes. Received r.shape: {r.shape}")
    if rows > columns and q.shape.as_list()[-2] == q.shape.as_list()[-1]:
        raise NotImplementedError("QrGrad not implemented when nrows > ncols and full_matrices is true.")
    if q.shape.as_list()[-2] >= columns:
        return [_deep_qr(q, r, dq, dr)]
    m = q.shape.as_list()[-2]
    y = op.inputs[0][..., :, m:]
    u = r[..., :, :m]
    dv, du = dr[..., :, m:], dr[..., :, :m]
    dy = matmul(q, dv)
    dx = _deep_qr(q, u, dq + matmul(y, dv, adjoint_b=True), du)
    return [concat([dx, dy], axis=-1)]


def _deep_qr(q: Any, r: Any, dq: Any, dr: Any) -> Any:
    def by_triangle(x: Any) -> Any:
        return adjoint(matrix_triangular_solve(r, adjoint(x), lower=False, adjoint=False))

    qdq = matmul(q, dq, adjoint_a=True)
    q_part = qdq - adjoint(qdq)
    rdr = matmul(r, dr, adjoint_b=True)
    r_part = rdr - adjoint(rdr)
    lower = matrix_band_part(q_part + r_part, -1, 0)
    first = matmul(q, dr + by_triangle(lower))
    second = by_triangle(dq - matmul(q, qdq))
    result = first + second
    if q.dtype.is_complex:
        m = rdr - adjoint(qdq)
        diagonal = matrix_set_diag(zeros_like(m), matrix_diag_part(m))
        correction = diagonal - cast(real_part(diagonal), q.dtype)
        result = result + by_triangle(matmul(q, adjoint(correction)))
    return result


def _safe_reciprocal(x: Any) -> Any:
    return x * reciprocal(x * x + 1e-20)


def _gaps(values: Any) -> Any:
    """1 / (value j - value i) off the diagonal: where two values meet, a large number and no infinity."""
    return matrix_set_diag(_safe_reciprocal(expand_dims(values, -2) - expand_dims(values, -1)), zeros_like(values))


def _eig_gradient(op: Any, grad_e: Any, grad_v: Any) -> list[Any]:
    with control_dependencies([grad_e, grad_v]):
        if op.get_attr("compute_v"):
            e, v = op.outputs
            gaps = _gaps(e)
            inner = matrix_diag(grad_e) + gaps * matmul(v, grad_v, adjoint_a=True)
        else:
            _, v = self_adjoint_eig(op.inputs[0])
            inner = matrix_diag(grad_e)
        result = matmul(v, matmul(inner, v, adjoint_b=True))
        # only the lower triangle was read
        result = matrix_band_part(result + adjoint(result), -1, 0)
        return [matrix_set_diag(result, 0.5 * matrix_diag_part(result))]


def _svd_gradient(op: Any, grad_s: Any, grad_u: Any, grad_v: Any) -> list[Any]:
    """Source: Ionescu et al., "Matrix backpropagation for deep networks with structured layers" (2015)."""
    a = op.inputs[0]
    grad_s = cast(grad_s, a.dtype)
    grad_s_matrix = matrix_diag(grad_s)
    if not op.get_attr("compute_uv"):
        _, u, v = svd(a, compute_uv=True)
        result = matmul(u, matmul(grad_s_matrix, v, adjoint_b=True))
        result.set_shape(a.shape)
        return [result]
    rows, columns = (None, None) if a.shape.ndims is None else a.shape.as_list()[-2:]
    if rows is None or columns is None:
        raise NotImplementedError("SVD gradient has not been implemented for input with unknown inner matrix shape.")
    full = op.get_attr("full_matrices")
    s, u, v = op.outputs
    s = cast(s, a.dtype)
    turned = rows > columns
    if turned:
        rows, columns, u, v, grad_u, grad_v = columns, rows, v, u, grad_v, grad_u
    with control_dependencies([grad_s, grad_u, grad_v]):
        if full and abs(rows - columns) > 1:
            raise NotImplementedError("svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True.")
        s_matrix = matrix_diag(s)
        s2 = square(s)
        s_shape = shape(s)
        gaps = _gaps(s2)
        s_inverse = matrix_diag(_safe_reciprocal(s))
        v1, grad_v1 = v[..., :, :rows], grad_v[..., :, :rows]
        u_gu = matmul(u, grad_u, adjoint_a=True)
        v_gv = matmul(v1, grad_v1, adjoint_a=True)
        f_u, f_v = gaps * u_gu, gaps * v_gv
        inner = grad_s_matrix + matmul(f_u + adjoint(f_u), s_matrix) + matmul(s_matrix, f_v + adjoint(f_v))
        result = matmul(u, matmul(inner, v1, adjoint_b=True))
        if rows != columns:
            turned_v = matrix_transpose(grad_v1, conjugate=True)
            beside = turned_v - matmul(matmul(turned_v, v1), v1, adjoint_b=True)
            if full:
                v2, grad_v2 = v[..., :, rows:columns], grad_v[..., :, rows:columns]
                beside -= matmul(matmul(v1, grad_v2, adjoint_a=True), v2, adjoint_b=True)
            result = result + matmul(matmul(u, s_inverse), beside)
        if a.dtype.is_complex:
            diagonal = eye(s_shape[-1], batch_shape=s_shape[:-1], dtype=a.dtype) * v_gv
            imaginary = matmul(s_inverse, adjoint(diagonal) - diagonal)
            result += 1 / 2.0 * matmul(u, matmul(imaginary, v1, adjoint_b=True))
        if turned:
            result = matrix_transpose(result, conjugate=True)
        result.set_shape(a.shape)
        return [result]


# --- declarations ----------------------------------------------------------------------------------------------------


def _declare(name: str, outputs: str, shape_function: Any, gradient: Any, attrs: str = "", inputs: str = "input: T") -> None:
    types = f"{attrs}, T: {{{TYPES}}}" if attrs else f"T: {{{TYPES}}}"
    declare(name, inputs=inputs, outputs=outputs, attrs=types, shape=shape_function, gradient=gradient)


_SYSTEM = "matrix: T, rhs: T"
_declare("MatrixInverse", "output: T", square_shape, _inverse_gradient, "adjoint: bool = false")
_declare("MatrixDeterminant", "output: T", _batch, _determinant_gradient)
_declare("LogMatrixDeterminant", "sign: T, log_abs_determinant: T", _batch, _determinant_gradient)
_declare("Cholesky", "output: T", square_shape, _cholesky_gradient)
_declare("MatrixSolve", "output: T", solution_shape(True), _solve_gradient, "adjoint: bool = false", _SYSTEM)
declare(
    "MatrixTriangularSolve",
    inputs=_SYSTEM,
    outputs="output: T",
    attrs=f"lower: bool = true, adjoint: bool = false, T: {{bfloat16, {TYPES}}}",
    shape=solution_shape(True, broadcasts=True),
    gradient=_triangular_gradient,
)
_declare("Qr", "q: T, r: T", _qr_shape, _qr_gradient, "full_matrices: bool = false")
_declare("Svd", "s: T, u: T, v: T", _svd_shape, _svd_gradient, "compute_uv: bool = true, full_matrices: bool = false")
_declare("SelfAdjointEigV2", "e: T, v: T", _eig_shape, _eig_gradient, "compute_v: bool = true")


# --- functions -------------------------------------------------------------------------------------------------------


def matrix_inverse(input: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """The inverse, or that of the adjoint.

    Raises:
      InvalidArgumentError: in a run, for a matrix that has none.

    Source: `tf.matrix_inverse`.
    """
    return apply_op("MatrixInverse", input, adjoint=adjoint, name=name)


def matrix_determinant(input: Any, name: str | None = None) -> Tensor:
    """The determinant. Source: `tf.matrix_determinant`."""
    return apply_op("MatrixDeterminant", input, name=name)


def log_matrix_determinant(input: Any, name: str | None = None) -> list[Tensor]:
    """The determinant's sign, and the logarithm of its size. Source: `tf.linalg.slogdet`."""
    return apply_op("LogMatrixDeterminant", input, name=name)


def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithm of the determinant of a positive definite matrix. Source: `tf.linalg.logdet`."""
    from teachtf.ops.arithmetic import log

    with name_scope(name, "logdet", [matrix]):
        return 2.0 * reduce_sum(log(real_part(matrix_diag_part(cholesky(matrix)))), axis=[-1])


def cholesky(input: Any, name: str | None = None) -> Tensor:
    """The lower triangle L with `input = L L*`.

    Raises:
      InvalidArgumentError: in a run, for a matrix that is not positive definite.

    Source: `tf.cholesky`.
    """
    return apply_op("Cholesky", input, name=name)


def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Tensor:
    """X with `A X = rhs`, by the Cholesky triangle of A. Source: `tf.cholesky_solve`."""
    with name_scope(name, "cholesky_solve", [chol, rhs]):
        y = apply_op("MatrixTriangularSolve", chol, rhs)
        return apply_op("MatrixTriangularSolve", chol, y, adjoint=True)


def matrix_solve(matrix: Any, rhs: Any, adjoint: bool = False, name: str | None = None) -> Tensor:
    """X with `matrix X = rhs`. Raises InvalidArgumentError in a run if there is none. Source: `tf.matrix_solve`."""
    return apply_op("MatrixSolve", matrix, rhs, adjoint=adjoint, name=name)


def matrix_triangular_solve(
    matrix: Any, rhs: Any, lower: bool = True, adjoint: bool = False, name: str | None = None
) -> Tensor:
    """X with `matrix X = rhs`, where only one triangle of the matrix counts. Source: `tf.matrix_triangular_solve`."""
    with name_scope(name, "triangular_solve", [matrix, rhs]):
        return apply_op("MatrixTriangularSolve", matrix, rhs, lower=lower, adjoint=adjoint)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> list[Tensor]:
    """Q, whose columns are orthonormal, and the upper triangle R, with `input = Q R`. Source: `tf.qr`."""
    return apply_op("Qr", input, full_matrices=full_matrices, name=name)


def svd(tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None) -> Any:
    """The singular values s, largest first, and u and v with `tensor = u diag(s) v*`. Source: `tf.svd`."""
    s, u, v = apply_op("Svd", tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (real_part(s), u, v) if compute_uv else real_part(s)


def self_adjoint_eig(tensor: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """Eigenvalues, smallest first, and eigenvectors, by the lower triangle. Source: `tf.self_adjoint_eig`."""
    e, v = apply_op("SelfAdjointEigV2", tensor, compute_v=True, name=name)
    return e, v


def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Tensor:
    """Eigenvalues of a self-adjoint matrix, smallest first. Source: `tf.self_adjoint_eigvals`."""
    return apply_op("SelfAdjointEigV2", tensor, compute_v=False, name=name)[0]
