"""Pooling as layers. Source: `tf.layers`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core.shapes import TensorShape, as_shape
from teachtf.core.tensor import Tensor
from teachtf.modeling import windows
from teachtf.modeling.base import Layer
from teachtf.modeling.functional import functional
from teachtf.modeling.input_spec import InputSpec
from teachtf.ops import pooling
from teachtf.ops.arrays import expand_dims, squeeze


class Pooling(Layer):
    """One value from each window of the input.

    Args:
      pool_size: the window, one number or one an axis.
      strides: the step of the window, in the same forms; the window's size by default.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      name: the layer's name.
    """

    rank = 2
    _pool: Callable[..., Tensor]

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str = "channels_last",
        name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self.pool_size = windows.numbers(pool_size, self.rank, "pool_size")
        self.strides = windows.numbers(pool_size if strides is None else strides, self.rank, "strides")
        self.padding, self.data_format = windows.padding(padding), windows.data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Tensor) -> Tensor:
        """The outputs."""
        size, strides, axis = self.pool_size, self.strides, 2 if self.data_format == "channels_last" else 3
        if self.rank == 1:  # lines are images one pixel wide
            inputs, size, strides = expand_dims(inputs, axis), (*size, 1), (*strides, 1)
        outputs = type(self)._pool(
            inputs,
            windows.all_axes(size, self.data_format),
            windows.all_axes(strides, self.data_format),
            self.padding.upper(),
            windows.letters(self.data_format, max(self.rank, 2)),
        )
        return squeeze(outputs, axis) if self.rank == 1 else outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output."""
        dims = as_shape(input_shape).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        for i in range(self.rank):
            at = first + i
            dims[at] = windows.output_length(dims[at], self.pool_size[i], self.padding, self.strides[i], 1, self._name)
        return TensorShape(dims)


def _kind(name: str, pool: Callable[..., Tensor], rank: int, what: str) -> Any:
    doc = f"The {what} of each window. {Pooling.__doc__}\n    Source: `tf.layers.{name}`.\n    "
    return type(name, (Pooling,), {"__doc__": doc, "__module__": __name__, "rank": rank, "_pool": staticmethod(pool)})


MaxPooling1D = _kind("MaxPooling1D", pooling.max_pool, 1, "largest value")
MaxPooling2D = _kind("MaxPooling2D", pooling.max_pool, 2, "largest value")
AveragePooling1D = _kind("AveragePooling1D", pooling.avg_pool, 1, "mean")
AveragePooling2D = _kind("AveragePooling2D", pooling.avg_pool, 2, "mean")

max_pooling1d = functional(MaxPooling1D, "max_pooling1d", shares=False)
max_pooling2d = functional(MaxPooling2D, "max_pooling2d", shares=False)
average_pooling1d = functional(AveragePooling1D, "average_pooling1d", shares=False)
average_pooling2d = functional(AveragePooling2D, "average_pooling2d", shares=False)
