"""Where units are hot at every level: each hot value once, at the first level at which it is hot.

Masks of levels are nested: a value above one threshold is above all lower ones. So a value is held once, at
the first level at which it is hot, and what the levels count is added up at the end. Most values are hot at
no level, so that products with labels take a thirtieth of the operations of those of masks. All counts are
whole numbers that a float32 holds exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from scipy.sparse import coo_array

from inscape.types import Array

LEAST_LEVEL = 0.0
"""No threshold of `iou_best` lies lower: a unit is on only where its activation is above 0."""

HotPlaces: TypeAlias = tuple[NDArray[np.intp], NDArray[np.uint8]]
"""The places of one unit's hot values, ascending, and the first level at which each is hot."""


@dataclass(frozen=True)
class HotEntries:
    """The hot values of some pictures.

    Attributes:
        shape: Units, levels, pictures, pixels.
        places: Of each unit and first level, the places that are hot, ascending; a picture has `pixels`.
        starts: Where the places of each unit and level begin; one more than there are.
    """

    shape: tuple[int, int, int, int]
    places: Int[np.ndarray, "entry"]
    starts: Int[np.ndarray, "units_and_levels_and_one"]

    def counts(
        self, ways: Int[np.ndarray, "way picture"], shown: NDArray[np.uint8]
    ) -> Float[np.ndarray, "way unit level column"]:
        """Labelled pixels that become hot at each level when pictures get the label maps of others.

        Args:
            ways: The picture whose label map each picture gets, a row for each way.
            shown: How often the label maps show each label at a place, or around there, `[place, column]`.
        """
        units, levels, pictures, pixels = self.shape
        table = torch.from_numpy(shown.astype(np.float32)).view(pictures, pixels, -1)
        places, starts = torch.from_numpy(self.places), torch.from_numpy(self.starts)
        counts = np.empty((len(ways), units, levels, shown.shape[1]), dtype=np.float32)
        for way, given in zip(counts, ways, strict=True):
            moved = table[torch.from_numpy(given)].flatten(0, 1)
            bags = torch.nn.functional.embedding_bag(
                places, moved, starts, mode="sum", include_last_offset=True
            )
            way[:] = bags.numpy().reshape(way.shape)
        return counts


def lowest_thresholds(thresholds: Float[np.ndarray, "level unit"]) -> Float[np.ndarray, "unit"]:
    """What a value of each unit exceeds where it is hot at a level that may be chosen; inf where none is."""
    allowed = np.where(thresholds >= LEAST_LEVEL, thresholds, np.inf)
    lowest: NDArray[np.floating] = allowed.min(axis=0).astype(thresholds.dtype)
    return lowest


def allowed_levels(thresholds: Float[np.ndarray, "level"]) -> Float[np.ndarray, "allowed_level"]:
    """The thresholds of one unit that may be chosen; they come first, because thresholds fall."""
    return thresholds[thresholds >= LEAST_LEVEL]


def first_levels(values: Float[np.ndarray, "..."], limits: Array) -> NDArray[np.uint8]:
    """The first level at which each value of one unit is hot; the number of levels where it is at none."""
    level = np.full(values.shape, len(limits), dtype=np.uint8)
    above = np.empty(values.shape, dtype=bool)
    for limit in limits:
        np.greater(values, limit, out=above)
        np.subtract(level, above.view(np.uint8), out=level)
    return level


def hot_places(
    values: Float[np.ndarray, "unit picture pixel"], thresholds: Float[np.ndarray, "level unit"]
) -> list[HotPlaces]:
    """The values of each unit above its allowed thresholds, which fall from level to level."""
    found = []
    for own, column in zip(values.reshape(len(values), -1), thresholds.T, strict=True):
        limits = allowed_levels(column)
        first = first_levels(own, limits)
        place = np.flatnonzero(first < len(limits))
        found.append((place, first.take(place)))
    return found


def hot_entries(hot: list[HotPlaces], levels: int, pixels: int, blocks: Sequence[int]) -> list[HotEntries]:
    """The entries of pictures that stand one behind the other, in blocks of so many.

    Args:
        hot: The hot values of every unit.
        levels: How many there are.
        pixels: Of a picture.
        blocks: The pictures of each block.
    """
    units, places = len(hot), np.array(blocks) * pixels
    rows_before = np.repeat(np.arange(len(blocks), dtype=np.int32) * (units * levels), places)
    within = np.concatenate([np.arange(count, dtype=np.int32) for count in places])
    rows, columns = [], []
    for unit, (place, first) in enumerate(hot):
        row = rows_before.take(place)
        row += first
        row += np.int32(unit * levels)
        rows.append(row)
        columns.append(within.take(place))
    row, column = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(len(row), dtype=np.int8)
    shape = len(blocks) * units * levels, int(places.max())
    entries = coo_array((ones, (row, column)), shape=shape)
    entries.has_canonical_format = True  # no two of a unit are at one place
    sorted_, found = entries.tocsr(), []
    for number, pictures in enumerate(blocks):
        starts = sorted_.indptr[number * units * levels :][: units * levels + 1]
        some = sorted_.indices[starts[0] : starts[-1]]
        found.append(HotEntries((units, levels, pictures, pixels), some, starts - starts[0]))
    return found
