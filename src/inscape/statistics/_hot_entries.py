"""Where units are hot at every level, as a sparse matrix: one entry for each hot value, at its first level.

Masks of levels are nested: a value above one threshold is above all lower ones. So a value is held once, at
the first level at which it is hot, and what the levels count is added up at the end. Half of the values are
hot at no level, so that products with labels take a thirtieth of the operations of those of masks. All counts
are whole numbers that a float32 holds exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.sparse import csc_array

_UNITS = 32
"""Of so many units the counts of all levels and labels stay in the cache while they are added up."""


@dataclass(frozen=True)
class HotEntries:
    """The hot values of some pictures.

    Attributes:
        shape: Levels, units, pictures, pixels.
        groups: For up to 32 units at a time: `level * units + unit` of every entry, sorted by place, and
            where the entries of each place begin, one more than places, of which a picture has `pixels`.
    """

    shape: tuple[int, int, int, int]
    groups: list[tuple[Int[np.ndarray, "entry"], Int[np.ndarray, "places_and_one"]]]

    def sums(self) -> Int[np.ndarray, "level_and_unit pixel"]:
        """In how many pictures each pixel becomes hot at each level: to be added up over the levels."""
        levels, units, pictures, pixels = self.shape
        counts = np.empty((levels, units, pixels), dtype=np.int64)
        pixel = np.tile(np.arange(pixels), pictures)
        for part, first, starts in self._parts():
            bins = first * pixels + np.repeat(pixel, np.diff(starts))
            width = part.stop - part.start
            found = np.bincount(bins, minlength=levels * width * pixels)
            counts[:, part] = found.reshape(levels, width, pixels)
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
        moved = moved.reshape(pictures * pixels, -1)
        counts = np.zeros((len(shifts), len(masks), levels, units), dtype=np.int32)
        for part, first, starts in self._parts():
            width = part.stop - part.start
            ones = np.ones(len(first), dtype=np.float32)
            hot = csc_array((ones, first, starts), shape=(levels * width, pictures * pixels))
            added: NDArray[np.float32] = (hot @ moved).reshape(levels, width, len(shifts), len(present))
            np.cumsum(added, axis=0, out=added)
            counts[:, present, :, part] = added.transpose(2, 3, 0, 1)
        return counts.reshape(len(shifts), len(masks), levels * units)

    def _parts(self) -> Iterator[tuple[slice, Int[np.ndarray, "entry"], Int[np.ndarray, "places_and_one"]]]:
        for start, (first, starts) in zip(range(0, self.shape[1], _UNITS), self.groups, strict=True):
            yield slice(start, min(start + _UNITS, self.shape[1])), first, starts


def hot_entries(
    values: Float[np.ndarray, "unit picture pixel"], thresholds: Float[np.ndarray, "level unit"]
) -> HotEntries:
    """The values above the thresholds of some units, which fall from level to level."""
    groups = []
    for start, stop in pairwise([*range(0, len(values), _UNITS), len(values)]):
        groups.append(_entries(values[start:stop], thresholds[:, start:stop]))
    return HotEntries((len(thresholds), *values.shape), groups)


def _entries(
    values: Float[np.ndarray, "unit picture pixel"], thresholds: Float[np.ndarray, "level unit"]
) -> tuple[Int[np.ndarray, "entry"], Int[np.ndarray, "places_and_one"]]:
    above = np.zeros(values.shape, dtype=np.uint8)
    for limits in thresholds:
        above += values > limits[:, None, None]
    units = len(values)
    by_place = np.ascontiguousarray(above.reshape(units, -1).T)
    starts = np.zeros(len(by_place) + 1, dtype=np.int32)
    np.cumsum(np.count_nonzero(by_place, axis=1), out=starts[1:])
    entries = np.flatnonzero(by_place)
    level = len(thresholds) - by_place.reshape(-1)[entries].astype(np.int32)
    return level * units + (entries % units).astype(np.int32), starts
