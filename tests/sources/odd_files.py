"""More than two hundred files that a person might drop on the page: good, odd, damaged, huge and hostile.

Each has what reading it should give: the picture, or the kind of error and what its sentence says.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageCms

from inscape.errors import FormatError, InscapeError, ShapeError, TooLargeError

LOSSLESS = {
    "png": ("PNG", {}),
    "webp": ("WEBP", {"lossless": True}),
    "raw.tif": ("TIFF", {}),
    "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
    "deflate.tif": ("TIFF", {"compression": "tiff_adobe_deflate"}),
    "packbits.tif": ("TIFF", {"compression": "packbits"}),
    "bmp": ("BMP", {}),
    "ppm": ("PPM", {}),
    "jp2": ("JPEG2000", {}),
    "gif": ("GIF", {}),
}
LOSSY = {
    "jpg": ("JPEG", {"quality": 95}),
    "progressive.jpg": ("JPEG", {"quality": 95, "progressive": True}),
    "avif": ("AVIF", {"quality": 95}),
    "lossy.webp": ("WEBP", {"quality": 95}),
    "jpeg.tif": ("TIFF", {"compression": "jpeg", "quality": 95}),
}
KINDS = {**LOSSLESS, **LOSSY}
CUT = r"is cut off: its \d+ bytes end before the picture does|begins like a .* file, and the rest is damaged"
NO_PHOTO = "is not a photo in a format that Inscape reads"


@dataclass(frozen=True)
class Odd:
    """A file and what reading it should give.

    Args:
        name: Unique, with an ending.
        data: The file; `None` for what is no file at all.
        picture: What should be read; or
        error: what should be raised, or "any" where damage may go unnoticed; and
        says: a pattern for its sentence.
        tolerance: How far pixels may be off on average, in levels.
        size: `(width, height)` of what should be read, where it is large.
        alpha: The opacity that should be read.
        length: How long the file is made, with zeros.
    """

    name: str
    data: bytes | None
    picture: np.ndarray | None = None
    error: type[InscapeError] | str | None = None
    says: str = ""
    tolerance: float = 0.0
    size: tuple[int, int] | None = None
    alpha: np.ndarray | None = None
    length: int = 0


def scene(width: int = 48, height: int = 36) -> np.ndarray:
    """A picture that looks different however it is turned, in few colours, all of them far from grey."""
    y, x = np.mgrid[:height, :width]
    picture = np.stack([40 + 8 * (x * 16 // width), 60 + 8 * (y * 12 // height), np.full_like(x, 200)], -1)
    picture[: height // 4, : width // 3] = (220, 30, 60)
    return picture.astype(np.uint8)


def encoded(image: np.ndarray | Image.Image, format: str, **options: object) -> bytes:
    stream = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(stream, format, **options)
    return stream.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *between: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(rows, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(between) + body + chunk(b"IEND", b"")


def profile(**renamed: bytes) -> bytes:
    """The sRGB profile with tags renamed: `rXYZ=b"gXYZ"`; `space` is its colour space."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[16:20] = renamed.pop("space", bytes(data[16:20]))
    for place in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12):
        tag = data[place : place + 4].decode()
        data[place : place + 4] = renamed.get(tag, tag.encode())
    return bytes(data)


SWAPPED = profile(rXYZ=b"gXYZ", gXYZ=b"rXYZ")
"""A profile whose first channel is green and whose second is red."""


def good_formats() -> Iterator[Odd]:
    for ending, (format, options) in KINDS.items():
        tolerance = 0.0 if ending in LOSSLESS else 4.0
        yield Odd(f"plain.{ending}", encoded(scene(), format, **options), scene(), tolerance=tolerance)
    for ending, format in [("jpg", "PNG"), ("png", "BMP"), ("tif", "GIF"), ("webp", "PPM"), ("txt", "PNG")]:
        yield Odd(f"in truth {format}.{ending}", encoded(scene(), format), scene())
    yield Odd("no ending", encoded(scene(), "PNG"), scene())
    yield Odd("ünï 'quoted' \n photo.png", encoded(scene(), "PNG"), scene())
    frames = [Image.fromarray(np.roll(scene(), shift, 1)) for shift in (0, 5, 10)]
    for format in ("GIF", "PNG", "WEBP", "TIFF", "AVIF"):
        data = encoded(
            frames[0],
            format,
            save_all=True,
            append_images=frames[1:],
            **({"lossless": True} if format == "WEBP" else {}),
        )
        yield Odd(f"three frames.{format}", data, scene(), tolerance=4.0 if format == "AVIF" else 0.0)
    shown = {"append_images": frames[1:], "save_all": True, "quality": 95}
    yield Odd("three frames.mpo", encoded(frames[0], "MPO", **shown), scene(), tolerance=4.0)


def modes() -> Iterator[Odd]:
    grey = scene()[..., 0]
    threefold = np.repeat(grey[..., None], 3, 2)
    dark = np.where(grey > 90, np.uint8(255), np.uint8(0))
    yield Odd("1.png", encoded(Image.fromarray(dark).convert("1"), "PNG"), np.repeat(dark[..., None], 3, 2))
    for format in ("PNG", "TIFF", "JPEG2000", "WEBP", "AVIF", "BMP", "JPEG", "PPM"):
        data = encoded(Image.fromarray(grey), format, **({"lossless": True} if format == "WEBP" else {}))
        tolerance = 4.0 if format in ("JPEG", "AVIF") else 0.0
        yield Odd(f"L.{format}", data, threefold, tolerance=tolerance)
    wide = grey.astype(np.uint16) * 257
    yield Odd("I;16.png", encoded(wide, "PNG"), threefold)
    yield Odd("I;16.tif", encoded(wide, "TIFF"), threefold)
    yield Odd("I;16 lzw.tif", encoded(wide, "TIFF", compression="tiff_lzw"), threefold)
    yield Odd("I.tif", encoded(Image.fromarray(wide.astype(np.int32)), "TIFF"), threefold)
    yield Odd("I of 8 bits.tif", encoded(Image.fromarray(grey.astype(np.int32)), "TIFF"), threefold)
    for name, top in (("1", 255), ("255", 1), ("65535", 1 / 257)):
        floats = Image.fromarray(grey.astype(np.float32) / top)
        yield Odd(f"F to {name}.tif", encoded(floats, "TIFF"), threefold)
    stretched = (grey.astype(np.float32) - grey.min()) / (int(grey.max()) - int(grey.min()))
    expected = np.repeat(np.round(stretched * 255).astype(np.uint8)[..., None], 3, 2)
    yield Odd("F stretched.tif", encoded(Image.fromarray(stretched * 7 - 3), "TIFF"), expected, tolerance=0.1)
    holes = grey.astype(np.float32) / 255
    holes[0, :3] = np.nan, np.inf, -np.inf
    filled = threefold.copy()
    filled[0, :3] = [[0] * 3, [255] * 3, [0] * 3]
    yield Odd("F with holes.tif", encoded(Image.fromarray(holes), "TIFF"), filled)
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in scene())
    yield Odd("16 bits per colour.png", png(48, 36, 16, 2, rows), scene())
    palette = Image.fromarray(scene()).quantize(256)
    yield Odd("P.png", encoded(palette, "PNG"), scene())
    yield Odd("P.tif", encoded(palette, "TIFF", compression="tiff_lzw"), scene())
    cmyk = Image.fromarray(scene()).convert("CMYK")
    yield Odd("CMYK.jpg", encoded(cmyk, "JPEG", quality=95), scene(), tolerance=4.0)
    yield Odd("CMYK.tif", encoded(cmyk, "TIFF"), scene())
    yield Odd("CMYK lzw.tif", encoded(cmyk, "TIFF", compression="tiff_lzw"), scene())
    lab_of = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    lab = ImageCms.applyTransform(Image.fromarray(scene()), lab_of)
    yield Odd("LAB.tif", encoded(lab, "TIFF"), scene(), tolerance=2.0)
    yield Odd("YCbCr.tif", encoded(Image.fromarray(scene()).convert("YCbCr"), "TIFF"), scene(), tolerance=2.0)


def transparent() -> Iterator[Odd]:
    """Opacity falls from left to right; what lies under full transparency is garbage."""
    alpha = np.broadcast_to(np.linspace(255, 0, 48).round().astype(np.uint8), (36, 48))
    share = alpha[..., None] / 255
    expected = np.round(scene() * share + 255 * (1 - share)).astype(np.uint8)
    rgba = np.dstack([scene(), alpha])
    for name, (format, options) in {
        "png": ("PNG", {}),
        "webp": ("WEBP", {"lossless": True, "exact": True}),
        "tif": ("TIFF", {}),
        "lzw.tif": ("TIFF", {"compression": "tiff_lzw"}),
    }.items():
        data = encoded(rgba, format, **options)
        yield Odd(f"RGBA.{name}", data, expected, tolerance=0.5, alpha=alpha)
    grey = np.dstack([rgba[..., 0], alpha])
    pale = np.repeat(expected[..., :1], 3, 2)
    yield Odd("LA.png", encoded(Image.fromarray(grey, "LA"), "PNG"), pale, tolerance=0.5, alpha=alpha)
    corner = np.full((36, 48), 255, np.uint8)
    corner[:9, :16] = 0
    white = scene()
    white[:9, :16] = 255
    palette = Image.fromarray(scene()).quantize(256)
    clear = palette.getpixel((0, 0))
    for format in ("PNG", "GIF"):
        data = encoded(palette, format, transparency=clear)
        yield Odd(f"P with a clear colour.{format}", data, white, alpha=corner)
    data = encoded(scene(), "PNG", transparency=(220, 30, 60))
    yield Odd("RGB with a clear colour.png", data, white, alpha=corner)
    data = encoded(scene()[..., 0].astype(np.uint16) * 257, "PNG", transparency=220 * 257)
    yield Odd("I;16 with a clear grey.png", data, np.repeat(white[..., :1], 3, 2), alpha=corner)


def turned() -> Iterator[Odd]:
    """EXIF orientations: what is stored is turned so that following them gives the scene."""
    stored = {
        1: scene(),
        2: scene()[:, ::-1],
        3: scene()[::-1, ::-1],
        4: scene()[::-1],
        5: scene().swapaxes(0, 1),
        6: np.rot90(scene(), 1),
        7: np.rot90(scene()[:, ::-1], -1),
        8: np.rot90(scene(), -1),
    }
    kinds = {key: KINDS[key] for key in ("jpg", "png", "webp", "raw.tif", "lzw.tif", "avif")}
    for value, picture in stored.items():
        exif = Image.Exif()
        exif[0x0112] = value
        for ending, (format, options) in kinds.items():
            data = encoded(np.ascontiguousarray(picture), format, exif=exif, **options)
            yield Odd(f"orientation {value}.{ending}", data, scene(), tolerance=4.0 * (ending in LOSSY))
    for value in (0, 9, 65535):
        exif = Image.Exif()
        exif[0x0112] = value
        yield Odd(f"orientation {value}.png", encoded(scene(), "PNG", exif=exif), scene())
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "x" * 65000
    data = encoded(np.ascontiguousarray(stored[6]), "JPEG", exif=exif, quality=95)
    yield Odd("huge exif.jpg", data, scene(), tolerance=4.0)
    noise = np.random.default_rng(0).bytes(1 << 20)
    broken = {"noise": noise, "cut": exif.tobytes()[:20], "empty": b"", "zeros": bytes(1 << 20)}
    for name, each in broken.items():
        data = png(48, 36, 8, 2, b"".join(b"\0" + row.tobytes() for row in scene()), chunk(b"eXIf", each))
        yield Odd(f"exif of {name}.png", data, scene())
    yield Odd("exif of noise.webp", encoded(scene(), "WEBP", lossless=True, exif=noise), scene())
    yield Odd(
        "exif of noise.jpg", encoded(scene(), "JPEG", quality=95, exif=noise[:60000]), scene(), None, "", 4
    )


def profiles() -> Iterator[Odd]:
    swapped = np.ascontiguousarray(scene()[..., [1, 0, 2]])
    kinds = {key: KINDS[key] for key in ("jpg", "png", "webp", "raw.tif", "lzw.tif", "avif")}
    for ending, (format, options) in kinds.items():
        tolerance = 4.0 if ending in LOSSY else 1.0
        data = encoded(scene(), format, icc_profile=profile(), **options)
        yield Odd(f"profile of sRGB.{ending}", data, scene(), tolerance=4.0 * (ending in LOSSY))
        data = encoded(swapped, format, icc_profile=SWAPPED, **options)
        yield Odd(f"profile of swapped colours.{ending}", data, scene(), tolerance=tolerance)
        for name, each in {
            "noise": np.random.default_rng(1).bytes(3000),
            "half": SWAPPED[: len(SWAPPED) // 2],
            "zeros": bytes(3000),
            "another space": profile(space=b"CMYK"),
        }.items():
            data = encoded(scene(), format, icc_profile=each, **options)
            yield Odd(f"profile of {name}.{ending}", data, scene(), tolerance=4.0 * (ending in LOSSY))
    grey = Image.fromarray(scene()[..., 0])
    threefold = np.repeat(scene()[..., :1], 3, 2)
    of_grey = encoded(grey, "PNG", icc_profile=profile(space=b"GRAY", rTRC=b"kTRC"))
    yield Odd("profile of grey.png", of_grey, threefold, tolerance=1.0)
    yield Odd("grey with colours.png", encoded(grey, "PNG", icc_profile=profile()), threefold)


def cut_off() -> Iterator[Odd]:
    for ending, (format, options) in KINDS.items():
        data = encoded(_rich(), format, **options)
        for name, length in {
            "first 20 bytes": 20,
            "tenth": len(data) // 10,
            "half": len(data) // 2,
            "nine tenths": len(data) * 9 // 10,
            "all but 20 bytes": len(data) - 20,
        }.items():
            yield Odd(f"{name} of a.{ending}", data[:length], error=FormatError, says=CUT)
    for ending in ("jpg", "progressive.jpg", "png", "webp", "lossy.webp", "avif", "gif", "jp2"):
        format, options = KINDS[ending]
        data = encoded(_rich(), format, **options)
        filled = data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
        yield Odd(f"zeros in half of a.{ending}", filled, error=FormatError, says=CUT)


@cache
def _rich() -> np.ndarray:
    """A picture that does not compress to nothing."""
    noise = np.random.default_rng(0).integers(0, 60, (72, 96, 3))
    return (scene(96, 72) // 2 + noise).astype(np.uint8)


def foreign() -> Iterator[Odd]:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    for name, data, says in [
        (
            "pdf.png",
            b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
            "is a PDF document, which Inscape does not read",
        ),
        ("pdf.jpg", b"\n%PDF-1.4\n" + bytes(5000), "is a PDF document"),
        ("drawing.svg", svg, "is an SVG drawing"),
        ("drawing.png", b'<?xml version="1.0"?>\n<!-- made by hand -->\n' + svg, "is an SVG drawing"),
        ("page.jpg", b"<!DOCTYPE html><html><body>404</body></html>", "is a web page"),
        ("page.webp", b"\n\n<HTML><head></head></HTML>", "is a web page"),
        ("drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n", "is a PostScript drawing"),
        ("office.jpg", b"PK\x03\x04" + bytes(100), "is an archive"),
        ("iphone.jpg", b"\0\0\0\x24ftypheic" + bytes(100), "is a HEIC photo"),
        ("film.jpg", b"\0\0\0\x20ftypisom" + bytes(100), "is a video"),
        ("film.avif", b"RIFF\0\0\0\0AVI LIST" + bytes(100), "is a video"),
        ("layers.png", b"8BPS\0\1" + bytes(100), "is a Photoshop document"),
        ("new.jpg", b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40), "is a JPEG XL picture"),
        ("camera.tif", b"II*\0\x10\0\0\0CR\2\0" + bytes(40), "begins like a TIFF file"),
        ("camera.jpg", b"FUJIFILMCCD-RAW 0201" + bytes(40), "is a raw photo of a camera"),
        ("letter.png", b"Dear photo,\n", NO_PHOTO),
        ("numbers.jpg", b'{"pixels": [1, 2, 3]}', NO_PHOTO),
        ("array.npy", b"\x93NUMPY\1\0" + bytes(100), NO_PHOTO),
        ("one byte.png", b"\x89", NO_PHOTO),
        ("one line.png", b"\n", NO_PHOTO),
        ("noise.jpg", np.random.default_rng(5).bytes(4000), NO_PHOTO),
        ("zeros.jpg", bytes(4000), NO_PHOTO),
        ("empty.png", b"", "is empty: it has 0 bytes"),
        ("empty", b"", "is empty"),
    ]:
        yield Odd(name, data, error=FormatError, says=says)
    yield Odd("a folder", None, error=FormatError, says="is a folder, and a photo was expected")
    yield Odd("missing.png", None, error=FormatError, says="There is no file .*missing.png")
    yield Odd("x" * 300 + ".png", None, error=FormatError, says="cannot be read: File name too long")
    yield Odd("null\0.png", None, error=FormatError, says="There is no file|cannot be read")
    beginnings = (b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x24\1\0\0WEBPVP8 ", b"\0\0\0\x20ftypavif")
    beginnings += (
        b"II*\0\x08\0\0\0",
        b"MM\0*\0\0\0\x08",
        b"GIF89a",
        b"BM",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"P6\n",
    )
    for number, beginning in enumerate(beginnings):
        data = beginning + np.random.default_rng(number).bytes(3000)
        any_sentence = "begins like a .* file, and the rest is damaged|is cut off|pixels"
        yield Odd(f"noise after beginning {number}.jpg", data, error=InscapeError, says=any_sentence)


def sizes() -> Iterator[Odd]:
    for width, height in ((50_000, 2), (2, 50_000), (1, 1), (15, 15), (4000, 15)):
        data = encoded(np.zeros((height, width, 3), np.uint8), "PNG")
        yield Odd(f"{width}x{height}.png", data, error=ShapeError, says="at least 16 × 16 are read")
    for width, height in ((16, 257), (50_000, 100)):
        data = encoded(np.zeros((height, width, 3), np.uint8), "PNG")
        yield Odd(f"{width}x{height}.png", data, error=ShapeError, says="16 times as long as wide")
    for width, height in ((16, 16), (16, 256), (256, 16), (17, 23)):
        yield Odd(f"{width}x{height}.png", encoded(scene(width, height), "PNG"), scene(width, height))


def bombs() -> Iterator[Odd]:
    """Small files with huge pictures, or that take long to take apart."""
    large = {"error": TooLargeError, "says": r"megapixels"}
    for side in (6400, 9000, 12_000, 60_000, 2**31 - 1):
        rows = zlib.compress(bytes(1000))
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
        yield Odd(f"bomb of {side}.png", data, **large)
    body = _zeros(9000 * (3 * 9000 + 1))
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 9000, 9000, 8, 2, 0, 0, 0))
    data = b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    yield Odd("whole bomb.png", data, **large)
    for side in (13_000, 65_535):
        screen = b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF0, 0, 0) + bytes(6)
        frame = b"!\xf9\x04\x09\0\0\1\0," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\2\2D\1\0;"
        yield Odd(f"bomb of {side}.gif", screen + frame, **large)
    yield Odd("bomb.bmp", _resized(encoded(scene(), "BMP"), "<ii", 18, 30_000, 30_000), **large)
    yield Odd("bomb.jpg", _jpeg_of(65_000, 65_000), **large)
    yield Odd("bomb of 100 megapixels.jpg", _jpeg_of(10_000, 10_000), **large)
    yield Odd("bomb.ppm", b"P6\n40000 40000\n255\n" + bytes(100), **large)
    yield Odd("bomb.pgm", b"P5\n40000 40000\n255\n" + bytes(100), **large)
    yield Odd("written out.ppm", b"P3\n1000 1000\n255\n" + b"9 " * 3_000_000, **large)
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate"):
        tags = {256: 50_000, 257: 50_000}
        data = _tiff_with(encoded(scene(), "TIFF", compression=compression), tags)
        yield Odd(f"bomb {compression}.tif", data, **large)
    yield Odd("bomb.webp", _webp_of(16_000, 16_000), **large)
    yield Odd("bomb.jp2", _jp2_of(60_000, 60_000), **large)
    rows = b"".join(b"\0" + row.tobytes() for row in scene())
    text = chunk(b"zTXt", b"note\0\0" + _zeros(60_000_000))
    says = "begins like a PNG file, and the rest is damaged"
    yield Odd("bomb of text.png", png(48, 36, 8, 2, rows, text), error=FormatError, says=says)
    deep = chunk(b"iCCP", b"icc\0\0" + _zeros(60_000_000))
    yield Odd("bomb of a profile.png", png(48, 36, 8, 2, rows, deep), error=FormatError, says=says)
    pieces = {"error": TooLargeError, "says": "is cut into more than 500000 pieces"}
    yield Odd("a million chunks.png", png(48, 36, 8, 2, rows, chunk(b"teSt", b"") * 1_000_000), **pieces)
    screen = b"GIF89a" + struct.pack("<HHBBB", 48, 36, 0xF0, 0, 0) + bytes(6)
    yield Odd("a million comments.gif", screen + b"!\xfe" + b"\1a" * 2_000_000, **pieces)
    says = "of at most 100 MB are read"
    yield Odd("large file.jpg", encoded(scene(), "JPEG"), error=TooLargeError, says=says, length=100_000_001)


def _zeros(count: int) -> bytes:
    """So many zeros, compressed: one piece that knows of no other, again and again."""
    piece = 1 << 16
    packed = zlib.compressobj(1, wbits=-zlib.MAX_WBITS)
    again = packed.compress(bytes(piece)) + packed.flush(zlib.Z_FULL_FLUSH)
    rest = packed.compress(bytes(count % piece)) + packed.flush()
    adler = (count % 65521) << 16 | 1
    return b"\x78\1" + again * (count // piece) + rest + struct.pack(">I", adler)


def _resized(data: bytes, pattern: str, place: int, *numbers: int) -> bytes:
    packed = struct.pack(pattern, *numbers)
    return data[:place] + packed + data[place + len(packed) :]


def _jpeg_of(width: int, height: int) -> bytes:
    data = encoded(scene(), "JPEG")
    return _resized(data, ">HH", data.index(b"\xff\xc0") + 5, height, width)


def _jp2_of(width: int, height: int) -> bytes:
    data = encoded(scene(), "JPEG2000")
    data = _resized(data, ">II", data.index(b"ihdr") + 4, height, width)
    return _resized(data, ">II", data.index(b"\xff\x51") + 6, width, height)


def _webp_of(width: int, height: int) -> bytes:
    frame = encoded(scene(), "WEBP", lossless=True)[12:]
    sizes = [struct.pack("<I", number - 1)[:3] for number in (width, height, 48, 36)]
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + sizes[0] + sizes[1]
    loop = b"ANIM" + struct.pack("<IIH", 6, 0, 0)
    first = (
        b"ANMF" + struct.pack("<I", 16 + len(frame)) + bytes(6) + sizes[2] + sizes[3] + b"\1\0\0\0" + frame
    )
    body = b"WEBP" + canvas + loop + first
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tiff_with(data: bytes, tags: dict[int, int]) -> bytes:
    """A little-endian TIFF with other numbers in some of its tags."""
    changed = bytearray(data)
    start = int.from_bytes(data[4:8], "little")
    for number in range(int.from_bytes(data[start : start + 2], "little")):
        place = start + 2 + 12 * number
        tag = int.from_bytes(data[place : place + 2], "little")
        if tag in tags:
            changed[place + 2 : place + 12] = struct.pack("<HII", 4, 1, tags[tag])
    return bytes(changed)


def fuzzed() -> Iterator[Odd]:
    """Files with some of their bytes changed: a sentence, or some picture, as far as it can be told."""
    for ending, (format, options) in KINDS.items():
        whole = np.frombuffer(encoded(_rich(), format, **options), np.uint8)
        for number in range(4):
            random = np.random.default_rng(100 * number + len(ending))
            data = whole.copy()
            places = random.integers(
                12 * (number % 2), len(data), 1 + len(data) // (40 if number < 2 else 2000)
            )
            data[places] = random.integers(0, 256, len(places))
            noticed = ending == "png" and not np.array_equal(data, whole)
            yield Odd(
                f"fuzzed {number}.{ending}",
                data.tobytes(),
                error=FormatError if noticed else "any",
                says="damaged|cut off|is no photo" if noticed else "",
            )


def largest() -> Iterator[Odd]:
    """The largest pictures that are read, with some texture."""
    for name, megapixels, mode, format, options in [
        ("largest.jpg", 49.9, "RGB", "JPEG", {}),
        ("largest progressive.jpg", 31.9, "CMYK", "JPEG", {"progressive": True, "quality": 90}),
        ("largest.png", 39.9, "RGBA", "PNG", {"compress_level": 1}),
        ("largest.webp", 19.9, "RGBA", "WEBP", {"lossless": True, "quality": 0, "method": 0}),
        ("largest.avif", 19.9, "RGBA", "AVIF", {"speed": 10}),
        ("largest.tif", 19.9, "RGB", "TIFF", {"compression": "tiff_lzw"}),
        ("largest.jp2", 5.9, "RGB", "JPEG2000", {"quality_mode": "rates", "quality_layers": [8]}),
        ("largest.gif", 39.9, "P", "GIF", {}),
    ]:
        width = int((megapixels * 1e6 * 4 / 3) ** 0.5)
        height = int(megapixels * 1e6 / width)
        tile = Image.fromarray(np.resize(_rich(), (72, 96, 3))).resize((960, 720), Image.Resampling.BICUBIC)
        tile = tile.quantize(64) if mode == "P" else tile.convert(mode)
        if mode == "RGBA":
            tile.putalpha(tile.getchannel(0))
        canvas = Image.new(mode, (width, height))
        if mode == "P":
            canvas.putpalette(tile.getpalette())
        for y in range(0, height, 720):
            for x in range(0, width, 960):
                canvas.paste(tile, (x, y))
        yield Odd(name, encoded(canvas, format, **options), size=(width, height))


GROUPS = {
    each.__name__: each
    for each in (good_formats, modes, transparent, turned, profiles, cut_off, foreign, sizes, bombs, fuzzed)
}
