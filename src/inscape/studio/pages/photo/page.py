"""The page Photo: photos brought, inverted while one watches, painted on; kept at every step."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse

import inscape
from inscape.studio.files import file_name
from inscape.studio.jobs import JobInfo
from inscape.studio.page import BINARY, ERRORS, UPLOAD, Page, image, image_answers, state_of
from inscape.studio.pages.photo.canvas import PhotoCanvas
from inscape.studio.pages.photo.inversions import Inversions
from inscape.studio.pages.photo.photos import INVERSION, LARGEST_PHOTO, SCREEN_SIDE, Photos, scaled
from inscape.studio.pages.photo.shapes import (
    FitInfo,
    InversionRequest,
    PhotoInfo,
    PhotoList,
    PhotoSummary,
    Stage,
)
from inscape.studio.shapes import Identifier
from inscape.studio.strokes import Place
from inscape.studio.studio import State, Studio

router = APIRouter(prefix="/api/photos")
PhotoInPath = Annotated[Identifier, Path()]
FileName = Annotated[str, Query(max_length=255, description="What the file is called.")]
Step = Annotated[int, Query(ge=0, description="Number of the picture. The server always sends the latest.")]


class PhotoState(State):
    """The page's state.

    Args:
        studio: Its painter opens photos here.
    """

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        folder = studio.settings.folder
        self.photos = Photos(folder / "photos.sqlite", folder / "photos")
        self.inversions = Inversions(studio, self.photos)
        self._canvas = lru_cache(2)(self._opened)  # the last ones are kept ready
        studio.painter.photos = self.canvas

    def drop(self, model: str) -> None:
        """Drop the photos that are open."""
        self._canvas.cache_clear()

    def canvas(self, identifier: str) -> PhotoCanvas:
        """A photo, ready to be painted on; called in the compute thread.

        Raises:
            NotFoundError: There is no such photo, or its model is gone.
            ConflictError: It has not been inverted.
        """
        self.photos.inverted(identifier)
        return self._canvas(identifier)

    def _opened(self, identifier: str) -> PhotoCanvas:
        library, model = self.studio.library, self.photos.inverted(identifier).model
        inversion = inscape.Inversion.load(self.photos.file(identifier, INVERSION))
        session = inscape.PhotoSession(library.generator(model), inversion)
        photo = self.photos.photo(identifier)
        return PhotoCanvas(
            place=Place(model, 0, photo=identifier),
            session=session,
            latent=session.latent,
            drawn=session.latent,
            argument=library.argument(model),
            info=self.photos.get(identifier),
            photo=photo,
            shown=scaled(photo, SCREEN_SIDE),
            before=session.render(session.latent),
        )

    def get(self, identifier: str) -> PhotoInfo:
        """One photo, with what runs and what was painted.

        Raises:
            NotFoundError: There is no such photo.
        """
        running = self.inversions.running(identifier)  # first: what has ended since is kept by now
        changes: dict[str, object] = {"painting": self.studio.paintings.on_photo(identifier)}
        info = self.photos.get(identifier)
        if running is not None and info.inversion is None:
            changes |= {"running": running, "state": "inverting"}
        return info.model_copy(update=changes)


PhotoOf = Annotated[PhotoState, Depends(state_of(PhotoState))]


@router.get("", operation_id="listPhotos", responses=ERRORS)
def list_photos(page: PhotoOf) -> PhotoList:
    """All photos, the latest first."""
    photos, running = [], page.inversions.under_way()  # first: what has ended since is kept by now
    for info in page.photos.all():
        named, inversion = info.model_dump(include=set(PhotoSummary.model_fields)), info.inversion
        if inversion is None and info.id in running:
            named["state"] = "inverting"
        model, psnr = (inversion.model, inversion.psnr) if inversion else (None, None)
        photos.append(PhotoSummary(**named, model=model, psnr=psnr))
    return PhotoList(photos=photos, largest=LARGEST_PHOTO)


@router.post(
    "",
    operation_id="uploadPhoto",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def upload_photo(request: Request, page: PhotoOf, name: FileName = "") -> PhotoInfo:
    """Bring a photo, whose bytes are the body: anything that is a picture."""
    identifier = await page.photos.receive(name, request.stream())
    return await run_in_threadpool(page.get, identifier)


@router.get("/{photo}", operation_id="getPhoto", responses=ERRORS)
def get_photo(photo: PhotoInPath, page: PhotoOf) -> PhotoInfo:
    """One photo: its inversion, or how far that is."""
    return page.get(photo)


@router.put("/{photo}/fit", operation_id="fitPhoto", responses=ERRORS)
def fit_photo(photo: PhotoInPath, fit: FitInfo, page: PhotoOf) -> PhotoInfo:
    """Choose the square; 409 once the photo has been inverted."""
    page.photos.choose(photo, fit)
    return page.get(photo)


@router.post("/{photo}/copy", operation_id="copyPhoto", status_code=201, responses=ERRORS)
def copy_photo(photo: PhotoInPath, page: PhotoOf) -> PhotoInfo:
    """The same photo once more, to choose another square or model."""
    return page.get(page.photos.copy(photo))


@router.delete("/{photo}", operation_id="deletePhoto", status_code=204, responses=ERRORS)
def delete_photo(photo: PhotoInPath, page: PhotoOf) -> None:
    """Put a photo away with what was painted on it; `restorePhoto` brings both back."""
    page.photos.delete(photo)
    page.studio.paintings.mark_photo(photo, deleted=True)


@router.post("/{photo}/restore", operation_id="restorePhoto", responses=ERRORS)
def restore_photo(photo: PhotoInPath, page: PhotoOf) -> PhotoInfo:
    """Bring a deleted photo back."""
    page.photos.restore(photo)
    page.studio.paintings.mark_photo(photo, deleted=False)
    return page.get(photo)


@router.post("/{photo}/inversion", operation_id="invertPhoto", status_code=202, responses=ERRORS)
def invert_photo(photo: PhotoInPath, request: InversionRequest, page: PhotoOf) -> JobInfo:
    """Let a generator draw the photo; an inversion that runs already is joined."""
    return page.inversions.start(photo, request)


@router.post("/{photo}/inversion/stop", operation_id="stopInversion", responses=ERRORS)
def stop_inversion(photo: PhotoInPath, page: PhotoOf) -> PhotoInfo:
    """End it with the best so far. To give it up, cancel its job."""
    page.inversions.stop(photo)
    return page.get(photo)


@router.get("/{photo}/inversion/file", operation_id="getInversionFile", responses=BINARY)
def get_inversion_file(photo: PhotoInPath, page: PhotoOf) -> FileResponse:
    """The inversion as `.inversion.safetensors`, which the command line and Python read."""
    page.photos.inverted(photo)
    name = file_name(page.photos.get(photo).name, "photo")
    return FileResponse(
        page.photos.file(photo, INVERSION),
        filename=f"{name}.inversion.safetensors",
        media_type="application/octet-stream",
    )


@router.get(
    "/{photo}/progress.jpg",
    operation_id="getInversionPicture",
    response_class=Response,
    responses=image_answers("jpeg"),
)
def get_inversion_picture(photo: PhotoInPath, page: PhotoOf, step: Step = 0) -> Response:
    """The best picture so far of an inversion that runs."""
    return image(page.inversions.picture(photo), "jpeg", keep_seconds=0)


@router.get(
    "/{photo}/stages/{stage}.png",
    operation_id="getStagePicture",
    response_class=Response,
    responses=image_answers("png"),
)
def get_stage_picture(photo: PhotoInPath, stage: Stage, page: PhotoOf) -> FileResponse:
    """What the generator drew at a stage."""
    return _file(page, photo, f"{stage}.png", "image/png")


@router.get(
    "/{photo}/target.png",
    operation_id="getTargetPicture",
    response_class=Response,
    responses=image_answers("png"),
)
def get_target_picture(photo: PhotoInPath, page: PhotoOf) -> FileResponse:
    """The photo as the generator was asked to draw it."""
    return _file(page, photo, "target.png", "image/png")


@router.get(
    "/{photo}/{size}.jpg",
    operation_id="getPhotoPicture",
    response_class=Response,
    responses=image_answers("jpeg"),
)
def get_photo_picture(
    photo: PhotoInPath, size: Annotated[str, Path(pattern="^(screen|small)$")], page: PhotoOf
) -> FileResponse:
    """The photo for the screen (at most 1024 pixels wide and high), or small (at most 256)."""
    return _file(page, photo, f"{size}.jpg", "image/jpeg")


def _file(page: PhotoState, photo: str, name: str, kind: str) -> FileResponse:
    path = page.photos.shown(photo, name)
    return FileResponse(path, media_type=kind, headers={"Cache-Control": "private, max-age=600"})


PAGE = Page(router, PhotoState, uploads={"/api/photos": LARGEST_PHOTO})
