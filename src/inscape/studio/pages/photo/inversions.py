"""Inversions as jobs: they can be watched, stopped with the best so far, or given up."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

import inscape
from inscape import storage
from inscape.errors import ConflictError, InscapeError, NotFoundError
from inscape.pictures import Picture
from inscape.studio.colours import colour_of
from inscape.studio.encoding import jpeg, packed
from inscape.studio.jobs import JobInfo
from inscape.studio.pages.photo.commands import invert_request
from inscape.studio.pages.photo.photos import INVERSION, Photos
from inscape.studio.pages.photo.shapes import (
    STAGES,
    InversionInfo,
    InversionRequest,
    InversionResult,
    LostConceptInfo,
    LostInfo,
    PhotoInfo,
    RunningInversion,
    StageInfo,
)
from inscape.studio.studio import Studio
from inscape.verbs.invert import invert_opened

if TYPE_CHECKING:
    from inscape.concepts import Vocabulary
    from inscape.photos import Lost, Snapshot
    from inscape.progress import Progress

logger = logging.getLogger("inscape")
_LONGEST_CURVE = 400
_MOST_CONCEPTS = 254
_REST = 255


_BEFORE = RunningInversion(
    job="",
    step=0,
    stage=None,
    fraction=0.0,
    psnr=None,
    picture=None,
    curve=[],
    stages=[],
    stopping=False,
)
"""What is said of one that waits; never changed."""


@dataclass(eq=False)
class _Watched:
    """An inversion while it is made; what it shows is written in the compute thread, and read by routes."""

    now: RunningInversion = field(default_factory=lambda: _BEFORE)
    job: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    picture: bytes = b""

    def watch(self, photo: str, snapshot: Snapshot) -> None:
        """One more picture."""
        self.picture = jpeg(snapshot.picture)
        step, best = self.now.step + 1, {each.stage: each for each in self.now.stages}
        best[snapshot.stage] = StageInfo(
            stage=snapshot.stage, psnr=snapshot.psnr, seconds=snapshot.seconds, picture=None
        )
        curve = [*self.now.curve, (round(snapshot.seconds, 3), round(snapshot.psnr, 3))]
        changes = {
            "step": step,
            "stage": snapshot.stage,
            "fraction": min(1.0, snapshot.fraction),
            "psnr": snapshot.psnr,
            "picture": f"api/photos/{photo}/progress.jpg?step={step}",
            "curve": curve if len(curve) <= _LONGEST_CURVE else [*curve[:-1:2], curve[-1]],
            "stages": [best[stage] for stage in STAGES if stage in best],
        }
        self.now = self.now.model_copy(update=changes)


class Inversions:
    """Starts inversions, and says how far they are.

    Args:
        studio: Its models, and its jobs.
        photos: What is inverted.
    """

    def __init__(self, studio: Studio, photos: Photos) -> None:
        self._studio, self._photos = studio, photos
        self._watched: dict[str, _Watched] = {}

    def start(self, identifier: str, request: InversionRequest) -> JobInfo:
        """Invert a photo; an inversion of it that waits or runs already is joined.

        Raises:
            NotFoundError: There is no such photo.
            ModelNotFoundError, LayerError, UnsupportedError: The model cannot be painted with.
            ConflictError: The photo has been inverted already.
        """
        card = self._studio.library.paintable(request.model)
        layer = card.layer(request.layer or card.default_layer or "").name
        under_way = self.running(identifier)
        if under_way is not None:
            return self._studio.jobs.get(under_way.job)
        info = self._photos.choose(identifier, request.fit, request.model_copy(update={"layer": layer}))
        watched = self._watched[identifier] = _Watched()
        name = f"Invert {info.name} ({identifier[:6]}) with {request.model}"
        work = partial(self._invert, info, watched)
        try:
            job = self._studio.jobs.start("inversion", name, work, model=request.model, layer=layer)
        except InscapeError:
            self._watched.pop(identifier, None)
            raise
        watched.job = job.id
        return job

    def stop(self, identifier: str) -> None:
        """End the inversion of a photo with the best so far.

        Raises:
            ConflictError: It is not being inverted.
        """
        watched = self._watched.get(identifier)
        if watched is None or self.running(identifier) is None:
            raise ConflictError("This photo is not being inverted.", "It has ended already.")
        watched.stop.set()

    def picture(self, identifier: str) -> bytes:
        """The best picture so far, as JPEG.

        Raises:
            NotFoundError: There is none yet, or none any more.
        """
        watched = self._watched.get(identifier)
        if watched is None or not watched.picture:
            raise NotFoundError(
                "There is no picture of an inversion that runs.", "It has ended, or just begun."
            )
        return watched.picture

    def running(self, identifier: str) -> RunningInversion | None:
        """How far the inversion of a photo is; `None` where none waits or runs."""
        watched = self._watched.get(identifier)
        if watched is None:
            return None
        if watched.job and not self._studio.jobs.active(watched.job):  # cancelled while it waited
            self._watched.pop(identifier, None)
            return None
        return watched.now.model_copy(update={"job": watched.job, "stopping": watched.stop.is_set()})

    def under_way(self) -> set[str]:
        """The photos whose inversion waits or runs."""
        return {each for each in tuple(self._watched) if self.running(each) is not None}

    def _invert(self, photo: PhotoInfo, watched: _Watched, progress: Progress) -> InversionResult:
        assert photo.asked is not None
        library, model = self._studio.library, photo.asked.model
        place = partial(self._photos.file, photo.id)
        try:
            generator = library.fresh(model)
            inversion = invert_opened(
                generator,
                self._photos.photo(photo.id).fitted(photo.fit.square),
                invert_request(photo, library.argument(model)),
                progress,
                watch=partial(watched.watch, photo.id),
                stop=watched.stop.is_set,
            )
            stopped, file = watched.stop.is_set(), inversion.save(place(INVERSION))
            for name, pixels in (*inversion.pictures.items(), ("target", inversion.target)):
                storage.write_bytes(place(f"{name}.png"), Picture(pixels).png())
            shown = {stage: f"api/photos/{photo.id}/stages/{stage}.png" for stage in inversion.pictures}
            info = InversionInfo(
                model=model,
                layer=inversion.layer,
                size=inversion.size,
                psnr=max(value for value in inversion.psnr.values() if value is not None),
                stages=[
                    StageInfo(
                        stage=stage,
                        psnr=inversion.psnr.get(stage),
                        seconds=inversion.seconds.get(stage),
                        picture=shown.get(stage),
                    )
                    for stage in STAGES
                ],
                lost=_lost(generator, inversion),
                stopped=stopped,
                bytes=file.stat().st_size,
            )
            self._photos.keep(photo.id, info, photo.fit)
            return InversionResult(photo=photo.id, psnr=info.psnr)
        finally:
            self._watched.pop(photo.id, None)


def _lost(generator: inscape.Generator, inversion: inscape.Inversion) -> LostInfo | None:
    from inscape.photos import lost
    from inscape.segmenters import open_segmenter

    if generator.card.segmenter is None:
        return None
    try:
        segmenter = open_segmenter(generator.card.segmenter, generator.device)
    except InscapeError as error:  # what was found must not be lost for want of a map
        logger.warning("cannot measure what was lost: %s", error)
        return None
    return _lost_info(lost(inversion.target, inversion.picture, segmenter), segmenter.vocabulary)


def _lost_info(found: Lost, vocabulary: Vocabulary) -> LostInfo:
    """What was lost as the page reads it: concepts, and where each of them was."""
    concepts = [concept for concept in found.concepts if concept.lost > 0][:_MOST_CONCEPTS]
    places = np.full(256, _REST, np.uint8)
    for number, concept in enumerate(concepts):
        places[vocabulary.index(concept.name)] = number + 1
    where = np.where(found.mask, places[found.labels_photo], 0).astype(np.uint8)
    return LostInfo(
        share=found.share,
        size=len(where),
        map=packed(where),
        concepts=[
            LostConceptInfo(
                concept=concept.name,
                colour=colour_of(concept.name, vocabulary.index(concept.name) - 1),
                area_photo=concept.area_photo,
                area_inversion=concept.area_inversion,
                lost=concept.lost,
            )
            for concept in concepts
        ],
    )
