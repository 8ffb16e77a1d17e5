"""Kernels of patches of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import patches

assert patches  # the declarations


def numbers_along(op: Any) -> list[tuple[int, int, int]]:
    """The size, the step and the rate of patches, down and across."""
    return [tuple(op._attrs[name][axis] for name in ("ksizes", "strides", "rates")) for axis in (1, 2)]  # type: ignore[misc]


def layout(op: Any, shape: Any) -> tuple[list[int], list[tuple[int, int]]]:
    """How many patches there are down and across, and the borders that images of this shape get for them."""
    padding, counts, borders = op._attrs["padding"], [], [(0, 0)]
    for size, (kernel_size, stride, rate) in zip(shape[1:3], numbers_along(op), strict=True):
        try:
            count = patches.patches_along(size, kernel_size, stride, rate, padding)
        except ValueError as error:
            raise errors.InvalidArgumentError(None, None, str(error)) from None
        missing = max(0, (count - 1) * stride + (kernel_size - 1) * rate + 1 - size) if padding == b"SAME" else 0
        counts.append(count)
        borders.append((missing // 2, missing - missing // 2))
    return counts, [*borders, (0, 0)]


@kernel("ExtractImagePatches")
def _patches(op: Any) -> Call:
    axes = numbers_along(op)

    def call(x: Any) -> Any:
        counts, borders = layout(op, x.shape)
        padded = np.pad(x, borders)
        rows, columns = (
            (np.arange(count) * stride)[:, None] + np.arange(kernel_size) * rate
            for count, (kernel_size, stride, rate) in zip(counts, axes, strict=True)
        )
        found = padded[:, rows[:, None, :, None], columns[None, :, None, :]]
        return found.reshape(x.shape[0], *counts, -1)

    return call


@kernel("ParallelConcat")
def _parallel_concat(op: Any) -> Call:
    return lambda *parts: np.concatenate(parts, 0)
