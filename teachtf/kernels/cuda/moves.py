"""Elements picked, turned round, put elsewhere and repeated: shapes, slices, transpositions, paddings."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numba import cuda

from teachtf.core.static import strided_slice_index
from teachtf.kernels import registry as cpu
from teachtf.kernels.cuda.arrays import GpuArray, empty, to_gpu, to_host
from teachtf.kernels.cuda.checks import new_flag, refused
from teachtf.kernels.cuda.fills import filled
from teachtf.kernels.cuda.jit import kernel, launch
from teachtf.kernels.cuda.registry import gpu_kernel
from teachtf.kernels.cuda.strided import View, copy, gathered, of_shape, view_of
from teachtf.kernels.registry import Call, Cell, State

__all__ = ["key", "padded", "views"]

_REMEMBERED = 256  # shapes and positions of which an op remembers what they come to


@gpu_kernel("Identity", "StopGradient", "PreventGradient", "PlaceholderWithDefault", "RefIdentity", "IdentityN", anywhere=True)
@gpu_kernel("Shape", "ShapeN", "Size", "Rank", "EnsureShape", anywhere=True)
def _by_shape(op: Any) -> Call:
    """The CPU's kernels of these look at shapes alone."""
    call = cpu.build(op, State())
    if op.type in ("Shape", "ShapeN", "Size", "Rank"):
        return lambda *xs: call(*[of_shape(np.shape(x)) for x in xs])
    return call


@gpu_kernel("BroadcastGradientArgs", "BroadcastArgs", "ConcatOffset", "InvertPermutation", anywhere=True)
def _of_metadata(op: Any) -> Call:
    """Short vectors of whole numbers, which say what other kernels do: they stay with the host."""
    call = cpu.build(op, State())
    return lambda *xs: call(*map(to_host, xs))


def key(*arrays: Any) -> tuple[bytes, ...]:
    """What tells arrays in the computer's memory apart."""
    return tuple(np.asarray(a).tobytes() for a in arrays)


def views(op: Any, picked: Callable[..., Any], at: int = 0) -> Call:
    """The call whose results are parts of its input number `at`; `picked` gives the same parts of a NumPy array."""
    known: dict[Any, list[View]] = {}

    def call(*inputs: Any) -> Any:
        x, others = inputs[at], inputs[:at] + inputs[at + 1 :]
        asked = (x.shape, *key(*others))
        found = known.get(asked)
        if found is None:
            whole = of_shape(x.shape)
            parts = picked(*inputs[:at], whole, *inputs[at + 1 :])
            found = [view_of(part, whole) for part in (parts if isinstance(parts, tuple) else (parts,))]
            if len(known) >= _REMEMBERED:
                known.clear()
            known[asked] = found
        results = tuple(gathered(x, view) for view in found)
        return results if len(op._outputs) > 1 else results[0]

    return call


@gpu_kernel("Reshape", "ExpandDims", "Transpose", host=[1], metadata=True)
@gpu_kernel("StridedSlice", host=[1, 2, 3], metadata=True)
@gpu_kernel("Slice", "SplitV", host=[1, 2], metadata=True)
@gpu_kernel("Squeeze", "Unpack", metadata=True)
def _viewed(op: Any) -> Call:
    return views(op, cpu.build(op, State()))


@gpu_kernel("Split", host=[0], metadata=True)
def _split(op: Any) -> Call:
    return views(op, cpu.build(op, State()), at=1)


@gpu_kernel("BroadcastTo", host=[1], metadata=True)
def _broadcast_to(op: Any) -> Call:
    return views(op, lambda x, shape: np.broadcast_to(x, tuple(shape), subok=True))


@gpu_kernel("ReverseV2", host=[1], metadata=True)
def _reverse(op: Any) -> Call:
    return views(op, lambda x, axes: np.flip(x, tuple(np.ravel(axes))))


@gpu_kernel("Tile", host=[1], metadata=True)
def _tile(op: Any) -> Call:
    """Each axis becomes two: the repetitions, which are no step apart, and the axis itself."""

    def call(x: Any, multiples: Any) -> Any:
        numbers = [int(m) for m in multiples]
        shape = tuple(m * d for m, d in zip(numbers, x.shape, strict=True))
        apart = of_shape([n for d in x.shape for n in (1, d)])
        repeated = np.broadcast_to(apart, [n for m, d in zip(numbers, x.shape, strict=True) for n in (m, d)], subok=True)
        return gathered(x, view_of(repeated, apart)).reshaped(shape)

    return call


@kernel("void(complex64[::1], int64)", "void(complex128[::1], int64)")
def _conjugate(x, count):
    i = cuda.grid(1)
    if i < count:
        x[i] = x[i].conjugate()


@gpu_kernel("ConjugateTranspose", host=[1])
def _conjugate_transpose(op: Any) -> Call:
    def call(x: Any, perm: Any) -> Any:
        whole = of_shape(x.shape)
        view = view_of(np.transpose(whole, tuple(perm)), whole)
        if x.dtype.kind != "c":
            return gathered(x, view)
        made = empty(view.shape, x.dtype)
        copy(x, view, made, None)
        launch(_conjugate, made.size, made.flat, made.size)
        return made

    return call


@gpu_kernel("Bitcast")
def _bitcast(op: Any) -> Call:
    target = np.dtype(op._attrs["type"].as_numpy_dtype)
    refuse = cpu.build(op, State())

    def call(x: Any) -> Any:
        shape, size = x.shape, x.dtype.itemsize
        if size > target.itemsize:
            shape = (*shape, size // target.itemsize)
        elif size < target.itemsize:
            if not shape or shape[-1] * size != target.itemsize:
                return refuse(of_shape(shape).astype(x.dtype))
            shape = shape[:-1]
        return GpuArray(x.flat.view(target), shape, target) if x.size else empty(shape, target)

    return call


@kernel("void(float32[::1], int64, int32[::1])", "void(float64[::1], int64, int32[::1])")
def _find_infinite(x, count, flag):
    i = cuda.grid(1)
    if i < count and not math.isfinite(x[i]):
        flag[0] = 1


@gpu_kernel("CheckNumerics")
def _check_numerics(op: Any) -> Call:
    def call(x: Any) -> Any:
        flag = new_flag()
        launch(_find_infinite, x.size, x.flat, x.size, flag)
        refused(op, flag, x)
        return x

    return call


def _placed(target: GpuArray, part: np.ndarray, whole: np.ndarray, values: GpuArray) -> None:
    """Write values to a part of an array that has just been made, repeated where they are fewer."""
    source = of_shape(values.shape)
    copy(values, view_of(np.broadcast_to(source, part.shape, subok=True), source), target, view_of(part, whole))


@gpu_kernel("StridedSliceGrad", host=[0, 1, 2, 3])
def _strided_slice_grad(op: Any) -> Call:
    def call(shape: Any, begin: Any, end: Any, strides: Any, dy: Any) -> Any:
        made = filled(tuple(int(d) for d in shape), dy.dtype, 0)
        whole = of_shape(made.shape)
        _placed(made, whole[strided_slice_index(op, begin, end, strides)], whole, dy)
        return made

    return call


@gpu_kernel("StridedSliceAssign", host=[1, 2, 3])
def _strided_slice_assign(op: Any) -> Call:
    refuse = cpu.build(op, State())

    def call(cell: Cell, begin: Any, end: Any, strides: Any, value: Any) -> Cell:
        old = to_gpu(cell.read())
        whole = of_shape(old.shape)
        try:
            part = whole[strided_slice_index(op, begin, end, strides)]
            np.broadcast_to(of_shape(value.shape), part.shape)
        except (IndexError, ValueError):
            stand_in = Cell(cell.name)
            stand_in.value = whole
            return refuse(stand_in, begin, end, strides, of_shape(value.shape))
        made = empty(old.shape, old.dtype)
        copy(old, None, made, None)
        _placed(made, part, whole, value)
        cell.value = made
        return cell

    return call


def padded(x: GpuArray, sides: Sequence[Sequence[int]], value: Any = 0) -> GpuArray:
    """`x` with as many elements of a value before and after it along each axis as the sides say."""
    made = filled(tuple(b + d + a for (b, a), d in zip(sides, x.shape, strict=True)), x.dtype, value)
    whole = of_shape(made.shape)
    part = whole[(*(slice(b, b + d) for (b, _), d in zip(sides, x.shape, strict=True)), ...)]
    copy(x, None, made, view_of(part, whole))
    return made


@gpu_kernel("Pad", "PadV2", host=[1, 2], metadata=True)
def _pad(op: Any) -> Call:
    return lambda x, paddings, value=0: padded(x, paddings.tolist(), value)


@gpu_kernel("Roll", host=[1, 2], metadata=True)
def _roll(op: Any) -> Call:
    """Two parts change places along each axis."""
    refuse = cpu.build(op, State())

    def call(x: Any, shift: Any, axis: Any) -> Any:
        shifts, axes = np.ravel(shift).tolist(), np.ravel(axis).tolist()
        rank = len(x.shape)
        if len(shifts) != len(axes) or rank < 1 or any(not -rank <= a < rank for a in axes):
            return refuse(of_shape(x.shape), shift, axis)
        total = [0] * rank
        for step, at in zip(shifts, axes, strict=True):
            total[at] += step
        halves = []
        for step, size in zip(total, x.shape, strict=True):
            by = step % size if size else 0
            halves.append([(slice(0, size - by), slice(by, size)), *([(slice(size - by, size), slice(0, by))] if by else [])])
        made = empty(x.shape, x.dtype)
        source, target = of_shape(x.shape), of_shape(x.shape)
        for pairs in itertools.product(*halves):
            here, there = zip(*pairs, strict=True)
            copy(x, view_of(source[here], source), made, view_of(target[there], target))
        return made

    return call


_MIRRORS = tuple(
    f"void({t}[::1], {t}[::1], UniTuple(int64, {n}), UniTuple(int64, {n}), UniTuple(int64, {n}), int64, int64)"
    for t, n in (("float32", 1), ("float32", 4), ("float64", 2))
)


@kernel(*_MIRRORS)
def _mirror(x, y, shape, before, padded, edge, count):
    """`edge` is 1 where the outermost element is repeated, 0 where it is the mirror."""
    i = cuda.grid(1)
    if i < count:
        rest, at, step = i, 0, 1
        for k in range(len(shape) - 1, -1, -1):
            place = rest % padded[k] - before[k]
            rest //= padded[k]
            if place < 0:
                place = -place - edge
            elif place >= shape[k]:
                place = 2 * shape[k] - 2 + edge - place
            at += place * step
            step *= shape[k]
        y[i] = x[at]


@kernel(*_MIRRORS)
def _mirror_gradient(dy, dx, shape, before, padded, edge, count):
    """Each element gathers from its own place and from its images: no more than one on each side of an axis."""
    i = cuda.grid(1)
    if i < count:
        images = 1
        for _ in range(len(shape)):
            images *= 3
        total = dx[i]
        for image in range(images):
            rest, choice, at, step, inside = i, image, 0, 1, True
            for k in range(len(shape) - 1, -1, -1):
                place = rest % shape[k]
                rest //= shape[k]
                side = choice % 3
                choice //= 3
                if side == 1:  # the image before the first element
                    inside = inside and place >= 1 - edge
                    place = -place - edge
                elif side == 2:
                    inside = inside and place <= shape[k] - 2 + edge
                    place = 2 * shape[k] - 2 + edge - place
                place += before[k]
                inside = inside and 0 <= place < padded[k]
                at += place * step
                step *= padded[k]
            if inside:
                total += dy[at]
        dx[i] = total


def _sides(shape: Sequence[int], paddings: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Sizes, paddings before and padded sizes along as few axes as there can be: axes with no padding join the next ones."""
    axes: list[tuple[int, int, int]] = []
    for size, (before, after) in zip(shape, paddings.tolist(), strict=True):
        if axes and axes[-1][0] == axes[-1][2] and before == after == 0:
            axes[-1] = (axes[-1][0] * size, 0, axes[-1][0] * size)
        else:
            axes.append((size, before, before + size + after))
    first, second, third = zip(*axes or [(1, 0, 1)], strict=True)
    return first, second, third


@gpu_kernel("MirrorPad", host=[1])
def _mirror_pad(op: Any) -> Call:
    edge = int(op._attrs["mode"] == b"SYMMETRIC")

    def call(x: Any, paddings: Any) -> Any:
        made = empty(tuple(d + int(sum(p)) for d, p in zip(x.shape, paddings.tolist(), strict=True)), x.dtype)
        launch(_mirror, made.size, x.flat, made.flat, *_sides(x.shape, paddings), edge, made.size)
        return made

    return call


@gpu_kernel("MirrorPadGrad", host=[1])
def _mirror_pad_grad(op: Any) -> Call:
    edge = int(op._attrs["mode"] == b"SYMMETRIC")

    def call(dy: Any, paddings: Any) -> Any:
        made = filled(tuple(d - int(sum(p)) for d, p in zip(dy.shape, paddings.tolist(), strict=True)), dy.dtype, 0)
        launch(_mirror_gradient, made.size, dy.flat, made.flat, *_sides(made.shape, paddings), edge, made.size)
        return made

    return call
