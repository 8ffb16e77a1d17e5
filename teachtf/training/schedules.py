"""Learning rates that change as training goes on. Source: `tf.train.exponential_decay` and its kin."""

from __future__ import annotations

import math
from typing import Any

from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m
from teachtf.ops.case import case
from teachtf.ops.cond import cond
from teachtf.ops.random import random_normal


def exponential_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False, name: str | None = None
) -> Tensor:
    """`learning_rate * decay_rate ** (global_step / decay_steps)`, in whole steps with `staircase`.

    Source: `tf.train.exponential_decay`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.train.exponential_decay(1.0, 20, 10, 0.5)))
    0.25
    """
    with name_scope(name, "ExponentialDecay", [learning_rate, global_step, decay_steps, decay_rate]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, base = m.cast(decay_steps, rate.dtype), m.cast(decay_rate, rate.dtype)
        power = m.cast(global_step, rate.dtype) / steps
        return m.multiply(rate, m.pow(base, m.floor(power) if staircase else power), name=scope)


def natural_exp_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False, name: str | None = None
) -> Tensor:
    """`learning_rate * exp(-decay_rate * global_step / decay_steps)`. Source: `tf.train.natural_exp_decay`."""
    natural = m.exp(m.negative(decay_rate))
    return exponential_decay(learning_rate, global_step, decay_steps, natural, staircase, name)


def inverse_time_decay(
    learning_rate: Any, global_step: Any, decay_steps: Any, decay_rate: Any, staircase: bool = False, name: str | None = None
) -> Tensor:
    """`learning_rate / (1 + decay_rate * global_step / decay_steps)`. Source: `tf.train.inverse_time_decay`."""
    with name_scope(name, "InverseTimeDecay", [learning_rate, global_step, decay_rate]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, factor = m.cast(decay_steps, rate.dtype), m.cast(decay_rate, rate.dtype)
        ratio = m.cast(global_step, rate.dtype) / steps
        if staircase:
            ratio = m.floor(ratio)
        one = m.cast(constant(1), rate.dtype)
        return m.divide(rate, m.add(one, m.multiply(factor, ratio)), name=scope)


def polynomial_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    end_learning_rate: Any = 0.0001,
    power: Any = 1.0,
    cycle: bool = False,
    name: str | None = None,
) -> Tensor:
    """From `learning_rate` to `end_learning_rate` in `decay_steps`, along a power. Source: `tf.train.polynomial_decay`."""
    with name_scope(name, "PolynomialDecay", [learning_rate, global_step, decay_steps, end_learning_rate, power]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        end, exponent = m.cast(end_learning_rate, rate.dtype), m.cast(power, rate.dtype)
        step, steps = m.cast(global_step, rate.dtype), m.cast(decay_steps, rate.dtype)
        if cycle:
            turns = m.where(m.equal(step, 0), convert_to_tensor(1.0, rate.dtype), m.ceil(step / steps))
            steps = m.multiply(steps, turns)
        else:
            step = m.minimum(step, steps)
        share = m.divide(step, steps)
        return m.add(m.multiply(rate - end, m.pow(1 - share, exponent)), end, name=scope)


def cosine_decay(learning_rate: Any, global_step: Any, decay_steps: Any, alpha: Any = 0.0, name: str | None = None) -> Tensor:
    """Half a cosine from `learning_rate` to `alpha` times it. Source: `tf.train.cosine_decay`."""
    with name_scope(name, "CosineDecay", [learning_rate, global_step]):
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps = m.cast(decay_steps, rate.dtype)
        done = m.minimum(m.cast(global_step, rate.dtype), steps) / steps
        wave = 0.5 * (1.0 + m.cos(constant(math.pi) * done))
        return m.multiply(rate, (1 - alpha) * wave + alpha)


def cosine_decay_restarts(
    learning_rate: Any,
    global_step: Any,
    first_decay_steps: Any,
    t_mul: Any = 2.0,
    m_mul: Any = 1.0,
    alpha: Any = 0.0,
    name: str | None = None,
) -> Tensor:
    """Half cosines one after the other: each `t_mul` times as long, and from `m_mul` times as high, as the one before.

    Source: `tf.train.cosine_decay_restarts`; Loshchilov and Hutter, 2016.
    """
    with name_scope(name, "SGDRDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, low = m.cast(first_decay_steps, rate.dtype), m.cast(alpha, rate.dtype)
        longer, lower = m.cast(t_mul, rate.dtype), m.cast(m_mul, rate.dtype)
        done = m.cast(global_step, rate.dtype) / steps

        def of_equal_length() -> Any:
            number = m.floor(done)
            return number, done - number

        def of_growing_length() -> Any:
            number = m.floor(m.log(1.0 - done * (1.0 - longer)) / m.log(longer))
            before = (1.0 - longer**number) / (1.0 - longer)
            return number, (done - before) / longer**number

        number, here = cond(m.equal(longer, 1.0), of_equal_length, of_growing_length)
        height = lower**number
        wave = 0.5 * height * (1.0 + m.cos(constant(math.pi) * here))
        return m.multiply(rate, (1 - low) * wave + low, name=scope)


def linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """A falling line times `num_periods` cosine waves: `(alpha + line) * wave + beta`, of `learning_rate`.

    Source: `tf.train.linear_cosine_decay`; Bello et al., 2017.
    """
    with name_scope(name, "LinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, periods, low, least = (m.cast(v, rate.dtype) for v in (decay_steps, num_periods, alpha, beta))
        step = m.minimum(m.cast(global_step, rate.dtype), steps)
        line = (steps - step) / steps
        wave = _waves(step, steps, periods)
        return m.multiply(rate, (low + line) * wave + least, name=scope)


def _waves(step: Tensor, steps: Tensor, periods: Tensor) -> Tensor:
    """Cosine waves between 0 and 1."""
    done = step / steps
    phase = 2.0 * periods * done
    return 0.5 * (1.0 + m.cos(constant(math.pi) * phase))


def noisy_linear_cosine_decay(
    learning_rate: Any,
    global_step: Any,
    decay_steps: Any,
    initial_variance: Any = 1.0,
    variance_decay: Any = 0.55,
    num_periods: Any = 0.5,
    alpha: Any = 0.0,
    beta: Any = 0.001,
    name: str | None = None,
) -> Tensor:
    """As `tf.train.linear_cosine_decay`, with noise on the line of variance `initial_variance / (1 + step) ** variance_decay`.

    Source: `tf.train.noisy_linear_cosine_decay`; Bello et al., 2017.
    """
    with name_scope(name, "NoisyLinearCosineDecay", [learning_rate, global_step]) as scope:
        rate = convert_to_tensor(learning_rate, name="initial_learning_rate")
        steps, variance, fall = (m.cast(v, rate.dtype) for v in (decay_steps, initial_variance, variance_decay))
        periods, low, least = (m.cast(v, rate.dtype) for v in (num_periods, alpha, beta))
        step = m.minimum(m.cast(global_step, rate.dtype), steps)
        line = (steps - step) / steps
        deviation = m.sqrt(variance / m.pow(1.0 + step, fall))
        noisy = line + random_normal(line.shape, stddev=deviation)
        wave = _waves(step, steps, periods)
        return m.multiply(rate, (low + noisy) * wave + least, name=scope)


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """`values[i]` while `x` is at most `boundaries[i]`, and the last after that. Source: `tf.train.piecewise_constant`.

    Raises:
      ValueError: there is not one value more than boundaries.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    ends = [convert_to_tensor(b) for b in boundaries]
    rates = [convert_to_tensor(v) for v in values]
    with name_scope(name, "PiecewiseConstant", [x, boundaries, values]):
        step = convert_to_tensor(x)
        ends = [b if b.dtype == step.dtype.base_dtype else m.cast(b, step.dtype.base_dtype) for b in ends]
        pairs: list[Any] = [(step <= ends[0], lambda: rates[0]), (step > ends[-1], lambda: rates[-1])]
        for low, high, rate in zip(ends[:-1], ends[1:], rates[1:-1], strict=True):
            pairs.append(((step > low) & (step <= high), lambda rate=rate: rate))
        return case(pairs, lambda: rates[0], exclusive=True)
