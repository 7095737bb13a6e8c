"""Paintings: kept at every operation, exported with their recipe, imported from files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from inscape.studio.photo_schemas import InfluenceInfo
from inscape.studio.routes._common import ERRORS, StudioOf, image, image_answers
from inscape.studio.schemas import (
    Command,
    Kept,
    NewPainting,
    Painting,
    PaintingList,
    SavePainting,
    StepPainting,
)

router = APIRouter(prefix="/api/paintings", tags=["paintings"])
Identifier = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}


@router.get("", operation_id="listPaintings", responses=ERRORS)
def list_paintings(studio: StudioOf) -> PaintingList:
    """All paintings, the latest first."""
    return PaintingList(paintings=studio.paintings.all())


@router.post("", operation_id="createPainting", status_code=201, responses=ERRORS)
async def create_painting(request: NewPainting, studio: StudioOf) -> Painting:
    """Start a painting on the picture of a seed."""
    class_index = await studio.class_of(request)
    operations = await studio.settled(request.model, request.operations)
    return await run_in_threadpool(
        studio.paintings.create,
        request.model_copy(update={"operations": operations, "class_index": class_index}),
    )


@router.post(
    "/import",
    operation_id="importPainting",
    status_code=201,
    responses=ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def import_painting(request: Request, studio: StudioOf) -> Painting:
    """A painting from a recipe or from a PNG that holds one; the file's bytes are the body."""
    data = await request.body()
    return await studio.compute.run(lambda: studio.importer.painting(data))


@router.get("/{painting}", operation_id="getPainting", responses=ERRORS)
def get_painting(painting: Identifier, studio: StudioOf) -> Painting:
    """One painting with all its operations."""
    return studio.paintings.get(painting)


@router.put("/{painting}", operation_id="savePainting", responses=ERRORS)
async def save_painting(painting: Identifier, request: SavePainting, studio: StudioOf) -> Painting:
    """Replace a painting; 409 where another tab has changed it since."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    operations = await studio.settled(kept.model, request.operations)
    return await run_in_threadpool(
        studio.paintings.save, painting, request.model_copy(update={"operations": operations})
    )


@router.patch("/{painting}", operation_id="stepPainting", responses=ERRORS)
async def step_painting(painting: Identifier, request: StepPainting, studio: StudioOf) -> Kept:
    """One operation, undo or redo; 409 where another tab has changed it since.

    The answer does not repeat the painting, for this happens at every stroke.
    """
    kept = await run_in_threadpool(studio.paintings.get, painting)
    appended = await studio.settled(kept.model, request.append)
    return await run_in_threadpool(
        studio.paintings.step, painting, request.model_copy(update={"append": appended})
    )


@router.delete("/{painting}", operation_id="deletePainting", status_code=204, responses=ERRORS)
def delete_painting(painting: Identifier, studio: StudioOf) -> None:
    """Put a painting away; `restorePainting` brings it back."""
    studio.paintings.delete(painting)


@router.post("/{painting}/restore", operation_id="restorePainting", responses=ERRORS)
def restore_painting(painting: Identifier, studio: StudioOf) -> Painting:
    """Bring a deleted painting back."""
    return studio.paintings.restore(painting)


@router.get(
    "/{painting}/picture.jpg",
    operation_id="getPaintingJpeg",
    response_class=Response,
    responses=image_answers("jpeg"),
)
async def get_painting_jpeg(
    painting: Identifier,
    studio: StudioOf,
    request: Request,
    size: Annotated[int | None, Query(ge=16, le=1024)] = None,
) -> Response:
    """The painting as it stands, as JPEG."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    draw = studio.compute.run_beside(
        lambda: studio.pictures.painted_jpeg(kept, size), request.is_disconnected
    )
    return image(await draw, "jpeg", keep_seconds=0)


@router.get(
    "/{painting}/export.png",
    operation_id="exportPainting",
    response_class=Response,
    responses=image_answers("png"),
)
async def export_painting(painting: Identifier, studio: StudioOf) -> Response:
    """The painting as PNG with its recipe inside: `inscape replay` draws it again."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    answer = image(await studio.compute.run(lambda: studio.pictures.export(kept)), "png", keep_seconds=0)
    answer.headers["Content-Disposition"] = f'attachment; filename="inscape-{painting}.png"'
    return answer


@router.get("/{painting}/influence", operation_id="getInfluence", responses=ERRORS)
async def get_influence(painting: Identifier, studio: StudioOf) -> InfluenceInfo:
    """Where a painting changes its photo, and the islands that this falls into."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    return await studio.compute.run(lambda: studio.pictures.influence(kept))


@router.get("/{painting}/recipe.json", operation_id="getRecipe", responses=ERRORS)
async def get_recipe(painting: Identifier, studio: StudioOf) -> dict[str, Any]:
    """The recipe alone."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    return await studio.compute.run(lambda: studio.pictures.recipe(kept))


@router.get("/{painting}/command", operation_id="getCommand", responses=ERRORS)
async def get_command(painting: Identifier, studio: StudioOf) -> Command:
    """The command line and the Python that do the same."""
    kept = await run_in_threadpool(studio.paintings.get, painting)
    return await studio.compute.run(lambda: studio.pictures.command(kept))
