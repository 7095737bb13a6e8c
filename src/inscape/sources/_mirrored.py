"""A rectangle of a picture at another size, mirrored where it reaches beyond the edges."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SUPPORT = 2
"""Cells that filters reach to each side, of the picture or the result, whichever are larger."""
_AT_ONCE = 1 << 22
"""Pixels of the picture that are resized at a time."""


def resized(
    pixels: NDArray[np.uint8], box: tuple[float, float, float, float], width: int, height: int
) -> NDArray[np.uint8]:
    """A rectangle of a picture at another size, antialiased.

    Axes that get shorter are filtered with Hamming's kernel, which has no negative lobes: generators do not
    draw the fringes that sharper ones leave along edges. Axes that get longer are interpolated bicubically.
    It is what Pillow makes of the rectangle in a picture that was mirrored on and on, as far as the rectangle
    reaches; one axis after the other, so that memory does not grow with what lies beyond.

    Args:
        pixels: uint8 `[height, width, channel]`.
        box: `(x, y, width, height)` in pixels of the picture; may reach beyond it.
        width: Of the result, in pixels.
        height: Of the result.
    """
    x, y, wide, tall = box
    rows, columns = _Reach(y, tall, height, pixels.shape[0]), _Reach(x, wide, width, pixels.shape[1])
    needed = np.unique(rows.places)
    step = max(1, _AT_ONCE // len(columns.places))
    narrow = np.concatenate(
        [
            _along_rows(columns.of(pixels[needed[first] : needed[first : first + step][-1] + 1]), columns)
            for first in range(0, len(needed), step)
        ]
    )
    turned = narrow.swapaxes(0, 1)[:, rows.places - needed[0]]
    return np.ascontiguousarray(_along_rows(turned, rows).swapaxes(0, 1))


class _Reach:
    """Which rows (or columns) of a picture take part in those of the result.

    Args:
        start: Where the result begins, in cells of the picture.
        extent: How long it is there.
        cells: How many cells it gets.
        length: Of the picture.
    """

    def __init__(self, start: float, extent: float, cells: int, length: int) -> None:
        margin = _SUPPORT * max(extent / cells, 1.0)
        stop = start + extent
        first = max(math.floor(start - margin), min(0, math.floor(start)))
        last = min(math.ceil(stop + margin), max(length, math.ceil(stop)))
        self.inside = first >= 0 and last <= length
        places = np.arange(first, last) % (2 * length)
        self.places = np.where(places < length, places, 2 * length - 1 - places)
        self.start, self.stop, self.cells = start - first, stop - first, cells
        self.shorter = extent >= cells

    def of(self, rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The columns of some rows that take part, mirrored ones included."""
        if self.inside:
            return rows[:, self.places[0] : self.places[-1] + 1]
        return rows[:, self.places]


def _along_rows(pixels: NDArray[np.uint8], reach: _Reach) -> NDArray[np.uint8]:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels))
    box = (reach.start, 0, reach.stop, image.height)
    filter = Image.Resampling.HAMMING if reach.shorter else Image.Resampling.BICUBIC
    return np.asarray(image.resize((reach.cells, image.height), filter, box=box))
