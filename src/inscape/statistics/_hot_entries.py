"""Where units are hot at every level, as a sparse matrix: one entry for each hot value, at its first level.

Masks of levels are nested: a value above one threshold is above all lower ones. So a value is held once, at
the first level at which it is hot, and what the levels count is added up at the end. Most values are hot at
no level, so that products with labels take a thirtieth of the operations of those of masks. All counts are
whole numbers that a float32 holds exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.sparse import coo_array, csc_array

from inscape.types import Array

LEAST_LEVEL = 0.0
"""No threshold of `iou_best` lies lower: a unit is on only where its activation is above 0."""


@dataclass(frozen=True)
class HotEntries:
    """The hot values of some pictures.

    Attributes:
        shape: Units, levels, pictures, pixels.
        first: `unit * levels + level` of every entry, sorted by place.
        starts: Where the entries of each place begin; one more than places, of which a picture has `pixels`.
    """

    shape: tuple[int, int, int, int]
    first: Int[np.ndarray, "entry"]
    starts: Int[np.ndarray, "places_and_one"]

    def part(self, picture: int, count: int) -> HotEntries:
        """The entries of some of the pictures."""
        units, levels, _, pixels = self.shape
        starts = self.starts[picture * pixels : (picture + count) * pixels + 1]
        return HotEntries(
            (units, levels, count, pixels), self.first[starts[0] : starts[-1]], starts - starts[0]
        )

    def sums(self) -> Int[np.ndarray, "unit_and_level pixel"]:
        """In how many pictures each pixel becomes hot at each level: to be added up over the levels."""
        units, levels, pictures, pixels = self.shape
        pixel = np.repeat(np.tile(np.arange(pixels), pictures), np.diff(self.starts))
        counts = np.bincount(self.first * np.intp(pixels) + pixel, minlength=levels * units * pixels)
        return counts.reshape(levels * units, pixels)

    def products(
        self, shifts: Sequence[int] | NDArray[np.intp], shown: NDArray[np.float32]
    ) -> Float[np.ndarray, "way kind level unit"]:
        """Pixels that are hot and labelled when the label maps move on by some pictures.

        Args:
            shifts: By how many, one number for each way.
            shown: Where the label maps show each kind, or how often around there, `[place, kind]`.
        """
        units, levels, pictures, pixels = self.shape
        counts = np.zeros((len(shifts), shown.shape[1], levels, units), dtype=np.float32)
        ones = np.ones(len(self.first), dtype=np.float32)
        for way, shift in enumerate(shifts):
            place = int(shift) % pictures * pixels  # the hot pictures move back instead
            edge, end = self.starts[place], self.starts[-1]
            first = np.concatenate([self.first[edge:], self.first[:edge]])
            starts = np.concatenate([self.starts[place:-1] - edge, self.starts[: place + 1] + (end - edge)])
            hot = csc_array((ones, first, starts), shape=(units * levels, pictures * pixels))
            counts[way] = (hot @ shown).reshape(units, levels, -1).transpose(2, 1, 0)
        for level in range(1, levels):
            counts[:, :, level] += counts[:, :, level - 1]
        return counts


def lowest_thresholds(thresholds: Float[np.ndarray, "level unit"]) -> Float[np.ndarray, "unit"]:
    """What a value of each unit exceeds where it is hot at a level that may be chosen; inf where none is."""
    allowed = np.where(thresholds >= LEAST_LEVEL, thresholds, np.inf)
    lowest: NDArray[np.floating] = allowed.min(axis=0).astype(thresholds.dtype)
    return lowest


def first_levels(values: Float[np.ndarray, "hit"], thresholds: Array) -> Int[np.ndarray, "hit"]:
    """The first level at which each value of one unit is hot; all of them are at the lowest allowed one."""
    limits = thresholds[thresholds >= LEAST_LEVEL]
    level = np.full(len(values), max(0, len(limits) - 1), dtype=np.uint8)
    for limit in limits[:-1]:
        level -= (values > limit).view(np.uint8)
    return level


def hot_entries(
    values: Float[np.ndarray, "unit picture pixel"], thresholds: Float[np.ndarray, "level unit"]
) -> HotEntries:
    """The values above the allowed thresholds of some units, which fall from level to level."""
    units, pictures, pixels = values.shape
    levels = len(thresholds)
    lowest, by_unit = lowest_thresholds(thresholds), values.reshape(units, -1)
    rows, columns = [], []
    for unit in range(units):
        place = np.flatnonzero(by_unit[unit] > lowest[unit]).astype(np.int32)
        first = first_levels(by_unit[unit].take(place), thresholds[:, unit])
        rows.append(first + np.int32(unit * levels))
        columns.append(place)
    first, place = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(first), dtype=np.int8)
    hot = coo_array((ones, (first, place)), shape=(units * levels, pictures * pixels)).tocsc()
    return HotEntries((units, levels, pictures, pixels), hot.indices, hot.indptr)
