"""Units that spoil pictures: those whose top pictures lie furthest from real ones.

GAN Dissection ranks units by the Fréchet distance between the pictures in which they are most active and real
pictures, and shows that switching the worst off brings all pictures closer to real ones. Distances are taken
in the segmenter's features, on the directions in which real pictures vary most. The pictures of any choice
of that size lie somewhat off, so beside each distance stands that of as many random pictures; beside the
improvement, that of random units. A generator may well have no such units; then the report says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Unpack

import numpy as np
import torch

from inscape.dissection.variants import Looking, Series
from inscape.editing import UnitEdit
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.pictures import to_tensor
from inscape.statistics import Covariance, frechet_distance

if TYPE_CHECKING:
    from jaxtyping import Float
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.models import Generator
    from inscape.segmenters import Segmenter

WORLD_SEED = 80_000_000
"""Seeds of the real pictures count up from here; nothing is trained on them."""

DIRECTIONS = 48


@dataclass(frozen=True)
class ArtifactReport:
    """Which units spoil pictures, and what switching them off does.

    Args:
        model: Name of the model.
        layer: Name of the layer.
        images: Generated pictures looked at.
        ranking: `(unit, distance of its top pictures to real ones)`, the worst first.
        chance: 95 % interval of the distance of as many random generated pictures.
        units: The worst units that were switched off, chosen on one half of the pictures.
        before: Distance of the other half to real pictures.
        after: The same with those units off.
        control: Distances with random sets of as many units off.
    """

    model: str
    layer: str
    images: int
    ranking: tuple[tuple[int, float], ...]
    chance: tuple[float, float]
    units: tuple[int, ...]
    before: float
    after: float
    control: tuple[float, ...] = field(default=())

    @property
    def suspects(self) -> tuple[int, ...]:
        """Units whose top pictures lie further off than 97.5 % of random choices."""
        return tuple(unit for unit, distance in self.ranking if distance > self.chance[1])

    @property
    def found(self) -> bool:
        """Whether switching them off brings pictures closer, and more so than 95 % of random sets do."""
        return self.after < self.before and self.after < float(np.quantile(self.control, 0.05))


def artifact_units(
    model: Generator,
    *,
    layer: str | None = None,
    top: int = 20,
    share: float = 0.05,
    real: Float[Tensor, "picture 3 height width"] | None = None,
    **looking: Unpack[Looking],
) -> ArtifactReport:
    """Rank units by how far their top pictures lie from real ones, and switch the worst off.

    Args:
        model: The generator.
        layer: The layer; the default one unless given.
        top: How many units to switch off.
        share: Top pictures of a unit, as a fraction of the first half.
        real: Real pictures in [-1, 1]; as many scenes of the world on the model's card unless given.
        looking: See `Looking`; 2000 images unless it says: half to choose the units on, half to measure what
            they do. Distances are taken in the features of its segmenter.

    Raises:
        LayerError: There is no such layer.
        ValueRangeError: Too few pictures for the share, too few sets, or more units than the layer has.
        UnsupportedError: No real pictures were given, and the card names no world.
        CancelledError: The person asked to stop.
    """
    whole = Series.of(model, layer, 2000, looking)
    place, half = whole.layer, whole.images // 2
    first = replace(whole, images=half)
    count = round(half * share)
    if whole.controls < 2:
        raise ValueRangeError(f"Units are judged beside at least 2 random sets, got {whole.controls}.")
    if count < 8 or not 0 < share < 0.5 or not 0 < top < place.units:
        raise ValueRangeError(
            f"Top pictures must be at least 8 and units fewer than {place.units}; "
            f"got {count} of {half} pictures and {top} units."
        )
    reader = whole.reader
    space = _Space(_features(reader, _world(model, half) if real is None else real))
    seen = [
        (batch.peaks(), _features(reader, batch.draw())) for batch in first.batches("Looking at pictures")
    ]
    peaks, plain = (np.concatenate(part) for part in zip(*seen, strict=True))
    points = space(plain)
    order = np.argsort(-peaks, axis=0, kind="stable")[:count]
    distance = np.array([space.distance(points[order[:, unit]]) for unit in range(place.units)])
    random = np.random.RandomState(whole.seed % 2**32)
    chance = [space.distance(points[random.choice(half, count, replace=False)]) for _ in range(200)]
    worst = np.argsort(-distance, kind="stable")
    units = [int(unit) for unit in worst[:top]]
    sets = [[], units, *whole.random_sets(units)]
    measured = _second_half(replace(first, seed=whole.seed + half), sets, reader)
    distances = [space.distance(space(features)) for features in measured]
    low, high = np.quantile(chance, [0.025, 0.975])
    return ArtifactReport(
        model.name,
        place.name,
        2 * half,
        tuple((int(unit), float(distance[unit])) for unit in worst),
        (float(low), float(high)),
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


def _world(model: Generator, count: int) -> Tensor:
    if model.card.world is None:
        raise UnsupportedError(f"The card of {model.name!r} names no world of real pictures.", "Pass real=.")
    from inscape.scenes import world

    pictures, _ = world(model.card.world).batch(range(WORLD_SEED, WORLD_SEED + count), model.image_size)
    return to_tensor(pictures)


def _features(reader: Segmenter, images: Tensor) -> NDArray[np.float64]:
    parts = [reader.features(images[start : start + 64]) for start in range(0, len(images), 64)]
    features: NDArray[np.float64] = torch.cat(parts).double().cpu().numpy()
    return features


def _second_half(
    series: Series, sets: Sequence[Sequence[int]], reader: Segmenter
) -> list[NDArray[np.float64]]:
    """Features of fresh pictures with each set of units off."""
    rows: list[list[NDArray[np.float64]]] = [[] for _ in sets]
    for batch in series.batches("Switching units off"):
        for row, units in zip(rows, sets, strict=True):
            edits = [UnitEdit(series.layer.name, tuple(units), mode="remove")] if units else []
            row.append(_features(reader, batch.edited(*edits)))
    return [np.concatenate(row) for row in rows]
