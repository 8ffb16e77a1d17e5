"""Windows that slide over images: the arithmetic that convolution and pooling share, before a run and in it."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any, NamedTuple

from teachtf.core import errors

Pair = tuple[int, int]


class Axes(NamedTuple):
    """Where lines, pixels and channels stand among the four dimensions of images."""

    line: int
    pixel: int
    channel: int


_AXES = {b"NHWC": Axes(1, 2, 3), b"NCHW": Axes(2, 3, 1)}


def axes_of(op: Any) -> Axes:
    """The axes of the images that `op` works on."""
    return _AXES[op._attrs["data_format"]]


def check(op: Any) -> None:
    """Check the window attributes of `op` that its inputs have no say in.

    Raises:
      ValueError: one of the wrong length, or padding where there can be none.
    """
    attrs = op._attrs
    for name, what in (("strides", "stride"), ("ksize", "ksize"), ("dilations", "dilations")):
        if name in attrs and len(attrs[name]) != 4:
            raise ValueError(f"{op.type} requires the {what} attribute to contain 4 values, but got: {len(attrs[name])}")
    explicit = attrs.get("explicit_paddings", ())
    if attrs["padding"] != b"EXPLICIT":
        if explicit:
            raise ValueError("explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT")
        return
    if len(explicit) != 8:
        raise ValueError(f"explicit_paddings attribute must contain 8 values, but got: {len(explicit)}")
    if min(explicit) < 0:
        raise ValueError("All elements of explicit_paddings must be nonnegative")
    channel = axes_of(op).channel
    if any(explicit[:2]) or any(explicit[2 * channel : 2 * channel + 2]):
        raise ValueError("Nonzero explicit padding in the batch or depth dimensions is not supported")


def _explicit(op: Any, axis: int) -> Pair:
    if op._attrs["padding"] != b"EXPLICIT":
        return 0, 0
    before, after = op._attrs["explicit_paddings"][2 * axis : 2 * axis + 2]
    return before, after


def windows_along(op: Any, axis: int, size: int | None, kernel: int | None) -> int | None:
    """How many windows of `kernel` elements fit along an axis of `size`; None where that is not known yet.

    Raises:
      ValueError: not even one fits, or the stride or dilation is not positive.
    """
    stride = op._attrs["strides"][axis]
    dilation = op._attrs["dilations"][axis] if "dilations" in op._attrs else 1
    if stride <= 0:
        raise ValueError(f"Stride must be > 0, but got {stride}")
    if dilation < 1:
        raise ValueError(f"Dilation rate must be >= 1, but got {dilation}")
    if op._attrs["padding"] == b"SAME":
        return None if size is None else -(-size // stride)
    if size is None or kernel is None:
        return None
    padded, reach = size + sum(_explicit(op, axis)), (kernel - 1) * dilation + 1
    if reach > padded:
        raise ValueError(f"Negative dimension size caused by subtracting {reach} from {padded}")
    return (padded - reach) // stride + 1


class Slide(NamedTuple):
    """How windows slide in a run: for lines and pixels, the step, the spread and the padding on both sides."""

    strides: Pair
    padding: tuple[Pair, Pair]
    dilations: Pair
    windows: Pair


def slide(op: Any, sizes: Pair, kernel: Pair) -> Slide:
    """How windows of `kernel` slide over images of these sizes.

    Raises:
      InvalidArgumentError: not even one fits.
    """
    axes = axes_of(op)
    strides, dilations, padding, counts = [], [], [], []
    for axis, size, taps in zip(axes[:2], sizes, kernel, strict=True):
        try:
            count = windows_along(op, axis, size, taps)
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, f"Computed output size would be negative: {error}") from None
        assert count is not None
        stride = op._attrs["strides"][axis]
        dilation = op._attrs["dilations"][axis] if "dilations" in op._attrs else 1
        pair = _explicit(op, axis)
        if op._attrs["padding"] == b"SAME":
            total = max(0, (count - 1) * stride + (taps - 1) * dilation + 1 - size)
            pair = total // 2, total - total // 2
        strides.append(stride)
        dilations.append(dilation)
        padding.append(pair)
        counts.append(count)
    return Slide((strides[0], strides[1]), (padding[0], padding[1]), (dilations[0], dilations[1]), (counts[0], counts[1]))


# --- what the public functions accept ------------------------------------------------------------------------------


def four(value: Any, data_format: str | None, name: str) -> list[Any]:
    """`value` for each of four dimensions: given for all four, for lines and pixels, or one for both.

    Raises:
      ValueError: it has another length.
    """
    if value is None:
        return [1, 1, 1, 1]
    values = list(value) if isinstance(value, Sized) else [value]  # type: ignore[call-overload]
    if len(values) == 4:
        return values
    if len(values) not in (1, 2):
        raise ValueError(f"{name} should be of length 1, 2 or 4. Received: {name}={values} of length {len(values)}")
    both = values * 2 if len(values) == 1 else values
    return [1, 1, *both] if (data_format or "NHWC").startswith("NC") else [1, *both, 1]


def padding_attrs(padding: Any) -> dict[str, Any]:
    """The attributes for "SAME", "VALID", or a list of a (before, after) pair for each dimension.

    Raises:
      ValueError: a list of another form, or the word "EXPLICIT" itself.
    """
    if padding == "EXPLICIT":
        raise ValueError("'EXPLICIT' is not a valid value for `padding`. To use explicit padding, `padding` must be a list.")
    if not isinstance(padding, (list, tuple)):
        return {"padding": padding, "explicit_paddings": []}
    head = "When `padding` is a list, each element of `padding` must be a list/tuple of size 2."
    flat: list[int] = []
    for i, pair in enumerate(padding):
        if not isinstance(pair, (list, tuple)):
            raise ValueError(f"{head} Received: padding={padding} with element at index {i} of type {type(pair)}")
        if len(pair) != 2:
            raise ValueError(f"{head} Received: padding={padding} with element at index {i} of size {len(pair)}")
        flat.extend(pair)
    if len(padding) != 4:
        raise ValueError(f"When padding is a list, it must be of size 4. Received: padding={padding} of size {len(padding)}")
    return {"padding": "EXPLICIT", "explicit_paddings": flat}
