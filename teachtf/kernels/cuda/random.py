"""The random ops: the CPU's numbers from the CPU's generators, which go on from wherever the last run was."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels import random as cpu
from teachtf.kernels import registry
from teachtf.kernels.cpu.philox import Generator, scrambled
from teachtf.kernels.cuda.arrays import to_host
from teachtf.kernels.cuda.philox import random_classes, random_numbers
from teachtf.kernels.cuda.registry import gpu_kernel, stateful_gpu_kernel
from teachtf.kernels.registry import Call, State


@stateful_gpu_kernel(*cpu.METHODS, host=[0])
def _random(op: Any, state: State) -> Call:
    method, dtype = cpu.METHODS[op.type], np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape: random_numbers(method, cpu.generator_of(op, state), cpu.dims_of(shape), dtype)


@stateful_gpu_kernel("RandomUniformInt", host=[0, 1, 2])
def _random_int(op: Any, state: State) -> Call:
    dtype = np.dtype(op._attrs["Tout"].as_numpy_dtype)

    def call(shape: Any, low: Any, high: Any) -> Any:
        cpu.check_interval(low, high)
        generator = cpu.generator_of(op, state)
        return random_numbers("uniform_int", generator, cpu.dims_of(shape), dtype, int(low), int(high) - int(low))

    return call


@stateful_gpu_kernel("Multinomial", host=[1])
def _multinomial(op: Any, state: State) -> Call:
    dtype = np.dtype(op._attrs["output_dtype"].as_numpy_dtype)
    return lambda logits, number: random_classes(cpu.generator_of(op, state), logits, int(number), dtype)


@gpu_kernel("StatelessRandomGetKeyCounter", anywhere=True)
def _key_counter(op: Any) -> Call:
    """A few numbers, which the host looks at: they stay with it."""
    call = registry.build(op, State())
    return lambda seed: call(to_host(seed))


@gpu_kernel(*cpu.STATELESS, host=[0, 1, 2, 3])
def _stateless(op: Any) -> Call:
    method, dtype = cpu.STATELESS[op.type], np.dtype(op._attrs["dtype"].as_numpy_dtype)
    return lambda shape, key, counter, alg: random_numbers(method, cpu.at_counter(key, counter), cpu.dims_of(shape), dtype)


@gpu_kernel("StatelessRandomUniformIntV2", host=[0, 1, 2, 3, 4, 5])
def _stateless_int(op: Any) -> Call:
    dtype = np.dtype(op._attrs["dtype"].as_numpy_dtype)

    def call(shape: Any, key: Any, counter: Any, alg: Any, low: Any, high: Any) -> Any:
        cpu.check_interval(low, high)
        generator = cpu.at_counter(key, counter)
        return random_numbers("uniform_int", generator, cpu.dims_of(shape), dtype, int(low), int(high) - int(low))

    return call


@gpu_kernel("StatelessMultinomial", host=[1, 2])
def _stateless_multinomial(op: Any) -> Call:
    dtype = np.dtype(op._attrs["output_dtype"].as_numpy_dtype)

    def call(logits: Any, number: Any, seed: Any) -> Any:
        key, high = scrambled(seed)
        return random_classes(Generator.at(key, high, 0), logits, int(number), dtype)

    return call
