"""Special functions, linear algebra, Fourier transforms, bits and random numbers: graphs, gradients and values."""

from __future__ import annotations

import numpy as np
from harness import Programs, describe_graph, error, static
from programs_ops import case, ints, ramp

programs = Programs()


def add(name, build, *inputs, **options):
    case(name, build, *inputs, into=programs, **options)


POSITIVE = ramp(3, 4, low=0.1, high=3.0)
OTHER = ramp(3, 4, low=0.2, high=5.0)[::-1].copy()
ODDS = ramp(3, 4, low=0.05, high=0.95)

# --- special functions -----------------------------------------------------------------------------------------------

add("igamma", lambda tf, a, x: tf.igamma(a, x), POSITIVE, OTHER)
add("igamma_row", lambda tf, a, x: tf.math.igamma(a, x), POSITIVE.astype(np.float64), OTHER[0].astype(np.float64))
add("igammac", lambda tf, a, x: tf.igammac(a, x), POSITIVE, OTHER)
add("betainc", lambda tf, a, b, x: tf.betainc(a, b, x), POSITIVE, OTHER, ODDS)
add("betainc_scalar", lambda tf, a, x: tf.betainc(a, tf.constant(2.0), x), POSITIVE, ODDS)
add("lbeta", lambda tf, x: tf.lbeta(x), POSITIVE)
add("zeta", lambda tf, x, q: tf.zeta(x, q), POSITIVE + 1.1, OTHER)
add("polygamma", lambda tf, x: tf.polygamma(tf.constant(2.0), x), POSITIVE)
add("digamma", lambda tf, x: tf.math.digamma(x), POSITIVE.astype(np.float64))
add("erfinv", lambda tf, x: tf.math.erfinv(x), ramp(3, 4, low=-0.99, high=0.99))
add("ndtri", lambda tf, x: tf.math.ndtri(x), ODDS)
SPREAD = ramp(3, 4, low=-6, high=6)
for _name in ("bessel_i0", "bessel_i1", "bessel_i0e", "bessel_i1e"):
    add(_name, lambda tf, x, name=_name: getattr(tf.math, name)(x), SPREAD)
for _name in ("xlogy", "xdivy", "xlog1py"):
    add(_name, lambda tf, x, y, name=_name: getattr(tf.math, name)(x, y), POSITIVE - POSITIVE[0, 0], OTHER)
add("nextafter", lambda tf, x, y: tf.math.nextafter(x, y), POSITIVE, OTHER)
add("reciprocal_no_nan", lambda tf, x: tf.math.reciprocal_no_nan(x), np.float32([0, 2, -4]))
add("polyval", lambda tf, x: tf.math.polyval([1.0, -2.0, 3.0], x), SPREAD)
add(
    "igamma_edges",
    lambda tf, a, x: [tf.igamma(a, x), tf.igammac(a, x)],
    np.float32([1, 2, -1, 0.5]),
    np.float32([0, 900, 1, -1]),
    gradient=False,
)

# --- bits ------------------------------------------------------------------------------------------------------------

for _name in ("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"):
    add(_name, lambda tf, x, y, name=_name: getattr(tf.bitwise, name)(x, y), ints(6, low=-99, high=99), ints(6, high=12))
add("bits_unsigned", lambda tf, x: [tf.bitwise.invert(x), tf.bitwise.left_shift(x, x)], ints(6, high=12, dtype=np.uint8))
add("bitcast_same", lambda tf, x: tf.bitcast(x, tf.int32), POSITIVE, gradient=False)
add("bitcast_smaller", lambda tf, x: tf.bitcast(x, tf.uint8), POSITIVE, gradient=False)
add("bitcast_larger", lambda tf, x: tf.bitcast(x, tf.float64), POSITIVE[:, :2], gradient=False, vague=False)


@programs
def bitcast_of_a_wrong_length(tf):
    x = tf.placeholder(tf.float32, [3, 3])
    return error(tf, lambda: tf.bitcast(x, tf.float64))


# --- linear algebra --------------------------------------------------------------------------------------------------


def matrix(*shape, dtype=np.float64, seed=3):
    return np.random.RandomState(seed).normal(size=shape).astype(dtype)


def definite(n, batch=(), dtype=np.float64):
    x = matrix(*batch, n, n)
    return (x @ np.swapaxes(x, -1, -2) + n * np.eye(n)).astype(dtype)


A, BATCH, POSDEF = matrix(3, 3), matrix(2, 3, 3), definite(3, (2,))
COMPLEX = matrix(3, 3) + 1j * matrix(3, 3, seed=4)
add("matrix_inverse", lambda tf, x: tf.matrix_inverse(x), BATCH)
add("matrix_inverse_adjoint", lambda tf, x: tf.matrix_inverse(x, adjoint=True), COMPLEX, gradient=False)
add("matrix_determinant", lambda tf, x: tf.matrix_determinant(x), BATCH)
add("log_matrix_determinant", lambda tf, x: tf.linalg.slogdet(x), A)
add("logdet", lambda tf, x: tf.linalg.logdet(x), POSDEF)
add("cholesky", lambda tf, x: tf.cholesky(x), POSDEF)
add("cholesky_solve", lambda tf, x, y: tf.cholesky_solve(tf.cholesky(x), y), POSDEF, matrix(2, 3, 2))
add("matrix_solve", lambda tf, x, y: tf.matrix_solve(x, y), BATCH, matrix(2, 3, 2))
add("matrix_solve_adjoint", lambda tf, x, y: tf.matrix_solve(x, y, adjoint=True), A, matrix(3, 2))
add("triangular_solve", lambda tf, x, y: tf.matrix_triangular_solve(x, y), POSDEF, matrix(2, 3, 2))
add("triangular_solve_upper", lambda tf, x, y: tf.matrix_triangular_solve(x, y, lower=False, adjoint=True), A, matrix(3, 2))
add("triangular_solve_broadcast", lambda tf, x, y: tf.linalg.triangular_solve(x, y), definite(3), matrix(2, 3, 2))
add("solve_ls_tall", lambda tf, x, y: tf.matrix_solve_ls(x, y), matrix(4, 2), matrix(4, 1), vague=False)
add("solve_ls_wide", lambda tf, x, y: tf.matrix_solve_ls(x, y, l2_regularizer=0.1), matrix(2, 4), matrix(2, 1), vague=False)
add("solve_ls_slow", lambda tf, x, y: tf.matrix_solve_ls(x, y, fast=False), matrix(4, 2), matrix(4, 1), gradient=False)
add("qr", lambda tf, x: [t * t for t in tf.qr(x)], matrix(4, 3), vague=False)
add("qr_wide", lambda tf, x: [t * t for t in tf.linalg.qr(x)], matrix(2, 3), vague=False)
add("qr_full", lambda tf, x: [t * t for t in tf.qr(x, full_matrices=True)], matrix(4, 3), gradient=False)
add("svd_values", lambda tf, x: tf.svd(x, compute_uv=False), matrix(2, 4, 3))
add("svd", lambda tf, x: [t * t for t in tf.svd(x)], matrix(3, 3), vague=False)
add("svd_tall", lambda tf, x: [t * t for t in tf.svd(x)], matrix(4, 2), vague=False)
add("svd_shapes", lambda tf, x: tf.abs(tf.svd(x, full_matrices=True)[1]), matrix(4, 3), gradient=False)
add("self_adjoint_eig", lambda tf, x: [t * t for t in tf.self_adjoint_eig(x)], definite(3))
add("self_adjoint_eigvals", lambda tf, x: tf.self_adjoint_eigvals(x), POSDEF)
add("sqrtm", lambda tf, x: tf.linalg.sqrtm(x), definite(3))
add("logm", lambda tf, x: tf.linalg.logm(tf.cast(x, tf.complex128)), definite(3), gradient=False)
add("trace", lambda tf, x: tf.trace(x), BATCH)
add("cross", lambda tf, x, y: tf.cross(x, y), matrix(2, 3), matrix(2, 3, seed=4))
add("matvec", lambda tf, x, y: tf.linalg.matvec(x, y), BATCH, matrix(2, 3))
add("adjoint", lambda tf, x: tf.linalg.adjoint(x), COMPLEX, gradient=False)
for _ord, _axis in (("euclidean", None), (1, 1), (np.inf, 0), (3, 1), ("fro", (0, 1)), (1, (0, 1)), (np.inf, (-2, -1))):
    add(f"norm_{_ord}_{_axis}", lambda tf, x, o=_ord, a=_axis: tf.norm(x, o, a), matrix(3, 4), vague=False)
add("norm_keepdims", lambda tf, x: tf.linalg.norm(x, axis=1, keepdims=True), matrix(3, 4))
EQUATIONS = {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "bij,bjk->bik": ((2, 2, 3), (2, 3, 4)),
    "ij,jk": ((2, 3), (3, 4)),
    "i,i->": ((3,), (3,)),
    "ij->ji": ((2, 3),),
    "ij->j": ((2, 3),),
    "abc->ca": ((2, 3, 4),),
    "ii->i": ((3, 3),),
    "i,j->ij": ((2,), (3,)),
    "...ij,...jk->...ik": ((2, 2, 3), (3, 4)),
    "b...,b->b...": ((2, 3, 4), (2,)),
    "ab,bc,cd->ad": ((2, 3), (3, 4), (4, 2)),
    "abc,cd->ad": ((2, 3, 4), (4, 2)),
}
for _equation, _shapes in EQUATIONS.items():
    _arrays = [matrix(*s, seed=i) for i, s in enumerate(_shapes)]
    add(f"einsum {_equation}", lambda tf, *x, e=_equation: tf.einsum(e, *x), *_arrays, vague=len(_shapes) < 3)


@programs
def einsum_errors(tf):
    x = tf.placeholder(tf.float32, [2, 3])
    wrong = ["ij,jk->ik", "i->i", "ij->ijj", "ij->k", "i1->i", "ij->ii"]
    return {e: error(tf, lambda e=e: tf.einsum(e, x)) for e in wrong}


@programs
def errors_of_shapes(tf):
    x, v = tf.placeholder(tf.float32, [2, 3]), tf.placeholder(tf.float32, [3])
    calls = {
        "inverse": lambda: tf.matrix_inverse(x),
        "vector": lambda: tf.matrix_determinant(v),
        "cholesky": lambda: tf.cholesky(x),
        "solve": lambda: tf.matrix_solve(tf.zeros([3, 3]), tf.zeros([2, 1])),
        "cross": lambda: tf.cross(tf.zeros([2, 4]), tf.zeros([2, 4])),
        "cross_scalar": lambda: tf.cross(1.0, 2.0),
        "norm": lambda: tf.norm(x, "nuc"),
        "norm_axis": lambda: tf.norm(x, axis=(0, 0)),
        "norm_negative": lambda: tf.norm(x, -1),
        "integers": lambda: tf.matrix_inverse(tf.ones([2, 2], tf.int32)),
    }
    return {k: error(tf, c) for k, c in calls.items()}


@programs
def errors_of_runs(tf):
    x = tf.placeholder(tf.float64, [None, None])
    singular, square = np.zeros((2, 2)), np.ones((2, 3))
    with tf.Session() as sess:
        facts = {}
        for name, text in (("matrix_inverse", "Input is not invertible."),):
            facts[name] = error(tf, lambda n=name: sess.run(getattr(tf, n)(x), {x: singular}), text)
            facts[name + " shape"] = error(tf, lambda n=name: sess.run(getattr(tf, n)(x), {x: square}))
        solve = lambda f: sess.run(f(x, tf.ones([2, 1], tf.float64)), {x: singular})  # noqa: E731
        facts["solve"] = error(tf, lambda: solve(tf.matrix_solve), "Input matrix is not invertible.")
        facts["values"] = [solve(tf.matrix_triangular_solve), sess.run(tf.cholesky(x), {x: singular})]
    return facts


@programs
def matrices_without_elements(tf):
    x = tf.zeros([0, 3, 3])
    outs = [tf.matrix_inverse(x), tf.matrix_determinant(x), tf.cholesky(x), tf.trace(x)]
    with tf.Session() as sess:
        return {"static": static(*outs), "values": sess.run(outs), "graph": describe_graph(tf)}
