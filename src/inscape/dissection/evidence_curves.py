"""Deletion and insertion: the logit as units are switched off or on, beside random and equally active ones.

Petsiuk et al., "RISE" (BMVC 2018), with units for pixels. Units that are as active as the best ones tell
whether it is the evidence that counts or merely the activation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inscape.dissection.evidence_parts import MANY_SETS, CurvePoint

_NEAR = 8
"""By how many ranks of activation an equally active unit may lie beside."""


@dataclass(frozen=True, eq=False)
class Orders:
    """Units in the orders in which curves take them.

    Attributes:
        best: Those that contribute most, first.
        random: Random orders of all units.
        active: Orders of other units, each as active as the one of `best` at its place.
    """

    best: Int[np.ndarray, "place"]
    random: Int[np.ndarray, "set place"]
    active: Int[np.ndarray, "set place"]

    @classmethod
    def of(
        cls,
        contributions: Float[np.ndarray, "unit"],
        activations: Float[np.ndarray, "unit"],
        most: int,
        sets: int,
    ) -> Orders:
        """Draw them, always the same ones.

        Args:
            contributions: Of every unit, of which there are 2 at least.
            activations: Likewise.
            most: Units that a curve goes up to; at most half of all are taken.
            sets: Random and equally active orders.
        """
        random, units = np.random.default_rng(0), len(contributions)
        most = min(most, units // 2)
        best = np.argsort(-contributions, kind="stable")[:most]
        others = np.setdiff1d(np.arange(units), best)
        others = others[np.argsort(activations[others], kind="stable")]
        drawn = np.argsort(random.random((sets, units)), axis=1)[:, :most]
        near = np.searchsorted(activations[others], activations[best])
        near = near + random.integers(-_NEAR, _NEAR + 1, (sets, most))
        order = np.argsort(near, axis=1, kind="stable")
        step = np.arange(most)
        places = np.take_along_axis(near, order, axis=1)  # ascending, then each once and in range
        places = np.maximum.accumulate(np.maximum(places, 0) - step, axis=1) + step
        places = np.minimum(places, len(others) - most + step)
        active = np.empty_like(places)
        np.put_along_axis(active, order, others[np.maximum(places, 0)], axis=1)
        return cls(best, drawn, active)


def linear_curves(
    contributions: Float[np.ndarray, "unit"], orders: Orders, logit: float
) -> tuple[tuple[CurvePoint, ...], tuple[CurvePoint, ...]]:
    """Deletion and insertion where the logit is the sum of the contributions and a constant."""
    taken = [contributions[order].cumsum(-1) for order in (orders.best[None], orders.random, orders.active)]
    counts = counts_to(len(orders.best))
    nothing = logit - float(contributions.sum())

    def curve(start: float, sign: int) -> tuple[CurvePoint, ...]:
        best, *others = (start + sign * np.pad(each, [(0, 0), (1, 0)])[:, counts] for each in taken)
        bands = [list(zip(*_bands(each), strict=True)) for each in others]
        return tuple(
            CurvePoint(count, float(best[0, place]), bands[0][place], bands[1][place])
            for place, count in enumerate(counts)
        )

    return curve(logit, -1), curve(nothing, 1)


def measured_curves(
    numbers: Callable[[Float[np.ndarray, "picture unit"]], Float[np.ndarray, "picture"]],
    units: int,
    orders: Orders,
    counts: Sequence[int],
) -> tuple[tuple[CurvePoint, ...], tuple[CurvePoint, ...]]:
    """The same by running the network.

    Args:
        numbers: The logit with each unit times a scale.
        units: Of the layer.
        orders: The orders.
        counts: Units that are switched at each point.
    """

    def curve(before: float, after: float) -> Iterable[CurvePoint]:
        for count in counts:
            rows = [orders.best[:count], *orders.random[:, :count], *orders.active[:, :count]]
            scales = np.full((len(rows), units), before)
            for scale, row in zip(scales, rows, strict=True):
                scale[row] = after
            found = numbers(scales)
            sets = len(orders.random)
            yield CurvePoint(count, float(found[0]), band(found[1 : 1 + sets]), band(found[1 + sets :]))

    return tuple(curve(1.0, 0.0)), tuple(curve(0.0, 1.0))


def counts_to(most: int) -> list[int]:
    """How many units the points of a curve switch."""
    steps = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500]
    return [step for step in steps if step <= most]


def band(values: Float[np.ndarray, "set"]) -> tuple[float, float, float]:
    """The mean, and the interval that holds 95 % of the sets, or all of fewer than 20."""
    mean, low, high = _bands(values[:, None])
    return mean[0], low[0], high[0]


def _bands(values: Float[np.ndarray, "set point"]) -> tuple[list[float], list[float], list[float]]:
    ends = [0.025, 0.975] if len(values) >= MANY_SETS else [0.0, 1.0]
    low, high = np.quantile(values, ends, axis=0)
    return values.mean(axis=0).tolist(), low.tolist(), high.tolist()
