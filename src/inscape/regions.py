"""Regions of a picture, with weights from 0 to 1, at any resolution."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import FormatError, RegionError, UsageError
from inscape.types import Array, JsonMapping, JsonObject

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Region:
    """A mask over a picture.

    A region is either a box in pixels of the picture, or a mask of any resolution that covers the whole
    picture.

    Args:
        rectangle: `(x, y, width, height)` in pixels of the picture, from its top left corner.
        values: float32 `[height, width]` in [0, 1], covering the whole picture.
    """

    rectangle: tuple[float, float, float, float] | None = None
    values: NDArray[np.float32] | None = None

    @classmethod
    def from_mask(cls, mask: Array | torch.Tensor | Sequence[Sequence[float]]) -> Region:
        """Make a region from a mask `[height, width]`: boolean, uint8 (0 to 255) or float in [0, 1].

        Raises:
            RegionError: Not two-dimensional, not finite, or outside [0, 1].
        """
        array = np.asarray(mask)
        values = array.astype(np.float32) / (255.0 if array.dtype == np.uint8 else 1.0)
        if values.ndim != 2 or 0 in values.shape:
            raise RegionError(f"A mask has the shape [height, width], got {list(values.shape)}.")
        if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
            raise RegionError("The values of a mask lie between 0 and 1.")
        return cls(values=values)

    @classmethod
    def everywhere(cls) -> Region:
        """The whole picture."""
        return cls(values=np.ones((1, 1), np.float32))

    def mask(
        self, height: int, width: int, *, image_size: int | tuple[int, int] | None = None
    ) -> Float[Tensor, "{height} {width}"]:
        """The region at a resolution. Each cell holds the mean weight of the area that it covers.

        Args:
            height: Rows of the result.
            width: Columns of the result.
            image_size: Size of the picture in pixels (one number, or height and width); boxes need it.

        Raises:
            RegionError: A box lies outside the picture, or the picture's size is missing.
        """
        import torch

        if self.values is not None:
            rows = _coverage(self.values.shape[0], height)
            columns = _coverage(self.values.shape[1], width)
            return torch.from_numpy(rows @ self.values @ columns.T)
        if image_size is None:
            raise RegionError("A box is given in pixels and needs the size of the picture.")
        tall, wide = (image_size, image_size) if isinstance(image_size, int) else image_size
        x, y, w, h = self._inside(tall, wide)
        rows_1d = _interval(y / tall, (y + h) / tall, height)
        columns_1d = _interval(x / wide, (x + w) / wide, width)
        return torch.from_numpy(np.outer(rows_1d, columns_1d).astype(np.float32))

    def _inside(self, tall: int, wide: int) -> tuple[float, float, float, float]:
        assert self.rectangle is not None
        x, y, w, h = self.rectangle
        if x < 0 or y < 0 or x + w > wide or y + h > tall:
            raise RegionError(
                f"The box {x:g},{y:g},{w:g},{h:g} lies outside the picture of {wide} × {tall} pixels.",
                f"x + width must be at most {wide}, y + height at most {tall}.",
            )
        return x, y, w, h

    def bounds(
        self, height: int, width: int, *, image_size: int | tuple[int, int] | None = None
    ) -> tuple[int, int, int, int]:
        """The smallest `(x, y, width, height)` at a resolution that holds every cell above zero."""
        mask = self.mask(height, width, image_size=image_size).numpy() > 0
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            return 0, 0, 0, 0
        x, y = int(columns[0]), int(rows[0])
        return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1

    def feathered(self, radius: float, size: int, *, image_size: int | None = None) -> Region:
        """The region with a soft border.

        Args:
            radius: Standard deviation of the Gaussian, in cells of the `size × size` grid.
            size: Resolution at which the border is computed.
            image_size: Size of the picture in pixels; boxes need it.
        """
        from scipy.ndimage import gaussian_filter

        values = self.mask(size, size, image_size=image_size).numpy()
        return Region(
            values=np.clip(gaussian_filter(values, radius, mode="nearest"), 0, 1).astype(np.float32)
        )

    def halo(self, cells: int, size: int, *, image_size: int | None = None) -> Region:
        """The region grown by `cells` cells of a `size × size` grid, without the region itself."""
        from scipy.ndimage import grey_dilation

        values = self.mask(size, size, image_size=image_size).numpy()
        grown = grey_dilation(values, size=(2 * cells + 1, 2 * cells + 1), mode="nearest")
        return Region(values=np.clip(grown - values, 0, 1).astype(np.float32))

    def __or__(self, other: Region) -> Region:
        """Union of two masks of the same resolution: the larger weight counts."""
        if self.values is None or other.values is None or self.values.shape != other.values.shape:
            raise RegionError("Only masks of the same resolution can be joined. Call mask() first.")
        return Region(values=np.maximum(self.values, other.values))

    def to_json(self) -> JsonObject:
        """`{"box": [x, y, w, h]}`, or `{"mask": …, "height", "width"}` with 8-bit weights, deflated."""
        if self.values is None:
            assert self.rectangle is not None
            return {"box": list(self.rectangle)}
        height, width = self.values.shape
        packed = zlib.compress(np.round(self.values * 255).astype(np.uint8).tobytes(), 9)
        return {"mask": base64.b64encode(packed).decode(), "height": height, "width": width}

    @classmethod
    def from_json(cls, value: JsonMapping) -> Region:
        """Read what `to_json` wrote.

        Raises:
            FormatError: It is not a region.
        """
        try:
            if "box" in value:
                x, y, w, h = (float(number) for number in value["box"])
                return box(x, y, w, h)
            height, width = int(value["height"]), int(value["width"])
            if not (0 < height <= 4096 and 0 < width <= 4096):
                raise FormatError(f"A region has 1 to 4096 rows and columns, got {height} × {width}.")
            limit = height * width
            raw = zlib.decompressobj().decompress(base64.b64decode(value["mask"], validate=True), limit + 1)
            if len(raw) != limit:
                raise FormatError(f"A region of {height} × {width} holds {limit} weights, got {len(raw)}.")
            return cls.from_mask(np.frombuffer(raw, np.uint8).reshape(height, width))
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise FormatError("A region is {box: [x, y, width, height]} or {mask, height, width}.") from error


def box(x: float, y: float, width: float, height: float) -> Region:
    """Make a region from a rectangle in pixels, measured from the top left corner of the picture.

    Raises:
        RegionError: The box is empty, starts outside the picture, or is not finite.
    """
    if not all(np.isfinite(number) for number in (x, y, width, height)) or x < 0 or y < 0:
        raise RegionError(
            f"A box starts at x, y ≥ 0 inside the picture, got {x:g},{y:g},{width:g},{height:g}."
        )
    if width <= 0 or height <= 0:
        raise RegionError(f"A box is wider and higher than 0, got {width:g} × {height:g}.")
    return Region(rectangle=(float(x), float(y), float(width), float(height)))


def parse_box(text: str) -> Region:
    """Read a box written as `X,Y,WIDTH,HEIGHT`.

    Raises:
        UsageError: It is not four numbers.
        RegionError: The box is empty or starts outside the picture.
    """
    try:
        x, y, w, h = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(
            f"A box is X,Y,WIDTH,HEIGHT in pixels, got {text!r}.", "For instance 20,30,8,12."
        ) from error
    return box(x, y, w, h)


def _interval(start: float, stop: float, cells: int) -> NDArray[np.float64]:
    """How much of each of `cells` equal cells of [0, 1] lies between start and stop."""
    edges = np.arange(cells + 1) / cells
    overlap = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    share: NDArray[np.float64] = np.clip(overlap, 0, None) * cells
    return share


def _coverage(source: int, target: int) -> NDArray[np.float32]:
    """`[target, source]`: the share of each source cell in the mean over a target cell."""
    rows = [_interval(i / target, (i + 1) / target, source) / source * target for i in range(target)]
    return np.stack(rows).astype(np.float32)
