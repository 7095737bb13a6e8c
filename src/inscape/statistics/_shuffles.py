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
from functools import cached_property
from itertools import repeat

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.statistics._blocks import RawMaps
from inscape.statistics._dealing import Dealing
from inscape.statistics._hot_entries import HotPlaces, hot_entries, hot_places
from inscape.statistics._information import dependence
from inscape.statistics._labels import LabelIndex, LabelMaps
from inscape.statistics._levels import LEVELS, LevelCounts, LevelTally, sampled

_PICTURES_AT_ONCE = 64


@dataclass(frozen=True)
class HalfCounts:
    """What one half of the pictures counts at every level.

    Attributes:
        hot: Hot pixels.
        expected: Pixels that are hot and labelled, in the mean over all shuffles.
        labelled: Labelled pixels.
        pixels: All pixels.
        ways: How many more pixels are hot and labelled in each way of a block than in its last way.
        dealing: The blocks, and the way that each shuffle takes in each of them.
    """

    hot: Int[np.ndarray, "unit level"]
    expected: Float[np.ndarray, "unit level column"]
    labelled: Int[np.ndarray, "column"]
    pixels: int
    ways: Float[np.ndarray, "block way_but_last unit level column"]
    dealing: Dealing

    @cached_property
    def _shares(self) -> Float[Tensor, "shuffle block_and_way"]:
        """How often each way is in the pick of a shuffle, less how often it is in the mean of its block."""
        picks, ways = self.dealing.picks[:, :, None], self.ways.shape[1]
        shares = ((picks == np.arange(ways)) - 1 / (ways + 1)) * (picks >= 0) * self.dealing.scale
        return torch.from_numpy(shares.reshape(len(picks), -1).astype(np.float32))

    def deviations(self, unit: int, levels: int | None = None) -> Float[Tensor, "shuffle level column"]:
        """By how much the pixels that are hot and labelled deviate from `expected` in each shuffle.

        Args:
            unit: Of those that are counted.
            levels: How many of the first levels are asked for; all unless given.
        """
        ways = torch.from_numpy(self.ways[:, :, unit, :levels]).flatten(2).flatten(0, 1)
        return torch.matmul(self._shares, ways).view(len(self._shares), -1, len(self.labelled))


@dataclass(frozen=True)
class DealtLabels:
    """The labels of the pictures in the blocks of a dealing, which all units are compared with.

    Attributes:
        dealing: The dealing.
        shown: Of each block, how often its pictures show each label at a place, or around there.
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
        shown.append(index.shown_around(marks, strides) if half else index.shown(marks))
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

    def choosing(self, dealt: DealtLabels) -> tuple[Float[np.ndarray, "unit level column"], HalfCounts]:
        """Hot and labelled pixels of pictures 0, 2, 4, ..., and what their shuffles are made from."""
        dealing, units = dealt.dealing, self.thresholds.shape[1]
        tally = LevelTally(units, len(self.index.sums[0]), len(self.index.present))
        if dealing.grouped:  # blocks mix groups, which are counted one by one
            ways, left = self._ways(dealt, 0), dealing.groups
        else:
            ways, left = self._ways(dealt, 0, tally), [dealing.others]
        for others, group in zip(left, dealing.groups, strict=True):
            for start in range(0, len(others), _PICTURES_AT_ONCE):
                numbers = 2 * others[start : start + _PICTURES_AT_ONCE]
                self._tally(tally, numbers, self._hot(numbers, dealt.strides))
            tally.close(self.index.usual(self.labels, 0, group if dealing.grouped else None))
        counted = tally.counts()
        return counted.both, self._half(0, counted, ways, dealing)

    def measuring(self, dealt: DealtLabels, counted: LevelCounts) -> HalfCounts:
        """What the shuffles of pictures 1, 3, 5, ... are made from, counted on all their pixels."""
        return self._half(1, counted, self._ways(dealt, 1), dealt.dealing)

    def _half(
        self,
        half: int,
        counted: LevelCounts,
        ways: Float[np.ndarray, "block way_but_last unit level column"],
        dealing: Dealing,
    ) -> HalfCounts:
        pictures = len(range(half, self.labels.shape[0], 2))
        return HalfCounts(
            hot=counted.hot,
            expected=counted.expected,
            labelled=self.index.of_half(half),
            pixels=pictures * len(self.index.sums[half]),
            ways=ways,
            dealing=dealing,
        )

    def _ways(
        self, dealt: DealtLabels, half: int, tally: LevelTally | None = None
    ) -> Float[np.ndarray, "block way_but_last unit level column"]:
        """What each block counts in each way, less what it counts in its last one.

        The pictures of the first round, which has each at most once, are counted as they are, too.
        """
        dealing, (levels, units) = dealt.dealing, self.thresholds.shape
        shape = len(dealing.blocks), len(dealing.ways[0]) - 1, units, levels, len(self.index.present)
        ways = np.empty(shape, dtype=np.float32)
        done = 0
        while done < len(ways):
            count = max(1, _PICTURES_AT_ONCE // len(dealing.blocks[done]))
            count = min(count, dealing.first - done) if done < dealing.first else count
            some = dealing.blocks[done : done + count]
            numbers = 2 * np.concatenate(some) + half
            hot = self._hot(numbers, dealt.strides)
            if tally is not None and done < dealing.first:
                self._tally(tally, numbers, hot)
            pixels = len(dealt.shown[done]) // len(some[0])
            entries = hot_entries(hot, levels, pixels, [len(block) for block in some])
            for number, each in enumerate(entries, done):
                first = each.counts(dealing.ways[number], dealt.shown[number])
                more = np.subtract(first[:-1], first[-1], out=ways[number])
                for level in range(1, levels):
                    more[:, :, level] += more[:, :, level - 1]
            done += len(some)
        return ways

    def _hot(self, numbers: NDArray[np.intp], strides: tuple[int, int]) -> list[HotPlaces]:
        """What is hot in some pictures, on every so many rows and columns."""
        maps = self.raw.part(numbers.tolist(), self.units).transpose(1, 0, 2, 3)
        return hot_places(sampled(maps, self.labels.size, strides, self.raw.border), self.thresholds)

    def _tally(self, tally: LevelTally, numbers: NDArray[np.intp], hot: list[HotPlaces]) -> None:
        """Count what is hot on the sample of some pictures."""
        marks = self.index.sample(self.labels.pictures(numbers.tolist()))
        combined, shown = self.index.combinations(marks)
        by_label = combined.reshape(-1) * tally.STEP
        by_pixel = np.tile(np.arange(marks.shape[2]) * tally.STEP, len(marks))
        bins = ((by_label.take(place) + first, by_pixel.take(place) + first) for place, first in hot)
        tally.add(0, zip(bins, repeat(len(LEVELS))), shown)


def shuffled_best(
    choose: HalfCounts, measure: HalfCounts, allowed: Int[np.ndarray, "unit"]
) -> Float[np.ndarray, "unit shuffle column"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other.

    Args:
        choose: The half that chooses.
        measure: The other one.
        allowed: How many of its first levels may be chosen, of every unit.
    """
    best = np.zeros((len(allowed), len(choose.dealing.picks), len(choose.labelled)), dtype=np.float32)
    labelled = measure.labelled.astype(np.float32)
    for unit in np.flatnonzero(allowed).tolist():
        ratio, level = _best_of(_shuffled_ratios(choose, unit, int(allowed[unit])))
        off = measure.deviations(unit, int(allowed[unit])).gather(1, level[:, None])[:, 0].numpy()
        place = level.numpy()
        expected = np.take_along_axis(measure.expected[unit], place, axis=0)
        hot = measure.hot[unit].astype(np.float32).take(place)
        hits = np.clip(expected + off, 0, np.minimum(hot, labelled))
        union = np.maximum(hot + labelled - hits, 1)
        np.divide(hits, union, out=best[unit], where=(ratio.numpy() > 0) & (labelled > 0))
    return best


def _best_of(
    ratios: Float[Tensor, "shuffle level column"],
) -> tuple[Float[Tensor, "shuffle column"], Int[Tensor, "shuffle column"]]:
    """The highest ratio of each shuffle, and the first level that has it."""
    best, levels = ratios.amax(dim=1), ratios.shape[1]
    # several times as fast as what torch does where it is asked for the places of the highest
    count_down = torch.arange(levels, 0, -1, dtype=ratios.dtype)[:, None]
    place = levels - (ratios == best[:, None]).mul(count_down).amax(dim=1)
    return best, place.long()


def _shuffled_ratios(counts: HalfCounts, unit: int, levels: int) -> Float[Tensor, "shuffle level column"]:
    """The information quality ratio of every shuffle at a unit's first levels, 0 where it does not count.

    Logarithms are taken at three places of the range of each count only: the ratio is smooth in it, and a
    parabola through the three differs by less than what decides between two levels.
    """
    off = counts.deviations(unit, levels)
    hot, labelled = counts.hot[unit, :levels, None], counts.labelled
    expected = counts.expected[unit, :levels]
    most = np.minimum(hot, labelled) - expected
    low, high = (np.clip(each.numpy(), -expected, most) for each in (off.amin(dim=0), off.amax(dim=0)))
    middle, reach = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
    places = expected + np.stack([low, middle, high])
    at_low, at_middle, at_high = dependence(places, hot, labelled, counts.pixels)
    slope, bend = (at_high - at_low) / (2 * reach), (at_high + at_low - 2 * at_middle) / (2 * reach**2)
    independent = hot * (labelled / counts.pixels) - expected - middle
    limits = [torch.from_numpy(each.astype(np.float32)) for each in (low, high, middle, independent)]
    off.clamp_(limits[0], limits[1]).sub_(limits[2])
    positive = off > limits[3]
    constant, linear, square = (
        torch.from_numpy(each.astype(np.float32)) for each in (at_middle, slope, bend)
    )
    ratio = (off * square).add_(linear).mul_(off).add_(constant)
    return ratio.mul_(positive)
