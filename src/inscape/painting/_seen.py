"""Places in pictures of a generator, found by a rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.dissection.variants import BATCH, Series, Variants

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, UInt8
    from torch import Tensor

    from inscape.painting.places import PlaceRule
    from inscape.segmenters import Segmenter


_HOPELESS = 512
"""Pictures after which a sort of places that none of them holds is given up."""


@dataclass(frozen=True)
class SeenPlace:
    """A box of cells in a picture.

    Attributes:
        number: Of the picture in its source.
        row: Of its upper left cell.
        column: Of the same.
    """

    number: int
    row: int
    column: int


@dataclass(frozen=True)
class Seen:
    """Places of pictures, at most one of each sort in a picture.

    Attributes:
        concept: That may stand there, or not.
        box: Rows and columns of each, in cells.
        grid: Cells on each side of a picture.
        pictures: How many were looked through.
        legal: Where the concept may stand.
        illegal: Where it cannot.
    """

    concept: str
    box: tuple[int, int]
    grid: int
    pictures: int
    legal: list[SeenPlace]
    illegal: list[SeenPlace]

    def weights(self, places: Sequence[SeenPlace]) -> Float[Tensor, "place row column"]:
        """The mask of each place, on the grid."""
        found = torch.zeros(len(places), self.grid, self.grid)
        for mask, place in zip(found, places, strict=True):
            mask[place.row : place.row + self.box[0], place.column : place.column + self.box[1]] = 1
        return found


def seen_places(series: Series, rule: PlaceRule, *, most: int) -> Seen:
    """Look for places in the pictures of a series, until there are enough of both sorts.

    A sort that the first pictures do not hold at all is not waited for.

    Args:
        series: Its layer has the grid.
        rule: Tells places apart.
        most: Of each sort.

    Raises:
        UnsupportedError: No segmenter fits the generator.
        CancelledError: The person cancelled.
    """
    grid, random = series.layer.size or 1, np.random.RandomState(series.seed % 2**32)
    legal: list[SeenPlace] = []
    illegal: list[SeenPlace] = []
    looked = 0
    for batch in series.batches(f"Looking for places for {rule.concept}", at_once=BATCH):
        places = rule.places(_labels(series.reader, batch), grid)
        looked += len(batch.seeds)
        for sort, allowed in ((legal, places.legal), (illegal, places.illegal)):
            sort.extend(_drawn(allowed, batch.seeds, random))
        patient = looked < _HOPELESS
        if all(len(sort) >= most or not (sort or patient) for sort in (legal, illegal)):
            break
    return Seen(rule.concept, rule.box, grid, looked, legal[:most], illegal[:most])


def _labels(reader: Segmenter, batch: Variants) -> UInt8[np.ndarray, "picture plane height width"]:
    return np.asarray(reader.segment(batch.draw()).cpu().numpy())


def _drawn(
    allowed: Bool[np.ndarray, "picture row column"], numbers: Sequence[int], random: np.random.RandomState
) -> list[SeenPlace]:
    """One place at random of every picture that has some."""
    found = []
    for mask, number in zip(allowed, numbers, strict=True):
        rows, columns = np.nonzero(mask)
        if len(rows):
            place = random.randint(len(rows))
            found.append(SeenPlace(int(number), int(rows[place]), int(columns[place])))
    return found
