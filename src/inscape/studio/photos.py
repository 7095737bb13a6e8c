"""Photos that people brought: the file as it came, what was made of it, and which part of it.

Each photo is a folder named by its identifier; a request names nothing else, so it can name no path. The
square and the model are settled once a photo has been inverted: strokes are painted on that inversion.
Another square or model is a copy of the photo, and the work on the first stays what it was.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from inscape import storage
from inscape.errors import ConflictError, InscapeError, NotFoundError, TooLargeError
from inscape.studio.database import Database
from inscape.studio.encoding import jpeg
from inscape.studio.photo_records import PhotoRecord, fit_of, record_of, scaled
from inscape.studio.photo_schemas import FitInfo, InversionInfo, InversionRequest

if TYPE_CHECKING:
    from inscape.photos import Photo

logger = logging.getLogger("inscape")

LARGEST_PHOTO = 64 << 20
MOST_KEPT = 8 << 30
SCREEN_SIDE = 1024
SMALL_SIDE = 256
_KEEP_DELETED_SECONDS = 7 * 86400.0
_ABANDONED_SECONDS = 3600.0
_DECODED = 2
_TABLE = """
CREATE TABLE IF NOT EXISTS photos (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,
    fit TEXT NOT NULL, asked TEXT, inversion TEXT, created REAL NOT NULL, updated REAL NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0)
"""


class Photos:
    """The photos of a user.

    Args:
        path: The SQLite file; made, with its folder, when it is first needed.
        folder: Where the files are kept.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._database = Database(path, "photos", self._prepare)
        self._folder = folder
        self._decoded: OrderedDict[str, Photo] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def all(self) -> list[PhotoRecord]:
        """Every photo, the latest first."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                "SELECT * FROM photos WHERE deleted = 0 ORDER BY updated DESC"
            ).fetchall()
        return [record_of(row) for row in rows]

    def get(self, identifier: str) -> PhotoRecord:
        """The photo of that identifier.

        Raises:
            NotFoundError: There is none, or it was deleted.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT * FROM photos WHERE id = ? AND deleted = 0", (identifier,)
            ).fetchone()
        if row is None:
            raise _missing(identifier)
        return record_of(row)

    def inverted(self, identifier: str) -> InversionInfo:
        """The inversion of a photo.

        Raises:
            NotFoundError: There is no such photo.
            ConflictError: It has not been inverted.
        """
        record = self.get(identifier)
        if record.inversion is None:
            raise ConflictError(
                f"{_called(record)} has not been inverted yet.", "Choose a model and invert it."
            )
        return record.inversion

    async def receive(self, name: str, chunks: AsyncIterator[bytes]) -> PhotoRecord:
        """Take a photo in; nothing stays of one that cannot be read.

        Args:
            name: What the file was called, for people.
            chunks: Its bytes.

        Raises:
            FormatError: It is no picture that can be read; the message says why.
            TooLargeError: It is too large, or the kept photos would take too much of the disk.
        """
        with storage.scratch_file(self._folder) as path:
            size = 0
            with path.open("wb") as stream:
                async for chunk in chunks:
                    size += len(chunk)
                    if size > LARGEST_PHOTO:
                        raise TooLargeError(f"A photo may have {LARGEST_PHOTO >> 20} MB at most.")
                    await run_in_threadpool(stream.write, chunk)
            return await run_in_threadpool(self._take, path, name)

    def copy(self, identifier: str) -> PhotoRecord:
        """The same photo once more, not inverted yet.

        Raises:
            NotFoundError: There is no such photo.
        """
        old = self.get(identifier)
        with storage.scratch_file(self._folder) as path:
            shutil.copyfile(self.file(identifier, "photo"), path)
            return self._take(path, old.name, fit=old.fit, asked=old.asked)

    def fit(self, identifier: str, fit: FitInfo) -> PhotoRecord:
        """Choose the square.

        Raises:
            NotFoundError: There is no such photo.
            ConflictError: It was inverted with another square.
        """
        self._open_for_choices(identifier)
        self._update(identifier, fit=fit.model_dump_json())
        return self.get(identifier)

    def ask(self, identifier: str, request: InversionRequest) -> PhotoRecord:
        """Remember what an inversion was asked for.

        Raises:
            NotFoundError: There is no such photo.
            ConflictError: It has been inverted already.
        """
        self._open_for_choices(identifier)
        self._update(identifier, fit=request.fit.model_dump_json(), asked=request.model_dump_json())
        return self.get(identifier)

    def keep(self, identifier: str, inversion: InversionInfo, fit: FitInfo) -> None:
        """Keep what was made of the photo in that square; its files are there already."""
        self._update(identifier, inversion=inversion.model_dump_json(), fit=fit.model_dump_json())

    def delete(self, identifier: str) -> None:
        """Put a photo away; it can be restored for a week."""
        self._mark(identifier, deleted=True)

    def restore(self, identifier: str) -> PhotoRecord:
        """Bring a deleted photo back."""
        self._mark(identifier, deleted=False)
        return self.get(identifier)

    def touch(self, identifier: str) -> None:
        """It was worked on: it comes first in the list."""
        self._update(identifier)

    def file(self, identifier: str, name: str) -> Path:
        """Where a file of a photo lies."""
        return self._folder / identifier / name

    def photo(self, identifier: str) -> Photo:
        """The photo itself, at its own size, with the square that was chosen.

        Raises:
            NotFoundError: There is no such photo.
            FormatError: Its file was damaged since.
        """
        from inscape.photos import read_photo

        record = self.get(identifier)
        with self._lock:
            known = self._decoded.get(identifier)
        if known is None:
            known = read_photo(self.file(identifier, "photo"), name=record.name)
            with self._lock:
                self._decoded[identifier] = known
                while len(self._decoded) > _DECODED:
                    self._decoded.popitem(last=False)
        return known.fitted(fit_of(record.fit))

    def _take(
        self, path: Path, name: str, fit: FitInfo | None = None, asked: InversionRequest | None = None
    ) -> PhotoRecord:
        from inscape.photos import read_photo

        shown = name[-120:] or "photo"
        try:
            photo = read_photo(path, name=shown)
        except InscapeError as error:  # the person knows the file by the name that it had
            raise type(error)(error.detail.replace(str(path), repr(name[:120])), error.hint) from error
        self._check_space(path.stat().st_size)
        identifier = uuid.uuid4().hex[:16]
        with storage.atomic_folder(self._folder / identifier) as made:
            path.replace(made / "photo")
            for file, side in (("screen.jpg", SCREEN_SIDE), ("small.jpg", SMALL_SIDE)):
                (made / file).write_bytes(jpeg(scaled(photo, side).pixels))
        with self._database.transaction() as connection:
            self._insert(connection, identifier, shown, photo, fit, asked)
        return self.get(identifier)

    def _insert(
        self,
        connection: sqlite3.Connection,
        identifier: str,
        name: str,
        photo: Photo,
        fit: FitInfo | None = None,
        asked: InversionRequest | None = None,
    ) -> None:
        square, now = photo.fit, time.time()
        fit = fit or FitInfo(mode="crop", x=square.x, y=square.y, width=square.width, height=square.height)
        connection.execute(
            "INSERT INTO photos VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, 0)",
            (
                identifier,
                name,
                photo.width,
                photo.height,
                fit.model_dump_json(),
                None if asked is None else asked.model_dump_json(),
                now,
                now,
            ),
        )

    def _check_space(self, needed: int) -> None:
        held = sum(file.stat().st_size for file in self._folder.glob("*/*") if file.is_file())
        if held + needed > MOST_KEPT:
            raise TooLargeError(
                f"The photos kept here may take {MOST_KEPT >> 30} GB of the disk; this one would pass it.",
                "Delete one that is not needed any more.",
            )

    def _open_for_choices(self, identifier: str) -> None:
        record = self.get(identifier)
        if record.inversion is not None:
            raise ConflictError(
                f"{_called(record)} has been inverted, and strokes may lie on that.",
                "Make a copy of the photo to choose another square or model.",
            )

    def _update(self, identifier: str, **columns: str) -> None:
        names = "".join(f"{name} = ?, " for name in columns)
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE photos SET {names}updated = ? WHERE id = ?",
                (*columns.values(), time.time(), identifier),
            )

    def _mark(self, identifier: str, *, deleted: bool) -> None:
        with self._database.transaction() as connection:
            found = connection.execute(
                "UPDATE photos SET deleted = ? WHERE id = ?",
                (int(time.time()) if deleted else 0, identifier),
            )
            if found.rowcount == 0:
                raise _missing(identifier)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(_TABLE)
        oldest = time.time() - _KEEP_DELETED_SECONDS
        rows = connection.execute(
            "SELECT id FROM photos WHERE deleted > 0 AND max(deleted, updated) < ?", (oldest,)
        )
        for row in rows.fetchall():
            shutil.rmtree(self._folder / row["id"], ignore_errors=True)
            connection.execute("DELETE FROM photos WHERE id = ?", (row["id"],))
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
        from inscape.photos import read_photo

        try:
            photo = read_photo(place / "photo", name="photo")
        except InscapeError as error:
            logger.warning("%s is no photo of the studio: %s", place, error)
            return
        self._insert(connection, place.name, "photo", photo)


def _called(record: PhotoRecord) -> str:
    return f"The photo {record.name!r}"


def _missing(identifier: str) -> NotFoundError:
    return NotFoundError(f"there is no photo {identifier[:40]!r}.", "It was deleted.")
