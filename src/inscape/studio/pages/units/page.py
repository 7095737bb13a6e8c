"""The page Units: what a dissection says of the units of a layer, and the jobs that find it out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import Field

from inscape.studio.colours import colour_of
from inscape.studio.jobs import JobInfo
from inscape.studio.page import ERRORS, Page, StudioOf, image, image_answers
from inscape.studio.pages.units import jobs
from inscape.studio.reports import Reports
from inscape.studio.shapes import Message

router = APIRouter(prefix="/api/models/{model}")
UnitInPath = Annotated[int, Path(ge=0, le=1_000_000)]
LEAST_IOU = 0.05


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
    passes: bool = Field(description="Whether its IoU is above 0.05 and above its own chance level.")
    strip: str = Field(description="Address of its top pictures.")


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
    colours: dict[str, str] = Field(default_factory=dict)
    seconds: dict[str, float] = Field(default_factory=dict)


class UnitInfo(Message):
    """One unit in full."""

    row: UnitRow
    concepts: list[tuple[str, float]] = Field(description="Every concept with this unit's IoU, best first.")
    conditional_mean: dict[str, float] = Field(description="Mean activation where each concept is seen.")
    quantiles: list[tuple[float, float]] = Field(description="Fraction of activations below, and the value.")
    seeds: list[int] = Field(description="Seeds of its top pictures, strongest first.")


@router.get("/layers/{layer}/report", operation_id="getReport", responses=ERRORS)
def get_report(model: str, layer: str, studio: StudioOf) -> ReportInfo:
    """What the units of a layer match; `dissected` is false where nothing is known yet."""
    return report_info(studio.reports, model, layer)


@router.get("/layers/{layer}/units/{unit}", operation_id="getUnit", responses=ERRORS)
async def get_unit(model: str, layer: str, unit: UnitInPath, studio: StudioOf) -> UnitInfo:
    """One unit in full: every concept, the shape of its distribution, its top pictures' seeds."""
    return await studio.compute.run(lambda: unit_info(studio.reports, model, layer, unit))


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
def start_dissection(model: str, layer: str, request: jobs.DissectionRequest, studio: StudioOf) -> JobInfo:
    """Dissect a layer; a dissection of it that waits or runs already is joined."""
    return jobs.start_dissection(studio, model, layer, request)


@router.post("/effects", operation_id="startEffects", status_code=202, responses=ERRORS)
def start_effects(model: str, request: jobs.EffectsRequest, studio: StudioOf) -> JobInfo:
    """Measure what switching units off does to a concept, beside random units."""
    return jobs.start_effects(studio, model, request)


def report_info(reports: Reports, model: str, layer: str) -> ReportInfo:
    """The report of a layer."""
    if not reports.has(model, layer):
        return ReportInfo(model=model, layer=layer, dissected=False)
    document = reports.document(model, layer)
    names = [str(row["name"]) for row in document["vocabulary"]]
    return ReportInfo(
        model=model,
        layer=layer,
        dissected=True,
        images=document["images"],
        segmenter=document.get("segmenter"),
        units=[_row(model, layer, row) for row in document["units"]],
        rankings=document["rankings"],
        concepts=document["concepts"],
        colours={name: colour_of(name, number) for number, name in enumerate(names)},
        seconds=document["seconds"],
    )


def unit_info(reports: Reports, model: str, layer: str, unit: int) -> UnitInfo:
    """One unit in full; called in the compute thread.

    Raises:
        UnitError: There is no such unit.
    """
    report = reports.load(model, layer)
    reports.check_unit(model, layer, unit)
    values = report.values
    names = report.vocabulary.names
    ranked = sorted(
        zip(names, values.iou_best[:, unit].tolist(), strict=True), key=lambda pair: -float(pair[1])
    )
    means = values.conditional_mean[:, unit].tolist()
    return UnitInfo(
        row=_row(model, layer, reports.document(model, layer)["units"][unit]),
        concepts=[(name, iou) for name, iou in ranked if iou > 0],
        conditional_mean=dict(zip(names, means, strict=True)),
        quantiles=list(zip(values.levels, values.quantiles[:, unit].tolist(), strict=True)),
        seeds=[int(seed) for seed in report.top.seeds[unit].tolist()],
    )


def _row(model: str, layer: str, row: dict[str, Any]) -> UnitRow:
    passes = row["concept_best"] is not None and row["iou_best"] > max(LEAST_IOU, row["chance"])
    return UnitRow(
        **row, passes=passes, strip=f"api/models/{model}/layers/{layer}/units/{row['unit']}/strip.webp"
    )


PAGE = Page(router)
