"""What inputs a layer takes. Source: `tf.layers.InputSpec`."""

from __future__ import annotations

from typing import Any

from teachtf.core.shapes import as_shape


class InputSpec:
    """The dtype, rank and sizes of an input; None where anything is right.

    Args:
      dtype: the dtype.
      shape: the shape, None dimensions being free.
      ndim, max_ndim, min_ndim: the rank, or its bounds.
      axes: axis -> size.

    Source: `tf.layers.InputSpec`.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
    ) -> None:
        self.dtype, self.max_ndim, self.min_ndim = dtype, max_ndim, min_ndim
        self.shape = None if shape is None else tuple(as_shape(shape).as_list())
        self.ndim = ndim if self.shape is None else len(self.shape)
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError, AttributeError):
            raise TypeError(f"Argument `axes` must be a dict with integer keys. Received: axes={axes}") from None

    def __repr__(self) -> str:
        known = {k: v for k, v in vars(self).items() if v}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in known.items())})"


def check_inputs(spec: InputSpec | None, inputs: Any, name: str) -> None:
    """Compare a tensor with what a layer takes.

    Raises:
      TypeError: it is no tensor.
      ValueError: it does not fit.
    """
    if spec is None:
        return
    if not hasattr(inputs, "shape"):
        raise TypeError(
            f"Inputs to a layer should be tensors. Got '{inputs}' (of type {type(inputs)}) as input for layer '{name}'."
        )
    dims = as_shape(inputs.shape).as_tuple
    if dims is None:
        return
    head = f'Input 0 of layer "{name}" is incompatible with the layer: '
    if spec.ndim is not None and len(dims) != spec.ndim:
        raise ValueError(f"{head}expected ndim={spec.ndim}, found ndim={len(dims)}. Full shape received: {dims}")
    if spec.max_ndim is not None and len(dims) > spec.max_ndim:
        raise ValueError(f"{head}expected max_ndim={spec.max_ndim}, found ndim={len(dims)}")
    if spec.min_ndim is not None and len(dims) < spec.min_ndim:
        raise ValueError(f"{head}expected min_ndim={spec.min_ndim}, found ndim={len(dims)}. Full shape received: {dims}")
    for axis, size in spec.axes.items():
        if size is not None and dims[axis] not in (size, None):
            raise ValueError(
                f"{head}expected axis {axis} of input shape to have value {size}, but received input with shape {dims}"
            )
