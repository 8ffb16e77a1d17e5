"""Random tensors, seeded as TensorFlow seeds them."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.seeds import get_seed
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import add, multiply


def _asked_shape(op: Any) -> list[TensorShape]:
    return [static.constant_value_as_shape(op._inputs[0])]


_SEEDS = "seed: int = 0, seed2: int = 0"
for _name in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal"):
    declare(
        _name,
        inputs="shape: T",
        outputs="output: dtype",
        attrs=f"{_SEEDS}, dtype: {{half, bfloat16, float, double}}, T: {{int32, int64}}",
        shape=_asked_shape,
        stateful=True,
        gradient=NOT_DIFFERENTIABLE,
    )
declare(
    "RandomUniformInt",
    inputs="shape: T, minval: Tout, maxval: Tout",
    outputs="output: Tout",
    attrs=f"{_SEEDS}, Tout: {{int32, int64}}, T: {{int32, int64}}",
    shape=_asked_shape,
    stateful=True,
)
declare(
    "RandomShuffle",
    inputs="value: T",
    outputs="output: T",
    attrs=f"{_SEEDS}, T: type",
    shape=shapes.unchanged,
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "Multinomial",
    inputs="logits: T, num_samples: int32",
    outputs="output: output_dtype",
    attrs=f"{_SEEDS}, T: realnumbertype, output_dtype: {{int32, int64}} = DT_INT64",
    shape=lambda op: [shapes.shape_of([shapes.require_rank(op._inputs[0], 2)[0], static.static_scalar(op._inputs[1])])],
    stateful=True,
    gradient=NOT_DIFFERENTIABLE,
)


def shape_tensor(shape: Any) -> Tensor:
    """A shape as an integer vector, the empty one as int32."""
    wanted = dtypes.int32 if isinstance(shape, (list, tuple)) and not shape else None
    return convert_to_tensor(shape, wanted, name="shape")


def seeds_of(seed: int | None) -> dict[str, Any]:
    """The two seed attributes of a random op."""
    first, second = get_seed(seed)
    return {"seed": first or 0, "seed2": second or 0}


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers from a normal distribution.

    Args:
      shape: the shape, as a list or a 1-D integer tensor.
      mean: the centre; `stddev`: the spread.
      stddev: the standard deviation.
      dtype: a floating type.
      seed: makes the numbers repeatable; see `tf.set_random_seed`.
      name: the operation's name.

    Source: `tf.random_normal`.
    """
    return _normal("random_normal", "RandomStandardNormal", shape, mean, stddev, dtype, seed, name)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers from a normal distribution, none further than two `stddev` from `mean`. Source: `tf.truncated_normal`."""
    return _normal("truncated_normal", "TruncatedNormal", shape, mean, stddev, dtype, seed, name)


def _normal(
    default: str, op_type: str, shape: Any, mean: Any, stddev: Any, dtype: Any, seed: int | None, name: str | None
) -> Tensor:
    with name_scope(name, default, [shape, mean, stddev]) as scope:
        dims = shape_tensor(shape)
        wanted = dtypes.as_dtype(dtype)
        mean = convert_to_tensor(mean, wanted, name="mean")
        stddev = convert_to_tensor(stddev, wanted, name="stddev")
        standard = apply_op(op_type, dims, dtype=wanted, **seeds_of(seed))
        result = add(multiply(standard, stddev, name="mul"), mean, name=scope)
        result.set_shape(static.constant_value_as_shape(dims))
        return result


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers evenly distributed over `minval` <= x < `maxval` (1 by default; integers need it). Source: `tf.random_uniform`.

    Raises:
      ValueError: `dtype` is not a supported type, or an integer type without `maxval`.
    """
    wanted = dtypes.as_dtype(dtype)
    if wanted not in (dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64):
        raise ValueError(f"Argument `dtype` got invalid value {wanted!r}: random_uniform makes floats, int32 and int64.")
    if maxval is None:
        if wanted.is_integer:
            raise ValueError(f"Must specify maxval for integer dtype {wanted!r}")
        maxval = 1
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        dims = shape_tensor(shape)
        from_zero = isinstance(minval, int) and minval == 0
        unit = wanted.is_floating and from_zero and isinstance(maxval, int) and maxval == 1
        if not unit:
            minval = convert_to_tensor(minval, wanted, name="min")
            maxval = convert_to_tensor(maxval, wanted, name="max")
        seeds = seeds_of(seed)
        if wanted.is_integer:
            return apply_op("RandomUniformInt", dims, minval, maxval, **seeds, name=scope)
        if unit:
            return apply_op("RandomUniform", dims, dtype=wanted, **seeds)
        standard = apply_op("RandomUniform", dims, dtype=wanted, **seeds)
        if from_zero:
            return multiply(standard, maxval)
        return add(standard * (maxval - minval), minval, name=scope)


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """`value` with its rows in a random order. Source: `tf.random_shuffle`."""
    return apply_op("RandomShuffle", value, **seeds_of(seed), name=name)


def multinomial(
    logits: Any, num_samples: Any, seed: int | None = None, name: str | None = None, output_dtype: Any = None
) -> Tensor:
    """Class indices drawn by unnormalised log-probabilities: [batch, classes] to [batch, samples]. Source: `tf.multinomial`."""
    with name_scope(name, "multinomial", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        return apply_op("Multinomial", logits, num_samples, **seeds_of(seed), output_dtype=output_dtype)


def categorical(logits: Any, num_samples: Any, dtype: Any = None, seed: int | None = None, name: str | None = None) -> Tensor:
    """As `tf.multinomial`, under the name of later versions. Source: `tf.random.categorical`."""
    with name_scope(name, "categorical", [logits]):
        logits = convert_to_tensor(logits, name="logits")
        wanted = None if dtype is None else dtypes.as_dtype(dtype)
        return apply_op("Multinomial", logits, num_samples, **seeds_of(seed), output_dtype=wanted)
