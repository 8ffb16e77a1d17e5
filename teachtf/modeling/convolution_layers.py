"""Convolutions as layers. Source: `tf.layers`."""

from __future__ import annotations

from typing import Any

from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling import windows
from teachtf.modeling.base import Layer
from teachtf.modeling.core_layers import zeros
from teachtf.modeling.functional import functional
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops import depthwise
from teachtf.ops.activations import bias_add
from teachtf.ops.arithmetic import add
from teachtf.ops.arrays import expand_dims, reshape, squeeze
from teachtf.ops.dilated import convolution
from teachtf.ops.rearranging import pad


class Convolution(Layer):
    """`activation(convolution of inputs with a kernel + bias)`.

    Args:
      filters: the number of channels that come out.
      kernel_size: the window, one number or one an axis.
      strides: the step of the window, in the same forms.
      padding: "valid" or "same"; "causal" too for lines.
      data_format: "channels_last" or "channels_first".
      dilation_rate: the step within the window, in the same forms.
      activation: a function of a tensor, or None.
      use_bias: whether there is a bias.
      kernel_initializer, bias_initializer: how the variables start; Glorot's uniform and zeros by default.
      kernel_regularizer, bias_regularizer: functions of a variable that give a regularization loss.
      activity_regularizer: the same of the output.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
      trainable: whether optimizers change the variables.
      name: the layer's name and variable scope.

    Raises:
      ValueError: an argument has no such form, or the window does not fit into the input.
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
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
        self.filters = int(filters)
        if self.filters <= 0:
            raise ValueError(
                f"Invalid value for argument `filters`. Expected a strictly positive value. Received filters={filters}."
            )
        self.kernel_size = windows.numbers(kernel_size, self.rank, "kernel_size")
        self.strides = windows.numbers(strides, self.rank, "strides")
        self.padding = windows.padding(padding, causal=self.rank == 1)
        self.data_format = windows.data_format(data_format)
        self.dilation_rate = windows.numbers(dilation_rate, self.rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: strides={self.strides} and "
                f"dilation_rate={self.dilation_rate}"
            )
        self.activation, self.use_bias = activation, use_bias
        self.kernel_initializer, self.bias_initializer = kernel_initializer, bias_initializer
        self.kernel_regularizer, self.bias_regularizer = kernel_regularizer, bias_regularizer
        self.kernel_constraint, self.bias_constraint = kernel_constraint, bias_constraint
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        self.kernel: Any = None
        self.bias: Any = None

    @property
    def _channel_axis(self) -> int:
        return -1 if self.data_format == "channels_last" else -1 - self.rank

    def _input_channels(self, input_shape: Any) -> int:
        channels = as_shape(input_shape).as_list()[self._channel_axis]
        if channels is None:
            raise ValueError(
                f"The channel dimension of the inputs should be defined. The input_shape received is {input_shape}, where axis "
                f"{self._channel_axis} (0-based) is the channel dimension, which found to be `None`."
            )
        return channels

    def _make_bias(self) -> None:
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                [self.filters],
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _make_kernel(self, dims: list[int]) -> None:
        self.kernel = self.add_weight(
            "kernel",
            dims,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self._make_bias()

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias."""
        channels = self._input_channels(input_shape)
        self.compute_output_shape(input_shape)
        self._make_kernel([*self.kernel_size, channels, self.filters])
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={self._channel_axis: channels})

    def _convolve(self, inputs: Tensor) -> Tensor:
        causal = self.padding == "causal"
        return convolution(
            _causal(self, inputs) if causal else inputs,
            self.kernel,
            "VALID" if causal else self.padding.upper(),
            list(self.strides),
            name=type(self).__name__,
            data_format=windows.letters(self.data_format, self.rank),
            dilations=list(self.dilation_rate),
        )

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        outputs = self._convolve(inputs)
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=windows.letters(self.data_format, self.rank))
        if inputs.shape.ndims is not None:
            outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs if self.activation is None else self.activation(outputs)

    def _output_length(self, length: int | None, axis: int) -> int | None:
        return windows.output_length(
            length, self.kernel_size[axis], self.padding, self.strides[axis], self.dilation_rate[axis], self._name
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output."""
        dims = as_shape(input_shape).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        spatial = [self._output_length(dims[first + i], i) for i in range(self.rank)]
        if self.data_format == "channels_last":
            return TensorShape([dims[0], *spatial, self.filters])
        return TensorShape([dims[0], self.filters, *spatial])


def _causal(layer: Convolution, inputs: Tensor) -> Tensor:
    """Lines with zeros before them, so that no output sees what comes after it."""
    before = [layer.dilation_rate[0] * (layer.kernel_size[0] - 1), 0]
    return pad(inputs, [[0, 0], before, [0, 0]] if layer.data_format == "channels_last" else [[0, 0], [0, 0], before])


class Conv1D(Convolution):
    __doc__ = f"Lines [batch, steps, channels]: {Convolution.__doc__}\n    Source: `tf.layers.Conv1D`.\n    "
    rank = 1

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        if self.data_format == "channels_last" or not self.use_bias:
            return super().call(inputs)
        outputs = add(self._convolve(inputs), reshape(self.bias, (1, self.filters, 1)))
        return outputs if self.activation is None else self.activation(outputs)


class Conv2D(Convolution):
    __doc__ = f"Images [batch, lines, pixels, channels]: {Convolution.__doc__}\n    Source: `tf.layers.Conv2D`.\n    "


class SeparableConvolution(Convolution):
    """A convolution of each channel for itself, and then one that mixes the channels.

    Args:
      filters, kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, name: as of a convolution.
      depth_multiplier: how many channels come of each one at first.
      depthwise_initializer, pointwise_initializer, bias_initializer: how the variables start.
      depthwise_regularizer, pointwise_regularizer, bias_regularizer, activity_regularizer: regularization losses.
      depthwise_constraint, pointwise_constraint, bias_constraint: functions that optimizers apply after an update.
      trainable: whether optimizers change the variables.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str = "channels_last",
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = None,
        pointwise_initializer: Any = None,
        bias_initializer: Any = zeros,
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            trainable=trainable,
            name=name,
            **kwargs,
        )
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer, self.pointwise_initializer = depthwise_initializer, pointwise_initializer
        self.depthwise_regularizer, self.pointwise_regularizer = depthwise_regularizer, pointwise_regularizer
        self.depthwise_constraint, self.pointwise_constraint = depthwise_constraint, pointwise_constraint
        self.depthwise_kernel: Any = None
        self.pointwise_kernel: Any = None

    def build(self, input_shape: Any) -> None:
        """Make the two kernels and the bias."""
        channels = self._input_channels(input_shape)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.depthwise_kernel = self.add_weight(
            "depthwise_kernel",
            [*self.kernel_size, channels, self.depth_multiplier],
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            "pointwise_kernel",
            [1] * self.rank + [self.depth_multiplier * channels, self.filters],
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self._make_bias()


class SeparableConv2D(SeparableConvolution):
    __doc__ = f"Images: {SeparableConvolution.__doc__}\n    Source: `tf.layers.SeparableConv2D`.\n    "

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        letters = windows.letters(self.data_format, 2)
        outputs = depthwise.separable_conv2d(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=windows.all_axes(self.strides, self.data_format),
            padding=self.padding.upper(),
            rate=self.dilation_rate,
            data_format=letters,
        )
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=letters)
        return outputs if self.activation is None else self.activation(outputs)


class SeparableConv1D(SeparableConvolution):
    __doc__ = f"Lines: {SeparableConvolution.__doc__}\n    Source: `tf.layers.SeparableConv1D`.\n    "
    rank = 1

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        letters, axis = windows.letters(self.data_format, 2), 1 if self.data_format == "channels_last" else 2
        causal = self.padding == "causal"
        outputs = depthwise.separable_conv2d(
            expand_dims(_causal(self, inputs) if causal else inputs, axis),
            expand_dims(self.depthwise_kernel, 0),
            expand_dims(self.pointwise_kernel, 0),
            strides=windows.all_axes(self.strides * 2, self.data_format),
            padding="VALID" if causal else self.padding.upper(),
            rate=(1, *self.dilation_rate),
            data_format=letters,
        )
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=letters)
        outputs = squeeze(outputs, [axis])
        return outputs if self.activation is None else self.activation(outputs)


conv1d = functional(Conv1D, "conv1d")
conv2d = functional(Conv2D, "conv2d")
separable_conv1d = functional(SeparableConv1D, "separable_conv1d")
separable_conv2d = functional(SeparableConv2D, "separable_conv2d")
