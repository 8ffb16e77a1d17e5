"""`tf.layers`: functions that keep variables. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.modeling.base import Layer
from teachtf.modeling.batch_normalization import BatchNormalization, batch_normalization
from teachtf.modeling.convolution_layers import (
    Conv1D,
    Conv2D,
    SeparableConv1D,
    SeparableConv2D,
    conv1d,
    conv2d,
    separable_conv1d,
    separable_conv2d,
)
from teachtf.modeling.core_layers import Dense, Dropout, Flatten, dense, dropout, flatten
from teachtf.modeling.input_spec import InputSpec
from teachtf.modeling.pooling_layers import (
    AveragePooling1D,
    AveragePooling2D,
    MaxPooling1D,
    MaxPooling2D,
    average_pooling1d,
    average_pooling2d,
    max_pooling1d,
    max_pooling2d,
)
from teachtf.modeling.transposed_layers import Conv2DTranspose, conv2d_transpose

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "InputSpec",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "SeparableConv1D",
    "SeparableConv2D",
    "average_pooling1d",
    "average_pooling2d",
    "batch_normalization",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "dense",
    "dropout",
    "flatten",
    "max_pooling1d",
    "max_pooling2d",
    "separable_conv1d",
    "separable_conv2d",
]
