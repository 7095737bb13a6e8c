"""What the best overlap of a unit is by chance: whole label maps shuffled between pictures.

For a shuffle the count of one unit, level and concept is the sum over pictures of `<mask, label map>`, each
picture with the label map of another one. Counting 100 shuffles anew costs a hundred times what counting
costs, so the shuffles are put together from two parts.

Their mean follows from the mean mask and the mean label map, and is taken over exactly those pixels that the
observed overlap is counted on. It has to be: a unit that follows a place in the picture meets what is usually
there in every shuffle alike, so that its shuffles hardly differ, and a mean that is off by half a percent, as
that of a sample of the pixels is, would decide alone whether the unit passes.

What differs between shuffles is read on the sample of the label pixels. Pictures of a half are drawn into
blocks, and the label maps of a block are dealt to its pictures in several ways, each shifting them by another
number of places, so that no picture keeps its own. A shuffle picks one of the ways in every block. Picks
deviate from the mean of the ways of their block; these deviations are added up, scaled, and added to the
mean. With interactions of variance `v` (the part of `<mask, label map>` that belongs neither to the mask nor
to the label map alone), a shuffle of `n` pictures has the variance `(n - 1) v`; picks among `w` ways of `m`
pictures have `(1 - 1/w) m v`, which gives the scale. So variances and covariances of all units, levels and
concepts are those of whole shuffles. Where all pixels are counted, the noise that the sample adds is taken
out again. The tests compare with the slow exact reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, LabelMaps, binary_product
from inscape.statistics._levels import ChosenCounts, sampled, upsampled

TABLES = 128
"""At most so many counts of a block in one way are held of each half."""

_PAIRS = 1500  # of a picture and another one's label map, from which the shuffles of a half are put together
_LEAST_WAYS = 3
_PICTURES_AT_ONCE = 12
_WHOLE_PICTURES = 24


@dataclass(frozen=True)
class Dealing:
    """How the shuffles of one half of the pictures are put together.

    Attributes:
        blocks: The pictures of each block, as numbers in the half.
        shifts: For each block by how many places its label maps move, one number for each way.
        others: Pictures of the half that are in no block.
        picks: The way that each shuffle takes in each block.
        scale: What deviations are multiplied by.
    """

    blocks: list[NDArray[np.intp]]
    shifts: list[NDArray[np.intp]]
    others: NDArray[np.intp]
    picks: Int[np.ndarray, "shuffle block"]
    scale: float


def deal(random: np.random.Generator, shuffles: int, pictures: int) -> Dealing:
    """Draw the blocks, ways and picks of one half."""
    order = random.permutation(pictures)
    ways = max(1, min(max(_LEAST_WAYS, _PAIRS // pictures), pictures - 1, TABLES))
    dealt = min(pictures, max(ways + 1, _PAIRS // ways))
    size = max(ways + 1, -(-dealt * ways // TABLES))
    edges = [*range(0, max(1, dealt - size + 1), size), dealt]  # what is left joins the last block
    blocks = [order[first:end] for first, end in pairwise(edges)]
    shifts = [1 + random.permutation(max(1, len(block) - 1))[:ways] for block in blocks]
    scale = float(np.sqrt((pictures - 1) / (dealt * (1 - 1 / ways)))) if ways > 1 else 0.0
    return Dealing(blocks, shifts, order[dealt:], random.integers(0, ways, (shuffles, len(blocks))), scale)


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
        for block, shifts in zip(
            [*dealing.blocks, *rest], [*dealing.shifts, *(none for _ in rest)], strict=True
        ):
            hot, masks = self._masks(2 * block)
            sums += hot.view(np.uint8).sum(axis=1, dtype=np.uint8 if len(block) < 256 else np.int32)
            counts = _products([0, *shifts], masks, hot)
            both += counts[0]
            if len(shifts):
                parts.append(self._deviations(counts[1:], dealing.scale))
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
        pixels = self.labels.size[0] * self.labels.size[1]
        scale = dealing.scale * pixels / self.index.sums[0].shape[1]
        parts = []
        for block, shifts in zip(dealing.blocks, dealing.shifts, strict=True):
            hot, masks = self._masks(2 * block + 1)
            parts.append(self._deviations(_products(shifts, masks, hot), scale))
        ways = np.stack(parts)
        ways *= self._less_of_all_pixels(dealing, ways)
        return HalfCounts(
            hot=counted.hot,
            expected=counted.expected,
            labelled=self.index.of_half(1),
            pixels=self.labels.shape[0] // 2 * pixels,
            ways=ways,
            picks=dealing.picks,
        )

    def _less_of_all_pixels(
        self, dealing: Dealing, ways: Float[np.ndarray, "block way concept level unit"]
    ) -> Float[np.ndarray, "concept level one"]:
        """How much less all pixels deviate than the sample makes believe, which adds noise of its own.

        Measured in a few blocks and ways, over all units together.
        """
        few = slice(0, max(1, _WHOLE_PICTURES // len(dealing.blocks[0])))
        whole, mine = np.zeros((2, *ways.shape[2:4]))
        for block, shifts, sampled_ways in zip(
            dealing.blocks[few], dealing.shifts[few], ways[few, :_LEAST_WAYS], strict=True
        ):
            counts = self._whole_products(2 * block + 1, shifts[:_LEAST_WAYS])
            whole += np.square(self._deviations(counts, dealing.scale)).sum(axis=(0, 3))
            mine += np.square(sampled_ways - sampled_ways.mean(axis=0)).sum(axis=(0, 3))
        # concepts that are rare in these blocks go by all of them
        whole, mine = (part + 0.05 * part.sum(axis=0) for part in (whole, mine))
        less: NDArray[np.float64] = np.sqrt(whole / np.maximum(mine, 1e-9))
        return less[:, :, None]

    def _whole_products(
        self, numbers: NDArray[np.intp], shifts: NDArray[np.intp]
    ) -> Int[np.ndarray, "way kind level_and_unit"]:
        """As `_products`, on all label pixels; a picture at a time, for its masks are large."""
        marks = self.labels.pictures(numbers.tolist())
        flat = marks.reshape(*marks.shape[:2], -1)
        counts = np.zeros((len(shifts) * len(self.index.kinds[0]), self.thresholds.size), dtype=np.int64)
        for place, number in enumerate(numbers):
            values = upsampled(self.raw.part([int(number)], self.units), self.labels.size)[0]
            hot = np.greater(values[:, None], self.thresholds).reshape(len(values), -1)
            masks = self.index.masks(flat[(place - shifts) % len(numbers)]).swapaxes(0, 1)
            counts += binary_product(np.ascontiguousarray(masks).reshape(-1, len(values)), hot)
        return counts.reshape(len(shifts), -1, counts.shape[1])

    def _masks(
        self, numbers: NDArray[np.intp]
    ) -> tuple[Bool[np.ndarray, "level_and_unit picture pixel"], Bool[np.ndarray, "kind picture pixel"]]:
        """What is hot, and what is labelled, in some pictures."""
        maps = self.raw.part(numbers.tolist(), self.units).transpose(1, 0, 2, 3)
        values = sampled(maps, self.labels.size)
        hot = values > self.thresholds[:, :, None, None]
        marks = self.index.sample(self.labels.pictures(numbers.tolist()))
        return hot.reshape(-1, *values.shape[1:]), self.index.masks(marks)

    def _deviations(
        self, counts: Int[np.ndarray, "way kind level_and_unit"], scale: float
    ) -> Float[np.ndarray, "way concept level unit"]:
        by_concept = self.index.by_concept(counts.swapaxes(0, 1)).swapaxes(0, 1)
        off = ((by_concept - by_concept.mean(axis=0)) * scale).astype(np.float32)
        return np.ascontiguousarray(off).reshape(len(off), -1, *self.thresholds.shape)


def _products(
    shifts: Sequence[int] | NDArray[np.intp],
    masks: Bool[np.ndarray, "kind picture pixel"],
    hot: Bool[np.ndarray, "level_and_unit picture pixel"],
) -> Int[np.ndarray, "way kind level_and_unit"]:
    """Pixels that are hot and labelled when the label maps move on by some places."""
    moved = np.stack([np.roll(masks, shift, axis=1) for shift in shifts])
    counts = binary_product(moved.reshape(len(shifts) * len(masks), -1), hot.reshape(len(hot), -1).T)
    return counts.reshape(len(shifts), len(masks), len(hot))


def shuffled_best(choose: HalfCounts, measure: HalfCounts) -> Float[np.ndarray, "shuffle concept unit"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other."""
    best = np.zeros((len(choose.picks), len(choose.labelled), choose.hot.shape[1]))
    for concept in np.flatnonzero(measure.labelled).tolist():
        labelled = choose.labelled[concept, None, None]
        ratio = information_quality_ratio(choose.shuffled(concept), choose.hot, labelled, choose.pixels)
        level = ratio.argmax(axis=1)
        hits = np.take_along_axis(measure.shuffled(concept), level[:, None], axis=1)[:, 0]
        union = np.take_along_axis(measure.hot, level, axis=0) + measure.labelled[concept] - hits
        best[:, concept] = hits / np.maximum(union, 1)
    return best
