"""Hot and labelled pixels at many levels at once.

Every pixel above the lowest level that may be chosen is found once, with the first level at which it is hot.
It is counted into a bin of its level and the combination of labels there, and into one of its level and
place; what the levels count is added up at the end. All counts are exact integers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._grid import Border, axis_matrix, sample_stride
from inscape.statistics._hits import Hits, find_hits
from inscape.statistics._hot_entries import first_levels, lowest_thresholds
from inscape.statistics._labels import LabelIndex, LabelMaps
from inscape.statistics._thresholds import a_hair_above
from inscape.types import Array

LEVELS: tuple[float, ...] = tuple(float(level) for level in np.geomspace(0.001, 0.5, 16))
"""The shares of up-sampled values that lie above the candidate thresholds of `iou_best`."""

_LEVEL_PICTURES = 128
_VALUES_AT_ONCE = 1 << 22
_PICTURES_AT_ONCE = 32


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
    values = np.sort(sampled(some, size, strides, border).reshape(len(maps), -1), axis=1)
    ranks = [int(np.floor(level * values.shape[1])) for level in LEVELS]
    chosen = values[:, [values.shape[1] - 1 - rank for rank in ranks]]
    return a_hair_above(np.ascontiguousarray(chosen.T))


def best_level(
    ratio: Float[np.ndarray, "row level unit"], allowed: Bool[np.ndarray, "level unit"]
) -> tuple[Int[np.ndarray, "row unit"], Bool[np.ndarray, "row unit"]]:
    """The allowed level of the highest information quality ratio, and whether it is above 0."""
    counts = ratio * allowed
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
    """What all label pixels of pictures 1, 3, 5, ... count at every level; levels below 0 are not counted.

    Attributes:
        both: Hot and labelled pixels.
        hot: Hot pixels.
        expected: Hot and labelled pixels in the mean over all ways to shuffle label maps.
    """

    both: Int[np.ndarray, "concept level unit"]
    hot: Int[np.ndarray, "level unit"]
    expected: Float[np.ndarray, "concept level unit"]


def count_levels(
    raw: RawMaps,
    units: slice,
    thresholds: Float[np.ndarray, "level unit"],
    labels: LabelMaps,
    index: LabelIndex,
) -> LevelCounts:
    """Count all label pixels of pictures 1, 3, 5, ....

    Args:
        raw: Raw activations.
        units: Those to count.
        thresholds: All candidate thresholds.
        labels: The label maps of all pictures.
        index: What is in them.
    """
    levels, count = thresholds.shape
    pixels, kinds = labels.size[0] * labels.size[1], len(index.kinds[0])
    both = np.zeros((count, kinds, levels), dtype=np.int64)
    hot = np.zeros((count, pixels, levels), dtype=np.int32)
    numbers = range(1, labels.shape[0], 2)
    step = max(1, min(_PICTURES_AT_ONCE, _VALUES_AT_ONCE // pixels))
    for start in range(0, len(numbers), step):
        some = numbers[start : start + step]
        combined, shown = index.combinations(labels.pictures(some))
        bins = combined * levels, np.tile(np.arange(pixels) * levels, len(some))
        few = max(1, _VALUES_AT_ONCE // max(pixels * len(some), shown.shape[1] * levels))
        for first in range(0, count, few):
            part = slice(first, min(first + few, count))
            maps = raw.part(some, slice(units.start + part.start, units.start + part.stop))
            maps = np.ascontiguousarray(maps.transpose(1, 0, 2, 3))
            hits = find_hits(maps, lowest_thresholds(thresholds[:, part]), labels.size, raw.border)
            counts = _bin_hits(hits, thresholds[:, part], bins, (shown.shape[1], pixels))
            both[part] += product(shown.astype(np.float32), counts[0]).astype(np.int64)
            hot[part] += counts[1]
    # a float32 is exact enough: chance is known to some percent
    expected = product((index.sums[1] / len(numbers)).astype(np.float32), hot.astype(np.float32))
    return LevelCounts(
        both=index.by_concept(_added_up(both)),
        hot=np.cumsum(hot.sum(axis=1), axis=1).T,
        expected=index.by_concept(_added_up(expected)),
    )


def _bin_hits(
    hits: Hits,
    thresholds: Float[np.ndarray, "level unit"],
    bins: tuple[Int[np.ndarray, "place"], Int[np.ndarray, "place"]],
    counts: tuple[int, int],
) -> tuple[Float[np.ndarray, "unit combination level"], Int[np.ndarray, "unit pixel level"]]:
    """Hits by combination of labels and by pixel, each at the first level at which it is hot.

    Args:
        hits: All that is hot at any allowed level.
        thresholds: Of its units.
        bins: Where the levels of every place begin, for the two.
        counts: Combinations, and pixels.
    """
    levels = len(thresholds)
    found = [np.empty((thresholds.shape[1], count, levels), dtype=np.float32) for count in counts]
    for unit, (first, end) in enumerate(pairwise(hits.starts.tolist())):
        level, place = first_levels(hits.values[first:end], thresholds[:, unit]), hits.places[first:end]
        for each, starts in zip(found, bins, strict=True):
            binned = np.bincount(starts.take(place) + level, minlength=each[unit].size)
            each[unit] = binned.reshape(each[unit].shape)
    return found[0], found[1].astype(np.int32)


def _added_up(first: Array) -> Array:
    """Counts `[unit, kind, level]` of what becomes hot, as those of what is hot, `[kind, level, unit]`."""
    return np.ascontiguousarray(np.cumsum(first, axis=2).transpose(1, 2, 0))
