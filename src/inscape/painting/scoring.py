"""What brushes do, measured at places that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np
import torch
from torch.nn import functional

from inscape.colour import colour_difference, to_lab
from inscape.dissection.variants import BATCH, FRESH_SEED, Series, random_sets
from inscape.errors import ConceptError
from inscape.painting._seen import Seen, SeenPlace, seen_places
from inscape.painting.learned_brush import BrushScore, LearnedBrush
from inscape.painting.places import PRESENT
from inscape.progress import SilentProgress

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.dissection.variants import Looking
    from inscape.models import Generator
    from inscape.painting.places import PlaceRule
    from inscape.segmenters import Segmenter

SEED = FRESH_SEED + 60_000_000
"""Of the pictures that brushes are measured on."""

PLACES = 200
"""Of each sort, for each brush."""

_RANDOM_SETS = 5
_PICTURES = 6400


def score_brush(
    model: Generator,
    brush: LearnedBrush,
    rule: PlaceRule,
    *,
    places: int = PLACES,
    **looking: Unpack[Looking],
) -> BrushScore:
    """Paint with a brush at places where its concept may stand and where it cannot, and read what comes.

    The control are random sets of as many units outside the brush, each with the brush's values in random
    order where it adds, and at its own 99 % level where the brush is causal. Each set paints at a fifth of
    the legal places.

    Args:
        model: The generator.
        brush: With a layer of it.
        rule: Tells places apart.
        places: Of each sort.
        looking: See `Looking`; its segmenter is the judge, and seeds start at `SEED` unless it says.

    Raises:
        LayerError: There is no such layer.
        UnsupportedError: No segmenter fits the generator.
        ConceptError: No picture has a place where the concept may stand.
        CancelledError: The person cancelled.
    """
    series = Series.of(model, brush.layer, _PICTURES, {"seed": SEED, **looking})
    seen = seen_places(series, rule, most=places)
    if not seen.legal:
        raise ConceptError(
            f"None of {seen.pictures} pictures of {model.name!r} has a place for {rule.concept!r}.",
            "Name what it stands on with --on.",
        )
    sets = random_sets(series.layer.units, brush.units, _RANDOM_SETS, series.seed)
    tried = _Tried(series, seen, brush.kind == "causal")
    values = torch.tensor(brush.values)
    with (series.progress or SilentProgress()).task("Trying places", len(seen.legal), "places") as task:
        hits = []
        for some in _batches(seen.legal):
            hits += tried.read(brush.units, values, some)[0]
            task.advance(len(some))
        random_hits = []
        for number, units in enumerate(sets):
            own = tried.levels(units) if tried.causal else _shuffled(values, series.seed + number)
            for some in _batches(seen.legal[number::_RANDOM_SETS]):
                random_hits += tried.read(units, own, some)[0]
        forbidden = [tried.read(brush.units, values, some) for some in _batches(seen.illegal)]
    wrong = [hit for found, _ in forbidden for hit in found]
    changes = [change for _, found in forbidden for change in found]
    return BrushScore(
        judge=series.reader.name,
        legal=len(hits),
        hits=float(np.mean(hits)),
        random=float(np.mean(random_hits)) if random_hits else None,
        illegal=len(wrong),
        illegal_hits=float(np.mean(wrong)) if wrong else None,
        change=float(np.mean(changes)) if changes else None,
    )


@dataclass(frozen=True)
class _Tried:
    """Paints at places, and reads what comes."""

    series: Series
    seen: Seen
    causal: bool

    def read(
        self, units: Sequence[int], values: Float[Tensor, "unit"], places: Sequence[SeenPlace]
    ) -> tuple[list[bool], list[float]]:
        """Of each place, whether it shows the concept afterwards, and ΔE in its box."""
        batch = self.series.variants([place.number for place in places])
        weights = self.seen.weights(places)
        before = batch.draw()
        after = batch.painted(units, values, weights, add=not self.causal)
        reader: Segmenter = self.series.reader
        plane = reader.vocabulary.plane_of(self.seen.concept)
        shown = reader.segment(after)[:, plane] == reader.vocabulary.index(self.seen.concept)
        inside = functional.interpolate(weights[:, None], shown.shape[1:], mode="nearest")[:, 0].to(after)
        size = inside.sum((1, 2)).clamp_min(1)
        covered = (shown * inside).sum((1, 2)) / size
        change = (colour_difference(to_lab(after), to_lab(before)) * inside).sum((1, 2)) / size
        return (covered >= PRESENT).tolist(), change.tolist()

    def levels(self, units: Sequence[int]) -> Float[Tensor, "unit"]:
        """The 99 % level of each unit."""
        some = self.series.variants([place.number for place in self.seen.legal[:BATCH]])
        return some.levels(0.99)[list(units)]


def _shuffled(values: Float[Tensor, "unit"], seed: int) -> Float[Tensor, "unit"]:
    return values[torch.randperm(len(values), generator=torch.Generator().manual_seed(seed))]


def _batches(places: Sequence[SeenPlace]) -> list[Sequence[SeenPlace]]:
    return [places[start : start + BATCH] for start in range(0, len(places), BATCH)]
