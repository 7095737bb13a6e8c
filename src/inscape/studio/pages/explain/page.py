"""The page Explain: a photo, what a classifier says of it, and the units that spoke for and against it."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field

from inscape.errors import UnsupportedError
from inscape.models import Model
from inscape.reports import data_url
from inscape.studio.library import classifies
from inscape.studio.page import ERRORS, UPLOAD, Page, image, image_answers, state_of
from inscape.studio.pages.explain.photos import LARGEST_PHOTO, SeenPhoto, SeenPhotos
from inscape.studio.shapes import Identifier, Message
from inscape.studio.studio import State, Studio
from inscape.verbs.explain import ExplainRequest, explain_opened

if TYPE_CHECKING:
    from inscape.dissection.evidence import Evidence

router = APIRouter(prefix="/api")
PhotoInPath = Annotated[Identifier, Path()]
FileName = Annotated[str, Query(max_length=255, description="What the file is called.")]
_PHOTO = FilePath("photo.jpg")
"""Stands in the request, which names a file; the photo itself is handed over beside it."""


class SeenPhotoList(Message):
    """The photos that can be explained."""

    photos: list[SeenPhoto]
    largest: int = Field(description="Largest size of a photo, in bytes.")


class SaidClass(Message):
    """One of the first classes."""

    name: str
    logit: float
    probability: float


class EvidencePart(Message):
    """A unit that spoke for the class, or against it."""

    unit: int
    concept: str | None = Field(description="What the report names it after.")
    contribution: float
    share: float | None = Field(
        description="Of the picture that its region covers; null where there is none."
    )
    region: str | None = Field(description="Its region, white on transparent, as a data URL.")
    weighs_for: list[str]


class EvidenceUnseen(Message):
    """A unit that usually speaks for the class, and is off here."""

    unit: int
    concept: str | None
    usual: float
    contribution: float
    weighs_for: list[str]


class EvidenceInfo(Message):
    """The evidence for a class of a photo."""

    model: str
    layer: str
    method: str
    class_name: str = Field(description="The class that is explained.")
    logit: float
    classes: list[SaidClass]
    parts: list[EvidencePart]
    remainder: float
    unseen: list[EvidenceUnseen]
    curves: str = Field(
        description="HTML of the plots of the report's own page: the logit as units are switched off, and on."
    )
    off: list[int]
    places: bool = Field(description="Whether the units of the layer have places in the picture.")
    named: bool = Field(description="Whether a report of the layer names units.")
    dissected: str | None = Field(description="The layer with these units that the page Units shows.")
    report: str | None = Field(description="Folder of the report of that layer.")
    picture: str = Field(description="What the model was shown, as a data URL.")


class Explanations(State):
    """What the page holds: the photos, and the classifier that was used last."""

    def __init__(self, studio: Studio) -> None:
        super().__init__(studio)
        self.photos = SeenPhotos(studio.settings.folder / "explain")
        self.opened = lru_cache(1)(self._opened)

    def drop(self, model: str) -> None:
        """Close the classifier."""
        self.opened.cache_clear()

    def _opened(self, name: str) -> Model:
        card = self.studio.library.card(name)
        if not classifies(card):
            said = "a segmenter" if card.kind == "classifier" else card.noun
            raise UnsupportedError(
                f"{name!r} is {said}, and this page explains classifiers of pictures.",
                "Choose a classifier, such as efficientnet-lite0. `inscape explain MODEL --seed N` explains "
                "what a generator drew."
                if card.kind == "generator"
                else "Choose a classifier, such as efficientnet-lite0.",
            )
        self.studio.library.watch(name)
        return self.studio.library.network(name)

    def dissected(self, name: str, model: Model) -> str | None:
        """The layer with a report of the units that the parts are, if there is one.

        Args:
            name: What the studio calls the model.
            model: The model.
        """
        from inscape.dissection.linear_head import find_head

        head = find_head(model)
        layers = [] if head is None else head.layers
        for layer in layers or [model.layer(None).name]:
            if self.studio.reports.has(name, layer):
                return layer
        return None


ExplanationsOf = Annotated[Explanations, Depends(state_of(Explanations))]


@router.get("/explain/photos", operation_id="listSeenPhotos", responses=ERRORS)
def list_seen_photos(page: ExplanationsOf) -> SeenPhotoList:
    """The photos that were brought, and examples."""
    return SeenPhotoList(photos=page.photos.all(), largest=LARGEST_PHOTO)


@router.post(
    "/explain/photos",
    operation_id="bringSeenPhoto",
    status_code=201,
    responses=ERRORS,
    openapi_extra=UPLOAD,
)
async def bring_seen_photo(request: Request, page: ExplanationsOf, name: FileName = "") -> SeenPhoto:
    """Bring a photo, whose bytes are the body: anything that is a picture."""
    return await page.photos.receive(name, request.stream())


@router.delete("/explain/photos/{photo}", operation_id="deleteSeenPhoto", status_code=204, responses=ERRORS)
def delete_seen_photo(photo: PhotoInPath, page: ExplanationsOf) -> None:
    """Delete a photo that was brought."""
    page.photos.delete(photo)


@router.get(
    "/explain/photos/{photo}/small.jpg",
    operation_id="getSeenPhoto",
    response_class=Response,
    responses=image_answers("jpeg"),
)
def get_seen_photo(photo: PhotoInPath, page: ExplanationsOf) -> Response:
    """A small picture of a photo."""
    return image(page.photos.small(photo), "jpeg")


@router.get("/models/{model}/evidence", operation_id="getEvidence", responses=ERRORS)
async def get_evidence(
    model: str,
    page: ExplanationsOf,
    photo: Annotated[Identifier, Query(description="The photo.")],
    of: Annotated[
        str | None, Query(max_length=200, description="The class; the first one unless given.")
    ] = None,
    off: Annotated[str, Query(max_length=2000, description="Units that are off, such as 3,17.")] = "",
) -> EvidenceInfo:
    """What the classifier says of a photo, and the units that speak for a class and against it."""
    return await page.studio.compute.run(partial(_evidence, page, model, photo, of, off))


def _evidence(page: Explanations, name: str, photo: str, of: str | None, off: str) -> EvidenceInfo:
    """The same; called in the compute thread."""
    model, seen = page.opened(name), page.photos.photo(photo)
    dissected, reports = page.dissected(name, model), page.studio.reports
    report = None if dissected is None else reports.load(name, dissected)
    asked = ExplainRequest(name, picture=_PHOTO, of=of, off=off or None)
    found = explain_opened(model, asked, seen, report)
    folder = None if dissected is None else reports.find(name, dissected)
    return _info(found, dissected, folder)


def _info(found: Evidence, dissected: str | None, folder: FilePath | None) -> EvidenceInfo:
    parts = [
        EvidencePart(
            unit=part.unit,
            concept=part.concept,
            contribution=part.contribution,
            share=None if part.region is None else part.region.share,
            region=None if part.region is None else data_url("region.png", found.mask_file(place)),
            weighs_for=list(part.weighs_for),
        )
        for place, part in enumerate(found.parts)
    ]
    classes = [SaidClass(name=name, logit=one, probability=two) for name, one, two in found.classes]
    unseen = [
        EvidenceUnseen(
            unit=each.unit,
            concept=each.concept,
            usual=each.usual,
            contribution=each.contribution,
            weighs_for=list(each.weighs_for),
        )
        for each in found.unseen
    ]
    return EvidenceInfo(
        class_name=found.class_name,
        model=found.model,
        layer=found.layer,
        method=found.method,
        logit=found.logit,
        classes=classes,
        parts=parts,
        remainder=found.remainder,
        unseen=unseen,
        curves=found.curves(),
        off=list(found.off),
        places=found.masks is not None,
        named=found.named_by is not None,
        dissected=dissected,
        report=None if folder is None else str(folder),
        picture=data_url("picture.png", found.picture_file()),
    )


PAGE = Page(router, Explanations, uploads={"/api/explain/photos": LARGEST_PHOTO})
