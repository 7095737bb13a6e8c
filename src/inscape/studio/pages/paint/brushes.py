"""What can be painted with at a layer: concepts that units match, and what units do in a picture."""

from __future__ import annotations

import io

import numpy as np
from fastapi import APIRouter, Response
from pydantic import Field

from inscape.brush_kinds import KINDS, Kind
from inscape.concepts import Concept, Vocabulary
from inscape.dissection.ordering import Order, Rank
from inscape.errors import ConceptError, unknown_name
from inscape.painting.example import Example
from inscape.painting.learned_brush import BrushScore, LearnedBrush
from inscape.studio.colours import colour_of
from inscape.studio.encoding import webp
from inscape.studio.page import ERRORS, StudioOf, image, image_answers
from inscape.studio.shapes import Message, Name, RegionBox, RegionMask, region_of
from inscape.studio.strokes import Pictured
from inscape.studio.studio import Studio

router = APIRouter(prefix="/api/models/{model}")
DEFAULT_TOP = 20
_MOST = 64


class BrushScoreInfo(Message):
    """What a brush did at places that it had not seen."""

    judge: str = Field(description="The segmenter that read the pictures.")
    legal: int = Field(description="Places where the concept may stand.")
    hits: float = Field(description="The fraction of them that show it after the stroke.")
    random: float | None = Field(description="The same with as many random units.")
    illegal: int = Field(description="Places where it cannot stand.")
    illegal_hits: float | None = Field(description="The fraction of them that show it.")
    change: float | None = Field(description="Mean ΔE in those.")
    of_ten: int = Field(description="In how many of ten legal places the concept appears.")
    works: bool = Field(description="Whether it reaches half of them, and more than random units.")


class BrushInfo(Message):
    """A concept that can be painted, with a brush of one kind."""

    concept: str
    kind: Kind = Field(description="Learned and obedient brushes add to units; causal ones set them.")
    means: str = Field(description="What this kind is, in words.")
    score: BrushScoreInfo | None = Field(description="None where it was not measured.")
    plane: str
    colour: str = Field(description="#rrggbb")
    layer: str
    units: list[int] = Field(description="Best first. A stroke uses the first `top` units.")
    rank: Rank | None = Field(
        description="What orders them: α of the optimised set, the effect of each alone, or overlap. None "
        "where they were learned."
    )
    top: int
    thumbnail: str


class BrushList(Message):
    """The brushes of a layer; empty where the layer is not dissected."""

    model: str
    layer: str
    dissected: bool
    brushes: list[BrushInfo]
    absent: list[str] = Field(default_factory=list, description="Objects that no unit of the layer matches.")


class AppearanceRequest(Pictured):
    """Ask what the units of a layer are at a place of a picture, to paint with that elsewhere."""

    layer: Name
    region: RegionMask | RegionBox


class Appearance(Message):
    """What every unit of a layer is there on average: `units` and `values` for strokes."""

    layer: str
    units: list[int]
    values: list[float]


class ActivityRequest(AppearanceRequest):
    """Ask which units fire under a region of a picture."""

    top: int = Field(default=20, ge=1, le=512)


class ActivityRow(Message):
    """The activity of a unit under a region."""

    unit: int
    concept: str | None
    peak: float
    score: float = Field(description="In standard deviations of the unit over the picture.")
    fired: bool | None = Field(
        description="Whether its peak is above its top 1 % level; None without a report."
    )


class ActivityList(Message):
    """Units by how much they fire, strongest first."""

    units: list[ActivityRow]


@router.get("/example", operation_id="getExample", responses=ERRORS)
def get_example(model: str, studio: StudioOf) -> Example | None:
    """The painted example that a first visit shows; null where the model has none."""
    return Example.beside(studio.library.folder(model))


@router.get("/brushes", operation_id="listBrushes", responses=ERRORS)
def list_brushes(model: str, studio: StudioOf, layer: str | None = None) -> BrushList:
    """What can be painted: concepts with units in a layer (the default unless named), and learned brushes.

    A learned brush has a layer of its own.
    """
    name = _layer(studio, model, layer)
    made = studio.reports.brushes(model)
    concepts = studio.library.card(model).vocabulary
    learned = [_learned(model, one, concepts) for one in made if one.kind != "causal"]
    if not studio.reports.has(model, name):
        return BrushList(model=model, layer=name, dissected=False, brushes=learned)
    report = studio.reports.load(model, name)
    counts = report.matches
    scores = {one.concept: one.score for one in made if one.kind == "causal" and one.layer == name}
    shown = [
        _brush(model, name, concept, number, report.order(concept.name), scores.get(concept.name))
        for number, concept in enumerate(report.vocabulary.concepts)
        if counts.get(concept.name)
    ]
    shown.sort(key=lambda brush: (brush.plane != "object", -counts[brush.concept]))
    objects = report.vocabulary.in_plane("object")
    known = {one.concept for one in learned}
    absent = [concept for concept in objects if not counts.get(concept) and concept not in known]
    return BrushList(model=model, layer=name, dissected=True, brushes=[*shown, *learned], absent=absent)


@router.get(
    "/brushes/{concept}/thumbnail.webp",
    operation_id="getBrushThumbnail",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_brush_thumbnail(model: str, concept: str, studio: StudioOf, layer: str | None = None) -> Response:
    """What a brush paints, as a small picture: where the unit that overlaps it best fires strongest."""
    from PIL import Image

    name = _layer(studio, model, layer)
    report = studio.reports.load(model, name)
    known = concept in report.vocabulary.names
    units = report.order(concept, "iou").units if known else ()
    if not units:
        raise ConceptError(*unknown_name("brush", concept[:120], report.vocabulary.names))
    size = report.top.sprites.size
    with Image.open(io.BytesIO(studio.reports.strip(model, name, units[0]))) as strip:
        return image(webp(np.asarray(strip.crop((0, 0, size, size)))), "webp")


@router.post("/appearance", operation_id="getAppearance", responses=ERRORS)
async def get_appearance(model: str, request: AppearanceRequest, studio: StudioOf) -> Appearance:
    """What the units of a layer are at a place of a picture, to paint with that elsewhere."""
    return await studio.compute.run(lambda: _appearance(studio, model, request))


@router.post("/activity", operation_id="getActivity", responses=ERRORS)
async def get_activity(model: str, request: ActivityRequest, studio: StudioOf) -> ActivityList:
    """Which units fire under a region of a picture, the strongest first."""
    return await studio.compute.run(lambda: _activity(studio, model, request))


def _appearance(studio: Studio, model: str, request: AppearanceRequest) -> Appearance:
    canvas = studio.painter.canvas(request.place(model))
    layer = canvas.session.generator.layer(request.layer).name
    values = canvas.session.means(canvas.drawn, region_of(request.region), layer)
    return Appearance(layer=layer, units=list(range(len(values))), values=[float(one) for one in values])


def _activity(studio: Studio, model: str, request: ActivityRequest) -> ActivityList:
    canvas, reports = studio.painter.canvas(request.place(model)), studio.reports
    layer = canvas.session.generator.layer(request.layer).name
    findings = reports.load(model, layer).findings if reports.has(model, layer) else None
    levels = None if findings is None else np.asarray([each.threshold for each in findings], np.float32)
    region = region_of(request.region)
    rows = canvas.session.activity(canvas.drawn, region, layer, levels=levels, top=request.top)
    return ActivityList(
        units=[
            ActivityRow(
                unit=row.unit,
                concept=findings[row.unit].concept if findings else None,
                peak=row.peak,
                score=row.score,
                fired=row.fired,
            )
            for row in rows
        ]
    )


def _layer(studio: Studio, model: str, layer: str | None) -> str:
    card = studio.library.paintable(model)
    return card.layer(layer or card.default_layer or "").name


def _brush(
    model: str, layer: str, concept: Concept, number: int, order: Order, score: BrushScore | None
) -> BrushInfo:
    name, units = concept.name, list(order.units[:_MOST])
    return BrushInfo(
        concept=name,
        kind="causal",
        means=KINDS["causal"],
        score=_score(score),
        plane=concept.plane,
        colour=colour_of(name, number),
        layer=layer,
        units=units,
        rank=order.rank,
        top=min(DEFAULT_TOP, len(units)),
        thumbnail=f"api/models/{model}/brushes/{name}/thumbnail.webp?layer={layer}",
    )


def _learned(model: str, brush: LearnedBrush, concepts: Vocabulary) -> BrushInfo:
    number = concepts.index(brush.concept) - 1
    return BrushInfo(
        concept=brush.concept,
        kind=brush.kind,
        means=KINDS[brush.kind],
        score=_score(brush.score),
        plane=concepts.concept(brush.concept).plane,
        colour=colour_of(brush.concept, number),
        layer=brush.layer,
        units=list(brush.units),
        rank=None,
        top=len(brush.units),
        thumbnail=f"api/models/{model}/brushes/{brush.concept}/thumbnail.webp?layer={brush.layer}",
    )


def _score(score: BrushScore | None) -> BrushScoreInfo | None:
    if score is None:
        return None
    return BrushScoreInfo(**vars(score), of_ten=score.of_ten, works=score.works)
