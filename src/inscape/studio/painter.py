"""From strokes to pictures; everything here runs in the compute thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import ConceptError, UsageError
from inscape.pictures import Latent
from inscape.regions import Region
from inscape.studio.library import Library
from inscape.studio.photo_marks import LIMITS, Mark
from inscape.studio.reports import Reports
from inscape.studio.schemas import (
    ActivityList,
    ActivityRequest,
    ActivityRow,
    Appearance,
    AppearanceRequest,
    RegionBox,
    RegionMask,
    Stroke,
    StrokeSettings,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.dissection import DissectionReport, UnitSet
    from inscape.editing import UnitEdit
    from inscape.painting import PaintSession
    from inscape.studio.photo_painter import PhotoPainter

_LATENTS_KEPT = 1000
_BRUSHES_KEPT = 256


@dataclass(frozen=True)
class Place:
    """The picture that is painted on: that of a seed, or a photo."""

    model: str
    seed: int
    truncation: float = 1.0
    class_index: int | None = None
    photo: str | None = None


class Painter:
    """Draws pictures with strokes on them.

    Args:
        library: The generators.
        reports: Where brushes find their units.
        photos: Draws strokes on photos.
    """

    def __init__(self, library: Library, reports: Reports, photos: PhotoPainter) -> None:
        self._library = library
        self._reports = reports
        self.photos = photos
        self._sessions: dict[str, PaintSession] = {}
        self._latents: dict[Place, tuple[Latent, Latent]] = {}
        self._brushes: dict[tuple[str, int], tuple[DissectionReport, UnitSet]] = {}

    def session(self, model: str) -> PaintSession:
        """The painting session of a model, which keeps what lies below the brush."""
        from inscape.painting import PaintSession

        if model not in self._sessions:
            self._sessions[model] = PaintSession(self._library.generator(model))
        return self._sessions[model]

    def folder(self, model: str) -> Path | None:
        """The folder of a model named at the start; `None` for a shipped one, which its name opens."""
        return None if self._library.ships(model) else self._library.folder(model).resolve()

    def forget(self, model: str) -> None:
        """A model is there no more."""
        self._sessions.pop(model, None)
        self._latents = {place: kept for place, kept in self._latents.items() if place.model != model}
        self.photos.forget(model)

    def latent(self, place: Place) -> Latent:
        """The latent of a picture, with its class where it has one.

        Raises:
            UnsupportedError, ValueRangeError: The model has no classes, or not this one.
        """
        return self._latents_of(place)[0]

    def _latents_of(self, place: Place) -> tuple[Latent, Latent]:
        """The latent of a picture, and what a session draws it from.

        That is w where there is a class: a session tells latents apart by their numbers alone.
        """
        if place not in self._latents:
            generator = self._library.generator(place.model)
            latent = generator.latent_of(
                place.seed, truncation=place.truncation, class_index=place.class_index
            )
            drawn = latent
            if latent.class_index is not None:
                drawn = Latent("w+", generator.w_of(latent)[0].cpu().numpy())
            if len(self._latents) >= _LATENTS_KEPT:
                self._latents.clear()
            self._latents[place] = (latent, drawn)
        return self._latents[place]

    def edit(self, model: str, stroke: StrokeSettings, region: Region) -> UnitEdit:
        """The edit that a stroke stands for.

        Raises:
            LayerError, UnitError, ConceptError: The stroke names something that the model does not have.
            RegionError: Its region lies outside the picture.
        """
        from inscape.editing import UnitEdit
        from inscape.painting import paint

        removing = stroke.mode == "remove"
        layer = self._library.paintable(model).layer(stroke.layer).name
        if stroke.mode in LIMITS:
            raise UsageError("Only on a photo can strokes limit what others influence.", "Draw or remove.")
        if stroke.units and (removing or stroke.values):
            edit = UnitEdit(
                layer,
                tuple(stroke.units),
                np.asarray(stroke.values, np.float32),
                region,
                stroke.strength,
                "remove" if removing else "draw",
                stroke.concept or "",
            )
        else:
            report = self._reports.load(model, layer)
            if stroke.units:
                units = report.unit_set(stroke.units)
            elif stroke.concept is not None:
                units = self._brush(report, stroke.concept, stroke.top)
            else:
                raise ConceptError("A stroke needs a concept or units.", "Pick a brush first.")
            edit = paint(units, region, strength=stroke.strength, remove=removing, value=stroke.value)
        edit.check(self._library.generator(model))
        return edit

    def _brush(self, report: DissectionReport, concept: str, top: int) -> UnitSet:
        """The units of a concept, looked up once for each report: a stroke asks for them at every frame."""
        from inscape.painting import concept_units

        known = self._brushes.get((concept, top))
        if known is not None and known[0] is report:
            return known[1]
        if len(self._brushes) >= _BRUSHES_KEPT:
            self._brushes.clear()
        units = concept_units(report, concept, top)
        self._brushes[concept, top] = (report, units)
        return units

    def mark(self, model: str, name: str, stroke: StrokeSettings, region: Region) -> Mark:
        """A stroke on a photo.

        Raises:
            LayerError, UnitError, ConceptError, RegionError: See `edit`.
        """
        edit = None if stroke.mode in LIMITS else self.edit(model, stroke, region)
        return Mark(name, stroke.mode, region, edit)

    def settled(self, model: str, stroke: Stroke) -> Stroke:
        """The stroke with its units and their values written down, so that no later report changes it."""
        if stroke.mode in LIMITS:
            region_of(stroke.region)
            return stroke
        edit = self.edit(model, stroke, region_of(stroke.region))
        values = [] if stroke.mode == "remove" else [float(value) for value in np.asarray(edit.values)]
        return stroke.model_copy(update={"units": list(edit.units), "values": values})

    def pixels(self, place: Place, edits: Sequence[UnitEdit] = ()) -> NDArray[np.uint8]:
        """The picture with edits as it is exported, uint8 `[height, width, 3]`: the bytes of a full pass."""
        return self.session(place.model).render(self._latents_of(place)[1], edits)

    def preview(self, place: Place, edits: Sequence[UnitEdit] = ()) -> NDArray[np.uint8]:
        """The picture with edits as the canvas shows it: soon, and within a grey level of `pixels`."""
        return self.session(place.model).render(self._latents_of(place)[1], edits, exact=False)

    def warm(self, place: Place) -> None:
        """Do once what a first stroke would otherwise wait for."""
        session = self.session(place.model)
        session.prepare(self._latents_of(place)[1])
        session.render(self._latents_of(place)[1], exact=False)
        layer = session.generator.layer().name
        if self._reports.has(place.model, layer):
            self._reports.load(place.model, layer)

    def appearance(self, model: str, request: AppearanceRequest) -> Appearance:
        """What the units of a layer are under a region of a picture."""
        session, latent = self._pictured(model, request)
        layer = session.generator.layer(request.layer).name
        values = session.means(latent, region_of(request.region), layer)
        return Appearance(layer=layer, units=list(range(len(values))), values=[float(one) for one in values])

    def _pictured(
        self, model: str, request: ActivityRequest | AppearanceRequest
    ) -> tuple[PaintSession, Latent]:
        """The session that draws what a request is about, and its latent."""
        if request.photo is not None:
            return self.photos.session(request.photo)
        place = Place(model, request.seed, request.truncation, request.class_index)
        return self.session(model), self._latents_of(place)[1]

    def activity(self, model: str, request: ActivityRequest) -> ActivityList:
        """Which units fire under a region of a picture."""
        session, latent = self._pictured(model, request)
        layer = session.generator.layer(request.layer).name
        findings = self._reports.load(model, layer).findings if self._reports.has(model, layer) else None
        levels = None if findings is None else np.asarray([each.threshold for each in findings], np.float32)
        rows = session.activity(latent, region_of(request.region), layer, levels=levels, top=request.top)
        return ActivityList(
            units=[
                ActivityRow(
                    unit=row.unit,
                    concept=findings[row.unit].concept if findings else None,
                    peak=row.peak,
                    score=row.score,
                    fired=row.fired,
                )
                for row in rows
            ]
        )


def region_of(region: RegionMask | RegionBox) -> Region:
    """The region of a message.

    Raises:
        FormatError, RegionError: It cannot be read.
    """
    return Region.from_json(region.model_dump())
