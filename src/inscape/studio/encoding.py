"""Pixels and numbers as what the page can show: bytes of a file, or text within a message."""

from __future__ import annotations

import base64
import io
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

JPEG_QUALITY = 92


def jpeg(pixels: NDArray[np.uint8], size: int | None = None) -> bytes:
    """A JPEG of quality 92 without chroma subsampling; with a size its longer side has that many pixels."""
    return _encode(pixels, size, "JPEG", quality=JPEG_QUALITY, subsampling=0)


def webp(pixels: NDArray[np.uint8]) -> bytes:
    """A WebP that is small."""
    return _encode(pixels, None, "WEBP", quality=85)


def clear_png(pixels: NDArray[np.uint8]) -> bytes:
    """A PNG of pixels `[height, width, 4]`, made quickly rather than small."""
    return _encode(pixels, None, "PNG", compress_level=1)


def packed(numbers: NDArray[np.uint8]) -> str:
    """A byte per pixel, deflated, as base64."""
    return base64.b64encode(zlib.compress(numbers.tobytes(), 1)).decode()


def _encode(pixels: NDArray[np.uint8], size: int | None, kind: str, **options: object) -> bytes:
    from PIL import Image

    image = Image.fromarray(pixels)
    longer = max(image.size)
    if size is not None and size != longer:
        sides = (max(1, round(side * size / longer)) for side in image.size)
        image = image.resize((next(sides), next(sides)), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()
