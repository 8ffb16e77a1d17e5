"""Blocks of space moved into the batch or the channels and back, and patches of images: views along more axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from teachtf.kernels import patches
from teachtf.kernels.cuda.arrays import GpuArray
from teachtf.kernels.cuda.checks import on_cpu
from teachtf.kernels.cuda.moves import padded
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import View, gathered, of_shape, view_of
from teachtf.kernels.registry import Call
from teachtf.kernels.spaces import check_blocks

__all__: list[str] = []


def _rearranged(x: GpuArray, split: Sequence[int], order: Sequence[int], shape: Sequence[int]) -> GpuArray:
    """`x` with its axes split into these, those put in order, and joined to a shape."""
    whole = of_shape(x.shape)
    return gathered(x, view_of(whole.reshape(split).transpose(order), whole)).reshaped(tuple(shape))


@gpu_kernel("SpaceToDepth", "DepthToSpace")
def _space_and_depth(op: Any) -> Call:
    k, last = op._attrs["block_size"], op._attrs["data_format"] == b"NHWC"
    deeper = op.type == "SpaceToDepth"

    def call(x: Any) -> Any:
        batch, height, width, depth = x.shape if last else (x.shape[0], *x.shape[2:], x.shape[1])
        if height % k or width % k if deeper else depth % (k * k):
            return on_cpu(op, x)
        if deeper:
            h, w, d = height // k, width // k, k * k * depth
            split = (batch, h, k, w, k, depth) if last else (batch, depth, h, k, w, k)
            order = (0, 1, 3, 2, 4, 5) if last else (0, 3, 5, 1, 2, 4)
        else:
            h, w, d = height * k, width * k, depth // (k * k)
            split = (batch, height, width, k, k, d) if last else (batch, k, k, d, height, width)
            order = (0, 1, 3, 2, 4, 5) if last else (0, 3, 4, 1, 5, 2)
        return _rearranged(x, split, order, (batch, h, w, d) if last else (batch, d, h, w))

    return call


@gpu_kernel("SpaceToBatchND", host=[1, 2])
def _space_to_batch(op: Any) -> Call:
    def call(x: Any, blocks: Any, paddings: Any) -> Any:
        sizes, pairs = check_blocks(x, blocks, paddings, "paddings")
        n = len(sizes)
        rest = x.shape[n + 1 :]
        space = [before + d + after for (before, after), d in zip(pairs, x.shape[1:], strict=False)]
        if any(d % size for d, size in zip(space, sizes, strict=True)):
            return on_cpu(op, x, blocks, paddings)
        whole = padded(x, [(0, 0), *pairs, *[(0, 0)] * len(rest)]) if any(map(any, pairs)) else x
        fewer = [d // size for d, size in zip(space, sizes, strict=True)]
        split = [x.shape[0], *(part for pair in zip(fewer, sizes, strict=True) for part in pair), *rest]
        order = [*(2 * i + 2 for i in range(n)), 0, *(2 * i + 1 for i in range(n)), *range(2 * n + 1, len(split))]
        return _rearranged(whole, split, order, (x.shape[0] * math.prod(sizes), *fewer, *rest))

    return call


@gpu_kernel("BatchToSpaceND", host=[1, 2])
def _batch_to_space(op: Any) -> Call:
    def call(x: Any, blocks: Any, crops: Any) -> Any:
        sizes, pairs = check_blocks(x, blocks, crops, "crops")
        n, product = len(sizes), math.prod(sizes)
        space, rest, batch = x.shape[1 : n + 1], x.shape[n + 1 :], x.shape[0] // product
        shape = (batch, *(d * size for d, size in zip(space, sizes, strict=True)), *rest)
        if x.shape[0] % product or any(sum(pair) > d for pair, d in zip(pairs, shape[1:], strict=False)):
            return on_cpu(op, x, blocks, crops)
        split = (*sizes, batch, *space, *rest)
        order = [n, *(axis for i in range(n) for axis in (n + 1 + i, i)), *range(2 * n + 1, len(split))]
        made = _rearranged(x, split, order, shape)
        whole = of_shape(shape)
        part = whole[(slice(None), *(slice(start, d - end) for (start, end), d in zip(pairs, shape[1:], strict=False)))]
        return gathered(made, view_of(part, whole))

    return call


@gpu_kernel("ExtractImagePatches")
def _patches(op: Any) -> Call:
    (high, down, apart), (wide, across, aside) = patches.numbers_along(op)

    def call(x: Any) -> Any:
        counts, borders = patches.layout(op, x.shape)
        image = padded(x, borders) if any(map(any, borders)) else x
        batch, height, width, depth = image.shape
        row, column = width * depth, depth
        shape = (batch, *counts, high, wide, depth)
        strides = (height * row, down * row, across * column, apart * row, aside * column, 1)
        return gathered(image, View(shape, strides, 0)).reshaped((batch, *counts, high * wide * depth))

    return call
