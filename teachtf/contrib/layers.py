"""`tf.contrib.layers`: layers, initializers and regularizers. Each name is explained where it is defined."""

from __future__ import annotations

from teachtf.modeling.contrib_layers import (
    batch_norm,
    conv2d,
    dropout,
    flatten,
    fully_connected,
    l1_regularizer,
    l2_regularizer,
    max_pool2d,
    variance_scaling_initializer,
    xavier_initializer,
)

convolution2d = conv2d
xavier_initializer_conv2d = xavier_initializer

__all__ = [
    "batch_norm",
    "conv2d",
    "convolution2d",
    "dropout",
    "flatten",
    "fully_connected",
    "l1_regularizer",
    "l2_regularizer",
    "max_pool2d",
    "variance_scaling_initializer",
    "xavier_initializer",
    "xavier_initializer_conv2d",
]
