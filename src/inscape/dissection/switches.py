"""Whether a unit acts as a switch: off in most pictures, fully on in some, hardly ever between.

A switch has two modes in the distribution of its largest value per picture. Two Gaussians are fitted to it by
expectation maximization and compared with one by the Bayesian information criterion; how far apart they
stand is Ashman's D (Ashman, Bird and Zepf, 1994), where D > 2 means two clean modes. Maxima have a long
right tail of their own, and two Gaussians always fit a tail better than one: the control is therefore the
same gain for samples of one skewed mode, a Gumbel distribution; neither gain depends on
mean or spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np

from inscape.dissection.variants import Looking, Series
from inscape.errors import ShapeError

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray

    from inscape.models import Generator

LEAST_D = 2.0
LEAST_SHARE = 0.01
LEAST_PICTURES = 20
_STEPS = 40
_CONTROLS = 100


@dataclass(frozen=True)
class Switch:
    """What the distribution of a unit's largest values looks like.

    Args:
        unit: Counted from 0.
        is_switch: Two clean modes: `d` above 2, both modes at least 1 % of the pictures, and `gain` above
            every control.
        d: Ashman's D, the distance of the modes in units of their common width.
        gain: How much better two modes fit than one: difference of the Bayesian information criterion per
            picture.
        control: The largest gain of 100 samples of one skewed mode.
        share_on: Fraction of the pictures in the upper mode.
        threshold: The value at which both modes are equally likely: above it the switch is on.
        low: Mean of the lower mode.
        high: Mean of the upper mode.
    """

    unit: int
    is_switch: bool
    d: float
    gain: float
    control: float
    share_on: float
    threshold: float
    low: float
    high: float


def maxima(model: Generator, layer: str | None = None, **looking: Unpack[Looking]) -> NDArray[np.float64]:
    """The largest value of every unit in every picture, `[picture, unit]`.

    Args:
        model: The generator.
        layer: The layer; the default one unless given.
        looking: See `Looking`; 1000 images unless it says.

    Raises:
        LayerError: There is no such layer.
        ValueRangeError: Fewer than 2 pictures.
    """
    series = Series.of(model, layer, 1000, looking)
    return np.concatenate([batch.peaks() for batch in series.batches("Reading units", at_once=64)])


def switches(values: Float[np.ndarray, "picture unit"], *, seed: int = 0) -> list[Switch]:
    """Judge every unit by the distribution of its largest values.

    Args:
        values: From `maxima`; at least 20 pictures.
        seed: Of the control samples.

    Raises:
        ShapeError: Not `[picture, unit]`, or too few pictures.
    """
    if values.ndim != 2 or len(values) < LEAST_PICTURES:
        raise ShapeError(
            f"Switches are judged on [picture, unit] with {LEAST_PICTURES} pictures or more, "
            f"got {values.shape}."
        )
    values = np.asarray(values, np.float64)
    fit = _two_modes(values)
    random = np.random.RandomState(seed)
    control = float(_two_modes(random.gumbel(size=(len(values), _CONTROLS))).gain.max())
    clean = (fit.d > LEAST_D) & (np.minimum(fit.share, 1 - fit.share) >= LEAST_SHARE) & (fit.gain > control)
    return [
        Switch(
            unit,
            bool(clean[unit]),
            float(fit.d[unit]),
            float(fit.gain[unit]),
            control,
            float(fit.share[unit]),
            float(fit.threshold[unit]),
            float(fit.low[unit]),
            float(fit.high[unit]),
        )
        for unit in range(values.shape[1])
    ]


@dataclass(frozen=True)
class _Fit:
    d: NDArray[np.float64]
    gain: NDArray[np.float64]
    share: NDArray[np.float64]
    threshold: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def _two_modes(values: NDArray[np.float64]) -> _Fit:
    """Two Gaussians per column, by expectation maximization from three starts; the best of them."""
    count = len(values)
    spread = values.std(0) + 1e-12
    floor = (0.02 * spread) ** 2
    best: list[NDArray[np.float64]] | None = None
    for start in (0.5, 0.8, 0.95):
        cut = np.quantile(values, start, axis=0)
        upper = (values > cut).astype(np.float64) * 0.98 + 0.01
        for _ in range(_STEPS):
            fit = _maximize(values, upper, floor)
            both = [
                _log_density(values, fit[0], fit[2], 1 - fit[4]),
                _log_density(values, fit[1], fit[3], fit[4]),
            ]
            total = np.logaddexp(both[0], both[1])
            upper = np.exp(both[1] - total)
        found = [*fit, total.sum(0)]
        if best is None:
            best = found
        else:
            better = found[5] > best[5]
            best = [np.where(better, new, old) for new, old in zip(found, best, strict=True)]
    assert best is not None
    low, high, low_var, high_var, share, likelihood = best
    swap = low > high
    low, high = np.where(swap, high, low), np.where(swap, low, high)
    low_var, high_var = np.where(swap, high_var, low_var), np.where(swap, low_var, high_var)
    share = np.where(swap, 1 - share, share)
    flat = spread <= 1e-9
    low, high = np.where(flat, values.mean(0), low), np.where(flat, values.mean(0), high)
    single = _log_density(values, values.mean(0), spread**2, np.ones_like(spread)).sum(0)
    gain = (2 * (likelihood - single) - 3 * np.log(count)) / count
    d = np.sqrt(2) * (high - low) / np.sqrt(low_var + high_var)
    return _Fit(d, gain, share, _crossing(low, high, low_var, high_var, share), low, high)


def _maximize(
    values: NDArray[np.float64], upper: NDArray[np.float64], floor: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Means, variances and the upper mode's share for given memberships."""
    means, variances = [], []
    for weight in (1 - upper, upper):
        mass = weight.sum(0) + 1e-12
        mean = (weight * values).sum(0) / mass
        means.append(mean)
        variances.append(np.maximum((weight * (values - mean) ** 2).sum(0) / mass, floor))
    return [*means, *variances, upper.mean(0).clip(1e-6, 1 - 1e-6)]


def _log_density(
    values: NDArray[np.float64],
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    density: NDArray[np.float64] = (
        np.log(share) - 0.5 * np.log(2 * np.pi * variance) - (values - mean) ** 2 / (2 * variance)
    )
    return density


def _crossing(
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    low_var: NDArray[np.float64],
    high_var: NDArray[np.float64],
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where between the means both modes are equally likely, on a fine grid."""
    points = low + (high - low) * np.linspace(0, 1, 201)[:, None]
    gap = _log_density(points, high, high_var, share) - _log_density(points, low, low_var, 1 - share)
    crossing: NDArray[np.float64] = np.take_along_axis(points, np.abs(gap).argmin(0)[None], 0)[0]
    return crossing
