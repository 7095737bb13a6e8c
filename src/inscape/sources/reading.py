"""Read photos: upright, in sRGB, with the rectangle for the generator."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from inscape import storage
from inscape.errors import FormatError, RegionError, ShapeError, TooLargeError, UsageError, unknown_name
from inscape.pictures import Picture
from inscape.regions import box as make_box
from inscape.sources._files import LARGEST_FILE, check_size, decoding, open_file
from inscape.sources._mirrored import resized
from inscape.sources._srgb import from_white, upright
from inscape.types import JsonMapping

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

    from inscape.regions import Region

Fitting = Literal["crop", "pad", "stretch"]
_LARGEST_FIT = 16
"""How many times as long as the photo's longer side a fit may be."""


@dataclass(frozen=True)
class Fit:
    """The rectangle of the upright photo that becomes the generator's square.

    It may reach beyond the photo, whose edges are mirrored there. It need not be square: the photo is
    squeezed then.

    Args:
        x: Left edge, in pixels of the photo.
        y: Upper edge.
        width: Above 0.
        height: Above 0.

    Raises:
        RegionError: A number is not finite, or the rectangle is empty.
    """

    x: float
    y: float
    width: float
    height: float

    def __post_init__(self) -> None:
        """Check the numbers."""
        numbers = (self.x, self.y, self.width, self.height)
        if not all(math.isfinite(each) for each in numbers) or self.width <= 0 or self.height <= 0:
            raise RegionError(
                "A fit is x, y, width and height in pixels, finite, with width and height above 0, got "
                + ",".join(f"{each:g}" for each in numbers)
                + "."
            )

    @classmethod
    def crop(
        cls, width: int, height: int, *, centre: tuple[float, float] = (0.5, 0.5), zoom: float = 1.0
    ) -> Fit:
        """The largest square in a photo, moved and zoomed.

        Args:
            width: Of the photo, in pixels.
            height: Of the photo.
            centre: Of the square, as fractions of width and height; it stays inside the photo.
            zoom: Above 1 the square is smaller, and what it shows larger.

        Raises:
            RegionError: The zoom is not above 0.
        """
        if not zoom > 0 or not math.isfinite(zoom):
            raise RegionError(f"The zoom of a crop is above 0, got {zoom:g}.")
        side = min(width, height) / zoom
        x, y = (
            _clipped(share * length - side / 2, length - side)
            for share, length in zip(centre, (width, height), strict=True)
        )
        return cls(x, y, side, side)

    @classmethod
    def stretch(cls, width: int, height: int) -> Fit:
        """The whole photo, squeezed into the square."""
        return cls(0.0, 0.0, float(width), float(height))

    @classmethod
    def pad(cls, width: int, height: int) -> Fit:
        """The whole photo in the middle of the square, mirrored beyond its edges."""
        side = float(max(width, height))
        return cls((width - side) / 2, (height - side) / 2, side, side)

    def placed(self, rectangle: tuple[float, float, float, float], size: int) -> Region:
        """A box of the photo as a box of the generator's square; what lies beyond the square is cut off.

        Args:
            rectangle: x, y, width and height in pixels of the photo.
            size: Height and width of the square in pixels.

        Raises:
            RegionError: Nothing of the box lies in this part of the photo.
        """
        x, y, width, height = rectangle
        left, right = (_clipped((at - self.x) / self.width, 1.0) * size for at in (x, x + width))
        top, bottom = (_clipped((at - self.y) / self.height, 1.0) * size for at in (y, y + height))
        if right <= left or bottom <= top:
            raise RegionError(
                f"The box {x:g},{y:g},{width:g},{height:g} lies outside the part of the photo that was "
                f"inverted, {self.x:g},{self.y:g},{self.width:g},{self.height:g}."
            )
        return make_box(left, top, right - left, bottom - top)

    def to_json(self) -> dict[str, float]:
        """`{x, y, width, height}`."""
        return {"x": self.x, "y": self.y, "width": self.width, "height": self.height}

    @classmethod
    def from_json(cls, value: JsonMapping) -> Fit:
        """Read what `to_json` wrote: the same numbers.

        Raises:
            FormatError: It is not a fit.
        """
        try:
            numbers = [value[key] for key in ("x", "y", "width", "height")]
        except (KeyError, TypeError) as error:
            raise FormatError("A fit is an object with x, y, width and height.") from error
        if any(isinstance(each, bool) or not isinstance(each, int | float) for each in numbers):
            raise FormatError(f"The x, y, width and height of a fit are numbers, got {str(numbers)[:80]}.")
        try:
            return cls(*map(float, numbers))
        except (RegionError, OverflowError) as error:
            raise FormatError("The numbers of a fit are finite, its width and height above 0.") from error


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo, upright and in sRGB, with the rectangle for the generator.

    Args:
        pixels: uint8 `[height, width, 3]`; over white where the photo is transparent. Not to be changed.
        fit: The rectangle that becomes the generator's square.
        name: What it is called, for people.
        alpha: Opacity, uint8 `[height, width]`; `None` where all is opaque.

    Raises:
        ShapeError: The arrays are not pictures, or differ in size.
        RegionError: The fit lies outside the photo, or is far larger.
    """

    pixels: NDArray[np.uint8]
    fit: Fit
    name: str = ""
    alpha: NDArray[np.uint8] | None = None
    _seen: dict[int, NDArray[np.uint8]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check arrays and fit against one another."""
        Picture(self.pixels)
        if self.alpha is not None and (
            self.alpha.shape != self.pixels.shape[:2] or self.alpha.dtype != np.uint8
        ):
            raise ShapeError(
                f"The alpha of a photo of {self.width} × {self.height} pixels is uint8 [height, width], got "
                f"{self.alpha.dtype} {list(self.alpha.shape)}."
            )
        fit, longest = self.fit, _LARGEST_FIT * max(self.width, self.height)
        outside = fit.x >= self.width or fit.y >= self.height or fit.x + fit.width <= 0
        if outside or fit.y + fit.height <= 0 or max(fit.width, fit.height) > longest:
            raise RegionError(
                f"The fit {fit.x:g},{fit.y:g},{fit.width:g},{fit.height:g} does not overlap the photo of "
                f"{self.width} × {self.height} pixels, or is more than {_LARGEST_FIT} times as long."
            )

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @cached_property
    def key(self) -> str:
        """Changes when a pixel does: 20 hexadecimal digits."""
        return storage.content_key(self.width, self.height, self.pixels.tobytes())

    def seen(self, size: int) -> NDArray[np.uint8]:
        """The fit at the generator's size, antialiased, uint8 `[size, size, 3]`.

        Args:
            size: Of the generator's pictures.
        """
        if size not in self._seen:
            fit = self.fit
            self._seen[size] = resized(self.pixels, (fit.x, fit.y, fit.width, fit.height), size, size)
        return self._seen[size].copy()

    def fitted(self, fit: Fit) -> Photo:
        """The same photo, another rectangle of it.

        Raises:
            RegionError: It lies outside the photo.
        """
        return self if fit == self.fit else replace(self, fit=fit)

    def png(self) -> bytes:
        """The photo as a PNG file, transparent where it was; where something was drawn since, less so."""
        if self.alpha is None:
            return Picture(self.pixels).png()
        from PIL import Image as PillowImage

        stream = io.BytesIO()
        PillowImage.fromarray(from_white(self.pixels, self.alpha)).save(stream, "PNG")
        return stream.getvalue()

    def save(self, path: Path | str) -> Path:
        """Write the photo as PNG atomically.

        Raises:
            StorageError: The folder cannot be written.
        """
        return storage.write_bytes(path, self.png())

    def _repr_png_(self) -> bytes:
        return self.png()


def read_photo(source: Path | str | bytes | Image, *, fit: Fit | Fitting = "crop", name: str = "") -> Photo:
    """Read a photo of any common format, recognised by its content.

    JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF, JPEG 2000 and PPM are read; of a moving picture the first. The
    photo is turned as EXIF says, converted from its colour profile to sRGB, and laid over white where it is
    transparent.

    Example:
        >>> photo = inscape.read_photo("church.jpg", fit="crop")
        >>> photo.seen(64).shape
        (64, 64, 3)

    Args:
        source: A file, the bytes of one, or an opened image.
        fit: The rectangle for the generator: "crop" the largest square in the middle, "pad" the
            whole photo in a square, mirrored beyond its edges, "stretch" the whole photo squeezed into a
            square, or any rectangle.
        name: Display name. The file's name unless given.

    Raises:
        FormatError: There is no such file, it is empty, damaged or cut off, or no photo that is read.
        TooLargeError: The file or the photo is too large.
        ShapeError: The photo is too small, or too long for its width.
        RegionError: The fit lies outside the photo.
        UsageError: The fit has no such name, or the source is of another kind.
    """
    if isinstance(fit, str) and fit not in get_args(Fitting):
        raise UsageError(*unknown_name("fit", fit, get_args(Fitting)))
    if isinstance(source, Path | str):
        name = name or Path(source).name
    with decoding():
        pixels, alpha = upright(_image(source, repr(name) if name else "The photo"))
    height, width = pixels.shape[:2]
    chosen = getattr(Fit, fit)(width, height) if isinstance(fit, str) else fit
    return Photo(pixels, chosen, name, alpha)


def _image(source: Path | str | bytes | Image, who: str) -> Image:
    """A decoded image; nothing holds the bytes of its file any more."""
    from PIL import Image as PillowImage

    if isinstance(source, PillowImage.Image):
        check_size(source, who)
        try:
            source.load()
        except Exception as error:  # decoders answer to damage with whatever they stumble over
            raise FormatError(f"{who} is damaged or cut off: it cannot be decoded.") from error
        return source
    if isinstance(source, Path | str):
        return open_file(_bytes_of(Path(source)), who)
    if isinstance(source, bytes | bytearray | memoryview):
        return open_file(bytes(source), who)
    raise UsageError(f"A photo is a path, the bytes of a file or a PIL.Image, got {type(source).__name__}.")


def _bytes_of(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise FormatError(f"{path} is a folder, and a photo was expected.", "Name a file in it.")
        if not path.exists():
            raise FormatError(f"There is no file {path}.")
        if not path.is_file():
            raise FormatError(f"{path} is no regular file.")
        if path.stat().st_size > LARGEST_FILE:
            raise TooLargeError(
                f"{path.name!r} has {path.stat().st_size // 10**6} MB, and photos of at most "
                f"{LARGEST_FILE // 10**6} MB are read.",
                "Save it as a JPEG.",
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise FormatError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from error


def _clipped(value: float, most: float) -> float:
    """A place from 0 to `most`; in the middle where that is below 0."""
    return min(max(value, 0.0), most) if most >= 0 else most / 2
