"""Photos that are painted on: from strokes to pictures; everything here runs in the compute thread.

The page is sent only the part of the photo that the strokes change, with what they influence: everything
else it has already.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import UnsupportedError
from inscape.studio.encoding import packed
from inscape.studio.library import Library
from inscape.studio.pages.photo.commands import command_of
from inscape.studio.pages.photo.limits import dropped_islands, kept_region
from inscape.studio.pages.photo.photos import INVERSION, SCREEN_SIDE, Photos, scaled
from inscape.studio.painter import Canvas, Drawn, InfluenceInfo, Island, Mark
from inscape.studio.paintings import Place
from inscape.studio.shapes import Command

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.editing import Recipe
    from inscape.photos import Influence, Photo, PhotoSession
    from inscape.studio.pages.photo.shapes import PhotoInfo

_MOST_ISLANDS = 254


class PhotoCanvases:
    """Makes photos ready to be painted on; the last ones are kept ready.

    Args:
        library: The generators.
        photos: The photos and their inversions.
    """

    def __init__(self, library: Library, photos: Photos) -> None:
        self._library, self._photos = library, photos
        self._open = lru_cache(2)(self._opened)

    def open(self, identifier: str) -> PhotoCanvas:
        """A photo, ready to be painted on.

        Raises:
            NotFoundError: There is no such photo, or its model is gone.
            ConflictError: It has not been inverted.
        """
        self._photos.inverted(identifier)
        return self._open(identifier)

    def forget(self) -> None:
        """A model is there no more."""
        self._open.cache_clear()

    def _opened(self, identifier: str) -> PhotoCanvas:
        from inscape.photos import Inversion, PhotoSession

        model = self._photos.inverted(identifier).model
        inversion = Inversion.load(self._photos.file(identifier, INVERSION))
        session = PhotoSession(self._library.generator(model), inversion)
        photo, latent = self._photos.photo(identifier), session.latent
        return PhotoCanvas(
            place=Place(model, 0, photo=identifier),
            session=session,
            latent=latent,
            drawn=latent,
            argument=self._library.argument(model),
            info=self._photos.get(identifier),
            photo=photo,
            shown=scaled(photo, SCREEN_SIDE),
            before=session.render(latent),
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotoCanvas(Canvas):
    """A photo that is painted on.

    Args:
        info: What is kept of it.
        photo: At its own size.
        shown: At the size that the page shows.
        before: What the session draws without strokes, uint8 `[size, size, 3]`.
    """

    session: PhotoSession
    info: PhotoInfo
    photo: Photo
    shown: Photo
    before: NDArray[np.uint8]

    def pixels(self, marks: Sequence[Mark] = ()) -> NDArray[np.uint8]:
        """The photo with strokes at its own size, uint8 `[height, width, 3]`."""
        return self._composed(self.photo, self._change(marks))

    def screen(self, marks: Sequence[Mark]) -> NDArray[np.uint8]:
        """The same at the size that the page shows."""
        return self._composed(self.shown, self._change(marks))

    def png(self, marks: Sequence[Mark]) -> bytes:
        """The photo with strokes at its own size, as PNG without a recipe; what was transparent stays so."""
        return replace(self.photo, pixels=self.pixels(marks)).png()

    def influence(self, marks: Sequence[Mark]) -> InfluenceInfo:
        """Where strokes change the photo."""
        return self._change(marks).info

    def recipe(self, marks: Sequence[Mark]) -> Recipe:
        """There is none.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError(
            "A painting on a photo has no recipe, which would have to hold the photo.",
            "Its command line draws it again.",
        )

    def command(self, marks: Sequence[Mark], name: str) -> Command:
        """The command line and the Python that invert the photo and paint these strokes."""
        edits = [mark.edit for mark in marks if mark.edit is not None]
        dropped = dropped_islands(self.session.influence(edits).islands, marks) if edits else {}
        return command_of(self.info, self, self.photo, marks, sorted(dropped))

    def preview(self, marks: Sequence[Mark], *, final: bool) -> Drawn:
        """What strokes change on the screen; sooner the square as the generator draws it, clear elsewhere."""
        change = self._change(marks)
        if not final:
            fit, wide, tall = self.photo.fit, self.photo.width, self.photo.height
            pixels = np.dstack([change.after, np.round(255 * change.left.weights).astype(np.uint8)])
            return Drawn(
                pixels, (fit.x / wide, fit.y / tall, fit.width / wide, fit.height / tall), change.info
            )
        after = self._composed(self.shown, change)
        x, y, width, height = _box(self.shown, change)
        part = after[y : y + height, x : x + width] if width else after[:1, :1]
        wide, tall = self.shown.width, self.shown.height
        box = (x / wide, y / tall, width / wide, height / tall)
        return Drawn(np.ascontiguousarray(part), box, change.info)

    def _change(self, marks: Sequence[Mark]) -> _Change:
        from inscape.photos import influence_of

        edits = [mark.edit for mark in marks if mark.edit is not None]
        after = self.session.render(self.latent, edits) if edits else self.before
        painted = self.session.painted(edits)
        whole = influence_of(self.before, after, painted=painted)
        dropped = dropped_islands(whole.islands, marks)
        left = whole.without(dropped)
        kept = kept_region(marks, len(whole.islands))
        if kept is not None:
            left = left.limited(kept)
        return _Change(after, painted, left, _described(whole, left, dropped))

    def _composed(self, photo: Photo, change: _Change) -> NDArray[np.uint8]:
        """A photo, at its own size or the screen's, with a change in it."""
        from inscape.photos import transfer

        return transfer(photo, self.before, change.after, change.left, painted=change.painted)


@dataclass(frozen=True, eq=False)
class _Change:
    """What strokes do at the generator's resolution."""

    after: NDArray[np.uint8]
    painted: NDArray[np.float32]
    left: Influence
    info: InfluenceInfo


def _described(whole: Influence, left: Influence, dropped: dict[int, list[str]]) -> InfluenceInfo:
    size = len(whole.islands)
    bordered = _bordered(left)
    numbers = np.where(np.isin(whole.islands, list(dropped)), whole.islands, bordered)
    numbers = np.where(numbers <= _MOST_ISLANDS, numbers, 0)
    there = set(np.unique(numbers).tolist())
    kept, alone = _areas(bordered), _areas(_bordered(whole)) if dropped else {}
    return InfluenceInfo(
        size=size,
        map=packed(numbers.astype(np.uint8)),
        area=left.area,
        islands=[
            Island(
                number=island.number,
                area=(alone if island.number in dropped else kept).get(island.number, 0.0),
                change=island.change,
                box=_parts(island.box, size),
                dropped=dropped.get(island.number, []),
            )
            for island in whole.parts
            if island.number in there
        ],
    )


def _bordered(influence: Influence) -> NDArray[np.int32]:
    """The number of the island of every pixel that is not left as it is, soft borders included."""
    return np.where(influence.weights > 0, _nearest(influence.islands), 0)


def _areas(numbers: NDArray[np.int32]) -> dict[int, float]:
    """What part of the square each island covers; all together cover what is not left as it is."""
    found, counts = np.unique(numbers[numbers > 0], return_counts=True)
    return {int(number): int(count) / numbers.size for number, count in zip(found, counts, strict=True)}


def _parts(box: tuple[int, int, int, int], size: int) -> tuple[float, float, float, float]:
    x, y, width, height = box
    return x / size, y / size, width / size, height / size


def _nearest(islands: NDArray[np.int32]) -> NDArray[np.int32]:
    """The number of the nearest island of every pixel."""
    from scipy.ndimage import distance_transform_edt

    if not islands.any():
        return islands
    rows, columns = distance_transform_edt(islands == 0, return_distances=False, return_indices=True)
    nearest: NDArray[np.int32] = islands[rows, columns]
    return nearest


def _box(photo: Photo, change: _Change) -> tuple[int, int, int, int]:
    """The x, y, width, height that hold every pixel that can have changed; zeros where none can."""
    changes = change.left.weights > 0
    rows, columns = np.flatnonzero(changes.any(1)), np.flatnonzero(changes.any(0))
    if not len(rows):
        return 0, 0, 0, 0
    across, down = photo.fit.width / len(changes), photo.fit.height / len(changes)
    left = max(0, math.floor(photo.fit.x + columns[0] * across))
    right = min(photo.width, math.ceil(photo.fit.x + (columns[-1] + 1) * across))
    top = max(0, math.floor(photo.fit.y + rows[0] * down))
    bottom = min(photo.height, math.ceil(photo.fit.y + (rows[-1] + 1) * down))
    return left, top, max(0, right - left), max(0, bottom - top)
