"""The transpose of a convolution as a layer. Source: `tf.layers.Conv2DTranspose`."""

from __future__ import annotations

from typing import Any

from teachtf.core.tensor import Tensor
from teachtf.modeling import windows
from teachtf.modeling.convolution_layers import Convolution
from teachtf.modeling.core_layers import zeros
from teachtf.modeling.functional import functional
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops import convolution
from teachtf.ops.activations import bias_add
from teachtf.ops.arrays import shape
from teachtf.ops.joining import stack


class Conv2DTranspose(Convolution):
    """The transpose of a convolution of images: from its output's size to its input's.

    Args:
      filters, kernel_size, strides, padding, data_format, activation, use_bias, name: as of a convolution.
      kernel_initializer, bias_initializer, kernel_regularizer, bias_regularizer, activity_regularizer: as of a convolution.
      kernel_constraint, bias_constraint, trainable: as of a convolution.

    Source: `tf.layers.Conv2DTranspose`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str = "channels_last",
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
        given = (filters, kernel_size, strides, padding, data_format, 1, activation, use_bias, kernel_initializer)
        more = (
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
        )
        super().__init__(*given, *more, trainable, name, **kwargs)
        self.input_spec = InputSpec(ndim=4)

    def build(self, input_shape: Any) -> None:
        """Make the kernel and the bias."""
        channels = self._input_channels(input_shape)
        self.input_spec = InputSpec(ndim=4, axes={self._channel_axis: channels})
        self._make_kernel([*self.kernel_size, self.filters, channels])

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        sizes = shape(inputs)
        batch, first = sizes[0], 1 if self.data_format == "channels_last" else 2
        dims = inputs.shape.as_list()
        known = [sizes[first + i] if dims[first + i] is None else dims[first + i] for i in range(2)]
        spatial = [self._output_length(length, i) for i, length in enumerate(known)]
        wanted = [batch, *spatial, self.filters] if first == 1 else [batch, self.filters, *spatial]
        letters, output_shape = windows.letters(self.data_format, 2), stack(wanted)
        output_shape[0]  # TensorFlow looks at it, and leaves a node
        outputs = convolution.conv2d_transpose(
            inputs,
            self.kernel,
            output_shape,
            windows.all_axes(self.strides, self.data_format),
            padding=self.padding.upper(),
            data_format=letters,
        )
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        if self.use_bias:
            outputs = bias_add(outputs, self.bias, data_format=letters)
        return outputs if self.activation is None else self.activation(outputs)

    def _output_length(self, length: Any, axis: int) -> Any:
        return windows.transposed_length(length, self.kernel_size[axis], self.padding, self.strides[axis])


conv2d_transpose = functional(Conv2DTranspose, "conv2d_transpose")
