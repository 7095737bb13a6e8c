"""How much of a concept goes with the first units of three orders, beside random sets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from inscape.dissection import RANKS
from inscape.dissection.effects import control_of
from inscape.dissection.variants import Series, random_sets
from inscape.editing import UnitEdit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.dissection import DissectionReport
    from inscape.types import JsonObject

COUNTS = (1, 2, 4, 8, 10, 12, 16, 20)
"""Units off at each point of the curves."""

_DRAWS = 1000


def curves(series: Series, report: DissectionReport, concepts: list[str]) -> JsonObject:
    """For each concept the share that is removed, by order and units off, on pictures that chose nothing.

    `area` is the mean height of a curve from 0 to 20 units, with a 95 % interval over the choice of pictures;
    `ahead` is by how much that of α is larger, with the interval of the difference on the same pictures.

    Args:
        series: The pictures.
        report: With the causes of all these concepts.
        concepts: Their names.
    """
    return {concept: _concept(series, report, concept) for concept in concepts}


def _concept(series: Series, report: DissectionReport, concept: str) -> JsonObject:
    layer, units = series.layer.name, series.layer.units
    orders = {rank: report.order(concept, rank).units[: COUNTS[-1]] for rank in RANKS}
    sets = random_sets(units, orders["alpha"], series.controls, series.seed)
    tried = {f"{rank} {count}": order[:count] for rank, order in orders.items() for count in COUNTS}
    tried |= {f"random {number}": tuple(some) for number, some in enumerate(sets)}
    areas = {name: np.zeros(0) for name in ("", *tried)}
    number = series.reader.vocabulary.index(concept)
    plane = series.reader.vocabulary.plane_of(concept)
    for batch in replace(series, segmenter=series.reader).batches(f"Switching units of {concept} off"):
        for name in areas:
            off = [UnitEdit(layer, tried[name], mode="remove")] if name else []
            found = series.reader.segment(batch.edited(*off))[:, plane] == number
            areas[name] = np.concatenate([areas[name], found.double().mean((1, 2)).cpu().numpy()])
    return _told(areas, orders, len(sets))


def _told(areas: dict[str, NDArray[np.float64]], orders: dict[str, tuple[int, ...]], sets: int) -> JsonObject:
    picks = np.random.RandomState(0).randint(0, len(areas[""]), (_DRAWS, len(areas[""])))
    picks = np.concatenate([np.arange(len(areas[""]))[None], picks])
    sums = {name: row[picks].sum(1) for name, row in areas.items()}
    kept = sums[""] > 0
    gone = {name: 1 - row[kept] / sums[""][kept] for name, row in sums.items()}
    if not kept[0]:
        return {"not_measured": "these pictures do not show it"}
    heights = {rank: _area(np.stack([gone[f"{rank} {count}"] for count in COUNTS])) for rank in orders}
    random = control_of([float(gone[f"random {number}"][0]) for number in range(sets)]) if sets else None
    return {
        "area_before": float(areas[""].mean()),
        "curves": {
            rank: [[count, round(float(gone[f"{rank} {count}"][0]), 4)] for count in COUNTS]
            for rank in orders
        },
        "area": {rank: _with_interval(height) for rank, height in heights.items()},
        "ahead": {
            rank: _with_interval(heights["alpha"] - height)
            for rank, height in heights.items()
            if rank != "alpha"
        },
        "random": None
        if random is None
        else {"sets": sets, "removed": random["relative_change"], "interval": random["interval"]},
        "units": {rank: list(units) for rank, units in orders.items()},
    }


def _area(removed: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean height of curves `[count, draw]` from 0 to the last count."""
    at = np.array([0, *COUNTS])
    heights = np.concatenate([np.zeros((1, removed.shape[1])), removed])
    area: NDArray[np.float64] = np.trapezoid(heights, at, axis=0) / at[-1]
    return area


def _with_interval(values: NDArray[np.float64]) -> JsonObject:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return {"value": round(float(values[0]), 4), "interval": [round(float(low), 4), round(float(high), 4)]}
