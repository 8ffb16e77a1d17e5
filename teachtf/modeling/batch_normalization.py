"""Batch normalization as a layer. Source: `tf.layers.BatchNormalization`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling.base import Layer
from teachtf.modeling.core_layers import smart_cond
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops import normalization
from teachtf.ops.arithmetic import cast
from teachtf.ops.arrays import reshape
from teachtf.ops.variables import assign_sub
from teachtf.state.initializers import Ones, Zeros

_zeros, _ones = Zeros(), Ones()
_FORMATS = {(4, 1): "NCHW", (4, 3): "NHWC"}


class BatchNormalization(Layer):
    """Inputs brought to mean 0 and variance 1 over the batch, then scaled by `gamma` and shifted by `beta`.

    In training the batch's own mean and variance serve, and moving averages of them are kept by operations in
    `GraphKeys.UPDATE_OPS`, which a training step must run as well; otherwise the moving averages serve.

    Args:
      axis: the axis, or axes, that keep a mean and variance of their own: the channels.
      momentum: of the moving averages.
      epsilon: added to the variance.
      center: whether there is a `beta`.
      scale: whether there is a `gamma`.
      beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer: how the variables start.
      beta_regularizer, gamma_regularizer: functions of a variable that give a regularization loss.
      beta_constraint, gamma_constraint: functions that optimizers apply after an update.
      renorm, renorm_clipping, renorm_momentum, virtual_batch_size, adjustment: not supported.
      fused: whether one operation does it all; by default where it can: images with one axis of channels.
      trainable: whether optimizers change `beta` and `gamma`.
      name: the layer's name and variable scope.

    Raises:
      NotImplementedError: `renorm`, `virtual_batch_size` or `adjustment` is given.

    Source: `tf.layers.BatchNormalization`.
    """

    def __init__(
        self,
        axis: Any = -1,
        momentum: Any = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = _zeros,
        gamma_initializer: Any = _ones,
        moving_mean_initializer: Any = _zeros,
        moving_variance_initializer: Any = _ones,
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: Any = 0.99,
        fused: bool | None = None,
        trainable: bool = True,
        virtual_batch_size: int | None = None,
        adjustment: Any = None,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(trainable, name, **kwargs)
        for option, given in (("renorm", renorm), ("virtual_batch_size", virtual_batch_size), ("adjustment", adjustment)):
            if given:
                raise NotImplementedError(f"tf.layers.batch_normalization({option}=...) is not supported: leave it out")
        if not isinstance(axis, (int, list, tuple)):
            raise TypeError(f"Expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}")
        self.axis: Any = axis
        self.momentum, self.epsilon, self.center, self.scale = momentum, epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = beta_initializer, gamma_initializer
        self.moving_mean_initializer, self.moving_variance_initializer = moving_mean_initializer, moving_variance_initializer
        self.beta_regularizer, self.gamma_regularizer = beta_regularizer, gamma_regularizer
        self.beta_constraint, self.gamma_constraint = beta_constraint, gamma_constraint
        self.fused = True if fused is None else fused
        self.gamma: Any = None
        self.beta: Any = None
        self.moving_mean: Any = None
        self.moving_variance: Any = None

    def build(self, input_shape: Any) -> None:
        """Make `gamma`, `beta` and the moving averages."""
        dims = as_shape(input_shape).as_list()
        rank = len(dims)
        axes = [self.axis] if isinstance(self.axis, int) else list(self.axis)
        if any(not -rank <= a < rank for a in axes):
            raise ValueError(f"Invalid value for `axis` argument. Expected 0 <= axis < inputs.rank (with inputs.rank={rank}). "
                             f"Received: axis={tuple(axes)}")  # fmt: skip
        self.axis = [a % rank for a in axes]
        sizes = {a: dims[a] for a in self.axis}
        if None in sizes.values():
            raise ValueError(f"Input has undefined `axis` dimension. Received input with shape {tuple(dims)} and axis={axes}")
        self.fused = bool(self.fused) and len(self.axis) == 1 and (rank, self.axis[0]) in _FORMATS
        self.input_spec = InputSpec(ndim=rank, axes=sizes)
        shape = [sizes[self.axis[0]]] if len(sizes) == 1 else [sizes.get(a, 1) for a in range(rank)]
        self._shape = shape
        half = self._dtype in (dtypes.float16, dtypes.bfloat16)
        self._param_dtype = dtypes.float32 if half or self._dtype is None else self._dtype
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", shape, self._param_dtype, self.gamma_initializer, self.gamma_regularizer, True, self.gamma_constraint
            )
        if self.center:
            self.beta = self.add_weight(
                "beta", shape, self._param_dtype, self.beta_initializer, self.beta_regularizer, True, self.beta_constraint
            )
        self.moving_mean = self.add_weight(
            "moving_mean", shape, self._param_dtype, self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            "moving_variance", shape, self._param_dtype, self.moving_variance_initializer, trainable=False
        )

    def call(self, inputs: Any, training: Any = False) -> Tensor:
        """The normalised inputs; `training` is a bool or a bool tensor."""
        known = static.constant_value(training) if isinstance(training, Tensor) else training
        if self.fused:
            return self._fused(inputs, training, known)
        dtype = inputs.dtype.base_dtype
        if dtype in (dtypes.float16, dtypes.bfloat16):
            inputs = cast(inputs, dtypes.float32)
        rank = inputs.shape.ndims
        others = [a for a in range(rank) if a not in self.axis]

        def laid_out(value: Any) -> Any:
            if value is None or len(self.axis) > 1 or others == list(range(rank - 1)):
                return value
            return reshape(value, [self._shape[0] if a == self.axis[0] else 1 for a in range(rank)])

        scale, offset = laid_out(self.gamma), laid_out(self.beta)
        if known is not None and not known:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            batch_mean, batch_variance = normalization.moments(inputs, others, keep_dims=len(self.axis) > 1)
            mean = smart_cond(training, lambda: batch_mean, lambda: convert_to_tensor(self.moving_mean))
            variance = smart_cond(training, lambda: batch_variance, lambda: convert_to_tensor(self.moving_variance))
            for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
                self.add_update(self._updated_when(training, average, value))
        outputs = normalization.batch_normalization(inputs, laid_out(mean), laid_out(variance), offset, scale, self.epsilon)
        outputs.set_shape(inputs.shape)
        return cast(outputs, dtype)

    def _updated_when(self, training: Any, average: Any, value: Any) -> Any:
        return smart_cond(training, lambda: self._moved(average, value, self.momentum), lambda: average)

    def _fused(self, inputs: Any, training: Any, known: Any) -> Tensor:
        beta = self.beta if self.center else constant(0.0, self._param_dtype, self._shape)
        gamma = self.gamma if self.scale else constant(1.0, self._param_dtype, self._shape)
        data_format = _FORMATS[4, self.axis[0]]

        def normalised(in_training: bool) -> Any:
            return normalization.fused_batch_norm(
                inputs,
                gamma,
                beta,
                mean=self.moving_mean,
                variance=self.moving_variance,
                epsilon=self.epsilon,
                is_training=in_training,
                data_format=data_format,
            )

        output, mean, variance = smart_cond(training, lambda: normalised(True), lambda: normalised(False))
        if known or known is None:
            if known is None:  # outside training the average must not move
                momentum = smart_cond(training, lambda: self.momentum, lambda: 1.0)
            else:
                momentum = convert_to_tensor(self.momentum)
            self.add_update(self._moved(self.moving_mean, mean, momentum))
            self.add_update(self._moved(self.moving_variance, variance, momentum))
        return output

    @staticmethod
    def _moved(average: Any, value: Any, momentum: Any) -> Tensor:
        """A moving average after one step towards `value`."""
        with name_scope("AssignMovingAvg") as scope, colocate_with(average.op):
            decay = convert_to_tensor(1.0 - momentum, name="decay")
            return assign_sub(average, (average - cast(value, average.dtype)) * cast(decay, average.dtype), name=scope)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape."""
        return as_shape(input_shape)


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: Any = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = _zeros,
    gamma_initializer: Any = _ones,
    moving_mean_initializer: Any = _zeros,
    moving_variance_initializer: Any = _ones,
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: Any = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: Any = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> Tensor:
    """A `BatchNormalization` layer, made and called with `training`. Source: `tf.layers.batch_normalization`."""
    layer = BatchNormalization(
        axis,
        momentum,
        epsilon,
        center,
        scale,
        beta_initializer,
        gamma_initializer,
        moving_mean_initializer,
        moving_variance_initializer,
        beta_regularizer,
        gamma_regularizer,
        beta_constraint,
        gamma_constraint,
        renorm,
        renorm_clipping,
        renorm_momentum,
        fused,
        trainable,
        virtual_batch_size,
        adjustment,
        name,
        _reuse=reuse,
        _scope=name,
    )
    return layer(inputs, training=training)
