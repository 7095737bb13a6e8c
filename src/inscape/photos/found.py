"""The cache of inversions."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Unpack

from inscape import storage
from inscape.errors import FormatError
from inscape.models.weights import weights_hash
from inscape.photos.inversion import SUFFIX, Inversion
from inscape.photos.invert import SECONDS, InversionSettings, invert
from inscape.photos.perceptual import features_of

if TYPE_CHECKING:
    from inscape.models import Model
    from inscape.photos._descent import Following
    from inscape.sources.reading import Photo

_FOLDER = "photos"


def find_inversion(
    model: Model,
    photo: Photo,
    *,
    layer: str | None = None,
    seconds: float = SECONDS,
    settings: InversionSettings | None = None,
    **following: Unpack[Following],
) -> Inversion:
    """The inversion of a photo, from the cache or computed and stored there.

    Args:
        model: The generator.
        photo: From `read_photo`.
        layer: The model's default layer unless given.
        seconds: As for `invert`.
        settings: As for `invert`.
        following: As for `invert`.

    Raises:
        The errors of `invert`.
    """
    model.refuse_edited("A photo is inverted for")
    settings = settings or InversionSettings()
    settings = replace(settings, segmenter=settings.segmenter or features_of(model.card))
    place = model.layer(layer).name
    known = (weights_hash(model.module), photo.key, photo.fit.to_json(), place, seconds, asdict(settings))
    path = storage.cache_folder() / _FOLDER / f"{storage.content_key(*known)}{SUFFIX}"
    if path.is_file():
        try:
            return Inversion.load(path)
        except FormatError:
            path.unlink(missing_ok=True)
    found = invert(model, photo, layer=place, seconds=seconds, settings=settings, **following)
    found.save(path)
    return found
