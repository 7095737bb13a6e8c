"""The value that a unit's top fraction of up-sampled pixels exceeds, exactly, from the raw maps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float

from inscape.errors import ShapeError, ValueRangeError
from inscape.statistics._base import product
from inscape.statistics._grid import Border, axis_matrix
from inscape.statistics._hits import Hits, find_hits
from inscape.types import Array

_SAMPLE = 1 << 17
"""So many values of a unit tell a threshold well enough to find it exactly from there."""


def sampled_values(
    maps: Float[np.ndarray, "unit picture row column"], size: tuple[int, int], border: Border = "repeat"
) -> Float[np.ndarray, "unit sample"]:
    """Up-sampled values on every (scale + 1)-th label row and column, or thinner: all phases of the grid."""
    scales = [max(1, label // length) for length, label in zip(maps.shape[2:], size, strict=True)]
    wanted = maps[0].size * np.prod(scales) / ((scales[0] + 1) * (scales[1] + 1) * _SAMPLE)
    thin = max(1, round(float(np.sqrt(wanted))))
    down, across = (
        axis_matrix(length, label, border)[:: thin * scale + 1].astype(maps.dtype)
        for length, label, scale in zip(maps.shape[2:], size, scales, strict=True)
    )
    wide = product(maps.reshape(-1, maps.shape[3]), np.ascontiguousarray(across.T))
    return product(down, wide.reshape(*maps.shape[:3], -1)).reshape(len(maps), -1)


def nth_largest(values: Float[np.ndarray, "unit sample"], rank: int) -> Float[np.ndarray, "unit"]:
    """The value that exactly `rank` others exceed (fewer where values tie)."""
    place = values.shape[1] - 1 - rank
    return np.partition(values, place, axis=1)[:, place]


def a_hair_above(values: Array) -> Array:
    """A millionth more, so that values that differ by rounding alone fall on the same side."""
    raised: Array = values + np.abs(values) * values.dtype.type(1e-6)
    return raised


def hits_at_top(
    maps: Float[np.ndarray, "unit picture row column"],
    fraction: float,
    size: tuple[int, int],
    border: Border = "repeat",
) -> tuple[Float[np.ndarray, "unit"], Hits]:
    """Exact thresholds of every unit's top `fraction` of up-sampled values, and the pixels above them.

    A sample of the values gives a level that is almost surely a little too low; the pixels above it are
    found without up-sampling the rest, and the exact order statistic is taken among them. A unit for which
    the level was not low enough is done again with a lower one, so the result does not depend on the sample.

    Args:
        maps: Raw activations, unit first.
        fraction: The fraction of all up-sampled values that may lie above the threshold, in (0, 1).
        size: Label rows and columns.
        border: What lies beyond the border of the maps.

    Returns:
        The thresholds (a hair above a value of the unit: at most `floor(fraction * values)` lie above) and
        the hits.
    """
    if not 0 < fraction < 1:
        raise ValueRangeError(f"The top fraction lies between 0 and 1, got {fraction}.")
    if maps.size == 0:
        raise ShapeError(f"Thresholds need at least one picture and unit, got shape {maps.shape}.")
    allowed = int(np.floor(fraction * maps.shape[1] * size[0] * size[1]))
    floor = maps.min(axis=(1, 2, 3))
    if border == "zeros":
        floor = np.minimum(floor, 0)
    sample = sampled_values(maps, size, border)
    # 1.05 and three standard deviations of a sample whose neighbours are half redundant
    guess = 1.05 * fraction + 3 * np.sqrt(fraction / sample.shape[1])
    open_units = np.ones(len(maps), dtype=bool)
    thresholds = np.empty(len(maps), dtype=maps.dtype)
    found: list[Hits] = []
    while open_units.any():
        level = nth_largest(sample, int(guess * sample.shape[1])) if guess < 0.5 else floor
        tried = np.maximum(level, floor)
        hits = find_hits(maps[open_units], tried, size, border)
        enough = hits.counts > allowed
        # a unit tried at its lowest value: what is not above lies on it, so that value is the threshold
        done = enough | (tried <= floor)
        exact = a_hair_above(np.where(enough, _ragged_nth_largest(hits, allowed), floor).astype(maps.dtype))
        units = np.flatnonzero(open_units)[done]
        thresholds[units] = exact[done]
        found.append(hits.above(np.where(done, exact, np.inf)).spread(open_units))
        open_units[units] = False
        sample, floor = sample[~done], floor[~done]
        guess *= 3
    return thresholds, _merged(found)


def _ragged_nth_largest(hits: Hits, rank: int) -> Float[np.ndarray, "unit"]:
    """`nth_largest` over the hits of each unit; -inf where there are not enough."""
    found = np.full(len(hits.counts), -np.inf, dtype=hits.values.dtype)
    for unit, (start, end) in enumerate(pairwise(hits.starts.tolist())):
        if end - start > rank:
            found[unit] = nth_largest(hits.values[None, start:end], rank)[0]
    return found


def _merged(parts: list[Hits]) -> Hits:
    """Hits of disjoint sets of units, sorted by unit again."""
    if len(parts) == 1:
        return parts[0]
    order = np.argsort(np.concatenate([part.units() for part in parts]), kind="stable")
    counts = np.sum([part.counts for part in parts], axis=0)
    return Hits(
        np.concatenate([[0], np.cumsum(counts)]),
        np.concatenate([part.values for part in parts])[order],
        np.concatenate([part.places for part in parts])[order],
    )
