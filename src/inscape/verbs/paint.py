"""`inscape paint`: one picture, painted with units."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from annotated_types import Ge, Le

from inscape.errors import RegionError, UsageError
from inscape.verbs._brushes import check_kind, find_brushes
from inscape.verbs._generators import open_generator
from inscape.verbs._options import (
    Device,
    FitName,
    Layer,
    ModelName,
    Out,
    RankName,
    ReportFolder,
    SegmenterName,
    Units,
    UnitValue,
)
from inscape.verbs._parameters import Option
from inscape.verbs._photos import Brush, Painted, PhotoWork, check_fit, paint_on_photo, photo_of
from inscape.verbs._request import Document, Request
from inscape.verbs._units import Choice, parse_value, segmenter_for

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from inscape.dissection import UnitSet
    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.photos import Photo
    from inscape.progress import Progress
    from inscape.regions import Region


@dataclass(frozen=True)
class PaintRequest(Request):
    """Paint a concept inside a box of a picture or of your photo.

    Name a concept or units. The PNG of a painted picture holds its recipe. A painted photo keeps its size,
    and its pixels wherever the edit changed nothing.
    """

    model: ModelName
    box: Annotated[str, Option("Box to paint in, in pixels of the picture or photo.", metavar="X,Y,W,H")]
    photo: Annotated[Path | None, Option("Photo to paint on instead of a picture of the model.")] = None
    inversion: Annotated[
        Path | None,
        Option("Inversion of the photo, from `inscape invert`. [default: the cache, else inverted now]"),
    ] = None
    fit: FitName = "crop"
    seconds: Annotated[float, Option("Time for inverting a photo, in seconds."), Ge(0.1)] = 20.0
    finish: Annotated[float, Option("Time for adapting to the edit afterwards, in seconds."), Ge(0)] = 0.0
    seed: Annotated[int, Option("Seed of the picture."), Ge(0)] = 0
    concept: Annotated[str | None, Option("Concept to paint, such as door or tree.")] = None
    units: Units = None
    top: Annotated[int, Option("Number of the concept's best units."), Ge(1)] = 20
    rank: RankName = None
    kind: Annotated[
        str,
        Option(
            "Kind of brush: causal (units of a dissection), or learned or obedient (see `inscape brush`)."
        ),
    ] = "causal"
    brushes: Annotated[
        Path | None,
        Option("File of brushes, from `inscape brush`. [default: brushes.json beside the weights]"),
    ] = None
    layer: Layer = None
    strength: Annotated[
        float, Option("Strength of the stroke: 0 changes nothing, 1 replaces fully."), Ge(0), Le(1)
    ] = 1.0
    remove: Annotated[bool, Option("Switch the units off instead of on.")] = False
    value: UnitValue = "quantile"
    like: Annotated[
        str | None,
        Option(
            "Paint with the mean activations inside this box of the same picture. Copies all units, or only "
            "those of --concept or --units.",
            metavar="X,Y,W,H",
        ),
    ] = None
    class_name: Annotated[
        str | None,
        Option(
            "Class that a conditional generator draws, a number or a name. [default: the class of the seed]",
            flag="--class",
        ),
    ] = None
    segmenter: SegmenterName = None
    report: ReportFolder = None
    out: Out = Path("painted.png")
    device: Device = "auto"

    def check(self) -> None:
        """Refuse boxes, units and values that cannot be parsed, and options that exclude each other."""
        from inscape.regions import parse_box

        parse_box(self.box)
        if self.like is not None:
            parse_box(self.like)
            if self.remove:
                raise UsageError("--remove and --like exclude each other. Leave one of them out.")
        if check_kind(self.kind) == "causal":
            self.choice()
        elif self.concept is None or self.remove or self.like is not None or self.units is not None:
            raise UsageError(
                f"A brush of kind {self.kind} draws a concept: name --concept, and leave out --units, "
                "--remove and --like."
            )
        parse_value(self.value)
        if self.photo is None and self.inversion is not None:
            raise UsageError("--inversion needs the photo. Name it with --photo.")
        if self.photo is not None and self.class_name is not None:
            raise UsageError("--photo and --class exclude each other. Leave one of them out.")
        check_fit(self.fit)

    def choice(self) -> Choice | None:
        """Which units are meant; None where the appearance of all of them is copied."""
        if self.like is not None and self.concept is None and self.units is None:
            return None
        return Choice(self.concept, self.units, self.top, self.layer, self.report, self.rank)


@dataclass(frozen=True)
class PaintResult:
    """What was painted.

    Args:
        path: The file that was written.
        edit: The stroke.
        concept: What was to be painted; None where units were named alone.
        area_before: Fraction of the box that shows the concept without the stroke; None without a concept.
        area_after: The same with it.
    """

    path: Path
    edit: UnitEdit
    concept: str | None
    area_before: float | None
    area_after: float | None

    def to_json(self) -> Document:
        """The document that `--json` prints."""
        return {"files": [str(self.path)], "area_before": self.area_before, "area_after": self.area_after}

    def text(self) -> str:
        """What a person reads."""
        if self.area_before is None or self.area_after is None:
            return f"{self.path}: {len(self.edit.units)} units of {self.edit.layer}"
        areas = f"covered {self.area_before:.0%} of the box, now {self.area_after:.0%}"
        return f"{self.path}: {self.concept} {areas}"


def run(request: PaintRequest, progress: Progress) -> PaintResult:
    """Open the model and the photo, paint, and write the picture.

    Raises:
        FormatError: The photo, inversion or report cannot be read.
        ModelNotFoundError, UnsupportedError: There is no such generator.
        LayerError, ConceptError, UnitError, NotFoundError: A name or number that the model does not have.
        RegionError: The box lies outside the picture or covers none of its pixels.
    """
    from inscape.regions import parse_box
    from inscape.storage import write_bytes

    region = parse_box(request.box)
    photo = None if request.photo is None else photo_of(request.photo, request.fit)
    generator = open_generator(request.model, request.device, "paint", progress=progress)
    size = generator.image_size
    if photo is None and not region.mask(size, size, image_size=size).any():
        raise RegionError(f"The box {request.box} covers no pixel of the picture.", "Make it larger.")
    painted = _painted(request, generator, region, photo, progress)
    labeller = segmenter_for(generator, request.segmenter, request.report)
    areas = _areas(generator, painted, request.concept, labeller)
    out = request.out
    path = out if out.suffix.lower() == ".png" else out / painted.name
    write_bytes(path, painted.png)
    return PaintResult(path, painted.edit, request.concept, *areas)


def _painted(
    request: PaintRequest, generator: Generator, region: Region, photo: Photo | None, progress: Progress
) -> Painted:
    """The stroke, on a picture of the model's own or on the photo."""
    number = None if request.class_name is None else generator.card.class_index(request.class_name)
    brush, layer = _learned(request, generator) if request.kind != "causal" else _causal(request, generator)
    if photo is None:
        return _on_own_picture(generator, brush, region, request.seed, number)
    work = PhotoWork(generator, photo, layer, request.inversion, request.seconds, request.finish, progress)
    return paint_on_photo(work, brush, region)


def _learned(request: PaintRequest, generator: Generator) -> tuple[Brush, str]:
    """Paints with a brush of a file, and its layer."""
    assert request.concept is not None
    found = find_brushes(generator, request.model, request.brushes).find(request.concept, request.kind)
    return lambda place, _: found.draw(place, request.strength), found.layer


def _causal(request: PaintRequest, generator: Generator) -> tuple[Brush, str]:
    """Paints with units of a dissection or of one's own, and their layer."""
    choice, values = request.choice(), not request.remove and request.like is None
    chosen = None if choice is None else choice.take(generator, request.model, values=values)
    layer = chosen.layer if chosen else generator.layer(request.layer).name
    return _brush(request, chosen, layer), layer


def _brush(request: PaintRequest, chosen: UnitSet | None, layer: str) -> Brush:
    """Paints with the chosen units, or with what units are at another place."""
    from inscape.editing import UnitEdit
    from inscape.painting import paint
    from inscape.regions import parse_box

    copied = None if request.like is None else parse_box(request.like)

    def brush(place: Region, under: Callable[[Region, str], NDArray[np.float32]]) -> UnitEdit:
        if copied is None:
            assert chosen is not None
            return paint(
                chosen,
                place,
                strength=request.strength,
                remove=request.remove,
                value=parse_value(request.value),
            )
        means = under(copied, layer)
        numbers = chosen.units if chosen else tuple(range(len(means)))
        values = means[list(numbers)]
        return UnitEdit(layer, numbers, values, place, request.strength, concept=request.concept or "")

    return brush


def _on_own_picture(
    generator: Generator, brush: Brush, region: Region, seed: int, class_index: int | None
) -> Painted:
    from inscape.editing import Recipe
    from inscape.painting import PaintSession

    before = generator.sample(seed, class_index=class_index)
    latent = before.latent
    assert latent is not None
    session = PaintSession(generator)
    edit = brush(region, lambda copied, layer: session.means(latent, copied, layer))
    edit.check(generator)
    after = generator.render(latent, [edit])
    png = after.png(Recipe.of(generator, latent, [edit], seed=seed).to_json())
    return Painted(edit, region, before, after, png, f"{generator.name}-{seed:06d}-painted.png")


def _areas(
    generator: Generator, painted: Painted, concept: str | None, labeller: str | None
) -> tuple[float | None, float | None]:
    """How much of the region the concept covers before and after; nothing where none was named."""
    if concept is None:
        return None, None
    from inscape.pictures import to_tensor
    from inscape.segmenters import fitting_segmenter

    segmenter = fitting_segmenter(generator, labeller)
    labels = segmenter.segment(to_tensor((painted.before, painted.after)).to(generator.device)).cpu()
    plane, number = segmenter.vocabulary.plane_of(concept), segmenter.vocabulary.index(concept)
    weights = painted.region.mask(labels.shape[2], labels.shape[3], image_size=generator.image_size)
    found = ((labels[:, plane] == number) * weights).sum((1, 2)) / weights.sum().clamp_min(1e-12)
    return float(found[0]), float(found[1])
