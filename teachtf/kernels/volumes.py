"""Kernels of volumes: one tap of the windows at a time, all windows at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import volumes
from teachtf.ops.windows import windows_along


class Windows:
    """How the windows of a node lie in volumes of a size."""

    def __init__(self, op: Any, sizes: tuple[int, ...], taps: tuple[int, ...]) -> None:
        space, _ = volumes.axes_of_volumes(op)
        self.sizes, self.taps = sizes, taps
        self.counts, self.before, self.padded = [], [], []
        self.strides = [op._attrs["strides"][axis] for axis in space]
        self.rates = [op._attrs["dilations"][axis] if "dilations" in op._attrs else 1 for axis in space]
        for axis, size, tap, stride, rate in zip(space, sizes, taps, self.strides, self.rates, strict=True):
            try:
                count = windows_along(op, axis, size, tap) or 0
            except ValueError as error:
                raise errors.InvalidArgumentError(None, op, str(error)) from None
            reach = (count - 1) * stride + (tap - 1) * rate + 1
            missing = max(0, reach - size) if op._attrs["padding"] == b"SAME" else 0
            self.counts.append(count)
            self.before.append(missing // 2)
            self.padded.append(size + missing)

    @property
    def inside(self) -> tuple[slice, ...]:
        """Where the volume lies in the padded one."""
        return tuple(slice(b, b + s) for b, s in zip(self.before, self.sizes, strict=True))

    def pad(self, x: Any, fill: Any) -> Any:
        padded = np.full((x.shape[0], *self.padded, x.shape[-1]), fill, x.dtype)
        padded[(slice(None), *self.inside)] = x
        return padded

    def each(self) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
        """For each tap: its place in the filter, and the elements that it meets in padded volumes."""
        for place in np.ndindex(*self.taps):
            starts = [p * r for p, r in zip(place, self.rates, strict=True)]
            along = [slice(s, s + (n - 1) * t + 1, t) for s, n, t in zip(starts, self.counts, self.strides, strict=True)]
            yield place, (slice(None), *along)


def _first(op: Any, x: Any) -> Any:
    return x if op._attrs["data_format"] == b"NDHWC" else np.moveaxis(x, 1, -1)


def _last(op: Any, x: Any) -> Any:
    return x if op._attrs["data_format"] == b"NDHWC" else np.ascontiguousarray(np.moveaxis(x, -1, 1))


def _wide(x: Any) -> Any:
    """Sums of half floats are taken in float32."""
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


@kernel("Conv3D")
def _conv(op: Any) -> Call:
    def call(x: Any, taps: Any) -> Any:
        given, kernel_taps = _wide(_first(op, x)), _wide(taps)
        check_channels(op, given.shape[4], taps.shape[3])
        windows = Windows(op, given.shape[1:4], taps.shape[:3])
        padded = windows.pad(given, 0)
        result = np.zeros((x.shape[0], *windows.counts, taps.shape[4]), given.dtype)
        for place, where in windows.each():
            result += padded[where] @ kernel_taps[place]
        return _last(op, result.astype(x.dtype, copy=False))

    return call


@kernel("Conv3DBackpropInputV2")
def _conv_input(op: Any) -> Call:
    space, channel = volumes.axes_of_volumes(op)

    def call(sizes: Any, taps: Any, dy: Any) -> Any:
        grad, kernel_taps = _wide(_first(op, dy)), _wide(taps)
        check_channels(op, int(sizes[channel]), taps.shape[3])
        windows = Windows(op, tuple(int(sizes[a]) for a in space), taps.shape[:3])
        check_gradient(op, grad, (int(sizes[0]), *windows.counts, taps.shape[4]))
        padded = np.zeros((int(sizes[0]), *windows.padded, int(sizes[channel])), grad.dtype)
        for place, where in windows.each():
            padded[where] += grad @ kernel_taps[place].T
        return _last(op, np.ascontiguousarray(padded[(slice(None), *windows.inside)]).astype(dy.dtype, copy=False))

    return call


@kernel("Conv3DBackpropFilterV2")
def _conv_filter(op: Any) -> Call:
    def call(x: Any, sizes: Any, dy: Any) -> Any:
        given, grad = _wide(_first(op, x)), _wide(_first(op, dy))
        shape = tuple(int(s) for s in sizes)
        check_channels(op, given.shape[4], shape[3])
        windows = Windows(op, given.shape[1:4], shape[:3])
        check_gradient(op, grad, (given.shape[0], *windows.counts, shape[4]))
        padded = windows.pad(given, 0)
        result = np.zeros(shape, given.dtype)
        for place, where in windows.each():
            result[place] = np.tensordot(padded[where], grad, axes=([0, 1, 2, 3], [0, 1, 2, 3]))
        return result.astype(x.dtype, copy=False)

    return call


def check_channels(op: Any, given: int, taken: int) -> None:
    if given != taken:
        raise errors.InvalidArgumentError(
            None, op, f"{op.type}: the volumes have {given} channels and the filter takes {taken}"
        )


def check_gradient(op: Any, dy: Any, expected: tuple[int, ...]) -> None:
    if dy.shape != expected:
        raise errors.InvalidArgumentError(
            None, op, f"{op.type}: out_backprop has shape {list(dy.shape)}, and these sizes give {list(expected)} (as NDHWC)"
        )


def pool_windows(op: Any, sizes: tuple[int, ...]) -> Windows:
    space, channel = volumes.axes_of_volumes(op)
    ksize = op._attrs["ksize"]
    if ksize[0] != 1 or ksize[channel] != 1:
        raise errors.UnimplementedError(None, op, "Pooling of volumes goes along their axes of space only.")
    return Windows(op, sizes, tuple(ksize[a] for a in space))


@kernel("MaxPool3D")
def _max_pool(op: Any) -> Call:
    def call(x: Any) -> Any:
        given = _first(op, x)
        windows = pool_windows(op, given.shape[1:4])
        padded = windows.pad(given, -np.inf)
        result = np.full((x.shape[0], *windows.counts, given.shape[-1]), -np.inf, x.dtype)
        for _, where in windows.each():
            np.maximum(result, padded[where], out=result)
        return _last(op, result)

    return call


@kernel("MaxPool3DGrad")
def _max_pool_grad(op: Any) -> Call:
    def call(x: Any, y: Any, dy: Any) -> Any:
        given, most, grad = (_first(op, t) for t in (x, y, dy))
        windows = pool_windows(op, given.shape[1:4])
        padded = windows.pad(given, -np.inf)
        result = np.zeros(padded.shape, dy.dtype)
        for _, where in windows.each():
            result[where] += np.where(padded[where] == most, grad, 0)
        return _last(op, np.ascontiguousarray(result[(slice(None), *windows.inside)]))

    return call


@kernel("MaxPool3DGradGrad")
def _max_pool_grad_grad(op: Any) -> Call:
    def call(x: Any, y: Any, grad: Any) -> Any:
        given, most, back = (_first(op, t) for t in (x, y, grad))
        windows = pool_windows(op, given.shape[1:4])
        padded, moved = windows.pad(given, -np.inf if given.dtype.kind == "f" else 0), windows.pad(back, 0)
        result, open_ = np.zeros(most.shape, grad.dtype), np.ones(most.shape, bool)
        for _, where in windows.each():
            hit = open_ & (padded[where] == most)
            result[hit] = moved[where][hit]
            open_ &= ~hit
        return _last(op, result)

    return call


def _shares(windows: Windows, dtype: Any) -> Any:
    """How many elements of each window lie inside: [1, windows, 1]."""
    inside = windows.pad(np.ones((1, *windows.sizes, 1), dtype), 0)
    number = np.zeros((1, *windows.counts, 1), dtype)
    for _, where in windows.each():
        number += inside[where]
    return number


@kernel("AvgPool3D")
def _avg_pool(op: Any) -> Call:
    def call(x: Any) -> Any:
        given = _wide(_first(op, x))
        windows = pool_windows(op, given.shape[1:4])
        padded = windows.pad(given, 0)
        result = np.zeros((x.shape[0], *windows.counts, given.shape[-1]), given.dtype)
        for _, where in windows.each():
            result += padded[where]
        return _last(op, (result / _shares(windows, given.dtype)).astype(x.dtype, copy=False))

    return call


@kernel("AvgPool3DGrad")
def _avg_pool_grad(op: Any) -> Call:
    space, channel = volumes.axes_of_volumes(op)

    def call(sizes: Any, dy: Any) -> Any:
        grad = _wide(_first(op, dy))
        windows = pool_windows(op, tuple(int(sizes[a]) for a in space))
        part = grad / _shares(windows, grad.dtype)
        padded = np.zeros((int(sizes[0]), *windows.padded, int(sizes[channel])), grad.dtype)
        for _, where in windows.each():
            padded[where] += part
        return _last(op, np.ascontiguousarray(padded[(slice(None), *windows.inside)]).astype(dy.dtype, copy=False))

    return call
