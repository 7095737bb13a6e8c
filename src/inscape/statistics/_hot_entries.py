"""Where units are hot at every level, as a sparse matrix: one entry for each hot value, at its first level.

Masks of levels are nested: a value above one threshold is above all lower ones. So a value is held once, at
the first level at which it is hot, and what the levels count is added up at the end. Half of the values are
hot at no level, so that products with labels take a thirtieth of the operations of those of masks. All counts
are whole numbers that a float32 holds exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.sparse import csc_array


@dataclass(frozen=True)
class HotEntries:
    """The hot values of some pictures.

    Attributes:
        shape: Levels, units, pictures, pixels.
        first: `level * units + unit` of every entry, sorted by place.
        starts: Where the entries of each place begin; one more than places, of which a picture has `pixels`.
    """

    shape: tuple[int, int, int, int]
    first: Int[np.ndarray, "entry"]
    starts: Int[np.ndarray, "places_and_one"]

    def sums(self) -> Int[np.ndarray, "level_and_unit pixel"]:
        """In how many pictures each pixel becomes hot at each level: to be added up over the levels."""
        levels, units, pictures, pixels = self.shape
        pixel = np.repeat(np.tile(np.arange(pixels), pictures), np.diff(self.starts))
        counts = np.bincount(self.first * pixels + pixel, minlength=levels * units * pixels)
        return counts.reshape(levels * units, pixels)

    def products(
        self, shifts: Sequence[int] | NDArray[np.intp], masks: NDArray[np.bool_ | np.uint8]
    ) -> Int[np.ndarray, "way kind level_and_unit"]:
        """Pixels that are hot and labelled when the label maps move on by some pictures.

        Args:
            shifts: By how many, one number for each way.
            masks: Where the label maps show each kind, `[kind, picture, pixel]`, or how often around there.
        """
        levels, units, pictures, pixels = self.shape
        present = np.flatnonzero(masks.any(axis=(1, 2)))
        shown = np.ascontiguousarray(masks[present].transpose(1, 2, 0), dtype=np.float32)
        moved = np.concatenate([np.roll(shown, shift, axis=0) for shift in shifts], axis=2)
        ones = np.ones(len(self.first), dtype=np.float32)
        hot = csc_array((ones, self.first, self.starts), shape=(levels * units, pictures * pixels))
        added: NDArray[np.float32] = hot @ moved.reshape(pictures * pixels, -1)
        counts = np.zeros((len(shifts), len(masks), levels, units), dtype=np.int32)
        by_way = added.reshape(levels, units, len(shifts), len(present)).transpose(2, 3, 0, 1)
        counts[:, present] = np.cumsum(by_way, axis=2)
        return counts.reshape(len(shifts), len(masks), levels * units)


def hot_entries(
    values: Float[np.ndarray, "unit picture pixel"], thresholds: Float[np.ndarray, "level unit"]
) -> HotEntries:
    """The values above the thresholds of some units, which fall from level to level."""
    above = np.zeros(values.shape, dtype=np.uint8)
    for limits in thresholds:
        above += values > limits[:, None, None]
    units, pictures, pixels = values.shape
    by_place = np.ascontiguousarray(above.reshape(units, -1).T)
    starts = np.zeros(len(by_place) + 1, dtype=np.int32)
    np.cumsum(np.count_nonzero(by_place, axis=1), out=starts[1:])
    entries = np.flatnonzero(by_place)
    levels = len(thresholds)
    level = levels - by_place.reshape(-1)[entries].astype(np.int32)
    first = level * units + (entries % units).astype(np.int32)
    return HotEntries((levels, units, pictures, pixels), first, starts)
