"""Photos: brought, inverted while one watches, painted on; kept at every step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

from inscape.errors import NotFoundError
from inscape.studio.job_schemas import JobInfo
from inscape.studio.photo_painter import INVERSION
from inscape.studio.photo_schemas import FitInfo, InversionRequest, PhotoInfo, PhotoList, Stage
from inscape.studio.routes._common import ERRORS, StudioOf, image, image_answers
from inscape.studio.rule_files import file_name
from inscape.studio.studio import Studio

router = APIRouter(prefix="/api/photos", tags=["photos"])
Identifier = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
FileName = Annotated[str, Query(max_length=255, description="What the file is called.")]
Step = Annotated[int, Query(ge=0, description="Which picture; the latest is sent, and none is kept.")]
_FILE = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_BINARY = {200: {"content": _FILE}} | ERRORS


@router.get("", operation_id="listPhotos", responses=ERRORS)
def list_photos(studio: StudioOf) -> PhotoList:
    """All photos, the latest first."""
    return studio.photo_infos.all()


@router.post(
    "",
    operation_id="uploadPhoto",
    status_code=201,
    responses=ERRORS,
    openapi_extra={"requestBody": {"required": True, "content": _FILE}},
)
async def upload_photo(request: Request, studio: StudioOf, name: FileName = "") -> PhotoInfo:
    """Bring a photo, whose bytes are the body: anything that is a picture."""
    record = await studio.photos.receive(name, request.stream())
    return await run_in_threadpool(studio.photo_infos.get, record.id)


@router.get("/{photo}", operation_id="getPhoto", responses=ERRORS)
def get_photo(photo: Identifier, studio: StudioOf) -> PhotoInfo:
    """One photo: its inversion, or how far that is."""
    return studio.photo_infos.get(photo)


@router.put("/{photo}/fit", operation_id="fitPhoto", responses=ERRORS)
def fit_photo(photo: Identifier, fit: FitInfo, studio: StudioOf) -> PhotoInfo:
    """Choose the square; 409 once the photo has been inverted."""
    studio.photos.fit(photo, fit)
    return studio.photo_infos.get(photo)


@router.post("/{photo}/copy", operation_id="copyPhoto", status_code=201, responses=ERRORS)
def copy_photo(photo: Identifier, studio: StudioOf) -> PhotoInfo:
    """The same photo once more, to choose another square or model."""
    return studio.photo_infos.get(studio.photos.copy(photo).id)


@router.delete("/{photo}", operation_id="deletePhoto", status_code=204, responses=ERRORS)
def delete_photo(photo: Identifier, studio: StudioOf) -> None:
    """Put a photo away with what was painted on it; `restorePhoto` brings both back."""
    studio.photo_infos.delete(photo)


@router.post("/{photo}/restore", operation_id="restorePhoto", responses=ERRORS)
def restore_photo(photo: Identifier, studio: StudioOf) -> PhotoInfo:
    """Bring a deleted photo back."""
    return studio.photo_infos.restore(photo)


@router.post("/{photo}/inversion", operation_id="invertPhoto", status_code=202, responses=ERRORS)
def invert_photo(photo: Identifier, request: InversionRequest, studio: StudioOf) -> JobInfo:
    """Let a generator draw the photo; an inversion that runs already is joined."""
    return studio.photo_jobs.start(photo, request)


@router.post("/{photo}/inversion/stop", operation_id="stopInversion", responses=ERRORS)
def stop_inversion(photo: Identifier, studio: StudioOf) -> PhotoInfo:
    """End it with the best so far. To give it up, cancel its job."""
    studio.photo_jobs.stop(photo)
    return studio.photo_infos.get(photo)


@router.get("/{photo}/inversion/file", operation_id="getInversionFile", responses=_BINARY)
def get_inversion_file(photo: Identifier, studio: StudioOf) -> FileResponse:
    """The inversion as `.inversion.safetensors`, which the command line and Python read."""
    studio.photos.inverted(photo)
    name = file_name(studio.photos.get(photo).name, "photo")
    return FileResponse(
        studio.photos.file(photo, INVERSION),
        filename=f"{name}.inversion.safetensors",
        media_type="application/octet-stream",
    )


@router.get(
    "/{photo}/progress.jpg",
    operation_id="getInversionPicture",
    response_class=Response,
    responses=image_answers("jpeg"),
)
def get_inversion_picture(photo: Identifier, studio: StudioOf, step: Step = 0) -> Response:
    """The best picture so far of an inversion that runs."""
    return image(studio.photo_jobs.picture(photo), "jpeg", keep_seconds=0)


@router.get(
    "/{photo}/stages/{stage}.png",
    operation_id="getStagePicture",
    response_class=Response,
    responses=image_answers("png"),
)
def get_stage_picture(photo: Identifier, stage: Stage, studio: StudioOf) -> FileResponse:
    """What the generator drew at a stage."""
    return _file(studio, photo, f"{stage}.png", "image/png")


@router.get(
    "/{photo}/target.png",
    operation_id="getTargetPicture",
    response_class=Response,
    responses=image_answers("png"),
)
def get_target_picture(photo: Identifier, studio: StudioOf) -> FileResponse:
    """The photo as the generator was asked to draw it."""
    return _file(studio, photo, "target.png", "image/png")


@router.get(
    "/{photo}/{size}.jpg",
    operation_id="getPhotoPicture",
    response_class=Response,
    responses=image_answers("jpeg"),
)
def get_photo_picture(
    photo: Identifier, size: Annotated[str, Path(pattern="^(screen|small)$")], studio: StudioOf
) -> FileResponse:
    """The photo for the screen (at most 1024 pixels wide and high), or small (at most 256)."""
    return _file(studio, photo, f"{size}.jpg", "image/jpeg")


def _file(studio: Studio, photo: str, name: str, kind: str) -> FileResponse:
    studio.photos.get(photo)
    path = studio.photos.file(photo, name)
    if not path.is_file():
        raise NotFoundError("This stage of the inversion did not run, so there is no picture of it.")
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=600"})
