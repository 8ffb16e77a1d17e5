"""Random numbers of distributions with parameters, and random parts of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import colocate_with, control_dependencies, name_scope
from teachtf.core.op_def import NO_GRADIENT, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import maximum
from teachtf.ops.arrays import identity, reshape, shape
from teachtf.ops.broadcasting import broadcast_dynamic_shape
from teachtf.ops.elementwise import after
from teachtf.ops.fills import broadcast_to, ones
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import concat
from teachtf.ops.random import random_uniform, seeds_of
from teachtf.ops.reductions import reduce_all, reduce_sum
from teachtf.ops.slicing import slice_


def _samples_shape(op: Any) -> list[TensorShape]:
    return [static.constant_value_as_shape(op._inputs[0]).concatenate(op._inputs[1]._shape)]


def _gamma_gradient(op: Any, grad: Any) -> list[Any]:
    """By implicit differentiation. Source: Figurnov et al., "Implicit reparameterization gradients" (2018)."""
    dims, alpha = op.inputs
    with after(grad):
        count = shape(dims)[0]
        wide = reshape(alpha, concat([ones([count], dtypes.int32), shape(alpha)], 0))
        slope = apply_op("RandomGammaGrad", wide, op.outputs[0])
        return [None, reduce_sum(grad * slope, axis=range_(count))]


declare(
    "RandomGamma",
    inputs="shape: S, alpha: T",
    outputs="output: T",
    attrs="seed: int = 0, seed2: int = 0, S: {int32, int64}, T: {half, float, double}",
    shape=_samples_shape,
    stateful=True,
    gradient=_gamma_gradient,
)
declare(
    "RandomGammaGrad",
    inputs="alpha: T, sample: T",
    outputs="output: T",
    attrs="T: {float, double}",
    shape=shapes.broadcast,
    gradient=NO_GRADIENT,
)
_RATES = "{half, float, double, int32, int64}"
declare(
    "RandomPoissonV2",
    inputs="shape: S, rate: R",
    outputs="output: dtype",
    attrs=f"seed: int = 0, seed2: int = 0, S: {{int32, int64}}, R: {_RATES} = DT_DOUBLE, dtype: {_RATES} = DT_INT64",
    shape=_samples_shape,
    stateful=True,
    gradient=NO_GRADIENT,
)


def random_gamma(
    shape: Any, alpha: Any, beta: Any = None, dtype: Any = dtypes.float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Numbers from gamma distributions.

    Args:
      shape: how many numbers of each distribution, as a 1-D integer tensor or list.
      alpha: the shape parameters, of type `dtype`.
      beta: the inverse scales, 1 by default; broadcast with `alpha`.
      dtype: float16, float32 or float64.
      seed: makes the numbers repeatable.
      name: the operations' name scope.

    Returns:
      A tensor of `shape` followed by the shape of `alpha + beta`; differentiable in both.

    Source: `tf.random_gamma`.
    """
    from teachtf.ops.arrays import shape as shape_of

    with name_scope(name, "random_gamma", [shape, alpha, beta]):
        dims = convert_to_tensor(shape, dtypes.int32, name="shape")
        alpha = convert_to_tensor(alpha, dtypes.as_dtype(dtype), name="alpha")
        beta = convert_to_tensor(1 if beta is None else beta, dtypes.as_dtype(dtype), name="beta")
        wide = broadcast_to(alpha, broadcast_dynamic_shape(shape_of(alpha), shape_of(beta)))
        smallest = np.finfo(alpha.dtype.as_numpy_dtype).tiny
        return maximum(smallest, apply_op("RandomGamma", dims, wide, **seeds_of(seed)) / beta)


def random_poisson(
    lam: Any, shape: Any, dtype: Any = dtypes.float32, seed: int | None = None, name: str | None = None
) -> Tensor:
    """Poisson counts, `shape` of each of the rates `lam`: [*shape, *lam.shape]. Source: `tf.random_poisson`."""
    with name_scope(name, "random_poisson", [lam, shape]):
        dims = convert_to_tensor(shape, dtypes.int32, name="shape")
        return apply_op("RandomPoissonV2", dims, lam, dtype=dtypes.as_dtype(dtype), **seeds_of(seed))


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A part of `value`, of shape `size`, from a random place.

    Args:
      value: a tensor.
      size: 1-D int32 tensor or list: the size along each axis; that of `value` keeps the axis whole.
      seed: makes the place repeatable.
      name: the operation's name.

    Raises:
      InvalidArgumentError: in a run, where `size` is larger than `value`.

    Source: `tf.random_crop`.
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        value = convert_to_tensor(value, name="value")
        size = convert_to_tensor(size, dtypes.int32, name="size")
        whole = shape(value)
        fits = reduce_all(whole >= size)
        message = "Need value.shape >= size, got "
        with name_scope(None, "Assert"):
            convert_to_tensor(message)
            check = apply_op("Assert", fits, [message, whole, size], summarize=1000, name="Assert")
        with name_scope(None, "control_dependency") as inner, colocate_with(whole), control_dependencies([check]):
            whole = identity(whole, name=inner)
        limit = whole - size + 1
        offset = random_uniform(shape(whole), dtype=size.dtype, maxval=size.dtype.max, seed=seed) % limit
        return slice_(value, offset, size, name=scope)
