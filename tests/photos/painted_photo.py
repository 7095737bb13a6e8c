"""A photo that a small generator nearly draws itself, and its inversion: found in a second."""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import Image

from inscape.models import Generator
from inscape.photos import (
    AdaptationSettings,
    Inversion,
    InversionSettings,
    Photo,
    SearchSettings,
    invert,
    read_photo,
)
from small_generators import small_generator

QUICK = InversionSettings(
    search=SearchSettings(latent_steps=15, feature_steps=20),
    adaptation=AdaptationSettings(weight_steps=6, gain_steps=30, gain_rate=0.1),  # few steps, so large ones
)


def some_photo(seed: int = 5, size: tuple[int, int] = (80, 64)) -> Photo:
    """A picture of the generator's, with a square of another colour that it cannot draw."""
    pixels = small_generator().sample(seed).pixels.copy()
    pixels[4:12, 18:28] = (250, 40, 10)
    return read_photo(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC), name="some.png")


@cache
def inverted() -> tuple[Generator, Photo, Inversion]:
    """The generator, the photo and what was found for it."""
    generator, photo = small_generator(), some_photo()
    return generator, photo, invert(generator, photo, seconds=600, settings=QUICK)


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
