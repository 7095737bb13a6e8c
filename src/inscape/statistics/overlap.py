"""How far the hot pixels of units and the labelled pixels of concepts are the same pixels.

Intersection over union, pooled over all pictures, after Bau et al., "Network Dissection" (CVPR 2017) and
"Understanding the role of individual units" (PNAS 2020): a unit is hot where its activation, up-sampled
bilinearly to the label resolution (half-pixel centres, border repeated), exceeds the unit's own threshold.

Hits are counted into (unit, label) bins instead of multiplying masks by one-hot labels, and only those cells
of the up-sampling grid are looked at that can exceed the threshold. All counts are int64, so parts merge
exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import Statistic, array
from inscape.statistics._blocks import RawMaps, blocks_of, exact_block, side_by_side
from inscape.statistics._hits import Hits, find_hits
from inscape.statistics._thresholds import hits_at_top

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
        count: Pictures looked at.
    """

    def __init__(self, thresholds: Any, vocabulary_size: int) -> None:
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

    def add(self, activations: Any, labels: Any) -> None:
        """Count some pictures.

        Args:
            activations: Raw activations `[picture, unit, row, column]`, a tensor or array; float64 is
                counted in float64, everything else in float32.
            labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none.

        Raises:
            ShapeError: The shapes do not fit each other or the thresholds.
            ValueRangeError: A label is not in the vocabulary, or an activation is not a number.
        """
        data, marks = array(activations), checked_labels(labels, self.vocabulary_size)
        check_pair(data.shape, marks.shape)
        maps = data.transpose(1, 0, 2, 3)
        if len(maps) != self.units:
            raise ShapeError(f"Expected activations of {self.units} units, got {len(maps)}.")
        for start in range(0, maps.shape[1], step := _pictures_at_once(maps, marks)):
            part = slice(start, start + step)
            some = exact_block(maps[:, part])
            limits = self.thresholds.astype(some.dtype)
            self._count(find_hits(some, limits, (marks.shape[2], marks.shape[3])), marks[part])

    def _count(self, hits: Hits, marks: NDArray[np.uint8]) -> None:
        """Count the hits of all units in some pictures."""
        self.intersection += joint_counts(hits, flat_planes(marks), self.vocabulary_size)
        self.hot += hits.counts
        self._count_labels(marks)

    def _count_labels(self, marks: NDArray[np.uint8]) -> None:
        self.labelled += label_counts(marks, self.vocabulary_size)
        self.pixels += marks.shape[0] * marks.shape[2] * marks.shape[3]
        self.count += len(marks)

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
        """Everything there is to know, as tensors."""
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


def overlap_at_top(activations: Any, labels: Any, *, vocabulary_size: int, fraction: float = 0.01) -> Overlap:
    """Thresholds and overlap at each unit's own top `fraction` of the up-sampled values, in one go.

    The thresholds are exact order statistics over all pictures: at most `floor(fraction * values)` values lie
    above. Units are taken in blocks, so that what is held does not grow with the number of pictures.

    Args:
        activations: Raw activations of all pictures `[picture, unit, row, column]`: a tensor, array,
            memory map, or anything with `shape` and `units(first, count)` that reads some units from disk.
        labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none.
        vocabulary_size: `len(vocabulary)`.
        fraction: Share of the values that are hot.
    """
    raw, marks = RawMaps(activations), checked_labels(labels, vocabulary_size)
    check_pair(raw.shape, marks.shape)
    size, planes = (marks.shape[2], marks.shape[3]), flat_planes(marks)

    def at_top(block: slice) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        return top_of_maps(raw.block(block), planes, size, vocabulary_size, fraction)

    blocks = blocks_of(raw.shape[1], _units_of_hits(raw.shape[0] * size[0] * size[1] * fraction))
    parts = list(side_by_side(at_top, blocks))
    overlap = Overlap(np.concatenate([part[0] for part in parts]), vocabulary_size)
    overlap.hot = np.concatenate([part[1] for part in parts])
    overlap.intersection = np.concatenate([part[2] for part in parts])
    overlap._count_labels(marks)
    return overlap


def top_of_maps(
    maps: Float[np.ndarray, "unit picture row column"],
    planes: list[NDArray[np.uint8]],
    size: tuple[int, int],
    vocabulary_size: int,
    fraction: float,
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Thresholds [unit], hot pixels [unit] and hot and labelled pixels [unit, concept] of some units."""
    step = _units_of_hits(maps.shape[1] * size[0] * size[1] * fraction)
    parts = []
    for start in range(0, len(maps), step):
        thresholds, hits = hits_at_top(maps[start : start + step], fraction, size)
        parts.append((thresholds, hits.counts, joint_counts(hits, planes, vocabulary_size)))
    thresholds, hot, both = (np.concatenate(column) for column in zip(*parts, strict=True))
    return thresholds, hot, both


def _units_of_hits(per_unit: float) -> int:
    """Units whose hits fit in a block."""
    return max(1, int(_BLOCK_HITS / max(1.0, per_unit)))


def top_thresholds(
    activations: Any, size: tuple[int, int], *, fraction: float = 0.01
) -> Float[np.ndarray, "unit"]:
    """The value per unit that its top `fraction` of up-sampled values exceeds, exactly.

    Args:
        activations: Raw activations of all pictures `[picture, unit, row, column]`.
        size: Label rows and columns.
        fraction: Share of the values that lie above.
    """
    marks = np.zeros((activations.shape[0], 1, *size), dtype=np.uint8)
    return overlap_at_top(activations, marks, vocabulary_size=1, fraction=fraction).thresholds


def flat_planes(marks: Int[np.ndarray, "picture plane row column"]) -> list[NDArray[np.uint8]]:
    """Each plane of all pictures, pixel after pixel."""
    return [np.ascontiguousarray(marks[:, plane]).reshape(-1) for plane in range(marks.shape[1])]


def joint_counts(
    hits: Hits, planes: list[NDArray[np.uint8]], vocabulary_size: int
) -> Int[np.ndarray, "unit concept"]:
    """Hits by unit and label, over all planes; column 0 is left 0."""
    units = len(hits.counts)
    rows = np.repeat(np.arange(units) * vocabulary_size, hits.counts)
    flat = np.zeros(units * vocabulary_size, dtype=np.int64)
    for plane in planes:
        flat += np.bincount(rows + plane.take(hits.places), minlength=len(flat))
    joint = flat.reshape(units, vocabulary_size)
    joint[:, 0] = 0
    return joint


def label_counts(
    marks: Int[np.ndarray, "picture plane row column"], vocabulary_size: int
) -> Int[np.ndarray, "concept"]:
    """Pixels by label; index 0, which means none, is left 0."""
    counts = np.zeros(vocabulary_size, dtype=np.int64)
    for start in range(0, len(marks), 16):
        counts += np.bincount(np.ravel(marks[start : start + 16]), minlength=vocabulary_size)
    counts[0] = 0
    return counts


def checked_labels(labels: Any, vocabulary_size: int) -> NDArray[np.uint8]:
    """Label maps as an array; nothing is copied.

    Raises:
        ShapeError: Not uint8 with four axes.
        ValueRangeError: A label outside the vocabulary.
    """
    marks = array(labels)
    if marks.ndim != 4 or marks.dtype != np.uint8:
        raise ShapeError(
            f"Label maps are uint8 [picture, plane, row, column], got {marks.dtype} {marks.shape}."
        )
    if int(marks.max(initial=0)) >= vocabulary_size:
        raise ValueRangeError(f"Labels lie below {vocabulary_size}, got {int(marks.max())}.")
    return marks


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


def _pictures_at_once(maps: NDArray[Any], marks: NDArray[Any]) -> int:
    """Pictures whose up-sampled values fit in a block even when all of them are hot."""
    return max(1, int(_BLOCK_VALUES // (len(maps) * marks.shape[2] * marks.shape[3])))
