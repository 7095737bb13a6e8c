"""Means, shares, ratios and average precision, with intervals from resampling photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inscape.types import JsonObject

Floats = NDArray[np.float64]
RESAMPLED = 1000


def spread(values: Sequence[float | None]) -> dict[str, float] | None:
    """Count, mean, least, median and largest of the values that there are."""
    found = np.array([value for value in values if value is not None], np.float64)
    if not len(found):
        return None
    return {
        "count": len(found),
        "mean": float(found.mean()),
        "min": float(found.min()),
        "median": float(np.median(found)),
        "max": float(found.max()),
    }


def share(values: Sequence[bool]) -> float | None:
    """Which part of the values is true."""
    return float(np.mean(values)) if len(values) else None


def resampled(
    count: int, function: Callable[[NDArray[np.int64]], float], times: int = RESAMPLED, seed: int = 0
) -> list[float] | None:
    """The 95 % interval of a figure over resampled photos.

    Args:
        count: How many photos.
        function: From the numbers of the chosen photos to the figure; NaN where it has none.
        times: How often.
        seed: Of the resampling.
    """
    if count < 2:
        return None
    random = np.random.RandomState(seed)
    values = np.array([function(random.randint(0, count, count)) for _ in range(times)])
    values = values[np.isfinite(values)]
    return [float(edge) for edge in np.percentile(values, (2.5, 97.5))] if len(values) else None


def ratio(rows: Sequence[JsonObject], above: str, below: str, by: str = "photo") -> JsonObject | None:
    """The mean of one column over the mean of another, with an interval over resampled photos."""
    rows = [row for row in rows if row.get(above) is not None and row.get(below) is not None]
    if not rows:
        return None
    names = sorted({row[by] for row in rows})
    sums = np.zeros((len(names), 2))
    for row in rows:
        sums[names.index(row[by])] += row[above], row[below]

    def of(chosen: NDArray[np.int64]) -> float:
        top, bottom = sums[chosen].sum(0)
        return float(top / bottom) if abs(bottom) > 1e-9 else float("nan")

    whole = of(np.arange(len(names)))
    return {
        "ratio": whole if np.isfinite(whole) else None,
        "interval": resampled(len(names), of),
        "photos": len(names),
        "rows": len(rows),
    }


def average_precision(scores: Floats, positive: NDArray[np.bool_]) -> float:
    """The area under precision over recall; equal scores count as one step."""
    order = np.argsort(-scores, kind="stable")
    hits, last = np.cumsum(positive[order]), np.append(np.diff(scores[order]) != 0, True)
    precision, recall = (hits / np.arange(1, len(hits) + 1))[last], (hits / max(hits[-1], 1))[last]
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def rounded(value: object) -> object:
    """Every number to five significant digits; what is not finite becomes None."""
    if isinstance(value, dict):
        return {name: rounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(inner) for inner in value]
    if isinstance(value, float | np.floating):
        return float(f"{value:.5g}") if np.isfinite(value) else None
    return value
