"""Images: resizing, colours, and files of them."""

from __future__ import annotations

from typing import Any

from teachtf.core import dtypes, static
from teachtf.core.apply import apply_op
from teachtf.core.convert import convert_to_tensor
from teachtf.core.name_scope import name_scope
from teachtf.core.op_def import NO_GRADIENT, NOT_DIFFERENTIABLE, declare
from teachtf.core.shapes import TensorShape
from teachtf.core.tensor import Tensor
from teachtf.ops import shape_functions as shapes
from teachtf.ops.arithmetic import cast, minimum, round
from teachtf.ops.arrays import expand_dims, shape, squeeze

_NUMBERS = "T: {int8, uint8, int16, uint16, int32, int64, bfloat16, half, float, double}"
_CENTERS = "align_corners: bool = false, half_pixel_centers: bool = false"
_COLOURS = "T: {half, bfloat16, float, double} = DT_FLOAT"


def _resized_shape(op: Any) -> list[TensorShape]:
    images = shapes.require_rank(op._inputs[0], 4)
    size = static.constant_value_as_shape(op._inputs[1]).as_tuple
    height, width = (None, None) if size is None else size
    return [shapes.shape_of([images[0], height, width, images[3]])]


def _original_shape(op: Any) -> list[TensorShape]:
    return [op._inputs[1]._shape]


def _centers(op: Any) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("align_corners", "half_pixel_centers")}


def _smooth_gradient(grad_type: str) -> Any:
    def gradient(op: Any, grad: Any) -> list[Any]:
        image = op.inputs[0]
        if image.dtype not in (dtypes.float32, dtypes.float64, dtypes.float16, dtypes.bfloat16):
            return [None, None]
        return [apply_op(grad_type, grad, image, **_centers(op)), None]

    return gradient


def _nearest_gradient(op: Any, grad: Any) -> list[Any]:
    image = op.inputs[0]
    dims = image.shape[1:3]
    size = dims.as_list() if dims.is_fully_defined() else shape(image)[1:3]
    return [apply_op("ResizeNearestNeighborGrad", grad, size, **_centers(op)), None]


for _method, _grads in (("Bilinear", "T: {float, bfloat16, half, double}"), ("Bicubic", "T: {float, double}")):
    declare(
        f"Resize{_method}",
        inputs="images: T, size: int32",
        outputs="resized_images: float",
        attrs=f"{_NUMBERS}, {_CENTERS}",
        shape=_resized_shape,
        gradient=_smooth_gradient(f"Resize{_method}Grad"),
    )
    declare(
        f"Resize{_method}Grad",
        inputs="grads: float, original_image: T",
        outputs="output: T",
        attrs=f"{_grads}, {_CENTERS}",
        shape=_original_shape,
        gradient=NO_GRADIENT,
    )
declare(
    "ResizeNearestNeighbor",
    inputs="images: T, size: int32",
    outputs="resized_images: T",
    attrs=f"{_NUMBERS}, {_CENTERS}",
    shape=_resized_shape,
    gradient=_nearest_gradient,
)
declare(
    "ResizeNearestNeighborGrad",
    inputs="grads: T, size: int32",
    outputs="output: T",
    attrs=f"T: {{uint8, int8, int32, half, float, double, bfloat16}}, {_CENTERS}",
    shape=_resized_shape,
    gradient=NO_GRADIENT,
)
declare(
    "ResizeArea",
    inputs="images: T, size: int32",
    outputs="resized_images: float",
    attrs=f"{_NUMBERS}, align_corners: bool = false",
    shape=_resized_shape,
    gradient=NO_GRADIENT,
)
for _name in ("RGBToHSV", "HSVToRGB"):
    declare(_name, inputs="images: T", outputs="output: T", attrs=_COLOURS, shape=shapes.unchanged, gradient=NO_GRADIENT)
for _name, _argument in (("AdjustContrastv2", "contrast_factor"), ("AdjustHue", "delta"), ("AdjustSaturation", "scale")):
    declare(
        _name,
        inputs=f"images: T, {_argument}: float",
        outputs="output: T",
        attrs="T: {half, float} = DT_FLOAT",
        shape=shapes.unchanged,
        gradient=NO_GRADIENT,
    )


def _decoded_shape(op: Any) -> list[TensorShape]:
    return [shapes.shape_of([None, None, op._attrs["channels"] or None])]


def _encoded_shape(op: Any) -> list[TensorShape]:
    shapes.require_rank(op._inputs[0], 3)
    return [shapes.SCALAR]


declare(
    "DecodeJpeg",
    inputs="contents: string",
    outputs="image: uint8",
    attrs="channels: int = 0, ratio: int = 1, fancy_upscaling: bool = true, try_recover_truncated: bool = false, "
    "acceptable_fraction: float = 1.0, dct_method: string = ''",
    shape=_decoded_shape,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "DecodePng",
    inputs="contents: string",
    outputs="image: dtype",
    attrs="channels: int = 0, dtype: {uint8, uint16} = DT_UINT8",
    shape=_decoded_shape,
    gradient=NOT_DIFFERENTIABLE,
)
declare(
    "EncodePng",
    inputs="image: T",
    outputs="contents: string",
    attrs="compression: int = -1, T: {uint8, uint16} = DT_UINT8",
    shape=_encoded_shape,
    gradient=NOT_DIFFERENTIABLE,
)


class ResizeMethod:
    """How sizes of images are changed. Source: `tf.image.ResizeMethod`."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_METHODS = {"bilinear": 0, "nearest": 1, "bicubic": 2, "area": 3}


def resize_bilinear(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Images [batch, height, width, channels] at another size, by lines between pixels. Source: `tf.image.resize_bilinear`.

    >>> import teachtf as tf
    >>> with tf.Graph().as_default(), tf.Session() as sess:
    ...     x = tf.constant([[[[0.0], [1.0]]]])
    ...     print(sess.run(tf.image.resize_bilinear(x, [1, 4]))[0, 0, :, 0])
    [0.  0.5 1.  1. ]
    """
    centers = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return apply_op("ResizeBilinear", images, size, **centers, name=name)


def resize_nearest_neighbor(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Images at another size, each pixel a copy of the nearest. Source: `tf.image.resize_nearest_neighbor`."""
    centers = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return apply_op("ResizeNearestNeighbor", images, size, **centers, name=name)


def resize_bicubic(
    images: Any, size: Any, align_corners: bool = False, name: str | None = None, half_pixel_centers: bool = False
) -> Tensor:
    """Images at another size, between their pixels by cubic curves. Source: `tf.image.resize_bicubic`."""
    centers = {"align_corners": align_corners, "half_pixel_centers": half_pixel_centers}
    return apply_op("ResizeBicubic", images, size, **centers, name=name)


def resize_area(images: Any, size: Any, align_corners: bool = False, name: str | None = None) -> Tensor:
    """Images at another size, each pixel the mean of what it covers. Source: `tf.image.resize_area`."""
    return apply_op("ResizeArea", images, size, align_corners=align_corners, name=name)


_RESIZERS = [resize_bilinear, resize_nearest_neighbor, resize_bicubic, resize_area]


def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Tensor:
    """Images at another size.

    Args:
      images: [batch, height, width, channels] or [height, width, channels].
      size: the new height and width.
      method: of `tf.image.ResizeMethod`.
      align_corners: whether the centres of the corner pixels stay where they are.
      preserve_aspect_ratio: whether to keep the ratio of the sides, within `size`.
      name: the operations' name scope.

    Returns:
      Images of float32; with nearest neighbours, or where the size is that already, of their own dtype.

    Raises:
      ValueError: the rank is neither 3 nor 4, `size` has not two elements, or there is no such method.

    Source: `tf.image.resize_images`.
    """
    with name_scope(name, "resize", [images, size]):
        images = convert_to_tensor(images, name="images")
        rank = images.shape.ndims
        if rank is None:
            raise ValueError("'images' contains no shape.")
        if rank not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        if rank == 3:
            images = expand_dims(images, 0)
        _, height, width, _ = images.shape.as_list()
        try:
            size = convert_to_tensor(size, dtypes.int32, name="size")
        except (TypeError, ValueError):
            raise ValueError("'size' must be a 1-D int32 Tensor") from None
        if not size.shape.is_compatible_with([2]):
            raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
        if preserve_aspect_ratio:
            size = _within(images, size)
        known = static.constant_value_as_shape(size).as_list()
        if None not in known and known == [height, width]:
            return squeeze(images, [0]) if rank == 3 else images
        index: Any = _METHODS.get(method) if isinstance(method, str) else method
        if index not in range(4):
            raise ValueError(f"Resize method is not implemented: {method}")
        resized = _RESIZERS[index](images, size, align_corners=align_corners)
        resized.set_shape([None, *known, None])
        return squeeze(resized, [0]) if rank == 3 else resized


def _within(images: Tensor, size: Tensor) -> Tensor:
    """The largest size within `size` that has the ratio of the images' sides."""
    dims, sizes = images.shape.as_list(), None
    if None in dims:
        sizes = shape(images)
    sides = [sizes[i] if sizes is not None and dims[i] is None else dims[i] for i in (1, 2)]
    factors = [cast(size[i], dtypes.float32) / cast(side, dtypes.float32) for i, side in enumerate(sides)]
    factor = minimum(*factors)
    scaled = [cast(round(factor * cast(side, dtypes.float32)), dtypes.int32) for side in sides]
    return convert_to_tensor(scaled, dtypes.int32, name="size")


def rgb_to_hsv(images: Any, name: str | None = None) -> Tensor:
    """Red, green and blue as hue, saturation and value, all from 0 to 1. Source: `tf.image.rgb_to_hsv`."""
    return apply_op("RGBToHSV", images, name=name)


def hsv_to_rgb(images: Any, name: str | None = None) -> Tensor:
    """Hue, saturation and value as red, green and blue. Source: `tf.image.hsv_to_rgb`."""
    return apply_op("HSVToRGB", images, name=name)


def decode_png(contents: Any, channels: int = 0, dtype: Any = dtypes.uint8, name: str | None = None) -> Tensor:
    """The picture in the bytes of a PNG file, [height, width, channels]; 0 channels are those of the file.

    Source: `tf.image.decode_png`.
    """
    return apply_op("DecodePng", contents, channels=channels, dtype=dtype, name=name)


def encode_png(image: Any, compression: int = -1, name: str | None = None) -> Tensor:
    """A picture of uint8 or uint16 as the bytes of a PNG file. Source: `tf.image.encode_png`."""
    return apply_op("EncodePng", convert_to_tensor(image), compression=compression, name=name)


def decode_jpeg(
    contents: Any,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """The picture in the bytes of a JPEG file (or of PNG, which it reads too), [height, width, channels] of uint8.

    Args:
      contents: the bytes.
      channels: 0 (those of the file), 1 (grey) or 3 (RGB).
      ratio: 1, 2, 4 or 8: how many times smaller the picture is made.
      fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method: accepted; Pillow decodes.
      name: the operation's name.

    Source: `tf.image.decode_jpeg`.
    """
    return apply_op("DecodeJpeg", contents, channels=channels, ratio=ratio, name=name)
