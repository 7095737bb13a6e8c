"""What verbs do with photos: which part of one is wanted, and how it is painted on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from inscape.cli.common import progress
from inscape.errors import RegionError, UsageError, unknown_name

if TYPE_CHECKING:
    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.photos import Inversion, Photo
    from inscape.pictures import Picture
    from inscape.regions import Region

Brush: TypeAlias = "Callable[[Region], UnitEdit]"
"""From a place in the generator's picture to the edit that paints there."""
FITS = ("crop", "pad", "stretch")
FitName = Annotated[
    str, typer.Option("--fit", help="How a photo that is not square is fitted: crop, pad or stretch.")
]
PhotoBox = Annotated[
    str | None,
    typer.Option("--box", metavar="X,Y,W,H", help="The part of the photo to invert, in pixels of the photo."),
]


@dataclass(frozen=True)
class Painted:
    """What a stroke made of a picture.

    Args:
        edit: The stroke.
        region: Where, in pixels of the generator's picture.
        before: The generator's picture without it.
        after: The generator's picture with it.
        png: The file to write.
        name: What it is called where no name was given.
    """

    edit: UnitEdit
    region: Region
    before: Picture
    after: Picture
    png: bytes
    name: str


def photo_of(path: Path, fit: str, box: str | None) -> Photo:
    """Read a photo, and the part of it that is wanted.

    Raises:
        UsageError: No such way to fit, or the box cannot be read.
        FormatError: It is no photo.
    """
    from inscape.photos import Fit, read_photo
    from inscape.regions import parse_box

    if fit not in FITS:
        raise UsageError(*unknown_name("way to fit a photo", fit, FITS))
    if box is None:
        return read_photo(path, fit=fit)  # type: ignore[arg-type]
    rectangle = parse_box(box).rectangle
    assert rectangle is not None
    return read_photo(path, fit=Fit(*rectangle))


def paint_on_photo(
    generator: Generator,
    photo: Photo,
    brush: Brush,
    region: Region,
    *,
    inversion: Path | None,
    seconds: float,
) -> Painted:
    """Paint on a photo, which is inverted first unless that was done before.

    Args:
        generator: That draws it.
        photo: The photo.
        brush: What to paint.
        region: Where, a box in pixels of the photo.
        inversion: What `inscape invert` wrote; looked for in the cache unless given.
        seconds: How long to invert.

    Raises:
        RegionError: The box lies outside the part of the photo that was inverted.
        UnsupportedError: The inversion is of another photo or generator.
        LayerError: It was made for edits of a higher layer.
    """
    from inscape.photos import PhotoSession
    from inscape.pictures import Picture
    from inscape.regions import box

    assert region.rectangle is not None
    size = generator.image_size
    x, y, width, height = region.rectangle
    if x + width > photo.width or y + height > photo.height:
        raise RegionError(
            f"The box {x:g},{y:g},{width:g},{height:g} lies outside the photo of "
            f"{photo.width} × {photo.height} pixels.",
        )
    found = _inversion(generator, photo, brush(box(0, 0, size, size)).layer, inversion, seconds)
    session = PhotoSession(generator, found)
    place = found.fit.placed(region.rectangle, size)
    edit = brush(place)
    edit.check(generator)
    pixels = session.compose(photo, [edit])
    before, after = (Picture(session.render(session.latent, edits)) for edits in ([], [edit]))
    name = f"{Path(photo.name or 'photo').stem}-painted.png"
    return Painted(edit, place, before, after, replace(photo, pixels=pixels).png(), name)


def _inversion(
    generator: Generator, photo: Photo, layer: str, path: Path | None, seconds: float
) -> Inversion:
    from inscape.photos import Inversion, find_inversion

    if path is not None:
        return Inversion.load(path)
    return find_inversion(generator, photo, layer=layer, seconds=seconds, progress=progress())
