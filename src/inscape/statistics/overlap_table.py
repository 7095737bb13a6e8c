"""Every unit against every concept, from raw activations and label maps of the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from inscape.errors import ShapeError, ValueRangeError
from inscape.parallel.cores import side_by_side
from inscape.progress import Progress, SilentProgress
from inscape.statistics._blocks import RawMaps, Stored, blocks_of, workers
from inscape.statistics._chance import LEVEL, level_error
from inscape.statistics._dealing import TABLES, Dealing, deal
from inscape.statistics._grid import Border, sample_stride
from inscape.statistics._hot_entries import LEAST_LEVEL
from inscape.statistics._information import information_quality_ratio
from inscape.statistics._labels import LabelIndex, LabelMaps, index_labels
from inscape.statistics._levels import LEVELS, best_level, count_levels, level_thresholds
from inscape.statistics._shuffles import DealtLabels, SampleCounter, deal_labels, shuffled_best
from inscape.statistics.overlap import check_pair, top_of_maps
from inscape.types import Array

QUANTILE = 0.01
"""The share of up-sampled values that is hot where `iou` is measured."""

_BLOCK_BYTES = 64 << 20
_BLOCK_UNITS = 64  # their counts at all levels take a few megabytes
_RAW_BYTES = 16 << 20


@dataclass(frozen=True)
class OverlapTable:
    """Overlap of every unit with every concept; vocabulary index 0, none, has a column of zeros.

    Attributes:
        threshold: What each unit's own top 1 % of up-sampled values, or `quantile` of them, exceeds.
        iou: Intersection over union at that threshold, over all pictures.
        threshold_best: The candidate threshold with the highest information quality ratio in every second
            picture (0, 2, 4, ...), per unit and concept. It is not below 0, and the unit is hot more often on
            the concept than off it; the highest candidate where none is like that.
        level_best: The fraction of values that it was read at.
        iou_best: IoU at that threshold in the other pictures; 0 where no candidate is like that.
        information: The information quality ratio at that threshold in the other pictures, in [0, 1]; 0
            where the unit is not hot more often on the concept than off it in them.
        chance: The 99th percentile of each unit's best `iou_best` over all concepts when whole label maps are
            shuffled between pictures, of one group where there are groups (see `_shuffles`).
        chance_by_concept: The 99th percentile of `iou_best` itself in the same shuffles.
        chance_error: Its standard error, which comes of there being so few shuffles.
        information_of_place: `information` as it would be if pictures had the label maps of other ones: what
            the usual place of a concept in the picture alone makes the unit say of it.
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
    chance_error: Float[np.ndarray, "unit concept"]
    information_of_place: Float[np.ndarray, "unit concept"]
    labelled: Int[np.ndarray, "concept"]
    count: int


class OverlapOptions(TypedDict, total=False):
    """The options of an overlap table.

    Attributes:
        quantile: The share of up-sampled values that is hot where `iou` is measured, in (0, 1); 0.01 unless
            given.
        border: What activations are up-sampled with beyond the border of a map: "repeat" unless given, or
            "zeros" as in the code of the authors of GAN Dissection.
        seed: Seed of the shuffles. 0 unless given.
        shuffles: Number of shuffles. 100 unless given.
        groups: The number of each picture's group: label maps are shuffled within groups alone. One group of
            all pictures unless given.
        progress: Reports the units done.
    """

    quantile: float
    border: Border
    seed: int
    shuffles: int
    groups: Sequence[int] | None
    progress: Progress | None


def overlap_table(
    activations: Tensor | Array | Stored,
    labels: Tensor | Array | Stored,
    *,
    vocabulary_size: int,
    **options: Unpack[OverlapOptions],
) -> OverlapTable:
    """Thresholds, overlap and chance of all units and concepts.

    Units are taken in blocks and pictures in parts. Activations and label maps may be memory maps or read
    from disk; beyond them nothing grows with the number of pictures.

    Args:
        activations: Raw activations `[picture, unit, row, column]`: a tensor, array, memory map, or anything
            with `shape` and `units(first, count, pictures)` that reads some units of all or some pictures.
        labels: Vocabulary indices `[picture, plane, label row, label column]`, uint8; 0 is none. A tensor,
            array, memory map, or anything with `shape`, `dtype` and `rows(first, count)`.
        vocabulary_size: `len(vocabulary)`.
        options: See `OverlapOptions`.

    Raises:
        ShapeError: The shapes do not fit each other.
        ValueRangeError: A label is not in the vocabulary, an activation is not a number, or there are fewer
            than two pictures.
    """
    raw = RawMaps(activations, options.get("border", "repeat"))
    known = LabelMaps(labels, vocabulary_size)
    check_pair(raw.shape, known.shape)
    pictures, units = raw.shape[:2]
    quantile, shuffles = options.get("quantile", QUANTILE), options.get("shuffles", 100)
    if pictures < 2 or shuffles < 1:
        raise ValueRangeError(
            f"Expected two pictures and one shuffle or more, got {pictures} and {shuffles}."
        )
    rows, columns = (sample_stride(*pair) for pair in zip(raw.shape[2:], known.size, strict=True))
    index = index_labels(known, (rows, columns))
    dealings = _dealings(pictures, shuffles, options.get("seed", 0), options.get("groups"))
    around = _strides_around(raw, known, (rows, columns))
    dealt = [deal_labels(dealing, half, known, index, around) for half, dealing in enumerate(dealings)]

    def compare(block: slice) -> dict[str, Array]:
        thresholds, top = _top_of_block(raw, block, known, quantile)
        iou = top["both"] / np.maximum(top["hot"][:, None] + index.labelled - top["both"], 1)
        best = _best_of_block(raw, block, thresholds, known, index, dealt)
        return {"threshold": top["threshold"].astype(np.float64), "iou": iou, **best}

    blocks = blocks_of(units, min(_BLOCK_UNITS, _BLOCK_BYTES // _bytes_of_unit(known)))
    parts, progress = [], options.get("progress") or SilentProgress()
    with (
        progress.task("Comparing units and concepts", units, "units") as task,
        side_by_side(compare, blocks, cores=workers()) as compared,
    ):
        for block, part in zip(blocks, compared, strict=True):
            parts.append(part)
            task.advance(block.stop - block.start)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return OverlapTable(labelled=index.labelled, count=pictures, **joined)


def _dealings(pictures: int, shuffles: int, seed: int, groups: Sequence[int] | None) -> list[Dealing]:
    """How the label maps of each half are shuffled."""
    if groups is not None and len(groups) != pictures:
        raise ShapeError(f"Each of {pictures} pictures has a group, got {len(groups)} groups.")
    random = np.random.default_rng(seed)
    return [
        deal(random, shuffles, len(range(half, pictures, 2)), None if groups is None else groups[half::2])
        for half in range(2)
    ]


def _strides_around(raw: RawMaps, known: LabelMaps, strides: tuple[int, int]) -> tuple[int, int]:
    """The strides of the sample, or smaller ones where labels are hardly finer than the maps."""
    scales = (label // own for label, own in zip(known.size, raw.shape[2:], strict=True))
    rows, columns = (max(1, min(pair)) for pair in zip(strides, scales, strict=True))
    return rows, columns


def _bytes_of_unit(known: LabelMaps) -> int:
    """What is held of one unit: where it is hot, and what the shuffles of both halves are made from."""
    pixels = known.size[0] * known.size[1]
    return len(LEVELS) * (5 * pixels + 8 * TABLES * known.vocabulary_size)


def _top_of_block(
    raw: RawMaps, block: slice, known: LabelMaps, quantile: float
) -> tuple[Float[np.ndarray, "level unit"], dict[str, Array]]:
    """Candidate thresholds of some units, and their top `quantile`: threshold, hot, hot and labelled pixels.

    Raw activations are read of so few units at a time that what is in memory has a bound.
    """
    pictures, _, rows, columns = raw.shape
    step = max(1, _RAW_BYTES // (4 * pictures * rows * columns))
    levels, found = [], []
    for start in range(block.start, block.stop, step):
        maps = raw.block(slice(start, min(start + step, block.stop)))
        levels.append(level_thresholds(maps, known.size, raw.border))
        found.append(top_of_maps(maps, known, quantile, raw.border))
    names = ("threshold", "hot", "both")
    joined = {
        name: np.concatenate(parts) for name, parts in zip(names, zip(*found, strict=True), strict=True)
    }
    return np.concatenate(levels, axis=1), joined


def _best_of_block(
    raw: RawMaps,
    block: slice,
    thresholds: Float[np.ndarray, "level unit"],
    known: LabelMaps,
    index: LabelIndex,
    dealt: Sequence[DealtLabels],
) -> dict[str, Array]:
    """The fields of `OverlapTable` that depend on levels, for some units."""
    sample = SampleCounter(raw, block, thresholds, known, index)
    both, choose = sample.choosing(dealt[0])
    ratio = information_quality_ratio(both, choose.hot[:, :, None], choose.labelled, choose.pixels)
    allowed = (thresholds >= LEAST_LEVEL).T
    level, found = best_level(ratio, allowed)
    dealing = dealt[1].dealing
    groups = dealing.groups if dealing.grouped else []
    counted = count_levels(raw, block, thresholds, known, index, groups)
    measure = sample.measuring(dealt[1], counted)
    null = index.by_concept(shuffled_best(choose, measure, allowed.sum(axis=1)))
    measured = np.take_along_axis(counted.both, level[:, None], axis=1)[:, 0]
    hot = np.take_along_axis(counted.hot, level, axis=1)
    iou = measured / np.maximum(hot + measure.labelled - measured, 1)
    information = information_quality_ratio(measured, hot, measure.labelled, measure.pixels)
    expected = np.take_along_axis(counted.expected, level[:, None], axis=1)[:, 0].astype(np.float64)
    of_place = information_quality_ratio(expected, hot, measure.labelled, measure.pixels)
    chosen = np.zeros((len(level), index.vocabulary_size), dtype=np.intp)
    chosen[:, index.present] = level
    return {
        "threshold_best": np.take_along_axis(thresholds.T, chosen, axis=1).astype(np.float64),
        "level_best": np.array(LEVELS)[chosen],
        "iou_best": index.by_concept(iou * found),
        "information": index.by_concept(information * found),
        "chance": np.quantile(null.max(axis=2), LEVEL, axis=1),
        "chance_by_concept": np.quantile(null, LEVEL, axis=1),
        "chance_error": level_error(null.swapaxes(0, 1)),
        "information_of_place": index.by_concept(of_place * found),
    }
