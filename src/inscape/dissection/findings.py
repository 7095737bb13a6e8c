"""The findings of a dissection about the units of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, get_args

import torch
from jaxtyping import Float, Int
from torch import Tensor

from inscape.concepts import Vocabulary
from inscape.dissection._sprites import Sprites
from inscape.dissection.criterion import matching
from inscape.dissection.ordering import Order, Rank, order_units
from inscape.dissection.unit_set import UnitSet, check_units
from inscape.dissection.unit_values import UnitValues
from inscape.errors import ConceptError, ValueRangeError, unknown_name
from inscape.statistics import QUANTILE, Border
from inscape.types import JsonObject

if TYPE_CHECKING:
    from pandas import DataFrame

    from inscape.dissection.causes import Causes

LEAST_IOU = 0.05
"""Unless asked, no unit matches a concept at a lower IoU, whatever the chance level."""


@dataclass(frozen=True)
class Comparison:
    """How units are compared with concepts. The options are named as in the code of GAN Dissection's authors.

    Attributes:
        quantile: The share of up-sampled values that is hot where `iou` is measured.
        miniou: No unit matches a concept at a lower IoU, whatever the chance level.
        border: What activations are up-sampled with beyond the border of a map: "repeat" its outermost
            values, or "zeros".
    """

    quantile: float = QUANTILE
    miniou: float = LEAST_IOU
    border: Border = "repeat"

    def __post_init__(self) -> None:
        """Check the ranges."""
        if not 0 < self.quantile < 1 or not 0 <= self.miniou <= 1:
            raise ValueRangeError(
                "The quantile lies between 0 and 1, and the least IoU from 0 to 1, "
                f"got {self.quantile:g} and {self.miniou:g}."
            )
        if self.border not in get_args(Border):
            raise ValueRangeError(*unknown_name("border", self.border, get_args(Border)))


@dataclass(frozen=True)
class UnitFinding:
    """The concepts that one unit matches.

    Attributes:
        unit: Channel index, counted from 0.
        concept: The concept of the highest `iou`; `None` where the unit meets none at all.
        plane: The label plane of `concept`.
        iou: Intersection over union at the unit's own top 1 % of up-sampled values (PNAS 2020).
        threshold: That level.
        iou_best: Intersection over union with `concept_best` at the level of highest information quality
            ratio, chosen on one half of the pictures and measured on the other (GAN Dissection). Only levels
            count that are at least 0 and at which the unit is hot more often on the concept than off it.
        threshold_best: That level.
        concept_best: The concept that the unit is named after: `concept` where the unit matches it, and with
            an `iou` above the least one; otherwise, of the concepts that it matches, the one that it reaches
            the highest value for; of all concepts where it matches none.
        chance: 99th percentile of its `iou_best` for that concept when whole label maps are shuffled between
            pictures; of the highest value over all concepts where the unit matches none.
        counts: Whether the unit matches `concept_best`; see `matching`.
    """

    unit: int
    concept: str | None
    plane: str | None
    iou: float
    threshold: float
    iou_best: float
    threshold_best: float
    concept_best: str | None
    chance: float
    counts: bool

    def row(self) -> JsonObject:
        """The figures of this unit."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class TopPictures:
    """The pictures in which each unit is most active.

    Attributes:
        seeds: Best first.
        peaks: The largest raw activation in each.
        sprites: One picture strip per unit: the upper row with the unit's region marked, the lower one plain.
    """

    seeds: Int[Tensor, "unit rank"]
    peaks: Float[Tensor, "unit rank"]
    sprites: Sprites


@dataclass(frozen=True, eq=False)
class Findings:
    """Which unit of a layer matches which concept.

    Whether a unit matches a concept is decided by `matching` alone: for the catalogue, the brushes and every
    count.

    Attributes:
        model: Name of the model.
        layer: Name of the layer.
        images: Number of pictures.
        seed: Seed of the first; the others follow.
        vocabulary: The concepts.
        findings: One per unit, in the order of the units.
        values: Numbers for brushes.
        top: Top pictures per unit.
        seconds: Spent on `total`, `model`, `segmenter`, `statistics` and `page`.
        classes: Those of a conditional generator that were drawn; all where there are none.
        segmenter: The name of what labelled the pictures, where it was opened by one.
        source: The name of what the model was run on; None for pictures that it drew of seeds itself.
        comparison: How units were compared with concepts.
        groups: Groups of pictures that belong together, within which label maps were shuffled; 0 where there
            were none.
        skipped: Files of the source that could not be read.
        causes: What the units cause; None where it was not measured.
    """

    model: str
    layer: str
    images: int
    seed: int
    vocabulary: Vocabulary
    findings: tuple[UnitFinding, ...]
    values: UnitValues
    top: TopPictures
    seconds: dict[str, float] = field(default_factory=dict)
    classes: tuple[int, ...] = ()
    segmenter: str | None = None
    source: str | None = None
    comparison: Comparison = Comparison()
    groups: int = 0
    skipped: tuple[str, ...] = ()
    causes: Causes | None = None

    @property
    def rankings(self) -> dict[str, list[tuple[int, float]]]:
        """For every concept, all units and their `iou_best` for it, best first."""
        ranked = {}
        for name, row in zip(self.vocabulary.names, self.values.iou_best, strict=True):
            order = torch.argsort(row, descending=True, stable=True).tolist()
            ranked[name] = [(unit, float(row[unit])) for unit in order]
        return ranked

    @property
    def concepts(self) -> dict[str, int]:
        """How many units count for each concept; concepts without any are left out."""
        counts = dict.fromkeys(self.vocabulary.names, 0)
        for finding in self.findings:
            if finding.counts and finding.concept_best is not None:
                counts[finding.concept_best] += 1
        return {name: count for name, count in counts.items() if count}

    @property
    def matches(self) -> dict[str, int]:
        """How many units match each concept, whatever else they match better; those of one unit or more."""
        counts = matching(self.values, self.comparison.miniou).sum(dim=1).tolist()
        return {name: count for name, count in zip(self.vocabulary.names, counts, strict=True) if count}

    def order(self, concept: str, rank: Rank | None = None) -> Order:
        """All units of the layer in the order in which they are taken for a concept; see `order_units`.

        Raises:
            ConceptError: The vocabulary has no such concept, or the report does not hold what was asked for.
        """
        if concept not in self.vocabulary.names:
            raise ConceptError(*unknown_name("concept", concept, self.vocabulary.names))
        place = self.vocabulary.index(concept) - 1
        return order_units(concept, self.values.iou_best[place].tolist(), self.causes, rank)

    def units(self, concept: str, top: int = 20, *, rank: Rank | None = None) -> UnitSet:
        """The first units of a concept, in the order of `order`.

        Args:
            concept: A name of the vocabulary.
            top: How many; fewer where the layer has fewer.
            rank: What to order by: "alpha", "effect" or "iou"; the first that the report holds unless given.

        Raises:
            ConceptError: The vocabulary has no such concept, the report does not hold what was asked for, or
                units are ordered by overlap and none matches the concept.
        """
        found = self.order(concept, rank)
        if found.rank == "iou" and concept not in self.matches:
            raise ConceptError(
                f"No unit of {self.layer!r} of {self.model!r} matches {concept!r} better than chance.",
                f"Concepts with units: {', '.join(self.matches) or 'none'}.",
            )
        return self._set(list(found.units[: max(1, top)]), concept)

    def unit_set(self, units: Sequence[int]) -> UnitSet:
        """Hand-picked units; each has the conditional mean of its own best concept.

        Raises:
            UnitError: None was given, one is not in the layer, or one is named twice.
        """
        check_units(units, self.layer, len(self.findings))
        return self._set(list(units), None)

    def _set(self, units: list[int], concept: str | None) -> UnitSet:
        values = self.values
        if concept is None:
            best = [self.findings[unit].concept_best for unit in units]
            mean = torch.stack(
                [
                    values.mean[unit]
                    if name is None
                    else values.conditional_mean[self.vocabulary.index(name) - 1, unit]
                    for unit, name in zip(units, best, strict=True)
                ]
            )
        else:
            mean = values.conditional_mean[self.vocabulary.index(concept) - 1, units]
        quantile = {level: row[units] for level, row in zip(values.levels, values.quantiles, strict=True)}
        return UnitSet(self.model, self.layer, tuple(units), concept, mean, quantile)

    def table(self) -> DataFrame:
        """A row per unit, with the columns of `UnitFinding` and whether it counts."""
        from pandas import DataFrame

        return DataFrame([{**finding.row(), "counts": finding.counts} for finding in self.findings])
