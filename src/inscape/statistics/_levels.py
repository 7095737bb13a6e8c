"""Hot and labelled pixels at many levels at once.

Half of all pixels lie above the lowest level, so nothing can be pruned here. Masks (0 or 1 in eight bits) are
multiplied by the one-hot labels of several pictures at a time. All counts are exact integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from inscape.statistics._base import product
from inscape.statistics._blocks import RawMaps
from inscape.statistics._grid import Border, axis_matrix, sample_stride
from inscape.statistics._label_sums import label_sums
from inscape.statistics._labels import LabelIndex, LabelMaps
from inscape.statistics._thresholds import a_hair_above

LEVELS: tuple[float, ...] = tuple(float(level) for level in np.geomspace(0.001, 0.5, 16))
"""The shares of up-sampled values that lie above the candidate thresholds of `iou_best`."""

LEAST_LEVEL = 0.0
"""No threshold of `iou_best` lies lower: a unit is on only where its activation is above 0."""

_LEVEL_PICTURES = 128
_VALUES_AT_ONCE = 1 << 20
_TILE = 1 << 14  # values compared with one row of thresholds; others take half as long again
_NEAR = 1 << 16  # values that stay in the cache while all levels are counted


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


def upsampled(
    maps: Float[np.ndarray, "picture unit row column"], size: tuple[int, int], border: Border = "repeat"
) -> Float[np.ndarray, "picture pixel unit"]:
    """Up-sampled values on all label pixels; units last, which is how they are fast to make and compare."""
    if border == "zeros":
        return np.ascontiguousarray(sampled(maps, size, (1, 1), border).swapaxes(1, 2))
    last = torch.from_numpy(maps).contiguous(memory_format=torch.channels_last)
    values = torch.nn.functional.interpolate(last, size=size, mode="bilinear", align_corners=False)
    return values.permute(0, 2, 3, 1).flatten(1, 2).numpy()


@dataclass(frozen=True)
class ChosenCounts:
    """What all label pixels of pictures 1, 3, 5, ... count.

    Attributes:
        both: Hot and labelled pixels, at the threshold chosen for each concept and unit.
        hot: Hot pixels at every level.
        expected: Hot and labelled pixels at every level, in the mean over all ways to shuffle label maps.
    """

    both: Int[np.ndarray, "concept unit"]
    hot: Int[np.ndarray, "level unit"]
    expected: Float[np.ndarray, "concept level unit"]


def count_chosen(
    raw: RawMaps,
    units: slice,
    chosen: Float[np.ndarray, "concept unit"],
    thresholds: Float[np.ndarray, "level unit"],
    labels: LabelMaps,
    index: LabelIndex,
) -> ChosenCounts:
    """Count all label pixels of pictures 1, 3, 5, ..., each against the threshold chosen for its label.

    Args:
        raw: Raw activations.
        units: Those to count.
        chosen: The threshold of each concept and unit.
        thresholds: All candidate thresholds.
        labels: The label maps of all pictures.
        index: What is in them.
    """
    count = thresholds.shape[1]
    pixels = labels.size[0] * labels.size[1]
    both = np.zeros((len(index.kinds[0]), count), dtype=np.int64)
    hot = HotMaps(thresholds, pixels)
    numbers = range(1, labels.shape[0], 2)
    step = max(1, _VALUES_AT_ONCE // (pixels * count))
    for start in range(0, len(numbers), step):
        some = numbers[start : start + step]
        values = upsampled(raw.part(some, units), labels.size, raw.border)
        for one in values:
            hot.add(one)
        _count_labels(values.reshape(-1, count), labels.pictures(some), chosen, index, both)
    sums = hot.total()
    shown = index.sums[1] / len(numbers)
    expected = np.stack([product(shown, some) for some in sums.astype(np.float64)], axis=1)
    return ChosenCounts(index.by_concept(both), sums.sum(axis=1), index.by_concept(expected))


def _count_labels(
    values: Float[np.ndarray, "place unit"],
    marks: Int[np.ndarray, "picture plane row column"],
    chosen: Float[np.ndarray, "concept unit"],
    index: LabelIndex,
    both: Int[np.ndarray, "kind unit"],
) -> None:
    """Add to `both`; pixels without a label are passed over."""
    for plane in np.unique(index.kinds[0]):
        kinds = index.kinds[0] == plane
        flat = marks[:, plane].reshape(-1)
        places = np.flatnonzero(flat)
        if not len(places):
            continue
        whole = len(places) == len(flat)
        labels, mine = (flat, values) if whole else (flat[places], values.take(places, axis=0))
        hot = mine > chosen.take(labels, axis=0)
        both[kinds] += label_sums(index.kinds[1][kinds], labels, hot)


class HotMaps:
    """In how many pictures each pixel is hot, by level and unit; what was added lately is held in eight bits.

    Args:
        thresholds: The levels.
        pixels: Pixels of a picture.
    """

    def __init__(self, thresholds: Float[np.ndarray, "level unit"], pixels: int) -> None:
        levels, units = thresholds.shape
        self._shape = levels, pixels, units
        self._total = np.zeros((levels, pixels * units), dtype=np.int32)
        self._recent = np.zeros(self._total.shape, dtype=np.uint8)
        self._rows = max(
            rows for rows in range(1, pixels + 1) if pixels % rows == 0 and rows * units <= _TILE
        )
        self._limits = np.tile(thresholds, (1, self._rows))
        self._tiles = pixels // self._rows, self._rows * units
        self._mask = np.empty((max(1, _NEAR // self._tiles[1]), self._tiles[1]), dtype=bool)
        self._count = 0

    def add(self, values: Float[np.ndarray, "pixel unit"]) -> None:
        """Add a picture."""
        tiles = values.reshape(self._tiles)
        recent = self._recent.reshape(-1, *self._tiles)
        for start in range(0, len(tiles), len(self._mask)):
            some = tiles[start : start + len(self._mask)]
            mask = self._mask[: len(some)]
            for limits, counts in zip(self._limits, recent[:, start : start + len(some)], strict=True):
                np.greater(some, limits, out=mask)
                np.add(counts, mask.view(np.uint8), out=counts)
        self._count += 1
        if self._count == 255:
            self._flush()

    def _flush(self) -> None:
        self._total += self._recent
        self._recent[:] = 0
        self._count = 0

    def total(self) -> Int[np.ndarray, "level pixel unit"]:
        """All pictures added."""
        self._flush()
        return self._total.reshape(self._shape)
