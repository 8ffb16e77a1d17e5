"""Kernels of images. Source: TensorFlow's `resize_bilinear_op.cc` and its kin, `adjust_hue_op.cc`, `colorspace_op.h`."""

from __future__ import annotations

import io
import math
from functools import lru_cache
from typing import Any

import numpy as np

from teachtf.core import errors
from teachtf.kernels import png
from teachtf.kernels.registry import Call, kernel


def _invalid(message: str) -> Exception:
    return errors.InvalidArgumentError(None, None, message)


# --- resizing: along each axis a pixel is a weighted sum of pixels, so one matrix an axis does it ---------------------


def _places(old: int, new: int, align: bool, half: bool) -> np.ndarray:
    """Where the new pixels lie among the old ones."""
    scale = np.float32((old - 1) / (new - 1) if align and new > 1 else old / new)
    at = np.arange(new, dtype=np.float32)
    return (at + np.float32(0.5)) * scale - np.float32(0.5) if half else at * scale


def nearest(old: int, new: int, align: bool, half: bool) -> np.ndarray:
    at = _places(old, new, align, half) + np.float32(0.5 if half else 0.0)
    index = np.floor(at + 0.5) if align else np.floor(at)
    return np.clip(index.astype(np.int64), 0, old - 1)


def _cubic(x: np.ndarray, a: float) -> tuple[np.ndarray, np.ndarray]:
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    y = x + 1.0
    return near, ((a * y - 5 * a) * y + 8 * a) * y - 4 * a


@lru_cache(maxsize=64)
def weights(kind: str, old: int, new: int, align: bool, half: bool) -> np.ndarray:
    """The [new, old] matrix of one axis."""
    matrix = np.zeros((new, old), np.float32)
    rows = np.arange(new)
    at = _places(old, new, align, half)
    if kind == "Bilinear":
        floor = np.floor(at)
        part = at - floor
        np.add.at(matrix, (rows, np.maximum(floor, 0).astype(int)), 1 - part)
        np.add.at(matrix, (rows, np.minimum(np.ceil(at), old - 1).astype(int)), part)
    elif kind == "Bicubic":
        whole = np.floor(at)
        offset = np.rint((at - whole) * 1024) / 1024  # TensorFlow keeps a table of so many steps
        near, far = _cubic(offset, -0.5 if half else -0.75)
        near_after, far_after = _cubic(1 - offset, -0.5 if half else -0.75)
        columns = [whole + step for step in (-1, 0, 1, 2)]
        parts = [far, near, near_after, far_after]
        if half:  # beyond the edge there is nothing, and the others weigh more
            parts = [np.where((c >= 0) & (c < old), p, 0) for c, p in zip(columns, parts, strict=True)]
            total = sum(parts)
            parts = [p / total for p in parts]
        for column, part in zip(columns, parts, strict=True):
            np.add.at(matrix, (rows, np.clip(column, 0, old - 1).astype(int)), part)
    else:
        scale = float(np.float32((old - 1) / (new - 1) if align and new > 1 else old / new))
        for row in range(new):
            start, end = row * scale, (row + 1) * scale
            for i in range(math.floor(start), math.ceil(end)):
                matrix[row, min(i, old - 1)] += (min(i + 1, end) - max(i, start)) / scale
    return matrix


def output_size(size: Any) -> tuple[int, int]:
    height, width = (int(s) for s in np.ravel(size))
    if height <= 0 or width <= 0:
        raise _invalid("output dimensions must be positive")
    return height, width


def _on_both_axes(images: Any, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    tall = np.einsum("ij,bjwc->biwc", rows, images, optimize=True)
    return np.ascontiguousarray(np.einsum("kw,biwc->bikc", columns, tall, optimize=True))


@kernel("ResizeBilinear", "ResizeBicubic", "ResizeArea")
def _resize(op: Any) -> Call:
    kind = op.type.removeprefix("Resize")
    align, half = op._attrs["align_corners"], op._attrs.get("half_pixel_centers", False)

    def call(images: Any, size: Any) -> Any:
        height, width = output_size(size)
        tall = weights(kind, images.shape[1], height, align, half)
        return _on_both_axes(images.astype(np.float32), tall, weights(kind, images.shape[2], width, align, half))

    return call


@kernel("ResizeBilinearGrad", "ResizeBicubicGrad")
def _resize_grad(op: Any) -> Call:
    kind = op.type.removeprefix("Resize").removesuffix("Grad")
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]

    def call(grads: Any, image: Any) -> Any:
        (_, height, width, _), (_, new_height, new_width, _) = image.shape, grads.shape
        tall = weights(kind, height, new_height, align, half).T
        return _on_both_axes(grads, tall, weights(kind, width, new_width, align, half).T).astype(image.dtype)

    return call


@kernel("ResizeNearestNeighbor")
def _resize_nearest(op: Any) -> Call:
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]

    def call(images: Any, size: Any) -> Any:
        height, width = output_size(size)
        rows = nearest(images.shape[1], height, align, half)
        return images[:, rows][:, :, nearest(images.shape[2], width, align, half)]

    return call


@kernel("ResizeNearestNeighborGrad")
def _resize_nearest_grad(op: Any) -> Call:
    align, half = op._attrs["align_corners"], op._attrs["half_pixel_centers"]

    def call(grads: Any, size: Any) -> Any:
        height, width = output_size(size)
        batch, new_height, new_width, channels = grads.shape
        result = np.zeros((batch, height, width, channels), grads.dtype)
        rows, columns = nearest(height, new_height, align, half), nearest(width, new_width, align, half)
        where: Any = (slice(None), rows[:, None], columns[None, :])
        np.add.at(result, where, grads)
        return result

    return call


# --- colours ---------------------------------------------------------------------------------------------------------


def to_hsv(rgb: np.ndarray) -> np.ndarray:
    """Hue, saturation and value of red, green and blue."""
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = rgb.max(-1)
    spread = value - rgb.min(-1)
    saturation = np.where(value > 0, spread / np.where(value > 0, value, 1), 0)
    norm = 1.0 / (6.0 * np.where(spread > 0, spread, 1))
    hue = np.where(r == value, norm * (g - b), np.where(g == value, norm * (b - r) + 2 / 6, norm * (r - g) + 4 / 6))
    hue = np.where(spread > 0, hue, 0.0)
    return np.stack([np.where(hue < 0, hue + 1, hue), saturation, value], -1).astype(rgb.dtype)


def to_rgb(hsv: np.ndarray) -> np.ndarray:
    """Red, green and blue of hue, saturation and value."""
    h, s, v = hsv[..., 0] * 6, hsv[..., 1], hsv[..., 2]
    parts = [np.abs(h - 3) - 1, 2 - np.abs(h - 2), 2 - np.abs(h - 4)]
    return np.stack([((1 - s) + s * np.clip(p, 0, 1)) * v for p in parts], -1).astype(hsv.dtype)


def check_colours(images: Any) -> None:
    if images.shape[-1] != 3:
        raise _invalid(f"input must have 3 channels but instead has {images.shape[-1]} channels.")


@kernel("RGBToHSV", "HSVToRGB")
def _colour_space(op: Any) -> Call:
    function = to_hsv if op.type == "RGBToHSV" else to_rgb

    def call(images: Any) -> Any:
        check_colours(images)
        return function(images)

    return call


@kernel("AdjustHue", "AdjustSaturation")
def _adjust(op: Any) -> Call:
    hue = op.type == "AdjustHue"

    def call(images: Any, amount: Any) -> Any:
        check_colours(images)
        hsv = to_hsv(images.astype(np.float32))
        if hue:
            hsv[..., 0] = (hsv[..., 0] + amount) % 1.0
        else:
            hsv[..., 1] = np.clip(hsv[..., 1] * amount, 0, 1)
        return to_rgb(hsv).astype(images.dtype)

    return call


@kernel("AdjustContrastv2")
def _adjust_contrast(op: Any) -> Call:
    def call(images: Any, factor: Any) -> Any:
        wide = images.astype(np.float32)
        mean = wide.mean((-3, -2), keepdims=True, dtype=np.float64).astype(np.float32)
        return ((wide - mean) * factor + mean).astype(images.dtype)

    return call


# --- files -----------------------------------------------------------------------------------------------------------

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def _decoded(contents: Any, channels: int, deep: bool = False, ratio: int = 1) -> np.ndarray:
    try:
        from PIL import Image
    except ImportError:
        raise errors.UnimplementedError(None, None, "Pillow reads pictures, and is not here: pip install pillow") from None
    data = contents.item() if isinstance(contents, np.ndarray) else contents
    try:
        picture: Any = Image.open(io.BytesIO(data))
        if ratio > 1:
            picture.draft(None, (picture.width // ratio, picture.height // ratio))
        picture.load()
    except Exception as error:
        raise _invalid(f"Invalid image data: {error}") from None
    if deep and picture.mode.startswith("I;16"):
        return np.asarray(picture).astype(np.uint16)[..., None]
    if picture.mode == "P":
        picture = picture.convert("RGBA" if "transparency" in picture.info else "RGB")
    mode = _MODES[channels] if channels else picture.mode if picture.mode in _MODES.values() else "RGB"
    pixels = np.asarray(picture if picture.mode == mode else picture.convert(mode))
    return pixels.reshape(*pixels.shape[:2], -1)


@kernel("DecodePng")
def _decode_png(op: Any) -> Call:
    channels, deep = op._attrs["channels"], op._attrs["dtype"].name == "uint16"

    def call(contents: Any) -> Any:
        pixels = _decoded(contents, channels, deep)
        return pixels.astype(np.uint16) * 257 if deep and pixels.dtype == np.uint8 else pixels.copy()

    return call


@kernel("DecodeJpeg")
def _decode_jpeg(op: Any) -> Call:
    channels, ratio = op._attrs["channels"], op._attrs["ratio"]
    return lambda contents: _decoded(contents, channels, ratio=ratio).copy()


@kernel("EncodePng")
def _encode_png(op: Any) -> Call:
    level = op._attrs["compression"]

    def call(image: Any) -> bytes:
        if image.ndim != 3 or image.shape[2] not in _MODES:
            raise _invalid(f"image must have 1, 2, 3, or 4 channels and be 3-dimensional, got shape {list(image.shape)}")
        return png.encode(image, level)

    return call
