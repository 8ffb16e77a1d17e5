"""Kernels of matrices taken apart, inverted and solved, by LAPACK through NumPy; half precision is computed in float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import decompositions, least_squares

assert decompositions and least_squares  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _checked(op: Any, function: Call, failure: str) -> Call:
    """`function` on arrays that LAPACK takes, results in the op's type, its failure as TensorFlow's."""
    narrow = op.inputs[0].dtype.base_dtype in (dtypes.float16, dtypes.bfloat16)
    targets = [np.dtype(t.dtype.as_numpy_dtype) for t in op.outputs]

    def call(*inputs: Any) -> Any:
        arrays = [np.asarray(i, np.float32) if narrow else np.asarray(i) for i in inputs]
        check_square(op, arrays[0])
        try:
            found = function(*arrays)
        except np.linalg.LinAlgError:
            raise _invalid(failure) from None
        results = found if isinstance(found, tuple) else (found,)
        results = tuple(np.ascontiguousarray(r, t).reshape(r.shape) for r, t in zip(results, targets, strict=True))
        return results if len(targets) > 1 else results[0]

    return call


_RECTANGLES = {"Qr", "Svd", "MatrixSolveLs"}


def check_square(op: Any, matrix: Any) -> None:
    if matrix.ndim < 2:
        raise _invalid(f"Input tensor 0 must have rank >= 2, got {matrix.ndim}")
    if op.type not in _RECTANGLES and matrix.shape[-1] != matrix.shape[-2]:
        raise _invalid(f"Input matrix must be square, got {matrix.shape[-2]} != {matrix.shape[-1]}")


def _adjoint(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


@kernel("MatrixInverse")
def _inverse(op: Any) -> Call:
    adj = op._attrs["adjoint"]
    return _checked(op, lambda x: np.linalg.inv(_adjoint(x) if adj else x), "Input is not invertible.")


@kernel("MatrixDeterminant")
def _determinant(op: Any) -> Call:
    return _checked(op, lambda x: np.asarray(np.linalg.det(x)), "")


@kernel("LogMatrixDeterminant")
def _log_determinant(op: Any) -> Call:
    return _checked(op, lambda x: tuple(map(np.asarray, np.linalg.slogdet(x))), "")


@kernel("Cholesky")
def _cholesky(op: Any) -> Call:
    return _checked(op, _cholesky_or_nan, "")


def _cholesky_or_nan(x: Any) -> Any:
    """As TensorFlow has it, a matrix that is not positive definite gives NaN, and no error."""
    try:
        return np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        if x.ndim > 2:
            return np.stack([_cholesky_or_nan(matrix) for matrix in x])
        return np.tril(np.full(x.shape, np.nan, x.dtype))


@kernel("MatrixSolve")
def _solve(op: Any) -> Call:
    adj = op._attrs["adjoint"]

    def solve(matrix: Any, right: Any) -> Any:
        if matrix.shape[:-1] != right.shape[:-1]:
            raise _invalid(f"Input matrix and rhs are incompatible: {list(matrix.shape)} and {list(right.shape)}")
        return np.linalg.solve(_adjoint(matrix) if adj else matrix, right)

    return _checked(op, solve, "Input matrix is not invertible.")


@kernel("MatrixTriangularSolve")
def _triangular_solve(op: Any) -> Call:
    lower, adj = op._attrs["lower"], op._attrs["adjoint"]

    def solve(matrix: Any, right: Any) -> Any:
        if matrix.shape[-1] != right.shape[-2]:
            raise _invalid(f"Input matrix and rhs are incompatible: {list(matrix.shape)} and {list(right.shape)}")
        if adj:
            matrix = _adjoint(matrix)
        return _substituted(matrix, right, lower != adj)

    return _checked(op, solve, "")


def _substituted(matrix: Any, right: Any, lower: bool) -> Any:
    """A row at a time; a zero on the diagonal gives infinities, and no error."""
    n = matrix.shape[-1]
    result = np.zeros((*np.broadcast_shapes(matrix.shape[:-2], right.shape[:-2]), *right.shape[-2:]), right.dtype)
    with np.errstate(all="ignore"):
        for row in range(n) if lower else range(n - 1, -1, -1):
            known = slice(0, row) if lower else slice(row + 1, n)
            rest = right[..., row, :] - (matrix[..., row : row + 1, known] @ result[..., known, :])[..., 0, :]
            result[..., row, :] = rest / matrix[..., row, row, None]
    return result


@kernel("Qr")
def _qr(op: Any) -> Call:
    mode: Any = "complete" if op._attrs["full_matrices"] else "reduced"
    return _checked(op, lambda x: tuple(np.linalg.qr(x, mode)), "")


@kernel("Svd")
def _svd(op: Any) -> Call:
    full, both = op._attrs["full_matrices"], op._attrs["compute_uv"]

    def svd(x: Any) -> Any:
        if not both:
            nothing = np.zeros(0, x.dtype)
            return np.linalg.svd(x, compute_uv=False), nothing, nothing
        u, s, v = np.linalg.svd(x, full_matrices=full)
        return s, u, _adjoint(v)

    return _checked(op, svd, "SVD did not converge.")


@kernel("SelfAdjointEigV2")
def _eig(op: Any) -> Call:
    both = op._attrs["compute_v"]

    def eig(x: Any) -> Any:
        return tuple(np.linalg.eigh(x)) if both else (np.linalg.eigvalsh(x), np.zeros(0, x.dtype))

    return _checked(op, eig, "Self-adjoint eigen decomposition was not successful. The input might not be valid.")


@kernel("MatrixSolveLs")
def _solve_ls(op: Any) -> Call:
    fast = op._attrs["fast"]

    def one(matrix: Any, right: Any, l2: float) -> Any:
        if not fast:
            return np.linalg.lstsq(matrix, right, rcond=None)[0]
        m, n = matrix.shape
        if m >= n:
            return np.linalg.solve(_adjoint(matrix) @ matrix + l2 * np.eye(n, dtype=matrix.dtype), _adjoint(matrix) @ right)
        return _adjoint(matrix) @ np.linalg.solve(matrix @ _adjoint(matrix) + l2 * np.eye(m, dtype=matrix.dtype), right)

    def solve(matrix: Any, right: Any, l2: Any) -> Any:
        flat = [one(a, b, float(l2)) for a, b in zip(_matrices(matrix), _matrices(right), strict=True)]
        shape = (*matrix.shape[:-2], matrix.shape[-1], right.shape[-1])
        return np.stack(flat).reshape(shape) if flat else np.zeros(shape, matrix.dtype)

    return _checked(op, solve, "Input matrix was rank deficient or ill-conditioned. Try setting fast=False.")


def _matrices(x: Any) -> Any:
    return x.reshape(-1, *x.shape[-2:])


_STEPS = 60  # of an iteration that doubles its digits


def square_root(matrix: Any) -> Any:
    """The principal root, by Denman and Beavers's iteration."""
    wide = np.complex128 if np.iscomplexobj(matrix) else np.float64
    y, z = matrix.astype(wide), np.broadcast_to(np.eye(matrix.shape[-1], dtype=wide), matrix.shape)
    for _ in range(_STEPS):
        y_next, z = (y + np.linalg.inv(z)) / 2, (z + np.linalg.inv(y)) / 2
        done = np.allclose(y_next, y, rtol=1e-15, atol=0)
        y = y_next
        if done:
            break
    return y


@kernel("MatrixSquareRoot")
def _square_root(op: Any) -> Call:
    return _checked(op, square_root, "Matrix square root failed: the matrix is singular.")


_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(10)


@kernel("MatrixLogarithm")
def _logarithm(op: Any) -> Call:
    def logarithm(x: Any) -> Any:
        """Roots until the matrix is near 1, then Gauss and Legendre's sum for the integral of (x - 1) / (1 + t (x - 1))."""
        one, y, count = np.eye(x.shape[-1]), x.astype(np.complex128), 0
        while np.max(np.abs(y - one), initial=0.0) > 0.2 and count < 40:
            y, count = square_root(y), count + 1
        nodes, weights = (_NODES + 1) / 2, _WEIGHTS / 2
        near = y - one
        total = sum(w * np.linalg.solve(one + t * near, near) for t, w in zip(nodes, weights, strict=True))
        return total * 2.0**count

    return _checked(op, logarithm, "Matrix logarithm failed: the matrix is singular.")
