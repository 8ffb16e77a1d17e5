"""`show_images`: pictures and feature maps in a grid."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .layout import write_atomically

GAP, TITLE_HEIGHT = 6, 16
#: Mid grey: legible on a light page and on a dark one.
TITLE_COLOUR = (122, 133, 148, 255)
#: Anchors of viridis (matplotlib, CC0) and of a blue-white-orange scale whose middle is zero.
SCALES = {
    "gray": [(0, 0, 0), (255, 255, 255)],
    "gray_r": [(255, 255, 255), (0, 0, 0)],
    "viridis": [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)],
    "diverging": [(0, 84, 138), (86, 180, 233), (250, 250, 250), (230, 159, 0), (150, 70, 0)],
}


def as_tiles(array: Any) -> list[np.ndarray]:
    """Cuts an array into pictures of `[height, width]` or `[height, width, 3 or 4]`.

    Takes `[h, w]`, `[n, h, w]`, `[n, h, w, c]` and `[h, w, c]`; the last when `c` is 3 or 4. Any other number of
    channels is feature maps, a picture each.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"show_images takes numbers, not {array.dtype}: pass what session.run returned")
    if array.ndim == 2:
        return [array]
    if array.ndim == 3:
        return [array] if array.shape[2] in (3, 4) and array.shape[0] > 4 else list(array)
    if array.ndim != 4:
        shape = list(array.shape)
        raise ValueError(f"show_images takes 2 to 4 axes ([images, height, width, channels]), not shape {shape}")
    channels = array.shape[3]
    if channels in (3, 4):
        return list(array)
    return [image[:, :, channel] for image in array for channel in range(channels)]


def _coloured(tile: np.ndarray, cmap: str, low: float, high: float) -> np.ndarray:
    """Returns a picture as RGBA bytes."""
    if tile.ndim == 3:
        scaled = tile if tile.dtype == np.uint8 else np.clip(np.nan_to_num(tile) * 255.0, 0, 255).astype(np.uint8)
        alpha = np.full((*tile.shape[:2], 1), 255, np.uint8)
        return scaled if scaled.shape[2] == 4 else np.concatenate([scaled, alpha], axis=2)
    values = np.clip((np.nan_to_num(tile.astype(np.float64)) - low) / ((high - low) or 1.0), 0.0, 1.0)
    if cmap in SCALES:
        anchors = np.array(SCALES[cmap], np.float64)
        at = np.linspace(0.0, 1.0, len(anchors))
        rgb = np.stack([np.interp(values, at, anchors[:, channel]) for channel in range(3)], axis=-1)
    else:
        try:
            from matplotlib import colormaps
        except ImportError:
            raise ValueError(f"cmap={cmap!r} needs matplotlib; without it there are {', '.join(SCALES)}") from None
        rgb = colormaps[cmap](values)[..., :3] * 255.0
    return np.concatenate([rgb, np.full((*tile.shape, 1), 255.0)], axis=-1).round().astype(np.uint8)


class ImageGrid:
    """Pictures in a grid. A notebook draws it; `.image` is a Pillow image, `.save('x.png')` writes it."""

    def __init__(self, image: Image.Image, count: int) -> None:
        self.image = image
        self.count = count

    @cached_property
    def _png(self) -> bytes:
        stream = io.BytesIO()
        self.image.save(stream, "PNG", optimize=True)
        return stream.getvalue()

    def png(self) -> bytes:
        """Returns the grid as PNG bytes."""
        return self._png

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes the grid as a PNG file, whole or not at all. Returns the path."""
        write_atomically(path, self._png)
        return Path(path)

    def _repr_png_(self) -> bytes:
        return self._png

    def __repr__(self) -> str:
        return f"<ImageGrid: {self.count} pictures, {self.image.width} x {self.image.height} pixels>"


def show_images(
    array: Any,
    columns: int = 8,
    titles: Sequence[Any] | None = None,
    cmap: str = "gray",
    *,
    size: int = 72,
    limit: int = 64,
    scale: str = "each",
) -> ImageGrid:
    """Shows images or feature maps in a grid.

    Args:
        array: `[h, w]`, `[n, h, w]`, `[n, h, w, c]` or `[h, w, 3]` numbers, as `session.run` returns them. One channel
            is coloured by `cmap`; three or four are taken as RGB(A), floats in 0 to 1; more channels are feature maps.
        columns: pictures in a row.
        titles: a text for each picture, such as the labels.
        cmap: `'gray'`, `'gray_r'`, `'viridis'`, `'diverging'` (white is zero), or any of matplotlib's.
        size: about how many pixels a small picture is enlarged to.
        limit: how many pictures at most.
        scale: `'each'` stretches every picture over its own range, `'all'` all over one range.

    Returns:
        An ImageGrid, which a notebook draws.

    Example:

        show_images(digits[:16], titles=labels[:16])
        show_images(session.run(relu1, feed)[:1], cmap="viridis")
    """
    if scale not in ("each", "all"):
        raise ValueError(f"scale must be 'each' or 'all', not {scale!r}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    tiles = as_tiles(array)[:limit]
    if not tiles or not tiles[0].size:
        raise ValueError(f"There is no picture in an array of shape {list(np.shape(array))}")
    ranges = [_range(tile, cmap) for tile in tiles]
    if scale == "all":
        ranges = [(min(low for low, _ in ranges), max(high for _, high in ranges))] * len(tiles)
    height, width = tiles[0].shape[:2]
    factor = max(1, round(size / max(height, width)))
    cell_w, cell_h = width * factor, height * factor
    head = TITLE_HEIGHT if titles is not None else 0
    across = min(columns, len(tiles))
    down = -(-len(tiles) // across)
    sheet = Image.new("RGBA", (across * (cell_w + GAP) - GAP, down * (cell_h + head + GAP) - GAP), (0, 0, 0, 0))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=12)
    for index, (tile, (low, high)) in enumerate(zip(tiles, ranges, strict=True)):
        x, y = index % across * (cell_w + GAP), index // across * (cell_h + head + GAP)
        picture = Image.fromarray(_coloured(tile, cmap, low, high), "RGBA")
        sheet.paste(picture.resize((cell_w, cell_h), Image.Resampling.NEAREST), (x, y + head))
        if titles is not None and index < len(titles):
            pen.text((x, y + 1), _fitting(str(titles[index]), font, cell_w), fill=TITLE_COLOUR, font=font)
    return ImageGrid(sheet, len(tiles))


def _fitting(text: str, font: Any, width: int) -> str:
    """Cuts a title to the width of its picture."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "..") > width:
        text = text[:-1]
    return text + ".."


def _range(tile: np.ndarray, cmap: str) -> tuple[float, float]:
    finite = tile[np.isfinite(tile)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if cmap == "diverging":
        most = max(abs(low), abs(high))
        return -most, most
    return low, high
