"""Learning rates that change as training goes on. Source: `tf.train.exponential_decay` and its kin."""

from __future__ import annotations

import math
from typing import Any

from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic as m


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


def piecewise_constant(x: Any, boundaries: Any, values: Any, name: str | None = None) -> Tensor:
    """`values[i]` while `x` is at most `boundaries[i]`, and the last after that. Source: `tf.train.piecewise_constant`.

    Raises:
      ValueError: there is not one value more than boundaries.
    """
    if len(boundaries) != len(values) - 1:
        raise ValueError("The length of boundaries should be 1 less than the length of values")
    with name_scope(name, "PiecewiseConstant", [x, boundaries, values]):
        step = convert_to_tensor(x)
        result = convert_to_tensor(values[-1])
        for boundary, value in zip(reversed(boundaries), reversed(values[:-1]), strict=True):
            here = m.less_equal(step, m.cast(convert_to_tensor(boundary), step.dtype.base_dtype))
            result = m.where(here, convert_to_tensor(value, result.dtype), result)
        return result
