"""Kernels of the random ops: one generator a node and session, which goes on from run to run."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, State, stateful_kernel


def _generator(op: Any, state: State) -> Any:
    """The node's generator, made at its first run."""
    found = state.resources.get(op.name)
    if found is None:
        from teachtf.kernels.cpu.philox import Generator

        found = state.resources.setdefault(op.name, Generator(op._attrs["seed"], op._attrs["seed2"]))
    return found


def _dims(shape: Any) -> tuple[int, ...]:
    if np.any(shape < 0):
        raise errors.InvalidArgumentError(None, None, f"Dimension {shape.min()} must be >= 0")
    return tuple(int(d) for d in shape)


_METHODS = {"RandomUniform": "uniform", "RandomStandardNormal": "normal", "TruncatedNormal": "truncated_normal"}


@stateful_kernel(*_METHODS)
def _random(op: Any, state: State) -> Call:
    method = _METHODS[op.type]
    dtype = np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape: getattr(_generator(op, state), method)(_dims(shape), dtype)


@stateful_kernel("RandomUniformInt")
def _random_int(op: Any, state: State) -> Call:
    def call(shape: Any, low: Any, high: Any) -> Any:
        if low >= high:
            raise errors.InvalidArgumentError(None, None, f"Need minval < maxval, got {low} >= {high}")
        return _generator(op, state).uniform_int(_dims(shape), low, high)

    return call


@stateful_kernel("RandomShuffle")
def _shuffle(op: Any, state: State) -> Call:
    return lambda value: _generator(op, state).shuffle(value)


@stateful_kernel("Multinomial")
def _multinomial(op: Any, state: State) -> Call:
    dtype = np.dtype(op._attrs["output_dtype"].as_numpy_dtype)
    return lambda logits, number: _generator(op, state).multinomial(logits, int(number), dtype)
