"""A decoded image of any mode to upright sRGB, in bands, so that memory holds one copy besides the image."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

_ORIENTATION = 0x0112
_BAND = 1 << 20
"""Pixels that are converted at a time."""
_WIDE = ("I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_PLAIN = {"1": "L", "L": "L", "LA": "L", "La": "L", "CMYK": "CMYK", "LAB": "LAB"}
"""What modes are converted to before profiles; "RGB" for all others."""
_WITH_ALPHA = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}


def upright(image: Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """The picture as it is meant to be seen, over white where it is transparent, and its alpha.

    The orientation of EXIF is followed, and a colour profile where there is one that fits. Greys of more
    than 8 bits become 8: those of whole numbers are taken as parts of 255 or 65 535, floats as parts of 1,
    255 or 65 535, whichever is the first that holds them all; where none does, the range is stretched.

    Args:
        image: Decoded.

    Returns:
        sRGB uint8 `[height, width, 3]`, and uint8 `[height, width]`, or `None` where all is opaque.
    """
    turned = _orientation(image)
    width, height = image.size if turned < 5 else image.size[::-1]
    pixels = np.empty((height, width, 3), np.uint8)
    alpha = np.empty((height, width) if _has_alpha(image) else (1, 1), np.uint8)
    stored_pixels, stored_alpha = _as_stored(pixels, turned), _as_stored(alpha, turned)
    levels = _levels(image) if image.mode in _WIDE else (0.0, 1.0)
    transform = _transform(image)
    step = max(1, _BAND // image.width)
    for top in range(0, image.height, step):
        band = image.crop((0, top, image.width, min(top + step, image.height)))
        rows = slice(top, top + band.height)
        stored_pixels[rows], opacity = _converted(band, levels, transform)
        stored_alpha[rows if _has_alpha(image) else slice(1)] = opacity
    return pixels, None if alpha.min() == 255 else alpha


def _converted(
    band: Image, levels: tuple[float, float], transform: ImageCmsTransform | None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | int]:
    """A band in sRGB over white, and its alpha."""
    from PIL import ImageCms

    alpha: NDArray[np.uint8] | int = 255
    if band.mode in _WIDE:
        band, alpha = _narrow(band, levels)
    elif _has_alpha(band):
        band = band.convert(_WITH_ALPHA.get(band.mode, "RGBA"))
        alpha = np.asarray(band.getchannel("A"))
    plain = band.convert(_plain(band.mode))
    if transform is not None:
        plain = ImageCms.applyTransform(plain, transform) or plain
    colours: NDArray[np.uint8] = np.asarray(plain.convert("RGB"))
    return (colours if isinstance(alpha, int) else over_white(colours, alpha)), alpha


def over_white(colours: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours `[height, width, 3]` of an opacity `[height, width]` on white paper."""
    if alpha.min() == 255:
        return colours
    share = alpha.astype(np.uint16)[..., None]
    mixed = colours * share + 255 * (255 - share)
    return ((mixed + np.uint16(127)) // np.uint16(255)).astype(np.uint8)


def from_white(pixels: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`[height, width, 4]` that gives `pixels` on white paper: the inverse of `over_white`.

    Where a colour is too dark for its alpha (something was drawn there since), alpha is as high as it needs.
    """
    needed = np.maximum(alpha, 255 - pixels.min(2))
    share = np.maximum(needed, 1).astype(np.float32)[..., None]
    colours = np.round(255 - (255 - pixels.astype(np.float32)) * 255 / share)
    return np.dstack([colours.clip(0, 255).astype(np.uint8), needed])


def _has_alpha(image: Image) -> bool:
    return image.mode in _WITH_ALPHA or "transparency" in image.info


def _plain(mode: str) -> str:
    return _PLAIN.get(mode, "RGB")


def _orientation(image: Image) -> int:
    """What EXIF says, from 1 to 8; 1 where it says nothing, or nonsense."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # damaged EXIF data is no reason to refuse a picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _as_stored(upright: NDArray[np.uint8], turned: int) -> NDArray[np.uint8]:
    """A view of the upright picture in which rows and columns lie as the file has them."""
    view = upright.swapaxes(0, 1) if turned >= 5 else upright
    rows = slice(None, None, -1 if turned in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if turned in (2, 3, 6, 7) else 1)
    if turned in (6, 8):
        rows, columns = columns, rows
    return view[rows, columns]


def _levels(image: Image) -> tuple[float, float]:
    """Which values of a grey image of more than 8 bits are black and white."""
    if image.mode.startswith("I;16"):
        return 0.0, 65535.0
    low, high = np.inf, -np.inf
    step = max(1, _BAND // image.width)
    for top in range(0, image.height, step):
        values = np.asarray(image.crop((0, top, image.width, min(top + step, image.height))), np.float64)
        finite = values[np.isfinite(values)]
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    ladder = (1.0, 255.0, 65535.0) if image.mode == "F" else (255.0, 65535.0)
    fitting = [top for top in ladder if high <= top]
    return (0.0, fitting[0]) if low >= 0 and fitting else (low, high)


def _narrow(band: Image, levels: tuple[float, float]) -> tuple[Image, NDArray[np.uint8] | int]:
    """A grey band of more than 8 bits as one of 8, and its alpha where one value means transparent."""
    from PIL import Image as PillowImage

    low, high = levels
    values = np.asarray(band).astype(np.float64 if band.mode == "I" else np.float32)
    finite = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    grey = np.round((finite - low) * (255 / max(high - low, 1e-30))).clip(0, 255).astype(np.uint8)
    clear = band.info.get("transparency")
    alpha = np.where(values == clear, 0, 255).astype(np.uint8) if isinstance(clear, int) else 255
    return PillowImage.fromarray(grey), alpha


def _transform(image: Image) -> ImageCmsTransform | None:
    """From the colours of an image to sRGB; `None` where that changes nothing or its profile is broken."""
    from PIL import ImageCms

    mode = "L" if image.mode in _WIDE else _plain(image.mode)
    profile = image.info.get("icc_profile")
    if mode != "LAB" and not isinstance(profile, bytes):
        return None
    try:
        own = (
            ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if isinstance(profile, bytes)
            else ImageCms.createProfile("LAB")
        )
        transform = ImageCms.buildTransform(
            own,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except Exception:  # a broken profile, or one for other colours, is no reason to refuse a picture
        return None
    return None if mode == "RGB" and _changes_nothing(transform) else transform


def _changes_nothing(transform: ImageCmsTransform) -> bool:
    """Whether colours stay the same to one level, as with the many copies of sRGB that files carry."""
    from PIL import Image as PillowImage
    from PIL import ImageCms

    steps = np.linspace(0, 255, 16).astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(64, 64, 3)
    moved = ImageCms.applyTransform(PillowImage.fromarray(cube), transform)
    return moved is not None and bool(np.abs(np.asarray(moved).astype(int) - cube).max() <= 1)
