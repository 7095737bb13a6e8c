"""The overlap of units and concepts: intersection over union of hot and labelled pixels.

Intersection over union, pooled over all pictures, after Bau et al., "Network Dissection" (CVPR 2017) and
"Understanding the role of individual units" (PNAS 2020): a unit is hot where its activation, up-sampled
bilinearly to the label resolution (half-pixel centres, border repeated), exceeds the unit's own threshold.

Hits are counted into (unit, label) bins instead of multiplying masks by one-hot labels, and only those cells
of the up-sampling grid are looked at that can exceed the threshold. All counts are int64, so parts merge
exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.parallel.cores import side_by_side
from inscape.statistics._base import Statistic, Values, array
from inscape.statistics._blocks import RawMaps, Stored, blocks_of, exact_block, workers
from inscape.statistics._grid import Border
from inscape.statistics._hits import Hits, find_hits
from inscape.statistics._labels import LabelMaps
from inscape.statistics._thresholds import hits_at_top
from inscape.types import Array

_BLOCK_VALUES = 1 << 25  # up-sampled values that are looked at together
_BLOCK_HITS = 1 << 18


class Overlap(Statistic):
    """Counts of pixels that are hot in a unit and carry a label, at one threshold per unit.

    Example:
        >>> overlap = Overlap(thresholds, vocabulary_size=len(vocabulary))
        >>> overlap.add(activations, labels)   # any number of times, pictures in any order
        >>> overlap.iou()[unit, vocabulary.index("tree")]

    Attributes:
        thresholds: One per unit; hot means strictly above.
        intersection: Pixels that are hot and labelled, by unit and vocabulary index; column 0 stays 0.
        hot: Hot pixels by unit.
        labelled: Labelled pixels by vocabulary index.
        pixels: Label pixels looked at.
        count: Number of pictures.
    """

    def __init__(self, thresholds: Values, vocabulary_size: int) -> None:
        """Start with nothing counted.

        Args:
            thresholds: One number per unit.
            vocabulary_size: `len(vocabulary)`: the concepts and the index 0, which means none.
        """
        self.thresholds: Float[np.ndarray, "unit"] = array(thresholds).astype(np.float64)
        if self.thresholds.ndim != 1 or not 1 <= vocabulary_size <= 256:
            raise ShapeError(
                f"Expected one threshold per unit and at most 255 concepts, got thresholds of shape "
                f"{self.thresholds.shape} and a vocabulary of {vocabulary_size}."
            )
        units = len(self.thresholds)
        self.intersection: Int[np.ndarray, "unit concept"] = np.zeros(
            (units, vocabulary_size), dtype=np.int64
        )
        self.hot: Int[np.ndarray, "unit"] = np.zeros(units, dtype=np.int64)
        self.labelled: Int[np.ndarray, "concept"] = np.zeros(vocabulary_size, dtype=np.int64)
        self.pixels = 0
        self.count = 0

    @property
    def units(self) -> int:
        """How many units are counted."""
        return len(self.thresholds)

    @property
    def vocabulary_size(self) -> int:
        """How many vocabulary indices there are, 0 included."""
        return len(self.labelled)

    def add(self, activations: Values, labels: Values) -> None:
        """Count some pictures.

        Args:
            activations: Raw activations `[picture, unit, row, column]`, a tensor or array; float64 is
                counted in float64, everything else in float32.
            labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none.

        Raises:
            ShapeError: The shapes do not fit each other or the thresholds.
            ValueRangeError: A label is not in the vocabulary, or an activation is not a number.
        """
        data, marks = array(activations), array(labels)
        check_pair(data.shape, LabelMaps(marks, self.vocabulary_size).shape)
        maps = data.transpose(1, 0, 2, 3)
        if len(maps) != self.units:
            raise ShapeError(f"Expected activations of {self.units} units, got {len(maps)}.")
        for start in range(0, maps.shape[1], step := _pictures_at_once(maps, marks)):
            part = slice(start, start + step)
            some, known = exact_block(maps[:, part]), LabelMaps(marks[part], self.vocabulary_size)
            hits = find_hits(some, self.thresholds.astype(some.dtype), known.size)
            self.intersection += joint_counts([hits], known)
            self.hot += hits.counts
            self._count_labels(known)

    def _count_labels(self, labels: LabelMaps) -> None:
        self.labelled += labels.count()
        self.pixels += labels.shape[0] * labels.size[0] * labels.size[1]
        self.count += labels.shape[0]

    def iou(self) -> Float[np.ndarray, "unit concept"]:
        """Intersection over union; 0 where there is nothing at all, and in column 0."""
        union = self.hot[:, None] + self.labelled[None] - self.intersection
        iou: NDArray[np.float64] = self.intersection / np.maximum(union, 1)
        return iou

    def merge(self, other: Overlap) -> None:
        """Add what another one has counted over other pictures.

        Raises:
            ValueRangeError: The other one has other thresholds or another vocabulary.
        """
        same = self.vocabulary_size == other.vocabulary_size and np.array_equal(
            self.thresholds, other.thresholds
        )
        if not same:
            raise ValueRangeError(
                "Only overlaps with the same thresholds and vocabulary can be merged.",
                "Take the thresholds over all pictures first.",
            )
        self.intersection += other.intersection
        self.hot += other.hot
        self.labelled += other.labelled
        self.pixels += other.pixels
        self.count += other.count

    def state(self) -> dict[str, Tensor]:
        """The complete state as tensors."""
        return {
            "thresholds": torch.from_numpy(self.thresholds.copy()),
            "intersection": torch.from_numpy(self.intersection.copy()),
            "hot": torch.from_numpy(self.hot.copy()),
            "labelled": torch.from_numpy(self.labelled.copy()),
            "pixels_and_count": torch.tensor([self.pixels, self.count]),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Tensor]) -> Overlap:
        """The overlap that `state` was taken from."""
        overlap = cls(state["thresholds"], len(state["labelled"]))
        overlap.intersection = state["intersection"].numpy().copy()
        overlap.hot = state["hot"].numpy().copy()
        overlap.labelled = state["labelled"].numpy().copy()
        overlap.pixels, overlap.count = (int(number) for number in state["pixels_and_count"])
        return overlap


def overlap_at_top(
    activations: Tensor | Array | Stored,
    labels: Tensor | Array | Stored,
    *,
    vocabulary_size: int,
    fraction: float = 0.01,
) -> Overlap:
    """Thresholds and overlap at each unit's own top `fraction` of the up-sampled values, in one go.

    The thresholds are exact order statistics over all pictures: at most `floor(fraction * values)` values lie
    above. Units are taken in blocks, so that what is held does not grow with the number of pictures.

    Args:
        activations: Raw activations of all pictures `[picture, unit, row, column]`: a tensor, array,
            memory map, or anything with `shape` and `units(first, count)` that reads some units from disk.
        labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none.
        vocabulary_size: `len(vocabulary)`.
        fraction: Fraction of the values that are hot.
    """
    raw, known = RawMaps(activations), LabelMaps(labels, vocabulary_size)
    check_pair(raw.shape, known.shape)

    def at_top(block: slice) -> tuple[Array, Array, Array]:
        return top_of_maps(raw.block(block), known, fraction, raw.border)

    per_unit = known.shape[0] * known.size[0] * known.size[1] * fraction
    with side_by_side(at_top, blocks_of(raw.shape[1], _units_of_hits(per_unit)), cores=workers()) as found:
        parts = list(found)
    overlap = Overlap(np.concatenate([part[0] for part in parts]), vocabulary_size)
    overlap.hot = np.concatenate([part[1] for part in parts])
    overlap.intersection = np.concatenate([part[2] for part in parts])
    overlap._count_labels(known)
    return overlap


def top_of_maps(
    maps: Float[np.ndarray, "unit picture row column"],
    labels: LabelMaps,
    fraction: float,
    border: Border = "repeat",
) -> tuple[Array, Array, Array]:
    """Thresholds [unit], hot pixels [unit] and hot and labelled pixels [unit, concept] of some units."""
    step = _units_of_hits(maps.shape[1] * labels.size[0] * labels.size[1] * fraction)
    found = [
        hits_at_top(maps[start : start + step], fraction, labels.size, border)
        for start in range(0, len(maps), step)
    ]
    thresholds = np.concatenate([part[0] for part in found])
    hot = np.concatenate([hits.counts for _, hits in found])
    return thresholds, hot, joint_counts([hits for _, hits in found], labels)


def _units_of_hits(per_unit: float) -> int:
    """Units whose hits fit in a block."""
    return max(1, int(_BLOCK_HITS / max(1.0, per_unit)))


def joint_counts(found: list[Hits], labels: LabelMaps) -> Int[np.ndarray, "unit concept"]:
    """Hits by unit and label, over all planes; column 0 is left 0. Label maps are read once, in chunks."""
    pixels, concepts = labels.size[0] * labels.size[1], labels.vocabulary_size
    flat = [np.zeros(len(hits.counts) * concepts, dtype=np.int64) for hits in found]
    for first, marks in labels.chunks():
        planes = [np.ascontiguousarray(marks[:, plane]).reshape(-1) for plane in range(marks.shape[1])]
        for hits, counts in zip(found, flat, strict=True):
            units, places = hits.between(first * pixels, (first + len(marks)) * pixels)
            rows = units * concepts
            for plane in planes:
                counts += np.bincount(rows + plane.take(places), minlength=len(counts))
    joint = np.concatenate(flat).reshape(-1, concepts)
    joint[:, 0] = 0
    return joint


def check_pair(maps: tuple[int, ...], marks: tuple[int, ...]) -> None:
    """Refuse activations and labels that are not of the same pictures.

    Raises:
        ShapeError: The activations do not have four axes, or there are other numbers of pictures, or none.
    """
    if len(maps) != 4 or maps[0] != marks[0] or 0 in maps or 0 in marks:
        raise ShapeError(
            "Expected activations [picture, unit, row, column] and labels [picture, plane, row, column] "
            f"of the same pictures, got {maps} and {marks}."
        )


def _pictures_at_once(maps: Array, marks: Array) -> int:
    """Pictures whose up-sampled values fit in a block even when all of them are hot."""
    return max(1, int(_BLOCK_VALUES // (len(maps) * marks.shape[2] * marks.shape[3])))
