"""Kernels that lay values out: shapes, fills, slices, joins, rearrangements. NumPy moves the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.core.static import strided_slice_index
from teachtf.kernels.registry import Call, kernel


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


@kernel("Identity", "StopGradient", "PreventGradient", "PlaceholderWithDefault", "RefIdentity", aliasing=True)
def _identity(op: Any) -> Call:
    return lambda x: x


@kernel("EnsureShape", aliasing=True)
def _ensure_shape(op: Any) -> Call:
    wanted = op._attrs["shape"]

    def call(x: Any) -> Any:
        if not wanted.is_compatible_with(np.shape(x)):
            raise _invalid(
                f"Shape of tensor {op.inputs[0].op.name} {list(np.shape(x))} is not compatible with expected shape {wanted}."
            )
        return x

    return call


@kernel("IdentityN", aliasing=True)
def _identity_n(op: Any) -> Call:
    return (lambda *xs: xs) if len(op.inputs) > 1 else lambda x: x


@kernel("Placeholder")
def _placeholder(op: Any) -> Call:
    shape = op.outputs[0].shape

    dtype = {"float32": "float", "float64": "double", "float16": "half"}.get(op.outputs[0].dtype.name, op.outputs[0].dtype.name)
    dims = "" if shape.ndims is None else f" and shape [{','.join('?' if d is None else str(d) for d in shape.as_tuple)}]"

    def call() -> Any:
        raise _invalid(
            f"You must feed a value for placeholder tensor '{op.name}' with dtype {dtype}{dims}: "
            f"session.run(..., feed_dict={{{op.name.rpartition('/')[2]}: value}})"
        )

    return call


@kernel("Const", aliasing=True)
def _const(op: Any) -> Call:
    """For a constant inside a branch, which is there only when the branch is taken."""
    value = np.asarray(op._attrs["value"], order="C")
    return lambda: value


@kernel("CheckNumerics", aliasing=True)
def _check_numerics(op: Any) -> Call:
    message = op._attrs["message"].decode()

    def call(x: Any) -> Any:
        if not np.all(np.isfinite(x)):
            found = [n for n, test in (("Inf", np.isinf), ("NaN", np.isnan)) if np.any(test(x))]
            raise _invalid(f"{message} : Tensor had {' and '.join(found)} values")
        return x

    return call


@kernel("Shape")
def _shape(op: Any) -> Call:
    target = op._attrs["out_type"].as_numpy_dtype
    return lambda x: np.array(np.shape(x), target)


@kernel("ShapeN")
def _shape_n(op: Any) -> Call:
    target = op._attrs["out_type"].as_numpy_dtype
    return lambda *xs: tuple(np.array(np.shape(x), target) for x in xs)


@kernel("Size")
def _size(op: Any) -> Call:
    target = op._attrs["out_type"].as_numpy_dtype
    return lambda x: np.array(np.size(x), target)


@kernel("Rank")
def _rank(op: Any) -> Call:
    return lambda x: np.array(np.ndim(x), np.int32)


@kernel("Fill")
def _fill(op: Any) -> Call:
    def call(dims: Any, value: Any) -> Any:
        if np.any(dims < 0):
            raise _invalid(f"Dimension {dims.min()} must be >= 0")
        return np.full(tuple(dims), value, np.asarray(value).dtype)

    return call


@kernel("ZerosLike")
def _zeros_like(op: Any) -> Call:
    if op.outputs[0].dtype.name == "string":
        return lambda x: np.full(np.shape(x), b"", object)
    return lambda x: np.zeros(np.shape(x), np.asarray(x).dtype)


@kernel("OnesLike")
def _ones_like(op: Any) -> Call:
    return lambda x: np.ones(np.shape(x), np.asarray(x).dtype)


@kernel("Reshape", aliasing=True)
def _reshape(op: Any) -> Call:
    def call(x: Any, shape: Any) -> Any:
        try:
            return np.reshape(x, tuple(shape))
        except ValueError:
            raise _invalid(
                f"Input to reshape is a tensor with {np.size(x)} values, but the requested shape {list(map(int, shape))} "
                f"has {abs(int(np.prod(shape, dtype=np.int64)))}"
            ) from None

    return call


@kernel("ExpandDims", aliasing=True)
def _expand_dims(op: Any) -> Call:
    return lambda x, axis: np.expand_dims(x, int(np.ravel(axis)[0]))


@kernel("Squeeze", aliasing=True)
def _squeeze(op: Any) -> Call:
    axes = tuple(op._attrs["squeeze_dims"]) or None

    def call(x: Any) -> Any:
        try:
            return np.squeeze(x, axes)
        except ValueError:
            raise _invalid(
                f"Can not squeeze dimensions {list(axes or ())} of shape {list(np.shape(x))}: not of size 1"
            ) from None

    return call


@kernel("Range")
def _range(op: Any) -> Call:
    target = op.outputs[0].dtype.as_numpy_dtype

    def call(start: Any, limit: Any, delta: Any) -> Any:
        if delta == 0:
            raise _invalid("Requires delta != 0: 0")
        if (delta > 0 and start > limit) or (delta < 0 and start < limit):
            sign = "<=" if delta > 0 else ">="
            raise _invalid(f"Requires start {sign} limit when delta {'>' if delta > 0 else '<'} 0: {start}/{limit}")
        count = int(np.ceil((float(limit) - float(start)) / float(delta)))
        return (np.arange(count) * np.asarray(delta) + np.asarray(start)).astype(target)

    return call


@kernel("LinSpace")
def _linspace(op: Any) -> Call:
    target = op.outputs[0].dtype.as_numpy_dtype
    return lambda start, stop, num: np.linspace(start, stop, int(num)).astype(target)


@kernel("BroadcastTo")
def _broadcast_to(op: Any) -> Call:
    return lambda x, shape: np.broadcast_to(x, tuple(shape)).copy()


@kernel("BroadcastGradientArgs")
def _broadcast_gradient_args(op: Any) -> Call:
    target = op._attrs["T"].as_numpy_dtype

    def call(s0: Any, s1: Any) -> Any:
        n = max(len(s0), len(s1))
        a, b = [1] * (n - len(s0)) + list(s0), [1] * (n - len(s1)) + list(s1)
        r0 = [i for i in range(n) if a[i] == 1]
        r1 = [i for i in range(n) if b[i] == 1]
        if list(s0) == list(s1):
            r0 = r1 = []
        return np.array(r0, target), np.array(r1, target)

    return call


@kernel("BroadcastArgs")
def _broadcast_args(op: Any) -> Call:
    target = op._attrs["T"].as_numpy_dtype

    def call(s0: Any, s1: Any) -> Any:
        try:
            return np.array(np.broadcast_shapes(tuple(s0), tuple(s1)), target)
        except ValueError:
            raise _invalid(f"Incompatible shapes for broadcasting: {s0.tolist()} and {s1.tolist()}") from None

    return call


@kernel("StridedSlice", aliasing=True)
def _strided_slice(op: Any) -> Call:
    def call(x: Any, begin: Any, end: Any, strides: Any) -> Any:
        try:
            return x[strided_slice_index(op, begin, end, strides)]
        except IndexError as error:
            raise _invalid(f"slice index out of bounds: {error}") from None

    return call


@kernel("StridedSliceGrad")
def _strided_slice_grad(op: Any) -> Call:
    def call(shape: Any, begin: Any, end: Any, strides: Any, dy: Any) -> Any:
        result = np.zeros(tuple(shape), np.asarray(dy).dtype)
        result[strided_slice_index(op, begin, end, strides)] = dy
        return result

    return call


@kernel("Slice", aliasing=True)
def _slice(op: Any) -> Call:
    def call(x: Any, begin: Any, size: Any) -> Any:
        index = []
        for axis, (b, s) in enumerate(zip(begin.tolist(), size.tolist(), strict=True)):
            stop = x.shape[axis] if s < 0 else b + s
            if not 0 <= b <= stop <= x.shape[axis]:
                raise _invalid(f"Expected size[{axis}] in [0, {x.shape[axis] - b}], but got {s}")
            index.append(slice(b, stop))
        return x[tuple(index)]

    return call


@kernel("ConcatV2")
def _concat(op: Any) -> Call:
    return lambda *inputs: np.concatenate(inputs[:-1], int(inputs[-1]))


@kernel("ConcatOffset")
def _concat_offset(op: Any) -> Call:
    def call(axis: Any, *given: Any) -> Any:
        offset, result = 0, []
        for shape in given:
            start = np.zeros_like(shape)
            start[int(axis)] = offset
            offset += int(shape[int(axis)])
            result.append(start)
        return tuple(result)

    return call


@kernel("Pack")
def _pack(op: Any) -> Call:
    axis = op._attrs["axis"]
    return lambda *inputs: np.stack(inputs, axis)


@kernel("Unpack", aliasing=True)
def _unpack(op: Any) -> Call:
    axis, number = op._attrs["axis"], op._attrs["num"]

    def call(x: Any) -> Any:
        if x.shape[axis] != number:
            raise _invalid(f"Input shape axis {axis} must equal {number}, got shape {list(x.shape)}")
        parts = tuple(np.moveaxis(x, axis, 0))
        return parts if number != 1 else parts[0]

    return call


@kernel("Split", aliasing=True)
def _split(op: Any) -> Call:
    number = op._attrs["num_split"]

    def call(axis: Any, x: Any) -> Any:
        parts = tuple(np.split(x, number, int(axis)))
        return parts if number != 1 else parts[0]

    return call


@kernel("SplitV", aliasing=True)
def _split_v(op: Any) -> Call:
    number = op._attrs["num_split"]

    def call(x: Any, sizes: Any, axis: Any) -> Any:
        wanted = np.array(sizes)
        total = x.shape[int(axis)]
        wanted[wanted < 0] = total - wanted[wanted >= 0].sum()
        if wanted.sum() != total:
            raise _invalid(f"Determined shape must match input: sizes sum to {wanted.sum()}, the axis has {total}")
        parts = tuple(np.split(x, np.cumsum(wanted)[:-1], int(axis)))
        return parts if number != 1 else parts[0]

    return call


@kernel("Transpose", aliasing=True)
def _transpose(op: Any) -> Call:
    return lambda x, perm: np.transpose(x, tuple(perm))


@kernel("ConjugateTranspose")
def _conjugate_transpose(op: Any) -> Call:
    return lambda x, perm: np.conj(np.transpose(x, tuple(perm)))


@kernel("InvertPermutation")
def _invert_permutation(op: Any) -> Call:
    def call(x: Any) -> Any:
        result = np.empty_like(x)
        result[x] = np.arange(len(x), dtype=x.dtype)
        return result

    return call


@kernel("Tile")
def _tile(op: Any) -> Call:
    return lambda x, multiples: np.tile(x, tuple(multiples))


@kernel("Pad")
def _pad(op: Any) -> Call:
    return lambda x, paddings: np.pad(x, [tuple(p) for p in paddings.tolist()])


@kernel("PadV2")
def _pad_v2(op: Any) -> Call:
    return lambda x, paddings, value: np.pad(x, [tuple(p) for p in paddings.tolist()], constant_values=value)


@kernel("MirrorPad")
def _mirror_pad(op: Any) -> Call:
    mode: Any = {b"REFLECT": "reflect", b"SYMMETRIC": "symmetric"}[op._attrs["mode"]]
    return lambda x, paddings: np.pad(x, [tuple(p) for p in paddings.tolist()], mode=mode)


@kernel("MirrorPadGrad")
def _mirror_pad_grad(op: Any) -> Call:
    mode: Any = {b"REFLECT": "reflect", b"SYMMETRIC": "symmetric"}[op._attrs["mode"]]

    def call(dy: Any, paddings: Any) -> Any:
        shape = [d - int(p.sum()) for d, p in zip(dy.shape, paddings, strict=True)]
        source = np.pad(np.arange(int(np.prod(shape))).reshape(shape), [tuple(p) for p in paddings.tolist()], mode=mode)
        result = np.zeros(int(np.prod(shape)), dy.dtype)
        np.add.at(result, source.ravel(), dy.ravel())
        return result.reshape(shape)

    return call


@kernel("ReverseV2")
def _reverse(op: Any) -> Call:
    return lambda x, axes: np.flip(x, tuple(np.ravel(axes))).copy()


@kernel("DynamicStitch")
def _dynamic_stitch(op: Any) -> Call:
    number = op._attrs["N"]

    def call(*inputs: Any) -> Any:
        indices, data = inputs[:number], inputs[number:]
        size = max((int(np.max(i)) + 1 for i in indices if np.size(i)), default=0)
        result = np.zeros((size, *np.shape(data[0])[np.ndim(indices[0]) :]), np.asarray(data[0]).dtype)
        for index, values in zip(indices, data, strict=True):
            result[index] = values
        return result

    return call


@kernel("ListDiff")
def _list_diff(op: Any) -> Call:
    target = op._attrs["out_idx"].as_numpy_dtype

    def call(x: Any, y: Any) -> Any:
        keep = np.flatnonzero(~np.isin(x, y))
        return x[keep], keep.astype(target)

    return call
