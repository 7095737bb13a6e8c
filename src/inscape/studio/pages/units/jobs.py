"""What the page Units measures, as jobs: requests of the verbs `dissect` and `effect`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from inscape.errors import NotFoundError, unknown_name
from inscape.reports import data_url
from inscape.segmenters import segmenter_names
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.shapes import Message, Name, field_of
from inscape.studio.studio import Studio
from inscape.verbs.dissect import DissectRequest, dissect_opened
from inscape.verbs.effect import EffectRequest, measure_opened

if TYPE_CHECKING:
    from inscape.dissection import UnitSet
    from inscape.progress import Progress

Interval = tuple[float, float]


class DissectionRequest(Message):
    """Ask for a dissection."""

    images: int = field_of(DissectRequest, "images", least=20, most=100_000)
    segmenter: Name | None = Field(default=None, description="A shipped one; the model's own if null.")


class DissectionResult(Result):
    """How much of a layer was found out; the report is kept."""

    kind: Literal["dissection"] = "dissection"
    images: int
    units: int
    concepts: dict[str, int] = Field(description="How many units count for each.")


class EffectsRequest(Message):
    """Ask what switching units off does."""

    layer: Name
    units: list[int] = Field(min_length=1, max_length=512)
    concept: Name
    images: int = field_of(EffectRequest, "images", least=10, most=10_000)
    insert: bool = field_of(EffectRequest, "insert")


class EffectControl(Message):
    """The same of as many random units."""

    sets: int
    relative_change: float | None
    interval: Interval | None = Field(description="It holds 95 % of the sets.")
    each: list[float]


class EffectResult(Result):
    """What units cause: what `inscape effect --json` prints, and a picture of it."""

    job: ClassVar[str] = "effects"
    kind: Literal["effect"] = "effect"
    schema_version: int
    model: str
    layer: str
    units: list[int]
    concept: str
    images: int
    seed: int
    area_before: float
    area_after: float
    relative_change: float | None = Field(description="-1 where nothing is left; null where nothing was.")
    interval: Interval | None
    control: EffectControl
    curve: list[tuple[int, float | None]] = Field(description="Units off, and the change then.")
    appears: dict[str, float] = Field(description="What stands where the concept was, in parts of that.")
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: dict[str, Any] | None
    strip_seeds: list[int]
    classes: list[int]
    strip_image: str = Field(
        description="Pictures with more and more units off, a row for each, as a data URL."
    )


def start_dissection(studio: Studio, model: str, layer: str, request: DissectionRequest) -> JobInfo:
    """Dissect a layer; the report is kept.

    Raises:
        ModelNotFoundError, LayerError, UnsupportedError: There is nothing to dissect.
        NotFoundError: It names a segmenter that does not ship.
    """
    studio.library.paintable(model).layer(layer)
    if request.segmenter is not None and request.segmenter not in segmenter_names():
        raise NotFoundError(*unknown_name("segmenter", request.segmenter, segmenter_names()))
    out = studio.reports.kept_at(model, layer)
    asked = DissectRequest(model, out, layer=layer, images=request.images, segmenter=request.segmenter)
    name, work = f"Dissect {layer} of {model} ({request.images} pictures)", partial(_dissect, studio, asked)
    return studio.jobs.start("dissection", name, work, model=model, layer=layer, asked=request)


def _dissect(studio: Studio, asked: DissectRequest, progress: Progress) -> DissectionResult:
    report = dissect_opened(studio.library.fresh(asked.model), asked, progress).report
    return DissectionResult(images=report.images, units=len(report.findings), concepts=report.concepts)


def start_effects(studio: Studio, model: str, request: EffectsRequest) -> JobInfo:
    """Measure what units cause; the result is what `inscape effect --json` prints.

    Raises:
        ModelNotFoundError, LayerError, UnitError, ConceptError: It names something that is not there.
        UnsupportedError: The model is no generator.
    """
    card = studio.library.paintable(model)
    layer = card.layer(request.layer).name
    for unit in request.units:
        studio.reports.check_unit(model, layer, unit)
    if card.concepts:  # where the card names none, the segmenter knows, and the job says so
        card.vocabulary.index(request.concept)
    shown = ", ".join(map(str, request.units[:4])) + (" …" if len(request.units) > 4 else "")
    verb = "Insert" if request.insert else "Switch off"
    name = f"{verb} units {shown} of {layer}: {request.concept} ({request.images} pictures)"
    work = partial(_effects, studio, model, request)
    return studio.jobs.start("effects", name, work, model=model, layer=layer, asked=request)


def _effects(studio: Studio, model: str, asked: EffectsRequest, progress: Progress) -> EffectResult:
    generator = studio.library.fresh(model)
    units: UnitSet | list[int] = asked.units
    segmenter = generator.card.segmenter
    if studio.reports.has(model, asked.layer):
        report = studio.reports.load(model, asked.layer)
        units = report.unit_set(asked.units)
        if segmenter is None and report.segmenter in segmenter_names():  # a report may be foreign
            segmenter = report.segmenter
    request = EffectRequest(
        model,
        asked.concept,
        units=",".join(map(str, asked.units)),
        layer=asked.layer,
        images=asked.images,
        insert=asked.insert,
    )
    found = measure_opened(generator, units, request, segmenter, progress)
    return EffectResult(
        **found.to_json(), strip_image=data_url("strip.webp", found.report.strip_file("WEBP"))
    )
