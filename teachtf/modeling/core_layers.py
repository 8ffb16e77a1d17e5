"""Layers of every network: dense, dropout, flatten. Source: `tf.layers`."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.base import Layer
from teachtf.modeling.functional import functional
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops import activations
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import expand_dims, identity, reshape, shape
from teachtf.ops.cond import cond
from teachtf.ops.linalg import matmul
from teachtf.ops.rearranging import transpose
from teachtf.ops.tensordot import tensordot
from teachtf.state.initializers import Zeros

zeros = Zeros()  # how biases start


def smart_cond(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`tf.cond`, or the one branch where `pred` is known."""
    known = static.constant_value(pred) if isinstance(pred, Tensor) else pred if isinstance(pred, (bool, int)) else None
    if known is not None:
        return true_fn() if known else false_fn()
    return cond(pred, true_fn, false_fn)


class Dense(Layer):
    """`activation(inputs · kernel + bias)` over the last axis of `inputs`.

    Args:
      units: the size of the output's last axis.
      activation: a function of a tensor, or None.
      use_bias: whether there is a bias.
      kernel_initializer: how the kernel starts; the variable scope's initializer, or Glorot's uniform, by default.
      bias_initializer: how the bias starts.
      kernel_regularizer, bias_regularizer: functions of a variable that give a regularization loss.
      activity_regularizer: the same of the output.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
      trainable: whether optimizers change the variables.
      name: the layer's name and variable scope.

    Source: `tf.layers.Dense`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.layers.dense(tf.zeros([5, 3]), 2, activation=tf.nn.relu)
    ...     print(y.shape, [v.name for v in tf.trainable_variables()])
    (5, 2) ['dense/kernel:0', 'dense/bias:0']
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = zeros,
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, activity_regularizer=activity_regularizer, **kwargs)
        self.units = int(units) if not isinstance(units, int) else units
        if self.units < 0:
            raise ValueError(f"Received an invalid value for `units`, expected a positive integer. Received: units={units}")
        self.activation, self.use_bias = activation, use_bias
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.input_spec = InputSpec(min_ndim=2)
        self.kernel: Any = None
        self.bias: Any = None

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias."""
        dtype = self._dtype or dtypes.float32
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"A Dense layer can only be built with a floating-point dtype. Received: dtype={dtype}")
        dims = as_shape(input_shape).as_tuple
        last = None if dims is None else dims[-1]
        if last is None:
            raise ValueError(
                "The last dimension of the inputs to a Dense layer should be defined. Found None. Full input shape received: "
                f"{input_shape}"
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: last})
        self.kernel = self.add_weight(
            "kernel",
            [last, self.units],
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.units],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def call(self, inputs: Any) -> Tensor:
        """The outputs."""
        assert self._dtype is not None
        if inputs.dtype.base_dtype != self._dtype:
            inputs = cast(inputs, self._dtype)
        rank = inputs.shape.ndims
        if rank in (None, 2):
            outputs = matmul(inputs, self.kernel)
        else:
            outputs = tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape([*inputs.shape.as_list()[:-1], self.units])
        if self.use_bias:
            outputs = activations.bias_add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with `units` last."""
        return as_shape(input_shape).with_rank_at_least(2)[:-1].concatenate(self.units)


dense = functional(Dense, "dense")


class Dropout(Layer):
    """In training, elements set to 0 with probability `rate`, and the others scaled so that the expected sum stays.

    Args:
      rate: the probability to drop, from 0 up to but not including 1.
      noise_shape: the shape of the choices, broadcast to the inputs.
      seed: makes the choices repeatable.
      name: the layer's name.

    Source: `tf.layers.Dropout`.
    """

    def __init__(
        self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, name: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, **kwargs)
        if isinstance(rate, numbers.Real) and not 0 <= float(rate) <= 1:
            raise ValueError(f"Invalid value {rate} received for `rate`, expected a value between 0 and 1.")
        self.rate, self.noise_shape, self.seed = rate, noise_shape, seed

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """`inputs` after dropout where `training`, a bool or a bool tensor, holds."""
        if isinstance(self.rate, numbers.Real) and self.rate == 0:
            return identity(inputs)
        noise = self.noise_shape
        if noise is not None:
            sizes = shape(inputs)
            noise = convert_to_tensor([sizes[i] if n is None else n for i, n in enumerate(noise)])
        return smart_cond(
            training,
            lambda: activations.dropout(inputs, noise_shape=noise, seed=self.seed, rate=self.rate),
            lambda: identity(inputs),
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape."""
        return as_shape(input_shape)


def dropout(
    inputs: Any, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None, training: Any = False, name: Any = None
) -> Tensor:
    """A `Dropout` layer, made and called. Without `training` nothing is dropped. Source: `tf.layers.dropout`."""
    return Dropout(rate, noise_shape, seed, name)(inputs, training=training)


class Flatten(Layer):
    """Everything but the first axis laid out in one.

    Args:
      data_format: "channels_last" or "channels_first"; the latter is transposed first.
      name: the layer's name.

    Source: `tf.layers.Flatten`.
    """

    def __init__(self, data_format: str | None = None, name: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.data_format = data_format or "channels_last"
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Tensor:
        """[batch, all the rest]."""
        rank = inputs.shape.ndims
        if self.data_format == "channels_first" and rank and rank > 1:
            inputs = transpose(inputs, [0, *range(2, rank), 1])
        if rank == 1:
            return expand_dims(inputs, 1)
        dims = inputs.shape.as_tuple
        if dims is not None and None not in dims[1:]:
            return reshape(inputs, constant([-1, math.prod(dims[1:])]))
        if dims is not None and dims[0] is not None:
            return reshape(inputs, constant([dims[0], -1]))
        return reshape(inputs, [shape(inputs)[0], -1])

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """[batch, the product of the others]."""
        dims = as_shape(input_shape).as_list()
        return TensorShape([dims[0], None if None in dims[1:] else math.prod(dims[1:])])


def flatten(inputs: Any, name: Any = None, data_format: str = "channels_last") -> Tensor:
    """A `Flatten` layer, made and called. Source: `tf.layers.flatten`."""
    return Flatten(data_format, name)(inputs)
