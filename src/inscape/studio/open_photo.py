"""A photo that is painted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inscape.photos import Photo, PhotoSession


@dataclass(frozen=True, eq=False)
class OpenPhoto:
    """A photo that is painted on.

    Args:
        model: What it was inverted with.
        session: Draws it.
        photo: At its own size.
        screen: At the size that the page shows.
        before: What the session draws without strokes, uint8 `[size, size, 3]`.
    """

    model: str
    session: PhotoSession
    photo: Photo
    screen: Photo
    before: NDArray[np.uint8]
