"""The page Units: what a dissection says of the units of a layer, and the jobs that find it out.

The jobs run requests of the verbs `dissect` and `effect`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from fastapi import APIRouter, Path, Response
from pydantic import Field

import inscape
from inscape.dissection.ordering import Rank
from inscape.reports import data_url
from inscape.segmenters import check_shipped, segmenter_names
from inscape.studio.colours import colour_of
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.page import ERRORS, Page, StudioOf, image, image_answers
from inscape.studio.shapes import Message, Name, field_of
from inscape.studio.studio import Studio
from inscape.types import JsonObject
from inscape.verbs.dissect import DissectRequest, dissect_opened
from inscape.verbs.effect import EffectRequest, measure_opened

if TYPE_CHECKING:
    from inscape.dissection import UnitFinding
    from inscape.progress import Progress

router = APIRouter(prefix="/api/models/{model}")
UnitInPath = Annotated[int, Path(ge=0, le=1_000_000)]
Interval = tuple[float, float]


class UnitRow(Message):
    """What a report says of a unit."""

    unit: int
    concept: str | None
    plane: str | None
    iou: float
    threshold: float
    concept_best: str | None
    iou_best: float
    threshold_best: float
    chance: float
    passes: bool = Field(description="Whether it matches the concept better than chance.")
    strip: str = Field(description="Address of its top pictures.")


class ConceptOrder(Message):
    """The order in which the units of a concept are taken."""

    rank: Rank = Field(
        description="What orders them: α of the optimised set, the effect of each alone, or overlap."
    )
    units: list[int] = Field(description="Best first.")


class ReportInfo(Message):
    """The report of a layer; `dissected` is false, and the lists empty, where there is none yet."""

    model: str
    layer: str
    dissected: bool
    images: int = 0
    segmenter: str | None = None
    units: list[UnitRow] = Field(default_factory=list)
    rankings: dict[str, list[tuple[int, float]]] = Field(default_factory=dict)
    concepts: dict[str, int] = Field(default_factory=dict, description="Units per concept.")
    matches: dict[str, int] = Field(
        default_factory=dict, description="Units that match each concept, whatever they match better."
    )
    orders: dict[str, ConceptOrder] = Field(
        default_factory=dict, description="For each concept the order in which units are taken."
    )
    colours: dict[str, str] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)


class UnitInfo(Message):
    """One unit in full."""

    row: UnitRow
    concepts: list[tuple[str, float]] = Field(description="Every concept with the unit's IoU, best first.")
    conditional_mean: dict[str, float] = Field(description="Mean activation where each concept is present.")
    quantiles: list[tuple[float, float]] = Field(description="Fraction of activations below, and the value.")
    seeds: list[int] = Field(description="Seeds of its top pictures, strongest first.")
    effects: list[tuple[str, float]] = Field(
        description="Change of the area of each concept with this unit alone off, largest loss first."
    )


class DissectionRequest(Message):
    """Ask for a dissection."""

    images: int = field_of(DissectRequest, "images", least=20, most=100_000)
    segmenter: Name | None = Field(
        default=None, description="Name of a shipped segmenter. Null uses the card's."
    )


class DissectionResult(Result):
    """How much of a layer was found out; the report is kept."""

    kind: Literal["dissection"] = "dissection"
    images: int
    units: int
    concepts: dict[str, int] = Field(description="Number of units that match each concept.")


class EffectsRequest(Message):
    """Ask what switching units off does."""

    layer: Name
    units: list[int] = Field(min_length=1, max_length=512)
    concept: Name
    images: int = field_of(EffectRequest, "images", least=10, most=10_000)
    insert: bool = field_of(EffectRequest, "insert")


class EffectControl(Message):
    """The same of as many random units outside the set."""

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
    relative_change: float | None = Field(
        description="-1 if nothing is left. Null if the concept was absent before."
    )
    interval: Interval | None
    control: EffectControl | None = Field(description="Null where too few units are outside the set.")
    curve: list[tuple[int, float | None]] = Field(description="Units off, and the change then.")
    appears: dict[str, float] = Field(
        description="Concepts that replace it, as fractions of its former area."
    )
    borders: dict[str, float] = Field(
        description="The same, counting only pixels that become what bordered the object."
    )
    elsewhere: dict[str, float | None]
    concepts: dict[str, dict[str, float | None]]
    insertion: JsonObject | None
    strip_seeds: list[int]
    classes: list[int]
    strip_image: str = Field(
        description="Pictures with more and more units off, a row for each, as a data URL."
    )


@router.get("/layers/{layer}/report", operation_id="getReport", responses=ERRORS)
def get_report(model: str, layer: str, studio: StudioOf) -> ReportInfo:
    """What the units of a layer match; `dissected` is false where nothing is known yet."""
    if not studio.reports.has(model, layer):
        return ReportInfo(model=model, layer=layer, dissected=False)
    report = studio.reports.load(model, layer)
    names = report.vocabulary.names
    orders = {name: report.order(name) for name in names}
    return ReportInfo(
        model=model,
        layer=layer,
        dissected=True,
        segmenter=report.segmenter,
        images=report.images,
        units=[_row(model, layer, finding) for finding in report.findings],
        rankings=report.rankings,
        concepts=report.concepts,
        matches=report.matches,
        orders={
            name: ConceptOrder(rank=order.rank, units=list(order.units)) for name, order in orders.items()
        },
        colours={name: colour_of(name, number) for number, name in enumerate(names)},
        seconds=report.seconds,
    )


@router.get("/layers/{layer}/units/{unit}", operation_id="getUnit", responses=ERRORS)
async def get_unit(model: str, layer: str, unit: UnitInPath, studio: StudioOf) -> UnitInfo:
    """One unit in full: every concept, the shape of its distribution, its top pictures' seeds."""
    return await studio.compute.run(lambda: _unit(studio, model, layer, unit))


@router.get(
    "/layers/{layer}/units/{unit}/strip.webp",
    operation_id="getStrip",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_strip(model: str, layer: str, unit: UnitInPath, studio: StudioOf) -> Response:
    """The top pictures of a unit in one row, its region marked."""
    return image(studio.reports.strip(model, layer, unit), "webp")


@router.post("/layers/{layer}/dissection", operation_id="startDissection", status_code=202, responses=ERRORS)
def start_dissection(model: str, layer: str, request: DissectionRequest, studio: StudioOf) -> JobInfo:
    """Dissect a layer; a dissection of it that waits or runs already is joined."""
    studio.library.paintable(model).layer(layer)
    check_shipped(request.segmenter)
    out = studio.reports.kept_at(model, layer)
    asked = DissectRequest(model, out, layer=layer, images=request.images, segmenter=request.segmenter)
    name, work = f"Dissect {layer} of {model} ({request.images} pictures)", partial(_dissect, studio, asked)
    return studio.jobs.start("dissection", name, work, model=model, layer=layer, asked=request)


@router.post("/effects", operation_id="startEffects", status_code=202, responses=ERRORS)
def start_effects(model: str, request: EffectsRequest, studio: StudioOf) -> JobInfo:
    """Measure what switching units off does to a concept, beside random units."""
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


def _unit(studio: Studio, model: str, layer: str, unit: int) -> UnitInfo:
    """One unit in full; called in the compute thread."""
    report = studio.reports.load(model, layer)
    studio.reports.check_unit(model, layer, unit)
    values, names = report.values, report.vocabulary.names
    ious = zip(names, values.iou_best[:, unit].tolist(), strict=True)
    means = values.conditional_mean[:, unit].tolist()
    effects = {} if report.causes is None else report.causes.effects
    return UnitInfo(
        row=_row(model, layer, report.findings[unit]),
        concepts=[(name, iou) for name, iou in sorted(ious, key=lambda pair: -pair[1]) if iou > 0],
        conditional_mean=dict(zip(names, means, strict=True)),
        quantiles=list(zip(values.levels, values.quantiles[:, unit].tolist(), strict=True)),
        seeds=[int(seed) for seed in report.top.seeds[unit].tolist()],
        effects=sorted(((name, row[unit]) for name, row in effects.items()), key=lambda pair: pair[1]),
    )


def _row(model: str, layer: str, finding: UnitFinding) -> UnitRow:
    row = finding.row()
    strip = f"api/models/{model}/layers/{layer}/units/{finding.unit}/strip.webp"
    return UnitRow(passes=row.pop("counts"), strip=strip, **row)


def _dissect(studio: Studio, asked: DissectRequest, progress: Progress) -> DissectionResult:
    report = dissect_opened(studio.library.fresh(asked.model), asked, progress).report
    return DissectionResult(images=report.images, units=len(report.findings), concepts=report.concepts)


def _effects(studio: Studio, model: str, asked: EffectsRequest, progress: Progress) -> EffectResult:
    generator = studio.library.fresh(model)
    units: inscape.UnitSet | list[int] = asked.units
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
    strip = data_url("strip.webp", found.strip_file("WEBP"))
    return EffectResult(**found.to_json(), strip_image=strip)


PAGE = Page(router)
