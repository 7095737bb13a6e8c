"""What is kept of a photo besides its files, and how it is brought to another size."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inscape.studio.photo_schemas import FitInfo, InversionInfo, InversionRequest

if TYPE_CHECKING:
    from inscape.photos import Fit, Photo


@dataclass(frozen=True)
class PhotoRecord:
    """What is kept of a photo besides its files."""

    id: str
    name: str
    width: int
    height: int
    fit: FitInfo
    asked: InversionRequest | None
    inversion: InversionInfo | None
    created: float
    updated: float


def record_of(row: sqlite3.Row) -> PhotoRecord:
    """What a row holds."""
    return PhotoRecord(
        id=row["id"],
        name=row["name"],
        width=row["width"],
        height=row["height"],
        fit=FitInfo.model_validate_json(row["fit"]),
        asked=InversionRequest.model_validate_json(row["asked"]) if row["asked"] else None,
        inversion=InversionInfo.model_validate_json(row["inversion"]) if row["inversion"] else None,
        created=row["created"],
        updated=row["updated"],
    )


def fit_of(fit: FitInfo) -> Fit:
    """The square that a message describes."""
    from inscape.photos import Fit

    return Fit(fit.x, fit.y, fit.width, fit.height)


def scaled(photo: Photo, side: int) -> Photo:
    """The photo with its longer side at most so many pixels, its square with it."""
    from PIL import Image

    share = side / max(photo.width, photo.height)
    if share >= 1:
        return photo
    width, height = max(1, round(photo.width * share)), max(1, round(photo.height * share))
    image = Image.fromarray(photo.pixels).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    across, down = width / photo.width, height / photo.height
    fit = type(photo.fit)(
        photo.fit.x * across, photo.fit.y * down, photo.fit.width * across, photo.fit.height * down
    )
    return replace(photo, pixels=np.asarray(image), fit=fit, alpha=None)
