"""Every unit against every concept, from raw activations and label maps of the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from inscape.errors import ValueRangeError
from inscape.progress import Progress, SilentProgress
from inscape.statistics._blocks import RawMaps, blocks_of, side_by_side
from inscape.statistics._grid import sample_stride
from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, index_labels
from inscape.statistics._levels import LEVELS, count_chosen, count_sample, level_thresholds
from inscape.statistics._shuffles import permutations, shuffled_best
from inscape.statistics.overlap import check_pair, checked_labels, flat_planes, label_counts, top_of_maps

TOP = 0.01
"""The share of up-sampled values that is hot where `iou` is measured."""

_BLOCK_BYTES = 1 << 24  # per-picture counts of one block of units


@dataclass(frozen=True)
class OverlapTable:
    """Overlap of every unit with every concept; vocabulary index 0, none, has a column of zeros.

    Attributes:
        threshold: What each unit's own top 1 % of up-sampled values exceeds.
        iou: Intersection over union at that threshold, over all pictures.
        threshold_best: The candidate threshold with the highest information quality ratio in every second
            picture (0, 2, 4, ...), per unit and concept.
        level_best: The share of values that it was read at.
        iou_best: IoU at that threshold in the other pictures.
        information: The information quality ratio at that threshold in the other pictures, in [0, 1].
        chance: The 99th percentile of each unit's best `iou_best` over all concepts when whole label maps are
            shuffled between pictures.
        chance_by_concept: The 99th percentile of `iou_best` itself in the same shuffles.
        labelled: Labelled pixels by vocabulary index.
        count: Pictures.
    """

    threshold: Float[np.ndarray, "unit"]
    iou: Float[np.ndarray, "unit concept"]
    threshold_best: Float[np.ndarray, "unit concept"]
    level_best: Float[np.ndarray, "unit concept"]
    iou_best: Float[np.ndarray, "unit concept"]
    information: Float[np.ndarray, "unit concept"]
    chance: Float[np.ndarray, "unit"]
    chance_by_concept: Float[np.ndarray, "unit concept"]
    labelled: Int[np.ndarray, "concept"]
    count: int


def overlap_table(
    activations: Any,
    labels: Any,
    *,
    vocabulary_size: int,
    seed: int = 0,
    shuffles: int = 100,
    progress: Progress | None = None,
) -> OverlapTable:
    """Thresholds, overlap and chance of all units and concepts.

    Units are taken in blocks, so that what is held does not grow with the number of pictures beyond the
    activations and labels themselves, which may be memory maps.

    Args:
        activations: Raw activations `[picture, unit, row, column]`: a tensor, array, memory map, or anything
            with `shape` and `units(first, count)` that reads some units from disk.
        labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none.
        vocabulary_size: `len(vocabulary)`.
        seed: Of the shuffles.
        shuffles: How many.
        progress: Told how many units are done.

    Raises:
        ShapeError: The shapes do not fit each other.
        ValueRangeError: A label is not in the vocabulary, an activation is not a number, or there are fewer
            than two pictures.
    """
    raw, marks = RawMaps(activations), checked_labels(labels, vocabulary_size)
    check_pair(raw.shape, marks.shape)
    pictures, units = raw.shape[:2]
    if pictures < 2 or shuffles < 1:
        raise ValueRangeError(
            f"Expected two pictures and one shuffle or more, got {pictures} and {shuffles}."
        )
    known = _Labels.of(marks, (raw.shape[2], raw.shape[3]), vocabulary_size)
    orders = permutations(seed, shuffles, (len(marks[0::2]), len(marks[1::2])))

    def compare(block: slice) -> dict[str, NDArray[Any]]:
        maps = raw.block(block)
        thresholds, hot, both = top_of_maps(maps, known.planes, known.size, vocabulary_size, TOP)
        iou = both / np.maximum(hot[:, None] + known.labelled - both, 1)
        return {"threshold": thresholds.astype(np.float64), "iou": iou} | _best_of_block(maps, known, orders)

    blocks = blocks_of(units, _BLOCK_BYTES // (pictures * len(LEVELS) * 16))
    parts = []
    with (progress or SilentProgress()).task("Comparing units and concepts", units, "units") as task:
        for block, part in zip(blocks, side_by_side(compare, blocks), strict=True):
            parts.append(part)
            task.advance(block.stop - block.start)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return OverlapTable(labelled=known.labelled, count=pictures, **joined)


@dataclass(frozen=True)
class _Labels:
    """What the label maps are to every block of units."""

    marks: Int[np.ndarray, "picture plane row column"]
    size: tuple[int, int]
    planes: list[NDArray[np.uint8]]
    labelled: Int[np.ndarray, "concept"]
    labelled_measure: Int[np.ndarray, "concept"]
    halves: tuple[LabelIndex, LabelIndex]

    @classmethod
    def of(cls, marks: NDArray[np.uint8], raw_size: tuple[int, int], vocabulary_size: int) -> _Labels:
        size = (marks.shape[2], marks.shape[3])
        rows, columns = (sample_stride(*pair) for pair in zip(raw_size, size, strict=True))
        sample = marks[:, :, ::rows, ::columns]
        choose, measure = (index_labels(sample[half::2], vocabulary_size) for half in (0, 1))
        counts = [label_counts(marks[half::2], vocabulary_size) for half in (0, 1)]
        return cls(marks, size, flat_planes(marks), counts[0] + counts[1], counts[1], (choose, measure))


def _best_of_block(
    maps: Float[np.ndarray, "unit picture row column"], known: _Labels, orders: list[NDArray[np.int64]]
) -> dict[str, NDArray[Any]]:
    """The fields of `OverlapTable` that depend on levels, for some units."""
    choose, measure = known.halves
    thresholds = level_thresholds(maps, known.size)
    counts = count_sample(maps[:, 0::2], thresholds, choose, known.size)
    others = count_sample(maps[:, 1::2], thresholds, measure, known.size)
    ratio = information_quality_ratio(counts.both, counts.hot, choose.labelled[:, None, None], choose.pixels)
    level = ratio.argmax(axis=1)
    chosen = np.take_along_axis(thresholds, level, axis=0)
    both, hot = count_chosen(maps[:, 1::2], chosen, thresholds, known.marks[1::2])
    hot = np.take_along_axis(hot, level, axis=0)
    labelled = known.labelled_measure[:, None]
    null = shuffled_best(((counts, choose), (others, measure)), orders)
    return {
        "threshold_best": chosen.T.astype(np.float64),
        "level_best": np.array(LEVELS)[level].T,
        "iou_best": (both / np.maximum(hot + labelled - both, 1)).T,
        "information": information_quality_ratio(both, hot, labelled, known.marks[1::2, 0].size).T,
        "chance": np.quantile(null.max(axis=1), 0.99, axis=0),
        "chance_by_concept": np.quantile(null, 0.99, axis=0).T,
    }
