"""The page Models: cards, pictures, and the checkpoints that are opened as models."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from inscape.models.catalogue import studio_models
from inscape.pictures import Picture
from inscape.studio.encoding import jpeg
from inscape.studio.library import classifies, paints
from inscape.studio.page import ERRORS, UPLOAD, Page, StudioOf, image, image_answers, state_of
from inscape.studio.pages.models.checkpoints import (
    LARGEST_FILE,
    CheckpointList,
    Checkpoints,
    OpenCheckpoint,
)
from inscape.studio.shapes import Message, Seed
from inscape.studio.strokes import Place
from inscape.studio.studio import State, Studio
from inscape.types import JsonObject

router = APIRouter(prefix="/api")
SeedInPath = Annotated[Seed, Path()]
FileName = Annotated[str, Query(min_length=1, max_length=255, description="What the file is called.")]
Size = Annotated[
    int | None, Query(ge=16, le=1024, description="Height and width in pixels. [default: the model's]")
]
Class = Annotated[
    int | None,
    Query(
        ge=0,
        lt=2**31,
        description="Class that a conditional generator draws. [default: the class of the seed]",
    ),
]


class LayerInfo(Message):
    """A layer of a model."""

    name: str
    units: int
    size: int = Field(description="Height and width of its output, in cells.")
    dissected: bool


class ModelInfo(Message):
    """A model and what its card says."""

    name: str
    kind: str
    architecture: str
    description: str
    image_size: int | None
    parameters: int
    default_layer: str | None
    concepts: list[str]
    layers: list[LayerInfo]
    segmenter: str | None
    world: str | None
    world_hash: str | None
    latent: dict[str, int]
    training: JsonObject
    source: str
    licence: str
    classes: list[str] = Field(
        description="Names of its classes, starting at 0. Empty if they have no names."
    )
    argument: str = Field(description="Argument MODEL of the command line, not quoted.")
    paintable: bool
    classifies: bool = Field(description="Whether it gives one class to a picture; a segmenter does not.")
    removable: bool = Field(description="Whether it was opened on the page Models, which can remove it.")


class ModelList(Message):
    """All models that the studio offers."""

    models: list[ModelInfo]


class Models(State):
    """The page's state.

    Args:
        studio: Gets the checkpoints that are kept, and before all others those that the launch names.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        settings = studio.settings
        self.checkpoints = Checkpoints(settings.checkpoints, studio_models(settings.home), studio.library)
        for path in reversed(settings.files):
            studio.library.put_first(self.checkpoints.take(path))
        self.jpeg = lru_cache(512)(self._jpeg)

    def _jpeg(self, place: Place, size: int | None) -> bytes:
        """A picture as JPEG; called in the compute thread."""
        return jpeg(self.studio.painter.canvas(place).pixels(), size)

    def drop(self, model: str) -> None:
        """Drop the pictures of a model."""
        self.jpeg.cache_clear()


ModelsOf = Annotated[Models, Depends(state_of(Models))]


@router.get("/models", operation_id="listModels", responses=ERRORS)
def list_models(studio: StudioOf) -> ModelList:
    """All models and what their cards say."""
    return ModelList(models=list(studio.library.readable(partial(model_info, studio))))


@router.get("/checkpoints", operation_id="listCheckpoints", responses=ERRORS)
def list_checkpoints(page: ModelsOf) -> CheckpointList:
    """Files that can be opened, in the folders that the launch named."""
    return CheckpointList(files=page.checkpoints.files(), largest=LARGEST_FILE)


@router.post("/checkpoints/open", operation_id="openCheckpoint", status_code=201, responses=ERRORS)
def open_checkpoint(request: OpenCheckpoint, page: ModelsOf) -> ModelInfo:
    """Open one of those files; it is kept as a model."""
    return model_info(page.studio, page.checkpoints.open(request.folder, request.name))


@router.post(
    "/checkpoints/upload",
    operation_id="uploadCheckpoint",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def upload_checkpoint(request: Request, name: FileName, page: ModelsOf) -> ModelInfo:
    """Open a dropped file, whose bytes are the body; it is kept as a model."""
    opened = await page.checkpoints.receive(name, request.stream())
    return await run_in_threadpool(model_info, page.studio, opened)


@router.delete("/models/{model}", operation_id="removeModel", status_code=204, responses=ERRORS)
async def remove_model(model: str, page: ModelsOf) -> None:
    """Remove a model that was opened in the page, and the rules that were made for it."""
    await run_in_threadpool(page.checkpoints.forget, model)
    await page.studio.compute.run(lambda: page.studio.forget(model))


@router.get("/models/{model}", operation_id="getModel", responses=ERRORS)
def get_model(model: str, studio: StudioOf) -> ModelInfo:
    """One model: card, layers, provenance, licence."""
    return model_info(studio, model)


@router.get(
    "/models/{model}/pictures/{seed}.jpg",
    operation_id="getPictureJpeg",
    response_class=Response,
    responses=image_answers("jpeg"),
)
async def get_picture_jpeg(
    model: str,
    seed: SeedInPath,
    page: ModelsOf,
    request: Request,
    size: Size = None,
    class_index: Class = None,
) -> Response:
    """The picture of a seed as JPEG."""
    place = Place(model, seed, class_index=class_index)
    draw = page.studio.compute.run_beside(lambda: page.jpeg(place, size), request.is_disconnected)
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
    drawn = await studio.compute.run(lambda: Picture(studio.painter.canvas(place).pixels()).png())
    return image(drawn, "png")


def model_info(studio: Studio, name: str) -> ModelInfo:
    """One model."""
    library = studio.library
    card = library.card(name)
    layers = [
        LayerInfo(
            name=layer.name,
            units=layer.units,
            size=layer.size,
            dissected=studio.reports.has(name, layer.name),
        )
        for layer in card.layers
    ]
    said = card.model_dump(include=set(ModelInfo.model_fields))
    said |= {"name": name, "concepts": list(card.vocabulary.names), "layers": layers}
    said |= {"classes": list(card.classes) if card.latent.get("c_dim") else []}
    said |= {"paintable": paints(card), "classifies": classifies(card)}
    return ModelInfo(**said, argument=library.argument(name), removable=not library.fixed(name))


PAGE = Page(router, Models, uploads={"/api/checkpoints/upload": LARGEST_FILE})
