"""How much of a picture every concept covers, and how far generated pictures are from a world in that.

Areas compare what a generator draws with what its world holds, concept by concept; the Fréchet distance of
area vectors (two Gaussians; Dowson and Landau, 1982) sums it up in one number, to be read beside the floor:
the same distance between two disjoint samples of the world itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from inscape.errors import ShapeError, ValueRangeError
from inscape.parallel import InProcess, pieces_of
from inscape.pictures import to_tensor
from inscape.statistics import Covariance, frechet_distance
from inscape.types import JsonObject

if TYPE_CHECKING:
    from jaxtyping import Float, Float64, UInt8
    from numpy.typing import NDArray
    from torch import Tensor

    from inscape.concepts import Vocabulary
    from inscape.models import Generator
    from inscape.parallel import Executor
    from inscape.scenes.scene import World
    from inscape.segmenters.segmenter import Segmenter

REFERENCE_SEED = 70_000_000
"""World samples that distances are measured to count up from here."""

WATERMARK = {"banner": 0.03, "lettering": 0.015}
"""A picture carries a watermark when one of these concepts covers more than this share of it."""


def class_areas(labels: UInt8[Tensor, "b plane h w"], vocabulary: Vocabulary) -> Float64[Tensor, "b concept"]:
    """The fraction of each picture that every concept covers, 0 to 1, in the order of `vocabulary.names`.

    Raises:
        ShapeError: These are not label maps of the vocabulary's planes.
    """
    if labels.ndim != 4 or labels.shape[1] != len(vocabulary.planes) or labels.dtype != torch.uint8:
        raise ShapeError(
            f"Label maps are uint8 [batch, {len(vocabulary.planes)}, height, width], "
            f"got {labels.dtype} {list(labels.shape)}."
        )
    values, count = len(vocabulary), len(labels)
    pixels = labels.shape[2] * labels.shape[3]
    places = labels.flatten(1).long() + torch.arange(count, device=labels.device)[:, None] * values
    counts = torch.bincount(places.flatten(), minlength=count * values).view(count, values)
    return counts[:, 1:].cpu().double() / pixels


class ClassAreas:
    """The class areas of a set of pictures, batch by batch.

    Args:
        vocabulary: What the label maps are written in.
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._areas: list[NDArray[np.float64]] = []

    def add(self, labels: UInt8[Tensor, "b plane h w"]) -> None:
        """Take in the label maps of a batch.

        Raises:
            ShapeError: They are not label maps of this vocabulary.
        """
        self._areas.append(class_areas(labels, self.vocabulary).numpy())

    @property
    def values(self) -> NDArray[np.float64]:
        """`[picture, concept]`: shares of each picture."""
        return np.concatenate(self._areas) if self._areas else np.zeros((0, len(self.vocabulary) - 1))

    @property
    def count(self) -> int:
        """How many pictures were taken in."""
        return sum(len(areas) for areas in self._areas)

    def mean(self) -> dict[str, float]:
        """The mean share of a picture that each concept covers."""
        return dict(zip(self.vocabulary.names, self.values.mean(0).tolist(), strict=True))

    def presence(self, least: float = 0.0) -> dict[str, float]:
        """In which share of the pictures each concept covers more than `least` of the picture."""
        return dict(zip(self.vocabulary.names, (self.values > least).mean(0).tolist(), strict=True))

    def marked(self) -> dict[str, float]:
        """Shares of pictures with a watermark, a banner, lettering (`WATERMARK` has the thresholds)."""
        hits = {
            name: self.values[:, self.vocabulary.index(name) - 1] > least
            for name, least in WATERMARK.items()
            if name in self.vocabulary.names
        }
        if not hits:
            return {}
        either = np.logical_or.reduce(list(hits.values()))
        return {"watermark": float(either.mean())} | {name: float(hit.mean()) for name, hit in hits.items()}

    def distance(self, other: ClassAreas, plane: str = "object") -> float:
        """Fréchet distance of the area vectors of one plane, in squared percent of the picture.

        Raises:
            ValueRangeError: One of the two holds fewer than two pictures.
        """
        if min(self.count, other.count) < 2:
            raise ValueRangeError(
                f"A Fréchet distance needs two pictures on either side, got {self.count} and {other.count}."
            )
        columns = [self.vocabulary.index(name) - 1 for name in self.vocabulary.in_plane(plane)]
        first, second = self.values[:, columns] * 100, other.values[:, columns] * 100
        return frechet_distance(Covariance.of(first), Covariance.of(second))


class WorldDistance:
    """Measures how far pictures are from a world, by a segmenter.

    Args:
        world: What the pictures should look like.
        segmenter: Reads the pictures and the world's alike, so that its own errors cancel.
        size: Height and width of the world's pictures.
        count: World pictures on either side of the floor.
        executor: Who draws and reads the world's pictures; this process unless given.
    """

    def __init__(
        self,
        world: World,
        segmenter: Segmenter,
        size: int = 64,
        count: int = 1000,
        *,
        executor: Executor | None = None,
    ) -> None:
        self._segmenter = segmenter
        sides = []
        for start in (REFERENCE_SEED, REFERENCE_SEED + count):
            pieces = pieces_of(range(start, start + count), 100)
            work = _LabelledScenes(world, segmenter, size)
            read, exact = zip(*(executor or InProcess()).map(work, pieces), strict=True)
            sides.append((_gathered(segmenter.vocabulary, read), _gathered(world.vocabulary, exact)))
        self.world, self.exact = sides[0]
        self.floor = self.world.distance(sides[1][0])

    def measure(self, images: Iterable[Float[Tensor, "b 3 h w"]]) -> JsonObject:
        """Compare pictures with the world.

        Args:
            images: Batches, RGB in [-1, 1].

        Returns:
            `images` (how many), `frechet` and `floor` (of object areas), `marked` and `marked_world`
            (fractions of pictures with a watermark), and for every concept `area`, `area_world`,
            `area_exact` (mean fractions of a picture; exact: by the world's own labels), `ratio`
            (area / area_world; null where the world has none) and `presence`.
        """
        return self.compare(self._segmenter.segment(batch) for batch in images)

    def compare(self, labels: Iterable[UInt8[Tensor, "b plane h w"]]) -> JsonObject:
        """The same of pictures whose labels are known, from `LabelledPictures`."""
        found = _gathered(self._segmenter.vocabulary, labels)
        area, world, exact, presence = found.mean(), self.world.mean(), self.exact.mean(), found.presence()
        concepts = {
            name: {
                "area": area[name],
                "area_world": world[name],
                "area_exact": exact[name],
                "ratio": area[name] / world[name] if world[name] else None,
                "presence": presence[name],
            }
            for name in found.vocabulary.names
        }
        return {
            "images": found.count,
            "frechet": found.distance(self.world),
            "floor": self.floor,
            "marked": found.marked(),
            "marked_world": self.world.marked(),
            "concepts": concepts,
        }


@dataclass(frozen=True)
class LabelledPictures:
    """Work for an executor: from seeds to the labels of the pictures that a generator draws of them."""

    model: Generator
    segmenter: Segmenter
    side_by_side: bool = False

    def __call__(self, seeds: range) -> UInt8[Tensor, "b plane h w"]:
        """Draw and read."""
        return self.segmenter.segment(self.model.images(self.model.w_of_seeds(seeds)))


@dataclass(frozen=True)
class _LabelledScenes:
    """Labels of scenes by the segmenter, and the world's own."""

    world: World
    segmenter: Segmenter
    size: int
    side_by_side: bool = False

    def __call__(self, seeds: range) -> tuple[UInt8[Tensor, "b plane h w"], UInt8[Tensor, "b other h w"]]:
        pictures, labels = self.world.batch(seeds, self.size)
        return self.segmenter.segment(to_tensor(pictures)), torch.from_numpy(labels)


def _gathered(vocabulary: Vocabulary, labels: Iterable[UInt8[Tensor, "b plane h w"]]) -> ClassAreas:
    found = ClassAreas(vocabulary)
    for batch in labels:
        found.add(batch)
    return found
