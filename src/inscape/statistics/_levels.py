"""Hot and labelled pixels at many levels at once.

Every pixel of a cell of the up-sampling grid in which anything is hot is looked at once, for the first level
at which it is hot. It is counted into a bin of its level and the combination of labels there, and into one of
its level and place; what the levels count is added up at the end. All counts are exact integers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._cell_bins import CellBins
from inscape.statistics._cells import framed
from inscape.statistics._grid import Border, axis_matrix, sample_stride
from inscape.statistics._hot_entries import allowed_levels
from inscape.statistics._labels import LabelIndex, LabelMaps
from inscape.statistics._order import in_order
from inscape.statistics._thresholds import a_hair_above
from inscape.types import Array

LEVELS: tuple[float, ...] = tuple(float(level) for level in np.geomspace(0.001, 0.5, 16))
"""The shares of up-sampled values that lie above the candidate thresholds of `iou_best`."""

_LEVEL_PICTURES = 128
_VALUES_AT_ONCE = 1 << 22
_PICTURES_AT_ONCE = 128


def level_thresholds(
    maps: Float[np.ndarray, "unit picture row column"], size: tuple[int, int], border: Border = "repeat"
) -> Float[np.ndarray, "level unit"]:
    """What the top shares `LEVELS` of each unit's up-sampled values exceed.

    Read on the sample of the label pixels, in 128 pictures drawn at random, the same every time: evenly
    spaced ones would be of some classes only where classes follow each other in turn.
    """
    some = maps
    if maps.shape[1] > _LEVEL_PICTURES:
        some = maps[:, np.sort(np.random.default_rng(0).choice(maps.shape[1], _LEVEL_PICTURES, False))]
    strides = sample_stride(maps.shape[2], size[0]), sample_stride(maps.shape[3], size[1])
    values = sampled(some, size, strides, border).reshape(len(maps), -1)
    ranks = [int(np.floor(level * values.shape[1])) for level in LEVELS]
    return a_hair_above(in_order(values, [values.shape[1] - 1 - rank for rank in ranks]))


def best_level(
    ratio: Float[np.ndarray, "unit level column"], allowed: Bool[np.ndarray, "unit level"]
) -> tuple[Int[np.ndarray, "unit column"], Bool[np.ndarray, "unit column"]]:
    """The allowed level of the highest information quality ratio, and whether it is above 0."""
    counts = ratio * allowed[:, :, None]
    return counts.argmax(axis=1), counts.max(axis=1) > 0


def sampled(
    maps: Float[np.ndarray, "unit picture row column"],
    size: tuple[int, int],
    strides: tuple[int, int],
    border: Border = "repeat",
) -> Float[np.ndarray, "unit picture pixel"]:
    """Up-sampled values on every so many label rows and columns."""
    down, across = (
        torch.from_numpy(axis_matrix(own, label, border)[::stride].astype(maps.dtype))
        for own, label, stride in zip(maps.shape[2:], size, strides, strict=True)
    )
    wide = torch.matmul(torch.from_numpy(np.ascontiguousarray(maps)), across.T)
    return torch.matmul(down, wide).flatten(2).numpy()


@dataclass(frozen=True)
class LevelCounts:
    """What pictures count at every level; levels below 0 are not counted.

    Attributes:
        both: Hot and labelled pixels.
        hot: Hot pixels.
        expected: Hot and labelled pixels in the mean over all ways to shuffle label maps, within groups where
            there are some.
    """

    both: Float[np.ndarray, "unit level column"]
    hot: Int[np.ndarray, "unit level"]
    expected: Float[np.ndarray, "unit level column"]


class LevelTally:
    """Counts the hot values of some units: by the labels there, and by the pixel of the picture.

    Values come as bins: `STEP` times a number, and the first level at which the value is hot. The number is
    that of the combination of labels at its place, or that of its pixel. One more number than there are takes
    what lies in no picture, and the level behind a unit's last one what is not hot.

    Pictures are added group by group, and `close` ends a group.

    Args:
        units: How many there are.
        pixels: Of a picture.
        columns: Labels that are told apart.
    """

    STEP = len(LEVELS) + 1

    def __init__(self, units: int, pixels: int, columns: int) -> None:
        self._both = np.zeros((units, columns, len(LEVELS)))
        self._hot = np.zeros((units, pixels, len(LEVELS)), dtype=np.int32)
        self._all_hot = np.zeros((units, len(LEVELS)), dtype=np.int64)
        self._expected = np.zeros((units, len(LEVELS), columns), dtype=np.float32)

    def add(
        self,
        first: int,
        units: Iterable[tuple[tuple[Array, Array], int]],
        shown: Float[np.ndarray, "column combination"],
    ) -> None:
        """Count the values of some units in some pictures.

        Args:
            first: The first of the units.
            units: Of each, the bins by combination and by pixel, and the number of its levels.
            shown: How often each label is in each combination.
        """
        known: list[Array] = []
        for unit, ((combined, pixel), levels) in enumerate(units, first):
            by_label = np.zeros((shown.shape[1], len(LEVELS)), dtype=np.float32)
            by_label[:, :levels] = self._binned(combined, len(by_label))[:, :levels]
            self._hot[unit, :, :levels] += self._binned(pixel, self._hot.shape[1])[:, :levels]
            known.append(by_label)
        self._both[first : first + len(known)] += product(shown, np.stack(known))

    def _binned(self, bins: Int[np.ndarray, "value"], count: int) -> Int[np.ndarray, "number level"]:
        return np.bincount(bins, minlength=(count + 1) * self.STEP).reshape(-1, self.STEP)[:count]

    def close(self, usual: Float[np.ndarray, "pixel column"]) -> None:
        """End a group: its label maps are shuffled between its pictures alone.

        Args:
            usual: The share of its pictures that shows each label at each pixel.
        """
        # a float32 is exact enough: chance is known to some percent
        hot = torch.from_numpy(self._hot.astype(np.float32))
        self._expected += torch.matmul(hot.transpose(1, 2), torch.from_numpy(usual)).numpy()
        self._all_hot += self._hot.sum(axis=1, dtype=np.int64)
        self._hot[:] = 0

    def counts(self) -> LevelCounts:
        """What all groups count; what becomes hot at one level is hot at the next ones too."""
        return LevelCounts(
            both=np.cumsum(self._both.transpose(0, 2, 1), axis=1),
            hot=np.cumsum(self._all_hot, axis=1),
            expected=np.cumsum(self._expected, axis=1),
        )


def count_levels(
    raw: RawMaps,
    units: slice,
    thresholds: Float[np.ndarray, "level unit"],
    labels: LabelMaps,
    index: LabelIndex,
    groups: Sequence[Int[np.ndarray, "picture"]] = (),
) -> LevelCounts:
    """Count all label pixels of pictures 1, 3, 5, ....

    Args:
        raw: Raw activations.
        units: Those to count.
        thresholds: All candidate thresholds.
        labels: The label maps of all pictures.
        index: What is in them.
        groups: The pictures of each group, as numbers in this half; one group unless given.
    """
    tally = LevelTally(thresholds.shape[1], labels.size[0] * labels.size[1], len(index.present))
    counter = _LevelCounter(raw, units, thresholds, labels, index)
    for group in groups or [np.arange(labels.shape[0] // 2)]:
        counter.add(tally, (2 * group + 1).tolist())
        tally.close(index.usual(labels, 1, group if groups else None))
    return tally.counts()


@dataclass(frozen=True)
class _LevelCounter:
    """Counts all label pixels of some pictures."""

    raw: RawMaps
    units: slice
    thresholds: Float[np.ndarray, "level unit"]
    labels: LabelMaps
    index: LabelIndex

    def add(self, tally: LevelTally, numbers: Sequence[int]) -> None:
        """Add some pictures to a tally."""
        labels, (count, pixels) = (
            self.labels,
            (self.thresholds.shape[1], self.labels.size[0] * self.labels.size[1]),
        )
        step = max(1, min(_PICTURES_AT_ONCE, _VALUES_AT_ONCE // pixels))
        for start in range(0, len(numbers), step):
            some = numbers[start : start + step]
            marks = labels.pictures(some)
            combined, shown = self.index.combinations(marks.reshape(*marks.shape[:2], -1))
            grid = CellBins(self.raw.shape[2:], labels.size, combined, shown.shape[1], LevelTally.STEP)
            few = max(1, _VALUES_AT_ONCE // max(pixels * len(some), shown.shape[1] * len(LEVELS)))
            for first in range(0, count, few):
                part = slice(first, min(first + few, count))
                maps = self.raw.part(some, slice(self.units.start + part.start, self.units.start + part.stop))
                frames = framed(maps.transpose(1, 2, 3, 0), self.raw.border)
                limits = [allowed_levels(column) for column in self.thresholds[:, part].T]
                bins = (grid.bins(*each) for each in zip(frames, limits, strict=True))
                tally.add(first, zip(bins, map(len, limits), strict=True), shown)
