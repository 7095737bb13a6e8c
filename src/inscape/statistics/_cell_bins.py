"""The pixels of cells in which a unit is hot, as bins of label and level and of place and level.

Maps are taken with the pictures last, so that cells come position by position: a row of a table holds what
all pixels of a cell need, and what is counted into stays in the cache.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from inscape.statistics._cells import CellGrid, hot_cells
from inscape.statistics._hot_entries import first_levels
from inscape.types import Array

_CHUNK_VALUES = 1 << 16  # what fits in a core's second-level cache
_NO_CELLS = np.empty(0, dtype=np.intp)


class CellBins:
    """The bins of all cells of some pictures.

    Args:
        shape: Rows and columns of the maps.
        size: Those of the label maps.
        combined: The number of the combination of labels at every pixel.
        combinations: How many there are; one more is of places outside the picture.
        step: What numbers are multiplied by, so that a level can be added.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        size: tuple[int, int],
        combined: Int[np.ndarray, "picture pixel"],
        combinations: int,
        step: int,
    ) -> None:
        self._grid = CellGrid(shape, size)
        pixels = self._grid.pixels
        self._pixel: NDArray[np.intp] = np.where(pixels < 0, combined.shape[1], pixels) * step
        outside = np.full((len(combined), 1), combinations, dtype=combined.dtype)
        numbers = np.concatenate([combined, outside], axis=1) * step
        self._combined = numbers.T[pixels].swapaxes(1, 2).reshape(-1, pixels.shape[1])

    def bins(
        self, frame: Float[np.ndarray, "framed_row framed_column picture"], limits: Array
    ) -> tuple[Int[np.ndarray, "value"], Int[np.ndarray, "value"]]:
        """The bins by combination and by pixel of one unit, in cells where it is hot.

        Args:
            frame: Its maps in their frame.
            limits: The thresholds of its levels, falling. Values that are hot at none are counted as of one
                level more.
        """
        pictures, width = frame.shape[2], frame.shape[1]
        cells = np.flatnonzero(hot_cells(frame[None] > limits[-1])) if len(limits) else _NO_CELLS
        position = cells // pictures
        first = cells + position // (width - 1) * pictures
        flat, below = frame.reshape(-1), width * pictures
        corners = np.empty((4, len(cells)), dtype=frame.dtype)
        for own, offset in zip(corners, (0, pictures, below, below + pictures), strict=True):
            flat.take(first + offset, out=own, mode="clip")  # clip: without a check
        places = self._pixel.shape[1]
        combined, pixel = (np.empty((len(cells), places), dtype=np.intp) for _ in range(2))
        step = max(1, _CHUNK_VALUES // places)
        for start in range(0, len(cells), step):
            part = slice(start, start + step)
            values = self._grid.values(corners[:, part].T, position[part])
            level = first_levels(values, limits).astype(np.intp)
            for bins, table, row in ((combined, self._combined, cells), (pixel, self._pixel, position)):
                table.take(row[part], axis=0, out=bins[part], mode="clip")
                bins[part] += level
        return combined.reshape(-1), pixel.reshape(-1)
