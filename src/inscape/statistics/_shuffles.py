"""What the best overlap of a unit is by chance: whole label maps shuffled between pictures.

For a shuffle the count of one unit, level and concept is the sum over pictures of `<mask, label map>`, each
picture with the label map of another one. Counting 100 shuffles anew costs a hundred times what counting
costs, so the shuffles are put together from parts that are counted once, exactly, on the sample of the label
pixels. The pictures of a half are drawn into blocks. The label maps of a block are dealt to its pictures in
several ways, each shifting them by another number of places, so that no picture keeps its own: in three ways
where there are a thousand pictures or more, in so many that 3000 pairs are looked at where there are fewer. A
shuffle picks one of the ways in every block. Picks deviate from the mean of the ways of their block; these
deviations are added up, scaled, and added to the mean over all shuffles that there are, which follows exactly
from the mean mask and the mean label map.

So the mean is exact, and the variances and covariances of all units, levels and concepts are those of whole
shuffles, without bias. With interactions of variance `v` (the part of `<mask, label map>` that belongs
neither to the mask nor to the label map alone), a shuffle of `n` pictures has the variance `(n - 1) v`; picks
among `w` ways have `(1 - 1/w) n v`, which gives the scale. The tests compare with the slow exact reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, binary_product
from inscape.statistics._levels import above, sampled

TABLES = 128
"""At most so many counts of a block in one way are held of each half."""

_PAIRS = 3000  # of a picture and another one's label map, from which the shuffles of a half are put together
_LEAST_WAYS = 3
_SHUFFLES_AT_ONCE = 20


@dataclass(frozen=True)
class Dealing:
    """How the shuffles of one half of the pictures are put together.

    Attributes:
        blocks: The pictures of each block, as numbers in the half.
        partners: For each block the pictures whose label maps its pictures get, `[way, picture]`.
        picks: The way that each shuffle takes in each block.
        scale: What deviations are multiplied by.
    """

    blocks: list[NDArray[np.intp]]
    partners: list[NDArray[np.intp]]
    picks: Int[np.ndarray, "shuffle block"]
    scale: float


def deal(random: np.random.Generator, shuffles: int, pictures: int) -> Dealing:
    """Draw the blocks, ways and picks of one half."""
    order = random.permutation(pictures)
    ways = max(1, min(max(_LEAST_WAYS, _PAIRS // pictures), pictures - 1, TABLES))
    size = max(ways + 1, -(-pictures * ways // TABLES))
    edges = [*range(0, max(1, pictures - size + 1), size), pictures]  # what is left joins the last block
    blocks = [order[first:end] for first, end in pairwise(edges)]
    shifts = [1 + random.permutation(max(1, len(block) - 1))[:ways] for block in blocks]
    partners = [
        np.stack([np.roll(block, shift) for shift in some])
        for block, some in zip(blocks, shifts, strict=True)
    ]
    scale = float(np.sqrt((pictures - 1) / (pictures * (1 - 1 / ways)))) if ways > 1 else 0.0
    return Dealing(blocks, partners, random.integers(0, ways, (shuffles, len(blocks))), scale)


@dataclass(frozen=True)
class SampleCounts:
    """What one half of the pictures counts on the sample of the label pixels.

    Attributes:
        both: Pixels that are hot and labelled.
        hot: Hot pixels.
        expected: What `both` is in the mean over all shuffles.
        ways: What it deviates by in every block and way from the mean of the block.
        labelled: Labelled pixels.
        pixels: All pixels.
    """

    both: Int[np.ndarray, "concept level unit"]
    hot: Int[np.ndarray, "level unit"]
    expected: Float[np.ndarray, "concept level unit"]
    ways: Float[np.ndarray, "block way concept level unit"]
    labelled: Int[np.ndarray, "concept"]
    pixels: int

    def of_all_pixels(
        self, hot: Int[np.ndarray, "level unit"], labelled: Int[np.ndarray, "concept"], pixels: int
    ) -> SampleCounts:
        """What all label pixels would count, given their exact totals.

        The sample takes a little more of one label and a little less of another. How many times as often as
        by chance hot and labelled pixels meet is kept; `ways` is changed in place.
        """
        mine = self.labelled[:, None, None] * (self.hot / self.pixels)
        factor = labelled[:, None, None] * (hot / pixels) / np.maximum(mine, 1e-9)
        both, expected = np.round(self.both * factor).astype(np.int64), self.expected * factor
        np.multiply(self.ways, factor, out=self.ways, casting="same_kind")
        return SampleCounts(both, hot, expected, self.ways, labelled, pixels)

    def shuffled(
        self, picks: Int[np.ndarray, "shuffle block"], scale: float
    ) -> Float[np.ndarray, "shuffle concept level unit"]:
        """Pixels that are hot and labelled after some shuffles."""
        blocks, ways = self.ways.shape[:2]
        taken = (picks[:, :, None] == np.arange(ways)).reshape(len(picks), -1) * np.float32(scale)
        off = (taken @ self.ways.reshape(blocks * ways, -1)).reshape(len(picks), *self.expected.shape)
        both: NDArray[np.float64] = off + self.expected
        return np.clip(both, 0, np.minimum(self.hot, self.labelled[:, None, None]), out=both)


def count_sample(
    maps: Float[np.ndarray, "unit picture row column"],
    thresholds: Float[np.ndarray, "level unit"],
    index: LabelIndex,
    half: int,
    dealing: Dealing,
    size: tuple[int, int],
) -> SampleCounts:
    """Count the sampled pixels of one half of the pictures at every level, as they are and as they are dealt.

    Args:
        maps: Raw activations of some units in all pictures, unit first.
        thresholds: The candidate thresholds, in the dtype of `maps`.
        index: The label maps of all pictures.
        half: 0 for pictures 0, 2, 4, ..., 1 for the others.
        dealing: Of that half.
        size: Label rows and columns of the whole maps.
    """
    levels, units = thresholds.shape
    mine = maps[:, half::2]
    pictures, pixels, kinds = mine.shape[1], index.sample_pixels, index.present.shape[1]
    both = np.zeros((kinds, levels * units), dtype=np.int64)
    parts = []
    hot_maps, label_maps = _Adder((levels, units, pixels)), np.zeros((kinds, pixels), dtype=np.int64)
    masks = np.empty((levels, units, pixels), dtype=bool)
    for block, partners in zip(dealing.blocks, dealing.partners, strict=True):
        ways = np.zeros((1 + len(partners), kinds, levels * units), dtype=np.int32)
        labels = {number: index.shown_in_sample(2 * number + half) for number in block}
        values = sampled(mine[:, block], size)
        for place, picture in enumerate(block):
            hot = above(values[:, place], thresholds, masks)
            hot_maps.add(masks)
            shown = [labels[number] for number in (picture, *partners[:, place])]
            label_maps[shown[0][0]] += shown[0][1]
            rows = np.concatenate([way * kinds + some for way, (some, _) in enumerate(shown)])
            product = binary_product(np.concatenate([mask for _, mask in shown]), hot)
            ways.reshape(-1, levels * units)[rows] += product
        both += ways[0]
        by_concept = index.by_concept(ways[1:].swapaxes(0, 1)).astype(np.float32).swapaxes(0, 1)
        parts.append(np.ascontiguousarray(by_concept - by_concept.mean(axis=0)))
    flat = hot_maps.total().reshape(-1, pixels)
    expected = (label_maps.astype(np.float64) @ flat.T.astype(np.float64)) / pictures
    shape = (index.vocabulary_size, levels, units)
    return SampleCounts(
        index.by_concept(both).reshape(shape),
        flat.sum(axis=1).reshape(levels, units),
        index.by_concept(expected).reshape(shape),
        np.stack(parts).reshape(len(parts), -1, *shape),
        index.labelled_sample[half],
        pictures * pixels,
    )


class _Adder:
    """Adds masks up; what was added lately is held in eight bits."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._total = np.zeros(shape, dtype=np.int64)
        self._recent = np.zeros(shape, dtype=np.uint8)
        self._count = 0

    def add(self, masks: NDArray[np.bool_]) -> None:
        np.add(self._recent, masks.view(np.uint8), out=self._recent)
        self._count += 1
        if self._count == 255:
            self.total()

    def total(self) -> NDArray[np.int64]:
        self._total += self._recent
        self._recent[:] = 0
        self._count = 0
        return self._total


def shuffled_best(
    choose: SampleCounts, measure: SampleCounts, dealings: tuple[Dealing, Dealing]
) -> Float[np.ndarray, "shuffle concept unit"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other."""
    found = []
    for start in range(0, len(dealings[0].picks), _SHUFFLES_AT_ONCE):
        part = slice(start, start + _SHUFFLES_AT_ONCE)
        counts = [
            half.shuffled(dealing.picks[part], dealing.scale)
            for half, dealing in zip((choose, measure), dealings, strict=True)
        ]
        for first, second in zip(*counts, strict=True):
            labelled = choose.labelled[:, None, None]
            level = information_quality_ratio(first, choose.hot, labelled, choose.pixels).argmax(axis=1)
            found.append(overlap_at(level, second, measure.hot, measure.labelled))
    return np.stack(found)


def overlap_at(
    level: NDArray[np.intp], both: NDArray[np.floating], hot: NDArray[np.int64], labelled: NDArray[np.int64]
) -> Float[np.ndarray, "concept unit"]:
    """IoU at one level per concept and unit, from counts `[concept, level, unit]` and `[level, unit]`."""
    hits = np.take_along_axis(both, level[:, None], axis=1)[:, 0]
    union = np.take_along_axis(hot, level, axis=0) + labelled[:, None] - hits
    iou: NDArray[np.float64] = hits / np.maximum(union, 1)
    return iou
