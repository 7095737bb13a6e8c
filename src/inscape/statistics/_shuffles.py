"""What the best overlap of a unit is by chance: whole label maps shuffled between pictures.

For a shuffle the count of one unit, level and concept is the sum over pictures of `<mask, label map>`, each
picture with the label map of another one. Counting 100 shuffles anew costs a hundred times what counting
costs, so the shuffles are put together from two parts.

Their mean follows from the mean mask and the mean label map, and is taken over exactly those pixels that the
observed overlap is counted on. It has to be: a unit that follows a place in the picture meets what is usually
there in every shuffle alike, so that its shuffles hardly differ, and a mean that is off by half a percent, as
that of a sample of the pixels is, would decide alone whether the unit passes.

What differs between shuffles is read on the sample of the label pixels. Pictures of a half are drawn into
blocks, and the label maps of a block are dealt to its pictures in three to five ways, each shifting them by
another number of places, so that no picture keeps its own; few pictures are drawn into blocks in several
rounds, many not all of them. A shuffle picks a round, and one of the ways in every block of it. Picks
deviate from the mean of the ways of their block; these deviations are added up, scaled, and added to the
mean. With interactions of variance `v` (the part of `<mask, label map>` that belongs neither to the mask nor
to the label map alone), a shuffle of `n` pictures has the variance `(n - 1) v`; picks among `w` ways of `m`
pictures have `(1 - 1/w) m v`, which gives the scale. So variances and covariances of all units, levels and
concepts are those of whole shuffles. Where all pixels are counted, each pixel of the sample stands for the
labels around it, so that small labels are not missed. The tests compare with the slow exact reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._hot_entries import HotEntries, hot_entries
from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, LabelMaps
from inscape.statistics._levels import ChosenCounts, best_level, sampled

TABLES = 128
"""At most so many counts of a block in one way are held of each half."""

_PAIRS = 600  # of a picture and another one's label map, from which the shuffles of a half are put together
_WAYS = 3, 5  # at least, and at most: many for few pictures, whose blocks are worth more pairs
_PICTURES_AT_ONCE = 12


@dataclass(frozen=True)
class Dealing:
    """How the shuffles of one half of the pictures are put together.

    Attributes:
        blocks: The pictures of each block, as numbers in the half; round by round.
        shifts: For each block by how many places its label maps move, one number for each way.
        first: How many blocks the first round has.
        others: Pictures of the half that are in no block of the first round.
        picks: The way that each shuffle takes in each block; -1 in the rounds that it does not take part in.
        scale: What deviations are multiplied by.
    """

    blocks: list[NDArray[np.intp]]
    shifts: list[NDArray[np.intp]]
    first: int
    others: NDArray[np.intp]
    picks: Int[np.ndarray, "shuffle block"]
    scale: float


def deal(random: np.random.Generator, shuffles: int, pictures: int) -> Dealing:
    """Draw the blocks, ways and picks of one half."""
    ways = max(1, min(pictures - 1, max(_WAYS[0], min(_WAYS[1], _PAIRS // pictures))))
    dealt = max(1, min(pictures, _PAIRS // ways))
    rounds = max(1, _PAIRS // (ways * dealt))
    size = max(ways + 1, -(-rounds * dealt * ways // TABLES))
    edges = [*range(0, max(1, dealt - size + 1), size), dealt]  # what is left joins the last block
    orders = [random.permutation(pictures) for _ in range(rounds)]
    blocks = [order[start:end] for order in orders for start, end in pairwise(edges)]
    shifts = [1 + random.permutation(max(1, len(block) - 1))[:ways] for block in blocks]
    mine = np.arange(len(blocks)) // (len(edges) - 1) == random.integers(0, rounds, shuffles)[:, None]
    picks = np.where(mine, random.integers(0, ways, mine.shape), -1)
    scale = float(np.sqrt((pictures - 1) / (dealt * (1 - 1 / ways)))) if ways > 1 else 0.0
    return Dealing(blocks, shifts, len(edges) - 1, orders[0][dealt:], picks, scale)


@dataclass(frozen=True)
class HalfCounts:
    """What one half of the pictures counts at every level.

    Attributes:
        hot: Hot pixels.
        expected: Pixels that are hot and labelled, in the mean over all shuffles.
        labelled: Labelled pixels.
        pixels: All pixels.
        ways: What hot and labelled pixels deviate by, in every block and way, from the mean of the block.
        picks: The way that each shuffle takes in each block.
    """

    hot: Int[np.ndarray, "level unit"]
    expected: Float[np.ndarray, "concept level unit"]
    labelled: Int[np.ndarray, "concept"]
    pixels: int
    ways: Float[np.ndarray, "block way concept level unit"]
    picks: Int[np.ndarray, "shuffle block"]

    def shuffled(self, concept: int) -> Float[np.ndarray, "shuffle level unit"]:
        """Pixels that are hot and labelled with one concept after each shuffle."""
        blocks, ways = self.ways.shape[:2]
        taken = (self.picks[:, :, None] == np.arange(ways)).reshape(len(self.picks), -1)
        off = product(taken.astype(np.float32), self.ways[:, :, concept].reshape(blocks * ways, -1))
        both: NDArray[np.float64] = off.reshape(len(off), *self.hot.shape) + self.expected[concept]
        return np.clip(both, 0, np.minimum(self.hot, self.labelled[concept]), out=both)


@dataclass(frozen=True)
class SampleCounter:
    """Counts the sampled pixels of some units at every level.

    Attributes:
        raw: Raw activations.
        units: Those to count.
        thresholds: The candidate thresholds, in the dtype of the activations.
        labels: The label maps of all pictures.
        index: What is in them.
    """

    raw: RawMaps
    units: slice
    thresholds: Float[np.ndarray, "level unit"]
    labels: LabelMaps
    index: LabelIndex

    def choosing(self, dealing: Dealing) -> tuple[Int[np.ndarray, "concept level unit"], HalfCounts]:
        """Hot and labelled pixels of pictures 0, 2, 4, ..., and what their shuffles are made from."""
        shape = (self.index.vocabulary_size, *self.thresholds.shape)
        pictures, pixels = -(-self.labels.shape[0] // 2), self.index.sums[0].shape[1]
        both = np.zeros((len(self.index.kinds[0]), self.thresholds.size), dtype=np.int64)
        sums = np.zeros((self.thresholds.size, pixels), dtype=np.int32)
        parts = []
        starts = range(0, len(dealing.others), _PICTURES_AT_ONCE)
        rest = [dealing.others[start : start + _PICTURES_AT_ONCE] for start in starts]
        none: NDArray[np.intp] = np.empty(0, dtype=np.intp)
        work = zip([*dealing.blocks, *rest], [*dealing.shifts, *(none for _ in rest)], strict=True)
        for number, (block, shifts) in enumerate(work):
            hot = self._hot(2 * block, self.index.strides)
            masks = self.index.masks(self.index.sample(self.labels.pictures((2 * block).tolist())))
            again = dealing.first <= number < len(dealing.blocks)
            counts = hot.products(shifts if again else [0, *shifts], masks)
            if not again:
                sums += hot.sums()
                both += counts[0]
            if len(shifts):
                parts.append(self._deviations(counts if again else counts[1:], dealing.scale))
        sums = np.cumsum(sums.reshape(len(self.thresholds), -1), axis=0).reshape(sums.shape)
        expected = product(self.index.sums[0] / pictures, sums.T.astype(np.float64))
        return self.index.by_concept(both).reshape(shape), HalfCounts(
            hot=sums.sum(axis=1).reshape(self.thresholds.shape),
            expected=self.index.by_concept(expected).reshape(shape),
            labelled=self.index.of_half(0),
            pixels=pictures * pixels,
            ways=np.stack(parts),
            picks=dealing.picks,
        )

    def measuring(self, dealing: Dealing, counted: ChosenCounts) -> HalfCounts:
        """What the shuffles of pictures 1, 3, 5, ... are made from, counted on all their pixels."""
        scales = (label // own for label, own in zip(self.labels.size, self.raw.shape[2:], strict=True))
        rows, columns = (max(1, min(pair)) for pair in zip(self.index.strides, scales, strict=True))
        parts = []
        for block, shifts in zip(dealing.blocks, dealing.shifts, strict=True):
            hot = self._hot(2 * block + 1, (rows, columns))
            masks = self.index.masks_around(self.labels.pictures((2 * block + 1).tolist()), (rows, columns))
            parts.append(self._deviations(hot.products(shifts, masks), dealing.scale))
        return HalfCounts(
            hot=counted.hot,
            expected=counted.expected,
            labelled=self.index.of_half(1),
            pixels=self.labels.shape[0] // 2 * self.labels.size[0] * self.labels.size[1],
            ways=np.stack(parts),
            picks=dealing.picks,
        )

    def _hot(self, numbers: NDArray[np.intp], strides: tuple[int, int]) -> HotEntries:
        """What is hot in some pictures, on every so many rows and columns."""
        maps = self.raw.part(numbers.tolist(), self.units).transpose(1, 0, 2, 3)
        return hot_entries(sampled(maps, self.labels.size, strides, self.raw.border), self.thresholds)

    def _deviations(
        self, counts: Int[np.ndarray, "way kind level_and_unit"], scale: float
    ) -> Float[np.ndarray, "way concept level unit"]:
        by_concept = self.index.by_concept(counts.swapaxes(0, 1)).swapaxes(0, 1)
        off = ((by_concept - by_concept.mean(axis=0)) * scale).astype(np.float32)
        return np.ascontiguousarray(off).reshape(len(off), -1, *self.thresholds.shape)


def shuffled_best(
    choose: HalfCounts, measure: HalfCounts, allowed: Bool[np.ndarray, "level unit"]
) -> Float[np.ndarray, "shuffle concept unit"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other.

    Args:
        choose: The half that chooses.
        measure: The other one.
        allowed: The levels that may be chosen.
    """
    best = np.zeros((len(choose.picks), len(choose.labelled), choose.hot.shape[1]))
    for concept in np.flatnonzero(measure.labelled).tolist():
        labelled = choose.labelled[concept, None, None]
        ratio = information_quality_ratio(choose.shuffled(concept), choose.hot, labelled, choose.pixels)
        level, found = best_level(ratio, allowed)
        hits = np.take_along_axis(measure.shuffled(concept), level[:, None], axis=1)[:, 0]
        union = np.take_along_axis(measure.hot, level, axis=0) + measure.labelled[concept] - hits
        best[:, concept] = np.where(found, hits / np.maximum(union, 1), 0)
    return best
