"""Optimizers' steps in one pass over memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from teachtf.kernels.cpu.threads import parallel_for
from teachtf.kernels.jit import jit

_GRAIN = 1 << 16  # elements a thread takes at least


@jit
def _adam_range(first, last, w, m, v, g, new_w, new_m, new_v, rate, keep1, keep2, epsilon):  # type: ignore[no-untyped-def]
    for i in range(first, last):
        a = m[i] + (g[i] - m[i]) * keep1
        b = v[i] + (g[i] * g[i] - v[i]) * keep2
        new_m[i] = a
        new_v[i] = b
        new_w[i] = w[i] - rate * a / (math.sqrt(b) + epsilon)


def adam(w: Any, m: Any, v: Any, g: Any, rate: Any, beta1: Any, beta2: Any, epsilon: Any) -> tuple[Any, Any, Any]:
    """The new weights and moments after one Adam step; arrays of one shape and dtype, float32 or float64."""
    kind = w.dtype.type
    flat = [np.ascontiguousarray(x).reshape(-1) for x in (w, m, v, g)]
    new = [np.empty(w.size, w.dtype) for _ in range(3)]
    scalars = [kind(rate), kind(1) - kind(beta1), kind(1) - kind(beta2), kind(epsilon)]
    parallel_for(lambda first, last: _adam_range(first, last, *flat, *new, *scalars), w.size, _GRAIN)
    shaped = [x.reshape(w.shape) for x in new]
    return shaped[0], shaped[1], shaped[2]
