"""`tf.linalg`: matrices. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.ops.clipping import global_norm
from teachtf.ops.contractions import cross, einsum, matvec, norm, trace
from teachtf.ops.decompositions import (
    adjoint,
    cholesky,
    cholesky_solve,
    logdet,
    qr,
    svd,
)
from teachtf.ops.decompositions import log_matrix_determinant as slogdet
from teachtf.ops.decompositions import matrix_determinant as det
from teachtf.ops.decompositions import matrix_inverse as inv
from teachtf.ops.decompositions import matrix_solve as solve
from teachtf.ops.decompositions import matrix_triangular_solve as triangular_solve
from teachtf.ops.decompositions import self_adjoint_eig as eigh
from teachtf.ops.decompositions import self_adjoint_eigvals as eigvalsh
from teachtf.ops.diagonals import diag as tensor_diag
from teachtf.ops.diagonals import diag_part as tensor_diag_part
from teachtf.ops.diagonals import eye, matrix_transpose
from teachtf.ops.diagonals import matrix_band_part as band_part
from teachtf.ops.diagonals import matrix_diag as diag
from teachtf.ops.diagonals import matrix_diag_part as diag_part
from teachtf.ops.diagonals import matrix_set_diag as set_diag
from teachtf.ops.least_squares import matrix_logarithm as logm
from teachtf.ops.least_squares import matrix_solve_ls as lstsq
from teachtf.ops.least_squares import matrix_square_root as sqrtm
from teachtf.ops.linalg import matmul
from teachtf.ops.normalization import l2_normalize
from teachtf.ops.tensordot import tensordot

transpose = matrix_transpose

__all__ = [
    "adjoint",
    "band_part",
    "cholesky",
    "cholesky_solve",
    "cross",
    "det",
    "diag",
    "diag_part",
    "eigh",
    "eigvalsh",
    "einsum",
    "eye",
    "global_norm",
    "inv",
    "l2_normalize",
    "logdet",
    "logm",
    "lstsq",
    "matmul",
    "matrix_transpose",
    "matvec",
    "norm",
    "qr",
    "set_diag",
    "slogdet",
    "solve",
    "sqrtm",
    "svd",
    "tensor_diag",
    "tensor_diag_part",
    "tensordot",
    "trace",
    "transpose",
    "triangular_solve",
]
