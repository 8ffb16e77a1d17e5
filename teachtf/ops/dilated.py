"""Convolution and pooling of any number of axes, with taps spread out: space is dealt out to batches and collected again."""

from __future__ import annotations

from collections.abc import Callable, Sized
from typing import Any

import numpy as np

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.shapes import as_shape
from teachtf.core.tensor import Tensor
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import expand_dims, shape, squeeze
from teachtf.ops.convolution import conv1d, conv2d
from teachtf.ops.joining import concat, stack
from teachtf.ops.pooling import avg_pool, max_pool
from teachtf.ops.spaces import batch_to_space_nd, required_space_to_batch_paddings, space_to_batch_nd

Op = Callable[[Tensor, int, Any], Tensor]


def _channels_second(data_format: str | None) -> bool:
    return data_format is not None and data_format.startswith("NC")


def for_each_axis(value: Any, count: int, channels_second: bool, name: str) -> list[Any]:
    """`value` for the batch, `count` axes of space and the channels: given for all, for those of space, or one for these.

    Raises:
      ValueError: it has another length.
    """
    if value is None:
        return [1] * (count + 2)
    values = list(value) if isinstance(value, Sized) else [value]  # type: ignore[call-overload]
    if len(values) == count + 2:
        return values
    if len(values) not in (1, count):
        raise ValueError(
            f"{name} should be of length 1, {count} or {count + 2}. Received: {name}={values} of length {len(values)}"
        )
    space = values * count if len(values) == 1 else values
    return [1, 1, *space] if channels_second else [1, *space, 1]


def with_space_to_batch(
    input: Any,
    dilation_rate: Any,
    padding: Any,
    op: Op,
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """`op` on every rate-th element alone: what spreads the taps of its windows.

    Args:
      input: a tensor with a batch and axes of space.
      dilation_rate: an integer vector, how far apart the taps are along each axis of space.
      padding: "SAME" or "VALID".
      op: `op(input, number of axes of space, padding)`; its windows move in steps of one.
      filter_shape: the sizes of the windows; needed for "SAME".
      spatial_dims: which axes are those of space; by default those behind the batch.
      data_format: one that starts with "NC" says that the channels come before the axes of space.

    Raises:
      ValueError: an argument has another form, or does not fit the input.

    Source: `tf.nn.with_space_to_batch`.
    """
    input = convert_to_tensor(input, name="input")
    rate = convert_to_tensor(dilation_rate, dtypes.int32, name="dilation_rate")
    if rate.shape.ndims not in (None, 1):
        raise ValueError(f"`dilation_rate.shape.rank` must be 1. Received: {rate} of rank {rate.shape.ndims}")
    if not rate.shape.is_fully_defined():
        raise ValueError(f"`dilation_rate.shape` must be fully defined. Received: {rate} with shape {rate.shape}")
    number: int = rate.shape.num_elements() or 0
    first = 2 if _channels_second(data_format) else 1
    given = list(range(first, number + first) if spatial_dims is None else spatial_dims)
    axes = sorted({int(axis) for axis in given})
    if axes != given or any(axis < 1 for axis in axes):
        raise ValueError(
            f"`spatial_dims` must be a monotonically increasing sequence of positive integers. Received: spatial_dims={given}"
        )
    least = axes[-1] + (0 if _channels_second(data_format) else 1)
    if input.shape.ndims is not None and input.shape.ndims < least:
        raise ValueError(f"`input.shape.rank` must be at least {least}. Received: input.shape={input.shape}")
    known = static.constant_value(rate)
    if known is not None:
        if (known < 1).any():
            raise ValueError(f"`dilation_rate` must be positive. Received: dilation_rate={known}")
        if (known == 1).all():
            return op(input, number, padding)
    base = _base_paddings(padding, filter_shape, number, rate if known is None else known)
    paddings, crops = required_space_to_batch_paddings(_sizes_along(input, axes), rate, base)
    blocks, borders, cut = (_for_axes_up_to(t, fill, axes) for t, fill in ((rate, 1), (paddings, 0), (crops, 0)))
    spread = space_to_batch_nd(input, blocks, borders)
    return batch_to_space_nd(op(spread, number, "VALID"), blocks, cut)


def _base_paddings(padding: Any, filter_shape: Any, number: int, rate: Any) -> Any:
    if padding == "VALID":
        return np.zeros([number, 2], np.int32)
    if padding != "SAME":
        raise ValueError(f"`padding` must be one of 'SAME' or 'VALID'. Received: padding={padding}")
    if filter_shape is None:
        raise ValueError(f"`filter_shape` must be specified for `padding='SAME'`. Received: filter_shape={filter_shape}")
    sizes: Any = convert_to_tensor(filter_shape, name="filter_shape")
    known = static.constant_value(sizes)
    sizes = sizes if known is None else known
    extra = (sizes[:number] - 1) * rate
    before = extra // 2
    after = extra - before
    return stack([[before[i], after[i]] for i in range(number)])


def _sizes_along(input: Tensor, axes: list[int]) -> Any:
    dims = input.shape.as_tuple
    if dims is not None and all(dims[axis] is not None for axis in axes):
        return [dims[axis] for axis in axes]
    sizes = shape(input)
    return stack([sizes[axis] for axis in axes])


def _for_axes_up_to(tensor: Tensor, fill: int, axes: list[int]) -> Any:
    """A row for every axis behind the batch: those of `tensor` for the `axes`, `fill` for the others before the last."""
    known = static.constant_value(tensor)
    rows: Any = tensor if known is None else known
    parts: list[Any] = []
    before, i = 0, 0
    while i < len(axes):
        start = i
        if axes[i] > 1:
            parts.append(np.full([axes[i] - 1 - before, *tensor.shape.as_list()[1:]], fill, tensor.dtype.as_numpy_dtype))
        while i + 1 < len(axes) and axes[i + 1] == axes[i] + 1:
            i += 1
        parts.append(rows[start : i + 1])
        before = axes[i]
        i += 1
    return concat(parts, 0) if known is None else np.concatenate(parts)


def _strides_and_rates(number: int, strides: Any, rates: Any) -> tuple[Any, Any]:
    found = []
    for name, value in (("dilation_rate", rates), ("strides", strides)):
        if value is not None and len(value) != number:
            raise ValueError(f"`len({name})` should be {number}. Received: {name}={value} of length {len(value)}")
        array = np.array([1] * number if value is None else value, np.int32)
        if (array < 1).any():
            raise ValueError(f"all values of `{name}` must be positive. Received: {name}={array}")
        found.append(array)
    rate, stride = found
    if (stride > 1).any() and (rate > 1).any():
        raise ValueError(
            "`strides > 1` not supported in conjunction with `dilation_rate > 1`. Received: "
            f"strides={stride} and dilation_rate={rate}"
        )
    return stride, rate


def convolution(
    input: Any,
    filter: Any = None,
    padding: Any = None,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Tensor:
    """The convolution of lines or images, as many axes of space as the filters have.

    Args:
      input: [batch, *space, channels], or as `data_format` says.
      filter: [*space, channels, filters]. Also called `filters`.
      padding: "SAME" or "VALID".
      strides: the step of the windows along each axis of space.
      dilation_rate: how far apart the taps are. Also called `dilations`.
      name: the operations' name scope.
      data_format: "NWC", "NHWC" (the defaults), "NCW" or "NCHW".
      filters: see `filter`.
      dilations: see `dilation_rate`.

    Raises:
      ValueError: shapes, strides and rates do not fit.

    Source: `tf.nn.convolution`.
    """
    filter = renamed("filters", filters, "filter", filter)
    rates = renamed("dilations", dilations, "dilation_rate", dilation_rate)
    if not isinstance(filter, Tensor):
        with name_scope("convolution_internal", values=[filter, input]):
            filter = convert_to_tensor(filter, name="filters")
    if not isinstance(input, Tensor):
        with name_scope("convolution_internal", values=[filter, input]):
            input = convert_to_tensor(input, name="input")
    number = (filter.shape.ndims or input.shape.ndims or 0) - 2
    if number not in (1, 2):
        raise ValueError(f"teachtf convolves along 1 or 2 axes of space; shapes of the filters: {filter.shape}")
    second = _channels_second(data_format)
    is_dilated = rates is not None and any(r != 1 for r in for_each_axis(rates, number, second, "dilations"))
    spread = for_each_axis(rates, number, second, "dilations")
    steps = for_each_axis(strides, number, second, "strides")
    with name_scope(name, "convolution", [input, filter]) as scope:
        if not is_dilated:
            return _plain(input, filter, steps, padding, data_format, number, scope, spread)
        inner = slice(2, None) if second else slice(1, -1)
        return _dilated(input, filter, padding, steps[inner], spread[inner], data_format, number, scope)


def _plain(
    input: Any, filter: Any, strides: Any, padding: Any, data_format: Any, number: int, scope: Any, dilations: Any = None
) -> Tensor:
    if number == 1:
        return conv1d(input, filter, strides, padding, data_format=data_format, dilations=dilations, name=scope)
    return conv2d(input, filter, strides, padding, data_format=data_format, dilations=dilations or [1] * 4, name=scope)


def _dilated(
    input: Tensor, filter: Tensor, padding: Any, strides: Any, rates: Any, data_format: Any, number: int, scope: Any
) -> Tensor:
    dims, sizes = as_shape(input.shape), as_shape(filter.shape)
    if dims.ndims is not None and dims.ndims != number + 2:
        raise ValueError(f"`input.shape.rank` must be {number + 2}. Received: input.shape={dims}")
    second = _channels_second(data_format)
    if dims.as_tuple is not None and sizes.as_tuple is not None:
        channels, taken = dims.as_tuple[1 if second else -1], sizes.as_tuple[number]
        if channels is not None and taken is not None and channels % taken:
            raise ValueError(
                "The number of input channels is not divisible by the corresponding number of output filters. Received: "
                f"input.shape={dims} and filters.shape={sizes}"
            )
    steps, rate = _strides_and_rates(number, strides, rates)
    each = for_each_axis(steps.tolist(), number, second, "strides")

    def op(converted: Tensor, _: int, converted_padding: Any) -> Tensor:
        return _plain(converted, filter, each, converted_padding, data_format, number, scope)

    axes = range(2, number + 2) if second else range(1, number + 1)
    filter_shape: Any = None
    if padding == "SAME":
        filter_shape = sizes if sizes.is_fully_defined() else shape(filter)
    return with_space_to_batch(input, rate, padding, op, filter_shape, axes, data_format)


def atrous_conv2d(value: Any, filters: Any, rate: Any, padding: Any, name: str | None = None) -> Tensor:
    """The convolution of images with the taps of the filters `rate` pixels apart. Source: `tf.nn.atrous_conv2d`."""
    return convolution(value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name)


def pool(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: Any,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Tensor:
    """The largest element or the mean of each window, along as many axes of space as windows have.

    Args:
      input: [batch, *space, channels], or as `data_format` says.
      window_shape: the sizes of a window.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      dilation_rate: how far apart the elements of a window are. Also called `dilations`.
      strides: the step of the windows.
      name: the operations' name scope.
      data_format: "NWC", "NHWC" (the defaults), "NCW" or "NCHW".
      dilations: see `dilation_rate`.

    Raises:
      ValueError: shapes, strides and rates do not fit.

    Source: `tf.nn.pool`.
    """
    rates = renamed("dilations", dilations, "dilation_rate", dilation_rate)
    with name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert_to_tensor(input, name="input")
        number = len(window_shape)
        if not 1 <= number <= 2:
            raise ValueError(f"`len(window_shape)` must be 1 or 2 here. Received: window_shape={window_shape}")
        input.shape.with_rank(number + 2)
        steps, rate = _strides_and_rates(number, strides, rates)
        if padding == "SAME" and (rate > 1).any():
            raise ValueError("pooling with 'SAME' padding is not implemented for `dilation_rate` > 1.")
        if (steps > window_shape).any():
            raise ValueError(
                f"`strides` > `window_shape` not supported. Received: strides={steps}, window_shape={window_shape}"
            )
        if pooling_type not in ("MAX", "AVG"):
            raise ValueError(f"{number}-D {pooling_type} pooling is not supported.")
        function = max_pool if pooling_type == "MAX" else avg_pool
        second = _channels_second(data_format)
        window = for_each_axis(list(window_shape), number, second, "window_shape")
        each = for_each_axis(steps.tolist(), number, second, "strides")
        axes = range(2, number + 2) if second else range(1, number + 1)
        if number == 1:
            if data_format not in (None, "NWC", "NCW"):
                raise ValueError(f"data_format must be either 'NWC' or 'NCW'. Received: data_format={data_format}")
            window, each = [1, *window], [1, *each]
            data_format = "NCHW" if second else "NHWC"

        def op(converted: Tensor, _: int, converted_padding: Any) -> Tensor:
            if number == 2:
                return function(converted, window, each, converted_padding, data_format=data_format, name=scope)
            wide = expand_dims(converted, axes[0])
            return squeeze(function(wide, window, each, converted_padding, data_format=data_format, name=scope), [axes[0]])

        return with_space_to_batch(input, rate, padding, op, window_shape, axes)


# --- lines as images of one line -------------------------------------------------------------------------------------


def _pool_lines(op_type: str, scope: str, input: Any, ksize: Any, strides: Any, padding: Any, data_format: Any) -> Tensor:
    data_format = data_format or "NWC"
    second = _channels_second(data_format)
    window = [1, *for_each_axis(ksize, 1, second, "ksize")]
    steps = [1, *for_each_axis(strides, 1, second, "strides")]
    axis = 1 if data_format == "NWC" else 2
    wide = expand_dims(input, axis)
    attrs: dict[str, Any] = {"explicit_paddings": []} if op_type == "MaxPool" else {}
    kind = "NHWC" if data_format == "NWC" else "NCHW"
    result = apply_op(op_type, wide, ksize=window, strides=steps, padding=padding, data_format=kind, name=scope, **attrs)
    return squeeze(result, axis)


def max_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """`max_pool` of lines: [batch, pixels, channels]. Source: `tf.nn.max_pool1d`."""
    with name_scope(name, "MaxPool1d", [input]) as scope:
        return _pool_lines("MaxPool", scope, input, ksize, strides, padding, data_format)


def avg_pool1d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NWC", name: str | None = None
) -> Tensor:
    """`avg_pool` of lines: [batch, pixels, channels]. Source: `tf.nn.avg_pool1d`."""
    with name_scope(name, "AvgPool1D", [input]) as scope:
        return _pool_lines("AvgPool", scope, input, ksize, strides, padding, data_format)


def max_pool2d(
    input: Any, ksize: Any, strides: Any, padding: Any, data_format: str | None = "NHWC", name: str | None = None
) -> Tensor:
    """`max_pool` of images, with a name of its own. Source: `tf.nn.max_pool2d`."""
    with name_scope(name, "MaxPool2d", [input]) as scope:
        return max_pool(input, ksize, strides, padding, data_format=data_format, name=scope)


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Tensor:
    """The gradient of `conv1d` for its input: lines made longer. Filters are [pixels, filters, channels].

    Raises:
      ValueError: `data_format` is neither "NWC" nor "NCW", or the shapes do not fit.

    Source: `tf.nn.conv1d_transpose`.
    """
    with name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as scope:
        if data_format not in (None, "NWC", "NCW"):
            raise ValueError(f"`data_format` must be 'NWC' or 'NCW'. Received: data_format={data_format}")
        second = _channels_second(data_format)
        at = 2 if second else 1
        steps = [1, *for_each_axis(strides, 1, second, "stride")]
        spread = [1, *for_each_axis(dilations, 1, second, "dilations")]
        wide, taps = expand_dims(input, at), expand_dims(filters, 0)
        output_shape = output_shape if isinstance(output_shape, Tensor) else list(output_shape)
        whole = concat([output_shape[:at], [1], output_shape[at:]], 0)
        result = apply_op(
            "Conv2DBackpropInput",
            whole,
            taps,
            wide,
            strides=steps,
            padding=padding,
            data_format="NCHW" if second else "NHWC",
            dilations=spread,
            name=scope,
        )
        return squeeze(result, at)
