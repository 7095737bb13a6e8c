"""Models: their cards, their pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from inscape.studio.checkpoints import LARGEST_FILE
from inscape.studio.painter import Place
from inscape.studio.routes._common import ERRORS, StudioOf, image, image_answers
from inscape.studio.schemas import CheckpointList, ModelInfo, ModelList, OpenCheckpoint, StudioInfo

router = APIRouter(prefix="/api", tags=["models"])
SeedInPath = Annotated[int, Path(ge=0, le=2**32 - 1)]
FileName = Annotated[str, Query(min_length=1, max_length=255, description="What the file is called.")]
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
Size = Annotated[
    int | None, Query(ge=16, le=1024, description="Height and width; the model's own unless given.")
]
Class = Annotated[
    int | None,
    Query(ge=0, lt=2**31, description="Class of a conditional generator; the seed's own unless given."),
]


@router.get("/studio", operation_id="getStudio", responses=ERRORS)
def get_studio(studio: StudioOf) -> StudioInfo:
    """Version, default model, and whether it has been loaded."""
    return studio.info()


@router.get("/models", operation_id="listModels", responses=ERRORS)
def list_models(studio: StudioOf) -> ModelList:
    """All models and what their cards say."""
    return ModelList(models=studio.library.described())


@router.get("/checkpoints", operation_id="listCheckpoints", responses=ERRORS)
def list_checkpoints(studio: StudioOf) -> CheckpointList:
    """Files that can be opened, in the folders that the launch named."""
    return CheckpointList(files=studio.checkpoints.files(), largest=LARGEST_FILE)


@router.post("/checkpoints/open", operation_id="openCheckpoint", status_code=201, responses=ERRORS)
def open_checkpoint(request: OpenCheckpoint, studio: StudioOf) -> ModelInfo:
    """Open one of those files; it is kept as a model."""
    return studio.library.describe(studio.checkpoints.open(request.folder, request.name))


@router.post(
    "/checkpoints/upload",
    operation_id="uploadCheckpoint",
    status_code=201,
    responses=ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def upload_checkpoint(request: Request, name: FileName, studio: StudioOf) -> ModelInfo:
    """Open a dropped file, whose bytes are the body; it is kept as a model."""
    opened = await studio.checkpoints.receive(name, request.stream())
    return await run_in_threadpool(studio.library.describe, opened)


@router.delete("/models/{model}", operation_id="removeModel", status_code=204, responses=ERRORS)
async def remove_model(model: str, studio: StudioOf) -> None:
    """Remove a model that was opened in the page, and the rules that were made for it."""
    await studio.forget(model)


@router.get("/models/{model}", operation_id="getModel", responses=ERRORS)
def get_model(model: str, studio: StudioOf) -> ModelInfo:
    """One model: card, layers, provenance, licence."""
    return studio.library.describe(model)


@router.get(
    "/models/{model}/pictures/{seed}.jpg",
    operation_id="getPictureJpeg",
    response_class=Response,
    responses=image_answers("jpeg"),
)
async def get_picture_jpeg(
    model: str,
    seed: SeedInPath,
    studio: StudioOf,
    request: Request,
    size: Size = None,
    class_index: Class = None,
) -> Response:
    """The picture of a seed as JPEG."""
    place = Place(model, seed, class_index=class_index)
    draw = studio.compute.run_beside(lambda: studio.pictures.jpeg(place, size), request.is_disconnected)
    return image(await draw, "jpeg")


@router.get(
    "/models/{model}/pictures/{seed}.png",
    operation_id="getPicturePng",
    response_class=Response,
    responses=image_answers("png"),
)
async def get_picture_png(
    model: str, seed: SeedInPath, studio: StudioOf, class_index: Class = None
) -> Response:
    """The picture of a seed as PNG, exact."""
    place = Place(model, seed, class_index=class_index)
    return image(await studio.compute.run(lambda: studio.pictures.png(place)), "png")
