"""The cells of the up-sampling grid that can hold a value above a threshold, and the values in them.

A bilinear value never exceeds the largest of its four corners, so only cells with a corner above the
threshold are looked at.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.statistics._base import product
from inscape.statistics._grid import Border, axis_gaps
from inscape.types import Array


def framed(
    maps: Float[np.ndarray, "map row column ..."], border: Border
) -> Float[np.ndarray, "map framed_row framed_column ..."]:
    """A copy of the maps with one more row and column on every side."""
    count, height, width, *rest = maps.shape
    frame = np.empty((count, height + 2, width + 2, *rest), dtype=maps.dtype)
    frame[:, 1:-1, 1:-1] = maps
    if border == "repeat":
        frame[:, 0, 1:-1], frame[:, -1, 1:-1] = frame[:, 1, 1:-1], frame[:, -2, 1:-1]
        frame[:, :, 0], frame[:, :, -1] = frame[:, :, 1], frame[:, :, -2]
    else:
        frame[:, 0], frame[:, -1], frame[:, :, 0], frame[:, :, -1] = 0, 0, 0, 0
    return frame


def hot_cells(
    hot: Bool[np.ndarray, "map framed_row framed_column ..."],
) -> Bool[np.ndarray, "map gap gap ..."]:
    """The cells with at least one hot corner."""
    by_row = hot[:, 1:] | hot[:, :-1]
    cells: Bool[np.ndarray, "map gap gap ..."] = by_row[:, :, 1:] | by_row[:, :, :-1]
    return cells


class CellGrid:
    """The cells of maps of one size over label maps of another one.

    Args:
        shape: Rows and columns of the maps.
        size: Those of the label maps.

    Attributes:
        pixels: The label pixel at every place of every cell; -1 outside the picture. A cell's position in
            its map is counted row by row.
    """

    def __init__(self, shape: tuple[int, ...], size: tuple[int, int]) -> None:
        self._rows, self._columns = axis_gaps(shape[0], size[0]), axis_gaps(shape[1], size[1])
        row, column = self._rows.pixels[:, None, :, None], self._columns.pixels[None, :, None, :]
        pixels = np.where((row >= 0) & (column >= 0), row * size[1] + column, -1)
        self.pixels: Int[np.ndarray, "position place"] = pixels.reshape(
            len(self._rows.pixels) * len(self._columns.pixels), -1
        )
        self._uniform = self._rows.uniform and self._columns.uniform
        down, across = self._rows.weights[0], self._columns.weights[0]
        corners = [np.outer(a, b).ravel() for a in (1 - down, down) for b in (1 - across, across)]
        self._weights = np.stack(corners)

    def values(
        self, corners: Float[np.ndarray, "cell 4"], position: Int[np.ndarray, "cell"]
    ) -> Float[np.ndarray, "cell place"]:
        """The bilinear values at all pixel places of some cells.

        Args:
            corners: The activations around each cell: upper left, upper right, lower left, lower right.
            position: The cells in their maps.
        """
        dtype = corners.dtype
        if self._uniform:
            return product(corners, self._weights.astype(dtype))
        row_gap, column_gap = np.divmod(position, len(self._columns.weights))
        down = self._rows.weights[row_gap].astype(dtype)[:, :, None]
        across = self._columns.weights[column_gap].astype(dtype)
        upper = corners[:, 0:1] * (1 - across) + corners[:, 1:2] * across
        lower = corners[:, 2:3] * (1 - across) + corners[:, 3:4] * across
        values: Array = (upper[:, None] * (1 - down) + lower[:, None] * down).reshape(len(corners), -1)
        return values
