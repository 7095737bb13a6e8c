"""Hot and labelled pixels at many levels at once, on a sample of the label pixels.

Half of all pixels lie above the lowest level, so nothing can be pruned here. Masks (0 or 1 in eight bits) are
multiplied by the one-hot labels that are present in a picture, and by the masks of 16 fields of the picture,
whose counts `_shuffles` works on. All counts are exact integers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray

from inscape.statistics._grid import axis_matrix, sample_matrix
from inscape.statistics._labels import (
    FIELDS,
    LabelIndex,
    binary_product,
    field_masks,
    one_hot,
    plane_slices,
    present_labels,
)
from inscape.statistics._thresholds import a_hair_above

LEVELS: tuple[float, ...] = tuple(float(level) for level in np.geomspace(0.001, 0.5, 16))
"""The shares of up-sampled values that lie above the candidate thresholds of `iou_best`."""

_LEVEL_PICTURES = 128
_PICTURES_AT_ONCE = 8
_MASKS_AT_ONCE = 1 << 18  # what fits in a core's second-level cache together with the values


@dataclass
class SampleCounts:
    """What some pictures count on the sample of the label pixels.

    Attributes:
        both: Pixels that are hot and labelled.
        hot: Hot pixels.
        maps: How many pictures are hot at each pixel.
        fields: Hot pixels in each of the 16 fields of each picture, in units of `field_unit` pixels.
        field_unit: 1, unless the fields are too large for eight bits.
    """

    both: Int[np.ndarray, "concept level unit"]
    hot: Int[np.ndarray, "level unit"]
    maps: Int[np.ndarray, "level unit pixel"]
    fields: Int[np.ndarray, "picture field level unit"]
    field_unit: float


def level_thresholds(
    maps: Float[np.ndarray, "unit picture row column"], size: tuple[int, int]
) -> Float[np.ndarray, "level unit"]:
    """What the top shares `LEVELS` of each unit's up-sampled values exceed.

    Read on the sample of the label pixels, in at most 128 evenly spaced pictures.
    """
    some = maps[:, :: -(-maps.shape[1] // _LEVEL_PICTURES)]
    values = np.sort(sampled(some, size).reshape(len(maps), -1), axis=1)
    ranks = [int(np.floor(level * values.shape[1])) for level in LEVELS]
    chosen = values[:, [values.shape[1] - 1 - rank for rank in ranks]]
    return a_hair_above(np.ascontiguousarray(chosen.T))


def sampled(
    maps: Float[np.ndarray, "unit picture row column"], size: tuple[int, int]
) -> Float[np.ndarray, "unit picture pixel"]:
    """Up-sampled values on the sample of the label pixels."""
    down, across = (
        torch.from_numpy(sample_matrix(length, label).astype(maps.dtype))
        for length, label in zip(maps.shape[2:], size, strict=True)
    )
    wide = torch.matmul(torch.from_numpy(np.ascontiguousarray(maps)), across.T)
    values: NDArray[np.floating] = torch.matmul(down, wide).flatten(2).numpy()
    return values


def count_sample(
    maps: Float[np.ndarray, "unit picture row column"],
    thresholds: Float[np.ndarray, "level unit"],
    labels: LabelIndex,
    size: tuple[int, int],
) -> SampleCounts:
    """Count the sampled pixels of some pictures at every level.

    Args:
        maps: Raw activations of some units, unit first.
        thresholds: The candidate thresholds, in the dtype of `maps`.
        labels: The sampled label maps of the same pictures.
        size: Label rows and columns of the whole maps.
    """
    units, pictures = maps.shape[:2]
    levels, pixels = len(thresholds), labels.marks.shape[2]
    rows, columns = (len(sample_matrix(*pair)) for pair in zip(maps.shape[2:], size, strict=True))
    areas = field_masks(rows, columns)
    unit = max(1.0, float(areas.sum(axis=1).max()) / 127)
    both = np.zeros((len(labels.labelled), levels * units), dtype=np.int64)
    total = np.zeros((levels, units, pixels), dtype=np.int64)
    fields = np.empty((pictures, FIELDS**2, levels * units), dtype=np.int8)
    masks = np.empty((levels, units, pixels), dtype=bool)
    recent = np.zeros((levels, units, pixels), dtype=np.uint8)
    limits = thresholds[:, :, None]
    for picture in range(pictures):
        if picture % _PICTURES_AT_ONCE == 0:
            values = sampled(maps[:, picture : picture + _PICTURES_AT_ONCE], size)
        np.greater(values[:, picture % _PICTURES_AT_ONCE], limits, out=masks)
        np.add(recent, masks.view(np.uint8), out=recent)
        columns_of = np.concatenate([areas, labels.one_hot(picture)])
        product = binary_product(columns_of, masks.reshape(-1, pixels).T)
        fields[picture] = product[: FIELDS**2] if unit == 1 else np.round(product[: FIELDS**2] / unit)
        plane, label = labels.present[picture]
        for part in plane_slices(plane):
            both[label[part]] += product[FIELDS**2 :][part]
        if picture % 255 == 254 or picture == pictures - 1:
            total += recent
            recent[:] = 0
    return SampleCounts(
        both.reshape(-1, levels, units),
        total.sum(axis=2),
        total,
        fields.reshape(pictures, FIELDS**2, levels, units),
        unit,
    )


def count_chosen(
    maps: Float[np.ndarray, "unit picture row column"],
    chosen: Float[np.ndarray, "concept unit"],
    thresholds: Float[np.ndarray, "level unit"],
    marks: Int[np.ndarray, "picture plane row column"],
) -> tuple[Int[np.ndarray, "concept unit"], Int[np.ndarray, "level unit"]]:
    """Count all label pixels, each against the threshold that was chosen for its label.

    Args:
        maps: Raw activations of some units, unit first.
        chosen: The threshold of each concept and unit.
        thresholds: All candidate thresholds, whose hot pixels are counted too.
        marks: The label maps of the same pictures.

    Returns:
        Hot and labelled pixels, and hot pixels at every level.
    """
    units, pictures, height, width = maps.shape
    size = marks.shape[2:]
    down, across = (
        torch.from_numpy(axis_matrix(length, label).astype(maps.dtype))
        for length, label in zip((height, width), size, strict=True)
    )
    chosen = chosen.copy()
    chosen[0] = np.inf
    both = np.zeros(chosen.shape, dtype=np.int64)
    hot = _HotCounter(thresholds)
    for picture in range(pictures):
        one = torch.from_numpy(np.ascontiguousarray(maps[:, picture].transpose(1, 2, 0)))
        wide = torch.matmul(across, one).reshape(height, -1)
        values = torch.matmul(down, wide).reshape(-1, units).numpy()
        labels = marks[picture].reshape(marks.shape[1], -1)
        plane, label = present_labels(labels)
        for part in plane_slices(plane):
            masks = values > chosen.take(labels[plane[part.start]], axis=0)
            both[label[part]] += binary_product(one_hot(labels, plane[part], label[part]), masks)
        hot.add(values)
    return both, hot.total()


class _HotCounter:
    """Counts values above many thresholds; what was seen lately is held in eight bits."""

    def __init__(self, thresholds: Float[np.ndarray, "level unit"]) -> None:
        self._limits = thresholds[:, :, None]
        self._pixels = max(64, _MASKS_AT_ONCE // thresholds.size)
        shape = (*thresholds.shape, self._pixels)
        self._recent = np.zeros(shape, dtype=np.uint8)
        self._masks = np.empty(shape, dtype=bool)
        self._additions = 0
        self._total = np.zeros(thresholds.shape, dtype=np.int64)

    def add(self, values: Float[np.ndarray, "pixel unit"]) -> None:
        for start in range(0, len(values), self._pixels):
            some = np.ascontiguousarray(values[start : start + self._pixels].T)
            masks = self._masks[:, :, : some.shape[1]]
            recent = self._recent[:, :, : some.shape[1]]
            np.greater(some, self._limits, out=masks)
            np.add(recent, masks.view(np.uint8), out=recent)
            self._additions += 1
            if self._additions == 255:
                self.total()

    def total(self) -> Int[np.ndarray, "level unit"]:
        self._total += self._recent.sum(axis=2, dtype=np.int64)
        self._recent[:] = 0
        self._additions = 0
        return self._total
