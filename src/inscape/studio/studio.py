"""The studio behind the routes: models, reports, paintings, jobs, and the thread that computes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from inscape import __version__, storage
from inscape.errors import InscapeError, NotFoundError, UnitError, UsageError, unknown_name
from inscape.models.catalogue import studio_models
from inscape.segmenters import segmenter_names
from inscape.studio.checkpoints import Checkpoints
from inscape.studio.compute import Compute
from inscape.studio.effects import run_effects
from inscape.studio.importer import Importer
from inscape.studio.job_schemas import DissectionRequest, EffectsRequest, JobInfo
from inscape.studio.jobs import Jobs
from inscape.studio.library import Library
from inscape.studio.painter import Painter, Place
from inscape.studio.paintings import Paintings
from inscape.studio.photo_info import PhotoInfos
from inscape.studio.photo_jobs import PhotoJobs
from inscape.studio.photo_painter import PhotoPainter
from inscape.studio.photos import Photos
from inscape.studio.pictures import Pictures
from inscape.studio.problems import problem_of
from inscape.studio.reports import Reports
from inscape.studio.results import DissectionResult, EffectResult
from inscape.studio.rule_jobs import RuleJobs
from inscape.studio.rules import Rules
from inscape.studio.schemas import (
    AddStroke,
    NewPainting,
    Operation,
    Problem,
    StudioInfo,
)
from inscape.studio.security import new_token
from inscape.studio.works import Works
from inscape.verbs.dissect import DissectRequest, dissect_opened

if TYPE_CHECKING:
    from inscape.progress import Progress


@dataclass(frozen=True)
class Settings:
    """How a studio is started.

    Args:
        host: Where it listens.
        port: Where it listens.
        token: What lets people in.
        models: Folders of models that come before the shipped ones, by name.
        files: Checkpoints to open at the start, before everything else.
        checkpoints: Folders whose checkpoints can be opened in the page.
        device: Where networks run.
        home: Where paintings and reports are kept.
        first_seed: The picture that is made ready at the start.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    token: str = field(default_factory=new_token)
    models: Mapping[str, Path] = field(default_factory=dict)
    files: tuple[Path, ...] = ()
    checkpoints: tuple[Path, ...] = ()
    device: str = "auto"
    home: Path = field(default_factory=storage.home)
    first_seed: int = 0


class Studio:
    """Everything that the routes need.

    Args:
        settings: How it is started.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.compute = Compute()
        self.library = Library(settings.models, device=settings.device, dissected=self._dissected)
        self.checkpoints = Checkpoints(settings.checkpoints, studio_models(settings.home), self.library)
        for path in reversed(settings.files):
            self.library.put_first(self.checkpoints.take(path))
        self.reports = Reports(self.library, settings.home / "studio" / "reports")
        self.photos = Photos(settings.home / "studio" / "photos.sqlite", settings.home / "studio" / "photos")
        self.painter = Painter(self.library, self.reports, PhotoPainter(self.library, self.photos))
        self.pictures = Pictures(self.painter)
        self.paintings = Paintings(settings.home / "studio" / "paintings.sqlite")
        self.importer = Importer(self.library, self.painter, self.paintings)
        self.jobs = Jobs(self.compute)
        self.works = Works(settings.home / "studio" / "rules.sqlite", settings.home / "studio" / "rules")
        self.rules = Rules(self.library, self.works)
        self.photo_jobs = PhotoJobs(self.jobs, self.photos, self.library)
        self.rule_jobs = RuleJobs(self.jobs, self.rules, self.library)
        self.photo_infos = PhotoInfos(self.photos, self.photo_jobs, self.paintings)
        self.exports = settings.home / "studio" / "exports"
        self._failure: Problem | None = None

    def open(self) -> None:
        """Load the default model in the background."""
        self.compute.submit(self._warm)

    def close(self) -> None:
        """Stop jobs, close files; what is under way ends at its next step."""
        self.jobs.close()
        self.compute.close()
        self.paintings.close()
        self.works.close()
        self.photos.close()
        shutil.rmtree(self.exports, ignore_errors=True)

    async def forget(self, model: str) -> None:
        """Remove a model that was opened in the page, and all that hangs on it.

        Raises:
            ModelNotFoundError: The studio offers no such model.
            ConflictError: It ships, or was named at the start.
        """
        await run_in_threadpool(self.checkpoints.forget, model)
        await run_in_threadpool(self.works.forget, model)
        await self.compute.run(lambda: self.rules.forget(model))
        await self.compute.run(lambda: self.painter.forget(model))
        await self.compute.run(lambda: self.pictures.forget(model))

    def info(self) -> StudioInfo:
        """What the page needs at first."""
        default = self.library.default()
        return StudioInfo(
            version=__version__,
            default_model=default,
            ready=default is not None and self.library.opened(default),
            device=self.settings.device,
            segmenters=segmenter_names(),
            failure=self._failure,
        )

    async def class_of(self, request: NewPainting) -> int | None:
        """The class that a new painting is in, written down, whether it was chosen or is the seed's own.

        Raises:
            ModelNotFoundError: The studio offers no such model.
            UnsupportedError, ValueRangeError: It cannot be painted with, or has no such class.
            NotFoundError, ConflictError: It names a photo that is not there, or has not been inverted.
            UsageError: The photo was inverted with another model.
        """
        if request.photo is not None:
            made_with = self.photos.inverted(request.photo).model
            if made_with != request.model:
                raise UsageError(f"This photo was inverted with {made_with!r}, not with {request.model!r}.")
            return None
        card = self.library.paintable(request.model)
        if request.class_index is None and not card.latent.get("c_dim"):
            return None
        place = Place(request.model, request.seed, request.truncation, request.class_index)
        return await self.compute.run(lambda: self.painter.latent(place).class_index)

    async def settled(self, model: str, operations: list[Operation]) -> list[Operation]:
        """Operations with the units and values of their strokes written down.

        Raises:
            LayerError, UnitError, ConceptError, RegionError: A stroke does not fit the model.
        """
        if not any(isinstance(operation, AddStroke) for operation in operations):
            return operations
        return await self.compute.run(
            lambda: [
                AddStroke(stroke=self.painter.settled(model, operation.stroke))
                if isinstance(operation, AddStroke)
                else operation
                for operation in operations
            ]
        )

    def start_dissection(self, model: str, layer: str, request: DissectionRequest) -> JobInfo:
        """Dissect a layer as a job; the report is kept.

        Raises:
            ModelNotFoundError, LayerError, UnsupportedError: There is nothing to dissect.
            NotFoundError: It names a segmenter that does not ship.
        """
        self.library.paintable(model).layer(layer)
        if request.segmenter is not None and request.segmenter not in segmenter_names():
            raise NotFoundError(*unknown_name("segmenter", request.segmenter, segmenter_names()))
        asked = DissectRequest(
            model,
            self.reports.kept_at(model, layer),
            layer=layer,
            images=request.images,
            segmenter=request.segmenter,
        )

        def work(progress: Progress) -> DissectionResult:
            report = dissect_opened(self.library.fresh(model), asked, progress).report
            return DissectionResult(
                images=report.images, units=len(report.findings), concepts=report.concepts
            )

        name = f"Dissect {layer} of {model} ({request.images} pictures)"
        return self.jobs.start("dissection", name, work, model=model, layer=layer, asked=request)

    def start_effects(self, model: str, request: EffectsRequest) -> JobInfo:
        """Measure what units cause as a job; its result is what `inscape effect --json` prints.

        Raises:
            ModelNotFoundError, LayerError, UnitError, ConceptError: It names something that is not there.
            UnsupportedError: The model is no generator.
        """
        card = self.library.paintable(model)
        layer = card.layer(request.layer)
        outside = [unit for unit in request.units if not 0 <= unit < layer.units]
        if outside:
            raise UnitError(f"layer {layer.name!r} has units 0 to {layer.units - 1}, got {outside[0]}.")
        if card.concepts:  # where the card names none, the segmenter knows, and the job says so
            card.vocabulary.index(request.concept)

        def work(progress: Progress) -> EffectResult:
            return run_effects(self.library.fresh(model), model, request, self.reports, progress)

        shown = ", ".join(map(str, request.units[:4])) + (" …" if len(request.units) > 4 else "")
        verb = "Insert" if request.insert else "Switch off"
        name = f"{verb} units {shown} of {layer.name}: {request.concept} ({request.images} pictures)"
        return self.jobs.start("effects", name, work, model=model, layer=layer.name, asked=request)

    def _dissected(self, model: str, layer: str) -> bool:
        return self.reports.has(model, layer)

    def _warm(self) -> None:
        try:
            default = self.library.default()
            if default is not None:
                self.painter.warm(Place(default, self.settings.first_seed))
        except (InscapeError, OSError, ImportError) as error:
            self._failure = problem_of(error)[0]
