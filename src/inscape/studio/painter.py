"""From strokes to pixels, files and lines; everything here runs in the compute thread."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

import inscape
from inscape.errors import ConceptError, NotFoundError, UnsupportedError, UsageError
from inscape.pictures import Latent, Picture
from inscape.studio.library import Library
from inscape.studio.reports import Reports
from inscape.studio.shapes import Command, Message, region_of
from inscape.studio.strokes import Place, Stroke, StrokeSettings
from inscape.verbs import command_line
from inscape.verbs.replay import ReplayRequest

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.editing import Recipe
    from inscape.painting import BrushSet, LearnedBrush, PaintSession

Box = tuple[float, float, float, float]


class Island(Message):
    """A connected part of what strokes influence."""

    number: int
    area: float = Field(description="With its soft border, as a fraction of the square.")
    change: float = Field(description="Summed over it, as a mean over the square, in ΔE.")
    box: Box = Field(description="x, y, width, height as fractions of the square.")
    dropped: list[str] = Field(description="Strokes that drop it. Empty if it is kept.")


class InfluenceInfo(Message):
    """Where the strokes change the photo; everything else is the photo's own, bit for bit."""

    size: int
    map: str = Field(
        description="One byte per pixel, deflated, base64: the number of the island; 0 where nothing changes."
    )
    area: float = Field(
        description="Fraction of the square that changes: the sum of the islands that are kept."
    )
    islands: list[Island]


@dataclass(frozen=True, eq=False)
class Mark:
    """A stroke on a canvas.

    Args:
        name: Its identifier.
        mode: "draw" and "remove" edit; "keep" and "drop" limit what the others influence, on a photo.
        region: Where.
        edit: What it changes; `None` where it limits.
    """

    name: str
    mode: str
    region: inscape.Region
    edit: inscape.UnitEdit | None


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the page is shown of strokes.

    Args:
        pixels: uint8 `[height, width, 3]`, with a fourth channel where it is clear in places.
        box: Of a photo, what they cover: x, y, width, height in parts of it; without area where nothing does.
        influence: Of a photo, where the strokes change it.
    """

    pixels: NDArray[np.uint8]
    box: Box | None = None
    influence: InfluenceInfo | None = None


@dataclass(frozen=True, eq=False)
class Canvas:
    """The picture of a seed.

    Args:
        place: Which picture.
        session: Draws it.
        latent: Of the picture, with its class where it has one.
        drawn: What the session draws it from: w where there is a class, for a session tells latents apart by
            their numbers alone.
        argument: What `inscape VERB` takes for the model, not quoted.
    """

    place: Place
    session: PaintSession
    latent: Latent
    drawn: Latent
    argument: str

    def pixels(self, marks: Sequence[Mark] = ()) -> NDArray[np.uint8]:
        """The picture with strokes as it is exported: uint8 `[height, width, 3]`, of a full pass."""
        return self.session.render(self.drawn, _edits(marks))

    def screen(self, marks: Sequence[Mark]) -> NDArray[np.uint8]:
        """The same at the size that lists show."""
        return self.pixels(marks)

    def preview(self, marks: Sequence[Mark], *, final: bool) -> Drawn:
        """The picture as the page shows it: soon, and within a grey level of `pixels`.

        Args:
            marks: The strokes.
            final: Whether the pointer rests.
        """
        return Drawn(self.session.render(self.drawn, _edits(marks), exact=False))

    def png(self, marks: Sequence[Mark], scale: int = 1) -> bytes:
        """The picture with strokes as PNG, with the recipe inside that draws it again byte for byte.

        Args:
            marks: The strokes.
            scale: How many times it is enlarged.
        """
        return Picture(self.pixels(marks)).enlarged(scale).png(self.recipe(marks).to_json())

    def influence(self, marks: Sequence[Mark]) -> InfluenceInfo:
        """Where strokes change a photo.

        Raises:
            UnsupportedError: It is not a photo.
        """
        raise UnsupportedError("Only a painting on a photo can limit its influence.")

    def recipe(self, marks: Sequence[Mark]) -> Recipe:
        """What draws it again."""
        from inscape.editing import Recipe

        return Recipe.of(self.session.generator, self.latent, _edits(marks), seed=self.place.seed)

    def command(self, marks: Sequence[Mark], name: str) -> Command:
        """The command line and the Python that draw it; both carry the recipe.

        Args:
            marks: The strokes.
            name: Of the files, without ending.
        """
        text = json.dumps(self.recipe(marks).to_json(), separators=(",", ":"))
        model = None if self.argument == self.place.model else self.argument  # a recipe names what ships
        line = command_line(ReplayRequest(Path(f"{name}.json"), model, Path(f"{name}.png")))
        cli = f"cat > {name}.json <<'RECIPE'\n{text}\nRECIPE\n{line}\n"
        argument = "" if model is None else f', model=inscape.open({model!r}, device="cpu")'
        python = (  # repr: what an imported recipe holds stays text here
            "import json\n\nimport inscape\n\n"
            f"recipe = json.loads({text!r})\n"
            f'inscape.replay(recipe{argument}).save("{name}.png", recipe=recipe)\n'
        )
        return Command(cli=cli, python=python)


def _edits(marks: Sequence[Mark]) -> list[inscape.UnitEdit]:
    """What strokes do to the picture of a seed.

    Raises:
        UsageError: One limits what others influence.
    """
    edits = [mark.edit for mark in marks if mark.edit is not None]
    if len(edits) < len(marks):
        raise UsageError("Only strokes on a photo can limit the influence of others.", "Draw or remove.")
    return edits


class Painter:
    """Makes pictures ready to be painted on, and strokes ready to be drawn.

    Args:
        library: The generators.
        reports: Where brushes find their units.
    """

    def __init__(self, library: Library, reports: Reports) -> None:
        self._library, self._reports = library, reports
        self._sessions: dict[str, PaintSession] = {}
        self._checked: dict[str, BrushSet] = {}
        self._weights: dict[str, str] = {}
        self._of_seed = lru_cache(1000)(self._open)
        self._brush = lru_cache(256)(_concept_units)  # a stroke asks for them at every frame
        self.photos: Callable[[str], Canvas] = _no_photo

    def canvas(self, place: Place) -> Canvas:
        """A picture, ready to be painted on.

        Raises:
            UnsupportedError, ValueRangeError: The model has no classes, or not this one.
            NotFoundError, ConflictError: There is no such photo, or it has not been inverted.
        """
        return self._of_seed(place) if place.photo is None else self.photos(place.photo)

    def _open(self, place: Place) -> Canvas:
        session = self.session(place.model)
        generator = session.generator
        latent = generator.latent_of(place.seed, truncation=place.truncation, class_index=place.class_index)
        drawn = latent
        if latent.class_index is not None:
            drawn = Latent("w+", generator.w_of(latent)[0].cpu().numpy())
        return Canvas(place, session, latent, drawn, self._library.argument(place.model))

    def session(self, model: str) -> PaintSession:
        """The painting session of a model, which keeps what lies below the brush."""
        from inscape.painting import PaintSession

        if model not in self._sessions:
            self._sessions[model] = PaintSession(self._library.generator(model))
        return self._sessions[model]

    def weights(self, model: str) -> str:
        """The hash of a model's weights."""
        from inscape.models.weights import weights_hash

        if model not in self._weights:
            self._weights[model] = weights_hash(self._library.generator(model).module)
        return self._weights[model]

    def forget(self, model: str) -> None:
        """A model is there no more."""
        self._sessions.pop(model, None)
        self._weights.pop(model, None)
        self._checked.pop(model, None)
        self._of_seed.cache_clear()

    def warm(self, place: Place) -> None:
        """Do once what a first stroke would otherwise wait for."""
        canvas = self.canvas(place)
        canvas.session.prepare(canvas.drawn)
        canvas.preview((), final=True)
        layer = canvas.session.generator.layer().name
        if self._reports.has(place.model, layer):
            self._reports.load(place.model, layer)

    def mark(self, model: str, stroke: StrokeSettings, region: inscape.Region, name: str = "") -> Mark:
        """A stroke, ready to be drawn.

        Raises:
            LayerError, UnitError, ConceptError: The stroke names something that the model does not have.
            RegionError: Its region lies outside the picture.
        """
        return Mark(name, stroke.mode, region, None if stroke.limits else self._edit(model, stroke, region))

    def marks(self, model: str, strokes: Iterable[Stroke]) -> list[Mark]:
        """Strokes that are kept, ready to be drawn."""
        return [self.mark(model, stroke, region_of(stroke.region), stroke.id) for stroke in strokes]

    def settled(self, model: str, stroke: Stroke) -> Stroke:
        """The stroke with its units and their values written down, so that no later report changes it."""
        (mark,) = self.marks(model, [stroke])
        if mark.edit is None:
            return stroke
        values = [] if stroke.mode == "remove" else [float(value) for value in np.asarray(mark.edit.values)]
        return stroke.model_copy(update={"units": list(mark.edit.units), "values": values})

    def _edit(self, model: str, stroke: StrokeSettings, region: inscape.Region) -> inscape.UnitEdit:
        removing = stroke.mode == "remove"
        adding = stroke.kind != "causal"
        if adding and removing:
            raise UsageError(
                f"A brush of kind {stroke.kind} only draws.", "Remove with the causal brush of the concept."
            )
        layer = self._library.paintable(model).layer(stroke.layer).name
        if stroke.units and (removing or stroke.values):
            edit = inscape.UnitEdit(
                layer,
                tuple(stroke.units),
                np.asarray(stroke.values, np.float32),
                region,
                stroke.strength,
                "remove" if removing else "add" if adding else "draw",
                stroke.concept or "",
            )
        elif adding:
            edit = self._learned(model, stroke).draw(region, stroke.strength)
        else:
            report = self._reports.load(model, layer)
            if stroke.units:
                units = report.unit_set(stroke.units)
            elif stroke.concept is not None:
                units = self._brush(report, stroke.concept, stroke.top)
            else:
                raise ConceptError("A stroke needs a concept or units.", "Pick a brush first.")
            edit = inscape.paint(units, region, strength=stroke.strength, remove=removing, value=stroke.value)
        edit.check(self._library.generator(model))
        return edit

    def _learned(self, model: str, stroke: StrokeSettings) -> LearnedBrush:
        """The brush of a stroke.

        Raises:
            ConceptError: The stroke names no concept.
            NotFoundError: The model has no such brush.
            FormatError: It was made for other weights.
        """
        if stroke.concept is None:
            raise ConceptError(f"A stroke of kind {stroke.kind} needs a concept.", "Pick a brush first.")
        found = self._reports.brushes(model)
        if self._checked.get(model) is not found:  # it reads all weights, and a stroke asks at every frame
            found.check(self._library.generator(model))
            self._checked[model] = found
        return found.find(stroke.concept, stroke.kind)


def _concept_units(report: inscape.DissectionReport, concept: str, top: int) -> inscape.UnitSet:
    from inscape.painting import concept_units

    return concept_units(report, concept, top)


def _no_photo(identifier: str) -> Canvas:
    raise NotFoundError(f"there is no photo {identifier[:40]!r}.")
