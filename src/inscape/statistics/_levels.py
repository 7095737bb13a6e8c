"""Hot and labelled pixels at many levels at once.

Half of all pixels lie above the lowest level, so nothing can be pruned here. Masks (0 or 1 in eight bits) are
multiplied by the one-hot labels that are present in a picture. All counts are exact integers.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from inscape.statistics._grid import axis_matrix, sample_matrix
from inscape.statistics._labels import LabelIndex, LabelMaps, binary_product
from inscape.statistics._thresholds import a_hair_above

LEVELS: tuple[float, ...] = tuple(float(level) for level in np.geomspace(0.001, 0.5, 16))
"""The shares of up-sampled values that lie above the candidate thresholds of `iou_best`."""

_LEVEL_PICTURES = 128
_PIXELS_AT_ONCE = 1 << 12  # their masks at all levels take a small part of a core's second-level cache
_VALUES_AT_ONCE = 1 << 22


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
    return spread(maps, *(sample_matrix(*pair) for pair in zip(maps.shape[2:], size, strict=True)))


def spread(
    maps: Float[np.ndarray, "unit picture row column"],
    down: Float[np.ndarray, "label_row row"],
    across: Float[np.ndarray, "label_column column"],
) -> Float[np.ndarray, "unit picture pixel"]:
    """Maps up-sampled by a matrix for each direction."""
    left, right = (torch.from_numpy(matrix.astype(maps.dtype)) for matrix in (down, across))
    wide = torch.matmul(torch.from_numpy(np.ascontiguousarray(maps)), right.T)
    values: NDArray[np.floating] = torch.matmul(left, wide).flatten(2).numpy()
    return values


def above(
    values: Float[np.ndarray, "unit pixel"],
    thresholds: Float[np.ndarray, "level unit"],
    masks: Bool[np.ndarray, "level unit pixel"],
) -> NDArray[np.bool_]:
    """Fill `masks` with what is hot at every level; returned as `[pixel, level and unit]`."""
    np.greater(values, thresholds[:, :, None], out=masks)
    return masks.reshape(-1, masks.shape[2]).T


def count_chosen(
    maps: Float[np.ndarray, "unit picture row column"],
    chosen: Float[np.ndarray, "concept unit"],
    thresholds: Float[np.ndarray, "level unit"],
    labels: LabelMaps,
    index: LabelIndex,
) -> tuple[Int[np.ndarray, "concept unit"], Int[np.ndarray, "level unit"]]:
    """Count all label pixels of pictures 1, 3, 5, ..., each against the threshold chosen for its label.

    Args:
        maps: Raw activations of some units in all pictures, unit first.
        chosen: The threshold of each concept and unit.
        thresholds: All candidate thresholds, whose hot pixels are counted too.
        labels: The label maps of all pictures.
        index: What is present in them.

    Returns:
        Hot and labelled pixels, and hot pixels at every level.
    """
    down, across = (
        torch.from_numpy(axis_matrix(length, label).astype(maps.dtype))
        for length, label in zip(maps.shape[2:], labels.size, strict=True)
    )
    both = np.zeros((index.present.shape[1], len(maps)), dtype=np.int64)
    hot = np.zeros(thresholds.shape, dtype=np.int64)
    step = 2 * max(1, _VALUES_AT_ONCE // (len(maps) * labels.size[0] * labels.size[1]))
    limits = np.empty((labels.size[0] * labels.size[1], len(maps)), dtype=maps.dtype)
    masks = np.empty(limits.shape, dtype=bool)
    for first, marks in labels.chunks():
        for picture in range(first + (first + 1) % 2, first + len(marks), 2):
            one = torch.from_numpy(np.ascontiguousarray(maps[:, picture].transpose(1, 2, 0)))
            wide = torch.matmul(across, one).flatten(1)
            values = torch.matmul(down, wide).reshape(limits.shape).numpy()
            flat = marks[picture - first].reshape(marks.shape[1], -1)
            kinds, shown = index.shown(picture, flat)
            planes = index.kinds[0][kinds]
            for plane in range(len(flat)):
                if (planes == plane).any():
                    chosen.take(flat[plane], axis=0, out=limits, mode="clip")
                    np.greater(values, limits, out=masks)
                    both[kinds[planes == plane]] += binary_product(shown[planes == plane], masks)
    for picture in range(1, maps.shape[1], step):
        hot += count_hot(maps[:, picture : picture + step : 2], thresholds, labels.size)
    return index.by_concept(both), hot


def count_hot(
    maps: Float[np.ndarray, "unit picture row column"],
    thresholds: Float[np.ndarray, "level unit"],
    size: tuple[int, int],
) -> Int[np.ndarray, "level unit"]:
    """Hot label pixels of some pictures at every level."""
    values = spread(maps, *(axis_matrix(*pair) for pair in zip(maps.shape[2:], size, strict=True)))
    pieces = [
        values[:, picture, start : start + _PIXELS_AT_ONCE]
        for picture in range(values.shape[1])
        for start in range(0, values.shape[2], _PIXELS_AT_ONCE)
    ]
    total = np.zeros(thresholds.shape, dtype=np.int64)
    recent = np.zeros((len(thresholds), min(_PIXELS_AT_ONCE, values.shape[2])), dtype=np.uint8)
    masks = np.empty(recent.shape, dtype=bool)
    for unit in range(len(maps)):
        limits = thresholds[:, unit, None]
        for number, piece in enumerate(pieces):
            some, sums = masks[:, : piece.shape[1]], recent[:, : piece.shape[1]]
            np.greater(piece[unit], limits, out=some)
            np.add(sums, some.view(np.uint8), out=sums)
            if number % 255 == 254 or number == len(pieces) - 1:
                total[:, unit] += recent.sum(axis=1, dtype=np.int64)
                recent[:] = 0
    return total
