"""Means and variances, the normalizations made of them, and norms."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import constant, convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import declare
from teachtf.core.shapes import TensorShape, unknown_shape
from teachtf.core.tensor import Tensor
from teachtf.ops import arithmetic
from teachtf.ops import shape_functions as shapes
from teachtf.ops.activations import channel_axis
from teachtf.ops.arguments import renamed
from teachtf.ops.arrays import identity, size, squeeze, stop_gradient
from teachtf.ops.cond import cond
from teachtf.ops.fills import zeros
from teachtf.ops.rearranging import transpose
from teachtf.ops.reductions import reduce_mean, reduce_sum

# --- declarations ----------------------------------------------------------------------------------------------------


def _images(op: Any, index: int) -> tuple[int | None, ...]:
    rank = 5 if len(op._attrs["data_format"]) == 5 else 4
    return shapes.require_rank(op._inputs[index], rank)


def _norm_shape(op: Any) -> list[TensorShape]:
    dims, at = list(_images(op, 0)), channel_axis(op)
    # In training the given mean and variance may be empty, so they say nothing about the channels.
    for tensor in op._inputs[1:3] if op._attrs["is_training"] else op._inputs[1:]:
        dims[at] = shapes.merge_dim(dims[at], shapes.require_rank(tensor, 1)[0])
    channel = shapes.shape_of([dims[at]])
    rest = [unknown_shape()] if op.type == "FusedBatchNormV3" else []
    return [shapes.shape_of(dims), channel, channel, channel, channel, *rest]


def _norm_grad_shape(op: Any) -> list[TensorShape]:
    dims, at = list(_images(op, 0)), channel_axis(op)
    dims[at] = shapes.merge_dim(dims[at], _images(op, 1)[at])
    for tensor in op._inputs[2:5]:
        dims[at] = shapes.merge_dim(dims[at], shapes.require_rank(tensor, 1)[0])
    channel, empty = shapes.shape_of([dims[at]]), shapes.shape_of([0])
    return [shapes.shape_of(dims), channel, channel, empty, empty]


def _norm_gradient(op: Any, grad: Any, *_: Any) -> list[Any]:
    grad_type = op.type.replace("Norm", "NormGrad")
    attrs = {name: op.get_attr(name) for name in ("epsilon", "data_format", "is_training")}
    x, scale = op.inputs[:2]
    reserved = op.outputs[5:]
    if attrs["is_training"]:
        used = op.outputs[3:5]
        dx, dscale, doffset, _, _ = apply_op(grad_type, grad, x, scale, *used, *reserved, **attrs)
        return [dx, dscale, doffset, None, None]
    used = op.inputs[3:5]
    channels_second = attrs["data_format"] in (b"NCHW", b"NCDHW")
    if channels_second:
        n = len(attrs["data_format"])
        attrs["data_format"] = b"NHWC" if n == 4 else b"NDHWC"
        order = [0, *range(2, n), 1]
        x, grad = transpose(x, order), transpose(grad, order)
    dx, dscale, doffset, _, _ = apply_op(grad_type, grad, x, scale, *used, *reserved, **attrs)
    if channels_second:
        dx = transpose(dx, [0, n - 1, *range(1, n - 1)])
    return [dx, dscale, doffset, None, None]


_EPSILON = "epsilon: float = 9.999999747378752e-05"
_TRAINING = "is_training: bool = true"
for _version, _types, _more, _formats in (
    ("", "T: {float}", "", "'NHWC', 'NCHW'"),
    ("V3", "T: {half, bfloat16, float}", ", U: {bfloat16, float}", "'NHWC', 'NCHW', 'NDHWC', 'NCDHW'"),
):
    _U, _V3 = ("U", True) if _version else ("T", False)
    _format = f"data_format: {{{_formats}}} = 'NHWC'"
    declare(
        f"FusedBatchNorm{_version}",
        inputs=f"x: T, scale: {_U}, offset: {_U}, mean: {_U}, variance: {_U}",
        outputs=f"y: T, batch_mean: {_U}, batch_variance: {_U}, reserve_space_1: {_U}, reserve_space_2: {_U}"
        + (", reserve_space_3: U" if _V3 else ""),
        attrs=f"{_types}{_more}, {_EPSILON}, exponential_avg_factor: float = 1.0, {_format}, {_TRAINING}",
        shape=_norm_shape,
        gradient=_norm_gradient,
    )
    declare(
        f"FusedBatchNormGrad{_version}",
        inputs=f"y_backprop: T, x: T, scale: {'float' if _V3 else 'T'}, reserve_space_1: {_U}, reserve_space_2: {_U}"
        + (", reserve_space_3: U" if _V3 else ""),
        outputs=f"x_backprop: T, scale_backprop: {_U}, offset_backprop: {_U}, "
        + (f"reserve_space_4: {_U}, reserve_space_5: {_U}" if _V3 else "reserve_space_3: T, reserve_space_4: T"),
        attrs=f"{_types}{', U: {float}' if _V3 else ''}, {_EPSILON}, {_format}, {_TRAINING}",
        shape=_norm_grad_shape,
    )


def _lrn_shape(op: Any) -> list[TensorShape]:
    result = TensorShape([None] * 4)
    for tensor in op._inputs:
        shapes.require_rank(tensor, 4)
        result = result.merge_with(tensor._shape)
    return [result]


def _lrn_gradient(op: Any, grad: Any) -> list[Any]:
    attrs = {name: op.get_attr(name) for name in ("depth_radius", "bias", "alpha", "beta")}
    return [apply_op("LRNGrad", grad, op.inputs[0], op.outputs[0], **attrs)]


_LRN = "depth_radius: int = 5, bias: float = 1.0, alpha: float = 1.0, beta: float = 0.5, T: {half, bfloat16, float} = DT_FLOAT"
declare("LRN", inputs="input: T", outputs="output: T", attrs=_LRN, shape=_lrn_shape, gradient=_lrn_gradient)
declare(
    "LRNGrad",
    inputs="input_grads: T, input_image: T, output_image: T",
    outputs="output: T",
    attrs=_LRN,
    shape=_lrn_shape,
)
declare(
    "L2Loss",
    inputs="t: T",
    outputs="output: T",
    attrs="T: {half, bfloat16, float, double}",
    shape=shapes.scalar,
    gradient=lambda op, grad: [op.inputs[0] * grad],
)


# --- moments and batch normalization -----------------------------------------------------------------------------------


def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean and the variance of `x` along `axes`.

    Args:
      x: a float tensor; float16 is computed in float32.
      axes: a list of axes.
      shift: accepted, not used.
      name: the operations' name scope.
      keep_dims: keep the axes with size 1; also called `keepdims`.

    Returns:
      A pair of tensors.

    Source: `tf.nn.moments`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     mean, variance = sess.run(tf.nn.moments(tf.constant([1.0, 3.0]), [0]))
    ...     print(mean, variance)
    2.0 1.0
    """
    keep = renamed("keepdims", keepdims, "keep_dims", keep_dims)
    with name_scope(name, "moments", [x, axes]):
        x = convert_to_tensor(x)
        half = x.dtype.base_dtype == dtypes.float16
        y = arithmetic.cast(x, dtypes.float32) if half else x
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        # The mean's part of the variance's gradient is 0, so it need not be computed.
        squares = arithmetic.squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(squares, axes, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, axes), squeeze(variance, axes)
        if half:
            return arithmetic.cast(mean, dtypes.float16), arithmetic.cast(variance, dtypes.float16)
        return mean, variance


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: Any, name: str | None = None
) -> Tensor:
    """`(x - mean) / sqrt(variance + variance_epsilon) * scale + offset`.

    Args:
      x: a float tensor.
      mean: a tensor that broadcasts against `x`; `variance`, `offset` and `scale` likewise.
      variance: see `mean`.
      offset: see `mean`; None adds nothing.
      scale: see `mean`; None multiplies with nothing.
      variance_epsilon: a small number against division by 0.
      name: the operations' name scope.

    Source: `tf.nn.batch_normalization`.
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        factor = arithmetic.rsqrt(variance + variance_epsilon)
        if scale is not None:
            factor *= scale
        dtype = convert_to_tensor(x).dtype
        product = x * arithmetic.cast(factor, dtype)
        return product + arithmetic.cast(offset - mean * factor if offset is not None else -mean * factor, dtype)


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization of images in one operation.

    Args:
      x: images, [batch, lines, pixels, channels], or as `data_format` says.
      scale: a vector, one number a channel.
      offset: a vector, one number a channel.
      mean: the mean to use where `is_training` is false; a running mean to move where the factor is not 1.
      variance: see `mean`.
      epsilon: a small number against division by 0.
      data_format: "NHWC" or "NCHW".
      is_training: whether the batch's own mean and variance are used.
      name: the operation's name.
      exponential_avg_factor: how far the running mean and variance move toward the batch's.

    Returns:
      The images, and the mean and the variance to keep. The variance is that of a sample: divided by count - 1.

    Raises:
      ValueError: `mean` or `variance` is needed and missing, or sizes do not fit.

    Source: `tf.nn.fused_batch_norm`.
    """
    if (not is_training or exponential_avg_factor != 1.0) and (mean is None or variance is None):
        raise ValueError(
            "Both `mean` and `variance` must be a 1D tensor when `is_training` is False or `exponential_avg_factor` != 1.0. "
            f"Received: `mean` {mean!r} and `variance` {variance!r}"
        )
    x = convert_to_tensor(x, name="input")
    scale = convert_to_tensor(scale, name="scale")
    offset = convert_to_tensor(offset, name="offset")
    outputs = apply_op(
        "FusedBatchNormV3",
        x,
        scale,
        offset,
        constant([], dtypes.float32) if mean is None else mean,
        constant([], dtypes.float32) if variance is None else variance,
        epsilon=epsilon,
        exponential_avg_factor=exponential_avg_factor,
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return outputs[0], outputs[1], outputs[2]


def local_response_normalization(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1,
    alpha: float = 1,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Each element over a power of the squares around it: `x / (bias + alpha * sum(x ** 2)) ** beta`.

    Args:
      input: images, [batch, lines, pixels, channels], float32 or a half.
      depth_radius: how many channels on each side the sum takes in.
      bias: keeps the divisor from 0.
      alpha: the weight of the squares.
      beta: the power.
      name: the operation's name.

    Raises:
      ValueError: `input` is not of rank 4.

    Source: `tf.nn.local_response_normalization`, `tf.nn.lrn`.
    """
    return apply_op("LRN", input, depth_radius=depth_radius, bias=bias, alpha=alpha, beta=beta, name=name)


lrn = local_response_normalization


# --- norms -------------------------------------------------------------------------------------------------------------


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of the squares of all elements, a scalar. Source: `tf.nn.l2_loss`."""
    return apply_op("L2Loss", t, name=name)


def l2_normalize(x: Any, axis: Any = None, epsilon: Any = 1e-12, name: str | None = None, dim: Any = None) -> Tensor:
    """`x / sqrt(max(sum(x ** 2), epsilon))`, the sum along `axis` (also called `dim`). Source: `tf.nn.l2_normalize`."""
    axis = renamed("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        x = convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            squares = arithmetic.square(arithmetic.real(x)) + arithmetic.square(arithmetic.imag(x))
            total = arithmetic.real(reduce_sum(squares, axis, keepdims=True))
            factor = arithmetic.rsqrt(arithmetic.maximum(total, epsilon))
            parts = arithmetic.multiply(arithmetic.real(x), factor), arithmetic.multiply(arithmetic.imag(x), factor)
            return arithmetic.complex(*parts, name=scope)
        total = reduce_sum(arithmetic.square(x), axis, keepdims=True)
        return arithmetic.multiply(x, arithmetic.rsqrt(arithmetic.maximum(total, epsilon)), name=scope)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """Which part of the elements of `value` is 0, a float32 scalar. Source: `tf.nn.zero_fraction`."""

    def count(dtype: Any) -> Tensor:
        with name_scope("count_nonzero", values=[value]):
            nonzero = arithmetic.not_equal(value, zeros([], value.dtype))
            return reduce_sum(arithmetic.cast(nonzero, dtype), name="nonzero_count")

    with name_scope(name, "zero_fraction", [value]):
        value = convert_to_tensor(value, name="value")
        number = size(value, out_type=dtypes.int64)
        nonzero = cond(
            number <= 2**31 - 1,
            true_fn=lambda: arithmetic.cast(count(dtypes.int32), dtypes.int64),
            false_fn=lambda: count(dtypes.int64),
        )
        with name_scope("counts_to_fraction"):
            fraction = arithmetic.cast(number - nonzero, dtypes.float32) / arithmetic.cast(number, dtypes.float32)
        return identity(fraction, "fraction")
