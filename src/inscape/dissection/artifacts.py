"""Artifact units: those whose top pictures lie furthest from real pictures.

GAN Dissection ranks units by the Fréchet distance between the pictures in which they are most active and real
pictures, and shows that switching the worst off brings all pictures closer to real ones. Distances are taken
in the segmenter's features, on the directions in which real pictures vary most. The pictures of any choice
of that size lie somewhat off, so beside each distance stands that of as many random pictures; beside the
improvement, that of random units. A generator may well have no such units; then the report says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Unpack

import numpy as np

from inscape.dissection.variants import Looking, Series, Variants, no_comparison
from inscape.editing import UnitEdit
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.pictures import to_tensor
from inscape.progress import SilentProgress
from inscape.reports import Report, bars
from inscape.statistics import Covariance, frechet_distance

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from pandas import DataFrame
    from torch import Tensor

    from inscape.models import Generator
    from inscape.segmenters import Segmenter

WORLD_SEED = 80_000_000
"""Seeds of the real pictures count up from here; nothing is trained on them."""

DIRECTIONS = 48
SHARE = 0.05
"""Of the first half of the pictures: the top pictures of a unit."""

_REAL_AT_ONCE = 64
_AT_ONCE = 8
"""Pictures in a batch that is drawn without every set of units: what waits, waits for all of them."""


@dataclass(frozen=True, eq=False)
class ArtifactReport(Report):
    """The units that spoil pictures, and the effect of switching them off.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        images: Generated pictures looked at.
        seed: Seed of the first.
        units: `(unit, distance of its top pictures to real ones)`, the worst first.
        chance: 95 % interval of the distance of as many random generated pictures.
        off: The worst units that were switched off, chosen on one half of the pictures.
        before: Distance of the other half to real pictures.
        after: The same with those units off.
        control: Distances with random sets of as many units off; none where too few are outside the set.
    """

    kind: ClassVar[str] = "artifacts"

    model: str
    layer: str
    images: int
    seed: int
    units: tuple[tuple[int, float], ...]
    chance: tuple[float, float]
    off: tuple[int, ...]
    before: float
    after: float
    control: tuple[float, ...] = ()

    @property
    def suspects(self) -> tuple[int, ...]:
        """Units whose top pictures lie further off than 97.5 % of random choices."""
        return tuple(unit for unit, distance in self.units if distance > self.chance[1])

    @property
    def found(self) -> bool:
        """Whether switching them off reduces the distance more than 95 % of random sets do.

        Without random sets it is not known, and counts as no.
        """
        return (
            bool(self.control)
            and self.after < self.before
            and self.after < float(np.quantile(self.control, 0.05))
        )

    def table(self) -> DataFrame:
        """A row per unit, the worst first: its distance, whether that is above chance, whether it was off."""
        from pandas import DataFrame

        suspects, off = set(self.suspects), set(self.off)
        return DataFrame(
            [
                {"unit": unit, "distance": distance, "suspect": unit in suspects, "off": unit in off}
                for unit, distance in self.units
            ]
        )

    def heading(self) -> str:
        """Layer and model."""
        return f"Units of {self.layer} of {self.model} that spoil pictures"

    def facts(self) -> str:
        """The main figures in one line."""
        if self.control:
            low, high = np.quantile(self.control, [0.025, 0.975])
            said = (
                "the pictures come closer to real ones" if self.found else "the difference is within chance"
            )
            random = f"random units {low:.3g} to {high:.3g}: {said}"
        else:
            random = no_comparison(len(self.off))
        return (
            f"{len(self.off)} worst units off: distance to real pictures {self.before:.3g}, then "
            f"{self.after:.3g}; {random}. {self.images} pictures."
        )

    def figure(self) -> str:
        """The distances of the worst units, beside the highest of random pictures."""
        worst = [(f"unit {unit}", distance) for unit, distance in self.units[:20]]
        rows = [*worst, ("random pictures, 97.5 %", self.chance[1])]
        most = max(distance for _, distance in rows) or 1.0
        return bars((name, distance / most, f"{distance:.3g}") for name, distance in rows)


def artifact_units(
    model: Generator,
    *,
    layer: str | None = None,
    top: int = 20,
    real: Float[Tensor, "picture 3 height width"] | None = None,
    **looking: Unpack[Looking],
) -> ArtifactReport:
    """Rank units by the distance of their top pictures from real pictures, and switch the worst off.

    Args:
        model: The generator.
        layer: The layer; the default one unless given.
        top: Number of units to switch off.
        real: Real pictures in [-1, 1]; as many scenes of the world on the model's card unless given.
        looking: See `Looking`; 2000 images unless it says: half to choose the units on, half to measure what
            they do. Distances are taken in the features of its segmenter.

    Raises:
        LayerError: There is no such layer.
        ValueRangeError: Too few pictures, too few sets, or more units than the layer has.
        UnsupportedError: No real pictures were given, and the card names no world.
        CancelledError: The person cancelled.
    """
    whole = Series.of(model, layer, 2000, looking)
    place, half = whole.layer, whole.images // 2
    first, count = replace(whole, images=half), round(half * SHARE)
    if whole.controls < 2:
        raise ValueRangeError(f"A comparison needs at least 2 random sets, got {whole.controls}.")
    if count < 8 or not 0 < top < place.units:
        raise ValueRangeError(
            f"A ranking needs at least 8 top pictures and fewer than {place.units} units to switch off; "
            f"got {count} of {half} pictures and {top} units.",
            "Raise --images, or lower --top.",
        )
    reader = whole.reader
    space = _Space(np.concatenate([_features(reader, part) for part in _real(whole, half, real)]))
    seen = first.over(_Seen(reader), "Recording activations")
    peaks, plain = (np.concatenate(part) for part in zip(*seen, strict=True))
    points, order = space(plain), np.argsort(-peaks, axis=0, kind="stable")[:count]
    distance = np.array([space.distance(points[order[:, unit]]) for unit in range(place.units)])
    worst = np.argsort(-distance, kind="stable")
    units = [int(unit) for unit in worst[:top]]
    sets = [[], units, *whole.random_sets(units)]
    second, changed = replace(first, seed=whole.seed + half), _Without(reader, sets)
    without = second.over(changed, "Switching units off", at_once=_AT_ONCE)
    features = np.concatenate(list(without), axis=1)
    distances = [space.distance(space(each)) for each in features]
    return ArtifactReport(
        model.name,
        place.name,
        2 * half,
        whole.seed,
        tuple((int(unit), float(distance[unit])) for unit in worst),
        space.chance(points, count, whole.seed),
        tuple(units),
        distances[0],
        distances[1],
        tuple(distances[2:]),
    )


class _Space:
    """The directions in which real pictures vary most, and distances to them."""

    def __init__(self, real: NDArray[np.float64]) -> None:
        self._centre = real.mean(0)
        spread = np.cov(real - self._centre, rowvar=False)
        _, vectors = np.linalg.eigh(spread)
        self._basis = vectors[:, ::-1][:, :DIRECTIONS]
        self._real = Covariance.of(self(real))

    def __call__(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        points: NDArray[np.float64] = (features - self._centre) @ self._basis
        return points

    def distance(self, points: NDArray[np.float64]) -> float:
        """Fréchet distance of two Gaussians: the points and the real pictures (Dowson and Landau, 1982)."""
        return frechet_distance(Covariance.of(points), self._real)

    def chance(self, points: NDArray[np.float64], count: int, seed: int) -> tuple[float, float]:
        """95 % interval of the distance of so many random points."""
        random = np.random.RandomState(seed % 2**32)
        chosen = (random.choice(len(points), count, replace=False) for _ in range(200))
        low, high = np.quantile([self.distance(points[each]) for each in chosen], [0.025, 0.975])
        return float(low), float(high)


def _real(series: Series, count: int, given: Tensor | None) -> Iterator[Tensor]:
    """Real pictures, some at a time, while progress is told: scenes of the world unless others are given."""
    total = count if given is None else len(given)
    with (series.progress or SilentProgress()).task("Looking at real pictures", total, "pictures") as told:
        for start in range(0, total, _REAL_AT_ONCE):
            numbers = range(start, min(start + _REAL_AT_ONCE, total))
            yield _scenes(series.model, numbers) if given is None else given[numbers.start : numbers.stop]
            told.advance(len(numbers))


def _scenes(model: Generator, numbers: range) -> Tensor:
    if model.card.world is None:
        raise UnsupportedError(
            f"The card of {model.name!r} names no world of real pictures.",
            "Name a folder of real pictures: --real (real= in Python).",
        )
    from inscape.scenes import world

    seeds = range(WORLD_SEED + numbers.start, WORLD_SEED + numbers.stop)
    return to_tensor(world(model.card.world).batch(seeds, model.image_size)[0])


def _features(reader: Segmenter, images: Tensor) -> NDArray[np.float64]:
    return reader.features(images).double().cpu().numpy()


@dataclass(frozen=True)
class _Seen:
    """Largest value of every unit `[picture, unit]`, and the pictures' features."""

    reader: Segmenter

    def __call__(self, batch: Variants) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return batch.peaks(), _features(self.reader, batch.draw())


@dataclass(frozen=True)
class _Without:
    """Features of pictures with each set of units off, `[set, picture, feature]`."""

    reader: Segmenter
    sets: Sequence[Sequence[int]]

    def __call__(self, batch: Variants) -> NDArray[np.float64]:
        layer = batch.layer.name
        off = [[UnitEdit(layer, tuple(units), mode="remove")] if units else [] for units in self.sets]
        return np.stack([_features(self.reader, batch.edited(*edits)) for edits in off])
