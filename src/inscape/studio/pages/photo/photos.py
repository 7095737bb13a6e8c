"""Photos that people brought: the file as it came, what was made of it, and which part of it.

Each photo is a folder named by its identifier; a request names nothing else, so it can name no path. The
square and the model are settled once a photo has been inverted: strokes are painted on that inversion.
Another square or model is a copy of the photo, and the work on the first stays what it was.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

import inscape
from inscape import storage
from inscape.errors import ConflictError, InscapeError, NotFoundError
from inscape.studio.database import Shelf
from inscape.studio.encoding import jpeg
from inscape.studio.files import called, check_space, received
from inscape.studio.pages.photo.shapes import FitInfo, InversionInfo, InversionRequest, PhotoInfo

logger = logging.getLogger("inscape")

LARGEST_PHOTO = 64 << 20
MOST_KEPT = 8 << 30
SCREEN_SIDE = 1024
SMALL_SIDE = 256
INVERSION = "photo.inversion.safetensors"
_ABANDONED_SECONDS = 3600.0
_TABLE = """
CREATE TABLE IF NOT EXISTS photos (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    fit TEXT NOT NULL, asked TEXT, inversion TEXT, created REAL NOT NULL, updated REAL NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0)
"""


class Photos(Shelf):
    """The photos of a user.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
        folder: Where the files are kept.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        super().__init__(path, "photo")
        self._folder = folder
        self._decoded = lru_cache(2)(self._read)

    def all(self) -> list[PhotoInfo]:
        """Every photo, the latest first."""
        return [_info(row) for row in self.rows()]

    def get(self, identifier: str) -> PhotoInfo:
        """The photo of that identifier.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        return _info(self.row(identifier))

    def inverted(self, identifier: str) -> InversionInfo:
        """The inversion of a photo.

        Raises:
            NotFoundError: There is no such photo.
            ConflictError: It has not been inverted.
        """
        info = self.get(identifier)
        if info.inversion is None:
            raise ConflictError(
                f"The photo {info.name!r} has not been inverted yet.", "Choose a model and invert it."
            )
        return info.inversion

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> str:
        """Take a photo in; nothing stays of one that cannot be read.

        Args:
            name: What the file was called, for people.
            chunks: Its bytes.

        Returns:
            Its identifier.

        Raises:
            FormatError: It is not a picture that can be read; the message says why.
            TooLargeError: The kept photos would take too much of the disk.
        """
        return await received(self._folder, chunks, lambda path: self._take(path, name))

    def copy(self, identifier: str) -> str:
        """The same photo once more, not inverted yet.

        Raises:
            NotFoundError: There is no such photo.
        """
        old = self.row(identifier)
        with storage.scratch_file(self._folder) as path:
            shutil.copyfile(self.file(identifier, "photo"), path)
            return self._take(path, old["name"], fit=old["fit"], asked=old["asked"])

    def choose(self, identifier: str, fit: FitInfo, asked: InversionRequest | None = None) -> PhotoInfo:
        """Choose the square, and remember what an inversion was asked for where one was.

        Raises:
            NotFoundError: There is no such photo.
            ConflictError: It has been inverted already.
        """
        info = self.get(identifier)
        if info.inversion is not None:
            raise ConflictError(
                f"The photo {info.name!r} has been inverted, and strokes may lie on that.",
                "Make a copy of the photo to choose another square or model.",
            )
        chosen = {} if asked is None else {"asked": asked.model_dump_json()}
        self.update(identifier, updated=time.time(), fit=fit.model_dump_json(), **chosen)
        return self.get(identifier)

    def keep(self, identifier: str, inversion: InversionInfo, fit: FitInfo) -> None:
        """Keep what was made of the photo in that square; its files are there already."""
        columns = {"inversion": inversion.model_dump_json(), "fit": fit.model_dump_json()}
        self.update(identifier, updated=time.time(), **columns)

    def file(self, identifier: str, name: str) -> Path:
        """Where a file of a photo lies."""
        return self._folder / identifier / name

    def shown(self, identifier: str, name: str) -> Path:
        """Where a picture of a photo lies.

        Raises:
            NotFoundError: There is no such photo, or no such picture of it.
        """
        self.row(identifier)
        path = self.file(identifier, name)
        if not path.is_file():
            raise NotFoundError("This stage of the inversion did not run, so there is no picture of it.")
        return path

    def photo(self, identifier: str) -> inscape.Photo:
        """The photo itself, at its own size, with the square that was chosen.

        Raises:
            NotFoundError: There is no such photo.
            FormatError: Its file was damaged since.
        """
        info = self.get(identifier)
        return self._decoded(self.file(identifier, "photo"), info.name).fitted(info.fit.square)

    @staticmethod
    def _read(path: Path, name: str) -> inscape.Photo:
        return inscape.read_photo(path, name=name)

    def _take(self, path: Path, name: str, **columns: object) -> str:
        shown = name[-120:] or "photo"
        with called(name, path):
            photo = self._read(path, shown)
        check_space(self._folder, path.stat().st_size, MOST_KEPT, "photos")
        identifier = uuid.uuid4().hex[:16]
        with storage.atomic_folder(self._folder / identifier) as made:
            path.replace(made / "photo")
            for file, side in (("screen.jpg", SCREEN_SIDE), ("small.jpg", SMALL_SIDE)):
                (made / file).write_bytes(jpeg(scaled(photo, side).pixels))
        return self.insert({"id": identifier, "name": shown, **_columns(photo), **columns})

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Make the table; let old ones go, and what a launch that was killed has left."""
        connection.execute(_TABLE)
        for identifier in self.expire(connection):
            shutil.rmtree(self._folder / identifier, ignore_errors=True)
        known = {row["id"] for row in connection.execute("SELECT id FROM photos")}
        for place in self._folder.iterdir() if self._folder.is_dir() else ():
            with suppress(OSError):
                if place.name in known or place.stat().st_mtime > time.time() - _ABANDONED_SECONDS:
                    continue
                if (place / "photo").is_file() and not place.name.startswith("."):
                    self._adopt(connection, place)  # the list was damaged, and moved away
                else:  # of a launch that was killed while it took a photo in
                    shutil.rmtree(place) if place.is_dir() else place.unlink()

    def _adopt(self, connection: sqlite3.Connection, place: Path) -> None:
        """Take a folder that the list does not know into it, as a photo that has not been inverted."""
        try:
            photo = self._read(place / "photo", "photo")
        except InscapeError as error:
            logger.warning("%s is not a photo of the studio: %s", place, error)
        else:
            self.insert({"id": place.name, "name": "photo", **_columns(photo)}, connection)


def scaled(photo: inscape.Photo, side: int) -> inscape.Photo:
    """The photo with its longer side at most so many pixels, its square with it."""
    from PIL import Image

    share = side / max(photo.width, photo.height)
    if share >= 1:
        return photo
    width, height = max(1, round(photo.width * share)), max(1, round(photo.height * share))
    image = Image.fromarray(photo.pixels).resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    across, down = width / photo.width, height / photo.height
    fit = type(photo.fit)(
        photo.fit.x * across, photo.fit.y * down, photo.fit.width * across, photo.fit.height * down
    )
    return replace(photo, pixels=np.asarray(image), fit=fit, alpha=None)


def _columns(photo: inscape.Photo) -> dict[str, object]:
    """What a photo is by itself, with the square that is chosen for it."""
    fit = FitInfo(mode="crop", x=photo.fit.x, y=photo.fit.y, width=photo.fit.width, height=photo.fit.height)
    return {"width": photo.width, "height": photo.height, "fit": fit.model_dump_json()}


def _info(row: sqlite3.Row) -> PhotoInfo:
    """What is kept of a photo; what runs and what was painted is not known here."""
    identifier, inversion = row["id"], row["inversion"]
    return PhotoInfo(
        id=identifier,
        name=row["name"],
        width=row["width"],
        height=row["height"],
        state="ready" if inversion else "new",
        fit=FitInfo.model_validate_json(row["fit"]),
        asked=InversionRequest.model_validate_json(row["asked"]) if row["asked"] else None,
        running=None,
        inversion=InversionInfo.model_validate_json(inversion) if inversion else None,
        painting=None,
        picture=f"api/photos/{identifier}/screen.jpg",
        small=f"api/photos/{identifier}/small.jpg",
        created=row["created"],
        updated=row["updated"],
    )
