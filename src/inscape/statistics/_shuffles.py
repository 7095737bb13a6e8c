"""What the best overlap of a unit is by chance: whole label maps shuffled between pictures.

For a shuffle `s` the count of one unit, level and concept is the sum over pictures `n` of
`<mask(n), label(s(n))>`. Its mean over all shuffles follows from the mean mask and the mean label map and is
computed exactly: it holds what position alone explains (sky is above, grass below). What a single shuffle
deviates from that mean is computed for the very permutation that was drawn, with masks and labels averaged
over the 4 by 4 fields of the picture: a shuffled label map knows nothing of the mask but through position, so
what remains within a field is a small part of the deviation, which itself is of the order of
1 / sqrt(pictures) of the count. All this is done on the sample of the label pixels. The tests compare with
the slow exact reference.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import FRACTION, LabelIndex, binary_product
from inscape.statistics._levels import SampleCounts

_SHUFFLES_AT_ONCE = 10


def permutations(seed: int, shuffles: int, sizes: tuple[int, int]) -> list[NDArray[np.int64]]:
    """For each half of the pictures its permutations `[shuffle, picture]`."""
    random = np.random.default_rng(seed)
    drawn = [[random.permutation(size) for size in sizes] for _ in range(shuffles)]
    return [np.stack([orders[half] for orders in drawn]) for half in (0, 1)]


class HalfShuffler:
    """Counts of one half of the pictures after shuffles of its label maps."""

    def __init__(self, counts: SampleCounts, labels: LabelIndex) -> None:
        self.hot, self.labelled = counts.hot, labels.labelled
        pictures, fields = counts.fields.shape[:2]
        self._masks = counts.fields.reshape(pictures * fields, -1)
        self._labels = labels.fields
        self._unit = counts.field_unit / FRACTION
        self._limit = np.minimum(counts.hot, labels.labelled[:, None, None])
        shape = (len(labels.labelled), *counts.hot.shape)
        flat = counts.maps.reshape(-1, counts.maps.shape[2])
        mean = (labels.maps / pictures) @ flat.T.astype(np.float64)
        by_field = counts.fields.sum(axis=0, dtype=np.float64).reshape(fields, -1)
        mean_of_fields = labels.fields.mean(axis=1) @ by_field * self._unit
        self._correction = (mean - mean_of_fields).reshape(shape).astype(np.float32)

    def counts(self, permutations: NDArray[np.int64]) -> Float[np.ndarray, "shuffle concept level unit"]:
        """Hot and labelled pixels when picture `n` gets the label map of picture `permutation[n]`."""
        labels = self._labels[:, permutations].transpose(1, 0, 2, 3)
        both = binary_product(labels.reshape(-1, len(self._masks)), self._masks)
        exact = both.reshape(len(permutations), *self._correction.shape) * np.float32(self._unit)
        exact += self._correction
        return np.clip(exact, 0, self._limit, out=exact)


def shuffled_best(
    halves: tuple[tuple[SampleCounts, LabelIndex], tuple[SampleCounts, LabelIndex]],
    orders: list[NDArray[np.int64]],
) -> Float[np.ndarray, "shuffle concept unit"]:
    """`iou_best` of every shuffle: level chosen in one half of the pictures, IoU measured in the other."""
    choose, measure = (HalfShuffler(*half) for half in halves)
    pixels = halves[0][1].pixels
    found = []
    for start in range(0, len(orders[0]), _SHUFFLES_AT_ONCE):
        part = slice(start, start + _SHUFFLES_AT_ONCE)
        counts = choose.counts(orders[0][part]), measure.counts(orders[1][part])
        for first, second in zip(*counts, strict=True):
            labelled = choose.labelled[:, None, None]
            level = information_quality_ratio(first, choose.hot, labelled, pixels).argmax(axis=1)
            found.append(overlap_at(level, second, measure.hot, measure.labelled))
    return np.stack(found)


def overlap_at(
    level: NDArray[np.intp], both: NDArray[np.float32], hot: NDArray[np.int64], labelled: NDArray[np.int64]
) -> Float[np.ndarray, "concept unit"]:
    """IoU at one level per concept and unit, from counts `[concept, level, unit]` and `[level, unit]`."""
    hits = np.take_along_axis(both, level[:, None], axis=1)[:, 0]
    union = np.take_along_axis(hot, level, axis=0) + labelled[:, None] - hits
    iou: NDArray[np.float64] = hits / np.maximum(union, 1)
    return iou
