"""Brushes with what they do: units and values, of a dissection or found by gradient, and a measured score."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from inscape import storage
from inscape.brush_kinds import Kind
from inscape.dissection.insertion import insertion_values
from inscape.editing import UnitEdit
from inscape.errors import FormatError, InscapeError, NotFoundError, unknown_name
from inscape.painting.brush import DEFAULT_UNITS, concept_units

if TYPE_CHECKING:
    from inscape.dissection import DissectionReport
    from inscape.models import Model
    from inscape.regions import Region
    from inscape.types import JsonObject

_VERSION = 1


@dataclass(frozen=True)
class BrushScore:
    """What a brush does at places that it has not seen; see `score_brush`.

    A place shows the concept where it covers 30 % of the box after the stroke, of less than 5 % before.

    Attributes:
        judge: The segmenter that read the pictures.
        legal: Places where the concept may stand.
        hits: The fraction of them that show it.
        random: The same with as many random units, driven as far.
        illegal: Places where it cannot stand.
        illegal_hits: The fraction of them that show it.
        change: Mean colour difference ΔE in the boxes of those.
    """

    judge: str
    legal: int
    hits: float
    random: float | None
    illegal: int
    illegal_hits: float | None
    change: float | None

    @property
    def of_ten(self) -> int:
        """In how many of ten legal places the concept appears."""
        return round(10 * self.hits)

    @property
    def works(self) -> bool:
        """Whether it reaches half of the legal places, and more than random units."""
        return self.hits >= 0.5 and self.hits > (self.random or 0)


@dataclass(frozen=True)
class LearnedBrush:
    """Units of a layer, and what is done with them where a stroke is.

    Attributes:
        concept: What it draws.
        kind: See `inscape.brush_kinds.KINDS`.
        layer: Of the units.
        units: Channels, the most important first.
        values: What is added to each unit, or, where the brush is causal, what each becomes.
        box: Rows and columns, in cells of the layer, of the places that it was measured on.
        score: What it does; None where it was not measured.
    """

    concept: str
    kind: Kind
    layer: str
    units: tuple[int, ...]
    values: tuple[float, ...]
    box: tuple[int, int]
    score: BrushScore | None = None

    def draw(self, region: Region, strength: float = 1.0) -> UnitEdit:
        """The edit that draws with this brush.

        Args:
            region: Where.
            strength: From 0 (nothing changes) to 1.
        """
        values = np.asarray(self.values, np.float32)
        mode: Literal["draw", "add"] = "draw" if self.kind == "causal" else "add"
        return UnitEdit(self.layer, self.units, values, region, strength, mode, self.concept)


@dataclass(frozen=True)
class BrushSet:
    """The brushes of a generator, as a file holds them.

    Attributes:
        model: Name of the generator.
        weights: `weights_hash` of the generator that they were made for.
        brushes: One for each concept and kind.
    """

    model: str
    weights: str
    brushes: tuple[LearnedBrush, ...] = field(default=())

    def __iter__(self) -> Iterator[LearnedBrush]:
        """The brushes."""
        return iter(self.brushes)

    def with_brushes(self, brushes: Iterable[LearnedBrush]) -> BrushSet:
        """The same with some brushes more; each takes the place of one of its concept and kind."""
        found = {(one.concept, one.kind): one for one in self.brushes}
        found |= {(one.concept, one.kind): one for one in brushes}
        return BrushSet(self.model, self.weights, tuple(found.values()))

    def find(self, concept: str, kind: str | None = None) -> LearnedBrush:
        """The brush of a concept; of several kinds the one that hits most, where none is named.

        Raises:
            NotFoundError: There is none.
        """
        ours = [one for one in self.brushes if one.concept == concept]
        if not ours:
            known = sorted({one.concept for one in self.brushes})
            raise NotFoundError(*unknown_name("brush", concept, known))
        named = [one for one in ours if kind in (None, one.kind)]
        if not named:
            kinds = [one.kind for one in ours]
            raise NotFoundError(*unknown_name(f"kind of brush for {concept}", str(kind), kinds))
        return max(named, key=lambda one: one.score.hits if one.score else -1.0)

    def check(self, model: Model) -> None:
        """Refuse a generator that these brushes were not made for.

        Raises:
            FormatError: Its weights are others.
        """
        from inscape.models.weights import weights_hash

        if weights_hash(model.module) != self.weights:
            raise FormatError(
                f"These brushes were made for other weights of {self.model!r} than those of {model.name!r}.",
                "Make them again: inscape brush.",
            )

    def to_json(self) -> JsonObject:
        """As JSON."""
        brushes = [asdict(one) for one in self.brushes]
        for one in brushes:
            one["values"] = [float(f"{value:.5g}") for value in one["values"]]
        return {
            "kind": "inscape-brushes",
            "schema_version": _VERSION,
            "model": self.model,
            "weights": self.weights,
            "brushes": brushes,
        }

    def save(self, path: Path | str) -> Path:
        """Write the brushes atomically.

        Raises:
            StorageError: The folder cannot be written.
        """
        return storage.write_json(path, self.to_json())

    @classmethod
    def load(cls, path: Path | str) -> BrushSet:
        """Read what `save` wrote.

        Raises:
            FormatError: The file is missing, damaged or holds no brushes.
        """
        value = storage.read_json(path)
        kind, version = value.pop("kind", None), value.pop("schema_version", None)
        if kind != "inscape-brushes":
            raise FormatError(f"{path} holds no brushes.", "Make some: inscape brush MODEL --out FILE.")
        if version != _VERSION:
            raise FormatError(f"{path} holds brushes of version {version!r}; this Inscape reads {_VERSION}.")
        try:
            found = TypeAdapter(cls).validate_python(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise FormatError(f"{path} is damaged: `{place}`: {first['msg']}.") from error
        try:
            for one in found:
                one.draw(_everywhere())
        except InscapeError as error:
            raise FormatError(f"{path} is damaged: {error.detail}", error.hint) from error
        return found


def causal_brush(
    report: DissectionReport, concept: str, box: tuple[int, int], *, top: int = DEFAULT_UNITS
) -> LearnedBrush:
    """The brush of a dissection: the first units of a concept, driven to their 99 % quantile as in GANPaint.

    Args:
        report: Of the layer.
        concept: Of its vocabulary.
        box: Rows and columns of the places that it will be measured on, in cells.
        top: Number of units.

    Raises:
        ConceptError: The report knows no such concept, or no unit matches it.
    """
    units = concept_units(report, concept, top)
    values = tuple(float(value) for value in insertion_values(units))
    return LearnedBrush(concept, "causal", units.layer, tuple(units.units), values, box)


def _everywhere() -> Region:
    from inscape.regions import Region

    return Region.everywhere()
