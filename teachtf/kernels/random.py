"""Kernels of the random ops: one generator a node and session, which goes on from run to run."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, State, kernel, stateful_kernel
from teachtf.ops import random_distributions, stateless_random

assert random_distributions, stateless_random  # the declarations


def generator_of(op: Any, state: State) -> Any:
    """The node's generator, made at its first run."""
    found = state.resources.get(op.name)
    if found is None:
        from teachtf.kernels.cpu.philox import Generator

        found = state.resources.setdefault(op.name, Generator(op._attrs["seed"], op._attrs["seed2"]))
    return found


def dims_of(shape: Any) -> tuple[int, ...]:
    if np.any(shape < 0):
        raise errors.InvalidArgumentError(None, None, f"Dimension {shape.min()} must be >= 0")
    return tuple(int(d) for d in shape)


def check_interval(low: Any, high: Any) -> None:
    if low >= high:
        raise errors.InvalidArgumentError(None, None, f"Need minval < maxval, got {low} >= {high}")


METHODS = {"RandomUniform": "uniform", "RandomStandardNormal": "normal", "TruncatedNormal": "truncated_normal"}


@stateful_kernel(*METHODS)
def _random(op: Any, state: State) -> Call:
    method = METHODS[op.type]
    dtype = np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape: getattr(generator_of(op, state), method)(dims_of(shape), dtype)


@stateful_kernel("RandomUniformInt")
def _random_int(op: Any, state: State) -> Call:
    def call(shape: Any, low: Any, high: Any) -> Any:
        check_interval(low, high)
        return generator_of(op, state).uniform_int(dims_of(shape), low, high)

    return call


@stateful_kernel("RandomShuffle")
def _shuffle(op: Any, state: State) -> Call:
    return lambda value: generator_of(op, state).shuffle(value)


@stateful_kernel("Multinomial")
def _multinomial(op: Any, state: State) -> Call:
    dtype = np.dtype(op._attrs["output_dtype"].as_numpy_dtype)
    return lambda logits, number: generator_of(op, state).multinomial(logits, int(number), dtype)


@stateful_kernel("RandomGamma")
def _gamma(op: Any, state: State) -> Call:
    return lambda shape, alpha: generator_of(op, state).gamma(dims_of(shape), alpha)


@stateful_kernel("RandomPoissonV2")
def _poisson(op: Any, state: State) -> Call:
    dtype = np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape, rate: generator_of(op, state).poisson(dims_of(shape), rate, dtype)


@kernel("StatelessRandomGetKeyCounter")
def _key_counter(op: Any) -> Call:
    def call(seed: Any) -> Any:
        from teachtf.kernels.cpu.philox import scrambled

        if np.shape(seed) != (2,):
            raise errors.InvalidArgumentError(None, None, f"seed must have shape [2], not {list(np.shape(seed))}")
        key, high = scrambled(seed)
        return np.array([key], np.uint64), np.array([0, high], np.uint64)

    return call


def at_counter(key: Any, counter: Any) -> Any:
    from teachtf.kernels.cpu.philox import Generator

    return Generator.at(int(key[0]), int(counter[1]), int(counter[0]))


STATELESS = {
    "StatelessRandomUniformV2": "uniform",
    "StatelessRandomNormalV2": "normal",
    "StatelessTruncatedNormalV2": "truncated_normal",
}


@kernel(*STATELESS)
def _stateless(op: Any) -> Call:
    method, dtype = STATELESS[op.type], np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape, key, counter, alg: getattr(at_counter(key, counter), method)(dims_of(shape), dtype)


@kernel("StatelessRandomUniformIntV2")
def _stateless_int(op: Any) -> Call:
    def call(shape: Any, key: Any, counter: Any, alg: Any, low: Any, high: Any) -> Any:
        check_interval(low, high)
        return at_counter(key, counter).uniform_int(dims_of(shape), low, high)

    return call


@kernel("StatelessMultinomial")
def _stateless_multinomial(op: Any) -> Call:
    dtype = np.dtype(op._attrs["output_dtype"].as_numpy_dtype)

    def call(logits: Any, number: Any, seed: Any) -> Any:
        from teachtf.kernels.cpu.philox import Generator, scrambled

        key, high = scrambled(seed)
        return Generator.at(key, high, 0).multinomial(logits, int(number), dtype)

    return call


@kernel("RandomGammaGrad")
def _gamma_grad(op: Any) -> Call:
    from teachtf.kernels.incomplete import gamma_sample_slope

    target = np.dtype(op.outputs[0].dtype.as_numpy_dtype)
    return lambda alpha, sample: np.asarray(gamma_sample_slope(alpha, sample)).astype(target)
