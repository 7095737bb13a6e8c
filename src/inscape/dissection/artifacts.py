"""Units that spoil pictures: those whose top pictures lie furthest from real ones.

GAN Dissection ranks units by the Fréchet distance between the pictures in which they are most active and real
pictures, and shows that switching the worst off brings all pictures closer to real ones. Distances are taken
in the segmenter's features, on the directions in which real pictures vary most. The pictures of any choice
of that size lie somewhat off, so beside each distance stands that of as many random pictures; beside the
improvement, that of random units. A generator may well have no such units; then the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch

from inscape.dissection.variants import FRESH_SEED, batches, fitting_segmenter, random_sets
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
    from inscape.progress import Progress
    from inscape.segmenters import Segmenter

WORLD_SEED = 80_000_000
"""Seeds of the real pictures count up from here; nothing is trained on them."""

DIRECTIONS = 48


@dataclass(frozen=True, eq=False)
class ArtifactReport(Report):
    """Which units spoil pictures, and what switching them off does.

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
        control: Distances with random sets of as many units off.
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
        """Whether switching them off brings pictures closer, and more so than 95 % of random sets do."""
        return self.after < self.before and self.after < float(np.quantile(self.control, 0.05))

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
        """One line of figures."""
        low, high = np.quantile(self.control, [0.025, 0.975])
        said = "pictures come closer to real ones" if self.found else "no more than by chance"
        return (
            f"{len(self.off)} worst units off: distance to real pictures {self.before:.3g}, then "
            f"{self.after:.3g}; random units {low:.3g} to {high:.3g}: {said}. {self.images} pictures."
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
    images: int = 2000,
    share: float = 0.05,
    seed: int = FRESH_SEED,
    controls: int = 20,
    real: Float[Tensor, "picture 3 height width"] | None = None,
    segmenter: Segmenter | str | None = None,
    progress: Progress | None = None,
) -> ArtifactReport:
    """Rank units by how far their top pictures lie from real ones, and switch the worst off.

    Args:
        model: The generator.
        layer: The layer; the default one unless given.
        top: How many units to switch off.
        images: Generated pictures: half to choose the units on, half to measure what they do.
        share: Top pictures of a unit, as a fraction of the first half.
        seed: Seed of the first picture.
        controls: Random sets of as many units.
        real: Real pictures in [-1, 1]; as many scenes of the world on the model's card unless given.
        segmenter: Whose features distances are taken in; the one on the model's card unless given.
        progress: Told about pictures as they are done.

    Raises:
        LayerError: There is no such layer.
        ValueRangeError: Too few pictures for the share, too few sets, or more units than the layer has.
        UnsupportedError: No real pictures were given, and the card names no world.
        CancelledError: The person asked to stop.
    """
    place = model.layer(layer)
    half = images // 2
    count = round(half * share)
    if controls < 2:
        raise ValueRangeError(f"Units are judged beside at least 2 random sets, got {controls}.")
    if count < 8 or not 0 < share < 0.5 or not 0 < top < place.units:
        raise ValueRangeError(
            f"Top pictures must be at least 8 and units fewer than {place.units}; "
            f"got {count} of {half} pictures and {top} units."
        )
    reader, told = fitting_segmenter(model, segmenter), progress or SilentProgress()
    space = _Space(_features(reader, _world(model, half) if real is None else real))
    peaks, plain = _first_half(model, place.name, (seed, half), reader, told)
    points = space(plain)
    order = np.argsort(-peaks, axis=0, kind="stable")[:count]
    distance = np.array([space.distance(points[order[:, unit]]) for unit in range(place.units)])
    random = np.random.RandomState(seed % 2**32)
    chance = [space.distance(points[random.choice(half, count, replace=False)]) for _ in range(200)]
    worst = np.argsort(-distance, kind="stable")
    units = [int(unit) for unit in worst[:top]]
    sets = [[], units, *random_sets(place.units, units, controls, seed)]
    with told.task("Switching units off", half * len(sets), "pictures") as task:
        measured = _second_half(model, place.name, (seed + half, half), sets, reader, task.advance)
    distances = [space.distance(space(features)) for features in measured]
    low, high = np.quantile(chance, [0.025, 0.975])
    return ArtifactReport(
        model.name,
        place.name,
        2 * half,
        seed,
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


def _first_half(
    model: Generator, layer: str, seeds: tuple[int, int], reader: Segmenter, progress: Progress
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest value of every unit `[picture, unit]`, and the pictures' features."""
    peaks, features = [], []
    with progress.task("Looking at pictures", seeds[1], "pictures") as task:
        for batch in batches(model, layer, seed=seeds[0], images=seeds[1]):
            peaks.append(batch.features.amax((2, 3)).double().cpu().numpy())
            features.append(_features(reader, batch.draw()))
            task.advance(len(batch.seeds))
    return np.concatenate(peaks), np.concatenate(features)


def _second_half(
    model: Generator,
    layer: str,
    seeds: tuple[int, int],
    sets: Sequence[Sequence[int]],
    reader: Segmenter,
    advance: Callable[[int], None],
) -> list[NDArray[np.float64]]:
    """Features of fresh pictures with each set of units off."""
    rows: list[list[NDArray[np.float64]]] = [[] for _ in sets]
    for batch in batches(model, layer, seed=seeds[0], images=seeds[1]):
        for row, units in zip(rows, sets, strict=True):
            edits = [UnitEdit(layer, tuple(units), mode="remove")] if units else []
            row.append(_features(reader, batch.edited(*edits)))
            advance(len(batch.seeds))
    return [np.concatenate(row) for row in rows]
