"""The arguments of layers that slide a window over their input."""

from __future__ import annotations

from typing import Any


def numbers(value: Any, rank: int, name: str) -> tuple[int, ...]:
    """One positive number an axis, from a number or a sequence.

    Raises:
      ValueError: it has another form.
    """
    message = f"The `{name}` argument must be a tuple of {rank} integers. Received: {value}"
    if isinstance(value, int):
        result = (value,) * rank
    else:
        try:
            result = tuple(int(v) for v in value)
        except (TypeError, ValueError):
            raise ValueError(message) from None
    if len(result) != rank or min(result) <= 0:
        raise ValueError(message)
    return result


def padding(value: str, *, causal: bool = False) -> str:
    """ "valid", "same" or, where there is such a thing, "causal".

    Raises:
      ValueError: it is none of them.
    """
    lower = value.lower()
    if lower not in ("valid", "same", *(["causal"] if causal else [])):
        raise ValueError(f'The `padding` argument must be one of "valid", "same" (or "causal", for lines). Received: {value}')
    return lower


def data_format(value: str | None) -> str:
    """ "channels_last" or "channels_first".

    Raises:
      ValueError: it is none of them.
    """
    lower = (value or "channels_last").lower()
    if lower not in ("channels_last", "channels_first"):
        raise ValueError(f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {value}')
    return lower


def letters(form: str, rank: int) -> str:
    """The data format of ops.

    >>> letters("channels_first", 2), letters("channels_last", 1)
    ('NCHW', 'NWC')
    """
    spatial = "DHW"[-rank:]
    return f"N{spatial}C" if form == "channels_last" else f"NC{spatial}"


def all_axes(spatial: tuple[int, ...], form: str) -> tuple[int, ...]:
    """Numbers for spatial axes, with a 1 for each other axis."""
    return (1, *spatial, 1) if form == "channels_last" else (1, 1, *spatial)


def output_length(length: int | None, window: int, pad: str, stride: int, dilation: int, name: str) -> int | None:
    """How many windows there are along an axis.

    Raises:
      ValueError: there is none.
    """
    if length is None:
        return None
    if pad == "valid":
        length = length - (window + (window - 1) * (dilation - 1)) + 1
    count = (length + stride - 1) // stride
    if count < 0:
        raise ValueError(
            f"One of the dimensions in the output is <= 0 due to downsampling in {name}. Consider increasing the input size: "
            f"the window of {window} is larger than the input."
        )
    return count


def transposed_length(length: Any, window: int, pad: str, stride: int) -> Any:
    """The length from which `length` windows come, a number or a tensor; None where it is not known."""
    if length is None:
        return None
    return length * stride if pad == "same" else length * stride + max(window - stride, 0)
