"""Random numbers that follow from a seed tensor alone: the same seed gives the same numbers in every run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import add
from teachtf.ops.random import shape_tensor

_AUTO_SELECT = 3  # the number of the algorithm that leaves the choice to the device: Philox here


def _asked_shape(op: Any) -> list[TensorShape]:
    return [static.constant_value_as_shape(op._inputs[0])]


declare(
    "StatelessRandomGetKeyCounter",
    inputs="seed: Tseed",
    outputs="key: uint64, counter: uint64",
    attrs="Tseed: {int32, int64} = DT_INT64",
    shape=lambda op: [TensorShape([1]), TensorShape([2])],
    gradient=NOT_DIFFERENTIABLE,
)
for _name in ("StatelessRandomUniformV2", "StatelessRandomNormalV2", "StatelessTruncatedNormalV2"):
    declare(
        _name,
        inputs="shape: Tshape, key: uint64, counter: uint64, alg: int32",
        outputs="output: dtype",
        attrs="dtype: {half, bfloat16, float, double} = DT_FLOAT, Tshape: {int32, int64} = DT_INT32",
        shape=_asked_shape,
        gradient=NOT_DIFFERENTIABLE,
    )
declare(
    "StatelessRandomUniformIntV2",
    inputs="shape: Tshape, key: uint64, counter: uint64, alg: int32, minval: dtype, maxval: dtype",
    outputs="output: dtype",
    attrs="dtype: {int32, int64, uint32, uint64}, Tshape: {int32, int64} = DT_INT32",
    shape=_asked_shape,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "StatelessMultinomial",
    inputs="logits: T, num_samples: int32, seed: Tseed",
    outputs="output: output_dtype",
    attrs="T: realnumbertype, Tseed: {int32, int64} = DT_INT64, output_dtype: {int32, int64} = DT_INT64",
    shape=lambda op: [shapes.shape_of([shapes.require_rank(op._inputs[0], 2)[0], static.static_scalar(op._inputs[1])])],
    gradient=NOT_DIFFERENTIABLE,
)


def stateless_random_uniform(
    shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = dtypes.float32, name: str | None = None
) -> Tensor:
    """Numbers evenly distributed over `minval` <= x < `maxval`, by `seed`. Source: `tf.random.stateless_uniform`.

    Raises:
      ValueError: the type is not supported, or an integer type comes without `maxval`.
    """
    wanted = dtypes.as_dtype(dtype)
    floats = dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64
    if wanted not in (*floats, dtypes.int32, dtypes.int64):
        raise ValueError(f"Argument `dtype` got invalid value {wanted!r}: floats, int32 and int64 can be drawn.")
    if wanted.is_integer and (minval is None or maxval is None):
        raise ValueError(f"For integer `dtype` argument {wanted!r}, give both `minval` and `maxval`.")
    maxval = 1 if maxval is None else maxval
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        dims = shape_tensor(shape)
        low, high = convert_to_tensor(minval, wanted, name="min"), convert_to_tensor(maxval, wanted, name="max")
        key, counter = apply_op("StatelessRandomGetKeyCounter", seed)
        if wanted.is_integer:
            alg = convert_to_tensor(_AUTO_SELECT, dtypes.int32, name="alg")
            return apply_op("StatelessRandomUniformIntV2", dims, key, counter, alg, low, high, name=scope)
        standard = apply_op("StatelessRandomUniformV2", dims, key, counter, _AUTO_SELECT, dtype=wanted)
        return add(standard * (high - low), low, name=scope)


def _normal(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(
        shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = dtypes.float32, name: str | None = None
    ) -> Tensor:
        with name_scope(name, function_name, [shape, seed, mean, stddev]) as scope:
            dims, wanted = shape_tensor(shape), dtypes.as_dtype(dtype)
            mean = convert_to_tensor(mean, wanted, name="mean")
            stddev = convert_to_tensor(stddev, wanted, name="stddev")
            key, counter = apply_op("StatelessRandomGetKeyCounter", seed)
            standard = apply_op(op_type, dims, key, counter, _AUTO_SELECT, dtype=wanted)
            return add(standard * stddev, mean, name=scope)

    function.__name__ = function.__qualname__ = function_name
    source = function_name.replace("stateless_random_", "stateless_")
    function.__doc__ = f"{what}, by `seed` (two integers).\n\n    Source: `tf.random.{source}`."
    return function


stateless_random_normal = _normal("stateless_random_normal", "StatelessRandomNormalV2", "Normal numbers")
stateless_truncated_normal = _normal(
    "stateless_truncated_normal", "StatelessTruncatedNormalV2", "Normal numbers no further than two `stddev` from `mean`"
)


def stateless_multinomial(
    logits: Any, num_samples: Any, seed: Any, output_dtype: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """Class indices drawn by unnormalised log-probabilities, by `seed`. Source: `tf.random.stateless_multinomial`."""
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return apply_op("StatelessMultinomial", logits, num_samples, seed, output_dtype=dtypes.as_dtype(output_dtype))


def stateless_categorical(
    logits: Any, num_samples: Any, seed: Any, dtype: Any = dtypes.int64, name: str | None = None
) -> Tensor:
    """Class indices drawn by unnormalised log-probabilities, by `seed`. Source: `tf.random.stateless_categorical`."""
    with name_scope(name, "stateless_categorical", [logits, seed]):
        logits = convert_to_tensor(logits, name="logits")
        return apply_op("StatelessMultinomial", logits, num_samples, seed, output_dtype=dtypes.as_dtype(dtype))
