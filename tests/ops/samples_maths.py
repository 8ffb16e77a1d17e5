"""Samples of random numbers, special functions, linear algebra and strings: rows as in `conftest.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

import teachtf as tf

_KEY, _COUNTER = np.array([7], np.uint64), np.array([0, 9], np.uint64)
_THREE, _ALG = np.array([3], np.int32), np.array(3, np.int32)
_STATELESS = _THREE, _KEY, _COUNTER, _ALG

_R = np.random.RandomState(5)


def _f(*shape: int) -> np.ndarray:
    return _R.uniform(0.1, 0.9, shape)


_SQUARE = _f(2, 2, 2) + 2 * np.eye(2)
_LOWER = np.array([[1.0, 0.4], [0.4, 2.0]])
_BYTES = np.array([5, 3], np.int32)

_WORDS = np.array([b"YWI", b"12"], object)

ROWS: list[tuple[Any, ...]] = [
    ("Angle", _f(3) + 1j * _f(3), {"Tout": tf.float64}),
    ("AsString", np.array([1, 2])),
    ("DecodeBase64", _WORDS[:1]),
    ("DecodeRaw", _WORDS[1:], {"out_type": tf.uint8}),
    ("EncodeBase64", _WORDS),
    ("ReduceJoin", _WORDS, np.array([0], np.int32)),
    ("StaticRegexReplace", _WORDS, {"pattern": "1", "rewrite": "x"}),
    *((op_type, _WORDS) for op_type in ("StringLength", "StringLower", "StringStrip", "StringUpper")),
    ("StringSplit", _WORDS, np.array(b"W", object)),
    ("StringToNumber", _WORDS[1:]),
    ("Substr", _WORDS, np.array(0, np.int32), np.array(1, np.int32)),
    *((f"Bessel{order}", _f(3)) for order in ("I0", "I1", "I0e", "I1e")),
    ("Betainc", _f(3), _f(3), _f(3)),
    ("Bitcast", np.array([1.0, 2.0]), {"type": tf.int64}),
    *((op_type, _BYTES, _BYTES) for op_type in ("BitwiseAnd", "BitwiseOr", "BitwiseXor", "LeftShift", "RightShift")),
    ("Cholesky", _LOWER),
    ("Cross", _f(2, 3), _f(2, 3)),
    ("Einsum", [_f(2, 3), _f(3, 2)], {"equation": "ij,jk->ik"}),
    ("Erfinv", _f(3)),
    ("Igamma", _f(3), _f(3)),
    ("IgammaGradA", _f(3), _f(3)),
    ("Igammac", _f(3), _f(3)),
    ("Invert", _BYTES),
    ("LogMatrixDeterminant", _SQUARE),
    ("MatrixDeterminant", _SQUARE),
    ("MatrixInverse", _SQUARE),
    ("MatrixLogarithm", _LOWER.astype(np.complex128)),
    ("MatrixSolve", _SQUARE, _f(2, 2, 1)),
    ("MatrixSquareRoot", _LOWER),
    ("MatrixTriangularSolve", _SQUARE, _f(2, 2, 1)),
    ("Ndtri", _f(3)),
    ("NextAfter", _f(3), _f(3)),
    ("PopulationCount", _BYTES),
    ("Qr", _f(3, 2)),
    ("SelfAdjointEigV2", _LOWER),
    ("Svd", _f(3, 2)),
    *((op_type, _f(3), _f(3)) for op_type in ("Xlogy", "Xlog1py", "Xdivy")),
    ("RandomGamma", _THREE, np.array([0.5, 2.0]), {"seed": 1}),
    ("RandomGammaGrad", np.array([0.5, 2.0]), np.array([0.3, 1.5])),
    ("RandomPoissonV2", _THREE, np.array([0.5, 20.0]), {"seed": 1}),
    ("StatelessMultinomial", np.array([[0.1, 0.7]]), np.array(4, np.int32), np.array([1, 2])),
    ("StatelessRandomGetKeyCounter", np.array([1, 2])),
    ("StatelessRandomNormalV2", *_STATELESS),
    ("StatelessRandomUniformIntV2", *_STATELESS, np.array(0, np.int32), np.array(9, np.int32)),
    ("StatelessRandomUniformV2", *_STATELESS),
    ("StatelessTruncatedNormalV2", *_STATELESS),
]
