"""Which part of a photo a verb works with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inscape.errors import UsageError, unknown_name

if TYPE_CHECKING:
    from inscape.photos import Photo

FITS = ("crop", "pad", "stretch")
FitName = Annotated[
    str, typer.Option("--fit", help="How a photo that is not square is fitted: crop, pad or stretch.")
]
PhotoBox = Annotated[
    str | None,
    typer.Option("--box", metavar="X,Y,W,H", help="The part of the photo to invert, in pixels of the photo."),
]


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
