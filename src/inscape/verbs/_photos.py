"""Photos in verbs: reading their fit, and painting on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from inscape.errors import RegionError, UsageError, unknown_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inscape.editing import UnitEdit
    from inscape.models import Generator
    from inscape.photos import Inversion, Photo
    from inscape.pictures import Picture
    from inscape.progress import Progress
    from inscape.regions import Region

Under: TypeAlias = "Callable[[Region, str], NDArray[np.float32]]"
"""What each unit of a layer is on average under a box, in pixels of what is painted on."""
Brush: TypeAlias = "Callable[[Region, Under], UnitEdit]"
"""From a place in the generator's picture to the edit that paints there."""
FITS = ("crop", "pad", "stretch")


@dataclass(frozen=True)
class Painted:
    """The result of a stroke on a picture.

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


def check_fit(fit: str, box: str | None = None) -> None:
    """Refuse a way to fit a photo, or a part of it, that cannot be meant.

    Raises:
        UsageError: There is no such way, or the box cannot be read.
        RegionError: The box is empty or starts outside the photo.
    """
    from inscape.regions import parse_box

    if fit not in FITS:
        raise UsageError(*unknown_name("way to fit a photo", fit, FITS))
    if box is not None:
        parse_box(box)


def photo_of(path: Path, fit: str, box: str | None = None) -> Photo:
    """Read a photo, and the part of it that is wanted; both are those of a checked request.

    Raises:
        FormatError: It is not a photo.
    """
    from inscape.photos import Fit, read_photo
    from inscape.regions import parse_box

    if box is None:
        return read_photo(path, fit=fit)  # type: ignore[arg-type]
    rectangle = parse_box(box).rectangle
    assert rectangle is not None
    return read_photo(path, fit=Fit(*rectangle))


@dataclass(frozen=True)
class PhotoWork:
    """A photo to paint on.

    Args:
        generator: That draws it.
        photo: The photo.
        layer: Where it will be edited.
        inversion: What `inscape invert` wrote; looked for in the cache, or found anew, unless given.
        seconds: How long to invert.
        finish: How long to adapt to the edit afterwards; not at all unless above 0.
        progress: Told about steps of both.
    """

    generator: Generator
    photo: Photo
    layer: str
    inversion: Path | None
    seconds: float
    finish: float
    progress: Progress

    def found(self) -> Inversion:
        """The photo's inversion."""
        from inscape.photos import Inversion, find_inversion

        if self.inversion is not None:
            return Inversion.load(self.inversion)
        return find_inversion(
            self.generator, self.photo, layer=self.layer, seconds=self.seconds, progress=self.progress
        )


def paint_on_photo(work: PhotoWork, brush: Brush, region: Region) -> Painted:
    """Paint on a photo, which is inverted first unless that was done before.

    Args:
        work: The photo and the generator.
        brush: What to paint.
        region: Where, a box in pixels of the photo.

    Raises:
        RegionError: The box lies outside the part of the photo that was inverted.
        UnsupportedError: The inversion is of another photo or generator.
        LayerError: It was made for edits of a higher layer.
    """
    from inscape.photos import PhotoSession, adapt_after
    from inscape.pictures import Picture

    assert region.rectangle is not None
    photo, size = work.photo, work.generator.image_size
    x, y, width, height = region.rectangle
    if x + width > photo.width or y + height > photo.height:
        raise RegionError(
            f"The box {x:g},{y:g},{width:g},{height:g} lies outside the photo of "
            f"{photo.width} × {photo.height} pixels."
        )
    found = work.found()
    session = PhotoSession(work.generator, found)

    def under(copied: Region, layer: str) -> NDArray[np.float32]:
        assert copied.rectangle is not None
        return session.means(session.latent, found.fit.placed(copied.rectangle, size), layer)

    place = found.fit.placed(region.rectangle, size)
    edit = brush(place, under)
    edit.check(work.generator)
    before, after = (session.render(session.latent, edits) for edits in ([], [edit]))
    if work.finish:
        after = adapt_after(session, [edit], seconds=work.finish, progress=work.progress)
    pixels = session.compose(photo, [edit], after=after)
    name = f"{Path(photo.name or 'photo').stem}-painted.png"
    return Painted(edit, place, Picture(before), Picture(after), replace(photo, pixels=pixels).png(), name)
