"""Inversions as jobs: they can be watched, stopped with the best so far, or given up."""

from __future__ import annotations

import base64
import logging
import threading
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from inscape import storage
from inscape.errors import ConflictError, InscapeError, NotFoundError
from inscape.pictures import Picture
from inscape.studio.colours import colour_of
from inscape.studio.encoding import jpeg
from inscape.studio.job_schemas import JobInfo
from inscape.studio.photo_painter import INVERSION
from inscape.studio.photo_records import PhotoRecord, fit_of
from inscape.studio.photo_schemas import (
    STAGES,
    InversionInfo,
    InversionRequest,
    LostConceptInfo,
    LostInfo,
    RunningInversion,
    Stage,
    StageInfo,
)
from inscape.studio.photos import Photos
from inscape.studio.results import InversionResult

if TYPE_CHECKING:
    from inscape.concepts import Vocabulary
    from inscape.models import Generator
    from inscape.photos import Inversion, Lost, Snapshot
    from inscape.progress import Progress
    from inscape.studio.jobs import Jobs
    from inscape.studio.library import Library

logger = logging.getLogger("inscape")
_LONGEST_CURVE = 400
_MOST_CONCEPTS = 254
_REST = 255


@dataclass(eq=False)
class _Watched:
    """An inversion while it is made; written in the compute thread, read by routes."""

    job: str = ""
    stop: threading.Event = field(default_factory=threading.Event)
    last: Snapshot | None = None
    step: int = 0
    picture: bytes = b""
    curve: list[tuple[float, float]] = field(default_factory=list)
    stages: dict[Stage, StageInfo] = field(default_factory=dict)

    def watch(self, snapshot: Snapshot) -> None:
        """One more picture."""
        self.picture = jpeg(snapshot.picture)
        self.step += 1
        self.curve.append((round(snapshot.seconds, 3), round(snapshot.psnr, 3)))
        if len(self.curve) > _LONGEST_CURVE:
            self.curve = [*self.curve[:-1:2], self.curve[-1]]
        self.stages[snapshot.stage] = StageInfo(
            stage=snapshot.stage, psnr=snapshot.psnr, seconds=snapshot.seconds, picture=None
        )
        self.last = snapshot


class PhotoJobs:
    """Starts inversions, and says how far they are.

    Args:
        jobs: All jobs of the launch.
        photos: What is inverted.
        library: The models that can be named.
    """

    def __init__(self, jobs: Jobs, photos: Photos, library: Library) -> None:
        self._jobs, self._photos, self._library = jobs, photos, library
        self._watched: dict[str, _Watched] = {}

    def start(self, identifier: str, request: InversionRequest) -> JobInfo:
        """Invert a photo; an inversion of it that waits or runs already is joined.

        Raises:
            NotFoundError: There is no such photo.
            ModelNotFoundError, LayerError, UnsupportedError: The model cannot be painted with.
            ConflictError: The photo has been inverted already.
        """
        card = self._library.paintable(request.model)
        layer = card.layer(request.layer or card.default_layer or "").name
        under_way = self.running(identifier)
        if under_way is not None:
            return self._jobs.get(under_way.job)
        record = self._photos.ask(identifier, request.model_copy(update={"layer": layer}))
        watched = self._watched[identifier] = _Watched()

        def work(progress: Progress) -> InversionResult:
            try:
                return self._invert(record, watched, progress)
            finally:
                self._watched.pop(identifier, None)

        name = f"Invert {record.name} ({identifier[:6]}) with {request.model}"
        try:
            job = self._jobs.start("inversion", name, work, model=request.model, layer=layer)
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
        self._under_way(identifier).stop.set()

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
        if watched.job and not self._jobs.active(watched.job):  # cancelled while it waited
            self._watched.pop(identifier, None)
            return None
        last, step = watched.last, watched.step
        return RunningInversion(
            job=watched.job,
            step=step,
            stage=last.stage if last else None,
            fraction=min(1.0, last.fraction) if last else 0.0,
            psnr=last.psnr if last else None,
            picture=f"api/photos/{identifier}/progress.jpg?step={step}" if last else None,
            curve=list(watched.curve),
            stages=[watched.stages[stage] for stage in STAGES if stage in watched.stages],
            stopping=watched.stop.is_set(),
        )

    def _under_way(self, identifier: str) -> _Watched:
        watched = self._watched.get(identifier)
        if watched is None or self.running(identifier) is None:
            raise ConflictError("This photo is not being inverted.", "It has ended already.")
        return watched

    def _invert(self, record: PhotoRecord, watched: _Watched, progress: Progress) -> InversionResult:
        from inscape.photos import InversionSettings, invert

        asked = record.asked
        assert asked is not None
        generator = self._library.fresh(asked.model)
        inversion = invert(
            generator,
            self._photos.photo(record.id).fitted(fit_of(record.fit)),
            layer=asked.layer,
            seconds=asked.seconds,
            settings=InversionSettings(start=asked.start),
            progress=progress,
            watch=watched.watch,
            stop=watched.stop.is_set,
        )
        info = self._keep(record, asked.model, generator, inversion, stopped=watched.stop.is_set())
        return InversionResult(photo=record.id, psnr=info.psnr)

    def _keep(
        self, record: PhotoRecord, model: str, generator: Generator, inversion: Inversion, *, stopped: bool
    ) -> InversionInfo:
        identifier = record.id
        file = inversion.save(self._photos.file(identifier, INVERSION))
        for stage, picture in inversion.pictures.items():
            storage.write_bytes(self._photos.file(identifier, f"{stage}.png"), Picture(picture).png())
        storage.write_bytes(self._photos.file(identifier, "target.png"), Picture(inversion.target).png())
        reached = [value for value in inversion.psnr.values() if value is not None]
        info = InversionInfo(
            model=model,
            layer=inversion.layer,
            size=inversion.size,
            psnr=max(reached),
            stages=[_stage(identifier, inversion, stage) for stage in STAGES],
            lost=self._lost(generator, inversion),
            stopped=stopped,
            bytes=file.stat().st_size,
        )
        self._photos.keep(identifier, info, record.fit)
        return info

    def _lost(self, generator: Generator, inversion: Inversion) -> LostInfo | None:
        from inscape.photos import lost
        from inscape.segmenters import open_segmenter

        if generator.card.segmenter is None:
            return None
        try:
            segmenter = open_segmenter(generator.card.segmenter, generator.device)
        except InscapeError as error:  # what was found must not be lost for want of a map
            logger.warning("no map of what was lost: %s", error)
            return None
        return _lost_info(lost(inversion.target, inversion.picture, segmenter), segmenter.vocabulary)


def _stage(identifier: str, inversion: Inversion, stage: Stage) -> StageInfo:
    there = stage in inversion.pictures
    return StageInfo(
        stage=stage,
        psnr=inversion.psnr.get(stage),
        seconds=inversion.seconds.get(stage),
        picture=f"api/photos/{identifier}/stages/{stage}.png" if there else None,
    )


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
        map=base64.b64encode(zlib.compress(where.tobytes())).decode(),
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
