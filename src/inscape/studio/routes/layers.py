"""Layers: what a dissection says of their units, the brushes that follow from it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from inscape.studio.routes._common import ERRORS, StudioOf, image, image_answers
from inscape.studio.schemas import (
    ActivityList,
    ActivityRequest,
    Appearance,
    AppearanceRequest,
    BrushList,
    ReportInfo,
    UnitInfo,
)

router = APIRouter(prefix="/api/models/{model}", tags=["layers"])
UnitInPath = Annotated[int, Path(ge=0, le=1_000_000)]


@router.get("/layers/{layer}/report", operation_id="getReport", responses=ERRORS)
def get_report(model: str, layer: str, studio: StudioOf) -> ReportInfo:
    """What the units of a layer match; `dissected` is false where nothing is known yet."""
    return studio.reports.describe(model, layer)


@router.get("/layers/{layer}/units/{unit}", operation_id="getUnit", responses=ERRORS)
async def get_unit(model: str, layer: str, unit: UnitInPath, studio: StudioOf) -> UnitInfo:
    """One unit in full: every concept, the shape of its distribution, its top pictures' seeds."""
    return await studio.compute.run(lambda: studio.reports.unit(model, layer, unit))


@router.get(
    "/layers/{layer}/units/{unit}/strip.webp",
    operation_id="getStrip",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_strip(model: str, layer: str, unit: UnitInPath, studio: StudioOf) -> Response:
    """The top pictures of a unit in one row, its region marked."""
    return image(studio.reports.strip(model, layer, unit), "webp")


@router.get("/brushes", operation_id="listBrushes", responses=ERRORS)
def list_brushes(model: str, studio: StudioOf, layer: str | None = None) -> BrushList:
    """The concepts that can be painted at a layer (the default layer unless one is named)."""
    return studio.reports.brushes(model, layer)


@router.get(
    "/brushes/{concept}/thumbnail.webp",
    operation_id="getBrushThumbnail",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_brush_thumbnail(model: str, concept: str, studio: StudioOf, layer: str | None = None) -> Response:
    """What a brush paints, as a small picture: where its best unit fires strongest."""
    return image(studio.reports.thumbnail(model, layer, concept), "webp")


@router.post("/appearance", operation_id="getAppearance", responses=ERRORS)
async def get_appearance(model: str, request: AppearanceRequest, studio: StudioOf) -> Appearance:
    """What the units of a layer are at a place of a picture, to paint with that elsewhere."""
    return await studio.compute.run(lambda: studio.painter.appearance(model, request))


@router.post("/activity", operation_id="getActivity", responses=ERRORS)
async def get_activity(model: str, request: ActivityRequest, studio: StudioOf) -> ActivityList:
    """Which units fire under a region of a picture, the strongest first."""
    return await studio.compute.run(lambda: studio.painter.activity(model, request))
