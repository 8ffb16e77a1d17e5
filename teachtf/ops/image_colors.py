"""Changes to the colours of images, and to the numbers that stand for them. Source: `tf.image`."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import colocate_with, name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import add, cast, divide, floordiv, maximum, minimum, multiply, rsqrt, sqrt, square
from teachtf.ops.arrays import expand_dims, identity, rank, shape
from teachtf.ops.fills import ones
from teachtf.ops.joining import concat
from teachtf.ops.random import random_uniform
from teachtf.ops.rearranging import tile
from teachtf.ops.reductions import reduce_mean, reduce_prod
from teachtf.ops.tensordot import tensordot

_FLOATS = (dtypes.float16, dtypes.float32)


def image_of(image: Any) -> Tensor:
    """`image` as a tensor of at least three dimensions, after TensorFlow's check of them.

    Raises:
      ValueError: it has fewer, or one of the last three is 0.
    """
    image = convert_to_tensor(image, name="image")
    dims = image.shape.as_tuple
    if dims is not None and len(dims) < 3:
        raise ValueError(f"'image' (shape {image.shape}) must be at least three-dimensional.")
    if dims is not None and 0 in dims[-3:]:
        raise ValueError(f"inner 3 dims of 'image.shape' must be > 0: {image.shape}")
    return checked(image)


def checked(image: Tensor) -> Tensor:
    """The image behind the node that TensorFlow hangs its checks on."""
    with name_scope(None, "control_dependency", [image]) as scope, colocate_with(image.op):
        return identity(image, name=scope)


def _saturated(image: Tensor, dtype: Any, name: str | None = None) -> Tensor:
    """A cast that stops at the ends of the target's range."""
    with name_scope(name, "saturate_cast", [image]) as scope:
        image = convert_to_tensor(image, name="value")
        low, high = max(dtype.min, image.dtype.min), min(dtype.max, image.dtype.max)
        if low > image.dtype.min or high < image.dtype.max:
            # a float that is the largest int once rounded up would overflow
            if image.dtype.is_floating and dtype.is_integer and dtype.size >= 4:
                high = int(image.dtype.as_numpy_dtype(high).item()) - (1 << (dtype.size * 8 - 1 - 24))
            kind = image.dtype.base_dtype
            image = minimum(image, convert_to_tensor(high, kind, name="max"))
            image = maximum(image, convert_to_tensor(low, kind, name="min"))
        return cast(image, dtype, name=scope)


def convert_image_dtype(image: Any, dtype: Any, saturate: bool = False, name: str | None = None) -> Tensor:
    """Images of another dtype: floats run from 0 to 1, integers from 0 to their largest.

    Args:
      image: a tensor.
      dtype: a floating or integer type.
      saturate: whether values that are too large stop at the largest.
      name: the operation's name.

    Raises:
      AttributeError: a dtype is neither floating nor integer.

    Source: `tf.image.convert_image_dtype`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.image.convert_image_dtype(tf.constant([0.0, 0.5, 1.0]), tf.uint8)))
    [  0 127 255]
    """
    image = convert_to_tensor(image, name="image")
    dtype, old = dtypes.as_dtype(dtype), image.dtype.base_dtype
    if not (dtype.is_floating or dtype.is_integer):
        raise AttributeError("dtype must be either floating point or integer")
    if not (old.is_floating or old.is_integer):
        raise AttributeError("image dtype must be either floating point or integer")
    if dtype == old:
        return identity(image, name=name)
    with name_scope(name, "convert_image", [image]) as scope:
        if old.is_integer and dtype.is_integer:
            if old.max > dtype.max:
                scaled = floordiv(image, (old.max + 1) // (dtype.max + 1))
                return _saturated(scaled, dtype, scope) if saturate else cast(scaled, dtype, name=scope)
            wide = _saturated(image, dtype) if saturate else cast(image, dtype)
            return multiply(wide, (dtype.max + 1) // (old.max + 1), name=scope)
        if old.is_floating and dtype.is_floating:
            return cast(image, dtype, name=scope)
        if old.is_integer:
            return multiply(cast(image, dtype), 1.0 / old.max, name=scope)
        scaled = multiply(image, dtype.max + 0.5)
        return _saturated(scaled, dtype, scope) if saturate else cast(scaled, dtype, name=scope)


def _float_image(image: Tensor) -> Tensor:
    return image if image.dtype.base_dtype in _FLOATS else convert_image_dtype(image, dtypes.float32)


def adjust_brightness(image: Any, delta: Any) -> Tensor:
    """`delta` added to all channels, in numbers from 0 to 1. Source: `tf.image.adjust_brightness`."""
    with name_scope(None, "adjust_brightness", [image, delta]) as scope:
        image = convert_to_tensor(image, name="image")
        wide = _float_image(image)
        return convert_image_dtype(add(wide, cast(delta, wide.dtype), name=scope), image.dtype, saturate=True)


def adjust_contrast(images: Any, contrast_factor: Any) -> Tensor:
    """Each channel `contrast_factor` times as far from its mean. Source: `tf.image.adjust_contrast`."""
    with name_scope(None, "adjust_contrast", [images, contrast_factor]) as scope:
        images = convert_to_tensor(images, name="images")
        adjusted = apply_op("AdjustContrastv2", _float_image(images), contrast_factor, name=scope)
        return convert_image_dtype(adjusted, images.dtype, saturate=True)


def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Tensor:
    """The hue of RGB images turned by `delta`, from -1 to 1. Source: `tf.image.adjust_hue`."""
    with name_scope(name, "adjust_hue", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(apply_op("AdjustHue", _float_image(image), delta), image.dtype)


def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Tensor:
    """The saturation of RGB images times a factor. Source: `tf.image.adjust_saturation`."""
    with name_scope(name, "adjust_saturation", [image]):
        image = convert_to_tensor(image, name="image")
        return convert_image_dtype(apply_op("AdjustSaturation", _float_image(image), saturation_factor), image.dtype)


def _check_delta(max_delta: float) -> None:
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")


def _check_range(lower: float, upper: float) -> None:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_brightness` by a number from -`max_delta` to `max_delta`. Source: `tf.image.random_brightness`."""
    _check_delta(max_delta)
    return adjust_brightness(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_contrast` by a factor from `lower` to `upper`. Source: `tf.image.random_contrast`."""
    _check_range(lower, upper)
    return adjust_contrast(image, random_uniform([], lower, upper, seed=seed))


def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Tensor:
    """`adjust_hue` by a number from -`max_delta` to `max_delta`, at most 0.5. Source: `tf.image.random_hue`."""
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    _check_delta(max_delta)
    return adjust_hue(image, random_uniform([], -max_delta, max_delta, seed=seed))


def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Tensor:
    """`adjust_saturation` by a factor from `lower` to `upper`. Source: `tf.image.random_saturation`."""
    _check_range(lower, upper)
    return adjust_saturation(image, random_uniform([], lower, upper, seed=seed))


def rgb_to_grayscale(images: Any, name: str | None = None) -> Tensor:
    """One channel from red, green and blue, weighted as the eye does. Source: `tf.image.rgb_to_grayscale`."""
    with name_scope(name, "rgb_to_grayscale", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        wide = convert_image_dtype(images, dtypes.float32)
        grey = expand_dims(tensordot(wide, [0.2989, 0.587, 0.114], [-1, -1]), -1)
        return convert_image_dtype(grey, images.dtype, name=scope)


def grayscale_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """One channel three times. Source: `tf.image.grayscale_to_rgb`."""
    with name_scope(name, "grayscale_to_rgb", [images]) as scope:
        images = convert_to_tensor(images, name="images")
        if images.shape.ndims is not None and images.shape.as_list()[-1] not in (1, None):
            raise ValueError("Last dimension of a grayscale image should be size 1.")
        images = checked(images)
        axes = expand_dims(rank(images) - 1, 0)
        multiples = concat([ones(axes, dtypes.int32), expand_dims(3, 0)], 0)
        result = tile(images, multiples, name=scope)
        result.set_shape(images.shape[:-1].concatenate([3]))
        return result


def per_image_standardization(image: Any) -> Tensor:
    """Each image with mean 0 and variance 1; a flat one is not blown up. Source: `tf.image.per_image_standardization`."""
    with name_scope(None, "per_image_standardization", [image]) as scope:
        image = cast(image_of(image), dtypes.float32)
        pixels = reduce_prod(shape(image)[-3:])
        mean = reduce_mean(image, axis=[-1, -2, -3], keepdims=True)
        with name_scope("reduce_std"):
            with name_scope("reduce_variance"):
                centre = reduce_mean(image, axis=[-1, -2, -3], keepdims=True)
                variance = reduce_mean(square(image - centre), axis=[-1, -2, -3], keepdims=True)
            deviation = sqrt(variance)
        least = rsqrt(cast(pixels, dtypes.float32))
        spread = maximum(deviation, least)
        return divide(image - mean, spread, name=scope)
