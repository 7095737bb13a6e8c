"""The bytes of a photo's file to a decoded image, or one sentence that says why not.

Files are recognised by what they hold, never by their name, and only by the decoders of `FORMATS`: none of
them runs another program. The size is read from the header before anything is decoded. Limits hold what
the slowest and hungriest file of each kind takes within two seconds and 500 MB.
"""

from __future__ import annotations

import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inscape.errors import FormatError, InscapeError, ShapeError, TooLargeError
from inscape.sources._tiff import uncompressed

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "PPM")
LARGEST_FILE = 100_000_000
"""Bytes."""
SHORTEST_SIDE = 16
"""Pixels."""
LONGEST_SHAPE = 16
"""How many times as long as the other a side may be."""
MOST_PIXELS = 40_000_000
"""Of a picture, where nothing else is said."""
MOST_PIXELS_OF = {
    "JPEG": 50_000_000,
    "MPO": 50_000_000,
    "progressive": 32_000_000,
    "WEBP": 20_000_000,
    "AVIF": 20_000_000,
    "libtiff": 20_000_000,
    "JPEG2000": 6_000_000,
    "bmp_rle": 4_000_000,
    "ppm_plain": 500_000,
}
"""By format or decoder, the smallest that fits; from measured memory and time."""

_MOST_PIECES = 500_000
_MOST_TILES = 20_000
_MOST_SCANS = 5_000_000_000
_ENDS_IN_NO_ZEROS = ("JPEG", "MPO", "WEBP", "AVIF")
_FILLED = 1024
_END_OF_JPEG = b"\xff\xd9"
_REDUCED = 1
_NEW_SUBFILE_TYPE = 254

_BEGINNINGS = {
    "JPEG": b"\xff\xd8\xff",
    "PNG": b"\x89PNG\r\n\x1a\n",
    "WebP": b"RIFF....WEBP",
    "AVIF": b"....ftypavi[fs]",
    "TIFF": b"II[*+]\0|MM\0[*+]",
    "GIF": b"GIF8[79]a",
    "BMP": b"BM",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n|\xff\x4f\xff\x51",
    "PPM": rb"P[1-7]\s",
}
_FOREIGN = {
    "a PDF document": rb"\s*%PDF",
    "an SVG drawing": rb"\s*(<\?xml.*?)?(<!--.*?-->\s*)*(<!DOCTYPE svg.*?)?<svg",
    "a web page": rb"\s*(<\?xml.*?)?(<!--.*?-->\s*)*<(!doctype html|html|head|body)",
    "a PostScript drawing": rb"%!PS|\xc5\xd0\xd3\xc6",
    "a Photoshop document": b"8BPS",
    "a HEIC photo": b"....ftyp(he|mif1|msf1)",
    "a JPEG XL picture": b"\xff\x0a|\0\0\0\x0cJXL ",
    "a raw photo of a camera": b"II[*]\0....CR|FUJIFILMCCD-RAW|II[RU]|....ftypcrx",
    "a video": b"....ftyp|RIFF....AVI |\x1a\x45\xdf\xa3",
    "an archive": b"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!",
}
_READ = "JPEG, PNG, WebP, AVIF, TIFF, GIF, BMP, JPEG 2000 and PPM are read."
_AGAIN = "Copy or download it again."

_one_at_a_time = threading.RLock()


class _Pieces(io.BytesIO):
    """A file in memory that refuses to be read in very many pieces, each of which takes its time."""

    def __init__(self, data: bytes, who: str) -> None:
        super().__init__(data)
        self._who, self._left = who, _MOST_PIECES

    def read(self, size: int | None = -1, /) -> bytes:
        """As `BytesIO` does."""
        self._left -= 1
        if self._left < 0:
            raise TooLargeError(f"{self._who} is cut into more than {_MOST_PIECES} pieces.", _AGAIN)
        return super().read(size)


@contextmanager
def decoding() -> Iterator[None]:
    """One photo at a time, and Pillow's warnings kept back.

    Filters of warnings belong to the whole process, so what is set here names Pillow's modules only.
    """
    from PIL import Image

    with _one_at_a_time, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def open_file(data: bytes, who: str) -> ImageFile:
    """The first picture of a file, decoded.

    To be called inside `decoding`.

    Args:
        data: The file.
        who: How sentences begin.

    Raises:
        FormatError: The file is empty, damaged, cut off, or no picture that is read.
        TooLargeError: The file or the picture is too large.
        ShapeError: The picture is too small or too long.
    """
    if not data:
        raise FormatError(f"{who} is empty: it has 0 bytes.", _AGAIN)
    if len(data) > LARGEST_FILE:
        raise TooLargeError(
            f"{who} has {len(data) // 10**6} MB, and photos of at most {LARGEST_FILE // 10**6} MB are read.",
            "Save it as a JPEG.",
        )
    try:
        return _opened(data, who)
    except InscapeError:
        raise
    except MemoryError as error:
        raise TooLargeError(f"{who} needs more memory to decode than there is.") from error
    except Exception as error:  # decoders answer to damage with whatever they stumble over
        raise _what_is_wrong(data, who, error) from error


def check_size(image: Image, who: str) -> None:
    """Whether a picture has a size that photos may have.

    Raises:
        TooLargeError: It has too many pixels.
        ShapeError: It is too small or too long.
    """
    width, height = image.size
    if min(width, height) < SHORTEST_SIDE:
        raise ShapeError(
            f"{who} is {width} × {height} pixels, and photos of at least "
            f"{SHORTEST_SIDE} × {SHORTEST_SIDE} are read."
        )
    if max(width, height) > LONGEST_SHAPE * min(width, height):
        raise ShapeError(
            f"{who} is {width} × {height} pixels, and photos at most {LONGEST_SHAPE} times as long as wide "
            "are read.",
            "Crop it first.",
        )
    kinds = (image.format or "", _decoder(image), "progressive" if image.info.get("progressive") else "")
    most = min([MOST_PIXELS_OF[kind] for kind in kinds if kind in MOST_PIXELS_OF] or [MOST_PIXELS])
    if width * height > most:
        raise TooLargeError(
            f"{who} is {width} × {height} pixels, {width * height / 1e6:.1f} megapixels, and at most "
            f"{most / 1e6:g} are read of such a file.",
            "Make it smaller first.",
        )


def _opened(data: bytes, who: str) -> ImageFile:
    from PIL import Image

    try:
        image = Image.open(_Pieces(data, who), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLargeError(
            f"{who} has a picture of far more than {MOST_PIXELS / 1e6:g} megapixels.",
            "Make it smaller first.",
        ) from error
    check_size(image, who)
    if image.format == "PNG":
        Image.open(_Pieces(data, who), formats=("PNG",)).verify()
    if image.format in _ENDS_IN_NO_ZEROS and _is_filled(data):
        raise _cut_off(data, who)
    if image.info.get("progressive") and data.count(b"\xff\xda") * image.width * image.height > _MOST_SCANS:
        raise TooLargeError(f"{who} comes in so many scans that it takes too long to decode.", _AGAIN)
    if image.format == "TIFF":
        image = _checked_tiff(image, data, who)
    image.load()
    return image


def _is_filled(data: bytes) -> bool:
    """Whether a broken copy left zeros for compressed data: decoders make some picture of them."""
    return data.endswith(bytes(_FILLED)) and not data.rstrip(b"\0").endswith(_END_OF_JPEG)


def _checked_tiff(image: ImageFile, data: bytes, who: str) -> ImageFile:
    """A TIFF that Pillow itself decodes, in few pieces, and that holds more than a preview."""
    from PIL import Image

    if image.tag_v2.get(_NEW_SUBFILE_TYPE, 0) == _REDUCED:  # type: ignore[attr-defined]
        raise FormatError(f"{who} is a raw photo of a camera, or begins with a preview.", _READ)
    if len(image.tile) > _MOST_TILES:
        raise TooLargeError(f"{who} is cut into more than {_MOST_TILES} tiles.", "Save it as a JPEG.")
    if _decoder(image) != "libtiff":
        return image
    return Image.open(io.BytesIO(uncompressed(data)), formats=("TIFF",))


def _decoder(image: Image) -> str:
    tiles = getattr(image, "tile", None)
    return str(tiles[0][0]) if tiles else ""


def _what_is_wrong(data: bytes, who: str, error: Exception) -> FormatError:
    """Why bytes are no picture."""
    kind = _fitting(_BEGINNINGS, data)
    if kind is None:
        foreign = _fitting(_FOREIGN, data)
        if foreign is None:
            return FormatError(f"{who} is not a photo in a format that Inscape reads.", _READ)
        return FormatError(f"{who} is {foreign}, which Inscape does not read.", _READ)
    webp_ends_early = kind == "WebP" and int.from_bytes(data[4:8], "little") + 8 > len(data)
    if webp_ends_early or re.search(r"truncated|EOF|only got|cut off", str(error), re.IGNORECASE):
        return _cut_off(data, who)
    return FormatError(
        f"{who} begins like a {kind} file, and the rest is damaged, cut off or of a kind that is not read.",
        _AGAIN + " If it opens elsewhere, save it there as a JPEG.",
    )


def _cut_off(data: bytes, who: str) -> FormatError:
    return FormatError(f"{who} is cut off: its {len(data)} bytes end before the picture does.", _AGAIN)


def _fitting(patterns: dict[str, bytes], data: bytes) -> str | None:
    beginning = data[:4096]
    found = (
        name
        for name, each in patterns.items()
        if re.match(each, beginning, re.DOTALL | (re.IGNORECASE if b"<" in each else 0))
    )
    return next(found, None)
