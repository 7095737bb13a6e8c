"""The page Artifacts: units that spoil pictures, and the pictures without them.

Its jobs run requests of the verb `artifacts`.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Response
from pydantic import Field

from inscape.dissection.unit_pictures import pictures_without, unit_pictures
from inscape.errors import UnsupportedError, ValueRangeError
from inscape.progress import Progress
from inscape.segmenters import check_shipped
from inscape.studio.findings import (
    SHOWN,
    Finding,
    Findings,
    PictureName,
    ShownUnit,
    identifier_of,
    strips_of,
)
from inscape.studio.jobs import JobInfo, Result
from inscape.studio.page import ERRORS, Page, image, image_answers, state_of
from inscape.studio.shapes import Identifier, Message, Name, field_of
from inscape.verbs.artifacts import ArtifactsRequest, rank_opened

router = APIRouter(prefix="/api/models/{model}/artifacts")
_WITHOUT = 8
"""Pictures that are shown with and without the units."""

LEAST_IMAGES = 320


class NewArtifacts(Message):
    """Ask which units of a layer spoil pictures."""

    layer: Name
    images: int = field_of(ArtifactsRequest, "images", least=LEAST_IMAGES, most=100_000)
    top: int = field_of(ArtifactsRequest, "top", most=512)
    controls: int = field_of(ArtifactsRequest, "controls", most=200)
    segmenter: Name | None = Field(default=None, description="A shipped one; the model's own if null.")


class SuspectUnit(ShownUnit):
    """How far the top pictures of a unit lie from real ones."""

    distance: float
    suspect: bool = Field(description="Whether 97.5 % of random pictures lie closer.")


class WithoutUnits(Message):
    """Pictures with and without the units that were switched off."""

    seeds: list[int]
    strip: str = Field(description="Address of the pictures: above as they are, below without the units.")


class ArtifactsInfo(Finding):
    """Which units spoil pictures, and how far pictures lie from real ones with and without them."""

    segmenter: str | None
    units: list[SuspectUnit] = Field(description="The worst first.")
    suspects: int = Field(description="Units whose top pictures lie further off than by chance.")
    chance: tuple[float, float] = Field(description="95 % of the distances of random pictures.")
    off: list[int] = Field(description="Units that were switched off.")
    before: float
    after: float
    control: list[float] = Field(description="Distances with as many random units off.")
    found: bool = Field(description="Whether pictures come closer, and more so than by chance.")
    without: WithoutUnits


class ArtifactsList(Message):
    """What is kept, the newest first."""

    measured: list[ArtifactsInfo]


class ArtifactsResult(Result):
    """Units were ranked; what is known of them is kept."""

    kind: Literal["artifacts"] = "artifacts"
    id: Identifier


class Artifacts(Findings[ArtifactsInfo]):
    """What is kept."""

    name, shape = "artifacts", ArtifactsInfo


ArtifactsOf = Annotated[Artifacts, Depends(state_of(Artifacts))]


@router.get("", operation_id="listArtifacts", responses=ERRORS)
def list_artifacts(model: str, page: ArtifactsOf) -> ArtifactsList:
    """What is known of the units of a model that spoil pictures."""
    return ArtifactsList(measured=page.all(model))


@router.get(
    "/{measured}/{name}.webp",
    operation_id="getArtifactsStrip",
    response_class=Response,
    responses=image_answers("webp"),
)
def get_artifacts_strip(
    model: str,
    measured: Annotated[Identifier, Path()],
    name: Annotated[PictureName, Path()],
    page: ArtifactsOf,
) -> Response:
    """The pictures in which a unit is strongest, or those with and without the units."""
    return image(page.picture(model, measured, name), "webp")


@router.post("", operation_id="startArtifacts", status_code=202, responses=ERRORS)
def start_artifacts(model: str, request: NewArtifacts, page: ArtifactsOf) -> JobInfo:
    """Rank the units of a layer; the same that waits or runs already is joined."""
    card = page.studio.library.paintable(model)
    layer = card.layer(request.layer)
    if card.world is None:
        raise UnsupportedError(
            f"The card of {model!r} names no world of real pictures.",
            "`inscape artifacts --real FOLDER` takes yours.",
        )
    if request.top >= layer.units:
        raise ValueRangeError(f"Fewer than {layer.units} units can be off, got {request.top}.")
    check_shipped(request.segmenter)
    name = f"Find what spoils pictures in {layer.name} ({request.images} pictures)"
    work = partial(_rank, page, model, request)
    return page.studio.jobs.start("artifacts", name, work, model=model, layer=layer.name, asked=request)


def _rank(page: Artifacts, model: str, request: NewArtifacts, progress: Progress) -> ArtifactsResult:
    identifier, generator = identifier_of(request), page.studio.library.fresh(model)
    asked = ArtifactsRequest(model, **request.model_dump())
    found = rank_opened(generator, asked, progress)
    drawn = unit_pictures(
        generator,
        [unit for unit, _ in found.units[:SHOWN]],
        layer=found.layer,
        images=found.images // 2,
        seed=found.seed,
        progress=progress,
    )
    off = list(found.off)
    seeds = list(dict.fromkeys(each.seeds[0] for each in drawn if each.unit in found.off))[:_WITHOUT]
    without = pictures_without(generator, off, seeds, layer=found.layer)
    units = [
        SuspectUnit(
            **page.shown(model, identifier, pictures), distance=distance, suspect=distance > found.chance[1]
        )
        for (_, distance), pictures in zip(found.units, drawn, strict=False)
    ]
    kept = ArtifactsInfo(
        id=identifier,
        model=model,
        created=time.time(),
        layer=found.layer,
        images=found.images,
        segmenter=request.segmenter,
        units=units,
        suspects=len(found.suspects),
        chance=found.chance,
        off=off,
        before=found.before,
        after=found.after,
        control=list(found.control),
        found=found.found,
        without=WithoutUnits(seeds=seeds, strip=page.address(model, identifier, "without")),
    )
    page.keep(kept, {**strips_of(drawn), "without": without})
    return ArtifactsResult(id=identifier)


PAGE = Page(router, Artifacts)
