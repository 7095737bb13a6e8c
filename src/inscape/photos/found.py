"""The cache of inversions."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Unpack

from inscape import storage
from inscape.errors import FormatError
from inscape.models.fingerprint import fingerprint
from inscape.photos.encoder import encoder_for
from inscape.photos.inversion import SUFFIX, Inversion
from inscape.photos.invert import SECONDS, InversionSettings, invert
from inscape.photos.perceptual import features_of

if TYPE_CHECKING:
    from inscape.models import Model
    from inscape.photos._descent import Following
    from inscape.sources.reading import Photo

_FOLDER = "photos"
_VERSION = 2


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
    networks = _networks(model, settings)
    known = (networks, photo.key, photo.fit.to_json(), place, seconds, asdict(settings))
    path = storage.cache_folder() / _FOLDER / f"{storage.content_key(_VERSION, *known)}{SUFFIX}"
    if networks is not None and path.is_file():
        try:
            return Inversion.load(path)
        except FormatError:
            path.unlink(missing_ok=True)
    found = invert(model, photo, layer=place, seconds=seconds, settings=settings, **following)
    if networks is not None:
        storage.keep(path, lambda: found.save(path))
    return found


def _networks(model: Model, settings: InversionSettings) -> str | None:
    """A key of everything that an inversion runs; None where that cannot be told."""
    from inscape.models import Generator
    from inscape.segmenters import open_segmenter

    encoder = encoder_for(model) if isinstance(model, Generator) and settings.start == "encoder" else None
    judge = open_segmenter(settings.segmenter, model.device) if settings.segmenter else None
    keys = [fingerprint(each) for each in (model.module, encoder, judge)]
    return None if None in keys else storage.content_key(*keys, model.card.model_dump_json())
