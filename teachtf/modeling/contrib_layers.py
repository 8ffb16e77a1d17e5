"""Layers as `tf.contrib.layers` of TensorFlow 1 made them: variables `weights` and `biases`, an activation by default."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes
from teachtf.core.convert import convert_to_tensor
from teachtf.core.graph import get_default_graph
from teachtf.core.keys import GraphKeys
from teachtf.core.name_scope import add_to_collections, control_dependencies, name_scope
from teachtf.core.tensor import Tensor
from teachtf.modeling import core_layers, pooling_layers
from teachtf.modeling.batch_normalization import BatchNormalization
from teachtf.modeling.convolution_layers import Conv2D
from teachtf.ops import random
from teachtf.ops.activations import relu
from teachtf.ops.arithmetic import abs, multiply
from teachtf.ops.arrays import identity
from teachtf.ops.normalization import l2_loss
from teachtf.ops.reductions import reduce_sum
from teachtf.state.initializers import Zeros
from teachtf.state.scopes import variable_scope


def variance_scaling_initializer(
    factor: float = 2.0, mode: str = "FAN_IN", uniform: bool = False, seed: int | None = None, dtype: Any = dtypes.float32
) -> Callable[..., Tensor]:
    """Random numbers whose spread goes with the number of inputs or outputs.

    Args:
      factor: of the variance.
      mode: "FAN_IN", "FAN_OUT" or "FAN_AVG".
      uniform: evenly distributed, or normally within two deviations.
      seed: makes the numbers repeatable.
      dtype: the default dtype.

    Raises:
      TypeError: the dtype or the mode is none of those.

    Source: `tf.contrib.layers.variance_scaling_initializer` of TensorFlow 1.15.
    """
    if not dtypes.as_dtype(dtype).is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Tensor:
        sizes = [float(d) for d in shape]
        fan_in = sizes[-2] if len(sizes) > 1 else sizes[-1]
        fan_out, window = sizes[-1], math.prod(sizes[:-2])
        n = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2.0}[mode] * window
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return random.random_uniform(shape, -limit, limit, dtype, seed=seed)
        return random.truncated_normal(shape, 0.0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return initializer


def xavier_initializer(uniform: bool = True, seed: int | None = None, dtype: Any = dtypes.float32) -> Callable[..., Tensor]:
    """Glorot's start. Paper: Glorot and Bengio 2010. Source: `tf.contrib.layers.xavier_initializer`."""
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


def _regularizer(name: str, scale: Any, scope: str | None, penalty: Callable[[Any], Tensor]) -> Callable[[Any], Any]:
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real):
        if float(scale) < 0.0 or (name == "l1_regularizer" and float(scale) >= 1.0):
            raise ValueError(f"Setting a scale of {scale} on a regularizer: it must be from 0 up")
        if scale == 0.0:
            return lambda _: None

    def regularizer(weights: Any) -> Tensor:
        with name_scope(scope, name, [weights]) as full:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            return multiply(factor, penalty(weights), name=full)

    return regularizer


def l1_regularizer(scale: Any, scope: str | None = None) -> Callable[[Any], Any]:
    """`scale` times the sum of absolute values, as a function of a variable. Source: `tf.contrib.layers.l1_regularizer`."""
    return _regularizer("l1_regularizer", scale, scope, lambda weights: reduce_sum(abs(weights)))


def l2_regularizer(scale: Any, scope: str | None = None) -> Callable[[Any], Any]:
    """`scale` times half the sum of squares, as a function of a variable. Source: `tf.contrib.layers.l2_regularizer`."""
    return _regularizer("l2_regularizer", scale, scope, l2_loss)


def _renaming(names: dict[str, str]) -> Callable[..., Any]:
    """A variable getter that gives the variables of a layer these names, and lists them as the model's."""

    def getter(get: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        head, _, last = name.rpartition("/")
        last = names.get(last, last)
        variable = get(f"{head}/{last}" if head else last, *args, **kwargs)
        listed = get_default_graph().get_collection_ref(GraphKeys.MODEL_VARIABLES)
        if all(v is not variable for v in listed):
            listed.append(variable)
        return variable

    return getter


def _finished(outputs: Any, normalizer_fn: Any, normalizer_params: Any, activation_fn: Any, collections: Any) -> Tensor:
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    if collections:
        add_to_collections(collections, outputs)
    return outputs


_WEIGHTS = {"kernel": "weights", "bias": "biases"}
_xavier, _zeros = xavier_initializer(), Zeros()


def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = _xavier,
    weights_regularizer: Any = None,
    biases_initializer: Any = _zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """`activation(inputs · weights + biases)`, `relu` by default.

    Args:
      inputs: a tensor of rank 2 or more.
      num_outputs: the size of the last axis of the output.
      activation_fn: a function of a tensor, or None.
      normalizer_fn, normalizer_params: a function that takes the place of the biases, and its arguments.
      weights_initializer, biases_initializer: how the variables start; no biases where that is None.
      weights_regularizer, biases_regularizer: functions of a variable that give a regularization loss.
      reuse: whether to share the variables of `scope`.
      variables_collections: not supported.
      outputs_collections: the collections that list the output.
      trainable: whether optimizers change the variables.
      scope: the variable scope; "fully_connected" by default.

    Source: `tf.contrib.layers.fully_connected` of TensorFlow 1.15.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default():
    ...     y = tf.contrib.layers.fully_connected(tf.zeros([5, 3]), 2)
    ...     print(y.shape, [v.name for v in tf.trainable_variables()])
    (5, 2) ['fully_connected/weights:0', 'fully_connected/biases:0']
    """
    _no_collections(variables_collections)
    with variable_scope(scope, "fully_connected", [inputs], reuse=reuse, custom_getter=_renaming(_WEIGHTS)) as opened:
        inputs = convert_to_tensor(inputs)
        layer = core_layers.Dense(
            num_outputs,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=opened.name,
            dtype=inputs.dtype.base_dtype,
            _scope=opened,
            _reuse=reuse,
        )
        return _finished(layer(inputs), normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def _no_collections(collections: Any) -> None:
    if collections is not None:
        raise NotImplementedError("variables_collections is not supported: list the variables by tf.add_to_collection")


def conv2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Any = relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = _xavier,
    weights_regularizer: Any = None,
    biases_initializer: Any = _zeros,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """A convolution of images with `relu` by default; scope "Conv". Other arguments as of `fully_connected`.

    Source: `tf.contrib.layers.conv2d` of TensorFlow 1.15.
    """
    _no_collections(variables_collections)
    with variable_scope(scope, "Conv", [inputs], reuse=reuse, custom_getter=_renaming(_WEIGHTS)) as opened:
        inputs = convert_to_tensor(inputs)
        layer = Conv2D(
            num_outputs,
            kernel_size,
            stride,
            padding,
            "channels_first" if data_format == "NCHW" else "channels_last",
            rate,
            use_bias=normalizer_fn is None and biases_initializer is not None,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            trainable=trainable,
            name=opened.name,
            dtype=inputs.dtype.base_dtype,
            _scope=opened,
            _reuse=reuse,
        )
        return _finished(layer(inputs), normalizer_fn, normalizer_params, activation_fn, outputs_collections)


def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Tensor:
    """The largest value of each window. Source: `tf.contrib.layers.max_pool2d` of TensorFlow 1.15."""
    with name_scope(scope, "MaxPool2D", [inputs]) as opened:
        form = "channels_first" if data_format == "NCHW" else "channels_last"
        layer = pooling_layers.MaxPooling2D(kernel_size, stride, padding, form, _scope=opened.rstrip("/"))
        return _finished(layer(convert_to_tensor(inputs)), None, None, None, outputs_collections)


def flatten(inputs: Any, outputs_collections: Any = None, scope: str | None = None) -> Tensor:
    """Everything but the first axis laid out in one. Source: `tf.contrib.layers.flatten` of TensorFlow 1.15."""
    with name_scope(scope, "Flatten", [inputs]):
        return _finished(core_layers.flatten(convert_to_tensor(inputs)), None, None, None, outputs_collections)


def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: int | None = None,
) -> Tensor:
    """Dropout, in training by default. Source: `tf.contrib.layers.dropout` of TensorFlow 1.15."""
    with variable_scope(scope, "Dropout", [inputs]) as opened:
        layer = core_layers.Dropout(1 - keep_prob, noise_shape, seed, name=opened.name, _scope=opened)
        return _finished(layer(convert_to_tensor(inputs), training=is_training), None, None, None, outputs_collections)


def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    fused: bool | None = None,
    scope: Any = None,
) -> Tensor:
    """Batch normalization, in training by default; scope "BatchNorm".

    Args:
      inputs: a tensor whose last axis holds the channels.
      decay: of the moving averages.
      center, scale, epsilon, trainable, fused: as of `tf.layers.batch_normalization`.
      activation_fn: a function of a tensor, or None.
      updates_collections: the collection that lists the updates; None runs them with the output.
      is_training: a bool or a bool tensor.
      reuse, outputs_collections, scope: as of `fully_connected`.

    Source: `tf.contrib.layers.batch_norm` of TensorFlow 1.15.
    """
    with variable_scope(scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=_renaming({})) as opened:
        inputs = convert_to_tensor(inputs)
        layer = BatchNormalization(
            -1, decay, epsilon, center, scale, trainable=trainable, fused=fused, name=opened.name, _scope=opened, _reuse=reuse
        )
        listed = list(get_default_graph().get_collection(GraphKeys.UPDATE_OPS))
        outputs = layer(inputs, training=is_training)
        if updates_collections != GraphKeys.UPDATE_OPS:
            get_default_graph().get_collection_ref(GraphKeys.UPDATE_OPS)[:] = listed
            if updates_collections is None:
                with control_dependencies(layer.updates):
                    outputs = identity(outputs)
            else:
                for update in layer.updates:
                    add_to_collections(updates_collections, update)
        return _finished(outputs, None, None, activation_fn, outputs_collections)
