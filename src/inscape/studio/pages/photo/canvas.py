"""Photos that are painted on: from strokes to pictures; everything here runs in the compute thread.

The page is sent only the part of the photo that the strokes change, with what they influence: everything
else it has already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

import inscape
from inscape.errors import UnsupportedError
from inscape.studio.encoding import packed
from inscape.studio.pages.photo.commands import command_of
from inscape.studio.painter import Canvas, Drawn, InfluenceInfo, Island, Mark
from inscape.studio.shapes import Command

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.editing import Recipe
    from inscape.photos import Influence
    from inscape.studio.pages.photo.shapes import PhotoInfo

_MOST_ISLANDS = 254


@dataclass(frozen=True, eq=False, kw_only=True)
class PhotoCanvas(Canvas):
    """A photo that is painted on.

    Args:
        info: What is kept of it.
        photo: At its own size.
        shown: At the size that the page shows.
        before: What the session draws without strokes, uint8 `[size, size, 3]`.
    """

    session: inscape.PhotoSession
    info: PhotoInfo
    photo: inscape.Photo
    shown: inscape.Photo
    before: NDArray[np.uint8]

    def pixels(self, marks: Sequence[Mark] = ()) -> NDArray[np.uint8]:
        """The photo with strokes at its own size, uint8 `[height, width, 3]`."""
        return self._composed(self.photo, self._change(marks))

    def screen(self, marks: Sequence[Mark]) -> NDArray[np.uint8]:
        """The same at the size that the page shows."""
        return self._composed(self.shown, self._change(marks))

    def png(self, marks: Sequence[Mark], scale: int = 1) -> bytes:
        """The photo with strokes at its own size, as PNG without a recipe; what was transparent stays so.

        Raises:
            UnsupportedError: It is to be enlarged.
        """
        if scale != 1:
            raise UnsupportedError("A photo is exported at its own size.", "Leave out scale.")
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
        limits = (sorted(dropped), kept_region(marks, self.session.generator.image_size))
        return command_of(self.info, self, self.photo, marks, limits)

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

    def _composed(self, photo: inscape.Photo, change: _Change) -> NDArray[np.uint8]:
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


def kept_region(marks: Iterable[Mark], size: int) -> inscape.Region | None:
    """Where the photo stays as it is; `None` where nothing was said."""
    masks = [_mask(mark.region, size) for mark in marks if mark.mode == "keep"]
    return inscape.Region(values=np.maximum.reduce(masks)) if masks else None


def dropped_islands(islands: NDArray[np.int32], marks: Sequence[Mark]) -> dict[int, list[str]]:
    """The islands that were dropped, by number, with the strokes that drop them.

    An island is dropped where most of it lies under the region that it had when it was dropped. It is back
    when somebody paints into it afterwards, or when it has grown to more than twice that.
    """
    size = len(islands)
    found: dict[int, list[str]] = {}
    for place, mark in enumerate(marks):
        if mark.mode != "drop":
            continue
        under = islands[_mask(mark.region, size) >= 0.5]
        later = [_mask(each.region, size) >= 0.5 for each in marks[place + 1 :] if each.edit is not None]
        for number in map(int, np.unique(under[under > 0])):
            island = islands == number
            mostly = 2 * np.count_nonzero(under == number) >= np.count_nonzero(island)
            if mostly and not any((island & painted).any() for painted in later):
                found.setdefault(number, []).append(mark.name)
    return found


def _mask(region: inscape.Region, size: int) -> NDArray[np.float32]:
    return np.asarray(region.mask(size, size, image_size=size), np.float32)


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


def _box(photo: inscape.Photo, change: _Change) -> tuple[int, int, int, int]:
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
