"""Every unit against every concept, from raw activations and label maps of the same pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from numpy.typing import NDArray

from inscape.errors import ValueRangeError
from inscape.progress import Progress, SilentProgress
from inscape.statistics._blocks import blocks_of, exact_block, side_by_side
from inscape.statistics._grid import sample_stride
from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, index_labels
from inscape.statistics._levels import LEVELS, count_chosen, count_sample, level_thresholds
from inscape.statistics._shuffles import permutations, shuffled_best
from inscape.statistics.overlap import checked, label_counts, overlap_at_top

_BLOCK_BYTES = 1 << 25  # per-picture counts of one block of units


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
        activations: Raw activations `[picture, unit, row, column]`.
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
    maps, marks = checked(activations, labels, vocabulary_size)
    units, pictures = maps.shape[:2]
    if pictures < 2 or shuffles < 1:
        raise ValueRangeError(
            f"Expected two pictures and one shuffle or more, got {pictures} and {shuffles}."
        )
    top = overlap_at_top(activations, labels, vocabulary_size=vocabulary_size)
    size = (marks.shape[2], marks.shape[3])
    rows, columns = (sample_stride(*pair) for pair in zip(maps.shape[2:], size, strict=True))
    sample = marks[:, :, ::rows, ::columns]
    halves = (index_labels(sample[0::2], vocabulary_size), index_labels(sample[1::2], vocabulary_size))
    orders = permutations(seed, shuffles, (len(marks[0::2]), len(marks[1::2])))
    blocks = blocks_of(units, _BLOCK_BYTES // (pictures * len(LEVELS) * 16))

    def best(block: slice) -> dict[str, NDArray[Any]]:
        return _best_of_block(exact_block(maps[block]), marks, halves, orders)

    parts = []
    with (progress or SilentProgress()).task("Comparing units and concepts", units, "units") as task:
        for block, part in zip(blocks, side_by_side(best, blocks), strict=True):
            parts.append(part)
            task.advance(block.stop - block.start)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return OverlapTable(
        threshold=top.thresholds, iou=top.iou(), labelled=top.labelled, count=pictures, **joined
    )


def _best_of_block(
    maps: Float[np.ndarray, "unit picture row column"],
    marks: Int[np.ndarray, "picture plane row column"],
    halves: tuple[LabelIndex, LabelIndex],
    orders: list[NDArray[np.int64]],
) -> dict[str, NDArray[Any]]:
    """The fields of `OverlapTable` that depend on levels, for some units."""
    size = (marks.shape[2], marks.shape[3])
    thresholds = level_thresholds(maps, size)
    choose, other = (count_sample(maps[:, half::2], thresholds, halves[half], size) for half in (0, 1))
    labelled = halves[0].labelled[:, None, None]
    level = information_quality_ratio(choose.both, choose.hot, labelled, halves[0].pixels).argmax(axis=1)
    chosen = np.take_along_axis(thresholds, level, axis=0)
    both, hot = count_chosen(maps[:, 1::2], chosen.copy(), thresholds, marks[1::2])
    hot = np.take_along_axis(hot, level, axis=0)
    labelled = label_counts(marks[1::2], len(both))[:, None]
    pixels = marks[1::2, 0].size
    null = shuffled_best(((choose, halves[0]), (other, halves[1])), orders)
    return {
        "threshold_best": chosen.T.astype(np.float64),
        "level_best": np.array(LEVELS)[level].T,
        "iou_best": (both / np.maximum(hot + labelled - both, 1)).T,
        "information": information_quality_ratio(both, hot, labelled, pixels).T,
        "chance": np.quantile(null.max(axis=1), 0.99, axis=0),
        "chance_by_concept": np.quantile(null, 0.99, axis=0).T,
    }
