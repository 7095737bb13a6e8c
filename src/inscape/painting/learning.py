"""Brushes that are learned: which units to change, and by how much, so that a concept appears.

GAN Dissection (Bau et al., ICLR 2019) inserts a concept by setting its units to their mean where the concept
is. Whether it appears is up to the network. Here what is added to the units is found by gradient through the
generator and a segmenter, as the paper finds α:

    d* = argmin  −E_P[log s_c(x + m_P · d)] + λ Σ |d|    over legal places P

with d in standard deviations of each unit and m_P the mask of a place. An obedient brush pays as well for
the colour difference ΔE that it makes at places Q where the concept cannot stand: + μ E_Q[ΔE]. It is the
picture that must stay there, not its labels alone. After three fifths of the steps only the units with the
largest |d| are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Unpack

import numpy as np
import torch
from torch.nn import functional

from inscape.brush_kinds import Kind
from inscape.colour import to_lab
from inscape.dissection.variants import FRESH_SEED, Series
from inscape.errors import ConceptError, UnsupportedError, ValueRangeError
from inscape.painting._seen import Seen, SeenPlace, seen_places
from inscape.painting.learned_brush import LearnedBrush
from inscape.progress import SilentProgress
from inscape.segmenters import Probing

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from inscape.dissection.variants import Looking, Through
    from inscape.models import Generator
    from inscape.painting.places import PlaceRule
    from inscape.progress import Task

SEED = FRESH_SEED + 50_000_000
"""Of the pictures that brushes learn on."""

_RATE = 0.1
_SMOOTH = 1e-2
"""Added to ΔE² under the root, whose slope is infinite at 0."""
_LEAST = 1e-4
_FEWEST = 16


@dataclass(frozen=True)
class BrushSearch:
    """How a brush is learned.

    Attributes:
        steps: Steps of Adam.
        batch: Legal places at each step; as many places where the concept cannot stand.
        units: How many units a brush changes.
        penalty: λ, of the sum of |d|, in standard deviations.
        obedience: μ, of ΔE: with 0.15, a change of 7 costs as much as a probability e times smaller.
        kept_after: The fraction of the steps after which only `units` units are left.
        places: Pictures with a legal place to learn on.
        pictures: The most pictures that are looked through for them.
    """

    steps: int = 150
    batch: int = 16
    units: int = 40
    penalty: float = 0.005
    obedience: float = 0.15
    kept_after: float = 0.6
    places: int = 256
    pictures: int = 2048

    def __post_init__(self) -> None:
        """Check the numbers."""
        if min(self.steps, self.batch, self.units, self.places, self.pictures) < 1:
            raise ValueRangeError("Steps, batch, units, places and pictures of a brush are at least 1.")


def learn_brush(
    model: Generator,
    rule: PlaceRule,
    kind: Kind = "learned",
    *,
    layer: str | None = None,
    search: BrushSearch | None = None,
    **looking: Unpack[Looking],
) -> LearnedBrush:
    """Learn what a stroke must add to the units of a layer so that a concept appears.

    Args:
        model: The generator.
        rule: Where the concept may stand and where it cannot; its box is that of a stroke.
        kind: "learned" or "obedient".
        layer: Where to paint; the default layer unless given.
        search: How.
        looking: See `Looking`; seeds from `SEED` unless it says.

    Raises:
        LayerError: There is no such layer.
        UnsupportedError: No segmenter fits the generator, or no gradient flows through it.
        ConceptError: The pictures hold too few places where the concept may stand, or cannot.
        ValueRangeError: The kind is "causal": such brushes come from a dissection.
        CancelledError: The person cancelled.
    """
    if kind == "causal":
        raise ValueRangeError("A causal brush is not learned.", "Take it from a dissection: causal_brush.")
    search = search or BrushSearch()
    series = Series.of(model, layer, search.pictures, {"seed": SEED, **looking})
    if not isinstance(series.reader, Probing):
        raise UnsupportedError(
            f"A brush is learned by gradient through the segmenter, and {type(series.reader).__name__} has "
            "no `probability(images, concept)` that lets gradients through.",
            "Name a shipped segmenter or hf:ORG/NAME.",
        )
    seen = seen_places(series, rule, most=search.places)
    for places, sort in ((seen.legal, "may"), (seen.illegal, "cannot")):
        if len(places) < _FEWEST and (sort == "may" or kind == "obedient"):
            raise ConceptError(
                f"Only {len(places)} of {seen.pictures} pictures of {model.name!r} have a place where "
                f"{rule.concept!r} {sort} stand; {_FEWEST} are needed.",
                "Name what it stands on with --on, or another layer.",
            )
    progress = series.progress or SilentProgress()
    with progress.task(f"Learning to draw {rule.concept}", search.steps, "steps") as task:
        found = _Descent(series, series.reader, seen, kind, search)
        found.run(task)
    order = torch.argsort(-found.shift.abs(), stable=True)
    units = [int(unit) for unit in order[: search.units] if found.shift[unit] != 0]
    values = tuple(float(found.shift[unit] * found.deviation[unit]) for unit in units)
    return LearnedBrush(rule.concept, kind, series.layer.name, tuple(units), values, rule.box)


class _Descent:
    """Finds what is added to every unit.

    Attributes:
        deviation: Standard deviation of every unit.
        shift: What is added to each, in standard deviations; 0 where a unit is left out.
    """

    def __init__(self, series: Series, reader: Probing, seen: Seen, kind: Kind, search: BrushSearch) -> None:
        self.series, self.reader, self.seen, self.search = series, reader, seen, search
        self.obedient = kind == "obedient"
        self.random = np.random.RandomState(series.seed % 2**32)
        some = series.through([place.number for place in seen.legal[:_FEWEST]])
        self.deviation = some.maps.float().transpose(0, 1).flatten(1).std(1)
        self.shift = torch.zeros_like(self.deviation)

    def run(self, task: Task) -> None:
        """Take all steps."""
        search, units = self.search, self.series.layer.units
        raw = torch.zeros(units, device=self.deviation.device, requires_grad=True)
        kept = torch.ones_like(self.deviation)
        adam = torch.optim.Adam([raw], lr=_RATE)
        for step in range(search.steps):
            if step == round(search.kept_after * search.steps):
                least = raw.detach().abs().topk(min(search.units, units)).values[-1]
                kept = (raw.detach().abs() >= least).to(kept)
            (gradient,) = torch.autograd.grad(self._loss(raw * kept), raw)
            raw.grad = gradient
            adam.step()
            task.advance()
        self.shift = raw.detach() * kept

    def _loss(self, shift: Float[Tensor, "unit"]) -> Float[Tensor, ""]:
        loss = self.search.penalty * shift.abs().sum() - self._found(shift)
        return loss + self.search.obedience * self._change(shift) if self.obedient else loss

    def _found(self, shift: Float[Tensor, "unit"]) -> Float[Tensor, ""]:
        """Mean log-probability of the concept in legal places."""
        drawn, weights = self._some(self.seen.legal)
        images = drawn.draw(drawn.maps + weights * self._added(shift))
        likely = self.reader.probability(images, self.seen.concept)
        inside = _fitted(weights, likely)
        return _mean(likely.clamp_min(_LEAST).log(), inside)

    def _change(self, shift: Float[Tensor, "unit"]) -> Float[Tensor, ""]:
        """Mean ΔE in places where the concept cannot stand, and of what lies around them."""
        drawn, weights = self._some(self.seen.illegal)
        with torch.no_grad():
            before = to_lab(drawn.draw(drawn.maps))
        after = to_lab(drawn.draw(drawn.maps + weights * self._added(shift)))
        change = ((after - before).square().sum(1) + _SMOOTH).sqrt()
        inside = _fitted(weights, change)
        return _mean(change, inside) + _mean(change, 1 - inside)

    def _added(self, shift: Float[Tensor, "unit"]) -> Float[Tensor, "1 unit 1 1"]:
        return (shift * self.deviation)[None, :, None, None]

    def _some(self, places: list[SeenPlace]) -> tuple[Through, Float[Tensor, "batch 1 row column"]]:
        chosen = self.random.choice(len(places), self.search.batch, replace=len(places) < self.search.batch)
        picked = [places[int(place)] for place in chosen]
        weights = self.seen.weights(picked).to(self.deviation)
        return self.series.through([place.number for place in picked]), weights[:, None]


def _fitted(
    weights: Float[Tensor, "batch 1 row column"], pixels: Float[Tensor, "batch height width"]
) -> Float[Tensor, "batch height width"]:
    return functional.interpolate(weights, pixels.shape[1:], mode="nearest")[:, 0]


def _mean(
    values: Float[Tensor, "batch height width"], weights: Float[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    return ((values * weights).sum((1, 2)) / weights.sum((1, 2)).clamp_min(1)).mean()
