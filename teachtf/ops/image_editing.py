"""Images turned, flipped, cropped and padded. Source: `tf.image`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.tensor import Tensor
from teachtf.ops.arithmetic import cast, equal, floormod, less, maximum, minimum, round
from teachtf.ops.arrays import expand_dims, reshape, shape, squeeze
from teachtf.ops.cond import cond
from teachtf.ops.image_colors import checked, image_of
from teachtf.ops.joining import stack, unstack
from teachtf.ops.random import random_uniform
from teachtf.ops.rearranging import pad, reverse
from teachtf.ops.rearranging import transpose as transpose_axes
from teachtf.ops.slicing import slice_


def _batched(image: Tensor) -> bool:
    """Whether an image is a batch of them.

    Raises:
      ValueError: it has neither 3 nor 4 dimensions, or their number is not known.
    """
    if image.shape.ndims not in (3, 4):
        raise ValueError(f"'image' (shape {image.shape}) must have either 3 or 4 dimensions.")
    return image.shape.ndims == 4


def _flipped(image: Any, axis: int, name: str) -> Tensor:
    with name_scope(None, name, [image]):
        image = image_of(image)
        result = reverse(image, [axis + 1 if _batched(image) else axis])
        result.set_shape(image.shape)
        return result


def flip_left_right(image: Any) -> Tensor:
    """Images as in a mirror: [height, width, channels], or a batch. Source: `tf.image.flip_left_right`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     print(sess.run(tf.image.flip_left_right([[[1], [2], [3]]]))[0, :, 0])
    [3 2 1]
    """
    return _flipped(image, 1, "flip_left_right")


def flip_up_down(image: Any) -> Tensor:
    """Images upside down. Source: `tf.image.flip_up_down`."""
    return _flipped(image, 0, "flip_up_down")


def _randomly_flipped(image: Any, axis: int, seed: int | None, name: str) -> Tensor:
    with name_scope(None, name, [image]) as scope:
        image = image_of(image)
        if _batched(image):
            count = shape(image)[0]
            chosen = round(reshape(random_uniform([count], 0, 1.0, seed=seed), [count, 1, 1, 1]))
            flips = cast(chosen, image.dtype)
            turned = reverse(image, [axis + 1])
            return flips * turned + (1 - flips) * image
        mirror = less(random_uniform([], 0, 1.0, seed=seed), 0.5)
        result = cond(mirror, lambda: reverse(image, [axis]), lambda: image, name=scope)
        result.set_shape(image.shape)
        return result


def random_flip_left_right(image: Any, seed: int | None = None) -> Tensor:
    """`flip_left_right` of every second image, by chance. Source: `tf.image.random_flip_left_right`."""
    return _randomly_flipped(image, 1, seed, "random_flip_left_right")


def random_flip_up_down(image: Any, seed: int | None = None) -> Tensor:
    """`flip_up_down` of every second image, by chance. Source: `tf.image.random_flip_up_down`."""
    return _randomly_flipped(image, 0, seed, "random_flip_up_down")


def transpose(image: Any, name: str | None = None) -> Tensor:
    """Images with rows for columns. Source: `tf.image.transpose_image`."""
    with name_scope(name, "transpose", [image]):
        image = image_of(image)
        return transpose_axes(image, [0, 2, 1, 3] if _batched(image) else [1, 0, 2], name=name or "transpose")


def rot90(image: Any, k: Any = 1, name: str | None = None) -> Tensor:
    """Images turned by `k` quarter turns, counter-clockwise; `k` a number or a scalar tensor. Source: `tf.image.rot90`."""
    with name_scope(name, "rot90", [image, k]):
        image = image_of(image)
        first = 1 if _batched(image) else 0
        across = [0, 2, 1, 3] if first else [1, 0, 2]
        turns: list[Callable[[], Tensor]] = [
            lambda: image,
            lambda: transpose_axes(reverse(image, [first + 1]), across),
            lambda: reverse(image, [first, first + 1]),
            lambda: reverse(transpose_axes(image, across), [first + 1]),
        ]
        k = convert_to_tensor(k, dtypes.int32, name="k")
        k.shape.assert_has_rank(0)
        known = static.constant_value(k)
        if known is not None:
            return turns[int(known) % 4]()
        k = floormod(k, 4)
        return cond(
            less(k, 2),
            lambda: cond(equal(k, 0), turns[0], turns[1]),
            lambda: cond(equal(k, 2), turns[2], turns[3]),
        )


def _dimensions(image: Tensor) -> list[Any]:
    """The four dimensions of a batch, as tensors where they are not known."""
    known = image.shape.as_list()
    if None not in known:
        return known
    return [k if k is not None else d for k, d in zip(known, unstack(shape(image), 4), strict=True)]


def _check(condition: Any, message: str) -> None:
    """Raises ValueError where a condition is known not to hold; one that is a tensor is found out when it runs."""
    if not isinstance(condition, Tensor) and not condition:
        raise ValueError(message)


def _as_batch(image: Any) -> tuple[Tensor, bool]:
    image = convert_to_tensor(image, name="image")
    batched = _batched(image)
    batch = image if batched else expand_dims(image, 0)
    if 0 in batch.shape.as_list()[1:]:
        raise ValueError(f"inner 3 dims of 'image.shape' must be > 0: {batch.shape}")
    return batch, batched


def _known(values: list[Any]) -> list[int | None]:
    return [None if isinstance(v, Tensor) else v for v in values]


def crop_to_bounding_box(image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any) -> Tensor:
    """The part of images that starts at an offset and has a size.

    Args:
      image: [height, width, channels], or a batch.
      offset_height, offset_width: the first row and column.
      target_height, target_width: the size.

    Raises:
      ValueError: that part is not within the image.

    Source: `tf.image.crop_to_bounding_box`.
    """
    with name_scope(None, "crop_to_bounding_box", [image]):
        image, batched = _as_batch(image)
        batch, height, width, depth = _dimensions(image)
        _check(offset_width >= 0, "offset_width must be >= 0.")
        _check(offset_height >= 0, "offset_height must be >= 0.")
        _check(target_width > 0, "target_width must be > 0.")
        _check(target_height > 0, "target_height must be > 0.")
        _check(width >= target_width + offset_width, "width must be >= target + offset.")
        _check(height >= target_height + offset_height, "height must be >= target + offset.")
        image = checked(image)
        begin = stack([0, offset_height, offset_width, 0])
        cropped = slice_(image, begin, stack([shape(image)[0], target_height, target_width, shape(image)[3]]))
        cropped.set_shape(_known([batch, target_height, target_width, depth]))
        return cropped if batched else squeeze(cropped, [0])


def pad_to_bounding_box(image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any) -> Tensor:
    """Images within zeros.

    Args:
      image: [height, width, channels], or a batch.
      offset_height, offset_width: how many rows and columns of zeros come first.
      target_height, target_width: the size of all.

    Raises:
      ValueError: the image does not fit.

    Source: `tf.image.pad_to_bounding_box`.
    """
    with name_scope(None, "pad_to_bounding_box", [image]):
        image, batched = _as_batch(image)
        batch, height, width, depth = _dimensions(image)
        after_width = target_width - offset_width - width
        after_height = target_height - offset_height - height
        _check(offset_height >= 0, "offset_height must be >= 0")
        _check(offset_width >= 0, "offset_width must be >= 0")
        _check(after_width >= 0, "width must be <= target - offset")
        _check(after_height >= 0, "height must be <= target - offset")
        image = checked(image)
        paddings = reshape(stack([0, 0, offset_height, after_height, offset_width, after_width, 0, 0]), [4, 2])
        padded = pad(image, paddings)
        padded.set_shape(_known([batch, target_height, target_width, depth]))
        return padded if batched else squeeze(padded, [0])


def _larger(x: Any, y: Any) -> Any:
    return maximum(x, y) if isinstance(x, Tensor) or isinstance(y, Tensor) else max(x, y)


def _smaller(x: Any, y: Any) -> Any:
    return minimum(x, y) if isinstance(x, Tensor) or isinstance(y, Tensor) else min(x, y)


def resize_image_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Tensor:
    """Images cut or padded with zeros on both sides to a size. Source: `tf.image.resize_image_with_crop_or_pad`.

    Raises:
      ValueError: the size is not positive.
    """
    with name_scope(None, "resize_image_with_crop_or_pad", [image]):
        image, batched = _as_batch(image)
        _check(target_width > 0, "target_width must be > 0.")
        _check(target_height > 0, "target_height must be > 0.")
        image = checked(image)
        _, height, width, _ = _dimensions(image)
        more_width, more_height = target_width - width, target_height - height
        crop_width, pad_width = _larger(-more_width // 2, 0), _larger(more_width // 2, 0)
        crop_height, pad_height = _larger(-more_height // 2, 0), _larger(more_height // 2, 0)
        sizes = _smaller(target_height, height), _smaller(target_width, width)
        cropped = crop_to_bounding_box(image, crop_height, crop_width, *sizes)
        resized = checked(pad_to_bounding_box(cropped, pad_height, pad_width, target_height, target_width))
        return resized if batched else squeeze(resized, [0])


def central_crop(image: Any, central_fraction: float) -> Tensor:
    """The middle of images: `central_fraction` of each side. Source: `tf.image.central_crop`.

    Raises:
      ValueError: the fraction is not within (0, 1].
    """
    with name_scope(None, "central_crop", [image]):
        image = convert_to_tensor(image, name="image")
        if not 0.0 < central_fraction <= 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return image
        image_of(image)  # TensorFlow leaves this check aside too
        first = 1 if _batched(image) else 0
        dims = image.shape.as_list()
        begin: list[Any] = [0] * len(dims)
        size: list[Any] = [-1] * len(dims)
        sides = [shape(image)[a] if dims[a] is None else dims[a] for a in (first, first + 1)]
        for axis, side in zip((first, first + 1), sides, strict=True):
            if isinstance(side, Tensor):
                wide = cast(side, dtypes.float64)
                begin[axis] = cast((wide - wide * central_fraction) / 2, dtypes.int32)
            else:
                begin[axis] = int((side - side * central_fraction) / 2)
            size[axis] = side - begin[axis] * 2
        result = slice_(image, stack(begin), stack(size))
        known = [None if isinstance(s, Tensor) else s for s in size]
        result.set_shape([d if a not in (first, first + 1) else known[a] for a, d in enumerate(dims)])
        return result
