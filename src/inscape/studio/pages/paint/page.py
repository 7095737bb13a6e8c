"""The page Paint: brushes, and paintings that are kept, exported with their recipe, and imported."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from inscape.errors import NotFoundError, UsageError
from inscape.studio.page import ERRORS, UPLOAD, Page, StudioOf, image, image_answers, state_of
from inscape.studio.pages.paint import brushes, socket
from inscape.studio.pages.paint.former import Pictures, anew, current, drawn_jpeg, with_former
from inscape.studio.pages.paint.importer import import_recipe
from inscape.studio.painter import Canvas, InfluenceInfo, Mark
from inscape.studio.paintings import (
    NewPainting,
    Painting,
    PaintingList,
    SavePainting,
    StepPainting,
    summary_of,
)
from inscape.studio.shapes import Command, Identifier, Kept
from inscape.studio.strokes import AddStroke, Operation
from inscape.studio.studio import Studio
from inscape.types import JsonObject
from inscape.verbs.replay import MOST_TIMES

router = APIRouter(prefix="/api/paintings")
T = TypeVar("T")
PaintingInPath = Annotated[Identifier, Path()]
PicturesOf = Annotated[Pictures, Depends(state_of(Pictures))]


@router.get("", operation_id="listPaintings", responses=ERRORS)
def list_paintings(studio: StudioOf) -> PaintingList:
    """All paintings, the latest first."""
    return PaintingList(paintings=[summary_of(with_former(studio, each)) for each in studio.paintings.all()])


@router.post("", operation_id="createPainting", status_code=201, responses=ERRORS)
async def create_painting(request: NewPainting, studio: StudioOf, pictures: PicturesOf) -> Painting:
    """Start a painting on the picture of a seed."""
    drawn_in = await studio.compute.run(lambda: _class_of(studio, request))
    operations = await _settled(studio, request.model, request.operations)
    written = request.model_copy(update={"operations": operations, "class_index": drawn_in})
    weights = await studio.compute.run(lambda: studio.painter.weights(request.model))
    made = await run_in_threadpool(studio.paintings.create, written, weights)
    pictures.keep(made)
    return made


@router.post(
    "/import",
    operation_id="importPainting",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def import_painting(request: Request, studio: StudioOf, pictures: PicturesOf) -> Painting:
    """A painting from a recipe or from a PNG that holds one; the file's bytes are the body."""
    data = await request.body()
    made = await studio.compute.run(lambda: import_recipe(studio, data))
    pictures.keep(made)
    return made


@router.get("/{painting}", operation_id="getPainting", responses=ERRORS)
def get_painting(painting: PaintingInPath, studio: StudioOf) -> Painting:
    """One painting with all its operations."""
    return with_former(studio, studio.paintings.get(painting))


@router.put("/{painting}", operation_id="savePainting", responses=ERRORS)
async def save_painting(
    painting: PaintingInPath, request: SavePainting, studio: StudioOf, pictures: PicturesOf
) -> Painting:
    """Replace a painting; 409 where another tab has changed it since."""
    kept = await run_in_threadpool(current, studio, painting)
    operations = await _settled(studio, kept.model, request.operations)
    written = request.model_copy(update={"operations": operations})
    saved = await run_in_threadpool(studio.paintings.save, painting, written)
    pictures.keep(saved)
    return saved


@router.patch("/{painting}", operation_id="stepPainting", responses=ERRORS)
async def step_painting(
    painting: PaintingInPath, request: StepPainting, studio: StudioOf, pictures: PicturesOf
) -> Kept:
    """One operation, undo or redo; 409 where another tab has changed it since.

    The answer does not repeat the painting, for this happens at every stroke.
    """
    kept = await run_in_threadpool(current, studio, painting)
    appended = await _settled(studio, kept.model, request.append)
    written = request.model_copy(update={"append": appended})
    stepped = await run_in_threadpool(studio.paintings.step, painting, written)
    pictures.keep(stepped)
    return stepped


@router.post("/{painting}/again", operation_id="paintAgain", status_code=201, responses=ERRORS)
async def paint_again(painting: PaintingInPath, studio: StudioOf, pictures: PicturesOf) -> Painting:
    """The same painting with the version of the model that is installed, as a new one.

    Strokes of a brush take the units of the installed version; those of units picked by number keep them.
    """
    kept = await run_in_threadpool(studio.paintings.get, painting)
    return await create_painting(anew(kept), studio, pictures)


@router.delete("/{painting}", operation_id="deletePainting", status_code=204, responses=ERRORS)
def delete_painting(painting: PaintingInPath, studio: StudioOf) -> None:
    """Put a painting away; `restorePainting` brings it back."""
    studio.paintings.delete(painting)


@router.post("/{painting}/restore", operation_id="restorePainting", responses=ERRORS)
def restore_painting(painting: PaintingInPath, studio: StudioOf) -> Painting:
    """Bring a deleted painting back."""
    studio.paintings.restore(painting)
    return with_former(studio, studio.paintings.get(painting))


@router.get(
    "/{painting}/picture.jpg",
    operation_id="getPaintingJpeg",
    response_class=Response,
    responses=image_answers("jpeg"),
)
async def get_painting_jpeg(
    painting: PaintingInPath,
    studio: StudioOf,
    request: Request,
    size: Annotated[int | None, Query(ge=16, le=1024)] = None,
) -> Response:
    """The painting as it stands, as JPEG; of a former version of the model, as it was kept."""
    kept = with_former(studio, await run_in_threadpool(studio.paintings.get, painting))
    if kept.former is not None:
        was = await run_in_threadpool(studio.paintings.picture, painting)
        if was is None:
            raise NotFoundError("No picture of this painting was kept.", "Paint it again to see it.")
        return image(was, "jpeg", keep_seconds=0)
    work = partial(drawn_jpeg, studio, kept, size)
    drawn = await studio.compute.run_beside(work, request.is_disconnected)
    return image(drawn, "jpeg", keep_seconds=0)


@router.get(
    "/{painting}/export.png",
    operation_id="exportPainting",
    response_class=Response,
    responses=image_answers("png"),
)
async def export_painting(
    painting: PaintingInPath,
    studio: StudioOf,
    scale: Annotated[int, Query(ge=1, le=MOST_TIMES, description="How many times it is enlarged.")] = 1,
) -> Response:
    """The painting as PNG with its recipe inside: `inscape replay` draws it again, as large."""
    drawn = await _drawn(studio, painting, lambda canvas, marks: canvas.png(marks, scale))
    answer = image(drawn, "png", keep_seconds=0)
    answer.headers["Content-Disposition"] = f'attachment; filename="inscape-{painting}.png"'
    return answer


@router.get("/{painting}/influence", operation_id="getInfluence", responses=ERRORS)
async def get_influence(painting: PaintingInPath, studio: StudioOf) -> InfluenceInfo:
    """Where a painting changes its photo, and the islands that this falls into."""
    return await _drawn(studio, painting, lambda canvas, marks: canvas.influence(marks))


@router.get("/{painting}/recipe.json", operation_id="getRecipe", responses=ERRORS)
async def get_recipe(painting: PaintingInPath, studio: StudioOf) -> JsonObject:
    """The recipe alone."""
    return await _drawn(studio, painting, lambda canvas, marks: canvas.recipe(marks).to_json())


@router.get("/{painting}/command", operation_id="getCommand", responses=ERRORS)
async def get_command(painting: PaintingInPath, studio: StudioOf) -> Command:
    """The command line and the Python that do the same."""
    return await _drawn(studio, painting, lambda canvas, marks: canvas.command(marks, f"inscape-{painting}"))


async def _drawn(studio: Studio, painting: str, draw: Callable[[Canvas, list[Mark]], T]) -> T:
    """What is drawn, in the compute thread, of a painting as it stands."""
    kept = await run_in_threadpool(current, studio, painting)
    canvas, marks = studio.painter.canvas, studio.painter.marks
    return await studio.compute.run(
        lambda: draw(canvas(kept.place(kept.model)), marks(kept.model, kept.strokes))
    )


def _class_of(studio: Studio, request: NewPainting) -> int | None:
    """The class that a new painting is in, whether it was chosen or is the seed's own.

    Raises:
        UsageError: The photo was inverted with another model.
    """
    canvas = studio.painter.canvas(request.place(request.model))
    if canvas.place.model != request.model:
        raise UsageError(f"This photo was inverted with {canvas.place.model!r}, not with {request.model!r}.")
    return canvas.latent.class_index if request.photo is None else None


async def _settled(studio: Studio, model: str, operations: list[Operation]) -> list[Operation]:
    """Operations with the units and values of their strokes written down.

    Raises:
        LayerError, UnitError, ConceptError, RegionError: A stroke does not fit the model.
    """
    if not any(isinstance(operation, AddStroke) for operation in operations):
        return operations
    return await studio.compute.run(
        lambda: [
            AddStroke(stroke=studio.painter.settled(model, operation.stroke))
            if isinstance(operation, AddStroke)
            else operation
            for operation in operations
        ]
    )


_whole = APIRouter()
for _part in (router, brushes.router, socket.router):
    _whole.include_router(_part)
PAGE = Page(
    _whole,
    Pictures,
    messages=(socket.PaintGround, socket.PaintRequest, socket.PaintFrame, socket.PaintError),
)
