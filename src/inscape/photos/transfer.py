"""Transfer an edit to the photo's own size, and keep the photo's detail.

Where the edit has influence, the photo becomes

    after + error + gain · detail

in which `after` is the generator's picture with the edit, brought to the photo's resolution; `error` what the
generator's picture without the edit lacked of the photo; `detail` what the photo has beyond the generator's
resolution. Where nothing changes this is the photo itself. Where content was replaced, gain and error fade
to 0, so that no texture of a wall shines through a new door. Between the two the gain follows how the edit
scales what structure can be seen at the generator's resolution: in a shadow, detail gets darker too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from inscape.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from inscape.photos.influence import Influence
    from inscape.sources.reading import Photo

_REPLACED = (20.0, 40.0)
"""ΔE from which content counts as replaced, and from which it does so wholly."""
_REPLACED_PAINTED = (6.0, 15.0)
"""The same where it is painted."""
_SOFT = 0.7
"""Standard deviation in which structure is compared, in pixels of the generator."""
_FLAT = 30.0
"""Variance of colours, in levels squared, below which nothing is said about structure."""
_LARGEST_GAIN = 1.5
_MARGIN = 4
_AT_ONCE = 1 << 18
"""Pixels of the photo that are computed at a time."""
_FINEST = 4


def transfer(
    photo: Photo,
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    influence: Influence,
    *,
    painted: NDArray[np.float32] | None = None,
) -> NDArray[np.uint8]:
    """The photo with an edit, at its own size.

    A pixel of the photo whose centre lies where the influence is 0, or outside the fit, is returned bit for
    bit. At edges of the fit within the photo the influence fades out.

    Args:
        photo: Where the edit is to go.
        before: What the adapted generator draws without the edit, uint8 `[size, size, 3]`.
        after: What it draws with the edit.
        influence: Where the photo is to change, of the same size.
        painted: How much is painted where, in [0, 1], `[size, size]`; nothing is known unless given.

    Returns:
        uint8 `[height, width, 3]`, of the photo's size.

    Raises:
        ShapeError: Pictures, influence and what is painted are not all of one size.
    """
    _check(before, after, influence, painted)
    result = photo.pixels.copy()
    window = _Window.of(photo, _faded(influence, photo))
    if window is None:
        return result
    maps = _Maps.of(photo, before, after, influence, painted)
    for rows, columns in window.bands():
        own = photo.pixels[rows, columns].astype(np.float32)
        weights = window.weights(rows, columns)[..., None]
        drawn = window.at_photo(maps.low, rows, columns)
        detail = own - window.at_photo(maps.seen, rows, columns)
        drawn += window.at_photo(maps.gain[..., None], rows, columns) * detail
        mixed = own + weights * (drawn - own)
        result[rows, columns] = np.round(mixed).clip(0, 255).astype(np.uint8)
    return result


def _check(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    influence: Influence,
    painted: NDArray[np.float32] | None,
) -> None:
    size = influence.weights.shape
    shapes = [before.shape, after.shape] + ([] if painted is None else [(*painted.shape, 3)])
    if size[0] != size[1] or any(shape != (*size, 3) for shape in shapes):
        raise ShapeError(
            f"The pictures of an edit must be [size, size, 3], as large as its influence {list(size)}, got "
            f"{list(before.shape)} and {list(after.shape)}"
            + ("." if painted is None else f", painted {list(painted.shape)}.")
        )


@dataclass(frozen=True)
class _Maps:
    """What the generator's resolution has to say.

    Args:
        low: What replaces the photo's coarse content, float32 `[size, size, 3]`.
        seen: The photo's coarse content.
        gain: Of the photo's detail, float32 `[size, size]`.
    """

    low: NDArray[np.float32]
    seen: NDArray[np.float32]
    gain: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        photo: Photo,
        before: NDArray[np.uint8],
        after: NDArray[np.uint8],
        influence: Influence,
        painted: NDArray[np.float32] | None,
    ) -> _Maps:
        size = len(before)
        finer = tuple(min(max(length / size, 1.0), _FINEST) for length in (photo.fit.height, photo.fit.width))
        seen, was = photo.seen(size).astype(np.float32), before.astype(np.float32)
        replaced = _replaced(influence.differences, painted)[..., None]
        wanted = after.astype(np.float32)
        low = wanted + (1 - replaced) * (seen - was)
        gain = (1 - replaced[..., 0]) * _scaling(seen, wanted - was)
        return cls(_faithful(low, finer), _faithful(seen, finer), gain)


def _replaced(differences: NDArray[np.float32], painted: NDArray[np.float32] | None) -> NDArray[np.float32]:
    """How far content was replaced by other content, from 0 to 1."""
    closed = np.asarray(ndimage.grey_closing(differences, (3, 3)), np.float32)
    share = _ramp(closed, *_REPLACED)
    if painted is not None:
        share = np.maximum(share, painted * _ramp(closed, *_REPLACED_PAINTED))
    return np.asarray(ndimage.gaussian_filter(share, _SOFT), np.float32)


def _scaling(seen: NDArray[np.float32], change: NDArray[np.float32]) -> NDArray[np.float32]:
    """By what the edit multiplies the structure around every pixel: the slope of after over before.

    1 where there is no structure to compare; 0 where what came has nothing to do with what was.
    """

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return ndimage.gaussian_filter(values, (_SOFT, _SOFT, 0))

    covariance = (mean(seen * change) - mean(seen) * mean(change)).sum(2, keepdims=True)
    variance = (mean(seen * seen) - mean(seen) ** 2).sum(2, keepdims=True)
    slope = mean(covariance / (variance + _FLAT))[..., 0]
    return np.clip(1 + slope, 0, _LARGEST_GAIN)


def _faithful(values: NDArray[np.float32], finer: tuple[float, ...]) -> NDArray[np.float32]:
    """Values that, once interpolated, have nearly the given ones as means over the generator's pixels.

    Args:
        values: `[size, size, 3]`.
        finer: Pixels of the photo for each pixel of the generator, along rows and columns.
    """
    from PIL import Image

    size = len(values)
    height, width = (round(size * each) for each in finer)
    means = np.empty_like(values)
    for channel in range(3):
        image = Image.fromarray(np.ascontiguousarray(values[..., channel]))
        fine = image.resize((width, height), Image.Resampling.BICUBIC)
        means[..., channel] = np.asarray(fine.resize((size, size), Image.Resampling.BOX))
    sharper = 2 * values - means
    around = (ndimage.minimum_filter(values, (3, 3, 1)), ndimage.maximum_filter(values, (3, 3, 1)))
    return np.asarray(np.clip(sharper, *around), np.float32)


def _faded(influence: Influence, photo: Photo) -> NDArray[np.float32]:
    """The weights, falling to 0 at those edges of the fit beyond which the photo goes on."""
    fit, size = photo.fit, len(influence.weights)
    inwards = (np.arange(size) + 0.5) / influence.feather
    along_x, along_y = np.ones(size), np.ones(size)
    for along, goes_on, distance in (
        (along_x, fit.x > 0, inwards),
        (along_x, fit.x + fit.width < photo.width, inwards[::-1]),
        (along_y, fit.y > 0, inwards),
        (along_y, fit.y + fit.height < photo.height, inwards[::-1]),
    ):
        if goes_on:
            along *= _ramp(distance, 0, 1)
    return (influence.weights * np.outer(along_y, along_x)).astype(np.float32)


@dataclass(frozen=True)
class _Window:
    """The part of a photo that changes, and how the generator's pixels lie in it.

    Args:
        faded: Weights at the generator's resolution.
        lattice: The same at all multiples of half a pixel: means of the pixels that touch there, 0 where one
            of them is 0. Interpolated, they are continuous and reach no pixel that has 0.
        corner: Of the fit, `(x, y)` in pixels of the photo.
        step: `(x, y)`: extent of a pixel of the generator in pixels of the photo.
        left, top, right, bottom: The part, in pixels of the photo.
    """

    faded: NDArray[np.float32]
    lattice: NDArray[np.float32]
    corner: tuple[float, float]
    step: tuple[float, float]
    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, photo: Photo, faded: NDArray[np.float32]) -> _Window | None:
        """`None` where nothing changes."""
        rows, columns = np.flatnonzero(faded.any(1)), np.flatnonzero(faded.any(0))
        if not len(rows):
            return None
        fit, size = photo.fit, len(faded)
        wide, tall = fit.width / size, fit.height / size
        left = max(0, math.floor(fit.x + columns[0] * wide))
        top = max(0, math.floor(fit.y + rows[0] * tall))
        right = min(photo.width, math.ceil(fit.x + (columns[-1] + 1) * wide))
        bottom = min(photo.height, math.ceil(fit.y + (rows[-1] + 1) * tall))
        if left >= right or top >= bottom:
            return None
        halves = np.pad(faded.repeat(2, 0).repeat(2, 1), 1, mode="edge")
        four = np.stack([halves[:-1, :-1], halves[1:, :-1], halves[:-1, 1:], halves[1:, 1:]])
        lattice = np.where((four > 0).all(0), four.mean(0), 0)
        return cls(faded, lattice, (fit.x, fit.y), (wide, tall), left, top, right, bottom)

    def bands(self) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of the photo, some rows at a time."""
        step = max(1, _AT_ONCE // (self.right - self.left))
        for top in range(self.top, self.bottom, step):
            yield slice(top, min(top + step, self.bottom)), slice(self.left, self.right)

    def weights(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """How much each pixel of the photo changes, from 0 to 1."""
        from PIL import Image

        smooth = self._interpolated(self.lattice, rows, columns, Image.Resampling.BILINEAR, 2.0, 0.5)
        size = len(self.faded)
        x = (np.arange(columns.start, columns.stop) + 0.5 - self.corner[0]) / self.step[0]
        y = (np.arange(rows.start, rows.stop) + 0.5 - self.corner[1]) / self.step[1]
        inside = np.outer((y >= 0) & (y < size), (x >= 0) & (x < size))
        across, down = (np.clip(np.floor(each).astype(int), 0, size - 1) for each in (x, y))
        return np.where(inside & (self.faded[down][:, across] > 0), smooth, 0)

    def at_photo(self, values: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[np.float32]:
        """Values `[size, size, channel]` of the generator's pixels at those of the photo."""
        from PIL import Image

        filter = Image.Resampling.BICUBIC if values.shape[2] == 3 else Image.Resampling.BILINEAR
        channels = np.moveaxis(values, 2, 0)
        return np.stack([self._interpolated(each, rows, columns, filter) for each in channels], -1)

    def _interpolated(
        self,
        values: NDArray[np.float32],
        rows: slice,
        columns: slice,
        filter: int,
        finer: float = 1.0,
        shift: float = 0.0,
    ) -> NDArray[np.float32]:
        from PIL import Image

        padded = Image.fromarray(np.pad(values, _MARGIN, mode="edge").astype(np.float32))
        (x, y), (wide, tall) = self.corner, self.step
        box = [
            (place - corner) / step * finer + shift + _MARGIN
            for place, corner, step in (
                (columns.start, x, wide),
                (rows.start, y, tall),
                (columns.stop, x, wide),
                (rows.stop, y, tall),
            )
        ]
        size = (columns.stop - columns.start, rows.stop - rows.start)
        box = [min(max(each, 0.0), float(padded.width)) for each in box]
        return np.asarray(padded.resize(size, Image.Resampling(filter), box=tuple(box)))


def _ramp(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.float32]:
    """From 0 at `low` to 1 at `high`, flat at both ends and beyond."""
    share: NDArray[np.float32] = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)
