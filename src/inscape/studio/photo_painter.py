"""From strokes on a photo to pictures; everything here runs in the compute thread.

The page is sent only the part of the photo that the strokes change, with what they influence: everything
else it has already.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from inscape.studio.open_photo import OpenPhoto
from inscape.studio.photo_commands import command_of
from inscape.studio.photo_marks import Mark, dropped_islands, kept_region
from inscape.studio.photo_records import scaled
from inscape.studio.photo_schemas import InfluenceInfo, Island
from inscape.studio.photos import SCREEN_SIDE, Photos
from inscape.studio.schemas import Command

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.photos import Influence, Photo, PhotoSession
    from inscape.pictures import Latent
    from inscape.studio.library import Library

_OPEN = 2
_MOST_ISLANDS = 254
INVERSION = "photo.inversion.safetensors"


@dataclass(frozen=True, eq=False)
class Patch:
    """What strokes change on the screen.

    Args:
        pixels: uint8 `[height, width, 3]`, with a fourth channel where it is clear in places; one pixel that
            is not to be shown where nothing changes.
        box: What they cover: x, y, width, height in parts of the photo.
        influence: Where the strokes change the photo.
    """

    pixels: NDArray[np.uint8]
    box: tuple[float, float, float, float]
    influence: InfluenceInfo


class PhotoPainter:
    """Draws strokes on photos.

    Args:
        library: The generators.
        photos: The photos and their inversions.
    """

    def __init__(self, library: Library, photos: Photos) -> None:
        self._library, self._photos = library, photos
        self._open: OrderedDict[str, OpenPhoto] = OrderedDict()

    def open(self, identifier: str) -> OpenPhoto:
        """A photo made ready to be painted on; the last ones are kept ready.

        Raises:
            NotFoundError: There is no such photo, or its model is gone.
            ConflictError: It has not been inverted.
        """
        from inscape.photos import Inversion, PhotoSession

        info = self._photos.inverted(identifier)
        if identifier not in self._open:
            inversion = Inversion.load(self._photos.file(identifier, INVERSION))
            session = PhotoSession(self._library.generator(info.model), inversion)
            photo = self._photos.photo(identifier)
            before = session.render(session.latent)
            self._open[identifier] = OpenPhoto(info.model, session, photo, scaled(photo, SCREEN_SIDE), before)
            while len(self._open) > _OPEN:
                self._open.popitem(last=False)
        self._open.move_to_end(identifier)
        return self._open[identifier]

    def forget(self, model: str) -> None:
        """A model is there no more."""
        for identifier in [identifier for identifier, held in self._open.items() if held.model == model]:
            del self._open[identifier]

    def session(self, identifier: str) -> tuple[PhotoSession, Latent]:
        """The session of a photo, and the only picture that it draws."""
        session = self.open(identifier).session
        return session, session.latent

    def pixels(self, identifier: str, marks: Sequence[Mark]) -> NDArray[np.uint8]:
        """The photo with strokes at its own size, uint8 `[height, width, 3]`."""
        opened = self.open(identifier)
        return _composed(opened, opened.photo, self._change(opened, marks))

    def screen(self, identifier: str, marks: Sequence[Mark]) -> NDArray[np.uint8]:
        """The same at the size that the page shows."""
        opened = self.open(identifier)
        return _composed(opened, opened.screen, self._change(opened, marks))

    def influence(self, identifier: str, marks: Sequence[Mark]) -> InfluenceInfo:
        """Where strokes change the photo."""
        return self._change(self.open(identifier), marks).info

    def png(self, identifier: str, marks: Sequence[Mark]) -> bytes:
        """The photo with strokes at its own size, as PNG; what was transparent stays so."""
        opened = self.open(identifier)
        pixels = _composed(opened, opened.photo, self._change(opened, marks))
        return replace(opened.photo, pixels=pixels).png()

    def command(self, identifier: str, marks: Sequence[Mark]) -> Command:
        """The command line and the Python that invert the photo and paint these strokes."""
        opened, record = self.open(identifier), self._photos.get(identifier)
        edits = [mark.edit for mark in marks if mark.edit is not None]
        dropped = dropped_islands(opened.session.influence(edits).islands, marks) if edits else {}
        model = self._photos.inverted(identifier).model
        return command_of(record, self._library.argument(model), opened, marks, dropped)

    def patch(self, identifier: str, marks: Sequence[Mark]) -> Patch:
        """What strokes change on the screen."""
        opened = self.open(identifier)
        change = self._change(opened, marks)
        after = _composed(opened, opened.screen, change)
        x, y, width, height = _box(opened.screen, change)
        part = after[y : y + height, x : x + width] if width else after[:1, :1]
        wide, tall = opened.screen.width, opened.screen.height
        box = (x / wide, y / tall, width / wide, height / tall)
        return Patch(np.ascontiguousarray(part), box, change.info)

    def glimpse(self, identifier: str, marks: Sequence[Mark]) -> Patch:
        """The same sooner: the square as the generator draws it, clear where nothing changes."""
        opened = self.open(identifier)
        change = self._change(opened, marks)
        fit, wide, tall = opened.photo.fit, opened.photo.width, opened.photo.height
        pixels = np.dstack([change.after, np.round(255 * change.left.weights).astype(np.uint8)])
        box = (fit.x / wide, fit.y / tall, fit.width / wide, fit.height / tall)
        return Patch(pixels, box, change.info)

    def _change(self, opened: OpenPhoto, marks: Sequence[Mark]) -> _Change:
        from inscape.photos import influence_of

        session = opened.session
        edits = [mark.edit for mark in marks if mark.edit is not None]
        after = session.render(session.latent, edits) if edits else opened.before
        painted = session.painted(edits)
        whole = influence_of(opened.before, after, painted=painted)
        dropped = dropped_islands(whole.islands, marks)
        left = whole.without(dropped)
        kept = kept_region(marks, len(whole.islands))
        if kept is not None:
            left = left.limited(kept)
        return _Change(after, painted, left, _described(whole, left, dropped))


@dataclass(frozen=True, eq=False)
class _Change:
    """What strokes do at the generator's resolution."""

    after: NDArray[np.uint8]
    painted: NDArray[np.float32]
    left: Influence
    info: InfluenceInfo


def _composed(opened: OpenPhoto, photo: Photo, change: _Change) -> NDArray[np.uint8]:
    """A photo, at its own size or the screen's, with a change in it."""
    from inscape.photos import transfer

    return transfer(photo, opened.before, change.after, change.left, painted=change.painted)


def _described(whole: Influence, left: Influence, dropped: dict[int, list[str]]) -> InfluenceInfo:
    size = len(whole.islands)
    bordered = _bordered(left)
    numbers = np.where(np.isin(whole.islands, list(dropped)), whole.islands, bordered)
    numbers = np.where(numbers <= _MOST_ISLANDS, numbers, 0)
    there = set(np.unique(numbers).tolist())
    kept, alone = _areas(bordered), _areas(_bordered(whole)) if dropped else {}
    return InfluenceInfo(
        size=size,
        map=_packed(numbers.astype(np.uint8)),
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


def _packed(numbers: NDArray[np.uint8]) -> str:
    return base64.b64encode(zlib.compress(np.ascontiguousarray(numbers).tobytes(), 1)).decode()
