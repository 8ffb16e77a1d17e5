"""The kernels of `tf.nn`, a family a file. Their ops' declarations are imported with them."""

from __future__ import annotations

from teachtf.kernels import convolution, normalization, pooling, ranking, softmax
from teachtf.ops import embedding

__all__ = ["convolution", "embedding", "normalization", "pooling", "ranking", "softmax"]
