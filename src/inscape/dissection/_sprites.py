"""Strips of top pictures, one WebP file per unit: above with the unit's region marked, below plain."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor

from inscape.errors import FormatError, UnitError
from inscape.types import JsonObject

_YELLOW = np.array([255, 255, 0], np.uint8)
_EFFORT = 2
"""Of the WebP encoder: half the time of its usual 4, and files 5 % larger."""


@dataclass(frozen=True, eq=False)
class Sprites:
    """The strips of all units of a layer.

    Attributes:
        units: How many units there are.
        count: Pictures in a strip.
        size: Height and width of each in pixels.
        read: Gives the WebP file of a unit.
    """

    units: int
    count: int
    size: int
    read: Callable[[int], bytes]

    def file(self, unit: int) -> str:
        """The file name of a unit's strip."""
        return f"unit-{unit:04d}.webp"

    def strip(self, unit: int) -> bytes:
        """The WebP file of a unit: `count` pictures wide, two high.

        Raises:
            UnitError: There is no such unit.
        """
        if not 0 <= unit < self.units:
            raise UnitError(f"There are units 0 to {self.units - 1}, got {unit}.")
        return self.read(unit)

    def to_json(self) -> JsonObject:
        """`{size, count, pattern}`."""
        return {"size": self.size, "count": self.count, "pattern": "unit-{unit:04d}.webp"}


def read_sprites(folder: Path, description: JsonObject, units: int) -> Sprites:
    """The strips in a folder; files are read when they are asked for."""

    def read(unit: int) -> bytes:
        path = folder / f"unit-{unit:04d}.webp"
        try:
            return path.read_bytes()
        except OSError as error:
            raise FormatError(f"{path} cannot be read: {error.strerror}.") from error

    return Sprites(units, int(description["count"]), int(description["size"]), read)


def strip(
    pictures: list[UInt8[np.ndarray, "height width 3"]],
    maps: list[Float[Tensor, "row column"]],
    threshold: float,
    *,
    size: int,
    quality: int,
) -> bytes:
    """One strip.

    Args:
        pictures: Best first.
        maps: The unit's raw activation in each.
        threshold: Pixels of the up-sampled map above it are the unit's region.
        size: Height and width of each picture in the strip.
        quality: Of the WebP, 0 to 100.
    """
    above, below = [], []
    for picture, activation in zip(pictures, maps, strict=True):
        shown = resized(picture, size)
        values = torch.nn.functional.interpolate(
            activation[None, None].float(), size=(size, size), mode="bilinear"
        )
        above.append(marked(shown, (values[0, 0] > threshold).numpy()))
        below.append(shown)
    return two_rows(above, below, quality=quality)


def resized(picture: UInt8[np.ndarray, "height width 3"], size: int) -> UInt8[np.ndarray, "size size 3"]:
    """The picture at another size."""
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.BICUBIC))


def two_rows(
    above: list[UInt8[np.ndarray, "height width 3"]],
    below: list[UInt8[np.ndarray, "height width 3"]],
    *,
    quality: int,
) -> bytes:
    """As many pictures below as above, as one WebP file."""
    from PIL import Image

    stream = io.BytesIO()
    rows = np.concatenate([np.concatenate(row, axis=1) for row in (above, below)])
    Image.fromarray(rows).save(stream, "WEBP", quality=quality, method=_EFFORT)
    return stream.getvalue()


def marked(
    picture: UInt8[np.ndarray, "height width 3"], inside: Bool[np.ndarray, "height width"]
) -> UInt8[np.ndarray, "height width 3"]:
    """The region in full brightness with a yellow border of one pixel, everything else at half brightness."""
    from scipy.ndimage import binary_dilation

    result = np.where(inside[..., None], picture, picture // 2)
    result[binary_dilation(inside) & ~inside] = _YELLOW
    return result
