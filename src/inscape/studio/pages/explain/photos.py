"""The photos that people brought to be explained, and scenes to begin with."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from pydantic import Field, ValidationError

import inscape
from inscape import storage
from inscape.errors import FormatError, NotFoundError
from inscape.pictures import Picture
from inscape.sources import Photo, read_photo
from inscape.studio.encoding import jpeg
from inscape.studio.files import check_space, received
from inscape.studio.shapes import Identifier, Message

LARGEST_PHOTO = 64 << 20
_MOST_KEPT = 1 << 30
_SMALL = 256
_SCENES = (3, 11, 26)
_SCENE_SIZE = 256
_PHOTO, _SMALL_FILE, _INFO = "photo", "small.jpg", "photo.json"


class SeenPhoto(Message):
    """A photo that can be explained."""

    id: Identifier
    name: str
    width: int
    height: int
    example: bool = Field(description="Whether it comes with the studio, and cannot be deleted.")
    small: str = Field(description="Address of a small picture.")
    created: float = Field(description="Seconds since 1970.")


class SeenPhotos:
    """The photos, each a folder named by its identifier.

    Args:
        folder: Where they are kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read = lru_cache(4)(self._decoded)

    def all(self) -> list[SeenPhoto]:
        """Those that were brought, the newest first, then the examples."""
        own = []
        for path in self._folder.glob(f"*/{_INFO}"):
            with suppress(FormatError, ValidationError):
                own.append(SeenPhoto.model_validate(storage.read_json(path)))
        return sorted(own, key=lambda one: -one.created) + [_example(seed) for seed in _SCENES]

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> SeenPhoto:
        """Take a photo in; nothing stays of one that cannot be read.

        Raises:
            FormatError: It is not a picture that can be read; the message says why.
            TooLargeError: The kept photos would take too much of the disk.
        """
        return await received(self._folder, chunks, lambda path: self._take(path, name))

    def _take(self, path: Path, name: str) -> SeenPhoto:
        check_space(self._folder, path.stat().st_size, _MOST_KEPT, "photos")
        photo = read_photo(path, name=name)
        new = uuid.uuid4().hex[:16]
        info = SeenPhoto(
            id=new,
            name=name or "photo",
            width=photo.width,
            height=photo.height,
            example=False,
            small=_address(new),
            created=time.time(),
        )
        with storage.atomic_folder(self._folder / new) as place:
            shutil.copyfile(path, place / _PHOTO)
            storage.write_bytes(place / _SMALL_FILE, jpeg(photo.seen(_SMALL)))
            storage.write_json(place / _INFO, info.model_dump(mode="json"))
        return info

    def photo(self, identifier: str) -> Photo:
        """The photo itself.

        Raises:
            NotFoundError: There is no such photo.
        """
        return self._read(identifier)

    def small(self, identifier: str) -> bytes:
        """A small picture of it, JPEG.

        Raises:
            NotFoundError: There is no such photo.
        """
        path = self._folder / identifier / _SMALL_FILE
        return path.read_bytes() if path.is_file() else jpeg(self.photo(identifier).seen(_SMALL))

    def delete(self, identifier: str) -> None:
        """Delete a photo that was brought.

        Raises:
            NotFoundError: There is no such photo, or it is an example.
        """
        folder = self._folder / identifier
        if not (folder / _INFO).is_file():
            raise _missing()
        shutil.rmtree(folder)
        self._read.cache_clear()

    def _decoded(self, identifier: str) -> Photo:
        if int(identifier, 16) in _SCENES:
            seed = int(identifier, 16)
            pixels = inscape.world("town").scene(seed, _SCENE_SIZE).picture
            return read_photo(Picture(pixels).png(), name=f"scene {seed} of town")
        path = self._folder / identifier
        if not (path / _PHOTO).is_file():
            raise _missing()
        name = str(storage.read_json(path / _INFO).get("name", "photo"))
        return read_photo(path / _PHOTO, name=name)


def _example(seed: int) -> SeenPhoto:
    identifier = f"{seed:016x}"
    return SeenPhoto(
        id=identifier,
        name=f"Scene {seed} of town",
        width=_SCENE_SIZE,
        height=_SCENE_SIZE,
        example=True,
        small=_address(identifier),
        created=0.0,
    )


def _address(identifier: str) -> str:
    return f"api/explain/photos/{identifier}/small.jpg"


def _missing() -> NotFoundError:
    return NotFoundError("There is no such photo.", "It was deleted. Drop it once more.")
