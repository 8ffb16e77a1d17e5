"""Kernels that move blocks of space into the batch or the channels, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels.registry import Call, kernel
from teachtf.ops import spaces

assert spaces  # the declarations


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


def _channels_last(op: Any, call: Call) -> Call:
    """`call` works on images with their channels last."""
    if op._attrs["data_format"] == b"NHWC":
        return call
    return lambda x: np.moveaxis(call(np.moveaxis(x, 1, 3)), 3, 1)


@kernel("SpaceToDepth")
def _space_to_depth(op: Any) -> Call:
    block = op._attrs["block_size"]

    def call(x: Any) -> Any:
        batch, height, width, depth = x.shape
        if height % block or width % block:
            raise _invalid(f"Image height {height} and width {width} should be divisible by block_size: {block}")
        parts = x.reshape(batch, height // block, block, width // block, block, depth)
        return parts.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height // block, width // block, block * block * depth)

    return _channels_last(op, call)


@kernel("DepthToSpace")
def _depth_to_space(op: Any) -> Call:
    block = op._attrs["block_size"]

    def call(x: Any) -> Any:
        batch, height, width, depth = x.shape
        if depth % (block * block):
            raise _invalid(f"Input depth dimension {depth} should be divisible by: {block * block}")
        parts = x.reshape(batch, height, width, block, block, depth // (block * block))
        return parts.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height * block, width * block, depth // (block * block))

    return _channels_last(op, call)


def check_blocks(x: Any, blocks: Any, borders: Any, what: str) -> tuple[list[int], list[list[int]]]:
    """The sizes of blocks, and what is added or cut at both ends of each axis."""
    sizes, pairs = np.ravel(blocks).tolist(), borders.tolist()
    if len(sizes) != len(pairs) or x.ndim < len(sizes) + 1:
        raise _invalid(f"input rank should be >= {1 + len(sizes)} instead of {x.ndim}; {what} must have a row a block axis")
    if any(s < 1 for s in sizes):
        raise _invalid(f"All values in block_shape must be positive, got {sizes}")
    if any(p < 0 for pair in pairs for p in pair):
        raise _invalid(f"{what.capitalize()} must be non-negative, got {pairs}")
    return sizes, pairs


@kernel("SpaceToBatchND")
def _space_to_batch(op: Any) -> Call:
    def call(x: Any, blocks: Any, paddings: Any) -> Any:
        sizes, pairs = check_blocks(x, blocks, paddings, "paddings")
        n = len(sizes)
        padded = np.pad(x, [(0, 0), *map(tuple, pairs), *[(0, 0)] * (x.ndim - n - 1)])
        space = padded.shape[1 : n + 1]
        for i, (size, block) in enumerate(zip(space, sizes, strict=True)):
            if size % block:
                raise _invalid(f"padded_shape[{i}]={size} is not divisible by block_shape[{i}]={block}")
        split = [part for size, block in zip(space, sizes, strict=True) for part in (size // block, block)]
        rest = padded.shape[n + 1 :]
        parts = padded.reshape(x.shape[0], *split, *rest)
        order = [*(2 * i + 2 for i in range(n)), 0, *(2 * i + 1 for i in range(n)), *range(2 * n + 1, parts.ndim)]
        batch = x.shape[0] * int(np.prod(sizes))
        return parts.transpose(order).reshape(batch, *(s // b for s, b in zip(space, sizes, strict=True)), *rest)

    return call


@kernel("BatchToSpaceND")
def _batch_to_space(op: Any) -> Call:
    def call(x: Any, blocks: Any, crops: Any) -> Any:
        sizes, pairs = check_blocks(x, blocks, crops, "crops")
        n, product = len(sizes), int(np.prod(sizes))
        if x.shape[0] % product:
            raise _invalid(f"Input batch dimension ({x.shape[0]}) is not divisible by product of block sizes ({product})")
        space, rest, batch = x.shape[1 : n + 1], x.shape[n + 1 :], x.shape[0] // product
        parts = x.reshape(*sizes, batch, *space, *rest)
        order = [n, *(axis for i in range(n) for axis in (n + 1 + i, i)), *range(2 * n + 1, parts.ndim)]
        whole = parts.transpose(order).reshape(batch, *(s * b for s, b in zip(space, sizes, strict=True)), *rest)
        index = [slice(None)]
        for i, (start, end) in enumerate(pairs):
            size = whole.shape[i + 1]
            if start + end > size:
                raise _invalid(f"cropped_shape[{i}]={size - start - end} must be non-negative")
            index.append(slice(start, size - end))
        return whole[tuple(index)].copy()

    return call
