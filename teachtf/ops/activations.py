"""What stands between two layers: biases, the functions that bend, softmax, and dropout."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes, errors, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, as_shape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import rank, reshape, shape
from teachtf.ops.fills import ones_like
from teachtf.ops.fills import range as range_
from teachtf.ops.joining import concat
from teachtf.ops.linalg import matmul
from teachtf.ops.random import random_uniform
from teachtf.ops.rearranging import tile, transpose
from teachtf.ops.reductions import reduce_sum

# --- declarations ----------------------------------------------------------------------------------------------------


def channel_axis(op: Any) -> int:
    """Where the channels stand, counted from an end."""
    return 1 if op._attrs["data_format"].startswith(b"NC") else -1


def _bias_shape(op: Any) -> list[TensorShape]:
    value, bias = op._inputs[0]._shape.as_tuple, shapes.require_rank(op._inputs[1], 1)
    if value is None:
        return [unknown_shape()]
    if len(value) < 2:
        raise ValueError(f"Shape must be at least rank 2 but is rank {len(value)}")
    result = list(value)
    at = channel_axis(op)
    result[at] = shapes.merge_dim(result[at], bias[0])
    return [shapes.shape_of(result)]


def _bias_grad_shape(op: Any) -> list[TensorShape]:
    value = op._inputs[0]._shape.as_tuple
    if value is not None and len(value) < 2:
        raise ValueError(f"Shape must be at least rank 2 but is rank {len(value)}")
    return [shapes.shape_of([None if value is None else value[channel_axis(op)]])]


def _bias_gradient(op: Any, grad: Any) -> list[Any]:
    return [grad, apply_op("BiasAddGrad", grad, data_format=op.get_attr("data_format"))]


def _bias_grad_gradient(op: Any, grad: Any) -> list[Any]:
    dims, bias = shape(op.inputs[0]), shape(grad)
    if op.get_attr("data_format") == b"NCHW":
        expanded = concat([ones_like(dims[:1]), bias, ones_like(dims[2:])], 0)
        multiples = concat([dims[:1], [1], dims[2:]], 0)
    else:
        expanded = concat([ones_like(dims[:-1]), bias], 0)
        multiples = concat([dims[:-1], [1]], 0)
    return [tile(reshape(grad, expanded), multiples)]


_FORMAT = "T: numbertype, data_format: {'NHWC', 'NCHW'} = 'NHWC'"
declare(
    "BiasAdd",
    inputs="value: T, bias: T",
    outputs="output: T",
    attrs=_FORMAT,
    shape=_bias_shape,
    gradient=_bias_gradient,
)
declare(
    "BiasAddGrad",
    inputs="out_backprop: T",
    outputs="output: T",
    attrs=_FORMAT,
    shape=_bias_grad_shape,
    gradient=_bias_grad_gradient,
)


def _rows_shape(op: Any) -> list[TensorShape]:
    given = op._inputs[0]._shape
    if given.ndims == 0:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    return [given]


def _softmax_gradient(op: Any, grad: Any) -> list[Any]:
    softmax = op.outputs[0]
    total = reduce_sum(grad * softmax, -1, keepdims=True)
    return [(grad - total) * softmax]


def _log_softmax_gradient(op: Any, grad: Any) -> list[Any]:
    softmax = arithmetic.exp(op.outputs[0])
    return [grad - reduce_sum(grad, -1, keepdims=True) * softmax]


for _name, _output, _gradient in (
    ("Softmax", "softmax", _softmax_gradient),
    ("LogSoftmax", "logsoftmax", _log_softmax_gradient),
):
    declare(
        _name,
        inputs="logits: T",
        outputs=f"{_output}: T",
        attrs="T: {half, bfloat16, float, double}",
        shape=_rows_shape,
        gradient=_gradient,
    )


# --- biases ----------------------------------------------------------------------------------------------------------


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Tensor:
    """`value` with a bias added to each channel.

    Args:
      value: a tensor of rank 2 or more.
      bias: a vector of `value`'s dtype, one element a channel.
      data_format: "NHWC" or "N...C" (channels last, the default), "NCHW" or "NC..." (channels second).
      name: the operation's name.

    Raises:
      ValueError: there are not as many biases as channels, or `data_format` is no such text.

    Source: `tf.nn.bias_add`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.nn.bias_add([[1.0, 2.0], [3.0, 4.0]], [10.0, 20.0])))
    [[11. 22.]
     [13. 24.]]
    """
    with name_scope(name, "BiasAdd", [value, bias]) as scope:
        if data_format is not None:
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise ValueError(f"`data_format` must be of the form `N...C` or `NC...`. Received: data_format={data_format}")
        value = convert_to_tensor(value, name="input")
        bias = convert_to_tensor(bias, value.dtype.base_dtype, name="bias")
        return apply_op("BiasAdd", value, bias, data_format=data_format, name=scope)


def _dense(x: Any, weights: Any, biases: Any) -> list[Tensor]:
    named = (x, "x"), (weights, "weights"), (biases, "biases")
    return [convert_to_tensor(value, name=name) for value, name in named]


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """`matmul(x, weights) + biases`: [batch, inputs], [inputs, units], [units] to [batch, units].

    Source: `tf.nn.xw_plus_b`.
    """
    with name_scope(name, "xw_plus_b", [x, weights, biases]) as scope:
        x, weights, biases = _dense(x, weights, biases)
        return bias_add(matmul(x, weights), biases, name=scope)


def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """`relu(matmul(x, weights) + biases)`. Source: `tf.nn.relu_layer`."""
    with name_scope(name, "relu_layer", [x, weights, biases]) as scope:
        x, weights, biases = _dense(x, weights, biases)
        return relu(bias_add(matmul(x, weights), biases), name=scope)


# --- functions of one element ----------------------------------------------------------------------------------------


def _unary(function_name: str, op_type: str, what: str) -> Callable[..., Tensor]:
    def function(features: Any, name: str | None = None) -> Tensor:
        return apply_op(op_type, features, name=name)

    function.__name__ = function.__qualname__ = function_name
    function.__doc__ = f"{what}, element by element.\n\n    Source: `tf.nn.{function_name}`."
    return function


relu = _unary("relu", "Relu", "`max(x, 0)`")
elu = _unary("elu", "Elu", "`x` where positive, else `exp(x) - 1`")
selu = _unary("selu", "Selu", "The scaled exponential unit: keeps means near 0 and variances near 1 through layers")
softplus = _unary("softplus", "Softplus", "`log(1 + exp(x))`")
softsign = _unary("softsign", "Softsign", "`x / (1 + abs(x))`")
tanh = arithmetic.tanh
sigmoid = arithmetic.sigmoid


def relu6(features: Any, name: str | None = None) -> Tensor:
    """`min(max(x, 0), 6)`, element by element. Source: `tf.nn.relu6`."""
    with name_scope(name, "Relu6", [features]) as scope:
        return apply_op("Relu6", convert_to_tensor(features, name="features"), name=scope)


def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Tensor:
    """`x` where positive, else `alpha * x`, element by element; integers become float32. Source: `tf.nn.leaky_relu`."""
    with name_scope(name, "LeakyRelu", [features, alpha]) as scope:
        features = convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = arithmetic.cast(features, dtypes.float32)
        return apply_op("LeakyRelu", features, alpha=alpha, name=scope)


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """The positive and the negative part, side by side along `axis`: twice the channels. Source: `tf.nn.crelu`."""
    with name_scope(name, "CRelu", [features]) as scope:
        features = convert_to_tensor(features, name="features")
        return relu(concat([features, -features], axis, name=scope))


def swish(features: Any, beta: Any = 1.0) -> Tensor:
    """`x * sigmoid(beta * x)`, element by element. Source: `tf.nn.swish`."""
    features = convert_to_tensor(features, name="features")
    beta = arithmetic.cast(convert_to_tensor(beta, name="beta"), features.dtype)
    return features * sigmoid(beta * features)


# --- softmax ---------------------------------------------------------------------------------------------------------


def _swap_with_last(tensor: Tensor, at: Any, last: Any, name: str = "transpose") -> Tensor:
    order = concat([range_(at), [last], range_(at + 1, last), [at]], 0)
    return transpose(tensor, order, name=name)


def _along(op_type: str, logits: Any, axis: Any, name: str | None) -> Tensor:
    logits = convert_to_tensor(logits)
    ndims = logits.shape.ndims
    if axis == -1 or (ndims is not None and axis == ndims - 1):
        return apply_op(op_type, logits, name=name)
    if ndims is None:
        raise ValueError(f"{op_type} along axis {axis} needs logits of a known rank; set one with `set_shape`")
    known = static.constant_value(axis) if isinstance(axis, Tensor) else axis
    if known is not None and not -ndims <= known < ndims:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"`dim` must be in the range [{-ndims}, {ndims}) where {ndims} is the number of dimensions in the input. "
            f"Received: dim={known}",
        )
    number = rank(logits)
    if isinstance(axis, Tensor):
        axis = arithmetic.where(axis < 0, axis + number, axis)
    elif axis < 0:
        axis += number
    number = rank(logits)
    at = axis % ndims
    swapped = _swap_with_last(logits, at, arithmetic.subtract(number, 1))
    swapped = apply_op(op_type, swapped)
    result = _swap_with_last(swapped, at, arithmetic.subtract(number, 1), name or "transpose")
    result.set_shape(logits.shape)
    return result


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """Probabilities: `exp(logits)`, divided by its sum along `axis`.

    Args:
      logits: a float tensor of rank 1 or more.
      axis: where the classes stand; the last axis by default. Also called `dim`.
      name: the operation's name.
      dim: see `axis`.

    Raises:
      InvalidArgumentError: there is no such axis.

    Source: `tf.nn.softmax`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.nn.softmax([0.0, 0.0])))
    [0.5 0.5]
    """
    axis = renamed("axis", axis, "dim", dim)
    return _along("Softmax", logits, -1 if axis is None else axis, name)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """The logarithm of `softmax`, safe where that is tiny. The arguments are those of `softmax`.

    Source: `tf.nn.log_softmax`.
    """
    axis = renamed("axis", axis, "dim", dim)
    return _along("LogSoftmax", logits, -1 if axis is None else axis, name)


# --- dropout ---------------------------------------------------------------------------------------------------------


def _noise_shape(x: Tensor, asked: Any) -> Any:
    """The shape of the noise: None dimensions take those of `x`."""
    if asked is None:
        return shape(x)
    try:
        dims = as_shape(asked).as_tuple
    except (TypeError, ValueError):
        return asked
    given = x.shape.as_tuple
    if dims is None or given is None or len(dims) != len(given):
        return asked
    return TensorShape([g if d is None else d for d, g in zip(dims, given, strict=True)])


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """`x` with elements set to 0 at random, and the others scaled so that the expected sum stays.

    Args:
      x: a float tensor.
      keep_prob: the probability to keep an element, a number or scalar tensor; the older way to say `1 - rate`.
      noise_shape: the shape of the choices, broadcast to `x`: a 1 makes one choice for all along an axis.
      seed: makes the choices repeatable; see `tf.set_random_seed`.
      name: the operations' name scope.
      rate: the probability to drop an element, from 0 up to but not including 1.

    Returns:
      A tensor of `x`'s shape and dtype; `x` itself if `rate` is the number 0.

    Raises:
      ValueError: neither or both of `rate` and `keep_prob`, one out of range, or an `x` that is not float.

    Source: `tf.nn.dropout`.
    """
    try:
        from_keep_prob = None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        raise ValueError(f"`keep_prob` must be a floating point number or Tensor. Received: keep_prob={keep_prob}") from None
    rate = renamed("rate", rate, "keep_prob", from_keep_prob)
    if rate is None:
        raise ValueError(f"`rate` must be provided. Received: rate={rate}")
    with name_scope(name, "dropout", [x]):
        is_number = isinstance(rate, numbers.Real)
        if is_number and not 0 <= rate < 1:
            raise ValueError(f"`rate` must be a scalar tensor or a float in the range [0, 1). Received: rate={rate}")
        x = convert_to_tensor(x, name="x")
        dtype = x.dtype.base_dtype
        if not dtype.is_floating:
            raise ValueError(f"`x.dtype` must be a floating point tensor as `x` will be scaled. Received: x_dtype={x.dtype}")
        if is_number and rate == 0:
            return x
        if is_number:
            scaled = apply_op("Mul", x, convert_to_tensor(1 / (1 - rate), dtype))
        else:
            if not hasattr(rate, "get_shape"):
                raise ValueError(f"`rate` must be a scalar or scalar tensor. Received: rate={rate}")
            rate = convert_to_tensor(rate)
            rate.shape.assert_has_rank(0)
            if rate.dtype.base_dtype != dtype:
                raise ValueError(
                    f"`x.dtype` must be compatible with `rate.dtype`. Received: x.dtype={x.dtype} and rate.dtype={rate.dtype}"
                )
            scaled = apply_op("RealDiv", x, apply_op("Sub", constant(1, dtype), rate))
        noise = random_uniform(_noise_shape(x, noise_shape), dtype=dtype, seed=seed)
        result = apply_op("SelectV2", noise >= rate, scaled, constant(0, dtype))
        result.set_shape(x.shape)
        return result
