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

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._hot_entries import HotEntries, hot_entries
from inscape.statistics._information import dependence
from inscape.statistics._labels import LabelIndex, LabelMaps, by_place
from inscape.statistics._levels import LevelCounts, sampled

TABLES = 64
"""At most so many counts of a block in one way are held of each half."""

_PAIRS = 320  # of a picture and another one's label map, from which the shuffles of a half are put together
_WAYS = 3, 5  # at least, and at most: many for few pictures, whose blocks are worth more pairs
_PICTURES_AT_ONCE = 64


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

    def deviations(self, concept: int) -> Float[Tensor, "shuffle level unit"]:
        """By how much the pixels that are hot and labelled deviate from `expected` in each shuffle."""
        ways = np.ascontiguousarray(self.ways[:, :, concept]).reshape(-1, self.hot.size)
        taken = (self.picks[:, :, None] == np.arange(self.ways.shape[1])).reshape(len(self.picks), -1)
        off = torch.from_numpy(taken.astype(np.float32)) @ torch.from_numpy(ways)
        return off.reshape(-1, *self.hot.shape)

    def bounds(self, concept: int) -> tuple[Float[np.ndarray, "level unit"], Float[np.ndarray, "level unit"]]:
        """The least and the greatest deviation that leaves a count possible."""
        most = np.minimum(self.hot, self.labelled[concept])
        return -self.expected[concept], most - self.expected[concept]


@dataclass(frozen=True)
class DealtLabels:
    """The labels of the pictures in the blocks of a dealing, which all units are compared with.

    Attributes:
        dealing: The dealing.
        shown: Of each block, where its pictures show each kind, or how often around there.
        strides: Every how many rows and columns.
    """

    dealing: Dealing
    shown: list[NDArray[np.uint8]]
    strides: tuple[int, int]


def deal_labels(
    dealing: Dealing, half: int, labels: LabelMaps, index: LabelIndex, strides: tuple[int, int]
) -> DealtLabels:
    """Look up the labels of one half's dealing: those on the sample, or all of them, around its pixels.

    Args:
        dealing: The blocks.
        half: Which half of the pictures they are of.
        labels: The label maps of all pictures.
        index: What is in them.
        strides: Every how many rows and columns of the second half a pixel is looked at.
    """
    shown = []
    for block in dealing.blocks:
        marks = labels.pictures((2 * block + half).tolist())
        shown.append(by_place(index.masks_around(marks, strides)) if half else index.shown(marks))
    return DealtLabels(dealing, shown, strides if half else index.strides)


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

    def choosing(self, dealt: DealtLabels) -> tuple[Int[np.ndarray, "concept level unit"], HalfCounts]:
        """Hot and labelled pixels of pictures 0, 2, 4, ..., and what their shuffles are made from."""
        dealing, (levels, units) = dealt.dealing, self.thresholds.shape
        pictures, pixels = -(-self.labels.shape[0] // 2), self.index.sums[0].shape[1]
        both = np.zeros((len(self.index.kinds[0]), levels, units), dtype=np.int64)
        sums = np.zeros((units * levels, pixels), dtype=np.int64)
        parts = []
        for number, (hot, shifts) in enumerate(self._hot_blocks(dealt, 0)):
            shown, again = dealt.shown[number].astype(np.float32), number >= dealing.first
            counts = hot.products(shifts if again else [0, *shifts], shown)
            parts.append(_deviations(counts if again else counts[1:], dealing.scale))
            if not again:
                sums += hot.sums()
                both += counts[0].astype(np.int64)
        for start in range(0, len(dealing.others), _PICTURES_AT_ONCE):
            numbers = 2 * dealing.others[start : start + _PICTURES_AT_ONCE]
            hot = self._hot(numbers, dealt.strides)
            shown = self.index.shown(self.labels.pictures(numbers.tolist())).astype(np.float32)
            sums += hot.sums()
            both += hot.products([0], shown)[0].astype(np.int64)
        shown = (self.index.sums[0] / pictures).astype(np.float32)
        becoming = product(shown, np.ascontiguousarray(sums.T, dtype=np.float32))
        expected = np.cumsum(becoming.reshape(-1, units, levels), axis=2).swapaxes(1, 2)
        return self.index.by_concept(both), HalfCounts(
            hot=np.cumsum(sums.sum(axis=1).reshape(units, levels), axis=1).T,
            expected=self.index.by_concept(expected),
            labelled=self.index.of_half(0),
            pixels=pictures * pixels,
            ways=self._by_concept(parts),
            picks=dealing.picks,
        )

    def measuring(self, dealt: DealtLabels, counted: LevelCounts) -> HalfCounts:
        """What the shuffles of pictures 1, 3, 5, ... are made from, counted on all their pixels."""
        dealing, parts = dealt.dealing, []
        for (hot, shifts), shown in zip(self._hot_blocks(dealt, 1), dealt.shown, strict=True):
            parts.append(_deviations(hot.products(shifts, shown.astype(np.float32)), dealing.scale))
        return HalfCounts(
            hot=counted.hot,
            expected=counted.expected,
            labelled=self.index.of_half(1),
            pixels=self.labels.shape[0] // 2 * self.labels.size[0] * self.labels.size[1],
            ways=self._by_concept(parts),
            picks=dealing.picks,
        )

    def _hot_blocks(self, dealt: DealtLabels, half: int) -> Iterator[tuple[HotEntries, NDArray[np.intp]]]:
        """What is hot in each block of one half, and by how many places its label maps move."""
        blocks = list(zip(dealt.dealing.blocks, dealt.dealing.shifts, strict=True))
        while blocks:
            count = max(1, _PICTURES_AT_ONCE // len(blocks[0][0]))
            some, blocks = blocks[:count], blocks[count:]
            hot, first = self._hot(2 * np.concatenate([block for block, _ in some]) + half, dealt.strides), 0
            for block, shifts in some:
                yield hot.part(first, len(block)), shifts
                first += len(block)

    def _hot(self, numbers: NDArray[np.intp], strides: tuple[int, int]) -> HotEntries:
        """What is hot in some pictures, on every so many rows and columns."""
        maps = self.raw.part(numbers.tolist(), self.units).transpose(1, 0, 2, 3)
        return hot_entries(sampled(maps, self.labels.size, strides, self.raw.border), self.thresholds)

    def _by_concept(
        self, parts: list[Float[np.ndarray, "way kind level unit"]]
    ) -> Float[np.ndarray, "block way concept level unit"]:
        by_kind = np.stack(parts)
        return np.moveaxis(self.index.by_concept(np.moveaxis(by_kind, 2, 0)), 0, 2)


def _deviations(
    counts: Float[np.ndarray, "way kind level unit"], scale: float
) -> Float[np.ndarray, "way kind level unit"]:
    deviations: NDArray[np.float32] = (counts - counts.mean(axis=0)) * np.float32(scale)
    return deviations


def shuffled_best(
    choose: HalfCounts, measure: HalfCounts, allowed: Bool[np.ndarray, "level unit"]
) -> Float[np.ndarray, "shuffle concept unit"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other.

    Args:
        choose: The half that chooses.
        measure: The other one.
        allowed: The levels that may be chosen.
    """
    best = np.zeros((len(choose.picks), len(choose.labelled), choose.hot.shape[1]), dtype=np.float32)
    for concept in np.flatnonzero(measure.labelled).tolist():
        ratio, level = _shuffled_ratios(choose, concept, allowed).max(dim=1)
        off = measure.deviations(concept).gather(1, level[:, None])[:, 0].numpy()
        expected, hot = (
            np.take_along_axis(each, level.numpy(), axis=0)
            for each in (measure.expected[concept], measure.hot)
        )
        hits = np.clip(expected + off, 0, np.minimum(hot, measure.labelled[concept]))
        union = hot + measure.labelled[concept] - hits
        best[:, concept] = np.where(ratio.numpy() > 0, hits / np.maximum(union, 1), 0)
    return best


def _shuffled_ratios(
    counts: HalfCounts, concept: int, allowed: Bool[np.ndarray, "level unit"]
) -> Float[Tensor, "shuffle level unit"]:
    """The information quality ratio of every shuffle, 0 where it does not count.

    Logarithms are taken at three places of the range of each count only: the ratio is smooth in it, and a
    parabola through the three differs by less than what decides between two levels.
    """
    off = counts.deviations(concept)
    least, most = counts.bounds(concept)
    low, high = (np.clip(each.numpy(), least, most) for each in (off.amin(dim=0), off.amax(dim=0)))
    middle, reach = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
    labelled, hot = counts.labelled[concept, None, None], counts.hot
    places = counts.expected[concept] + np.stack([low, middle, high])
    at_low, at_middle, at_high = dependence(places, hot, labelled, counts.pixels)
    slope, bend = (at_high - at_low) / (2 * reach), (at_high + at_low - 2 * at_middle) / (2 * reach**2)
    independent = hot * (labelled / counts.pixels) - counts.expected[concept] - middle
    independent = np.where(allowed, independent, np.inf)
    limits = [torch.from_numpy(each.astype(np.float32)) for each in (low, high, middle, independent)]
    off.clamp_(limits[0], limits[1]).sub_(limits[2])
    positive = off > limits[3]
    constant, linear, square = (
        torch.from_numpy(each.astype(np.float32)) for each in (at_middle, slope, bend)
    )
    ratio = (off * square).add_(linear).mul_(off).add_(constant)
    return ratio.mul_(positive)
