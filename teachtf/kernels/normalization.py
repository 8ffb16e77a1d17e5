"""Kernels of biases, batch normalization, response normalization and norms, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from teachtf.kernels.registry import Call, kernel
from teachtf.ops import normalization
from teachtf.ops.activations import channel_axis

assert normalization  # the declarations

_BLOCK = 1 << 10  # rows summed in one go: sums of sums keep more digits than one long sum


def _wide(x: Any) -> Any:
    """Halves are computed in float32, as TensorFlow does."""
    return np.asarray(x, np.float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else np.asarray(x)


def column_sums(rows: Any) -> Any:
    """The sums of the columns of a matrix. Floats go through a product with ones, which beats `np.sum` on this axis."""
    if rows.dtype.kind != "f":
        return rows.sum(0, dtype=rows.dtype)
    count, width = rows.shape
    whole = count - count % _BLOCK
    ones = np.ones(min(count, _BLOCK), rows.dtype)
    total = ones[: count - whole] @ rows[whole:]
    if whole:
        total += (ones @ rows[:whole].reshape(-1, _BLOCK, width)).sum(0)
    return total


def _channels_last(x: Any, axis: int) -> Any:
    return x if axis == -1 else np.moveaxis(x, axis, -1)


def _as_rows(x: Any, axis: int) -> Any:
    x = np.ascontiguousarray(_channels_last(x, axis))
    return x.reshape(-1, x.shape[-1])


def _from_rows(rows: Any, like: Any, axis: int) -> Any:
    shape = _channels_last(like, axis).shape
    result = rows.reshape(shape)
    return result if axis == -1 else np.ascontiguousarray(np.moveaxis(result, -1, axis))


@kernel("BiasAdd")
def _bias_add(op: Any) -> Call:
    if channel_axis(op) == -1:
        return np.add
    return lambda value, bias: value + bias.reshape(-1, *[1] * (value.ndim - 2))


@kernel("BiasAddGrad")
def _bias_add_grad(op: Any) -> Call:
    axis = channel_axis(op)
    return lambda grad: column_sums(_wide(_as_rows(grad, axis))).astype(grad.dtype, copy=False)


# --- batch normalization -----------------------------------------------------------------------------------------------


@kernel("FusedBatchNorm", "FusedBatchNormV3")
def _batch_norm(op: Any) -> Call:
    axis, epsilon = channel_axis(op), np.float32(op._attrs["epsilon"])
    factor, training = np.float32(op._attrs["exponential_avg_factor"]), op._attrs["is_training"]
    reserved = len(op.outputs) == 6

    def call(x: Any, scale: Any, offset: Any, mean: Any, variance: Any) -> tuple[Any, ...]:
        rows, kind = _wide(_as_rows(x, axis)), scale.dtype
        scale, offset = np.asarray(scale, np.float32), np.asarray(offset, np.float32)
        if training:
            count = rows.shape[0]
            with np.errstate(invalid="ignore", divide="ignore"):
                batch_mean = column_sums(rows) / np.float32(count)
            centred = rows - batch_mean
            batch_variance = column_sums(centred * centred) / np.float32(max(count, 1))
            used_mean, used_variance = batch_mean, batch_variance
            sample_variance = batch_variance * np.float32(count / max(count - 1, 1))
            if factor == 1:
                new_mean, new_variance = batch_mean, sample_variance
            else:
                new_mean = np.asarray(mean, np.float32) * (1 - factor) + factor * batch_mean
                new_variance = np.asarray(variance, np.float32) * (1 - factor) + factor * sample_variance
        else:
            used_mean, used_variance = np.asarray(mean, np.float32), np.asarray(variance, np.float32)
            new_mean, new_variance = used_mean, used_variance
            centred = rows - used_mean
        centred *= scale / np.sqrt(used_variance + epsilon)
        centred += offset
        vectors = tuple(np.array(v, kind) for v in (new_mean, new_variance, used_mean, used_variance))
        rest = (np.zeros(0, kind),) if reserved else ()
        return _from_rows(centred.astype(x.dtype, copy=False), x, axis), *vectors, *rest

    return call


@kernel("FusedBatchNormGrad", "FusedBatchNormGradV3")
def _batch_norm_grad(op: Any) -> Call:
    axis, epsilon, training = channel_axis(op), np.float32(op._attrs["epsilon"]), op._attrs["is_training"]

    def call(dy: Any, x: Any, scale: Any, mean: Any, variance: Any, *_: Any) -> tuple[Any, ...]:
        rows, grads = _wide(_as_rows(x, axis)), _wide(_as_rows(dy, axis))
        inverse = 1 / np.sqrt(np.asarray(variance, np.float32) + epsilon)
        normal = (rows - np.asarray(mean, np.float32)) * inverse
        doffset, dscale = column_sums(grads), column_sums(grads * normal)
        if training:
            count = np.float32(max(rows.shape[0], 1))
            normal *= dscale / -count
            normal += grads
            normal -= doffset / count
            dx = normal
        else:
            dx = grads.copy()
        dx *= np.asarray(scale, np.float32) * inverse
        empty = np.zeros(0, mean.dtype)
        result = _from_rows(dx.astype(x.dtype, copy=False), x, axis)
        return result, dscale.astype(mean.dtype), doffset.astype(mean.dtype), empty, empty.copy()

    return call


# --- response normalization --------------------------------------------------------------------------------------------


def _neighbours(x: Any, radius: int) -> Any:
    """For each channel the sum over the channels at most `radius` away."""
    depth = x.shape[-1]
    total = x.copy()
    for distance in range(1, min(radius, depth - 1) + 1):
        total[..., distance:] += x[..., :-distance]
        total[..., :-distance] += x[..., distance:]
    return total


def _lrn_attrs(op: Any) -> tuple[int, Any, Any, Any]:
    attrs = op._attrs
    return attrs["depth_radius"], *(np.float32(attrs[name]) for name in ("bias", "alpha", "beta"))  # type: ignore[return-value]


@kernel("LRN")
def _lrn(op: Any) -> Call:
    radius, bias, alpha, beta = _lrn_attrs(op)

    def call(x: Any) -> Any:
        wide = _wide(x)
        norm = bias + alpha * _neighbours(wide * wide, radius)
        return (wide * norm**-beta).astype(x.dtype, copy=False)

    return call


@kernel("LRNGrad")
def _lrn_grad(op: Any) -> Call:
    radius, bias, alpha, beta = _lrn_attrs(op)

    def call(grads: Any, x: Any, y: Any) -> Any:
        kind = x.dtype
        grads, x, y = _wide(grads), _wide(x), _wide(y)
        norm = bias + alpha * _neighbours(x * x, radius)
        through = _neighbours(grads * y / norm, radius)
        return (grads * norm**-beta - 2 * alpha * beta * x * through).astype(kind, copy=False)

    return call


@kernel("L2Loss")
def _l2_loss(op: Any) -> Call:
    def call(t: Any) -> Any:
        flat = _wide(t).ravel()
        return (flat.dot(flat) / flat.dtype.type(2)).astype(t.dtype)

    return call
