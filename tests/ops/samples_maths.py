"""Samples of random numbers, special functions, linear algebra and strings: rows as in `conftest.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

_KEY, _COUNTER = np.array([7], np.uint64), np.array([0, 9], np.uint64)
_THREE, _ALG = np.array([3], np.int32), np.array(3, np.int32)
_STATELESS = _THREE, _KEY, _COUNTER, _ALG

ROWS: list[tuple[Any, ...]] = [
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
